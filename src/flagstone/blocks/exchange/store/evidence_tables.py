# SPDX-License-Identifier: EUPL-1.2
"""The tables of the evidence log: records with their content in pieces, time-stamps, links and archives.

Numbers grow in the order of commits. A record is never changed: which time-stamp covers it, and whether it is
archived, follows from the ranges of numbers that stamps and archives name.
"""

from __future__ import annotations

from flagstone.blocks.exchange.store.tables import Number, metadata
from flagstone.platform.storage.sql import (
    Boolean,
    Column,
    Index,
    Integer,
    LargeBinary,
    Text,
    journaled_table,
)

evidence = journaled_table(
    "evidence",
    metadata,
    Column("number", Number, primary_key=True),
    Column("at", Text, nullable=False),
    Column("message_id", Text, nullable=False),
    Column("exchange", Text, nullable=False),
    Column("client", Text, nullable=False),
    Column("is_response", Boolean, nullable=False),
    Column("digest", Text, nullable=False),
    Column("embedded", Boolean, nullable=False),
    Column("pieces", Integer, nullable=False),
)
"""A record: `client` is whose message it is at this server; `digest` is hex SHA-512 of the signature;
`embedded` ones carry their time-stamp within the signature."""

Index("evidence_by_message", evidence.c.message_id, evidence.c.client)
Index("evidence_by_time", evidence.c.at)

evidence_piece = journaled_table(
    "evidence_piece",
    metadata,
    Column("record", Number, primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("sealed", LargeBinary, nullable=False),
)
"""Message, attachments, signature and hash chain of a record: compressed, cut and sealed."""

evidence_stamp = journaled_table(
    "evidence_stamp",
    metadata,
    Column("number", Number, primary_key=True),
    Column("at", Text, nullable=False),
    Column("first", Number, nullable=False),
    Column("last", Number, nullable=False),
    Column("linked", Number, nullable=False),
    Column("authority", Text, nullable=False),
    Column("result", LargeBinary, nullable=False),
    Column("token", LargeBinary, nullable=False),
)
"""One time-stamp over the records `first` to `last`; their links are written up to the record `linked`."""

evidence_link = journaled_table(
    "evidence_link",
    metadata,
    Column("record", Number, primary_key=True),
    Column("stamp", Number, nullable=False),
    Column("chain", LargeBinary, nullable=False),
)
"""How a record's signature is counted into its time-stamp: the hash chain, compressed (RFC 1950)."""

evidence_archive = journaled_table(
    "evidence_archive",
    metadata,
    Column("file", Text, primary_key=True),
    Column("run", Number, nullable=False),
    Column("group_name", Text, nullable=False),
    Column("at", Text, nullable=False),
    Column("first", Number, nullable=False),
    Column("last", Number, nullable=False),
    Column("records", Integer, nullable=False),
    Column("link", Text, nullable=False),
    Column("last_file", Text, nullable=False),
    Column("content", Text, nullable=False),
    Column("done", Boolean, nullable=False),
)
"""One archive of a run over the records `first` to `last`: `link` is the last digest of its chain, `content`
the hex SHA-512 of the file; `done` once the file is in its place."""

Index("evidence_archive_by_run", evidence_archive.c.run)

evidence_standing = journaled_table(
    "evidence_standing",
    metadata,
    Column("id", Text, primary_key=True),
    Column("failing_since", Text, nullable=False),
    Column("last_fault", Text, nullable=False),
    Column("last_good_at", Text, nullable=False),
)
"""One row, `stamping`: since when time-stamps fail, empty while they do not; a restart forgets nothing."""
