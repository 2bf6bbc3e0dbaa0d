# SPDX-License-Identifier: EUPL-1.2
"""Each of the nine checks is green when all is well, and red for its own reason when it is not."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from http.server import HTTPServer

import pytest
from tests.blocks.exchange.service.exchanges import (
    INTERIOR,
    OPERATOR,
    PORTAL,
    REGISTRY,
    TAX,
    WHY,
    PlainSealer,
    answered,
    asked,
    failed,
)
from tests.blocks.exchange.service.onboarding_site import (
    BOATS,
    CSV,
    OFFERING,
    SHOWN,
    address,
)

from flagstone.blocks.exchange.contract.directory import Server
from flagstone.blocks.exchange.contract.identifiers import ClientId, ServiceId
from flagstone.blocks.exchange.contract.onboarding import (
    Check,
    CheckResult,
    Colour,
    Why,
)
from flagstone.blocks.exchange.contract.service import (
    Connection,
    LocalClient,
    Purpose,
    Right,
    ServiceKind,
)
from flagstone.blocks.exchange.service.exchange import Service
from flagstone.blocks.exchange.service.message_log import Log
from flagstone.blocks.exchange.service.onboarding import Steps
from flagstone.blocks.exchange.service.trying import Trials
from flagstone.blocks.registry.service.registry import Service as RegistryService
from flagstone.kernel.clock import SetClock
from flagstone.kernel.errors import Fault


def by_check(results: tuple[CheckResult, ...]) -> dict[Check, CheckResult]:
    assert [each.check for each in results] == list(Check)
    return {each.check: each for each in results}


@pytest.fixture
def offered(steps: Steps) -> Steps:
    steps.offer_file(OPERATOR, replace(OFFERING, clients=(TAX, PORTAL)), SHOWN, io.BytesIO(CSV), WHY)
    return steps


def test_all_nine_are_green_when_all_is_well(offered: Steps, door: HTTPServer) -> None:
    results = offered.checks(OPERATOR, BOATS, PORTAL)
    assert {each.colour for each in results} == {Colour.GREEN}, results
    path, headers = door.seen[-1]  # type: ignore[attr-defined]
    assert path == "/r1/XA/GOV/10000001/registry/boats/records/0"
    assert headers["X-Road-Client"] == str(PORTAL)
    assert headers["Flagstone-Client-Secret"] == "s3cret"


def dismissed(exchange: Service, _door: HTTPServer) -> None:
    directory = exchange.directory()
    servers = tuple(Server(each.id, each.address, each.clients - {REGISTRY}) for each in directory.servers)
    exchange.members.adopt(
        replace(
            directory,
            revision=2,
            subsystems=tuple(each for each in directory.subsystems if each.id != REGISTRY),
            servers=servers,
        )
    )


def not_in_directory(exchange: Service, _door: HTTPServer) -> None:
    directory = exchange.directory()
    servers = tuple(replace(each, clients=each.clients - {REGISTRY}) for each in directory.servers)
    exchange.members.adopt(replace(directory, revision=2, servers=servers))


def in_maintenance(exchange: Service, _door: HTTPServer) -> None:
    directory = exchange.directory()
    servers = tuple(replace(each, in_maintenance=each.id == INTERIOR) for each in directory.servers)
    exchange.members.adopt(replace(directory, revision=2, servers=servers))


def disabled(exchange: Service, _door: HTTPServer) -> None:
    exchange.change(OPERATOR, replace(exchange.snapshot().services[BOATS], enabled=False), WHY)


def unreachable(exchange: Service, _door: HTTPServer) -> None:
    bare = replace(exchange.snapshot().services[BOATS], local=False, url="http://127.0.0.1:9/")
    exchange.change(OPERATOR, bare, WHY)


def failing(_exchange: Service, door: HTTPServer) -> None:
    door.status = 500  # type: ignore[attr-defined]


def denied(_exchange: Service, door: HTTPServer) -> None:
    door.headers = {"X-Road-Error": "server.serverproxy.access_denied"}  # type: ignore[attr-defined]


def broken_call(_exchange: Service, door: HTTPServer) -> None:
    door.headers = {"X-Road-Error": "server.clientproxy.network_error"}  # type: ignore[attr-defined]


def bare(exchange: Service, _door: HTTPServer) -> None:
    service = exchange.snapshot().services[BOATS]
    exchange.change(OPERATOR, replace(service, kind=ServiceKind.REST, description=""), WHY)


def withdrawn(exchange: Service, _door: HTTPServer) -> None:
    exchange.withdraw(OPERATOR, BOATS, WHY)


def taken(exchange: Service, _door: HTTPServer) -> None:
    exchange.take(OPERATOR, exchange.snapshot().rights[BOATS], WHY)


def taken_from_one(exchange: Service, _door: HTTPServer) -> None:
    rights = [each for each in exchange.snapshot().rights[BOATS] if each.subject == PORTAL]
    exchange.take(OPERATOR, rights, WHY)


def purposeless(exchange: Service, _door: HTTPServer) -> None:
    service = exchange.snapshot().services[BOATS]
    exchange.change(OPERATOR, replace(service, purpose=Purpose()), WHY)
    rights = exchange.snapshot().rights[BOATS]
    exchange.give(OPERATOR, [replace(each, purpose=Purpose()) for each in rights], WHY)


def not_carried(exchange: Service, _door: HTTPServer) -> None:
    exchange.remove_client(OPERATOR, REGISTRY, WHY)


@pytest.mark.parametrize(
    ("fault", "check", "why"),
    [
        (dismissed, Check.SUBSYSTEM_REGISTERED, Why.SUBSYSTEM_UNKNOWN),
        (not_carried, Check.SERVER_CARRIES, Why.NOT_CARRIED_HERE),
        (not_in_directory, Check.SERVER_CARRIES, Why.SERVER_NOT_IN_DIRECTORY),
        (in_maintenance, Check.SERVER_CARRIES, Why.SERVER_IN_MAINTENANCE),
        (withdrawn, Check.SERVICE_ANSWERS, Why.SERVICE_UNKNOWN),
        (disabled, Check.SERVICE_ANSWERS, Why.SERVICE_DISABLED),
        (unreachable, Check.SERVICE_ANSWERS, Why.SERVICE_UNREACHABLE),
        (failing, Check.SERVICE_ANSWERS, Why.SERVICE_FAILS),
        (bare, Check.DESCRIPTION_VALID, Why.DESCRIPTION_MISSING),
        (taken, Check.RIGHT_GIVEN, Why.NOBODY_MAY_CALL),
        (taken_from_one, Check.RIGHT_GIVEN, Why.CLIENT_MAY_NOT_CALL),
        (purposeless, Check.RIGHT_GIVEN, Why.PURPOSE_MISSING),
        (denied, Check.CALL_PASSES, Why.CALL_REFUSED),
        (broken_call, Check.CALL_PASSES, Why.CALL_FAILED),
    ],
)
def test_a_planted_fault_is_named(
    offered: Steps,
    exchange: Service,
    door: HTTPServer,
    fault: Callable[[Service, HTTPServer], None],
    check: Check,
    why: Why,
) -> None:
    fault(exchange, door)
    found = by_check(offered.checks(OPERATOR, BOATS, PORTAL))
    assert (found[check].colour, found[check].why) == (Colour.RED, why)
    assert found[check].names["service"] == str(BOATS)
    if list(Check).index(check) < 7 and check is not Check.DESCRIPTION_VALID:
        call = found[Check.CALL_PASSES]
        assert (call.colour, call.why) == (Colour.WAITING, Why.EARLIER_CHECK)
        assert call.names["check"] in {each.value for each in Check}


def test_who_is_not_on_the_exchange_is_told_apart(offered: Steps) -> None:
    stranger = ServiceId(ClientId("XA", "GOV", "7", "x"), "y")
    found = by_check(offered.checks(OPERATOR, stranger, TAX))
    assert found[Check.ORGANISATION_KNOWN].why is Why.MEMBER_UNKNOWN
    bare_member = ServiceId(REGISTRY.member, "y")
    assert by_check(offered.checks(OPERATOR, bare_member, TAX))[Check.SUBSYSTEM_REGISTERED].why is (
        Why.SUBSYSTEM_MISSING
    )
    unknown = by_check(offered.checks(OPERATOR, BOATS, ClientId("XA", "GOV", "7", "x")))
    assert unknown[Check.RIGHT_GIVEN].why is Why.CLIENT_UNKNOWN


def test_an_old_directory_is_red_and_does_not_hinder_the_call(offered: Steps, clock: SetClock) -> None:
    clock.advance(timedelta(minutes=16))
    found = by_check(offered.checks(OPERATOR, BOATS, PORTAL))
    assert found[Check.DIRECTORY_FRESH].why is Why.DIRECTORY_OLD
    assert found[Check.DIRECTORY_FRESH].names["seconds"] == "960"
    assert found[Check.CALL_PASSES].colour is Colour.GREEN


def test_a_client_of_another_server_is_seen_in_the_log(
    offered: Steps, exchange: Service, clock: SetClock
) -> None:
    elsewhere = by_check(offered.checks(OPERATOR, BOATS, TAX))[Check.CALL_PASSES]
    assert (elsewhere.colour, elsewhere.why) == (Colour.WAITING, Why.CLIENT_ELSEWHERE)
    log = Log(exchange.configuration.database, PlainSealer())
    log.start()
    first, second = (replace(asked(number), service=BOATS) for number in (1, 2))
    log.request(first).result(10)
    log.response(failed(first, "server.serverproxy.access_denied"))
    log.stop()
    assert by_check(offered.checks(OPERATOR, BOATS, TAX))[Check.CALL_PASSES].colour is Colour.WAITING
    log.start()
    log.request(second).result(10)
    log.response(answered(second))
    log.stop()
    assert by_check(offered.checks(OPERATOR, BOATS, TAX))[Check.CALL_PASSES].colour is Colour.GREEN


def test_a_client_whose_door_is_known_is_tried_there(
    exchange: Service, registry: RegistryService, trials: Trials, clock: SetClock, door: HTTPServer
) -> None:
    steps = Steps(exchange, registry, replace(trials, door_of=lambda _client: address(door)), clock)
    steps.offer_file(OPERATOR, OFFERING, SHOWN, io.BytesIO(CSV), WHY)
    assert by_check(steps.checks(OPERATOR, BOATS, TAX))[Check.CALL_PASSES].colour is Colour.GREEN
    assert door.seen[-1][1]["X-Road-Client"] == str(TAX)  # type: ignore[attr-defined]


def test_a_client_with_a_certificate_cannot_be_tried_from_here(offered: Steps, exchange: Service) -> None:
    exchange.register_client(OPERATOR, LocalClient(PORTAL, Connection.SSLAUTH, (b"x",)), WHY)
    found = by_check(offered.checks(OPERATOR, BOATS, PORTAL))
    assert found[Check.CALL_PASSES].why is Why.CLIENT_ELSEWHERE


def broken_heart() -> None:
    raise Fault


@pytest.mark.parametrize(
    ("heartbeat", "why"), [(None, Why.HEARTBEAT_MISSING), (broken_heart, Why.HEARTBEAT_FAILS)]
)
def test_a_tracker_that_does_not_answer_is_red(
    exchange: Service,
    registry: RegistryService,
    trials: Trials,
    clock: SetClock,
    heartbeat: Callable[[], None] | None,
    why: Why,
) -> None:
    steps = Steps(exchange, registry, replace(trials, heartbeat=heartbeat), clock)
    assert by_check(steps.checks(OPERATOR, BOATS, TAX))[Check.HEARTBEAT_GREEN].why is why


def test_a_first_call_uses_only_what_the_client_may(offered: Steps, exchange: Service) -> None:
    rights = exchange.snapshot().rights[BOATS]
    exchange.take(OPERATOR, [each for each in rights if each.endpoint.method == "GET"], WHY)
    found = by_check(offered.checks(OPERATOR, BOATS, PORTAL))
    assert found[Check.CALL_PASSES].why is Why.CLIENT_ELSEWHERE  # no reading path to try
    exchange.give(OPERATOR, [Right(PORTAL, BOATS)], WHY)
    assert by_check(offered.checks(OPERATOR, BOATS, PORTAL))[Check.CALL_PASSES].colour is Colour.GREEN
