# SPDX-License-Identifier: EUPL-1.2
"""Aralia's life events fit its registers, sites and rights; and do what they say on the real definitions."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from tests.blocks.exchange.service.news.rig import Wire
from tests.contracts.sealer import ToySealer

from aralia.codes import CHECKS, make_organisation_code, make_personal_code
from aralia.definitions import definitions
from aralia.exchange import exchange_plan
from aralia.news import news_plan
from aralia.sites import sites
from flagstone.blocks.exchange.contract.news_plan import Cause
from flagstone.blocks.exchange.model.names import subsystem_named
from flagstone.blocks.exchange.service.news.delivering import Courier
from flagstone.blocks.exchange.service.news.inbox import InboxService
from flagstone.blocks.exchange.service.news.keeping import NewsService
from flagstone.blocks.exchange.service.news.planting import plant
from flagstone.blocks.exchange.service.news.publishing import RegisterNews
from flagstone.blocks.exchange.service.news.reacting import Reactor
from flagstone.blocks.exchange.store.tables import SCHEMA
from flagstone.blocks.registry.contract.record import Query
from flagstone.blocks.registry.contract.register import RegisterDefinition
from flagstone.blocks.registry.service.registry import Service
from flagstone.blocks.registry.store.tables import SCHEMA as REGISTRY_SCHEMA
from flagstone.kernel.audit import Caller, Reason, job
from flagstone.kernel.clock import SetClock

if TYPE_CHECKING:
    from tests.conftest import OpenDatabase

SITE = Caller(job("test"))
WHY = Reason("A test")
LAW = re.compile(r"[A-Z][A-Za-z ]+ Act § [0-9]+")
REGISTERS = {one.code: one for one in definitions()}
HOLDS = {subsystem_named(f"{site.owner}/registry"): set(site.registers) for site in sites()}
PERSON = make_personal_code(date(2026, 11, 1), "female", 7)
REQUIRED = {one.code for one in REGISTERS["locations"].fields if one.required}


def indexed(definition: RegisterDefinition) -> set[str]:
    own = {one.code for one in definition.fields if one.filter or one.unique}
    return own | {definition.key}


def test_rules_and_reactions_name_registers_and_fields_that_are_there() -> None:
    plan = news_plan()
    for rule in plan.rules:
        fields = {one.code for one in REGISTERS[rule.register].fields}
        assert rule.register in HOLDS[rule.event.room]
        assert {path.partition(".")[0] for path in rule.payload.values()} <= fields
        assert {*rule.fields, *rule.when, *rule.recent} <= fields
        assert rule.cause is not Cause.REGISTERED or not rule.fields
    for reaction in plan.reactions:
        definition = REGISTERS[reaction.register]
        assert reaction.register in HOLDS[reaction.at]
        assert set(reaction.match) <= indexed(definition)
        fields = {one.code for one in definition.fields}
        assert {*reaction.where, *reaction.set, *reaction.create} <= fields


def test_values_that_are_written_or_compared_are_among_the_options() -> None:
    plan = news_plan()
    written = [(one.register, one.set) for one in plan.reactions]
    written += [(one.register, one.create) for one in plan.reactions]
    written += [(one.register, dict(one.where)) for one in plan.reactions]
    written += [(one.register, dict(one.when)) for one in plan.rules]
    for register, values in written:
        for field in REGISTERS[register].fields:
            asked = values.get(field.code)
            if field.options and asked is not None:
                codes = {one.code for one in field.options}
                for each in asked if isinstance(asked, list) else [asked]:
                    assert not isinstance(each, str) or each in codes, (register, field.code, each)


def test_everything_says_why_by_which_law_and_in_three_languages() -> None:
    plan = news_plan()
    assert {one.id.code for one in plan.types} == {
        "birth-registered", "death-registered", "address-changed", "company-registered",
    }  # fmt: skip
    reasons = [(one.purpose, one.legal_basis) for one in plan.types]
    reasons += [(one.purpose, one.legal_basis) for one in plan.reactions]
    assert all(purpose and LAW.fullmatch(law) for purpose, law in reasons)
    assert all(set(one.title) == {"en", "et", "ar"} for one in plan.types)


def test_every_room_and_reaction_belongs_to_a_server() -> None:
    carried = {client.id for server in exchange_plan().servers.values() for client in server.clients}
    plan = news_plan()
    assert {one.id.room for one in plan.types} | {one.at for one in plan.reactions} <= carried


class State:
    """All of Aralia on one database: what each agency's site does, done by one."""

    def __init__(self, open_database: OpenDatabase, clock: SetClock) -> None:
        registers = open_database(REGISTRY_SCHEMA)
        self.registry = Service(registers, ToySealer(), CHECKS)
        for definition in definitions():
            self.registry.publish(SITE, definition, WHY)
        plan = news_plan()
        clients = sorted(HOLDS)
        exchange = open_database(SCHEMA)
        self.news = NewsService(exchange)
        plant(self.news, plan, clients)
        self.heard = RegisterNews(self.news, self.registry, plan)
        wire = Wire()
        self.courier = Courier(self.news, wire)
        self.inbox = InboxService(exchange, plan, Reactor(self.registry))
        for client in clients:
            wire.inboxes[client] = self.inbox
        for name in ("RecordRegistered", "RecordCorrected"):
            registers.outbox.subscribe(name, ("news",))
        self.outbox = registers.outbox
        self.place = self.registry.create(SITE, "locations", place("A01"), WHY).id
        self.other = self.registry.create(SITE, "locations", place("A02"), WHY).id
        self.clock = clock

    def live(self) -> int:
        made = 0
        for one in self.outbox.pending(1000):
            made += self.heard.heard(one.event, one.payload)
            self.outbox.delivered(one.id, one.listener)
        self.courier.deliver_due()
        while self.inbox.react_due():
            pass
        return made

    def records(self, register: str) -> list[dict[str, Any]]:
        return [dict(one.data) for one in self.registry.find(SITE, register, Query(), WHY).records]


def place(code: str) -> dict[str, Any]:
    """The least that the register of locations takes."""
    found = {field.code: field.options[0].code for field in REGISTERS["locations"].fields if field.options}
    known = {"code": code, "name": code, "longitude": "1", "latitude": "1", "in_use": True}
    return {key: value for key, value in found.items() if key in REQUIRED} | known


@pytest.fixture
def state(open_database: OpenDatabase, clock: SetClock) -> State:
    return State(open_database, clock)


def person(state: State, born: str) -> str:
    data = {
        "personal_code": PERSON,
        "given_name": "Mari",
        "birth_date": born,
        "sex": "female",
        "status": "alive",
        "address": state.place,
        "languages": ["et"],
    }
    return state.registry.create(SITE, "individuals", data, WHY).id


def permit(number: str, status: str) -> dict[str, Any]:
    return {
        "number": number, "kind": "fishing", "personal_code": PERSON, "valid_from": "2026-01-01",
        "valid_to": "2026-12-31", "district": "D1", "status": status,
    }  # fmt: skip


def test_a_life_from_birth_to_death(state: State) -> None:
    who = person(state, "2026-11-01")
    assert state.live() == 1
    (contacts,) = state.records("contacts")
    assert (contacts["personal_code"], contacts["language"], contacts["channel"]) == (PERSON, "et", "portal")

    (contact,) = state.registry.find(SITE, "contacts", Query(), WHY).records
    state.registry.update(SITE, "contacts", contact.id, {"confirmed_on": "2026-11-20"}, WHY)
    state.registry.update(SITE, "individuals", who, {"address": state.other}, WHY)
    assert state.live() == 1
    assert "confirmed_on" not in {key for key, value in state.records("contacts")[0].items() if value}

    for number, status in (("F-000001", "valid"), ("F-000002", "expired")):
        state.registry.create(SITE, "permits", permit(number, status), WHY)
    state.clock.advance(timedelta(days=1))
    state.registry.update(SITE, "individuals", who, {"status": "deceased", "death_date": "2026-11-22"}, WHY)
    assert state.live() == 1
    assert [one["status"] for one in state.records("permits")] == ["revoked", "expired"]
    assert state.records("contacts") == []


def test_who_moves_to_aralia_was_not_born_now(state: State) -> None:
    person(state, "1980-01-01")
    assert state.live() == 0


def test_a_new_company_is_a_taxpayer(state: State) -> None:
    company: dict[str, Any] = {
        "register_code": make_organisation_code(2_345_678),
        "name": "Salt and Sons",
        "legal_form": "private_limited_company",
        "status": "active",
        "registered_on": "2026-11-22",
        "address": state.place,
        "member_class": "COM",
    }
    state.registry.create(SITE, "organisations", company, WHY)
    ngo = company | {"register_code": make_organisation_code(2_345_679), "legal_form": "association"}
    state.registry.create(SITE, "organisations", ngo, WHY)
    assert state.live() == 1
    (taxpayer,) = state.records("taxpayers")
    assert taxpayer == {
        "register_code": company["register_code"],
        "name": "Salt and Sons",
        "since": "2026-11-22",
        "status": "registered",
    }
