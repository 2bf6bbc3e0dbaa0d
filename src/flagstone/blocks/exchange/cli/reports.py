# SPDX-License-Identifier: EUPL-1.2
"""Shows what verifying files found: the verdict first, then what a file says, then reasons and remedies."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.markup import escape
from rich.padding import Padding
from rich.text import Text

from flagstone.blocks.exchange.contract.evidence import FileKind, Read, Report
from flagstone.blocks.exchange.model.reports import grouped, moment
from flagstone.kernel.findings import Check, Finding, Outcome

READABLE = Check(
    "container.readable",
    "Can the file be read at all?",
    "Check the file's name and rights; files of more than 1 GiB are not read.",
)

MARKS = {Outcome.HOLDS: ("✓", "green"), Outcome.FAILS: ("✗", "red"), Outcome.UNKNOWN: ("?", "yellow")}
FACTS_HIDDEN = frozenset({"certificate"})
INSIDE_SHOWN_MAX = 50


def show(console: Console, reports: Sequence[Report], *, everything: bool) -> None:
    """Print all reports and, of more than one, how many are good; `everything` shows what holds too."""
    for report in reports:
        _show(console, report, everything=everything)
    if len(reports) > 1:
        good = sum(each.good for each in reports)
        console.print(f"{good} of {len(reports)} files are good.", style="bold")


def _show(console: Console, report: Report, *, everything: bool) -> None:
    console.print(_verdict(report))
    console.print()
    for name, words in _says(report.read):
        console.print(f"  {name:<9}{escape(words)}", highlight=False)
    shown = report.verdict.findings if everything else report.failed
    for group in grouped(shown):
        console.print()
        console.print(f"  {group.title}", style="bold")
        for finding in group.findings:
            _reason(console, finding)
    _inside(console, report, everything=everything)
    console.print()


def _verdict(report: Report) -> Text:
    """Return the first line: good or not, the file, and the count."""
    made = len(report.verdict.findings)
    if report.good:
        inside = f", {len(report.inside)} containers" if report.inside else ""
        return Text.assemble(("Good", "bold green"), f"  {report.file}: all {made} checks hold{inside}")
    title = "Unusable" if report.kind is FileKind.UNUSABLE else "Not good"
    bad = sum(not each.good for each in report.inside)
    words = [f"{len(report.failed)} of {made} checks fail"] if report.failed or not bad else []
    words += [f"{bad} of {len(report.inside)} containers are not good"] if bad else []
    return Text.assemble((title, "bold red"), f"  {report.file}: {'; '.join(words)}")


def _says(read: Read) -> list[tuple[str, str]]:
    """Return what the file says of itself, line by line, without empty lines."""
    stamped = ""
    if read.stamped is not None:
        together = "together with others" if read.stamped.batch else "alone"
        stamped = f"{moment(read.stamped.at)}, {together}, by {read.stamped.signer}"
    signed = ", ".join(part for part in (moment(read.signed_at), read.signer and f"by {read.signer}") if part)
    lines = [
        ("Message", f"{read.message_kind} {read.message_id}".strip()),
        ("From", read.sender),
        ("Client", read.client),
        ("Service", read.service),
        ("Signed", signed),
        ("Stamped", stamped),
        ("Parts", ", ".join(read.parts)),
        ("Unsigned", _listed(read.unsigned, "nothing signs these, so they prove nothing")),
        ("Not kept", _listed(read.unverified, "unverified; only their digests are evidence")),
    ]
    return [(name, words) for name, words in lines if words]


def _listed(names: Sequence[str], words: str) -> str:
    return f"{', '.join(names)}: {words}" if names else ""


def _reason(console: Console, finding: Finding) -> None:
    mark, style = MARKS[finding.outcome]
    line = Text.assemble((mark, f"bold {style}"), f" {finding.check.question} ", (finding.code, "dim"))
    console.print(Padding(line, (0, 0, 0, 4), expand=False))
    seen = f"{finding.subject}: {finding.detail}" if finding.detail else finding.subject
    console.print(Padding(Text(seen), (0, 0, 0, 6), expand=False))
    for name, value in finding.facts.items():
        if name not in FACTS_HIDDEN:
            console.print(
                Padding(Text(f"{name.replace('_', ' ')}: {value}", style="dim"), (0, 0, 0, 6), expand=False)
            )
    if finding.outcome is not Outcome.HOLDS:
        console.print(Padding(Text.assemble(("→ ", style), finding.check.remedy), (0, 0, 0, 6), expand=False))


def _inside(console: Console, report: Report, *, everything: bool) -> None:
    """Show the containers of an archive that are not good, or all of them."""
    shown = [each for each in report.inside if everything or not each.good]
    if shown:
        console.print()
    for each in shown[:INSIDE_SHOWN_MAX]:
        _show(console, each, everything=everything)
    if len(shown) > INSIDE_SHOWN_MAX:
        console.print(f"  … and {len(shown) - INSIDE_SHOWN_MAX} more; --json tells of all of them.")
