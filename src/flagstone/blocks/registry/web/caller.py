# SPDX-License-Identifier: EUPL-1.2
"""Who calls on whose behalf and why, as GovStack's header and our own headers say it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from urllib.parse import unquote

from starlette.requests import Request

from flagstone.blocks.registry.contract.faults import PurposeMissing
from flagstone.blocks.registry.contract.register import RegisterDefinition
from flagstone.kernel.audit import Actor, ActorKind, Caller, Reason
from flagstone.kernel.clock import parse_rfc3339
from flagstone.kernel.errors import Fault, Kind
from flagstone.platform.http.principal import principal

CLIENT_HEADER = "Information-Mediator-Client"
PURPOSE_HEADER = "Flagstone-Purpose"
LEGAL_BASIS_HEADER = "Flagstone-Legal-Basis"
REFERENCE_HEADER = "Flagstone-Message-Reference"
CASE_HEADER = "Flagstone-Case"
HIDDEN_HEADER = "Flagstone-Hidden-Until"
HEADER_LENGTH_MAX = 500

NOBODY = Caller(Actor(ActorKind.SYSTEM, id="anyone"))

_PART = r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}"
_CLIENT = re.compile(rf"({_PART})/({_PART})/({_PART})/({_PART})")


class ClientMalformed(Fault):
    """The header `Information-Mediator-Client` is missing or not `INSTANCE/CLASS/MEMBER/SUBSYSTEM`."""

    code = "registry.client-malformed"
    kind = Kind.INVALID
    title = "The header Information-Mediator-Client cannot be read"
    remedy = "Send it once, as INSTANCE/CLASS/MEMBER/SUBSYSTEM."


class ClientMismatch(Fault):
    """The token belongs to another information system than the header names."""

    code = "registry.client-mismatch"
    kind = Kind.FORBIDDEN
    title = "The token belongs to another information system"
    remedy = "Name in Information-Mediator-Client the system that the token was given to."


class ReasonUnreadable(Fault):
    """A header that says why is too long, not percent-encoded UTF-8, or not the time it ought to be."""

    code = "registry.reason-unreadable"
    kind = Kind.INVALID
    title = "The reason cannot be read"
    remedy = "Send the purpose and legal basis as percent-encoded UTF-8 of at most 500 characters."


@dataclass(frozen=True)
class Purposes:
    """The reason that each machine client has declared beforehand, by its id or its system's name."""

    by_client: Mapping[str, Reason] = field(default_factory=dict)

    def declared_by(self, actor: Actor) -> Reason | None:
        """Return the reason declared for the client, None when it has declared none."""
        return self.by_client.get(actor.id) or self.by_client.get(actor.system)


def on_behalf(caller: Caller, header: str) -> Caller:
    """Return `caller` as the information system that `header` names (INSTANCE/CLASS/MEMBER/SUBSYSTEM).

    ClientMalformed when it cannot be read; ClientMismatch when the token is another system's.
    """
    matched = _CLIENT.fullmatch(header)
    if matched is None:
        raise ClientMalformed
    if caller.actor.system not in {"", header}:
        raise ClientMismatch
    member = "/".join(matched.groups()[:3])
    organisation = caller.actor.organisation or member
    return replace(caller, actor=replace(caller.actor, system=header, organisation=organisation))


def only(request: Request, header: str) -> str:
    """Return the value of a header that may be sent once at most; empty when it is absent."""
    values = request.headers.getlist(header)
    if len(values) > 1:
        raise ReasonUnreadable(f"{header} was sent more than once")
    return values[0].strip() if values else ""


def client_of(request: Request, caller: Caller) -> Caller:
    """Return `caller` on behalf of the system that the request's header names."""
    values = request.headers.getlist(CLIENT_HEADER)
    if len(values) != 1:
        raise ClientMalformed
    return on_behalf(caller, values[0].strip())


def reason_of(
    request: Request,
    caller: Caller,
    definition: Callable[[], RegisterDefinition] | RegisterDefinition | None,
    purposes: Purposes,
) -> Reason:
    """Return why the register is used: as the exchange knows it, else by headers, else as declared.

    Else by a register's own purpose; PurposeMissing when it is about persons and nothing was said.
    """
    found = principal(request)
    if found is not None and found.reason is not None:
        return found.reason
    purpose = _decoded(only(request, PURPOSE_HEADER))
    legal_basis = _decoded(only(request, LEGAL_BASIS_HEADER))
    reference = _decoded(only(request, REFERENCE_HEADER))
    case, hidden = _decoded(only(request, CASE_HEADER)), _hidden_until(request)
    if purpose:
        return Reason(purpose, legal_basis, reference, case, hidden)
    declared = purposes.declared_by(caller.actor)
    if declared is not None:
        reference = reference or declared.message_reference
        return replace(declared, message_reference=reference, case=case, hidden_until=hidden)
    known = definition() if callable(definition) else definition
    if known is not None and known.persons:
        raise PurposeMissing(f"send the header {PURPOSE_HEADER}")
    return Reason("use by an information system", legal_basis, reference, case, hidden)


def caller_of(request: Request) -> Caller:
    """Return who calls, or a nameless caller without roles, who may do what anyone may."""
    found = principal(request)
    if found is None:
        return NOBODY
    header = only(request, CLIENT_HEADER)
    return on_behalf(found.caller, header) if header else found.caller


def _hidden_until(request: Request) -> datetime | None:
    """Return until when a reading is to be hidden; None when the header is absent."""
    text = _decoded(only(request, HIDDEN_HEADER))
    try:
        return parse_rfc3339(text) if text else None
    except ValueError:
        raise ReasonUnreadable(f"{HIDDEN_HEADER} is not RFC 3339") from None


def _decoded(value: str) -> str:
    try:
        text = unquote(value, errors="strict").strip()
    except UnicodeDecodeError:
        raise ReasonUnreadable from None
    if len(text) > HEADER_LENGTH_MAX or not text.isprintable():
        raise ReasonUnreadable
    return text
