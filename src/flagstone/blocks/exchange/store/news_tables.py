# SPDX-License-Identifier: EUPL-1.2
"""The tables of events: types, events, subscriptions and deliveries; and what came in and was done on it.

Clients are stored as their text. Payloads and schemas are JSON text, since JSON has fractions.
"""

from __future__ import annotations

from flagstone.blocks.exchange.store.tables import metadata
from flagstone.platform.storage.sql import Boolean, Column, Document, Index, Integer, Text, journaled_table

types = journaled_table(
    "news_type",
    metadata,
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
"""What each room publishes; `last_sequence` counts its events."""

events = journaled_table(
    "news_event",
    metadata,
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
"""Events as they were published; `subject` is a digest, `source` what an event was made from, if known."""

subscriptions = journaled_table(
    "news_subscription",
    metadata,
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
"""Who gets what and how."""

deliveries = journaled_table(
    "news_delivery",
    metadata,
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
"""One row an event and subscriber; while it waits, `next_at` is when it is tried again."""

arrivals = journaled_table(
    "news_arrival",
    metadata,
    Column("event", Text, primary_key=True),
    Column("room", Text, nullable=False),
    Column("type", Text, nullable=False),
    Column("sequence", Integer, nullable=False),
    Column("at", Text, nullable=False),
    Column("taken_at", Text, nullable=False),
    Column("payload", Text, nullable=False),
)
"""Events that were pushed here, by their id, so that a repeated push changes nothing."""

reactions = journaled_table(
    "news_reaction",
    metadata,
    Column("event", Text, primary_key=True),
    Column("reaction", Text, primary_key=True),
    Column("state", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("records", Integer, nullable=False),
    Column("changed_at", Text, nullable=False),
    Column("next_at", Text, nullable=False),
    Column("last_fault", Text, nullable=False),
)
"""What this site does on an event that came; one row for each of its reactions."""

Index("news_event_by_type", events.c.room, events.c.type, events.c.sequence)
Index("news_event_by_age", events.c.at)
Index(
    "news_delivery_due",
    deliveries.c.state,
    deliveries.c.subscriber,
    deliveries.c.published_at,
    deliveries.c.sequence,
)
Index(
    "news_delivery_by_type",
    deliveries.c.room,
    deliveries.c.type,
    deliveries.c.subscriber,
    deliveries.c.state,
    deliveries.c.sequence,
)
Index("news_delivery_by_time", deliveries.c.published_at)
Index("news_reaction_due", reactions.c.state, reactions.c.next_at)
