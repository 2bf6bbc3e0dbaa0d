# SPDX-License-Identifier: EUPL-1.2
"""Reads the message of a container, REST or SOAP (PR-MESS 2.2), to know who must have signed it."""

from __future__ import annotations

from flagstone.blocks.exchange.contract.identifiers import ClientId
from flagstone.blocks.exchange.model.logged import Logged, NotAMessage, is_soap, rest_read
from flagstone.platform.crypto.soap import Envelope, read_envelope
from flagstone.platform.crypto.xml import XmlRefused
from flagstone.platform.crypto.xml_tree import Node

_XROAD = "{http://x-road.eu/xsd/xroad.xsd}"
_ID = "{http://x-road.eu/xsd/identifiers}"


def read_message(message: bytes) -> Logged:
    """Return what a message says; NotAMessage when it names no client and service."""
    if not is_soap(message):
        return rest_read(message)
    try:
        return _soap(read_envelope(message.removeprefix(b"\xef\xbb\xbf")))
    except XmlRefused as refused:
        raise NotAMessage(refused.detail or refused.title) from None


def _soap(envelope: Envelope) -> Logged:
    client, service = _required(envelope, "client"), _required(envelope, "service")
    code = service.text_of(f"{_ID}serviceCode")
    provider, version = _client(service), service.text_of(f"{_ID}serviceVersion")
    named = "/".join(part for part in (str(provider), code, version) if part)
    hashed = envelope.entry(f"{_XROAD}requestHash")
    is_response = hashed is not None or any(
        name.rpartition("}")[2] == f"{code}Response" for name in envelope.body
    )
    message_id = envelope.entry(f"{_XROAD}id")
    return Logged(
        "SOAP",
        is_response,
        message_id.text.strip() if message_id else "",
        "",
        _client(client),
        provider,
        named,
        hashed.text.strip() if hashed else "",
    )


def _required(envelope: Envelope, name: str) -> Node:
    found = envelope.entry(_XROAD + name)
    if found is None:
        raise NotAMessage(f"the SOAP header has no {name}")
    return found


def _client(node: Node) -> ClientId:
    instance, kind, code = (
        node.text_of(_ID + name) for name in ("xRoadInstance", "memberClass", "memberCode")
    )
    if not (instance and kind and code):
        raise NotAMessage(f"the {node.local} of the SOAP header is not complete")
    return ClientId(instance, kind, code, node.text_of(f"{_ID}subsystemCode"))
