# SPDX-License-Identifier: EUPL-1.2
"""XML documents of data as plain trees: no parser's objects leave this room (XML 1.0, Namespaces in XML 1.0).

For configuration and other documents where an element holds either text or elements, never both; a document
that mixes them is refused. Comments and processing instructions are left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from lxml import etree

from flagstone.platform.crypto.xml import CONFIGURATION, Bounds, XmlRefused, parse

DECLARATION = b'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'

_NAME = re.compile(r"(?:\{(?P<namespace>[^{}]*)\})?(?P<local>[A-Za-z_][A-Za-z0-9_.-]*)", re.ASCII)
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_TEXT = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#13;"})
_VALUE = str.maketrans({"&": "&amp;", "<": "&lt;", '"': "&quot;", "\t": "&#9;", "\n": "&#10;", "\r": "&#13;"})
_XML = "http://www.w3.org/XML/1998/namespace"
_XSI_TYPE = "{http://www.w3.org/2001/XMLSchema-instance}type"


@dataclass(frozen=True)
class Node:
    """One element: its `name` as "{namespace}local" (or "local"), attributes by such names, text or children.

    `text` is the exact text of an element without children and "" of one with children. An `xsi:type` is
    given with its prefix resolved ("{namespace}local"); other attributes are as written.
    """

    name: str
    attributes: Mapping[str, str] = field(default_factory=dict)
    text: str = ""
    children: tuple[Node, ...] = ()

    @property
    def local(self) -> str:
        """Return the name without its namespace."""
        return self.name.rpartition("}")[2]

    def all(self, name: str) -> Iterator[Node]:
        """Yield the children called `name`: the full name, or a local name in whatever namespace."""
        return (each for each in self.children if name in (each.name, each.local))

    def first(self, name: str) -> Node | None:
        """Return the first child called `name` (as in `all`), or None."""
        return next(self.all(name), None)

    def text_of(self, name: str, default: str = "") -> str:
        """Return the text of the first child called `name` without outer white space, or `default`."""
        child = self.first(name)
        return default if child is None else child.text.strip()


def read_tree(data: bytes, bounds: Bounds = CONFIGURATION) -> Node:
    """Return the document `data` as a tree; XmlRefused when it is malformed, mixed or out of `bounds`."""
    return _node(parse(data, bounds))


def write_tree(node: Node, prefixes: Mapping[str, str], *, indent: str = "    ") -> bytes:
    """Return `node` as a UTF-8 document whose root declares `prefixes` (prefix to namespace; "" the default).

    Elements without children stand on one line each, indented by `indent` a level ("" writes one line).
    Attributes keep their order. XmlRefused for a namespace without prefix, a name that is no XML name, or a
    character that XML 1.0 cannot hold; attributes never take the default prefix.
    """
    _check_prefixes(prefixes)
    names = _Names(prefixes)
    declared = "".join(
        f" xmlns{':' if prefix else ''}{prefix}={_quoted(namespace)}"
        for prefix, namespace in prefixes.items()
    )
    return DECLARATION + "".join(_written(node, names, declared, ("", indent))).encode() + b"\n"


class _Names:
    """Prefixed names for full names, each looked up once."""

    def __init__(self, prefixes: Mapping[str, str]) -> None:
        self._of_element = {namespace: prefix for prefix, namespace in prefixes.items()}
        self._of_attribute = {namespace: prefix for prefix, namespace in prefixes.items() if prefix}
        self._of_attribute[_XML] = "xml"
        self._default = prefixes.get("", "")

    def element(self, name: str) -> str:
        namespace, local = _parted(name)
        if not namespace and self._default:
            raise XmlRefused(f"{local} has no namespace, but a default one is declared")
        return self._prefixed(namespace, local, self._of_element)

    def attribute(self, name: str) -> str:
        return self._prefixed(*_parted(name), self._of_attribute)

    @staticmethod
    def _prefixed(namespace: str, local: str, prefixes: Mapping[str, str]) -> str:
        if not namespace:
            return local
        if namespace not in prefixes:
            raise XmlRefused(f"the namespace {namespace} of {local} has no prefix")
        prefix = prefixes[namespace]
        return f"{prefix}:{local}" if prefix else local


def _check_prefixes(prefixes: Mapping[str, str]) -> None:
    for prefix, namespace in prefixes.items():
        if not namespace or (prefix and not _NAME.fullmatch(prefix)) or prefix.lower().startswith("xml"):
            raise XmlRefused(f"{prefix!r} cannot be declared for the namespace {namespace!r}")


def _parted(name: str) -> tuple[str, str]:
    match = _NAME.fullmatch(name)
    if match is None:
        raise XmlRefused(f"{name!r} is not a name")
    return match["namespace"] or "", match["local"]


def _quoted(value: str) -> str:
    return f'"{_admitted(value).translate(_VALUE)}"'


def _admitted(text: str) -> str:
    if _NOT_XML.search(text):
        raise XmlRefused("XML cannot hold one of the characters")
    return text


def _written(node: Node, names: _Names, declared: str, layout: tuple[str, str]) -> Iterator[str]:
    """Yield the text of `node`; `layout` is the indentation so far and that of one level."""
    margin, indent = layout
    name = names.element(node.name)
    if node.text and node.children:
        raise XmlRefused(f"{name} holds text and elements")
    attributes = "".join(
        f" {names.attribute(key)}={_quoted(_attribute_value(key, value, names))}"
        for key, value in node.attributes.items()
    )
    if not node.children:
        text = _admitted(node.text).translate(_TEXT)
        yield f"<{name}{declared}{attributes}>{text}</{name}>" if text else f"<{name}{declared}{attributes}/>"
        return
    yield f"<{name}{declared}{attributes}>"
    inner = margin + indent
    line = "\n" if indent else ""
    for child in node.children:
        yield line + inner
        yield from _written(child, names, "", (inner, indent))
    yield f"{line}{margin}</{name}>"


def _attribute_value(name: str, value: str, names: _Names) -> str:
    return names.element(value) if name == _XSI_TYPE and value.startswith("{") else value


def _node(element: etree._Element) -> Node:
    children = tuple(_node(each) for each in element.iterchildren(etree.Element))
    text = "".join(_texts(element))
    if children and text.strip():
        raise XmlRefused(f"{etree.QName(element).localname} holds text and elements")
    return Node(str(element.tag), _attributes(element), "" if children else text, children)


def _texts(element: etree._Element) -> Iterator[str]:
    yield element.text or ""
    for child in element:
        yield child.tail or ""


def _attributes(element: etree._Element) -> dict[str, str]:
    found = {str(key): str(value) for key, value in element.attrib.items()}
    if _XSI_TYPE in found:
        found[_XSI_TYPE] = _resolved(found[_XSI_TYPE].strip(), element)
    return found


def _resolved(name: str, element: etree._Element) -> str:
    prefix, _, local = name.rpartition(":")
    namespace = element.nsmap.get(prefix or None)
    if namespace is None and prefix:
        raise XmlRefused(f"the prefix {prefix} of a type is not declared")
    return f"{{{namespace}}}{local}" if namespace else local
