# SPDX-License-Identifier: EUPL-1.2
"""A citizen's story: a life event, her facts with their sources, who looked at them, the end of it all."""

from __future__ import annotations

import pytest

from tests.browser import citizen
from tests.browser.conftest import Visit
from tests.browser.country import persons
from tests.browser.words import LANGUAGES

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_mother_sees_her_facts_and_who_looked_and_ends_her_sessions(visit: Visit, language: str) -> None:
    citizen.story(visit(language), persons()["mother_of_three"])


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_pages_that_nobody_signs_in_for(visit: Visit, language: str) -> None:
    visitor = visit(language)
    citizen.begin(visitor)
    visitor.follow(visitor.page.locator("footer a[href='/accessibility']"))
    visitor.open("/no-such-page", status=404)
    citizen.sign_in(visitor, persons()["one_name"])
    citizen.sign_out(visitor)
