# SPDX-License-Identifier: EUPL-1.2
"""What operators change takes effect at once, is audited, and is refused to everybody else."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

import pytest
from tests.blocks.exchange.service.exchanges import (
    AUDITOR,
    INDIVIDUALS,
    INTERIOR,
    OFFERED,
    OPERATOR,
    PLAN,
    PORTAL,
    REGISTRY,
    TAX,
    WHY,
    PlainSealer,
    fetch_nothing,
    interior,
    official,
)
from tests.conftest import OpenDatabase

from flagstone.blocks.exchange.contract.faults import (
    ClientUnknown,
    DirectoryUnavailable,
    EndpointUnknown,
    GroupUnknown,
    NotPermitted,
    PlanInvalid,
    ServiceExists,
    ServiceInvalid,
    ServiceUnknown,
)
from flagstone.blocks.exchange.contract.identifiers import ClientId, GroupId, ServiceId
from flagstone.blocks.exchange.contract.service import (
    ActsAs,
    Connection,
    Endpoint,
    LocalClient,
    LocalGroup,
    Purpose,
    Right,
    ServiceDefinition,
    ServiceKind,
)
from flagstone.blocks.exchange.service.configuration import Place
from flagstone.blocks.exchange.service.exchange import Service
from flagstone.blocks.exchange.service.planting import plant
from flagstone.blocks.exchange.store.tables import SCHEMA
from flagstone.kernel.audit import Caller, job
from flagstone.platform.storage.verification import verify

READ = Endpoint("GET", "/records/*")


@pytest.fixture
def service(open_database: OpenDatabase) -> Service:
    return interior(open_database(SCHEMA))


def test_before_there_is_a_directory_nothing_passes(open_database: OpenDatabase) -> None:
    empty = Service(open_database(SCHEMA), PlainSealer(), place=Place(INTERIOR), fetch=fetch_nothing)
    with pytest.raises(DirectoryUnavailable):
        empty.snapshot()


def test_the_plan_is_planted_once_and_whole(open_database: OpenDatabase) -> None:
    database = open_database(SCHEMA)
    right = Right(TAX, INDIVIDUALS, READ, Purpose("Checking", "Tax Act"))
    server = replace(PLAN.servers["interior"], services=(OFFERED,), rights=(right,))
    plan = replace(PLAN, servers={**PLAN.servers, "interior": server})
    service = Service(database, PlainSealer(), place=Place(INTERIOR), fetch=fetch_nothing)
    assert plant(service, plan, "interior")
    snapshot = service.snapshot()
    assert snapshot.services[INDIVIDUALS] == replace(OFFERED, endpoints=(READ,))
    assert snapshot.rights[INDIVIDUALS] == (right,)
    assert snapshot.clients[PORTAL] == LocalClient(PORTAL, Connection.INTERNAL)
    assert [each.id for each in snapshot.directory.servers_of(REGISTRY)] == [INTERIOR]
    service.withdraw(OPERATOR, INDIVIDUALS, WHY)
    assert not plant(service, plan, "interior")  # what an operator changed stays
    assert INDIVIDUALS not in service.snapshot().services
    with pytest.raises(PlanInvalid):
        plant(service, plan, "moon")


def test_a_service_is_offered_changed_and_withdrawn_with_its_rights(service: Service) -> None:
    before = service.snapshot()
    service.offer(OPERATOR, replace(OFFERED, endpoints=(READ, Endpoint("POST", "/find"))), WHY)
    service.give(OPERATOR, [Right(TAX, INDIVIDUALS, READ), Right(TAX, INDIVIDUALS)], WHY)
    assert before.services == {}  # a snapshot never changes
    assert {right.endpoint for right in service.snapshot().rights[INDIVIDUALS]} == {READ, Endpoint()}
    service.change(OPERATOR, replace(OFFERED, enabled=False, disabled_notice="Back at noon"), WHY)
    snapshot = service.snapshot()
    assert snapshot.services[INDIVIDUALS].disabled_notice == "Back at noon"
    assert snapshot.rights[INDIVIDUALS] == (Right(TAX, INDIVIDUALS),)  # the endpoint went, and its right
    service.withdraw(OPERATOR, INDIVIDUALS, WHY)
    assert (service.snapshot().services, service.snapshot().rights) == ({}, {})
    assert verify(service.configuration.database).sound


def test_rights_are_declared_anew_and_taken(service: Service) -> None:
    service.offer(OPERATOR, OFFERED, WHY)
    right = Right(TAX, INDIVIDUALS)
    service.give(OPERATOR, [right], WHY)
    service.give(OPERATOR, [replace(right, purpose=Purpose("Audit", "Act § 2"))], WHY)
    assert service.snapshot().rights[INDIVIDUALS][0].purpose == Purpose("Audit", "Act § 2")
    service.take(OPERATOR, [right, Right(PORTAL, INDIVIDUALS)], WHY)
    assert service.snapshot().rights == {}


def test_groups_hold_rights_and_lose_them_when_removed(service: Service) -> None:
    service.offer(OPERATOR, OFFERED, WHY)
    friends = LocalGroup(REGISTRY, "friends", "Those we know", frozenset({TAX}))
    service.keep_group(OPERATOR, friends, WHY)
    service.give(OPERATOR, [Right(GroupId("friends", local=True), INDIVIDUALS)], WHY)
    assert service.snapshot().local_groups == (friends,)
    service.keep_group(OPERATOR, replace(friends, members=frozenset()), WHY)
    assert (service.snapshot().local_groups, service.snapshot().rights) == ((), {})


def test_a_client_goes_with_all_that_is_its_own(service: Service) -> None:
    service.offer(OPERATOR, OFFERED, WHY)
    service.give(OPERATOR, [Right(TAX, INDIVIDUALS)], WHY)
    service.keep_group(OPERATOR, LocalGroup(REGISTRY, "x", "x", frozenset({TAX})), WHY)
    service.remove_client(OPERATOR, REGISTRY, WHY)
    snapshot = service.snapshot()
    assert (set(snapshot.clients), snapshot.services, snapshot.rights) == ({PORTAL}, {}, {})
    service.register_client(OPERATOR, LocalClient(REGISTRY, Connection.SSLAUTH, (b"\x30\x00",)), WHY)
    assert service.snapshot().clients[REGISTRY].certificates == (b"\x30\x00",)
    assert verify(service.configuration.database).sound


STRANGER = ClientId("XA", "GOV", "7", "x")


@pytest.mark.parametrize(
    ("act", "fault"),
    [
        (lambda it: it.register_client(OPERATOR, LocalClient(STRANGER), WHY), ClientUnknown),
        (lambda it: it.remove_client(OPERATOR, STRANGER, WHY), ClientUnknown),
        (lambda it: it.offer(OPERATOR, OFFERED, WHY), ServiceExists),
        (lambda it: it.change(OPERATOR, replace(OFFERED, id=ServiceId(REGISTRY, "y")), WHY), ServiceUnknown),
        (lambda it: it.offer(OPERATOR, replace(OFFERED, id=ServiceId(TAX, "y")), WHY), ClientUnknown),
        (lambda it: it.withdraw(OPERATOR, ServiceId(REGISTRY, "y"), WHY), ServiceUnknown),
        (lambda it: it.give(OPERATOR, [Right(TAX, ServiceId(REGISTRY, "y"))], WHY), ServiceUnknown),
        (lambda it: it.give(OPERATOR, [Right(STRANGER, INDIVIDUALS)], WHY), ClientUnknown),
        (lambda it: it.give(OPERATOR, [Right(TAX, INDIVIDUALS, READ)], WHY), EndpointUnknown),
        (lambda it: it.give(OPERATOR, [Right(GroupId("x"), INDIVIDUALS)], WHY), GroupUnknown),
        (lambda it: it.give(OPERATOR, [Right(GroupId("x", local=True), INDIVIDUALS)], WHY), GroupUnknown),
        (lambda it: it.keep_group(OPERATOR, LocalGroup(REGISTRY, "x", "", frozenset()), WHY), GroupUnknown),
        (lambda it: it.register_client(OPERATOR, LocalClient(TAX, certificates=(b"",)), WHY), ServiceInvalid),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused_and_changes_nothing(
    service: Service, act: Callable[[Service], None], fault: type[Exception]
) -> None:
    service.offer(OPERATOR, OFFERED, WHY)
    before = service.snapshot()
    with pytest.raises(fault):
        act(service)
    service.configuration.refresh()
    assert service.snapshot() == before


@pytest.mark.parametrize(
    "caller",
    [
        AUDITOR,
        official("registrar"),
        official("operator", organisation="10000099"),
        official("operator", organisation=""),
    ],
)
def test_only_operators_of_the_servers_owner_change_anything(service: Service, caller: Caller) -> None:
    for act in (
        lambda: service.register_client(caller, LocalClient(PORTAL), WHY),
        lambda: service.remove_client(caller, PORTAL, WHY),
        lambda: service.offer(caller, OFFERED, WHY),
        lambda: service.change(caller, OFFERED, WHY),
        lambda: service.withdraw(caller, INDIVIDUALS, WHY),
        lambda: service.refresh(caller, INDIVIDUALS, WHY),
        lambda: service.give(caller, [Right(TAX, INDIVIDUALS)], WHY),
        lambda: service.take(caller, [Right(TAX, INDIVIDUALS)], WHY),
        lambda: service.keep_group(caller, LocalGroup(REGISTRY, "x", "", frozenset({TAX})), WHY),
    ):
        with pytest.raises(NotPermitted):
            act()


def test_every_change_says_who_and_why(service: Service) -> None:
    service.offer(OPERATOR, OFFERED, WHY)
    (entry,) = service.configuration.database.journal.history(
        "service", "XA%2FGOV%2F10000001%2Fregistry%2Findividuals"
    )
    assert (entry.actor.id, entry.reason) == (OPERATOR.actor.id, WHY)


def test_the_site_itself_may_change(service: Service) -> None:
    service.offer(Caller(job("command line")), OFFERED, WHY)
    assert INDIVIDUALS in service.snapshot().services


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"url": "registry"}, "/url"),
        ({"url": "//elsewhere/x"}, "/url"),
        ({"url": "/registry/../admin"}, "/url"),
        ({"url": "/x?y=1"}, "/url"),
        ({"url": "http://host/x", "local": False, "acts_as": ActsAs.PERSON}, "/acts_as"),
        ({"url": "http://name:word@host/x", "local": False}, "/url"),
        ({"url": "http://host:0/", "local": False}, "/url"),
        ({"url": "file:///etc/passwd", "local": False}, "/url"),
        ({"url": "http://host/?x", "local": False}, "/url"),
        ({"url": "http://[::1/", "local": False}, "/url"),
        ({"timeout_seconds": 0}, "/timeout_seconds"),
        ({"timeout_seconds": 3601}, "/timeout_seconds"),
        ({"kind": ServiceKind.OPENAPI3}, "/description"),
        ({"id": ServiceId(REGISTRY, "listMethods")}, "/id"),
        ({"id": ServiceId(REGISTRY, "a/b")}, "/id"),
        ({"id": ServiceId(REGISTRY, "a\x00b")}, "/id"),
        ({"id": ServiceId(ClientId("XA", "GOV", "1"), "x")}, "/id"),
        ({"title": {"en": "two\nlines"}}, "/title/en"),
        ({"purpose": Purpose("x" * 501)}, "/purpose"),
        ({"endpoints": (Endpoint("FETCH", "/"),)}, "/endpoints/0"),
        ({"endpoints": (Endpoint("GET", "/../x"),)}, "/endpoints/0"),
        ({"endpoints": (Endpoint("GET", "x"),)}, "/endpoints/0"),
    ],
)
def test_a_service_that_cannot_be_is_refused_with_the_place(
    service: Service, change: dict[str, object], pointer: str
) -> None:
    broken: ServiceDefinition = replace(OFFERED, **change)  # type: ignore[arg-type]
    with pytest.raises(ServiceInvalid) as refused:
        service.offer(OPERATOR, broken, WHY)
    assert pointer in {flaw.pointer for flaw in refused.value.flaws}


def test_a_change_by_another_process_takes_effect_within_seconds(open_database: OpenDatabase) -> None:
    database = open_database(SCHEMA)
    serving, beside = interior(database), interior(database)
    assert serving.snapshot().services == {}
    serving.start()
    try:
        beside.offer(OPERATOR, OFFERED, WHY)
        until = time.monotonic() + 10
        while not serving.snapshot().services and time.monotonic() < until:
            time.sleep(0.05)
        assert INDIVIDUALS in serving.snapshot().services
    finally:
        serving.stop()


def test_a_long_description_is_kept_in_parts(service: Service) -> None:
    import random

    chance = random.Random(1)
    words = "".join(chance.choices("abcdefghijklmnopqrstuvwxyz0123456789", k=200_000))
    text = (
        f'{{"openapi": "3.1.0", "info": {{"x": "{words}"}}, "paths": {{"/records/{{id}}": {{"get": {{}}}}}}}}'
    )
    described = replace(OFFERED, kind=ServiceKind.OPENAPI3, description=text)
    service.offer(OPERATOR, described, WHY)
    service.configuration._number = -1  # read everything anew
    service.configuration.refresh()
    found = service.snapshot().services[INDIVIDUALS]
    assert (found.description, found.endpoints) == (text, (READ,))
