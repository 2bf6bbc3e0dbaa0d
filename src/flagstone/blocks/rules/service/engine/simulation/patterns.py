# SPDX-License-Identifier: EUPL-1.2
"""The pattern of a law's made-up people: a declarative file, `population.yaml`, that the law's package ships.

    birth: birth_date                # whose dates say who is how old
    pay: salary                      # what moves for marginal rates
    income: net_income + child_benefit
    budget: {income_tax: 1, child_benefit: -1}
    years_before: 1                  # for how many earlier years dated values hold too
    members:                         # kinds of persons, with their roles; the first of a household is drawn
      adult: {roles: {household: adult}}
      partner: {roles: {household: adult}, near: 6}           # as old as the first, give or take
      child: {roles: {household: child}, ages: [0, 18], gap: 20}
    households:
      - {share: 30, members: [adult], ages: [19, 30, 50, 95]}
      - {share: 20, members: [adult, partner, child], ages: [21, 33, 52]}
    values:
      salary: {members: [adult, partner], ages: [18, 66], chance: 0.75, quantiles: [600, 1500, 9000]}
      rent: {chance: 0.4, quantiles: [150, 420, 1400]}

Ages are those reached in the year that is simulated. `ages` and `quantiles` are marks evenly apart, from the
least to the most; a chance is from 0 to 1. A value may also have `months` (the chance of the whole year; else
1 to 11 months of it), `child_below` (only with a child younger than that), `couples` (only where there are
two adults, that is persons without a gap), `except` (nothing in the year when that variable is true of the
person), and `choices` (weights by name of a list's items) in place of quantiles.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from hashlib import sha256
from importlib.resources import files
from pathlib import Path
from typing import Any

import yaml

from flagstone.blocks.rules.contract.catalogue import Catalogue, ValueKind, Variable
from flagstone.blocks.rules.contract.faults import PlanInvalid
from flagstone.kernel.errors import Flaw

FILE = "population.yaml"
MILLION = 1_000_000
_BYTES_MAX = 100_000
_MOST = 10**10
_AGE_MAX = 120
_MEMBERS_MAX = 30
_TOP = {"birth", "pay", "income", "budget", "years_before", "members", "households", "values"}
_MEMBER = {"roles", "near", "ages", "gap"}
_HOUSEHOLD = {"share", "members", "ages"}
_VALUE = {
    "members",
    "ages",
    "chance",
    "quantiles",
    "choices",
    "months",
    "child_below",
    "couples",
    "except",
}


@dataclass(frozen=True)
class Member:
    """A kind of person: her role in each kind of group, and how her age is drawn."""

    roles: Mapping[str, str]
    near: int = 0
    ages: tuple[int, ...] = ()
    gap: int = 0

    @property
    def is_child(self) -> bool:
        """Tell whether her age lies a gap below the first person's."""
        return self.gap > 0


@dataclass(frozen=True)
class Shape:
    """A kind of household: its share (a weight), its members, and the ages of the first."""

    share: int
    members: tuple[str, ...]
    ages: tuple[int, ...]


@dataclass(frozen=True)
class Value:
    """How a variable's values are drawn; quantiles in hundredths for amounts, chances in millionths."""

    variable: Variable
    members: frozenset[str] = frozenset()
    ages: tuple[int, int] = (0, _AGE_MAX)
    chance: int = MILLION
    quantiles: tuple[int, ...] = ()
    choices: Mapping[str, int] = field(default_factory=dict)
    months: int = MILLION
    child_below: int = 0
    couples: bool = False
    unless: str = ""


@dataclass(frozen=True)
class Pattern:
    """A whole pattern; `digest` is the SHA-256 of its file."""

    birth: str
    pay: str
    income: str
    budget: Mapping[str, int]
    years_before: int
    members: Mapping[str, Member]
    shapes: tuple[Shape, ...]
    values: tuple[Value, ...]
    digest: str


def shipped(package: str) -> bytes | None:
    """Return the pattern that a law's package ships, None when it ships none."""
    try:
        found = files(package).joinpath(FILE)
        return found.read_bytes() if found.is_file() else None
    except (ModuleNotFoundError, OSError):
        return None


def pattern_of(content: bytes, catalogue: Catalogue, name: str = FILE) -> Pattern:
    """Return the pattern that a file says; PlanInvalid with each place that makes no sense for this law."""
    if len(content) > _BYTES_MAX:
        raise PlanInvalid(flaws=(Flaw(name, f"The file may have {_BYTES_MAX} bytes at most."),))
    try:
        whole = yaml.safe_load(content)
    except (yaml.YAMLError, UnicodeDecodeError, ValueError, RecursionError):
        raise PlanInvalid(flaws=(Flaw(name, "This is no YAML."),)) from None
    reader = _Reader(catalogue, name)
    found = reader.pattern(whole, sha256(content).hexdigest())
    if reader.flaws or found is None:
        raise PlanInvalid(flaws=tuple(reader.flaws[:20]))
    return found


def read(path: Path, catalogue: Catalogue) -> Pattern:
    """Return the pattern of a file; PlanInvalid."""
    try:
        return pattern_of(path.read_bytes(), catalogue, path.name)
    except OSError:
        raise PlanInvalid(flaws=(Flaw(path.name, "The file cannot be read."),)) from None


class _Reader:
    """Reads a pattern and notes each flaw with its place."""

    def __init__(self, catalogue: Catalogue, name: str) -> None:
        self._catalogue = catalogue
        self._name = name
        self._groups = {each.key: each for each in catalogue.entities.values() if not each.is_person}
        self.flaws: list[Flaw] = []

    def pattern(self, whole: Any, digest: str) -> Pattern | None:
        top = self._map(whole, "", _TOP)
        members = {
            str(key): self._member(each, f"/members/{key}")
            for key, each in self._map(top.get("members"), "/members").items()
        }
        shapes = tuple(
            self._shape(each, f"/households/{number}", members)
            for number, each in enumerate(self._list(top.get("households"), "/households"))
        )
        values = tuple(
            each
            for name, spec in self._map(top.get("values", {}), "/values").items()
            for each in self._value(str(name), spec, members)
        )
        pay = self._variable(top.get("pay", ""), "/pay")
        birth = self._variable(top.get("birth", ""), "/birth", ValueKind.DATE)
        budget = self._budget(top.get("budget", {}))
        income, before = top.get("income", ""), self._count(top.get("years_before", 0), "/years_before", 20)
        if not isinstance(income, str):
            self._flaw("/income", "Join the names of variables by + or -.")
        if self.flaws:
            return None
        return Pattern(birth, pay, income, budget, before, members, shapes, values, digest)

    def _member(self, spec: Any, place: str) -> Member:
        whole = self._map(spec, place, _MEMBER)
        roles = self._map(whole.get("roles"), f"{place}/roles")
        for key, entity in self._groups.items():
            known = {each.key for each in entity.roles} | {
                sub for each in entity.roles for sub in each.subroles
            }
            if roles.get(key) not in known:
                self._flaw(f"{place}/roles/{key}", f"Say which role: {', '.join(sorted(known))}.")
        ages = self._marks(whole.get("ages"), f"{place}/ages", _AGE_MAX) if "ages" in whole else ()
        near = self._count(whole.get("near", 0), f"{place}/near", _AGE_MAX)
        return Member(roles, near, ages, self._count(whole.get("gap", 0), f"{place}/gap", _AGE_MAX))

    def _shape(self, spec: Any, place: str, members: Mapping[str, Member]) -> Shape:
        whole = self._map(spec, place, _HOUSEHOLD)
        names = tuple(str(each) for each in self._list(whole.get("members"), f"{place}/members"))
        if not set(names) <= members.keys() or len(names) > _MEMBERS_MAX:
            self._flaw(f"{place}/members", f"Name members, {_MEMBERS_MAX} at most.")
        ages = self._marks(whole.get("ages"), f"{place}/ages", _AGE_MAX)
        return Shape(self._count(whole.get("share"), f"{place}/share", MILLION), names, ages)

    def _value(self, name: str, spec: Any, members: Mapping[str, Member]) -> Iterator[Value]:
        place = f"/values/{name}"
        variable = self._catalogue.variables.get(name)
        if variable is None:
            self._flaw(place, "The law has no variable of that name.")
            return
        whole = self._map(spec, place, _VALUE)
        who = frozenset(map(str, self._list(whole["members"], place))) if "members" in whole else frozenset()
        if not who <= members.keys():
            self._flaw(f"{place}/members", "Name members.")
        ages = self._marks(whole.get("ages", (0, _AGE_MAX)), f"{place}/ages", _AGE_MAX)
        scale = 1 if variable.kind is ValueKind.INT else 100
        needs = {ValueKind.FLOAT: "quantiles", ValueKind.INT: "quantiles", ValueKind.ENUM: "choices"}
        if variable.kind not in {*needs, ValueKind.BOOL} or needs.get(variable.kind, "chance") not in whole:
            self._flaw(place, "Amounts need quantiles, lists choices, and what is true or false a chance.")
        yield Value(
            variable,
            who,
            (ages[0], ages[-1]) if ages else (0, 0),
            self._chance(whole.get("chance", 1), f"{place}/chance"),
            self._marks(whole["quantiles"], f"{place}/quantiles", _MOST, scale=scale)
            if "quantiles" in whole
            else (),
            self._choices(whole.get("choices", {}), variable),
            self._chance(whole.get("months", 1), f"{place}/months"),
            self._count(whole.get("child_below", 0), f"{place}/child_below", _AGE_MAX),
            whole.get("couples") is True,
            self._variable(whole.get("except", ""), f"{place}/except", ValueKind.BOOL),
        )

    def _choices(self, spec: Any, variable: Variable) -> dict[str, int]:
        place = f"/values/{variable.name}/choices"
        whole = self._map(spec, place)
        for key in whole.keys() - set(variable.values):
            self._flaw(f"{place}/{key}", "The variable has no such value.")
        return {str(key): self._count(each, f"{place}/{key}", MILLION) for key, each in whole.items()}

    def _budget(self, spec: Any) -> dict[str, int]:
        whole = self._map(spec, "/budget")
        for name, sign in whole.items():
            self._variable(name, f"/budget/{name}")
            if sign not in {1, -1}:
                self._flaw(f"/budget/{name}", "1 for what the state takes, -1 for what it gives.")
        return whole

    def _variable(self, name: Any, place: str, kind: ValueKind | None = None) -> str:
        found = self._catalogue.variables.get(str(name))
        if name and (found is None or (kind and found.kind is not kind)):
            self._flaw(place, "The law has no such variable of this kind.")
        return str(name)

    def _marks(self, spec: Any, place: str, most: int, *, scale: int = 1) -> tuple[int, ...]:
        """Return marks that do not fall, at least two, as whole numbers of 1/`scale`."""
        marks = [self._number(each, place, most) for each in self._list(spec, place)]
        if len(marks) < 2 or sorted(marks) != marks:
            self._flaw(place, "Give two numbers or more, none smaller than the one before.")
            return (0, 0)
        return tuple(int(each * scale) for each in marks)

    def _chance(self, spec: Any, place: str) -> int:
        return int(self._number(spec, place, 1) * MILLION)

    def _count(self, spec: Any, place: str, most: int) -> int:
        if not isinstance(spec, int) or isinstance(spec, bool) or not 0 <= spec <= most:
            self._flaw(place, f"This is a whole number from 0 to {most}.")
            return 0
        return spec

    def _number(self, spec: Any, place: str, most: int) -> Decimal:
        if isinstance(spec, bool) or not isinstance(spec, int | float) or not 0 <= spec <= most:
            self._flaw(place, f"This is a number from 0 to {most}.")
            return Decimal(0)
        return Decimal(str(spec))

    def _map(self, spec: Any, place: str, known: set[str] | None = None) -> dict[str, Any]:
        if not isinstance(spec, Mapping) or not all(isinstance(key, str) for key in spec):
            self._flaw(place, "This is a mapping of names.")
            return {}
        for key in spec.keys() - (known or spec.keys()):
            self._flaw(f"{place}/{key}", "Nothing of that name belongs here.")
        return dict(spec)

    def _list(self, spec: Any, place: str) -> Sequence[Any]:
        if not isinstance(spec, list | tuple) or not spec:
            self._flaw(place, "This is a list.")
            return ()
        return spec

    def _flaw(self, place: str, message: str) -> None:
        self.flaws.append(Flaw(f"{self._name}#{place}", message))
