# SPDX-License-Identifier: EUPL-1.2
"""`flagstone registry`: list, publish, import and export registers at the operator's command line."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from enum import Enum
from pathlib import Path
from typing import Annotated, BinaryIO, TextIO, TypeVar

import typer
import yaml
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from flagstone.blocks.registry.contract.faults import DefinitionInvalid
from flagstone.blocks.registry.contract.record import ImportReport, Query, Record
from flagstone.blocks.registry.contract.register import RegisterDefinition, Value
from flagstone.blocks.registry.contract.registry import Registry
from flagstone.blocks.registry.model.csv_rows import read_csv, write_csv
from flagstone.blocks.registry.model.definition_reader import parse_definition
from flagstone.blocks.registry.model.json_rows import read_json, write_geojson, write_json
from flagstone.blocks.registry.model.permits import visible
from flagstone.kernel.audit import Caller, Reason, job
from flagstone.kernel.errors import Fault

T = TypeVar("T")

DEFINITION_BYTES_MAX = 1024 * 1024
OPERATOR = Caller(job("command line"))

Open = Callable[[], AbstractContextManager[Registry]]
Purpose = Annotated[str, typer.Option(help="What it is for; it is recorded.")]
Register = Annotated[str, typer.Option(help="Code of the register.")]


class Form(Enum):
    """Forms of an exported file."""

    CSV = "csv"
    JSON = "json"
    GEOJSON = "geojson"


def commands(open_service: Open) -> typer.Typer:
    """Return the sub-commands; `open_service` opens the registry of the site that the settings name."""
    app = typer.Typer(name="registry", help="Registers: list, publish, import, export.", no_args_is_help=True)
    console = Console(stderr=True)

    @app.command("list")
    def list_registers() -> None:
        """Show the newest version of every register."""
        with _told(console), open_service() as registry:
            Console().print(_table(registry.definitions(OPERATOR)))

    @app.command()
    def publish(file: Path, purpose: Purpose = "Publishing a register") -> None:
        """Publish the version of a register that a YAML file defines."""
        with _told(console), open_service() as registry:
            definition = read_definition(file)
            registry.publish(OPERATOR, definition, Reason(purpose))
            console.print(f"{definition.code} {definition.version} is published.")

    @app.command("import")
    def import_rows(
        file: Path,
        register: Register,
        purpose: Purpose = "Import from a file",
        dry_run: Annotated[bool, typer.Option("--dry-run", help="Check only.")] = False,
    ) -> None:
        """Take rows from a CSV file, or from JSON: a list of objects or one object a line."""
        with _told(console), open_service() as registry, file.open("rb") as data:
            rows = _counted(_rows(data, file, registry.definition(register)), console)
            report = registry.load(OPERATOR, register, rows, Reason(purpose), dry_run=dry_run)
        _show(report, console)
        if not report.clean:
            raise typer.Exit(1)

    @app.command()
    def export(
        register: Register,
        form: Annotated[Form, typer.Option(help="Form of the file.")] = Form.CSV,
        search: Annotated[str, typer.Option(help="Only records with these words.")] = "",
        purpose: Purpose = "Export to a file",
        file: Annotated[Path | None, typer.Option(help="Where to write; without it, to the output.")] = None,
    ) -> None:
        """Write every record of a register as CSV, JSON or GeoJSON."""
        with _told(console), open_service() as registry:
            definition = registry.definition(register)
            records = registry.export(OPERATOR, register, Query(search=search), Reason(purpose))
            pieces = _pieces(form, definition, records)
            with _opened(file) as target:
                target.writelines(_counted(pieces, console))

    return app


def read_definition(file: Path) -> RegisterDefinition:
    """Return the definition in a YAML file; DefinitionInvalid when it is none."""
    if file.stat().st_size > DEFINITION_BYTES_MAX:
        raise DefinitionInvalid(f"{file.name} is larger than {DEFINITION_BYTES_MAX} bytes")
    try:
        return parse_definition(yaml.safe_load(file.read_text("utf-8")))
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
        raise DefinitionInvalid(f"{file.name} is not YAML") from error


def _rows(data: BinaryIO, file: Path, definition: RegisterDefinition) -> Iterator[dict[str, Value]]:
    """Return the rows of a file by the ending of its name."""
    if file.suffix.lower() in {".json", ".ndjson", ".jsonl"}:
        return read_json(data)
    return read_csv(data, definition)


def _pieces(form: Form, definition: RegisterDefinition, records: Iterable[Record]) -> Iterator[str]:
    """Return the text of an export, piece by piece."""
    if form is Form.GEOJSON:
        if definition.geometry is None:
            raise typer.BadParameter(f"{definition.code} has no coordinates")
        return write_geojson(definition, records)
    if form is Form.JSON:
        return write_json(records)
    seen = visible(definition, OPERATOR, concerned=False)
    return write_csv([field.code for field in definition.fields if field.code in seen], records)


def _opened(file: Path | None) -> AbstractContextManager[TextIO]:
    """Open the target of an export; line ends are written as they are."""
    return nullcontext(sys.stdout) if file is None else file.open("x", encoding="utf-8", newline="")


def _counted(items: Iterable[T], console: Console) -> Iterator[T]:
    """Yield `items` and show how many there were so far."""
    columns = (SpinnerColumn(), TextColumn("{task.completed} rows"), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("rows", total=None)
        for item in items:
            yield item
            progress.advance(task)


def _table(definitions: Iterable[RegisterDefinition]) -> Table:
    """Return the registers as a table."""
    table = Table("Code", "Version", "Title", "Kind", "Owner", "Fields")
    for one in definitions:
        title = one.title.get("en", next(iter(one.title.values()), ""))
        table.add_row(one.code, one.version, title, one.kind.value, one.owner, str(len(one.fields)))
    return table


def _show(report: ImportReport, console: Console) -> None:
    """Print what an import did, or would do, and what is wrong."""
    for one in report.findings:
        console.print(f"row {one.row}, column {one.column or '-'}: {one.message} [{one.code}]", markup=False)
    if report.findings_left_out:
        console.print(f"and {report.findings_left_out} more findings")
    verb = "would be" if report.dry_run or not report.clean else "were"
    console.print(
        f"{report.rows} rows: {report.created} {verb} created, {report.updated} {verb} updated, "
        f"{report.unchanged} unchanged; {len(report.findings) + report.findings_left_out} findings"
    )
    if not report.clean:
        console.print("Nothing was written. Correct the rows and repeat.")


@contextmanager
def _told(console: Console) -> Iterator[None]:
    """Turn a fault into its title, detail, flaws and remedy, and exit status 1."""
    try:
        yield
    except Fault as fault:
        console.print(f"{fault.title}. {fault.detail}".strip(), markup=False)
        for flaw in fault.flaws:
            console.print(f"  {flaw.pointer}: {flaw.message}", markup=False)
        console.print(fault.remedy, markup=False)
        raise typer.Exit(1) from fault
    except OSError as error:
        console.print(f"{error.filename or 'The file'}: {error.strerror or 'cannot be used'}", markup=False)
        raise typer.Exit(1) from error
