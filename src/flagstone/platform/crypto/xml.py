# SPDX-License-Identifier: EUPL-1.2
"""XML from strangers read within bounds, and its canonical bytes (Canonical XML 1.0, Exclusive C14N 1.0).

Only UTF-8 is read. Document types, entities and anything that would be fetched are refused before a parser
sees the bytes; size, depth and the number of nodes and attributes are bounded by name.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from lxml import etree

from flagstone.kernel.errors import Fault, Kind

INCLUSIVE = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
EXCLUSIVE = "http://www.w3.org/2001/10/xml-exc-c14n#"

_DECLARATION = re.compile(rb"(?:\xef\xbb\xbf)?<\?xml\s([^>]*)\?>")
_ENCODING = re.compile(rb"encoding\s*=\s*[\"']([A-Za-z0-9._-]+)[\"']")
_ENCODINGS = frozenset({b"UTF-8", b"US-ASCII", b"ASCII"})


class XmlRefused(Fault):
    """An XML document is malformed, not UTF-8, too large, or holds what is never read here."""

    code = "crypto.xml-refused"
    kind = Kind.INVALID
    title = "The XML document is not accepted"
    remedy = "Send well-formed UTF-8 XML without a document type, within the size that the message names."


@dataclass(frozen=True)
class Bounds:
    """How large a document may be: bytes, elements, depth, attributes of one element, namespace declarations.

    Comments and processing instructions are refused where `remarks` is False: canonical bytes leave comments
    out, so that a signed document with one would not be read by everybody as it was signed.
    """

    bytes_max: int = 1 << 20
    elements_max: int = 10_000
    depth_max: int = 128
    attributes_max: int = 256
    namespaces_max: int = 64
    remarks: bool = False


EVIDENCE = Bounds()
CONFIGURATION = Bounds(bytes_max=1 << 26, elements_max=2_000_000, namespaces_max=2_000_000, remarks=True)


def parse(data: bytes, bounds: Bounds = EVIDENCE) -> etree._Element:
    """Return the root element of the document `data`; XmlRefused when it is malformed or out of `bounds`."""
    _before_parsing(data, bounds)
    try:
        root = etree.fromstring(data, _parser(huge=bounds.bytes_max > EVIDENCE.bytes_max))
    except (etree.XMLSyntaxError, ValueError) as error:
        raise XmlRefused(f"not well-formed XML: {error}") from None
    _after_parsing(root, data, bounds)
    return root


def canonical(
    element: etree._Element, *, exclusive: bool = False, prefixes: Sequence[str] | None = None
) -> bytes:
    """Return the canonical bytes of `element` in its place, without comments.

    Inclusive C14N 1.0 takes in every namespace in scope; exclusive C14N only those used and `prefixes`
    (`InclusiveNamespaces/@PrefixList`). XmlRefused where the document has no canonical form (relative
    namespace names) or the element inherits an `xml:` attribute, which is never needed in evidence.
    """
    if not exclusive and _inherits(element):
        raise XmlRefused("an xml: attribute stands above a signed part")
    names = list(prefixes) if prefixes and exclusive else None
    try:
        return etree.tostring(
            element, method="c14n", exclusive=exclusive, with_comments=False, inclusive_ns_prefixes=names
        )
    except (etree.LxmlError, ValueError):
        raise XmlRefused("the document has no canonical form (is a namespace name relative?)") from None


def canonical_document(data: bytes, bounds: Bounds) -> bytes:
    """Return the canonical bytes of a whole document without comments (C14N 1.0, section 2.1); XmlRefused."""
    try:
        return etree.tostring(parse(data, bounds).getroottree(), method="c14n", with_comments=False)
    except (etree.LxmlError, ValueError):
        raise XmlRefused("the document has no canonical form (is a namespace name relative?)") from None


_inherits = etree.XPath("boolean(ancestor::*/@xml:*)")


@lru_cache(maxsize=2)
def _parser(*, huge: bool) -> etree.XMLParser:
    """Return a parser that fetches and expands nothing; `huge` lifts libxml2's own limit of a text's size."""
    return etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        attribute_defaults=False,
        huge_tree=huge,
        recover=False,
    )


def _before_parsing(data: bytes, bounds: Bounds) -> None:
    """Refuse what bytes alone show: a document type cannot hide in UTF-8, nor can a remark."""
    if len(data) > bounds.bytes_max:
        raise XmlRefused(f"{len(data)} bytes; at most {bounds.bytes_max} are read")
    declared = _DECLARATION.match(data)
    encoding = _ENCODING.search(declared[1]) if declared else None
    if encoding and encoding[1].upper() not in _ENCODINGS:
        raise XmlRefused(f"the encoding is {encoding[1].decode('ascii')}; only UTF-8 is read")
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise XmlRefused(f"not UTF-8 at byte {error.start}") from None
    if b"<!DOCTYPE" in data or b"<!ENTITY" in data or b"\0" in data:
        raise XmlRefused("document types, entities and NUL characters are never read")
    if not bounds.remarks and (b"<!--" in data or data.find(b"<?", declared.end() if declared else 0) >= 0):
        raise XmlRefused("comments and processing instructions are not read here")
    if data.count(b"xmlns") > bounds.namespaces_max:
        raise XmlRefused(f"more than {bounds.namespaces_max} namespace declarations")
    if data.count(b"<") > 2 * bounds.elements_max + 16:
        raise XmlRefused(f"more than {bounds.elements_max} elements")


def _after_parsing(root: etree._Element, data: bytes, bounds: Bounds) -> None:
    """Refuse what is too deep or too wide; nobody walks a tree that is too small to be either."""
    elements = data.count(b"</") + data.count(b"/>")
    too_deep, too_wide = _paths(bounds.depth_max, bounds.attributes_max)
    if elements > bounds.elements_max and _count(root) > bounds.elements_max:
        raise XmlRefused(f"more than {bounds.elements_max} elements")
    if elements > bounds.depth_max and too_deep(root):
        raise XmlRefused(f"elements nest deeper than {bounds.depth_max}")
    if data.count(b"=") > bounds.attributes_max and too_wide(root):
        raise XmlRefused(f"an element has more than {bounds.attributes_max} attributes")


_count = etree.XPath("count(//*)")


@lru_cache(maxsize=8)
def _paths(depth_max: int, attributes_max: int) -> tuple[etree.XPath, etree.XPath]:
    deeper = "/*" * (depth_max + 1)
    return etree.XPath(f"boolean({deeper})"), etree.XPath(f"boolean(//@*[{attributes_max + 1}])")
