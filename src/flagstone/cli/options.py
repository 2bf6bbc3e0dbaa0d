# SPDX-License-Identifier: EUPL-1.2
"""Options that many sub-commands share, and the settings made of them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from flagstone import country as countries
from flagstone.country import Country
from flagstone.settings import Loaded, Settings, load

File = Annotated[Path | None, typer.Option("--settings", help="TOML file with the settings of the site.")]
Data = Annotated[Path | None, typer.Option("--data", help="Folder of databases, keys and job state.")]
Site = Annotated[str | None, typer.Option("--site", help="Name of the site within the country.")]


def loaded(
    file: Path | None, data: Path | None, *, port: int | None = None, site: str | None = None
) -> Loaded:
    """Return the settings of `file`, the environment and the command line, flaws and all."""
    return load(file, os.environ, {"data": data and str(data), "http.port": port, "site": site})


def settled(
    file: Path | None, data: Path | None, *, port: int | None = None, site: str | None = None
) -> tuple[Settings, Country]:
    """Return sound settings and their country; SettingsFault names every flaw."""
    settings = loaded(file, data, port=port, site=site).sound()
    return settings, countries.load(settings.country)
