# SPDX-License-Identifier: EUPL-1.2
"""On PostgreSQL a block has a schema and a role of its own, and cannot look into another's."""

from __future__ import annotations

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import ProgrammingError

from flagstone.platform.storage.postgresql import fresh_password, location, provision

pytestmark = pytest.mark.postgresql


def test_a_block_cannot_read_another_s_tables(postgresql_database: str) -> None:
    one = create_engine(provision(postgresql_database, "s", "one", fresh_password()).url)
    other = create_engine(provision(postgresql_database, "s", "other", fresh_password()).url)
    with one.begin() as connection:
        connection.execute(text("CREATE TABLE s_one.secret (id int)"))
    with other.begin() as connection, pytest.raises(ProgrammingError, match="permission denied"):
        connection.execute(text("SELECT * FROM s_one.secret"))
    with other.begin() as connection, pytest.raises(ProgrammingError, match="permission denied"):
        connection.execute(text("CREATE TABLE s_one.mine (id int)"))
    one.dispose()
    other.dispose()


def test_provisioning_can_be_repeated(postgresql_database: str) -> None:
    password = fresh_password()
    first = provision(postgresql_database, "s", "again", password)
    assert provision(postgresql_database, "s", "again", password) == first
    assert location(postgresql_database, "s", "again", password) == first


@pytest.mark.parametrize("name", ["x;drop", "Ünder", "", "1", "a" * 80])
def test_only_plain_names_reach_sql(postgresql_database: str, name: str) -> None:
    with pytest.raises(ValueError, match="lower-case"):
        provision(postgresql_database, name, "b", "p")


def test_a_location_shows_no_password() -> None:
    place = location("postgresql://op:secret@db.example/x", "s", "b", "hush")
    assert "hush" not in str(place)
    assert "secret" not in str(place)
