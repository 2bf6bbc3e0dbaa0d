# SPDX-License-Identifier: EUPL-1.2
"""How a country says as data what its registers publish, and how other registers react."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from flagstone.blocks.exchange.contract.identifiers import ClientId
from flagstone.blocks.exchange.contract.news import EventType, Json, TypeId


class Cause(Enum):
    """What happens to a record that an event tells of."""

    REGISTERED = "registered"
    CORRECTED = "corrected"


@dataclass(frozen=True)
class PublishRule:
    """A record of `register` makes an event of `event` when it is registered or corrected.

    For a correction one of `fields` must have changed (any, when empty). `when` are values that the record
    then has; a list is one of several. `recent` names fields whose date lies at most so many days back.
    `payload` names for each member of the payload the field of the record, dotted for a part
    (`languages.0`); what the record does not have is left out.
    """

    event: TypeId
    register: str
    cause: Cause
    payload: Mapping[str, str]
    fields: frozenset[str] = frozenset()
    when: Mapping[str, Json] = field(default_factory=dict)
    recent: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class FromEvent:
    """The value that the member `name` of the event's payload has, `otherwise` where it has none."""

    name: str
    otherwise: Json = None


Given = Json | FromEvent
"""A value that is written: as it stands, or taken from the event."""


@dataclass(frozen=True)
class Reaction:
    """What one system (`at`) does in its `register` on an event.

    Records whose fields equal the event's members that `match` names, and that have the values of
    `where`, get the values of `set`, or are archived when `archive` says so. With `create` in their place
    one record is made unless a record matches already. `match` names fields that records are found by.
    """

    code: str
    at: ClientId
    event: TypeId
    register: str
    match: Mapping[str, str]
    where: Mapping[str, Json] = field(default_factory=dict)
    set: Mapping[str, Given] = field(default_factory=dict)
    create: Mapping[str, Given] = field(default_factory=dict)
    archive: bool = False
    purpose: str = ""
    legal_basis: str = ""


@dataclass(frozen=True)
class NewsPlan:
    """A country's events: types, what makes them, and who reacts; each reaction is a subscription."""

    types: tuple[EventType, ...] = ()
    rules: tuple[PublishRule, ...] = ()
    reactions: tuple[Reaction, ...] = ()
