# SPDX-License-Identifier: EUPL-1.2
"""The token, userinfo, revocation and introspection endpoints (RFC 6749, 7009, 7662, 9068)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from flagstone.blocks.identity import store
from flagstone.blocks.identity.contract import (
    PERSON_SCOPES,
    Claim,
    Client,
    ClientAuthentication,
    ClientUnauthorized,
    ClientUnknown,
    Grant,
    GrantInvalid,
    GrantTypeUnsupported,
    ScopeInvalid,
    SubjectType,
    TokenInvalid,
)
from flagstone.blocks.identity.model.authorization import verifier_fits
from flagstone.blocks.identity.model.claims import left_half_hash, person_claims, seconds
from flagstone.blocks.identity.model.clients import sector_of
from flagstone.blocks.identity.model.parameters import Parameters, optional, required
from flagstone.blocks.identity.service.registrations import Registrations
from flagstone.blocks.identity.service.sessions import Session, Sessions
from flagstone.blocks.identity.service.terms import Terms
from flagstone.blocks.identity.service.vault import Vault, fingerprint, fresh_secret
from flagstone.kernel.audit import Actor, ActorKind, Reason
from flagstone.kernel.clock import Clock, parse_rfc3339, rfc3339
from flagstone.kernel.ids import fresh_uuid
from flagstone.platform.crypto.jose import TokenRefused, VerifiedToken, sign_jwt, verify_jwt
from flagstone.platform.storage.database import Database
from flagstone.platform.storage.faults import AlreadyThere, ChangedMeanwhile
from flagstone.platform.storage.sql import Row

ACCESS_TOKEN_TYPE = "at+jwt"  # noqa: S105 - a media type (RFC 9068 2.1)
TOKEN_CHARACTERS_MAX = 4_096

Answer = dict[str, Claim]


class Tokens:
    """Gives tokens and says what they are worth."""

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
        """Keep tokens in `database`."""
        self._database = database
        self._vault = vault
        self._registrations = registrations
        self._sessions = sessions
        self._terms = terms
        self._clock = clock

    def give(self, client: Client, parameters: Parameters) -> Answer:
        """Answer a token request of a proven client; OAuthFault (RFC 6749 5.2)."""
        wanted = required(parameters, "grant_type")
        if wanted not in {grant.value for grant in Grant}:
            raise GrantTypeUnsupported
        if Grant(wanted) not in client.grants:
            raise ClientUnauthorized
        if wanted == Grant.AUTHORIZATION_CODE.value:
            return self._exchange(client, parameters)
        return self._machine(client, parameters)

    def userinfo(self, token: str) -> Answer:
        """Return the claims that an access token opens; TokenInvalid when it is not good."""
        row = self._live_row(token)
        session = self._sessions.find_by_id(row["session"]) if row else None
        if row is None or session is None:
            raise TokenInvalid
        try:
            client = self._registrations.find(row["client"])
        except ClientUnknown as error:
            raise TokenInvalid from error
        return {"sub": self.subject_for(client, session)} | person_claims(session.subject, row["scopes"])

    def revoke(self, client: Client, token: str) -> None:
        """Revoke a token of this client; nothing happens for tokens that are not its own (RFC 7009 2.2)."""
        row = self._live_row(token)
        if row is not None and row["client"] == client.id:
            changes = {"revoked_at": rfc3339(self._clock.now())}
            with self._database.writing(_actor(client), Reason("a client gives a token back")) as write:
                write.update(store.tokens, {"hash": row["hash"]}, changes)
            return
        verified = self.machine_token(token) if row is None else None
        if verified is not None and verified.claims.get("client_id") == client.id:
            self._revoke_machine(client, verified)

    def introspect(self, client: Client, token: str) -> Answer:
        """Say what a token is worth (RFC 7662): a person's only to its own client, a machine's to any.

        Raises ClientUnauthorized for public clients.
        """
        if client.authentication is ClientAuthentication.NONE:
            raise ClientUnauthorized
        row = self._live_row(token)
        session = self._sessions.find_by_id(row["session"]) if row else None
        if row is not None and session is not None and row["client"] == client.id:
            return {
                "active": True,
                "scope": " ".join(row["scopes"]),
                "client_id": client.id,
                "token_type": "Bearer",
                "exp": seconds(parse_rfc3339(row["expires_at"])),
                "iat": seconds(parse_rfc3339(row["issued_at"])),
                "sub": self.subject_for(client, session),
                "iss": self._terms.issuer,
            }
        verified = self.machine_token(token) if row is None else None
        if verified is None:
            return {"active": False}
        told = ("iss", "sub", "client_id", "aud", "scope", "exp", "iat", "jti")
        worth: Answer = {"active": True, "token_type": "Bearer"}
        return worth | {name: _plain(verified, name) for name in told}

    def machine_token(self, token: str) -> VerifiedToken | None:
        """Return a machine's access token that is good now: ours, for us, not revoked, its client active."""
        now, issuer = self._clock.now(), self._terms.issuer
        if token.count(".") != 2 or len(token) > TOKEN_CHARACTERS_MAX:
            return None
        try:
            keys = self._vault.public_keys(now)
            found = verify_jwt(token, keys, issuer=issuer, audience=issuer, now=now, type=ACCESS_TOKEN_TYPE)
            self._registrations.find(found.text("client_id"))
            revoked = self._row(found.text("jti"))
        except (TokenRefused, ClientUnknown):
            return None
        return None if revoked else found

    def subject_for(self, client: Client, session: Session) -> str:
        """Return the subject that `client` sees: public only while the settings say so."""
        if client.subject_type is SubjectType.PUBLIC and client.id in self._terms.public_subject_clients:
            return f"{self._terms.country}{session.subject.person.personal_code}"
        return self._vault.pairwise(sector_of(client), session.person_index)

    def subject_of_row(self, client: Client, row: Row) -> str:
        """Return the subject that `client` saw in a session that may have ended."""
        return self.subject_for(client, self._sessions.of_row(row))

    def _exchange(self, client: Client, parameters: Parameters) -> Answer:
        """Exchange a code for an ID token and an access token; a second use revokes what the first gave."""
        code_hash = fingerprint(required(parameters, "code"))
        row = self._code(client, code_hash, parameters)
        session = self._sessions.find_by_id(row["session"])
        if session is None:
            raise GrantInvalid("the sign-in has ended")
        access_token = fresh_secret()
        self._use_code(client, row, access_token)
        scopes = row["request"]["scopes"]
        return self._bearer(access_token, self._terms.access_token_lifetime.total_seconds(), scopes) | {
            "id_token": self._id_token(client, session, row["request"], access_token)
        }

    def _code(self, client: Client, code_hash: str, parameters: Parameters) -> Row:
        """Return the row of a code that this request may use; GrantInvalid otherwise."""
        with self._database.reading() as view:
            row = store.code_row(view, code_hash)
        if row is None or row["client"] != client.id:
            raise GrantInvalid
        if row["used_at"]:
            self._reused(code_hash)
        if parse_rfc3339(row["expires_at"]) <= self._clock.now():
            raise GrantInvalid("the code has expired")
        if optional(parameters, "redirect_uri", length_max=2_000) != row["request"]["redirect_uri"]:
            raise GrantInvalid("redirect_uri is not the one of the request")
        if not verifier_fits(optional(parameters, "code_verifier"), row["request"]["challenge"]):
            raise GrantInvalid("code_verifier does not fit the request")
        return row

    def _use_code(self, client: Client, row: Row, access_token: str) -> None:
        """Mark the code as used and keep its access token, both or neither."""
        now = self._clock.now()
        token = {
            "hash": fingerprint(access_token),
            "code": row["hash"],
            "client": client.id,
            "session": row["session"],
            "scopes": row["request"]["scopes"],
            "issued_at": rfc3339(now),
            "expires_at": rfc3339(now + self._terms.access_token_lifetime),
        }
        try:
            with self._database.writing(_actor(client), Reason("exchange a sign-in code")) as write:
                used = {"used_at": rfc3339(now)}
                write.update(store.codes, {"hash": row["hash"]}, used, expected_revision=row["revision"])
                write.insert(store.tokens, token)
        except ChangedMeanwhile:
            self._reused(row["hash"])

    def _reused(self, code_hash: str) -> None:
        """Revoke what the first use of a code gave, and raise GrantInvalid (RFC 9700 4.2.4)."""
        reason = Reason("a sign-in code was used twice")
        with self._database.reading() as view:
            row = store.code_row(view, code_hash)
        if row is not None:
            actor = Actor(ActorKind.SYSTEM, id=row["client"])
            with self._database.writing(actor, reason) as write:
                write.update(store.codes, {"hash": code_hash}, {})
                store.revoke_tokens(write, "code", code_hash)
        raise GrantInvalid("the code was used before")

    def _id_token(
        self, client: Client, session: Session, request: Mapping[str, Any], access_token: str
    ) -> str:
        """Return the signed ID token (OpenID Connect Core 2)."""
        now = self._clock.now()
        claims: Answer = {
            "iss": self._terms.issuer,
            "sub": self.subject_for(client, session),
            "aud": client.id,
            "exp": seconds(now + self._terms.id_token_lifetime),
            "iat": seconds(now),
            "jti": str(fresh_uuid(now)),
            "auth_time": seconds(session.signed_in_at),
            "acr": session.subject.acr,
            "amr": list(session.subject.amr),
            "sid": session.id,
            "at_hash": left_half_hash(access_token),
        }
        if request["nonce"]:
            claims["nonce"] = request["nonce"]
        if client.id_token_claims:
            claims |= person_claims(session.subject, request["scopes"])
        return sign_jwt(self._vault.signing_key(client.id_token_algorithm, now), claims)

    def _machine(self, client: Client, parameters: Parameters) -> Answer:
        """Return a short-lived JWT whose scope is the machine's roles (RFC 9068)."""
        allowed = client.scopes - set(PERSON_SCOPES)
        asked = set(optional(parameters, "scope").split(" ")) - {""} or allowed
        if not asked or not asked <= allowed:
            raise ScopeInvalid("a scope is not registered for this client")
        now, lifetime = self._clock.now(), self._terms.machine_token_lifetime
        claims: Answer = {
            "iss": self._terms.issuer,
            "sub": client.id,
            "client_id": client.id,
            "aud": self._terms.issuer,
            "scope": " ".join(sorted(asked)),
            "exp": seconds(now + lifetime),
            "iat": seconds(now),
            "jti": str(fresh_uuid(now)),
        }
        token = sign_jwt(self._vault.signing_key("ES256", now), claims, type=ACCESS_TOKEN_TYPE)
        return self._bearer(token, lifetime.total_seconds(), sorted(asked))

    def _revoke_machine(self, client: Client, verified: VerifiedToken) -> None:
        """Remember a machine token's `jti` as revoked until it would have expired."""
        now, lifetime = self._clock.now(), self._terms.machine_token_lifetime
        row = {
            "hash": fingerprint(verified.text("jti")),
            "client": client.id,
            "scopes": [],
            "issued_at": rfc3339(now),
            "expires_at": rfc3339(now + lifetime),
            "revoked_at": rfc3339(now),
        }
        try:
            with self._database.writing(_actor(client), Reason("a machine gives a token back")) as write:
                write.insert(store.tokens, row)
        except AlreadyThere:
            return

    def _live_row(self, token: str) -> Row | None:
        """Return the row of an opaque token that is neither revoked nor expired."""
        row = self._row(token) if len(token) <= TOKEN_CHARACTERS_MAX else None
        if row is None or row["session"] is None or row["revoked_at"]:
            return None
        return row if parse_rfc3339(row["expires_at"]) > self._clock.now() else None

    def _row(self, token: str) -> Row | None:
        """Return the row of a token or `jti`."""
        with self._database.reading() as view:
            return store.token_row(view, fingerprint(token))

    @staticmethod
    def _bearer(token: str, lifetime_seconds: float, scopes: Collection[str]) -> Answer:
        """Return the common part of a token answer (RFC 6749 5.1)."""
        expires = int(lifetime_seconds)
        return {
            "access_token": token,
            "token_type": "Bearer",
            "expires_in": expires,
            "scope": " ".join(scopes),
        }


def _plain(verified: VerifiedToken, name: str) -> int | str | None:
    """Return a claim of a token of ours, which is a number or text."""
    value = verified.claims.get(name)
    return value if isinstance(value, int | str) else None


def _actor(client: Client) -> Actor:
    """Return a client as the actor of a write."""
    return Actor(ActorKind.SYSTEM, id=client.id, organisation=client.organisation, system=client.system)
