# SPDX-License-Identifier: EUPL-1.2
"""Parameters of protocol requests: form encoding read strictly (RFC 6749 3.1, 3.2 and appendix B)."""

from __future__ import annotations

import binascii
import re
from base64 import b64decode
from collections.abc import Mapping
from urllib.parse import parse_qsl, unquote_plus

from flagstone.blocks.identity.contract import RequestInvalid

Parameters = Mapping[str, str]

PARAMETERS_MAX = 40
PARAMETERS_BYTES_MAX = 32_768
VALUE_CHARACTERS_MAX = 16_384

_VISIBLE = re.compile(r"[\x20-\x7e]*")


def parse_parameters(data: bytes) -> Parameters:
    """Return the parameters of a query or form body; a parameter without a value counts as absent.

    Raises RequestInvalid for a repeated parameter (RFC 6749 3.1), for bytes that are not UTF-8, for
    control characters, and beyond 40 parameters or 32 KiB.
    """
    if len(data) > PARAMETERS_BYTES_MAX:
        raise RequestInvalid("the parameters are too long")
    try:
        pairs = parse_qsl(
            data.decode("ascii"),
            keep_blank_values=True,
            strict_parsing=bool(data),
            errors="strict",
            max_num_fields=PARAMETERS_MAX,
            separator="&",
        )
    except ValueError as error:
        raise RequestInvalid("the parameters are not form-encoded UTF-8, or too many") from error
    found: dict[str, str] = {}
    for name, value in pairs:
        if name in found:
            raise RequestInvalid("a parameter is repeated")
        if len(value) > VALUE_CHARACTERS_MAX or any(character < " " for character in value):
            raise RequestInvalid("a parameter is too long or holds control characters")
        found[name] = value
    return {name: value for name, value in found.items() if value}


def required(parameters: Parameters, name: str, *, length_max: int = 1_024) -> str:
    """Return a parameter that must be there; RequestInvalid otherwise."""
    value = optional(parameters, name, length_max=length_max)
    if not value:
        raise RequestInvalid(f"{name} is missing")
    return value


def optional(parameters: Parameters, name: str, *, length_max: int = 1_024) -> str:
    """Return a parameter or an empty text; RequestInvalid beyond `length_max` or outside visible ASCII."""
    value = parameters.get(name, "")
    if len(value) > length_max or not _VISIBLE.fullmatch(value):
        raise RequestInvalid(f"{name} is too long or holds characters that are not admitted")
    return value


def basic_credentials(header: str) -> tuple[str, str] | None:
    """Return client id and secret of an HTTP Basic header, form-decoded (RFC 6749 2.3.1); None for others.

    Raises RequestInvalid when the header says Basic and cannot be read.
    """
    scheme, _, encoded = header.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        text = b64decode(encoded.strip(), validate=True).decode()
        client, separator, secret = text.partition(":")
        decoded = unquote_plus(client, errors="strict"), unquote_plus(secret, errors="strict")
    except (binascii.Error, ValueError) as error:
        raise RequestInvalid("the Authorization header cannot be read") from error
    if not separator or max(map(len, decoded)) > 1_024:
        raise RequestInvalid("the Authorization header cannot be read")
    return decoded
