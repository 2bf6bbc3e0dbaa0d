# SPDX-License-Identifier: EUPL-1.2
"""A signed directory: which parts a configuration has, until when it counts, and the signature on that.

It is `multipart/related` of a `multipart/mixed` directory and a signature. What is signed are the bytes of
the inner multipart as they stand, from its first boundary to just before the CRLF of the outer one.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from flagstone.blocks.exchange.contract.globalconf import VERSION_MIN, Part
from flagstone.blocks.exchange.contract.globalconf_faults import ConfigurationMalformed
from flagstone.blocks.exchange.model.globalconf.multipart import (
    BYTES_MAX,
    CRLF,
    Headers,
    boundary_of,
    headers_and_rest,
    headers_of,
    parts_between,
    value_and_parameters,
)

_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)")
_LOCATION = re.compile(r"[!-~]{1,1024}")
_IDENTIFIER = re.compile(r"[A-Za-z0-9._-]{1,100}")
_FILE_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,99}")
OCTETS = "application/octet-stream"


@dataclass(frozen=True)
class Signature:
    """The signature of a directory: its algorithm, and which certificate's key made it, by digest."""

    algorithm_uri: str
    value: bytes
    certificate_digest_uri: str
    certificate_digest: bytes


@dataclass(frozen=True)
class SignedDirectory:
    """A directory as it was read; `signed` are the bytes that the signature is over."""

    version: int
    expires_at: datetime
    parts: tuple[Part, ...]
    signed: bytes
    signature: Signature

    def part(self, identifier: str) -> Part | None:
        """Return the part of an identifier, None where it is not listed."""
        return next((each for each in self.parts if each.identifier == identifier), None)


def read_directory(text: bytes) -> SignedDirectory:
    """Return the directory that `text` is; ConfigurationMalformed names what is not as it must be."""
    if len(text) > BYTES_MAX:
        raise ConfigurationMalformed(f"the directory is larger than {BYTES_MAX} bytes")
    headers, body = headers_and_rest(text)
    outer = parts_between(body, boundary_of(headers, "multipart/related"))
    if len(outer) != 2:
        raise ConfigurationMalformed("the directory and its signature are not the only parts")
    inner_headers, signed = headers_and_rest(outer[0])
    inner = parts_between(signed, boundary_of(inner_headers, "multipart/mixed"))
    version, expires_at = _first(inner[0])
    parts = tuple(_part(each) for each in inner[1:])
    _require_distinct(parts)
    return SignedDirectory(version, expires_at, parts, signed, _signature(outer[1]))


def write_directory(parts: Sequence[Part], *, version: int, expires_at: datetime, boundary: str) -> bytes:
    """Return the bytes of a directory that are to be signed."""
    first = f"Expire-date: {instant_text(expires_at)}\r\nVersion: {version}\r\n"
    bodies = [first, *(_part_text(each) for each in parts)]
    text = "".join(f"--{boundary}\r\n{body}\r\n" for body in bodies)
    return f"{text}--{boundary}--\r\n".encode()


def write_signed(signed: bytes, signature: Signature, *, boundary: str) -> bytes:
    """Return a whole signed directory over the bytes of `write_directory`."""
    inner = signed[2 : signed.index(CRLF)].decode()
    digest = base64.b64encode(signature.certificate_digest).decode()
    head = (
        f"Content-Type: multipart/related; charset=UTF-8; boundary={boundary}\r\n\r\n--{boundary}\r\n"
        f"Content-Type: multipart/mixed; charset=UTF-8; boundary={inner}\r\n\r\n"
    )
    tail = (
        f"\r\n--{boundary}\r\n"
        f"Content-Type: {OCTETS}\r\nContent-Transfer-Encoding: base64\r\n"
        f"Signature-Algorithm-Id: {signature.algorithm_uri}\r\n"
        f"Verification-certificate-hash: {digest};"
        f' hash-algorithm-id="{signature.certificate_digest_uri}"\r\n\r\n'
        f"{base64.b64encode(signature.value).decode()}\r\n--{boundary}--\r\n"
    )
    return head.encode() + signed + tail.encode()


def instant_text(at: datetime) -> str:
    """Return an instant to the second, in UTC."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def instant_of(text: str) -> datetime:
    """Return the instant that a text names; ConfigurationMalformed unless it has an offset."""
    match = _INSTANT.fullmatch(text)
    if match is None:
        raise ConfigurationMalformed("a date is not written as YYYY-MM-DDThh:mm:ssZ")
    fraction = (match[1] or "")[:7]
    try:
        return datetime.fromisoformat(text[:19] + fraction + match[2].replace("Z", "+00:00")).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise ConfigurationMalformed("a date is not one of the calendar") from error


def _part_text(part: Part) -> str:
    """Return a part as it stands between boundaries."""
    name = f"Content-file-name: {part.file_name}\r\n" if part.file_name else ""
    return (
        f"Content-type: {OCTETS}\r\nContent-transfer-encoding: base64\r\n"
        f"Content-identifier: {part.identifier}; instance='{part.instance}'\r\n{name}"
        f"Content-location: {part.location}\r\nHash-algorithm-id: {part.digest_uri}\r\n\r\n"
        f"{base64.b64encode(part.digest).decode()}"
    )


def _first(text: bytes) -> tuple[int, datetime]:
    """Return what the first part says, which has headers only: the version and the end of validity."""
    headers = headers_of(text.removesuffix(CRLF))
    version = headers.get("version", str(VERSION_MIN))
    if not version.isdecimal() or len(version) > 3:
        raise ConfigurationMalformed("the version is not a small number")
    return int(version), instant_of(headers.get("expire-date", ""))


def _part(text: bytes) -> Part:
    """Return one listed part."""
    headers, body = headers_and_rest(text)
    _require_octets(headers)
    identifier, parameters = value_and_parameters(headers.get("content-identifier", ""))
    location, file_name = headers.get("content-location", ""), headers.get("content-file-name", "")
    if not _IDENTIFIER.fullmatch(identifier):
        raise ConfigurationMalformed("a part has no content identifier")
    if not _LOCATION.fullmatch(location) or (file_name and not _FILE_NAME.fullmatch(file_name)):
        raise ConfigurationMalformed(f"{identifier} has no plain location or file name")
    instance, digest_uri = parameters.get("instance", ""), headers.get("hash-algorithm-id", "")
    return Part(identifier, instance, location, digest_uri, _decoded(body), file_name)


def _signature(text: bytes) -> Signature:
    """Return the signature of the second outer part."""
    headers, body = headers_and_rest(text)
    _require_octets(headers)
    digest, parameters = value_and_parameters(headers.get("verification-certificate-hash", ""))
    return Signature(
        headers.get("signature-algorithm-id", ""),
        _decoded(body),
        parameters.get("hash-algorithm-id", ""),
        _decoded(digest.encode()),
    )


def _require_octets(headers: Headers) -> None:
    """Refuse a part that is not base64 of octets."""
    kind, _ = value_and_parameters(headers.get("content-type", ""))
    if kind.lower() != OCTETS or headers.get("content-transfer-encoding", "").lower() != "base64":
        raise ConfigurationMalformed(f"a part is not {OCTETS} in base64")


def _require_distinct(parts: Sequence[Part]) -> None:
    """Refuse a directory that lists an identifier or a file's name twice."""
    identifiers = [each.identifier for each in parts]
    names = [each.file_name for each in parts if each.file_name]
    if len(set(identifiers)) < len(identifiers) or len(set(names)) < len(names):
        raise ConfigurationMalformed("a part is listed twice")


def _decoded(text: bytes) -> bytes:
    """Return what base64 stands for; lines may be broken, nothing else may stand between."""
    try:
        return base64.b64decode(text.replace(CRLF, b""), validate=True)
    except (binascii.Error, ValueError) as error:
        raise ConfigurationMalformed("what should be base64 is not") from error
