# SPDX-License-Identifier: EUPL-1.2
"""The databases of a site: one SQLite file, or one PostgreSQL schema and role, for each block."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import quote, urlsplit, urlunsplit

from flagstone.app.folder import Folder
from flagstone.blocks.exchange.store import tables as exchange
from flagstone.blocks.identity import store as identity
from flagstone.blocks.portal import store as portal
from flagstone.blocks.registry.store import tables as registry
from flagstone.blocks.rules.store import tables as rules
from flagstone.blocks.tracker import store as tracker
from flagstone.blocks.trust.store import tables as trust
from flagstone.country import Country
from flagstone.kernel.clock import Clock
from flagstone.kernel.errors import SettingsFault
from flagstone.platform.crypto.keys import KeyFileExists, read_private, write_private
from flagstone.platform.storage import engine, postgresql
from flagstone.platform.storage.database import Database
from flagstone.platform.storage.engine import Location
from flagstone.platform.storage.sql import BlockSchema
from flagstone.settings.options import Settings

SCHEMAS: tuple[BlockSchema, ...] = (
    registry.SCHEMA,
    identity.SCHEMA,
    portal.SCHEMA,
    tracker.SCHEMA,
    exchange.SCHEMA,
    trust.SCHEMA,
    rules.SCHEMA,
)
"""Every block that stores something, in the order in which they are opened."""


def of_site(country: Country, site: str) -> tuple[BlockSchema, ...]:
    """Return what the blocks of one site store."""
    absent = set() if country.plan(site).identity else {identity.SCHEMA.block}
    if country.exchange() is None:
        absent.add(exchange.SCHEMA.block)
    if country.trust() is None:
        absent.add(trust.SCHEMA.block)
    if not country.plan(site).law:
        absent.add(rules.SCHEMA.block)
    return tuple(schema for schema in SCHEMAS if schema.block not in absent)


@contextmanager
def opened(
    settings: Settings, country: Country, folder: Folder, clock: Clock
) -> Iterator[Mapping[str, Database]]:
    """Open the database of every block of the site, by block; nothing is migrated."""
    _require_same_engine(settings, folder)
    databases = {}
    try:
        for schema in of_site(country, settings.site):
            where = _location(settings, folder, schema.block)
            origin = f"{settings.country}/{settings.site}/{schema.block}"
            databases[schema.block] = Database(schema, where, origin, clock=clock)
        yield databases
    finally:
        for database in databases.values():
            database.close()


def _require_same_engine(settings: Settings, folder: Folder) -> None:
    """Refuse to look for a site's data where it was not made; empty databases would be found there."""
    if folder.mark.made and bool(folder.mark.databases) == bool(settings.database.url):
        there = "SQLite files" if folder.mark.databases else "PostgreSQL"
        raise SettingsFault(f"database.url: {folder.path} was made with {there}")


def files(country: Country, site: str) -> tuple[str, ...]:
    """Return the names of the SQLite files that a made folder of a site holds."""
    return tuple(f"{schema.block}.sqlite" for schema in of_site(country, site))


def server_url(settings: Settings) -> str:
    """Return the PostgreSQL address with the password from its file; empty for SQLite."""
    url, file = settings.database.url, settings.database.password_file
    if not url or file is None:
        return url
    try:
        password = file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsFault(f"database.password_file: {file} cannot be read") from error
    parts = urlsplit(url)
    account, _, host = parts.netloc.rpartition("@")
    netloc = f"{account.partition(':')[0]}:{quote(password, safe='')}@{host}"
    return urlunsplit(parts._replace(netloc=netloc))


def _location(settings: Settings, folder: Folder, block: str) -> Location:
    """Return where a block's database is; a PostgreSQL role and schema are made the first time."""
    url = server_url(settings)
    if not url:
        return engine.sqlite(folder.path / f"{block}.sqlite")
    site = f"{settings.country}_{settings.site}"
    file = folder.keys / f"postgresql-{block}"
    if not folder.mark.made:
        return postgresql.provision(url, site, block, _password(file))
    return postgresql.location(url, site, block, read_private(file).decode())


def _password(file: Path) -> str:
    """Return the password kept in `file`, made the first time."""
    with suppress(KeyFileExists):
        write_private(file, postgresql.fresh_password().encode())
    return read_private(file).decode()
