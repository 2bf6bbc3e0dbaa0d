# SPDX-License-Identifier: EUPL-1.2
"""My assessment in a browser: known facts, no questions, three clicks; answers, other figures, an appeal."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser import assessment
from tests.browser.conftest import Visit
from tests.browser.country import persons
from tests.browser.words import LANGUAGES

pytestmark = pytest.mark.browser

WHO = dict(zip(LANGUAGES, ("mother_of_three", "permit_registrar", "tax_clerk"), strict=True))
"""A parent for each language, so that nobody has confirmed before."""


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_parent_sees_tries_and_confirms_her_assessment(
    visit: Visit, agencies: dict[str, str], language: str
) -> None:
    visitor = visit(language)
    assessment.come(visitor, agencies["revenue"], persons()[WHO[language]])
    assessment.expect_results(visitor)
    assessment.see_how(visitor)
    assessment.answer(visitor)
    assessment.try_figures(visitor)
    assessment.confirm(visitor)
    assessment.appeal(visitor)


def test_an_unchanged_return_takes_three_clicks_and_no_script(visit: Visit, agencies: dict[str, str]) -> None:
    visitor = visit(script=False)
    assessment.come(visitor, agencies["revenue"], persons()["arabic_name"])  # two clicks
    visitor.press("Confirm")  # the third
    assert visitor.clicks <= 3
    expect(visitor.page.locator("main")).to_contain_text("Decided and signed")
    visitor.follow(visitor.page.locator(".look-menu a[href='/my/assessment']"))
    expect(visitor.page.locator("main")).to_contain_text("You confirmed this already.")
