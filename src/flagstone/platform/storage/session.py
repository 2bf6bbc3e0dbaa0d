# SPDX-License-Identifier: EUPL-1.2
"""A plain session on a PostgreSQL server, for leases and marks, which are no block's tables."""

from __future__ import annotations

from typing import Any, TypeAlias

import psycopg

CONNECT_SECONDS_MAX = 5
Session: TypeAlias = psycopg.Connection[tuple[Any, ...]]
"""A connection whose every statement is committed by itself."""


def connect(url: str, *, name: str, schema: str) -> Session:
    """Open a session at `url` (`postgresql://...`) that the server knows as `name` and that uses `schema`."""
    return psycopg.connect(
        url,
        autocommit=True,
        connect_timeout=CONNECT_SECONDS_MAX,
        application_name=name,
        options=f"-csearch_path={schema}",
    )
