# SPDX-License-Identifier: EUPL-1.2
"""What is said about a person, to whom (OpenID Connect Core 2, 5.1, 5.4, 8.1; RFC 9068)."""

from __future__ import annotations

import hashlib
import hmac
from base64 import urlsafe_b64encode
from collections.abc import Collection, Mapping
from datetime import datetime

from flagstone.blocks.identity.contract import (
    OPENID,
    PERSONAL_CODE,
    PROFILE,
    ROLES,
    Claim,
    Office,
    Person,
    Subject,
)
from flagstone.kernel.ids import PersonCode

CLAIMS_BY_SCOPE: Mapping[str, tuple[str, ...]] = {
    OPENID: ("sub",),
    PROFILE: ("name", "given_name", "family_name", "birthdate"),
    PERSONAL_CODE: ("personal_code",),
    ROLES: ("roles", "organisation", "organisation_name"),
}
"""Which claims a scope opens."""

LOGOUT_EVENT = "http://schemas.openid.net/event/backchannel-logout"


def person_claims(subject: Subject, scopes: Collection[str]) -> dict[str, Claim]:
    """Return the claims about a person that `scopes` open, without `sub`; empty ones are left out."""
    person, office = subject.person, subject.office
    known: dict[str, Claim] = {
        "name": person.name,
        "given_name": person.given_name,
        "family_name": person.family_name,
        "birthdate": person.birthdate,
        "personal_code": person.personal_code,
        "roles": sorted(office.roles) if office else [],
        "organisation": office.organisation if office else "",
        "organisation_name": dict(office.organisation_name) if office else {},
    }
    opened = [claim for scope in CLAIMS_BY_SCOPE if scope in scopes for claim in CLAIMS_BY_SCOPE[scope]]
    return {name: known[name] for name in opened if known.get(name) or name == "roles"}


def pairwise_subject(key: bytes, sector: str, internal_id: str) -> str:
    """Return the subject that one sector sees: base64url(HMAC-SHA256(key, sector NUL internal id))."""
    made = hmac.new(key, sector.encode() + b"\x00" + internal_id.encode(), hashlib.sha256).digest()
    return urlsafe_b64encode(made).rstrip(b"=").decode()


def left_half_hash(token: str) -> str:
    """Return `at_hash` of an access token (ES256, RS256): the left half of its SHA-256, base64url."""
    return urlsafe_b64encode(hashlib.sha256(token.encode()).digest()[:16]).rstrip(b"=").decode()


def seconds(instant: datetime) -> int:
    """Return an instant as a NumericDate (RFC 7519 2)."""
    return int(instant.timestamp())


def subject_document(subject: Subject) -> dict[str, Claim]:
    """Return a subject as plain data, to be sealed and kept with its session."""
    person, office = subject.person, subject.office
    return {
        "personal_code": person.personal_code,
        "given_name": person.given_name,
        "family_name": person.family_name,
        "birthdate": person.birthdate,
        "office": None
        if office is None
        else {
            "organisation": office.organisation,
            "organisation_name": dict(office.organisation_name),
            "roles": sorted(office.roles),
        },
        "acr": subject.acr,
        "amr": list(subject.amr),
    }


def subject_from(document: Mapping[str, Claim]) -> Subject:
    """Return the subject that `subject_document` described."""
    found = document["office"]
    office = None
    if isinstance(found, Mapping):
        names, roles = found["organisation_name"], found["roles"]
        assert isinstance(names, Mapping)
        assert isinstance(roles, list)
        spelled = {language: str(name) for language, name in names.items()}
        office = Office(str(found["organisation"]), spelled, frozenset(map(str, roles)))
    person = Person(
        PersonCode(str(document["personal_code"])),
        str(document["given_name"]),
        str(document["family_name"]),
        str(document["birthdate"]),
        (office,) if office else (),
    )
    methods = document["amr"]
    assert isinstance(methods, list)
    return Subject(person, office, str(document["acr"]), tuple(map(str, methods)))
