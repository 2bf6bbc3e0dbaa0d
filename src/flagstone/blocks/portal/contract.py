# SPDX-License-Identifier: EUPL-1.2
"""All that others may know of the portal: what it shows of a country, and a person's own sessions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from flagstone.kernel.errors import Fault, Kind


@dataclass(frozen=True)
class LifeEvent:
    """Something that happens in a life: words by language, and the codes of the services that help."""

    code: str
    title: Mapping[str, str]
    text: Mapping[str, str]
    services: tuple[str, ...]


@dataclass(frozen=True)
class OpenSession:
    """A session that a person can look at and end; `here` marks the one that asks."""

    id: str
    signed_in_at: datetime
    last_seen_at: datetime
    ends_at: datetime
    here: bool


class LifeEventMissing(Fault):
    """No such life event is described."""

    code = "portal.life-event-missing"
    kind = Kind.MISSING
    title = "There is no such page"
    remedy = "Choose what is happening in your life on the home page."


class PersonNeeded(Fault):
    """The page is about the person who is signed in, and the caller is a machine."""

    code = "portal.person-needed"
    kind = Kind.FORBIDDEN
    title = "This page is for persons"
    remedy = "Sign in as a person; machines use the interfaces of the registers."


class SignInOutdated(Fault):
    """The browser came back from the provider without the sign-in that it began here, or too late."""

    code = "portal.sign-in-outdated"
    kind = Kind.INVALID
    title = "The sign-in was not finished in time, or was begun in another window"
    remedy = "Sign in again. Cookies must be allowed."
