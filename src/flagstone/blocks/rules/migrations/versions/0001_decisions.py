# SPDX-License-Identifier: EUPL-1.2
"""Create decisions with their chain, archives of laws, appeals, and the index of parameters read."""

from typing import Any

from flagstone.platform.storage.sql import Column, Integer, LargeBinary, Text, op

revision = "0001"
down_revision = None

APPEND_ONLY = ("decision", "kept_part", "archive", "appeal", "settlement")
DECISION_TEXTS = (
    "subject",
    "kind",
    "at",
    "package",
    "digest",
    "archive",
    "explanation",
    "reads",
    "previous",
    "replaces",
    "jws",
)


def upgrade() -> None:
    _create_decisions()
    _create_archives()
    _create_appeals()
    op.create_table(
        "parameter_read",
        *(Column(name, Text, primary_key=True) for name in ("parameter", "day", "reads")),
    )
    op.create_index("parameter_read_by_set", "parameter_read", ["reads"])
    _guard()


def _create(name: str, *columns: Column[Any]) -> None:
    op.create_table(name, *columns, Column("revision", Integer, nullable=False), Column("deleted_at", Text))


def _create_decisions() -> None:
    _create(
        "decision",
        Column("number", Text, primary_key=True),
        Column("sequence", Integer, nullable=False, unique=True),
        *(Column(name, Text, nullable=False, unique=name == "digest") for name in DECISION_TEXTS),
        Column("person", LargeBinary, nullable=False),
    )
    op.create_index("decision_by_subject", "decision", ["subject", "sequence"])
    op.create_index("decision_by_reads", "decision", ["reads", "sequence"])
    op.create_index("decision_by_replaced", "decision", ["replaces"])
    _create(
        "kept_part",
        Column("digest", Text, primary_key=True),
        Column("part", Integer, primary_key=True),
        Column("content", LargeBinary, nullable=False),
    )
    _create(
        "chain",
        Column("name", Text, primary_key=True),
        Column("count", Integer, nullable=False),
        Column("digest", Text, nullable=False),
    )


def _create_archives() -> None:
    _create(
        "archive",
        Column("digest", Text, primary_key=True),
        Column("package", Text, nullable=False),
        Column("bytes", Integer, nullable=False),
        Column("made_at", Text, nullable=False),
    )


def _create_appeals() -> None:
    _create(
        "appeal",
        Column("number", Text, primary_key=True),
        Column("decision", Text, nullable=False),
        Column("at", Text, nullable=False),
        Column("content", LargeBinary, nullable=False),
    )
    op.create_index("appeal_by_decision", "appeal", ["decision", "at"])
    _create(
        "settlement",
        Column("appeal", Text, primary_key=True),
        *(Column(name, Text, nullable=False) for name in ("at", "verdict", "decision", "words")),
    )


def _guard() -> None:
    """Let rows be added and never changed or removed, whoever tries."""
    if op.get_bind().dialect.name == "sqlite":
        for table in APPEND_ONLY:
            for change in ("UPDATE", "DELETE"):
                op.execute(
                    f"CREATE TRIGGER {table}_no_{change.lower()} BEFORE {change} ON {table} "
                    f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
                )
        return
    op.execute(
        "CREATE FUNCTION kept_for_ever() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END $$"
    )
    for table in APPEND_ONLY:
        op.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION kept_for_ever()"
        )
        op.execute(
            f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION kept_for_ever()"
        )
