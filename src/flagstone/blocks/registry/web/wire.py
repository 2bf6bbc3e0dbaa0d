# SPDX-License-Identifier: EUPL-1.2
"""Our own JSON shapes of records, pages, history, readings and reports; `client` reads them back."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import BaseModel, Field

from flagstone.blocks.registry.contract.record import ImportReport, Page, Reading, Record, Revision
from flagstone.blocks.registry.web.asked import Content
from flagstone.kernel.audit import Reason
from flagstone.kernel.clock import rfc3339


class RecordShape(BaseModel):
    """A record: `data` by field code, dates as ISO 8601, instants as RFC 3339 in UTC."""

    register_: str = Field(alias="register")
    id: str
    version: str
    revision: int
    data: Content
    valid_from: str
    recorded_at: str
    archived: bool


class PageShape(BaseModel):
    """One page of records and the count of all that match."""

    records: list[RecordShape]
    total: int
    page: int
    page_size: int


class ReasonShape(BaseModel):
    """Why something was done; `hidden_until` is an RFC 3339 instant or empty."""

    purpose: str
    legal_basis: str
    message_reference: str
    case: str
    hidden_until: str


class RevisionShape(BaseModel):
    """One entry of a record's history."""

    record: RecordShape
    operation: str
    actor_name: str
    organisation: str
    reason: ReasonShape
    journal_sequence: int


class ReadingShape(BaseModel):
    """One read of a person's data."""

    id: str
    person: str
    register_: str = Field(alias="register")
    record_id: str
    fields: list[str]
    actor_id: str
    actor_name: str
    organisation: str
    system: str
    reason: ReasonShape
    at: str
    actor_kind: str
    on_behalf: str


class FindingShape(BaseModel):
    """One thing wrong in an imported file."""

    row: int
    column: str
    code: str
    message: str


class ReportShape(BaseModel):
    """What an import did or, as a dry run, would do."""

    register_: str = Field(alias="register")
    dry_run: bool
    rows: int
    created: int
    updated: int
    unchanged: int
    findings: list[FindingShape]
    findings_left_out: int


def record_shape(record: Record) -> dict[str, object]:
    """Return `record` as JSON data."""
    return {
        "register": record.register,
        "id": record.id,
        "version": record.version,
        "revision": record.revision,
        "data": dict(record.data),
        "valid_from": record.valid_from.isoformat(),
        "recorded_at": rfc3339(record.recorded_at),
        "archived": record.archived,
    }


def page_shape(page: Page) -> dict[str, object]:
    """Return `page` as JSON data."""
    records = [record_shape(record) for record in page.records]
    return {"records": records, "total": page.total, "page": page.page, "page_size": page.page_size}


def revision_shape(revision: Revision) -> dict[str, object]:
    """Return one entry of a history as JSON data."""
    return {
        "record": record_shape(revision.record),
        "operation": revision.operation,
        "actor_name": revision.actor_name,
        "organisation": revision.organisation,
        "reason": reason_shape(revision.reason),
        "journal_sequence": revision.journal_sequence,
    }


def reading_shape(reading: Reading) -> dict[str, object]:
    """Return one reading as JSON data."""
    return {
        "id": reading.id,
        "person": reading.person,
        "register": reading.register,
        "record_id": reading.record_id,
        "fields": list(reading.fields),
        "actor_id": reading.actor_id,
        "actor_name": reading.actor_name,
        "organisation": reading.organisation,
        "system": reading.system,
        "reason": reason_shape(reading.reason),
        "at": rfc3339(reading.at),
        "actor_kind": reading.actor_kind.value,
        "on_behalf": reading.on_behalf,
    }


def reason_shape(reason: Reason) -> Mapping[str, str]:
    """Return why something was done as JSON data."""
    return {
        "purpose": reason.purpose,
        "legal_basis": reason.legal_basis,
        "message_reference": reason.message_reference,
        "case": reason.case,
        "hidden_until": rfc3339(reason.hidden_until) if reason.hidden_until else "",
    }


def report_shape(report: ImportReport) -> dict[str, object]:
    """Return an import's report as JSON data."""
    findings = [
        {"row": each.row, "column": each.column, "code": each.code, "message": each.message}
        for each in report.findings
    ]
    return {
        "register": report.register,
        "dry_run": report.dry_run,
        "rows": report.rows,
        "created": report.created,
        "updated": report.updated,
        "unchanged": report.unchanged,
        "findings": findings,
        "findings_left_out": report.findings_left_out,
    }
