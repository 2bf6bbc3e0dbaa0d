# SPDX-License-Identifier: EUPL-1.2
"""The portal's sessions, and the only SQL that touches them; never a token or a person in clear."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from flagstone.kernel.clock import rfc3339
from flagstone.platform.storage.reading import Reading
from flagstone.platform.storage.sql import (
    BlockSchema,
    Column,
    Index,
    LargeBinary,
    MetaData,
    Row,
    Text,
    journaled_table,
    or_,
    select,
)

metadata = MetaData()

sessions = journaled_table(
    "session",
    metadata,
    Column("id", Text, primary_key=True),
    Column("token_hash", Text, nullable=False, unique=True),
    Column("person_index", Text, nullable=False),
    Column("person", LargeBinary, nullable=False),
    Column("provider_session", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("language", Text, nullable=False),
    Column("signed_in_at", Text, nullable=False),
    Column("seen_at", Text, nullable=False),
    Column("ends_at", Text, nullable=False),
    Column("ended_at", Text),
    Column("end_reason", Text),
)
"""Sessions; `person` is sealed, `person_index` a keyed digest, `provider_session` the `sid` of tokens."""

Index("session_by_person", sessions.c.person_index)
Index("session_by_provider", sessions.c.provider_session)
Index("session_by_subject", sessions.c.subject)
Index("session_by_end", sessions.c.ends_at)

SCHEMA = BlockSchema("portal", metadata, Path(__file__).with_name("migrations"))


def by_token(view: Reading, token_hash: str) -> Row | None:
    """Return the session of a token, ended ones too."""
    return view.row(select(sessions).where(sessions.c.token_hash == token_hash))


def open_of_person(view: Reading, person_index: str) -> list[Row]:
    """Return a person's sessions that nobody ended, the newest first; some may be over by time."""
    mine = sessions.c.person_index == person_index
    query = select(sessions).where(mine, sessions.c.ended_at.is_(None))
    return view.rows(query.order_by(sessions.c.signed_in_at.desc()))


def open_at_provider(view: Reading, provider_session: str, subject: str) -> list[Row]:
    """Return the open sessions that came of one sign-in at the provider, or of all those of a subject."""
    column, value = (
        (sessions.c.provider_session, provider_session) if provider_session else (sessions.c.subject, subject)
    )
    return view.rows(select(sessions).where(column == value, sessions.c.ended_at.is_(None)))


def over_before(view: Reading, before: datetime, limit: int) -> list[str]:
    """Return the ids of at most `limit` sessions that were over before `before`."""
    then = rfc3339(before)
    over = or_(sessions.c.ends_at < then, sessions.c.ended_at < then)
    return [row["id"] for row in view.rows(select(sessions.c.id).where(over).limit(limit))]
