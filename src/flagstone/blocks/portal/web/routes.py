# SPDX-License-Identifier: EUPL-1.2
"""All routes of the portal and its part of the menu."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from flagstone.blocks.portal.service.facts import PersonFacts
from flagstone.blocks.portal.service.life import LifeEvents
from flagstone.blocks.portal.service.sessions import SIGNED_IN as SIGNED_IN_ROLE
from flagstone.blocks.portal.service.sessions import PortalSessions
from flagstone.blocks.portal.service.signing_in import SigningIn
from flagstone.blocks.portal.web.agency import Agency, agency_routes
from flagstone.blocks.portal.web.home import home_routes, nothing_elsewhere
from flagstone.blocks.portal.web.me import me_routes
from flagstone.blocks.portal.web.sessions import session_routes
from flagstone.blocks.portal.web.signing_in import notice_routes, sign_in_routes
from flagstone.platform.crypto.jose import TokenRefused
from flagstone.platform.http.language import marked as _
from flagstone.platform.http.pages import MenuItem, Pages
from flagstone.platform.http.relying_party import RelyingParty
from flagstone.platform.http.routes import Routes

PERSONS = frozenset({SIGNED_IN_ROLE})
HOME, SESSIONS = MenuItem("/", _("Home")), MenuItem("/sessions", _("Where you are signed in"), PERSONS)
MENU = (
    HOME,
    MenuItem("/me", _("What we know about you"), PERSONS),
    MenuItem("/me/usage", _("Who looked at your data"), PERSONS),
    SESSIONS,
)
"""The menu of a site for citizens; `/me/usage` is the tracker's page."""

AGENCY_MENU = (HOME, SESSIONS)
"""The menu of a site without duties to citizens."""


@dataclass(frozen=True)
class Portal:
    """What the portal's pages lean on; `elsewhere` are pages that other sites have for everybody."""

    sessions: PortalSessions
    signing_in: SigningIn
    party: RelyingParty
    facts: PersonFacts
    life: LifeEvents
    elsewhere: Callable[[], tuple[MenuItem, ...]] = nothing_elsewhere


def portal_routes(portal: Portal, pages: Pages, agency: Agency | None = None) -> tuple[Routes, ...]:
    """Return the portal's pages, and the endpoint that the provider calls (document `portal`).

    At a site without duties to citizens, `agency` is what its home page shows in place of their pages.
    """

    def take_notice(token: str) -> bool:
        try:
            notice = portal.party.notice(token)
        except TokenRefused:
            return False
        portal.sessions.take_notice(notice)
        return True

    own = (
        (home_routes(portal.life, pages, portal.elsewhere), me_routes(portal.facts, pages))
        if agency is None
        else (agency_routes(agency, pages),)
    )
    return (
        *own,
        session_routes(portal.sessions, portal.party, pages),
        sign_in_routes(portal.signing_in, portal.sessions, portal.party, pages),
        notice_routes(take_notice),
    )
