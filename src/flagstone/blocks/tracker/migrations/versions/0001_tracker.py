# SPDX-License-Identifier: EUPL-1.2
"""Create usages, questions, officials, signals, reconciliations and tallies."""

from typing import Any

from flagstone.platform.storage.sql import Column, Document, Integer, LargeBinary, Text, op

revision = "0001"
down_revision = None


def _create(name: str, *columns: Column[Any]) -> None:
    op.create_table(name, *columns, Column("revision", Integer, nullable=False), Column("deleted_at", Text))


def upgrade() -> None:
    _create_usages()
    _create_questions()
    _create_watching()
    op.create_table(
        "tally",
        Column("official", Text, primary_key=True),
        Column("day", Text, primary_key=True),
        Column("person_index", Text, primary_key=True),
        Column("register", Text, primary_key=True),
        Column("organisation", Text, nullable=False),
        Column("reads", Integer, nullable=False),
        Column("without_case", Integer, nullable=False),
    )
    op.create_index("tally_by_day", "tally", ["day"])


def _create_usages() -> None:
    texts = ("action", "receiver_code", "receiver_system", "register")
    reasons = ("purpose", "legal_basis", "message_id", "case_number", "hidden_until", "official")
    _create(
        "usage",
        Column("id", Text, primary_key=True),
        *(Column(name, Text, nullable=False) for name in ("person_index", "at", "kind", *texts)),
        Column("fields", Document, nullable=False),
        *(Column(name, Text, nullable=False) for name in reasons),
    )
    op.create_index("usage_by_person", "usage", ["person_index", "at"])
    op.create_index("usage_by_time", "usage", ["at"])


def _create_questions() -> None:
    _create(
        "question",
        Column("id", Text, primary_key=True),
        Column("person_index", Text, nullable=False),
        Column("usage", Document, nullable=False),
        Column("text", LargeBinary, nullable=False),
        Column("asked_at", Text, nullable=False),
        Column("answer", LargeBinary),
        Column("answered_at", Text),
        Column("answered_by", Text),
    )
    op.create_index("question_by_person", "question", ["person_index", "asked_at"])
    _create(
        "official",
        Column("pseudonym", Text, primary_key=True),
        Column("organisation", Text, nullable=False),
        Column("sealed", LargeBinary, nullable=False),
    )
    _create(
        "uncovering",
        Column("id", Text, primary_key=True),
        *(Column(name, Text, nullable=False) for name in ("official", "at", "purpose", "by")),
    )


def _create_watching() -> None:
    _create(
        "signal",
        Column("id", Text, primary_key=True),
        Column("mark", Text, nullable=False, unique=True),
        *(Column(name, Text, nullable=False) for name in ("kind", "organisation", "official", "register")),
        Column("since", Text, nullable=False),
        Column("count", Integer, nullable=False),
        Column("raised_at", Text, nullable=False),
        Column("settled_at", Text),
        Column("settled_by", Text),
        Column("settled_words", LargeBinary),
    )
    _create(
        "watch",
        Column("name", Text, primary_key=True),
        Column("at", Text, nullable=False),
        Column("last", Text, nullable=False),
    )
    _create(
        "reconciliation",
        Column("id", Text, primary_key=True),
        *(Column(name, Text, nullable=False) for name in ("since", "until", "made_at")),
        *(Column(name, Integer, nullable=False) for name in ("messages", "records")),
        *(Column(name, Document, nullable=False) for name in ("missing", "surplus")),
        Column("unsaid", Integer, nullable=False),
    )
