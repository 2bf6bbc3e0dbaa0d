# SPDX-License-Identifier: EUPL-1.2
"""Chance is the same on every machine, whatever else is drawn."""

from __future__ import annotations

from hashlib import sha256

import numpy
from hypothesis import given
from hypothesis import strategies as st

from flagstone.blocks.rules.service.engine.simulation.chance import WHOLE, Chance

STEP, MOST = 0x9E3779B97F4A7C15, 1 << 64
SEEDS = st.integers(0, 2**63)


def test_draws_are_these_for_ever() -> None:
    drawn = Chance(1, numpy.array([0, 1, 2, 10**9])).draw("age").tolist()
    assert drawn == [plain(1, household, "age") for household in (0, 1, 2, 10**9)]
    assert drawn[0] == 2_035_991_542


def plain(seed: int, household: int, label: str) -> int:
    """Draw in whole numbers of any length, without arrays."""
    start = int.from_bytes(sha256(f"{seed}/{label}".encode()).digest()[:8], "little")
    once = finish((start + household * STEP) % MOST)
    return finish((once + STEP) % MOST) >> 32


def finish(state: int) -> int:
    state = (state ^ (state >> 30)) * 0xBF58476D1CE4E5B9 % MOST
    state = (state ^ (state >> 27)) * 0x94D049BB133111EB % MOST
    return state ^ (state >> 31)


@given(SEEDS, st.integers(0, 10**9), st.integers(1, 50), st.text(max_size=20))
def test_a_household_draws_the_same_in_every_chunk(seed: int, first: int, count: int, label: str) -> None:
    whole = Chance(seed, numpy.arange(first, first + count)).draw(label)
    alone = [int(Chance(seed, numpy.array([first + at])).draw(label)[0]) for at in range(count)]
    assert whole.tolist() == alone
    assert ((whole >= 0) & (whole < WHOLE)).all()


@given(SEEDS, st.lists(st.integers(0, 10**12), min_size=2, max_size=12).map(sorted))
def test_quantiles_are_kept_to(seed: int, marks: list[int]) -> None:
    drawn = Chance(seed, numpy.arange(200)).along("amount", marks)
    assert ((drawn >= marks[0]) & (drawn <= marks[-1])).all()


def test_draws_spread_evenly() -> None:
    chance = Chance(7, numpy.arange(40_000))
    assert abs(chance.draw("x").mean() / WHOLE - 0.5) < 0.01
    assert abs(chance.happens("y", 250_000).mean() - 0.25) < 0.01
    assert set(numpy.bincount(chance.between("z", 3, 6))[3:] // 1000) <= {9, 10}
    shares = numpy.bincount(chance.among("w", [1, 0, 3])) / 40_000
    assert shares[1] == 0
    assert abs(shares[2] - 0.75) < 0.01
    halves = chance.along("q", [0, 100, 1000])
    assert abs((halves < 100).mean() - 0.5) < 0.01


def test_labels_and_seeds_are_apart() -> None:
    households = numpy.arange(1000)
    first = Chance(1, households).draw("a")
    for other in (Chance(1, households).draw("b"), Chance(2, households).draw("a")):
        assert abs(numpy.corrcoef(first, other)[0, 1]) < 0.1
