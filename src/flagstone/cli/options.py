# SPDX-License-Identifier: EUPL-1.2
"""Options that many sub-commands share, and the settings made of them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any

import typer

from flagstone import country as countries
from flagstone.app.plan import OWN_SETTINGS
from flagstone.country import Country
from flagstone.kernel.errors import SettingsFault
from flagstone.settings.options import Settings
from flagstone.settings.reading import Loaded, load

File = Annotated[Path | None, typer.Option("--settings", help="TOML file with the settings of the site.")]
Data = Annotated[Path | None, typer.Option("--data", help="Folder of databases, keys and job state.")]
SiteName = Annotated[str | None, typer.Option("--site", help="Name of the site within the country.")]


@dataclass(frozen=True)
class Before:
    """The options that stand before the sub-command."""

    file: Path | None = None
    data: Path | None = None
    site: str | None = None


_before: ContextVar[Before] = ContextVar("options before the sub-command")


def tell_version(wanted: object) -> None:
    """Print the version and stop, where it is asked for."""
    if wanted:
        typer.echo(version("flagstone"))
        raise typer.Exit


Version = Annotated[
    bool, typer.Option("--version", callback=tell_version, is_eager=True, help="Show the version.")
]


def remember(
    settings: File = None, data: Data = None, site: SiteName = None, shown_version: Version = False
) -> None:
    """Take the options that stand before the sub-command."""
    del shown_version
    _before.set(Before(settings, data, site))


def loaded(
    file: Path | None,
    data: Path | None,
    *,
    site: str | None = None,
    given: Mapping[str, int | None] = MappingProxyType({}),
) -> tuple[Loaded, Country | None]:
    """Return the settings of one site, flaws and all, and its country where that can be had.

    They come from the file named, then the site's own, the environment and the command line; what stands
    before the sub-command counts where the sub-command does not say otherwise. `given` are further options
    of the command line by dotted name.
    """
    file, data, site = chosen(file, data, site)
    named: dict[str, Any] = {"data": data, "site": site, **given}
    first = load(file, os.environ, named)
    if first.flaws:
        return first, None
    try:
        country = countries.load(first.settings.country)
        named["site"] = country.plan(first.settings.site).code
    except SettingsFault:  # raised again by whoever needs the country
        return first, None
    own = first.settings.data / named["site"] / OWN_SETTINGS
    return load(file, os.environ, named, own=own if own.is_file() else None), country


def chosen(
    file: Path | None, data: Path | None, site: str | None
) -> tuple[Path | None, Path | None, str | None]:
    """Return the settings file, data folder and site that count: the sub-command's, or those before it."""
    before = _before.get(Before())
    return file or before.file, data or before.data, site or before.site


def settled(
    file: Path | None,
    data: Path | None,
    *,
    site: str | None = None,
    given: Mapping[str, int | None] = MappingProxyType({}),
) -> tuple[Settings, Country]:
    """Return sound settings of one site and its country; SettingsFault names every flaw."""
    found, country = loaded(file, data, site=site, given=given)
    settings = found.sound()
    country = country or countries.load(settings.country)
    country.plan(settings.site)
    return settings, country


def settled_all(file: Path | None, data: Path | None, site: str | None) -> list[tuple[Settings, Country]]:
    """Return the settings of the site that is named, or of every site of the country when none is."""
    settings, country = settled(file, data, site=site)
    named = chosen(file, data, site)[2] or load(chosen(file, data, site)[0]).settings.site
    plans = (country.plan(named),) if named else country.plans()
    return [
        (settings, country) if plan.code == settings.site else settled(file, data, site=plan.code)
        for plan in plans
    ]
