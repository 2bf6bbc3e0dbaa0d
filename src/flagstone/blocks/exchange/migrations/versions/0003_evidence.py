# SPDX-License-Identifier: EUPL-1.2
"""Create the evidence log: records, pieces, time-stamps, links and archives."""

from typing import Any

from flagstone.platform.storage.sql import BigInteger, Boolean, Column, Integer, LargeBinary, Text, op

revision = "0003"
down_revision = "0002"

Number = BigInteger().with_variant(Integer, "sqlite")


def _create(name: str, *columns: Column[Any]) -> None:
    op.create_table(name, *columns, Column("revision", Integer, nullable=False), Column("deleted_at", Text))


def _numbers(*names: str) -> list[Column[Any]]:
    return [Column(name, Number, nullable=False) for name in names]


def _texts(*names: str) -> list[Column[Any]]:
    return [Column(name, Text, nullable=False) for name in names]


def upgrade() -> None:
    _create_records()
    _create_stamps()
    _create_archives()


def _create_records() -> None:
    _create(
        "evidence",
        Column("number", Number, primary_key=True),
        *_texts("at", "message_id", "exchange", "client"),
        Column("is_response", Boolean, nullable=False),
        *_texts("digest"),
        Column("embedded", Boolean, nullable=False),
        Column("pieces", Integer, nullable=False),
    )
    op.create_index("evidence_by_message", "evidence", ["message_id", "client"])
    op.create_index("evidence_by_time", "evidence", ["at"])
    _create(
        "evidence_piece",
        Column("record", Number, primary_key=True),
        Column("number", Integer, primary_key=True),
        Column("sealed", LargeBinary, nullable=False),
    )


def _create_stamps() -> None:
    _create(
        "evidence_stamp",
        Column("number", Number, primary_key=True),
        *_texts("at"),
        *_numbers("first", "last", "linked"),
        *_texts("authority"),
        Column("result", LargeBinary, nullable=False),
        Column("token", LargeBinary, nullable=False),
    )
    _create(
        "evidence_link",
        Column("record", Number, primary_key=True),
        *_numbers("stamp"),
        Column("chain", LargeBinary, nullable=False),
    )


def _create_archives() -> None:
    _create(
        "evidence_archive",
        Column("file", Text, primary_key=True),
        *_numbers("run"),
        *_texts("group_name", "at"),
        *_numbers("first", "last"),
        Column("records", Integer, nullable=False),
        *_texts("link", "last_file", "content"),
        Column("done", Boolean, nullable=False),
    )
    op.create_index("evidence_archive_by_run", "evidence_archive", ["run"])
    _create(
        "evidence_standing",
        Column("id", Text, primary_key=True),
        *_texts("failing_since", "last_fault", "last_good_at"),
    )
