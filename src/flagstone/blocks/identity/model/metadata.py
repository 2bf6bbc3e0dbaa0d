# SPDX-License-Identifier: EUPL-1.2
"""Client metadata of RFC 7591, section 2, for clients that sign persons in and prove themselves by a key."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from flagstone.blocks.identity.contract import Client, ClientAuthentication, ClientInvalid, Grant
from flagstone.blocks.identity.model.registration import client_from
from flagstone.kernel.errors import Flaw

AUTHENTICATION = ClientAuthentication.PRIVATE_KEY_JWT
GRANT = Grant.AUTHORIZATION_CODE
FIXED: Mapping[str, object] = {
    "token_endpoint_auth_method": AUTHENTICATION.value,
    "grant_types": [GRANT.value],
    "response_types": ["code"],
}
"""Members that can say one thing only."""

_PLAIN = {
    "client_id": "id",
    "redirect_uris": "redirect_uris",
    "post_logout_redirect_uris": "post_logout_redirect_uris",
    "backchannel_logout_uri": "backchannel_logout_uri",
}
_REQUIRED = ("client_id", "client_name", "redirect_uris", "scope", "jwks")
_NAME = re.compile(r"client_name(#([a-z]{2,3}(-[A-Za-z0-9]{2,8})?))?")
NAMES_MAX, NAME_CHARACTERS_MAX = 50, 200
KEYS_MAX = 10
SCOPE_CHARACTERS_MAX = 2_000


def metadata_of(client: Client) -> dict[str, Any]:
    """Return a client as metadata; its first name is the one without a language."""
    first = next(iter(client.name.values()))
    named = {f"client_name#{language}": name for language, name in client.name.items()}
    return {
        "client_id": client.id,
        "client_name": first,
        **named,
        **FIXED,
        "redirect_uris": list(client.redirect_uris),
        "post_logout_redirect_uris": list(client.post_logout_redirect_uris),
        "backchannel_logout_uri": client.backchannel_logout_uri,
        "scope": " ".join(sorted(client.scopes)),
        "jwks": {"keys": [dict(jwk) for jwk in client.jwks]},
    }


def client_of(metadata: Mapping[str, object]) -> Client:
    """Return the client that metadata describes; ClientInvalid names every member that cannot be taken.

    What is unknown here is refused, not left out: whoever wrote it meant something by it.
    """
    flaws = tuple(_flaws(metadata))
    if flaws:
        raise ClientInvalid(flaws=flaws)
    document: dict[str, Any] = {_PLAIN[name]: metadata[name] for name in metadata if name in _PLAIN}
    return client_from(
        {
            **document,
            "name": _names(metadata),
            "authentication": AUTHENTICATION.value,
            "grants": [GRANT.value],
            "scopes": str(metadata["scope"]).split(" "),
            "jwks": metadata["jwks"]["keys"],  # type: ignore[index]
        }
    )


def _names(metadata: Mapping[str, object]) -> dict[str, object]:
    """Return the names by language; the plain one counts as English where no language has one."""
    named = {
        match[2]: name
        for member, name in metadata.items()
        if (match := _NAME.fullmatch(member)) is not None and match[2]
    }
    return named or {"en": metadata["client_name"]}


def _flaws(metadata: Mapping[str, object]) -> Iterator[Flaw]:
    """Yield what is wrong, member by member."""
    names = 0
    for member, value in metadata.items():
        if _NAME.fullmatch(member):
            names += 1
            if not isinstance(value, str) or not 0 < len(value.strip()) <= NAME_CHARACTERS_MAX:
                yield Flaw(f"/{member}", f"must be text of 1 to {NAME_CHARACTERS_MAX} characters")
        elif member in FIXED:
            if value != FIXED[member]:
                yield Flaw(f"/{member}", f"must be {FIXED[member]}")
        elif member not in _PLAIN and member not in {"scope", "jwks"}:
            yield Flaw("", "has a member that is not known here")
    if names > NAMES_MAX:
        yield Flaw("/client_name", f"is there in more than {NAMES_MAX} languages")
    for member in _REQUIRED:
        if member not in metadata:
            yield Flaw(f"/{member}", "is missing")
    yield from _scope_and_key_flaws(metadata)


def _scope_and_key_flaws(metadata: Mapping[str, object]) -> Iterator[Flaw]:
    scope, jwks = metadata.get("scope", "openid"), metadata.get("jwks", {"keys": [{}]})
    if not isinstance(scope, str) or not 0 < len(scope) <= SCOPE_CHARACTERS_MAX:
        yield Flaw("/scope", f"must be scopes with spaces between, {SCOPE_CHARACTERS_MAX} characters at most")
    keys = jwks.get("keys") if isinstance(jwks, Mapping) and set(jwks) == {"keys"} else None
    if not isinstance(keys, list) or not 0 < len(keys) <= KEYS_MAX:
        yield Flaw("/jwks", f"must be a JWK set of 1 to {KEYS_MAX} keys")
