# SPDX-License-Identifier: EUPL-1.2
"""A person's page: every agency in time, whoever is silent named, and plain words for what happened."""

from __future__ import annotations

import csv
import io
import json
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from time import monotonic
from typing import TYPE_CHECKING, Any

import pytest
from tests.blocks.tracker.agency import Agency, make_agency, official, person, system
from tests.blocks.tracker.pages import SECONDS_MAX, FakeTracker, Site, mad, make_site, text_of, unreachable
from tests.contracts.registers import JAAN, MARI

from flagstone.blocks.tracker.contract import Period, Tracker, Usage
from flagstone.kernel.ids import PersonCode

if TYPE_CHECKING:
    from tests.conftest import OpenDatabase

    from flagstone.kernel.clock import SetClock

pytestmark = pytest.mark.parametrize("open_database", ["sqlite"], indirect=True)
MakeSite = Callable[..., Site]


@pytest.fixture
def agency(open_database: OpenDatabase, clock: SetClock) -> Agency:
    return make_agency(open_database, clock, (MARI, JAAN))


@pytest.fixture
def made(agency: Agency) -> Iterator[MakeSite]:
    sites = []

    def make(**others: Tracker) -> Site:
        sites.append(make_site(agency, others))
        return sites[-1]

    yield make
    for site in sites:
        site.asking.close()


def foreign(agency: Agency, number: int = 0, **changes: Any) -> Usage:
    """Return a usage with the published properties alone."""
    said: dict[str, Any] = {
        "action": "Query of a name",
        "receiver_code": "70",
        "receiver_system": "health",
        **changes,
    }
    return Usage(agency.clock.now() - timedelta(minutes=number), **said)


def test_says_in_plain_words_who_did_what_and_why(agency: Agency, made: MakeSite) -> None:
    agency.read(system(), MARI, "Assessing a return", legal_basis="Tax Act § 5", case="T-7")
    page = made().get("/me/usage", MARI)
    assert page.status_code == 200
    text = text_of(page.text)
    assert "Tax and Customs Board looked up in People: Personal code, Given name." in text
    assert "Why: Assessing a return" in text
    assert "Law: Tax Act § 5" in text
    assert "T-7" in text
    assert "told by Ministry of the Interior" in text
    assert MARI not in page.text.replace(f"__Host-session={MARI}", "")
    assert "1 use of your data" in text


def test_nobody_else_comes_in(agency: Agency, made: MakeSite) -> None:
    site = made()
    assert site.browser.get("/me/usage").status_code == 303
    assert site.browser.get("/me/usage/download").status_code == 303
    agency.read(system(), MARI, "Assessing a return")
    assert "Assessing" not in site.get("/me/usage", JAAN).text


def test_an_agency_that_is_down_slow_or_mad_is_named_in_time(agency: Agency, made: MakeSite) -> None:
    agency.read(system(), MARI, "Assessing a return")
    release = threading.Event()
    site = made(
        slow=FakeTracker(trouble=release),
        down=FakeTracker(trouble=unreachable()),
        mad=mad(b'{"totalUsages": "many"}'),
        html=mad(b"<html>"),
        refusing=mad(b"{}", 403),
        failing=mad(b"oops", 500),
        well=FakeTracker((foreign(agency),)),
    )
    begun = monotonic()
    page = site.get("/me/usage", MARI)
    took = monotonic() - begun
    release.set()
    text = text_of(page.text)
    assert took < SECONDS_MAX + 2
    for name in ("slow", "down", "failing"):
        assert f"Agency {name} did not answer in time." in text
    for name in ("mad", "html"):
        assert f"Agency {name} gave an answer that cannot be used." in text
    assert "Agency refusing refused to answer." in text
    assert "Agency well" in text
    assert "Agency well did not" not in text
    assert "2 uses of your data" in text


def test_another_providers_usages_are_shown_as_it_says(agency: Agency, made: MakeSite) -> None:
    well = FakeTracker((foreign(agency, action="Query <b>of</b> a name", receiver_name="Health Board"),))
    page = made(well=well).get("/me/usage", MARI)
    assert "Query &lt;b&gt;of&lt;/b&gt; a name" in page.text
    assert "Health Board: Query" in text_of(page.text)
    assert "/me/usage/ask?" not in page.text


def test_floods_are_folded_and_can_be_opened(agency: Agency, made: MakeSite) -> None:
    for _ in range(40):
        agency.read(system(), MARI, "Assessing returns")
        agency.clock.advance(timedelta(seconds=1))
    agency.read(official("clerk"), MARI, "Curiosity")
    text = text_of(made().get("/me/usage", MARI).text)
    assert "40 times on this day" in text
    assert "41 uses of your data" in text
    assert "Curiosity" in text
    assert "Next page" not in text


def test_groups_filters_and_pages(agency: Agency, made: MakeSite) -> None:
    for number in range(60):
        agency.read(official("clerk"), MARI, f"Purpose {number}", case=f"C-{number % 2}")
        agency.clock.advance(timedelta(seconds=1))
    agency.read(person(MARI), MARI)
    agency.clock.advance(timedelta(seconds=1))
    agency.tracker.record([agency.use(MARI, receiver_code="XA/GOV/10000009")])
    site = made()
    by_case = text_of(site.get("/me/usage", MARI, by="case").text)
    assert "Case case-1" in by_case
    assert "Case C-1" in by_case
    last = text_of(site.get("/me/usage", MARI, by="case", page="99").text)
    assert "Without a case" in last
    assert "You yourself" in last
    register = text_of(site.get("/me/usage", MARI, by="register", register="payments").text)
    assert "1 use of your data" in register
    assert "61 uses" in text_of(site.get("/me/usage", MARI, others="1").text)
    assert "1 use of" in text_of(site.get("/me/usage", MARI, agency="10000009").text)
    assert "Nothing is like what you chose" in text_of(site.get("/me/usage", MARI, agency="1").text)
    assert "page=2" in site.get("/me/usage", MARI).text
    for wrong in ({"by": "name"}, {"register": "<x>"}, {"page": "0"}, {"period": "ever"}):
        assert site.get("/me/usage", MARI, **wrong).status_code == 400


def test_a_period_is_as_long_as_chosen(agency: Agency, made: MakeSite) -> None:
    agency.read(system(), MARI, "Long ago")
    agency.clock.advance(timedelta(days=20))
    site = made()
    assert "Long ago" not in site.get("/me/usage", MARI, period="week").text
    assert "Long ago" in site.get("/me/usage", MARI).text


def test_hidden_ones_are_counted_and_refused_askings_told(agency: Agency, made: MakeSite) -> None:
    until = agency.clock.now() + timedelta(days=1)
    agency.read(system(), MARI, "Investigating", hidden_until=until)
    with pytest.raises(Exception, match="nothing here"):
        agency.tracker.find_usage(person(JAAN), PersonCode(MARI), Period())
    page = made().get("/me/usage", MARI)
    text = text_of(page.text)
    assert "There is 1 more use that may not be described yet." in text
    assert "Investigating" not in page.text
    assert "somebody asked who used your data, and was refused" in text
    assert JAAN not in page.text


def test_more_than_an_agency_tells_at_once_is_said(agency: Agency, made: MakeSite) -> None:
    many = FakeTracker(tuple(foreign(agency, number, purpose=f"p{number}") for number in range(1_200)))
    site = made(many=many)
    assert "Agency many knows more than is shown here." in text_of(site.get("/me/usage", MARI).text)
    whole = site.get("/me/usage/download", MARI)
    assert len(json.loads(whole.content)["usages"]) == 1_200


def test_downloads_are_whole_with_totals_and_who_is_missing(agency: Agency, made: MakeSite) -> None:
    agency.read(system(), MARI, "=cmd|' /C calc'!A0")
    site = made(mad=mad(b"[]"), down=FakeTracker(trouble=unreachable()))
    answer = site.get("/me/usage/download", MARI, form="json")
    assert answer.headers["content-disposition"] == 'attachment; filename="usage-2026-11-22.json"'
    said = answer.json()
    assert said["complete"] is False
    assert [(one["code"], one["outcome"], one["total"]) for one in said["agencies"]] == [
        ("interior", "answered", 1),
        ("mad", "broken", None),
        ("down", "silent", None),
    ]
    assert said["usages"][0]["receiverCode"] == "10000009"
    table = site.get("/me/usage/download", MARI, form="csv")
    rows = list(csv.DictReader(io.StringIO(table.content.decode("utf-8-sig"))))
    assert [row["row"] for row in rows] == [
        "usage",
        "total",
        "hidden",
        "no answer (broken)",
        "no answer (silent)",
    ]
    assert rows[0]["purpose"].startswith("'=cmd")


def test_asks_why_and_sees_the_answer(agency: Agency, made: MakeSite) -> None:
    agency.read(official("clerk"), MARI, "Curiosity")
    site = made(down=FakeTracker(trouble=unreachable()))
    usage = agency.tracker.find_usage(person(MARI), PersonCode(MARI), Period()).usages[0]
    form = site.get("/me/usage/ask", MARI, agency="interior", usage=usage.id)
    assert "Curiosity" in form.text
    empty = site.post("/me/usage/ask", MARI, agency="interior", usage=usage.id, text=" ")
    assert empty.status_code == 400
    assert "Write between 1 and 2000 characters." in text_of(empty.text)
    sent = site.post("/me/usage/ask", MARI, agency="interior", usage=usage.id, text="Why <me>?")
    assert sent.status_code == 303
    page = site.get(sent.headers["location"], MARI)
    assert "Why &lt;me&gt;?" in page.text
    assert "There is no answer yet." in text_of(page.text)
    assert "Agency down did not answer in time." in text_of(page.text)
    desk = site.get("/desk/questions", "registrar")
    assert "Why &lt;me&gt;?" in desk.text
    assert MARI not in desk.text
    question = agency.tracker.questions(official("registrar"))[0].id
    assert site.post("/desk/questions", "registrar", question=question, text="").status_code == 400
    answered = site.post("/desk/questions", "registrar", question=question, text="By mistake.")
    assert answered.status_code == 303
    assert "By mistake." in text_of(site.get("/me/usage/questions", MARI).text)
    assert site.post("/desk/questions", "registrar", question=question, text="Again.").status_code == 404


def test_no_form_leads_to_anothers_usage(agency: Agency, made: MakeSite) -> None:
    agency.read(system(), MARI)
    usage = agency.tracker.find_usage(person(MARI), PersonCode(MARI), Period()).usages[0].id
    site = made()
    for wrong in (
        {"agency": "interior", "usage": usage},
        {"agency": "nowhere", "usage": usage},
        {"agency": "interior", "usage": "x"},
    ):
        assert site.get("/me/usage/ask", JAAN, **wrong).status_code == 404
        assert site.post("/me/usage/ask", JAAN, text="Why?", **wrong).status_code == 404
    assert site.get("/me/usage/questions", JAAN).status_code == 200


@pytest.mark.parametrize("language", ["et", "ar"])
def test_speaks_every_language(agency: Agency, made: MakeSite, language: str) -> None:
    agency.read(system(), MARI, "Assessing a return")
    site = made(down=FakeTracker(trouble=unreachable()))
    headers = {"cookie": f"__Host-session={MARI}", "accept-language": language}
    for path in ("/me/usage", "/me/usage?by=case", "/me/usage/questions"):
        page = site.browser.get(path, headers=headers)
        assert page.headers["content-language"] == language
        text = text_of(page.text)
        for english in ("Who looked", "did not answer", "Show", "Grouping", "yourself", "By case"):
            assert english not in text
