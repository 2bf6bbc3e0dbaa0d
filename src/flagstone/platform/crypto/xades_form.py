# SPDX-License-Identifier: EUPL-1.2
"""The one form in which signatures are written here (ETSI TS 101 903 v1.3.2), to write and to recognise.

A document of this form, letter for letter, is canonical as it stands: its signed parts can be cut out of it,
and no parser is needed to read it. Whatever differs in a letter is left to the parser.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from flagstone.platform.crypto.digests import Digest
from flagstone.platform.crypto.xml import INCLUSIVE
from flagstone.platform.crypto.xmldsig import DS

XADES = "http://uri.etsi.org/01903/v1.3.2#"
SIGNED_PROPERTIES_TYPE = "http://uri.etsi.org/01903#SignedProperties"
CONTAINERS = ("http://uri.etsi.org/02918/v1.2.1#", "http://uri.etsi.org/02918/v1.1.1#")
MESSAGE = "/message.xml"
CHAIN_RESULT = "/sig-hashchainresult.xml"
MEDIA_TYPES = {MESSAGE: "text/xml", CHAIN_RESULT: "application/hash-chain-result"}
ATTACHMENT_TYPE = "application/octet-stream"
DIGEST = Digest.SHA512
POLICY_OF_XROAD = "urn:oid:1.3.6.1.4.1.3516.16.2"
POLICY_DESCRIPTION = "Profile for High Performance Digital Signatures (version 1.2)"
POLICY_SHA512 = "BuO0EDNfkxSVlUbxCzmQPzX1AUF1/xx9ytWHk3/6SAOePxQiniEfDYk+90QeYb3lWpV3Izhuz9fKaYyE+lTcXw=="
POLICY_LOCATION = "https://repo.cyber.ee/dsig-profile-1.2.pdf"

NAMESPACES = (
    f' xmlns:asic="{CONTAINERS[0]}" xmlns:ds="{DS}" xmlns:xades="{XADES}"'
    ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
)
ROOT = (
    f'<?xml version="1.0" encoding="UTF-8" standalone="no"?><asic:XAdESSignatures{NAMESPACES}>'
    '<ds:Signature Id="signature">'
)
DIGEST_METHOD = f'<ds:DigestMethod Algorithm="{DIGEST.uri}"></ds:DigestMethod><ds:DigestValue>'
METHODS = (
    f'><ds:CanonicalizationMethod Algorithm="{INCLUSIVE}"></ds:CanonicalizationMethod>'
    '<ds:SignatureMethod Algorithm="',
    '"></ds:SignatureMethod>',
)
TO_PROPERTIES = f' Type="{SIGNED_PROPERTIES_TYPE}" URI="#signed-properties">{DIGEST_METHOD}'
INFO_END = "</ds:DigestValue></ds:Reference></ds:SignedInfo>"
VALUE = '<ds:SignatureValue Id="signature-value">'
KEY_INFO = (
    "</ds:SignatureValue><ds:KeyInfo><ds:X509Data><ds:X509Certificate>",
    "</ds:X509Certificate></ds:X509Data></ds:KeyInfo>"
    '<ds:Object><xades:QualifyingProperties Target="#signature"><xades:SignedProperties',
)
BEFORE_TIME = ' Id="signed-properties"><xades:SignedSignatureProperties><xades:SigningTime>'
AFTER_TIME = "</xades:SigningTime><xades:SigningCertificate><xades:Cert>"
CERTIFIED = (
    f"<xades:CertDigest>{DIGEST_METHOD}",
    "</ds:DigestValue></xades:CertDigest><xades:IssuerSerial><ds:X509IssuerName>",
    "</ds:X509IssuerName><ds:X509SerialNumber>",
    "</ds:X509SerialNumber></xades:IssuerSerial>",
)
_POLICY = (
    "<xades:SignaturePolicyIdentifier><xades:SignaturePolicyId><xades:SigPolicyId>"
    f'<xades:Identifier Qualifier="OIDAsURN">{POLICY_OF_XROAD}</xades:Identifier>'
    f"<xades:Description>{POLICY_DESCRIPTION}</xades:Description></xades:SigPolicyId>"
    f"<xades:SigPolicyHash>{DIGEST_METHOD}{POLICY_SHA512}</ds:DigestValue></xades:SigPolicyHash>"
    f"<xades:SigPolicyQualifiers><xades:SigPolicyQualifier><xades:SPURI>{POLICY_LOCATION}</xades:SPURI>"
    "</xades:SigPolicyQualifier></xades:SigPolicyQualifiers></xades:SignaturePolicyId>"
    "</xades:SignaturePolicyIdentifier>"
)
BEFORE_FORMATS = (
    f"</xades:Cert></xades:SigningCertificate>{_POLICY}</xades:SignedSignatureProperties>"
    "<xades:SignedDataObjectProperties>"
)
FORMAT = (
    '<xades:DataObjectFormat ObjectReference="#signature-reference-',
    "</xades:MimeType></xades:DataObjectFormat>",
)
MEDIA_TYPE = '"><xades:MimeType>'
PROPERTIES_END = "</xades:SignedDataObjectProperties></xades:SignedProperties>"
UNSIGNED = "<xades:UnsignedProperties><xades:UnsignedSignatureProperties>"
STAMP = (
    "<xades:SignatureTimeStamp><xades:EncapsulatedTimeStamp>",
    "</xades:EncapsulatedTimeStamp></xades:SignatureTimeStamp>",
)
RESPONSES = "<xades:RevocationValues><xades:OCSPValues>"
RESPONSE = ('<xades:EncapsulatedOCSPValue Id="ocsp-response-', "</xades:EncapsulatedOCSPValue>")
END = (
    "</xades:OCSPValues></xades:RevocationValues></xades:UnsignedSignatureProperties></xades:UnsignedProperties>"
    "</xades:QualifyingProperties></ds:Object></ds:Signature></asic:XAdESSignatures>"
)


class Form(NamedTuple):
    """A document of the form, cut up; values are base64 as they stand there.

    `info` and `properties` are what follows the names of SignedInfo and SignedProperties, up to their ends:
    with NAMESPACES before it, each is its element's canonical form. There is one detached reference.
    """

    info: bytes
    algorithm: str
    uri: str
    digest: bytes
    properties_digest: bytes
    value: bytes
    certificate: bytes
    properties: bytes
    time: str
    certificate_digest: bytes
    timestamp: bytes | None
    responses: tuple[bytes, ...]


def recognise(document: bytes) -> Form | None:
    """Return the parts of a `document` of this form by a key without intermediate certificates, or None."""
    match = _FORM.fullmatch(document)
    if match is None or not _is_text(document):
        return None
    found = match.groupdict()
    responses = _RESPONSE.findall(found["responses"])
    if [number for number, _ in responses] != [b"%d" % each for each in range(1, len(responses) + 1)]:
        return None
    return Form(
        info=found["info"],
        algorithm=found["algorithm"].decode("ascii"),
        uri=found["uri"].decode("ascii"),
        digest=found["digest"],
        properties_digest=found["properties_digest"],
        value=found["value"],
        certificate=found["certificate"],
        properties=found["properties"],
        time=found["time"].decode("ascii"),
        certificate_digest=found["certificate_digest"],
        timestamp=found["timestamp"],
        responses=tuple(value for _, value in responses),
    )


_BASE64 = "[A-Za-z0-9+/]++={0,2}+"
_NAME_TEXT = "(?:[^<>&\\x00-\\x1f]|&amp;|&lt;|&gt;)*+"
_NOT_CHARACTERS = (b"\xef\xbf\xbe", b"\xef\xbf\xbf")  # U+FFFE and U+FFFF are never in XML


def _is_text(document: bytes) -> bool:
    """Tell whether the bytes are UTF-8 of characters that XML may hold; the form itself bars the others."""
    if document.isascii():
        return True
    try:
        document.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return not any(each in document for each in _NOT_CHARACTERS)


_REFERENCE = ('<ds:Reference Id="signature-reference-0" URI="', f'">{DIGEST_METHOD}')
_NEXT_REFERENCE = f'</ds:DigestValue></ds:Reference><ds:Reference Id="signature-reference-1"{TO_PROPERTIES}'


def _compiled() -> re.Pattern[bytes]:
    """Return the expression of the whole document: text as it is, and gaps for what cannot be markup."""
    exact = re.escape
    info = (
        f"{exact(METHODS[0])}(?P<algorithm>[A-Za-z0-9:/.#_-]++){exact(METHODS[1] + _REFERENCE[0])}"
        f"(?P<uri>/message\\.xml|/sig-hashchainresult\\.xml){exact(_REFERENCE[1])}(?P<digest>{_BASE64})"
        f"{exact(_NEXT_REFERENCE)}(?P<properties_digest>{_BASE64}){exact(INFO_END)}"
    )
    properties = (
        f"{exact(BEFORE_TIME)}(?P<time>[0-9T:.Z+-]++){exact(AFTER_TIME + CERTIFIED[0])}"
        f"(?P<certificate_digest>{_BASE64}){exact(CERTIFIED[1])}{_NAME_TEXT}{exact(CERTIFIED[2])}-?[0-9]++"
        f"{exact(CERTIFIED[3] + BEFORE_FORMATS + FORMAT[0] + '0' + MEDIA_TYPE)}[a-z/-]++"
        f"{exact(FORMAT[1] + PROPERTIES_END)}"
    )
    responses = f'(?:{exact(RESPONSE[0])}[0-9]++">{_BASE64}{exact(RESPONSE[1])})++'
    whole = (
        f"{exact(ROOT + '<ds:SignedInfo')}(?P<info>{info}){exact(VALUE)}(?P<value>{_BASE64})"
        f"{exact(KEY_INFO[0])}(?P<certificate>{_BASE64}){exact(KEY_INFO[1])}(?P<properties>{properties}){exact(UNSIGNED)}"
        f"(?:{exact(STAMP[0])}(?P<timestamp>{_BASE64}){exact(STAMP[1])})?+{exact(RESPONSES)}"
        f"(?P<responses>{responses}){exact(END)}"
    )
    return re.compile(whole.encode())


_FORM = _compiled()
_RESPONSE = re.compile(f'{re.escape(RESPONSE[0])}([0-9]+)">({_BASE64})'.encode())
