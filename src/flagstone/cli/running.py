# SPDX-License-Identifier: EUPL-1.2
"""`up` runs the country, `serve` one site that is made, `make` gives a site its first content."""

from __future__ import annotations

import gc
import logging
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Annotated, NoReturn

import typer
from rich.console import Console

from flagstone.app import plan as plans
from flagstone.app.faces import bounds
from flagstone.app.site import at_work, claimed, is_made, served
from flagstone.app.site import make as make_site
from flagstone.cli import control, doors, greeting
from flagstone.cli.doors import Doors
from flagstone.cli.options import Data, File, SiteName, chosen, settled
from flagstone.cli.supervisor import Child, Supervisor
from flagstone.country import Country
from flagstone.kernel.clock import SystemClock
from flagstone.platform.http import logs, server
from flagstone.settings.options import LogOptions, Settings

Port = Annotated[int | None, typer.Option("--port", help="Port to listen on; 0 takes any free one.")]
LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}
SIGNALS = (signal.SIGINT, signal.SIGTERM)
INTERRUPTED = 130
MAKING_AT_ONCE_MAX = 2
LOG_FILE = "log.jsonl"
OUTPUT_FILE = "output.txt"


def up(settings: File = None, data: Data = None, port: Port = None) -> None:
    """Run the country here: make it the first time, then serve it until Ctrl-C.

    A country of several sites runs them all, each in a process of its own; `flagstone sites` shows them.
    """
    one, country = settled(settings, data)
    with _stoppable():
        if country.sites():
            _all(settings, data, port, country)
            return
        one, country = settled(settings, data, given={"http.port": port})
        _log(one.log)
        with doors.opened(one, country) as opened:
            if not is_made(one, country):
                _make_apart([one], chosen(settings, data, None)[0])
            _serve(*opened, country)


def serve(
    site: Annotated[str, typer.Argument(help="Name of the site.")],
    settings: File = None,
    data: Data = None,
    port: Port = None,
) -> None:
    """Serve one site that was made before."""
    one, country = settled(settings, data, site=site, given={"http.port": port})
    _log(one.log)
    with _stoppable(), doors.opened(one, country) as opened:
        _serve(*opened, country)


def make(settings: File = None, data: Data = None, site: SiteName = None) -> None:
    """Give a site its databases, keys and first content; repeat it after an interruption."""
    one, country = settled(settings, data, site=site)
    console = Console(highlight=False)
    gc.disable()  # rows come in tens of thousands and in no circles: looking for those takes a fifth of it
    with _stoppable(), claimed(one, country, SystemClock()) as found:
        make_site(found, lambda what, count: console.print(f"  {count:>7,} {what}", markup=False))


def _all(file: Path | None, data: Path | None, port: int | None, country: Country) -> None:
    """Run every site of the country, each in its own process, until a signal."""
    each = [_one_of_all(file, data, port, at, plan.code) for at, plan in enumerate(country.plans())]
    with ExitStack() as stack:
        door = stack.enter_context(control.door(each[0].data))
        opened = [stack.enter_context(doors.opened(settings, country)) for settings in each]
        sites = plans.acquainted(country, [settings for settings, _ in opened])
        unmade = [settings for settings in sites if not is_made(settings, country)]
        _make_apart(unmade, chosen(file, data, None)[0])
        children = {
            settings.site: Child(settings, those) for settings, (_, those) in zip(sites, opened, strict=True)
        }
        from flagstone.platform.http.warming import warm  # noqa: PLC0415 - only where sites are forked

        warm(country.languages)
        supervisor = Supervisor(
            children,
            partial(_be_site, country),
            lambda settings: doors.bound(settings, country),
            control=door,
        )
        supervisor.heed_signals()
        _supervise(supervisor, country)


def _one_of_all(file: Path | None, data: Path | None, port: int | None, at: int, site: str) -> Settings:
    """Return the settings of one site among others; the ports that were asked for count more than its own."""
    asked = plans.ports(at, port) if port is not None else dict[str, int]()
    settings, _ = settled(file, data, site=site, given=asked)
    if port is None and not (settings.folder / plans.OWN_SETTINGS).is_file():
        settings, _ = settled(file, data, site=site, given=plans.ports(at))
    return settings


def _supervise(supervisor: Supervisor, country: Country) -> None:
    """Start all sites, say where they answer, and stop them in order."""
    console = Console(highlight=False)
    try:
        supervisor.start()
        late = supervisor.wait_ready()
        for code in late:
            folder = supervisor.children[code].settings.folder
            console.print(f"{code} is not ready; see {folder / LOG_FILE}", markup=False, soft_wrap=True)
        if not supervisor.stopping:
            settings = [child.settings for child in supervisor.children.values()]
            greeting.greet_all(console, country, settings)
        supervisor.watch()
    finally:
        supervisor.stop_all()
    console.print("Stopped.")


def _be_site(country: Country, settings: Settings, those: Doors, ready: Callable[[], None]) -> int:
    """Run one site in a process of its own, its log in its own folder; return the exit code."""
    output = os.open(settings.folder / OUTPUT_FILE, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    for descriptor in (1, 2):
        os.dup2(output, descriptor)
    told: list[int] = []
    for number in SIGNALS:  # while the server runs it has its own; before and after, one is enough
        signal.signal(number, lambda number, _frame: told.append(number))
    level = LEVELS.get(settings.log.level, logging.INFO)
    logs.configure(file=settings.folder / LOG_FILE, level=level, plain=settings.log.format == "console")
    try:
        with _served(settings, those, country) as web_of:
            ready()
            if not told:
                web_of()
    except BaseException as error:  # noqa: BLE001 - the last net of a process: what ends it is told in its log
        logging.getLogger("flagstone.site").critical("the site ended: %s", type(error).__qualname__)
        sys.stderr.write(f"{logs.described(error)}\n")
        return 1
    return 0


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
def _served(settings: Settings, those: Doors, country: Country) -> Iterator[Callable[[], None]]:
    """Open a made site with its work; yield what serves its pages until a signal. All is closed in order."""
    clock = SystemClock()
    with (
        served(settings, country, clock) as site,
        plans.announced(settings),
        at_work(site, clock, clients=those.clients, servers=those.servers, secure=those.secure) as (
            web,
            _jobs,
        ),
    ):
        yield partial(server.serve, web, those.web, tls=doors.tls(settings), bounds=bounds(settings))


def _serve(settings: Settings, those: Doors, country: Country) -> None:
    """Serve a made site until a signal, and close everything in order."""
    with (
        _served(settings, those, country) as web_of,
        suppress(KeyboardInterrupt),  # from here on a signal is a wish to stop, not an interruption
    ):
        greeting.greet(Console(highlight=False), country, settings)
        web_of()
    Console().print("Stopped.")


def _log(options: LogOptions) -> None:
    """Begin the log: JSON lines, or on a terminal text, of which only warnings unless asked for more."""
    plain = sys.stderr.isatty() if options.format == "auto" else options.format == "console"
    level = LEVELS.get(options.level, logging.WARNING if plain else logging.INFO)
    logs.configure(level=level, plain=plain)


def _make_apart(sites: Sequence[Settings], file: Path | None) -> None:
    """Make sites in processes of their own, whose memory is given back, a few at a time.

    Each has a process group of its own, so that Ctrl-C reaches this process alone, which ends them: a
    making that was killed is completed by the next start.
    """
    waiting, running = list(sites), list[subprocess.Popen[bytes]]()
    try:
        while waiting or running:
            while waiting and len(running) < MAKING_AT_ONCE_MAX:
                running.append(_making(waiting.pop(0), file))
            code = running[0].wait()
            running.pop(0)
            if code != 0:
                raise typer.Exit(code if code > 0 else 2)
    finally:
        for making in running:
            making.kill()
            making.wait()


def _making(settings: Settings, file: Path | None) -> subprocess.Popen[bytes]:
    """Begin to make one site."""
    words = f"Making {settings.country} in {settings.folder} ..."
    Console(highlight=False).print(words, markup=False, soft_wrap=True)
    command = [sys.executable, "-m", "flagstone", "make", "--data", str(settings.data)]
    command += ["--site", settings.site] + (["--settings", str(file)] if file else [])
    return subprocess.Popen(command, process_group=0)  # noqa: S603 - our own words only
