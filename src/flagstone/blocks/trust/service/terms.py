# SPDX-License-Identifier: EUPL-1.2
"""What every use case of the trust services works with: the plan, the storage, and who may do what."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from flagstone.blocks.trust.contract.authority import OFFICER, REQUESTER
from flagstone.blocks.trust.contract.country import TrustPlan
from flagstone.blocks.trust.contract.faults import NotPermitted
from flagstone.kernel.audit import Actor, ActorKind, Caller, job
from flagstone.platform.crypto.keys import SecretKey
from flagstone.platform.crypto.seal import blind_index
from flagstone.platform.storage.database import Database

US = Caller(job("trust"), frozenset({OFFICER}))
"""The site itself, at work without a request."""


@dataclass(frozen=True)
class Means:
    """The database, the country's plan, where others ask (`address`), and the key of keyed digests.

    `organisation` is the registry code whose officials work here; empty for those of every organisation.
    """

    database: Database
    plan: TrustPlan
    address: str
    secret: SecretKey = field(repr=False)
    organisation: str = ""

    @property
    def now(self) -> datetime:
        """Return the present instant."""
        return self.database.clock.now()

    def mark(self, actor: Actor) -> str:
        """Return the keyed digest that tells actors apart without naming them."""
        return blind_index(
            self.secret, f"{actor.kind.value}/{actor.organisation}/{actor.id}", ("trust", "actor")
        )

    def require_officer(self, caller: Caller) -> None:
        """Raise NotPermitted unless the caller is a trust officer of this organisation or the site itself."""
        is_ours = not self.organisation or caller.actor.organisation == self.organisation
        if not caller.holds(OFFICER) or not (is_ours or caller.actor.kind is ActorKind.JOB):
            raise NotPermitted

    def require_asker(self, caller: Caller) -> None:
        """Raise NotPermitted unless the caller may ask for certificates."""
        if not caller.holds(REQUESTER):
            self.require_officer(caller)
