# SPDX-License-Identifier: EUPL-1.2
"""Whoever watches: questions answered, signals settled, officials and sealed messages uncovered on record."""

from __future__ import annotations

import re
import time

import pytest
from playwright.sync_api import expect

from tests.browser import citizen, exchange, official
from tests.browser.conftest import Visit
from tests.browser.country import Role, persons
from tests.browser.visitor import Visitor
from tests.browser.words import LANGUAGES

pytestmark = pytest.mark.browser

QUESTIONS, SIGNALS = "/desk/questions", "/desk/signals"
CONCERNED = {"en": "widowed_parent", "et": "guardian", "ar": "arabic_name"}
WATCHED_WITHIN_SECONDS = 90
PSEUDONYM = re.compile(r"\b[2-9A-HJKMNP-TV-Z]{6}\b")
WORDS = "Please tell me why."


def look_up_without_a_case(visitor: Visitor, role: Role) -> None:
    """As a registrar, read a record and name no case."""
    official.enter(visitor)
    visitor.met.append(role)
    visitor.page.fill("#words", role.name)
    visitor.page.select_option("#purpose", "correction")
    visitor.page.fill("#details", official.WORDS)
    visitor.press("Search")
    visitor.follow(visitor.page.locator("tbody tr", has_text=role.code).locator("a"))
    citizen.sign_out(visitor)


def ask_why(visitor: Visitor, role: Role) -> None:
    """As the person concerned, ask why an official looked; an empty question is refused."""
    citizen.sign_in(visitor, role)
    visitor.open("/me/usage?period=week")
    look = visitor.page.locator(".look-timeline__entry", has_text=official.WORDS).first
    visitor.follow(look.locator("a[href^='/me/usage/ask']").first)
    visitor.press("Send the question", refused=True)
    expect(visitor.page.locator(".govuk-error-summary a")).to_have_attribute("href", "#text")
    visitor.page.fill("#text", WORDS)
    visitor.press("Send the question")
    citizen.sign_out(visitor)


def answer(visitor: Visitor) -> None:
    """As a registrar, answer the question; an empty answer is refused."""
    citizen.sign_in(visitor, persons()["registrar"], office=0)
    visitor.open(QUESTIONS)
    visitor.heading("Questions from persons")
    form = visitor.page.locator(".look-timeline__entry form").first
    visitor.follow(form.locator("button"), refused=True)
    expect(visitor.page.locator(".govuk-error-summary")).to_be_visible()
    form = visitor.page.locator(".look-timeline__entry form").first
    form.locator("textarea").fill("Your letter of November was registered.")
    visitor.follow(form.locator("button"))
    expect(visitor.page.locator("main")).to_contain_text("Your letter of November was registered.")
    citizen.sign_out(visitor)


def wait_for_signal(visitor: Visitor) -> None:
    """Open the signals until there is one; readings are looked at every minute."""
    deadline = time.monotonic() + WATCHED_WITHIN_SECONDS
    visitor.open(SIGNALS)
    visitor.heading("Unusual reading")
    while not visitor.page.locator(".look-timeline__entry").count():
        assert time.monotonic() < deadline, "no signal"
        time.sleep(5)
        visitor.page.reload()
    visitor.look()


def uncover_official(visitor: Visitor) -> None:
    """Ask who an official is: refused without a reason, then shown."""
    found = PSEUDONYM.search(visitor.page.locator(".look-timeline__entry").first.inner_text())
    assert found is not None
    visitor.page.fill("#official", found[0])
    visitor.press("Show the name", refused=True)
    expect(visitor.page.locator(".govuk-error-summary a")).to_have_attribute("href", "#purpose")
    visitor.page.fill("#purpose", "A person complained")
    visitor.press("Show the name")
    expect(visitor.page.locator(".look-callout[role=status]")).to_contain_text(persons()["registrar"].name)


def uncover_message(visitor: Visitor) -> None:
    """Find a sealed message that concerns a person and see all of it, for a reason."""
    exchange.part(visitor, "/messages")
    visitor.page.locator("#service").fill("XA/GOV/10000001/registry/findUsage")
    visitor.page.locator("#since").select_option("hour")
    visitor.press("Search")
    visitor.follow(visitor.page.locator("tbody a").first)
    visitor.heading("A message")
    block = visitor.page.locator(".look-block").first
    expect(block).to_contain_text("••••••")
    visitor.press("Show everything", refused=True)
    exchange.expect_refused(visitor, "Say why you do this", "why")
    exchange.say_why(visitor)
    visitor.press("Show everything")
    expect(visitor.page.locator(".look-block").first).not_to_contain_text("••••••")
    expect(visitor.page.locator(".look-block").first).to_contain_text(re.compile(r"X-Road-UserId: XA\d{11}"))


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_the_desk_of_the_tracker_shows(visit: Visit, language: str) -> None:
    visitor, role = visit(language), persons()[CONCERNED[language]]
    citizen.begin(visitor)
    look_up_without_a_case(visitor, role)
    ask_why(visitor, role)
    answer(visitor)
    citizen.sign_in(visitor, persons()["auditor"], office=0)
    visitor.met.append(persons()["registrar"])
    wait_for_signal(visitor)
    uncover_official(visitor)
    uncover_message(visitor)


def test_an_auditor_settles_a_signal(visit: Visit) -> None:
    visitor = visit()
    citizen.begin(visitor)
    look_up_without_a_case(visitor, persons()["new_adult"])
    citizen.sign_in(visitor, persons()["auditor"], office=0)
    wait_for_signal(visitor)
    form = visitor.page.locator(f"form[action='{SIGNALS}']").first
    visitor.follow(form.locator("button"), refused=True)
    form = visitor.page.locator(f"form[action='{SIGNALS}']").first
    form.locator("textarea").fill("The registrar had forgotten the number.")
    visitor.follow(form.locator("button"))
    expect(visitor.page.locator("main")).to_contain_text("The registrar had forgotten the number.")
