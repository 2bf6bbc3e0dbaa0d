# SPDX-License-Identifier: EUPL-1.2
"""`flagstone exchange onboard` and `check`: from a CSV file to another agency's call, and nine checks."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Annotated

import typer

from flagstone.blocks.exchange.cli.advice import CHECKS, REMEDIES
from flagstone.blocks.exchange.cli.tools import (
    OPERATOR,
    Basis,
    Declared,
    Open,
    Tools,
    WhyGiven,
    console,
    done,
    named,
    opened,
)
from flagstone.blocks.exchange.contract.identifiers import ClientId, ServiceId
from flagstone.blocks.exchange.contract.onboarding import CheckResult, Colour, Columns, Offering
from flagstone.blocks.exchange.contract.service import Purpose
from flagstone.blocks.exchange.model import names
from flagstone.kernel.audit import Reason

Through = Annotated[
    str,
    typer.Option(help="http://HOST:PORT where the caller's own server takes requests, if not this one."),
]
MARKS = {Colour.GREEN: "[green]green[/]", Colour.RED: "[red]red[/]", Colour.WAITING: "[yellow]waits[/]"}


def add_to(app: typer.Typer, open_site: Open) -> None:
    """Add the two commands."""

    @app.command()
    def onboard(  # noqa: PLR0913 - the options of a command are its parameters
        file: Annotated[Path, typer.Argument(help="A CSV file: UTF-8, with a header row.")],
        code: Annotated[str, typer.Option(help="Code of the new service.")],
        subsystem: Annotated[str, typer.Option(help="Which subsystem offers it.")],
        to: Annotated[list[str], typer.Option(help="Who may call it; again for more.")],
        *,
        field: Annotated[list[str] | None, typer.Option(help="A column that callers see; none else.")] = None,
        key: Annotated[str, typer.Option(help="The column that names a row.")] = "",
        person: Annotated[str, typer.Option(help="The column with codes of persons concerned.")] = "",
        title: Annotated[str, typer.Option(help="What it is called, in English.")] = "",
        purpose: Declared = "",
        basis: Basis = "",
        through: Through = "",
        reason: WhyGiven = "Offered from a file by the operator",
    ) -> None:
        """Offer a CSV file as a service, let others call it, make the first call and check everything."""
        service = ServiceId(named(names.subsystem_named, subsystem), named(names.part, code))
        clients = tuple(named(names.client_named, each) for each in to)
        offering = Offering(service, {"en": title or code}, clients, Purpose(purpose, basis))
        columns = Columns(frozenset(field or ()), key, person)
        with opened(open_site) as tools:
            _offer(tools, offering, columns, (file.read_bytes(), Reason(reason)))
            results = tools.onboarding(through).checks(OPERATOR, service, clients[0])
        _show(results)

    @app.command()
    def check(
        service: Annotated[str, typer.Argument(help="INSTANCE/CLASS/CODE/SUBSYSTEM/SERVICE")],
        client: Annotated[str, typer.Argument(help="Who calls.")],
        through: Through = "",
    ) -> None:
        """Run the nine checks of a service, a first call among them."""
        offered: ServiceId = named(names.service_named, service)
        caller: ClientId = named(names.client_named, client)
        with opened(open_site) as tools:
            results = tools.onboarding(through).checks(OPERATOR, offered, caller)
        _show(results)


def _offer(tools: Tools, offering: Offering, columns: Columns, content: tuple[bytes, Reason]) -> None:
    """Offer the file and say what became of it; what is hidden and what looks personal is named."""
    data, reason = content
    onboarding = tools.onboarding("")
    preview = onboarding.preview(OPERATOR, io.BytesIO(data))
    made = onboarding.offer_file(OPERATOR, offering, columns, io.BytesIO(data), reason)
    hidden = [each for each in preview.columns if each not in columns.shown | {columns.key}]
    done(f"{made.id} is offered with {preview.rows} rows.")
    if hidden:
        done(f"Nobody sees the columns {', '.join(hidden)}; name them with --field to show them.")
    for each in sorted(preview.looks_personal & columns.shown):
        done(f"The column {each} looks like data of persons, and callers see it.")


def _show(results: tuple[CheckResult, ...]) -> None:
    """Print the checks; exit status 1 when one is red."""
    for number, each in enumerate(results, 1):
        console.print(f"{number}. {CHECKS[each.check]}: {MARKS[each.colour]}")
        if each.why is not None:
            console.print(f"   {REMEDIES[each.why].format_map(_Names(each.names))}", markup=False)
    red = sum(each.colour is Colour.RED for each in results)
    if red:
        console.print(f"{red} of {len(results)} checks are red.")
        raise typer.Exit(1)


class _Names(dict[str, str]):
    """Names for words; one that is not known stays empty."""

    def __missing__(self, _key: str) -> str:
        return ""
