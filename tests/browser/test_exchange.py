# SPDX-License-Identifier: EUPL-1.2
"""Operators' stories: a console at an agency and at the centre, and a file that becomes a service."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from aralia.sites import sites
from tests.browser import exchange
from tests.browser.conftest import Visit
from tests.browser.country import persons
from tests.browser.test_keyboard import enter, sign_in, tab_to
from tests.browser.visitor import Visitor
from tests.browser.words import LANGUAGES

pytestmark = pytest.mark.browser

OWNERS = {site.code: site.owner for site in sites()}
REGISTRY = f"{OWNERS['revenue']}/registry"
DECLARATIONS = f"{OWNERS['revenue']}/declarations"
PORTAL = f"{OWNERS['interior']}/portal"


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_operator_changes_a_right_and_switches_a_service(
    visit: Visit, agencies: dict[str, str], language: str
) -> None:
    visitor = visit(language)
    exchange.enter(visitor, agencies["revenue"], "tax_operator")
    exchange.look_around(visitor)
    exchange.give_and_take(visitor, f"{REGISTRY}/registry", PORTAL)
    exchange.switch_off_and_on(visitor, f"{REGISTRY}/registry")


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_file_becomes_a_service_with_nine_green_checks(
    visit: Visit, agencies: dict[str, str], language: str
) -> None:
    visitor = visit(language)
    exchange.enter(visitor, agencies["revenue"], "tax_operator")
    code = f"ships-{language}"
    exchange.bring_file(visitor, code, REGISTRY, DECLARATIONS)
    exchange.expect_green(visitor)
    exchange.find_message(visitor, f"{REGISTRY}/{code}")
    exchange.see_traffic(visitor)


def test_an_operator_needs_no_script(visit: Visit, agencies: dict[str, str]) -> None:
    visitor = visit(script=False)
    exchange.enter(visitor, agencies["revenue"], "tax_operator")
    exchange.look_around(visitor)
    exchange.give_and_take(visitor, f"{REGISTRY}/registry", PORTAL)
    exchange.bring_file(visitor, "ships-plain", REGISTRY, DECLARATIONS)
    exchange.expect_green(visitor)


def test_an_operator_needs_no_mouse(visit: Visit, agencies: dict[str, str]) -> None:
    page, operator = (visitor := visit()).page, persons()["tax_operator"]
    page.goto(agencies["revenue"])
    enter(page, page.locator(".look-person a"))
    sign_in(visitor, operator, f"{operator.code}/0")
    enter(page, page.locator(f".look-menu a[href='{exchange.DESK}']"))
    enter(page, page.locator(f".look-sections a[href='{exchange.DESK}/messages']"))
    tab_to(page, page.locator("#service"))
    page.keyboard.type("nonsense")
    visitor.refused.add(page.url)
    enter(page, page.get_by_role("button", name="Search", exact=True), "Space")
    expect(page.locator(".govuk-error-summary")).to_be_focused()
    tab_to(page, page.locator(".govuk-error-summary a"))
    page.keyboard.press("Enter")
    expect(page.locator("#service")).to_be_focused()
    enter(page, page.locator(f".look-sections a[href='{exchange.DESK}/rights']"))
    enter(page, page.locator(".look-matrix td a").first)
    visitor.heading("Who may call what")


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_centre_admits_a_member_and_its_system(
    visit: Visit, agencies: dict[str, str], language: str
) -> None:
    visitor = visit(language)
    exchange.enter(visitor, agencies["centre"], "operator")
    member = f"XA/COM/2900000{LANGUAGES.index(language)}"
    _admit(visitor, "member", "Admit a member", member)
    _admit(visitor, "subsystem", "Register a system", f"{member}/till")
    dismiss = visitor.page.locator(f"a[href$='dismiss?id={member.replace('/', '%2F')}']")
    visitor.follow(dismiss)
    exchange.say_why(visitor)
    visitor.press("Dismiss")
    exchange.expect_done(visitor, "It was removed.")
    expect(dismiss).to_have_count(0)


def _admit(visitor: Visitor, kind: str, button: str, name: str) -> None:
    """Admit somebody to the exchange, refused without a name first."""
    exchange.part(visitor, "/members")
    visitor.follow(visitor.page.locator(f"a.govuk-button[href$='/members/{kind}']"))
    visitor.heading(button)
    visitor.page.locator("#id").fill(name)
    exchange.say_why(visitor)
    visitor.press("Save", refused=True)
    exchange.expect_refused(visitor, "Enter a name", "name-en")
    visitor.page.locator("#name-en").fill("Corner shop")
    visitor.press("Save")
    exchange.expect_done(visitor, "The change was made and takes effect at once.")
    expect(visitor.page.locator("main")).to_contain_text(name)


def test_a_clerk_has_no_console(visit: Visit, agencies: dict[str, str]) -> None:
    visitor = visit()
    exchange.enter(visitor, agencies["revenue"], "tax_clerk")
    expect(visitor.page.locator(f".look-menu a[href='{exchange.DESK}']")).to_have_count(0)
    for section in exchange.SECTIONS:
        visitor.open(exchange.DESK + section, status=403)
