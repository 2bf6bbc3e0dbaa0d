# SPDX-License-Identifier: EUPL-1.2
"""A configuration, its fetches and its verdicts in words for people at a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from rich.console import Console
from rich.table import Table

from flagstone.blocks.exchange.contract.globalconf import Fetched, GlobalConfiguration, Publication
from flagstone.kernel.findings import Finding, Outcome, Verdict

MARKS = {Outcome.HOLDS: "ok     ", Outcome.FAILS: "FAILS  ", Outcome.UNKNOWN: "unknown"}
_FACTS = (
    "certificate_hash",
    "known_hashes",
    "listed",
    "found",
    "expires_at",
    "checked_at",
    "clock_difference_seconds",
)


def said(text: str) -> None:
    """Print text as it is."""
    Console(highlight=False, soft_wrap=True).print(text, markup=False)


def tell(lines: Iterable[str]) -> None:
    """Print lines."""
    for line in lines:
        said(line)


def record_lines(record: Fetched) -> Iterator[str]:
    """Yield how a fetch ended, with the reasons where it failed."""
    if record.good:
        until = record.expires_at.isoformat(timespec="seconds") if record.expires_at else "unknown"
        yield f"{record.instance}: version {record.version} from {record.url}, until {until}"
        return
    yield f"{record.instance}: not fetched at {record.tried_at.isoformat(timespec='seconds')}"
    yield from finding_lines(record.verdict)


def finding_lines(verdict: Verdict) -> Iterator[str]:
    """Yield each finding, and below what failed its values and what to do."""
    for each in verdict.findings:
        detail = f": {each.detail}" if each.detail else ""
        yield f"{MARKS[each.outcome]} {each.code}  {each.subject}{detail}"
        if each.outcome is not Outcome.HOLDS:
            yield from _more(each)


def _more(finding: Finding) -> Iterator[str]:
    """Yield the values that explain a failure, and the remedy."""
    for name in _FACTS:
        if value := finding.facts.get(name):
            yield f"          {name.replace('_', ' ')}: {value}"
    yield f"          {finding.check.remedy}"


def instance_tables(configuration: GlobalConfiguration) -> None:
    """Print every instance in one row."""
    table = Table("Instance", "Version", "Until", "Members", "Servers", "Groups", "CAs", "TSAs")
    for name, each in configuration.instances.items():
        if each.shared is None:
            continue
        shared, own = each.shared, " (own)" if name == configuration.instance else ""
        until = each.shared_until.isoformat(timespec="seconds") if each.shared_until else "not said"
        counted = (shared.members, shared.servers, shared.groups, shared.cas, shared.tsas)
        table.add_row(f"{name}{own}", str(shared.version), until, *(str(len(each)) for each in counted))
    Console().print(table)


def publication_lines(publication: Publication) -> None:
    """Print what is published and by which keys."""
    versions = f"V{publication.versions[0]} to V{publication.versions[-1]}"
    said(f"Published    {publication.instance}, {versions}, {publication.stamp}")
    said(f"Until        {publication.expires_at.isoformat(timespec='seconds')}")
    for each in publication.keys:
        since = each.since.isoformat(timespec="seconds")
        said(f"Key          {each.name} {each.state.value} since {since}, SHA-256 {each.sha256[:16]}")
