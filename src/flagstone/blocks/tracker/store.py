# SPDX-License-Identifier: EUPL-1.2
"""The tracker's tables, and the only SQL that touches them; persons by keyed digest, texts sealed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from flagstone.kernel.clock import rfc3339
from flagstone.platform.storage.reading import Reading
from flagstone.platform.storage.sql import (
    BlockSchema,
    Column,
    ColumnElement,
    Document,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Row,
    Text,
    and_,
    derived_table,
    func,
    insert,
    journaled_table,
    or_,
    select,
    update,
)
from flagstone.platform.storage.writing import Writing

metadata = MetaData()

usages = journaled_table(
    "usage",
    metadata,
    Column("id", Text, primary_key=True),
    Column("person_index", Text, nullable=False),
    Column("at", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("receiver_code", Text, nullable=False),
    Column("receiver_system", Text, nullable=False),
    Column("register", Text, nullable=False),
    Column("fields", Document, nullable=False),
    Column("purpose", Text, nullable=False),
    Column("legal_basis", Text, nullable=False),
    Column("message_id", Text, nullable=False),
    Column("case_number", Text, nullable=False),
    Column("hidden_until", Text, nullable=False),
    Column("official", Text, nullable=False),
)
"""Uses at services that keep no log of their own, and refused askings; `hidden_until` empty for never."""

Index("usage_by_person", usages.c.person_index, usages.c.at)
Index("usage_by_time", usages.c.at)

questions = journaled_table(
    "question",
    metadata,
    Column("id", Text, primary_key=True),
    Column("person_index", Text, nullable=False),
    Column("usage", Document, nullable=False),
    Column("text", LargeBinary, nullable=False),
    Column("asked_at", Text, nullable=False),
    Column("answer", LargeBinary),
    Column("answered_at", Text),
    Column("answered_by", Text),
)
"""Questions about usages; `usage` is the usage as it was told, texts are sealed."""

Index("question_by_person", questions.c.person_index, questions.c.asked_at)

officials = journaled_table(
    "official",
    metadata,
    Column("pseudonym", Text, primary_key=True),
    Column("organisation", Text, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
)
"""Whom each pseudonym stands for, sealed."""

uncoverings = journaled_table(
    "uncovering",
    metadata,
    Column("id", Text, primary_key=True),
    Column("official", Text, nullable=False),
    Column("at", Text, nullable=False),
    Column("purpose", Text, nullable=False),
    Column("by", Text, nullable=False),
)
"""Who looked whom a pseudonym stands for, and why; `by` is a pseudonym too."""

signals = journaled_table(
    "signal",
    metadata,
    Column("id", Text, primary_key=True),
    Column("mark", Text, nullable=False, unique=True),
    Column("kind", Text, nullable=False),
    Column("organisation", Text, nullable=False),
    Column("official", Text, nullable=False),
    Column("register", Text, nullable=False),
    Column("since", Text, nullable=False),
    Column("count", Integer, nullable=False),
    Column("raised_at", Text, nullable=False),
    Column("settled_at", Text),
    Column("settled_by", Text),
    Column("settled_words", LargeBinary),
)
"""Unusual readings; `mark` keeps the same pattern from being raised twice."""

watches = journaled_table(
    "watch",
    metadata,
    Column("name", Text, primary_key=True),
    Column("at", Text, nullable=False),
    Column("last", Text, nullable=False),
)
"""How far the log was looked at: the instant and the id of the last reading."""

reconciliations = journaled_table(
    "reconciliation",
    metadata,
    Column("id", Text, primary_key=True),
    Column("since", Text, nullable=False),
    Column("until", Text, nullable=False),
    Column("made_at", Text, nullable=False),
    Column("messages", Integer, nullable=False),
    Column("records", Integer, nullable=False),
    Column("missing", Document, nullable=False),
    Column("surplus", Document, nullable=False),
    Column("unsaid", Integer, nullable=False),
)
"""What each comparison with the exchange's log found."""

tallies = derived_table(
    "tally",
    metadata,
    Column("official", Text, primary_key=True),
    Column("day", Text, primary_key=True),
    Column("person_index", Text, primary_key=True),
    Column("register", Text, primary_key=True),
    Column("organisation", Text, nullable=False),
    Column("reads", Integer, nullable=False),
    Column("without_case", Integer, nullable=False),
    Index("tally_by_day", "day"),
)
"""How often each official read each person's data in each register on each day."""

SCHEMA = BlockSchema("tracker", metadata, Path(__file__).with_name("migrations"))


def usages_of(
    view: Reading,
    person_index: str,
    within: tuple[datetime | None, datetime | None],
    now: datetime,
    most: int,
) -> list[Row]:
    """Return the newest `most` own records about a person that may be described, the newest first."""
    ours = _described(person_index, within, now)
    newest = select(usages).where(ours).order_by(usages.c.at.desc(), usages.c.id.desc())
    return view.rows(newest.limit(most))


def count_usages_of(
    view: Reading, person_index: str, within: tuple[datetime | None, datetime | None], now: datetime
) -> int:
    """Count the own records about a person that may be described."""
    query = select(func.count()).select_from(usages).where(_described(person_index, within, now))
    return int(view.scalar(query))


def count_hidden_of(view: Reading, person_index: str, now: datetime) -> int:
    """Count the own records about a person that may not be described yet."""
    still = and_(usages.c.person_index == person_index, usages.c.hidden_until > rfc3339(now))
    return int(view.scalar(select(func.count()).select_from(usages).where(still)))


def usage(view: Reading, usage_id: str, person_index: str, now: datetime) -> Row | None:
    """Return one own record about a person, when it may be described."""
    ours = _described(person_index, (None, None), now)
    return view.row(select(usages).where(usages.c.id == usage_id, ours))


def counts_by_message(view: Reading, since: datetime, until: datetime) -> list[Row]:
    """Return `message_id` and `records` of every message that own records name, hidden ones too."""
    named = and_(usages.c.message_id != "", _between(usages.c.at, since, until))
    query = select(usages.c.message_id, func.count().label("records")).where(named)
    return view.rows(query.group_by(usages.c.message_id))


def questions_of(view: Reading, person_index: str) -> list[Row]:
    """Return a person's questions, the newest first."""
    mine = select(questions).where(questions.c.person_index == person_index)
    return view.rows(mine.order_by(questions.c.asked_at.desc(), questions.c.id.desc()))


def all_questions(view: Reading, most: int) -> list[Row]:
    """Return at most `most` questions, the open ones first and of these the oldest."""
    is_open = questions.c.answered_at.is_(None)
    waiting = view.rows(select(questions).where(is_open).order_by(questions.c.asked_at).limit(most))
    done = select(questions).where(~is_open).order_by(questions.c.answered_at.desc())
    return waiting + view.rows(done.limit(most - len(waiting)))


def question(view: Reading, question_id: str) -> Row | None:
    """Return one question."""
    return view.row(select(questions).where(questions.c.id == question_id))


def official(view: Reading, pseudonym: str) -> Row | None:
    """Return whom a pseudonym stands for."""
    return view.row(select(officials).where(officials.c.pseudonym == pseudonym))


def known_officials(view: Reading, pseudonyms: Sequence[str]) -> set[str]:
    """Return those of `pseudonyms` that are known already."""
    known = select(officials.c.pseudonym).where(officials.c.pseudonym.in_(pseudonyms))
    return {row["pseudonym"] for row in view.rows(known)}


def all_signals(view: Reading, most: int) -> list[Row]:
    """Return at most `most` signals, the open ones first and of these the newest."""
    is_settled = signals.c.settled_at.is_not(None)
    query = select(signals).order_by(is_settled, signals.c.raised_at.desc(), signals.c.id.desc())
    return view.rows(query.limit(most))


def known_usages(view: Reading, ids: Sequence[str]) -> set[str]:
    """Return those of `ids` that are recorded already."""
    known = select(usages.c.id).where(usages.c.id.in_(ids))
    return {row["id"] for row in view.rows(known)} if ids else set()


def open_signal(view: Reading, kind: str, organisation: str, register: str) -> Row | None:
    """Return the signal of a kind about an organisation and register that is not settled yet."""
    this = and_(signals.c.kind == kind, signals.c.organisation == organisation)
    waits = and_(signals.c.register == register, signals.c.settled_at.is_(None))
    return view.row(select(signals).where(this, waits).order_by(signals.c.id).limit(1))


def signal(view: Reading, signal_id: str) -> Row | None:
    """Return one signal."""
    return view.row(select(signals).where(signals.c.id == signal_id))


def known_marks(view: Reading, marks: Sequence[str]) -> set[str]:
    """Return those of `marks` under which a signal was raised already."""
    known = select(signals.c.mark).where(signals.c.mark.in_(marks))
    return {row["mark"] for row in view.rows(known)}


def watch(view: Reading, name: str) -> Row | None:
    """Return how far the log was looked at."""
    return view.row(select(watches).where(watches.c.name == name))


def tallies_of(view: Reading, names: Sequence[str], since_day: str) -> list[Row]:
    """Return the tallies of some officials from a day on."""
    theirs = and_(tallies.c.official.in_(names), tallies.c.day >= since_day)
    return view.rows(select(tallies).where(theirs))


def add_to_tally(write: Writing, key: Mapping[str, str], reads: int, without_case: int) -> None:
    """Add to one tally, which is made when there is none; `key` has every column but the counts."""
    this = and_(*(tallies.c[column.name] == key[column.name] for column in tallies.primary_key))
    found = write.row(select(tallies.c.reads, tallies.c.without_case).where(this))
    if found is None:
        write.derive(insert(tallies).values(**key, reads=reads, without_case=without_case))
        return
    counts = {"reads": found["reads"] + reads, "without_case": found["without_case"] + without_case}
    write.derive(update(tallies).where(this).values(**counts))


def _described(
    person_index: str, within: tuple[datetime | None, datetime | None], now: datetime
) -> ColumnElement[bool]:
    """Return the condition of own records about a person that may be told at `now`."""
    told = or_(usages.c.hidden_until == "", usages.c.hidden_until <= rfc3339(now))
    return and_(usages.c.person_index == person_index, told, _between(usages.c.at, *within))


def _between(column: Column[Any], start: datetime | None, end: datetime | None) -> ColumnElement[bool]:
    """Return the condition of lying from `start` up to `end`."""
    bounds = [column >= rfc3339(start)] if start else []
    bounds += [column < rfc3339(end)] if end else []
    return and_(True, *bounds)
