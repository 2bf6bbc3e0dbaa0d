# SPDX-License-Identifier: EUPL-1.2
"""Create the directory, clients, services, rights, groups and the message log."""

from typing import Any

from flagstone.platform.storage.sql import (
    BigInteger,
    Boolean,
    Column,
    Document,
    Integer,
    LargeBinary,
    Text,
    op,
)

revision = "0001"
down_revision = None

Number = BigInteger().with_variant(Integer, "sqlite")


def _create(name: str, *columns: Column[Any]) -> None:
    op.create_table(name, *columns, Column("revision", Integer, nullable=False), Column("deleted_at", Text))


def _key(*names: str) -> list[Column[Any]]:
    return [Column(name, Text, primary_key=True) for name in names]


def _text(*names: str) -> list[Column[Any]]:
    return [Column(name, Text, nullable=False) for name in names]


def _document(*names: str) -> list[Column[Any]]:
    return [Column(name, Document, nullable=False) for name in names]


def _integer(*names: str) -> list[Column[Any]]:
    return [Column(name, Integer, nullable=False) for name in names]


def _number(name: str) -> Column[Any]:
    return Column(name, Number, nullable=False)


def _bytes(name: str) -> Column[Any]:
    return Column(name, LargeBinary, nullable=False)


def upgrade() -> None:
    _directory()
    _offers()
    _log()


def _directory() -> None:
    _create("mark", *_key("id"), _number("number"))
    _create("directory", *_key("instance"), _number("number"), *_text("made_at", "checked_at"))
    _create("member", *_key("id"), *_document("name"))
    _create("subsystem", *_key("id"), *_document("name"))
    _create(
        "server",
        *_key("id"),
        *_text("address"),
        *_document("clients"),
        Column("in_maintenance", Boolean, nullable=False),
    )
    _create("global_group", *_key("code"), *_document("description", "members"))


def _offers() -> None:
    _create("client", *_key("id"), *_text("connection"), *_document("certificates"))
    _create("service", *_key("id"), *_text("provider"), *_document("definition"))
    _create("endpoint", *_key("service", "method", "path"))
    _create("description", *_key("service"), Column("number", Integer, primary_key=True), _bytes("content"))
    _create("access_right", *_key("service", "method", "path", "subject"), *_text("purpose", "legal_basis"))
    _create("local_group", *_key("provider", "code"), *_text("description"), *_document("members"))


def _log() -> None:
    _create(
        "message_request",
        *_key("exchange", "side"),
        *_text("at"),
        _number("second"),
        *_text("message_id", "client", "service"),
        _bytes("sealed"),
    )
    op.create_index("message_request_by_time", "message_request", ["at"])
    op.create_index("message_request_by_second", "message_request", ["second"])
    op.create_index("message_request_by_message", "message_request", ["message_id"])
    op.create_index("message_request_by_client", "message_request", ["client", "at"])
    op.create_index("message_request_by_service", "message_request", ["service", "at"])
    _create(
        "message_response",
        *_key("exchange", "side"),
        *_text("at"),
        *_integer("status"),
        *_text("fault"),
        *_integer("milliseconds"),
        Column("usage_count", Integer),
        _bytes("sealed"),
    )
    op.create_index("message_response_by_fault", "message_response", ["fault", "at"])
    _create("log_search", *_key("id"), *_document("query"), *_integer("found"))
