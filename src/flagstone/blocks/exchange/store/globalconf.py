# SPDX-License-Identifier: EUPL-1.2
"""The signing keys of the configuration that a centre publishes, without their secrets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flagstone.blocks.exchange.store.rows import matching, one
from flagstone.blocks.exchange.store.tables import metadata
from flagstone.platform.storage.reading import Reading
from flagstone.platform.storage.sql import Column, LargeBinary, Row, Text, journaled_table
from flagstone.platform.storage.writing import Writing

configuration_key = journaled_table(
    "configuration_key",
    metadata,
    Column("name", Text, primary_key=True),
    Column("audience", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("since", Text, nullable=False),
    Column("certificate", LargeBinary, nullable=False),
)
"""One row a key: whose directory it signs, where it stands in its rotation and since when, its DER."""


def keys(view: Reading) -> list[Row]:
    """Return every key, in the order of their names."""
    return matching(view, configuration_key)


def key(view: Reading, audience: str, state: str) -> Row | None:
    """Return the key of an audience in a state, if there is one."""
    found = matching(view, configuration_key, audience=audience, state=state)
    return found[0] if found else None


def add(write: Writing, row: Mapping[str, Any]) -> None:
    """Add a key."""
    write.insert(configuration_key, row)


def place(write: Writing, name: str, state: str, since: str) -> None:
    """Move a key on in its rotation."""
    write.update(configuration_key, {"name": name}, {"state": state, "since": since})


def remove(write: Writing, name: str) -> None:
    """Remove a key; the journal keeps its certificate."""
    if one(write, configuration_key, {"name": name}) is not None:
        write.erase(configuration_key, {"name": name})
