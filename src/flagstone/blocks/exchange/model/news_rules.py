# SPDX-License-Identifier: EUPL-1.2
"""What a record's change publishes and what an event changes, by the rules of a country's plan."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, timedelta

from flagstone.blocks.exchange.contract.identifiers import ClientId, ServiceId
from flagstone.blocks.exchange.contract.news import Json, Payload, Subscription, TypeId
from flagstone.blocks.exchange.contract.news_plan import (
    Cause,
    FromEvent,
    Given,
    NewsPlan,
    PublishRule,
    Reaction,
)
from flagstone.blocks.exchange.contract.service import Endpoint, Purpose, Right


def touched_by(rule: PublishRule, register: str, cause: Cause, fields: Iterable[str] = ()) -> bool:
    """Tell whether a record's change may make the rule's event; its values are looked at later."""
    if (rule.register, rule.cause) != (register, cause):
        return False
    return cause is Cause.REGISTERED or not rule.fields or not rule.fields.isdisjoint(fields)


def needed(rule: PublishRule) -> frozenset[str]:
    """Return the fields of the record that the rule looks at."""
    return frozenset(path.partition(".")[0] for path in (*rule.payload.values(), *rule.when, *rule.recent))


def holds(conditions: Mapping[str, Json], data: Mapping[str, Json]) -> bool:
    """Tell whether `data` has every value of `conditions`; a list is one of several."""
    for path, wanted in conditions.items():
        value = part_of(data, path)
        choices = wanted if isinstance(wanted, list | tuple) else [wanted]
        if not any(type(value) is type(each) and value == each for each in choices):
            return False
    return True


def fits(rule: PublishRule, data: Mapping[str, Json], today: date) -> bool:
    """Tell whether a record of `today` makes the rule's event."""
    return holds(rule.when, data) and all(
        _is_recent(part_of(data, path), today, days) for path, days in rule.recent.items()
    )


def _is_recent(value: Json, today: date, days: int) -> bool:
    """Tell whether `value` is a date of the last `days` days."""
    try:
        return isinstance(value, str) and timedelta(0) <= today - date.fromisoformat(value) <= timedelta(days)
    except ValueError:
        return False


def payload_of(rule: PublishRule, data: Mapping[str, Json]) -> Payload:
    """Return the event's payload; what the record does not have is left out."""
    found = {name: part_of(data, path) for name, path in rule.payload.items()}
    return {name: value for name, value in found.items() if value is not None}


def part_of(data: Json, path: str) -> Json:
    """Return the part of `data` at the dotted `path` of names and places, None where there is none."""
    for step in path.split("."):
        if isinstance(data, Mapping):
            data = data.get(step)
        elif isinstance(data, list | tuple) and step.isascii() and step.isdigit() and int(step) < len(data):
            data = data[int(step)]
        else:
            return None
    return data


def filters_of(reaction: Reaction, payload: Payload) -> dict[str, str] | None:
    """Return the exact values to find the reaction's records by; None when the event lacks one."""
    found = {field: part_of(payload, name) for field, name in reaction.match.items()}
    if not found or not all(isinstance(value, str) and value for value in found.values()):
        return None
    return {field: str(value) for field, value in found.items()}


def written(given: Mapping[str, Given], payload: Payload) -> dict[str, Json]:
    """Return the values that a reaction writes, those of the event put in."""
    found: dict[str, Json] = {}
    for field, value in given.items():
        if isinstance(value, FromEvent):
            taken = part_of(payload, value.name)
            found[field] = value.otherwise if taken is None else taken
        else:
            found[field] = value
    return found


def at_clients(plan: NewsPlan, clients: Iterable[ClientId]) -> NewsPlan:
    """Return what concerns the site that carries `clients`: its rooms, and reactions with their types."""
    own = frozenset(clients)
    reactions = tuple(each for each in plan.reactions if each.at in own)
    awaited = {each.event for each in reactions}
    return NewsPlan(
        tuple(each for each in plan.types if each.id.room in own or each.id in awaited),
        tuple(each for each in plan.rules if each.event.room in own),
        reactions,
    )


def subscriptions_to(plan: NewsPlan, rooms: Iterable[ClientId]) -> tuple[Subscription, ...]:
    """Return the subscriptions that the plan's reactions need, to types of `rooms`, each once."""
    own = frozenset(rooms)
    wanted: set[tuple[TypeId, ClientId]] = {
        (each.event, each.at) for each in plan.reactions if each.event.room in own
    }
    return tuple(Subscription(type_id, at) for type_id, at in sorted(wanted))


def rights_needed(plan: NewsPlan, *, service: str = "events") -> tuple[Right, ...]:
    """Return the rights that the plan's deliveries need.

    A room pushes to the inboxes of those it tells; those whom a type names may use the events of its
    room, where the room itself decides what they may do.
    """
    why = {each.id: Purpose(each.purpose, each.legal_basis) for each in plan.types}
    pushes = {
        Right(
            each.event.room,
            ServiceId(each.at, service),
            Endpoint("POST", f"/inbox/{each.event.code}"),
            why[each.event],
        )
        for each in plan.reactions
    }
    uses = {Right(who, ServiceId(each.id.room, service)) for each in plan.types for who in each.subscribers}
    return (*sorted(pushes, key=str), *sorted(uses, key=str))
