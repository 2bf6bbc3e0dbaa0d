# SPDX-License-Identifier: EUPL-1.2
"""A country's events read from plain data, strictly: what YAML gives becomes a `NewsPlan`.

Types stand below the room that publishes them, each with what publishes it and who reacts. A value that
is written comes from the event as `{from: member}`. Flaws are named by RFC 6901 pointers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from flagstone.blocks.exchange.contract.identifiers import ClientId, Subject
from flagstone.blocks.exchange.contract.news import EventType, Json, TypeId
from flagstone.blocks.exchange.contract.news_faults import EventTypeInvalid, NewsPlanInvalid
from flagstone.blocks.exchange.contract.news_plan import (
    Cause,
    FromEvent,
    Given,
    NewsPlan,
    PublishRule,
    Reaction,
)
from flagstone.blocks.exchange.model import names
from flagstone.blocks.exchange.model.news import check_type
from flagstone.blocks.exchange.model.news_schema import members_of, required_of
from flagstone.blocks.exchange.model.plan_nodes import Node
from flagstone.kernel.errors import Flaw

FLAWS_MAX = 100
DAYS_MAX = 36_525
_NOBODY = ClientId("XX", "XX", "0", "none")
_ANYBODY: Subject = _NOBODY


def parse_news(data: object) -> NewsPlan:
    """Return the plan that `data` describes; NewsPlanInvalid names at most 100 flaws."""
    flaws: list[Flaw] = []
    plan = NewsPlan()
    for room in Node(data, "", flaws).entries():
        owner = room.key_as(names.subsystem_named, _NOBODY)
        for each in room.entries():
            plan = _with_type(plan, each, TypeId(owner, each.key))
    codes = [each.code for each in plan.reactions]
    flaws += [Flaw("/", f"the reaction {code} is there twice") for code in codes if codes.count(code) > 1]
    if flaws:
        raise NewsPlanInvalid(f"{len(flaws)} places are wrong", flaws=tuple(flaws[:FLAWS_MAX]))
    return plan


def _with_type(plan: NewsPlan, node: Node, type_id: TypeId) -> NewsPlan:
    """Return `plan` with one more type, its rules and its reactions."""
    node.only(
        "title", "purpose", "legal_basis", "subject", "schema", "subscribers", "publish", "reactions"
    )  # fmt: skip
    rules = tuple(_rule(each, type_id) for each in node.maybe("publish").items())
    reactions = tuple(_reaction(each, type_id) for each in node.maybe("reactions").entries())
    event_type = _type(node, type_id)
    named: set[Subject] = {
        each.named(names.subject_named, _ANYBODY) for each in node.maybe("subscribers").items()
    }
    event_type = replace(event_type, subscribers=frozenset(named | {each.at for each in reactions}))
    _check(node, event_type, rules, reactions)
    return NewsPlan((*plan.types, event_type), (*plan.rules, *rules), (*plan.reactions, *reactions))


def _type(node: Node, type_id: TypeId) -> EventType:
    """Return a type; what is wrong with it is noted."""
    schema = node.at("schema").value
    found = EventType(
        type_id,
        schema if isinstance(schema, Mapping) else {},
        node.at("title").words(),
        node.maybe("purpose").text(empty=""),
        node.maybe("legal_basis").text(empty=""),
        node.maybe("subject").text(empty=""),
    )
    try:
        check_type(found)
    except EventTypeInvalid as fault:
        node.flaws.extend(Flaw(node.pointer + flaw.pointer, flaw.message) for flaw in fault.flaws)
    return found


def _rule(node: Node, type_id: TypeId) -> PublishRule:
    """Return a rule that makes events of a type."""
    node.only("register", "upon", "fields", "when", "recent", "payload")
    return PublishRule(
        type_id,
        node.at("register").text(),
        node.at("upon").one_of(Cause),
        {each.key: each.text() for each in node.at("payload").entries()},
        frozenset(each.text() for each in node.maybe("fields").items()),
        {each.key: _json(each) for each in node.maybe("when").entries()},
        {each.key: each.number(1, DAYS_MAX) for each in node.maybe("recent").entries()},
    )


def _reaction(node: Node, type_id: TypeId) -> Reaction:
    """Return a reaction to events of a type."""
    node.only(
        "at", "register", "match", "where", "set", "create", "archive", "purpose", "legal_basis"
    )  # fmt: skip
    found = Reaction(
        node.key,
        node.at("at").named(names.subsystem_named, _NOBODY),
        type_id,
        node.at("register").text(),
        {each.key: each.text() for each in node.at("match").entries()},
        {each.key: _json(each) for each in node.maybe("where").entries()},
        {each.key: _given(each) for each in node.maybe("set").entries()},
        {each.key: _given(each) for each in node.maybe("create").entries()},
        archive=node.maybe("archive", value=False).truth(),
        purpose=node.at("purpose").text(),
        legal_basis=node.maybe("legal_basis").text(empty=""),
    )
    if not found.match:
        node.refuse("it needs fields to match records by")
    if bool(found.set) + bool(found.create) + found.archive != 1:
        node.refuse("it needs exactly one of set, create and archive")
    return found


def _given(node: Node) -> Given:
    """Return a value that is written: `{from: member, otherwise: value}`, or the value as it stands."""
    if not isinstance(node.value, Mapping):
        return _json(node)
    node.only("from", "otherwise")
    return FromEvent(node.at("from").text(), _json(node.maybe("otherwise")))


def _json(node: Node) -> Json:
    """Return a plain value or a list of them."""
    value = node.value
    if isinstance(value, list):
        return [_json(each) for each in node.items()]
    if value is None or isinstance(value, bool | int | str):
        return value
    node.refuse("it must be text, a whole number, true, false, null or a list of these")
    return None


def _check(
    node: Node, event_type: EventType, rules: tuple[PublishRule, ...], reactions: tuple[Reaction, ...]
) -> None:
    """Note where rules and reactions do not fit the schema of their type."""
    members, required = members_of(event_type.schema), required_of(event_type.schema)
    for place, rule in enumerate(rules):
        at = f"{node.pointer}/publish/{place}/payload"
        unknown, missing = rule.payload.keys() - members, required - rule.payload.keys()
        node.flaws.extend(Flaw(f"{at}/{name}", "the schema does not declare it") for name in sorted(unknown))
        node.flaws.extend(Flaw(f"{at}/{name}", "the schema requires it") for name in sorted(missing))
    for reaction in reactions:
        given = (*reaction.set.values(), *reaction.create.values())
        used = {*reaction.match.values(), *(each.name for each in given if isinstance(each, FromEvent))}
        unknown = {name.partition(".")[0] for name in used} - members
        at = f"{node.pointer}/reactions/{reaction.code}"
        node.flaws.extend(Flaw(f"{at}/{name}", "the schema does not declare it") for name in sorted(unknown))
