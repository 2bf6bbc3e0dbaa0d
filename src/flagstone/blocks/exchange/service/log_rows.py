# SPDX-License-Identifier: EUPL-1.2
"""Records of the message log as rows: a few searchable columns in clear, everything else sealed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from flagstone.blocks.exchange.contract.identifiers import ClientId, ServiceId
from flagstone.blocks.exchange.contract.log import Exchanged, RequestLogged, ResponseLogged, Side
from flagstone.blocks.exchange.model import names
from flagstone.blocks.exchange.service.sealing import Sealer, opened, sealed
from flagstone.kernel.clock import parse_rfc3339, rfc3339
from flagstone.platform.crypto.canonical import Canonical
from flagstone.platform.storage.sql import Row

CONTENT_BYTES_MAX = 60_000
"""What fits into one entry of the journal, with the other columns."""

TEXT_LENGTH_MAX = 1_100
REQUEST, RESPONSE = "message_request", "message_response"


@dataclass(frozen=True)
class Rows:
    """Turns records into rows and back."""

    sealer: Sealer

    def request(self, record: RequestLogged) -> dict[str, Any] | None:
        """Return the row of a request; None when it cannot be kept."""
        clear = {
            "exchange": record.exchange,
            "side": record.side.value,
            "at": rfc3339(record.at),
            "message_id": record.message_id,
            "client": _named(record.client),
            "service": _named(record.service),
        }
        content: Mapping[str, Canonical] = {
            "head": record.head,
            "method": record.method,
            "purpose": record.purpose,
            "legal_basis": record.legal_basis,
            "case": record.case,
            "issue": record.issue,
            "peer": record.peer,
            "personal": record.personal,
        }
        return self._row(REQUEST, clear, content, second=int(record.at.timestamp()))

    def response(self, record: ResponseLogged) -> dict[str, Any] | None:
        """Return the row of a response, without its head when that is too long; None for unusable text."""
        clear = {
            "exchange": record.exchange,
            "side": record.side.value,
            "at": rfc3339(record.at),
            "fault": record.fault,
        }
        content: Mapping[str, Canonical] = {
            "head": record.head if len(record.head) < CONTENT_BYTES_MAX - 2_000 else b"",
            "request_hash": record.request_hash,
            "request_bytes": record.request_bytes,
            "response_hash": record.response_hash,
            "response_bytes": record.response_bytes,
        }
        return self._row(
            RESPONSE,
            clear,
            content,
            status=record.status,
            milliseconds=max(0, record.milliseconds),
            usage_count=record.usage_count,
        )

    def exchanged(self, row: Row, *, heads: bool) -> Exchanged:
        """Return the exchange of a found row; its header blocks only where `heads` are wanted."""
        place = (row["exchange"], row["side"])
        content = opened(self.sealer, (REQUEST, *place), row["sealed"])
        request = RequestLogged(
            exchange=row["exchange"],
            side=Side(row["side"]),
            at=parse_rfc3339(row["at"]),
            message_id=row["message_id"],
            client=names.client_named(row["client"]),
            service=names.service_named(row["service"]),
            **_kept(content, heads=heads),
        )
        return Exchanged(request, self._ended(row, heads=heads) if row["response_at"] else None)

    def _ended(self, row: Row, *, heads: bool) -> ResponseLogged:
        content = opened(self.sealer, (RESPONSE, row["exchange"], row["side"]), row["response_sealed"])
        return ResponseLogged(
            exchange=row["exchange"],
            side=Side(row["side"]),
            at=parse_rfc3339(row["response_at"]),
            status=row["response_status"],
            fault=row["response_fault"],
            milliseconds=row["response_milliseconds"],
            usage_count=row["response_usage_count"],
            **_kept(content, heads=heads),
        )

    def _row(
        self, table: str, clear: dict[str, str], content: Mapping[str, Canonical], **numbers: int | None
    ) -> dict[str, Any] | None:
        """Return a row; None when a text cannot be stored or the content is too long."""
        for text in clear.values():
            if len(text) > TEXT_LENGTH_MAX or not _is_storable(text):
                return None
        try:
            box = sealed(self.sealer, (table, clear["exchange"], clear["side"]), content)
        except ValueError:
            return None
        return None if len(box) > CONTENT_BYTES_MAX else {**clear, **numbers, "sealed": box}


@lru_cache(maxsize=1024)
def _named(identifier: ClientId | ServiceId) -> str:
    """Return the text of an identifier; few of them occur often."""
    return str(identifier)


def _kept(content: Mapping[str, object], *, heads: bool) -> dict[str, Any]:
    return dict(content) if heads else {**content, "head": b""}


def _is_storable(text: str) -> bool:
    """Tell whether both engines take `text`: no NUL, no lone surrogates."""
    try:
        return "\x00" not in text and (text.isascii() or bool(text.encode()))
    except UnicodeEncodeError:
        return False
