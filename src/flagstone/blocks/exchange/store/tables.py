# SPDX-License-Identifier: EUPL-1.2
"""The tables of the exchange: the directory, what this server offers to whom, and the message log.

Identifiers are stored as their text (`model/names.py`). A row that is no longer true is erased; the
journal keeps that it was. `mark` counts the changes of all but the message log, so that every process
of the site notices them.
"""

from __future__ import annotations

from pathlib import Path

from flagstone.platform.storage.sql import (
    BigInteger,
    BlockSchema,
    Boolean,
    Column,
    Document,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Text,
    journaled_table,
    literal_column,
)

metadata = MetaData()

Number = BigInteger().with_variant(Integer, "sqlite")

mark = journaled_table(
    "mark",
    metadata,
    Column("id", Text, primary_key=True),
    Column("number", Number, nullable=False),
)
"""`configuration`: a number that grows with each change; `uses`: messages said to have used persons' data."""

directory = journaled_table(
    "directory",
    metadata,
    Column("instance", Text, primary_key=True),
    Column("number", Number, nullable=False),
    Column("made_at", Text, nullable=False),
    Column("checked_at", Text, nullable=False),
)
"""One row: the directory's revision, when it was made, and when it was last found to be the newest."""

member = journaled_table(
    "member",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Document, nullable=False),
)

subsystem = journaled_table(
    "subsystem",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Document, nullable=False),
)

server = journaled_table(
    "server",
    metadata,
    Column("id", Text, primary_key=True),
    Column("address", Text, nullable=False),
    Column("clients", Document, nullable=False),
    Column("in_maintenance", Boolean, nullable=False),
)

global_group = journaled_table(
    "global_group",
    metadata,
    Column("code", Text, primary_key=True),
    Column("description", Document, nullable=False),
    Column("members", Document, nullable=False),
)

client = journaled_table(
    "client",
    metadata,
    Column("id", Text, primary_key=True),
    Column("connection", Text, nullable=False),
    Column("certificates", Document, nullable=False),
)
"""A subsystem whose messages this server carries; certificates are DER in base64."""

service = journaled_table(
    "service",
    metadata,
    Column("id", Text, primary_key=True),
    Column("provider", Text, nullable=False),
    Column("definition", Document, nullable=False),
)
"""A service; its definition without endpoints and description."""

endpoint = journaled_table(
    "endpoint",
    metadata,
    Column("service", Text, primary_key=True),
    Column("method", Text, primary_key=True),
    Column("path", Text, primary_key=True),
)

description = journaled_table(
    "description",
    metadata,
    Column("service", Text, primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("content", LargeBinary, nullable=False),
)
"""A service's OpenAPI document, compressed (RFC 1950) and cut into parts that fit the journal."""

access_right = journaled_table(
    "access_right",
    metadata,
    Column("service", Text, primary_key=True),
    Column("method", Text, primary_key=True),
    Column("path", Text, primary_key=True),
    Column("subject", Text, primary_key=True),
    Column("purpose", Text, nullable=False),
    Column("legal_basis", Text, nullable=False),
)

local_group = journaled_table(
    "local_group",
    metadata,
    Column("provider", Text, primary_key=True),
    Column("code", Text, primary_key=True),
    Column("description", Text, nullable=False),
    Column("members", Document, nullable=False),
)

message_request = journaled_table(
    "message_request",
    metadata,
    Column("exchange", Text, primary_key=True),
    Column("side", Text, primary_key=True),
    Column("at", Text, nullable=False),
    Column("second", Number, nullable=False),
    Column("message_id", Text, nullable=False),
    Column("client", Text, nullable=False),
    Column("service", Text, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
)
"""A request that passed: `second` is `at` in whole seconds since 1970; `sealed` holds all the rest."""

Index("message_request_by_time", message_request.c.at)
Index("message_request_by_message", message_request.c.message_id)
Index("message_request_by_client", message_request.c.client, message_request.c.at)
Index("message_request_by_service", message_request.c.service, message_request.c.at)

message_response = journaled_table(
    "message_response",
    metadata,
    Column("exchange", Text, primary_key=True),
    Column("side", Text, primary_key=True),
    Column("at", Text, nullable=False),
    Column("status", Integer, nullable=False),
    Column("fault", Text, nullable=False),
    Column("milliseconds", Integer, nullable=False),
    Column("usage_count", Integer),
    Column("sealed", LargeBinary, nullable=False),
)
"""How an exchange ended; `fault` is the code it failed with, empty for an answer."""

is_fault = message_response.c.fault != literal_column("''")
"""In these words, for the index holds faults only and is used where a query says so alike."""

Index(
    "message_response_by_fault",
    message_response.c.fault,
    message_response.c.at,
    sqlite_where=is_fault,
    postgresql_where=is_fault,
)

log_search = journaled_table(
    "log_search",
    metadata,
    Column("id", Text, primary_key=True),
    Column("query", Document, nullable=False),
    Column("found", Integer, nullable=False),
)
"""One row a look into the message log; who and why is in the journal."""

SCHEMA = BlockSchema("exchange", metadata, Path(__file__).parent.with_name("migrations"))
