# SPDX-License-Identifier: EUPL-1.2
"""Days, months and ages in whole numbers, as section 2 of the General Act reckons them."""

from datetime import date
from typing import Any

import numpy
from numpy.typing import NDArray
from openfisca_core.periods import Period, period

NEVER = date(9999, 12, 31)
"""The date that stands for no date: not dead, not left."""

NEVER_DAY = (NEVER - date(1970, 1, 1)).days
_YEAR_ZERO = 1970


def days(dates: NDArray[Any]) -> Any:
    """Return dates as whole days since 1970-01-01."""
    return dates.astype("datetime64[D]").astype(numpy.int64)


def months(dates: NDArray[Any]) -> Any:
    """Return the months of dates as whole months since January 1970."""
    return dates.astype("datetime64[M]").astype(numpy.int64)


def first_day(span: Period) -> int:
    """Return the first day of a period as days since 1970-01-01."""
    return int((span.start.date - date(1970, 1, 1)).days)


def last_day(span: Period) -> int:
    """Return the last day of a period as days since 1970-01-01."""
    return int((span.stop.date - date(1970, 1, 1)).days)


def month_of(span: Period) -> int:
    """Return the month in which a period begins, in months since January 1970."""
    return int((span.start.year - _YEAR_ZERO) * 12 + span.start.month - 1)


def month_named(month: int) -> Any:
    """Return the period of a month that is given in months since January 1970."""
    return period(f"{_YEAR_ZERO + month // 12:04}-{month % 12 + 1:02}")


def as_dates(count: NDArray[Any]) -> Any:
    """Return dates from whole days since 1970-01-01."""
    return count.astype("datetime64[D]")


def age_on(births: NDArray[Any], day: date) -> Any:
    """Return the whole years from birth to `day`, not below 0; section 2 (1) for 29 February."""
    born = months(births)
    month_day = births.astype("datetime64[D]") - births.astype("datetime64[M]").astype("datetime64[D]")
    before = (born % 12 > day.month - 1) | (
        (born % 12 == day.month - 1) & (month_day.astype(numpy.int64) + 1 > day.day)
    )
    return numpy.maximum(day.year - (_YEAR_ZERO + born // 12) - before, 0)


def month_of_age(births: NDArray[Any], years: int) -> Any:
    """Return the month in which `years` of age are complete, in months since January 1970; section 2 (2)."""
    born = months(births)
    leap_day = (born % 12 == 1) & (days(births) - days(births.astype("datetime64[M]")) == 28)
    year = _YEAR_ZERO + born // 12 + years
    is_leap = (year % 4 == 0) & ((year % 100 != 0) | (year % 400 == 0))
    return born + 12 * years + (leap_day & ~is_leap)
