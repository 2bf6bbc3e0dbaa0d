# SPDX-License-Identifier: EUPL-1.2
"""The made-up people live possible lives: older parents, custody with the living, whole homes."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import date, timedelta
from itertools import pairwise

from aralia.codes import birth_date, check_personal_code
from aralia.people import people, people_by_code
from aralia.person import ADULT_YEARS, TODAY, Person, years_between


def minors() -> list[Person]:
    return [person for person in people() if person.alive and person.age < ADULT_YEARS]


def test_codes_are_right_and_tell_the_day_of_birth() -> None:
    for person in people():
        assert check_personal_code(person.code)
        assert birth_date(person.code) == person.birth
    assert len(people_by_code()) == 20_000


def test_parents_are_older_and_lived_at_the_birth() -> None:
    for person in people():
        for code, role in person.parents:
            parent = people_by_code()[code]
            assert years_between(parent.birth, person.birth) >= 16
            assert parent.death is None or parent.death > person.birth
            assert role == "parent" or (role == "mother") == (parent.sex == "female")


def test_parents_and_children_name_each_other() -> None:
    down = {(parent.code, child) for parent in people() for child in parent.children}
    up = {(code, person.code) for person in people() for code, _ in person.parents}
    assert down == up


def test_nobody_was_born_within_months_of_a_sibling_but_twins() -> None:
    births: dict[str, list[date]] = defaultdict(list)
    for person in people():
        for code, role in person.parents:
            if role == "mother":
                births[code].append(person.birth)
    twins = 0
    for days in births.values():
        days.sort()
        for earlier, later in pairwise(days):
            assert later == earlier or later - earlier > timedelta(days=270)
            twins += later == earlier
    assert twins > 20


def test_spouses_name_each_other_and_both_live() -> None:
    for person in people():
        if person.alive and person.marital == "married":
            mate = people_by_code()[person.spouse]
            assert mate.spouse == person.code
            assert mate.alive


def test_every_minor_has_living_adult_holders_of_custody() -> None:
    for child in minors():
        assert child.custody
        for code, kind, since in child.custody:
            holder = people_by_code()[code]
            assert holder.adult
            assert child.birth <= since <= TODAY
            assert (kind == "guardian") == (code not in {parent for parent, _ in child.parents})
    assert all(not person.custody for person in people() if person.age >= ADULT_YEARS)


def test_custody_after_a_death_begins_with_it() -> None:
    for child in minors():
        deaths = [death for code, _ in child.parents if (death := people_by_code()[code].death)]
        assert all(since >= death for _, _, since in child.custody for death in deaths)


def test_the_dead_have_no_home_and_minors_do_not_live_alone() -> None:
    homes: dict[str, list[Person]] = defaultdict(list)
    for person in people():
        assert person.alive == bool(person.household)
        homes[person.household].append(person)
    for child in minors():
        assert any(member.adult for member in homes[child.household])


def test_nobody_is_of_an_impossible_age() -> None:
    for person in people():
        assert person.birth <= TODAY
        assert 0 <= person.age <= 105
        assert person.death is None or person.birth < person.death < TODAY


def test_the_hard_cases_are_there() -> None:
    everybody = people()
    names = [f"{person.given} {person.family}" for person in everybody]
    assert sum(not person.family for person in everybody) > 40
    assert max(len(person.given) for person in everybody) == 150
    assert sum("'" in name or "\u2019" in name for name in names) > 100
    assert sum(not name.isascii() for name in names) > 1_000
    assert sum(any("\u0621" <= letter <= "\u064a" for letter in name) for name in names) > 100
    assert sum(bool(person.protected_address) for person in everybody) > 20
    assert all(not person.address for person in everybody if person.protected_address)
    assert sum(person.alive and not person.address for person in everybody) > 100
    assert sum(not person.nationalities for person in everybody) > 20
    kinds = Counter(kind for child in minors() for _, kind, _ in child.custody)
    assert min(kinds["joint"], kinds["sole"], kinds["guardian"]) > 20


def test_some_homes_hold_three_generations() -> None:
    homes = {person.code: person.household for person in people() if person.alive}
    found = 0
    for person in people():
        for code, _ in person.parents:
            grand = [grandparent for grandparent, _ in people_by_code()[code].parents]
            found += person.alive and homes[person.code] in {homes.get(one) for one in grand}
    assert found > 10
