# SPDX-License-Identifier: EUPL-1.2
"""The certification authority: who asks for which certificate, who decides, and what becomes of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Protocol

from flagstone.kernel.audit import Caller

OFFICER = "trust-officer"
"""The role of officials who decide on requests and change the standing of certificates."""

REQUESTER = "certificates"
"""The role, and the scope, of machines that ask for certificates over the interface."""

PAGE_SIZE_MAX = 200
"""Most requests or certificates in one answer."""

WORDS_LENGTH_MAX = 500
"""Characters of what an official writes beside a decision."""

Name = tuple[tuple[str, str], ...]
"""A distinguished name: attribute (`C`, `O`, `OU`, `CN`, `serialNumber`, `GN`, `SN`) and value, in order."""


class Profile(Enum):
    """What a certificate is for; the profile decides its key usage, its name and how long it is valid."""

    AUTHENTICATION = "authentication"  # TLS of a security server
    SIGNING = "signing"  # messages of a member
    SERVER = "server"  # TLS of a web server
    TIMESTAMPING = "tsa"  # time-stamps of an authority (RFC 3161)
    STATUS = "ocsp"  # answers on certificate status (RFC 6960)
    PERSON_AUTHENTICATION = "person-authentication"
    PERSON_SIGNING = "person-signing"


class Standing(Enum):
    """How a certificate stands; PREPARED has its number and contents on record, and no signature yet."""

    PREPARED = "prepared"
    VALID = "valid"
    SUSPENDED = "suspended"
    REVOKED = "revoked"


class RevocationReason(Enum):
    """Why a certificate was revoked (RFC 5280, 5.3.1); the value is the name in OpenSSL and asn1crypto."""

    UNSPECIFIED = "unspecified"
    KEY_COMPROMISE = "key_compromise"
    CA_COMPROMISE = "ca_compromise"
    AFFILIATION_CHANGED = "affiliation_changed"
    SUPERSEDED = "superseded"
    CESSATION_OF_OPERATION = "cessation_of_operation"
    PRIVILEGE_WITHDRAWN = "privilege_withdrawn"


HOLD = "certificate_hold"
"""The reason of a suspension, which alone can be taken back."""


@dataclass(frozen=True)
class Holder:
    """Whom a certificate is for; which of these a profile needs is said in the handbook.

    `member` is `INSTANCE/CLASS/CODE`, `server` the code of a security server of that member, `hosts` DNS
    names, `name` the organisation's. The last three are of a person.
    """

    member: str = ""
    server: str = ""
    name: str = ""
    hosts: tuple[str, ...] = ()
    personal_code: str = field(default="", repr=False)
    given_name: str = field(default="", repr=False)
    family_name: str = field(default="", repr=False)


class RequestState(Enum):
    """How far a request is: HALF_APPROVED waits for a second official."""

    WAITING = "waiting"
    HALF_APPROVED = "half-approved"
    APPROVED = "approved"
    ISSUED = "issued"
    REFUSED = "refused"


@dataclass(frozen=True)
class Decision:
    """What one official decided on a request; `by` is the official's name, not her code."""

    at: datetime
    by: str
    approves: bool
    words: str = ""


@dataclass(frozen=True)
class Request:
    """A request for a certificate: proof of the key was checked; the name in it is decided by us."""

    id: str
    profile: Profile
    subject: Name = field(repr=False)
    hosts: tuple[str, ...]
    key_kind: str  # `rsa-2048`, `ec-p256`
    key_sha256: str  # hex, of the public key
    asked_at: datetime
    state: RequestState
    decisions: tuple[Decision, ...] = ()
    serial: str = ""  # of the certificate, when it is issued
    renews: str = ""  # serial of the certificate that it follows


@dataclass(frozen=True)
class Certificate:
    """A certificate of this authority; `serial` is lower-case hex of 32 digits, `der` empty when prepared.

    `reason` is a `RevocationReason` value or `HOLD`.
    """

    serial: str
    profile: Profile
    subject: Name = field(repr=False)
    not_before: datetime
    not_after: datetime
    standing: Standing
    der: bytes = field(repr=False)
    sha256: str
    request: str = ""
    changed_at: datetime | None = None
    reason: str = ""
    renews: str = ""


@dataclass(frozen=True)
class CertificateQuery:
    """Which certificates: all of `standing` and `profile` where given, whose number or name has `text`."""

    text: str = ""
    standing: Standing | None = None
    profile: Profile | None = None
    expires_before: datetime | None = None
    offset: int = 0
    limit: int = 50


@dataclass(frozen=True)
class CertificatePage:
    """Some certificates, the newest first, and how many there are in all."""

    certificates: tuple[Certificate, ...]
    total: int


@dataclass(frozen=True)
class AuthorityCertificate:
    """A certificate of the authority itself: `role` is `root` or `issuing`, the current ones first."""

    role: str
    subject: Name
    not_before: datetime
    not_after: datetime
    der: bytes = field(repr=False)
    sha256: str
    current: bool


@dataclass(frozen=True)
class RevocationList:
    """A certificate revocation list (RFC 5280, 5), DER."""

    number: int
    this_update: datetime
    next_update: datetime
    der: bytes = field(repr=False)


class Enrolling(Protocol):
    """Asks for certificates; kept by `service.Service` and, for other sites, by `client.Client`."""

    def ask(
        self, caller: Caller, csr: bytes, profile: Profile, holder: Holder, *, renews: str = ""
    ) -> Request:
        """Leave a PKCS#10 request (PEM or DER) and return it; RequestInvalid, HolderInvalid, RenewalRefused.

        The proof of possession is checked; of the request only the key is taken. The same key asked for
        twice for the same holder and profile is the same request.
        """
        ...

    def request(self, caller: Caller, request_id: str) -> Request:
        """Return one request; RequestUnknown."""
        ...

    def certificate(self, caller: Caller, serial: str) -> Certificate:
        """Return one certificate; CertificateUnknown."""
        ...

    def authority_certificates(self) -> tuple[AuthorityCertificate, ...]:
        """Return the certificates of the authority, the issuing ones first."""
        ...

    def revocation_list(self) -> RevocationList:
        """Return the list that holds now; AuthorityNotReady before the authority has its certificate."""
        ...


class Authority(Enrolling, Protocol):
    """What trust officers do; every method checks the role (NotPermitted)."""

    def requests(self, caller: Caller, *, waiting: bool = True) -> Sequence[Request]:
        """Return the requests that wait, the oldest first; or the newest of all."""
        ...

    def decide(self, caller: Caller, request_id: str, *, approves: bool, words: str = "") -> Request:
        """Approve or refuse a request; a certificate is issued when enough officials approved.

        RequestUnknown, RequestDecided, FourEyesNeeded when the same official decides twice.
        """
        ...

    def certificates(self, caller: Caller, query: CertificateQuery) -> CertificatePage:
        """Return certificates by number, name, standing and profile; persons' names are left out."""
        ...

    def revoke(self, caller: Caller, serial: str, reason: RevocationReason, words: str = "") -> Certificate:
        """Revoke for good; CertificateUnknown, StandingFinal."""
        ...

    def suspend(self, caller: Caller, serial: str, words: str = "") -> Certificate:
        """Suspend until it is released or revoked; CertificateUnknown, StandingFinal."""
        ...

    def release(self, caller: Caller, serial: str, words: str = "") -> Certificate:
        """End a suspension; CertificateUnknown, NotSuspended."""
        ...
