# SPDX-License-Identifier: EUPL-1.2
"""Who belongs to a person's family in a year, by what the register of persons says of her and of hers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from flagstone.blocks.rules.contract.assessment import Heard, PersonFields
from flagstone.blocks.rules.contract.calculation import JsonValue

OLDEST, NEWEST = date(1800, 1, 1), date(9999, 12, 30)
_PAIR = 2


class RecordUnreadable(ValueError):
    """A record is not as the register of persons has them; what it says cannot be used."""


@dataclass(frozen=True)
class Custody:
    """Who has custody of a child, of which kind, and since when."""

    holder: str = field(repr=False)
    kind: str
    since: date


@dataclass(frozen=True)
class Relative:
    """A person as the register knows her, as far as it was asked; `heard` is the answer that said so."""

    code: str = field(repr=False)
    birth: date = field(repr=False)
    heard: Heard = field(repr=False)
    death: date | None = field(default=None, repr=False)
    marital: str = field(default="", repr=False)
    spouse: str = field(default="", repr=False)
    children: tuple[str, ...] = field(default=(), repr=False)
    parents: tuple[str, ...] = field(default=(), repr=False)
    custody: tuple[Custody, ...] = field(default=(), repr=False)
    household: str = field(default="", repr=False)

    def lived_in(self, year: int) -> bool:
        """Tell whether she lived on at least one day of the year."""
        return self.birth.year <= year and (self.death is None or self.death.year >= year)

    def age_reached_in(self, year: int) -> int:
        """Return how many years of age are complete at the end of the year."""
        return year - self.birth.year


People = Mapping[str, Relative]
"""Persons by code."""


@dataclass(frozen=True)
class Member:
    """A child of a family; `shared` None where the register does not tell whether she has a second home."""

    who: Relative
    shared: bool | None = False


@dataclass(frozen=True)
class Family:
    """One or two partners and the children in their care; `married` None where that cannot be told."""

    partners: tuple[Relative, ...]
    children: tuple[Member, ...] = ()
    married: bool | None = False


def read_person(data: Mapping[str, JsonValue], heard: Heard, names: PersonFields) -> Relative:
    """Return a record as a person; RecordUnreadable for what no person can be."""
    birth = _day(data.get(names.birth))
    if birth is None or not data.get(names.code):
        raise RecordUnreadable("a person without a code or a date of birth")
    death = _day(data.get(names.death))
    if death is not None and death < birth:
        raise RecordUnreadable("a death before the birth")
    return Relative(
        _text(data.get(names.code)),
        birth,
        heard,
        death,
        _text(data.get(names.marital)),
        _text(data.get(names.spouse)),
        tuple(_texts(data.get(names.children))),
        tuple(_text(each.get(names.holder)) for each in _objects(data.get(names.parents))),
        tuple(_custody(each, names) for each in _objects(data.get(names.custody))),
        _text(data.get(names.household)),
    )


def read_people(answers: Iterable[Heard], names: PersonFields) -> dict[str, Relative]:
    """Return the persons of some answers; who is in several is taken as the first one says."""
    found: dict[str, Relative] = {}
    for heard in answers:
        for data in heard.records:
            person = read_person(data, heard, names)
            found.setdefault(person.code, person)
    return found


def partner_code(me: Relative, people: People, year: int, names: PersonFields) -> str:
    """Return who was a person's partner in a year, as far as can be told; empty for nobody.

    It is the spouse, living or dead in that very year; or who lives with her and is, with her, a parent or
    holder of joint custody of the same child.
    """
    if me.marital == names.married:
        return me.spouse
    late = late_spouse(me, people)
    if late is not None and late.lived_in(year):
        return late.code
    for child in people.values():
        together = (_holders(child, names.joint), child.parents)
        for pair in together:
            other = next((code for code in pair if code != me.code and _with(me, people.get(code))), "")
            if me.code in pair and other:
                return other
    return ""


def late_spouse(me: Relative, people: People) -> Relative | None:
    """Return the spouse who died: the register keeps, of the dead, to whom they were married."""
    left_behind = (each for each in people.values() if each.spouse == me.code and each.death is not None)
    return max(left_behind, key=lambda each: each.death or OLDEST, default=None)


def family_of(me: Relative, people: People, year: int, names: PersonFields, child_years_max: int) -> Family:
    """Return the family of a person in a year, from everybody that is known of it."""
    partner = people.get(partner_code(me, people, year, names))
    if partner is not None and partner.code == me.code:
        partner = None  # nobody is her own spouse, whatever a record says
    both = tuple(each for each in (me, partner) if each is not None and each.lived_in(year))
    children = [
        Member(child, _shared(child, both, people, names))
        for child in sorted(people.values(), key=lambda each: (each.birth, each.code))
        if child not in both and _in_care(child, both, year, child_years_max)
    ]
    return Family(both, tuple(children), _married(me, both, people, names))


def children_elsewhere(parents: Iterable[Relative], people: People) -> list[str]:
    """Return the codes of parents' children of whom nothing is known yet."""
    wanted = {code: None for parent in parents for code in parent.children if code not in people}
    return list(wanted)


def is_child_in_care(me: Relative, people: People) -> bool:
    """Tell whether a person is in somebody's care and has no child in her own."""
    cares = any(me.code in _holders(child) for child in people.values())
    return bool(me.custody) and not cares


def families_of(
    rest: Sequence[Relative], people: People, year: int, names: PersonFields, child_years_max: int
) -> list[Family]:
    """Return the families of those who live with a person and are not in her own."""
    left = {each.code: each for each in rest if each.lived_in(year)}
    found = []
    for each in sorted(left.values(), key=lambda one: (one.birth, one.code)):
        if each.code not in left or is_child_in_care(each, people):
            continue
        family = family_of(each, left, year, names, child_years_max)
        found.append(family)
        for one in (*family.partners, *(child.who for child in family.children)):
            left.pop(one.code, None)
    return found + [Family((), (Member(each),)) for each in left.values()]


def _married(me: Relative, both: Sequence[Relative], people: People, names: PersonFields) -> bool | None:
    """Tell whether the partners were married; None where the register tells no more of a spouse."""
    if len(both) == _PAIR:
        return me.marital == names.married or both[1].spouse == me.code
    if me.marital == names.widowed:
        return None if late_spouse(me, people) is None else False
    return None if me.marital == names.married and me.spouse not in people else False


def _in_care(child: Relative, partners: Sequence[Relative], year: int, most: int) -> bool:
    """Tell whether somebody was a child of the partners' family in the year."""
    if not child.lived_in(year) or child.age_reached_in(year) > most:
        return False
    own = any(child.code in each.children or each.code in child.parents for each in partners)
    holders = {each.holder: each for each in child.custody}
    for partner in partners:
        held = holders.get(partner.code)
        if held is not None and (own or held.since.year <= year):
            return True
    return own and not child.custody and any(_with(each, child) for each in partners)


def _shared(
    child: Relative, partners: Sequence[Relative], people: People, names: PersonFields
) -> bool | None:
    """Tell whether a child lives by turns in two homes: whether one who has custody too has another home."""
    ours = {each.code for each in partners}
    if not child.custody:
        grown_up_with_both = set(child.parents) <= ours
        return False if grown_up_with_both or not child.parents else None
    others = [code for code in _holders(child, names.joint) if code not in ours]
    if not others:
        return False
    homes = {each.household for each in partners}
    if "" in homes:
        return None
    return not any(other in people and people[other].household in homes for other in others)


def _holders(child: Relative, kind: str = "") -> list[str]:
    return [each.holder for each in child.custody if not kind or each.kind == kind]


def _with(me: Relative, other: Relative | None) -> bool:
    """Tell whether somebody lives in the same dwelling."""
    return other is not None and bool(me.household) and me.household == other.household


def _custody(data: Mapping[str, JsonValue], names: PersonFields) -> Custody:
    return Custody(
        _text(data.get(names.holder)), _text(data.get(names.kind)), _day(data.get(names.since)) or OLDEST
    )


def _day(value: JsonValue) -> date | None:
    if value in (None, ""):
        return None
    try:
        day = date.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        day = None
    if day is None or not OLDEST <= day <= NEWEST:
        raise RecordUnreadable("a day that is none")
    return day


def _text(value: JsonValue) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        raise RecordUnreadable("a text that is none")
    return value


def _texts(value: JsonValue) -> list[str]:
    if value is None:
        return []
    if not isinstance(value, list | tuple):
        raise RecordUnreadable("a list that is none")
    return [_text(each) for each in value]


def _objects(value: JsonValue) -> list[Mapping[str, JsonValue]]:
    if value is None:
        return []
    if not isinstance(value, list | tuple) or not all(isinstance(each, Mapping) for each in value):
        raise RecordUnreadable("a list of objects that is none")
    return [each for each in value if isinstance(each, Mapping)]
