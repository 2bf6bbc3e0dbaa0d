# SPDX-License-Identifier: EUPL-1.2
"""Asks approved time-stamping authorities, one after the other; believes only what verifies (RFC 3161)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import structlog

from flagstone.blocks.exchange.contract.evidence import StampRefused
from flagstone.blocks.exchange.model.stamping import in_order
from flagstone.kernel.errors import Fault
from flagstone.kernel.findings import Findings
from flagstone.platform.crypto import timestamp
from flagstone.platform.crypto.certificates import Certificate
from flagstone.platform.crypto.digests import Digest, digest_of

log = structlog.get_logger("flagstone.exchange")

Ask = Callable[[str, bytes], bytes]
"""Posts a DER TimeStampReq to an address and returns the DER TimeStampResp; a Fault when there was none."""


@dataclass(frozen=True)
class Authority:
    """An approved time-stamping authority: where it is asked, and its certificate."""

    name: str
    url: str
    certificate: Certificate = field(repr=False)


@dataclass(frozen=True)
class Token:
    """A time-stamp that verified: its DER, its time, and the address that gave it."""

    der: bytes = field(repr=False)
    at: datetime
    url: str


class Authorities:
    """Gets time-stamps; who answered last is asked first, the others after it."""

    def __init__(self, approved: Callable[[], Sequence[Authority]], ask: Ask) -> None:
        """Ask those that `approved` returns at the time."""
        self._approved = approved
        self._ask = ask
        self._last_good = ""

    def count(self) -> int:
        """Return how many authorities are approved now."""
        return len(self._approved())

    def stamp(self, data: bytes) -> Token:
        """Return a time-stamp over SHA-512 of `data`; StampRefused when no authority gave a good one."""
        approved = {each.url: each for each in self._approved()}
        trouble = []
        for url in in_order(tuple(approved), self._last_good):
            try:
                token = self._from(approved[url], data)
            except Fault as fault:
                log.warning("no time-stamp", authority=url, fault=fault.code, detail=fault.detail)
                trouble.append(f"{url}: {fault.detail or fault.title}")
            else:
                self._last_good = url
                return token
        raise StampRefused("; ".join(trouble) or "no authority is approved")

    def _from(self, authority: Authority, data: bytes) -> Token:
        imprint = digest_of(data, Digest.SHA512)
        query = timestamp.query(imprint, Digest.SHA512)
        token = timestamp.read_reply(self._ask(authority.url, query), query)
        findings = Findings()
        at = timestamp.verify(token, data, tsa_certificates=(authority.certificate,), findings=findings)
        if at is None:
            failed = findings.verdict.failed
            raise StampRefused(f"{failed[0].code} {failed[0].detail}" if failed else "it does not verify")
        return Token(timestamp.with_certificate(token, (authority.certificate,)), at, authority.url)
