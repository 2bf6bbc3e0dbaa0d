# SPDX-License-Identifier: EUPL-1.2
"""`up` runs the country, `serve` one site that is made, `make` gives a site its first content."""

from __future__ import annotations

import logging
import subprocess
import sys
from dataclasses import replace
from typing import Annotated

import typer
from rich.console import Console

from flagstone.app import seeding
from flagstone.app.faces import bounds
from flagstone.app.site import Site, at_work, claimed
from flagstone.app.site import make as make_site
from flagstone.cli.options import Data, File, SiteName, settled
from flagstone.country import Country
from flagstone.kernel.clock import SystemClock
from flagstone.platform.http import logs, server
from flagstone.settings import Settings

Port = Annotated[int | None, typer.Option("--port", help="Port to listen on; 0 takes any free one.")]
LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}


def up(settings: File = None, data: Data = None, port: Port = None) -> None:
    """Run the country here: make it the first time, then serve it until Ctrl-C."""
    _run(*settled(settings, data, port=port), make_first=True)


def serve(
    site: Annotated[str, typer.Argument(help="Name of the site.")],
    settings: File = None,
    data: Data = None,
    port: Port = None,
) -> None:
    """Serve one site that was made before."""
    _run(*settled(settings, data, port=port, site=site), make_first=False)


def make(settings: File = None, data: Data = None, site: SiteName = None) -> None:
    """Give a site its databases, keys and first content; repeat it after an interruption."""
    chosen, country = settled(settings, data, site=site)
    console = Console(highlight=False)
    with claimed(chosen, country, SystemClock()) as found:
        make_site(found, lambda what, count: console.print(f"  {count:>7,} {what}"))


def _run(settings: Settings, country: Country, *, make_first: bool) -> None:
    """Bind the port, open the site, serve it, and close everything in order."""
    logs.configure(
        level=LEVELS[settings.log.level],
        plain=None if settings.log.format == "auto" else settings.log.format != "json",
    )
    tls = _tls(settings)
    with server.bind(settings.http.host, settings.http.port, tls=tls) as listener:
        settings = _with_port(settings, listener.getsockname()[1])
        if make_first:
            _make_apart(settings)
        clock = SystemClock()
        with claimed(settings, country, clock) as site, at_work(site, clock) as (web, _jobs):
            _greet(site)
            server.serve(web, listener, tls=tls, bounds=bounds(settings))


def _with_port(settings: Settings, port: int) -> Settings:
    """Return the settings with the port that was really had."""
    return replace(settings, http=replace(settings.http, port=port))


def _tls(settings: Settings) -> server.Tls | None:
    """Return the files of the certificate, None for plain http."""
    certificate, key = settings.http.tls_certificate, settings.http.tls_key
    return server.Tls(certificate, key) if certificate and key else None


def _make_apart(settings: Settings) -> None:
    """Make the site in a process of its own, whose memory is given back, unless it is made."""
    mark = settings.data / settings.site / "flagstone.json"
    if mark.is_file() and '"made": true' in mark.read_text(encoding="utf-8", errors="replace"):
        return
    Console(highlight=False).print(f"Making {settings.country} in {settings.data / settings.site} ...")
    command = [
        sys.executable,
        "-m",
        "flagstone",
        "make",
        "--data",
        str(settings.data),
        "--site",
        settings.site,
    ]
    if subprocess.run(command, check=False).returncode != 0:  # noqa: S603 - our own words only
        raise typer.Exit(2)


def _greet(site: Site) -> None:
    """Print where the site answers, whom to sign in as and what to try."""
    console = Console(highlight=False)
    language = site.country.languages[0]
    console.print(
        f"\n[bold]{site.country.name[language]}[/] answers at [bold]{site.settings.public_url}[/]\n"
    )
    if site.country.sandbox:
        console.print("Everybody here is made up. Sign in as")
        for person in seeding.test_persons(site.folder):
            words = f"{person.part[language]}: {person.try_this[language]}"
            console.print(f"  [bold]{person.name:24.24}[/] {words}", soft_wrap=True)
    console.print("\nCtrl-C stops it.")
