# SPDX-License-Identifier: EUPL-1.2
"""Who does something and why: what every write and every read of personal data must say."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum


class ActorKind(Enum):
    """What sort of actor is at work."""

    PERSON = "person"  # a person in her own matter
    OFFICIAL = "official"  # a person in an office
    SYSTEM = "system"  # an information system of a member
    JOB = "job"  # the site itself: schedules, imports, deliveries


@dataclass(frozen=True)
class Actor:
    """Who acts: `id` is a personal code or a system's name, never shown in a URL or log.

    `on_behalf` is the end user whom a system of another member names, as that member writes it; only
    that member can tell who it is.
    """

    kind: ActorKind
    id: str = field(repr=False)
    name: str = field(default="", repr=False)
    organisation: str = ""  # code of the organisation in whose name the actor acts
    system: str = ""  # information system, `INSTANCE/CLASS/MEMBER/SUBSYSTEM` where it is one
    on_behalf: str = field(default="", repr=False)


@dataclass(frozen=True)
class Reason:
    """Why: the purpose in words, the legal basis, and the message and case it belongs to.

    `hidden_until`, an aware instant, is set by a lawful investigation: until then the person concerned
    is told that there was a reading, and no more.
    """

    purpose: str
    legal_basis: str = ""
    message_reference: str = ""  # request id or X-Road message id
    case: str = ""  # number of the case it belongs to
    hidden_until: datetime | None = None

    def __post_init__(self) -> None:
        """Refuse a reason that says nothing, or hides until a time without a zone."""
        if not self.purpose.strip():
            raise ValueError("a reason needs a purpose")
        if self.hidden_until is not None and self.hidden_until.tzinfo is None:
            raise ValueError("an instant needs a time zone")


EXCHANGE = "exchange"
"""The role of other agencies' systems whose message the exchange let through."""
TRACKER = "tracker"
"""The role of this site's tracker of the use of personal data."""
SITE_ROLES = frozenset({EXCHANGE, TRACKER})
"""Roles that the site's own parts give; no office, client or settings can."""


def job(name: str) -> Actor:
    """Return the actor for work that the site does by itself, named `name`."""
    return Actor(ActorKind.JOB, id=name, name=name)


@dataclass(frozen=True)
class Caller:
    """An actor together with the roles it holds; what a service asks before it acts."""

    actor: Actor
    roles: frozenset[str] = frozenset()

    def holds(self, *roles: str) -> bool:
        """Tell whether the caller holds at least one of `roles`."""
        return not self.roles.isdisjoint(roles)
