# SPDX-License-Identifier: EUPL-1.2
"""How messages go from server to server: what a transport is, and `plain`, which is for one machine only.

`plain` is not signed and not encrypted. It therefore goes to loopback addresses only, takes messages from
loopback addresses only, and says its name wherever it is at work. The hop is `POST /` with a body of four
bytes, the length of the header block in network order, then the block, then the message's body as it is;
the answer likewise. A fault is answered as JSON with type, message and detail.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import lru_cache
from ipaddress import ip_address
from struct import Struct
from typing import Protocol
from urllib.parse import urlsplit

from flagstone.blocks.exchange.contract.faults import IdentifierInvalid
from flagstone.blocks.exchange.contract.identifiers import ServerId
from flagstone.blocks.exchange.model import faults, identifiers
from flagstone.blocks.exchange.model.faults import MessageFault
from flagstone.blocks.exchange.model.filtering import last
from flagstone.blocks.exchange.web.path.bounds import PathBounds
from flagstone.blocks.exchange.web.path.streams import Prefixed, begun
from flagstone.kernel.errors import SettingsFault
from flagstone.platform.http.wire.bounds import Timeouts
from flagstone.platform.http.wire.client import WireClient
from flagstone.platform.http.wire.faults import AnswerBroken, AnswerSlow, BodyBroken, NoAnswer
from flagstone.platform.http.wire.messages import (
    Answer,
    Body,
    Incoming,
    RequestHead,
    ResponseHead,
)

CONTENT_TYPE = b"application/x-flagstone-plain"
SENDER = b"x-flagstone-server"
FAULT_BYTES_MAX = 16 * 1024
FAULT_LENGTH_MAX = 500
_LENGTH = Struct(">I")
_TYPED = (b"content-type", CONTENT_TYPE)


@dataclass(frozen=True, slots=True)
class Parcel:
    """A message between two servers: its header block and its body, of no bytes where there is none."""

    block: bytes = field(repr=False)
    body: Body | bytes = field(repr=False)


class Transport(Protocol):
    """How messages go to another server and come from it; `name` is how settings and logs call it."""

    name: str

    def check(self, address: str) -> None:
        """Refuse, with SettingsFault, an address (`http://HOST:PORT`) that this transport may not use."""
        ...

    async def carry(self, address: str, sender: ServerId, parcel: Parcel) -> Parcel:
        """Send a request and return the response.

        Raises Unreachable when nothing was sent, NoAnswer, AnswerBroken, BodyBroken, and MessageFault with
        `from_peer` for what the other server says.
        """
        ...

    async def taken(self, incoming: Incoming) -> tuple[ServerId, Parcel]:
        """Return who sent a request, and the request; MessageFault when it cannot be read or trusted."""
        ...

    def answered(self, parcel: Parcel) -> Answer:
        """Return the response as an answer."""
        ...

    def refused(self, status: int, fault: dict[str, str]) -> Answer:
        """Return a fault (`type`, `message`, `detail`) as an answer."""
        ...


class Plain:
    """The plain transport; belongs to the event loop of its `client`."""

    name = "plain"

    def __init__(self, client: WireClient, bounds: PathBounds) -> None:
        self._client = client
        self._bounds = bounds
        self._timeouts = Timeouts(connect_seconds=bounds.connect_seconds, answer_seconds=bounds.peer_seconds)
        self._addresses: dict[str, tuple[str, int]] = {}

    def check(self, address: str) -> None:
        """Refuse an address that is not of this machine."""
        loopback_address(address)

    async def carry(self, address: str, sender: ServerId, parcel: Parcel) -> Parcel:
        """Send a request and return the response."""
        host, port = self._address(address)
        headers = (_TYPED, (SENDER, identifiers.server_encoded(sender).encode()))
        head = RequestHead(b"POST", b"/", headers)
        reply = await self._client.call(host, port, head, _packed(parcel), timeouts=self._timeouts)
        kind = last(reply.head.headers, b"content-type") or b""
        if reply.head.status != 200 or kind != CONTENT_TYPE:
            raise await _said(reply.head.status, kind, reply.body)
        try:
            return await self._unpacked(reply.body)
        except BodyBroken:
            raise MessageFault(faults.IO_ERROR, "The other server's response broke off.") from None

    async def taken(self, incoming: Incoming) -> tuple[ServerId, Parcel]:
        """Return who says it sent a request, and the request; only from this machine."""
        head = incoming.head
        if not is_loopback(incoming.peer):
            raise MessageFault(faults.AUTHENTICATION_FAILED, "The plain transport is for one machine only.")
        if head.method != b"POST" or head.target != b"/":
            raise MessageFault(faults.INVALID_METHOD, "Messages come by POST to /.")
        if last(head.headers, b"content-type") != CONTENT_TYPE:
            raise MessageFault(faults.INVALID_CONTENT_TYPE, "That is not a message of the plain transport.")
        return _sender(last(head.headers, SENDER)), await self._unpacked(incoming.body)

    def answered(self, parcel: Parcel) -> Answer:
        """Return the response as an answer."""
        return Answer(ResponseHead(200, b"OK", (_TYPED,)), _packed(parcel))

    def refused(self, status: int, fault: dict[str, str]) -> Answer:
        """Return a fault as an answer."""
        headers = ((b"content-type", b"application/json"),)
        return Answer(ResponseHead(status, b"", headers), json.dumps(fault).encode())

    def _address(self, address: str) -> tuple[str, int]:
        found = self._addresses.get(address)
        if found is None:
            try:
                found = loopback_address(address)
            except SettingsFault as refused:
                raise MessageFault(faults.NETWORK_ERROR, refused.detail) from None
            self._addresses[address] = found
        return found

    async def _unpacked(self, body: Body) -> Parcel:
        """Read the header block; what follows it stays a stream unless it is here already."""
        at_hand = body.at_hand()
        read = at_hand if at_hand is not None else await begun(body, 4)
        if len(read) < 4:
            raise MessageFault(faults.MISSING_REST, "The message ends before its header block.")
        end = 4 + _LENGTH.unpack_from(read)[0]
        if end > 4 + self._bounds.block_bytes_max:
            raise MessageFault(faults.INVALID_REST, "The header block is too large.")
        if at_hand is None and len(read) < end:
            read += await begun(body, end - len(read))
        if len(read) < end:
            raise MessageFault(faults.MISSING_REST, "The message ends within its header block.")
        if at_hand is not None:
            return Parcel(read[4:end], read[end:])
        length = None if body.length is None else body.length - end
        return Parcel(read[4:end], b"" if length == 0 else Prefixed(read[end:], body, length))


def loopback_address(address: str) -> tuple[str, int]:
    """Return host and port of `http://HOST:PORT` on this machine; SettingsFault for any other address."""
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError:
        port = None
    if port is None or parts.scheme != "http" or parts.path.strip("/") or parts.username is not None:
        raise SettingsFault("The address of a server is http://HOST:PORT.")
    if not is_loopback(parts.hostname or ""):
        raise SettingsFault("The plain transport goes to loopback addresses only.")
    return parts.hostname or "", port


@lru_cache(maxsize=1024)
def is_loopback(host: str) -> bool:
    """Tell whether `host` is an IP address of this machine's loopback; names are not looked up."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def unanswered(fault: NoAnswer | AnswerBroken, who: str) -> MessageFault:
    """Return the fault of a message that `who` did not answer: too slow, broken off or not HTTP."""
    if isinstance(fault, AnswerBroken):
        return MessageFault(faults.NONSENSE, f"{who} did not answer in HTTP.")
    if isinstance(fault, AnswerSlow):
        return MessageFault(faults.TIMEOUT, f"{who} did not answer in time.")
    return MessageFault(faults.IO_ERROR, f"{who} broke off without an answer.")


def _packed(parcel: Parcel) -> Body | bytes:
    first = _LENGTH.pack(len(parcel.block)) + parcel.block
    if isinstance(parcel.body, bytes):
        return first + parcel.body
    length = parcel.body.length
    return Prefixed(first, parcel.body, None if length is None else len(first) + length)


def _sender(value: bytes | None) -> ServerId:
    try:
        return identifiers.server_decoded((value or b"").decode("ascii"))
    except (IdentifierInvalid, UnicodeDecodeError):
        raise MessageFault(faults.AUTHENTICATION_FAILED, "The message does not say who sent it.") from None


async def _said(status: int, kind: bytes, body: Body) -> MessageFault:
    """Return the fault that another server answered with; what is no fault is an error of HTTP."""
    if kind != b"application/json":
        body.abandon()
        return MessageFault(
            faults.INVALID_CONTENT_TYPE, f"The other server answered {status} and no message."
        )
    try:
        said = json.loads(await body.read(FAULT_BYTES_MAX))
        code, text, detail = (str(said[name])[:FAULT_LENGTH_MAX] for name in ("type", "message", "detail"))
    except (ValueError, TypeError, KeyError, RecursionError):
        return MessageFault(faults.NONSENSE, "The other server's fault cannot be read.")
    if not faults.is_code(code) or not faults.is_whole(code):
        return MessageFault(faults.NONSENSE, "The other server's fault has no code.")
    return MessageFault(code, text, from_peer=True, detail=detail)
