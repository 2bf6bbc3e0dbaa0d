# SPDX-License-Identifier: EUPL-1.2
"""A person's steps through her assessment: from the state's home to the signed decision and an appeal."""

from __future__ import annotations

from playwright.sync_api import Locator, expect

from aralia.assessment import assessment
from tests.browser import citizen
from tests.browser.country import Role
from tests.browser.visitor import Visitor

PLAN = assessment()


def come(visitor: Visitor, revenue: str, role: Role) -> None:
    """Go from the state's home to the tax board's page, and sign in on the way: two clicks."""
    visitor.page.goto(visitor.url)
    visitor.choose_language()
    visitor.look()
    visitor.follow(visitor.page.locator(f"main a[href^='{revenue}/language']"))
    visitor.heading("Test sign-in: made-up persons only")
    citizen.choose(visitor, role)
    heading_of(visitor, 2025)


def heading_of(visitor: Visitor, year: int) -> None:
    visitor.heading_is(f"{PLAN.title[visitor.language]} {year}")


def result(visitor: Visitor, variable: str) -> Locator:
    """Return the part of the page with a result."""
    label = next(each.label for each in PLAN.results if each.variable == variable)
    heading = visitor.page.get_by_role("heading", name=label[visitor.language], exact=True)
    return visitor.page.locator("#results ~ .look-callout", has=heading)


def expect_results(visitor: Visitor) -> None:
    """Expect what a mother of three is told and what not, and where each fact comes from."""
    for variable in ("tax_balance", "income_tax", "child_benefit"):
        expect(result(visitor, variable)).to_contain_text(PLAN.currency)
    expect(result(visitor, "housing_supplement")).to_contain_text(
        visitor.say("It cannot be told, because this is not known:")
    )
    sources = visitor.page.locator(".look-fact__source")
    expect(sources.first.locator("time[datetime]")).to_be_visible()
    assert sources.count() >= 6


def see_how(visitor: Visitor) -> None:
    """Ask how the tax came about, and go back."""
    visitor.follow(result(visitor, "income_tax").locator("button"))
    visitor.heading("How we worked it out")
    expect(visitor.page.locator("main ol > li, main .look-callout").first).to_be_visible()
    visitor.press("Back to your result")
    heading_of(visitor, 2025)


def answer(visitor: Visitor) -> None:
    """State a rent, first in a way that cannot be read; the supplement is told then."""
    visitor.press("Add what no register knows")
    visitor.heading("What no register knows")
    visitor.page.locator("#rent").fill("1,200")
    visitor.press("Work it out", refused=True)
    expect(visitor.page.locator(".govuk-error-summary a[href='#rent']")).to_be_visible()
    visitor.page.locator("#rent").fill("1200.50")
    visitor.press("Work it out")
    heading_of(visitor, 2025)
    expect(result(visitor, "housing_supplement")).to_contain_text(PLAN.currency)
    expect(visitor.page.locator("#facts ~ *", has_text=visitor.say("You said so")).first).to_be_visible()


def try_figures(visitor: Visitor) -> None:
    """See what less pay would change, beside what is."""
    visitor.press("Try other figures")
    visitor.heading("Try other figures")
    visitor.page.locator("#if-employment_income").fill("1000")
    visitor.press("Compare")
    rows = visitor.page.locator("table tbody tr")
    expect(rows.first).to_contain_text(PLAN.currency)
    assert rows.count() >= 3
    visitor.press("Back to your result")
    heading_of(visitor, 2025)


def confirm(visitor: Visitor) -> None:
    """Confirm, see the decision, and keep its signed record."""
    visitor.press("Confirm")
    expect(visitor.page.locator("main")).to_contain_text(visitor.say("Decided and signed"))
    with visitor.page.expect_download() as kept:
        visitor.page.locator("a[href$='/record']").click()
    assert kept.value.suggested_filename.startswith("decision-")


def appeal(visitor: Visitor) -> None:
    """Say that one's pay was otherwise, and see what would come out."""
    visitor.page.locator("section:has(#appeals) summary").click()
    visitor.page.locator("input[name='claim./persons/me/employment_income/2025']").fill("20000")
    visitor.page.locator("#statement").fill("My employer declared another sum.")
    visitor.press("Send the appeal")
    expect(visitor.page.locator("section:has(#appeals)")).to_contain_text(
        visitor.say("It waits for an official. If what you say is true, this would come out:")
    )
