# SPDX-License-Identifier: EUPL-1.2
"""How clients prove themselves (OpenID Connect Core 9, RFC 7523): by one method, the one registered."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime, timedelta

from flagstone.blocks.identity import store
from flagstone.blocks.identity.contract import Client, ClientAuthentication, ClientUnknown, RequestInvalid
from flagstone.blocks.identity.model.parameters import Parameters, basic_credentials, optional
from flagstone.blocks.identity.service.registrations import Registrations, secret_fits
from flagstone.blocks.identity.service.terms import Terms
from flagstone.blocks.identity.service.vault import fingerprint
from flagstone.kernel.audit import Reason, job
from flagstone.kernel.clock import Clock, rfc3339
from flagstone.platform.crypto.jose import TokenRefused, VerifiedToken, unverified_claims, verify_jwt
from flagstone.platform.crypto.keys import public_key
from flagstone.platform.storage.database import Database
from flagstone.platform.storage.faults import AlreadyThere

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
JTI_CHARACTERS_MAX = 256


class Proof:
    """Checks who a client is at the endpoints that clients call."""

    def __init__(self, database: Database, registrations: Registrations, terms: Terms, clock: Clock) -> None:
        """Look clients up in `registrations` and remember assertions in `database`."""
        self._database = database
        self._registrations = registrations
        self._terms = terms
        self._clock = clock

    def client(self, parameters: Parameters, authorization: str, addresses: Collection[str]) -> Client:
        """Return the client that proved itself; `addresses` are the audiences its assertion may name.

        Raises ClientUnknown for every failed proof, RequestInvalid when two methods are mixed.
        """
        basic = basic_credentials(authorization) if authorization else None
        if authorization and basic is None:
            raise ClientUnknown("only HTTP Basic is served in the Authorization header")
        assertion = parameters.get("client_assertion", "")
        secret = parameters.get("client_secret", "")
        if sum(map(bool, (basic, secret, assertion))) > 1:
            raise RequestInvalid("a client must use one way of proving itself")
        if basic is not None:
            _same_client(parameters, basic[0])
            return self._by_secret(basic[0], basic[1], ClientAuthentication.SECRET_BASIC)
        client_id = optional(parameters, "client_id")
        if secret:
            return self._by_secret(client_id, secret, ClientAuthentication.SECRET_POST)
        if assertion:
            return self._by_assertion(parameters, assertion, addresses)
        return self._public(client_id)

    def _public(self, client_id: str) -> Client:
        """Return a client that is registered as public."""
        client = self._registrations.find(client_id)
        if client.authentication is not ClientAuthentication.NONE:
            raise ClientUnknown("the client must prove itself")
        return client

    def _by_secret(self, client_id: str, secret: str, method: ClientAuthentication) -> Client:
        """Return the client whose secret this is and who registered this very method."""
        client, hashed = self._registrations.find_with_secret(client_id)
        if client.authentication is not method or not secret_fits(secret, hashed):
            raise ClientUnknown
        return client

    def _by_assertion(self, parameters: Parameters, assertion: str, addresses: Collection[str]) -> Client:
        """Return the client that signed the assertion, which is remembered until it expires."""
        if parameters.get("client_assertion_type") != ASSERTION_TYPE:
            raise RequestInvalid("client_assertion_type is not the JWT bearer type")
        now = self._clock.now()
        try:
            client_id = str(unverified_claims(assertion).get("sub", ""))
            _same_client(parameters, client_id)
            client = self._registrations.find(client_id)
            if client.authentication is not ClientAuthentication.PRIVATE_KEY_JWT:
                raise ClientUnknown
            verified = verify_jwt(
                assertion,
                [public_key(jwk) for jwk in client.jwks],
                issuer=client.id,
                audience=addresses,
                now=now,
                leeway=self._terms.clock_slack,
            )
            self._remember(client, verified, now)
        except TokenRefused as error:
            raise ClientUnknown(error.detail) from error
        return client

    def _remember(self, client: Client, verified: VerifiedToken, now: datetime) -> None:
        """Keep the assertion's `jti` until it expires; ClientUnknown when it was used before."""
        jti, expires = verified.text("jti"), verified.claims["exp"]
        assert isinstance(expires, int | float)
        if len(jti) > JTI_CHARACTERS_MAX or verified.text("sub") != client.id:
            raise ClientUnknown("the assertion's jti is too long or its sub is another")
        slack = self._terms.clock_slack
        if expires > (now + self._terms.assertion_ahead + slack).timestamp():
            raise ClientUnknown("the assertion lives too long")
        until = datetime.fromtimestamp(expires, UTC) + slack + timedelta(seconds=1)
        row = {
            "hash": fingerprint(f"{client.id}\x00{jti}"),
            "client": client.id,
            "expires_at": rfc3339(until),
        }
        try:
            with self._database.writing(job("identity"), Reason("remember a client's proof")) as write:
                write.insert(store.assertions, row)
        except AlreadyThere as error:
            raise ClientUnknown("the assertion was used before") from error


def _same_client(parameters: Parameters, client_id: str) -> None:
    """Refuse a `client_id` parameter that names another client than the proof."""
    if parameters.get("client_id", client_id) != client_id:
        raise RequestInvalid("client_id and the proof name different clients")
