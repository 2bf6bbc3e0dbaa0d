# SPDX-License-Identifier: EUPL-1.2
"""The site's own credentials: keys, certificates, and the newest answer on their status."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from flagstone.blocks.trust.contract.credentials import Credential
from flagstone.blocks.trust.contract.faults import CredentialsMissing, StatusUnavailable
from flagstone.blocks.trust.contract.keys import Purpose
from flagstone.blocks.trust.service.ring import Held, Ring
from flagstone.kernel.clock import Clock
from flagstone.kernel.errors import Fault
from flagstone.kernel.findings import Findings
from flagstone.platform.crypto import ocsp
from flagstone.platform.crypto.certificates import Certificate
from flagstone.platform.crypto.signing import PrivateKey

REFRESHED = timedelta(minutes=10)
"""How old an answer may be before another is asked for."""

AskStatus = Callable[[bytes], bytes]
"""Sends a DER OCSPRequest to the authority and returns its response; a Fault when it does not answer."""


@dataclass(frozen=True)
class _Kept:
    """An answer that verified, and when it was had."""

    response: bytes
    had_at: datetime


class SiteCredentials:
    """Keeps `Credentials[PrivateKey]`. Safe to share between threads."""

    def __init__(self, ring: Ring, ask: AskStatus, clock: Clock) -> None:
        """Take keys from `ring`, and the status of their certificates by `ask`."""
        self._ring, self._ask, self._clock = ring, ask, clock
        self._kept: dict[bytes, _Kept] = {}
        self._lock = threading.Lock()

    def signing(self) -> Credential[PrivateKey]:
        """Return what messages are signed with; CredentialsMissing, StatusUnavailable."""
        return self._credential(Purpose.SIGNING)

    def authentication(self) -> Credential[PrivateKey]:
        """Return what the server shows in TLS; CredentialsMissing, StatusUnavailable."""
        return self._credential(Purpose.AUTHENTICATION)

    def _credential(self, purpose: Purpose) -> Credential[PrivateKey]:
        held = self._ring.held(purpose)
        if held is None or not held.chain:
            raise CredentialsMissing(purpose.value)
        return Credential(held.key, held.certificate, held.chain, self._status(held))

    def _status(self, held: Held) -> bytes:
        """Return an answer that is fresh: the kept one, or another, or the kept one while it verifies."""
        now = self._clock.now()
        with self._lock:
            kept = self._kept.get(held.certificate)
        if kept is not None and timedelta() <= now - kept.had_at < REFRESHED:
            return kept.response
        try:
            return self._asked(held, now)
        except Fault as fault:
            if kept is not None and _is_good(kept.response, held, now):
                return kept.response
            raise StatusUnavailable(fault.title) from fault

    def _asked(self, held: Held, now: datetime) -> bytes:
        """Return a new answer; StatusUnavailable when it does not say that the certificate is good."""
        own, issuer = Certificate.read(held.certificate), Certificate.read(held.chain[0])
        response = self._ask(ocsp.request_for(own, issuer))
        if not _is_good(response, held, now):
            raise StatusUnavailable("the answer does not say that the certificate is good")
        with self._lock:
            self._kept = {held.certificate: _Kept(response, now)} | {
                key: value for key, value in self._kept.items() if key != held.certificate
            }
        return response


def _is_good(response: bytes, held: Held, now: datetime) -> bool:
    """Tell whether an answer says that the certificate of `held` is good now."""
    own, issuer = Certificate.read(held.certificate), Certificate.read(held.chain[0])
    return ocsp.verify(response, own, issuer, at=now, policy=ocsp.OcspPolicy(), findings=Findings())
