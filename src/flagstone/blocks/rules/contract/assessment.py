# SPDX-License-Identifier: EUPL-1.2
"""A person's own assessment: which facts the registers hold about her, and what the law makes of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Protocol

from flagstone.blocks.rules.contract.calculation import JsonValue, Situation
from flagstone.blocks.rules.contract.decision import Fact
from flagstone.kernel.audit import Reason
from flagstone.kernel.ids import PersonCode

Words = Mapping[str, str]
"""The same words by language."""


class Answer(Enum):
    """What a person may answer when a fact is asked."""

    AMOUNT = "amount"
    COUNT = "count"
    YES_NO = "yes-no"
    DATE = "date"
    CHOICE = "choice"


@dataclass(frozen=True)
class Ask:
    """A fact that no register holds and a person may state: `otherwise` says what counts if she does not.

    `variable` belongs to her own person; `values` are the choices, by name, each with its words.
    """

    variable: str
    label: Words
    answer: Answer
    otherwise: Words
    values: Mapping[str, Words] = field(default_factory=dict)


@dataclass(frozen=True)
class Result:
    """One value that is assessed: `variable` of `entity` for the whole year, or each month of it."""

    variable: str
    entity: str  # its plural in a situation
    label: Words
    monthly: bool = False


@dataclass(frozen=True)
class AssessmentPlan:
    """What a country assesses for its people each year, by one law.

    `law` is the package; `currency` is ISO 4217; `legal_basis` allows to read the registers for it.
    """

    law: str
    kind: str
    title: Words
    currency: str
    results: tuple[Result, ...]
    asks: tuple[Ask, ...]
    legal_basis: str
    first_year: int
    extensions: tuple[str, ...] = ()


@dataclass(frozen=True)
class Known:
    """What registers know of one year for a person: a situation with her as `me`, and each fact's origin.

    `missing` names variables that no register could tell now, and `silent` the registers that did not answer.
    """

    situation: Situation = field(repr=False)
    facts: tuple[Fact, ...]
    missing: tuple[str, ...] = ()
    silent: tuple[str, ...] = ()


class FactSource(Protocol):
    """Knows how to ask a country's registers for the facts of a person's year."""

    def facts(self, person: PersonCode, year: int, reason: Reason) -> Known:
        """Return what is known; a register that does not answer is named and never taken for silence."""
        ...


@dataclass(frozen=True)
class Assessed:
    """A result: its value by period, in major units for money."""

    result: Result
    values: Mapping[str, JsonValue] = field(repr=False)
    instance: str


Assessment = Sequence[Assessed]
