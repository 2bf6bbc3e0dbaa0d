# SPDX-License-Identifier: EUPL-1.2
"""PostgreSQL: one schema and one login role for each block and site, so that no block can read another.

The operator's role named in the settings creates them; blocks then sign in with their own. Their
passwords are made here and kept in files with owner-only rights.
"""

from __future__ import annotations

import re
import secrets

from sqlalchemy import URL, Connection, create_engine, make_url, text

from flagstone.kernel.errors import SettingsFault
from flagstone.platform.storage.engine import Location, translated

NAME = re.compile(r"[a-z][a-z0-9_]{0,50}")
VERSION_MIN = 15


class PostgresqlTooOld(SettingsFault):
    """The server is older than the oldest version that is supported."""

    code = "storage.postgresql-too-old"
    title = "The PostgreSQL server is too old"
    remedy = f"Use PostgreSQL {VERSION_MIN} or newer."


def fresh_password() -> str:
    """Return a password of 256 bits for a block's role."""
    return secrets.token_urlsafe(32)


def location(url: str, site: str, block: str, password: str) -> Location:
    """Return where `block` of `site` lives in the database that `url` names, as its own role."""
    name = _name(site, block)
    own = _url(url).set(username=name, password=password)
    return Location(own, schema=name)


def provision(url: str, site: str, block: str, password: str) -> Location:
    """Make the role and the schema of a block unless they are there, and return the location.

    `url` names the database and a role that may create roles; running this again changes nothing but
    the password. PostgresqlTooOld for a server older than 15.
    """
    name = _name(site, block)
    engine = create_engine(_url(url))
    try:
        with translated(), engine.connect() as connection, connection.begin():
            _require_version(connection)
            _role(connection, name, password)
            connection.execute(text(f"CREATE SCHEMA IF NOT EXISTS {name} AUTHORIZATION {name}"))
            connection.execute(text(f"REVOKE ALL ON SCHEMA {name} FROM PUBLIC"))
    finally:
        engine.dispose()
    return location(url, site, block, password)


def _role(connection: Connection, name: str, password: str) -> None:
    """Make the login role `name`, or set its password; the operator joins it to own its schema."""
    known = connection.execute(text("SELECT 1 FROM pg_roles WHERE rolname = :name"), {"name": name}).first()
    verb = "ALTER" if known else "CREATE"
    quoted = password.replace("'", "''")
    connection.execute(text(f"{verb} ROLE {name} LOGIN PASSWORD '{quoted}'"))
    connection.execute(text(f"GRANT {name} TO CURRENT_USER"))


def _require_version(connection: Connection) -> None:
    """Raise PostgresqlTooOld for a server older than `VERSION_MIN`."""
    number = int(connection.execute(text("SHOW server_version_num")).scalar_one())
    if number < VERSION_MIN * 10_000:
        raise PostgresqlTooOld(f"the server is version {number // 10_000}")


def _url(url: str) -> URL:
    """Return the SQLAlchemy URL of a `postgresql://` address, spoken by psycopg 3."""
    return make_url(url).set(drivername="postgresql+psycopg")


def _name(site: str, block: str) -> str:
    """Return the schema and role name of a block; ValueError when it is not a plain identifier."""
    name = f"{site}_{block}".replace("-", "_")
    if not NAME.fullmatch(name):
        raise ValueError("a site and block make a name of lower-case letters, digits and underscores")
    return name
