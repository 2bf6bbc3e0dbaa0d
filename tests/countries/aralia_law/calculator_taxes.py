# SPDX-License-Identifier: EUPL-1.2
"""The general part and the taxes of the second calculator."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal
from functools import wraps
from typing import Any, TypeVar, cast

from tests.countries.aralia_law.annex import at, brackets

ZERO, CENT = Decimal(0), Decimal("0.01")
ALWAYS, NEVER = date(1900, 1, 1), date(9999, 12, 31)
FIRST_YEAR = 2016
Section = TypeVar("Section", bound=Callable[..., Any])


def rounded(amount: Decimal) -> Decimal:
    """General Act § 1 (2)."""
    return amount.quantize(CENT, ROUND_HALF_UP)


def share_of_four_decimals(part: Decimal, whole: Decimal) -> Decimal:
    """General Act § 1 (4)."""
    return (part / whole).quantize(Decimal("0.0001"), ROUND_HALF_UP) if whole else ZERO


def birthday(born: date, years: int) -> date:
    """General Act § 2 (1): the day on which `years` of age are complete."""
    try:
        return born.replace(year=born.year + years)
    except ValueError:
        return date(born.year + years, 3, 1)


def month_end(first: date) -> date:
    """Return the last day of the month."""
    return later(first, 1) - timedelta(days=1)


def later(first: date, months: int) -> date:
    """Return the first day of the month that is so many months later, or earlier."""
    count = first.year * 12 + first.month - 1 + months
    return date(count // 12, count % 12 + 1, 1)


def months_between(earlier: date, late: date) -> int:
    """Count from month to month."""
    return (late.year - earlier.year) * 12 + late.month - earlier.month


def once(section: Section) -> Section:
    """Reckon a section once for each person and time; the second time it is remembered."""

    @wraps(section)
    def remembered(law: Any, *about: Any) -> Any:
        key = (section.__name__, *about)
        if key not in law.known:
            law.known[key] = section(law, *about)
        return law.known[key]

    return cast(Section, remembered)


class Taxes(ABC):
    """The General Act, the Social Contributions Act and the Income Tax Act for one situation."""

    def __init__(self, situation: Mapping[str, Any]) -> None:
        self.known: dict[tuple[Any, ...], Any] = {}
        self.persons = situation["persons"]
        self.families = situation.get("families", {})
        self.households = situation.get("households", {})

    # facts

    def _day(self, who: str, name: str, unless: date) -> date:
        stated = self.persons[who].get(name, {}).get("ETERNITY")
        return date.fromisoformat(stated) if stated else unless

    def _amount(self, who: str, name: str, year: int) -> Decimal:
        return Decimal(str(self.persons[who].get(name, {}).get(str(year), 0)))

    def _pay(self, who: str, month: date) -> Decimal:
        return Decimal(str(self.persons[who].get("salary", {}).get(f"{month:%Y-%m}", 0)))

    def _is(self, who: str, name: str, month: date) -> bool:
        stated = self.persons[who].get(name, {})
        return bool(stated.get(f"{month:%Y-%m}", stated.get(f"{month:%Y}", False)))

    def _family(self, who: str) -> Mapping[str, Any]:
        for family in self.families.values():
            if who in family.get("partners", ()) or who in family.get("children", ()):
                return family  # type: ignore[no-any-return]
        return {"partners": [who]}

    def partners(self, family: Mapping[str, Any]) -> list[str]:
        return list(family.get("partners", ()))

    def children(self, family: Mapping[str, Any]) -> list[str]:
        return list(family.get("children", ()))

    # General Act

    @once
    def born(self, who: str) -> date:
        return self._day(who, "birth_date", date(1970, 1, 1))

    @once
    def died(self, who: str) -> date:
        return self._day(who, "death_date", NEVER)

    def at_home_on(self, who: str, day: date) -> bool:
        """§ 3 (1) without the life span."""
        return self._day(who, "arrival_date", ALWAYS) <= day <= self._day(who, "departure_date", NEVER)

    def home(self, who: str, first: date, last: date) -> tuple[date, date] | None:
        """§ 3 (1): the first and the last day of the home between two days."""
        begin = max(first, self.born(who), self._day(who, "arrival_date", ALWAYS))
        end = min(last, self.died(who), self._day(who, "departure_date", NEVER))
        return (begin, end) if begin <= end else None

    def resident_in(self, who: str, month: date) -> bool:
        """§ 3 (2)."""
        return self.home(who, month, month_end(month)) is not None

    def days_of_residence(self, who: str, year: int) -> int:
        """§ 3 (3) and (4)."""
        stated = self.persons[who].get("resident_days", {}).get(str(year))
        if stated is not None:
            return int(stated)
        home = self.home(who, date(year, 1, 1), date(year, 12, 31))
        return (home[1] - home[0]).days + 1 if home else 0

    def died_at_home(self, who: str, year: int) -> bool:
        return self.died(who).year == year and self.at_home_on(who, self.died(who))

    @once
    def resident_for_tax(self, who: str, year: int) -> bool:
        """§ 4 (1)."""
        if self.days_of_residence(who, year) >= at("general/residence_days", date(year, 1, 1)):
            return True
        born_at_home = self.born(who).year == year and self.at_home_on(who, self.born(who))
        return self.died_at_home(who, year) or born_at_home

    def months_that_count(self, who: str, year: int) -> int:
        """§ 4 (2)."""
        stated = self.persons[who].get("resident_months", {}).get(str(year))
        if stated is not None:
            return int(stated)
        home = self.home(who, date(year, 1, 1), date(year, 12, 31))
        if home is None:
            return 0
        return (12 if self.died_at_home(who, year) else home[1].month) - home[0].month + 1

    def of_retirement_age(self, who: str, month: date) -> bool:
        """§ 2 (3)."""
        return birthday(self.born(who), int(at("general/retirement_age", month))) <= month

    def reaches(self, who: str, years: Decimal) -> date:
        """§ 2 (2): the month in which an age is reached, as its first day."""
        return birthday(self.born(who), int(years)).replace(day=1)

    # Social Contributions Act

    @once
    def pay_of(self, who: str, year: int) -> Decimal:
        stated = self.persons[who].get("employment_income", {}).get(str(year))
        if stated is not None:
            return Decimal(str(stated))
        return sum((self._pay(who, date(year, month, 1)) for month in range(1, 13)), ZERO)

    def contribution(self, name: str, base: Decimal, year: int) -> Decimal:
        return rounded(base * at(f"contributions/{name}", date(year, 1, 1)))

    def pay_for_contributions(self, who: str, year: int) -> Decimal:
        """§ 1 (1)."""
        return min(self.pay_of(who, year), at("contributions/ceiling", date(year, 1, 1)))

    def employee(self, who: str, year: int) -> Decimal:
        """§ 2."""
        base = self.pay_for_contributions(who, year)
        pension = self.contribution("employee_pension", base, year)
        if self.of_retirement_age(who, date(year, 1, 1)):
            return pension
        return pension + self.contribution("employee_unemployment", base, year)

    def employer(self, who: str, year: int) -> Decimal:
        """§ 3."""
        pension = self.contribution("employer_pension", self.pay_for_contributions(who, year), year)
        return pension + self.contribution("employer_health", self.pay_of(who, year), year)

    def self_employed(self, who: str, year: int) -> Decimal:
        """§ 4."""
        count = self._amount(who, "self_employed_months", year)
        if count == 0:
            return ZERO
        day = date(year, 1, 1)
        base = max(self._amount(who, "business_income", year), ZERO)
        least = rounded(at("contributions/self_employed_minimum", day) * count)
        employed = self.pay_for_contributions(who, year)
        if employed < least:
            base = max(base, least)
        return self.contribution(
            "self_employed", min(base, at("contributions/ceiling", day) - employed), year
        )

    # Income Tax Act

    @once
    def losses_brought(self, who: str, year: int) -> Decimal:
        """§ 3 (2) to (4): what of earlier losses may be used in the year."""
        stated = self.persons[who].get("business_loss_brought", {}).get(str(year))
        if stated is not None:
            return Decimal(str(stated))
        left: dict[int, Decimal] = {}
        for earlier in range(FIRST_YEAR, year):
            result = self._amount(who, "business_income", earlier)
            profit = max(result, ZERO)
            for arisen in self._usable(left, earlier):
                used = min(left[arisen], profit)
                left[arisen] -= used
                profit -= used
            left[earlier] = max(-result, ZERO)
        return sum((left[arisen] for arisen in self._usable(left, year)), ZERO)

    def _usable(self, left: Mapping[int, Decimal], year: int) -> list[int]:
        years = at("income_tax/loss_years", date(year, 1, 1))
        return [arisen for arisen in sorted(left) if year - arisen <= years]

    def losses_used(self, who: str, year: int) -> Decimal:
        return min(self.losses_brought(who, year), max(self._amount(who, "business_income", year), ZERO))

    @once
    def total_income(self, who: str, year: int) -> Decimal:
        """§ 2."""
        total = self.pay_of(who, year) + self._amount(who, "pension_income", year)
        total += self._amount(who, "capital_income", year)
        total += max(self._amount(who, "business_income", year), ZERO) - self.losses_used(who, year)
        if self.resident_for_tax(who, year):
            total += self._amount(who, "foreign_income", year)
        return total

    def deductions(self, who: str, year: int) -> Decimal:
        """§ 4 (2) to (5)."""
        if not self.resident_for_tax(who, year):
            return ZERO
        day, total = date(year, 1, 1), self.total_income(who, year)
        together = min(self._amount(who, "mortgage_interest", year), at("income_tax/interest_ceiling", day))
        for fact, name in (("donations", "donation"), ("pension_savings", "savings")):
            part = rounded(total * at(f"income_tax/{name}_share", day))
            together += min(self._amount(who, fact, year), at(f"income_tax/{name}_ceiling", day), part)
        return min(together, at("income_tax/deduction_ceiling", day))

    @once
    def before_allowances(self, who: str, year: int) -> Decimal:
        """§ 4 (1) and (6)."""
        taken = self.employee(who, year) + self.self_employed(who, year) + self.deductions(who, year)
        return max(self.total_income(who, year) - taken, ZERO)

    def basic_allowance(self, who: str, year: int) -> Decimal:
        """§ 5."""
        if not self.resident_for_tax(who, year):
            return ZERO
        day = date(year, 1, 1)
        allowance = at("income_tax/basic_allowance", day)
        if year >= 2018:
            above = self.total_income(who, year) - at("income_tax/taper_start", day)
            if above > 0:
                allowance = max(allowance - rounded(above * at("income_tax/taper_rate", day)), ZERO)
        return rounded(allowance * self.months_that_count(who, year) / 12)

    def unused(self, who: str, year: int) -> Decimal:
        """§ 6 (1)."""
        return max(self.basic_allowance(who, year) - self.before_allowances(who, year), ZERO)

    def from_spouse(self, who: str, year: int) -> Decimal:
        """§ 6 (2)."""
        family = self._family(who)
        others = [each for each in self.partners(family) if each != who]
        if (
            who not in self.partners(family)
            or len(others) != 1
            or not family.get("married", {}).get(str(year))
        ):
            return ZERO
        if not (self.resident_for_tax(who, year) and self.resident_for_tax(others[0], year)):
            return ZERO
        return min(self.unused(others[0], year), at("income_tax/spouse_ceiling", date(year, 1, 1)))

    @once
    def for_children(self, who: str, year: int) -> Decimal:
        """§ 7."""
        family = self._family(who)
        payers = [each for each in self.partners(family) if self.resident_for_tax(each, year)]
        if who not in payers:
            return ZERO
        months = [date(year, month, 1) for month in range(1, 13)]
        amount, together = at("income_tax/child_allowance", months[0]), ZERO
        for child in self.children(family):
            if any(self.dependent(child, month) for month in months):
                shared = any(self._is(child, "shared_custody", month) for month in months)
                together += rounded(amount / 2) if shared else amount
        return rounded(together / len(payers))

    @once
    def taxable_income(self, who: str, year: int) -> Decimal:
        """§ 8."""
        allowances = (
            self.basic_allowance(who, year) + self.from_spouse(who, year) + self.for_children(who, year)
        )
        left = max(self.before_allowances(who, year) - allowances, ZERO)
        return left.quantize(Decimal(1), ROUND_DOWN) if year >= 2020 else left

    @once
    def tax_by_scale(self, who: str, year: int) -> Decimal:
        """§ 9."""
        taxable, tax = self.taxable_income(who, year), ZERO
        steps = brackets("income_tax/scale", date(year, 1, 1))
        for number, (threshold, rate) in enumerate(steps):
            top = steps[number + 1][0] if number + 1 < len(steps) else taxable
            tax += max(min(taxable, top) - threshold, ZERO) * rate
        return rounded(tax)

    def foreign_credit(self, who: str, year: int) -> Decimal:
        """§ 10."""
        if not self.resident_for_tax(who, year):
            return ZERO
        part = share_of_four_decimals(self._amount(who, "foreign_income", year), self.total_income(who, year))
        return min(self._amount(who, "foreign_tax_paid", year), rounded(self.tax_by_scale(who, year) * part))

    @once
    def income_tax(self, who: str, year: int) -> Decimal:
        """§ 11 (1)."""
        return self.tax_by_scale(who, year) - self.foreign_credit(who, year)

    def balance(self, who: str, year: int) -> Decimal:
        """§ 11 (2)."""
        return self.income_tax(who, year) - self._amount(who, "tax_withheld", year)

    def net_income(self, who: str, year: int) -> Decimal:
        """§ 12."""
        taken = self.employee(who, year) + self.self_employed(who, year) + self.income_tax(who, year)
        return self.total_income(who, year) - taken

    # what the Child Benefit Act says, on which § 7 of the Income Tax Act rests

    @abstractmethod
    def dependent(self, who: str, month: date) -> bool: ...
