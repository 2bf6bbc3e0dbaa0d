# SPDX-License-Identifier: EUPL-1.2
"""The portal as an ordinary client of the identity provider, registered anew at each start."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

from flagstone.app.assessment import assesses
from flagstone.app.keys import signing_key
from flagstone.app.services import portal_client
from flagstone.app.sources import life_registry, sources
from flagstone.blocks.identity.contract import PERSON_SCOPES, Client, ClientAuthentication, ClientUnknown
from flagstone.blocks.identity.service.filed import write_registration
from flagstone.blocks.portal.model import Limits
from flagstone.blocks.portal.service.facts import Patience, PersonFacts
from flagstone.blocks.portal.service.life import LifeEvents
from flagstone.blocks.portal.service.sessions import PortalSessions
from flagstone.blocks.portal.service.signing_in import SigningIn
from flagstone.blocks.portal.web.routes import Portal
from flagstone.blocks.rules.web.assessment import MENU as ASSESSMENT_MENU
from flagstone.kernel.audit import Reason, job
from flagstone.kernel.clock import Clock
from flagstone.platform.crypto.jose import public_jwk
from flagstone.platform.crypto.keys import SigningKey, ensure_secret_key
from flagstone.platform.http.pages import MenuItem
from flagstone.platform.http.relying_party import Registration, RelyingParty

if TYPE_CHECKING:
    from flagstone.app.site import Site


NAMES_SECONDS = 1.0
"""How much longer a page may take to name what its facts point to."""


def portal(site: Site, clock: Clock) -> Portal:
    """Return the portal of `site`; its registration follows the address that the site answers at."""
    key = signing_key(site.folder.keys / "portal.pem")
    secret = ensure_secret_key(site.folder.keys / "portal-secrets")
    _register(site, key)
    url, issuer = site.settings.public_url, site.settings.issuer
    name = portal_client(site.country, site.plan.code)
    ours = Registration(issuer, name, f"{url}/sign-in/return", f"{url}/signed-out", PERSON_SCOPES, key)
    party = RelyingParty(ours, site.others.at(issuer), clock)
    provider = site.services.identity.provider if site.services.identity else None
    sessions = PortalSessions(site.databases["portal"], secret, _limits(site), clock, identity=provider)
    return Portal(
        sessions,
        SigningIn(party, secret, clock),
        party,
        PersonFacts(sources(site) if site.plan.citizens else (), patience=_patience(site)),
        LifeEvents(site.country.life_events(), life_registry(site) if site.plan.citizens else None),
        lambda: _elsewhere(site),
    )


def _register(site: Site, key: SigningKey) -> None:
    """Make the portal known to the identity provider, here or at another site."""
    client, identity = _client(site, key), site.services.identity
    if identity is not None:
        identity.provider.clients.ensure(client, job("start"), Reason("The portal signs persons in"))
    else:
        write_registration(site.settings.registrations, client)


def _client(site: Site, key: SigningKey) -> Client:
    """Return the portal as the provider knows it."""
    url = site.settings.public_url
    return Client(
        portal_client(site.country, site.plan.code),
        site.country.name if site.plan.citizens else site.plan.name,
        ClientAuthentication.PRIVATE_KEY_JWT,
        redirect_uris=(f"{url}/sign-in/return",),
        post_logout_redirect_uris=(f"{url}/signed-out",),
        backchannel_logout_uri=f"{url}/sign-out/notice",
        scopes=frozenset(PERSON_SCOPES),
        jwks=({name: str(value) for name, value in public_jwk(key.public).items()},),
    )


def _patience(site: Site) -> Patience:
    """Return how long the page of facts waits for agencies."""
    seconds = site.settings.portal.source_milliseconds_max / 1000
    return Patience(seconds, seconds + NAMES_SECONDS)


def _limits(site: Site) -> Limits:
    """Return how long a session lasts."""
    sessions = site.settings.sessions
    absolute = timedelta(hours=sessions.absolute_hours)
    return Limits(min(timedelta(minutes=sessions.idle_minutes), absolute), absolute)


def _elsewhere(site: Site) -> tuple[MenuItem, ...]:
    """Return the way from the citizens' pages to the site that assesses, once that has made itself known."""
    identity = site.services.identity
    assessor = next((each for each in site.country.plans() if assesses(site.country, each)), None)
    if identity is None or assessor is None or assessor.code == site.plan.code:
        return ()
    try:
        client = identity.provider.clients.find(portal_client(site.country, assessor.code))
    except ClientUnknown:
        return ()
    address = urlsplit(client.redirect_uris[0])
    there = f"{address.scheme}://{address.netloc}/language?return_to="
    return tuple(replace(item, path=f"{there}{quote(item.path, safe='')}&to=") for item in ASSESSMENT_MENU)
