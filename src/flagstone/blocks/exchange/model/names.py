# SPDX-License-Identifier: EUPL-1.2
r"""Identifiers as people write them in plans, commands and tables: parts joined by `/`, not encoded.

A part may not hold what would make the text ambiguous or unsafe to show: control and invisible
characters, `% : ; / \`, spaces at its ends, or only dots (X-Road recommends no more than letters,
digits and a few signs, and warns of the others).
"""

from __future__ import annotations

import re
import unicodedata

from flagstone.blocks.exchange.contract.faults import IdentifierInvalid
from flagstone.blocks.exchange.contract.identifiers import ClientId, GroupId, ServerId, ServiceId, Subject

PART_LENGTH_MAX = 255
TEXT_LENGTH_MAX = 1_100
GLOBAL, LOCAL = "global:", "local:"
_FORBIDDEN = re.compile(r"[%:;/\\]")
_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def member_named(text: str) -> ClientId:
    """Return the member that `INSTANCE/CLASS/CODE` names; IdentifierInvalid otherwise."""
    return ClientId(*_parts(text, 3))


def subsystem_named(text: str) -> ClientId:
    """Return the subsystem that `INSTANCE/CLASS/CODE/SUBSYSTEM` names; IdentifierInvalid otherwise."""
    return ClientId(*_parts(text, 4))


def client_named(text: str) -> ClientId:
    """Return the member or subsystem that `text` names; IdentifierInvalid otherwise."""
    return subsystem_named(text) if text.count("/") == 3 else member_named(text)


def service_named(text: str) -> ServiceId:
    """Return the service that `INSTANCE/CLASS/CODE/SUBSYSTEM/SERVICE` names; IdentifierInvalid otherwise."""
    *provider, code = _parts(text, 5)
    return ServiceId(ClientId(*provider), code)


def server_named(text: str) -> ServerId:
    """Return the server that `INSTANCE/CLASS/CODE/SERVER` names; IdentifierInvalid otherwise."""
    *owner, code = _parts(text, 4)
    return ServerId(ClientId(*owner), code)


def subject_named(text: str) -> Subject:
    """Return the holder of a right: a client, or a group as `global:CODE` or `local:CODE`."""
    for prefix, local in ((GLOBAL, False), (LOCAL, True)):
        if text.startswith(prefix):
            return GroupId(part(text.removeprefix(prefix)), local)
    return client_named(text)


def named_subject(subject: Subject) -> str:
    """Return the text that `subject_named` reads back."""
    if isinstance(subject, GroupId):
        return (LOCAL if subject.local else GLOBAL) + subject.code
    return str(subject)


def require_named(identifier: ClientId | ServerId | ServiceId) -> None:
    """Raise IdentifierInvalid unless the text of `identifier` names it and nothing else."""
    read = {ClientId: client_named, ServerId: server_named, ServiceId: service_named}[type(identifier)]
    if read(str(identifier)) != identifier:
        raise IdentifierInvalid


def part(text: str) -> str:
    """Return `text` if it can be one part of an identifier; IdentifierInvalid otherwise."""
    fits = 0 < len(text) <= PART_LENGTH_MAX and text == text.strip() and text.strip(".")
    if not fits or _FORBIDDEN.search(text) or any(unicodedata.category(each) in _INVISIBLE for each in text):
        raise IdentifierInvalid
    return text


def _parts(text: str, count: int) -> list[str]:
    """Return the `count` parts of `text`; IdentifierInvalid when they are more, fewer or not admitted."""
    parts = text.split("/") if len(text) <= TEXT_LENGTH_MAX else []
    if len(parts) != count:
        raise IdentifierInvalid(f"it needs {count} parts")
    return [part(each) for each in parts]
