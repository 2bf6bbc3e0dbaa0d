# SPDX-License-Identifier: EUPL-1.2
"""The stories with the keyboard alone: every step is reached by Tab, and one always sees where one is."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Visit
from tests.browser.country import Role, persons
from tests.browser.visitor import Visitor

pytestmark = pytest.mark.browser
STEPS_MAX = 120
_HERE = "place => place === document.activeElement"
_SEEN = """() => { const here = document.activeElement;
    if (here === document.body) return true;
    const style = getComputedStyle(here), box = here.getBoundingClientRect();
    const marked = (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0)
        || style.boxShadow !== "none";
    return marked && box.bottom > 0 && box.top < innerHeight && box.width > 0; }"""


def tab_to(page: Page, place: Locator) -> None:
    """Press Tab until `place` has the focus, which must be seen at every step."""
    place.wait_for(state="attached")
    for _ in range(STEPS_MAX):
        page.keyboard.press("Tab")
        assert page.evaluate(_SEEN), page.evaluate("document.activeElement.outerHTML")
        if place.evaluate(_HERE):
            return
    raise AssertionError(f"{place} was not reached in {STEPS_MAX} steps")


def enter(page: Page, place: Locator, key: str = "Enter") -> None:
    """Go to `place` by Tab and press `key`, which leads to another page."""
    tab_to(page, place)
    with page.expect_navigation():
        page.keyboard.press(key)


def sign_in(visitor: Visitor, role: Role, choice: str) -> None:
    """Be `role` at the test authenticator."""
    visitor.met.append(role)
    enter(visitor.page, visitor.page.locator(f"button[name=choice][value='{choice}']").first)


def test_the_skip_link_leads_past_the_header(visit: Visit) -> None:
    page = (visitor := visit()).page
    page.goto(visitor.url)
    page.keyboard.press("Tab")
    skip = page.locator(".govuk-skip-link")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()
    tab_to(page, page.locator("main a, main button").first)


def test_a_citizen_needs_no_mouse(visit: Visit) -> None:
    page, mother = (visitor := visit()).page, persons()["mother_of_three"]
    page.goto(visitor.url)
    enter(page, page.locator(".look-card--link a").first)
    enter(page, page.locator(".look-callout a[href='/me']"))
    sign_in(visitor, mother, mother.code)
    visitor.heading("What we know about you")
    enter(page, page.locator("main a[href='/me/usage']"))
    visitor.heading("Who looked at your data")
    enter(page, page.locator(".look-menu a[href='/sessions']"))
    enter(page, page.get_by_role("button", name="Sign out everywhere"), "Space")
    visitor.heading("You are signed out")


def test_an_official_searches_without_a_mouse(visit: Visit) -> None:
    page, registrar = (visitor := visit()).page, persons()["registrar"]
    wanted = persons()["widowed_parent"]
    page.goto(visitor.url)
    enter(page, page.locator(".look-person a"))
    sign_in(visitor, registrar, f"{registrar.code}/0")
    enter(page, page.locator(".look-menu a[href='/desk/registry']"))
    enter(page, page.locator("main a[href='/desk/registry/individuals']"))
    tab_to(page, page.locator("#words"))
    page.keyboard.type(wanted.name)
    visitor.refused.add(page.url)
    enter(page, page.get_by_role("button", name="Search", exact=True), "Space")
    _follow_the_summary(page)
    page.keyboard.press("ArrowDown")
    expect(page.locator("#purpose")).to_have_value("case")
    enter(page, page.get_by_role("button", name="Search", exact=True))
    enter(page, page.locator("tbody a").first)
    expect(page.locator("h1")).to_contain_text(wanted.name)
    visitor.met.append(wanted)


def _follow_the_summary(page: Page) -> None:
    """Go from the error summary, which has the focus, to the control that it names."""
    summary = page.locator(".govuk-error-summary")
    expect(summary).to_be_focused()
    tab_to(page, summary.locator("a").first)
    page.keyboard.press("Enter")
    expect(page.locator("#purpose")).to_be_focused()
