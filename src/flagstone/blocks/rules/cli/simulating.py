# SPDX-License-Identifier: EUPL-1.2
"""`flagstone rules simulate`: a reform's effect on a whole population, from a plan in a file."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import Enum
from pathlib import Path
from threading import Event
from types import FrameType
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from flagstone.blocks.rules.contract import simulation as contract
from flagstone.blocks.rules.contract.simulation import Executor, Findings, Simulation
from flagstone.blocks.rules.service.plan_files import Planned, planned
from flagstone.blocks.rules.service.reports.files import report_csv, report_json
from flagstone.blocks.rules.service.reports.page import report_html
from flagstone.blocks.rules.service.simulating import Outcome, Task, simulate
from flagstone.kernel.errors import Fault

STATUS_CANCELLED = 130
"""Exit status after Ctrl-C, as shells have it."""


class Form(Enum):
    """As what each household's numbers are written."""

    CSV = "csv"
    PARQUET = "parquet"


@dataclass(frozen=True)
class Wanted:
    """What the command was asked for."""

    file: Path
    out: Path
    resume: bool
    households: Form | None
    language: str


def add_to(app: typer.Typer) -> None:
    """Add the command `simulate`."""
    console = Console(stderr=True)

    @app.command("simulate")
    def simulate_plan(
        plan: Annotated[Path, typer.Argument(help="The plan, YAML or JSON.", metavar="PLAN")],
        *,
        out: Annotated[Path, typer.Option(help="Folder for reports and what is computed.")] = Path(
            "simulations"
        ),
        workers: Annotated[int, typer.Option(min=0, max=256, help="Processes; 0 for each processor.")] = 0,
        resume: Annotated[bool, typer.Option("--resume", help="Go on where a run was stopped.")] = False,
        households: Annotated[
            Form | None, typer.Option(help="Write each household's numbers too, in this form.")
        ] = None,
        dask: Annotated[str, typer.Option(help="A Dask scheduler's address, tcp://HOST:PORT.")] = "",
        language: Annotated[str, typer.Option(help="Of the report: en, et or ar.")] = "en",
    ) -> None:
        """Simulate a reform on a whole population; Ctrl-C stops between two chunks and loses nothing."""
        with _told(console):
            found = planned(plan)
            changed = replace(found.plan, workers=workers or found.plan.workers)
            if dask:
                changed = replace(changed, executor=Executor.DASK, cluster=dask)
            _run(replace(found, plan=changed), Wanted(plan, out, resume, households, language), console)


def _run(found: Planned, wanted: Wanted, console: Console) -> None:
    folder = wanted.out / wanted.file.stem
    folder.mkdir(parents=True, exist_ok=True)
    form = wanted.households
    task = Task(
        found.law,
        found.plan,
        str(wanted.out),
        survey=found.survey,
        pattern=found.pattern,
        admitted=found.plan.reform.packages,
        households=str(folder / f"households.{form.value}") if form else "",
        anew=not wanted.resume,
    )
    done = _shown_while_running(task, console)
    if done.findings is None:
        again = f"flagstone rules simulate {wanted.file} --out {wanted.out} --resume"
        typer.echo(f"Stopped: {done.done} of {done.chunks} chunks are done. Go on with: {again}")
        raise typer.Exit(STATUS_CANCELLED)
    _write(folder, found, done, wanted.language)
    _tell(done.findings, done, folder)


def _shown_while_running(task: Task, console: Console) -> Outcome:
    """Run, show how far it is, and let Ctrl-C stop it between two chunks."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.completed} of {task.total} chunks"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, transient=True) as progress, _interruptible() as stopping:
        bar = progress.add_task("loading the law", total=None)

        def tell(done: int, chunks: int) -> None:
            progress.update(bar, description="simulating", completed=done, total=chunks)

        return simulate(task, tell, stopping.is_set)


@contextmanager
def _interruptible() -> Iterator[Event]:
    """Note Ctrl-C and a request to end, instead of ending at once."""
    stopping = Event()

    def note(_signal: int, _frame: FrameType | None) -> None:
        stopping.set()

    before = {each: signal.signal(each, note) for each in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stopping
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


def _write(folder: Path, found: Planned, done: Outcome, language: str) -> None:
    """Write the reports."""
    whole = Simulation(
        number=folder.name,
        plan=found.plan,
        by="",
        at=datetime.now(UTC).replace(microsecond=0),
        progress=contract.Progress.DONE,
        done=done.done,
        chunks=done.chunks,
        law=done.law,
        findings=done.findings,
        seconds=round(done.seconds, 3),
    )
    (folder / "report.json").write_bytes(report_json(whole))
    (folder / "report.csv").write_bytes(report_csv(whole, language))
    (folder / "report.html").write_text(report_html(whole, language), encoding="utf-8")


def _tell(findings: Findings, done: Outcome, folder: Path) -> None:
    """Print what came out, in a few lines."""
    typer.echo(f"{findings.households:,.0f} households, {findings.people:,.0f} people")
    for line in findings.budget:
        change = line.reform - line.law
        typer.echo(f"  {line.variable:<28}{line.law:>18,.2f}{line.reform:>18,.2f}{change:>+16,.2f}")
    shares = f"winners {findings.winners:.1%}, losers {findings.losers:.1%}"
    typer.echo(f"{shares}, unchanged {findings.unchanged:.1%}")
    typer.echo(f"Gini {findings.gini_law:.4f} -> {findings.gini_reform:.4f}")
    typer.echo(f"poor {findings.poor_law:.2%} -> {findings.poor_reform:.2%}")
    reused = f", {done.reused} of them computed before" if done.reused else ""
    typer.echo(f"{done.chunks} chunks{reused}, law {done.law.digest[:12]}; reports are in {folder}")


@contextmanager
def _told(console: Console) -> Iterator[None]:
    """Turn a fault into its title, detail, places and remedy, and exit status 1."""
    try:
        yield
    except Fault as fault:
        console.print(f"{fault.title}. {fault.detail}".strip(), markup=False)
        for flaw in fault.flaws:
            console.print(f"  {flaw.pointer}: {flaw.message}", markup=False, highlight=False)
        console.print(fault.remedy, markup=False)
        raise typer.Exit(1) from fault
