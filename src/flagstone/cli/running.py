# SPDX-License-Identifier: EUPL-1.2
"""`up` runs the country, `serve` one site that is made, `make` gives a site its first content."""

from __future__ import annotations

import gc
import logging
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from types import FrameType
from typing import Annotated, NoReturn

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from flagstone.app import seeding
from flagstone.app.faces import bounds
from flagstone.app.site import Site, at_work, claimed, is_made, served
from flagstone.app.site import make as make_site
from flagstone.cli.options import Data, File, SiteName, settings_file, settled
from flagstone.country import Country
from flagstone.kernel.clock import SystemClock
from flagstone.platform.http import logs, server
from flagstone.settings import LogOptions, Settings

Port = Annotated[int | None, typer.Option("--port", help="Port to listen on; 0 takes any free one.")]
LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}
SIGNALS = (signal.SIGINT, signal.SIGTERM)
INTERRUPTED = 130


def up(settings: File = None, data: Data = None, port: Port = None) -> None:
    """Run the country here: make it the first time, then serve it until Ctrl-C."""
    chosen, country = settled(settings, data, port=port)
    with _stoppable(), _listening(chosen) as listening:
        if not is_made(chosen, country):
            _make_apart(chosen, settings_file(settings))
        _serve(*listening, country)


def serve(
    site: Annotated[str, typer.Argument(help="Name of the site.")],
    settings: File = None,
    data: Data = None,
    port: Port = None,
) -> None:
    """Serve one site that was made before."""
    chosen, country = settled(settings, data, port=port, site=site)
    with _stoppable(), _listening(chosen) as listening:
        _serve(*listening, country)


def make(settings: File = None, data: Data = None, site: SiteName = None) -> None:
    """Give a site its databases, keys and first content; repeat it after an interruption."""
    chosen, country = settled(settings, data, site=site)
    console = Console(highlight=False)
    gc.disable()  # rows come in tens of thousands and in no circles: looking for those takes a fifth of it
    with _stoppable(), claimed(chosen, country, SystemClock()) as found:
        make_site(found, lambda what, count: console.print(f"  {count:>7,} {what}", markup=False))


@contextmanager
def _stoppable() -> Iterator[None]:
    """Let SIGTERM stop like Ctrl-C, in order and with one line; what was begun is completed next time."""

    def stop(_number: int, _frame: FrameType | None) -> NoReturn:
        for number in SIGNALS:  # a second one must not break the closing
            signal.signal(number, signal.SIG_IGN)
        raise KeyboardInterrupt

    before = [(number, signal.signal(number, stop)) for number in SIGNALS]
    try:
        yield
    except KeyboardInterrupt:
        Console(stderr=True).print("\nStopped before it was ready; the next start goes on from here.")
        raise typer.Exit(INTERRUPTED) from None
    finally:
        for number, handler in before:
            signal.signal(number, handler)


@contextmanager
def _listening(settings: Settings) -> Iterator[tuple[Settings, server.Listener]]:
    """Have the port before anything else is begun; yield the settings with the port that was had."""
    _log(settings.log)
    with server.bind(settings.http.host, settings.http.port, tls=tls(settings)) as listener:
        had = replace(settings.http, port=listener.getsockname()[1])
        yield replace(settings, http=had), listener


def _serve(settings: Settings, listener: server.Listener, country: Country) -> None:
    """Serve a made site until a signal, and close everything in order."""
    clock = SystemClock()
    with (
        served(settings, country, clock) as site,
        at_work(site, clock) as (web, _jobs),
        suppress(KeyboardInterrupt),  # from here on a signal is a wish to stop, not an interruption
    ):
        _greet(site)
        server.serve(web, listener, tls=tls(settings), bounds=bounds(settings))
    Console().print("Stopped.")


def _log(options: LogOptions) -> None:
    """Begin the log: JSON lines, or on a terminal text, of which only warnings unless asked for more."""
    plain = sys.stderr.isatty() if options.format == "auto" else options.format == "console"
    level = LEVELS.get(options.level, logging.WARNING if plain else logging.INFO)
    logs.configure(level=level, plain=plain)


def tls(settings: Settings) -> server.Tls | None:
    """Return the files of the certificate, None for plain http."""
    certificate, key = settings.http.tls_certificate, settings.http.tls_key
    return server.Tls(certificate, key) if certificate and key else None


def _make_apart(settings: Settings, file: Path | None) -> None:
    """Make the site in a process of its own, whose memory is given back.

    It has a process group of its own, so that Ctrl-C reaches this process alone, which ends it: a
    making that was killed is completed by the next start.
    """
    where = settings.data / settings.site
    Console(highlight=False).print(f"Making {settings.country} in {where} ...", markup=False, soft_wrap=True)
    command = [sys.executable, "-m", "flagstone", "make", "--data", str(settings.data)]
    command += ["--site", settings.site] + (["--settings", str(file)] if file else [])
    with subprocess.Popen(command, process_group=0) as making:  # noqa: S603 - our own words only
        try:
            code = making.wait()
        except BaseException:
            making.kill()
            raise
    if code != 0:
        raise typer.Exit(code if code > 0 else 2)


def _greet(site: Site) -> None:
    """Print where the site answers, whom to sign in as and what to try."""
    console = Console(highlight=False)
    language = site.country.languages[0]
    name, url = escape(site.country.name[language]), escape(site.settings.public_url)
    console.print(f"\n[bold]{name}[/] answers at [bold]{url}[/]", soft_wrap=True)
    if site.country.sandbox:
        console.print("\nEverybody here is made up. Sign in as\n")
        persons = Table.grid(padding=(0, 2))
        for person in seeding.test_persons(site.folder):
            words = f"{person.part[language]}: {person.try_this[language]}"
            persons.add_row("", f"[bold]{escape(person.name)}[/]", escape(words))
        console.print(persons)
    console.print("\nCtrl-C stops it.")
