# SPDX-License-Identifier: EUPL-1.2
"""Every statistic is computed a second time, plainly, household by household, in fractions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from math import isnan, nan

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flagstone.blocks.rules.contract.simulation import Findings, Scale
from flagstone.blocks.rules.service.engine.simulation.statistics import Told, findings

TOLD = Told({"tax": 1, "benefit": -1}, {"tax": "The tax", "benefit": "The benefit"}, Scale.OECD)
CENTS = st.integers(-2_000_000, 20_000_000).map(lambda cents: cents / 100)
Household = tuple[float, int, float, float, float, float, float, float, float]

HOUSEHOLD = st.tuples(
    st.integers(1, 4000).map(lambda quarter: quarter / 4),  # weight
    st.integers(1, 9),  # people
    st.sampled_from([1.0, 1.3, 1.5, 1.8, 2.1]),  # units
    CENTS,  # income under the law
    st.one_of(st.just(0.0), st.integers(-300_000, 300_000).map(lambda cents: cents / 100)),  # gain
    CENTS,  # tax
    CENTS,  # tax under the reform
    st.one_of(st.just(nan), st.integers(-50, 150).map(lambda rate: rate / 100)),  # marginal
    st.one_of(st.just(nan), st.integers(-50, 150).map(lambda rate: rate / 100)),
)


def columns(some: Sequence[Household]) -> tuple[dict[str, numpy.ndarray], dict[str, numpy.ndarray]]:
    weight, people, units, income, gain, tax, tax_after, rate, rate_after = (
        numpy.array(each, dtype=float) for each in zip(*some, strict=True)
    )
    both = {"weight": weight, "people": people, "units": units, "budget.benefit": numpy.ones(len(some))}
    law = {**both, "income": income, "budget.tax": tax, "marginal": rate}
    reform = {**both, "income": income + gain, "budget.tax": tax_after, "marginal": rate_after}
    return law, reform


class Plain:
    """The statistics of one run in fractions, by the definitions and nothing else."""

    def __init__(self, values: Sequence[float], people: Sequence[Fraction]) -> None:
        order = sorted(range(len(values)), key=lambda at: (values[at], at))
        self.rows = [(Fraction(values[at]), people[at], at) for at in order]
        self.whole = sum(people)

    def median(self) -> Fraction:
        upto = Fraction(0)
        for value, people, _ in self.rows:
            upto += people
            if upto * 2 >= self.whole:
                return value
        raise AssertionError

    def poor(self) -> float:
        line = 0.6 * float(self.median())
        return float(sum(people for value, people, _ in self.rows if float(value) < line) / self.whole)

    def gini(self) -> float:
        """Half the mean absolute difference of two people drawn by chance, over the mean."""
        kept = [(max(value, Fraction(0)), people) for value, people, _ in self.rows]
        total = sum(value * people for value, people in kept)
        if not total:
            return 0.0
        apart = sum(abs(a - b) * p * q for a, p in kept for b, q in kept)
        return float(apart / (2 * self.whole * total))

    def tenths(self) -> dict[int, int]:
        found, upto = {}, Fraction(0)
        for _, people, at in self.rows:
            upto += people
            found[at] = min(int((upto - people / 2) * 10 / self.whole), 9) + 1
        return found


@given(st.lists(HOUSEHOLD, min_size=1, max_size=25))
def test_each_statistic_is_what_it_says(some: list[Household]) -> None:
    law, reform = columns(some)
    found = findings(law, reform, TOLD)
    weight = [Fraction(each[0]) for each in some]
    people = [Fraction(each[0]) * each[1] for each in some]
    gain = [after - before for before, after in zip(law["income"], reform["income"], strict=True)]
    assert found.households == float(sum(weight))
    assert found.people == float(sum(people))
    check_budget(found, some, weight)
    check_winners(found, gain, weight)
    before = Plain((law["income"] / law["units"]).tolist(), people)
    after = Plain((reform["income"] / law["units"]).tolist(), people)
    for shown, plain in (
        (found.median_law, before.median()),
        (found.median_reform, after.median()),
        (found.poor_law, before.poor()),
        (found.poor_reform, after.poor()),
        (found.gini_law, before.gini()),
        (found.gini_reform, after.gini()),
    ):
        assert shown == pytest.approx(float(plain), rel=1e-9, abs=1e-9)
    check_deciles(found, before, after, (weight, people, gain))
    check_marginal(found, law["marginal"].tolist(), reform["marginal"].tolist(), weight)


def check_budget(found: Findings, some: list[Household], weight: list[Fraction]) -> None:
    tax, benefit = found.budget
    assert (tax.variable, tax.label, tax.sign) == ("tax", "The tax", 1)
    assert benefit.law == benefit.reform == found.households
    for shown, place in ((tax.law, 5), (tax.reform, 6)):
        plain = sum(w * Fraction(each[place]) for w, each in zip(weight, some, strict=True))
        assert shown == pytest.approx(float(plain), rel=1e-12, abs=1e-6)


def check_winners(found: Findings, gain: list[float], weight: list[Fraction]) -> None:
    whole = sum(weight)

    def share(these: Callable[[float], bool]) -> float:
        return float(sum((w for w, g in zip(weight, gain, strict=True) if these(g)), Fraction()) / whole)

    assert found.winners == pytest.approx(share(lambda g: g >= 0.005))
    assert found.losers == pytest.approx(share(lambda g: g <= -0.005))
    assert found.unchanged == pytest.approx(share(lambda g: abs(g) < 0.005))
    if found.gainers:
        assert found.gainers[0][0] is None
        assert found.gainers[-1][1] is None
        edges = [each[1] for each in found.gainers[:-1]]
        assert edges == [each[0] for each in found.gainers[1:]]
        assert edges == sorted(each for each in edges if each is not None)
        assert sum(each[2] for each in found.gainers) == pytest.approx(float(whole))
        total = sum(w * Fraction(g) for w, g in zip(weight, gain, strict=True))
        assert sum(each[3] for each in found.gainers) == pytest.approx(float(total), abs=1e-4)
    else:
        assert all(abs(each) < 0.005 for each in gain)


def check_deciles(
    found: Findings,
    before: Plain,
    after: Plain,
    terms: tuple[list[Fraction], list[Fraction], list[float]],
) -> None:
    weight, people, gain = terms
    tenths = before.tenths()
    law = {at: value for value, _, at in before.rows}
    reform = {at: value for value, _, at in after.rows}
    for decile in found.deciles:
        here = [at for at, tenth in tenths.items() if tenth == decile.number]
        count = sum(people[at] for at in here)
        for shown, values in ((decile.law, law), (decile.reform, reform)):
            mean = sum(values[at] * people[at] for at in here) / count if here else 0
            assert shown == pytest.approx(float(mean), rel=1e-9, abs=1e-9)
        won = sum(weight[at] for at in here if gain[at] >= 0.005)
        whole = sum(weight[at] for at in here)
        assert decile.winners == pytest.approx(float(won / whole) if here else 0)


def check_marginal(found: Findings, law: list[float], reform: list[float], weight: list[Fraction]) -> None:
    assert len(found.marginal) == 12
    for place, rates in ((2, law), (3, reform)):
        told = [(rate, w) for rate, w in zip(rates, weight, strict=True) if not isnan(rate)]
        whole = sum(w for _, w in told)
        for low, high, *shares in found.marginal:
            least, most = (-99.0 if low == -1.0 else low), (99.0 if high == 2.0 else high)
            plain = sum(w for rate, w in told if least <= rate < most)
            assert shares[place - 2] == pytest.approx(float(plain / whole) if told else 0)


@given(st.lists(HOUSEHOLD, min_size=1, max_size=20))
def test_doubled_weights_change_no_share(some: list[Household]) -> None:
    once = findings(*columns(some), TOLD)
    twice = findings(*columns([(2 * each[0], *each[1:]) for each in some]), TOLD)
    for name in ("winners", "losers", "gini_law", "poor_law", "median_law"):
        assert getattr(twice, name) == pytest.approx(getattr(once, name))
    assert twice.households == 2 * once.households


def test_known_cases_by_hand() -> None:
    base = (1.0, 1, 1.0)
    rest = (0.0, 0.0, nan, nan)
    some = [(*base, income, 0.0, *rest) for income in (0.0, 0.0, 0.0, 100.0)]
    found = findings(*columns(some), TOLD)
    assert found.gini_law == pytest.approx(0.75)
    assert found.median_law == 0
    assert found.poor_law == 0
    some = [(*base, income, gain, *rest) for income, gain in ((40.0, 60.0), (100.0, 0.0), (100.0, -1.0))]
    found = findings(*columns(some), TOLD)
    assert found.poor_law == pytest.approx(1 / 3)
    assert found.poor_reform == 0
    assert found.winners == pytest.approx(1 / 3)
    assert found.losers == pytest.approx(1 / 3)
    assert [each.number for each in found.deciles] == list(range(1, 11))


def test_nobody_has_nothing() -> None:
    law = {
        name: numpy.zeros(0)
        for name in ("weight", "people", "units", "income", "budget.tax", "budget.benefit")
    }
    found = findings(law, law, TOLD)
    assert found.households == found.gini_law == found.poor_law == found.winners == 0
