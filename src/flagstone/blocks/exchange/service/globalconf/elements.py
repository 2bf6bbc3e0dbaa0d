# SPDX-License-Identifier: EUPL-1.2
"""Elements of configuration documents as values and back: each once where it must be, base64, identifiers.

The root is in the namespace of the exchange, its children in none, identifiers in theirs.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable
from datetime import datetime

from flagstone.blocks.exchange.contract.globalconf_faults import ConfigurationMalformed
from flagstone.blocks.exchange.contract.identifiers import ClientId
from flagstone.blocks.exchange.model.globalconf.directory import instant_of
from flagstone.platform.crypto.xml import Bounds
from flagstone.platform.crypto.xml_tree import Node, read_tree, write_tree

EXCHANGE = "http://x-road.eu/xsd/xroad.xsd"
IDENTIFIERS = "http://x-road.eu/xsd/identifiers"
PREFIXES = {"ns2": IDENTIFIERS, "ns3": EXCHANGE}
OBJECT_TYPE = f"{{{IDENTIFIERS}}}objectType"
BOUNDS = Bounds(
    bytes_max=32 * 1024 * 1024, elements_max=1_000_000, depth_max=16, attributes_max=8, remarks=True
)
TEXT_LENGTH_MAX = 64 * 1024
NUMBER_DIGITS_MAX = 9


def read_document(data: bytes, root: str) -> Node:
    """Return the document whose root must be called `root`; ConfigurationMalformed or XmlRefused."""
    tree = read_tree(data, BOUNDS)
    if tree.name != f"{{{EXCHANGE}}}{root}":
        raise ConfigurationMalformed(f"the document is not a {root}")
    return tree


def write_document(root: str, children: Iterable[Node]) -> bytes:
    """Return a document of the exchange's namespace."""
    return write_tree(Node(f"{{{EXCHANGE}}}{root}", {}, "", tuple(children)), PREFIXES)


def optional(node: Node, name: str) -> Node | None:
    """Return the one child called `name`, None where there is none."""
    found = [each for each in node.children if each.name == name]
    if len(found) > 1:
        raise ConfigurationMalformed(f"{node.local} has more than one {name.rpartition('}')[2]}")
    return found[0] if found else None


def one(node: Node, name: str) -> Node:
    """Return the child called `name`, which must be there once."""
    found = optional(node, name)
    if found is None:
        raise ConfigurationMalformed(f"{node.local} has no {name.rpartition('}')[2]}")
    return found


def many(node: Node, name: str) -> tuple[Node, ...]:
    """Return every child called `name`, in order."""
    return tuple(each for each in node.children if each.name == name)


def text(node: Node, name: str) -> str:
    """Return the text of a child that must be there, without white space around it."""
    return _plain(one(node, name))


def optional_text(node: Node, name: str) -> str | None:
    """Return the text of a child, None where there is none."""
    found = optional(node, name)
    return None if found is None else _plain(found)


def number(node: Node, name: str) -> int:
    """Return a child's whole number."""
    found = text(node, name)
    digits = found.removeprefix("-").removeprefix("+")
    if not digits.isascii() or not digits.isdecimal() or len(digits) > NUMBER_DIGITS_MAX:
        raise ConfigurationMalformed(f"{name} is not a small whole number")
    return int(found)


def truth(node: Node, name: str) -> bool | None:
    """Return a child's truth value, None where there is none (XML Schema: true, false, 1, 0)."""
    found = optional_text(node, name)
    values = {None: None, "true": True, "1": True, "false": False, "0": False}
    if found not in values:
        raise ConfigurationMalformed(f"{name} is neither true nor false")
    return values[found]


def moment(node: Node, name: str) -> datetime | None:
    """Return a child's instant, None where there is none; without an offset it is taken as UTC."""
    found = optional_text(node, name)
    if found is None:
        return None
    return instant_of(found if found.endswith("Z") or found[-6:-5] in {"+", "-"} else f"{found}Z")


def octets(node: Node) -> bytes:
    """Return the bytes of an element in base64; white space within does not count."""
    try:
        return base64.b64decode("".join(node.text.split()), validate=True)
    except (binascii.Error, ValueError) as error:
        raise ConfigurationMalformed(f"{node.local} is not base64") from error


def octets_of(node: Node, name: str) -> bytes:
    """Return the bytes of a child that must be there."""
    return octets(one(node, name))


def optional_octets(node: Node, name: str) -> bytes | None:
    """Return the bytes of a child, None where there is none."""
    found = optional(node, name)
    return None if found is None else octets(found)


def client(node: Node) -> ClientId:
    """Return the member or subsystem that an element of the identifiers' type names."""
    instance, member_class = text(node, _identifier("xRoadInstance")), text(node, _identifier("memberClass"))
    member_code = text(node, _identifier("memberCode"))
    subsystem = optional_text(node, _identifier("subsystemCode")) or ""
    known = node.attributes.get(OBJECT_TYPE) in {"MEMBER", "SUBSYSTEM", "SERVICE"}
    if not (known and instance and member_class and member_code):
        raise ConfigurationMalformed(f"{node.local} does not name a member or subsystem")
    return ClientId(instance, member_class, member_code, subsystem)


def leaf(name: str, value: str) -> Node:
    """Return an element that holds text."""
    return Node(name, {}, value)


def leaf_if(name: str, value: str | None) -> tuple[Node, ...]:
    """Return an element that holds text, none where `value` is None or empty."""
    return (Node(name, {}, value),) if value else ()


def coded(name: str, value: bytes) -> Node:
    """Return an element that holds bytes in base64."""
    return Node(name, {}, base64.b64encode(value).decode())


def group(name: str, *children: Node, **attributes: str) -> Node:
    """Return an element that holds others."""
    return Node(name, attributes, "", children)


def client_node(name: str, who: ClientId) -> Node:
    """Return an element that names a member or subsystem."""
    kind = "SUBSYSTEM" if who.subsystem else "MEMBER"
    return Node(name, {OBJECT_TYPE: kind}, "", tuple(client_parts(who)))


def client_parts(who: ClientId) -> list[Node]:
    """Return the elements that an identifier of `who` is made of."""
    named = (
        ("xRoadInstance", who.instance),
        ("memberClass", who.member_class),
        ("memberCode", who.member_code),
        ("subsystemCode", who.subsystem),
    )
    return [leaf(_identifier(name), value) for name, value in named if value]


def identifier_node(name: str, value: str) -> Node:
    """Return one further element of the identifiers' namespace."""
    return leaf(_identifier(name), value)


def identifier_text(node: Node, name: str) -> str | None:
    """Return the text of a child in the identifiers' namespace, None where there is none."""
    return optional_text(node, _identifier(name))


def _identifier(name: str) -> str:
    return f"{{{IDENTIFIERS}}}{name}"


def _plain(node: Node) -> str:
    """Return the text of an element without children."""
    if node.children or len(node.text) > TEXT_LENGTH_MAX:
        raise ConfigurationMalformed(f"{node.local} is not a short text")
    return node.text.strip()
