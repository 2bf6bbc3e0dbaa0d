# SPDX-License-Identifier: EUPL-1.2
"""Options that many sub-commands share, and the settings made of them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import typer

from flagstone import country as countries
from flagstone.app.site import Site, visited
from flagstone.country import Country
from flagstone.kernel.clock import SystemClock
from flagstone.settings import Loaded, Settings, load

File = Annotated[Path | None, typer.Option("--settings", help="TOML file with the settings of the site.")]
Data = Annotated[Path | None, typer.Option("--data", help="Folder of databases, keys and job state.")]
SiteName = Annotated[str | None, typer.Option("--site", help="Name of the site within the country.")]


_before: ContextVar[tuple[Path | None, Path | None]] = ContextVar("options before the sub-command")


def tell_version(wanted: object) -> None:
    """Print the version and stop, where it is asked for."""
    if wanted:
        typer.echo(version("flagstone"))
        raise typer.Exit


Version = Annotated[
    bool, typer.Option("--version", callback=tell_version, is_eager=True, help="Show the version.")
]


def remember(settings: File = None, data: Data = None, shown_version: Version = False) -> None:
    """Take the options that stand before the sub-command."""
    del shown_version
    _before.set((settings, data))


def loaded(
    file: Path | None, data: Path | None, *, port: int | None = None, site: str | None = None
) -> Loaded:
    """Return the settings of `file`, the environment and the command line, flaws and all.

    What stands before the sub-command counts where the sub-command does not say otherwise.
    """
    data = data or _before.get((None, None))[1]
    return load(settings_file(file), os.environ, {"data": data, "http.port": port, "site": site})


def settings_file(file: Path | None) -> Path | None:
    """Return the settings file that counts: the sub-command's, or the one named before it."""
    return file or _before.get((None, None))[0]


def settled(
    file: Path | None, data: Path | None, *, port: int | None = None, site: str | None = None
) -> tuple[Settings, Country]:
    """Return sound settings and their country; SettingsFault names every flaw."""
    settings = loaded(file, data, port=port, site=site).sound()
    return settings, countries.load(settings.country)


@contextmanager
def visiting() -> Iterator[Site]:
    """Open the site that the options before the sub-command name, beside whoever serves it."""
    with visited(*settled(None, None), SystemClock()) as site:
        yield site
