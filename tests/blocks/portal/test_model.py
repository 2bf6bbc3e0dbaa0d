# SPDX-License-Identifier: EUPL-1.2
"""The rules: limits of a session, the order of registers, and what a record is called."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.blocks.portal.site import INDIVIDUALS, MARIS, PERMITS, PERSON_FIELDS, made_field, record

from flagstone.blocks.portal.model import Limits, by_register, heading, is_sound
from flagstone.blocks.registry.contract.register import FieldType

NOW = datetime(2026, 11, 22, 8, tzinfo=UTC)
SECONDS = st.integers(0, 100_000)


@given(SECONDS, SECONDS)
def test_a_session_is_over_exactly_at_either_limit(idle: int, left: int) -> None:
    limits = Limits(timedelta(minutes=30), timedelta(hours=12))
    over = limits.is_over(NOW, seen_at=NOW - timedelta(seconds=idle), ends_at=NOW + timedelta(seconds=left))
    assert over == (idle >= 1_800 or left == 0)


@pytest.mark.parametrize(("idle", "absolute"), [(0, 1), (-1, 1), (2, 1)])
def test_limits_that_make_no_sense_are_refused(idle: int, absolute: int) -> None:
    with pytest.raises(ValueError, match="limit"):
        Limits(timedelta(minutes=idle), timedelta(minutes=absolute))


def test_the_persons_own_register_comes_first() -> None:
    known = {each.code: each for each in (PERMITS, INDIVIDUALS)}
    found = by_register([*MARIS, record("unknown", "U-1")], known)
    assert [definition.code for definition, _ in found] == ["individuals", "driving"]


def test_a_record_is_called_by_its_display_fields_or_its_id() -> None:
    assert heading(MARIS[1], INDIVIDUALS) == "Mari <Maasikas>"
    assert heading(MARIS[0], PERMITS) == "D-1"
    assert heading(record("individuals", "P-2", given_name=None), INDIVIDUALS) == "P-2"


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@pytest.mark.parametrize("data", [dict(one.data) for one in MARIS])
def test_what_a_register_says_is_sound(data: dict[str, object]) -> None:
    fields = PERSON_FIELDS if "given_name" in data else PERMITS.fields
    assert is_sound(data, fields)
    assert is_sound({}, fields)


@pytest.mark.parametrize(
    ("code", "value"),
    [
        ("birth_date", "yesterday"),
        ("birth_date", 7),
        ("citizen", "yes"),
        ("citizen", 1),
        ("languages", "Estonian"),
        ("languages", [7]),
        ("home", ["Long street"]),
        ("home", {"street": 1}),
        ("given_name", 1.5),
    ],
)
def test_a_value_of_another_type_is_not(code: str, value: object) -> None:
    assert not is_sound({code: value}, PERSON_FIELDS)


@pytest.mark.parametrize("value", ["NaN", "Infinity", "much", 1.5])
def test_a_decimal_is_a_finite_number_as_text(value: object) -> None:
    assert is_sound({"share": "12.50"}, (made_field("share", FieldType.DECIMAL),))
    assert not is_sound({"share": value}, (made_field("share", FieldType.DECIMAL),))


@given(st.sampled_from([field.code for field in PERSON_FIELDS]), VALUES)
def test_anything_is_sound_or_not(code: str, value: object) -> None:
    assert is_sound({code: value}, PERSON_FIELDS) in {True, False}
