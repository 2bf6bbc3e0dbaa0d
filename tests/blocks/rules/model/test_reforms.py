# SPDX-License-Identifier: EUPL-1.2
"""A reform is understood, or each place that is none is named, before any law is asked."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flagstone.blocks.rules.contract.calculation import JsonValue
from flagstone.blocks.rules.contract.reform import Reform
from flagstone.blocks.rules.model.reforms import (
    DATES_MAX,
    NEUTRALIZED_MAX,
    PACKAGES_MAX,
    PARAMETERS_MAX,
    changes_of,
    shape_flaws,
)

SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
PLACES = st.text() | st.sampled_from(["a.b", "a[0].rate", "a[1].x", "a[", "a..b", "", "a[0]", "a[-1].rate"])
DAYS = st.text() | st.sampled_from(["2026-01-01", "2026-01-01:2026-12-31", "2026-02-30", ":", "2026-01-01:"])


def places(reform: Reform) -> list[str]:
    return [flaw.pointer for flaw in shape_flaws(reform)]


def test_changes_are_told_in_the_order_of_their_days() -> None:
    dated = {"2027-06-01:2027-08-31": 3, "2027-01-01": 2, "2026-01-01": 1}
    reform = Reform(parameters={"tax.rate": dated, "tax.scale[12].threshold": {"2026-01-01": 4}})
    assert not list(shape_flaws(reform))
    changes = changes_of(reform)
    assert [each.value for each in changes] == [1, 2, 3, 4]
    assert (changes[2].start, changes[2].stop) == (date(2027, 6, 1), date(2027, 8, 31))
    assert (changes[1].stop, changes[1].scale) == (None, "")
    assert (changes[3].scale, changes[3].number, changes[3].part) == ("tax.scale", 12, "threshold")
    assert changes[2].place == "/parameters/tax.rate/2027-06-01:2027-08-31"


@pytest.mark.parametrize(
    "when",
    [
        "",
        "2027",
        "2027-01",
        "20270101",
        "2027-02-29",
        "2027-01-01T00:00:00",
        "0000-01-01",
        "2027-01-01:",
        ":2027-01-01",
        "2027-02-01:2027-01-31",
        "2027-01-01:2027-02-01:2027-03-01",
        " 2027-01-01",
        "\uff12027-01-01",
    ],
)
def test_what_is_no_day_is_named(when: str) -> None:
    assert places(Reform(parameters={"a": {when: 1}})) == [f"/parameters/a/{when}"]
    assert not changes_of(Reform(parameters={"a": {when: 1}}))


@pytest.mark.parametrize(
    "path",
    ["", ".", "a.", "a..b", "a[0]", "a[x].rate", "a[0].colour", "a]0[.rate", "a[1234].rate", "x" * 301],
)
def test_what_is_no_path_is_named(path: str) -> None:
    assert places(Reform(parameters={path: {"2026-01-01": 1}})) == [f"/parameters/{path[:300]}"]


@pytest.mark.parametrize(
    "dated", [None, 1, "2026-01-01", [], {}, {f"{at:04}-01-01": 1 for at in range(1, 102)}]
)
def test_values_without_days_are_named(dated: JsonValue) -> None:
    assert places(Reform(parameters={"a": dated})) == ["/parameters/a"]  # type: ignore[dict-item]
    assert DATES_MAX == 100


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 1e16, pytest.param(-(10**400), id="huge")])
def test_numbers_beyond_all_money_are_named(value: float) -> None:
    assert places(Reform(parameters={"a/b": {"2026-01-01": value}})) == ["/parameters/a~1b/2026-01-01"]


def test_two_values_from_one_day_contradict_each_other() -> None:
    reform = Reform(parameters={"a": {"2026-01-01": 1, "2026-01-01:2026-02-01": 2}})
    (flaw,) = shape_flaws(reform)
    assert flaw.pointer == "/parameters/a/2026-01-01:2026-02-01"
    assert "2026-01-01" in flaw.message


def test_there_may_not_be_too_many() -> None:
    many = Reform(
        parameters={f"a{at}": {"2026-01-01": 1} for at in range(PARAMETERS_MAX + 1)},
        neutralized=("a",) * (NEUTRALIZED_MAX + 1),
        packages=("a.b",) * (PACKAGES_MAX + 1),
    )
    assert places(many) == ["/parameters", "/neutralized", "/packages"]


@given(st.dictionaries(PLACES, st.dictionaries(DAYS, SCALARS) | SCALARS))
def test_any_reform_is_understood_or_told_why_not(parameters: dict[str, Any]) -> None:
    reform = Reform(parameters=parameters)
    whole = sum(map(len, (each for each in parameters.values() if isinstance(each, dict))))
    if not list(shape_flaws(reform)):
        assert len(changes_of(reform)) == whole
    assert len(changes_of(reform)) <= whole
