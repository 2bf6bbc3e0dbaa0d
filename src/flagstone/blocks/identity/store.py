# SPDX-License-Identifier: EUPL-1.2
"""The tables of identity and the only SQL that touches them; never a secret, code or token in clear."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from flagstone.kernel.clock import rfc3339
from flagstone.platform.storage.reading import Reading
from flagstone.platform.storage.sql import (
    BlockSchema,
    Boolean,
    Column,
    Document,
    Index,
    LargeBinary,
    MetaData,
    Row,
    Text,
    journaled_table,
    select,
)
from flagstone.platform.storage.writing import Writing

metadata = MetaData()

clients = journaled_table(
    "client",
    metadata,
    Column("id", Text, primary_key=True),
    Column("registration", Document, nullable=False),
    Column("secret_hash", Text, nullable=False),
    Column("active", Boolean, nullable=False),
)
"""Registered clients; `secret_hash` is `scrypt$N$r$p$salt$hash`, empty where there is no secret."""

sessions = journaled_table(
    "session",
    metadata,
    Column("id", Text, primary_key=True),
    Column("cookie_hash", Text, nullable=False, unique=True),
    Column("person_index", Text, nullable=False),
    Column("subject", LargeBinary, nullable=False),
    Column("signed_in_at", Text, nullable=False),
    Column("seen_at", Text, nullable=False),
    Column("ends_at", Text, nullable=False),
    Column("clients", Document, nullable=False),
    Column("ended_at", Text),
    Column("end_reason", Text),
)
"""Sign-ins; `person_index` is a keyed digest, `subject` is sealed, `id` is the tokens' `sid`."""

codes = journaled_table(
    "code",
    metadata,
    Column("hash", Text, primary_key=True),
    Column("client", Text, nullable=False),
    Column("session", Text, nullable=False),
    Column("request", Document, nullable=False),
    Column("expires_at", Text, nullable=False),
    Column("used_at", Text),
)
"""Authorisation codes by SHA-256, each with the request it answers."""

tokens = journaled_table(
    "token",
    metadata,
    Column("hash", Text, primary_key=True),
    Column("code", Text),
    Column("client", Text, nullable=False),
    Column("session", Text),
    Column("scopes", Document, nullable=False),
    Column("issued_at", Text, nullable=False),
    Column("expires_at", Text, nullable=False),
    Column("revoked_at", Text),
)
"""Opaque access tokens by SHA-256; and the `jti` of machine tokens that were revoked."""

assertions = journaled_table(
    "assertion",
    metadata,
    Column("hash", Text, primary_key=True),
    Column("client", Text, nullable=False),
    Column("expires_at", Text, nullable=False),
)
"""Client assertions already used, by SHA-256 of client and `jti`, remembered until they expire."""

Index("session_by_person", sessions.c.person_index)
Index("code_by_expiry", codes.c.expires_at)
Index("token_by_code", tokens.c.code)
Index("token_by_session", tokens.c.session)
Index("token_by_expiry", tokens.c.expires_at)
Index("assertion_by_expiry", assertions.c.expires_at)

SCHEMA = BlockSchema("identity", metadata, Path(__file__).with_name("migrations"))


def client_row(view: Reading, client_id: str) -> Row | None:
    """Return a client's row, closed ones too."""
    return view.row(select(clients).where(clients.c.id == client_id))


def client_rows(view: Reading) -> list[Row]:
    """Return all clients by id."""
    return view.rows(select(clients).order_by(clients.c.id))


def session_row(view: Reading, session_id: str) -> Row | None:
    """Return a session's row, ended ones too."""
    return view.row(select(sessions).where(sessions.c.id == session_id))


def session_by_cookie(view: Reading, cookie_hash: str) -> Row | None:
    """Return the session of a cookie, ended ones too."""
    return view.row(select(sessions).where(sessions.c.cookie_hash == cookie_hash))


def open_sessions(view: Reading, person_index: str) -> list[Row]:
    """Return a person's sessions that nobody ended, the newest first; some may be over by time."""
    mine = sessions.c.person_index == person_index
    query = select(sessions).where(mine, sessions.c.ended_at.is_(None))
    return view.rows(query.order_by(sessions.c.signed_in_at.desc()))


def code_row(view: Reading, code_hash: str) -> Row | None:
    """Return a code's row."""
    return view.row(select(codes).where(codes.c.hash == code_hash))


def token_row(view: Reading, token_hash: str) -> Row | None:
    """Return a token's row."""
    return view.row(select(tokens).where(tokens.c.hash == token_hash))


def revoke_tokens(write: Writing, column: str, value: str) -> int:
    """Revoke every token whose `column` (`code` or `session`) is `value`; return how many."""
    live = select(tokens.c.hash).where(tokens.c[column] == value, tokens.c.revoked_at.is_(None))
    found = write.rows(live)
    for row in found:
        write.update(tokens, {"hash": row["hash"]}, {"revoked_at": rfc3339(write.at)})
    return len(found)


def erasable(view: Reading, before: datetime, limit: int) -> list[tuple[Any, Mapping[str, str]]]:
    """Return at most `limit` (table, key) of each kind of row that was over before `before`."""
    over: list[tuple[Any, Mapping[str, str]]] = []
    for table in (codes, tokens, assertions):
        old = select(table.c.hash).where(table.c.expires_at < rfc3339(before)).limit(limit)
        over += [(table, {"hash": row["hash"]}) for row in view.rows(old)]
    old = select(sessions.c.id).where(sessions.c.ends_at < rfc3339(before)).limit(limit)
    return over + [(sessions, {"id": row["id"]}) for row in view.rows(old)]
