# SPDX-License-Identifier: EUPL-1.2
"""The whole provider, put together from its parts; keeps the contract `Identity`."""

from __future__ import annotations

from pathlib import Path

from flagstone.blocks.identity.contract import SignIn
from flagstone.blocks.identity.model.clients import is_loopback
from flagstone.blocks.identity.service.authorizing import Authorizing
from flagstone.blocks.identity.service.bearers import MachineBearers
from flagstone.blocks.identity.service.filed import Filed
from flagstone.blocks.identity.service.proof import Proof
from flagstone.blocks.identity.service.registrations import Registrations
from flagstone.blocks.identity.service.sessions import Sessions
from flagstone.blocks.identity.service.signing_out import SigningOut
from flagstone.blocks.identity.service.terms import Terms
from flagstone.blocks.identity.service.tokens import Tokens
from flagstone.blocks.identity.service.vault import Vault
from flagstone.kernel.clock import Clock
from flagstone.kernel.errors import SettingsFault
from flagstone.kernel.ids import PersonCode
from flagstone.platform.storage.database import Database


class Provider:
    """The OpenID provider of one site."""

    def __init__(
        self,
        database: Database,
        keys: Path,
        terms: Terms,
        clock: Clock,
        *,
        registrations: Path | None = None,
    ) -> None:
        """Work on `database` with the keys in folder `keys`; SettingsFault for an unsafe issuer.

        `registrations` is the folder in which other sites leave their clients (`filed.write_registration`).
        """
        _check_issuer(terms.issuer)
        self.terms = terms
        self.clock = clock
        self.vault = Vault(keys, clock.now())
        self.clients = Registrations(database, terms, Filed(registrations) if registrations else None)
        self.proof = Proof(database, self.clients, terms, clock)
        self.sessions = Sessions(database, self.vault, terms, clock)
        parts = (database, self.vault, self.clients, self.sessions)
        self.authorizing = Authorizing(*parts, terms=terms, clock=clock)
        self.tokens = Tokens(*parts, terms=terms, clock=clock)
        self.signing_out = SigningOut(*parts, tokens=self.tokens, terms=terms, clock=clock)
        self.bearers = MachineBearers(self.tokens, self.clients)

    def sign_ins_of(self, person: PersonCode) -> tuple[SignIn, ...]:
        """Return the person's present sign-ins, the newest first."""
        return self.sessions.of_person(person)

    def end_session(self, session: str, reason: str) -> None:
        """End one sign-in and tell its clients; nothing happens when it has ended already."""
        self.sessions.end(session, reason)

    def end_sessions_of(self, person: PersonCode, reason: str) -> int:
        """End every sign-in of a person, tell all clients, and return how many there were."""
        return self.sessions.end_of_person(person, reason)

    def rotate_keys(self) -> dict[str, str]:
        """Publish a next key for each algorithm; it signs an hour later (see Terms)."""
        terms = self.terms
        return self.vault.rotate(
            self.clock.now(),
            publish_before=terms.key_published_before_use,
            retire_after=terms.key_published_after_use,
        )


def _check_issuer(issuer: str) -> None:
    """Refuse an issuer that is not encrypted off loopback, or that has a path, query or slash at the end."""
    scheme, separator, rest = issuer.partition("://")
    plain = separator and rest and not set(rest) & set("/?#@ \\")
    if not plain or not (scheme == "https" or (scheme == "http" and is_loopback(issuer))):
        raise SettingsFault("the issuer must be https://host (http only on loopback), without path or slash")
