# SPDX-License-Identifier: EUPL-1.2
"""Every page of the console: who may open it, that it is whole in three languages, and its frame."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from tests.blocks.exchange.web.memory import PEOPLE, REGISTRY, TAXES, MemoryExchange
from tests.blocks.exchange.web.sites import browser, console, text_of

PREFIX = "/desk/exchange"
PEOPLE_AT = quote(str(PEOPLE), safe="")
LOOKS = [
    "",
    "/members",
    "/clients",
    "/services",
    f"/services/service?id={PEOPLE_AT}",
    "/rights",
    f"/rights/right?service={PEOPLE_AT}&subject={quote(str(TAXES), safe='')}",
    "/messages",
    "/messages/provider/00000000-0000-4000-8000-000000000001",
    "/traffic",
    "/traffic?span=week",
]
CHANGES = [
    "/members/member",
    "/members/subsystem",
    "/members/server",
    "/members/group?id=agencies",
    f"/members/dismiss?id={quote(str(TAXES), safe='')}",
    "/clients/register",
    f"/clients/register?id={quote(str(REGISTRY), safe='')}",
    f"/clients/remove?id={quote(str(REGISTRY), safe='')}",
    "/clients/group",
    "/services/offer",
    f"/services/change?id={PEOPLE_AT}",
    f"/services/switch?id={PEOPLE_AT}",
    f"/services/refresh?id={PEOPLE_AT}",
    f"/services/withdraw?id={PEOPLE_AT}",
]


@pytest.mark.parametrize("path", LOOKS)
def test_operators_and_auditors_may_look(path: str) -> None:
    app = console(MemoryExchange())
    assert browser(app).get(PREFIX + path).status_code == 200
    seen = browser(app, "auditor").get(PREFIX + path)
    assert seen.status_code == 200
    assert "You may look at everything here and change nothing." in text_of(seen)
    assert browser(app, "clerk").get(PREFIX + path).status_code == 403


@pytest.mark.parametrize("path", CHANGES)
def test_only_operators_may_change(path: str) -> None:
    app = console(MemoryExchange(is_centre=True))
    assert browser(app).get(PREFIX + path).status_code == 200
    assert browser(app, "auditor").get(PREFIX + path).status_code == 403
    assert browser(app, "auditor").post(PREFIX + path, data={"why": "x"}).status_code == 403


@pytest.mark.parametrize("language", ["et", "ar"])
@pytest.mark.parametrize("path", LOOKS + CHANGES)
def test_every_page_is_whole_in_every_language(path: str, language: str) -> None:
    page = browser(console(MemoryExchange(is_centre=True), language=language)).get(PREFIX + path)
    assert page.status_code == 200
    assert f'lang="{language}"' in page.text
    assert page.text.count("<h1") == 1
    assert "%(" not in page.text


def test_a_form_without_its_token_is_refused() -> None:
    exchange = MemoryExchange()
    client = browser(console(exchange))
    del client.headers["X-CSRF-Token"]
    answer = client.post(f"{PREFIX}/services/withdraw?id={PEOPLE_AT}", data={"why": "because"})
    assert answer.status_code == 403
    assert not exchange.done
