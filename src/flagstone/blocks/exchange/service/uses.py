# SPDX-License-Identifier: EUPL-1.2
"""Whose data messages used, on the way from the message log to the tracker: sealed while it waits."""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Mapping
from typing import Any, cast

from flagstone.blocks.exchange.contract.log import DataUsed, PersonsUsed, Side
from flagstone.blocks.exchange.model import names
from flagstone.blocks.exchange.service.sealing import Place, Sealer, opened, sealed
from flagstone.kernel.audit import Reason
from flagstone.kernel.clock import parse_rfc3339, rfc3339
from flagstone.platform.crypto.canonical import Canonical

TABLE = "outbox"


def published(sealer: Sealer, record: PersonsUsed) -> DataUsed:
    """Return the event that tells of `record`."""
    reason = record.reason
    content: Mapping[str, Canonical] = {
        "at": rfc3339(record.at),
        "message_id": record.message_id,
        "client": str(record.client),
        "service": str(record.service),
        "persons": dict(record.persons),
        "purpose": reason.purpose,
        "legal_basis": reason.legal_basis,
        "case": reason.case,
        "hidden_until": rfc3339(reason.hidden_until) if reason.hidden_until else "",
        "user": record.user,
        "unread": record.unread,
    }
    return DataUsed(record.exchange, b64encode(sealed(sealer, _place(record.exchange), content)).decode())


def told(sealer: Sealer, payload: Mapping[str, Any]) -> PersonsUsed:
    """Return the record of which an event's `payload` tells; SealBroken when it was changed or moved."""
    content = cast(
        "dict[str, Any]", opened(sealer, _place(payload["exchange"]), b64decode(payload["sealed"]))
    )
    hidden = content["hidden_until"]
    return PersonsUsed(
        exchange=payload["exchange"],
        at=parse_rfc3339(content["at"]),
        message_id=content["message_id"],
        client=names.client_named(content["client"]),
        service=names.service_named(content["service"]),
        persons=content["persons"],
        reason=Reason(
            content["purpose"],
            content["legal_basis"],
            content["message_id"],
            content["case"],
            parse_rfc3339(hidden) if hidden else None,
        ),
        user=content["user"],
        unread=content["unread"],
    )


def _place(exchange: str) -> Place:
    return TABLE, exchange, Side.PROVIDER.value
