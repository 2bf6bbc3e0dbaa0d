# SPDX-License-Identifier: EUPL-1.2
"""The operator's steps at an exchange: look around, change a right, find a message, bring a file in."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, expect

from tests.browser import citizen
from tests.browser.country import persons
from tests.browser.visitor import Visitor

DESK = "/desk/exchange"
SECTIONS = (
    "",
    "/members",
    "/clients",
    "/services",
    "/rights",
    "/messages",
    "/traffic",
    "/configuration",
    "/onboard",
)
CSV = "number,name,built\nS-1,Merikotkas,2001\nS-2,Tuuleiil,2014\n"


def enter(visitor: Visitor, site: str, word: str) -> None:
    """Sign in at an agency's site in an office."""
    visitor.url = site
    answer = visitor.page.goto(site)
    assert answer is not None
    visitor.choose_language()
    visitor.follow(visitor.page.locator("main a[href^='/sign-in'], .look-person a[href^='/sign-in']").first)
    if visitor.page.locator("button[name=choice]").count():
        citizen.choose(visitor, persons()[word], office=0)


def look_around(visitor: Visitor) -> None:
    """Open every part of the console by its links."""
    visitor.follow(visitor.page.locator(f".look-menu a[href='{DESK}']"))
    visitor.heading("The exchange")
    for section in SECTIONS:
        visitor.follow(visitor.page.locator(f".look-sections a[href='{DESK}{section}']"))
        expect(visitor.page.locator(".look-sections [aria-current=page]")).to_have_count(1)
    expect(visitor.page.locator(".look-menu [aria-current]")).to_have_count(1)


def part(visitor: Visitor, section: str) -> None:
    """Go to one part of the console."""
    visitor.open(DESK + section)


def say_why(visitor: Visitor) -> None:
    """Fill in why something is done."""
    visitor.page.locator("#why").fill("Decision of the board")
    visitor.page.locator("#reference").fill("2026-17")


def expect_refused(visitor: Visitor, message: str, field: str) -> None:
    """Expect the error summary to lead to a field."""
    link = visitor.page.locator(".govuk-error-summary a").first
    expect(link).to_have_text(visitor.say(message))
    expect(link).to_have_attribute("href", f"#{field}")


def expect_done(visitor: Visitor, message: str) -> None:
    """Expect the banner that says what was done."""
    expect(visitor.page.locator(".govuk-notification-banner--success")).to_contain_text(visitor.say(message))


def give_and_take(visitor: Visitor, service: str, subject: str) -> None:
    """Give a right to a service, refused without a purpose and a reason, and take it away again.

    `subject` has a right to another service of the same system, so that its row stays.
    """
    part(visitor, "/rights")
    visitor.page.locator("#subject").select_option(subject)
    visitor.page.locator("#service").select_option(service)
    visitor.press("Continue")
    visitor.heading("Who may call what")
    visitor.page.locator("#endpoint").check()
    visitor.press("Save", refused=True)
    expect_refused(visitor, "Say what the data is asked for: the service tells of persons", "purpose")
    visitor.page.locator("#purpose").fill("Checking a boat's tax")
    visitor.page.locator("#basis").fill("Tax Act § 3")
    visitor.press("Save", refused=True)
    expect_refused(visitor, "Say why you do this", "why")
    say_why(visitor)
    visitor.press("Save")
    expect_done(visitor, "The right was given.")
    visitor.follow(_cell(visitor, service, subject))
    visitor.page.locator("#endpoint").uncheck()
    say_why(visitor)
    visitor.press("Save")
    expect_done(visitor, "The right was taken away; it no longer counts.")
    expect(_cell(visitor, service, subject)).to_contain_text(visitor.say("nothing"))


def _cell(visitor: Visitor, service: str, subject: str) -> Locator:
    service, subject = service.replace("/", "%2F"), subject.replace("/", "%2F")
    address = f"{DESK}/rights/right?service={service}&subject={subject}"
    return visitor.page.locator(f".look-matrix a[href='{address}']")


def switch_off_and_on(visitor: Visitor, service: str) -> None:
    """Switch a service off with a notice, and on again."""
    part(visitor, "/services")
    visitor.follow(visitor.page.locator(f"a[href$='{service.replace('/', '%2F')}']"))
    button = visitor.page.locator("main a[href*='/services/switch']")
    visitor.follow(button)
    visitor.heading("Switch this service off")
    say_why(visitor)
    visitor.press("Switch off", refused=True)
    expect_refused(visitor, "Say what callers are told", "notice")
    visitor.page.locator("#notice").fill("Closed for the night")
    say_why(visitor)
    visitor.press("Switch off")
    expect(visitor.page.locator(".look-callout--warning")).to_contain_text("Closed for the night")
    visitor.follow(button)
    say_why(visitor)
    visitor.press("Switch on")
    expect(visitor.page.locator(".look-callout--warning")).to_have_count(0)


def find_message(visitor: Visitor, service: str) -> None:
    """Find what passed to a service and look at the newest: nothing on it names a person."""
    part(visitor, "/messages")
    visitor.page.locator("#service").fill(service)
    visitor.page.locator("#since").select_option("hour")
    visitor.press("Search")
    visitor.follow(visitor.page.locator("tbody a").first)
    visitor.heading("A message")
    expect(visitor.page.locator(".look-block").first).to_contain_text("••••••")
    assert not re.search(r"(?<!\d)[1-8]\d{10}(?!\d)", visitor.page.locator("main").inner_text())


def see_traffic(visitor: Visitor) -> None:
    """See the plots and the same as a table."""
    part(visitor, "/traffic?span=hour")
    for picture in visitor.page.locator("svg[role=img]").all():
        label = picture.get_attribute("aria-labelledby") or ""
        for each in label.split():
            expect(visitor.page.locator(f"#{each}")).not_to_be_empty()
    visitor.page.locator("details summary").first.click()
    expect(visitor.page.locator("#numbers")).to_be_visible()
    visitor.look()


def bring_file(visitor: Visitor, code: str, provider: str, client: str) -> None:
    """Bring a file in by the five steps, and see the nine checks."""
    part(visitor, "/onboard")
    visitor.page.locator("#provider").select_option(provider)
    visitor.page.locator("#code").fill(code)
    visitor.press("Continue", refused=True)
    expect_refused(visitor, "Enter a title", "title-en")
    visitor.page.locator("#title-en").fill("Ships")
    visitor.press("Continue")
    visitor.heading("Where does the data come from?")
    visitor.page.locator("#file").set_input_files(
        {"name": "ships.csv", "mimeType": "text/csv", "buffer": CSV.encode()}
    )
    visitor.press("Read the file")
    visitor.heading("Which columns may callers see?")
    expect(visitor.page.locator("input[name=shown]:checked")).to_have_count(0)
    for column in ("number", "name"):
        visitor.page.locator(f"input[name=shown][value={column}]").check()
    visitor.page.locator("#key").select_option("number")
    visitor.press("Continue")
    visitor.heading("Who may call it, and why?")
    visitor.page.locator(f"input[name=clients][value='{client}']").check()
    visitor.page.locator("#purpose").fill("Safety at sea")
    visitor.press("Continue")
    visitor.heading("Check, and go")
    expect(visitor.page.locator("main")).to_contain_text("Safety at sea")
    say_why(visitor)
    visitor.press("Offer the service")
    expect(visitor.page.locator(".look-checks li")).to_have_count(9)


def expect_green(visitor: Visitor) -> None:
    """Expect that no check is red."""
    reasons = visitor.page.locator(".look-checks li", has=visitor.page.locator(".look-check--red"))
    assert reasons.all_inner_texts() == []
    expect(visitor.page.locator(".look-check--green")).to_have_count(9)
