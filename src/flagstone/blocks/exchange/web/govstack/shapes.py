# SPDX-License-Identifier: EUPL-1.2
"""GovStack's words for what the exchange knows: clients and services of the Directory API, 1.0."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping

from flagstone.blocks.exchange.contract.directory import Directory, Words
from flagstone.blocks.exchange.contract.identifiers import ClientId, ServiceId
from flagstone.blocks.exchange.contract.service import ServiceDefinition, Snapshot
from flagstone.blocks.exchange.model import metadata
from flagstone.blocks.exchange.model.access import entries

Shape = dict[str, object]

SERVICE_FIELDS = {
    "object_type": "objectType",
    "service_type": "serviceType",
    "xroad_instance": "instanceId",
    "member_class": "memberClass",
    "member_code": "memberCode",
    "subsystem_code": "applicationCode",
    "service_code": "serviceCode",
}
"""The fields of a service: X-Road's name and GovStack's."""


def clients(directory: Directory, instance: str) -> Shape:
    """Return `restClientDetailsListType`: members and their applications, in order; of others none."""
    listed: list[Shape] = []
    if instance == directory.instance:
        names = {each.id: plain(each.name) for each in directory.members}
        names |= {each.id: plain(each.name) for each in directory.subsystems}
        listed = [{"name": names[each], "id": _client(each)} for each in sorted(names)]
    return {"member": listed}


def _client(client: ClientId) -> Shape:
    shape: Shape = {
        "objectType": "APPLICATION" if client.subsystem else "MEMBER",
        "instanceId": client.instance,
        "memberClass": client.member_class,
        "memberCode": client.member_code,
    }
    return shape | ({"applicationCode": client.subsystem} if client.subsystem else {})


def methods(services: Iterable[ServiceDefinition]) -> Shape:
    """Return `restServiceDetailsListType` with every endpoint of `services`."""
    return _services(metadata.methods_json(services))


def allowed(snapshot: Snapshot, services: Iterable[ServiceDefinition], client: ClientId) -> Shape:
    """Return `restServiceDetailsListType` with what `client` may call of `services`."""
    known: Mapping[ServiceId, ServiceDefinition] = {each.id: each for each in services}
    granted = {each: (known[each], entries(snapshot, each)) for each in known}
    return _services(metadata.allowed_json(granted, client))


def _services(document: bytes) -> Shape:
    return {"member": [_service(each) for each in json.loads(document)["service"]]}


def _service(found: Mapping[str, object]) -> Shape:
    shape: Shape = {ours: found[theirs] for theirs, ours in SERVICE_FIELDS.items() if theirs in found}
    return shape | {"endpointList": {"member": found["endpoint_list"]}}


def plain(words: Words) -> str:
    """Return the English words, or the first there are: GovStack has one name for each."""
    return words.get("en") or next(iter(words.values()), "")
