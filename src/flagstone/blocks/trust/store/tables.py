# SPDX-License-Identifier: EUPL-1.2
"""The tables of the trust services; every one is journaled."""

from __future__ import annotations

from pathlib import Path

from flagstone.platform.storage.sql import (
    BlockSchema,
    Column,
    Document,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Text,
    journaled_table,
)

metadata = MetaData()

keys = journaled_table(
    "key",
    metadata,
    Column("id", Text, primary_key=True),
    Column("purpose", Text, nullable=False),
    Column("type", Text, nullable=False),
    Column("place", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("public_der", LargeBinary, nullable=False),
    Column("public_sha256", Text, nullable=False, unique=True),
    Column("made_at", Text, nullable=False),
    Column("changed_at", Text, nullable=False),
    Column("certificate", LargeBinary),
    Column("chain", Document, nullable=False),
    Column("words", Text, nullable=False),
)
"""Keys of the site, never their private parts; `chain` is base64 of the certificates above its own."""

key_uses = journaled_table(
    "key_use",
    metadata,
    Column("id", Text, primary_key=True),
    Column("key", Text, nullable=False),
    Column("opened_at", Text, nullable=False),
    Column("granted", Integer, nullable=False),
    Column("closed_at", Text),
    Column("used", Integer),
    Column("lost", Integer),
)
"""Uses of keys: `granted` is written before they are made, `used` after; `lost` where a kill hid them."""

Index("key_use_by_key", key_uses.c.key)

requests = journaled_table(
    "request",
    metadata,
    Column("id", Text, primary_key=True),
    Column("profile", Text, nullable=False),
    Column("subject", Document, nullable=False),
    Column("hosts", Document, nullable=False),
    Column("public_der", LargeBinary, nullable=False),
    Column("public_sha256", Text, nullable=False),
    Column("key_kind", Text, nullable=False),
    Column("asked_at", Text, nullable=False),
    Column("asked_by", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("decisions", Document, nullable=False),
    Column("serial", Text, nullable=False),
    Column("renews", Text, nullable=False),
)
"""Requests for certificates; `asked_by` and who decided are keyed digests beside a name."""

Index("request_by_state", requests.c.state, requests.c.asked_at)
Index("request_by_key", requests.c.public_sha256)

certificates = journaled_table(
    "certificate",
    metadata,
    Column("serial", Text, primary_key=True),
    Column("profile", Text, nullable=False),
    Column("subject", Document, nullable=False),
    Column("search", Text, nullable=False),
    Column("issuer", Text, nullable=False),
    Column("not_before", Text, nullable=False),
    Column("not_after", Text, nullable=False),
    Column("public_sha256", Text, nullable=False),
    Column("tbs", LargeBinary, nullable=False),
    Column("der", LargeBinary),
    Column("sha256", Text, nullable=False),
    Column("standing", Text, nullable=False),
    Column("changed_at", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("words", Text, nullable=False),
    Column("request", Text, nullable=False),
    Column("renews", Text, nullable=False),
)
"""Certificates: number and contents are here before the signature is; `issuer` is a SHA-256 in hex."""

Index("certificate_by_standing", certificates.c.standing, certificates.c.not_after)
Index("certificate_by_request", certificates.c.request)

authorities = journaled_table(
    "authority",
    metadata,
    Column("sha256", Text, primary_key=True),
    Column("role", Text, nullable=False),
    Column("subject", Document, nullable=False),
    Column("der", LargeBinary, nullable=False),
    Column("key", Text, nullable=False),
    Column("not_before", Text, nullable=False),
    Column("not_after", Text, nullable=False),
    Column("adopted_at", Text, nullable=False),
    Column("current", Integer, nullable=False),
)
"""Certificates of the authority itself: its roots (`key` empty) and its issuing ones."""

lists = journaled_table(
    "revocation_list",
    metadata,
    Column("issuer", Text, primary_key=True),
    Column("number", Integer, nullable=False),
    Column("this_update", Text, nullable=False),
    Column("next_update", Text, nullable=False),
    Column("der", LargeBinary),
)
"""The newest revocation list of each issuer; the number is written before the list is signed."""

stampings = journaled_table(
    "stamping",
    metadata,
    Column("key", Text, primary_key=True),
    Column("next_serial", Integer, nullable=False),
    Column("last", Text, nullable=False),
)
"""Serial numbers of stamps that are reserved already, and the last time on record."""

SCHEMA = BlockSchema("trust", metadata, Path(__file__).parents[1] / "migrations")
