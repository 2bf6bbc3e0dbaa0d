# SPDX-License-Identifier: EUPL-1.2
"""A person's own assessment: which facts the registers hold about her, and what the law makes of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Protocol

from flagstone.blocks.rules.contract.calculation import JsonValue, Situation
from flagstone.blocks.rules.contract.decision import Fact
from flagstone.kernel.audit import Reason
from flagstone.kernel.errors import Fault, Kind
from flagstone.kernel.ids import PersonCode

Words = Mapping[str, str]
"""The same words by language."""

ME, PARTNER, CHILD, OTHER, HOME = "me", "partner", "child", "other", "home"
"""Names of instances in a situation: `me`, `partner`, `child-1`, `other-1`; and the group she belongs to."""


class Answer(Enum):
    """What a person may answer when a fact is asked."""

    AMOUNT = "amount"
    COUNT = "count"
    YES_NO = "yes-no"
    DATE = "date"
    CHOICE = "choice"


class About(Enum):
    """Of whom a fact is asked: herself, each of her children of certain ages, or her household."""

    SELF = "self"
    CHILD = "child"
    HOUSEHOLD = "household"


class Span(Enum):
    """For what time an answer counts: for ever, the year, its months, or the month of each last birth."""

    EVER = "ever"
    YEAR = "year"
    MONTHS = "months"
    BIRTHS = "births"


@dataclass(frozen=True)
class Ask:
    """A fact that no register holds and a person may state: `otherwise` says what counts if she does not.

    `topic` is the heading under which it is asked, `values` are the choices by name, each with its words.
    `child_ages` are the first and last age in whole years, reached in the year, of the children about whom it
    is asked; about herself or her home it is then asked only if there is such a child. `below_zero` lets an
    amount be negative. `instead` marks what a register usually knows: it is asked when it could not tell.
    """

    variable: str
    label: Words
    answer: Answer
    otherwise: Words
    topic: Words
    values: Mapping[str, Words] = field(default_factory=dict)
    about: About = About.SELF
    span: Span = Span.YEAR
    child_ages: tuple[int, int] | None = None
    below_zero: bool = False
    instead: bool = False


@dataclass(frozen=True)
class Result:
    """One value that is assessed: `variable` of `entity` for the whole year, or each month of it.

    `needs` are the variables without which it cannot be told, in order: one that was answered with no makes
    those after it needless. `child_ages` as with `Ask`: it is told only if there is such a child.
    `owed` marks what the person pays, and gets back when it is below zero.
    """

    variable: str
    entity: str  # its plural in a situation
    label: Words
    monthly: bool = False
    needs: tuple[str, ...] = ()
    child_ages: tuple[int, int] | None = None
    owed: bool = False


@dataclass(frozen=True)
class PersonFields:
    """The register that knows who belongs to whom, and what its fields and their values are called.

    `custody` lists who has custody of a child: objects with the holder's code under `holder`, a `kind` and
    the day `since`. `household` is the same text for all who live in one dwelling.
    """

    register: str = "individuals"
    code: str = "personal_code"
    birth: str = "birth_date"
    death: str = "death_date"
    marital: str = "marital_status"
    married: str = "married"
    widowed: str = "widowed"
    spouse: str = "spouse"
    children: str = "children"
    parents: str = "parents"
    custody: str = "custody"
    holder: str = "personal_code"
    kind: str = "kind"
    since: str = "since"
    joint: str = "joint"
    guardian: str = "guardian"
    household: str = "household"


@dataclass(frozen=True)
class IncomeFields:
    """The register of what a person got in a year: `sums` are variables by the field of hundredths they sum.

    Those of `own` are read of herself only. Rows whose status is among `doubtful` count, and are named so.
    `first_year` and `last_year` are those for which the register is complete; of others it knows nothing.
    """

    first_year: int
    last_year: int
    sums: Mapping[str, str]
    own: frozenset[str] = frozenset()
    register: str = "incomes"
    code: str = "personal_code"
    year: str = "year"
    currency: str = "currency"
    status: str = "status"
    doubtful: frozenset[str] = frozenset()

    def sums_of(self, *, herself: bool) -> Mapping[str, str]:
        """Return the sums that are needed of the person herself, or of others."""
        kept = {field: name for field, name in self.sums.items() if name not in self.own}
        return self.sums if herself else kept


@dataclass(frozen=True)
class LawWords:
    """What the law calls the groups and facts that are made of the registers."""

    persons: str = "persons"
    birth: str = "birth_date"
    death: str = "death_date"
    families: str = "families"
    partners: str = "partners"
    children: str = "children"
    married: str = "married"
    shared: str = "shared_custody"
    households: str = "households"
    adults: str = "adults"
    minors: str = "children"
    means: str = "household_means"


@dataclass(frozen=True)
class AssessmentPlan:
    """What a country assesses for its people each year, by one law.

    `law` is the package; `currency` is ISO 4217; `purpose` and `legal_basis` say why and by what right the
    registers are read. `kind` and the year make the kind of a decision. `child_years_max` is the age up to
    which a child in one's care can matter to the law. `household_needs` names the variable whose answer makes
    it necessary to look at the incomes of everybody in the dwelling; until then nobody does. `labels` are
    words for the variables that registers fill.
    """

    law: str
    kind: str
    title: Words
    currency: str
    results: tuple[Result, ...]
    asks: tuple[Ask, ...]
    purpose: str
    legal_basis: str
    incomes: IncomeFields
    labels: Mapping[str, Words]
    child_years_max: int
    persons: PersonFields = PersonFields()
    words: LawWords = LawWords()
    household_needs: str = ""
    extensions: tuple[str, ...] = ()


def no_assessment() -> AssessmentPlan | None:
    """Return that a country assesses nothing."""
    return None


@dataclass(frozen=True)
class Heard:
    """What a register answered: the content of records, under which number it was asked, and when."""

    records: tuple[Mapping[str, JsonValue], ...] = field(repr=False)
    source: str  # the register, as `XA/GOV/10000002/incomes`
    query: str
    at: datetime


class Registers(Protocol):
    """Asks a country's registers on behalf of a person; each asking is recorded where it is answered."""

    def ask(
        self,
        register: str,
        filters: Mapping[str, str],
        fields: frozenset[str],
        person: PersonCode,
        reason: Reason,
    ) -> Heard:
        """Return the records that match, at most 100, with the fields that are needed.

        Raises what the registry's client does: SiteUnreachable and AnswerRefused, or a refusal's own fault.
        """
        ...


@dataclass(frozen=True)
class Known:
    """What is known of one year for a person: a situation with her as `me`, and each fact's origin.

    `missing` names variables that nobody could tell, of others with their instance (`salary@partner`);
    `silent` the registers that did not answer, `doubtful` the places whose entries somebody disputes.
    `home` tells whether the incomes of her household are in the situation.
    """

    situation: Situation = field(repr=False)
    facts: tuple[Fact, ...]
    missing: tuple[str, ...] = ()
    silent: tuple[str, ...] = ()
    doubtful: tuple[str, ...] = ()
    children: Mapping[str, str] = field(default_factory=dict, repr=False)  # birth date by instance
    home: bool = False


@dataclass(frozen=True)
class Assessed:
    """A result: its value by period, in major units for money."""

    result: Result
    values: Mapping[str, JsonValue] = field(repr=False)
    instance: str

    @property
    def total(self) -> float:
        """Return the sum over all periods."""
        numbers = (each for each in self.values.values() if isinstance(each, int | float))
        return round(sum(numbers, 0.0), 2)


@dataclass(frozen=True)
class NotTold:
    """A result that cannot be told, and the variables that are not known."""

    result: Result
    needs: tuple[str, ...]


@dataclass(frozen=True)
class Assessment:
    """What the law makes of what is known, and what it cannot make of it."""

    assessed: Sequence[Assessed]
    not_told: Sequence[NotTold] = ()


class PersonNeeded(Fault):
    """The pages are about the person who is signed in, and the caller is a machine."""

    code = "rules.person-needed"
    kind = Kind.FORBIDDEN
    title = "These pages are for persons"
    remedy = "Sign in as a person; machines use the interfaces under /rules/v1."


class YearUnknown(Fault):
    """There is no assessment for the year that was asked for."""

    code = "rules.year-unknown"
    kind = Kind.MISSING
    title = "There is no assessment for that year"
    remedy = "Choose one of the years that the page of your assessment names."


class NotAssessed(Fault):
    """The register says that the person has died, or knows nobody of that code: nobody is assessed."""

    code = "rules.not-assessed"
    kind = Kind.CONFLICT
    title = "The population register knows no living person to assess"
    remedy = "If this is wrong, tell the office that keeps the population register."
