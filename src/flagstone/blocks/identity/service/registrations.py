# SPDX-License-Identifier: EUPL-1.2
"""Clients: registering, closing and looking them up."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Mapping
from typing import Any

import structlog

from flagstone.blocks.identity import store
from flagstone.blocks.identity.contract import (
    PERSONAL_CODE,
    Client,
    ClientAuthentication,
    ClientInvalid,
    ClientRegistered,
    ClientUnknown,
    SubjectType,
)
from flagstone.blocks.identity.model.clients import check_client
from flagstone.blocks.identity.model.registration import client_from, registration_document
from flagstone.blocks.identity.service.filed import Filed
from flagstone.blocks.identity.service.terms import Terms
from flagstone.blocks.identity.service.vault import fresh_secret
from flagstone.kernel.audit import Actor, Reason, job
from flagstone.kernel.errors import Flaw
from flagstone.platform.crypto.keys import KeyRefused, public_key
from flagstone.platform.storage.database import Database

SCRYPT_COST = (2**12, 8, 1)
FILE = job("registration-by-file")
log = structlog.get_logger("flagstone.identity")
SECRET_METHODS = (ClientAuthentication.SECRET_BASIC, ClientAuthentication.SECRET_POST)


class Registrations:
    """The clients of this provider."""

    def __init__(self, database: Database, terms: Terms, filed: Filed | None = None) -> None:
        """Keep clients in `database`, within `terms`; `filed` are those that sites register by file."""
        self._database = database
        self._terms = terms
        self._filed = filed

    def add(self, client: Client, actor: Actor, reason: Reason) -> str:
        """Register a client; return its secret, shown this once, or an empty text where it has none.

        Raises ClientInvalid, or AlreadyThere for an id in use.
        """
        self._check(client)
        secret = fresh_secret() if client.authentication in SECRET_METHODS else ""
        row = {"id": client.id, "registration": registration_document(client), "active": client.active}
        with self._database.writing(actor, reason) as write:
            write.insert(store.clients, row | {"secret_hash": secret_hash(secret) if secret else ""})
            write.publish(ClientRegistered(client.id))
        return secret

    def ensure(self, client: Client, actor: Actor, reason: Reason) -> None:
        """Register a client that needs no secret, or bring its registration up to date; for set-up."""
        self._check(client)
        if client.authentication in SECRET_METHODS:
            raise ClientInvalid("a client with a secret is added by hand, so that the secret is seen")
        with self._database.reading() as view:
            row = store.client_row(view, client.id)
        if row is None:
            self.add(client, actor, reason)
        elif _client(row) != client:
            self._change(client, actor, reason)

    def close(self, client_id: str, actor: Actor, reason: Reason) -> None:
        """Close a client: it can sign nobody in and get no token from now on; ClientUnknown."""
        with self._database.writing(actor, reason) as write:
            if store.client_row(write, client_id) is None:
                raise ClientUnknown
            write.update(store.clients, {"id": client_id}, {"active": False})
            write.publish(ClientRegistered(client_id))

    def find(self, client_id: str) -> Client:
        """Return an active client; ClientUnknown otherwise."""
        return self.find_with_secret(client_id)[0]

    def find_with_secret(self, client_id: str) -> tuple[Client, str]:
        """Return an active client and the hash of its secret; ClientUnknown otherwise."""
        self._take_news(client_id)
        with self._database.reading() as view:
            row = store.client_row(view, client_id) if len(client_id) <= 50 else None
        if row is None or not row["active"]:
            raise ClientUnknown
        return _client(row), str(row["secret_hash"])

    def all(self) -> tuple[Client, ...]:
        """Return every client by id, closed ones too."""
        with self._database.reading() as view:
            return tuple(_client(row) for row in store.client_rows(view))

    def _take_news(self, client_id: str) -> None:
        """Bring a client that is registered by file up to date; one that was closed by hand stays so."""
        news = self._filed.news_of(client_id) if self._filed is not None else None
        if news is None:
            return
        with self._database.reading() as view:
            row = store.client_row(view, client_id)
        if row is not None and (not row["active"] or row["secret_hash"]):
            log.warning("registration by file refused", client=client_id, why="it is closed or has a secret")
            return
        try:
            self.ensure(news, FILE, Reason("its site registered it by file"))
        except ClientInvalid as fault:
            places = [flaw.pointer for flaw in fault.flaws]
            log.warning("registration by file refused", client=client_id, code=fault.code, places=places)

    def _change(self, client: Client, actor: Actor, reason: Reason) -> None:
        """Replace a client's registration."""
        changes = {"registration": registration_document(client), "active": client.active}
        with self._database.writing(actor, reason) as write:
            write.update(store.clients, {"id": client.id}, changes)
            write.publish(ClientRegistered(client.id))

    def _check(self, client: Client) -> None:
        """Raise ClientInvalid for a registration against the rules or beyond what the settings allow."""
        check_client(client)
        if client.subject_type is SubjectType.PUBLIC and client.id not in self._terms.public_subject_clients:
            raise ClientInvalid(flaws=(Flaw("/subject_type", "public is only for clients in the settings"),))
        if PERSONAL_CODE in client.scopes and client.id not in self._terms.personal_code_clients:
            raise ClientInvalid(flaws=(Flaw("/scopes", "personal_code is only for clients in the settings"),))
        for place, jwk in enumerate(client.jwks):
            try:
                public_key(jwk)
            except KeyRefused as error:
                raise ClientInvalid(flaws=(Flaw(f"/jwks/{place}", error.detail),)) from error


def secret_hash(secret: str) -> str:
    """Return the scrypt hash of a secret with a fresh salt, `scrypt$N$r$p$salt$hash` (RFC 7914)."""
    salt = secrets.token_bytes(16)
    cost, block, parallel = SCRYPT_COST
    made = hashlib.scrypt(secret.encode(), salt=salt, n=cost, r=block, p=parallel, dklen=32)
    return f"scrypt${cost}${block}${parallel}${salt.hex()}${made.hex()}"


def secret_fits(secret: str, hashed: str) -> bool:
    """Tell in constant time whether `secret` was hashed to `hashed`."""
    if not hashed:
        return False
    _, cost, block, parallel, salt, expected = hashed.split("$")
    made = hashlib.scrypt(
        secret.encode(), salt=bytes.fromhex(salt), n=int(cost), r=int(block), p=int(parallel), dklen=32
    )
    return hmac.compare_digest(made.hex(), expected)


def _client(row: Mapping[str, Any]) -> Client:
    """Return the client of a row."""
    return client_from(row["registration"] | {"active": row["active"]})
