# SPDX-License-Identifier: EUPL-1.2
"""The directory at the centre's door, and how another site follows it: forward only."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace

import pytest
from fastapi.testclient import TestClient
from tests.blocks.exchange.service.exchanges import GOVERNOR, WHY, centre, interior
from tests.conftest import OpenDatabase
from tests.empty import placed

from flagstone.blocks.exchange.contract.directory import Member
from flagstone.blocks.exchange.contract.faults import DirectoryInvalid
from flagstone.blocks.exchange.contract.identifiers import ClientId
from flagstone.blocks.exchange.jobs.configuration import sync_directory
from flagstone.blocks.exchange.model.directory_wire import as_mapping
from flagstone.blocks.exchange.service.exchange import Service
from flagstone.blocks.exchange.service.syncing import PATH, Sync
from flagstone.blocks.exchange.store.tables import SCHEMA
from flagstone.blocks.exchange.web.directory import DirectoryApi
from flagstone.kernel.errors import Fault
from flagstone.platform.http.application import Edge, assemble
from flagstone.platform.http.client import Answer, AnswerRefused, SiteUnreachable
from flagstone.platform.storage.database import Database

NEWCOMER = Member(ClientId("XA", "COM", "80000001"), {"en": "Shop"})


class Said:
    """A centre that answers as it is told."""

    def __init__(self, answer: Callable[[Mapping[str, str]], Answer]) -> None:
        self.answer = answer

    def call(
        self, method: str, path: str, *, headers: Mapping[str, str] | None = None, body: bytes = b""
    ) -> Answer:
        assert (method, path, body) == ("GET", PATH, b"")
        return self.answer(headers or {})


@pytest.fixture
def governed(tmp_path_factory: pytest.TempPathFactory, open_database: OpenDatabase) -> Service:
    folder = tmp_path_factory.mktemp("centre")
    mine = open_database(SCHEMA)
    where = placed(SCHEMA, folder / "c.sqlite")
    return centre(Database(SCHEMA, where, "aralia/centre/exchange", clock=mine.clock))


@pytest.fixture
def browser(governed: Service) -> TestClient:
    edge = Edge("Aralia", "0.1", frozenset({"testserver"}))
    return TestClient(assemble([DirectoryApi(governed).routes()], edge=edge))


def over(browser: TestClient) -> Said:
    def answer(headers: Mapping[str, str]) -> Answer:
        got = browser.get(PATH, headers=dict(headers))
        return Answer(got.status_code, dict(got.headers), got.content)

    return Said(answer)


def test_anybody_may_read_it_and_hears_nothing_twice(browser: TestClient, governed: Service) -> None:
    first = browser.get(PATH)
    assert (first.status_code, first.headers["etag"]) == (200, '"XA-1"')
    assert first.json() == as_mapping(governed.directory())
    again = browser.get(PATH, headers={"If-None-Match": 'W/"x", W/"XA-1"'})
    assert (again.status_code, again.content) == (304, b"")
    governed.admit_member(GOVERNOR, NEWCOMER, WHY)
    newer = browser.get(PATH, headers={"If-None-Match": '"XA-1"'})
    assert (newer.status_code, newer.headers["etag"]) == (200, '"XA-2"')
    assert newer.json()["members"][0]["id"] == "XA/COM/80000001"


def test_a_site_follows_the_centre(
    browser: TestClient, governed: Service, open_database: OpenDatabase
) -> None:
    other = interior(open_database(SCHEMA))
    sync = Sync(other.members, over(browser))
    assert not sync.run()
    governed.admit_member(GOVERNOR, NEWCOMER, WHY)
    assert sync.run()
    assert other.directory() == governed.directory()
    assert not sync.run()


def nonsense(body: bytes, status: int = 200) -> Callable[[Mapping[str, str]], Answer]:
    return lambda _headers: Answer(status, {}, body)


def silent(_headers: Mapping[str, str]) -> Answer:
    raise SiteUnreachable


@pytest.mark.parametrize(
    "answer",
    [
        nonsense(b""),
        nonsense(b"<html>"),
        nonsense(b"[" * 100_000),
        nonsense(b"{}"),
        nonsense(b"null", 500),
        nonsense(b"", 302),
        silent,
    ],
)
def test_nonsense_and_silence_leave_the_last_good_one(
    open_database: OpenDatabase, answer: Callable[[Mapping[str, str]], Answer]
) -> None:
    other = interior(open_database(SCHEMA))
    before = other.directory()
    sync = Sync(other.members, Said(answer))
    with pytest.raises((DirectoryInvalid, AnswerRefused, SiteUnreachable)):
        sync.run()
    sync_directory(sync)  # the job says so in the log and goes on
    assert other.directory() == before


def test_a_revision_never_goes_backwards(open_database: OpenDatabase) -> None:
    other = interior(open_database(SCHEMA))
    second = replace(other.directory(), revision=2, members=(*other.directory().members, NEWCOMER))
    assert other.members.adopt(second)
    old = json.dumps(as_mapping(replace(second, revision=1))).encode()
    with pytest.raises(Fault, match="before"):
        Sync(other.members, Said(nonsense(old))).run()
    assert other.directory().revision == 2
