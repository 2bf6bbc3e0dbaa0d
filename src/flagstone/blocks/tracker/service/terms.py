# SPDX-License-Identifier: EUPL-1.2
"""What every use case of one agency's tracker works with: its terms, and what it keeps secret."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from flagstone.blocks.registry.contract.reading_log import ReadingLog
from flagstone.blocks.registry.contract.registry import Registry
from flagstone.blocks.tracker.contract import Mandates, NotPermitted, Official, RegisterWords, Words
from flagstone.blocks.tracker.model.signals import Thresholds
from flagstone.blocks.tracker.model.usages import member_code, pseudonym
from flagstone.kernel.audit import Actor, ActorKind, Caller, job
from flagstone.kernel.clock import Clock
from flagstone.kernel.ids import EPOCH, PersonCode
from flagstone.platform.crypto.keys import SecretKey
from flagstone.platform.crypto.seal import blind_index, seal, unseal
from flagstone.platform.storage.database import Database

US = Caller(job("tracker"), frozenset({"tracker"}))
PERSON, OFFICIAL = ("tracker", "person"), ("tracker", "official")
REGISTRAR, AUDITOR = "registrar", "auditor"


def nobody_acts_for_others(delegate: PersonCode, person: PersonCode) -> bool:
    """Tell that there is no mandate: for a site that knows of none."""
    del delegate, person
    return False


@dataclass(frozen=True)
class Terms:
    """What an agency decides: who it is, who may act for others, and what reading is unusual.

    `owner` is the member that answers for the site, `organisations` the registry codes whose officials work
    at its desk (none: those of every organisation). `names` gives organisations' names by registry code;
    `services` the words of services that are no registers but whose uses are recorded here. `own_matters`
    are systems (`INSTANCE/CLASS/MEMBER/SUBSYSTEM`) whose users act as persons and not in an office.
    """

    owner: str
    organisations: frozenset[str] = frozenset()
    names: Mapping[str, Words] = field(default_factory=dict)
    services: Callable[[], Mapping[str, RegisterWords]] = dict
    own_matters: frozenset[str] = frozenset()
    mandates: Mandates = nobody_acts_for_others
    thresholds: Thresholds = field(default_factory=Thresholds)
    kept_since: datetime = EPOCH


class Secrets:
    """Finds persons by keyed digests, names officials by pseudonyms, and seals what people write."""

    def __init__(self, key: SecretKey) -> None:
        """Use `key`, which is this agency's own: another's digests and pseudonyms are others."""
        self._key = key

    def person(self, code: PersonCode) -> str:
        """Return the digest by which a person is found."""
        return blind_index(self._key, code, PERSON)

    def pseudonym(self, official: str, organisation: str) -> str:
        """Return what stands for an official of an organisation; empty for nobody."""
        if not official:
            return ""
        return pseudonym(blind_index(self._key, official, (*OFFICIAL, member_code(organisation))))

    def sealed_official(self, official: str, name: str, pseudonym: str) -> bytes:
        """Return who an official is, sealed under her pseudonym."""
        return self.sealed(json.dumps([official, name]), (*OFFICIAL, pseudonym))

    def official(self, sealed: bytes, organisation: str, pseudonym: str) -> Official:
        """Return whom `sealed_official` sealed."""
        official, name = json.loads(self.opened(sealed, (*OFFICIAL, pseudonym)))
        return Official(official, name, organisation)

    def sealed(self, text: str, place: tuple[str, ...]) -> bytes:
        """Return a text sealed for its place."""
        return seal(self._key, text.encode(), place)

    def opened(self, sealed: bytes, place: tuple[str, ...]) -> str:
        """Return a text that was sealed for its place; SealBroken when it was changed or moved."""
        return unseal((self._key,), sealed, place).decode()


@dataclass(frozen=True)
class Means:
    """A database, the site's registers and their readings, the agency's secrets and its terms."""

    database: Database
    registry: Registry
    readings: ReadingLog
    secrets: Secrets
    terms: Terms

    @property
    def clock(self) -> Clock:
        """Return what tells the time."""
        return self.database.clock

    def require(self, caller: Caller, *roles: str) -> None:
        """Raise NotPermitted unless an official of this agency, or the site itself, holds one of `roles`."""
        if caller.actor.kind is ActorKind.JOB:
            return
        ours = self.terms.organisations
        at_home = not ours or member_code(caller.actor.organisation) in ours
        if not caller.holds(*roles) or not at_home:
            raise NotPermitted(f"it takes one of the roles {', '.join(sorted(roles))} at this agency")


def person_of(caller: Caller) -> PersonCode | None:
    """Return the personal code of a human caller."""
    actor = caller.actor
    human = actor.kind in {ActorKind.PERSON, ActorKind.OFFICIAL}
    return PersonCode(actor.id) if human and actor.id else None


def herself(person: PersonCode) -> Caller:
    """Return a person as the registers know her in her own matter: what is hidden from her stays so."""
    return Caller(Actor(ActorKind.PERSON, person), frozenset({"signed-in"}))
