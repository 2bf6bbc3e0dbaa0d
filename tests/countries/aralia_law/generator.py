# SPDX-License-Identifier: EUPL-1.2
"""Makes households that are awkward on purpose, the same ones for the same number."""

from __future__ import annotations

from calendar import monthrange
from datetime import date, timedelta
from random import Random
from typing import Any

Facts = dict[str, dict[str, Any]]
FIRST_YEAR, LAST_YEAR = 2016, 2026
_EDGES = (0, 0.01, 0.05, 24000.01, 25200, 30000.49, 48000, 57600.01, 74400, 22800, 108000, 999_999_999.99)


class Case:
    """One household with its families; `year` and `month` are what is asked for."""

    def __init__(self, number: int) -> None:
        self.chance = Random(f"household {number}")
        self.number = number
        self.year = self.chance.randint(FIRST_YEAR, LAST_YEAR)
        self.month = date(self.year, self.chance.randint(1, 12), 1)
        self.situation: dict[str, Any] = {"persons": {}, "families": {}, "households": {}}
        household: dict[str, Any] = {"adults": [], "children": []}
        for _ in range(self.chance.choice((1, 1, 1, 1, 2))):
            self._family(household)
        if self.chance.random() < 0.7:
            rent = self._amount(150, 900)
            household["rent"] = {f"{self.month:%Y-%m}": rent}
        self.situation["households"][f"{number}"] = household

    def _odds(self, part: float) -> bool:
        return self.chance.random() < part

    def _amount(self, least: float, most: float) -> float:
        """Return whole cents, often one that makes a half cent somewhere."""
        cents = self.chance.randint(int(least * 100), int(most * 100))
        return (cents // 5 * 5 if self._odds(0.3) else cents) / 100

    def _day(self, first: date, last: date) -> date:
        return first + timedelta(days=self.chance.randint(0, max((last - first).days, 0)))

    def _edge_of_month(self, month: date) -> date:
        last = monthrange(month.year, month.month)[1]
        return month.replace(day=self.chance.choice((1, last, self.chance.randint(1, last))))

    def _months_from(self, months: int) -> date:
        count = self.month.year * 12 + self.month.month - 1 + months
        return date(count // 12, count % 12 + 1, 1)

    def _family(self, household: dict[str, Any]) -> None:
        family: dict[str, Any] = {"partners": [], "children": []}
        for _ in range(self.chance.choice((1, 2, 2))):
            young = self._odds(0.05)
            born = self._edge_of_month(
                self._months_from(-12 * self.chance.randint(16 if young else 19, 17 if young else 85))
            )
            if self._odds(0.03):
                born = date(born.year - born.year % 4, 2, 29) if born.year % 4 == 0 else born
            key = self._person(born)
            self._work(key)
            family["partners"].append(key)
            household["children" if young else "adults"].append(key)
        for born in self._births():
            key = self._person(born)
            self._child(key)
            family["children"].append(key)
            household["children"].append(key)
        married = {f"{year}": self._odds(0.6) for year in (self.year - 1, self.year)}
        self.situation["families"][f"{self.number}.{len(self.situation['families'])}"] = family | {
            "married": married
        }

    def _births(self) -> list[date]:
        births: list[date] = []
        for _ in range(self.chance.choice((0, 0, 1, 1, 2, 2, 3, 4, 8))):
            ages = (
                0,
                0,
                1,
                17,
                18,
                20,
                23,
                24,
                30,
                36,
                37,
                48,
                215,
                216,
                217,
                228,
                229,
                self.chance.randint(-3, 240),
            )
            births.append(self._edge_of_month(self._months_from(-self.chance.choice(ages))))
            if self._odds(0.2):
                births.append(births[-1] + timedelta(days=self.chance.choice((0, 0, 1, 2))))
            if self._odds(0.03):
                births.append(date(self.year - self.year % 4 - 4 * self.chance.randint(0, 4), 2, 29))
        return births

    def _person(self, born: date) -> str:
        key = f"{self.number}:{len(self.situation['persons'])}"
        facts: Facts = {"birth_date": {"ETERNITY": born.isoformat()}}
        first, last = date(self.year - 1, 1, 1), date(self.year, 12, 31)
        for name, part in (("death_date", 0.06), ("arrival_date", 0.08), ("departure_date", 0.08)):
            if self._odds(part):
                edges = (first, last, date(self.year, 7, 1), date(self.year, 7, 2), date(self.year, 6, 30))
                day = self.chance.choice((*edges, self._day(first, last), self._edge_of_month(self.month)))
                if name != "death_date" or day >= born:
                    facts[name] = {"ETERNITY": day.isoformat()}
        if self._odds(0.03):
            facts["resident_days"] = {f"{self.year}": self.chance.choice((0, 182, 183, 184, 366))}
        self.situation["persons"][key] = facts
        return key

    def _yearly(self, facts: Facts, name: str, most: float, part: float) -> None:
        if self._odds(part):
            for year in (self.year - 1, self.year):
                edge = self._odds(0.15)
                facts.setdefault(name, {})[f"{year}"] = (
                    self.chance.choice(_EDGES) if edge else self._amount(0, most)
                )

    def _work(self, key: str) -> None:
        facts: Facts = self.situation["persons"][key]
        if self._odds(0.6):
            pay = self._amount(200, self.chance.choice((1500, 4000, 12000)))
            since, until = self.chance.randint(-70, 0), self.chance.randint(-20, 12)
            facts["salary"] = {
                f"{self._months_from(step):%Y-%m}": pay if self._odds(0.7) else self._amount(0, 7000)
                for step in range(since, until)
            }
        self._yearly(facts, "employment_income", self.chance.choice((9000, 40000, 150000)), 0.4)
        for name, most, part in (
            ("pension_income", 14000, 0.15),
            ("capital_income", 9000, 0.15),
            ("foreign_income", 60000, 0.15),
            ("foreign_tax_paid", 9000, 0.12),
            ("mortgage_interest", 2000, 0.2),
            ("donations", 3000, 0.2),
            ("pension_savings", 9000, 0.2),
            ("tax_withheld", 9000, 0.5),
        ):
            self._yearly(facts, name, most, part)
        if self._odds(0.25):
            self._business(facts)
        if self._odds(0.5):
            facts["takes_parental_leave"] = {f"{self.month:%Y-%m}": True}

    def _business(self, facts: Facts) -> None:
        years = [year for year in range(FIRST_YEAR, self.year + 1) if self._odds(0.8)]
        facts["business_income"] = {
            f"{year}": self._amount(0, 30000) * self.chance.choice((-1, -1, 1, 1, 0)) for year in years
        }
        facts["self_employed_months"] = {
            f"{year}": self.chance.randint(0, 12) for year in (self.year - 1, self.year)
        }
        if self._odds(0.1):
            facts["business_loss_brought"] = {f"{self.year}": self._amount(0, 20000)}

    def _child(self, key: str) -> None:
        facts: Facts = self.situation["persons"][key]
        for name, part in (("in_school", 0.6), ("disabled", 0.1), ("shared_custody", 0.2)):
            if self._odds(part):
                wanted = [date(self.year, month, 1) for month in range(1, 13) if self._odds(0.8)]
                facts[name] = {f"{month:%Y-%m}": True for month in wanted}
        if self._odds(0.1):
            self._yearly(facts, "employment_income", 9000, 1.0)
