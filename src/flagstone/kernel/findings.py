# SPDX-License-Identifier: EUPL-1.2
"""Why something is trusted or not: one finding a check, for people and for machines.

A `Check` is declared once, beside the code that makes it, with a stable code (`ocsp.not-yet-valid`), what it
asks and what to do when it fails. A `Finding` is one check made on one subject (a certificate, a file of a
container, a part of a configuration). A verdict is good when something was checked and everything holds.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum


class Outcome(Enum):
    """How a check ended; UNKNOWN is a check that could not be made, and it is named why."""

    HOLDS = "holds"
    FAILS = "fails"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Check:
    """One thing that is checked: its stable `code`, the question, and what to do when the answer is no.

    `wire` is the fault code that other implementations give for the same trouble, in the spelling of 7.8
    (`signature_verification.invalid_signature_value`), or empty where there is none.
    """

    code: str
    question: str
    remedy: str
    wire: str = ""


@dataclass(frozen=True)
class Finding:
    """One check made: `subject` names what was looked at, `detail` says what was seen, `facts` its values.

    Facts are text by name (`certificate`, `responder`, `clock_difference_seconds`) and hold no personal data
    beyond what the verified thing itself says of its signer.
    """

    check: Check
    outcome: Outcome
    subject: str
    detail: str = ""
    facts: Mapping[str, str] = field(default_factory=dict)

    @property
    def code(self) -> str:
        """The stable code of the check."""
        return self.check.code


@dataclass(frozen=True)
class Verdict:
    """All findings about one thing, in the order in which they were made."""

    findings: tuple[Finding, ...]

    @property
    def good(self) -> bool:
        """Tell whether at least one check was made and every check holds."""
        return bool(self.findings) and all(each.outcome is Outcome.HOLDS for each in self.findings)

    @property
    def failed(self) -> tuple[Finding, ...]:
        """Return what does not hold or could not be checked, in order; empty for a good verdict."""
        return tuple(each for each in self.findings if each.outcome is not Outcome.HOLDS)


class Findings:
    """Collects findings while something is being verified; nothing is ever taken out again."""

    def __init__(self) -> None:
        self._made: list[Finding] = []

    def holds(self, check: Check, subject: str, detail: str = "", **facts: str) -> None:
        """Note that `check` holds for `subject`."""
        self._made.append(Finding(check, Outcome.HOLDS, subject, detail, facts))

    def fails(self, check: Check, subject: str, detail: str = "", **facts: str) -> None:
        """Note that `check` does not hold for `subject`, and what was seen instead."""
        self._made.append(Finding(check, Outcome.FAILS, subject, detail, facts))

    def unknown(self, check: Check, subject: str, detail: str = "", **facts: str) -> None:
        """Note that `check` could not be made for `subject`, and why."""
        self._made.append(Finding(check, Outcome.UNKNOWN, subject, detail, facts))

    def that(self, check: Check, subject: str, detail: str = "", *, so: bool, **facts: str) -> bool:
        """Note whether `check` holds for `subject`, and return `so`."""
        (self.holds if so else self.fails)(check, subject, detail, **facts)
        return so

    def add(self, findings: Iterable[Finding]) -> None:
        """Take over the findings of a part."""
        self._made.extend(findings)

    @property
    def verdict(self) -> Verdict:
        """Return what was found so far."""
        return Verdict(tuple(self._made))
