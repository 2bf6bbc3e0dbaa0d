# SPDX-License-Identifier: EUPL-1.2
"""The rules of events: who may do what, how long to wait between attempts, what belongs together."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from flagstone.blocks.exchange.contract.faults import IdentifierInvalid
from flagstone.blocks.exchange.contract.identifiers import ClientId, GroupId
from flagstone.blocks.exchange.contract.news import EventType, Json, Payload, Subscription
from flagstone.blocks.exchange.contract.news_faults import (
    EventInvalid,
    EventTypeInvalid,
    NewsNotPermitted,
    SubscriptionInvalid,
)
from flagstone.blocks.exchange.contract.service import Snapshot
from flagstone.blocks.exchange.model.names import subsystem_named
from flagstone.blocks.exchange.model.news_schema import members_of, payload_flaws, schema_flaws
from flagstone.kernel.audit import ActorKind, Caller
from flagstone.kernel.errors import Flaw

OPERATOR = "operator"
AUDITOR = "auditor"

CODE = re.compile(r"[A-Za-z][A-Za-z0-9._-]{0,63}")
TTL_SECONDS_MAX = 30 * 24 * 3600
WORDS_MAX = 500
SUBSCRIBERS_MAX = 1_000

ATTEMPTS_MAX = 20
FIRST_SECONDS = 1
LIMIT_SECONDS = 3_600
JITTER = 0.2

InGroup = Callable[[ClientId, GroupId], bool]
"""Tells whether a client belongs to a group."""


def groups_in(snapshot: Callable[[], Snapshot]) -> InGroup:
    """Return what tells by the directory of the moment who belongs to a global group; others have nobody."""

    def in_group(client: ClientId, group: GroupId) -> bool:
        groups = snapshot().directory.groups
        return not group.local and any(one.code == group.code and client in one.members for one in groups)

    return in_group


def system_of(caller: Caller) -> ClientId | None:
    """Return the system that calls, None when the caller is none or has no identifier."""
    if caller.actor.kind is not ActorKind.SYSTEM:
        return None
    try:
        return subsystem_named(caller.actor.system)
    except IdentifierInvalid:
        return None


def is_site(caller: Caller) -> bool:
    """Tell whether the site itself is at work."""
    return caller.actor.kind is ActorKind.JOB


def at_home(caller: Caller, owner: ClientId | None) -> Caller:
    """Return `caller` without the roles that do not count here: they do in the name of the site's owner."""
    code = caller.actor.organisation.rpartition("/")[2]
    if owner is not None and code == owner.member_code:
        return caller
    return replace(caller, roles=caller.roles - {OPERATOR, AUDITOR})


def governs(caller: Caller) -> bool:
    """Tell whether the caller may do everything with this site's events."""
    return is_site(caller) or caller.holds(OPERATOR)


def oversees(caller: Caller) -> bool:
    """Tell whether the caller may look at everything."""
    return governs(caller) or caller.holds(AUDITOR)


def client_of(caller: Caller) -> ClientId:
    """Return the system that calls; NewsNotPermitted when the caller is none."""
    client = system_of(caller)
    if client is None:
        raise NewsNotPermitted("only information systems do this")
    return client


def keeps(caller: Caller, room: ClientId) -> bool:
    """Tell whether the caller keeps a room: its own member's system, or who governs the site."""
    if governs(caller):
        return True
    client = system_of(caller)
    return client is not None and client.member == room.member


def require_keeper(caller: Caller, room: ClientId) -> None:
    """Raise NewsNotPermitted unless the caller keeps the room."""
    if not keeps(caller, room):
        raise NewsNotPermitted("another member's room")


def may_subscribe(event_type: EventType, client: ClientId, in_group: InGroup) -> bool:
    """Tell whether `client` may have events: the room's own member, or whom the type names."""
    if client.member == event_type.id.room.member or client in event_type.subscribers:
        return True
    groups = (one for one in event_type.subscribers if isinstance(one, GroupId))
    return any(in_group(client, group) for group in groups)


def check_type(event_type: EventType) -> None:
    """Raise EventTypeInvalid for a code, subject, schema or words that cannot be used."""
    flaws = list(schema_flaws(event_type.schema))
    if not CODE.fullmatch(event_type.id.code):
        flaws.append(Flaw("/eventType", "is not a plain code of at most 64 characters"))
    if not event_type.id.room.subsystem:
        flaws.append(Flaw("/room", "is not a subsystem"))
    if event_type.subject and event_type.subject not in members_of(event_type.schema):
        flaws.append(Flaw("/subject", "is no member that the schema declares"))
    words = (*event_type.title.values(), event_type.purpose, event_type.legal_basis)
    if any(len(each) > WORDS_MAX for each in words):
        flaws.append(Flaw("/title", f"has words of more than {WORDS_MAX} characters"))
    if len(event_type.subscribers) > SUBSCRIBERS_MAX:
        flaws.append(Flaw("/subscribers", f"are more than {SUBSCRIBERS_MAX}"))
    if flaws:
        raise EventTypeInvalid("", flaws=tuple(flaws))


def check_payload(event_type: EventType, payload: Payload) -> None:
    """Raise EventInvalid when the payload breaks the schema of its type."""
    flaws = payload_flaws(event_type.schema, payload)
    if flaws:
        raise EventInvalid("", flaws=flaws)


def check_subscription(wanted: Subscription) -> None:
    """Raise SubscriptionInvalid for a time to live or a service that cannot be."""
    if not 0 <= wanted.ttl_seconds <= TTL_SECONDS_MAX:
        raise SubscriptionInvalid(f"the time to live is 0 to {TTL_SECONDS_MAX} seconds")
    if not wanted.subscriber.subsystem:
        raise SubscriptionInvalid("the subscriber is not a subsystem")
    if not re.fullmatch(r"[A-Za-z0-9._-]{1,64}", wanted.service):
        raise SubscriptionInvalid("the service has no plain code")


def about(event_type: EventType, payload: Payload) -> str:
    """Return a digest of whom or what an event of a room is about; empty when its type does not say."""
    value: Json = payload.get(event_type.subject) if event_type.subject else None
    if value is None:
        return ""
    return hashlib.sha256(f"{event_type.id.room}\n{value!r}".encode()).hexdigest()[:32]


def pause(attempts: int, chance: float) -> timedelta | None:
    """Return how long to wait after `attempts` failures; None to give up.

    1 s, then twice as long each time up to an hour, a fifth more or less by `chance` (0 to 1), so that
    many events do not come back at once.
    """
    if attempts >= ATTEMPTS_MAX:
        return None
    seconds = min(LIMIT_SECONDS, FIRST_SECONDS * 2 ** (attempts - 1))
    return timedelta(seconds=seconds * (1 - JITTER + 2 * JITTER * chance))
