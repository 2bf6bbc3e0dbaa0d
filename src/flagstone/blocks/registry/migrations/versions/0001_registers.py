# SPDX-License-Identifier: EUPL-1.2
"""Create the versions and records of registers, whom they concern, and their full text."""

from flagstone.platform.storage.sql import BigInteger, Column, Document, Integer, Text, op, text

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


CODE = Text().with_variant(Text(collation="C"), "postgresql")
NUMBER = BigInteger().with_variant(Integer, "sqlite")


def upgrade() -> None:
    _create_records()
    _create_derived()
    for statement in SQLITE_TEXT if op.get_bind().dialect.name == "sqlite" else POSTGRESQL_TEXT:
        op.execute(statement)


def _create_records() -> None:
    op.create_table(
        "register_version",
        Column("register", CODE, primary_key=True),
        Column("version", CODE, primary_key=True),
        Column("number", Integer, nullable=False),
        Column("definition", Document, nullable=False),
        Column("status", Text, nullable=False),
        Column("published_at", Text, nullable=False),
        Column("revision", Integer, nullable=False),
        Column("deleted_at", Text),
    )
    op.create_table(
        "record",
        Column("register", CODE, primary_key=True),
        Column("id", CODE, primary_key=True),
        Column("version", Text, nullable=False),
        Column("data", Document, nullable=False),
        Column("valid_from", Text, nullable=False),
        Column("recorded_at", Text, nullable=False),
        Column("revision", Integer, nullable=False),
        Column("deleted_at", Text),
    )
    live = text("deleted_at IS NULL")
    op.create_index("record_live", "record", ["register", "id"], sqlite_where=live, postgresql_where=live)


def _create_derived() -> None:
    op.create_table(
        "record_person",
        Column("person", CODE, primary_key=True),
        Column("register", CODE, primary_key=True),
        Column("record_id", CODE, primary_key=True),
    )
    op.create_index("record_person_by_record", "record_person", ["register", "record_id"])
    op.create_table(
        "record_text",
        Column("number", NUMBER, primary_key=True, autoincrement=True),
        Column("register", CODE, nullable=False),
        Column("record_id", CODE, nullable=False),
        Column("words", Text, nullable=False),
    )
    op.create_index("record_text_by_record", "record_text", ["register", "record_id"], unique=True)
    op.create_table(
        "record_counter",
        Column("register", CODE, primary_key=True),
        Column("last", NUMBER, nullable=False),
    )
