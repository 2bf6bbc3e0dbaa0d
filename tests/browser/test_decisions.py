# SPDX-License-Identifier: EUPL-1.2
"""The decision desk in a browser: an officer finds a decision, reads it, replays it and settles an appeal."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser import desk, exchange
from tests.browser.conftest import Visit
from tests.browser.country import persons
from tests.browser.test_keyboard import enter, tab_to
from tests.browser.test_keyboard import sign_in as sign_in_by_key
from tests.browser.words import LANGUAGES

pytestmark = pytest.mark.browser

WHO = dict(zip(LANGUAGES, ("registrar", "clerk", "analyst"), strict=True))
"""Somebody with pay for each language, so that nobody has confirmed before."""


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_officer_upholds_an_appeal(visit: Visit, agencies: dict[str, str], language: str) -> None:
    number = desk.appealed(visit(language), agencies["revenue"], persons()[WHO[language]])
    officer = visit(language)
    desk.enter(officer, agencies["revenue"])
    desk.find(officer, number)
    desk.read(officer)
    desk.replay(officer)
    desk.settle(officer, "Uphold")
    desk.expect_upheld(officer, number)
    desk.verify(officer)
    desk.ask_touched(officer)


def test_an_officer_rejects_one_without_a_script(visit: Visit, agencies: dict[str, str]) -> None:
    number = desk.appealed(visit(script=False), agencies["revenue"], persons()["auditor"])
    officer = visit(script=False)
    desk.enter(officer, agencies["revenue"])
    desk.find(officer, number)
    desk.read(officer)
    desk.replay(officer)
    desk.settle(officer, "Reject")
    desk.expect_rejected(officer)


def test_an_officer_needs_no_mouse(visit: Visit, agencies: dict[str, str]) -> None:
    number = desk.appealed(visit(), agencies["revenue"], persons()["operator"])
    page, officer = (visitor := visit()).page, persons()["rules_officer"]
    page.goto(agencies["revenue"])
    enter(page, page.locator(".look-person a"))
    sign_in_by_key(visitor, officer, f"{officer.code}/0")
    enter(page, page.locator(f".look-menu a[href='{desk.DESK}']"))
    enter(page, page.locator(f"section:has(#waiting) a[href^='{desk.DESK}/{number}']"))
    tab_to(page, page.get_by_role("button", name="Compute it again"))
    with page.expect_navigation(timeout=desk.REPLAY_MILLISECONDS_MAX):
        page.keyboard.press("Space")
    expect(page.locator(".look-callout[role=status]")).to_contain_text("the same to the last bit")
    tab_to(page, page.locator("main > * summary, summary").first)
    page.keyboard.press("Space")
    tab_to(page, page.locator("textarea[name=words]"))
    page.keyboard.type(desk.VERDICT)
    enter(page, page.get_by_role("button", name="Reject"))
    desk.expect_rejected(visitor)


def test_others_have_no_desk_of_decisions(visit: Visit, agencies: dict[str, str]) -> None:
    visitor = visit()
    exchange.enter(visitor, agencies["revenue"], "tax_clerk")
    expect(visitor.page.locator(f".look-menu a[href='{desk.DESK}']")).to_have_count(0)
    for path in (desk.DESK, f"{desk.DESK}/touched", f"{desk.DESK}/D-7K3M-9QX2-PTC4"):
        visitor.open(path, status=403)
