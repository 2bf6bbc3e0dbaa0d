# SPDX-License-Identifier: EUPL-1.2
"""Create the journal, the outbox with its deliveries, and the record of personal data read."""

from flagstone.platform.storage.sql import (
    BigInteger,
    Column,
    Document,
    Integer,
    LargeBinary,
    Text,
    op,
)

revision = "0001"
down_revision = None

SQLITE_GUARDS = (
    "CREATE TRIGGER journal_no_update BEFORE UPDATE ON journal "
    "BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END",
    "CREATE TRIGGER journal_no_delete BEFORE DELETE ON journal "
    "BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END",
)
POSTGRESQL_GUARDS = (
    "CREATE FUNCTION journal_append_only() RETURNS trigger LANGUAGE plpgsql AS "
    "$$ BEGIN RAISE EXCEPTION 'the journal is append-only'; END $$",
    "CREATE TRIGGER journal_append_only BEFORE UPDATE OR DELETE ON journal "
    "FOR EACH ROW EXECUTE FUNCTION journal_append_only()",
    "CREATE TRIGGER journal_no_truncate BEFORE TRUNCATE ON journal "
    "FOR EACH STATEMENT EXECUTE FUNCTION journal_append_only()",
)


NUMBER = BigInteger().with_variant(Integer, "sqlite")


def upgrade() -> None:
    _create_journal()
    _create_outbox()
    _create_person_read()


def _create_journal() -> None:
    op.create_table(
        "journal",
        Column("sequence", NUMBER, primary_key=True, autoincrement=False),
        Column("table_name", Text, nullable=False),
        Column("register", Text, nullable=False),
        Column("key", Text, nullable=False),
        Column("revision", Integer, nullable=False),
        Column("entry", LargeBinary, nullable=False),
        Column("hash", LargeBinary, nullable=False),
    )
    op.create_index("journal_by_row", "journal", ["table_name", "key", "sequence"])
    for guard in SQLITE_GUARDS if op.get_bind().dialect.name == "sqlite" else POSTGRESQL_GUARDS:
        op.execute(guard)


def _create_outbox() -> None:
    op.create_table(
        "outbox",
        Column("id", NUMBER, primary_key=True, autoincrement=True),
        Column("event", Text, nullable=False),
        Column("payload", Document, nullable=False),
        Column("occurred_at", Text, nullable=False),
        Column("spread_at", Text),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "delivery",
        Column("outbox_id", NUMBER, primary_key=True),
        Column("listener", Text, primary_key=True),
        Column("attempts", Integer, nullable=False),
        Column("next_attempt_at", Text, nullable=False),
        Column("delivered_at", Text),
        Column("abandoned_at", Text),
        Column("last_error", Text),
    )
    op.create_index("delivery_due", "delivery", ["next_attempt_at"])


def _create_person_read() -> None:
    op.create_table(
        "person_read",
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
        Column("revision", Integer, nullable=False),
        Column("deleted_at", Text),
    )
    op.create_index("person_read_by_person", "person_read", ["person", "at"])
    op.create_index("person_read_by_record", "person_read", ["register", "record_key", "at"])
