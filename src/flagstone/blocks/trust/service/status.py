# SPDX-License-Identifier: EUPL-1.2
"""The OCSP responder (RFC 6960): answers of a delegate, kept a while for each certificate as it stands."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from flagstone.blocks.trust.contract.authority import Standing
from flagstone.blocks.trust.contract.keys import Purpose
from flagstone.blocks.trust.service.ring import Held, Ring
from flagstone.blocks.trust.service.standing import REASONS_ON_WIRE
from flagstone.blocks.trust.service.terms import Means
from flagstone.blocks.trust.store import queries
from flagstone.kernel.clock import parse_rfc3339
from flagstone.kernel.errors import Fault
from flagstone.platform.crypto.certificates import Certificate
from flagstone.platform.crypto.digests import Digest
from flagstone.platform.crypto.ocsp import CertId, OcspUnreadable
from flagstone.platform.crypto.ocsp_responder import (
    Good,
    OcspRequest,
    Responder,
    Revoked,
    Status,
    Unknown,
    answer,
    error,
    read_request,
)
from flagstone.platform.crypto.signing import Algorithm, algorithm_of
from flagstone.platform.storage.sql import Row

KEPT_MAX = 10_000
REUSED = timedelta(minutes=5)
"""How long an answer is given again before a fresh one is made, while the certificate stands as it did."""

SERIAL_BITS_MAX = 160

log = structlog.get_logger("flagstone.trust")


@dataclass(frozen=True)
class StatusAnswer:
    """An OCSP response, and until when others on the way may keep it (None: not at all)."""

    der: bytes
    made_at: datetime
    next_update: datetime | None = None


@dataclass(frozen=True)
class _Issuer:
    """An issuing certificate and who answers for it."""

    sha256: str
    certificate: Certificate
    held: Held


class StatusResponder:
    """Answers on the certificates of this authority. Safe to share between threads."""

    def __init__(self, means: Means, ring: Ring) -> None:
        """Sign with the keys in `ring` whose certificates say OCSPSigning."""
        self._means, self._ring = means, ring
        self._kept: OrderedDict[tuple[object, ...], StatusAnswer] = OrderedDict()
        self._lock = threading.Lock()

    def answer(self, request: bytes) -> StatusAnswer:
        """Return the answer to a DER OCSPRequest; whatever goes wrong is an answer too (RFC 6960, 2.3)."""
        now = self._means.now.replace(microsecond=0)
        try:
            asked = read_request(request)
        except OcspUnreadable:
            return StatusAnswer(error("malformed_request"), now)
        try:
            return self._answered(request, asked, now)
        except Fault as fault:
            log.warning("certificate status not answered", code=fault.code)
            return StatusAnswer(error("try_later"), now)

    def _answered(self, request: bytes, asked: OcspRequest, now: datetime) -> StatusAnswer:
        issuer = self._issuer_of(asked.entries[0])
        if issuer is None:
            return StatusAnswer(error("unauthorized"), now)
        rows = {entry: self._row(entry, issuer) for entry in asked.entries}
        key = self._key(asked, issuer, rows)
        kept = self._found(key, now)
        if kept is not None:
            return kept
        until = now + timedelta(minutes=self._means.plan.status_minutes)

        def status_of(entry: CertId) -> Status | None:
            return _status(rows[entry]) if entry.fits(issuer.certificate) else None

        held = issuer.held
        own = Certificate.read(held.certificate)
        responder = Responder(held.key, own, algorithm=_algorithm(held.key.algorithm))
        made = StatusAnswer(
            answer(request, status_of, responder, now=now, next_update=until),
            now,
            until if asked.nonce is None else None,
        )
        self._keep(key, made)
        return made

    def _issuer_of(self, entry: CertId) -> _Issuer | None:
        """Return the issuing certificate that an entry names, with its responder; None for another's."""
        with self._means.database.reading() as view:
            rows = [row for row in queries.authority_rows(view) if row["role"] == "issuing"]
        for row in rows:
            certificate = Certificate.read(row["der"])
            if entry.fits(certificate):
                held = self._ring.held(Purpose.STATUS, row["der"])
                return _Issuer(row["sha256"], certificate, held) if held else None
        return None

    def _row(self, entry: CertId, issuer: _Issuer) -> Row | None:
        """Return how the certificate stands; None when this authority did not issue it."""
        if not 0 < entry.serial.bit_length() <= SERIAL_BITS_MAX:
            return None
        with self._means.database.reading() as view:
            row = queries.standing_of(view, f"{entry.serial:032x}", issuer.sha256)
        return None if row is None or row["standing"] == Standing.PREPARED.value else row

    def _key(self, asked: OcspRequest, issuer: _Issuer, rows: dict[CertId, Row | None]) -> tuple[object, ...]:
        """Return what an answer is kept under: it changes with the certificate and with the responder."""
        if asked.nonce is not None or len(asked.entries) != 1:
            return ()
        row = rows[asked.entries[0]]
        return (asked.entries[0], issuer.held.id, row["revision"]) if row else ()

    def _found(self, key: tuple[object, ...], now: datetime) -> StatusAnswer | None:
        with self._lock:
            kept = self._kept.get(key) if key else None
        return kept if kept is not None and timedelta() <= now - kept.made_at < REUSED else None

    def _keep(self, key: tuple[object, ...], made: StatusAnswer) -> None:
        if not key:
            return
        with self._lock:
            self._kept[key] = made
            while len(self._kept) > KEPT_MAX:
                self._kept.popitem(last=False)


def _status(row: Row | None) -> Status:
    """Return how a certificate stands, as an answer says it; `unknown` when we did not issue it."""
    if row is None:
        return Unknown()
    if row["standing"] == Standing.VALID.value:
        return Good()
    return Revoked(parse_rfc3339(row["changed_at"]), REASONS_ON_WIRE.get(row["reason"], ""))


def _algorithm(default: Algorithm) -> Algorithm:
    """Return what answers are signed with: SHA-256, which every reader knows."""
    return algorithm_of(default.family, Digest.SHA256)
