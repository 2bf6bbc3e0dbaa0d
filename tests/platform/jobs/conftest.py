# SPDX-License-Identifier: EUPL-1.2
"""Engines for durable work: SQLite always, PostgreSQL where the suite has a server."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def jobs_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database for durable work."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'jobs.sqlite'}"
    return str(request.getfixturevalue("postgresql_database"))
