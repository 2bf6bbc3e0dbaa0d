# SPDX-License-Identifier: EUPL-1.2
"""Both stories in a browser that runs no scripts."""

from __future__ import annotations

import pytest

from tests.browser import citizen, official
from tests.browser.conftest import Visit
from tests.browser.country import persons

pytestmark = pytest.mark.browser


def test_a_citizen_needs_no_script(visit: Visit) -> None:
    citizen.story(visit(script=False), persons()["company_director"])


def test_an_official_needs_no_script(visit: Visit) -> None:
    visitor = visit(script=False)
    citizen.begin(visitor)
    official.enter(visitor)
    official.search(visitor, persons()["protected_address"])
    official.expect_record(visitor)
    official.correct(visitor, "plain@post.example")
    official.meet_conflict(visitor, "theirs@post.example", "mine@post.example")
    official.import_rows(visitor, 200)
    official.export(visitor)
