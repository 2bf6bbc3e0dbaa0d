# SPDX-License-Identifier: EUPL-1.2
"""Values in the words of a language: amounts, shares, days, yes and no. Digits are Western in all of them.

Names of months stand here and do not come from CLDR: the words are part of an explanation, whose digest is
part of a decision, and another release of a library must not change them.
"""

from __future__ import annotations

import re
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from flagstone.blocks.rules.contract.calculation import JsonValue

LANGUAGES = ("en", "et", "ar")
_GAP = "\N{NO-BREAK SPACE}"
_POINT = {"et": ","}
_MINUS = {"et": "\N{MINUS SIGN}", "ar": "\N{LEFT-TO-RIGHT MARK}-"}
_TRUTH = {"en": ("no", "yes"), "et": ("ei", "jah"), "ar": ("لا", "نعم")}
_MONTHS = {
    "en": (
        *("January", "February", "March", "April", "May", "June"),
        *("July", "August", "September", "October", "November", "December"),
    ),
    "et": (
        *("jaanuar", "veebruar", "märts", "aprill", "mai", "juuni"),
        *("juuli", "august", "september", "oktoober", "november", "detsember"),
    ),
    "ar": (
        *("يناير", "فبراير", "مارس", "أبريل", "مايو", "يونيو"),
        *("يوليو", "أغسطس", "سبتمبر", "أكتوبر", "نوفمبر", "ديسمبر"),
    ),
}
_MONEY = re.compile(r"(?P<code>[A-Z]{3})(?:/[a-z]+)?")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_PLACES_MAX = 6


def spoken(value: JsonValue, language: str, unit: str = "") -> str:
    """Return a value as it is said in a language; one of ours, or else in English."""
    if isinstance(value, bool):
        return _TRUTH.get(language, _TRUTH["en"])[value]
    if isinstance(value, int | float):
        return _number(value, language, unit)
    if isinstance(value, str):
        return day(value, language) if _DAY.fullmatch(value) else value
    return ", ".join(spoken(each, language, unit) for each in value) if isinstance(value, list) else ""


def is_money(unit: str) -> bool:
    """Tell whether a unit is one of money: an ISO 4217 code, or one for a stretch of time, or `currency`."""
    return unit.startswith("currency") or _MONEY.fullmatch(unit) is not None


def day(value: str, language: str) -> str:
    """Return a day (`YYYY-MM-DD`) in words, `14 May 1988`; another text as it is."""
    try:
        found = date.fromisoformat(value)
    except ValueError:
        return value
    month = _MONTHS.get(language, _MONTHS["en"])[found.month - 1]
    point = "." if language == "et" else ""
    return f"{found.day}{point}{_GAP}{month}{_GAP}{found.year}"


def _number(value: float, language: str, unit: str) -> str:
    exact = Decimal(repr(value))
    if unit.startswith("/1"):
        return f"{_written(exact.scaleb(2), language)}%"
    if is_money(unit):
        places = Decimal(1) if exact == exact.to_integral_value() else Decimal("0.01")
        code = _MONEY.fullmatch(unit)
        amount = _grouped(exact.quantize(places, ROUND_HALF_UP), language)
        return f"{amount}{_GAP}{code['code']}" if code else amount
    return _written(exact, language)


def _written(value: Decimal, language: str) -> str:
    """Return a number without noise: at most six places, none that say nothing."""
    short = value.quantize(Decimal(1).scaleb(-_PLACES_MAX), ROUND_HALF_UP)
    whole = short == short.to_integral_value()
    return _grouped(short.quantize(Decimal(1)) if whole else short.normalize(), language)


def _grouped(value: Decimal, language: str) -> str:
    sign = _MINUS.get(language, "-") if value < 0 else ""
    text = f"{abs(value):,f}".replace(",", _GAP)
    return sign + text.replace(".", _POINT.get(language, "."))
