# SPDX-License-Identifier: EUPL-1.2
"""Values are said as people write them in each language, without the noise of binary numbers."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flagstone.blocks.rules.model.spoken import LANGUAGES, day, is_money, spoken

GAP = "\N{NO-BREAK SPACE}"


@pytest.mark.parametrize(
    ("value", "unit", "language", "said"),
    [
        (1234567.5, "XAM", "en", f"1{GAP}234{GAP}567.50{GAP}XAM"),
        (1234567.5, "XAM/month", "et", f"1{GAP}234{GAP}567,50{GAP}XAM"),
        (1234567.5, "XAM", "ar", f"1{GAP}234{GAP}567.50{GAP}XAM"),
        (24000.0, "XAM", "en", f"24{GAP}000{GAP}XAM"),
        (2.675, "XAM", "en", f"2.68{GAP}XAM"),
        (-0.5, "currency", "et", "\N{MINUS SIGN}0,50"),
        (-3, "", "ar", "\N{LEFT-TO-RIGHT MARK}-3"),
        (0.1 + 0.2, "", "en", "0.3"),
        (0.275, "/1", "et", "27,5%"),
        (1e-9, "", "en", "0"),
        (1e20, "", "en", f"100{GAP}000{GAP}000{GAP}000{GAP}000{GAP}000{GAP}000"),
        (True, "yes or no", "et", "jah"),
        (False, "", "ar", "لا"),
        ("1988-05-14", "date", "en", f"14{GAP}May{GAP}1988"),
        ("1988-05-14", "date", "et", f"14.{GAP}mai{GAP}1988"),
        ("tenant", "", "en", "tenant"),
        ([1, 2.5], "", "et", "1, 2,5"),
        (None, "", "en", ""),
        (7, "", "xx", "7"),
    ],
)
def test_values_are_said_as_people_write_them(value: object, unit: str, language: str, said: str) -> None:
    assert spoken(value, language, unit) == said  # type: ignore[arg-type]


def test_a_day_that_is_none_stays_as_it_is() -> None:
    assert day("2026-02-30", "en") == "2026-02-30"


def test_money_is_known_by_its_unit() -> None:
    assert [is_money(each) for each in ("XAM", "XAM/year", "currency", "year", "/1", "")] == [True] * 3 + [
        False
    ] * 3


@given(st.integers(-(10**13), 10**13), st.sampled_from(LANGUAGES))
def test_an_amount_read_back_is_the_amount(cents: int, language: str) -> None:
    said = spoken(cents / 100, language, "XAM").removesuffix(f"{GAP}XAM").replace(GAP, "")
    plain = said.replace(",", ".").replace("\N{MINUS SIGN}", "-").replace("\N{LEFT-TO-RIGHT MARK}", "")
    assert Decimal(plain) == Decimal(cents) / 100
