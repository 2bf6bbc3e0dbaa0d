# SPDX-License-Identifier: EUPL-1.2
"""Create keys, their uses, requests, certificates, authorities, revocation lists and stamps."""

from typing import Any

from flagstone.platform.storage.sql import Column, Document, Integer, LargeBinary, Text, op

revision = "0001"
down_revision = None


def _create(name: str, *columns: Column[Any]) -> None:
    op.create_table(name, *columns, Column("revision", Integer, nullable=False), Column("deleted_at", Text))


def _texts(*names: str) -> tuple[Column[Any], ...]:
    return tuple(Column(name, Text, nullable=False) for name in names)


def upgrade() -> None:
    _create_keys()
    _create_requests()
    _create_certificates()
    _create_authorities()


def _create_keys() -> None:
    _create(
        "key",
        Column("id", Text, primary_key=True),
        *_texts("purpose", "type", "place", "state"),
        Column("public_der", LargeBinary, nullable=False),
        Column("public_sha256", Text, nullable=False, unique=True),
        *_texts("made_at", "changed_at"),
        Column("certificate", LargeBinary),
        Column("chain", Document, nullable=False),
        *_texts("words"),
    )
    _create(
        "key_use",
        Column("id", Text, primary_key=True),
        *_texts("key", "opened_at"),
        Column("granted", Integer, nullable=False),
        Column("closed_at", Text),
        Column("used", Integer),
        Column("lost", Integer),
    )
    op.create_index("key_use_by_key", "key_use", ["key"])


def _create_requests() -> None:
    _create(
        "request",
        Column("id", Text, primary_key=True),
        *_texts("profile"),
        Column("subject", Document, nullable=False),
        Column("hosts", Document, nullable=False),
        Column("public_der", LargeBinary, nullable=False),
        *_texts("public_sha256", "key_kind", "asked_at", "asked_by", "state"),
        Column("decisions", Document, nullable=False),
        *_texts("serial", "renews"),
    )
    op.create_index("request_by_state", "request", ["state", "asked_at"])
    op.create_index("request_by_key", "request", ["public_sha256"])


def _create_certificates() -> None:
    _create(
        "certificate",
        Column("serial", Text, primary_key=True),
        *_texts("profile"),
        Column("subject", Document, nullable=False),
        *_texts("search", "issuer", "not_before", "not_after", "public_sha256"),
        Column("tbs", LargeBinary, nullable=False),
        Column("der", LargeBinary),
        *_texts("sha256", "standing", "changed_at", "reason", "words", "request", "renews"),
    )
    op.create_index("certificate_by_standing", "certificate", ["standing", "not_after"])
    op.create_index("certificate_by_request", "certificate", ["request"])


def _create_authorities() -> None:
    _create(
        "authority",
        Column("sha256", Text, primary_key=True),
        *_texts("role"),
        Column("subject", Document, nullable=False),
        Column("der", LargeBinary, nullable=False),
        *_texts("key", "not_before", "not_after", "adopted_at"),
        Column("current", Integer, nullable=False),
    )
    _create(
        "revocation_list",
        Column("issuer", Text, primary_key=True),
        Column("number", Integer, nullable=False),
        *_texts("this_update", "next_update"),
        Column("der", LargeBinary),
    )
    _create(
        "stamping",
        Column("key", Text, primary_key=True),
        Column("next_serial", Integer, nullable=False),
        *_texts("last"),
    )
