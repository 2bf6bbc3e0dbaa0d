# SPDX-License-Identifier: EUPL-1.2
"""Create the journal, the outbox with its deliveries, and the record of personal data read."""

from flagstone.platform.storage.sql import op
from flagstone.platform.storage.tables import metadata

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


def upgrade() -> None:
    connection = op.get_bind()
    metadata.create_all(connection)
    for guard in SQLITE_GUARDS if connection.dialect.name == "sqlite" else POSTGRESQL_GUARDS:
        op.execute(guard)
