# SPDX-License-Identifier: EUPL-1.2
"""A client's registration as plain data and back, read strictly."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, fields
from enum import Enum
from typing import Any, TypeVar

from flagstone.blocks.identity.contract import (
    Client,
    ClientAuthentication,
    ClientInvalid,
    Grant,
    SubjectType,
)
from flagstone.kernel.errors import Flaw

Choice = TypeVar("Choice", bound=Enum)


def registration_document(client: Client) -> dict[str, Any]:
    """Return a registration as null, booleans, text, lists and maps."""
    return asdict(client) | {
        "name": dict(client.name),
        "authentication": client.authentication.value,
        "grants": sorted(grant.value for grant in client.grants),
        "subject_type": client.subject_type.value,
        "scopes": sorted(client.scopes),
        "redirect_uris": list(client.redirect_uris),
        "post_logout_redirect_uris": list(client.post_logout_redirect_uris),
        "jwks": [dict(jwk) for jwk in client.jwks],
    }


def client_from(document: Mapping[str, object]) -> Client:
    """Return the client that plain data describes; ClientInvalid names every field that cannot be read.

    The fields are those of `contract.Client`; `id`, `name` and `authentication` are required.
    """
    flaws = [Flaw(f"/{name}", "is not a field of a client") for name in document if name not in _READERS]
    flaws += [
        Flaw(f"/{name}", "is missing") for name in ("id", "name", "authentication") if name not in document
    ]
    read: dict[str, Any] = {}
    for name, value in document.items():
        try:
            read[name] = _READERS[name](value)
        except (ValueError, TypeError):
            flaws.append(Flaw(f"/{name}", "has another type or value than it must"))
        except KeyError:
            continue
    if flaws:
        raise ClientInvalid(flaws=tuple(flaws))
    return Client(**read)


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise TypeError
    return value


def _texts(value: object) -> tuple[str, ...]:
    if not isinstance(value, list | tuple):
        raise TypeError
    return tuple(map(_text, value))


def _words(value: object) -> dict[str, str]:
    if not isinstance(value, Mapping):
        raise TypeError
    return {_text(key): _text(word) for key, word in value.items()}


def _keys(value: object) -> tuple[dict[str, str], ...]:
    """Read public JWKs; members that are lists (`key_ops`, `x5c`) are left out, as nothing here uses them."""
    if not isinstance(value, list | tuple) or not all(isinstance(jwk, Mapping) for jwk in value):
        raise TypeError
    return tuple(
        _words({key: part for key, part in jwk.items() if not isinstance(part, list)}) for jwk in value
    )


def _one_of(choices: type[Choice]) -> Callable[[object], Choice]:
    return lambda value: choices(_text(value))


_READERS: Mapping[str, Callable[[object], Any]] = {
    "id": _text,
    "name": _words,
    "authentication": _one_of(ClientAuthentication),
    "grants": lambda value: frozenset(map(_one_of(Grant), _texts(value))),
    "redirect_uris": _texts,
    "post_logout_redirect_uris": _texts,
    "backchannel_logout_uri": _text,
    "scopes": lambda value: frozenset(_texts(value)),
    "jwks": _keys,
    "id_token_algorithm": _text,
    "subject_type": _one_of(SubjectType),
    "sector": _text,
    "id_token_claims": _flag,
    "organisation": _text,
    "system": _text,
    "active": _flag,
}
assert set(_READERS) == {each.name for each in fields(Client)}
