# SPDX-License-Identifier: EUPL-1.2
"""The first page: what transport, how fresh the directory is, and which servers answer."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from tests.blocks.exchange.web import sites
from tests.blocks.exchange.web.memory import NOW, OTHER, PEOPLE, MemoryExchange
from tests.blocks.exchange.web.sites import STATUS, browser, console, text_of

from flagstone.blocks.exchange.contract.identifiers import ServerId
from flagstone.blocks.exchange.contract.log import Side
from flagstone.blocks.exchange.contract.status import Breaker, PathStatus, PeerStatus
from flagstone.blocks.exchange.web.console.overview import peers


def test_the_transport_is_named_and_what_it_lacks_is_said() -> None:
    page = text_of(browser(console(MemoryExchange())).get("/desk/exchange"))
    assert "plain carries messages" in page
    assert "Messages are neither signed nor encrypted; it works on this machine alone." in page
    assert "revision 7 fresh" in page


def test_a_server_that_does_not_answer_is_told_with_its_breaker() -> None:
    page = text_of(browser(console(MemoryExchange())).get("/desk/exchange"))
    assert f"{OTHER} does not answer" in page
    assert "Messages are held back until the next try" in page


def test_services_that_are_left_alone_and_counts_are_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    counted = {(Side.PROVIDER, ""): 1_204, (Side.CONSUMER, "server.clientproxy.timeout"): 7}
    status = replace(STATUS, services={PEOPLE: Breaker.HALF_OPEN}, counts=counted, under_way=3)
    monkeypatch.setattr(sites, "STATUS", status)
    page = text_of(browser(console(MemoryExchange()), "auditor").get("/desk/exchange"))
    assert f"{PEOPLE} One message is tried at a time" in page
    assert re.search(r"answered here answered 1.?204", page)
    assert "asked from here server.clientproxy.timeout 7" in page
    assert "Under way now: 3" in page


def test_a_server_that_did_nothing_yet_says_so() -> None:
    page = text_of(browser(console(MemoryExchange())).get("/desk/exchange"))
    assert "Messages are sent to every one of them." in page
    assert "None yet." in page


@pytest.mark.parametrize("answers", [None, True, False])
def test_every_other_server_of_the_directory_is_there_once(*, answers: bool | None) -> None:
    snapshot = MemoryExchange().snapshot()
    stranger = PeerStatus(ServerId(OTHER.owner, "gone"), "http://127.0.0.1:1", answers, Breaker.OPEN, NOW)
    status = replace(STATUS, peers=(replace(STATUS.peers[0], answers=answers), stranger))
    assert [(each.id, each.answers) for each in peers(snapshot, status)] == [(OTHER, answers)]
    (unmet,) = peers(snapshot, PathStatus("plain", running=False))
    assert (unmet.answers, unmet.seen_at, unmet.address) == (None, None, "http://127.0.0.1:5504")
