# SPDX-License-Identifier: EUPL-1.2
"""Reports of verified files as plain values, and the words and marks that people read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from flagstone.blocks.exchange.contract.evidence import FileKind, Read, Report
from flagstone.kernel.findings import Finding, Outcome

Plain = None | bool | int | str | Sequence["Plain"] | Mapping[str, "Plain"]

GOOD, NOT_GOOD, UNUSABLE = 0, 1, 2
"""Exit statuses: everything is good; something is not; a file or the configuration cannot be used."""

AREAS = {
    "container": "The container",
    "archive": "The archive",
    "xml": "XML documents",
    "signature": "The signature",
    "hash-chain": "The hash chain",
    "certificate": "Certificates",
    "ocsp": "The certificate's status (OCSP)",
    "timestamp": "The time-stamp",
    "configuration": "The configuration",
    "trust": "Whom it is from",
}
"""Heading of each group of reasons, in the order in which they are shown."""


@dataclass(frozen=True)
class Group:
    """The findings of one area."""

    title: str
    findings: tuple[Finding, ...]


def status(reports: Sequence[Report]) -> int:
    """Return the exit status for what was found in all files."""
    if any(each.kind is FileKind.UNUSABLE for each in reports):
        return UNUSABLE
    return GOOD if reports and all(each.good for each in reports) else NOT_GOOD


def grouped(findings: Sequence[Finding]) -> Iterator[Group]:
    """Yield the findings by area, in the order of `AREAS`; unknown areas come last, by name."""
    areas = sorted({each.code.partition(".")[0] for each in findings})
    order = [each for each in AREAS if each in areas] + [each for each in areas if each not in AREAS]
    for area in order:
        members = tuple(each for each in findings if each.code.partition(".")[0] == area)
        yield Group(AREAS.get(area, area), members)


def all_findings(report: Report) -> Iterator[Finding]:
    """Yield every finding of a file and of those inside."""
    yield from report.verdict.findings
    for each in report.inside:
        yield from all_findings(each)


def plain(report: Report) -> dict[str, Plain]:
    """Return a report as JSON has it: `file`, `kind`, `good`, `says`, `findings`, `inside`."""
    return {
        "file": report.file,
        "kind": report.kind.value,
        "good": report.good,
        "says": _read(report.read),
        "findings": [_finding(each) for each in report.verdict.findings],
        "inside": [plain(each) for each in report.inside],
    }


def moment(at: datetime | None) -> str:
    """Return an instant as `2026-11-22 08:00:00 UTC`, empty for None."""
    return f"{at:%Y-%m-%d %H:%M:%S} UTC" if at else ""


def _finding(finding: Finding) -> dict[str, Plain]:
    told: dict[str, Plain] = {
        "code": finding.code,
        "outcome": finding.outcome.value,
        "subject": finding.subject,
        "question": finding.check.question,
    }
    if finding.detail:
        told["detail"] = finding.detail
    if finding.facts:
        told["facts"] = dict(finding.facts)
    if finding.outcome is not Outcome.HOLDS:
        told["remedy"] = finding.check.remedy
        if finding.check.wire:
            told["wire"] = finding.check.wire
    return told


def _read(read: Read) -> dict[str, Plain]:
    """Return what the file says of itself, without what it does not say."""
    said: dict[str, Plain] = {
        "message_kind": read.message_kind,
        "message_id": read.message_id,
        "exchange": read.exchange,
        "client": read.client,
        "service": read.service,
        "sender": read.sender,
        "signer": read.signer,
        "signed_at": _iso(read.signed_at),
        "parts": list(read.parts),
        "unverified": list(read.unverified),
        "unsigned": list(read.unsigned),
    }
    if read.stamped is not None:
        said["stamped"] = {
            "at": _iso(read.stamped.at),
            "batch": read.stamped.batch,
            "signer": read.stamped.signer,
        }
    if read.batch:
        said["batch"] = True
    return {name: value for name, value in said.items() if value}


def _iso(at: datetime | None) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ") if at else ""
