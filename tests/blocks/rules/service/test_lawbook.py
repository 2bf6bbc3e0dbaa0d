# SPDX-License-Identifier: EUPL-1.2
"""A law's parameters on a day: with the values that hold, brackets by part, found by words, read once."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import pytest

from flagstone.blocks.rules.contract.calculation import Mode
from flagstone.blocks.rules.contract.faults import ReformInvalid
from flagstone.blocks.rules.contract.law import LawName
from flagstone.blocks.rules.contract.reform import Reform
from flagstone.blocks.rules.service.engine.listing import listed
from flagstone.blocks.rules.service.engine.loading import Law, load
from flagstone.blocks.rules.service.engine.reforming import reformed
from flagstone.blocks.rules.service.lawbook import PAGES_KEPT, LawReader

LANGUAGES = ("en", "et")


@pytest.fixture(scope="module")
def law() -> Law:
    return load(LawName("aralia_law"))


class Asked:
    """Answers as a worker does, and counts."""

    def __init__(self, law: Law) -> None:
        self.law, self.days = law, list[str]()

    def ask(self, mode: Mode, do: str, payload: Mapping[str, Any]) -> Any:
        assert (mode, do) == (Mode.FAST, "law-page")
        self.days.append(payload["day"])
        return listed(self.law, payload["day"], payload["languages"])


def test_values_are_those_of_the_day(law: Law) -> None:
    reader = LawReader(Asked(law).ask, LANGUAGES)
    now = reader.page(date(2026, 6, 1)).entries
    allowance = now["income_tax.basic_allowance"]
    assert (allowance.value, allowance.since, allowance.unit) == (8160, "2026-01-01", "XAM/year")
    assert now["income_tax.scale[1].rate"].value == 0.275
    assert now["income_tax.scale[1].threshold"].unit == "XAM/year"
    before = reader.page(date(2019, 12, 31)).entries
    assert before["income_tax.basic_allowance"].value == 6840
    assert (before["income_tax.scale[3].rate"].value, before["income_tax.scale[3].rate"].since) == (None, "")
    assert list(now) == sorted(now)


def test_every_name_is_one_that_a_reform_may_change(law: Law) -> None:
    page = LawReader(Asked(law).ask, LANGUAGES).page(date(2026, 1, 1))
    changed = {
        name: {"2027-01-01": each.value} for name, each in page.entries.items() if each.value is not None
    }
    assert len(changed) > 40
    assert reformed(law, Reform("", changed)).snapshot.parameters_sha256
    with pytest.raises(ReformInvalid):
        reformed(law, Reform("", {**changed, "income_tax.nothing": {"2027-01-01": 1}}))


def test_parameters_are_found_by_all_their_words(law: Law) -> None:
    page = LawReader(Asked(law).ask, LANGUAGES).page(date(2026, 1, 1))
    assert {each.name for each in page.find("BASIC_allowance basic", 10)} == {"income_tax.basic_allowance"}
    assert len(page.find("", 5)) == 5
    assert page.find("basic nonsense", 5) == []
    assert set(page.variables["income_tax"]) == set(LANGUAGES)


def test_a_page_is_read_once_and_few_are_kept(law: Law) -> None:
    asked = Asked(law)
    reader = LawReader(asked.ask, LANGUAGES)
    for year in (2026, 2026, *range(2020, 2020 + PAGES_KEPT), 2026):
        reader.page(date(year, 1, 1))
    assert asked.days.count("2026-01-01") == 2
    assert len(asked.days) == PAGES_KEPT + 2
