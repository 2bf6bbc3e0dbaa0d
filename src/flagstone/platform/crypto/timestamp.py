# SPDX-License-Identifier: EUPL-1.2
"""Time-stamps: asking an authority, reading its reply, and judging a token (RFC 3161, RFC 5816).

A token's signer is looked up among the approved authorities' certificates; what certificates the token brings
along is never believed by itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from flagstone.kernel.errors import Fault, Kind
from flagstone.kernel.findings import Findings
from flagstone.platform.crypto import der, identifiers, signing
from flagstone.platform.crypto import timestamp_checks as checks
from flagstone.platform.crypto.certificates import Certificate
from flagstone.platform.crypto.chains import check_in_time, digest_believed, text_of_time
from flagstone.platform.crypto.der import DerRefused, Element
from flagstone.platform.crypto.digests import Digest, DigestRefused, digest_of
from flagstone.platform.crypto.keys import RSA_BITS_MIN
from flagstone.platform.crypto.timestamp_token import (
    CERTIFICATES_TAG,
    SIGNED_DATA_OID,
    TST_INFO_OID,
    TimeStampToken,
    TimestampUnreadable,
    content_of,
    definite_of,
    read_imprint,
    read_token,
)

REPLY_BYTES_MAX = 131_072
FAILURES = {
    0: "badAlg: the authority does not stamp this digest",
    2: "badRequest: the authority does not allow this question",
    5: "badDataFormat: the authority could not read the question",
    14: "timeNotAvailable: the authority has no reliable time at the moment",
    15: "unacceptedPolicy: the authority does not stamp under the policy that was asked for",
    16: "unacceptedExtension: the authority does not know an extension of the question",
    17: "addInfoNotAvailable: the authority cannot give what was asked for besides",
    25: "systemFailure: the authority is broken at the moment",
}
"""What the bits of PKIFailureInfo say (RFC 3161 section 2.4.2)."""

RSA_1024_BELIEVED_UNTIL = datetime(2014, 1, 1, tzinfo=UTC)
"""Until then authorities stamped with such keys (NIST SP 800-131A); their old time-stamps stand."""

_GRANTED = (0, 1)


class TimestampRefused(Fault):
    """A time-stamping authority answered, but not with a time-stamp for the question."""

    code = "crypto.timestamp-refused"
    kind = Kind.UNAVAILABLE
    title = "The time-stamping authority gave no time-stamp"
    remedy = "Read what the authority says; check its address and the digest that it accepts, then ask again."


def query(imprint: bytes, digest: Digest, *, nonce: int | None = None, cert_req: bool = False) -> bytes:
    """Return an `application/timestamp-query` for an imprint (2.4.1); DerRefused for another length."""
    if len(imprint) != digest.octets:
        raise DerRefused(f"an imprint of {len(imprint)} bytes is no {digest.title}")
    return der.sequence(
        der.integer(1),
        der.sequence(identifiers.digest_identifier(digest), der.octets(imprint)),
        b"" if nonce is None else der.integer(nonce),
        der.boolean(cert_req) if cert_req else b"",
    )


def read_reply(reply: bytes, asked: bytes) -> bytes:
    """Return the token of an `application/timestamp-reply`, checked against the query that was `asked`.

    The token's signature is not looked at; `verify` does. Raises TimestampRefused when the authority refuses
    or stamped something else, TimestampUnreadable when the reply is none.
    """
    try:
        parts = der.read(reply, bytes_max=REPLY_BYTES_MAX).of(der.SEQUENCE).children()
        status = parts[0].of(der.SEQUENCE).children()
        number = status[0].integer()
        refusal = "" if number in _GRANTED else _refusal(number, status[1:])
        wanted = der.read(asked).of(der.SEQUENCE).children()
        digest, imprint = read_imprint(wanted[1])
    except (DerRefused, DigestRefused) as error:
        raise TimestampUnreadable(error.detail) from error
    except (IndexError, ValueError) as error:
        raise TimestampUnreadable("a part of the reply is missing") from error
    if refusal or len(parts) != 2:
        raise TimestampRefused(refusal or "the authority granted it but sent no token")
    info = read_token(parts[1].whole).info
    if (info.digest, info.imprint) != (digest, imprint):
        raise TimestampRefused("the authority stamped another digest than the one asked for")
    nonces = [each.integer() for each in wanted[2:] if each.tag == der.INTEGER]
    if info.nonce != (nonces[0] if nonces else None):
        raise TimestampRefused("the nonce is not the one that was sent: the reply may be an old one")
    policies = [each.oid() for each in wanted[2:] if each.tag == der.OID]
    if policies and info.policy != policies[0]:
        raise TimestampRefused(f"the authority stamped under the policy {info.policy}")
    return parts[1].whole


def verify(
    token: bytes, data: bytes, *, tsa_certificates: Sequence[Certificate], findings: Findings
) -> datetime | None:
    """Return the time at which `data` was there, or None; each check is a finding.

    `tsa_certificates` are the approved authorities' (section 2.4.2 with the rules of X-Road: one signer,
    found among them by issuer and serial number or by key identifier). Never raises: a token that cannot be
    read is a failing finding.
    """
    try:
        read = read_token(token)
    except TimestampUnreadable as error:
        findings.fails(checks.READABLE, "time-stamp", f"{len(token)} bytes: {error.detail}")
        return None
    good = _check_statement(read, data, findings)
    signer = _signer(read, tsa_certificates, findings)
    if signer is None:
        return None
    good &= _check_signer(read, signer, findings)
    return read.info.time if good else None


def with_certificate(token: bytes, tsa_certificates: Sequence[Certificate]) -> bytes:
    """Return the token with its signer's certificate, taken from the approved ones where it is missing.

    What is signed stays as it is, byte for byte. The token comes back unchanged when the certificate is there
    already or is not among `tsa_certificates`; TimestampUnreadable when it cannot be read.
    """
    read = read_token(token)
    named = [each for each in tsa_certificates if read.names(each)]
    fitting = [each for each in named if _signed(read, each)] or named
    if not fitting or fitting[0].der in read.certificates:
        return token
    parts = content_of(definite_of(token))
    kept = [each.whole for part in parts[3:-1] if part.tag == CERTIFICATES_TAG for each in part.children()]
    rest = [each.whole for each in parts[3:-1] if each.tag != CERTIFICATES_TAG]
    held = der.tlv(CERTIFICATES_TAG, b"".join(sorted([*kept, fitting[0].der])))
    signed = der.sequence(*(each.whole for each in parts[:3]), held, *rest, parts[-1].whole)
    return der.sequence(der.oid(SIGNED_DATA_OID), der.explicit(0, signed))


def _subject(read: TimeStampToken) -> str:
    """Return how findings name a token."""
    return f"time-stamp {read.info.serial:x} of {text_of_time(read.info.time)}"


def _check_statement(read: TimeStampToken, data: bytes, findings: Findings) -> bool:
    """Note whether the token stamps `data`, on a digest to believe, under one signature."""
    named, info = _subject(read), read.info
    facts = {"time": text_of_time(info.time), "digest": info.digest.title, "policy": info.policy}
    seen = digest_of(data, info.digest)
    detail = f"{info.digest.title} {info.imprint.hex()[:32]}… is stamped, {seen.hex()[:32]}… is here"
    good = findings.that(checks.IMPRINT, named, detail, so=seen == info.imprint, **facts)
    weak = [each.title for each in (info.digest, read.digest) if not digest_believed(each, info.time)]
    good &= findings.that(checks.DIGEST, named, ", ".join(weak), so=not weak)
    detail = f"{read.signers} signatures"
    return good & findings.that(checks.ONE_SIGNER, named, detail, so=read.signers == 1)


def _signer(
    read: TimeStampToken, tsa_certificates: Sequence[Certificate], findings: Findings
) -> Certificate | None:
    """Return the approved certificate whose key signed the token; None, with its reason, otherwise."""
    named = _subject(read)
    found = [each for each in tsa_certificates if read.names(each)]
    detail = f"signed by {read.signer_text}, which is none of {len(tsa_certificates)} approved"
    if found:
        detail = found[0].describe()
    if not findings.that(checks.SIGNER_KNOWN, named, detail, so=bool(found), signer=read.signer_text):
        return None
    signers = [each for each in found if _signed(read, each)]
    bits = len(read.signature) * 8 if read.algorithm.family is not signing.Family.ECDSA else RSA_BITS_MIN
    detail = f"signer: {(signers or found)[0].describe()}, {read.algorithm.title}"
    detail += f", by a key of {bits} bits, believed only before 2014" if bits < RSA_BITS_MIN else ""
    if not findings.that(checks.SIGNATURE, named, detail, so=bool(signers)):
        return None
    return signers[0]


def _signed(read: TimeStampToken, candidate: Certificate) -> bool:
    """Tell whether the key of `candidate` signed the token's attributes (RFC 5652 section 5.4)."""
    old = read.info.time < RSA_1024_BELIEVED_UNTIL
    return signing.verify(
        candidate.public_der,
        read.signature,
        read.signed_bytes,
        read.algorithm,
        rsa_bits_min=signing.RSA_BITS_ONCE if old else RSA_BITS_MIN,
    )


def _check_signer(read: TimeStampToken, signer: Certificate, findings: Findings) -> bool:
    """Note whether the attributes hold and name the certificate, and whether it may stamp at that time."""
    named, facts = _subject(read), {"signer": signer.describe()}
    good = _attributes(read, named, findings)
    bound = bool(read.bindings) and all(
        each.value == digest_of(signer.der, each.digest) and each.serial in {None, signer.serial}
        for each in read.bindings
    )
    good &= findings.that(checks.CERTIFICATE_BOUND, named, signer.describe(), so=bound, **facts)
    usages = ", ".join(sorted(signer.extended or ())) or "none"
    detail = f"extended key usages of {signer.describe()}: {usages}"
    detail += "" if signer.extended_critical else ", not critical"
    sole = signer.extended == frozenset({"timeStamping"}) and signer.extended_critical
    good &= findings.that(checks.USAGE, named, detail, so=sole, **facts)
    made = Findings()
    in_time = check_in_time(signer, read.info.time, made)
    finding = made.verdict.findings[0]
    return good & findings.that(
        checks.SIGNER_IN_TIME, named, f"{signer.describe()}: {finding.detail}", so=in_time, **finding.facts
    )


def _attributes(read: TimeStampToken, named: str, findings: Findings) -> bool:
    """Note whether the signed attributes are those of this statement (RFC 5652 sections 11.1, 11.2)."""
    right = read.content_type == TST_INFO_OID
    detail = "" if right else f"the signed content type is {read.content_type}"
    same = read.message_digest == digest_of(read.info_bytes, read.digest)
    detail += "" if same else "the statement was altered after signing"
    return findings.that(checks.ATTRIBUTES, named, detail, so=right and same)


def _refusal(number: int, rest: Sequence[Element]) -> str:
    """Return what the authority says instead of a token: status, reasons, and its own words, cut short."""
    said = [
        each.body.decode("utf-8", "replace")
        for part in rest
        if part.tag == der.SEQUENCE
        for each in part.children()
    ]
    bits = [each.body for each in rest if each.tag == der.BIT_STRING]
    reasons = [
        text
        for bit, text in FAILURES.items()
        if bits and len(bits[0]) > bit // 8 + 1 and bits[0][bit // 8 + 1] & (0x80 >> bit % 8)
    ]
    words = " ".join("".join(each if each.isprintable() else " " for each in " ".join(said)).split())
    return "; ".join([f"status {number}", *reasons, *([f"it says: {words[:200]}"] if words else [])])
