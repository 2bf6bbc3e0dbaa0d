# SPDX-License-Identifier: EUPL-1.2
"""The OpenAPI document of a register is valid, and tells only of what the exchange may see."""

from __future__ import annotations

import json
from dataclasses import replace

from openapi_spec_validator import validate

from flagstone.blocks.exchange.contract.service import Endpoint
from flagstone.blocks.exchange.model.descriptions import endpoints_of
from flagstone.blocks.exchange.model.register_api import description_of, offered, url_of
from flagstone.blocks.registry.contract.register import (
    Field,
    FieldType,
    Option,
    RegisterDefinition,
    RegisterKind,
    Service,
)

BOATS = RegisterDefinition(
    "boats",
    "1.2",
    {"et": "Paadid", "en": "Boats"},
    RegisterKind.OTHER,
    "XA/GOV/1",
    (
        Field("no", FieldType.TEXT, {"en": "Number"}, filter=True),
        Field("built", FieldType.DATE, {"et": "Ehitatud"}),
        Field("kind", FieldType.CATALOGUE, {"en": "Kind"}, options=(Option("sail", {"en": "Sail"}),)),
        Field("crew", FieldType.LIST, {"en": "Crew"}, items=Field("one", FieldType.TEXT, {"en": "One"})),
        Field("hidden", FieldType.TEXT, {"en": "Hidden"}, read_roles=frozenset({"clerk"})),
        Field("secret", FieldType.TEXT, {"en": "Secret"}, secret=True, read_roles=frozenset({"exchange"})),
        Field("ours", FieldType.INTEGER, {"en": "Ours"}, read_roles=frozenset({"exchange"})),
    ),
    permits={
        "exchange": frozenset({Service.READ, Service.LIST, Service.UPDATE}),
        "clerk": frozenset(Service),
    },
)


def test_it_is_valid_and_describes_what_may_be_asked() -> None:
    document = json.loads(description_of(BOATS))
    validate(document)
    assert document["info"] == {"title": "Boats", "version": "1.2"}
    assert endpoints_of(document) == (Endpoint("GET", "/records/*"), Endpoint("POST", "/find"))
    assert url_of(BOATS) == "/registry/v1/registers/boats"


def test_hidden_and_secret_fields_are_not_in_it() -> None:
    schemas = json.loads(description_of(BOATS))["components"]["schemas"]
    assert set(schemas["Data"]["properties"]) == {"no", "built", "kind", "crew", "ours"}
    assert set(schemas["Query"]["properties"]["filters"]["properties"]) == {"no"}
    assert schemas["Data"]["properties"]["kind"]["enum"] == ["sail"]
    assert schemas["Data"]["properties"]["built"] == {"type": "string", "title": "Ehitatud", "format": "date"}


def test_a_register_that_is_closed_offers_nothing() -> None:
    assert offered(replace(BOATS, permits={"clerk": frozenset(Service)})) == frozenset()
    everybody = replace(BOATS, permits={"anyone": frozenset({Service.EXISTS})})
    assert offered(everybody) == {Service.EXISTS}
