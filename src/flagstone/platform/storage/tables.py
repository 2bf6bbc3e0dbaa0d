# SPDX-License-Identifier: EUPL-1.2
"""The platform's own tables, the same in every block's database."""

from __future__ import annotations

from flagstone.platform.storage.sql import (
    BigInteger,
    Column,
    Document,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    added_text,
    journaled_table,
)

metadata = MetaData()

journal = Table(
    "journal",
    metadata,
    Column("sequence", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=False),
    Column("table_name", Text, nullable=False),
    Column("register", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("entry", LargeBinary, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    Index("journal_by_row", "key", "table_name", "sequence"),
)
"""The journal: `entry` is the truth; the other columns are copies of its parts for look-ups."""

outbox = Table(
    "outbox",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("event", Text, nullable=False),
    Column("payload", Document, nullable=False),
    Column("occurred_at", Text, nullable=False),
    Column("spread_at", Text),
    sqlite_autoincrement=True,
)
"""News to be delivered; `spread_at` is set once every listener has its delivery row."""

delivery = Table(
    "delivery",
    metadata,
    Column("outbox_id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("listener", Text, primary_key=True),
    Column("attempts", Integer, nullable=False),
    Column("next_attempt_at", Text, nullable=False),
    Column("delivered_at", Text),
    Column("abandoned_at", Text),
    Column("last_error", Text),
    Index("delivery_due", "next_attempt_at"),
)
"""One row a listener and event; `last_error` is the error's class, never its text."""

person_read = journaled_table(
    "person_read",
    metadata,
    Column("id", Text, primary_key=True),
    Column("person", Text, nullable=False),
    Column("register", Text, nullable=False),
    Column("record_key", Text, nullable=False),
    Column("fields", Document, nullable=False),
    Column("actor_kind", Text, nullable=False),
    Column("actor_id", Text, nullable=False),
    Column("actor_name", Text, nullable=False),
    Column("organisation", Text, nullable=False),
    Column("system", Text, nullable=False),
    Column("purpose", Text, nullable=False),
    Column("legal_basis", Text, nullable=False),
    Column("message_reference", Text, nullable=False),
    Column("at", Text, nullable=False),
    added_text("case_number"),
    added_text("hidden_until"),
    added_text("on_behalf"),
    register_column="register",
)
"""One row a person whose data was shown: who saw which fields of which record, why and when.

`hidden_until` is RFC 3339 text, empty for readings that hide from nobody.
"""

Index("person_read_by_person", person_read.c.person, person_read.c.at)
Index("person_read_by_record", person_read.c.register, person_read.c.record_key, person_read.c.at)
Index("person_read_by_time", person_read.c.at)
