# SPDX-License-Identifier: EUPL-1.2
"""Time-stamps the evidence log: one token for up to 10,000 signatures, and what happens while none is had.

A stamp is kept first and its links after it, some hundred at a time, so that a process that ends between the
steps loses no token and goes on where it was: which records a stamp counts in follows from its range.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from datetime import datetime, timedelta
from threading import Lock

from flagstone.blocks.exchange.contract.evidence import (
    StampingDecision,
    StampingPolicy,
    StampingStanding,
    StampingStopped,
    StampRefused,
)
from flagstone.blocks.exchange.model import stamping as rules
from flagstone.blocks.exchange.service.evidence.authorities import Authorities
from flagstone.blocks.exchange.service.evidence.content import joined
from flagstone.blocks.exchange.service.sealing import Sealer
from flagstone.blocks.exchange.store import evidence
from flagstone.kernel.audit import Reason, job
from flagstone.kernel.clock import parse_rfc3339, rfc3339
from flagstone.platform.crypto.hash_chain_build import TIMESTAMP_CHAIN, Chains, build_chains
from flagstone.platform.crypto.xades import SIGNATURES, read_signature
from flagstone.platform.crypto.xades_build import with_timestamp
from flagstone.platform.storage.database import Database
from flagstone.platform.storage.sql import Row

STAMPER = job("time-stamps")
REASON = Reason("Time-stamps of evidence")
LINKS_AT_ONCE = 500
STANDING_SECONDS = 1.0
"""For how long the decision on passing messages is remembered between two looks at storage."""


class Stamping:
    """Stamps what waits, and decides whether messages pass; safe to share between threads."""

    def __init__(
        self, database: Database, sealer: Sealer, authorities: Authorities, policy: StampingPolicy
    ) -> None:
        """Stamp the records of `database` by `policy`; content opens with `sealer`."""
        self._database = database
        self._sealer = sealer
        self._authorities = authorities
        self.policy = policy
        self._turn = Lock()
        self._seen: tuple[datetime, StampingStanding] | None = None

    def work(self) -> int:
        """Stamp everything that waits; return how many records got their time-stamp.

        StampRefused when no authority gives one; that is remembered, and messages stop after the period.
        """
        with self._turn:
            self._link_all()
            stamped = 0
            while batch := self._waiting():
                self._stamp(batch)
                self._link_all()
                stamped += len(batch)
            return stamped

    def standing(self) -> StampingStanding:
        """Return how time-stamping does, from storage."""
        with self._database.reading() as view:
            row, waiting = evidence.standing(view), evidence.waiting(view)
        return _standing(row, self._authorities.count(), waiting)

    def decision(self) -> StampingDecision:
        """Return whether messages pass now."""
        now = self._database.clock.now()
        if self._seen is None or not timedelta() <= now - self._seen[0] < timedelta(seconds=STANDING_SECONDS):
            with self._database.reading() as view:
                row = evidence.standing(view)
            self._seen = (now, _standing(row, self._authorities.count(), 0))
        return rules.decision(self.policy, self._seen[1], now)

    def require_passing(self) -> None:
        """See `writing.Gate`."""
        found = self.decision()
        if not found.passes:
            why = found.why.value if found.why else ""
            stopped = f" since {rfc3339(found.stops_at)}" if found.stops_at else ""
            raise StampingStopped(f"{why}{stopped}")

    def stamped_now(self, signature: bytes) -> bytes | None:
        """See `writing.Gate`; StampRefused in immediate mode when no authority gives a stamp."""
        if not self.policy.immediate:
            return None
        try:
            token = self._authorities.stamp(read_signature(signature).signature_value)
        except StampRefused as refused:
            self._note(refused)
            if not self.decision().passes:
                raise
            return None  # it is stamped with the next batch, within the acceptable period
        self._note(None)
        return with_timestamp(signature, token.der)

    def _waiting(self) -> list[tuple[int, str]]:
        with self._database.reading() as view:
            return evidence.unstamped(view, self.policy.batch_max)

    def _stamp(self, batch: Sequence[tuple[int, str]]) -> None:
        """Get a time-stamp over `batch` and keep it, its links still to be written."""
        result = b"" if len(batch) == 1 else _chains(batch).result
        try:
            token = self._authorities.stamp(result or self._signature_value(batch[0][0]))
        except StampRefused as refused:
            self._note(refused)
            raise
        first, last = batch[0][0], batch[-1][0]
        row = {
            "at": rfc3339(token.at),
            "first": first,
            "last": last,
            "linked": first - 1,
            "authority": token.url,
            "result": result,
            "token": token.der,
        }
        with self._database.writing(STAMPER, REASON) as write:
            evidence.add_stamp(write, row)
        self._note(None)

    def _signature_value(self, number: int) -> bytes:
        """Return what a time-stamp over one record alone is over."""
        with self._database.reading() as view:
            boxes = evidence.pieces(view, number)
        return read_signature(joined(self._sealer, number, boxes).signature).signature_value

    def _link_all(self) -> None:
        """Write the links of every stamp that still lacks some."""
        while True:
            with self._database.reading() as view:
                stamp = evidence.unlinked_stamp(view)
                if stamp is None:
                    return
                members = evidence.digests(view, stamp["first"], stamp["last"])
            self._link(stamp, members)

    def _link(self, stamp: Row, members: Sequence[tuple[int, str]]) -> None:
        chains: Sequence[bytes] = (b"",) if len(members) == 1 else _chains(members).chains
        left = [
            (number, zlib.compress(chain, 1) if chain else b"")
            for (number, _), chain in zip(members, chains, strict=True)
            if number > stamp["linked"]
        ]
        for at in range(0, len(left), LINKS_AT_ONCE):
            part = left[at : at + LINKS_AT_ONCE]
            with self._database.writing(STAMPER, REASON) as write:
                evidence.link(write, stamp["number"], part, through=part[-1][0])

    def _note(self, refused: StampRefused | None) -> None:
        """Remember a failure since when, or its end; nothing is written while nothing changes."""
        now = self._database.clock.now()
        with self._database.reading() as view:
            row = evidence.standing(view)
        before = _standing(row, 1, 0)
        after = rules.failed(before, now, refused.code) if refused else rules.succeeded(before, now)
        if after.failing_since != before.failing_since or after.last_fault != before.last_fault:
            with self._database.writing(STAMPER, REASON) as write:
                evidence.keep_standing(write, _row(after))
        self._seen = None


def _chains(batch: Sequence[tuple[int, str]]) -> Chains:
    leaves = [{SIGNATURES: bytes.fromhex(digest)} for _, digest in batch]
    return build_chains(leaves, TIMESTAMP_CHAIN)


def _standing(row: Row | None, authorities: int, waiting: int) -> StampingStanding:
    if row is None:
        return StampingStanding(authorities, waiting)
    since, good = (
        parse_rfc3339(row[name]) if row[name] else None for name in ("failing_since", "last_good_at")
    )
    return StampingStanding(authorities, waiting, since, good, row["last_fault"])


def _row(standing: StampingStanding) -> dict[str, str]:
    return {
        "failing_since": rfc3339(standing.failing_since) if standing.failing_since else "",
        "last_good_at": rfc3339(standing.last_good_at) if standing.last_good_at else "",
        "last_fault": standing.last_fault,
    }
