# SPDX-License-Identifier: EUPL-1.2
"""Create clients, sessions, codes, tokens and used assertions."""

from typing import Any

from flagstone.platform.storage.sql import Boolean, Column, Document, Integer, LargeBinary, Text, op

revision = "0001"
down_revision = None


def _create(name: str, *columns: Column[Any]) -> None:
    op.create_table(name, *columns, Column("revision", Integer, nullable=False), Column("deleted_at", Text))


def upgrade() -> None:
    _create(
        "client",
        Column("id", Text, primary_key=True),
        Column("registration", Document, nullable=False),
        Column("secret_hash", Text, nullable=False),
        Column("active", Boolean, nullable=False),
    )
    _create(
        "session",
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
    _create(
        "code",
        Column("hash", Text, primary_key=True),
        Column("client", Text, nullable=False),
        Column("session", Text, nullable=False),
        Column("request", Document, nullable=False),
        Column("expires_at", Text, nullable=False),
        Column("used_at", Text),
    )
    _create(
        "token",
        Column("hash", Text, primary_key=True),
        Column("code", Text),
        Column("client", Text, nullable=False),
        Column("session", Text),
        Column("scopes", Document, nullable=False),
        Column("issued_at", Text, nullable=False),
        Column("expires_at", Text, nullable=False),
        Column("revoked_at", Text),
    )
    _create(
        "assertion",
        Column("hash", Text, primary_key=True),
        Column("client", Text, nullable=False),
        Column("expires_at", Text, nullable=False),
    )
    op.create_index("session_by_person", "session", ["person_index"])
    op.create_index("code_by_expiry", "code", ["expires_at"])
    op.create_index("token_by_code", "token", ["code"])
    op.create_index("token_by_session", "token", ["session"])
    op.create_index("token_by_expiry", "token", ["expires_at"])
    op.create_index("assertion_by_expiry", "assertion", ["expires_at"])
