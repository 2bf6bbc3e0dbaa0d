# SPDX-License-Identifier: EUPL-1.2
"""Who used a person's data here: the registers' own readings and the tracker's records as one log."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from flagstone.blocks.registry.contract.record import READINGS_MAX
from flagstone.blocks.tracker import store
from flagstone.blocks.tracker.contract import (
    Period,
    RegisterWords,
    Usage,
    UsageKind,
    UsagePage,
    UsageUnknown,
    Use,
    Words,
)
from flagstone.blocks.tracker.model.usages import (
    Window,
    checked,
    member_code,
    official_of,
    only_known,
    page_of,
    period_around,
    usage_of,
    window,
    words_of,
)
from flagstone.blocks.tracker.service.terms import US, Means, herself, person_of
from flagstone.kernel.audit import Caller, Reason
from flagstone.kernel.clock import parse_rfc3339, rfc3339
from flagstone.kernel.ids import PersonCode, fresh_uuid
from flagstone.platform.storage import tally
from flagstone.platform.storage.sql import Row
from flagstone.platform.storage.writing import Writing

ASKED = "Asked who used the person's data, and was refused"
RECORDING = Reason("record a use of personal data")


class Usages:
    """The use cases of the log."""

    def __init__(self, means: Means) -> None:
        """Work with `means`."""
        self._means = means

    def find(
        self,
        caller: Caller,
        person: PersonCode,
        period: Period,
        *,
        offset: int,
        limit: int,
        message_reference: str,
    ) -> UsagePage:
        """Return one page of usages for the person herself or who acts for her."""
        self.admit(caller, person, message_reference)
        checked(period, offset, limit)
        within, index = (period.start, period.end), self._means.secrets.person(person)
        now = self._means.clock.now()
        with self._means.database.reading() as view:
            own_total = store.count_usages_of(view, index, within, now)
            own = store.usages_of(view, index, within, now, offset + limit) if own_total else []
            own_hidden = store.count_hidden_of(view, index, now)
        part = window(offset, limit, own_total)
        words = self.register_words()
        read = self._read(person, period, part, words)
        registry, self_caller = self._means.registry, herself(person)
        total = registry.count_readings_of(self_caller, person, since=period.start, until=period.end)
        hidden = registry.hidden_readings_of(self_caller, person)
        found = page_of(read, [usage_from(row) for row in own], part, offset, limit)
        return self._page(found, own_total + total, own_hidden + hidden, words)

    def admit(self, caller: Caller, person: PersonCode, message_reference: str = "") -> None:
        """Return for the person herself and who acts for her; otherwise record it and raise UsageUnknown."""
        asker = person_of(caller)
        if asker is not None and (asker == person or self._means.terms.mandates(asker, person)):
            return
        actor = caller.actor
        organisation = actor.organisation or self._means.terms.owner
        use = Use(
            person=person,
            receiver_code=organisation,
            receiver_system=actor.system or "web",
            action=ASKED,
            reason=Reason(ASKED, message_reference=message_reference),
            official=actor.id if asker else actor.on_behalf,
        )
        self._record([use], UsageKind.ASKED, names={use.official: actor.name})
        raise UsageUnknown

    def find_one(self, person: PersonCode, usage_id: str) -> Usage:
        """Return one usage of a person's data; UsageUnknown."""
        index, now = self._means.secrets.person(person), self._means.clock.now()
        with self._means.database.reading() as view:
            row = store.usage(view, usage_id, index, now)
        if row is not None:
            return usage_from(row)
        period = period_around(usage_id)
        found = self._read(person, period, Window(0, READINGS_MAX), self.register_words()) if period else []
        for usage in found:
            if usage.id == usage_id:
                return usage
        raise UsageUnknown

    def record(self, uses: Sequence[Use]) -> int:
        """Record uses in one transaction, those of a known id not again; return how many."""
        new = self._new(uses)
        return self._record(new, UsageKind.READ, names={}) if new else 0

    def register_words(self) -> dict[str, RegisterWords]:
        """Return the words of every register of the site, and of services that are none."""
        registers = {each.code: words_of(each) for each in self._means.registry.definitions(US)}
        return {**self._means.terms.services(), **registers}

    def _read(
        self, person: PersonCode, period: Period, part: Window, words: Mapping[str, RegisterWords]
    ) -> list[Usage]:
        """Return the readings of the registers that `part` names, as usages."""
        found: list[Usage] = []
        while len(found) < part.taken:
            step = min(READINGS_MAX, part.taken - len(found))
            readings = self._means.registry.readings_of(
                herself(person),
                person,
                since=period.start,
                until=period.end,
                offset=part.skipped + len(found),
                limit=step,
            )
            found += [self._usage(each, words) for each in readings]
            if len(readings) < step:
                break
        return found

    def _usage(self, reading: Any, words: Mapping[str, RegisterWords]) -> Usage:
        owner = self._means.terms.owner
        official = self._means.secrets.pseudonym(official_of(reading), reading.organisation or owner)
        return usage_of(reading, words.get(reading.register), owner=owner, official=official)

    def _page(
        self, usages: Iterable[Usage], total: int, hidden: int, words: Mapping[str, RegisterWords]
    ) -> UsagePage:
        """Return a page with the names of whom and what its usages name."""
        names, named = self._means.terms.names, []
        receivers: dict[str, Words] = {}
        for usage in usages:
            known = names.get(usage.receiver_code)
            if known:
                receivers[usage.receiver_code] = known
            name = (known.get("en") or next(iter(known.values()), "")) if known else ""
            named.append(replace(usage, receiver_name=name))
        return UsagePage(tuple(named), total, hidden, only_known(words, named), receivers)

    def _record(self, uses: Sequence[Use], kind: UsageKind, *, names: Mapping[str, str]) -> int:
        """Write uses, and whom their pseudonyms stand for, in one transaction."""
        secrets = self._means.secrets
        people = {(use.official, use.receiver_code) for use in uses if use.official}
        with self._means.database.writing(US.actor, RECORDING) as write:
            known = store.known_officials(write, [secrets.pseudonym(*one) for one in people])
            for official, organisation in sorted(people):
                self.remember(write, known, official=(official, names.get(official, "")), of=organisation)
            write.insert_many(store.usages, [self._row(use, kind, write) for use in uses])
        tally.recorded(len(uses))
        return len(uses)

    def _new(self, uses: Sequence[Use]) -> list[Use]:
        """Return the uses that are not recorded yet."""
        with self._means.database.reading() as view:
            known = store.known_usages(view, [use.id for use in uses if use.id])
        return [use for use in uses if use.id not in known]

    def remember(self, write: Writing, known: set[str], *, official: tuple[str, str], of: str) -> None:
        """Keep whom a pseudonym stands for (id and name), unless it is `known`; it is known from then on."""
        name = self._means.secrets.pseudonym(official[0], of)
        if name and name not in known:
            sealed = self._means.secrets.sealed_official(*official, name)
            row = {"pseudonym": name, "organisation": member_code(of), "sealed": sealed}
            write.insert(store.officials, row)
            known.add(name)

    def _row(self, use: Use, kind: UsageKind, write: Writing) -> dict[str, object]:
        hidden, secrets = use.reason.hidden_until, self._means.secrets
        return {
            "id": use.id or str(fresh_uuid(write.at)),
            "person_index": secrets.person(use.person),
            "at": rfc3339(use.at or write.at),
            "kind": kind.value,
            "action": use.action,
            "receiver_code": member_code(use.receiver_code),
            "receiver_system": use.receiver_system,
            "register": use.register,
            "fields": list(use.fields),
            "purpose": use.reason.purpose,
            "legal_basis": use.reason.legal_basis,
            "message_id": use.reason.message_reference,
            "case_number": use.reason.case,
            "hidden_until": rfc3339(hidden) if hidden else "",
            "official": secrets.pseudonym(use.official, use.receiver_code),
        }


def usage_from(row: Row) -> Usage:
    """Return an own record as a usage."""
    return Usage(
        logtime=parse_rfc3339(row["at"]),
        action=row["action"],
        receiver_code=row["receiver_code"],
        receiver_system=row["receiver_system"],
        id=row["id"],
        register=row["register"],
        fields=tuple(row["fields"]),
        purpose=row["purpose"],
        legal_basis=row["legal_basis"],
        message_id=row["message_id"],
        case=row["case_number"],
        official=row["official"],
        kind=UsageKind(row["kind"]),
    )
