# SPDX-License-Identifier: EUPL-1.2
"""XAdES signatures of messages, read and verified (ETSI TS 101 903 v1.3.2, "XAdES" below).

Accepted are the forms that X-Road 6 to 8 make: one reference to the message or to the result of a hash
chain, or one to each part; always one to the signed properties. `xades_build` makes them.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from lxml import etree

from flagstone.kernel.clock import parse_rfc3339
from flagstone.kernel.findings import Check, Findings
from flagstone.platform.crypto import signing, xades_form, xades_properties, xmldsig
from flagstone.platform.crypto.certificates import Certificate, CertificateUnreadable
from flagstone.platform.crypto.digests import Digest, DigestRefused, digest_of
from flagstone.platform.crypto.signing import Algorithm, SignatureAlgorithmRefused
from flagstone.platform.crypto.xades_form import (
    CONTAINERS,
    DIGEST,
    NAMESPACES,
    SIGNED_PROPERTIES_TYPE,
    Form,
)
from flagstone.platform.crypto.xades_properties import (
    CertificateReference,
    Unsigned,
    ds,
    policy,
    signing_references,
    signing_time,
    xades,
)
from flagstone.platform.crypto.xml import EVIDENCE, INCLUSIVE, XmlRefused, parse
from flagstone.platform.crypto.xmldsig import (
    PartOf,
    Reference,
    SignatureRefused,
    XmlSignature,
    children,
    from_base64,
    local,
    same,
)

MESSAGE = xades_form.MESSAGE
CHAIN_RESULT = xades_form.CHAIN_RESULT
POLICY_OF_XROAD = xades_form.POLICY_OF_XROAD
SIGNATURES = "/META-INF/signatures.xml"
OCSP_RESPONSES_MAX = xades_properties.OCSP_RESPONSES_MAX

FORM = Check(
    "signature.form",
    "Is the signature document of the accepted form?",
    "Ask the server that made it for a signature in the form that X-Road 6 to 8 make.",
    "signature_verification.malformed_signature",
)
COVERED = Check(
    "signature.parts-covered",
    "Does the signature cover the message and each of its parts?",
    "A part that is not signed proves nothing. Fetch the container again from the server that made it.",
    "signature_verification.invalid_reference",
)
SIGNING_CERTIFICATE = Check(
    "signature.signing-certificate",
    "Is the certificate in KeyInfo the one that the signed properties name?",
    "The certificate was exchanged after signing. Do not rely on it; fetch the container again.",
    "signature_verification.invalid_certificate",
)
CERTIFICATE_REFERENCES = Check(
    "signature.certificate-references",
    "Is each further certificate that the signature refers to there, with the digest that is named?",
    "The intermediate certificates were changed or left out. Fetch the container again.",
    "signature_verification.invalid_cert_chain",
)

ATTACHMENT = re.compile(r"/attachment[1-9][0-9]{0,5}", re.ASCII)
_ROOTS = frozenset(f"{{{each}}}XAdESSignatures" for each in CONTAINERS)
_IDENTIFIERS = etree.XPath(
    "/descendant::*/@*[contains('|Id|ID|id|xml:id|', concat('|', name(), '|'))]", smart_strings=False
)
_Element = etree._Element


@dataclass(frozen=True)
class XadesSignature:
    """All that a signature document says; nothing of it is believed before `verify`.

    Certificates, OCSP responses and time-stamp tokens are DER; `certificates` are the further ones, without
    the signing certificate. `policy` is the identifier of the signature policy, or empty.
    """

    document: bytes = field(repr=False)
    core: XmlSignature
    signing_time: datetime | None
    policy: str
    signing_references: tuple[CertificateReference, ...]
    certificate_references: tuple[CertificateReference, ...]
    encapsulated: Mapping[str, bytes] = field(repr=False)
    ocsp_responses: tuple[bytes, ...] = field(repr=False)
    timestamps: tuple[bytes, ...] = field(repr=False)

    @property
    def algorithm(self) -> Algorithm:
        """Return the algorithm of the signature value."""
        return self.core.algorithm

    @property
    def signing_certificate(self) -> bytes:
        """Return the signer's certificate (DER), the first in KeyInfo."""
        return self.core.certificates[0]

    @property
    def certificates(self) -> tuple[bytes, ...]:
        """Return the further certificates (DER): those of KeyInfo, then the encapsulated ones."""
        return tuple(dict.fromkeys([*self.core.certificates[1:], *self.encapsulated.values()]))

    @property
    def signature_value(self) -> bytes:
        """Return the decoded SignatureValue: what a single time-stamp is over."""
        return self.core.value

    @property
    def parts(self) -> tuple[str, ...]:
        """Return the URIs of the detached references in order, such as `/message.xml`."""
        return tuple(each.uri for each in self.core.references if each.detached)

    @property
    def batch(self) -> bool:
        """Tell whether it refers to the result of a hash chain instead of the parts themselves."""
        return self.parts == (CHAIN_RESULT,)


def read_signature(document: bytes) -> XadesSignature:
    """Return what the signature document holds; SignatureRefused where it is not of an accepted form.

    A document that is letter for letter of the form that is written here needs no parser.
    """
    form = xades_form.recognise(document) if len(document) <= EVIDENCE.bytes_max else None
    own = _of_form(document, form) if form else None
    return own or parsed(document)


def parsed(document: bytes) -> XadesSignature:
    """Return the same as `read_signature`, always by the parser."""
    try:
        return _read(document, _signature_of(parse(document, EVIDENCE)))
    except (XmlRefused, DigestRefused) as error:
        raise SignatureRefused(f"{error.title}: {error.detail}") from None


def verify(
    signature: XadesSignature, part: PartOf, findings: Findings, *, expected: Collection[str] = ()
) -> bool:
    """Tell whether the references, the value and the named certificates hold, and say what was found.

    `part` gives what a URI such as `/message.xml` leads to: bytes, a `Hashed`, or None where it is not at
    hand. `expected` are the URIs of all parts of the message: unless a hash chain is signed, each must be
    referred to. The hash chain, the certificate's chain and its status are the caller's to verify.
    """
    covered = signature.batch or (MESSAGE in signature.parts and set(expected) <= set(signature.parts))
    missing = "" if covered else f"only {', '.join(signature.parts) or 'nothing'} is signed"
    findings.that(COVERED, "signature", missing, so=covered)
    try:
        certificate = Certificate.read(signature.signing_certificate)
    except CertificateUnreadable as error:
        findings.fails(SIGNING_CERTIFICATE, "signing certificate", f"{error.title}: {error.detail}")
        return False
    core = xmldsig.verify(signature.core, certificate.public_der, part, findings)
    named = _verify_signing_certificate(signature, certificate, findings)
    return _verify_certificate_references(signature, findings) and named and core and covered


def _verify_signing_certificate(
    signature: XadesSignature, certificate: Certificate, findings: Findings
) -> bool:
    """Check that a signed CertDigest names the signer (XAdES 7.2.2), whose key others may have certified."""
    named = signature.signing_references
    so = any(same(digest_of(certificate.der, each.digest), each.value) for each in named)
    detail = "" if so else "its digest is not the one that was signed" if named else "none was signed"
    described = certificate.describe()
    return findings.that(SIGNING_CERTIFICATE, described, detail, so=so, certificate=described)


def _verify_certificate_references(signature: XadesSignature, findings: Findings) -> bool:
    """Check each CompleteCertificateRefs entry against its encapsulated certificate (XAdES 7.4.1)."""
    good = True
    for reference in signature.certificate_references:
        found = signature.encapsulated.get(reference.uri.removeprefix("#"))
        subject = reference.uri or "certificate without a URI"
        if found is None:
            findings.fails(CERTIFICATE_REFERENCES, subject, "the certificate is not in the signature")
            good = False
            continue
        so = same(digest_of(found, reference.digest), reference.value)
        good = findings.that(CERTIFICATE_REFERENCES, subject, "" if so else "other digest", so=so) and good
    return good


def _of_form(document: bytes, form: Form) -> XadesSignature | None:
    """Return the signature of a recognised document; None where the parser is to say what is wrong."""
    try:
        algorithm = signing.by_uri(form.algorithm)
        timestamp = form.timestamp
        if algorithm.digest is Digest.SHA1 or len(form.responses) > OCSP_RESPONSES_MAX:
            return None
        return XadesSignature(
            document=document,
            core=_core_of_form(form, algorithm),
            signing_time=parse_rfc3339(form.time),
            policy=POLICY_OF_XROAD,
            signing_references=(CertificateReference(DIGEST, from_base64(form.certificate_digest)),),
            certificate_references=(),
            encapsulated={},
            ocsp_responses=tuple(from_base64(each) for each in form.responses),
            timestamps=() if timestamp is None else (from_base64(timestamp),),
        )
    except (SignatureAlgorithmRefused, ValueError):
        return None


_OF_INFO = f"<ds:SignedInfo{NAMESPACES}".encode()
_OF_PROPERTIES = f"<xades:SignedProperties{NAMESPACES}".encode()


def _core_of_form(form: Form, algorithm: Algorithm) -> XmlSignature:
    properties = _OF_PROPERTIES + form.properties
    part = Reference(form.uri, DIGEST, from_base64(form.digest), "signature-reference-0")
    own = from_base64(form.properties_digest)
    return XmlSignature(
        id="signature",
        algorithm=algorithm,
        canonicalization=INCLUSIVE,
        signed_info=_OF_INFO + form.info,
        references=(
            part,
            Reference(
                "#signed-properties", DIGEST, own, "signature-reference-1", SIGNED_PROPERTIES_TYPE, properties
            ),
        ),
        value=from_base64(form.value),
        certificates=(from_base64(form.certificate),),
    )


def _signature_of(root: _Element) -> _Element:
    """Return the one signature, alone (X-Road 8) or in the list of an ASiC container (ETSI TS 102 918)."""
    signature = root
    if root.tag in _ROOTS:
        (signature,) = children(root, ds("Signature"))
    if signature.tag != ds("Signature"):
        raise SignatureRefused(f"the document is {local(root)}, not a signature")
    if sum(1 for _ in root.iter(ds("Signature"))) != 1:
        raise SignatureRefused("there is more than one signature")
    _refuse_double_ids(root)
    return signature


def _refuse_double_ids(root: _Element) -> None:
    """Refuse an identifier that stands twice: two readers could follow a reference to two elements."""
    ids = [
        str(each) for each in root.xpath("//@*[local-name()='Id' or local-name()='ID' or local-name()='id']")
    ]
    if len(set(ids)) != len(ids) or "" in ids:
        raise SignatureRefused("an identifier is empty or stands twice")


def _read(document: bytes, signature: _Element) -> XadesSignature:
    qualifying = _qualifying_properties(signature)
    signed, *unsigned = children(qualifying, xades("SignedProperties"), xades("UnsignedProperties?"))
    if not signed.get("Id"):
        raise SignatureRefused("the signed properties have no Id")
    core = xmldsig.read(signature, (signed,))
    _check_references(core)
    general, *_ = children(signed, xades("SignedSignatureProperties"), xades("SignedDataObjectProperties?"))
    values = Unsigned(unsigned[0] if unsigned else None)
    return XadesSignature(
        document=document,
        core=core,
        signing_time=signing_time(general),
        policy=policy(general),
        signing_references=signing_references(general),
        certificate_references=values.certificate_references(),
        encapsulated=values.certificates(),
        ocsp_responses=values.ocsp_responses(),
        timestamps=values.timestamps(),
    )


def _qualifying_properties(signature: _Element) -> _Element:
    """Return the QualifyingProperties, alone in the signature's only object (XAdES 6.3)."""
    objects = list(signature.iterchildren(ds("Object")))
    everywhere = signature.iter(xades("QualifyingProperties"), xades("SignedProperties"))
    if len(objects) != 1 or sum(1 for _ in everywhere) != 2:
        raise SignatureRefused("there is not exactly one object with one set of qualifying properties")
    found = children(objects[0], xades("QualifyingProperties"))
    target = found[0].get("Target", "")
    if target != "#" + signature.get("Id", "") or target == "#":
        raise SignatureRefused("the qualifying properties belong to another signature")
    return found[0]


def _check_references(core: XmlSignature) -> None:
    """Refuse other references than one to the signed properties and those to the accepted parts."""
    inside = [each for each in core.references if not each.detached]
    if [each.type for each in inside] != [SIGNED_PROPERTIES_TYPE]:
        raise SignatureRefused("the signed properties are not referred to exactly once, by their type")
    outside = [each for each in core.references if each.detached]
    names = [each.uri for each in outside]
    if not names or any(each.type for each in outside):
        raise SignatureRefused("no part is referred to, or one by a type")
    if names != [CHAIN_RESULT] and not all(each == MESSAGE or ATTACHMENT.fullmatch(each) for each in names):
        raise SignatureRefused(f"{', '.join(names)[:120]} are not the parts of one message or one chain")
