# SPDX-License-Identifier: EUPL-1.2
"""Gives evidence to those who may have it: a client's own information systems, and auditors of the owner.

Each look is recorded as a search of the log, whoever looks; no container leaves without that record.
"""

from __future__ import annotations

from collections.abc import Sequence

from flagstone.blocks.exchange.contract.evidence import (
    EvidenceAmbiguous,
    EvidenceUnknown,
    NamedFile,
    NotStampedYet,
    Wanted,
)
from flagstone.blocks.exchange.contract.faults import NotPermitted
from flagstone.blocks.exchange.contract.identifiers import ServerId
from flagstone.blocks.exchange.model.roles import require_auditor
from flagstone.blocks.exchange.service.evidence.assembling import container_of
from flagstone.blocks.exchange.service.evidence.stamping import Stamping
from flagstone.blocks.exchange.service.sealing import Sealer
from flagstone.blocks.exchange.store import evidence, messages
from flagstone.kernel.audit import ActorKind, Caller, Reason
from flagstone.platform.storage.database import Database
from flagstone.platform.storage.sql import Row

LOOK = Reason("Evidence of a message was taken from the log")
CONTAINERS_MAX = 100


class Giving:
    """Keeps `contract.evidence.EvidenceLog` for one server."""

    def __init__(self, database: Database, sealer: Sealer, server: ServerId, stamping: Stamping) -> None:
        """Give from `database`; what has no time-stamp yet is stamped by `stamping` where that is asked."""
        self._database = database
        self._sealer = sealer
        self._server = server
        self._stamping = stamping

    def containers(self, caller: Caller, wanted: Wanted) -> tuple[NamedFile, ...]:
        """See `contract.evidence.EvidenceLog`; at most 100 containers, the oldest first.

        A system may have what is of its own client, an auditor of the server's owner everything.
        """
        self._require(caller, wanted)
        rows = self._found(wanted)
        self._note(caller, wanted, len(rows))
        if not rows:
            raise EvidenceUnknown
        if wanted.unique and len(rows) > 1:
            raise EvidenceAmbiguous(f"there are {len(rows)}")
        if wanted.force:
            self._stamping.work()
        return self._assembled(rows)

    def _assembled(self, rows: Sequence[Row]) -> tuple[NamedFile, ...]:
        """Return the containers; all of them must have their time-stamp."""
        with self._database.reading() as view:
            waiting = [
                each for each in rows if not (each["embedded"] or evidence.stamp_of(view, each["number"]))
            ]
            if waiting:
                raise NotStampedYet(f"{len(waiting)} of {len(rows)} wait for it")
            return tuple(container_of(view, self._sealer, each) for each in rows)

    def _require(self, caller: Caller, wanted: Wanted) -> None:
        actor = caller.actor
        if actor.kind is ActorKind.SYSTEM:
            if actor.id != str(wanted.client):
                raise NotPermitted("a system may have the evidence of its own client only")
            return
        require_auditor(caller, self._server)

    def _found(self, wanted: Wanted) -> list[Row]:
        with self._database.reading() as view:
            rows = evidence.found(view, wanted.message_id, str(wanted.client))
        sides = {False: wanted.requests, True: wanted.responses}
        return [each for each in rows if sides[bool(each["is_response"])]][:CONTAINERS_MAX]

    def _note(self, caller: Caller, wanted: Wanted, found: int) -> None:
        looked = {"message_id": wanted.message_id, "client": str(wanted.client), "evidence": "yes"}
        with self._database.writing(caller.actor, LOOK) as write:
            messages.note_search(write, looked, found)
