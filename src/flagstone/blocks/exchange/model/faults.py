# SPDX-License-Identifier: EUPL-1.2
"""Faults of messages: their codes in both spellings, their HTTP status and their bodies (PR-REST 4.6).

From 7.8 codes are lower snake case (`server.clientproxy.unknown_member`), up to 7.7 they are in camel case
(`Server.ClientProxy.UnknownMember`); documents show the latter still. We keep the new spelling inside and
write either. A peer's code is passed on as it came. Where X-Road has one code for several troubles ours
has a further part behind it, so that a program that compares the beginning goes on to work.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from enum import Enum
from xml.sax.saxutils import escape

CONSUMER = "server.clientproxy"
PROVIDER = "server.serverproxy"

BAD_REQUEST = "bad_request"
INVALID_CLIENT = "invalid_client_identifier"
INVALID_METHOD = "invalid_http_method"
AUTHENTICATION_FAILED = "ssl_authentication_failed"
UNKNOWN_MEMBER = "unknown_member"
UNKNOWN_SERVICE = "unknown_service"
INVALID_SERVER = "invalid_security_server"
MAINTENANCE = "maintenance_mode"
ACCESS_DENIED = "access_denied"
PURPOSE_MISSING = "access_denied.purpose_missing"  # ours: personal data was asked for and not why
PERSON_MISSING = "access_denied.person_missing"  # ours: a service for one person, and none is named
SERVICE_DISABLED = "service_disabled"
SERVICE_TYPE = "service_type"
INVALID_REQUEST = "invalid_request"
INVALID_REST = "invalid_rest"
MISSING_REST = "missing_rest"
INVALID_CONTENT_TYPE = "invalid_content_type"
INCONSISTENT = "inconsistent_response"
LOGGING_FAILED = "logging_failed"
OUTDATED_CONFIGURATION = "global_conf_outdated"
NETWORK_ERROR = "network_error"  # nothing listens
IO_ERROR = "io_error"  # a message broke off
TIMEOUT = "service_failed.timeout"  # ours: connected, and no answer in time
NONSENSE = "service_failed.invalid_response"  # ours: the answer is not HTTP, or no message
CIRCUIT_OPEN = "service_failed.circuit_open"  # ours: it failed so often that it is left alone for a while
OVERLOADED = "overloaded"  # ours: as many messages as are taken are under way
INTERNAL = "internal_error"

_OLD = {
    "clientproxy": "ClientProxy",
    "serverproxy": "ServerProxy",
    SERVICE_TYPE: "InvalidServiceType",
    OUTDATED_CONFIGURATION: "OutdatedGlobalConf",
}
_NEW = {old: new for new, old in _OLD.items()}
_CODE = re.compile(r"[A-Za-z0-9_]+(?:\.[A-Za-z0-9_]+)*")
_CODE_LENGTH_MAX = 200
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_XML = {"text/xml": "text/xml", "application/xml": "application/xml", "text/*": "text/xml"}


class Spelling(Enum):
    """Which spelling of fault codes a server writes; the values are those of the setting."""

    SNAKE = "snake"  # 7.8 and later
    CAMEL = "camel"  # up to 7.7


class MessageFault(Exception):
    """Why a message was not carried: a dotted code and one sentence without personal data.

    Without a prefix the code says nothing of the side yet; `from_peer` marks what another server said,
    with the `detail` it gave.
    """

    def __init__(self, code: str, text: str, *, from_peer: bool = False, detail: str = "") -> None:
        super().__init__(text)
        self.code = code
        self.text = text
        self.from_peer = from_peer
        self.detail = detail

    def at(self, side: str) -> str:
        """Return the whole code, with the prefix of `side` unless it has one or is the peer's."""
        whole = self.from_peer or is_whole(self.code)
        return self.code if whole else f"{side}.{self.code}"


def is_whole(code: str) -> bool:
    """Tell whether `code`, in either spelling, names its side already."""
    return code.lower().startswith(("client.", "server."))


def is_code(text: str) -> bool:
    """Tell whether `text` can be a fault code of either spelling; to be asked of what a peer sent."""
    return len(text) <= _CODE_LENGTH_MAX and _CODE.fullmatch(text) is not None


def spelled(code: str, spelling: Spelling) -> str:
    """Return `code`, which is in the new spelling, as `spelling` has it."""
    if spelling is Spelling.SNAKE:
        return code
    return ".".join(_OLD.get(part) or _camel(part) for part in code.split("."))


def snake(code: str) -> str:
    """Return a code of either spelling in the new one, for comparing and counting."""
    return ".".join(_NEW.get(part) or _snake(part) for part in code.split("."))


def status_of(code: str) -> int:
    """Return the HTTP status of a fault of either spelling: 500 for `server.`, 503 for overload, else 400."""
    new = snake(code)
    if new.endswith(f".{OVERLOADED}"):
        return 503
    return 500 if new.startswith("server.") else 400


def error_type(accept: Iterable[str]) -> str:
    """Return the content type of an error's body for the values of `Accept`, as X-Road chooses it.

    The first of text/xml, application/xml and text/* wins over all else; weights are not looked at.
    """
    for value in accept:
        for offer in value.split(","):
            chosen = _XML.get(offer.split(";", 1)[0].strip().lower())
            if chosen:
                return f"{chosen};charset=utf-8"
    return "application/json"


def error_body(content_type: str, code: str, text: str, detail: str) -> bytes:
    """Return the body of an error: type, message and detail as JSON, or as XML for an XML `content_type`."""
    if content_type == "application/json":
        return json.dumps({"type": code, "message": text, "detail": detail}).encode()
    parts = (("type", code), ("message", text), ("detail", detail))
    inner = "".join(f"<{name}>{escape(_UNPRINTABLE.sub('?', value))}</{name}>" for name, value in parts)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<error>{inner}</error>'.encode()


def _camel(part: str) -> str:
    return "".join(word[:1].upper() + word[1:] for word in part.split("_"))


def _snake(part: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", part).lower()
