# SPDX-License-Identifier: EUPL-1.2
"""Decides whether a signature's certificate is the sender's: purpose, chain, member, status at the time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from itertools import pairwise

from flagstone.blocks.exchange.contract.identifiers import ClientId
from flagstone.blocks.exchange.model.certificate_profiles import ProfileMismatch, member_of
from flagstone.blocks.exchange.service.evidence.container_checks import (
    AUTHORITY_SIGNS,
    FOR_SIGNING,
    INSTANCE_KNOWN,
    PROFILE_READ,
    SIGNER_IS_SENDER,
    STATUS_THERE,
)
from flagstone.blocks.exchange.service.evidence.trusting import InstanceTrust, Trust
from flagstone.kernel.findings import Finding, Findings
from flagstone.platform.crypto import ocsp
from flagstone.platform.crypto.certificates import Certificate, CertificateUnreadable
from flagstone.platform.crypto.chains import Chain, build_chain
from flagstone.platform.crypto.ocsp import OcspUnreadable
from flagstone.platform.crypto.xades import SIGNING_CERTIFICATE, XadesSignature

EMBEDDED = "the signature itself"
REMEMBERED_MAX = 512

_Case = tuple[bytes, tuple[bytes, ...], tuple[bytes, ...], ClientId, datetime]


class Signers:
    """Verifies signers; what one proves at one time is worked out once for all containers of a batch."""

    def __init__(self, trust: Trust) -> None:
        """Believe the authorities and responders that `trust` approves."""
        self._trust = trust
        self._known: dict[_Case, tuple[Finding, ...]] = {}

    def verify(self, signature: XadesSignature, sender: ClientId, at: datetime, findings: Findings) -> None:
        """Note whether the certificate of `signature` is a good one of `sender` at the time `at`."""
        answers = signature.ocsp_responses
        case = (signature.signing_certificate, signature.certificates, answers, sender, at)
        if case not in self._known:
            if len(self._known) >= REMEMBERED_MAX:
                self._known.clear()
            made = Findings()
            verify_signer(signature, sender, self._trust, at, made)
            self._known[case] = made.verdict.findings
        findings.add(self._known[case])


def verify_signer(
    signature: XadesSignature, sender: ClientId, trust: Trust, at: datetime, findings: Findings
) -> None:
    """Note whether the certificate of `signature` is a good one of `sender` at the time `at`."""
    try:
        certificate = Certificate.read(signature.signing_certificate)
        others = [Certificate.read(each) for each in signature.certificates]
    except CertificateUnreadable as error:
        findings.fails(SIGNING_CERTIFICATE, "certificates of the signature", error.detail)
        return
    named = certificate.describe()
    usage = "" if certificate.is_signing else f"its key usage is {', '.join(certificate.key_usage or ())}"
    findings.that(FOR_SIGNING, named, usage, so=certificate.is_signing)
    instance = trust.of(sender.instance)
    if instance is None:
        known = ", ".join(trust.instances) or "none"
        findings.fails(INSTANCE_KNOWN, sender.instance, f"the configuration knows {known}")
        return
    findings.holds(INSTANCE_KNOWN, sender.instance)
    chain = build_chain(
        certificate, [*others, *instance.intermediates], instance.anchors, at=at, findings=findings
    )
    if chain is None:
        return
    _verify_member(certificate, chain[-1], sender, instance, findings)
    _verify_status(signature, chain, instance, at, findings)


def _verify_member(
    certificate: Certificate,
    anchor: Certificate,
    sender: ClientId,
    instance: InstanceTrust,
    findings: Findings,
) -> None:
    """Note whether the authority may sign for members at all, and whether the certificate is the sender's."""
    findings.that(AUTHORITY_SIGNS, anchor.describe(), so=anchor in instance.signing)
    profile = instance.profiles.get(anchor, "")
    try:
        member = member_of(profile, certificate.subject, instance.instance)
    except ProfileMismatch as mismatch:
        findings.fails(PROFILE_READ, certificate.describe(), str(mismatch), profile=profile)
        return
    findings.holds(PROFILE_READ, certificate.describe(), profile=profile)
    same = member == sender.member
    detail = f"the certificate is of {member}" + ("" if same else f", the message is from {sender.member}")
    findings.that(SIGNER_IS_SENDER, certificate.describe(), detail, so=same)


def _verify_status(
    signature: XadesSignature, chain: Chain, instance: InstanceTrust, at: datetime, findings: Findings
) -> None:
    """Note whether the signature holds a good, fresh answer for each certificate below the anchor."""
    for certificate, issuer in pairwise(chain):
        answer = _answer_about(certificate, issuer, signature.ocsp_responses)
        if answer is None:
            detail = f"{len(signature.ocsp_responses)} answers, none about this certificate"
            findings.fails(STATUS_THERE, certificate.describe(), detail)
            continue
        findings.holds(STATUS_THERE, certificate.describe())
        policy = replace(instance.policy_for(issuer), responder=EMBEDDED)
        ocsp.verify(answer, certificate, issuer, at=at, policy=policy, findings=findings)


def _answer_about(certificate: Certificate, issuer: Certificate, answers: Sequence[bytes]) -> bytes | None:
    """Return the answer about `certificate`; one that cannot be read counts when it is the only one."""
    for answer in answers:
        try:
            named = ocsp.read_response(answer).cert_id
        except OcspUnreadable:
            continue
        if named is not None and named.serial == certificate.serial and named.fits(issuer):
            return answer
    return answers[0] if len(answers) == 1 else None
