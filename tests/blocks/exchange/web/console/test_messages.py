# SPDX-License-Identifier: EUPL-1.2
"""The message log's pages: nobody is named in an address or to an operator; an auditor says why."""

from __future__ import annotations

from datetime import timedelta

import pytest
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st
from tests.blocks.exchange.web.memory import NOW, PEOPLE, TAXES, MemoryExchange
from tests.blocks.exchange.web.sites import browser, console, text_of

from flagstone.blocks.exchange.contract.log import LogQuery, Side
from flagstone.blocks.exchange.web.console.header_block import COVERED, header_block
from flagstone.kernel.audit import Reason

MESSAGES = "/desk/exchange/messages"
FIRST = f"{MESSAGES}/provider/00000000-0000-4000-8000-000000000001"
PERSON = "60001019906"


@pytest.fixture
def exchange() -> MemoryExchange:
    return MemoryExchange()


@pytest.fixture
def desk(exchange: MemoryExchange) -> TestClient:
    return browser(console(exchange))


def test_a_search_is_kept_out_of_the_address(desk: TestClient, exchange: MemoryExchange) -> None:
    asked = {"message": "m-1", "client": str(TAXES), "service": str(PEOPLE), "side": "provider"}
    answer = desk.post(MESSAGES, data={**asked, "since": "week", "failed": ""})
    assert "m-1" not in str(answer.url)
    assert "1 message found" in text_of(answer)
    (what, query, _reason) = exchange.done[-1]
    assert (what, query) == (
        "search",
        LogQuery("", "m-1", TAXES, PEOPLE, Side.PROVIDER, NOW - timedelta(days=7), page_size=25),
    )
    assert browser(console(exchange)).get(str(answer.url)).status_code == 404


def test_only_what_failed_can_be_asked_for(desk: TestClient) -> None:
    page = text_of(desk.post(MESSAGES, data={"failed": "yes", "since": "ever"}))
    assert "1 message found" in page
    assert "server.serverproxy.access_denied" in page
    assert "Nothing was found" in text_of(desk.post(MESSAGES, data={"message": "none"}))


@pytest.mark.parametrize("field", ["client", "service"])
def test_an_identifier_that_cannot_be_read_is_named(desk: TestClient, field: str) -> None:
    answer = desk.post(MESSAGES, data={field: "a/b", "message": "m-7"})
    assert answer.status_code == 400
    assert f'href="#{field}"' in answer.text
    assert 'value="m-7"' in answer.text


@pytest.mark.parametrize("role", ["operator", "auditor"])
def test_what_names_a_person_is_covered(exchange: MemoryExchange, role: str) -> None:
    page = browser(console(exchange), role).get(FIRST)
    assert PERSON not in page.text
    assert "Mari" not in page.text
    assert "secret" not in page.text
    assert f"/r1/XA/GOV/10000001/registry/people/{COVERED}?{COVERED}" in text_of(page)
    assert str(TAXES) in page.text
    assert ("Show everything" in page.text) == (role == "auditor")


def test_an_auditor_uncovers_with_a_reason_only(exchange: MemoryExchange) -> None:
    auditor = browser(console(exchange), "auditor")
    refused = auditor.post(FIRST, data={"why": ""})
    assert refused.status_code == 400
    assert PERSON not in refused.text
    page = auditor.post(FIRST, data={"why": "supervision", "reference": "S-3"})
    assert page.status_code == 200
    assert f"people/persons/{PERSON}?name=Mari" in text_of(page)
    assert exchange.done[-1][0] == "uncover"
    assert exchange.done[-1][2] == Reason("supervision", message_reference="S-3")
    assert browser(console(exchange)).post(FIRST, data={"why": "curiosity"}).status_code == 403


@pytest.mark.parametrize("path", ["/provider/none", "/neither/x", "/provider/a%22b"])
def test_a_message_that_is_not_there(desk: TestClient, path: str) -> None:
    assert desk.get(MESSAGES + path).status_code in {400, 404}


@given(st.binary(max_size=300))
def test_any_bytes_are_shown_or_left_out(head: bytes) -> None:
    for uncovered in (False, True):
        block = header_block(head, uncovered=uncovered)
        assert block is None or block.start.value is not None


@given(
    st.text("abcdefgh", min_size=12), st.sampled_from(["X-Road-UserId", "Cookie", "Authorization", "x-any"])
)
def test_no_value_of_a_header_that_is_not_known_gets_out(value: str, name: str) -> None:
    head = f"GET\r\n/r1/XA/GOV/1/s/c/{value}?q={value}\r\n{name}:{value}\r\n".encode()
    block = header_block(head, uncovered=False)
    assert block is not None
    assert value not in repr(block)
    whole = header_block(head, uncovered=True)
    assert whole is not None
    assert whole.headers[0].value == value


def test_an_answer_has_its_status_and_phrase() -> None:
    block = header_block(b"200\r\nOK\r\nContent-Type:text/plain\r\n", uncovered=False)
    assert block is not None
    assert (block.start.value, block.headers[0].value) == ("200 OK", "text/plain")
