# SPDX-License-Identifier: EUPL-1.2
"""From a CSV file to a described service with rights; and each of the nine checks red for its own reason."""

from __future__ import annotations

import io
import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from tests.blocks.exchange.service.exchanges import (
    AUDITOR,
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
    interior,
    official,
)

from flagstone.blocks.exchange.contract.directory import Server
from flagstone.blocks.exchange.contract.faults import (
    ClientUnknown,
    DescriptionRefused,
    FileRefused,
    NotPermitted,
    ServiceInvalid,
)
from flagstone.blocks.exchange.contract.identifiers import ClientId, ServiceId
from flagstone.blocks.exchange.contract.onboarding import (
    Api,
    Check,
    CheckResult,
    Colour,
    Columns,
    Offering,
    Why,
)
from flagstone.blocks.exchange.contract.service import (
    Connection,
    Endpoint,
    LocalClient,
    Purpose,
    Right,
    ServiceKind,
)
from flagstone.blocks.exchange.model.names import service_named
from flagstone.blocks.exchange.service.exchange import Service
from flagstone.blocks.exchange.service.message_log import Log
from flagstone.blocks.exchange.service.onboarding import Steps
from flagstone.blocks.exchange.service.trying import Trials
from flagstone.blocks.exchange.store.tables import SCHEMA
from flagstone.blocks.registry.contract.record import Query
from flagstone.blocks.registry.service.registry import Service as RegistryService
from flagstone.blocks.registry.store.tables import SCHEMA as REGISTRY_SCHEMA
from flagstone.kernel.audit import Actor, ActorKind, Caller
from flagstone.kernel.clock import SetClock
from flagstone.kernel.errors import Fault
from flagstone.platform.storage import engine, migration
from flagstone.platform.storage.database import Database

BOATS = service_named("XA/GOV/10000001/registry/boats")
OFFERING = Offering(BOATS, {"en": "Boats"}, (TAX,), Purpose("Taxing boats", "Tax Act § 9"))
CSV = b"Reg. No,Owner code,Length\nB-1,60001019906,7\nB-2,37001019906,9\n"
SHOWN = Columns(frozenset({"length"}), key="reg_no", person="owner_code")


class Answering(BaseHTTPRequestHandler):
    """Answers every GET with the status and headers that its server has."""

    def do_GET(self) -> None:
        self.server.seen.append((self.path, dict(self.headers)))  # type: ignore[attr-defined]
        self.send_response(self.server.status)  # type: ignore[attr-defined]
        for name, value in self.server.headers.items():  # type: ignore[attr-defined]
            self.send_header(name, value)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_args: object) -> None:
        """Say nothing."""


@pytest.fixture
def door() -> Iterator[HTTPServer]:
    server = HTTPServer(("127.0.0.1", 0), Answering)
    server.status, server.headers, server.seen = 404, {}, []  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def address(server: HTTPServer) -> str:
    return f"http://127.0.0.1:{server.server_port}"


@pytest.fixture
def registry(tmp_path: Path, clock: SetClock) -> Iterator[RegistryService]:
    where = engine.sqlite(tmp_path / "registry.sqlite")
    database = Database(REGISTRY_SCHEMA, where, "aralia/test/registry", clock=clock)
    migration.migrate(database)
    yield RegistryService(database, PlainSealer(), {})
    database.close()


@pytest.fixture
def exchange(tmp_path: Path, clock: SetClock) -> Iterator[Service]:
    database = Database(
        SCHEMA, engine.sqlite(tmp_path / "exchange.sqlite"), "aralia/test/exchange", clock=clock
    )
    migration.migrate(database)
    yield interior(database)
    database.close()


@pytest.fixture
def trials(door: HTTPServer) -> Trials:
    return Trials(lambda: address(door), lambda: address(door), "s3cret", lambda: None)


@pytest.fixture
def steps(exchange: Service, registry: RegistryService, trials: Trials, clock: SetClock) -> Steps:
    return Steps(exchange, registry, trials, clock)


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
