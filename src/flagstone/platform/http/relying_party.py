# SPDX-License-Identifier: EUPL-1.2
"""Signing persons in by an OpenID Connect provider: authorisation code flow with PKCE, state and nonce.

OpenID Connect Core 1.0 section 3.1, RFC 7636 (S256), RFC 9207 (issuer in the answer), RFC 7523 (proof of the
client by a signed assertion), RP-Initiated Logout 1.0 and Back-Channel Logout 1.0. Nothing is kept here but
the provider's description and keys: what belongs to one browser travels in `Pending`.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import threading
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol
from urllib.parse import urlencode, urlsplit

from flagstone.kernel.clock import Clock
from flagstone.kernel.errors import Fault, Kind
from flagstone.kernel.ids import fresh_uuid
from flagstone.platform.crypto.jose import Claims, TokenRefused, VerifiedToken, sign_jwt, verify_jwt
from flagstone.platform.crypto.keys import KeyRefused, PublicKey, SigningKey, public_key
from flagstone.platform.http.client import Answer, AnswerRefused

DISCOVERY = "/.well-known/openid-configuration"
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ASSERTION_LIFETIME = timedelta(seconds=60)
LEEWAY = timedelta(seconds=30)
DESCRIPTION_LIFETIME = timedelta(hours=1)
KEYS_LIFETIME = timedelta(minutes=5)
KEYS_ASKED_AGAIN_AFTER = timedelta(seconds=10)  # for a token whose key is not known yet
NOTICE_TYPE = "logout+jwt"
NOTICE_EVENT = "http://schemas.openid.net/event/backchannel-logout"
FORM = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
ENDPOINTS = (
    "authorization_endpoint",
    "token_endpoint",
    "userinfo_endpoint",
    "end_session_endpoint",
    "jwks_uri",
)


class SignInFailed(Fault):
    """The provider's answer does not fit what was asked, or proves nothing."""

    code = "http.sign-in-failed"
    kind = Kind.INVALID
    title = "The sign-in could not be completed"
    remedy = "Sign in again; if it stays, tell the operator the request number."


class SignInGivenUp(Fault):
    """The person turned back at the provider."""

    code = "http.sign-in-given-up"
    kind = Kind.INVALID
    title = "You did not sign in"
    remedy = "Go to the home page, or sign in again."


class Provider(Protocol):
    """The way to the provider; `platform.http.client.OtherSite` is one."""

    def call(
        self, method: str, path: str, *, headers: Mapping[str, str] | None = None, body: bytes = b""
    ) -> Answer:
        """Send one request below the issuer's address and return the answer."""
        ...


@dataclass(frozen=True)
class Registration:
    """What we are at the provider; `key` proves it, and its public part is registered there."""

    issuer: str
    client_id: str
    redirect_uri: str
    signed_out_uri: str
    scopes: tuple[str, ...]
    key: SigningKey


@dataclass(frozen=True)
class Pending:
    """A sign-in that was begun; whoever brings it back is the browser that began it."""

    state: str
    nonce: str
    verifier: str = field(repr=False)


@dataclass(frozen=True)
class Proven:
    """Who signed in: claims of userinfo, the subject, the provider's session, and the ID token."""

    subject: str
    session: str
    claims: Claims = field(repr=False)
    id_token: str = field(repr=False)


@dataclass(frozen=True)
class Notice:
    """Whose sign-in has ended at the provider: one session, or all of a subject where that is empty."""

    session: str
    subject: str


@dataclass(frozen=True)
class _Known:
    """What was learned of the provider, and when."""

    description: Mapping[str, str]
    described_at: datetime
    keys: tuple[PublicKey, ...]
    keys_at: datetime


class RelyingParty:
    """One client of one provider; safe to use from many threads."""

    def __init__(self, registration: Registration, provider: Provider, clock: Clock) -> None:
        """Take what we are, the way to the provider, which is first used when needed, and the time."""
        self._us = registration
        self._provider = provider
        self._clock = clock
        self._known: _Known | None = None
        self._lock = threading.Lock()

    def begin(self, language: str) -> tuple[str, Pending]:
        """Return where to send the browser, and what it must bring back (PKCE S256, state, nonce)."""
        pending = Pending(*(secrets.token_urlsafe(32) for _ in range(3)))
        challenge = _base64url(hashlib.sha256(pending.verifier.encode()).digest())
        query = {
            "response_type": "code",
            "client_id": self._us.client_id,
            "redirect_uri": self._us.redirect_uri,
            "scope": " ".join(self._us.scopes),
            "state": pending.state,
            "nonce": pending.nonce,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
            "ui_locales": language,
        }
        return f"{self._description()['authorization_endpoint']}?{urlencode(query)}", pending

    def finish(self, pending: Pending, answer: Mapping[str, str]) -> Proven:
        """Return who signed in, by the provider's `answer` (the query of the redirect address).

        SignInGivenUp when the person turned back; SignInFailed for every other thing that does not fit.
        """
        if not hmac.compare_digest(answer.get("state", "").encode(), pending.state.encode()):
            raise SignInFailed("The state is another one.")
        if answer.get("iss", "") != self._us.issuer:
            raise SignInFailed("The answer is another provider's.")
        if "error" in answer:
            raise SignInGivenUp if answer["error"] == "access_denied" else SignInFailed
        tokens = self._exchange(answer.get("code", ""), pending.verifier)
        id_token, access_token = _text(tokens, "id_token"), _text(tokens, "access_token")
        try:
            verified = self._verified(id_token, "JWT")
            self._check(verified, pending.nonce, access_token)
            subject, session = verified.text("sub"), verified.text("sid")
        except TokenRefused as refused:
            raise SignInFailed(refused.detail) from refused
        return Proven(subject, session, self._claims(access_token, subject), id_token)

    def leave(self, id_token: str) -> str:
        """Return where to send the browser to sign out at the provider too (RP-Initiated Logout 2)."""
        query = {
            "client_id": self._us.client_id,
            "id_token_hint": id_token,
            "post_logout_redirect_uri": self._us.signed_out_uri,
        }
        return f"{self._description()['end_session_endpoint']}?{urlencode(query)}"

    def notice(self, token: str) -> Notice:
        """Return whose sign-in ended, by a logout token (Back-Channel Logout 2.6); TokenRefused."""
        claims = self._verified(token, NOTICE_TYPE).claims
        events = claims.get("events")
        if not isinstance(events, Mapping) or NOTICE_EVENT not in events or "nonce" in claims:
            raise TokenRefused("the token is not the notice of a sign-out")
        session, subject = claims.get("sid", ""), claims.get("sub", "")
        if not isinstance(session, str) or not isinstance(subject, str) or not (session or subject):
            raise TokenRefused("the notice names neither session nor subject")
        return Notice(session, subject)

    def _exchange(self, code: str, verifier: str) -> Mapping[str, Any]:
        """Return the tokens that the provider gives for `code`."""
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self._us.redirect_uri,
            "code_verifier": verifier,
            "client_id": self._us.client_id,
            "client_assertion_type": ASSERTION_TYPE,
            "client_assertion": self._assertion(),
        }
        path = self._path("token_endpoint")
        answer = self._provider.call("POST", path, headers=FORM, body=urlencode(form).encode())
        if answer.status != 200:
            raise SignInFailed("The provider did not take the code.")
        return _object(answer)

    def _assertion(self) -> str:
        """Return the proof that we are the client (RFC 7523 section 3)."""
        now = self._clock.now()
        claims: dict[str, str | int] = {
            "iss": self._us.client_id,
            "sub": self._us.client_id,
            "aud": self._us.issuer,
            "jti": str(fresh_uuid(now)),
            "iat": int(now.timestamp()),
            "exp": int((now + ASSERTION_LIFETIME).timestamp()),
        }
        return sign_jwt(self._us.key, claims)

    def _check(self, token: VerifiedToken, nonce: str, access_token: str) -> None:
        """Refuse an ID token that is not the answer to our question (OpenID Connect Core 3.1.3.7)."""
        if not hmac.compare_digest(token.text("nonce").encode(), nonce.encode()):
            raise TokenRefused("the nonce is another one")
        if token.claims.get("azp", self._us.client_id) != self._us.client_id:
            raise TokenRefused("the token was given to another client")
        half = hashlib.sha256(access_token.encode()).digest()[:16]
        if token.claims.get("at_hash", _base64url(half)) != _base64url(half):
            raise TokenRefused("the access token is another one")

    def _claims(self, access_token: str, subject: str) -> Claims:
        """Return what the provider says of the person (OpenID Connect Core 5.3)."""
        headers = {"Authorization": f"Bearer {access_token}", "Accept": "application/json"}
        answer = self._provider.call("GET", self._path("userinfo_endpoint"), headers=headers)
        claims = _object(answer) if answer.status == 200 else {}
        if claims.get("sub") != subject:
            raise SignInFailed("The provider says nothing of the person.")
        return claims

    def _verified(self, token: str, kind: str) -> VerifiedToken:
        """Return a token of the provider's for us; its keys are asked for again when one is unknown."""

        def verify(keys: tuple[PublicKey, ...]) -> VerifiedToken:
            return verify_jwt(
                token,
                keys,
                issuer=self._us.issuer,
                audience=self._us.client_id,
                now=self._clock.now(),
                leeway=LEEWAY,
                type=kind,
            )

        try:
            return verify(self._learn(KEYS_LIFETIME).keys)
        except TokenRefused:
            before = self._known
            fresh = self._learn(KEYS_ASKED_AGAIN_AFTER)
            if before is not None and fresh.keys == before.keys:
                raise
            return verify(fresh.keys)

    def _description(self) -> Mapping[str, str]:
        return self._learn(KEYS_LIFETIME).description

    def _path(self, name: str) -> str:
        return self._description()[name].removeprefix(self._us.issuer)

    def _learn(self, keys_lifetime: timedelta) -> _Known:
        """Return what is known of the provider, asked for again where it is too old."""
        with self._lock:
            now, known = self._clock.now(), self._known
            if known is None or now - known.described_at >= DESCRIPTION_LIFETIME:
                described = self._described()
                known = _Known(described, now, self._keys(described), now)
            elif now - known.keys_at >= keys_lifetime:
                known = _Known(known.description, known.described_at, self._keys(known.description), now)
            self._known = known
            return known

    def _described(self) -> Mapping[str, str]:
        """Return the provider's endpoints, all below its own address (Discovery 4.3)."""
        found = self._published(DISCOVERY)
        endpoints = {name: found.get(name) for name in ENDPOINTS}
        if found.get("issuer") != self._us.issuer:
            raise AnswerRefused("The provider calls itself by another name.")
        origin = urlsplit(self._us.issuer)[:2]
        if any(not isinstance(each, str) or urlsplit(each)[:2] != origin for each in endpoints.values()):
            raise AnswerRefused("The provider's endpoints are not its own.")
        return {name: str(each) for name, each in endpoints.items()}

    def _keys(self, description: Mapping[str, str]) -> tuple[PublicKey, ...]:
        """Return the provider's published keys that we admit."""
        path = description["jwks_uri"].removeprefix(self._us.issuer)
        listed = self._published(path).get("keys")
        admitted = []
        for jwk in listed if isinstance(listed, list) else []:
            try:
                admitted.append(public_key(jwk))
            except (KeyRefused, TypeError):
                continue  # a kind of key that we do not use
        return tuple(admitted)

    def _published(self, path: str) -> Mapping[str, Any]:
        """Return what the provider publishes of itself; AnswerRefused when it says that it does not."""
        answer = self._provider.call("GET", path, headers={"Accept": "application/json"})
        if answer.status != 200:
            raise AnswerRefused(f"The provider answered {answer.status} in place of what it publishes.")
        return _object(answer)


def _object(answer: Answer) -> Mapping[str, Any]:
    """Return the JSON object of an answer; AnswerRefused when it is none."""
    found = answer.json()
    if not isinstance(found, dict):
        raise AnswerRefused("The answer is not a JSON object.")
    return found


def _text(found: Mapping[str, Any], name: str) -> str:
    value = found.get(name)
    if not isinstance(value, str) or not value:
        raise SignInFailed("The provider's answer is incomplete.")
    return value


def _base64url(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()
