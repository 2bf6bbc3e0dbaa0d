# SPDX-License-Identifier: EUPL-1.2
"""Messages of the Message Protocol for REST, version r1, and the header blocks that are hashed and logged.

A request's block is `VERB` CRLF `path[?query]` CRLF and a line `name:value` CRLF for each header, a
response's is `status` CRLF `reason` CRLF and such lines; no space after the colon, order kept, no empty line
at the end (PR-MESSTRANSP, REST). Header values are bytes as they were received.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from flagstone.blocks.exchange.contract.faults import IdentifierInvalid
from flagstone.blocks.exchange.contract.identifiers import ClientId, ServerId, ServiceId
from flagstone.blocks.exchange.model import faults, identifiers
from flagstone.blocks.exchange.model.faults import MessageFault
from flagstone.blocks.exchange.model.filtering import FILTERED, Headers, last, of_request, of_response, said

METHODS = frozenset({b"GET", b"POST", b"PUT", b"DELETE", b"PATCH", b"OPTIONS", b"HEAD", b"TRACE"})
VERSION = "r1"
ID_LENGTH_MAX = 255
REQUEST_ID = b"x-road-request-id"
_PATH = re.compile(rb"/(?:[A-Za-z0-9\-._~!$&'()*+,;=:@/]|%[0-9A-Fa-f]{2})*")
_QUERY = re.compile(rb"[\x21\x22\x24-\x7e]*")
_LINES = re.compile(rb"(?:[!#$%&'*+\-.^_`|~0-9A-Za-z]+:[^\x00-\x08\x0a-\x1f\x7f]*\r\n)*")
_STATUS = re.compile(rb"[2-5][0-9]{2}")
_REASON = re.compile(rb"[^\x00-\x08\x0a-\x1f\x7f]*")
_UUID = re.compile(rb"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")


@dataclass(frozen=True, slots=True)
class Request:
    """A request as it passes. `path` is the service's part of the path, raw, empty or beginning with `/`.

    `query` is None where the target has no `?`; `block` are the bytes that are hashed and logged; `said`
    has the last value of each header by its name in lower case.
    """

    method: bytes
    service: ServiceId
    path: bytes
    query: bytes | None
    headers: Headers = field(repr=False)
    client: ClientId
    message_id: str
    exchange: str
    target: ServerId | None
    block: bytes = field(repr=False)
    said: Mapping[bytes, bytes] = field(repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class Response:
    """A response as it passes; `request_hash` is base64, `block` as in `Request`."""

    status: int
    reason: bytes
    headers: Headers = field(repr=False)
    client: ClientId
    service: ServiceId
    message_id: str
    exchange: str
    request_hash: str
    block: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Given:
    """What a consumer's server gives to a request: the exchange's id, a message id if it has none."""

    exchange: str
    message_id: str


def request_taken(method: bytes, target: bytes, headers: Headers, *, given: Given) -> Request:
    """Return the request that an information system sent, filtered and with what is `given`.

    Raises MessageFault bad_request, invalid_http_method or invalid_client_identifier.
    """
    kept = (*of_request(headers), (REQUEST_ID, given.exchange.encode()))
    if not last(kept, b"x-road-id"):
        kept += ((b"x-road-id", given.message_id.encode()),)
    return _request(method, target, kept)


def request_parsed(block: bytes) -> Request:
    """Return the request of a header block that a peer sent; MessageFault, also invalid_rest.

    A filtered header in it is fatal, and `x-road-request-id` must be there once, in lower case.
    """
    method, target, headers = _parsed(block)
    return _request(method, target, headers, block)


def response_made(
    request: Request, status: int, reason: bytes, headers: Headers, *, request_hash: str
) -> Response:
    """Return the response made of a service's answer: filtered, and five headers more."""
    ours = (
        (b"x-road-id", request.message_id.encode()),
        (b"x-road-client", identifiers.client_encoded(request.client).encode()),
        (b"x-road-service", identifiers.service_encoded(request.service).encode()),
        (REQUEST_ID, request.exchange.encode()),
        (b"x-road-request-hash", request_hash.encode()),
    )
    kept = of_response(headers) + ours
    reason = reason if _REASON.fullmatch(reason) else b""
    return Response(
        status,
        reason,
        kept,
        request.client,
        request.service,
        request.message_id,
        request.exchange,
        request_hash,
        _block(str(status).encode(), reason, kept),
    )


def response_parsed(block: bytes) -> Response:
    """Return the response of a header block that a peer sent; MessageFault invalid_rest otherwise."""
    status, reason, headers = _parsed(block)
    by_name = said(headers)
    texts = [_text(by_name.get(name, b"")) for name in (b"x-road-id", REQUEST_ID, b"x-road-request-hash")]
    if not _STATUS.fullmatch(status) or not all(texts):
        raise MessageFault(faults.INVALID_REST, "The response is not complete.")
    try:
        client = identifiers.client_decoded(_text(by_name.get(b"x-road-client", b"")))
        service = identifiers.service_decoded(_text(by_name.get(b"x-road-service", b"")))
    except IdentifierInvalid:
        raise MessageFault(faults.INVALID_REST, "The response names no client and service.") from None
    return Response(int(status), reason, headers, client, service, texts[0], texts[1], texts[2], block)


def difference(request: Request, response: Response, request_hash: str) -> str:
    """Return what of `response` does not fit the `request` that was sent, empty when all does."""
    checks = (
        ("client", response.client == request.client),
        ("message id", response.message_id == request.message_id),
        ("service", response.service == request.service),
        ("request id", response.exchange == request.exchange),
        ("request hash", response.request_hash == request_hash),
    )
    return next((name for name, same in checks if not same), "")


def _request(method: bytes, target: bytes, headers: Headers, block: bytes | None = None) -> Request:
    if method not in METHODS:
        raise MessageFault(faults.INVALID_METHOD, "The protocol has no such method.")
    service, path, query = _target(target)
    by_name = said(headers)
    client, server = _client(by_name), _server(by_name)
    _party(by_name)
    exchange = _exchange(headers)
    return Request(
        method,
        service,
        path,
        query,
        headers,
        client,
        _message_id(by_name),
        exchange,
        server,
        block if block is not None else _block(method, target, headers),
        by_name,
    )


def _target(target: bytes) -> tuple[ServiceId, bytes, bytes | None]:
    """Return service, the service's path and the query of a target `/r1/5 segments[/path][?query]`."""
    whole, mark, query = target.partition(b"?")
    if not _PATH.fullmatch(whole) or not _QUERY.fullmatch(query):
        raise MessageFault(faults.BAD_REQUEST, "The address holds what must be percent-encoded.")
    parts = whole.decode().split("/", 7)
    if len(parts) < 7 or parts[1] != VERSION:
        raise MessageFault(
            faults.BAD_REQUEST, "The address is not /r1/INSTANCE/CLASS/MEMBER/SUBSYSTEM/SERVICE."
        )
    try:
        service = identifiers.service_decoded("/".join(parts[2:7]))
    except IdentifierInvalid as invalid:
        raise MessageFault(
            faults.BAD_REQUEST, f"The service in the address is no identifier: {invalid}."
        ) from None
    path = f"/{parts[7]}".encode() if len(parts) == 8 else b""
    return service, path, query if mark else None


def _client(by_name: Mapping[bytes, bytes]) -> ClientId:
    value = by_name.get(b"x-road-client")
    if not value:
        raise MessageFault(faults.INVALID_CLIENT, "The header X-Road-Client is missing.")
    try:
        return identifiers.client_decoded(_text(value))
    except IdentifierInvalid as invalid:
        raise MessageFault(faults.INVALID_CLIENT, f"X-Road-Client is no identifier: {invalid}.") from None


def _server(by_name: Mapping[bytes, bytes]) -> ServerId | None:
    value = by_name.get(b"x-road-security-server")
    try:
        return identifiers.server_decoded(_text(value)) if value else None
    except IdentifierInvalid as invalid:
        raise MessageFault(
            faults.BAD_REQUEST, f"X-Road-Security-Server is no identifier: {invalid}."
        ) from None


def _party(by_name: Mapping[bytes, bytes]) -> None:
    value = by_name.get(b"x-road-represented-party")
    try:
        if value is not None:
            identifiers.party_decoded(_text(value))
    except IdentifierInvalid as invalid:
        raise MessageFault(
            faults.BAD_REQUEST, f"X-Road-Represented-Party is no identifier: {invalid}."
        ) from None


def _message_id(by_name: Mapping[bytes, bytes]) -> str:
    text = _text(by_name.get(b"x-road-id") or b"")
    if not 0 < len(text) <= ID_LENGTH_MAX:
        raise MessageFault(faults.BAD_REQUEST, f"X-Road-Id has 1 to {ID_LENGTH_MAX} characters.")
    return text


def _exchange(headers: Headers) -> str:
    values = [header for header in headers if header[0].lower() == REQUEST_ID]
    if len(values) != 1 or values[0][0] != REQUEST_ID or not _UUID.fullmatch(values[0][1]):
        raise MessageFault(faults.INVALID_REST, "The message needs one x-road-request-id, a UUID.")
    return values[0][1].decode()


def _text(value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError:
        raise MessageFault(faults.BAD_REQUEST, "A header of the exchange is not UTF-8.") from None


def _block(first: bytes, second: bytes, headers: Headers) -> bytes:
    lines = [first, second, *[name + b":" + value for name, value in headers], b""]
    return b"\r\n".join(lines)


def _parsed(block: bytes) -> tuple[bytes, bytes, Headers]:
    first, _, rest = block.partition(b"\r\n")
    second, end, lines = rest.partition(b"\r\n")
    if not end or not _REASON.fullmatch(second) or not _LINES.fullmatch(lines):
        raise MessageFault(faults.INVALID_REST, "That is no header block.")
    headers = tuple(_header(line) for line in lines.split(b"\r\n")[:-1])
    return first, second, headers


def _header(line: bytes) -> tuple[bytes, bytes]:
    name, _, value = line.partition(b":")
    if name.lower() in FILTERED:
        raise MessageFault(faults.INVALID_REST, "A header that never passes is in the header block.")
    return name, value
