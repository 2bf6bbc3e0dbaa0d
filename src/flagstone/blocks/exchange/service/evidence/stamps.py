# SPDX-License-Identifier: EUPL-1.2
"""Decides whether a container's time-stamp is one of an approved authority, and which time it proves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from flagstone.blocks.exchange.contract.evidence import Stamped
from flagstone.blocks.exchange.service.evidence.container_checks import STAMPED
from flagstone.blocks.exchange.service.evidence.trusting import Trust
from flagstone.kernel.findings import Finding, Findings
from flagstone.platform.crypto import hash_chain, timestamp
from flagstone.platform.crypto.asice import STAMP_CHAIN, STAMP_RESULT, TIMESTAMP, Container
from flagstone.platform.crypto.hash_chain import Chained
from flagstone.platform.crypto.timestamp_token import read_token
from flagstone.platform.crypto.xades import SIGNATURES, XadesSignature

REMEMBERED_MAX = 512


@dataclass(frozen=True)
class _Token:
    """What verifying one token over one imprint found."""

    at: datetime | None
    findings: tuple[Finding, ...]


class Stamps:
    """Verifies time-stamps; what one token proves is worked out once for all containers that share it."""

    def __init__(self, trust: Trust) -> None:
        """Believe the time-stampers that `trust` approves."""
        self._trust = trust
        self._tokens: dict[tuple[bytes, bytes], _Token] = {}

    def verify(self, container: Container, signature: XadesSignature, findings: Findings) -> Stamped | None:
        """Return the time-stamp of a container, None when there is none that can be believed."""
        if signature.timestamps:
            return self._alone(signature.timestamps, signature.signature_value, findings)
        token, result = container.parts.get(TIMESTAMP), container.parts.get(STAMP_RESULT)
        if not token or not result:
            findings.fails(STAMPED, "container", "neither the signature nor the container holds one")
            return None
        findings.holds(STAMPED, TIMESTAMP)
        chained = Chained(result, container.parts.get(STAMP_CHAIN, b""))
        linked = hash_chain.verify(chained, container.part, findings, expected=[SIGNATURES])
        at = self._time(token, result, findings)
        return Stamped(at, True, self._signer(token)) if at is not None and linked else None

    def _alone(self, tokens: Sequence[bytes], value: bytes, findings: Findings) -> Stamped | None:
        """Return the earliest of the time-stamps in a signature; each of them must hold."""
        findings.holds(STAMPED, SIGNATURES)
        times = [self._time(token, value, findings) for token in tokens]
        known = [at for at in times if at is not None]
        if len(known) != len(times):
            return None
        return Stamped(min(known), False, self._signer(tokens[0]))

    def _signer(self, token: bytes) -> str:
        """Return the name of the certificate that a token is by, or the words that it names it by."""
        read = read_token(token)
        named = [each.subject_text for each in self._trust.stampers if read.names(each)]
        return named[0] if named else read.signer_text

    def _time(self, token: bytes, data: bytes, findings: Findings) -> datetime | None:
        key = (token, data)
        if key not in self._tokens:
            if len(self._tokens) >= REMEMBERED_MAX:
                self._tokens.clear()
            made = Findings()
            at = timestamp.verify(token, data, tsa_certificates=self._trust.stampers, findings=made)
            self._tokens[key] = _Token(at, made.verdict.findings)
        found = self._tokens[key]
        findings.add(found.findings)
        return found.at
