# SPDX-License-Identifier: EUPL-1.2
"""The roundings of the General Act against decimal arithmetic."""

from __future__ import annotations

from datetime import date
from decimal import ROUND_HALF_UP, Decimal

import numpy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.countries.aralia_law.calculator_taxes import birthday

from aralia_law.amounts import cents, share, whole
from aralia_law.dates import age_on, as_dates, days, month_named, month_of, month_of_age

CENT = Decimal("0.01")
CENTS_MAX = 10**11

amounts = st.integers(0, CENTS_MAX).map(lambda minor: Decimal(minor) / 100)
rates = st.integers(0, 1000).map(lambda thousandths: Decimal(thousandths) / 1000)
births = st.dates(date(1900, 1, 1), date(2030, 12, 31))


def _one(value: float) -> numpy.ndarray:
    return numpy.array([value])


@given(amounts, rates)
@settings(max_examples=300, deadline=None)
def test_an_amount_times_a_rate_is_rounded_as_in_decimals(amount: Decimal, rate: Decimal) -> None:
    exact = (amount * rate).quantize(CENT, ROUND_HALF_UP)
    assert cents(_one(float(amount)) * float(rate))[0] == float(exact)
    assert cents(_one(-float(amount)) * float(rate))[0] == -float(exact)


@pytest.mark.parametrize("text", ["1.005", "2.675", "0.145", "1000000.005", "170000.015", "0", "0.004"])
def test_half_a_cent_is_half_a_cent_whatever_its_binary_form(text: str) -> None:
    assert cents(_one(float(text)))[0] == float(Decimal(text).quantize(CENT, ROUND_HALF_UP))


def test_there_is_no_negative_nothing() -> None:
    assert not numpy.signbit(cents(_one(-0.001)))[0]


@given(amounts)
@settings(max_examples=100, deadline=None)
def test_whole_drops_the_cents(amount: Decimal) -> None:
    assert whole(_one(float(amount)))[0] == int(amount)


@given(amounts, amounts)
@settings(max_examples=200, deadline=None)
def test_a_share_has_four_decimals(part: Decimal, rest: Decimal) -> None:
    total = part + rest
    exact = (part / total).quantize(Decimal("0.0001"), ROUND_HALF_UP) if total else Decimal(0)
    assert share(_one(float(part)), _one(float(total)))[0] == float(exact)


@given(births, st.integers(0, 100), st.integers(-400, 400))
@settings(max_examples=200, deadline=None)
def test_ages_and_months_of_ages(born: date, years: int, distance: int) -> None:
    day = birthday(born, years)
    births_ = numpy.array([born], dtype="datetime64[D]")
    month = month_named(int(month_of_age(births_, years)[0]))
    assert (month.start.year, month.start.month) == (day.year, day.month)
    assert month_of(month) == month_of_age(births_, years)[0]
    on = date.fromordinal(day.toordinal() + distance)
    expected = max((n for n in range(years + 3) if birthday(born, n) <= on), default=0)
    assert age_on(births_, on)[0] == expected
    assert as_dates(days(births_))[0] == births_[0]
