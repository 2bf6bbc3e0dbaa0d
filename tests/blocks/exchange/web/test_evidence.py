# SPDX-License-Identifier: EUPL-1.2
"""`/asic` and `/verificationconf`: a client's own systems and auditors have files, nobody else does."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pytest
from tests.blocks.exchange.service.evidence import rig
from tests.blocks.exchange.service.evidence.rig import Asking
from tests.blocks.exchange.service.exchanges import INTERIOR, PlainSealer
from tests.blocks.exchange.web.path.rig import ASKS, Exchange
from tests.blocks.exchange.web.sites import browser, site
from tests.conftest import OpenDatabase

from flagstone.blocks.exchange.contract.identifiers import ClientId
from flagstone.blocks.exchange.contract.service import Connection, LocalClient
from flagstone.blocks.exchange.model.evidence_query import QueryRefused, wanted
from flagstone.blocks.exchange.service.evidence.configurations import in_folder
from flagstone.blocks.exchange.service.evidence.content import packed
from flagstone.blocks.exchange.service.evidence.giving import Giving
from flagstone.blocks.exchange.service.evidence.making import Draft, sign
from flagstone.blocks.exchange.service.evidence.writing import About, add_records
from flagstone.blocks.exchange.service.globalconf.shared_writing import write_shared
from flagstone.blocks.exchange.store.evidence_tables import evidence
from flagstone.blocks.exchange.store.tables import SCHEMA, log_search
from flagstone.blocks.exchange.web.evidence import EvidenceAnswers, EvidenceApi
from flagstone.blocks.exchange.web.path.evidence import EvidenceDoor
from flagstone.kernel.audit import Reason, job
from flagstone.kernel.clock import SetClock
from flagstone.platform.storage.database import Database
from flagstone.platform.storage.sql import select

SEALER = PlainSealer()
OF_ASKS = "xRoadInstance=XA&memberClass=GOV&memberCode=100&subsystemCode=asks"
OTHERS = ClientId("XA", "GOV", "10000099", "declarations")


@pytest.fixture
def database(open_database: OpenDatabase, clock: SetClock) -> Database:
    """A log with a request and a response of one message, one of another client, and one unstamped."""
    database = open_database(SCHEMA)
    keep(database, clock, rig.about(1, ASKS), rig.about(1, ASKS, is_response=True), rig.about(1, OTHERS))
    rig.stamping(database, SEALER, Asking(clock)).work()
    keep(database, clock, rig.about(2, ASKS))
    return database


def keep(database: Database, clock: SetClock, *records: About) -> None:
    signed = sign([Draft(rig.request_head()) for _ in records], rig.country().party(rig.TAX), clock.now())
    items = [(each, one, packed(one)) for each, one in zip(records, signed, strict=True)]
    with database.writing(job("test"), Reason("test")) as write:
        add_records(write, SEALER, items, write.at)


@pytest.fixture
def answers(database: Database, clock: SetClock, tmp_path: Path) -> EvidenceAnswers:
    giving = Giving(database, SEALER, INTERIOR, rig.stamping(database, SEALER, Asking(clock)))
    folder = tmp_path / "conf"
    (folder / "XA").mkdir(parents=True)
    (folder / "instance-identifier").write_text("XA")
    shared = rig.country().configuration().own.shared
    assert shared is not None
    (folder / "XA" / "shared-params.xml").write_bytes(write_shared(shared))
    (folder / "XA" / "shared-params.xml.metadata").write_text('{"configurationVersion":"6"}')
    return EvidenceAnswers(giving, lambda: folder, clock)


@pytest.fixture
def door(answers: EvidenceAnswers) -> Iterator[Exchange]:
    with Exchange() as exchange:
        parts = exchange.asking.path._parts
        assert parts is not None
        parts.consumer.evidence = EvidenceDoor(answers)
        yield exchange


def unzipped(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(BytesIO(content)) as files:
        return {name: files.read(name) for name in files.namelist()}


def looks(database: Database) -> list[dict[str, str]]:
    with database.reading() as view:
        return [row["query"] for row in view.rows(select(log_search))]


def test_a_system_has_the_evidence_of_its_own_client(door: Exchange, database: Database) -> None:
    got = door.ask("GET", f"/asic?queryId=XA-1&{OF_ASKS}")
    files = unzipped(got.body)
    assert got.status == 200
    assert sorted(files) == ["XA-1-request-1.asice", "XA-1-response-2.asice"]
    assert all(each.good for each in rig.verify(*files.values()))
    assert got.one("cache-control") == "no-store"
    only = door.ask("GET", f"/asic?queryId=XA-1&{OF_ASKS}&responseOnly&unique")
    assert (only.status, only.body) == (200, files["XA-1-response-2.asice"])
    assert only.one("content-type") == "application/vnd.etsi.asic-e+zip"
    assert looks(database)[-1] == {"client": str(ASKS), "evidence": "yes", "message_id": "XA-1"}


@pytest.mark.parametrize(
    ("query", "status"),
    [
        (f"queryId=XA-1&{OF_ASKS}&unique", 409),
        (f"queryId=nothing&{OF_ASKS}", 404),
        (f"queryId=XA-2&{OF_ASKS}", 409),
        ("queryId=XA-1&xRoadInstance=XA&memberClass=GOV&memberCode=10000099&subsystemCode=declarations", 404),
        (f"{OF_ASKS}", 400),
        ("", 400),
        (f"queryId=XA-1&{OF_ASKS}&requestOnly&responseOnly", 400),
        (f"queryId=XA-1&{OF_ASKS}&more=1", 400),
        (f"queryId=XA-1&queryId=XA-1&{OF_ASKS}", 400),
    ],
)
def test_what_cannot_be_given_is_said_in_words(door: Exchange, query: str, status: int) -> None:
    got = door.ask("GET", f"/asic?{query}")
    assert got.status == status
    assert got.one("content-type").startswith("text/plain")
    assert got.body.endswith(b"\n")


def test_a_system_that_is_connected_otherwise_than_registered_has_nothing(
    door: Exchange, database: Database
) -> None:
    clients = {ASKS: LocalClient(ASKS, Connection.SSLAUTH)}
    door.asking.snapshot = replace(door.asking.snapshot, clients=clients)
    assert door.ask("GET", f"/asic?queryId=XA-1&{OF_ASKS}").status == 401
    assert door.ask("POST", f"/asic?queryId=XA-1&{OF_ASKS}").status == 405
    assert looks(database) == []


def test_what_waits_may_be_stamped_at_once(door: Exchange) -> None:
    got = door.ask("GET", f"/asic?queryId=XA-2&{OF_ASKS}&force")
    assert got.status == 200
    assert rig.verify(*unzipped(got.body).values())[0].good


def test_the_configuration_verifies_what_is_given(door: Exchange, tmp_path: Path) -> None:
    got = door.ask("GET", "/verificationconf", {"X-Road-Client": ""})
    with zipfile.ZipFile(BytesIO(got.body)) as files:
        files.extractall(tmp_path)
    configuration = in_folder(tmp_path / "verificationconf")
    container = door.ask("GET", f"/asic?queryId=XA-1&{OF_ASKS}&requestOnly&unique").body
    assert rig.verify(container, configuration=configuration)[0].good


def test_auditors_have_everything_and_other_officials_nothing(
    answers: EvidenceAnswers, database: Database
) -> None:
    app = site([EvidenceApi(answers).routes()])
    query = "queryId=XA-1&xRoadInstance=XA&memberClass=GOV&memberCode=10000099&subsystemCode=declarations"
    for role, status in (("auditor", 200), ("operator", 403), ("clerk", 403)):
        with browser(app, role) as client:
            assert client.get(f"/exchange/v1/asic?{query}").status_code == status
            assert client.get("/exchange/v1/verificationconf").status_code == status
    assert len(looks(database)) == 1
    with browser(app, "auditor") as client:
        found = client.get(f"/exchange/v1/asic?{query}&unique")
        assert rig.verify(found.content)[0].good
        assert "attachment" in found.headers["content-disposition"]
        assert client.get("/exchange/v1/asic").status_code == 400


def test_without_a_configuration_that_is_said(answers: EvidenceAnswers, tmp_path: Path) -> None:
    answers._configuration = lambda: tmp_path / "nowhere"
    assert answers.verificationconf().status == 404


def test_no_query_is_guessed() -> None:
    found = wanted(f"queryId=a%2Fb&{OF_ASKS}&force=false&unique=true")
    assert (found.message_id, found.client, found.unique, found.force) == ("a/b", ASKS, True, False)
    for query in ("a", "queryId", "queryId=" + "x" * 9_000, "&".join(f"q{n}=1" for n in range(30))):
        with pytest.raises(QueryRefused):
            wanted(query)


def test_the_content_of_records_is_sealed(database: Database) -> None:
    with database.reading() as view:
        rows = view.rows(select(evidence))
    assert {row["client"] for row in rows} == {str(ASKS), str(OTHERS)}
    assert all("/r1/" not in repr(entry) for entry in database.journal.entries())
