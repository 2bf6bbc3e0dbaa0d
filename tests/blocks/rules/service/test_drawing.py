# SPDX-License-Identifier: EUPL-1.2
"""What is asked of registers for one person, in which order, and how little; slow and broken ones too."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any

import pytest
from tests.blocks.rules.kin import person
from tests.blocks.rules.registers import InMemory, indexed

from aralia.assessment import assessment
from flagstone.blocks.rules.contract.assessment import Heard, Known, NotAssessed
from flagstone.blocks.rules.service.drawing import RELATIVES_MAX, Drawing
from flagstone.kernel.audit import Reason
from flagstone.kernel.ids import PersonCode

PLAN = assessment()
WHY = Reason("Assessing")
ME = PersonCode("100")


def registers(*persons: dict[str, Any], incomes: tuple[dict[str, Any], ...] = ()) -> InMemory:
    return InMemory(indexed({"individuals": persons, "incomes": incomes}))


def facts(some: InMemory, year: int = 2025, *, home: bool = False) -> Known:
    return Drawing(PLAN, some, seconds_max=60).facts(ME, year, WHY, home=home)


def asked(some: InMemory, register: str = "individuals") -> list[Mapping[str, str]]:
    return [filters for name, filters, *_ in some.asked if name == register]


def test_who_lives_alone_is_asked_about_once_and_her_dwelling_once() -> None:
    some = registers(person(ME, household="H1"))
    known = facts(some)
    assert asked(some) == [{"personal_code": ME}, {"household": "H1"}]
    assert asked(some, "incomes") == [{"personal_code": ME, "year": "2025"}]
    assert known.missing == known.silent == ()


def test_children_elsewhere_and_the_partners_own_are_found() -> None:
    some = registers(
        person(ME, spouse="he", marital="married", children=["mine"], household="H1"),
        person("he", spouse=ME, marital="married", children=["his"], household="H1"),
        person("mine", "2015-01-01", custody=[(ME, "joint"), ("ex", "joint")], household="H2"),
        person("his", "2016-01-01", custody=[("he", "joint"), ("other", "joint")], household="H3"),
    )
    known = facts(some)
    assert known.children == {"child-1": "2015-01-01", "child-2": "2016-01-01"}
    persons: Any = known.situation["persons"]
    assert all(len(persons[child]["shared_custody"]) == 12 for child in known.children)


def test_the_death_of_a_spouse_is_found_by_the_children() -> None:
    some = registers(
        person(ME, marital="widowed", children=["kid"], household="H1"),
        person("kid", "2015-01-01", custody=[(ME, "sole")], parents=[ME, "he"], household="H1"),
        person("he", marital="married", spouse=ME, death="2025-04-01"),
    )
    known = facts(some)
    families: Any = known.situation["families"]
    assert families["home"]["married"] == {"2025": True}
    persons: Any = known.situation["persons"]
    assert persons["partner"]["death_date"] == {"ETERNITY": "2025-04-01"}
    assert "he" not in {each.get("personal_code") for each in asked(registers())}


def test_the_married_are_not_looked_for_among_the_dead() -> None:
    some = registers(
        person(ME, marital="divorced", children=["kid"], household="H1"),
        person("kid", "2015-01-01", custody=[(ME, "sole")], parents=[ME, "he"], household="H1"),
        person("he", household="H9"),
    )
    facts(some)
    assert {"personal_code": "he"} not in asked(some)


def test_of_a_child_in_care_nobody_else_is_drawn_into_the_case() -> None:
    some = registers(
        person(ME, "2012-01-01", custody=[("mother", "sole")], household="H1"),
        person("mother", children=[ME], household="H1"),
    )
    known = facts(some)
    assert list(known.situation["persons"]) == ["me"]  # type: ignore[arg-type]
    assert [each["personal_code"] for each in asked(some, "incomes")] == [ME]


def test_no_more_relatives_are_asked_about_than_may_be() -> None:
    children = [f"kid{number}" for number in range(RELATIVES_MAX + 20)]
    some = registers(person(ME, children=children, household="H1"))
    facts(some)
    assert len(asked(some)) == 2 + RELATIVES_MAX


def test_years_that_the_register_does_not_have_are_not_asked_for() -> None:
    some = registers(person(ME, household="H1"))
    known = facts(some, 2026)
    assert asked(some, "incomes") == []
    assert known.missing == ("employment_income", "tax_withheld")
    assert facts(some, 2024, home=True).missing == ("household_means",)


@pytest.mark.parametrize("gone", [(), (person(ME, death="2026-02-02"),)])
def test_nobody_is_assessed_who_is_not_alive_and_known(gone: tuple[dict[str, Any], ...]) -> None:
    with pytest.raises(NotAssessed):
        facts(registers(*gone))


def test_a_register_that_keeps_one_waiting_is_silent() -> None:
    over = threading.Event()

    class Slow(InMemory):
        def ask(self, *about: Any) -> Heard:
            if about[0] == "incomes":
                over.wait(60)
            return super().ask(*about)

    slow = Slow(indexed({"individuals": [person(ME, household="H1")], "incomes": []}))
    known = Drawing(PLAN, slow, seconds_max=0.5).facts(ME, 2025, WHY)
    over.set()
    assert known.silent == ("incomes",)
    assert known.missing == ("employment_income", "tax_withheld")
