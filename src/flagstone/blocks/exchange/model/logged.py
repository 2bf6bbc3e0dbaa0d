# SPDX-License-Identifier: EUPL-1.2
"""What a message in a container says of itself: who sent it to whom, and to which request it answers.

A REST message is its header block (PR-MESSTRANSP): one that begins with a digit is a response. It is read
leniently, because also messages that were logged without their bodies and paths are evidence.
"""

from __future__ import annotations

import hashlib
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass, field

from flagstone.blocks.exchange.contract.faults import IdentifierInvalid
from flagstone.blocks.exchange.contract.identifiers import ClientId
from flagstone.blocks.exchange.model import identifiers

HEAD_BYTES_MAX = 1 << 20
LINES_MAX = 2_000


class NotAMessage(ValueError):
    """Bytes are no message of the exchange; the words say why."""


@dataclass(frozen=True)
class Logged:
    """A message as it is logged; `service` is text, `request_hash` base64 and only in responses."""

    protocol: str
    is_response: bool
    message_id: str
    exchange: str
    client: ClientId
    provider: ClientId
    service: str
    request_hash: str = ""
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)

    @property
    def sender(self) -> ClientId:
        """Return the member or subsystem that sent it: the client a request, the provider a response."""
        return self.provider if self.is_response else self.client

    @property
    def kind(self) -> str:
        """Return what it is, in words."""
        return f"{self.protocol} {'response' if self.is_response else 'request'}"


def is_soap(message: bytes) -> bool:
    """Tell whether a message is a SOAP document rather than a header block."""
    return message.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] == b"<"


def rest_read(block: bytes) -> Logged:
    """Return what a REST header block says; NotAMessage when it names no client and service."""
    if len(block) > HEAD_BYTES_MAX:
        raise NotAMessage(f"the header block has more than {HEAD_BYTES_MAX} bytes")
    try:
        lines = block.decode("utf-8").split("\r\n")
    except UnicodeDecodeError:
        raise NotAMessage("the header block is not UTF-8") from None
    if not 2 <= len(lines) <= LINES_MAX:
        raise NotAMessage("it is neither a header block nor a SOAP document")
    pairs = tuple(
        (name.lower(), value) for name, _, value in (line.partition(":") for line in lines[2:] if line)
    )
    said = dict(pairs)
    is_response = block[:1].isdigit()
    service = said.get("x-road-service", "") if is_response else _path_service(lines[1])
    try:
        provider = identifiers.service_decoded(service).provider
        client = identifiers.client_decoded(said.get("x-road-client", ""))
    except IdentifierInvalid:
        raise NotAMessage("the header block names no client and service") from None
    return Logged(
        "REST",
        is_response,
        said.get("x-road-id", ""),
        said.get("x-road-request-id", ""),
        client,
        provider,
        str(identifiers.service_decoded(service)),
        said.get("x-road-request-hash", "") if is_response else "",
        pairs,
    )


def _path_service(target: str) -> str:
    """Return the service of `/r1/INSTANCE/CLASS/CODE/SUBSYSTEM/SERVICE...`."""
    parts = target.partition("?")[0].split("/", 7)
    return "/".join(parts[2:7]) if len(parts) >= 7 and parts[1] == "r1" else ""


def request_hashes(message: bytes, attachments: Sequence[bytes]) -> tuple[str, ...]:
    """Return what a response may give as the hash of this request, as base64.

    A SOAP request's is that of the document alone; a REST request's is over the header block, with a body
    over the two digests.
    """
    of_head = hashlib.sha512(message).digest()
    if is_soap(message):
        return (b64encode(of_head).decode(),)
    if attachments:
        whole = hashlib.sha512(of_head + hashlib.sha512(attachments[0]).digest()).digest()
        return (b64encode(whole).decode(),)
    return (b64encode(of_head).decode(),)
