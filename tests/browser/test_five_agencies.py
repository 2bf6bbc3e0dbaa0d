# SPDX-License-Identifier: EUPL-1.2
"""Five agencies, one person: her facts from each of them, every one of those reads, and officials' sites."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import expect

from aralia.sites import sites
from tests.browser import citizen
from tests.browser.conftest import Visit
from tests.browser.country import persons, tell_sites
from tests.browser.test_keyboard import enter, tab_to
from tests.browser.test_keyboard import sign_in as sign_in_by_keyboard
from tests.browser.visitor import Visitor
from tests.browser.words import LANGUAGES, register_title

pytestmark = pytest.mark.browser

KNOWN = {
    "interior": "individuals",
    "justice": "organisations",
    "revenue": "incomes",
    "environment": "permits",
    "centre": "contacts",
}
"""A register of each agency that knows something of the director of a company."""

NAMES = {site.code: site.name for site in sites()}


def sign_in(visitor: Visitor, word: str) -> None:
    """Come in as a featured person and see her facts."""
    citizen.begin(visitor)
    citizen.sign_in(visitor, persons()[word])
    visitor.open("/me")
    visitor.heading("What we know about you")


def expect_facts(visitor: Visitor, site: str) -> None:
    """Expect the facts of one agency under the name of its register, said to come from it."""
    section = visitor.page.locator(f"section[aria-labelledby={site}-{KNOWN[site]}]")
    expect(section.locator("h2")).to_have_text(register_title(KNOWN[site], visitor.language))
    told = visitor.say("Answered by %(source)s") % {"source": NAMES[site][visitor.language]}
    expect(section).to_contain_text(told)
    expect(section.locator(".look-fact__source time[datetime]").first).to_be_visible()


def expect_whole_story(visitor: Visitor) -> None:
    """Expect facts from all five, and each of those reads among who looked."""
    for site in KNOWN:
        expect_facts(visitor, site)
    expect(visitor.page.locator(".look-callout--warning")).to_have_count(0)
    visitor.follow(visitor.page.locator("main a[href='/me/usage']"))
    visitor.heading("Who looked at your data")
    expect(visitor.page.locator(".look-menu [aria-current]")).to_have_count(1)
    for register in KNOWN.values():
        expect(citizen.own_reading(visitor, register).first).to_be_visible()
    expect(visitor.page.locator(".look-callout--warning")).to_have_count(0)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_citizen_sees_facts_from_five_agencies_and_finds_every_read(visit: Visit, language: str) -> None:
    visitor = visit(language)
    sign_in(visitor, "company_director")
    employer = visitor.page.locator("section[aria-labelledby=revenue-incomes] .look-fact bdi + .look-quiet")
    expect(employer.first).to_be_visible()  # named by the ministry of justice, with its code behind
    expect_whole_story(visitor)


def test_it_needs_no_script(visit: Visit) -> None:
    visitor = visit(script=False)
    sign_in(visitor, "company_director")
    expect_whole_story(visitor)


def test_it_needs_no_mouse(visit: Visit) -> None:
    page, director = (visitor := visit()).page, persons()["company_director"]
    page.goto(visitor.url)
    enter(page, page.locator(".look-person a"))
    sign_in_by_keyboard(visitor, director, director.code)
    enter(page, page.locator(".look-menu a[href='/me']"))
    tab_to(page, page.locator("nav.look-contents a[href='#revenue-incomes']"))
    page.keyboard.press("Enter")
    expect(page.locator("#revenue-incomes")).to_be_in_viewport()
    enter(page, page.locator(".look-menu a[href='/me/usage']"))
    visitor.heading("Who looked at your data")


@contextmanager
def stopped(folder: Path, site: str) -> Iterator[None]:
    """Stop one site while the others go on."""
    tell_sites(folder, "stop", site)
    try:
        yield
    finally:
        tell_sites(folder, "start", site)


def test_an_agency_that_is_down_is_named_and_the_others_answer(visit: Visit, country_folder: Path) -> None:
    visitor = visit()
    sign_in(visitor, "mother_of_three")
    with stopped(country_folder, "environment"):
        visitor.open("/me")
        missing = visitor.page.locator(".look-callout--warning")
        expect(missing).to_have_count(1)
        expect(missing).to_contain_text(
            re.compile(r"Ministry of the Environment (did not|took too long to) answer")
        )
        for site in ("interior", "revenue", "centre"):
            expect_facts(visitor, site)
        visitor.open("/me/usage")
        expect(visitor.page.locator(".look-callout--warning")).to_contain_text("Ministry of the Environment")


def at(visitor: Visitor, address: str) -> None:
    """Go to the home of an agency's site."""
    answer = visitor.page.goto(address)
    assert answer is not None
    assert answer.status == 200
    visitor.choose_language()
    visitor.look()


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_official_is_signed_in_at_two_sites_of_one_browser(
    visit: Visit, agencies: dict[str, str], language: str
) -> None:
    visitor, clerk = visit(language), persons()["tax_clerk"]
    at(visitor, agencies["revenue"])
    visitor.heading_is(NAMES["revenue"][language])
    expect(visitor.page.get_by_role("heading", name=register_title("incomes", language))).to_be_visible()
    visitor.follow(visitor.page.locator("main a[href^='/sign-in']"))
    citizen.choose(visitor, clerk, office=0)
    visitor.heading_is(NAMES["revenue"][language])
    expect(visitor.page.locator("main a[href='/desk/registry']")).to_be_visible()
    at(visitor, agencies["justice"])
    visitor.follow(visitor.page.locator("main a[href^='/sign-in']"))  # known already where one signs in
    visitor.heading_is(NAMES["justice"][language])
    for site in ("revenue", "justice"):
        at(visitor, agencies[site])
        expect(visitor.page.locator(".look-person__name")).to_contain_text(clerk.name)
    citizen.sign_out(visitor)
    assert visitor.page.url.startswith(agencies["justice"])
    expect_signed_out(visitor, agencies["revenue"])


def expect_signed_out(visitor: Visitor, address: str) -> None:
    """Expect that the end of the sign-in has been told to another site, at the latest within seconds."""
    name = visitor.page.locator(".look-person__name")
    for _ in range(40):
        visitor.page.goto(address)
        if not name.count():
            return
        visitor.page.wait_for_timeout(250)
    raise AssertionError("still signed in")
