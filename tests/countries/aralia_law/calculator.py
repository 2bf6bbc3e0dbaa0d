# SPDX-License-Identifier: EUPL-1.2
"""A second calculator of Aralia's law, written from the acts alone: one case at a time, in decimals.

It reads a situation in the shape of `/calculate` and the acts' annexes, and knows nothing of the formulas.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from tests.countries.aralia_law.annex import at
from tests.countries.aralia_law.calculator_taxes import ZERO, Taxes, later, months_between, once, rounded


class Reckoning(Taxes):
    """The law applied to one situation; each method is a section, each person is named by her key."""

    # Child Benefit Act

    @once
    def dependent(self, who: str, month: date) -> bool:
        """§ 1."""
        if who not in self.children(self._family(who)) or not self.resident_in(who, month):
            return False
        if month <= self.reaches(who, at("child_benefit/age_limit", month)):
            return True
        in_school = self._is(who, "in_school", month)
        return in_school and month <= self.reaches(who, at("child_benefit/age_limit_in_school", month))

    def benefit_for(self, who: str, month: date) -> Decimal:
        """§§ 2 to 4."""
        family = self._family(who)
        eldest_first = sorted(
            (each for each in self.children(family) if self.dependent(each, month)), key=self.born
        )
        if who not in eldest_first:
            return ZERO
        kind = "first_children" if eldest_first.index(who) < 2 else "third_child"
        amount = at(f"child_benefit/{kind}", month)
        if month <= self.reaches(who, at("child_benefit/young_age", month)):
            amount += at("child_benefit/young_child", month)
        if self._is(who, "disabled", month):
            amount += at("child_benefit/disabled_child", month)
        return rounded(amount / 2) if self._is(who, "shared_custody", month) else amount

    def large_family(self, family: Mapping[str, Any], month: date) -> Decimal:
        """§ 5."""
        if month.year < 2018:
            return ZERO
        halves = sum(
            1 if self._is(each, "shared_custody", month) else 2
            for each in self.children(family)
            if self.dependent(each, month)
        )
        for kind in ("very_large_family", "large_family"):
            if halves >= 2 * at(f"child_benefit/{kind}", month):
                return at(f"child_benefit/{kind}_supplement", month)
        return ZERO

    def child_benefit(self, family: Mapping[str, Any], month: date) -> Decimal:
        """§ 6."""
        if not any(self.resident_in(each, month) for each in self.partners(family)):
            return ZERO
        benefits = sum((self.benefit_for(each, month) for each in self.children(family)), ZERO)
        return benefits + self.large_family(family, month)

    # Parental Benefit Act

    def _one_birth(self, children: list[str]) -> list[str]:
        """§ 1 (2): those of one birth with the last-born."""
        last = max(self.born(each) for each in children)
        return [each for each in children if (last - self.born(each)).days <= 1]

    def _last_birth(self, family: Mapping[str, Any], month: date) -> tuple[date, int] | None:
        """§ 1: the date of the last birth and how many children of it are resident."""
        present = [each for each in self.children(family) if self.resident_in(each, month)]
        if not present:
            return None
        birth = self._one_birth(present)
        return min(map(self.born, birth)), len(birth)

    def claims(self, who: str, month: date) -> bool:
        """§ 1 (3) and § 2 (1)."""
        family = self._family(who)
        last = self._last_birth(family, month)
        if last is None or who not in self.partners(family) or not self.resident_in(who, month):
            return False
        length = at("parental_benefit/months", month)
        length += (last[1] - 1) * at("parental_benefit/months_for_each_further_child", month)
        in_time = 0 <= months_between(last[0], month) < length
        return in_time and self._is(who, "takes_parental_leave", month)

    @once
    def base_of(self, who: str, birth: date) -> Decimal:
        """§ 3."""
        stated = self.persons[who].get("parental_income_base", {}).get(f"{birth:%Y-%m}")
        if stated is not None:
            return Decimal(str(stated))
        first = later(birth.replace(day=1), -21)
        return rounded(sum((self._pay(who, later(first, step)) for step in range(12)), ZERO) / 12)

    @once
    def base(self, who: str, month: date) -> Decimal:
        """§§ 3 and 4."""
        family = self._family(who)
        last = self._last_birth(family, month)
        assert last is not None
        base = self.base_of(who, last[0])
        before = [each for each in self.children(family) if self.born(each) < last[0]]
        if before:
            earlier = min(map(self.born, self._one_birth(before)))
            if months_between(earlier, last[0]) <= at("parental_benefit/keeping_months", month):
                base = max(base, self.base_of(who, earlier))
        return base

    def parental_benefit(self, who: str, month: date) -> Decimal:
        """§§ 2 (2), 5 and 6."""
        claimants = [each for each in self.partners(self._family(who)) if self.claims(each, month)]
        if who not in claimants or who != max(claimants, key=lambda each: self.base(each, month)):
            return ZERO
        base = self.base(who, month)
        least = "floor_with_income" if base else "floor_without_income"
        benefit = max(base, at(f"parental_benefit/{least}", month))
        benefit = min(benefit, at("parental_benefit/ceiling", month))
        above = self._pay(who, month) - at("parental_benefit/earnings_limit", month)
        if above <= 0:
            return benefit
        return benefit - min(
            rounded(above * at("parental_benefit/earnings_rate", month)), rounded(benefit / 2)
        )

    # Housing Supplement Act

    def housing_supplement(self, household: Mapping[str, Any], month: date) -> Decimal:
        """§§ 1 to 4."""
        members = [*household.get("adults", ()), *household.get("children", ())]
        resident = [each for each in members if self.resident_in(each, month)]
        if not resident or month.year < 2017:
            return ZERO
        ceiling = at("housing_supplement/ceiling", month)
        ceiling += (len(resident) - 1) * at("housing_supplement/ceiling_for_each_further_person", month)
        counts = min(Decimal(str(household.get("rent", {}).get(f"{month:%Y-%m}", 0))), ceiling)
        net = sum((self.net_income(each, month.year - 1) for each in members), ZERO)
        means = rounded(max(net, ZERO) / 12)
        old = any(self.of_retirement_age(each, month) for each in resident)
        rate = at("housing_supplement/own_share_of_the_old" if old else "housing_supplement/own_share", month)
        supplement = counts - rounded(means * rate)
        return supplement if supplement >= at("housing_supplement/smallest", month) else ZERO
