# SPDX-License-Identifier: EUPL-1.2
"""From a CSV file, a register or an API to a described service with rights."""

from __future__ import annotations

import io
import json
from dataclasses import replace

import pytest
from tests.blocks.exchange.service.exchanges import (
    AUDITOR,
    OPERATOR,
    TAX,
    WHY,
    official,
)
from tests.blocks.exchange.service.onboarding_site import (
    BOATS,
    CSV,
    OFFERING,
    SHOWN,
)

from flagstone.blocks.exchange.contract.faults import (
    ClientUnknown,
    DescriptionRefused,
    FileRefused,
    NotPermitted,
    ServiceInvalid,
)
from flagstone.blocks.exchange.contract.identifiers import ClientId
from flagstone.blocks.exchange.contract.onboarding import (
    Api,
    Columns,
)
from flagstone.blocks.exchange.contract.service import (
    Endpoint,
    ServiceKind,
)
from flagstone.blocks.exchange.model.names import service_named
from flagstone.blocks.exchange.service.exchange import Service
from flagstone.blocks.exchange.service.onboarding import Steps
from flagstone.blocks.registry.contract.record import Query
from flagstone.blocks.registry.service.registry import Service as RegistryService
from flagstone.kernel.audit import Actor, ActorKind, Caller


def test_a_file_becomes_a_described_service_with_rights(
    steps: Steps, exchange: Service, registry: RegistryService
) -> None:
    made = steps.offer_file(OPERATOR, OFFERING, SHOWN, io.BytesIO(CSV), WHY)
    assert (made.kind, made.url, made.local) == (ServiceKind.OPENAPI3, "/registry/v1/registers/boats", True)
    assert made.personal  # rows concern persons, so a purpose is demanded
    assert set(made.endpoints) == {
        Endpoint("GET", "/records/*"),
        Endpoint("POST", "/find"),
        Endpoint("POST", "/exists"),
    }
    rights = exchange.snapshot().rights[BOATS]
    assert {each.endpoint for each in rights} == set(made.endpoints)
    assert {(each.subject, each.purpose) for each in rights} == {(TAX, OFFERING.purpose)}
    caller = Caller(Actor(ActorKind.SYSTEM, str(TAX), system=str(TAX)), frozenset({"exchange"}))
    page = registry.find(caller, "boats", Query(), WHY)
    assert [(each.id, dict(each.data)) for each in page.records] == [
        ("B-1", {"reg_no": "B-1", "length": "7"}),
        ("B-2", {"reg_no": "B-2", "length": "9"}),
    ]


def test_nothing_is_shown_that_was_not_named(steps: Steps, registry: RegistryService) -> None:
    made = steps.offer_file(OPERATOR, OFFERING, Columns(), io.BytesIO(CSV), WHY)
    caller = Caller(Actor(ActorKind.SYSTEM, str(TAX), system=str(TAX)), frozenset({"exchange"}))
    (first, _second) = registry.find(caller, "boats", Query(), WHY).records
    assert dict(first.data) == {"row_number": "1"}
    schema = json.loads(made.description)["components"]["schemas"]["Data"]["properties"]
    assert set(schema) == {"row_number"}


def test_offering_again_takes_the_rows_anew(steps: Steps, registry: RegistryService) -> None:
    steps.offer_file(OPERATOR, OFFERING, SHOWN, io.BytesIO(CSV), WHY)
    again = steps.offer_file(OPERATOR, OFFERING, SHOWN, io.BytesIO(CSV + b"B-3,49001010001,5\n"), WHY)
    assert registry.definition("boats").version == "1.0"
    assert registry.find(steps_caller(), "boats", Query(), WHY).total == 3
    colour = Columns(frozenset({"colour"}), "reg_no", "owner_code")
    changed = b"Reg. No,Owner code,Colour\nB-1,60001019906,red\n"
    newer = steps.offer_file(OPERATOR, OFFERING, colour, io.BytesIO(changed), WHY)
    assert registry.definition("boats").version == "1.1"
    assert again.description != newer.description
    with pytest.raises(FileRefused):
        steps.offer_file(OPERATOR, OFFERING, Columns(), io.BytesIO(CSV), WHY)  # another key


def steps_caller() -> Caller:
    return Caller(Actor(ActorKind.JOB, "test"))


def test_another_register_is_never_taken_over(steps: Steps) -> None:
    steps.offer_file(OPERATOR, OFFERING, SHOWN, io.BytesIO(CSV), WHY)
    other = replace(OFFERING, service=service_named("XA/GOV/10000001/portal/boats"))
    with pytest.raises(ServiceInvalid):
        steps.offer_file(OPERATOR, other, SHOWN, io.BytesIO(CSV), WHY)


def test_a_register_that_is_there_is_offered_if_it_is_open(steps: Steps) -> None:
    steps.offer_file(OPERATOR, OFFERING, SHOWN, io.BytesIO(CSV), WHY)
    offering = replace(OFFERING, service=service_named("XA/GOV/10000001/portal/boats"))
    made = steps.offer_register(OPERATOR, offering, "boats", WHY)
    assert (made.id, made.personal) == (offering.service, True)
    with pytest.raises(ServiceInvalid):
        steps.offer_register(OPERATOR, offering, "ships", WHY)


def test_an_api_is_offered_described_or_bare(steps: Steps, exchange: Service) -> None:
    bare = steps.offer_api(OPERATOR, OFFERING, Api("https://boats.example/v1"), WHY)
    assert (bare.kind, exchange.snapshot().rights[BOATS][0].endpoint) == (ServiceKind.REST, Endpoint())
    text = '{"openapi": "3.0.3", "info": {}, "paths": {"/boats/{id}": {"get": {}}}}'
    described = steps.offer_api(OPERATOR, OFFERING, Api("https://boats.example/v1", text), WHY)
    assert described.endpoints == (Endpoint("GET", "/boats/*"),)
    with pytest.raises(DescriptionRefused):
        steps.offer_api(OPERATOR, OFFERING, Api("https://boats.example/v1", "openapi: 2.0"), WHY)
    with pytest.raises(ServiceInvalid):
        steps.offer_api(OPERATOR, OFFERING, Api("gopher://x"), WHY)
    stranger = replace(OFFERING, clients=(ClientId("XA", "GOV", "7", "x"),))
    with pytest.raises(ClientUnknown):
        steps.offer_api(OPERATOR, stranger, Api("https://boats.example/v1"), WHY)


def test_only_operators_offer_and_auditors_check(steps: Steps) -> None:
    for caller in (AUDITOR, official("operator", organisation="10000099")):
        for act in (
            lambda caller=caller: steps.preview(caller, io.BytesIO(CSV)),
            lambda caller=caller: steps.offer_file(caller, OFFERING, SHOWN, io.BytesIO(CSV), WHY),
            lambda caller=caller: steps.offer_register(caller, OFFERING, "boats", WHY),
            lambda caller=caller: steps.offer_api(caller, OFFERING, Api("https://x"), WHY),
        ):
            with pytest.raises(NotPermitted):
                act()
    assert len(steps.checks(AUDITOR, BOATS, TAX)) == 9
    with pytest.raises(NotPermitted):
        steps.checks(official("registrar"), BOATS, TAX)
