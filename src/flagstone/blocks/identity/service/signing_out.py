# SPDX-License-Identifier: EUPL-1.2
"""Signing out: at a client's wish, and telling all of them (OpenID Connect Back-Channel Logout)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from flagstone.blocks.identity import store
from flagstone.blocks.identity.contract import (
    Claim,
    Client,
    ClientSignedOut,
    ClientUnknown,
    RedirectUnregistered,
    RequestInvalid,
)
from flagstone.blocks.identity.model.authorization import answer_address
from flagstone.blocks.identity.model.claims import LOGOUT_EVENT, seconds
from flagstone.blocks.identity.model.parameters import Parameters, optional
from flagstone.blocks.identity.service.registrations import Registrations
from flagstone.blocks.identity.service.sessions import Sessions
from flagstone.blocks.identity.service.terms import Terms
from flagstone.blocks.identity.service.tokens import Tokens
from flagstone.blocks.identity.service.vault import Vault
from flagstone.kernel.clock import Clock
from flagstone.kernel.errors import Fault, Kind
from flagstone.kernel.ids import fresh_uuid
from flagstone.platform.crypto.jose import TokenRefused, VerifiedToken, sign_jwt, verify_signature
from flagstone.platform.storage.database import Database

LOGOUT_TOKEN_TYPE = "logout+jwt"  # noqa: S105 - a media type (Back-Channel Logout 2.4)
RP_REASON = "signed out at a service"


class Sender(Protocol):
    """Posts a form to a client's address; the composition root hands one in."""

    def post(self, address: str, form: Mapping[str, str]) -> int:
        """Return the status of the answer; a Fault when there was none."""
        ...


class ClientUnreachable(Fault):
    """A client did not take the news that a person signed out; it is sent again later."""

    code = "identity.client-unreachable"
    kind = Kind.UNAVAILABLE
    title = "A service could not be told of a sign-out"
    remedy = "It is tried again; if it stays, check the client's address for back-channel logout."


@dataclass(frozen=True)
class SignOutRequest:
    """A sign-out request that may be served: the client that asks and where to go afterwards, if any."""

    client: Client | None
    address: str
    session_hinted: str


class SigningOut:
    """Ends sign-ins and tells the clients."""

    def __init__(
        self,
        database: Database,
        vault: Vault,
        registrations: Registrations,
        sessions: Sessions,
        *,
        tokens: Tokens,
        terms: Terms,
        clock: Clock,
    ) -> None:
        """Work on `sessions`."""
        self._database = database
        self._vault = vault
        self._registrations = registrations
        self._sessions = sessions
        self._tokens = tokens
        self._terms = terms
        self._clock = clock

    def read(self, parameters: Parameters) -> SignOutRequest:
        """Return what a sign-out request asks; RedirectUnregistered for an address that is not registered."""
        hint = self._hint(optional(parameters, "id_token_hint", length_max=8_192))
        named = optional(parameters, "client_id")
        hinted = hint.claims.get("aud") if hint else None
        if named and hinted and named != hinted:
            raise RequestInvalid("client_id and id_token_hint name different clients")
        client = self._client(named or (hinted if isinstance(hinted, str) else ""))
        target = optional(parameters, "post_logout_redirect_uri", length_max=2_000)
        if target and (client is None or target not in client.post_logout_redirect_uris):
            raise RedirectUnregistered
        address = answer_address(target, {"state": optional(parameters, "state")}) if target else ""
        session = hint.claims.get("sid") if hint else None
        return SignOutRequest(client, address, session if isinstance(session, str) else "")

    def needs_confirmation(self, request: SignOutRequest, cookie: str) -> bool:
        """Tell whether the person must be asked: she is signed in and no hint names that sign-in."""
        session = self._sessions.find(cookie) if cookie else None
        return session is not None and session.id != request.session_hinted

    def end(self, cookie: str) -> None:
        """End the browser's sign-in, if there is one."""
        session = self._sessions.find(cookie) if cookie else None
        if session is not None:
            self._sessions.end(session.id, RP_REASON)

    def tell(self, event: ClientSignedOut, sender: Sender) -> None:
        """Send one client its logout token (Back-Channel Logout 2.5); ClientUnreachable to be tried again.

        Nothing is sent to a client that is closed or that did not register an address.
        """
        client = self._client(event.client)
        if client is None or not client.backchannel_logout_uri:
            return
        token = self._logout_token(client, event.session)
        if token and sender.post(client.backchannel_logout_uri, {"logout_token": token}) not in (200, 204):
            raise ClientUnreachable

    def _logout_token(self, client: Client, session_id: str) -> str:
        """Return the signed logout token (Back-Channel Logout 2.4), or nothing for an erased session."""
        with self._database.reading() as view:
            row = store.session_row(view, session_id)
        if row is None:
            return ""
        now = self._clock.now()
        claims: dict[str, Claim] = {
            "iss": self._terms.issuer,
            "sub": self._tokens.subject_of_row(client, row),
            "aud": client.id,
            "iat": seconds(now),
            "exp": seconds(now + self._terms.logout_token_lifetime),
            "jti": str(fresh_uuid(now)),
            "events": {LOGOUT_EVENT: {}},
            "sid": session_id,
        }
        key = self._vault.signing_key(client.id_token_algorithm, now)
        return sign_jwt(key, claims, type=LOGOUT_TOKEN_TYPE)

    def _hint(self, token: str) -> VerifiedToken | None:
        """Return an ID token of ours that may have expired; None when it proves nothing."""
        try:
            found = verify_signature(token, self._vault.public_keys(self._clock.now())) if token else None
        except TokenRefused:
            return None
        return found if found and found.claims.get("iss") == self._terms.issuer else None

    def _client(self, client_id: str) -> Client | None:
        """Return an active client, or None."""
        try:
            return self._registrations.find(client_id) if client_id else None
        except ClientUnknown:
            return None
