# SPDX-License-Identifier: EUPL-1.2
"""A lease is held by one process at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from flagstone.platform.jobs.lease import AdvisoryLeases, FileLeases, Leases, NoLeases

Open = Callable[[], Leases]


@pytest.fixture(params=["files", pytest.param("advisory", marks=pytest.mark.postgresql)])
def open_leases(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Open]:
    opened: list[Leases] = []

    def open_one() -> Leases:
        leases = FileLeases(tmp_path / "jobs.sqlite") if request.param == "files" else _advisory(request)
        opened.append(leases)
        return leases

    yield open_one
    for leases in opened:
        leases.close()


def _advisory(request: pytest.FixtureRequest) -> Leases:
    from sqlalchemy import create_engine

    url = request.getfixturevalue("postgresql_database").replace("postgresql:", "postgresql+psycopg:")
    engine = create_engine(url)
    request.addfinalizer(engine.dispose)
    return AdvisoryLeases(lambda: engine.connect().execution_options(isolation_level="AUTOCOMMIT"), "site")


def test_a_name_is_held_once_until_it_is_given_back(open_leases: Open) -> None:
    one, other = open_leases(), open_leases()
    assert one.take("delivery")
    assert one.take("delivery")
    assert not other.take("delivery")
    assert other.take("executor:b")

    one.give_back("delivery")
    one.give_back("delivery")
    assert other.take("delivery")


def test_closing_gives_everything_back(open_leases: Open) -> None:
    one, other = open_leases(), open_leases()
    assert one.take("delivery")
    assert one.take("executor:a")
    one.close()
    assert other.take("delivery")
    assert other.take("executor:a")


def test_lock_files_of_processes_do_not_pile_up(tmp_path: Path) -> None:
    leases = FileLeases(tmp_path / "jobs.sqlite")
    for number in range(3):
        assert leases.take(f"executor:{number}")
    leases.close()
    assert list(tmp_path.iterdir()) == []


def test_before_the_database_is_open_nothing_can_be_held() -> None:
    leases = NoLeases()
    assert not leases.take("delivery")
    leases.give_back("delivery")
    leases.close()
