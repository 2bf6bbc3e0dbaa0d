# SPDX-License-Identifier: EUPL-1.2
"""Create the versions and records of registers, whom they concern, and their full text."""

from flagstone.blocks.registry.store.tables import metadata
from flagstone.platform.storage.sql import op

revision = "0001"
down_revision = None

SQLITE_TEXT = (
    "CREATE VIRTUAL TABLE record_words USING fts5(words, content='record_text', content_rowid='number', "
    "detail=none, columnsize=0, tokenize=\"ascii tokenchars '_-'\")",
    "CREATE TRIGGER record_text_added AFTER INSERT ON record_text BEGIN "
    "INSERT INTO record_words(rowid, words) VALUES (new.number, new.words); END",
    "CREATE TRIGGER record_text_removed AFTER DELETE ON record_text BEGIN "
    "INSERT INTO record_words(record_words, rowid, words) VALUES ('delete', old.number, old.words); END",
    "CREATE TRIGGER record_text_changed AFTER UPDATE ON record_text BEGIN "
    "INSERT INTO record_words(record_words, rowid, words) VALUES ('delete', old.number, old.words); "
    "INSERT INTO record_words(rowid, words) VALUES (new.number, new.words); END",
)
POSTGRESQL_TEXT = (
    "CREATE INDEX record_words ON record_text "
    "USING gin (array_to_tsvector(string_to_array(words, ' '))) WITH (fastupdate = on)",
)


def upgrade() -> None:
    connection = op.get_bind()
    metadata.create_all(connection)
    for statement in SQLITE_TEXT if connection.dialect.name == "sqlite" else POSTGRESQL_TEXT:
        op.execute(statement)
