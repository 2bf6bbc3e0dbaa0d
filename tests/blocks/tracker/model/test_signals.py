# SPDX-License-Identifier: EUPL-1.2
"""Signals follow from tallies and thresholds alone, in any order of the tallies."""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import replace
from datetime import date, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from flagstone.blocks.tracker.contract import SignalKind
from flagstone.blocks.tracker.model.signals import Pattern, Tally, Thresholds, patterns

TODAY = date(2026, 11, 22)
TERMS = Thresholds(rate_min=20, rate_factor=5, usual_days=14, same_person_min=4, same_person_days=7)


def tally(
    reads: int = 1, *, back: int = 0, official: str = "A", person: str = "p", without: int = 0
) -> Tally:
    return Tally(official, "org", TODAY - timedelta(days=back), person, "people", reads, without)


def found(*tallies: Tally, terms: Thresholds = TERMS) -> list[SignalKind]:
    return [one.kind for one in patterns(tallies, frozenset({TODAY}), terms)]


def test_a_read_without_a_case_raises_one_signal_a_register_and_day() -> None:
    seen = patterns([tally(2, without=2), tally(person="q", without=1)], frozenset({TODAY}), TERMS)
    assert [(one.kind, one.register, one.count) for one in seen] == [(SignalKind.NO_CASE, "people", 3)]
    assert found(tally(2)) == []
    free = replace(TERMS, case_free=frozenset({"people"}))
    assert found(tally(2, without=2), terms=free) == []


def test_a_rate_is_sudden_beside_the_officials_own_usual_one() -> None:
    usual = [tally(10, back=back, person=f"x{back}") for back in range(1, 8)]
    assert found(*usual, *[tally(1, person=f"p{n}") for n in range(50)]) == []
    assert found(*usual, *[tally(1, person=f"p{n}") for n in range(51)]) == [SignalKind.SUDDEN_RATE]
    assert found(*[tally(1, person=f"p{n}") for n in range(20)]) == []
    assert found(*[tally(1, person=f"p{n}") for n in range(21)]) == [SignalKind.SUDDEN_RATE]


def test_one_busy_day_does_not_make_the_next_one_usual() -> None:
    before = [tally(10, back=back, person=f"x{back}") for back in range(2, 8)]
    busy = tally(500, back=1, person="y")
    flood = [tally(1, person=f"p{n}") for n in range(60)]
    assert SignalKind.SUDDEN_RATE in found(*before, busy, *flood)


def test_the_same_person_often_within_a_week() -> None:
    assert found(tally(3)) == []
    assert found(tally(2), tally(2, back=6)) == [SignalKind.SAME_PERSON_OFTEN]
    assert found(tally(2), tally(2, back=7)) == []
    assert found(tally(4, back=1)) == []  # not read today


def test_different_officials_are_not_added_up() -> None:
    assert found(tally(3), tally(3, official="B")) == []
    assert found(tally(9, official="")) == []


TALLIES = st.lists(
    st.builds(
        tally,
        st.integers(1, 40),
        back=st.integers(0, 20),
        official=st.sampled_from("ABC"),
        person=st.sampled_from("pqrs"),
        without=st.integers(0, 2),
    ),
    max_size=30,
)


@settings(deadline=None)
@given(TALLIES, st.randoms(use_true_random=False))
def test_the_order_of_tallies_does_not_matter(tallies: list[Tally], chance: random.Random) -> None:
    mixed = list(tallies)
    chance.shuffle(mixed)
    assert patterns(mixed, frozenset({TODAY}), TERMS) == patterns(tallies, frozenset({TODAY}), TERMS)


@settings(deadline=None)
@given(TALLIES, st.integers(1, 50))
def test_more_reading_today_takes_no_signal_away(tallies: list[Tally], more: int) -> None:
    before = marks(patterns(tallies, frozenset({TODAY}), TERMS))
    after = marks(patterns([*tallies, tally(more)], frozenset({TODAY}), TERMS))
    assert before <= after


@settings(deadline=None)
@given(TALLIES)
def test_marks_are_unique_and_counts_positive(tallies: list[Tally]) -> None:
    seen = patterns(tallies, frozenset({TODAY, TODAY - timedelta(days=1)}), TERMS)
    assert len(marks(seen)) == len(seen)
    assert all(one.count > 0 and one.official for one in seen)


def marks(seen: Iterable[Pattern]) -> set[str]:
    return {one.mark for one in seen}
