# SPDX-License-Identifier: EUPL-1.2
"""What a client's registration must be like (RFC 6749 2, 7591 2, 8252 7.3, 9700 4.1.3)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from ipaddress import ip_address
from urllib.parse import urlsplit

from flagstone.blocks.identity.contract import (
    OPENID,
    PERSON_SCOPES,
    Client,
    ClientAuthentication,
    ClientInvalid,
    Grant,
    SubjectType,
)
from flagstone.kernel.audit import SITE_ROLES
from flagstone.kernel.errors import Flaw

URIS_MAX = 20
ID_TOKEN_ALGORITHMS = ("ES256", "RS256")

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,49}")
_SCOPE = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]{1,100}")


def check_client(client: Client) -> None:
    """Raise ClientInvalid with every flaw of a registration."""
    flaws = tuple(_flaws(client))
    if flaws:
        raise ClientInvalid(flaws=flaws)


def sector_of(client: Client) -> str:
    """Return the sector of a client's pairwise subjects: the one registered or its first redirect host."""
    return client.sector or (urlsplit(client.redirect_uris[0]).netloc if client.redirect_uris else client.id)


def is_loopback(address: str) -> bool:
    """Tell whether the host of a web address is this machine."""
    host = urlsplit(address).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _flaws(client: Client) -> Iterator[Flaw]:
    """Yield what is wrong, place by place."""
    if not _ID.fullmatch(client.id):
        yield Flaw("/id", "must be 1 to 50 letters, digits, dots, colons or hyphens")
    if not any(client.name.values()):
        yield Flaw("/name", "is empty")
    yield from _grant_flaws(client)
    yield from _scope_flaws(client)
    if client.id_token_algorithm not in ID_TOKEN_ALGORITHMS:
        yield Flaw("/id_token_algorithm", "must be ES256 or RS256")
    if bool(client.jwks) != (client.authentication is ClientAuthentication.PRIVATE_KEY_JWT):
        yield Flaw("/jwks", "are given exactly when the client authenticates by private_key_jwt")


def _grant_flaws(client: Client) -> Iterator[Flaw]:
    """Yield what is wrong with grants and addresses."""
    if not client.grants:
        yield Flaw("/grants", "are empty")
    if (Grant.AUTHORIZATION_CODE in client.grants) != bool(client.redirect_uris):
        yield Flaw("/redirect_uris", "are given exactly for the grant authorization_code")
    if Grant.CLIENT_CREDENTIALS in client.grants and client.authentication is ClientAuthentication.NONE:
        yield Flaw("/authentication", "a machine must prove itself")
    several = len({urlsplit(uri).netloc for uri in client.redirect_uris}) > 1
    if several and not client.sector and client.subject_type is SubjectType.PAIRWISE:
        yield Flaw("/sector", "is needed where redirect addresses have several hosts")
    back = (client.backchannel_logout_uri,) if client.backchannel_logout_uri else ()
    lists = {
        "redirect_uris": client.redirect_uris,
        "post_logout_redirect_uris": client.post_logout_redirect_uris,
        "backchannel_logout_uri": back,
    }
    for name, uris in lists.items():
        if len(uris) > URIS_MAX:
            yield Flaw(f"/{name}", f"are more than {URIS_MAX}")
        for uri in uris:
            if not _address_fits(uri):
                yield Flaw(
                    f"/{name}", "must be https (or http on loopback), without user, fragment or spaces"
                )


def _scope_flaws(client: Client) -> Iterator[Flaw]:
    """Yield what is wrong with scopes: persons' scopes by code, roles by client credentials."""
    if Grant.AUTHORIZATION_CODE in client.grants and OPENID not in client.scopes:
        yield Flaw("/scopes", "must include openid")
    if not all(_SCOPE.fullmatch(scope) for scope in client.scopes):
        yield Flaw("/scopes", "hold a character that is not admitted (RFC 6749 3.3)")
    if Grant.CLIENT_CREDENTIALS not in client.grants and not client.scopes <= set(PERSON_SCOPES):
        yield Flaw("/scopes", "name roles, which only a machine may ask for")
    if client.scopes & SITE_ROLES:
        yield Flaw("/scopes", "name a role that only the site's own parts hold")


def _address_fits(uri: str) -> bool:
    """Tell whether an address is absolute, safe to compare as text, and encrypted unless on loopback."""
    if len(uri) > 2_000 or not all("!" <= character <= "~" and character != "\\" for character in uri):
        return False
    try:
        parts = urlsplit(uri)
        _ = parts.port
    except ValueError:
        return False
    if parts.fragment or "#" in uri or "@" in parts.netloc or not parts.hostname or "*" in parts.netloc:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and is_loopback(uri))
