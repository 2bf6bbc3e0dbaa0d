# SPDX-License-Identifier: EUPL-1.2
"""The people of Aralia: 20,000 made-up persons, household by household, the oldest generation first."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import lru_cache

from aralia.chance import Chance
from aralia.codes import make_personal_code
from aralia.contacts import give_contacts
from aralia.names import arabic_names, family_names, female_names, long_name, male_names
from aralia.person import ADULT_YEARS, TODAY, Person, years_between
from aralia.places import addresses

POPULATION = 20_000
_HOUSEHOLDS = 7_550
_OLDEST, _YOUNGEST = 1928, 2007
_BETWEEN_BIRTHS = timedelta(days=300)


@dataclass
class Couple:
    """Two parents and when their children were born."""

    mother: Person
    father: Person
    births: list[date] = field(default_factory=list)

    def may_have(self, birth: date) -> bool:
        """Tell whether a child of theirs can have been born on `birth`."""
        if not 17 <= years_between(self.mother.birth, birth) <= 45:
            return False
        if not 17 <= years_between(self.father.birth, birth) <= 65:
            return False
        ends = [parent.death for parent in (self.mother, self.father) if parent.death]
        return all(birth < end for end in ends) and all(
            abs(birth - other) > _BETWEEN_BIRTHS for other in self.births
        )


class Population:
    """The persons made so far, their codes, and the couples whom the next generation may have as parents."""

    def __init__(self) -> None:
        """Begin with nobody."""
        self.chance = Chance("people")
        self.persons: list[Person] = []
        self.by_code: dict[str, Person] = {}
        self.couples: dict[int, list[Couple]] = defaultdict(list)
        self.households = 0
        self._serials: Counter[tuple[date, str]] = Counter()

    def person(self, birth: date, sex: str, family: str = "") -> Person:
        """Add a person, at first without relatives and without a home."""
        self._serials[birth, sex] += 1
        code = make_personal_code(birth, sex, self._serials[birth, sex] * 7 % 1000)
        names = female_names() if sex == "female" else male_names()
        given = self.chance.pick(names)
        if self.chance.odds(250):
            given = f"{given} {self.chance.pick(names)}"
        made = Person(code, birth, sex, given, family or self.chance.pick(family_names()))
        self.persons.append(made)
        self.by_code[code] = made
        return made

    def settle(self, *members: Person) -> None:
        """Give the members a household of their own at one address, which may be unknown."""
        self.households += 1
        home = "" if self.chance.odds(12) else self.chance.pick(addresses()).code
        youngest = max(member.birth for member in members)
        since = self.chance.day(max(youngest, date(1990, 1, 1)), TODAY - timedelta(days=30))
        for member in members:
            member.household = f"H{self.households:05}"
            member.address = home
            member.address_since = max(since, member.birth) if home else None

    def descend(self, person: Person) -> None:
        """Find parents for an adult among the couples of the generation before, where there are any."""
        for _ in range(6):
            years = self.couples.get(person.birth.year - self.chance.between(19, 38))
            couple = self.chance.pick(years) if years else None
            if couple is not None and couple.may_have(person.birth):
                self.adopt(couple, person)
                person.family = couple.father.family
                return

    def adopt(self, couple: Couple, child: Person) -> None:
        """Make `child` the couple's own."""
        couple.births.append(child.birth)
        same = couple.mother.sex == couple.father.sex
        roles = ("parent", "parent") if same else ("mother", "father")
        for parent, role in zip((couple.mother, couple.father), roles, strict=True):
            child.parents.append((parent.code, role))
            parent.children.append(child.code)

    def pair(self, mother: Person, father: Person) -> Couple:
        """Make two persons a couple that may have children in later draws."""
        couple = Couple(mother, father)
        self.couples[mother.birth.year].append(couple)
        return couple


def _birth_in(chance: Chance, year: int) -> date:
    return date(year, 1, 1) + timedelta(days=chance.below(365))


def _adult(population: Population, year: int, sex: str) -> Person:
    """Add an adult born in `year`, with parents where they can be found."""
    made = population.person(_birth_in(population.chance, year), sex)
    population.descend(made)
    return made


def _marry(one: Person, other: Person, marital: str) -> None:
    for person, mate in ((one, other), (other, one)):
        person.marital = marital
        person.spouse = mate.code if marital == "married" else ""


def _die(population: Population, person: Person, earliest: date) -> None:
    """Let `person` die after `earliest`; the mate of a marriage is widowed."""
    person.death = population.chance.day(earliest + timedelta(days=1), TODAY - timedelta(days=20))
    mate = population.by_code.get(person.spouse)
    if mate is not None:
        mate.marital, mate.spouse = "widowed", ""
        person.marital = "married"


def _couple(population: Population, year: int) -> Couple:
    """Add two adults who live together, four in five of them married."""
    chance = population.chance
    mother = _adult(population, year, "female")
    other = min(_YOUNGEST, year - chance.between(-3, 7))
    same = chance.odds(15)
    father = _adult(population, other, "female" if same else "male")
    if chance.odds(780):
        _marry(mother, father, "married")
        if chance.odds(700):
            mother.family = father.family
    return Couple(mother, father) if same else population.pair(mother, father)


def _children(population: Population, couple: Couple, most: int) -> list[Person]:
    """Add the couple's children who still live at home, at times twins."""
    chance = population.chance
    made: list[Person] = []
    year = couple.mother.birth.year + chance.between(19, 33)
    while len(made) < most and year <= TODAY.year:
        birth = _birth_in(chance, year)
        year += chance.between(1, 4)
        if TODAY.year - birth.year > 21 or birth > TODAY or not couple.may_have(birth):
            continue
        count = 2 if chance.odds(18) else 1
        for _ in range(count):
            child = population.person(birth, chance.pick(("female", "male")), couple.father.family)
            population.adopt(couple, child)
            made.append(child)
    return made


def _entrust(children: list[Person], kind: str, *holders: Person) -> None:
    """Give the holders custody of the children who are minors."""
    for child in children:
        if years_between(child.birth, TODAY) < ADULT_YEARS:
            child.custody = [(holder.code, kind, child.birth) for holder in holders]


_CHILDREN = ((0, 12), (1, 26), (2, 38), (3, 16), (4, 6), (6, 2))


def _together(population: Population, year: int) -> None:
    """Settle a couple, with children or without."""
    couple = _couple(population, year)
    mother, father = couple.mother, couple.father
    children = _children(population, couple, population.chance.weighted(_CHILDREN))
    population.settle(mother, father, *children)
    _entrust(children, "joint", mother, father)
    if population.chance.odds(25) or (year < 1955 and population.chance.odds(450)):
        _lose_one(population, couple, children)


def _lose_one(population: Population, couple: Couple, children: list[Person]) -> None:
    """Let one of a couple have died; the other keeps house and has the custody alone."""
    lost, left = couple.mother, couple.father
    if population.chance.odds(600):
        lost, left = left, lost
    births = [child.birth for child in children]
    earliest = max([lost.birth + timedelta(days=40 * 366), *births, *couple.births])
    if earliest >= TODAY - timedelta(days=60):
        return
    _die(population, lost, earliest)
    for child in children:
        if child.custody and lost.death is not None:
            child.custody = [(left.code, "sole", max(child.birth, lost.death))]
    lost.household, lost.address, lost.address_since = "", "", None


def _apart(population: Population, year: int) -> None:
    """Settle parents who have parted: two households, the children in one of them."""
    chance = population.chance
    couple = _couple(population, year)
    mother, father = couple.mother, couple.father
    children = _children(population, couple, chance.between(1, 3))
    if mother.marital == "married":
        _marry(mother, father, "divorced")
    keeper, other = (mother, father) if chance.odds(800) else (father, mother)
    population.settle(keeper, *children)
    population.settle(other)
    if chance.odds(700):
        _entrust(children, "joint", keeper, other)
    else:
        _entrust(children, "sole", keeper)


def _alone(population: Population, year: int) -> None:
    """Settle one adult, now and then with a child whose other parent is not known."""
    chance = population.chance
    adult = _adult(population, year, chance.pick(("female", "male")))
    if year < 1950 and chance.odds(300):
        adult.marital = "widowed"
    elif year < 1990 and chance.odds(200):
        adult.marital = "divorced"
    children = []
    if adult.sex == "female" and 1980 <= year <= 2003 and chance.odds(150):
        children.append(_child_of_one(population, adult))
    population.settle(adult, *children)
    _entrust(children, "sole", adult)
    if year < 1950 and chance.odds(200):
        _die(population, adult, date(2005, 1, 1))
        adult.household, adult.address, adult.address_since = "", "", None


def _child_of_one(population: Population, mother: Person) -> Person:
    birth = _birth_in(population.chance, min(TODAY.year - 1, mother.birth.year + 22))
    child = population.person(birth, population.chance.pick(("female", "male")), mother.family)
    child.parents.append((mother.code, "mother"))
    mother.children.append(child.code)
    return child


def _orphaned(population: Population, year: int) -> None:
    """Settle children whose parents have both died with a guardian."""
    couple = _couple(population, year)
    children = _children(population, couple, 2)
    guardian = _adult(population, min(1998, year - 4), population.chance.pick(("female", "male")))
    population.settle(guardian, *children)
    latest = max([couple.mother.birth + timedelta(days=25 * 366), *(child.birth for child in children)])
    for parent in (couple.mother, couple.father):
        _die(population, parent, max(latest, *couple.births, latest))
    couple.mother.spouse = couple.father.spouse = ""
    _entrust(children, "guardian", guardian)
    deaths = [parent.death for parent in (couple.mother, couple.father) if parent.death]
    for child in children:
        child.custody = [(code, kind, max(since, *deaths)) for code, kind, since in child.custody]


def _kind_of_household(chance: Chance, year: int) -> str:
    if year < 1950:
        return chance.weighted((("together", 55), ("alone", 45)))
    if year > 1996:
        return chance.weighted((("together", 30), ("alone", 70)))
    return chance.weighted((("together", 640), ("alone", 200), ("apart", 150), ("orphaned", 10)))


def _year_of_household(chance: Chance) -> int:
    """Return when the elder adult was born; every third household is of an age to have small children."""
    if chance.odds(350):
        return chance.between(1976, 1997)
    return chance.between(_OLDEST, _YOUNGEST)


_KINDS = {"together": _together, "apart": _apart, "alone": _alone, "orphaned": _orphaned}


def _grandparents_move_in(population: Population) -> None:
    """Let some old parents who are alone live with a child's family: three generations in one house."""
    for old in population.persons:
        if not (old.adult and old.age >= 72 and old.marital == "widowed" and old.household):
            continue
        hosts = [host for code in old.children if (host := population.by_code[code]).adult and host.children]
        if hosts and population.chance.odds(300):
            old.household, old.address = hosts[0].household, hosts[0].address
            old.address_since = hosts[0].address_since


def _rare_names(population: Population) -> None:
    """Give a few persons one name only, a very long one, or one in Arabic script."""
    chance = Chance("rare names")
    for place, person in enumerate(population.persons):
        if place % 331 == 5:
            person.given, person.family = person.given.split(" ", maxsplit=1)[0], ""
        elif place % 997 == 11:
            person.given = long_name(chance, person.sex, 150 if place == 11 else chance.between(80, 149))
        elif place % 151 == 17:
            person.given, person.family = chance.pick(arabic_names()), chance.pick(arabic_names())


@lru_cache(maxsize=1)
def people() -> tuple[Person, ...]:
    """Return everybody, always the same; made once in a process."""
    population = Population()
    plan = Chance("households")
    years = sorted(_year_of_household(plan) for _ in range(_HOUSEHOLDS))
    for year in years:
        _KINDS[_kind_of_household(plan, year)](population, year)
    while len(population.persons) < POPULATION:
        population.settle(_adult(population, plan.between(1960, _YOUNGEST), plan.pick(("female", "male"))))
    _grandparents_move_in(population)
    _rare_names(population)
    give_contacts(population.persons)
    return tuple(population.persons)


@lru_cache(maxsize=1)
def people_by_code() -> dict[str, Person]:
    """Return everybody by personal code."""
    return {person.code: person for person in people()}
