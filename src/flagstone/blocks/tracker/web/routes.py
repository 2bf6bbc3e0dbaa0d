# SPDX-License-Identifier: EUPL-1.2
"""All routes of the tracker and its part of the menu."""

from __future__ import annotations

from flagstone.blocks.tracker.contract import Oversight, Tracker
from flagstone.blocks.tracker.service.agencies import EveryAgency
from flagstone.blocks.tracker.web.desk import ANSWERING, AUDITING, QUESTIONS, SIGNALS, Desk
from flagstone.blocks.tracker.web.mine import PREFIX, Mine
from flagstone.blocks.tracker.web.protocol import ProtocolApi
from flagstone.kernel.clock import Clock
from flagstone.platform.http.language import marked as _
from flagstone.platform.http.pages import MenuItem, Pages
from flagstone.platform.http.routes import Routes

PERSON_MENU = (MenuItem(PREFIX, _("Who looked"), frozenset({"signed-in"})),)
"""For the site where persons see what all agencies know."""

DESK_MENU = (
    MenuItem(QUESTIONS, _("Questions"), ANSWERING.roles),
    MenuItem(SIGNALS, _("Unusual reading"), AUDITING.roles),
)
"""For every agency's officials."""


def agency_routes(
    tracker: Tracker, oversight: Oversight, pages: Pages, *, instance: str
) -> tuple[Routes, ...]:
    """Return what every agency answers: the protocol (document `tracker`), and its officials' pages."""
    return (ProtocolApi(tracker, instance).routes(), Desk(oversight, pages).routes())


def person_routes(every: EveryAgency, pages: Pages, clock: Clock) -> tuple[Routes, ...]:
    """Return the pages of the person who is signed in."""
    return (Mine(every, pages, clock).routes(),)
