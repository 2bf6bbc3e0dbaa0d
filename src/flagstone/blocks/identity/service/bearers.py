# SPDX-License-Identifier: EUPL-1.2
"""Machines by their access tokens: keeps the promise `Bearers` of platform.http (RFC 6750, 9068)."""

from __future__ import annotations

from flagstone.blocks.identity.service.registrations import Registrations
from flagstone.blocks.identity.service.tokens import Tokens
from flagstone.kernel.audit import SITE_ROLES, Actor, ActorKind, Caller
from flagstone.platform.http.principal import Principal


class MachineBearers:
    """Finds the machine behind a bearer token; its roles are the words of the token's scope."""

    def __init__(self, tokens: Tokens, registrations: Registrations) -> None:
        """Judge by `tokens`, name by `registrations`."""
        self._tokens = tokens
        self._registrations = registrations

    def find(self, token: str) -> Principal | None:
        """Return the machine's principal, None when the token is unknown, ended, revoked or not for us."""
        verified = self._tokens.machine_token(token)
        if verified is None:
            return None
        client = self._registrations.find(verified.text("client_id"))
        name = client.name.get("en") or next(iter(client.name.values()))
        actor = Actor(ActorKind.SYSTEM, client.id, name, client.organisation, client.system)
        roles = frozenset(verified.text("scope").split()) - SITE_ROLES
        return Principal(Caller(actor, roles), name=name, session=verified.text("jti"))
