# SPDX-License-Identifier: EUPL-1.2
"""The centre decides who belongs to the exchange; the others take over what is newer and can be believed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from tests.blocks.exchange.service.exchanges import (
    AGENCY,
    CENTRE,
    GOVERNOR,
    INTERIOR,
    MINISTRY,
    OPERATOR,
    PORTAL,
    REGISTRY,
    TAX,
    WHY,
    centre,
    interior,
)
from tests.conftest import OpenDatabase

from flagstone.blocks.exchange.contract.directory import Directory, GlobalGroup, Member, Server, Subsystem
from flagstone.blocks.exchange.contract.faults import (
    ClientUnknown,
    DirectoryInvalid,
    IdentifierInvalid,
    NotPermitted,
    NotTheCentre,
)
from flagstone.blocks.exchange.contract.identifiers import ClientId, ServerId
from flagstone.blocks.exchange.service.exchange import Service
from flagstone.blocks.exchange.store.tables import SCHEMA
from flagstone.kernel.clock import SetClock
from flagstone.platform.storage.verification import verify

NEWCOMER = ClientId("XA", "COM", "80000001")
SHOP = ClientId("XA", "COM", "80000001", "shop")
SHOPS = frozenset({SHOP})
FOREIGN, SLASHED = ClientId("XB", "GOV", "1"), ClientId("XA", "GOV", "1/2")
NAME = {"en": "Somebody"}


def at(address: str, *clients: ClientId) -> Server:
    return Server(CENTRE, address, frozenset(clients))


@pytest.fixture
def governed(open_database: OpenDatabase) -> Service:
    return centre(open_database(SCHEMA))


@pytest.fixture
def other(open_database: OpenDatabase) -> Service:
    return interior(open_database(SCHEMA))


def test_members_subsystems_servers_and_groups_are_admitted(governed: Service) -> None:
    governed.admit_member(GOVERNOR, Member(NEWCOMER, {"en": "Shop"}), WHY)
    governed.admit_subsystem(GOVERNOR, Subsystem(SHOP, {"en": "Web shop"}), WHY)
    server = Server(ServerId(NEWCOMER, "s"), "https://shop.example:5500", frozenset({SHOP}))
    governed.admit_server(GOVERNOR, server, WHY)
    governed.keep_global_group(GOVERNOR, GlobalGroup("shops", {"en": "Shops"}, frozenset({SHOP, TAX})), WHY)
    found = governed.directory()
    assert found.revision == 5
    assert found.servers_of(SHOP) == (server,)
    assert found.groups[0].members == {SHOP, TAX}
    governed.dismiss(GOVERNOR, NEWCOMER, WHY)
    after = governed.directory()
    assert not after.knows(SHOP)
    assert not after.knows(NEWCOMER)
    assert after.groups[0].members == {TAX}
    assert {each.id for each in after.servers} == {INTERIOR, CENTRE}
    governed.keep_global_group(GOVERNOR, GlobalGroup("shops", {}, frozenset()), WHY)
    governed.dismiss(GOVERNOR, INTERIOR, WHY)
    assert (governed.directory().groups, len(governed.directory().servers)) == ((), 1)
    assert verify(governed.configuration.database).sound


@pytest.mark.parametrize(
    ("act", "fault"),
    [
        (lambda it: it.admit_member(GOVERNOR, Member(FOREIGN, NAME), WHY), IdentifierInvalid),
        (lambda it: it.admit_member(GOVERNOR, Member(SLASHED, NAME), WHY), IdentifierInvalid),
        (lambda it: it.admit_member(GOVERNOR, Member(SHOP, NAME), WHY), IdentifierInvalid),
        (lambda it: it.admit_member(GOVERNOR, Member(NEWCOMER, {}), WHY), IdentifierInvalid),
        (lambda it: it.admit_subsystem(GOVERNOR, Subsystem(SHOP, NAME), WHY), ClientUnknown),
        (lambda it: it.admit_subsystem(GOVERNOR, Subsystem(MINISTRY, NAME), WHY), IdentifierInvalid),
        (lambda it: it.admit_server(GOVERNOR, at("http://10.0.0.1:5500"), WHY), IdentifierInvalid),
        (lambda it: it.admit_server(GOVERNOR, at("http://127.0.0.1:5500"), WHY), IdentifierInvalid),
        (lambda it: it.admit_server(GOVERNOR, at("https://x:1", SHOP), WHY), ClientUnknown),
        (lambda it: it.keep_global_group(GOVERNOR, GlobalGroup("x", {}, SHOPS), WHY), ClientUnknown),
        (lambda it: it.dismiss(GOVERNOR, NEWCOMER, WHY), ClientUnknown),
        (lambda it: it.dismiss(GOVERNOR, ServerId(NEWCOMER, "x"), WHY), ClientUnknown),
        (lambda it: it.dismiss(OPERATOR, PORTAL, WHY), NotPermitted),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused(
    governed: Service, act: Callable[[Service], None], fault: type[Exception]
) -> None:
    before = governed.directory()
    with pytest.raises(fault):
        act(governed)
    governed.configuration.refresh()
    assert governed.directory() == before


def test_only_the_centre_decides(other: Service) -> None:
    with pytest.raises(NotTheCentre):
        other.admit_member(OPERATOR, Member(NEWCOMER, NAME), WHY)


def newer(directory: Directory, **changes: object) -> Directory:
    return replace(directory, **{"revision": directory.revision + 1, **changes})  # type: ignore[arg-type]


def test_a_newer_directory_is_taken_over(other: Service) -> None:
    before = other.directory()
    after = newer(before, members=(*before.members, Member(NEWCOMER, {"en": "Shop"})))
    assert other.members.adopt(after)
    assert other.directory().knows(NEWCOMER)
    assert not other.members.adopt(after)
    assert other.members.adopt(newer(after, members=before.members))
    assert not other.directory().knows(NEWCOMER)


@pytest.mark.parametrize(
    "hostile",
    [
        lambda it: replace(it, revision=0),
        lambda it: newer(it, instance="XB"),
        lambda it: replace(
            it, groups=(GlobalGroup("x", {}, frozenset({TAX})),)
        ),  # another one of that revision
        lambda it: newer(it, members=()),
        lambda it: newer(it, members=it.members * 2),
        lambda it: newer(it, subsystems=it.subsystems * 2),
        lambda it: newer(it, servers=it.servers * 2),
        lambda it: newer(it, members=(*it.members, Member(ClientId("XB", "GOV", "1"), {}))),
        lambda it: newer(it, servers=(replace(it.servers[0], address="http://10.0.0.1:5500"),)),
        lambda it: newer(it, servers=(replace(it.servers[0], address="http://127.0.0.1:5500/x"),)),
        lambda it: newer(it, servers=(replace(it.servers[0], clients=frozenset({SHOP})),)),
        lambda it: newer(it, servers=(Server(ServerId(NEWCOMER, "x"), "https://x:1", frozenset()),)),
        lambda it: newer(it, groups=(GlobalGroup("x", {}, frozenset({SHOP})),)),
        lambda it: newer(it, groups=(GlobalGroup("x", {}, frozenset()),) * 1001),
    ],
)
def test_what_cannot_be_believed_is_refused(
    other: Service, hostile: Callable[[Directory], Directory]
) -> None:
    before = other.directory()
    with pytest.raises(DirectoryInvalid):
        other.members.adopt(hostile(before))
    other.configuration.refresh()
    assert other.directory() == before


def test_it_is_noted_now_and_then_that_the_directory_is_the_newest(other: Service, clock: SetClock) -> None:
    first = other.members.checked_at()
    clock.advance(timedelta(minutes=1))
    assert not other.members.adopt(other.directory())
    assert other.members.checked_at() == first
    clock.advance(timedelta(minutes=5))
    assert not other.members.adopt(other.directory())
    assert other.members.checked_at() == clock.now()


def test_the_centre_is_always_up_to_date(governed: Service, clock: SetClock) -> None:
    clock.advance(timedelta(days=1))
    assert governed.members.checked_at() == clock.now()
    assert governed.directory().knows(AGENCY)
    assert governed.directory().knows(REGISTRY)
