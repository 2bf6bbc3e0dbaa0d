# SPDX-License-Identifier: EUPL-1.2
"""`Service`: one agency's tracker, as the contracts `Tracker`, `Recorder` and `Oversight` promise."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from flagstone.blocks.registry.contract.reading_log import ReadingLog
from flagstone.blocks.registry.contract.registry import Registry
from flagstone.blocks.tracker.contract import (
    PAGE_SIZE_MAX,
    Messages,
    Official,
    Period,
    Question,
    Reconciliation,
    Signal,
    Unread,
    UsagePage,
    Use,
)
from flagstone.blocks.tracker.service.questions import Questions
from flagstone.blocks.tracker.service.reconciling import Reconciling
from flagstone.blocks.tracker.service.terms import Means, Secrets, Terms
from flagstone.blocks.tracker.service.usages import Usages
from flagstone.blocks.tracker.service.watching import Watching
from flagstone.kernel.audit import Caller, Reason
from flagstone.kernel.ids import PersonCode
from flagstone.platform.crypto.keys import SecretKey
from flagstone.platform.storage.database import Database


class Service:
    """Keeps the tracker's contracts on one database beside the site's registers; safe between threads."""

    def __init__(
        self,
        database: Database,
        registry: Registry,
        readings: ReadingLog,
        *,
        key: SecretKey,
        terms: Terms,
    ) -> None:
        """Work on `database`; `registry` and `readings` are the site's own, `key` this agency's alone."""
        self._means = Means(database, registry, readings, Secrets(key), terms)
        self._usages = Usages(self._means)
        self._questions = Questions(self._means, self._usages)
        self._watching = Watching(self._means, self._usages)
        self._reconciling = Reconciling(self._means, self._watching)

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
        """See `contract.Tracker.find_usage`."""
        return self._usages.find(
            caller, person, period, offset=offset, limit=limit, message_reference=message_reference
        )

    def usage_period(self) -> Period:
        """See `contract.Tracker.usage_period`."""
        return Period(self._means.terms.kept_since)

    def heartbeat(self) -> None:
        """See `contract.Tracker.heartbeat`: both logs can be read."""
        self._means.database.journal.head()
        self._usages.register_words()

    def ask_why(self, caller: Caller, person: PersonCode, usage_id: str, text: str) -> Question:
        """See `contract.Tracker.ask_why`."""
        return self._questions.ask(caller, person, usage_id, text)

    def questions_of(self, caller: Caller, person: PersonCode) -> tuple[Question, ...]:
        """See `contract.Tracker.questions_of`."""
        return self._questions.of_person(caller, person)

    def record(self, uses: Sequence[Use]) -> int:
        """See `contract.Recorder.record`."""
        return self._usages.record(uses)

    def unread(self, message: Unread) -> None:
        """See `contract.Recorder.unread`."""
        self._watching.unread(message)

    def questions(self, caller: Caller) -> tuple[Question, ...]:
        """See `contract.Oversight.questions`."""
        return self._questions.of_agency(caller)

    def answer(self, caller: Caller, question_id: str, text: str) -> Question:
        """See `contract.Oversight.answer`."""
        return self._questions.answer(caller, question_id, text)

    def signals(self, caller: Caller) -> tuple[Signal, ...]:
        """See `contract.Oversight.signals`."""
        return self._watching.all(caller)

    def settle(self, caller: Caller, signal_id: str, words: str) -> Signal:
        """See `contract.Oversight.settle`."""
        return self._watching.settle(caller, signal_id, words)

    def uncover(self, caller: Caller, official: str, reason: Reason) -> Official:
        """See `contract.Oversight.uncover`."""
        return self._watching.uncover(caller, official, reason)

    def watch(self) -> tuple[Signal, ...]:
        """See `contract.Oversight.watch`."""
        return self._watching.watch()

    def reconcile(self, messages: Messages, since: datetime, until: datetime) -> Reconciliation:
        """See `contract.Oversight.reconcile`."""
        return self._reconciling.reconcile(messages, since, until)
