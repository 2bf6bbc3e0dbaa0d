# SPDX-License-Identifier: EUPL-1.2
"""Documents of data become plain trees and come back the same (XML 1.0, Namespaces in XML 1.0)."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flagstone.platform.crypto.xml import Bounds, XmlRefused, canonical, parse
from flagstone.platform.crypto.xml_tree import Node, read_tree, write_tree

DATA = b"""<?xml version="1.0"?>
<!-- of a configuration -->
<c:conf xmlns:c="urn:conf" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:t="urn:types">
    <member id="1" xsi:type="t:memberType"><name>O&#xdc; R&amp;D <!-- remark -->Ltd</name><empty/></member>
    <member id="2"><name> spaces </name></member>
</c:conf>"""


def test_read() -> None:
    root = read_tree(DATA)
    assert (root.name, root.local, root.text) == ("{urn:conf}conf", "conf", "")
    first, second = root.all("member")
    assert first.attributes == {
        "id": "1",
        "{http://www.w3.org/2001/XMLSchema-instance}type": "{urn:types}memberType",
    }
    assert first.children == (Node("name", {}, "OÜ R&D Ltd"), Node("empty"))
    assert second.text_of("name") == "spaces"
    assert second.children[0].text == " spaces "
    assert second.text_of("missing", "none") == "none"
    assert root.first("absent") is None
    assert root.first("{urn:other}member") is None


@pytest.mark.parametrize(
    "data",
    [
        b"<a>text<b/></a>",
        b"<a><b/>tail</a>",
        b'<a xmlns:x="http://www.w3.org/2001/XMLSchema-instance" x:type="p:t"/>',
        b"<a",
    ],
)
def test_refused(data: bytes) -> None:
    with pytest.raises(XmlRefused):
        read_tree(data)


def test_bounds_hold() -> None:
    with pytest.raises(XmlRefused):
        read_tree(b"<a><b/><b/></a>", Bounds(elements_max=2))


def test_write() -> None:
    tree = Node("{urn:a}root", {"id": 'a"b\n'}, children=(Node("{urn:b}leaf", text="<&\r>"), Node("plain")))
    assert write_tree(tree, {"a": "urn:a", "b": "urn:b"}) == (
        b'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
        b'<a:root xmlns:a="urn:a" xmlns:b="urn:b" id="a&quot;b&#10;">\n'
        b"    <b:leaf>&lt;&amp;&#13;&gt;</b:leaf>\n"
        b"    <plain/>\n"
        b"</a:root>\n"
    )
    assert b"<root xmlns" in write_tree(Node("{urn:a}root"), {"": "urn:a"})


@pytest.mark.parametrize(
    ("node", "prefixes"),
    [
        (Node("{urn:a}root"), {}),
        (Node("two words"), {}),
        (Node("a><b"), {}),
        (Node("root", {"a b": "c"}), {}),
        (Node("root", {"{urn:a}b": "c"}), {"": "urn:a"}),
        (Node("root"), {"": "urn:a"}),
        (Node("root", text="\x00"), {}),
        (Node("root", text="\ud800"), {}),
        (Node("root", {"a": "\x0b"}), {}),
        (Node("root", text="both", children=(Node("a"),)), {}),
        (Node("root"), {"xmlfoo": "urn:a"}),
        (Node("root"), {"a b": "urn:a"}),
        (Node("root"), {"a": ""}),
    ],
)
def test_not_written(node: Node, prefixes: dict[str, str]) -> None:
    with pytest.raises(XmlRefused):
        write_tree(node, prefixes)


PREFIXES = {"a": "urn:a", "b": "urn:b", "xsi": "http://www.w3.org/2001/XMLSchema-instance"}
locals_ = st.from_regex(r"[A-Za-z_][A-Za-z0-9_.-]{0,8}", fullmatch=True).filter(
    lambda name: name.lower()[:3] != "xml"
)
names = st.tuples(st.sampled_from(["", "{urn:a}", "{urn:b}"]), locals_).map("".join)
texts = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"], exclude_characters="\ufffe\uffff"),
    max_size=20,
)
leaves = st.builds(Node, names, st.dictionaries(names, texts, max_size=3), texts)
trees = st.recursive(
    leaves,
    lambda below: st.builds(
        lambda name, attributes, children: Node(name, attributes, "", tuple(children)),
        names,
        st.dictionaries(names, texts, max_size=3),
        st.lists(below, min_size=1, max_size=4),
    ),
    max_leaves=12,
)


@settings(max_examples=100, deadline=None)
@given(trees, st.sampled_from(["", "  ", "    "]))
def test_round_trip(tree: Node, indent: str) -> None:
    written = write_tree(tree, PREFIXES, indent=indent)
    assert read_tree(written) == tree
    assert canonical(parse(written))


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_give_a_tree_or_a_reason(data: bytes) -> None:
    with suppress(XmlRefused):
        assert read_tree(data).name
