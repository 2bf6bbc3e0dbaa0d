# SPDX-License-Identifier: EUPL-1.2
"""What is wrong with the rows of an import, by row and column, and what every row would do (DRS-24)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from flagstone.blocks.registry.contract.record import FINDINGS_MAX, Finding, ImportReport
from flagstone.blocks.registry.contract.register import Data, RegisterDefinition, Value
from flagstone.kernel.errors import Flaw

INVALID = "invalid-value"
TWICE = "twice-in-file"
TAKEN = "taken"
UNKNOWN = "unknown-record"
ARCHIVED = "archived-record"
DANGLING = "dangling-link"
TOO_MANY = "too-many-rows"


@dataclass(slots=True)
class Candidate:
    """One row of an import: its number from 1, its checked content, and what it meets in the register."""

    number: int
    record_id: str
    data: Data
    removed: tuple[str, ...]
    given: frozenset[str]
    before: Mapping[str, Any] | None = None
    plain: Data = field(default_factory=dict)
    unchanged: bool = False


@dataclass
class Findings:
    """The first findings, and the count of the others."""

    kept: list[Finding] = field(default_factory=list)
    left_out: int = 0

    def add(self, row: int, column: str, code: str, message: str) -> None:
        """Note one thing that is wrong."""
        if len(self.kept) < FINDINGS_MAX:
            self.kept.append(Finding(row, column, code, message))
        else:
            self.left_out += 1

    def add_flaws(self, row: int, flaws: Sequence[Flaw]) -> None:
        """Note the flaws of one row; the column is the outermost field, the rest goes into the message."""
        for flaw in flaws:
            column, _, rest = flaw.pointer.removeprefix("/").partition("/")
            self.add(row, column, INVALID, f"{rest} {flaw.message}".strip())

    def report(self, register: str, candidates: Sequence[Candidate], *, dry_run: bool) -> ImportReport:
        """Return the report on `candidates`."""
        fresh = sum(one.before is None for one in candidates)
        unchanged = sum(one.unchanged for one in candidates)
        return ImportReport(
            register=register,
            dry_run=dry_run,
            rows=len(candidates),
            created=fresh,
            updated=len(candidates) - fresh - unchanged,
            unchanged=unchanged,
            findings=tuple(sorted(self.kept, key=lambda one: (one.row, one.column))),
            findings_left_out=self.left_out,
        )


def natural_key(definition: RegisterDefinition) -> str:
    """Return the field by which rows without an id are matched: the key, or the first required unique one.

    Empty when there is none; then every row without an id is a new record.
    """
    if definition.key:
        return definition.key
    return next((one.code for one in definition.fields if one.unique and one.required), "")


def unique_codes(definition: RegisterDefinition) -> tuple[str, ...]:
    """Return the codes of the unique fields but the key."""
    return tuple(one.code for one in definition.fields if one.unique and one.code != definition.key)


def note_repeats(definition: RegisterDefinition, candidates: Sequence[Candidate], findings: Findings) -> None:
    """Note each row that repeats an id or a unique value of a row before it."""
    seen_ids: dict[str, int] = {}
    for one in candidates:
        if one.record_id and seen_ids.setdefault(one.record_id, one.number) != one.number:
            column = definition.key or "id"
            findings.add(one.number, column, TWICE, f"is also in row {seen_ids[one.record_id]}")
    for code in unique_codes(definition):
        seen: dict[Value, int] = {}
        for one in candidates:
            value = one.data.get(code)
            if value is not None and seen.setdefault(value, one.number) != one.number:
                findings.add(one.number, code, TWICE, f"is also in row {seen[value]}")


def portions(candidates: Sequence[Candidate], size: int) -> Iterator[Sequence[Candidate]]:
    """Yield `candidates` in portions of `size`."""
    for start in range(0, len(candidates), size):
        yield candidates[start : start + size]
