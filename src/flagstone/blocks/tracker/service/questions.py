# SPDX-License-Identifier: EUPL-1.2
"""Questions about usages: asked by the person concerned, answered by the agency that holds the data."""

from __future__ import annotations

from flagstone.blocks.tracker import store
from flagstone.blocks.tracker.contract import Question, QuestionUnknown
from flagstone.blocks.tracker.model.usages import checked_text
from flagstone.blocks.tracker.model.wire import usage_from_wire, usage_on_wire
from flagstone.blocks.tracker.service.terms import AUDITOR, REGISTRAR, Means
from flagstone.blocks.tracker.service.usages import Usages
from flagstone.kernel.audit import Caller, Reason
from flagstone.kernel.clock import parse_rfc3339, rfc3339
from flagstone.kernel.ids import PersonCode, fresh_uuid
from flagstone.platform.storage.sql import Row

SHOWN_MAX = 500
ASKING = Reason("a person asks why her data was used")
ANSWERING = Reason("the agency answers why data was used")


class Questions:
    """The use cases of questions."""

    def __init__(self, means: Means, usages: Usages) -> None:
        """Work with `means`, on what `usages` tell."""
        self._means, self._usages = means, usages

    def ask(self, caller: Caller, person: PersonCode, usage_id: str, text: str) -> Question:
        """Keep a question about one usage."""
        self._usages.admit(caller, person)
        plain = checked_text(text)
        usage = self._usages.find_one(person, usage_id)
        with self._means.database.writing(caller.actor, ASKING) as write:
            number = str(fresh_uuid(write.at))
            row = {
                "id": number,
                "person_index": self._means.secrets.person(person),
                "usage": usage_on_wire(usage),
                "text": self._means.secrets.sealed(plain, ("question", number)),
                "asked_at": rfc3339(write.at),
            }
            return self._question(write.insert(store.questions, row))

    def of_person(self, caller: Caller, person: PersonCode) -> tuple[Question, ...]:
        """Return a person's questions, the newest first."""
        self._usages.admit(caller, person)
        with self._means.database.reading() as view:
            rows = store.questions_of(view, self._means.secrets.person(person))
        return tuple(map(self._question, rows))

    def of_agency(self, caller: Caller) -> tuple[Question, ...]:
        """Return the agency's questions, the open ones first."""
        self._means.require(caller, REGISTRAR, AUDITOR)
        with self._means.database.reading() as view:
            return tuple(map(self._question, store.all_questions(view, SHOWN_MAX)))

    def answer(self, caller: Caller, question_id: str, text: str) -> Question:
        """Answer an open question, once."""
        self._means.require(caller, REGISTRAR, AUDITOR)
        plain = checked_text(text)
        with self._means.database.writing(caller.actor, ANSWERING) as write:
            row = store.question(write, question_id)
            if row is None or row["answered_at"]:
                raise QuestionUnknown
            changes = {
                "answer": self._means.secrets.sealed(plain, ("answer", question_id)),
                "answered_at": rfc3339(write.at),
                "answered_by": self._means.secrets.pseudonym(caller.actor.id, caller.actor.organisation),
            }
            key = {"id": question_id}
            after = write.update(store.questions, key, changes, expected_revision=row["revision"])
            return self._question(after)

    def _question(self, row: Row) -> Question:
        """Return a row with its texts opened."""
        answered = row["answered_at"]
        secrets, number = self._means.secrets, row["id"]
        return Question(
            number,
            usage_from_wire(row["usage"]),
            secrets.opened(row["text"], ("question", number)),
            parse_rfc3339(row["asked_at"]),
            secrets.opened(row["answer"], ("answer", number)) if answered else "",
            parse_rfc3339(answered) if answered else None,
        )
