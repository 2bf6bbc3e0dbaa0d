# SPDX-License-Identifier: EUPL-1.2
"""SOAP 1.1 envelopes as far as evidence needs them: header entries as trees, and what the body holds.

Nothing is changed or written: the bytes of a message are what is signed (SOAP 1.1 sections 4.1 to 4.3).
"""

from __future__ import annotations

from dataclasses import dataclass

from lxml import etree

from flagstone.platform.crypto.xml import Bounds, XmlRefused, parse
from flagstone.platform.crypto.xml_tree import Node

SOAP_BOUNDS = Bounds(bytes_max=1 << 24, elements_max=500_000, depth_max=128, attributes_max=64, remarks=True)
_NAMESPACE = "{http://schemas.xmlsoap.org/soap/envelope/}"
_ENTRIES_MAX = 200


@dataclass(frozen=True)
class Envelope:
    """The entries of the header, and the full names of the body's children."""

    header: tuple[Node, ...]
    body: tuple[str, ...]

    def entry(self, name: str) -> Node | None:
        """Return the only header entry of the full `name`; XmlRefused when it is there twice."""
        found = [each for each in self.header if each.name == name]
        if len(found) > 1:
            raise XmlRefused(f"the header holds {found[0].local} more than once")
        return found[0] if found else None


def read_envelope(data: bytes, bounds: Bounds = SOAP_BOUNDS) -> Envelope:
    """Return what a SOAP 1.1 document says; XmlRefused when it is none, or out of `bounds`.

    Text beside elements is left out of the header's trees.
    """
    root = parse(data, bounds)
    if root.tag != f"{_NAMESPACE}Envelope":
        raise XmlRefused("the document is no SOAP 1.1 envelope")
    header, body = root.find(f"{_NAMESPACE}Header"), root.find(f"{_NAMESPACE}Body")
    if body is None:
        raise XmlRefused("the SOAP envelope has no body")
    entries = () if header is None else tuple(header.iterchildren(etree.Element))
    if len(entries) > _ENTRIES_MAX:
        raise XmlRefused(f"the SOAP header has more than {_ENTRIES_MAX} entries")
    names = tuple(str(each.tag) for each in body.iterchildren(etree.Element))
    return Envelope(tuple(map(_node, entries)), names)


def _node(element: etree._Element) -> Node:
    children = tuple(map(_node, element.iterchildren(etree.Element)))
    attributes = {str(name): str(value) for name, value in element.attrib.items()}
    return Node(str(element.tag), attributes, "" if children else "".join(element.itertext()), children)
