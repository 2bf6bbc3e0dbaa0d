# SPDX-License-Identifier: EUPL-1.2
"""A snapshot arranged for the message path."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from flagstone.blocks.exchange.contract.directory import Directory, Server, Subsystem
from flagstone.blocks.exchange.contract.identifiers import ClientId, ServerId, ServiceId
from flagstone.blocks.exchange.contract.service import Right, ServiceDefinition, ServiceKind, Snapshot
from flagstone.blocks.exchange.model import faults
from flagstone.blocks.exchange.model.faults import MessageFault
from flagstone.blocks.exchange.model.standing import Standing, Standings

SYSTEM = ClientId("XA", "GOV", "1", "tells")
GHOST = ClientId("XA", "GOV", "1", "ghost")
ONE, TWO = (ServerId(SYSTEM.member, code) for code in ("one", "two"))
SERVERS = tuple(
    Server(each, f"http://127.0.0.1/{each.code}", frozenset({SYSTEM, GHOST})) for each in (ONE, TWO)
)
SNAPSHOT = Snapshot(
    ONE,
    Directory(
        "XA", 1, datetime(2026, 1, 1, tzinfo=UTC), subsystems=(Subsystem(SYSTEM, {}),), servers=SERVERS
    ),
    {},
    {},
    {},
    addresses={TWO: "http://127.0.0.1:2"},
)


def maintained(*servers: ServerId) -> Standing:
    changed = tuple(replace(each, in_maintenance=each.id in servers) for each in SERVERS)
    return Standing(replace(SNAPSHOT, directory=replace(SNAPSHOT.directory, servers=changed)))


def code_of(standing: Standing, provider: ClientId, only: ServerId | None = None) -> str:
    with pytest.raises(MessageFault) as caught:
        standing.servers_for(provider, only)
    return caught.value.code


def test_servers_for_a_provider() -> None:
    standing = Standing(SNAPSHOT)
    assert standing.servers_for(SYSTEM, None) == list(SERVERS)
    assert standing.servers_for(SYSTEM, TWO) == [SERVERS[1]]
    assert code_of(standing, SYSTEM.member) == faults.UNKNOWN_MEMBER
    assert code_of(standing, SYSTEM, ServerId(SYSTEM.member, "three")) == faults.INVALID_SERVER


def test_a_server_in_maintenance_is_left_out_and_named_when_it_is_the_only_one() -> None:
    assert maintained(ONE).servers_for(SYSTEM, None) == [SERVERS[1]]
    assert code_of(maintained(ONE, TWO), SYSTEM) == faults.MAINTENANCE
    assert code_of(maintained(ONE), SYSTEM, ONE) == faults.MAINTENANCE
    assert maintained(ONE).in_maintenance()
    assert not maintained(TWO).in_maintenance()


def test_a_server_carries_whom_the_directory_knows_and_has_there() -> None:
    standing = Standing(SNAPSHOT)
    assert standing.carries(ONE, SYSTEM)
    assert not standing.carries(ONE, GHOST), "registered at the server, not a subsystem any more"
    assert not standing.carries(ServerId(SYSTEM.member, "three"), SYSTEM)
    assert not standing.carries(ONE, SYSTEM.member)


def test_an_address_known_here_goes_before_the_directorys() -> None:
    standing = Standing(SNAPSHOT)
    assert [standing.address(server) for server in SERVERS] == ["http://127.0.0.1/one", "http://127.0.0.1:2"]


def test_a_new_snapshot_is_arranged_anew_and_the_same_is_not() -> None:
    service = ServiceId(SYSTEM, "things")
    current = [SNAPSHOT]
    standings = Standings(lambda: current[0])
    first = standings.now()
    assert standings.now() is first
    assert first.rights(service) == ()
    offered = ServiceDefinition(service, ServiceKind.REST, "http://x")
    current[0] = replace(SNAPSHOT, services={service: offered}, rights={service: (Right(SYSTEM, service),)})
    second = standings.now()
    assert second is not first
    assert second.rights(service)[0].subjects == {SYSTEM}
    assert list(second.services_of(SYSTEM)) == [service]
    assert second.services_of(GHOST) == {}
