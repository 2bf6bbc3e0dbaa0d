# SPDX-License-Identifier: EUPL-1.2
"""Watching over readings: tallies of who read how often, the signals they raise, and who settles them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from flagstone.blocks.registry.contract.record import Reading
from flagstone.blocks.tracker import store
from flagstone.blocks.tracker.contract import (
    Official,
    OfficialUnknown,
    Signal,
    SignalKind,
    SignalUnknown,
    Unread,
)
from flagstone.blocks.tracker.model.signals import Pattern, Tally, patterns
from flagstone.blocks.tracker.model.usages import checked_text, member_code, official_of
from flagstone.blocks.tracker.service.terms import AUDITOR, US, Means
from flagstone.blocks.tracker.service.usages import Usages
from flagstone.kernel.audit import Caller, Reason
from flagstone.kernel.clock import parse_rfc3339, rfc3339
from flagstone.kernel.ids import EPOCH, fresh_uuid
from flagstone.platform.storage.sql import Row
from flagstone.platform.storage.writing import Writing

WATCH = "signals"
BATCH = 1_000
SETTLED_BY = timedelta(seconds=2)
"""How old a reading must be to be looked at, so that none that is still being written is passed over."""

SHOWN_MAX = 500
WATCHING = Reason("watch over the reading of personal data")
SETTLING = Reason("settle a signal of unusual reading")


@dataclass(frozen=True)
class Line:
    """The key of a tally."""

    official: str
    day: str
    person_index: str
    register: str
    organisation: str


class Watching:
    """The use cases of signals."""

    def __init__(self, means: Means, usages: Usages) -> None:
        """Work with `means`; `usages` keeps whom pseudonyms stand for."""
        self._means, self._usages = means, usages

    def watch(self) -> tuple[Signal, ...]:
        """Look at every reading since the last time, a batch a transaction; return what was raised."""
        raised: list[Signal] = []
        while readings := self._next():
            raised += self._look(readings)
            if len(readings) < BATCH:
                break
        return tuple(raised)

    def raise_one(self, write: Writing, pattern: Pattern) -> Signal | None:
        """Raise a signal unless its mark was raised before."""
        if store.known_marks(write, [pattern.mark]):
            return None
        since = datetime.combine(pattern.since, EPOCH.timetz())
        row = {
            "id": str(fresh_uuid(write.at)),
            "mark": pattern.mark,
            "kind": pattern.kind.value,
            "organisation": pattern.organisation,
            "official": pattern.official,
            "register": pattern.register,
            "since": rfc3339(since),
            "count": pattern.count,
            "raised_at": rfc3339(write.at),
        }
        return self._signal(write.insert(store.signals, row))

    def unread(self, message: Unread) -> None:
        """Raise that a message did not say whose data it used: one signal for a sender and service."""
        kind, organisation = SignalKind.PERSON_UNREAD, member_code(message.organisation)
        mark = f"{kind.value}/{message.exchange}"
        pattern = Pattern(mark, kind, organisation, "", message.service, message.at.date(), 1)
        with self._means.database.reading() as view:
            row = store.open_signal(view, kind.value, organisation, message.service)
            if row is None and store.known_marks(view, [mark]):
                return  # told again of what was settled
        with self._means.database.writing(US.actor, WATCHING) as write:
            if row is None:
                self.raise_one(write, pattern)
            else:
                write.update(store.signals, {"id": row["id"]}, {"count": row["count"] + 1})

    def all(self, caller: Caller) -> tuple[Signal, ...]:
        """Return the signals, the open ones first."""
        self._means.require(caller, AUDITOR)
        with self._means.database.reading() as view:
            return tuple(map(self._signal, store.all_signals(view, SHOWN_MAX)))

    def settle(self, caller: Caller, signal_id: str, words: str) -> Signal:
        """Note what looking at a signal found, once."""
        self._means.require(caller, AUDITOR)
        plain = checked_text(words)
        with self._means.database.writing(caller.actor, SETTLING) as write:
            row = store.signal(write, signal_id)
            if row is None or row["settled_at"]:
                raise SignalUnknown
            changes = {
                "settled_at": rfc3339(write.at),
                "settled_by": self._means.secrets.pseudonym(caller.actor.id, caller.actor.organisation),
                "settled_words": self._means.secrets.sealed(plain, ("signal", signal_id)),
            }
            key = {"id": signal_id}
            return self._signal(write.update(store.signals, key, changes, expected_revision=row["revision"]))

    def uncover(self, caller: Caller, pseudonym: str, reason: Reason) -> Official:
        """Return whom a pseudonym stands for; the look is written down before."""
        self._means.require(caller, AUDITOR)
        purpose, secrets = checked_text(reason.purpose), self._means.secrets
        with self._means.database.writing(caller.actor, reason) as write:
            row = store.official(write, pseudonym.strip().upper())
            if row is None:
                raise OfficialUnknown
            looked = {
                "id": str(fresh_uuid(write.at)),
                "official": row["pseudonym"],
                "at": rfc3339(write.at),
                "purpose": purpose,
                "by": secrets.pseudonym(caller.actor.id, caller.actor.organisation),
            }
            write.insert(store.uncoverings, looked)
        return secrets.official(row["sealed"], row["organisation"], row["pseudonym"])

    def _next(self) -> tuple[Reading, ...]:
        """Return the readings after the last one that was looked at, the oldest first."""
        with self._means.database.reading() as view:
            mark = store.watch(view, WATCH)
        since = parse_rfc3339(mark["at"]) if mark else self._means.terms.kept_since
        until = self._means.clock.now() - SETTLED_BY
        after = mark["last"] if mark else ""
        return self._means.readings.readings_between(US, since, until, after=after, limit=BATCH)

    def _look(self, readings: Sequence[Reading]) -> list[Signal]:
        """Count a batch, raise what it shows, and remember how far it went, all in one transaction."""
        names = {reading.id: self._pseudonym(reading) for reading in readings}
        watched = [reading for reading in readings if names[reading.id]]
        with self._means.database.writing(US.actor, WATCHING) as write:
            self._remember_officials(write, watched)
            days = self._count(write, [one for one in watched if self._is_in_office(one)], names)
            raised = self._raised(write, frozenset(names.values()) - {""}, days)
            self._remember_place(write, readings[-1])
        return raised

    def _pseudonym(self, reading: Reading) -> str:
        """Return what stands for the human being who read, empty for systems and for the person herself."""
        return self._means.secrets.pseudonym(official_of(reading), self._organisation(reading))

    def _is_in_office(self, reading: Reading) -> bool:
        """Tell whether who read did so in an office, and not in a matter of her own."""
        return reading.system not in self._means.terms.own_matters

    def _organisation(self, reading: Reading) -> str:
        return reading.organisation or self._means.terms.owner

    def _remember_officials(self, write: Writing, watched: Sequence[Reading]) -> None:
        people = {(official_of(one), self._organisation(one)): one.actor_name for one in watched}
        names = [self._means.secrets.pseudonym(*one) for one in people]
        known = store.known_officials(write, names)
        for (official, organisation), name in sorted(people.items()):
            self._usages.remember(write, known, official=(official, name), of=organisation)

    def _count(self, write: Writing, watched: Sequence[Reading], names: dict[str, str]) -> frozenset[date]:
        """Add readings to the tallies; return the days they were made on."""
        reads: Counter[Line] = Counter()
        without: Counter[Line] = Counter()
        for reading in watched:
            line = Line(
                names[reading.id],
                reading.at.date().isoformat(),
                self._means.secrets.person(reading.person),
                reading.register,
                member_code(self._organisation(reading)),
            )
            reads[line] += 1
            without[line] += not reading.reason.case
        for line, count in reads.items():
            store.add_to_tally(write, vars(line), count, without[line])
        return frozenset(reading.at.date() for reading in watched)

    def _raised(self, write: Writing, names: frozenset[str], days: frozenset[date]) -> list[Signal]:
        """Raise what the tallies of those who read show on the days they read."""
        if not days:
            return []
        thresholds = self._means.terms.thresholds
        first = min(days) - timedelta(days=thresholds.days)
        rows = store.tallies_of(write, sorted(names), first.isoformat())
        found = patterns(map(_tally, rows), days, thresholds)
        return [signal for one in found if (signal := self.raise_one(write, one)) is not None]

    def _remember_place(self, write: Writing, last: Reading) -> None:
        place = {"at": rfc3339(last.at), "last": last.id}
        if store.watch(write, WATCH) is None:
            write.insert(store.watches, {"name": WATCH, **place})
        else:
            write.update(store.watches, {"name": WATCH}, place)

    def _signal(self, row: Row) -> Signal:
        settled = row["settled_at"]
        place = ("signal", row["id"])
        return Signal(
            id=row["id"],
            kind=SignalKind(row["kind"]),
            organisation=row["organisation"],
            official=row["official"],
            register=row["register"],
            since=parse_rfc3339(row["since"]),
            count=row["count"],
            raised_at=parse_rfc3339(row["raised_at"]),
            settled_at=parse_rfc3339(settled) if settled else None,
            settled_words=self._means.secrets.opened(row["settled_words"], place) if settled else "",
        )


def _tally(row: Row) -> Tally:
    return Tally(
        row["official"],
        row["organisation"],
        date.fromisoformat(row["day"]),
        row["person_index"],
        row["register"],
        row["reads"],
        row["without_case"],
    )
