# SPDX-License-Identifier: EUPL-1.2
"""Certificate status: asking, reading the answer, and judging it (RFC 6960 sections 3.2, 4.1, 4.2).

Requests are unsigned, name one certificate by SHA-1 and carry no nonce, as X-Road's do.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.x509 import ocsp as shapes

from flagstone.kernel.errors import Fault, Kind
from flagstone.kernel.findings import Findings
from flagstone.platform.crypto import der, identifiers, ocsp_checks, signing
from flagstone.platform.crypto.certificates import Certificate, CertificateUnreadable
from flagstone.platform.crypto.chains import check_in_time, digest_believed, seconds_between, text_of_time
from flagstone.platform.crypto.digests import Digest, DigestRefused, digest_of
from flagstone.platform.crypto.names import Names, loose_key, names_of, text_of
from flagstone.platform.crypto.ocsp_checks import Subject
from flagstone.platform.crypto.signing import Algorithm, SignatureAlgorithmRefused

RESPONSE_BYTES_MAX = 65_536
CERTIFICATES_MAX = 10
RESPONSES_KEPT = 1024
FRESHNESS_SECONDS = 3600
SUCCESSFUL = "successful"


class OcspUnreadable(Fault):
    """Bytes are not an OCSP message that can be understood."""

    code = "crypto.ocsp-unreadable"
    kind = Kind.INVALID
    title = "The status message cannot be read"
    remedy = "Look at what the address answers: often it is a page of a proxy or an error, not a responder."


@dataclass(frozen=True)
class OcspPolicy:
    """What is asked of a status answer.

    `freshness_seconds` bounds how long before the time asked about it may have been made, and how far a clock
    may be ahead; `responders` are the certificates that are approved to answer for the issuer; `responder`
    names, for findings, who was asked (a URL, or where the answer was kept).
    """

    freshness_seconds: int = FRESHNESS_SECONDS
    check_next_update: bool = True
    responders: tuple[Certificate, ...] = ()
    responder: str = ""


@dataclass(frozen=True)
class CertId:
    """Which certificate is meant: its serial number, and digests of its issuer's name and key (4.1.1)."""

    digest: Digest
    issuer_name_hash: bytes
    issuer_key_hash: bytes
    serial: int

    @classmethod
    def of(cls, serial: int, issuer: Certificate, digest: Digest = Digest.SHA1) -> CertId:
        """Return the name of the certificate that `issuer` gave the number `serial`."""
        return cls(digest, *_issuer_hashes(issuer, digest), serial)

    def fits(self, issuer: Certificate) -> bool:
        """Tell whether the certificate that is meant was issued under the name and key of `issuer`."""
        return self == CertId.of(self.serial, issuer, self.digest)

    def der(self) -> bytes:
        """Return the DER of the CertID."""
        return der.sequence(
            identifiers.digest_identifier(self.digest),
            der.octets(self.issuer_name_hash),
            der.octets(self.issuer_key_hash),
            der.integer(self.serial),
        )


@lru_cache(RESPONSES_KEPT)
def _issuer_hashes(issuer: Certificate, digest: Digest) -> tuple[bytes, bytes]:
    """Return the digests of an issuer's name and key."""
    return digest_of(issuer.subject_der, digest), digest_of(issuer.key_bits, digest)


@dataclass(frozen=True, eq=False)
class OcspResponse:
    """A status answer as it was read; nothing of it is believed yet.

    `status` is `successful` or the responder's error; the rest is set only for a successful answer. Of the
    single answers only the first is kept, as peers look at no other. `state` is `good`, `revoked`, `unknown`.
    """

    status: str
    cert_id: CertId | None = None
    state: str = ""
    revoked_at: datetime | None = None
    revocation_reason: str = ""
    produced_at: datetime | None = None
    this_update: datetime | None = None
    next_update: datetime | None = None
    responder_name: bytes | None = None
    responder_text: str = ""
    responder_key_hash: bytes | None = None
    certificates: tuple[Certificate, ...] = ()
    signature: bytes = b""
    signed_bytes: bytes = b""
    algorithm: Algorithm | None = None


def request_for(certificate: Certificate, issuer: Certificate) -> bytes:
    """Return the request for one certificate's status: `application/ocsp-request`, DER."""
    named = CertId.of(certificate.serial, issuer)
    return der.sequence(der.sequence(der.sequence(der.sequence(named.der()))))


def read_response(response: bytes) -> OcspResponse:
    """Return what `application/ocsp-response` holds; OcspUnreadable beyond 64 KiB or when malformed."""
    if len(response) > RESPONSE_BYTES_MAX:
        raise OcspUnreadable(f"{len(response)} bytes are too many")
    return _read(response)


def verify(
    response: bytes,
    certificate: Certificate,
    issuer: Certificate,
    *,
    at: datetime,
    policy: OcspPolicy,
    findings: Findings,
) -> bool:
    """Tell whether the answer says that `certificate` is good at the time `at`; each check is a finding.

    Never raises: an answer that cannot be read is a failing finding (RFC 6960 section 3.2, and the rules of
    X-Road where it leaves a choice: the first single answer counts, a missing nextUpdate is no fault).
    """
    about = Subject(certificate, at, policy.responder, findings)
    try:
        read = read_response(response)
    except OcspUnreadable as error:
        return about.fails(ocsp_checks.READABLE, f"{len(response)} bytes: {error.detail}")
    if read.status != SUCCESSFUL:
        return about.fails(ocsp_checks.ANSWERED, ocsp_checks.ERRORS.get(read.status, read.status))
    about.name(read.responder_text)
    good = about.that(ocsp_checks.MATCHES, _mismatch(read, certificate, issuer))
    good &= _check_signer(read, issuer, at, policy, about)
    good &= _check_times(read, at, policy, about)
    return good & _check_state(read, at, about)


def is_responder_of(candidate: Certificate, issuer: Certificate) -> bool:
    """Tell whether `issuer` issued `candidate` for OCSPSigning, and so lets it answer (4.2.2.2)."""
    return (
        "OCSPSigning" in (candidate.extended or ())
        and candidate.issuer_key == issuer.subject_key
        and candidate.is_signed_by(issuer)
    )


def _mismatch(read: OcspResponse, certificate: Certificate, issuer: Certificate) -> str:
    """Return why the first single answer is not about the certificate; empty when it is."""
    named = read.cert_id
    if named is None:
        return "the answer names its certificate by a digest that is not known"
    if named.serial != certificate.serial:
        return f"the answer is about the certificate with serial {named.serial:02x}"
    return "" if named.fits(issuer) else f"the answer is about another issuer than {issuer.describe()}"


def _check_signer(
    read: OcspResponse, issuer: Certificate, at: datetime, policy: OcspPolicy, about: Subject
) -> bool:
    """Note who signed, whether it may, whether its own time is not over, and whether the signature holds."""
    named = [each for each in (*policy.responders, issuer, *read.certificates) if _is_responder(read, each)]
    if not about.that(ocsp_checks.SIGNER_KNOWN, "" if named else f"nobody known is {read.responder_text}"):
        return False
    signers = [each for each in named if _signed(read, each)]
    if not about.that(ocsp_checks.SIGNATURE, "" if signers else f"not made by {named[0].describe()}"):
        return False
    allowed = [each for each in signers if _allowed(each, issuer, policy)]
    signer = (allowed or signers)[0]
    refusal = f"{signer.describe()} is neither approved, nor {issuer.describe()}, nor its delegate"
    if not about.that(ocsp_checks.SIGNER_ALLOWED, "" if allowed else refusal, said=signer.describe()):
        return False
    algorithm = read.algorithm
    believed = algorithm is not None and digest_believed(algorithm.digest, at)
    good = about.that(ocsp_checks.DIGEST, "" if believed else f"signed with {algorithm and algorithm.title}")
    if signer in policy.responders or signer == issuer:
        return good
    made = Findings()
    in_time = check_in_time(signer, at, made)
    return good & about.that(ocsp_checks.SIGNER_IN_TIME, "" if in_time else made.verdict.findings[0].detail)


def _is_responder(read: OcspResponse, candidate: Certificate) -> bool:
    """Tell whether the answer names `candidate` as its responder, by name or by key."""
    if read.responder_key_hash is not None:
        return digest_of(candidate.key_bits, Digest.SHA1) == read.responder_key_hash
    return loose_key(candidate.subject) == read.responder_name


@lru_cache(RESPONSES_KEPT)
def _signed(read: OcspResponse, candidate: Certificate) -> bool:
    """Tell whether the key of `candidate` signed the answer; each pair is computed once."""
    return read.algorithm is not None and signing.verify(
        candidate.public_der, read.signature, read.signed_bytes, read.algorithm
    )


def _allowed(signer: Certificate, issuer: Certificate, policy: OcspPolicy) -> bool:
    """Tell whether `signer` is approved, the issuer itself, or a delegate of the issuer."""
    return signer in policy.responders or signer == issuer or is_responder_of(signer, issuer)


def _check_times(read: OcspResponse, at: datetime, policy: OcspPolicy, about: Subject) -> bool:
    """Note whether the answer was fresh at the time asked about, not ahead of it, and not yet replaced."""
    made, bound = read.this_update or at, policy.freshness_seconds
    old, ahead = seconds_between(made, at), seconds_between(at, made)
    said = f"made at {text_of_time(made)}, asked about {text_of_time(at)}"
    too_old = f"{said}: {old} seconds old, {bound} allowed, {old - bound} too many"
    too_new = f"{said}: {ahead} seconds ahead, {bound} allowed"
    good = about.that(ocsp_checks.FRESH, too_old if old > bound else "", said=said, difference=old)
    good &= about.that(ocsp_checks.NOT_AHEAD, too_new if ahead > bound else "", difference=old)
    if read.next_update is None or not policy.check_next_update:
        return good
    late = seconds_between(read.next_update, at)
    passed = (
        f"a newer answer was due at {text_of_time(read.next_update)}, {late} seconds before the time asked"
    )
    return good & about.that(ocsp_checks.NEXT_UPDATE, passed if late > 0 else "", difference=late)


def _check_state(read: OcspResponse, at: datetime, about: Subject) -> bool:
    """Note whether the responder knows the certificate and has not revoked or suspended it."""
    unknown = "the responder has no record of the certificate" if read.state == "unknown" else ""
    if not about.that(ocsp_checks.KNOWN, unknown):
        return False
    if read.state != "revoked" or read.revoked_at is None:
        return about.that(ocsp_checks.NOT_REVOKED, "")
    word = "suspended" if read.revocation_reason == "certificateHold" else "revoked"
    before = seconds_between(read.revoked_at, at)
    when = f"{before} seconds before" if before >= 0 else f"{-before} seconds after"
    reason = read.revocation_reason or "not given"
    detail = f"{word} since {text_of_time(read.revoked_at)}, {when} the time asked; reason: {reason}"
    return about.that(ocsp_checks.NOT_REVOKED, detail, difference=before)


@lru_cache(RESPONSES_KEPT)
def _read(response: bytes) -> OcspResponse:
    """Return what an answer holds, read once; OcspUnreadable when it is malformed."""
    try:
        read = shapes.load_der_ocsp_response(response)
        if read.response_status is not shapes.OCSPResponseStatus.SUCCESSFUL:
            return OcspResponse(status=read.response_status.name.lower())
        return _value(read, _algorithm(response))
    except (ValueError, TypeError, OverflowError, UnsupportedAlgorithm) as error:
        raise OcspUnreadable("the answer is malformed") from error
    except (der.DerRefused, CertificateUnreadable, DigestRefused) as error:
        raise OcspUnreadable(error.detail) from error


def _value(read: shapes.OCSPResponse, algorithm: Algorithm | None) -> OcspResponse:
    """Return the parts of a successful answer; ValueError when there is no single answer in it."""
    single = next(iter(read.responses), None)
    if single is None or len(read.certificates) > CERTIFICATES_MAX:
        raise ValueError("no single answer, or too many certificates")
    names, reason = _responder_names(read.tbs_response_bytes), single.revocation_reason
    return OcspResponse(
        status=SUCCESSFUL,
        cert_id=_cert_id(single),
        state=single.certificate_status.name.lower(),
        revoked_at=single.revocation_time_utc,
        revocation_reason=reason.value if reason else "",
        produced_at=read.produced_at_utc,
        this_update=single.this_update_utc,
        next_update=single.next_update_utc,
        responder_name=None if names is None else loose_key(names),
        responder_text=text_of(names or ()) or f"the key {(read.responder_key_hash or b'').hex()}",
        responder_key_hash=read.responder_key_hash,
        certificates=tuple(
            Certificate.read(each.public_bytes(serialization.Encoding.DER)) for each in read.certificates
        ),
        signature=read.signature,
        signed_bytes=read.tbs_response_bytes,
        algorithm=algorithm,
    )


def _responder_names(data: bytes) -> Names | None:
    """Return the name by which the answer names its responder; None when it names a key."""
    parts = [each for each in der.read(data).children() if each.tag != 0xA0]
    return names_of(parts[0].body) if parts[0].tag == 0xA1 else None


def _cert_id(single: shapes.OCSPSingleResponse) -> CertId | None:
    """Return which certificate a single answer is about; None when its digest is not known."""
    try:
        digest = Digest(single.hash_algorithm.name)
    except (UnsupportedAlgorithm, ValueError):
        return None
    return CertId(digest, single.issuer_name_hash, single.issuer_key_hash, single.serial_number)


def _algorithm(response: bytes) -> Algorithm | None:
    """Return how a successful answer is signed; None for algorithms that are not verified here."""
    wrapped = der.read(response).children()[1].children()[0]
    basic = der.read(wrapped.children()[1].of(der.OCTET_STRING).body)
    try:
        return identifiers.read_signature(basic.children()[1])
    except (SignatureAlgorithmRefused, DigestRefused):
        return None
