# SPDX-License-Identifier: EUPL-1.2
"""Signs messages: one of one part directly, many messages or parts with one signature over a hash chain."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

from flagstone.blocks.exchange.contract.evidence import Signed
from flagstone.platform.crypto.hash_chain_build import leaf_of
from flagstone.platform.crypto.signing import PrivateKey
from flagstone.platform.crypto.xades import MESSAGE
from flagstone.platform.crypto.xades_build import Signer, build_batch

BATCH_MAX = 1_000


@dataclass(frozen=True)
class SigningParty:
    """What signs: a key with its certificate, the intermediate ones, and fresh OCSP answers, all in DER.

    `chain` goes from the issuer upward, without the root; `statuses` are the OCSP responses of the signing
    certificate and of `chain`, in that order.
    """

    key: PrivateKey = field(repr=False)
    certificate: bytes = field(repr=False)
    chain: tuple[bytes, ...] = field(repr=False)
    statuses: tuple[bytes, ...] = field(repr=False)

    @cached_property
    def signer(self) -> Signer:
        """Return the signer, prepared for many signatures."""
        return Signer(self.key, self.certificate, self.chain)


@dataclass(frozen=True)
class Draft:
    """A message to sign: a REST header block or SOAP document, and its bodies."""

    message: bytes = field(repr=False)
    attachments: tuple[bytes, ...] = field(default=(), repr=False)

    @property
    def parts(self) -> Mapping[str, bytes]:
        """Return what is signed, by its reference."""
        bodies = {f"/attachment{number}": body for number, body in enumerate(self.attachments, 1)}
        return {MESSAGE: self.message, **bodies}


def sign(drafts: Sequence[Draft], party: SigningParty, at: datetime) -> list[Signed]:
    """Return the drafts with one signature for all of them, in order; at most 1,000 (ValueError).

    Each gets the same signature and its own hash chain; a single message of one part needs no chain.
    """
    if not 1 <= len(drafts) <= BATCH_MAX:
        raise ValueError(f"1 to {BATCH_MAX} messages are signed at once")
    leaves = [leaf_of(each.parts) for each in drafts]
    return [
        Signed(each.message, each.attachments, made.signature, made.result, made.chain)
        for each, made in zip(drafts, build_batch(leaves, party.signer, party.statuses, at), strict=True)
    ]
