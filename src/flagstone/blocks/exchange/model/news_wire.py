# SPDX-License-Identifier: EUPL-1.2
"""An event as it travels: GovStack's `EventItem` (PubSub 2.0.0), with the moment it was published."""

from __future__ import annotations

import re
from collections.abc import Mapping

from flagstone.blocks.exchange.contract.faults import IdentifierInvalid
from flagstone.blocks.exchange.contract.identifiers import ClientId
from flagstone.blocks.exchange.contract.news import Event, Json, TypeId
from flagstone.blocks.exchange.contract.news_faults import EventInvalid
from flagstone.blocks.exchange.model.names import part
from flagstone.blocks.exchange.model.news_schema import ENVELOPE, NotJson, checked_object, encoded
from flagstone.kernel.clock import parse_rfc3339, rfc3339
from flagstone.kernel.errors import Flaw

UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
SEQUENCE_MAX = 2**31 - 1


def event_item(event: Event) -> dict[str, Json]:
    """Return an event as `EventItem`; `at` is ours."""
    return {
        "id": event.id,
        "sequence": event.sequence,
        "publisherId": client_item(event.type.room),
        "eventType": event.type.code,
        "event": dict(event.payload),
        "at": rfc3339(event.at),
    }


def client_item(client: ClientId) -> dict[str, Json]:
    """Return a system as GovStack writes it."""
    return {
        "instanceId": client.instance,
        "memberClass": client.member_class,
        "memberCode": client.member_code,
        "applicationCode": client.subsystem,
    }


def event_body(event: Event) -> bytes:
    """Return the body of a push."""
    return encoded(event_item(event)).encode()


def event_from(found: Mapping[str, Json], code: str) -> Event:
    """Return the event of a push to the inbox of `code`; EventInvalid for anything else.

    The publisher is the event's room.
    """
    try:
        item = checked_object(found, ENVELOPE)
    except NotJson as error:
        raise EventInvalid("", flaws=(Flaw("", str(error)),)) from error
    flaws = tuple(Flaw(f"/{name}", "is missing or not as published") for name in _wrong(item, code))
    if flaws:
        raise EventInvalid("", flaws=flaws)
    payload, publisher = item["event"], client_from(item["publisherId"])
    assert isinstance(payload, Mapping) and publisher is not None  # noqa: PT018 - told by _wrong
    sequence = item["sequence"]
    assert isinstance(sequence, int)
    type_id, moment = TypeId(publisher, code), parse_rfc3339(str(item["at"]))
    return Event(str(item["id"]), type_id, publisher, sequence, moment, payload)


def client_from(item: Json) -> ClientId | None:
    """Return the system that GovStack's `subscriberId` or `publisherId` names; None when it is not one."""
    if not isinstance(item, Mapping):
        return None
    names = ("instanceId", "memberClass", "memberCode", "applicationCode")
    try:
        return ClientId(*(part(str(item.get(name, ""))) for name in names))
    except IdentifierInvalid:
        return None


def _wrong(item: Mapping[str, Json], code: str) -> list[str]:
    """Return the members of an `EventItem` that are missing or not as they must be."""
    sequence, moment = item.get("sequence"), item.get("at")
    right = {
        "id": isinstance(item.get("id"), str) and UUID.fullmatch(str(item["id"])) is not None,
        "sequence": isinstance(sequence, int) and sequence is not True and 1 <= sequence <= SEQUENCE_MAX,
        "publisherId": client_from(item.get("publisherId")) is not None,
        "eventType": item.get("eventType") == code,
        "event": isinstance(item.get("event"), Mapping),
        "at": isinstance(moment, str) and _is_moment(moment),
    }
    return [name for name, good in right.items() if not good]


def _is_moment(text: str) -> bool:
    """Tell whether `text` is RFC 3339."""
    try:
        parse_rfc3339(text)
    except ValueError:
        return False
    return True
