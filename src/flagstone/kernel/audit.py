# SPDX-License-Identifier: EUPL-1.2
"""Who does something and why: what every write and every read of personal data must say."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum


class ActorKind(Enum):
    """What sort of actor is at work."""

    PERSON = "person"  # a person in her own matter
    OFFICIAL = "official"  # a person in an office
    SYSTEM = "system"  # an information system of a member
    JOB = "job"  # the site itself: schedules, imports, deliveries


@dataclass(frozen=True)
class Actor:
    """Who acts: `id` is a personal code or a system's name, never shown in a URL or log."""

    kind: ActorKind
    id: str = field(repr=False)
    name: str = field(default="", repr=False)
    organisation: str = ""  # code of the organisation in whose name the actor acts
    system: str = ""  # information system, `INSTANCE/CLASS/MEMBER/SUBSYSTEM` where it is one


@dataclass(frozen=True)
class Reason:
    """Why: the purpose in words, the legal basis, and the message or case it belongs to."""

    purpose: str
    legal_basis: str = ""
    message_reference: str = ""  # request id, X-Road message id or case number

    def __post_init__(self) -> None:
        """Refuse a reason that says nothing."""
        if not self.purpose.strip():
            raise ValueError("a reason needs a purpose")


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
