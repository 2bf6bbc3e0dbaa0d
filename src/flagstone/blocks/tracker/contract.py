# SPDX-License-Identifier: EUPL-1.2
"""All that others may know of the tracker: usage records, what a person may ask, and signals."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from flagstone.kernel.audit import Caller
from flagstone.kernel.errors import Fault, Kind
from flagstone.kernel.ids import PersonCode

PAGE_SIZE_MAX = 1_000
"""Most usages in one answer (data tracker protocol v2, `limit`)."""


@dataclass(frozen=True)
class Usage:
    """One use of a person's data: when, what was done, by whom, and why.

    The first five are the data tracker protocol's (v2, `findUsage`); the others are ours beside them.
    `receiver_code` is the organisation that received the data, `receiver_system` its system.
    """

    logtime: datetime
    action: str
    receiver_code: str
    receiver_system: str
    receiver_name: str = ""
    id: str = ""
    register: str = ""
    fields: tuple[str, ...] = ()
    purpose: str = ""
    legal_basis: str = ""
    message_id: str = ""
    case: str = ""
    official: str = ""  # a pseudonym that the agency alone can resolve; empty for systems
    own: bool = False  # the person herself


@dataclass(frozen=True)
class Period:
    """From `start` up to and not including `end`; None is as far as the log goes."""

    start: datetime | None = None
    end: datetime | None = None


@dataclass(frozen=True)
class UsagePage:
    """Some usages, the newest first, and how many there are in the period; `hidden` are not described."""

    usages: tuple[Usage, ...]
    total: int
    hidden: int = 0


@dataclass(frozen=True)
class Question:
    """What a person asked an agency about one use of her data, and what it answered."""

    id: str
    usage: Usage
    text: str = field(repr=False)
    asked_at: datetime
    answer: str = field(default="", repr=False)
    answered_at: datetime | None = None


@dataclass(frozen=True)
class Signal:
    """A pattern of reading that somebody should look at."""

    id: str
    kind: str  # `no-case`, `sudden-rate`, `same-person-often`, `record-missing`
    organisation: str
    official: str
    since: datetime
    count: int
    words: str


class UsageUnknown(Fault):
    """Nothing is known about that person to this caller; said also of persons who exist."""

    code = "tracker.usage-unknown"
    kind = Kind.MISSING
    title = "There is nothing here"
    remedy = "Ask about yourself, or about somebody who gave you a mandate."


class PeriodInvalid(Fault):
    """The period, offset or limit cannot be used."""

    code = "tracker.period-invalid"
    kind = Kind.INVALID
    title = "The period cannot be used"
    remedy = "Give RFC 3339 times, the start before the end, an offset from 0 and a limit from 1 to 1000."


class QuestionInvalid(Fault):
    """A question or an answer is empty or too long."""

    code = "tracker.question-invalid"
    kind = Kind.INVALID
    title = "The text cannot be sent"
    remedy = "Write between 1 and 2000 characters."


class Tracker(Protocol):
    """Who used a person's data at one agency; kept by `service.Service` and, to another site, `client.Client`."""

    def find_usage(
        self,
        caller: Caller,
        person: PersonCode,
        period: Period,
        *,
        offset: int = 0,
        limit: int = PAGE_SIZE_MAX,
    ) -> UsagePage:
        """Return who used the data of `person`, for herself; UsageUnknown to anybody else, which is recorded."""
        ...

    def usage_period(self) -> Period:
        """Return from when on usages are known."""
        ...

    def heartbeat(self) -> None:
        """Return when usages can be told; a Fault otherwise."""
        ...

    def ask_why(self, caller: Caller, person: PersonCode, usage_id: str, text: str) -> Question:
        """Ask the agency about one use of one's own data; UsageUnknown, QuestionInvalid."""
        ...

    def questions_of(self, caller: Caller, person: PersonCode) -> tuple[Question, ...]:
        """Return one's own questions and their answers, the newest first."""
        ...
