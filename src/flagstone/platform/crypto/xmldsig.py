# SPDX-License-Identifier: EUPL-1.2
"""XML signatures read strictly and verified (XML Signature Syntax and Processing 1.0, RFC 9231).

One signature a document, only the elements that the syntax names, in its order. References lead to whole
detached parts, taken as they are, or to one element of the same document, taken canonically; no other
transform is ever run. Nothing is fetched: the caller hands over the parts.
"""

from __future__ import annotations

import binascii
import hmac
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from lxml import etree

from flagstone.kernel.errors import Fault, Kind
from flagstone.kernel.findings import Check, Findings
from flagstone.platform.crypto import digests, signing
from flagstone.platform.crypto.digests import Digest, DigestRefused, digest_of
from flagstone.platform.crypto.signing import (
    Algorithm,
    Family,
    PublicKeyRefused,
    SignatureAlgorithmRefused,
    SignatureMalformed,
)
from flagstone.platform.crypto.xml import EXCLUSIVE, INCLUSIVE, XmlRefused, canonical

DS = "http://www.w3.org/2000/09/xmldsig#"
REFERENCES_MAX = 1_000
CERTIFICATES_MAX = 16
BASE64_CHARACTERS_MAX = 1 << 19

REFERENCED = Check(
    "signature.part-present",
    "Is each part that the signature refers to at hand?",
    "Fetch the container again from the server that made it; a part that was signed is missing.",
    "signature_verification.invalid_reference",
)
DIGEST = Check(
    "signature.part-digest",
    "Has each signed part the digest that was signed?",
    "The part was changed after it was signed. Do not rely on it; fetch the container again.",
    "signature_verification.invalid_signature_value",
)
VALUE = Check(
    "signature.value",
    "Was the signature made by the key of the signing certificate?",
    "The signature or its certificate was changed. Do not rely on it; fetch the container again.",
    "signature_verification.invalid_signature_value",
)

_Element = etree._Element


class SignatureRefused(Fault):
    """A document is not a signature of the accepted form."""

    code = "crypto.signature-refused"
    kind = Kind.INVALID
    title = "The signature document is not accepted"
    remedy = (
        "Ask its maker for a signature in the form that X-Road 6 to 8 make; the detail says what differs."
    )


@dataclass(frozen=True)
class Hashed:
    """A part that is known only by its digest, such as a body that was streamed past."""

    digest: Digest
    value: bytes


Part = bytes | Hashed
PartOf = Callable[[str], Part | None]


@dataclass(frozen=True)
class Reference:
    """One `ds:Reference`: what it points to and the digest that was signed.

    `canonical` holds the canonical bytes of an element of the same document, and is None for a detached part.
    """

    uri: str
    digest: Digest
    value: bytes = field(repr=False)
    id: str = ""
    type: str = ""
    canonical: bytes | None = field(default=None, repr=False)

    @property
    def detached(self) -> bool:
        """Tell whether it points outside the signature's document."""
        return self.canonical is None


@dataclass(frozen=True)
class XmlSignature:
    """One `ds:Signature` with all that is needed to verify it; `signed_info` are its canonical bytes."""

    id: str
    algorithm: Algorithm
    canonicalization: str
    signed_info: bytes = field(repr=False)
    references: tuple[Reference, ...]
    value: bytes = field(repr=False)
    certificates: tuple[bytes, ...] = field(repr=False)


def read(signature: _Element, targets: Sequence[_Element]) -> XmlSignature:
    """Return what the `ds:Signature` element holds; SignatureRefused where it is not of the accepted form.

    `targets` are the only elements that a same-document reference may lead to, each by its `Id`.
    """
    try:
        signed_info, value, key_info = _top(signature)
        method, exclusive, references = _signed_info(signed_info, targets)
        return XmlSignature(
            id=signature.get("Id", ""),
            algorithm=_algorithm(method),
            canonicalization=EXCLUSIVE if exclusive is not None else INCLUSIVE,
            signed_info=_canonical(signed_info, exclusive),
            references=references,
            value=decoded(value),
            certificates=_certificates(key_info),
        )
    except (XmlRefused, DigestRefused, SignatureAlgorithmRefused) as error:
        raise SignatureRefused(f"{error.title}: {error.detail}") from None


def verify(signature: XmlSignature, public_der: bytes, part: PartOf, findings: Findings) -> bool:
    """Tell whether all references and the value hold (core validation, section 3.2), and say what was found.

    `part` gives the bytes of a detached part by its URI, or its digest, or None where it is not at hand.
    """
    good = True
    for reference in signature.references:
        good = _verify_reference(reference, part, findings) and good
    return verify_value(signature, public_der, findings) and good


def verify_value(signature: XmlSignature, public_der: bytes, findings: Findings) -> bool:
    """Tell whether the signature value holds over the canonical SignedInfo (section 3.2.2)."""
    subject = signature.algorithm.title
    try:
        value = signature.value
        if signature.algorithm.family is Family.ECDSA:
            value = signing.der_of_raw(value, public_der)
        holds = signing.verify(public_der, value, signature.signed_info, signature.algorithm)
    except (SignatureMalformed, PublicKeyRefused) as error:
        findings.fails(VALUE, subject, error.detail)
        return False
    return findings.that(VALUE, subject, "" if holds else "the value does not hold", so=holds)


def children(element: _Element, *names: str) -> list[_Element]:
    """Return the children of `element` when they are exactly `names` in order, without text between them.

    A name that ends in `?` may be absent, in `+` stands once or more, in `*` any number of times.
    Raises SignatureRefused otherwise.
    """
    found = list(element)
    tags = [each.tag for each in found]
    end = len(tags)
    position = 0
    for plain, least, most in _expected(names):
        start = position
        while position < end and tags[position] == plain:
            position += 1
        if not least <= position - start <= most:
            raise SignatureRefused(f"{local(element)} has {position - start} of {plain.rpartition('}')[2]}")
    if position != end:
        raise SignatureRefused(f"{local(element)} holds {local(found[position])} where it does not belong")
    blank(element, found)
    return found


@lru_cache(maxsize=256)
def _expected(names: tuple[str, ...]) -> tuple[tuple[str, int, int], ...]:
    """Return each name with how often it may stand."""
    many = 1 << 30
    shapes = {"?": (0, 1), "+": (1, many), "*": (0, many)}
    return tuple((name.rstrip("?+*"), *shapes.get(name[-1], (1, 1))) for name in names)


def blank(element: _Element, found: list[_Element]) -> None:
    """Refuse text between the children `found` of `element` (white space is none); SignatureRefused."""
    for between in (element.text, *[each.tail for each in found]):
        if between and not between.isspace():
            raise SignatureRefused(f"{local(element)} holds text")


def text(element: _Element) -> str:
    """Return the text of an element without children; SignatureRefused where there are some."""
    if len(element):
        raise SignatureRefused(f"{local(element)} holds {local(element[0])}, not text alone")
    return (element.text or "").strip()


def decoded(element: _Element) -> bytes:
    """Return the bytes of a base64 text, with white space and carriage returns anywhere in it."""
    try:
        return from_base64("".join(text(element).split()))
    except ValueError:
        raise SignatureRefused(f"{local(element)} holds no base64, or too much") from None


def from_base64(letters: str | bytes) -> bytes:
    """Return the bytes of base64 without white space; ValueError for anything else, nothing, or too much."""
    if not letters or len(letters) % 4 or len(letters) > BASE64_CHARACTERS_MAX:
        raise ValueError
    return binascii.a2b_base64(letters, strict_mode=True)


def digest_method(element: _Element) -> Digest:
    """Return the digest of a `ds:DigestMethod`; DigestRefused when it is unknown or SHA-1."""
    if len(element) or element.text:
        raise SignatureRefused(f"{local(element)} holds more than its algorithm")
    digest = digests.by_uri(element.get("Algorithm", ""))
    if digest is Digest.SHA1:
        raise DigestRefused("SHA-1 is too weak to be relied on")
    return digest


def same(left: bytes, right: bytes) -> bool:
    """Tell whether two digests are equal."""
    return hmac.compare_digest(left, right)


def matches(part: Part, digest: Digest, value: bytes) -> bool:
    """Tell whether `part` has the digest `value`; one known by another digest than `digest` has not."""
    if isinstance(part, Hashed):
        return part.digest is digest and same(part.value, value)
    return same(digest_of(part, digest), value)


def local(element: _Element) -> str:
    """Return the name of `element` without its namespace, for messages."""
    return str(element.tag).rpartition("}")[2][:60]


def _named(*names: str) -> tuple[str, ...]:
    return tuple(f"{{{DS}}}{name}" for name in names)


_TOP = _named("SignedInfo", "SignatureValue", "KeyInfo", "Object*")
_SIGNED_INFO = _named("CanonicalizationMethod", "SignatureMethod", "Reference+")
_REFERENCE = _named("Transforms?", "DigestMethod", "DigestValue")
_TRANSFORM, _X509_DATA, _X509_CERTIFICATE = _named("Transform", "X509Data", "X509Certificate")
_INCLUSIVE_NAMESPACES = f"{{{EXCLUSIVE}}}InclusiveNamespaces"
_SPELLINGS = {INCLUSIVE: None, EXCLUSIVE: ()}


def _top(signature: _Element) -> tuple[_Element, _Element, _Element]:
    signed_info, value, key_info, *_ = children(signature, *_TOP)
    return signed_info, value, key_info


def _signed_info(
    signed_info: _Element, targets: Sequence[_Element]
) -> tuple[_Element, Sequence[str] | None, tuple[Reference, ...]]:
    canonicalization, method, *found = children(signed_info, *_SIGNED_INFO)
    if len(found) > REFERENCES_MAX:
        raise SignatureRefused(f"{len(found)} references; at most {REFERENCES_MAX} are read")
    exclusive = _canonicalization(canonicalization)
    by_id = {"#" + each.get("Id", ""): each for each in targets}
    references = tuple(_reference(each, by_id) for each in found)
    if len({each.uri for each in references}) != len(references):
        raise SignatureRefused("two references have the same URI")
    return method, exclusive, references


def _canonicalization(element: _Element) -> Sequence[str] | None:
    """Return the prefixes of exclusive canonicalisation, or None for the inclusive one."""
    algorithm = element.get("Algorithm", "")
    if algorithm not in _SPELLINGS:
        raise SignatureRefused(f"the canonicalisation or transform {algorithm[:80]!r} is not accepted")
    if algorithm == INCLUSIVE:
        children(element)
        return None
    listed = children(element, f"{_INCLUSIVE_NAMESPACES}?")
    return listed[0].get("PrefixList", "").split() if listed else ()


def _canonical(element: _Element, exclusive: Sequence[str] | None) -> bytes:
    return canonical(element, exclusive=exclusive is not None, prefixes=exclusive)


def _algorithm(method: _Element) -> Algorithm:
    children(method)
    algorithm = signing.by_uri(method.get("Algorithm", ""))
    if algorithm.digest is Digest.SHA1:
        raise SignatureAlgorithmRefused("SHA-1 is too weak to be relied on")
    return algorithm


def _reference(element: _Element, targets: dict[str, _Element]) -> Reference:
    *transforms, method, value = children(element, *_REFERENCE)
    uri = element.get("URI", "")
    exclusive = _transforms(transforms[0]) if transforms else None
    inside: bytes | None = None
    if uri in targets:
        inside = _canonical(targets[uri], exclusive)
    elif not uri.startswith("/") or transforms:
        raise SignatureRefused(f"the reference {uri[:80]!r} leads to no accepted part, or transforms it")
    digest = digest_method(method)
    return Reference(uri, digest, decoded(value), element.get("Id", ""), element.get("Type", ""), inside)


def _transforms(element: _Element) -> Sequence[str] | None:
    transform, *more = children(element, f"{_TRANSFORM}+")
    if more:
        raise SignatureRefused("a reference has more than one transform")
    return _canonicalization(transform)


def _certificates(key_info: _Element) -> tuple[bytes, ...]:
    """Return the certificates of KeyInfo (section 4.5.4); the first is the signer's."""
    found = [
        each for data in key_info.iterchildren(_X509_DATA) for each in data.iterchildren(_X509_CERTIFICATE)
    ]
    if not 1 <= len(found) <= CERTIFICATES_MAX:
        raise SignatureRefused(f"{len(found)} certificates in KeyInfo")
    return tuple(decoded(each) for each in found)


def _verify_reference(reference: Reference, part: PartOf, findings: Findings) -> bool:
    content = part(reference.uri) if reference.canonical is None else reference.canonical
    if content is None:
        findings.fails(REFERENCED, reference.uri, "the part is not at hand")
        return False
    holds = matches(content, reference.digest, reference.value)
    detail = "" if holds else f"its {reference.digest.title} is not the one that was signed"
    return findings.that(DIGEST, reference.uri, detail, so=holds)
