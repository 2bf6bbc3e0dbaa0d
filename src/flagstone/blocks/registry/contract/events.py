# SPDX-License-Identifier: EUPL-1.2
"""News of the registry; none carries personal data beyond a record's id."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class RecordRegistered:
    """Event: a record was created. It carries no personal data beyond the record's id."""

    register: str
    record_id: str
    revision: int


@dataclass(frozen=True)
class RecordCorrected:
    """Event: a record was changed."""

    register: str
    record_id: str
    revision: int
    fields: tuple[str, ...]


@dataclass(frozen=True)
class RecordArchived:
    """Event: a record was archived (soft delete)."""

    register: str
    record_id: str
    revision: int


@dataclass(frozen=True)
class RecordsLoaded:
    """Event: an import created and corrected records, named here in place of one event for each."""

    register: str
    created: tuple[str, ...]
    corrected: tuple[str, ...]


@dataclass(frozen=True)
class RegisterPublished:
    """Event: a version of a register was published."""

    register: str
    version: str
