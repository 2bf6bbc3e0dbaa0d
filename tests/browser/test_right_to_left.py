# SPDX-License-Identifier: EUPL-1.2
"""What axe does not see on pages in Arabic: places of boxes and bars, the order of digits, the mirror."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Locator, Page

from tests.browser import citizen, official
from tests.browser.conftest import Visit
from tests.browser.country import persons
from tests.browser.visitor import Visitor
from tests.browser.words import field_title

pytestmark = pytest.mark.browser
GAP_PIXELS_MAX = 12

_PLACES = """place => { const box = place.getBoundingClientRect(); return [box.left, box.right]; }"""
_DRAWN_BOX = """label => { const style = getComputedStyle(label, "::before");
    const left = label.offsetParent.getBoundingClientRect().left + parseFloat(style.left);
    return [left, left + parseFloat(style.width)]; }"""
_BARS = """place => { const style = getComputedStyle(place);
    return [parseFloat(style.borderLeftWidth), parseFloat(style.borderRightWidth)]; }"""
_DIGITS = """place => { const found = [], walker = document.createTreeWalker(place, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node; node = walker.nextNode())
        for (const run of node.data.matchAll(/[+\\p{Nd}]+(?:-\\p{Nd}+)*/gu))
            found.push([...run[0]].map((digit, at) => { const range = document.createRange();
                range.setStart(node, run.index + at); range.setEnd(node, run.index + at + 1);
                const box = range.getBoundingClientRect();
                return {digit, left: box.left, top: box.top}; }));
    return found; }"""


def places(place: Locator) -> tuple[float, float]:
    """Return left and right edge."""
    left, right = place.evaluate(_PLACES)
    return left, right


def runs(place: Locator) -> list[list[dict[str, Any]]]:
    """Return each run of digits in `place` as its digits with their positions on the screen."""
    found: list[list[dict[str, Any]]] = place.evaluate(_DIGITS)
    return found


def assert_read_from_left(run: list[dict[str, Any]]) -> None:
    lefts = [each["left"] for each in run]
    assert lefts == sorted(lefts), run


@pytest.fixture
def arabic(visit: Visit) -> Visitor:
    """A visitor who has the home page in Arabic before her."""
    visitor = visit("ar")
    citizen.begin(visitor)
    return visitor


def test_header_and_menu_are_mirrored(arabic: Visitor) -> None:
    citizen.sign_in(arabic, persons()["mother_of_three"])
    page = arabic.page
    home, aside = places(page.locator(".look-header__home")), places(page.locator(".look-header__aside"))
    assert home[0] > aside[1]
    bar = places(page.locator(".look-header__bar"))
    assert bar[1] - home[1] < GAP_PIXELS_MAX
    items = [places(item) for item in page.locator(".look-menu li").all()]
    assert items == sorted(items, reverse=True)
    assert len(items) >= 3


def test_digits_keep_their_order(arabic: Visitor) -> None:
    mother, page = persons()["mother_of_three"], arabic.page
    citizen.sign_in(arabic, mother)
    arabic.open("/me")
    fact = citizen.expect_fact(arabic, "personal_code", mother.code).locator("dd").first
    (code,) = runs(fact)
    assert "".join(each["digit"] for each in code) == mother.code
    assert_read_from_left(code)
    for moment in page.locator("main time").all()[:10]:
        for run in runs(moment):
            assert_read_from_left(run)
    _assert_date_reads_from_the_right(page)


def test_a_telephone_number_keeps_its_plus_in_front(arabic: Visitor) -> None:
    official.enter(arabic)
    _assert_example_of_a_date(arabic.page)
    official.search(arabic, persons()["mother_of_three"])
    title = arabic.page.get_by_text(field_title(citizen.PEOPLE, "phone", "ar"), exact=True)
    (number,) = runs(arabic.page.locator("section .look-fact", has=title).locator("dd").first)
    assert number[0]["digit"] == "+"
    assert_read_from_left(number)


def _assert_example_of_a_date(page: Page) -> None:
    """Expect the example beside a date's field to read year, month, day."""
    page.locator(".govuk-details__summary").click()
    (example,) = runs(page.locator("#q-birth_date-hint"))
    assert "".join(each["digit"] for each in example) == "1990-01-31"
    assert_read_from_left(example)


def _assert_date_reads_from_the_right(page: Page) -> None:
    """Expect the day, written first, to stand right of the year; hours left of their minutes."""
    day, year, hour, minute = runs(page.locator("main .look-fact__source time").first)[:4]
    assert len(year) == 4
    assert day[0]["left"] > year[0]["left"]
    assert hour[0]["left"] < minute[0]["left"]


def test_boxes_stand_at_their_labels_and_bars_at_the_start(arabic: Visitor) -> None:
    official.enter(arabic)
    arabic.open("/desk/registry/locations/export")
    page = arabic.page
    for label in page.locator(".govuk-radios__label").all():
        text, drawn = places(label), label.evaluate(_DRAWN_BOX)
        assert -1 <= drawn[0] - text[1] <= GAP_PIXELS_MAX, (text, drawn)
    arabic.press("Export", refused=True)
    for group in page.locator(".govuk-form-group--error").all():
        left, right = group.evaluate(_BARS)
        assert right > left == 0
    assert page.locator(".govuk-form-group--error").count() >= 2
