# SPDX-License-Identifier: EUPL-1.2
"""Every agency asked at once in a person's own name; whoever does not answer is named."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import TypeVar

from flagstone.blocks.tracker.contract import (
    PAGE_SIZE_MAX,
    Period,
    Question,
    RegisterWords,
    Tracker,
    UsagePage,
    UsageUnknown,
    Words,
)
from flagstone.blocks.tracker.model.timeline import Told
from flagstone.blocks.tracker.model.usages import period_around
from flagstone.blocks.tracker.service.terms import herself
from flagstone.kernel.clock import Clock
from flagstone.kernel.errors import Fault, Kind
from flagstone.kernel.ids import PersonCode
from flagstone.platform.http.asking import Asked, Asking, Outcome
from flagstone.platform.http.client import SiteUnreachable
from flagstone.platform.http.principal import Principal

T = TypeVar("T")

PAGE_SECONDS_MAX = 2.0
WHOLE_SECONDS_MAX = 20.0
WHOLE_MAX = 100_000
"""Most usages of one agency in a downloaded file."""


class PersonNeeded(Fault):
    """The page is about the person who is signed in, and the caller is a machine."""

    code = "tracker.person-needed"
    kind = Kind.FORBIDDEN
    title = "This page is for persons"
    remedy = "Sign in as a person; machines use the data tracker protocol."


@dataclass(frozen=True)
class Agency:
    """An agency that may know who used persons' data; `name` is shown when it does not answer."""

    code: str
    name: Words
    tracker: Tracker


@dataclass(frozen=True)
class Silence:
    """An agency whose answer is missing, and why."""

    agency: Agency
    outcome: Outcome


@dataclass(frozen=True)
class Answers:
    """What every agency told: usages, all there are, how many are hidden, and whose answers are missing.

    `totals` counts by agency; `cut` are agencies that have more than was taken. `registers` gives words by
    agency and code, `receivers` names by registry code.
    """

    told: tuple[Told, ...]
    totals: Mapping[str, int]
    hidden: int
    silences: tuple[Silence, ...]
    cut: tuple[Agency, ...]
    registers: Mapping[tuple[str, str], RegisterWords]
    receivers: Mapping[str, Words]


@dataclass(frozen=True)
class PersonQuestions:
    """A person's questions at every agency, the newest first, and whose lists are missing."""

    questions: tuple[tuple[Agency, Question], ...]
    silences: tuple[Silence, ...]


class EveryAgency:
    """Asks the trackers of a country's agencies for one person; stores nothing."""

    def __init__(
        self,
        agencies: Sequence[Agency],
        asking: Asking,
        clock: Clock,
        *,
        seconds_max: float = PAGE_SECONDS_MAX,
    ) -> None:
        """Ask `agencies` by `asking`; a page waits at most `seconds_max`."""
        self.agencies = {agency.code: agency for agency in agencies}
        self._asking, self._clock, self._seconds_max = asking, clock, seconds_max

    def usages(self, who: Principal, period: Period) -> Answers:
        """Return the newest usages of every agency, at most PAGE_SIZE_MAX of each."""
        person = _person(who)

        def ask(tracker: Tracker) -> UsagePage:
            return tracker.find_usage(herself(person), person, period)

        return self._gathered(self._ask_all(ask, self._seconds_max))

    def whole(self, who: Principal, period: Period) -> Answers:
        """Return all usages of every agency up to now, page by page; for a file to keep."""
        person = _person(who)
        until = Period(period.start, period.end or self._clock.now() + timedelta(microseconds=1))
        return self._gathered(self._ask_all(partial(_whole, person, until), WHOLE_SECONDS_MAX))

    def one(self, who: Principal, code: str, usage_id: str) -> Told:
        """Return one usage that an agency told of; UsageUnknown, or why it did not answer."""
        person, period = _person(who), period_around(usage_id)
        agency = self._agency(code)
        if period is None:
            raise UsageUnknown
        ask = partial(agency.tracker.find_usage, herself(person), person, period)
        said = self._asking.ask_all({f"usages:{code}": ask}, seconds_max=self._seconds_max)[f"usages:{code}"]
        if said.fault is not None:
            raise said.fault
        if said.value is None:
            raise SiteUnreachable
        for usage in said.value.usages:
            if usage.id == usage_id:
                return Told(code, usage)
        raise UsageUnknown

    def ask_why(self, who: Principal, code: str, usage_id: str, text: str) -> Question:
        """Ask an agency why; asked once and never repeated by itself."""
        person = _person(who)
        return self._agency(code).tracker.ask_why(herself(person), person, usage_id, text)

    def questions(self, who: Principal) -> PersonQuestions:
        """Return the person's questions at every agency."""
        person = _person(who)

        def ask(tracker: Tracker) -> tuple[Question, ...]:
            return tracker.questions_of(herself(person), person)

        said = self._ask_all(ask, self._seconds_max, prefix="questions:")
        found = [(self.agencies[code], each) for code, one in said.items() for each in one.value or ()]
        found.sort(key=lambda pair: pair[1].asked_at, reverse=True)
        return PersonQuestions(tuple(found), self._silences(said))

    def _agency(self, code: str) -> Agency:
        if code not in self.agencies:
            raise UsageUnknown
        return self.agencies[code]

    def _ask_all(
        self, ask: Callable[[Tracker], T], seconds_max: float, *, prefix: str = "usages:"
    ) -> dict[str, Asked[T]]:
        questions = {prefix + code: partial(ask, one.tracker) for code, one in self.agencies.items()}
        said = self._asking.ask_all(questions, seconds_max=seconds_max)
        return {source.removeprefix(prefix): each for source, each in said.items()}

    def _gathered(self, said: Mapping[str, Asked[UsagePage]]) -> Answers:
        pages = {code: asked.value for code, asked in said.items() if asked.value is not None}
        return Answers(
            told=tuple(Told(code, usage) for code, page in pages.items() for usage in page.usages),
            totals={code: page.total for code, page in pages.items()},
            hidden=sum(page.hidden for page in pages.values()),
            silences=self._silences(said),
            cut=tuple(self.agencies[code] for code, page in pages.items() if page.total > len(page.usages)),
            registers={
                (code, register): words
                for code, page in pages.items()
                for register, words in page.registers.items()
            },
            receivers=_joined(page.receivers for page in pages.values()),
        )

    def _silences(self, said: Mapping[str, Asked[T]]) -> tuple[Silence, ...]:
        return tuple(
            Silence(self.agencies[code], asked.outcome)
            for code, asked in said.items()
            if asked.outcome is not Outcome.ANSWERED
        )


def _person(who: Principal) -> PersonCode:
    if who.person is None:
        raise PersonNeeded
    return who.person


def _whole(person: PersonCode, period: Period, tracker: Tracker) -> UsagePage:
    """Return every usage of a period, asked for in pages (protocol v2, section 7)."""
    page = tracker.find_usage(herself(person), person, period)
    usages, registers, receivers = list(page.usages), dict(page.registers), dict(page.receivers)
    step = page
    while len(step.usages) == PAGE_SIZE_MAX and len(usages) < min(page.total, WHOLE_MAX):
        step = tracker.find_usage(herself(person), person, period, offset=len(usages))
        usages += step.usages
        registers |= step.registers
        receivers |= step.receivers
    return UsagePage(tuple(usages), max(page.total, len(usages)), page.hidden, registers, receivers)


def _joined(names: Iterable[Mapping[str, Words]]) -> dict[str, Words]:
    joined: dict[str, Words] = {}
    for each in names:
        joined = {**each, **joined}
    return joined
