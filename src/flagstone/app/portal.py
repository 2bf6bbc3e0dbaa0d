# SPDX-License-Identifier: EUPL-1.2
"""The portal as an ordinary client of the identity provider, registered anew at each start."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from flagstone.app.keys import signing_key
from flagstone.app.services import PORTAL
from flagstone.blocks.identity.contract import PERSON_SCOPES, Client, ClientAuthentication
from flagstone.blocks.portal.model import Limits
from flagstone.blocks.portal.service.facts import PersonFacts, Source
from flagstone.blocks.portal.service.life import LifeEvents
from flagstone.blocks.portal.service.sessions import PortalSessions
from flagstone.blocks.portal.service.signing_in import SigningIn
from flagstone.blocks.portal.web.routes import Portal
from flagstone.kernel.audit import Reason, job
from flagstone.kernel.clock import Clock
from flagstone.platform.crypto.jose import public_jwk
from flagstone.platform.crypto.keys import SigningKey, ensure_secret_key
from flagstone.platform.http.client import OtherSite
from flagstone.platform.http.relying_party import Registration, RelyingParty

if TYPE_CHECKING:
    from flagstone.app.site import Site

SOURCES = {"en": "Registers of the state", "et": "Riigi registrid", "ar": "سجلات الدولة"}


def portal(site: Site, clock: Clock) -> Portal:
    """Return the portal of `site`; its registration follows the address that the site answers at."""
    key = signing_key(site.folder.keys / "portal.pem")
    secret = ensure_secret_key(site.folder.keys / "portal-secrets")
    url, provider = site.settings.public_url, site.services.provider
    provider.clients.ensure(_client(site, key), job("start"), Reason("The portal signs persons in"))
    ours = Registration(url, PORTAL, f"{url}/sign-in/return", f"{url}/signed-out", PERSON_SCOPES, key)
    party = RelyingParty(ours, OtherSite(url), clock)
    sessions = PortalSessions(site.databases["portal"], secret, _limits(site), clock, identity=provider)
    registry = site.services.registry
    return Portal(
        sessions,
        SigningIn(party, secret, clock),
        party,
        PersonFacts([Source(SOURCES, registry)]),
        LifeEvents(site.country.life_events(), registry),
    )


def _client(site: Site, key: SigningKey) -> Client:
    """Return the portal as the provider knows it."""
    url = site.settings.public_url
    return Client(
        PORTAL,
        site.country.name,
        ClientAuthentication.PRIVATE_KEY_JWT,
        redirect_uris=(f"{url}/sign-in/return",),
        post_logout_redirect_uris=(f"{url}/signed-out",),
        backchannel_logout_uri=f"{url}/sign-out/notice",
        scopes=frozenset(PERSON_SCOPES),
        jwks=({name: str(value) for name, value in public_jwk(key.public).items()},),
    )


def _limits(site: Site) -> Limits:
    """Return how long a session lasts."""
    sessions = site.settings.sessions
    absolute = timedelta(hours=sessions.absolute_hours)
    return Limits(min(timedelta(minutes=sessions.idle_minutes), absolute), absolute)
