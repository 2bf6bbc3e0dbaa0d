# SPDX-License-Identifier: EUPL-1.2
"""`flagstone exchange verify`: is a container or an archive what it says, and if not, why."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from flagstone.blocks.exchange.cli import reports, signing
from flagstone.blocks.exchange.cli.tools import Open, console
from flagstone.blocks.exchange.contract.evidence import FileKind, NamedFile, Report
from flagstone.blocks.exchange.contract.globalconf import GlobalConfiguration
from flagstone.blocks.exchange.model.reports import UNUSABLE, plain, status
from flagstone.blocks.exchange.service.evidence.configurations import by_anchor, in_folder
from flagstone.blocks.exchange.service.evidence.verifying import Verifier
from flagstone.kernel.clock import SystemClock, parse_rfc3339
from flagstone.kernel.errors import Fault
from flagstone.kernel.findings import Findings
from flagstone.platform.crypto.asice import ContainerRefused

FILE_BYTES_MAX = 1 << 30
SUFFIXES = frozenset({".asice", ".zip"})

Files = Annotated[
    list[Path],
    typer.Argument(help="Containers (.asice) and archives (.zip) in order of time, or folders of them."),
]
Conf = Annotated[
    Path | None,
    typer.Option(
        help="Folder of a global configuration, as a server keeps it or /verificationconf gives it."
    ),
]
Anchor = Annotated[
    Path | None, typer.Option(help="Configuration anchor; what it leads to is downloaded and not kept.")
]
At = Annotated[
    str, typer.Option(help="RFC 3339 time to judge what has no time-stamp by; else it is judged by now.")
]


def add_to(app: typer.Typer, open_site: Open) -> None:
    """Add the commands of evidence."""
    signing.add_to(app, open_site)

    @app.command()
    def verify(
        files: Files,
        conf: Conf = None,
        anchor: Anchor = None,
        at: At = "",
        *,
        as_json: Annotated[bool, typer.Option("--json", help="Print JSON for machines.")] = False,
        everything: Annotated[bool, typer.Option("--all", help="Show also what holds.")] = False,
    ) -> None:
        """Verify containers and archives of messages, X-Road's or ours, and say each reason.

        Without --conf and --anchor this site's own configuration counts. Exit status: 0 when everything is
        good, 1 when something is not, 2 when a file or the configuration cannot be used.
        """
        with _told():
            instant = _instant(at)
            configuration = _configuration(conf, anchor, open_site)
            found = _verified(_spread(files), configuration, instant)
        if as_json:
            typer.echo(json.dumps([plain(each) for each in found], ensure_ascii=False, indent=2))
        else:
            reports.show(Console(highlight=False), found, everything=everything)
        raise typer.Exit(status(found))


@contextmanager
def _told() -> Iterator[None]:
    """Turn a fault into its words and exit status 2."""
    try:
        yield
    except Fault as fault:
        console.print(f"{fault.title}. {fault.detail}".strip(), markup=False)
        console.print(f"{fault.remedy} ({fault.code})", markup=False)
        raise typer.Exit(UNUSABLE) from fault
    except OSError as error:
        console.print(f"{error.filename or 'The file'}: {error.strerror or 'cannot be used'}", markup=False)
        raise typer.Exit(UNUSABLE) from error


def _instant(text: str) -> datetime:
    try:
        return parse_rfc3339(text) if text else datetime.now(UTC)
    except ValueError as error:
        raise typer.BadParameter(f"{text}: {error}") from error


def _configuration(conf: Path | None, anchor: Path | None, open_site: Open) -> GlobalConfiguration:
    if conf is not None and anchor is not None:
        raise typer.BadParameter("give --conf or --anchor, not both")
    if conf is not None:
        return in_folder(conf)
    if anchor is not None:
        return by_anchor(anchor, SystemClock())
    with open_site() as tools:
        return tools.evidence().configuration()


def _spread(files: Sequence[Path]) -> list[Path]:
    """Return the files with those of a folder, containers and archives by name, in its place."""
    found: list[Path] = []
    for file in files:
        inside = (
            sorted(each for each in file.iterdir() if each.suffix in SUFFIXES) if file.is_dir() else [file]
        )
        if not inside:
            raise typer.BadParameter(f"{file}: the folder holds no .asice and no .zip file")
        found += inside
    return found


def _verified(files: Sequence[Path], configuration: GlobalConfiguration, at: datetime) -> tuple[Report, ...]:
    """Return a report a file; one that cannot be read is unusable, the others are verified all the same."""
    contents: dict[Path, NamedFile] = {}
    unread: dict[Path, Report] = {}
    for file in files:
        try:
            if file.stat().st_size > FILE_BYTES_MAX:
                raise ContainerRefused(f"more than {FILE_BYTES_MAX} bytes")
            contents[file] = NamedFile(file.as_posix(), file.read_bytes())
        except (OSError, ContainerRefused) as error:
            unread[file] = _unread(file, error)
    verified = Verifier(configuration, at).verify(tuple(contents.values()))
    by_file = dict(zip(contents, verified, strict=True))
    return tuple(unread.get(file) or by_file[file] for file in files)


def _unread(file: Path, error: OSError | ContainerRefused) -> Report:
    why = error.detail if isinstance(error, ContainerRefused) else error.strerror or "it cannot be read"
    findings = Findings()
    findings.fails(reports.READABLE, str(file), why)
    return Report(str(file), FileKind.UNUSABLE, findings.verdict)
