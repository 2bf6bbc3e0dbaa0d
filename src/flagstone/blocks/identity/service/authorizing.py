# SPDX-License-Identifier: EUPL-1.2
"""The authorisation endpoint: from a client's request to a one-time code (OpenID Connect Core 3.1.2)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from flagstone.blocks.identity import store
from flagstone.blocks.identity.contract import (
    PERSONAL_CODE,
    AccessDenied,
    Claim,
    Client,
    ClientUnknown,
    OAuthFault,
    RequestInvalid,
    ScopeInvalid,
    SignInExpired,
    SignInRequired,
    Subject,
)
from flagstone.blocks.identity.model.authorization import (
    AuthorizationRequest,
    RedirectedRefusal,
    answer_address,
    read_request,
)
from flagstone.blocks.identity.model.parameters import Parameters, required
from flagstone.blocks.identity.service.registrations import Registrations
from flagstone.blocks.identity.service.sessions import Session, Sessions
from flagstone.blocks.identity.service.terms import Terms
from flagstone.blocks.identity.service.vault import Vault, fingerprint, fresh_secret
from flagstone.kernel.audit import Reason, job
from flagstone.kernel.clock import Clock, parse_rfc3339, rfc3339
from flagstone.platform.crypto.seal import SealBroken
from flagstone.platform.storage.database import Database


@dataclass(frozen=True)
class SignInNeeded:
    """The person must prove herself first; `request` is the sealed request to come back with."""

    request: str
    ui_locales: tuple[str, ...]


@dataclass(frozen=True)
class PendingRequest:
    """A request that waits for the person: what her page may say of it."""

    request: AuthorizationRequest
    client: Client


class Authorizing:
    """Serves authorisation requests."""

    def __init__(
        self,
        database: Database,
        vault: Vault,
        registrations: Registrations,
        sessions: Sessions,
        *,
        terms: Terms,
        clock: Clock,
    ) -> None:
        """Keep codes in `database`."""
        self._database = database
        self._vault = vault
        self._registrations = registrations
        self._sessions = sessions
        self._terms = terms
        self._clock = clock

    def ask(self, parameters: Parameters, cookie: str) -> str | SignInNeeded:
        """Return the address to send the browser to, or that the person must sign in first.

        OAuthFault for what must be shown to the person; every refusal that the client may be told is
        an address of the client as well.
        """
        client = self._client(required(parameters, "client_id"))
        try:
            request = read_request(parameters, client)
            self._check_law(request)
            return self._serve(request, cookie)
        except RedirectedRefusal as refusal:
            return self._refused(refusal.fault, refusal.redirect_uri, refusal.state)

    def pending(self, sealed: str) -> PendingRequest:
        """Return the request of a sign-in page; SignInExpired when it is too old or not ours."""
        try:
            document = self._vault.show_request(sealed)
            if parse_rfc3339(str(document["expires_at"])) <= self._clock.now():
                raise SignInExpired
            request = _request(document)
        except (SealBroken, ValueError, KeyError) as error:
            raise SignInExpired from error
        return PendingRequest(request, self._client(request.client_id))

    def complete(self, sealed: str, subject: Subject, cookie_before: str) -> tuple[str, str]:
        """Begin the sign-in of `subject`; return the address to go on to and the session's fresh cookie."""
        request = self.pending(sealed).request
        session, cookie = self._sessions.begin(subject, cookie_before)
        return self._answered(request, session), cookie

    def give_up(self, sealed: str) -> str:
        """Return the address that tells the client that the person turned back."""
        request = self.pending(sealed).request
        return self._refused(AccessDenied(), request.redirect_uri, request.state)

    def _client(self, client_id: str) -> Client:
        """Return an active client; RequestInvalid, which is shown and sent nowhere, for others."""
        try:
            return self._registrations.find(client_id)
        except ClientUnknown as error:
            raise RequestInvalid("client_id names no service that is known here") from error

    def _check_law(self, request: AuthorizationRequest) -> None:
        """Refuse the personal code to clients that the settings do not name (any more)."""
        if PERSONAL_CODE in request.scopes and request.client_id not in self._terms.personal_code_clients:
            raise RedirectedRefusal(ScopeInvalid(), request.redirect_uri, request.state)

    def _serve(self, request: AuthorizationRequest, cookie: str) -> str | SignInNeeded:
        """Answer by the browser's session where it suffices."""
        session, now = self._sessions.find(cookie) if cookie else None, self._clock.now()
        if session is not None and not request.needs_fresh(session.signed_in_at, now):
            return self._answered(request, session)
        if request.silent:
            raise RedirectedRefusal(SignInRequired(), request.redirect_uri, request.state)
        document = _document(request, now + self._terms.request_lifetime)
        return SignInNeeded(self._vault.hide_request(document), request.ui_locales)

    def _answered(self, request: AuthorizationRequest, session: Session) -> str:
        """Make a code and return the client's address with it."""
        code, now = fresh_secret(), self._clock.now()
        row = {
            "hash": fingerprint(code),
            "client": request.client_id,
            "session": session.id,
            "request": _document(request, now),
            "expires_at": rfc3339(now + self._terms.code_lifetime),
        }
        with self._database.writing(job("identity"), Reason("answer a sign-in request")) as write:
            write.insert(store.codes, row)
            self._sessions.join(write, session, request.client_id)
        answer = {"code": code, "state": request.state, "iss": self._terms.issuer}
        return answer_address(request.redirect_uri, answer)

    def _refused(self, fault: OAuthFault, redirect_uri: str, state: str) -> str:
        """Return the client's address with an error (RFC 6749 4.1.2.1, RFC 9207)."""
        answer = {
            "error": fault.error,
            "error_description": fault.detail or fault.title,
            "state": state,
            "iss": self._terms.issuer,
        }
        return answer_address(redirect_uri, answer)


def _document(request: AuthorizationRequest, expires_at: datetime) -> dict[str, Claim]:
    """Return a request as plain data."""
    lists = {
        "scopes": list(request.scopes),
        "prompts": sorted(request.prompts),
        "ui_locales": list(request.ui_locales),
    }
    return asdict(request) | lists | {"expires_at": rfc3339(expires_at)}


def _request(document: Mapping[str, Claim]) -> AuthorizationRequest:
    """Return the request that `_document` described."""
    found: dict[str, Any] = {name: value for name, value in document.items() if name != "expires_at"}
    return AuthorizationRequest(
        **found
        | {
            "scopes": tuple(found["scopes"]),
            "prompts": frozenset(found["prompts"]),
            "ui_locales": tuple(found["ui_locales"]),
        }
    )
