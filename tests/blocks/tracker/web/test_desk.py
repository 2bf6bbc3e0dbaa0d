# SPDX-License-Identifier: EUPL-1.2
"""The agency's auditors see signals, settle them, and uncover a pseudonym with a reason."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from tests.blocks.tracker.agency import OFFICIAL_CODE, Agency, make_agency, official
from tests.blocks.tracker.pages import Site, make_site, text_of
from tests.contracts.registers import JAAN, MARI

if TYPE_CHECKING:
    from tests.conftest import OpenDatabase

    from flagstone.kernel.clock import SetClock

pytestmark = pytest.mark.parametrize("open_database", ["sqlite"], indirect=True)


@pytest.fixture
def agency(open_database: OpenDatabase, clock: SetClock) -> Agency:
    made = make_agency(open_database, clock, (MARI, JAAN))
    made.read(official("clerk"), MARI)
    clock.advance(timedelta(seconds=5))
    made.tracker.watch()
    return made


@pytest.fixture
def site(agency: Agency) -> Iterator[Site]:
    made = make_site(agency, {})
    yield made
    made.asking.close()


def test_a_signal_is_shown_and_settled(agency: Agency, site: Site) -> None:
    page = site.get("/desk/signals", "auditor")
    assert "An official read without naming a case" in text_of(page.text)
    assert OFFICIAL_CODE not in page.text
    assert "Olev" not in text_of(page.text)
    number = agency.tracker.signals(official("auditor"))[0].id
    assert site.post("/desk/signals", "auditor", signal=number, text="").status_code == 400
    assert site.post("/desk/signals", "auditor", signal=number, text="Fine.").status_code == 303
    assert "Fine." in text_of(site.get("/desk/signals", "auditor").text)
    assert site.post("/desk/signals", "auditor", signal=number, text="Again.").status_code == 404


def test_a_name_is_shown_for_a_reason_only(agency: Agency, site: Site) -> None:
    pseudonym = agency.tracker.signals(official("auditor"))[0].official
    path = "/desk/signals/officials"
    for purpose in ("", " . "):
        assert site.post(path, "auditor", official=pseudonym, purpose=purpose).status_code == 400
    unknown = site.post(path, "auditor", official="222222", purpose="a complaint")
    assert "Nobody is known here by that name" in text_of(unknown.text)
    page = site.post(path, "auditor", official=pseudonym, purpose="a complaint")
    assert "Olev Official" in text_of(page.text)
    assert OFFICIAL_CODE in page.text


def test_others_do_not_come_in(agency: Agency, site: Site) -> None:
    assert site.get("/desk/signals", "registrar").status_code == 403
    assert site.get("/desk/signals", "clerk").status_code == 403
    assert site.get("/desk/questions", "clerk").status_code == 403
    assert site.get("/desk/questions", MARI).status_code == 403
    assert site.get("/desk/questions", "registrar").status_code == 200
    assert site.post("/desk/signals/officials", "registrar", official="x", purpose="y").status_code == 403
