# SPDX-License-Identifier: EUPL-1.2
"""The authorisation request and its answer (OpenID Connect Core 3.1.2, RFC 7636, 9207, 9700)."""

from __future__ import annotations

import hashlib
import hmac
import re
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlencode, urlsplit, urlunsplit

from flagstone.blocks.identity.contract import (
    OPENID,
    PERSON_SCOPES,
    Client,
    ClientUnauthorized,
    Grant,
    OAuthFault,
    RedirectUnregistered,
    RequestInvalid,
    ResponseTypeUnsupported,
    ScopeInvalid,
)
from flagstone.blocks.identity.model.parameters import Parameters, optional, required

PROMPTS = frozenset({"none", "login", "consent", "select_account"})
MAX_AGE_SECONDS_MAX = 10**9

_S256_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")
_VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}")


@dataclass(frozen=True)
class AuthorizationRequest:
    """A request that may be served: who asks, where the answer goes, for what, and bound to what."""

    client_id: str
    redirect_uri: str
    scopes: tuple[str, ...]
    challenge: str
    state: str = ""
    nonce: str = ""
    prompts: frozenset[str] = frozenset()
    max_age_seconds: int | None = None
    ui_locales: tuple[str, ...] = ()

    @property
    def silent(self) -> bool:
        """Tell whether no page may be shown."""
        return "none" in self.prompts

    def needs_fresh(self, signed_in_at: datetime, now: datetime) -> bool:
        """Tell whether the person must prove herself again although she is signed in."""
        if not self.prompts.isdisjoint({"login", "select_account"}):
            return True
        age = self.max_age_seconds
        return age is not None and now - signed_in_at >= timedelta(seconds=age)


class RedirectedRefusal(Exception):
    """A refusal that the client may be told, by way of the person's browser."""

    def __init__(self, fault: OAuthFault, redirect_uri: str, state: str) -> None:
        """Refuse with `fault`, to be sent to the registered `redirect_uri` with `state` echoed."""
        super().__init__(fault.error)
        self.fault = fault
        self.redirect_uri = redirect_uri
        self.state = state


def read_request(parameters: Parameters, client: Client) -> AuthorizationRequest:
    """Return the request that `parameters` of a known `client` make.

    The redirect address is judged first: RedirectUnregistered and anything wrong before it must be shown
    to the person, never sent anywhere (RFC 6749 4.1.2.1). All later faults raise RedirectedRefusal.
    """
    redirect_uri = required(parameters, "redirect_uri", length_max=2_000)
    if redirect_uri not in client.redirect_uris:
        raise RedirectUnregistered
    state = ""
    try:
        state = optional(parameters, "state")
        return _read_rest(parameters, client, redirect_uri)
    except OAuthFault as fault:
        raise RedirectedRefusal(fault, redirect_uri, state) from fault


def _read_rest(parameters: Parameters, client: Client, redirect_uri: str) -> AuthorizationRequest:
    """Read what follows the redirect address."""
    if Grant.AUTHORIZATION_CODE not in client.grants:
        raise ClientUnauthorized
    if required(parameters, "response_type") != "code":
        raise ResponseTypeUnsupported
    if optional(parameters, "response_mode") not in ("", "query"):
        raise RequestInvalid("only response_mode=query is served")
    if "request" in parameters or "request_uri" in parameters:
        raise RequestInvalid("request objects are not served")
    return AuthorizationRequest(
        client_id=client.id,
        redirect_uri=redirect_uri,
        scopes=_scopes(parameters, client),
        challenge=_challenge(parameters),
        state=optional(parameters, "state"),
        nonce=optional(parameters, "nonce", length_max=512),
        prompts=_prompts(parameters),
        max_age_seconds=_max_age(parameters),
        ui_locales=tuple(optional(parameters, "ui_locales", length_max=100).split()),
    )


def _scopes(parameters: Parameters, client: Client) -> tuple[str, ...]:
    """Return the scopes to grant, in a fixed order; ScopeInvalid without `openid` or beyond the client's."""
    asked = set(required(parameters, "scope").split(" ")) - {""}
    if OPENID not in asked:
        raise ScopeInvalid("the scope openid is missing")
    if not asked <= client.scopes:
        raise ScopeInvalid("a scope is not registered for this client")
    return tuple(scope for scope in PERSON_SCOPES if scope in asked)


def _challenge(parameters: Parameters) -> str:
    """Return the S256 challenge, which everybody must send (RFC 9700 2.1.1); `plain` never."""
    if required(parameters, "code_challenge_method") != "S256":
        raise RequestInvalid("code_challenge_method must be S256")
    challenge = required(parameters, "code_challenge")
    if not _S256_CHALLENGE.fullmatch(challenge):
        raise RequestInvalid("code_challenge is not the base64url of a SHA-256")
    return challenge


def _prompts(parameters: Parameters) -> frozenset[str]:
    """Return the prompts; RequestInvalid for unknown ones and for `none` beside others."""
    prompts = frozenset(optional(parameters, "prompt", length_max=100).split())
    if not prompts <= PROMPTS or ("none" in prompts and len(prompts) > 1):
        raise RequestInvalid("prompt is not none, login, consent or select_account")
    return prompts


def _max_age(parameters: Parameters) -> int | None:
    """Return `max_age` in seconds or None."""
    text = optional(parameters, "max_age", length_max=10)
    if not text:
        return None
    if not re.fullmatch(r"[0-9]{1,9}", text):
        raise RequestInvalid("max_age is not a number of seconds")
    return min(int(text), MAX_AGE_SECONDS_MAX)


def verifier_fits(verifier: str, challenge: str) -> bool:
    """Tell whether a PKCE verifier makes `challenge` by S256 (RFC 7636 4.6)."""
    if not _VERIFIER.fullmatch(verifier):
        return False
    made = urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    return hmac.compare_digest(made, challenge)


def answer_address(redirect_uri: str, answer: Mapping[str, str]) -> str:
    """Return `redirect_uri` with the answer's non-empty parts added to its query, all percent-encoded."""
    parts = urlsplit(redirect_uri)
    added = urlencode({name: value for name, value in answer.items() if value})
    query = f"{parts.query}&{added}" if parts.query and added else parts.query or added
    return urlunsplit(parts._replace(query=query))
