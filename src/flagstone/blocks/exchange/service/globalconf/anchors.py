# SPDX-License-Identifier: EUPL-1.2
"""Configuration anchors: read, written, and known by the SHA-224 fingerprint that people compare."""

from __future__ import annotations

from urllib.parse import urlsplit

from flagstone.blocks.exchange.contract.globalconf import Anchor, AnchorSource
from flagstone.blocks.exchange.contract.globalconf_faults import ConfigurationMalformed
from flagstone.blocks.exchange.model.globalconf.directory import instant_text
from flagstone.blocks.exchange.service.globalconf import elements
from flagstone.platform.crypto.digests import Digest, digest_of
from flagstone.platform.crypto.xml_tree import Node

ROOT = "configurationAnchor"
BYTES_MAX = 1024 * 1024
SOURCES_MAX = 50


def read_anchor(data: bytes) -> Anchor:
    """Return the anchor that a file holds; ConfigurationMalformed or XmlRefused."""
    if len(data) > BYTES_MAX:
        raise ConfigurationMalformed(f"the anchor is larger than {BYTES_MAX} bytes")
    return anchor_of(elements.read_document(data, ROOT))


def write_anchor(anchor: Anchor) -> bytes:
    """Return an anchor as a file."""
    return elements.write_document(ROOT, anchor_children(anchor))


def fingerprint(data: bytes) -> str:
    """Return the SHA-224 of an anchor's file as people read it: pairs of digits with colons."""
    digits = digest_of(data, Digest.SHA224).hex().upper()
    return ":".join(digits[at : at + 2] for at in range(0, len(digits), 2))


def anchor_of(node: Node) -> Anchor:
    """Return the anchor that an element holds; also within private parameters."""
    sources = elements.many(node, "source")
    if not 0 < len(sources) <= SOURCES_MAX:
        raise ConfigurationMalformed("an anchor names no source, or far too many")
    instance = elements.text(node, "instanceIdentifier")
    if not instance:
        raise ConfigurationMalformed("an anchor names no instance")
    return Anchor(instance, tuple(map(_source, sources)), elements.moment(node, "generatedAt"))


def anchor_children(anchor: Anchor) -> list[Node]:
    """Return what an anchor's element holds."""
    made = _generated_at(anchor)
    return [*made, elements.leaf("instanceIdentifier", anchor.instance), *map(_source_node, anchor.sources)]


def _generated_at(anchor: Anchor) -> tuple[Node, ...]:
    """Return the element that says when an anchor was made, if it is known."""
    if anchor.generated_at is None:
        return ()
    milliseconds = anchor.generated_at.microsecond // 1000
    text = instant_text(anchor.generated_at)
    exact = text.replace("Z", f".{milliseconds:03}Z") if milliseconds else text
    return (elements.leaf("generatedAt", exact),)


def _source(node: Node) -> AnchorSource:
    """Return one source of an anchor."""
    url = elements.text(node, "downloadURL")
    certificates = tuple(elements.octets(each) for each in elements.many(node, "verificationCert"))
    if not is_web_address(url) or not certificates:
        raise ConfigurationMalformed("a source of the anchor has no http(s) address or no certificate")
    return AnchorSource(url, certificates)


def _source_node(source: AnchorSource) -> Node:
    certificates = [elements.coded("verificationCert", each) for each in source.certificates]
    return elements.group("source", elements.leaf("downloadURL", source.url), *certificates)


def is_web_address(url: str) -> bool:
    """Tell whether a text is http(s)://HOST, without a name or password in it.

    Port 0 is let pass: a site that is made before it has a port names it, and is found another way.
    """
    try:
        parts = urlsplit(url)
        _port = parts.port  # ValueError for one that is none
        return parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.username is None
    except ValueError:
        return False
