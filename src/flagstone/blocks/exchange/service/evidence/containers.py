# SPDX-License-Identifier: EUPL-1.2
"""Verifies a container from the outside in, each step a named finding (section 2.7 to 2.9 of the profile).

ZIP bounds, parts, message, signature, hash chain, time-stamp, the signer's certificate, its chain and its
status at the time that the time-stamp proves. Later steps are made also where earlier ones failed, as far as
they can be, so that a report tells everything at once. Nothing raises.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from flagstone.blocks.exchange.contract.evidence import FileKind, Read, Report, Stamped
from flagstone.blocks.exchange.model.logged import Logged, NotAMessage, request_hashes
from flagstone.blocks.exchange.service.evidence.container_checks import MESSAGE as MESSAGE_READ
from flagstone.blocks.exchange.service.evidence.container_checks import OPENS, REQUEST_ANSWERED
from flagstone.blocks.exchange.service.evidence.messages import read_message
from flagstone.blocks.exchange.service.evidence.signers import Signers
from flagstone.blocks.exchange.service.evidence.stamps import Stamps
from flagstone.blocks.exchange.service.evidence.trusting import Trust
from flagstone.kernel.findings import Findings, Outcome, Verdict
from flagstone.platform.crypto import asice, hash_chain, xades
from flagstone.platform.crypto.asice import CHAIN, CHAIN_RESULT, Container, ContainerRefused
from flagstone.platform.crypto.certificates import Certificate, CertificateUnreadable
from flagstone.platform.crypto.hash_chain import BY_DIGEST, Chained
from flagstone.platform.crypto.xades import XadesSignature
from flagstone.platform.crypto.xmldsig import SignatureRefused


@dataclass(frozen=True)
class Verified:
    """A container's report, and what ties it to others: its own request hashes, or the one it answers to."""

    report: Report
    logged: Logged | None = None
    hashes: tuple[str, ...] = ()

    @property
    def exchange(self) -> tuple[str, str, str]:
        """Return what request and response of one exchange share."""
        assert self.logged is not None
        return (self.logged.message_id, str(self.logged.client), self.logged.service)


class Containers:
    """Verifies containers by one configuration."""

    def __init__(self, trust: Trust, at: datetime) -> None:
        """Judge what has no time-stamp by the time `at`."""
        self._at = at
        self._signers = Signers(trust)
        self._stamps = Stamps(trust)

    def verify(self, name: str, data: bytes) -> Verified:
        """Return what verifying the container `data`, called `name`, found."""
        findings = Findings()
        try:
            container = asice.read_container(data)
        except ContainerRefused as refused:
            findings.fails(OPENS, name, refused.detail or refused.title)
            return Verified(Report(name, FileKind.UNUSABLE, findings.verdict))
        findings.holds(OPENS, name, f"{len(container.parts)} files")
        asice.verify_parts(container, findings)
        logged = _message(container, findings)
        signature = _signature(container, findings)
        stamped = None
        if signature is not None:
            stamped = self._verify_signed(container, signature, logged, findings)
        read = _read(container, logged, signature, stamped, _by_digest(findings.verdict))
        hashes = () if logged is None or logged.is_response else _hashes(container)
        return Verified(Report(name, FileKind.CONTAINER, findings.verdict, read), logged, hashes)

    def _verify_signed(
        self, container: Container, signature: XadesSignature, logged: Logged | None, findings: Findings
    ) -> Stamped | None:
        expected = ("/message.xml", *container.attachments)
        xades.verify(signature, container.part, findings, expected=expected)
        if signature.batch:
            chained = Chained(container.parts.get(CHAIN_RESULT, b""), container.parts.get(CHAIN, b""))
            hash_chain.verify(chained, container.part, findings, expected=expected, partly=True)
        stamped = self._stamps.verify(container, signature, findings)
        if logged is not None:
            at = stamped.at if stamped else self._at
            self._signers.verify(signature, logged.sender, at, findings)
        return stamped


def answered(response: Verified, request: Verified) -> Verified:
    """Return the report of a response with one check more: whether it names the hash of its request."""
    assert response.logged is not None
    findings = Findings()
    findings.add(response.report.verdict.findings)
    so = response.logged.request_hash in request.hashes
    detail = (
        f"the request is in {request.report.file}" if so else f"another hash than {request.report.file} has"
    )
    findings.that(REQUEST_ANSWERED, response.report.file, detail, so=so)
    return replace(response, report=replace(response.report, verdict=findings.verdict))


def _message(container: Container, findings: Findings) -> Logged | None:
    try:
        logged = read_message(container.message)
    except NotAMessage as error:
        findings.fails(MESSAGE_READ, asice.MESSAGE, str(error))
        return None
    findings.holds(MESSAGE_READ, asice.MESSAGE, f"{logged.kind} from {logged.sender}")
    return logged


def _signature(container: Container, findings: Findings) -> XadesSignature | None:
    if not container.signature:
        return None
    try:
        return xades.read_signature(container.signature)
    except SignatureRefused as refused:
        findings.fails(xades.FORM, asice.SIGNATURES, refused.detail or refused.title)
        return None


def _hashes(container: Container) -> tuple[str, ...]:
    bodies = [container.part(uri) or b"" for uri in container.attachments]
    return request_hashes(container.message, bodies)


def _read(
    container: Container,
    logged: Logged | None,
    signature: XadesSignature | None,
    stamped: Stamped | None,
    unverified: tuple[str, ...],
) -> Read:
    """Return what the container says of itself."""
    chain = (CHAIN, CHAIN_RESULT) if signature is not None and not signature.batch else ()
    return Read(
        message_kind=logged.kind if logged else "",
        message_id=logged.message_id if logged else "",
        exchange=logged.exchange if logged else "",
        client=str(logged.client) if logged else "",
        service=logged.service if logged else "",
        sender=str(logged.sender) if logged else "",
        signer=_subject(signature) if signature else "",
        signed_at=signature.signing_time if signature else None,
        stamped=stamped,
        batch=signature is not None and signature.batch,
        parts=("/message.xml", *container.attachments),
        unverified=unverified,
        unsigned=(*container.strangers, *(each for each in chain if each in container.parts)),
    )


def _subject(signature: XadesSignature) -> str:
    try:
        return Certificate.read(signature.signing_certificate).subject_text
    except CertificateUnreadable:
        return ""


def _by_digest(verdict: Verdict) -> tuple[str, ...]:
    """Return the parts that only their digests stand for."""
    named = (each for each in verdict.findings if each.check is BY_DIGEST)
    return tuple(each.subject for each in named if each.outcome is Outcome.HOLDS)
