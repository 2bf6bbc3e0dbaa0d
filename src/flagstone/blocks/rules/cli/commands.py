# SPDX-License-Identifier: EUPL-1.2
"""`flagstone rules`: run a law's tests, serve it as an OpenFisca web API, simulate reforms."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from flagstone.blocks.rules.cli import deciding, simulating
from flagstone.blocks.rules.contract.calculation import Mode
from flagstone.blocks.rules.contract.law import LawName
from flagstone.blocks.rules.contract.suite import SuiteRun
from flagstone.blocks.rules.service.suites import run
from flagstone.kernel.errors import Fault

if TYPE_CHECKING:
    from flagstone.blocks.rules.cli.deciding import Open

FAILURES_SHOWN = 20

Package = Annotated[str, typer.Argument(help="Country package, by its module's name.")]
Extensions = Annotated[
    list[str] | None, typer.Option("--extension", "-e", help="Extension package; again for more.")
]
Reforms = Annotated[
    list[str] | None, typer.Option("--reform", "-r", help="Dotted path of a reform; again for more.")
]
ModeOption = Annotated[
    Mode, typer.Option(help="`reference` computes as OpenFisca does, `fast` the same faster.")
]


@dataclass(frozen=True)
class Served:
    """What `serve` was asked for; `port` 0 takes a free one."""

    name: LawName
    mode: Mode
    host: str
    port: int
    workers: int
    seconds_max: float


def commands(serve_law: Callable[[Served], None], open_decisions: Open) -> typer.Typer:
    """Return the sub-commands; `serve_law` serves until interrupted, `open_decisions` opens a site's."""
    app = typer.Typer(name="rules", help="Compute with laws written for OpenFisca.", no_args_is_help=True)
    console = Console(stderr=True)

    @app.command("test")
    def test(
        package: Package,
        paths: Annotated[
            list[Path] | None, typer.Argument(help="Files or folders; the package's own.")
        ] = None,
        extension: Extensions = None,
        reform: Reforms = None,
        mode: ModeOption = Mode.FAST,
    ) -> None:
        """Run a law's YAML tests, all of them, and count; exit status 1 when one fails."""
        with _told(console):
            done = run(_law(package, extension, reform), paths or [], mode)
        _show(done, console)
        if not done.good:
            raise typer.Exit(1)

    @app.command("serve")
    def serve(
        package: Package,
        *,
        extension: Extensions = None,
        reform: Reforms = None,
        mode: ModeOption = Mode.FAST,
        host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
        port: Annotated[int, typer.Option(help="Port; 0 for a free one.")] = 5000,
        workers: Annotated[int, typer.Option(min=1, max=64, help="Processes.")] = 1,
        seconds_max: Annotated[float, typer.Option(help="How long one calculation may take.")] = 30.0,
    ) -> None:
        """Serve a law as an OpenFisca web API, without sign-in: for a machine's own programs."""
        law = _law(package, extension, reform)
        with _told(console):
            serve_law(Served(law, mode, host, port, workers, seconds_max))

    simulating.add_to(app)
    deciding.add_to(app, open_decisions)
    return app


def _law(package: str, extensions: list[str] | None, reforms: list[str] | None) -> LawName:
    return LawName(package, tuple(extensions or ()), tuple(reforms or ()))


def _show(done: SuiteRun, console: Console) -> None:
    for failure in done.failed[:FAILURES_SHOWN]:
        console.print(failure, markup=False, highlight=False)
    if done.hooks_off:
        off = ", ".join(done.hooks_off)
        console.print(f"Switched off, since OpenFisca has changed: {off}", markup=False)
    if done.hanging:
        names = ", ".join(done.hanging)
        console.print(f"Hangs on the working folder, so it runs in {done.home}: {names}", markup=False)
    if not done.same_elsewhere:
        console.print("It is another law when it is loaded in an empty folder.", markup=False)
    if done.narrow:
        console.print(
            f"Passed only with amounts of 32 bits, whose errors they expect: {', '.join(done.narrow)}",
            markup=False,
        )
    typer.echo(
        f"{done.passed} passed, {len(done.failed)} failed, {done.skipped} skipped "
        f"({done.mode.value} mode, {done.cpu_seconds:.1f} s of processor, law {done.law_digest[:12]})"
    )


@contextmanager
def _told(console: Console) -> Iterator[None]:
    """Turn a fault into its title, detail and remedy, and exit status 1."""
    try:
        yield
    except Fault as fault:
        console.print(f"{fault.title}. {fault.detail}".strip(), markup=False)
        console.print(fault.remedy, markup=False)
        raise typer.Exit(1) from fault
