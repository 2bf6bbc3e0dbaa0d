# SPDX-License-Identifier: EUPL-1.2
"""The web application of a site: every block's routes and pages behind one edge."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib.metadata import version
from ipaddress import ip_network
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from flagstone import blocks
from flagstone.app.assessment import assessment_menu
from flagstone.app.evidence import count_evidence, require_stamps
from flagstone.app.exchange_faces import EXCHANGE_MENU, exchange_routes
from flagstone.app.rules import rules_menu, rules_routes
from flagstone.app.seeding import test_persons
from flagstone.app.tracker import TRACKER_MENU, tracker_routes
from flagstone.app.trust_faces import trust_menu, trust_routes
from flagstone.blocks.identity.service.test_authenticator import TestAuthenticator
from flagstone.blocks.identity.web.protocol import protocol_routes
from flagstone.blocks.identity.web.signing_out import sign_out_routes
from flagstone.blocks.identity.web.test_authenticator import authenticator_routes
from flagstone.blocks.portal.web.agency import Agency
from flagstone.blocks.portal.web.routes import AGENCY_MENU, Portal, portal_routes
from flagstone.blocks.portal.web.routes import MENU as PORTAL_MENU
from flagstone.blocks.registry.web.caller import Purposes
from flagstone.blocks.registry.web.correction import Correction
from flagstone.blocks.registry.web.data import DataApi
from flagstone.blocks.registry.web.database import DatabaseApi
from flagstone.blocks.registry.web.desk import DESK, Desk
from flagstone.blocks.registry.web.dialect import Dialect
from flagstone.blocks.registry.web.registers import RegistersApi
from flagstone.blocks.registry.web.searches import Searches
from flagstone.blocks.registry.web.transfer import Transfer
from flagstone.kernel.clock import Clock
from flagstone.kernel.errors import SettingsFault
from flagstone.platform.http.application import Application, Edge, Keepers, assemble
from flagstone.platform.http.assets import Assets
from flagstone.platform.http.bounds import Bounds
from flagstone.platform.http.language import Languages, marked
from flagstone.platform.http.look import read_look
from flagstone.platform.http.pages import LOCALE, MenuItem, Pages
from flagstone.platform.http.principal import Bearers, Principal
from flagstone.platform.http.routes import Routes
from flagstone.platform.jobs.faults import NotRunning
from flagstone.platform.jobs.jobs import Jobs
from flagstone.platform.storage.database import Database
from flagstone.settings.options import Settings

if TYPE_CHECKING:
    from flagstone.app.site import Site

_ = marked
BLOCKS = Path(blocks.__file__).parent
REGISTRY_MENU = (MenuItem("/desk/registry", _("Registry desk"), DESK.roles),)


def web_application(
    site: Site, front: Portal, jobs: Jobs, clock: Clock, more: Sequence[Routes] = ()
) -> Application:
    """Return the application that answers for `site`, with `more` routes beside the blocks' own."""
    pages, assets = _pages(site)
    routes = [
        pages.routes(),
        assets.routes(),
        *portal_routes(front, pages, _agency(site)),
        *_identity_routes(site, pages),
        *_registry_routes(site, pages, clock),
        *tracker_routes(site, pages, clock),
        *exchange_routes(site, pages, clock),
        *trust_routes(site, pages, clock),
        *rules_routes(site, pages, clock),
        *more,
    ]
    keepers = Keepers(
        pages=pages,
        sessions=front.sessions,
        bearers=_bearers(site),
        tickets=site.services.tickets,
        checks=_checks(site, jobs),
    )
    application = assemble(routes, edge=edge(site), keepers=keepers)
    count_evidence(site, application.state.meter)
    return application


def edge(site: Site) -> Edge:
    """Return how the site meets the world."""
    settings = site.settings
    return Edge(
        title=site.country.name[site.country.languages[0]],
        version=version("flagstone"),
        hosts=_hosts(settings),
        bounds=bounds(settings),
        proxies=tuple(ip_network(each) for each in settings.http.trusted_proxies),
        metrics_token=_metrics_token(settings),
        form_targets=() if settings.issuer == settings.public_url else (settings.issuer,),
    )


def bounds(settings: Settings) -> Bounds:
    """Return the limits of the door, as the settings have them."""
    http = settings.http
    return Bounds(
        upload_bytes_max=http.body_bytes_max,
        requests_at_once_max=http.concurrency_max,
        requests_per_second_per_client=http.requests_per_second_max,
        requests_burst_per_client=http.requests_per_second_max * 10,
    )


def _pages(site: Site) -> tuple[Pages, Assets]:
    """Return the pages in the country's look and languages, and the files they need."""
    country = site.country
    folders = [LOCALE, *sorted(BLOCKS.glob("*/locale"))]
    languages = Languages(country.languages, folders, zone=country.time_zone)
    assets = Assets(country.look)
    templates = sorted(BLOCKS.glob("*/templates"))
    return Pages(read_look(country.look), languages, assets, templates, menu=_menu(site)), assets


def _menu(site: Site) -> tuple[MenuItem, ...]:
    """Return the menu: a person's own pages at the citizens' site, and the desks of officials."""
    persons = PORTAL_MENU if site.plan.citizens else AGENCY_MENU
    return (*persons, *assessment_menu(site.country, site.plan), *_desks(site))


def _desks(site: Site) -> tuple[MenuItem, ...]:
    """Return the officials' part of the menu."""
    exchange = EXCHANGE_MENU if site.services.exchange else ()
    return (*REGISTRY_MENU, *TRACKER_MENU, *exchange, *trust_menu(site), *rules_menu(site))


def _agency(site: Site) -> Agency | None:
    """Return what the home page of an agency shows, None for the citizens' site."""
    if site.plan.citizens:
        return None
    definitions = site.country.definitions()
    registers = tuple(each for each in definitions if each.code in site.plan.registers)
    own = assessment_menu(site.country, site.plan)
    return Agency(site.plan.name, registers, _desks(site), citizens=site.settings.issuer, own=own)


def _identity_routes(site: Site, pages: Pages) -> Sequence[Routes]:
    """Return the provider's endpoints; in a sandbox also the test authenticator."""
    if site.services.identity is None:
        return ()
    provider, directory = site.services.identity.provider, site.services.identity.directory
    routes = [protocol_routes(provider, pages.languages), sign_out_routes(provider, pages)]
    if site.country.sandbox:
        featured = [person.featured() for person in test_persons(site.folder.path)]
        authenticator = TestAuthenticator(directory, featured, sandbox=True)
        routes.append(authenticator_routes(provider, pages, authenticator))
    return routes


def _registry_routes(site: Site, pages: Pages, clock: Clock) -> Sequence[Routes]:
    """Return GovStack's APIs, our own, the desk, and on demand the test suite's dialect."""
    registry, purposes, searches = site.services.registry, Purposes(), Searches(clock)
    desk = Desk(registry, pages, searches)
    routes = [
        DataApi(registry, purposes, searches).routes(),
        DatabaseApi(registry, purposes).routes(),
        RegistersApi(registry, purposes).routes(),
        Transfer(registry, pages, clock).routes(),
        Correction(registry, pages, desk).routes(),
        desk.routes(),
    ]
    if site.settings.govstack.registries_dialect:
        if not site.country.sandbox:
            raise SettingsFault("govstack.registries_dialect: it works only in a sandbox country")
        dialect = Dialect(registry)
        dialect.prepare()
        routes.insert(0, dialect.routes())
    return routes


def _bearers(site: Site) -> FirstOf:
    """Return who knows the machines that call: tickets of our own exchange, and the provider's tokens."""
    issued = [site.services.identity.provider.bearers] if site.services.identity else []
    return FirstOf([site.services.tickets, *issued])


class FirstOf:
    """Keeps `Bearers` by asking several, in order."""

    def __init__(self, keepers: Sequence[Bearers]) -> None:
        """Ask `keepers`, the first first."""
        self._keepers = tuple(keepers)

    def find(self, token: str) -> Principal | None:
        """Return whom the first keeper that knows the token names."""
        return next((found for each in self._keepers if (found := each.find(token))), None)


def _checks(site: Site, jobs: Jobs) -> dict[str, Callable[[], None]]:
    """Return what must hold for the site to be ready."""

    def reads(database: Database) -> Callable[[], None]:
        def read() -> None:
            database.journal.head()

        return read

    def working() -> None:
        if not jobs.status().running:
            raise NotRunning

    found = {block: reads(database) for block, database in site.databases.items()} | {"jobs": working}
    evidence = site.services.evidence
    if evidence is not None:
        found["time-stamps"] = lambda: require_stamps(evidence)
    return found


def _hosts(settings: Settings) -> frozenset[str]:
    """Return the host names that requests may name."""
    named = urlsplit(settings.public_url).hostname or ""
    local = {"localhost", "127.0.0.1", "[::1]"} if settings.http.tls_certificate is None else set()
    own = {f"[{name}]" if ":" in name else name.lower() for name in (named, settings.http.host)}
    return frozenset({*own, *local} - {""})


def _metrics_token(settings: Settings) -> str:
    """Return the token that opens /metrics from elsewhere, empty when only this machine may ask."""
    file = settings.log.metrics_token_file
    try:
        return file.read_text(encoding="utf-8").strip() if file else ""
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsFault(f"log.metrics_token_file: {file} cannot be read") from error
