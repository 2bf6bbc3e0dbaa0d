# SPDX-License-Identifier: EUPL-1.2
"""Requests, certificates and lists as JSON, both ways; binary parts are base64 of DER."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from datetime import datetime
from typing import cast

from flagstone.blocks.trust.contract.authority import (
    AuthorityCertificate,
    Certificate,
    Decision,
    Holder,
    Name,
    Profile,
    Request,
    RequestState,
    RevocationList,
    Standing,
)
from flagstone.kernel.clock import parse_rfc3339, rfc3339

Json = Mapping[str, object]


def request_on_wire(request: Request) -> dict[str, object]:
    """Return a request; officials' names stay at home."""
    return {
        "id": request.id,
        "profile": request.profile.value,
        "subject": _name_on_wire(request.subject),
        "hosts": list(request.hosts),
        "keyKind": request.key_kind,
        "keySha256": request.key_sha256,
        "askedAt": rfc3339(request.asked_at),
        "state": request.state.value,
        "decisions": [
            {"at": rfc3339(one.at), "approves": one.approves, "words": one.words} for one in request.decisions
        ],
        "serial": request.serial,
        "renews": request.renews,
    }


def request_from_wire(said: object) -> Request:
    """Return a request; ValueError when it is none."""
    found = _mapping(said)
    return Request(
        _text(found, "id"),
        Profile(_text(found, "profile")),
        _name_from_wire(found.get("subject")),
        tuple(str(host) for host in _list(found.get("hosts"))),
        _text(found, "keyKind"),
        _text(found, "keySha256"),
        parse_rfc3339(_text(found, "askedAt")),
        RequestState(_text(found, "state")),
        tuple(_decision(one) for one in _list(found.get("decisions"))),
        _text(found, "serial"),
        _text(found, "renews"),
    )


def certificate_on_wire(certificate: Certificate) -> dict[str, object]:
    """Return a certificate."""
    return {
        "serial": certificate.serial,
        "profile": certificate.profile.value,
        "subject": _name_on_wire(certificate.subject),
        "notBefore": rfc3339(certificate.not_before),
        "notAfter": rfc3339(certificate.not_after),
        "standing": certificate.standing.value,
        "certificate": base64.b64encode(certificate.der).decode(),
        "sha256": certificate.sha256,
        "request": certificate.request,
        "changedAt": rfc3339(certificate.changed_at) if certificate.changed_at else "",
        "reason": certificate.reason,
        "renews": certificate.renews,
    }


def certificate_from_wire(said: object) -> Certificate:
    """Return a certificate; ValueError when it is none."""
    found = _mapping(said)
    return Certificate(
        _text(found, "serial"),
        Profile(_text(found, "profile")),
        _name_from_wire(found.get("subject")),
        _time(found, "notBefore"),
        _time(found, "notAfter"),
        Standing(_text(found, "standing")),
        _bytes(found, "certificate"),
        _text(found, "sha256"),
        _text(found, "request"),
        _time(found, "changedAt") if found.get("changedAt") else None,
        _text(found, "reason"),
        _text(found, "renews"),
    )


def authority_on_wire(certificate: AuthorityCertificate) -> dict[str, object]:
    """Return a certificate of the authority."""
    return {
        "role": certificate.role,
        "subject": _name_on_wire(certificate.subject),
        "notBefore": rfc3339(certificate.not_before),
        "notAfter": rfc3339(certificate.not_after),
        "certificate": base64.b64encode(certificate.der).decode(),
        "sha256": certificate.sha256,
        "current": certificate.current,
    }


def authorities_from_wire(said: object) -> tuple[AuthorityCertificate, ...]:
    """Return the certificates of an authority; ValueError when they are none."""
    return tuple(_authority(each) for each in _list(said))


def list_on_wire(listed: RevocationList) -> dict[str, object]:
    """Return a revocation list."""
    return {
        "number": listed.number,
        "thisUpdate": rfc3339(listed.this_update),
        "nextUpdate": rfc3339(listed.next_update),
        "list": base64.b64encode(listed.der).decode(),
    }


def list_from_wire(said: object) -> RevocationList:
    """Return a revocation list; ValueError when it is none."""
    found = _mapping(said)
    number = found.get("number")
    if not isinstance(number, int):
        raise TypeError("number")
    return RevocationList(
        number, _time(found, "thisUpdate"), _time(found, "nextUpdate"), _bytes(found, "list")
    )


def holder_on_wire(holder: Holder) -> dict[str, object]:
    """Return a holder, without what is empty."""
    said: dict[str, object] = {
        "member": holder.member,
        "server": holder.server,
        "name": holder.name,
        "hosts": list(holder.hosts),
        "personalCode": holder.personal_code,
        "givenName": holder.given_name,
        "familyName": holder.family_name,
    }
    return {name: value for name, value in said.items() if value}


def _authority(said: object) -> AuthorityCertificate:
    found = _mapping(said)
    return AuthorityCertificate(
        _text(found, "role"),
        _name_from_wire(found.get("subject")),
        _time(found, "notBefore"),
        _time(found, "notAfter"),
        _bytes(found, "certificate"),
        _text(found, "sha256"),
        found.get("current") is True,
    )


def _decision(said: object) -> Decision:
    found = _mapping(said)
    return Decision(_time(found, "at"), "", found.get("approves") is True, _text(found, "words"))


def _name_on_wire(name: Name) -> list[list[str]]:
    return [[attribute, value] for attribute, value in name]


def _name_from_wire(said: object) -> Name:
    pairs = [_list(pair) for pair in _list(said)]
    if any(len(pair) != 2 for pair in pairs):
        raise ValueError("a name has pairs")
    return tuple((str(pair[0]), str(pair[1])) for pair in pairs)


def _mapping(said: object) -> Json:
    if not isinstance(said, dict):
        raise TypeError("not an object")
    return cast("Json", said)


def _list(said: object) -> list[object]:
    if not isinstance(said, list):
        raise TypeError("not a list")
    return said


def _text(found: Json, name: str) -> str:
    value = found.get(name)
    if not isinstance(value, str):
        raise TypeError(name)
    return value


def _time(found: Json, name: str) -> datetime:
    return parse_rfc3339(_text(found, name))


def _bytes(found: Json, name: str) -> bytes:
    return base64.b64decode(_text(found, name), validate=True)
