# SPDX-License-Identifier: EUPL-1.2
"""All that others may know of the tracker: usage records, what a person may ask, and who watches over it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Protocol

from flagstone.kernel.audit import Caller, Reason
from flagstone.kernel.errors import Fault, Kind
from flagstone.kernel.ids import PersonCode

PAGE_SIZE_MAX = 1_000
"""Most usages in one answer (data tracker protocol v2, `limit`)."""

TEXT_LENGTH_MAX = 2_000
"""Characters of a question, of an answer, and of the words that settle a signal."""

Words = Mapping[str, str]
"""The same words by language."""


class UsageKind(Enum):
    """What happened: data was read, or somebody asked who had read it and was refused."""

    READ = "read"
    ASKED = "asked"


@dataclass(frozen=True)
class Usage:
    """One use of a person's data: when, what was done, by whom, and why.

    The first five are the data tracker protocol's (v2, `findUsage`); the others are ours beside them.
    `receiver_code` is the registry code of the organisation that received the data, `receiver_system` the
    name of its system. Another provider of the protocol knows only the first five.
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
    official: str = ""  # a pseudonym that the agency alone can uncover; empty for systems
    own: bool = False  # the person herself
    kind: UsageKind = UsageKind.READ


@dataclass(frozen=True)
class Period:
    """From `start` up to and not including `end`; None is as far as the log goes."""

    start: datetime | None = None
    end: datetime | None = None


@dataclass(frozen=True)
class RegisterWords:
    """A register and its fields as people call them."""

    title: Words
    fields: Mapping[str, Words] = field(default_factory=dict)


@dataclass(frozen=True)
class UsagePage:
    """Some usages, the newest first, and how many there are in the period.

    `hidden` counts what lawful investigations keep undescribed for now: over the whole log, whatever the
    period, so that nobody finds the moment by narrowing it. `registers` and `receivers` give the words for
    the codes that the usages name, as far as they are known.
    """

    usages: tuple[Usage, ...]
    total: int
    hidden: int = 0
    registers: Mapping[str, RegisterWords] = field(default_factory=dict)
    receivers: Mapping[str, Words] = field(default_factory=dict)


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
class Use:
    """A use to be recorded, of a person's data at a service that is none of our registers.

    The exchange's wiring finds the `person` at the place that the service declares. `reason` says why, by
    which message, for which case, and until when it is hidden. `official` is the end user that the asking
    system names, empty when there is none; it is kept sealed. `id`, a UUID of version 7 made at the instant
    `at`, names a use that may be told of again; without one each telling is another use, of now.
    """

    person: PersonCode = field(repr=False)
    receiver_code: str
    receiver_system: str
    action: str
    reason: Reason
    register: str = ""
    fields: tuple[str, ...] = ()
    official: str = field(default="", repr=False)
    id: str = ""
    at: datetime | None = None


@dataclass(frozen=True)
class Unread:
    """A message of which nobody can say whose data it used: who sent it, to which service, and its id."""

    exchange: str
    organisation: str
    service: str
    at: datetime


class SignalKind(Enum):
    """Patterns of reading that somebody should look at."""

    NO_CASE = "no-case"
    SUDDEN_RATE = "sudden-rate"
    SAME_PERSON_OFTEN = "same-person-often"
    RECORD_MISSING = "record-missing"
    PERSON_UNREAD = "person-unread"


@dataclass(frozen=True)
class Signal:
    """A pattern of reading that somebody should look at; `official` is a pseudonym, `count` of readings.

    `settled_at` and `settled_words` say when an auditor had looked at it and what she found.
    """

    id: str
    kind: SignalKind
    organisation: str
    official: str
    register: str
    since: datetime
    count: int
    raised_at: datetime
    settled_at: datetime | None = None
    settled_words: str = field(default="", repr=False)


@dataclass(frozen=True)
class Official:
    """Whom a pseudonym stands for; shown to auditors alone, and each showing is recorded."""

    id: str = field(repr=False)
    name: str = field(repr=False)
    organisation: str


@dataclass(frozen=True)
class Reconciliation:
    """What comparing the exchange's log with the usage records of a period found.

    `missing` are ids of messages whose answers told of more usages than there are records; `surplus` ids
    of messages that have more records than told, or that the exchange's log does not know; `unsaid` counts
    messages that told nothing and have no record, as calls do that failed.
    """

    since: datetime
    until: datetime
    messages: int
    records: int
    missing: tuple[str, ...] = ()
    surplus: tuple[str, ...] = ()
    unsaid: int = 0

    @property
    def complete(self) -> bool:
        """Tell whether no record is missing."""
        return not self.missing


Messages = Callable[[datetime, datetime], Iterable[tuple[str, int | None]]]
"""The exchange's answered messages to personal services of a period: id, and the usages its answer told."""

Mandates = Callable[[PersonCode, PersonCode], bool]
"""Tells whether the first person may act for the second."""


class UsageUnknown(Fault):
    """Nothing is known about that person to this caller; said also of persons who exist."""

    code = "tracker.usage-unknown"
    kind = Kind.MISSING
    title = "There is nothing here"
    remedy = "Ask about yourself, or about somebody who gave you a mandate."


class UserMissing(Fault):
    """The request does not say once, in `X-Road-UserId` and `userCode`, who asks about whom."""

    code = "tracker.user-missing"
    kind = Kind.INVALID
    title = "The request does not say who asks about whom"
    remedy = "Send the header X-Road-UserId and the parameter userCode, each once."


class PeriodInvalid(Fault):
    """The period, offset or limit cannot be used."""

    code = "tracker.period-invalid"
    kind = Kind.INVALID
    title = "The period cannot be used"
    remedy = "Give RFC 3339 times, the start before the end, an offset from 0 and a limit from 1 to 1000."


class QuestionInvalid(Fault):
    """A question, an answer or a remark is empty or too long."""

    code = "tracker.question-invalid"
    kind = Kind.INVALID
    title = "The text cannot be sent"
    remedy = "Write between 1 and 2000 characters."


class QuestionUnknown(Fault):
    """There is no such question at this agency, or it has been answered."""

    code = "tracker.question-unknown"
    kind = Kind.MISSING
    title = "There is no such open question"
    remedy = "Go back to the list of questions."


class QuestionsNotTaken(Fault):
    """The agency tells of usages but takes no questions about them."""

    code = "tracker.questions-not-taken"
    kind = Kind.UNAVAILABLE
    title = "This agency takes no questions here"
    remedy = "Write to the agency itself."


class SignalUnknown(Fault):
    """There is no such signal, or it has been settled."""

    code = "tracker.signal-unknown"
    kind = Kind.MISSING
    title = "There is no such open signal"
    remedy = "Go back to the list of signals."


class OfficialUnknown(Fault):
    """The pseudonym stands for nobody here."""

    code = "tracker.official-unknown"
    kind = Kind.MISSING
    title = "Nobody is known here by that name"
    remedy = "Check the letters and digits; only the agency that gave the name can uncover it."


class NotPermitted(Fault):
    """The caller's office does not permit this."""

    code = "tracker.not-permitted"
    kind = Kind.FORBIDDEN
    title = "Your office does not permit this"
    remedy = "Ask the data protection officer of the agency."


class Tracker(Protocol):
    """Who used a person's data at one agency; kept by `service.Service` and, for others, `client.Client`.

    `message_reference` is the id of the message by which the question comes; a refusal is recorded with it.
    """

    def find_usage(
        self,
        caller: Caller,
        person: PersonCode,
        period: Period,
        *,
        offset: int = 0,
        limit: int = PAGE_SIZE_MAX,
        message_reference: str = "",
    ) -> UsagePage:
        """Return who used a person's data, for herself; UsageUnknown to anybody else, which is recorded."""
        ...

    def usage_period(self) -> Period:
        """Return from when on usages are known."""
        ...

    def heartbeat(self) -> None:
        """Return when usages can be told; a Fault otherwise."""
        ...

    def ask_why(self, caller: Caller, person: PersonCode, usage_id: str, text: str) -> Question:
        """Ask about one use of one's own data; UsageUnknown, QuestionInvalid, QuestionsNotTaken."""
        ...

    def questions_of(self, caller: Caller, person: PersonCode) -> tuple[Question, ...]:
        """Return one's own questions and their answers, the newest first."""
        ...


class Recorder(Protocol):
    """Takes the uses that the exchange sees at services which keep no log of their own."""

    def record(self, uses: Sequence[Use]) -> int:
        """Record each use, all or none, those of a known id not again; return how many were recorded."""
        ...

    def unread(self, message: Unread) -> None:
        """Raise a signal, or count one more in the open one of that organisation and service."""
        ...


class Oversight(Protocol):
    """What the agency's own officials and auditors do; every method checks their roles (NotPermitted)."""

    def questions(self, caller: Caller) -> tuple[Question, ...]:
        """Return the agency's questions, the open ones first, for registrars and auditors."""
        ...

    def answer(self, caller: Caller, question_id: str, text: str) -> Question:
        """Answer a question; QuestionUnknown, QuestionInvalid."""
        ...

    def signals(self, caller: Caller) -> tuple[Signal, ...]:
        """Return the signals, the open ones first, for auditors."""
        ...

    def settle(self, caller: Caller, signal_id: str, words: str) -> Signal:
        """Note what looking at a signal found; SignalUnknown, QuestionInvalid."""
        ...

    def uncover(self, caller: Caller, official: str, reason: Reason) -> Official:
        """Return whom a pseudonym stands for; recorded with its reason. OfficialUnknown."""
        ...

    def watch(self) -> tuple[Signal, ...]:
        """Look at the readings since the last time and return the signals raised now."""
        ...

    def reconcile(self, messages: Messages, since: datetime, until: datetime) -> Reconciliation:
        """Compare the exchange's log with the usage records from `since` up to `until`; recorded."""
        ...
