# SPDX-License-Identifier: EUPL-1.2
"""Aralia's numbers with check digits: personal codes, organisation codes, article numbers.

A personal code is `GYYMMDDSSSC`: century and sex, date of birth, serial, check digit. An organisation
code is seven digits and a check digit. Both take the two-stage remainder by 11. In personal codes the
remainder is then turned by `TURN`, so that no code of Aralia is also right in a country that takes the
remainder as it is. What the check digit catches, and what it lets pass, is measured in the tests.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date

TURN = 3
_PERSONAL = re.compile(r"[1-8][0-9]{10}")
_ORGANISATION = re.compile(r"[1-9][0-9]{7}")
_ARTICLE = re.compile(r"[0-9]{13}")
_FIRST_CENTURY = 18
_PERSONAL_WEIGHTS = ((1, 2, 3, 4, 5, 6, 7, 8, 9, 1), (3, 4, 5, 6, 7, 8, 9, 1, 2, 3))
_ORGANISATION_WEIGHTS = ((1, 2, 3, 4, 5, 6, 7), (3, 4, 5, 6, 7, 8, 9))


def _remainder(digits: str, stages: Sequence[Sequence[int]]) -> int:
    """Return the first stage's weighted sum modulo 11 that is below 10, or 0 when none is."""
    for weights in stages:
        rest = sum(int(digit) * weight for digit, weight in zip(digits, weights, strict=True)) % 11
        if rest < 10:
            return rest
    return 0


def make_personal_code(birth: date, sex: str, serial: int) -> str:
    """Return the code of the `serial`-th person (0 to 999) of `sex`, "female" or "male", born on `birth`.

    Raises ValueError for a serial, sex or year (1800 to 2199) out of range.
    """
    if not 0 <= serial <= 999 or sex not in {"female", "male"} or not 1800 <= birth.year < 2200:
        raise ValueError("a personal code needs a sex, a serial of 0 to 999 and a birth in 1800 to 2199")
    century_and_sex = (birth.year // 100 - _FIRST_CENTURY) * 2 + (1 if sex == "male" else 2)
    digits = f"{century_and_sex}{birth:%y%m%d}{serial:03}"
    return f"{digits}{(_remainder(digits, _PERSONAL_WEIGHTS) + TURN) % 10}"


def birth_date(code: str) -> date | None:
    """Return the date of birth that a personal code names, or None when it names none."""
    if not _PERSONAL.fullmatch(code):
        return None
    century = _FIRST_CENTURY + (int(code[0]) - 1) // 2
    try:
        return date(century * 100 + int(code[1:3]), int(code[3:5]), int(code[5:7]))
    except ValueError:
        return None


def check_personal_code(text: str) -> bool:
    """Tell whether `text` is 11 ASCII digits with a real date of birth and the right check digit."""
    if birth_date(text) is None:
        return False
    return int(text[-1]) == (_remainder(text[:-1], _PERSONAL_WEIGHTS) + TURN) % 10


def make_organisation_code(serial: int) -> str:
    """Return the organisation code with the serial 1000000 to 9999999; ValueError otherwise."""
    if not 1_000_000 <= serial <= 9_999_999:
        raise ValueError("an organisation's serial has seven digits")
    return f"{serial}{_remainder(str(serial), _ORGANISATION_WEIGHTS)}"


def check_organisation_code(text: str) -> bool:
    """Tell whether `text` is eight ASCII digits with the right check digit."""
    if not _ORGANISATION.fullmatch(text):
        return False
    return int(text[-1]) == _remainder(text[:-1], _ORGANISATION_WEIGHTS)


def make_article_number(serial: int) -> str:
    """Return a 13-digit article number for use inside one country (GS1 General Specifications, prefix 20)."""
    if not 0 <= serial < 10**10:
        raise ValueError("an article's serial has at most ten digits")
    digits = f"20{serial:010}"
    return digits + _article_check(digits)


def check_article_number(text: str) -> bool:
    """Tell whether `text` is 13 ASCII digits with the right check digit (GS1 General Specifications 7.9)."""
    return bool(_ARTICLE.fullmatch(text)) and text[-1] == _article_check(text[:-1])


def _article_check(digits: str) -> str:
    total = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(digits))
    return str(-total % 10)


CHECKS: Mapping[str, Callable[[str], bool]] = {
    "personal-code": check_personal_code,
    "organisation-code": check_organisation_code,
    "article-number": check_article_number,
}
"""The named checks that Aralia's registers ask for."""
