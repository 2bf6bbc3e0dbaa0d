# SPDX-License-Identifier: EUPL-1.2
"""One site, from settings to a web application with its durable work, opened and closed as one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass

from flagstone.app import checkpoints, seeding
from flagstone.app import databases as bases
from flagstone.app.exchange import carrying
from flagstone.app.exchange_faces import mediator_dialect
from flagstone.app.faces import web_application
from flagstone.app.folder import Folder, FolderNotMade, claim, claim_made, visit
from flagstone.app.ground import Ground
from flagstone.app.plan import OWN_SETTINGS, own_settings
from flagstone.app.portal import portal
from flagstone.app.rules import at_hand, stop_simulating
from flagstone.app.services import Services, services
from flagstone.app.trust import plant, trusted
from flagstone.app.work import durable_work
from flagstone.country import Country, SitePlan
from flagstone.kernel.clock import Clock
from flagstone.platform.crypto.keys import write_private
from flagstone.platform.http.application import Application
from flagstone.platform.http.client import OtherSites
from flagstone.platform.http.server import Listener
from flagstone.platform.jobs.jobs import Jobs
from flagstone.platform.storage import migration
from flagstone.platform.storage.database import Database
from flagstone.settings.options import Settings


@dataclass(frozen=True)
class Site:
    """An open site: what it stores, what it does, and how it answers."""

    settings: Settings
    country: Country
    plan: SitePlan
    folder: Folder
    databases: Mapping[str, Database]
    others: OtherSites
    services: Services


@contextmanager
def claimed(settings: Settings, country: Country, clock: Clock) -> Iterator[Site]:
    """Open the site for this process alone, to make it; a new one gets its tables."""
    folder = claim(settings.folder, country.code, settings.site)
    with _opened(settings, country, folder, clock) as ground:
        if not folder.mark.made:
            seeding.migrate(ground.databases)
        with at_hand(_site(ground)) as site:
            yield site


@contextmanager
def served(settings: Settings, country: Country, clock: Clock) -> Iterator[Site]:
    """Open a made site for this process alone, to serve it; FolderNotMade, and nothing made, otherwise."""
    folder = claim_made(settings.folder, country.code, settings.site)
    with _opened(settings, country, folder, clock) as ground, at_hand(_site(ground)) as site:
        yield site


@contextmanager
def visited(settings: Settings, country: Country, clock: Clock) -> Iterator[Site]:
    """Open a made site beside the process that serves it, for a command of the operator."""
    folder = visit(settings.folder, country.code, settings.site)
    with _opened(settings, country, folder, clock) as ground, at_hand(_site(ground)) as site:
        yield site


@contextmanager
def _opened(settings: Settings, country: Country, folder: Folder, clock: Clock) -> Iterator[Ground]:
    """Open the databases of a folder; at the end release both, and whatever other sites were reached."""
    with ExitStack() as stack:
        stack.callback(folder.release)
        databases = stack.enter_context(bases.opened(settings, country, folder, clock))
        others = stack.enter_context(closing(OtherSites()))
        yield Ground(settings, country, databases, folder, clock, others)


def _site(ground: Ground) -> Site:
    """Return the site on databases that are up to date; MigrationsPending otherwise."""
    for database in ground.databases.values():
        migration.require_current(database)
    return Site(
        ground.settings,
        ground.country,
        ground.plan,
        ground.folder,
        ground.databases,
        ground.others,
        services(ground),
    )


def is_made(settings: Settings, country: Country) -> bool:
    """Tell whether the site is made; a SettingsFault when its folder can be neither made nor served."""
    try:
        visit(settings.folder, country.code, settings.site)
    except FolderNotMade:
        return False
    return True


def make(site: Site, tell: seeding.Tell) -> None:
    """Give a new site its first content; an interrupted making is completed, a finished one kept."""
    if site.folder.mark.made:
        return
    if site.services.trust is not None:
        plant(site.services.trust, site.country, site.settings)
    seeding.seed(site.country, site.plan, site.services, site.folder, tell)
    if site.country.sites():
        text = own_settings(site.country, site.plan.code)
        write_private(site.folder.path / OWN_SETTINGS, text.encode(), replace=True)
    names = () if site.settings.database.url else bases.files(site.country, site.plan.code)
    site.folder.complete(names)


@contextmanager
def at_work(
    site: Site,
    clock: Clock,
    *,
    clients: Listener | None = None,
    servers: Listener | None = None,
    secure: Listener | None = None,
) -> Iterator[tuple[Application, Jobs]]:
    """Start the durable work of a made site, and on two or three more sockets its exchange; return its pages.

    At the end work stops within seconds and the heads of the journals are signed.
    """
    front = portal(site, clock)
    jobs = durable_work(site, front.sessions, clock)
    with ExitStack() as stack:
        stack.callback(checkpoints.sign_at_stop, site.folder, site.databases)
        stack.enter_context(trusted(site))
        if site.services.announcing is not None:
            stack.callback(site.services.announcing.courier.stop)
        stack.callback(jobs.stop)
        stack.callback(stop_simulating, site)
        jobs.start(wait=False)
        stack.enter_context(carrying(site, clients, servers, secure))
        more = stack.enter_context(mediator_dialect(site, clock))
        yield web_application(site, front, jobs, clock, more), jobs
