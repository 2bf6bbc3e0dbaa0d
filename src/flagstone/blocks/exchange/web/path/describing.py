# SPDX-License-Identifier: EUPL-1.2
"""The answers of the metadata services listMethods, allowedMethods and getOpenAPI (PR-MREST 4 and 5)."""

from __future__ import annotations

import asyncio
import json
from typing import cast

import yaml

from flagstone.blocks.exchange.contract.identifiers import ServiceId
from flagstone.blocks.exchange.contract.service import ServiceKind
from flagstone.blocks.exchange.model import faults, metadata
from flagstone.blocks.exchange.model.faults import MessageFault
from flagstone.blocks.exchange.model.metadata import Json
from flagstone.blocks.exchange.model.rest import Request
from flagstone.blocks.exchange.model.standing import Standing

JSON, YAML = "application/json", "application/yaml"


async def described(standing: Standing, request: Request) -> tuple[str, bytes]:
    """Return content type and body of the answer; MessageFault unknown_service, service_type and others."""
    provider, code = request.service.provider, request.service.code
    services = standing.services_of(provider)
    if code == metadata.LIST_METHODS:
        return JSON, metadata.methods_json(definition for definition, _ in services.values())
    if code == metadata.ALLOWED_METHODS:
        return JSON, metadata.allowed_json(services, request.client)
    if code != metadata.GET_OPENAPI:
        raise MessageFault(faults.SERVICE_TYPE, "This server has REST services only.")
    definition, _ = services.get(ServiceId(provider, metadata.service_asked(request.query)), (None, ()))
    if definition is None:
        raise MessageFault(faults.UNKNOWN_SERVICE, "There is no such service.")
    if definition.kind is not ServiceKind.OPENAPI3 or not definition.description:
        raise MessageFault(faults.SERVICE_TYPE, "The service has no OpenAPI description.")
    return await asyncio.to_thread(_anonymised, definition.description)


def _anonymised(text: str) -> tuple[str, bytes]:
    """Return a description, which was checked when it was taken up, in the format in which it is kept."""
    if text.lstrip().startswith("{"):
        return JSON, json.dumps(metadata.anonymised(json.loads(text)), ensure_ascii=False).encode()
    loaded = cast("Json", yaml.safe_load(text))
    dumped = yaml.safe_dump(metadata.anonymised(loaded), allow_unicode=True, sort_keys=False)
    return YAML, dumped.encode()
