# SPDX-License-Identifier: EUPL-1.2
"""The exchange of a site: its configuration, its message log, and the path that carries messages."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

import structlog

from flagstone.app.globalconf import Configuring, configuring
from flagstone.app.ground import Ground
from flagstone.app.sealing import FieldSealer
from flagstone.blocks.exchange.contract.country import ExchangePlan
from flagstone.blocks.exchange.contract.faults import DirectoryUnavailable
from flagstone.blocks.exchange.contract.globalconf import ApprovedServices, NothingApproved
from flagstone.blocks.exchange.contract.identifiers import ServerId
from flagstone.blocks.exchange.contract.log import PersonsUsed
from flagstone.blocks.exchange.jobs.globalconf import publish
from flagstone.blocks.exchange.model.faults import Spelling
from flagstone.blocks.exchange.model.names import server_named
from flagstone.blocks.exchange.service.configuration import Place
from flagstone.blocks.exchange.service.describing import HttpFetch
from flagstone.blocks.exchange.service.exchange import Service
from flagstone.blocks.exchange.service.message_log import Log
from flagstone.blocks.exchange.service.uses import told
from flagstone.blocks.exchange.web.path.bounds import PathBounds
from flagstone.blocks.exchange.web.path.last_hop import is_person_code
from flagstone.blocks.exchange.web.path.serving import MessagePath, Secure
from flagstone.blocks.exchange.web.path.tls import client_door_tls
from flagstone.kernel.errors import SettingsFault
from flagstone.platform.crypto.keys import ensure_secret_key
from flagstone.platform.http.server import Listener
from flagstone.platform.http.tickets import Tickets
from flagstone.platform.http.wire.bounds import WireBounds
from flagstone.settings.options import ExchangeOptions, Settings

if TYPE_CHECKING:
    from flagstone.app.site import Site

log = structlog.get_logger("flagstone.exchange")
STOP_SECONDS_MAX = 5.0
PERSONAL_CODE = "personal-code"
"""The country's check by which messages' personal codes are known."""


@dataclass(frozen=True)
class Exchanging:
    """What the exchange does here; `secret` is what this site's own parts show as INTERNAL clients.

    `uses` opens what its news say of persons' data.
    """

    service: Service
    log: Log
    path: MessagePath
    server: ServerId
    is_centre: bool
    uses: Callable[[Mapping[str, Any]], PersonsUsed]
    configuring: Configuring
    secret: str = field(repr=False)


def exchanging(
    ground: Ground, tickets: Tickets, approved: ApprovedServices | None = None
) -> Exchanging | None:
    """Return the exchange on the site's database, None in a country without one.

    `approved` are the trust services that the centre publishes as approved.
    """
    plan, settings, database = ground.country.exchange(), ground.settings, ground.databases.get("exchange")
    if plan is None or database is None:
        return None
    _require_fit(ground, plan)
    sealer = FieldSealer(ensure_secret_key(ground.folder.keys / "exchange-secrets"))
    server, is_centre = plan.servers[settings.site].id, plan.centre == settings.site
    place = Place(server, is_centre, _peers(settings.exchange))
    service = Service(database, sealer, place=place, fetch=HttpFetch(lambda: local_address(settings)))
    log, secret = Log(database, sealer), secrets.token_urlsafe(32)
    path = MessagePath(
        service.snapshot,
        log,
        tickets,
        clock=ground.clock,
        secret=secret,
        local_address=local_address(settings),
        bounds=_bounds(settings.exchange),
    )
    path.know_codes_by(ground.country.checks.get(PERSONAL_CODE, is_person_code))
    configured = configuring(ground, plan, service, approved or NothingApproved())
    uses = partial(told, sealer)
    return Exchanging(service, log, path, server, is_centre, uses, configured, secret)


def _require_fit(ground: Ground, plan: ExchangePlan) -> None:
    """Raise SettingsFault where the site cannot be on the exchange."""
    if ground.settings.site not in plan.servers:
        raise SettingsFault(
            f"site: the exchange of {ground.country.code} has no server for {ground.plan.code}"
        )
    if ground.settings.http.tls_certificate is not None:
        raise SettingsFault("http.tls_certificate: at a site on the exchange a proxy must end TLS")


@contextmanager
def carrying(
    site: Site, clients: Listener | None, servers: Listener | None, secure: Listener | None = None
) -> Iterator[None]:
    """Carry messages on bound sockets until the block is left; nothing without an exchange.

    `secure` is the door over TLS; SettingsFault when its certificate cannot be used.
    """
    exchange = site.services.exchange
    if exchange is None or clients is None or servers is None:
        yield
        return
    over_tls = _secure(site.settings.exchange, exchange.service, secure)
    if exchange.configuring.publisher is not None:
        publish(exchange.configuring.publisher)
    exchange.log.start()
    exchange.service.start()
    exchange.path.start(clients, servers, secure=over_tls)
    log.info("messages are carried", transport=exchange.path.status().transport, server=str(exchange.server))
    try:
        yield
    finally:
        exchange.path.stop(STOP_SECONDS_MAX)
        exchange.service.stop()
        exchange.log.stop()


def _secure(options: ExchangeOptions, service: Service, listener: Listener | None) -> Secure | None:
    """Return the door over TLS, which takes whichever certificates are registered by then."""
    if listener is None or options.client_tls_certificate is None or options.client_tls_key is None:
        return None

    def registered() -> list[bytes]:
        try:
            clients = service.snapshot().clients.values()
        except DirectoryUnavailable:
            return []
        return [certificate for client in clients for certificate in client.certificates]

    return Secure(
        listener, client_door_tls(options.client_tls_certificate, options.client_tls_key, registered)
    )


def local_address(settings: Settings) -> str:
    """Return where this site's own pages and interfaces are, for calls from this very process."""
    host = f"[{settings.http.host}]" if ":" in settings.http.host else settings.http.host
    return f"http://{host}:{settings.http.port}"


def client_address(settings: Settings) -> str:
    """Return the door of the site's own information systems."""
    options = settings.exchange
    host = f"[{options.host}]" if ":" in options.host else options.host
    return f"http://{host}:{options.client_port}"


def _peers(options: ExchangeOptions) -> dict[ServerId, str]:
    """Return the addresses of servers that the settings know better than the directory."""
    pairs = (each.partition("=") for each in options.peer_addresses)
    return {server_named(server): address for server, _, address in pairs}


def _bounds(options: ExchangeOptions) -> PathBounds:
    """Return the limits of the message path, as the settings have them."""
    wire = WireBounds(body_bytes_max=options.body_bytes_max)
    return PathBounds(wire=wire, spelling=Spelling(options.fault_spelling))
