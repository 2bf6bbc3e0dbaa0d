# SPDX-License-Identifier: EUPL-1.2
"""An official's steps at the decision desk: find a decision, look, compute it again, settle the appeal."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, expect

from tests.browser import assessment, exchange
from tests.browser.country import Role
from tests.browser.visitor import Visitor

DESK = "/desk/decisions"
STATEMENT = "My employer declared another sum."
VERDICT = "The employer has corrected the declaration."
REPLAY_MILLISECONDS_MAX = 180_000
"""A replay loads a law in a process of its own."""
NUMBER = re.compile(r"D(-[0-9A-Z]{4}){3}")


def appealed(citizen: Visitor, revenue: str, role: Role) -> str:
    """Let a person confirm her assessment and appeal against it; return the number of the decision."""
    assessment.come(citizen, revenue, role)
    assessment.confirm(citizen)
    assessment.appeal(citizen)
    found = NUMBER.search(citizen.page.url)
    assert found is not None
    return found[0]


def enter(visitor: Visitor, revenue: str) -> None:
    """Sign in as the officer of decisions and open the desk from the menu."""
    exchange.enter(visitor, revenue, "rules_officer")
    visitor.follow(visitor.page.locator(f".look-menu a[href='{DESK}']"))
    visitor.heading("Decisions")


def find(visitor: Visitor, number: str) -> None:
    """Look for a decision by a number that none has, which is told, and then by its own."""
    expect(visitor.page.locator(f"section:has(#waiting) a[href^='{DESK}/{number}']")).to_be_visible()
    visitor.page.fill("#number", "seven")
    with visitor.page.expect_navigation():
        visitor.refused.add(f"{visitor.url}{DESK}?number=seven")
        visitor.page.get_by_role("button", name=visitor.say("Look"), exact=True).click()
    visitor.look()
    exchange.expect_refused(
        visitor, "Write the number as it stands on the decision, such as D-7K3M-9QX2-PTC4", "number"
    )
    visitor.page.fill("#number", number.lower())
    visitor.press("Look")
    expect(visitor.page.locator("h1")).to_contain_text(number)


def read(visitor: Visitor) -> None:
    """See what came out, each fact with its source, and the explanation."""
    page = visitor.page
    expect(page.locator("section:has(#outputs) .look-fact").first).to_be_visible()
    facts = page.locator("section:has(#facts) .look-fact")
    expect(facts.first.locator(".look-fact__source time[datetime]")).to_be_visible()
    assert facts.count() == page.locator("section:has(#facts) .look-fact__source").count()
    expect(page.locator("section:has(#facts) .look-fact__source bdi", has_text="§").first).to_be_visible()
    _opened(visitor, "How we worked it out")
    expect(page.locator(".look-timeline__entry").first).to_be_visible()
    visitor.look()


def _opened(visitor: Visitor, words: str) -> Locator:
    """Open what is folded under `words` by the mouse."""
    summary = visitor.page.locator("summary", has_text=visitor.say(words)).first
    summary.click()
    return summary


def replay(visitor: Visitor) -> None:
    """Compute the decision again; it is the same."""
    _press_and_wait(visitor, "Compute it again")
    expect(visitor.page.locator(".look-callout[role=status]")).to_contain_text(
        visitor.say("Computed again, it is the same to the last bit")
    )


def _press_and_wait(visitor: Visitor, message: str) -> None:
    """Press a button after which much is computed."""
    button = visitor.page.get_by_role("button", name=visitor.say(message), exact=True)
    with visitor.page.expect_navigation(timeout=REPLAY_MILLISECONDS_MAX):
        button.click(timeout=REPLAY_MILLISECONDS_MAX)
    visitor.look()


def settle(visitor: Visitor, verdict: str) -> None:
    """Settle without a reason, which is refused, and then with one."""
    appeal = visitor.page.locator("section:has(#appeals) .look-callout")
    expect(appeal).to_contain_text(STATEMENT)
    visitor.press(verdict, refused=True)
    expect(visitor.page.locator(".govuk-error-summary a[href^='#words-']")).to_be_visible()
    visitor.page.fill("textarea[name=words]", VERDICT)
    visitor.press(verdict)


def expect_upheld(visitor: Visitor, number: str) -> None:
    """Expect the new decision, which leads to the one before, and no appeal that waits."""
    visitor.follow(visitor.page.locator(f"dd a[href='{DESK}/{number}']"))
    told = visitor.page.locator("section:has(#appeals) .look-callout")
    expect(told).to_contain_text(visitor.say("Upheld. The new decision:"))
    expect(told).to_contain_text(VERDICT)
    expect(visitor.page.locator("textarea")).to_have_count(0)


def expect_rejected(visitor: Visitor) -> None:
    """Expect the decision to stand, with the reason beside the appeal."""
    told = visitor.page.locator("section:has(#appeals) .look-callout")
    expect(told).to_contain_text(visitor.say("Rejected."))
    expect(told).to_contain_text(VERDICT)


def verify(visitor: Visitor) -> None:
    """Check everything that is kept; it is whole."""
    visitor.follow(visitor.page.locator(".govuk-back-link"))
    visitor.press("Check all decisions")
    expect(visitor.page.locator(".look-callout[role=status] strong")).to_be_visible()
    expect(visitor.page.locator(".look-callout .govuk-tag--red")).to_have_count(0)


def ask_touched(visitor: Visitor) -> None:
    """Ask what a change of the law touches, first with a day that is none."""
    visitor.follow(visitor.page.locator(f"main a[href='{DESK}/touched']"))
    visitor.page.fill("#before", "yesterday")
    visitor.page.fill("#after", "2026-11-22")
    visitor.press("Compare", refused=True)
    exchange.expect_refused(visitor, "Write both days as year, month and day, such as 2026-06-15", "before")
    visitor.page.fill("#before", "2026-11-20")
    _press_and_wait(visitor, "Compare")
    expect(visitor.page.locator(".govuk-error-summary")).to_have_count(0)
