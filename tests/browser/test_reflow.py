# SPDX-License-Identifier: EUPL-1.2
"""Text at double size, colours that the reader forces, and what a first visit weighs."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, Request

from tests.browser import citizen, official
from tests.browser.conftest import Visit
from tests.browser.country import persons
from tests.browser.judging import frame_faults
from tests.browser.words import LANGUAGES

pytestmark = pytest.mark.browser
WEIGHT_BYTES_MAX = 60_000
_KINDS = {"document", "stylesheet", "script"}
_FORCED = """place => { const style = getComputedStyle(place);
    return {outline: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0
                && !/, 0\\)$|transparent/.test(style.outlineColor),
            edge: parseFloat(style.borderTopWidth) > 0 && !/, 0\\)$/.test(style.borderTopColor)}; }"""


@pytest.mark.parametrize("width", [550, 320])
@pytest.mark.parametrize("language", ["en", "ar"])
def test_nothing_is_lost_at_double_size(visit: Visit, language: str, width: int) -> None:
    visitor = visit(language, viewport={"width": width, "height": 400}, device_scale_factor=2, script=False)
    page = visitor.page
    page.goto(visitor.url)
    visitor.choose_language()
    citizen.sign_in(visitor, persons()["registrar"], office=0)
    page.set_viewport_size({"width": width, "height": 400})
    paths = ("", "/me", "/me/usage", "/sessions", "/accessibility", official.DESK)
    registers = tuple(f"{official.DESK}/individuals{rest}" for rest in ("", "/import", "/export"))
    for path in paths + registers:
        page.goto(visitor.url + path)
        assert not frame_faults(page, language), path


def test_forced_colours_keep_focus_and_buttons(visit: Visit) -> None:
    page = (visitor := visit(forced_colors="active")).page
    page.goto(visitor.url)
    button = page.locator(".look-hero .govuk-button")
    assert button.evaluate(_FORCED)["edge"]
    for place in (button, page.locator(".look-menu a").first, page.locator(".look-header__home")):
        place.focus()
        page.keyboard.press("Shift+Tab")
        page.keyboard.press("Tab")
        assert place.evaluate(_FORCED)["outline"], place


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_first_visit_is_light(visit: Visit, language: str) -> None:
    visitor = visit(language)
    visitor.page.goto(visitor.url)
    visitor.choose_language()
    cookies = visitor.context.cookies()
    fresh = visit(language)
    fresh.context.add_cookies(cookies)  # type: ignore[arg-type]
    weight = _weight(fresh.page, fresh.url)
    print(f"a first visit in {language}: {weight} bytes")
    assert weight <= WEIGHT_BYTES_MAX


def _weight(page: Page, address: str) -> int:
    """Return the bytes of the page, its style and its scripts, as they come over the wire."""
    asked: list[Request] = []

    def note(request: Request) -> None:
        if request.resource_type in _KINDS:
            asked.append(request)

    page.on("requestfinished", note)
    page.goto(address, wait_until="networkidle")
    sizes = [each.sizes() for each in asked]
    return sum(each["responseBodySize"] + each["responseHeadersSize"] for each in sizes)
