# SPDX-License-Identifier: EUPL-1.2
"""What a law speaks of: its entities with their roles, its variables and its parameters, as plain values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum


class ValueKind(Enum):
    """What a variable's values are."""

    FLOAT = "float"
    INT = "int"
    BOOL = "bool"
    STRING = "str"
    DATE = "date"
    ENUM = "Enum"


class PeriodUnit(Enum):
    """For what stretch of time a variable is defined, from the shortest to the longest, and for ever."""

    WEEKDAY = "weekday"
    WEEK = "week"
    DAY = "day"
    MONTH = "month"
    YEAR = "year"
    ETERNITY = "eternity"


@dataclass(frozen=True)
class Role:
    """What a person is in a group: `key` in the singular, `plural` where several may be.

    `most` is how many a group may have, None for any count.
    """

    key: str
    plural: str
    most: int | None = None
    subroles: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """Under which key a group lists its persons of this role."""
        return self.plural or self.key


@dataclass(frozen=True)
class Entity:
    """Persons, or a kind of group of persons."""

    key: str
    plural: str
    roles: tuple[Role, ...] = ()

    @property
    def is_person(self) -> bool:
        """Tell whether this is the entity of persons."""
        return not self.roles


@dataclass(frozen=True)
class Variable:
    """A value that the law speaks of; `formulas` are the dates (`YYYY-MM-DD`) from which each formula holds.

    `spreads` tells that an input for a longer period than `period` is spread over its parts, `adds` that a
    calculation for a longer one is summed. `end` is the last day on which the law knows it, or empty.
    """

    name: str
    entity: str
    kind: ValueKind
    period: PeriodUnit
    label: str = ""
    references: tuple[str, ...] = ()
    values: tuple[str, ...] = ()
    formulas: tuple[str, ...] = ()
    end: str = ""
    spreads: bool = False
    adds: bool = False


@dataclass(frozen=True)
class Catalogue:
    """Everything by name; entities by their plural, which is how a situation names them."""

    entities: Mapping[str, Entity]
    variables: Mapping[str, Variable] = field(repr=False)

    @property
    def persons(self) -> Entity:
        """The entity of persons."""
        return next(each for each in self.entities.values() if each.is_person)
