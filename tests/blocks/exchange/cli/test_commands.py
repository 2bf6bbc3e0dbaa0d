# SPDX-License-Identifier: EUPL-1.2
"""The exchange at the command line: each command does what it says, and a fault says what to do."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from tests.blocks.exchange.service.exchanges import (
    PORTAL,
    REGISTRY,
    TAX,
    PlainSealer,
    answered,
    asked,
    centre,
    failed,
    interior,
)
from tests.empty import placed
from typer.testing import CliRunner, Result

from flagstone.blocks.exchange.cli.advice import CHECKS, REMEDIES
from flagstone.blocks.exchange.cli.commands import commands
from flagstone.blocks.exchange.cli.tools import Tools
from flagstone.blocks.exchange.contract.identifiers import ClientId, GroupId
from flagstone.blocks.exchange.contract.onboarding import Check, Why
from flagstone.blocks.exchange.contract.service import Connection, Endpoint, Purpose, Right, ServiceKind
from flagstone.blocks.exchange.model.names import server_named, service_named
from flagstone.blocks.exchange.service.exchange import Service
from flagstone.blocks.exchange.service.message_log import Log
from flagstone.blocks.exchange.service.onboarding import Steps
from flagstone.blocks.exchange.service.trying import Trials
from flagstone.blocks.exchange.store.tables import SCHEMA
from flagstone.blocks.registry.service.registry import Service as RegistryService
from flagstone.blocks.registry.store.tables import SCHEMA as REGISTRY_SCHEMA
from flagstone.kernel.clock import SystemClock
from flagstone.platform.storage.database import Database

BOATS = "XA/GOV/10000001/registry/boats"
DESCRIPTION = {"openapi": "3.1.0", "info": {}, "paths": {"/boats/{id}": {"get": {}}, "/find": {"post": {}}}}
Run = Callable[..., Result]


@contextmanager
def opened(folder: Path, make: Callable[[Database], Service]) -> Iterator[Tools]:
    databases = []
    for schema in (SCHEMA, REGISTRY_SCHEMA):
        where = placed(schema, folder / f"{schema.block}.sqlite")
        databases.append(Database(schema, where, f"aralia/test/{schema.block}", clock=SystemClock()))
    service, registry = make(databases[0]), RegistryService(databases[1], PlainSealer(), {})

    def onboarding(through: str) -> Steps:
        trials = Trials(lambda: "http://127.0.0.1:9", lambda: "http://127.0.0.1:9", door_of=lambda _: through)
        return Steps(service, registry, trials, SystemClock())

    try:
        is_centre = service.configuration.place.is_centre
        yield Tools(service, service, onboarding, is_centre, service.members.checked_at)
    finally:
        for database in databases:
            database.close()


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return lambda *arguments: CliRunner().invoke(
        commands(lambda: opened(tmp_path, interior)), list(arguments), env={"COLUMNS": "250"}
    )


@pytest.fixture
def run_at_centre(tmp_path: Path) -> Run:
    return lambda *arguments: CliRunner().invoke(
        commands(lambda: opened(tmp_path, centre)), list(arguments), env={"COLUMNS": "250"}
    )


def snapshot(folder: Path, make: Callable[[Database], Service] = interior) -> Service:
    with opened(folder, make) as tools:
        service = tools.exchange
        assert isinstance(service, Service)
        service.snapshot()
        return service


def test_a_service_from_first_to_last(run: Run, tmp_path: Path) -> None:
    document = tmp_path / "boats.json"
    document.write_text(json.dumps(DESCRIPTION))
    options = ("--openapi", str(document), "--title", "Boats", "--personal", "--purpose", "Register")
    made = run("offer", BOATS, "http://127.0.0.1:9000/v1", *options)
    assert made.exit_code == 0, made.output
    service = snapshot(tmp_path).snapshot().services[service_named(BOATS)]
    assert (service.kind, service.personal, len(service.endpoints)) == (ServiceKind.OPENAPI3, True, 2)
    assert run("services").output.count(BOATS) == 1
    assert "is changed" in run("offer", BOATS, "http://127.0.0.1:9000/v2").output
    moved = snapshot(tmp_path).snapshot().services[service_named(BOATS)]
    assert moved == replace(service, url="http://127.0.0.1:9000/v2")  # what was not said stays
    assert run("offer", BOATS, "http://127.0.0.1:9000/v1", *options).exit_code == 0
    given = run(
        "give", BOATS, str(TAX), "--endpoint", "GET /boats/*", "--purpose", "Taxing", "--basis", "Act"
    )
    assert given.exit_code == 0, given.output
    right = Right(TAX, service.id, Endpoint("GET", "/boats/*"), Purpose("Taxing", "Act"))
    assert snapshot(tmp_path).snapshot().rights[service.id] == (right,)
    assert "Taxing" in run("rights", BOATS).output
    assert "Taxing" not in run("rights", "XA/GOV/10000001/registry/ships").output
    assert "1 rights" in run("take", BOATS, str(TAX), "--reason", "Over").output
    assert snapshot(tmp_path).snapshot().rights == {}
    assert run("withdraw", BOATS, "--reason", "Over").exit_code == 0
    assert snapshot(tmp_path).snapshot().services == {}


def test_clients_are_carried_and_dropped(run: Run, tmp_path: Path) -> None:
    certificate = tmp_path / "system.der"
    certificate.write_bytes(b"\x30\x00")
    carried = run("carry", str(TAX), "--connection", "SSLAUTH", "--certificate", str(certificate))
    assert carried.exit_code == 0, carried.output
    found = snapshot(tmp_path).snapshot().clients[TAX]
    assert (found.connection, found.certificates) == (Connection.SSLAUTH, (b"\x30\x00",))
    assert str(TAX) in run("clients").output
    assert run("drop", str(TAX), "--reason", "Over").exit_code == 0
    assert TAX not in snapshot(tmp_path).snapshot().clients


def test_the_status_is_shown(run: Run) -> None:
    shown = run("status")
    assert shown.exit_code == 0
    assert "XA/GOV/10000001/interior" in shown.output
    assert "revision 1" in shown.output


def test_the_log_is_searched_without_showing_what_was_said(run: Run, tmp_path: Path) -> None:
    database = snapshot(tmp_path).configuration.database
    log = Log(database, PlainSealer())
    log.start()
    for number in (1, 2):
        request = asked(number, seconds=0)
        log.request(request).result(10)
        log.response(answered(request) if number == 1 else failed(request, "server.x"))
    log.stop()
    database.close()
    everything = run("log", "--hours", "8760")
    assert everything.exit_code == 0, everything.output
    assert "XA-1" in everything.output
    assert "60001019906" not in everything.output
    only_failed = run("log", "--hours", "8760", "--failed")
    assert "XA-2" in only_failed.output
    assert "XA-1" not in only_failed.output


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("withdraw", BOATS, "--reason", "x"), "exchange.service-unknown"),
        (("refresh", BOATS), "exchange.service-unknown"),
        (("give", BOATS, str(TAX)), "exchange.service-unknown"),
        (("carry", "XA/GOV/7/x"), "exchange.client-unknown"),
        (("offer", BOATS, "gopher://x"), "/url: it must be http(s)"),
        (("offer", BOATS, "http://x", "--openapi", "/nowhere.json"), "/nowhere.json: No such file"),
        (("members", "admit", "XA/GOV/7", "--name", "x"), "exchange.not-the-centre"),
        (("check", BOATS, str(TAX)), "is not offered"),
    ],
)
def test_a_fault_is_told_with_what_to_do(run: Run, arguments: tuple[str, ...], words: str) -> None:
    told = run(*arguments)
    assert told.exit_code == 1
    assert words in told.output
    assert "Traceback" not in told.output


@pytest.mark.parametrize(
    "arguments",
    [
        ("withdraw", "boats", "--reason", "x"),
        ("give", BOATS, "nobody"),
        ("give", BOATS, str(TAX), "--endpoint", "fetch /x"),
        ("members", "dismiss", "XA/GOV/7/x", "--reason", "x", "--server", "--server"),
    ],
)
def test_arguments_that_name_nothing_are_refused(run: Run, arguments: tuple[str, ...]) -> None:
    assert run(*arguments).exit_code in {1, 2}


def test_members_are_admitted_and_dismissed_at_the_centre(run_at_centre: Run, tmp_path: Path) -> None:
    for arguments in (
        ("members", "admit", "XA/COM/8", "--name", "Shop"),
        ("members", "admit", "XA/COM/8/shop", "--name", "Web shop"),
        ("members", "admit-server", "XA/COM/8/s", "https://shop.example:5500", "--client", "XA/COM/8/shop"),
        ("members", "keep-group", "shops", "--client", "XA/COM/8/shop"),
    ):
        done = run_at_centre(*arguments)
        assert done.exit_code == 0, done.output
    directory = snapshot(tmp_path, centre).directory()
    shop = ClientId("XA", "COM", "8", "shop")
    assert directory.knows(shop)
    assert [each.id for each in directory.servers_of(shop)] == [server_named("XA/COM/8/s")]
    assert directory.groups[0].code == GroupId("shops").code
    assert "https" not in run_at_centre("members", "list").output
    for who in (("XA/COM/8/s", "--server"), ("XA/COM/8",)):
        assert run_at_centre("members", "dismiss", *who, "--reason", "Gone").exit_code == 0
    assert not snapshot(tmp_path, centre).directory().knows(shop)


CSV = "Reg. No,Owner code,Length\nB-1,60001019906,7\n"


def test_a_file_is_brought_onto_the_exchange(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "boats.csv"
    file.write_text(CSV)
    brought = run(
        "onboard", str(file), "--code", "boats", "--subsystem", str(REGISTRY), "--to", str(TAX), "--to",
        str(PORTAL), "--field", "length", "--key", "reg_no", "--person", "owner_code", "--purpose", "Taxing",
    )  # fmt: skip
    assert "XA/GOV/10000001/registry/boats is offered with 1 rows." in brought.output
    assert "Nobody sees the columns owner_code" in brought.output
    assert "5. The service answers: red" in brought.output  # nothing runs here
    assert "6. The service is described: green" in brought.output
    assert brought.exit_code == 1
    made = snapshot(tmp_path).snapshot()
    assert {each.subject for each in made.rights[service_named(BOATS)]} == {TAX, PORTAL}


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "it is empty"),
        ("a,b\n1\n", "row 1: has 1 cells where the header has 2"),
        ("a,a\n1,2\n", "column 2: has the name of another column"),
        ('a\n"x', "it is not proper CSV"),
        ("b\n1\n", "column nothing: is not in the file"),
    ],
)
def test_a_file_that_cannot_be_offered_is_told_where(
    run: Run, tmp_path: Path, content: str, words: str
) -> None:
    file = tmp_path / "x.csv"
    file.write_text(content)
    who = ("--subsystem", str(REGISTRY), "--to", str(TAX))
    told = run("onboard", str(file), "--code", "x", *who, "--field", "nothing")
    assert told.exit_code == 1
    assert words in told.output


def test_every_check_and_reason_has_its_words() -> None:
    assert set(CHECKS) == set(Check)
    assert set(REMEDIES) == set(Why)


def test_where_persons_are_named_is_said_by_one_command(run: Run, tmp_path: Path) -> None:
    run("offer", BOATS, "http://127.0.0.1:9000/v1", "--personal", "--purpose", "Register")
    places = ("--at", "path:/boats/{person}", "--at", "request:/owner/code")
    said = run("persons", BOATS, *places, "--hider", str(TAX))
    assert said.exit_code == 0, said.output
    service = snapshot(tmp_path).snapshot().services[service_named(BOATS)]
    assert [each.name for each in service.person_at] == ["/boats/{person}", "/owner/code"]
    assert (service.hiders, service.purpose.words) == ((TAX,), "Register")
    shown = run("persons", BOATS).output
    assert "A person is named at path:/boats/{person}" in shown
    assert f"{TAX} may keep a use hidden." in shown
    run("persons", BOATS, "--at", "", "--hider", "")
    service = snapshot(tmp_path).snapshot().services[service_named(BOATS)]
    assert (service.person_at, service.hiders) == ((), ())
    assert run("persons", BOATS, "--at", "header:x").exit_code == 2
    assert "There is no such service." in run("persons", "XA/GOV/10000001/registry/ships").output
