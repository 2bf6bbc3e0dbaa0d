# SPDX-License-Identifier: EUPL-1.2
"""What a site signs and shows itself with: key, certificate, chain and a fresh answer on its status."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

Signer_co = TypeVar("Signer_co", covariant=True)
"""What signs: `flagstone.platform.crypto.signing.PrivateKey`, which a contract cannot name."""


@dataclass(frozen=True)
class Credential(Generic[Signer_co]):
    """A key with its certificate: `chain` goes from the issuer up to and with the root, all in DER.

    `ocsp_response` is the DER of an RFC 6960 response that is fresh now.
    """

    key: Signer_co = field(repr=False)
    certificate: bytes = field(repr=False)
    chain: tuple[bytes, ...] = field(repr=False)
    ocsp_response: bytes = field(repr=False)


class Credentials(Protocol[Signer_co]):
    """The credentials of this site; name it `Credentials[PrivateKey]`."""

    def signing(self) -> Credential[Signer_co]:
        """Return what messages are signed with; CredentialsMissing, StatusUnavailable."""
        ...

    def authentication(self) -> Credential[Signer_co]:
        """Return what the server shows in TLS; CredentialsMissing, StatusUnavailable."""
        ...


class Stamper(Protocol):
    """Stamps time (RFC 3161)."""

    def stamp(self, query: bytes) -> bytes:
        """Return the DER TimeStampResp to a DER TimeStampReq; a query that cannot be granted is told so."""
        ...
