# SPDX-License-Identifier: EUPL-1.2
"""Engines for durable work: SQLite always, PostgreSQL where the suite has a server."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from flagstone.kernel.clock import SetClock
from flagstone.platform.jobs.jobs import Jobs


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def jobs_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database for durable work."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'jobs.sqlite'}"
    return str(request.getfixturevalue("postgresql_database"))


@pytest.fixture
def jobs(jobs_url: str, clock: SetClock) -> Iterator[Jobs]:
    """Durable work that the test registers and starts."""
    jobs = Jobs(jobs_url, "interior", clock, poll_seconds=0.05)
    yield jobs
    jobs.stop(5)


@pytest.fixture
def until() -> Callable[[Callable[[], bool]], None]:
    """Wait until something is met, but not for ever."""

    def wait(met: Callable[[], bool]) -> None:
        deadline = time.monotonic() + 20
        while not met():
            assert time.monotonic() < deadline
            time.sleep(0.02)

    return wait
