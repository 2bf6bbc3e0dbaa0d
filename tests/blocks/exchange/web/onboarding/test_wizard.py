# SPDX-License-Identifier: EUPL-1.2
"""The five steps: nothing is shown by default, nothing is offered early, and no address carries data."""

from __future__ import annotations

from dataclasses import replace

import httpx2
import pytest
from fastapi.testclient import TestClient
from tests.blocks.exchange.web.memory import PEOPLE, PORTAL, REGISTRY, TAXES, MemoryExchange
from tests.blocks.exchange.web.memory_onboarding import MemoryOnboarding
from tests.blocks.exchange.web.sites import browser, console, text_of

from flagstone.blocks.exchange.contract.onboarding import Check, Columns, Why
from flagstone.blocks.exchange.contract.service import Purpose

ONBOARD = "/desk/exchange/onboard"
CSV = b"code,name,town\n60001019906,Mari Maasikas,Port\n60001019917,Juku Tamm,Hill\n"
SHIPS = replace(PEOPLE, code="ships")
START = {"provider": str(REGISTRY), "code": "ships", "title-en": "Ships"}


@pytest.fixture
def exchange() -> MemoryExchange:
    return MemoryExchange()


@pytest.fixture
def onboarding(exchange: MemoryExchange) -> MemoryOnboarding:
    return MemoryOnboarding(exchange)


@pytest.fixture
def desk(exchange: MemoryExchange, onboarding: MemoryOnboarding) -> TestClient:
    return browser(console(exchange, onboarding=onboarding))


def step(page: httpx2.Response, name: str) -> str:
    """Return the address of a step of the draft that `page` belongs to."""
    return str(page.url).rsplit("/", 1)[0] + "/" + name


def begun(desk: TestClient) -> httpx2.Response:
    page = desk.post(ONBOARD, data=START)
    assert str(page.url).endswith("/source")
    return page


def with_file(desk: TestClient, content: bytes = CSV) -> httpx2.Response:
    return desk.post(
        str(begun(desk).url), data={"source": "file"}, files={"file": ("ships.csv", content, "text/csv")}
    )


def test_a_file_becomes_a_service_with_the_columns_that_were_ticked(
    desk: TestClient, exchange: MemoryExchange, onboarding: MemoryOnboarding
) -> None:
    page = with_file(desk)
    assert str(page.url).endswith("/fields")
    assert page.text.count("checked") == 0
    assert "Maasikas" not in page.text
    assert page.text.count("It looks like data of persons") == 2
    page = desk.post(str(page.url), data={"shown": ["town", "shoe"], "person": "code"})
    assert str(page.url).endswith("/callers")
    assert 'id="personal" name="personal" type="checkbox" value="yes" checked' in page.text
    why = {"purpose": "safety at sea", "basis": "Sea Act § 4"}
    page = desk.post(str(page.url), data={"clients": [str(TAXES), str(PORTAL)], **why})
    assert str(page.url).endswith("/go")
    assert not exchange.done
    page = desk.post(str(page.url), data={"why": "decision 7"})
    assert page.status_code == 200
    assert "9 checks of nine are green" in text_of(page)
    assert onboarding.files == [(Columns(frozenset({"town"}), person="code"), CSV)]
    assert exchange.services[SHIPS].personal
    given = {right.subject: right.purpose for right in exchange.held if right.service == SHIPS}
    assert given == dict.fromkeys((TAXES, PORTAL), Purpose(*why.values()))
    assert {what for what, _of, reason in exchange.done if reason and reason.purpose == "decision 7"} == {
        "offer",
        "give",
    }


def test_an_api_and_a_register_need_no_fields(desk: TestClient, exchange: MemoryExchange) -> None:
    for chosen in (
        {"source": "api", "url": "http://127.0.0.1:9000/ships"},
        {"source": "register", "register": "ships"},
    ):
        page = desk.post(str(begun(desk).url), data=chosen)
        assert str(page.url).endswith("/callers")
        page = desk.post(str(page.url), data={"clients": str(TAXES)})
        desk.post(str(page.url), data={"why": "decision 8"})
        assert exchange.services.pop(SHIPS).url.endswith("ships")


def test_each_step_says_what_is_missing(desk: TestClient, exchange: MemoryExchange) -> None:
    def wrong(page: httpx2.Response, words: str) -> httpx2.Response:
        assert page.status_code == 400
        assert "There is a problem" in text_of(page)
        assert words in text_of(page)
        return page

    wrong(desk.post(ONBOARD, data={**START, "code": "a/b"}), "Choose the system")
    wrong(desk.post(ONBOARD, data={**START, "title-en": ""}), "Enter a title")
    wrong(desk.post(ONBOARD, data={**START, "code": "people"}), "There is a service of that code already")
    at = str(begun(desk).url)
    wrong(desk.post(at, data={"source": "file"}), "Choose a CSV file")
    wrong(desk.post(at, data={"source": "api", "url": "ftp://x"}), "Enter an address")
    wrong(desk.post(at, data={"source": "register"}), "Enter the code of the register")
    wrong(desk.post(at, data={}), "Choose where the data comes from")
    wrong(
        desk.post(at, data={"source": "file"}, files={"file": ("x.csv", b"a", "text/csv")}),
        "The file cannot be offered",
    )
    page = with_file(desk)
    wrong(desk.post(str(page.url), data={}), "Tick at least one column")
    page = desk.post(str(page.url), data={"shown": "town"})
    wrong(desk.post(str(page.url), data={}), "Tick at least one system")
    told = {"clients": str(TAXES), "personal": "yes"}
    page = wrong(desk.post(str(page.url), data=told), "Say what the data is asked for")
    assert "Name the law" in text_of(page)
    page = desk.post(str(page.url), data={"clients": str(TAXES)})
    wrong(desk.post(str(page.url), data={"why": " "}), "Say why you do this")
    assert not exchange.done


def test_a_draft_belongs_to_who_began_it(exchange: MemoryExchange, desk: TestClient) -> None:
    at = str(begun(desk).url)
    assert browser(console(exchange)).get(at).status_code == 404
    assert browser(console(exchange), "auditor").get(at).status_code == 403
    assert desk.get(at.replace("/source", "x/source")).status_code == 404
    early = desk.post(step(desk.get(at), "go"), data={"why": "too early"})
    assert str(early.url).endswith("/callers")


@pytest.mark.parametrize("language", ["et", "ar"])
def test_every_step_is_whole_in_every_language(exchange: MemoryExchange, language: str) -> None:
    desk = browser(console(exchange, language=language))
    page = with_file(desk)
    for name in ("source", "fields", "callers", "go"):
        seen = desk.get(step(page, name))
        assert seen.status_code == 200
        assert f'lang="{language}"' in seen.text
        assert seen.text.count("<h1") == 1


@pytest.mark.parametrize("why", list(Why))
def test_every_red_check_says_why_and_what_to_do(
    desk: TestClient, onboarding: MemoryOnboarding, why: Why
) -> None:
    onboarding.red = {Check.CALL_PASSES: why}
    page = desk.get(f"{ONBOARD}/checks", params={"service": str(PEOPLE), "client": str(TAXES)})
    assert page.status_code == 200
    assert "8 checks of nine are green" in text_of(page)
    assert "%(" not in page.text
    assert page.text.count("look-check--red") == 1
    words = text_of(page).split("A first call passes : red ")[1]
    assert len(words.split(".")) > 2
