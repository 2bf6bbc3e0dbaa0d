# SPDX-License-Identifier: EUPL-1.2
"""Reports hold whatever a simulation found: numbers that are none, nothing at all, very much, evil words."""

from __future__ import annotations

import csv
import io
import math
from dataclasses import dataclass, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.blocks.rules.simulated import PLAN, findings, simulation

from flagstone.blocks.rules.contract.reform import Reform
from flagstone.blocks.rules.contract.simulation import BudgetLine, Curve, Decile, Findings, Progress
from flagstone.blocks.rules.model.report.sections import Section
from flagstone.blocks.rules.model.report.speech import NOTHING, Told
from flagstone.blocks.rules.model.report.tables import Column, Form, Table, as_csv, as_json, safe, shown
from flagstone.blocks.rules.model.report.whole import Names, Report, report

NUMBERS = st.floats(allow_nan=True, allow_infinity=True)
MAYBE = st.none() | NUMBERS
WORDS = st.text(max_size=30)
MANY = st.lists(NUMBERS, min_size=3, max_size=3).map(tuple)


@dataclass(frozen=True)
class English:
    """Speaks English."""

    code: str = "en"
    right_to_left: bool = False
    currency: str = "XAM"

    def say(self, message: str, **variables: str) -> str:
        return message % variables if variables else message

    def number(self, value: float, places: int) -> str:
        return f"{value:,.{places}f}"


def section(told: Report, name: str) -> Section:
    return next(each for each in told.sections if each.id == name)


def test_the_balance_counts_what_is_given_as_less() -> None:
    told = report(simulation(), English())
    money = section(told, "budget")
    assert money.lead == "The reform costs the state 1.38 million\u00a0XAM a year.".replace(
        "8 m", "8\u00a0m"
    ).replace("\u00a0XAM", " XAM")
    rows = shown(money.table, Told(English()))
    assert rows[0] == ["Income tax", "48,310,221", "45,105,003", "-3,205,218", "-6.6"]
    assert rows[3] == ["Housing supplement", "-1,830,112", "0", "+1,830,112", "-100.0"]
    assert rows[4][0] == "All together"
    assert money.table.strong == {4}


def test_names_of_a_language_take_the_place_of_the_law_s_own() -> None:
    told = report(
        simulation(), English(), Names({"income_tax": "Tulumaks"}, {"income_tax.basic_allowance": "Vaba"})
    )
    assert section(told, "budget").table.rows[0][0] == "Tulumaks"
    assert told.reform.rows[0][:2] == ("income_tax.basic_allowance", "Vaba")


def test_a_report_warns_of_made_up_people_and_not_of_a_survey() -> None:
    assert "made up" in report(simulation(), English()).made_up
    real = replace(PLAN, population=replace(PLAN.population, survey="households-2025"))
    told = report(simulation(plan=real), English())
    assert told.made_up == ""
    assert "The survey households-2025" in {each.value for each in told.facts}


def test_the_picture_of_gains_leaves_out_whom_nothing_changes_for() -> None:
    told = section(report(simulation(), English()), "gains")
    assert [row[0] for row in told.table.rows][4:7] == ["-50 to 0", "Unchanged", "0 to 50"]
    assert told.pictures[0].wide.count("<rect") == 2 + 2 + 10


def test_nothing_found_is_told_as_nothing() -> None:
    empty = Findings(0, 0, (), 0, 0, 0, (), 0, 0, 0, 0)
    told = report(replace(simulation(), findings=empty), English())
    assert [each.id for each in told.sections] == ["winners", "spread"]
    with pytest.raises(ValueError, match="findings"):
        report(simulation(Progress.RUNNING), English())


@st.composite
def anything(draw: st.DrawFn) -> Findings:
    """Draw findings of any numbers and words."""
    number = st.floats(allow_nan=True, allow_infinity=True)
    budget = st.builds(BudgetLine, WORDS, WORDS, st.sampled_from([1, -1]), number, number)
    decile = st.builds(Decile, st.integers(1, 10), number, number, number, number)
    curve = st.none() | st.builds(Curve, WORDS, MANY, MANY, MANY)
    return replace(
        findings(),
        winners=draw(number),
        losers=draw(number),
        unchanged=draw(number),
        gini_law=draw(number),
        poor_reform=draw(number),
        households=draw(number),
        people=draw(number),
        budget=tuple(draw(st.lists(budget, max_size=3))),
        deciles=tuple(draw(st.lists(decile, max_size=3))),
        gainers=tuple(draw(st.lists(st.tuples(MAYBE, MAYBE, number, number), max_size=3))),
        marginal=tuple(draw(st.lists(st.tuples(number, number, number, number), max_size=3))),
        curve=draw(curve),
    )


@settings(deadline=None, max_examples=20)
@given(anything())
def test_whatever_was_found_can_be_told(found: Findings) -> None:
    told = report(replace(simulation(), findings=found), English())
    for each in told.sections:
        assert len(shown(each.table, Told(English()))) == len(each.table.rows)
        for picture in each.pictures:
            assert picture.wide.startswith("<svg")
    rows = list(csv.reader(io.StringIO(as_csv(told.tables).decode("utf-8-sig"), newline="")))
    assert "nan" not in {cell.lower() for row in rows for cell in row[1:]}


@given(WORDS)
def test_no_cell_is_a_formula(words: str) -> None:
    told = safe(words)
    assert told.removeprefix("'") == words.removeprefix("'") or told == words
    assert not told.lstrip().startswith(("=", "+", "-", "@", "\t", "\r")) or not told.strip()


@pytest.mark.parametrize(
    "evil", ["=1+1", "+1", "-1+1", "@SUM(A1)", "\t=1", "\r=1", " =1", "\u00a0=1", "|cmd", "%0A"]
)
def test_a_formula_in_the_law_s_words_stays_words(evil: str) -> None:
    reform = Reform("", {evil: {"2026-01-01": evil}}, (evil,))
    line = BudgetLine(evil, evil, 1, -5.0, -7.5)
    plan = replace(PLAN, reform=reform, name=evil)
    told = report(replace(simulation(plan=plan), findings=replace(findings(), budget=(line,))), English())
    rows = list(csv.reader(io.StringIO(as_csv(told.tables).decode("utf-8-sig"), newline="")))
    words = {cell for row in rows for cell in row}
    assert f"'{evil}" in words
    assert evil not in words
    assert "-7.5" in words


def test_numbers_in_files_are_plain_and_none_is_nothing() -> None:
    columns = (
        Column("name", "Name", Form.WORDS),
        Column("value", "Value"),
        Column("share", "Share", Form.SHARE),
    )
    table = Table(
        "t", "T", columns, (("a", 1234567.5, 0.1 + 0.2), ("b", math.nan, None), ("c", -0.0, math.inf))
    )
    assert (
        as_csv([table]).decode("utf-8-sig") == "t\r\nname,value,share\r\na,1234567.5,0.3\r\nb,,\r\nc,0,\r\n"
    )
    assert as_json(table)[1] == {"name": "b", "value": None, "share": None}
    assert shown(table, Told(English())) == [
        ["a", "1,234,568", "30.0\u00a0%"],
        ["b", NOTHING, NOTHING],
        ["c", "0", NOTHING],
    ]


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (0.0, "0\u00a0XAM a year"),
        (-0.2, "0\u00a0XAM a year"),
        (1234.4, "1,234\u00a0XAM a year"),
        (-999_999.4, "-999,999\u00a0XAM a year"),
        (1_375_106, "1.38\u00a0million XAM a year"),
        (-31_234_567, "-31.2\u00a0million XAM a year"),
        (2.5e9, "2.50\u00a0billion XAM a year"),
    ],
)
def test_amounts_are_told_in_three_digits(value: float, words: str) -> None:
    assert Told(English()).amount(value) == words


def test_a_sign_stays_before_its_number_from_right_to_left() -> None:
    assert Told(English(right_to_left=True)).amount(-5) == "\u2066-5\u2069\u00a0XAM a year"
    assert "units of currency" in Told(English(currency="")).amount(5)
