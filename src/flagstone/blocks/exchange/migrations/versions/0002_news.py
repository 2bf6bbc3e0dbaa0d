# SPDX-License-Identifier: EUPL-1.2
"""Create the types, events, subscriptions and deliveries of news, and what came in."""

from typing import Any

from flagstone.platform.storage.sql import Boolean, Column, Document, Integer, Text, op

revision = "0002"
down_revision = "0001"


def _create(name: str, *columns: Column[Any]) -> None:
    op.create_table(name, *columns, Column("revision", Integer, nullable=False), Column("deleted_at", Text))


def upgrade() -> None:
    _create_publishing()
    _create_inbox()
    op.create_index("news_event_by_type", "news_event", ["room", "type", "sequence"])
    op.create_index("news_event_by_age", "news_event", ["at"])
    in_order = ["state", "subscriber", "published_at", "sequence"]
    op.create_index("news_delivery_due", "news_delivery", in_order)
    by_type = ["room", "type", "subscriber", "state", "sequence"]
    op.create_index("news_delivery_by_type", "news_delivery", by_type)
    op.create_index("news_delivery_by_time", "news_delivery", ["published_at"])
    op.create_index("news_reaction_due", "news_reaction", ["state", "next_at"])


def _create_publishing() -> None:
    _create(
        "news_type",
        Column("room", Text, primary_key=True),
        Column("code", Text, primary_key=True),
        Column("schema", Text, nullable=False),
        Column("title", Document, nullable=False),
        Column("purpose", Text, nullable=False),
        Column("legal_basis", Text, nullable=False),
        Column("subject", Text, nullable=False),
        Column("subscribers", Document, nullable=False),
        Column("last_sequence", Integer, nullable=False),
    )
    _create(
        "news_event",
        Column("id", Text, primary_key=True),
        Column("room", Text, nullable=False),
        Column("type", Text, nullable=False),
        Column("publisher", Text, nullable=False),
        Column("sequence", Integer, nullable=False),
        Column("subject", Text, nullable=False),
        Column("source", Text, unique=True),
        Column("at", Text, nullable=False),
        Column("payload", Text, nullable=False),
    )
    _create(
        "news_subscription",
        Column("room", Text, primary_key=True),
        Column("type", Text, primary_key=True),
        Column("subscriber", Text, primary_key=True),
        Column("id", Text, nullable=False),
        Column("mode", Text, nullable=False),
        Column("service", Text, nullable=False),
        Column("ttl_seconds", Integer, nullable=False),
        Column("fifo", Boolean, nullable=False),
        Column("since", Text, nullable=False),
    )
    _create(
        "news_delivery",
        Column("event", Text, primary_key=True),
        Column("subscriber", Text, primary_key=True),
        Column("room", Text, nullable=False),
        Column("type", Text, nullable=False),
        Column("sequence", Integer, nullable=False),
        Column("subject", Text, nullable=False),
        Column("state", Text, nullable=False),
        Column("attempts", Integer, nullable=False),
        Column("published_at", Text, nullable=False),
        Column("changed_at", Text, nullable=False),
        Column("next_at", Text, nullable=False),
        Column("expires_at", Text),
        Column("last_fault", Text, nullable=False),
    )


def _create_inbox() -> None:
    _create(
        "news_arrival",
        Column("event", Text, primary_key=True),
        Column("room", Text, nullable=False),
        Column("type", Text, nullable=False),
        Column("sequence", Integer, nullable=False),
        Column("at", Text, nullable=False),
        Column("taken_at", Text, nullable=False),
        Column("payload", Text, nullable=False),
    )
    _create(
        "news_reaction",
        Column("event", Text, primary_key=True),
        Column("reaction", Text, primary_key=True),
        Column("state", Text, nullable=False),
        Column("attempts", Integer, nullable=False),
        Column("records", Integer, nullable=False),
        Column("changed_at", Text, nullable=False),
        Column("next_at", Text, nullable=False),
        Column("last_fault", Text, nullable=False),
    )
