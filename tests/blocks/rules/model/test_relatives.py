# SPDX-License-Identifier: EUPL-1.2
"""Who belongs to a family: marriage, custody in one home or two, guardians, the dead, and nonsense."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.blocks.rules.kin import CHILDREN_TO, NAMES, family, heard, people, person

from flagstone.blocks.rules.model.relatives import (
    Family,
    RecordUnreadable,
    families_of,
    is_child_in_care,
    read_people,
    read_person,
)


def codes(found: Family) -> tuple[list[str], list[tuple[str, bool | None]]]:
    partners = [each.code for each in found.partners]
    return partners, [(child.who.code, child.shared) for child in found.children]


def test_a_married_couple_with_children_in_joint_custody_is_one_family() -> None:
    found = family(
        person("me", spouse="he", marital="married", children=["kid"], household="H1"),
        person("he", spouse="me", marital="married", children=["kid"], household="H1"),
        person("kid", "2015-05-05", custody=[("me", "joint"), ("he", "joint")], household="H1"),
    )
    assert codes(found) == (["me", "he"], [("kid", False)])
    assert found.married is True


def test_parents_who_live_together_unmarried_are_partners() -> None:
    found = family(
        person("me", children=["kid"], household="H1"),
        person("he", children=["kid"], household="H1"),
        person("kid", "2015-05-05", custody=[("me", "joint"), ("he", "joint")], household="H1"),
    )
    assert codes(found) == (["me", "he"], [("kid", False)])
    assert found.married is False


@pytest.mark.parametrize("home", ["H1", "H2"])
def test_a_child_of_parents_who_parted_has_two_homes_in_both_families(home: str) -> None:
    found = family(
        person("me", children=["kid"], household="H1"),
        person("kid", "2015-05-05", custody=[("me", "joint"), ("he", "joint")], household=home),
    )
    assert codes(found) == (["me"], [("kid", True)])


def test_whether_a_child_has_two_homes_is_not_known_where_ones_own_home_is_not() -> None:
    found = family(
        person("me", children=["kid"]),
        person("kid", "2015-05-05", custody=[("me", "joint"), ("he", "joint")], household="H2"),
    )
    assert codes(found) == (["me"], [("kid", None)])


def test_a_child_in_the_other_parents_sole_custody_is_none_of_this_family() -> None:
    found = family(
        person("me", children=["kid"], household="H1"),
        person("kid", "2015-05-05", custody=[("he", "sole")], household="H2"),
    )
    assert codes(found) == (["me"], [])


@pytest.mark.parametrize(("since", "counts"), [("2025-12-31", True), ("2026-01-01", False)])
def test_a_guardians_ward_counts_from_the_year_of_the_guardianship(since: str, *, counts: bool) -> None:
    found = family(
        person("me", household="H1"),
        person("ward", "2015-05-05", custody=[("me", "guardian", since)], household="H1"),
    )
    assert codes(found)[1] == ([("ward", False)] if counts else [])


@pytest.mark.parametrize(("death", "partners"), [("2025-06-01", ["me", "he"]), ("2024-12-31", ["me"])])
def test_a_spouse_who_died_stays_for_the_year_of_death(death: str, partners: list[str]) -> None:
    found = family(
        person("me", marital="widowed", children=["kid"], household="H1"),
        person(
            "kid", "2015-05-05", custody=[("me", "sole", "2025-06-01")], parents=["me", "he"], household="H1"
        ),
        person("he", marital="married", spouse="me", death=death),
    )
    assert codes(found)[0] == partners
    assert found.married is (death > "2025")


def test_whether_the_widowed_were_married_in_the_year_is_not_known_without_a_death() -> None:
    assert family(person("me", marital="widowed", household="H1")).married is None


def test_a_spouse_of_whom_nothing_is_known_leaves_the_marriage_open() -> None:
    assert family(person("me", marital="married", spouse="abroad", household="H1")).married is None


def test_a_child_who_came_of_age_since_still_counts_for_the_year() -> None:
    found = family(
        person("me", children=["kid", "old", "away"], household="H1"),
        person("kid", "2007-11-30", parents=["me"], household="H1"),
        person("old", "2005-11-30", parents=["me"], household="H1"),
        person("away", "2007-10-30", parents=["me"], household="H2"),
    )
    assert codes(found)[1] == [("kid", False)]


def test_it_is_not_known_whether_a_grown_up_child_of_two_parents_had_two_homes() -> None:
    found = family(
        person("me", children=["kid"], household="H1"),
        person("kid", "2007-11-30", parents=["me", "he"], household="H1"),
    )
    assert codes(found)[1] == [("kid", None)]


def test_children_of_other_years_are_left_out() -> None:
    found = family(
        person("me", children=["unborn", "dead", "last"], household="H1"),
        person("unborn", "2026-01-01", custody=[("me", "sole")], household="H1"),
        person("dead", "2015-01-01", custody=[("me", "sole")], death="2024-12-31"),
        person("last", "2025-12-31", custody=[("me", "sole")], household="H1"),
    )
    assert codes(found)[1] == [("last", False)]


def test_a_parent_who_is_a_child_herself_has_a_family_of_her_own() -> None:
    young = person("me", "2008-05-05", custody=[("mother", "sole")], children=["baby"], household="H1")
    baby = person("baby", "2025-03-01", custody=[("me", "sole", "2025-03-01")], household="H1")
    assert not is_child_in_care(*people(young, baby))
    assert codes(family(young, baby)) == (["me"], [("baby", False)])
    assert is_child_in_care(*people(person("me", "2008-05-05", custody=[("mother", "sole")])))


def test_those_who_live_with_one_have_families_of_their_own() -> None:
    _me, all_of_them = people(
        person("me", household="H1"),
        person("mother", "1950-01-01", marital="married", spouse="father", household="H1"),
        person("father", "1948-01-01", marital="married", spouse="mother", household="H1"),
        person("brother", "1990-01-01", household="H1"),
        person("niece", "2015-01-01", custody=[("brother", "sole")], household="H1"),
        person("stray", "2016-01-01", custody=[("elsewhere", "sole")], household="H1"),
    )
    rest = [each for code, each in all_of_them.items() if code != "me"]
    found = families_of(rest, {each.code: each for each in rest}, 2025, NAMES, CHILDREN_TO)
    assert sorted(codes(each) for each in found) == [
        ([], [("stray", False)]),
        (["brother"], [("niece", False)]),
        (["father", "mother"], []),
    ]


def test_the_first_to_tell_of_a_person_is_believed() -> None:
    first, second = (heard({"personal_code": "x", "birth_date": day}) for day in ("2000-01-01", "2001-01-01"))
    assert read_people([first, second], NAMES)["x"].birth == date(2000, 1, 1)


@pytest.mark.parametrize(
    "nonsense",
    [
        {"birth_date": None},
        {"personal_code": ""},
        {"birth_date": "yesterday"},
        {"birth_date": "0001-01-01"},
        {"birth_date": 20200101},
        {"death_date": "1969-12-31"},
        {"children": "none"},
        {"children": [1]},
        {"custody": ["me"]},
        {"custody": [{"personal_code": "x", "since": "soon"}]},
        {"spouse": {"code": "x"}},
        {"household": 7},
    ],
    ids=str,
)
def test_a_record_that_no_person_has_is_refused(nonsense: dict[str, Any]) -> None:
    data = {"personal_code": "me", "birth_date": "1970-01-01", **nonsense}
    with pytest.raises(RecordUnreadable):
        read_person(data, heard(data), NAMES)


_CODES = st.sampled_from(["me", "a", "b", "c", ""])
_PERSON = st.builds(
    person,
    st.sampled_from(["me", "a", "b", "c"]),
    st.sampled_from(["1900-02-28", "1980-02-29", "2007-01-01", "2025-12-31", "2026-06-01"]),
    marital=st.sampled_from(["", "single", "married", "widowed"]),
    spouse=_CODES,
    children=st.lists(_CODES, max_size=3),
    parents=st.lists(_CODES, max_size=2),
    custody=st.lists(st.tuples(_CODES, st.sampled_from(["joint", "sole", "guardian", "?"])), max_size=3),
    household=st.sampled_from(["", "H1", "H2"]),
)


@given(st.lists(_PERSON, min_size=1, max_size=6))
def test_whatever_registers_say_a_family_names_nobody_twice(some: list[dict[str, Any]]) -> None:
    me, everybody = people(person("me", household="H1"), *some)
    found = family(person("me", household="H1"), *some)
    named = [*(each.code for each in found.partners), *(each.who.code for each in found.children)]
    assert len(named) == len(set(named))
    assert me in found.partners
    rest = [each for each in everybody.values() if each.code not in named]
    others = families_of(rest, {each.code: each for each in rest}, 2025, NAMES, CHILDREN_TO)
    placed = [each.code for one in others for each in (*one.partners, *(child.who for child in one.children))]
    assert sorted(placed) == sorted(each.code for each in rest if each.lived_in(2025))
