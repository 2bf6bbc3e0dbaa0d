# SPDX-License-Identifier: EUPL-1.2
"""The analyst's pages: plan, check, start, follow, stop, read and keep; nothing typed is lost."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from html import unescape
from typing import Any
from xml.etree import ElementTree

import pytest
from starlette.testclient import TestClient
from tests.blocks.rules.analysts import CSRF, Office
from tests.blocks.rules.simulated import simulation

from flagstone.blocks.rules.contract.roles import ANALYST
from flagstone.blocks.rules.contract.simulation import Line, Population, Progress

DESK = "/desk/simulations"
NEW = f"{DESK}/new"
ALLOWANCE = "income_tax.basic_allowance"
PLAN = {
    "name": "A higher allowance",
    "year": "2026",
    "households": "10 000",
    "seed": "7",
    "parameter": [ALLOWANCE, "income_tax.scale[1].rate"],
    "since": ["2026-01-01", "2026-07-01"],
    "value": ["9\u00a0600", "0,265"],
}


@pytest.fixture(scope="module")
def desk() -> Office:
    return Office()


@pytest.fixture
def office(desk: Office) -> Office:
    """The pages with nothing simulated yet."""
    desk.kept.held.clear()
    desk.kept.brought.clear()
    desk.book.away = False
    return desk


def post(browser: TestClient, do: str, path: str = NEW, **typed: Any) -> Any:
    return browser.post(path, data={"csrf": CSRF, "do": do, **PLAN, **typed})


def values(page: str, name: str) -> list[str]:
    """Return what the controls of a name hold."""
    found = re.findall(rf'<(?:input|button)[^>]*name="{name}"[^>]*', page)
    return [unescape(match[1]) for each in found if (match := re.search(r'value="([^"]*)"', each))]


def errors(page: str) -> dict[str, str]:
    """Return the entries of the error summary by the control that they lead to."""
    summary = page.split("govuk-error-summary__list", 1)[-1].split("</ul>", 1)[0]
    linked = {place: unescape(text) for place, text in re.findall(r'<a href="#([^"]+)">(.*?)</a>', summary)}
    bare = re.findall(r"<li>([^<]+)</li>", summary)
    return linked | ({"": unescape(bare[0])} if bare else {})


def test_a_plan_is_checked_started_and_found_in_the_list(office: Office) -> None:
    checked = post(office.browser, "check", line="salary", least="0", most="60000")
    assert checked.status_code == 200
    assert "Check the plan" in checked.text
    assert "Basic allowance of a year" in checked.text
    assert values(checked.text, "value") == PLAN["value"]
    started = post(office.browser, "start", line="salary", least="0", most="60000")
    assert (started.status_code, started.headers["location"]) == (303, f"{DESK}/S00001")
    plan = office.kept.held["S00001"].plan
    assert plan.reform.parameters == {
        ALLOWANCE: {"2026-01-01": 9600},
        "income_tax.scale[1].rate": {"2026-07-01": 0.265},
    }
    assert plan.population == Population(households=10_000, seed=7)
    assert plan.line == Line("salary", 0.0, 60_000.0)
    assert "A higher allowance" in office.browser.get(DESK).text


@pytest.mark.parametrize(
    ("typed", "place", "words"),
    [
        ({"name": ""}, "name", "Give the simulation a name"),
        ({"name": "x" * 121}, "name", "Give the simulation a name"),
        ({"year": "soon"}, "year", "Enter a year"),
        ({"year": "²⁰²⁶"}, "year", "Enter a year"),
        ({"parameter": ["", "income_tax.scale[1].rate"]}, "parameter-1", "Name the parameter"),
        ({"parameter": [ALLOWANCE, "no.such"]}, "parameter-2", "The law has no parameter of that name."),
        ({"since": ["2026-02-30", "2026-07-01"]}, "since-1", "Enter a day"),
        ({"value": ["", "0,265"]}, "value-1", "Enter the new value"),
        (
            {"parameter": [ALLOWANCE, ALLOWANCE], "since": ["2026-01-01"] * 2},
            "since-2",
            "on that day already",
        ),
        ({"parameter": ["", ""], "value": ["", ""]}, "parameter-1", "Say at least one change"),
        ({"households": "many"}, "households", "Enter how many households"),
        ({"households": "0"}, "households", "Enter how many households"),
        ({"seed": "-1"}, "seed", "Enter a whole number"),
        ({"line": "salary", "least": "x", "most": "1"}, "least", "Enter an amount"),
        ({"line": "salary", "least": "5", "most": "1"}, "most", "must be larger"),
        ({"least": "0", "most": "1"}, "line", "Name the amount"),
        ({"neutralized": "housing_supplement nothing_such"}, "neutralized", "no variable of that name"),
        ({"takes": "income_tax", "gives": "income_tax"}, "gives", "cannot be taken and given"),
    ],
)
def test_what_is_wrong_is_said_at_its_place_and_nothing_is_lost(
    office: Office, typed: dict[str, Any], place: str, words: str
) -> None:
    for do in ("check", "enter") + (
        ("start",) if "law has no" not in words and "no variable" not in words else ()
    ):
        answer = post(office.browser, do, **typed)
        assert answer.status_code == 400
        assert words in errors(answer.text)[place]
        assert f'id="{place}-error"' in answer.text
        whole = PLAN | typed
        assert values(answer.text, "parameter") == whole["parameter"]
        assert values(answer.text, "since") == whole["since"]
        assert values(answer.text, "name")[0] == whole["name"]
    assert not office.kept.held


def test_lines_are_added_and_taken_away(office: Office) -> None:
    more = post(office.browser, "row").text
    assert values(more, "parameter") == [*PLAN["parameter"], ""]
    assert values(more, "since")[-1] == "2026-01-01"
    fewer = post(office.browser, "drop:1").text
    assert values(fewer, "parameter") == ["income_tax.scale[1].rate"]
    none = office.browser.post(
        NEW, data={"csrf": CSRF, "do": "drop:1", "parameter": "x", "since": "", "value": ""}
    )
    assert values(none.text, "parameter") == [""]
    for nonsense in ("drop:", "drop:99", "drop:-1", "take:", "nothing", ""):
        assert values(post(office.browser, nonsense).text, "parameter") == PLAN["parameter"]


def test_a_parameter_is_found_by_words_of_any_language_and_taken(office: Office) -> None:
    found = post(office.browser, "find", sought="MAKSUVABA tulu").text
    assert "1 parameter fits." in found
    assert f'value="take:{ALLOWANCE}"' in found
    assert "8160 XAM/year" in found
    assert "No parameter fits" in post(office.browser, "find", sought="no such thing").text
    first = post(office.browser, "take:child_benefit.third_child", parameter=["", ""], value=["", ""]).text
    assert values(first, "parameter") == ["child_benefit.third_child", ""]
    added = post(office.browser, "take:child_benefit.third_child").text
    assert values(added, "parameter") == [*PLAN["parameter"], "child_benefit.third_child"]
    entered = post(office.browser, "enter", sought="benefit")
    assert entered.status_code == 200
    assert 'value="take:child_benefit.third_child"' in entered.text


def test_what_the_law_says_is_text_and_never_markup(office: Office) -> None:
    page = post(office.browser, "find", sought="script").text
    assert "<script>alert(1)</script>" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "not in force" in post(office.browser, "find", sought="once").text


def test_a_reform_is_read_from_a_text_or_a_file_into_lines(office: Office) -> None:
    text = "name: Lower\nparameters:\n  income_tax.scale[1].rate: {2026-01-01: 0.2, 2027-01-01: 0.25}\n"
    pasted = post(office.browser, "read", text=text, name="").text
    assert values(pasted, "parameter") == ["income_tax.scale[1].rate"] * 2
    assert values(pasted, "since") == ["2026-01-01", "2027-01-01"]
    assert values(pasted, "name")[0] == "Lower"
    fields = {"csrf": CSRF, "do": "read", "year": "2026"}
    document = json.dumps({"parameters": {ALLOWANCE: {"2026-01-01": None}}, "neutralized": ["income_tax"]})
    sent = office.browser.post(NEW, data=fields, files={"file": ("reform.json", document.encode())}).text
    assert values(sent, "parameter") == [ALLOWANCE]
    assert values(sent, "value") == ["null"]
    assert values(sent, "neutralized") == ["income_tax"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "Paste a reform"),
        ("parameters: [", "line "),
        ("a: &x [1]\nb: *x", "neither YAML nor JSON"),
        ("- 1", "no part named parameters"),
        ("parameters: 5", "/parameters"),
        ("unknown: {}", "/unknown"),
    ],
)
def test_a_text_that_is_no_reform_is_refused_and_kept(office: Office, text: str, words: str) -> None:
    answer = post(office.browser, "read", text=text)
    assert answer.status_code == 400
    assert words in errors(answer.text)["text"]
    assert values(answer.text, "parameter") == PLAN["parameter"]
    assert (
        unescape(answer.text.split("<textarea", 1)[1].split(">", 1)[1].split("</textarea>")[0]).strip()
        == text
    )


def test_more_changes_than_fit_are_not_cut_in_silence(office: Office) -> None:
    many = {f"income_tax.p{number}": {"2026-01-01": 1} for number in range(61)}
    answer = post(office.browser, "read", text=json.dumps({"parameters": many}))
    assert "more changes than fit here" in errors(answer.text)["text"]


def test_a_law_that_cannot_be_read_hinders_no_plan(office: Office) -> None:
    office.book.away = True
    page = office.browser.get(NEW)
    assert page.status_code == 200
    assert "The law cannot be read just now" in page.text
    assert post(office.browser, "check").status_code == 200
    assert post(office.browser, "start").status_code == 303
    office.kept.work()
    assert office.browser.get(f"{DESK}/S00001").status_code == 200


@pytest.mark.parametrize(
    ("progress", "button", "again"),
    [
        (Progress.WAITING, "cancel", True),
        (Progress.RUNNING, "cancel", True),
        (Progress.CANCELLED, "resume", False),
        (Progress.FAILED, "resume", False),
    ],
)
def test_a_page_tells_how_far_a_simulation_is(
    office: Office, progress: Progress, button: str, again: bool
) -> None:
    office.kept.held["S1"] = replace(simulation(progress), number="S1", fault="rules.budget-spent <b>")
    page = office.browser.get(f"{DESK}/S1").text
    assert f'action="{DESK}/S1/{button}"' in page
    assert ('http-equiv="refresh"' in page) is again
    assert ("data-look-again" in page) is again
    assert 'http-equiv="refresh"' not in office.browser.get(f"{DESK}/S1?still=yes").text
    assert "rules.budget-spent &lt;b&gt;" in page
    assert 'max="5"' in page


def test_a_simulation_is_stopped_and_goes_on(office: Office) -> None:
    office.kept.held["S1"] = replace(simulation(Progress.RUNNING), number="S1")
    for verb, then in (("cancel", Progress.CANCELLED), ("resume", Progress.WAITING)):
        answer = office.browser.post(f"{DESK}/S1/{verb}", data={"csrf": CSRF})
        assert (answer.status_code, answer.headers["location"]) == (303, f"{DESK}/S1")
        assert office.kept.held["S1"].progress is then
    office.kept.work()
    late = office.browser.post(f"{DESK}/S1/cancel", data={"csrf": CSRF})
    assert late.status_code == 409
    assert "cannot be done with the simulation now" in late.text


@pytest.mark.parametrize("language", ["en", "et", "ar"])
def test_findings_are_shown_with_pictures_that_have_names_and_tables(office: Office, language: str) -> None:
    office.kept.held["S1"] = replace(simulation(), number="S1")
    page = office.signed_in(ANALYST, language).get(f"{DESK}/S1").text
    pictures = re.findall(r"<svg.*?</svg>", page, re.DOTALL)
    assert len(pictures) == 16
    names = [ElementTree.fromstring(each)[0].attrib["id"] for each in pictures]
    assert len(set(names)) == 16
    assert page.count("<table") == 8
    assert " style=" not in page.split("<main", 1)[1]
    assert "nan" not in "".join(pictures).casefold().replace("financ", "")
    ids = re.findall(r'\bid="([^"]+)"', page)
    assert len(ids) == len(set(ids))


def test_a_page_names_things_as_the_law_does_in_its_language(office: Office) -> None:
    office.kept.held["S1"] = replace(simulation(), number="S1")
    assert "Tulumaks" in office.signed_in(ANALYST, "et").get(f"{DESK}/S1").text
    assert "ضريبة الدخل" in office.signed_in(ANALYST, "ar").get(f"{DESK}/S1").text


def test_files_are_sent_to_be_kept(office: Office) -> None:
    office.kept.held["S1"] = replace(simulation(), number="S1")
    for name, kind in (
        ("report.html", "text/html"),
        ("report.csv", "text/csv"),
        ("report.json", "application/json"),
        ("reform.yaml", "application/yaml"),
    ):
        answer = office.browser.get(f"{DESK}/S1/{name}")
        stem, _, ending = name.partition(".")
        assert answer.headers["content-disposition"] == f'attachment; filename="{stem}-S1.{ending}"'
        assert answer.headers["content-type"].startswith(kind)
        assert answer.headers["cache-control"] == "no-store"
    office.kept.held["S1"] = replace(simulation(Progress.RUNNING), number="S1")
    assert office.browser.get(f"{DESK}/S1/report.csv").status_code == 404
    assert office.browser.get(f"{DESK}/S1/reform.yaml").status_code == 200


def test_a_plan_is_taken_again_to_be_changed(office: Office) -> None:
    office.kept.held["S1"] = replace(simulation(), number="S1")
    page = office.browser.get(f"{NEW}?again=S1").text
    assert values(page, "parameter") == [ALLOWANCE, *["income_tax.scale[1].rate"] * 2]
    assert values(page, "value") == ["9600", "0.265", "0.28"]
    assert values(page, "neutralized") == ["housing_supplement"]
    assert values(page, "most") == ["60000"]
    assert office.browser.get(f"{NEW}?again=S2").status_code == 404


def test_a_survey_is_brought_or_refused_line_by_line(office: Office) -> None:
    empty = office.browser.post(f"{DESK}/surveys", data={"csrf": CSRF})
    assert set(errors(empty.text)) == {"name", "file"}
    bad = {"data": {"csrf": CSRF, "name": "made"}, "files": {"file": ("a.csv", b"bad")}}
    refused = office.browser.post(f"{DESK}/surveys", **bad)  # type: ignore[arg-type]
    assert refused.status_code == 400
    cells = re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", refused.text.split("<tbody", 1)[1].split("</tbody>")[0])
    assert [re.sub("<[^>]+>", "", each) for each in cells[:3]] == ["3", "salary", "This is no number."]
    assert "&lt;b&gt;bold&lt;/b&gt;" in refused.text
    good = {"data": {"csrf": CSRF, "name": "made"}, "files": {"file": ("a.csv", b"household\n1\n")}}
    brought = office.browser.post(f"{DESK}/surveys", **good)  # type: ignore[arg-type]
    assert brought.headers["location"] == f"{DESK}/surveys?brought=made"
    assert "can be simulated now" in office.browser.get(brought.headers["location"]).text
    assert post(office.browser, "start", survey="made", households="").status_code == 303
    assert office.kept.held["S00001"].plan.population == Population("made")


@pytest.mark.parametrize("role", ["clerk", "rules-officer"])
def test_only_analysts_come_in(office: Office, role: str) -> None:
    browser = office.signed_in(role)
    for path in (DESK, NEW, f"{DESK}/surveys", f"{DESK}/S1", f"{DESK}/S1/report.csv"):
        assert browser.get(path).status_code == 403
    for path in (NEW, f"{DESK}/surveys", f"{DESK}/S1/cancel", f"{DESK}/S1/resume"):
        assert browser.post(path, data={"csrf": CSRF}).status_code == 403
    assert office.browser.post(NEW, data={"csrf": "forged"}).status_code == 403
