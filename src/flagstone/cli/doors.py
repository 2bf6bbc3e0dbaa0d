# SPDX-License-Identifier: EUPL-1.2
"""The doors of a site: its ports, had before anything else is begun."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace

from flagstone.country import Country
from flagstone.kernel.errors import SettingsFault
from flagstone.platform.http import server
from flagstone.settings.options import Settings


@dataclass(frozen=True)
class Doors:
    """Bound sockets: the web's, and where there is an exchange its two, or three with a door over TLS."""

    web: server.Listener
    clients: server.Listener | None = None
    servers: server.Listener | None = None
    secure: server.Listener | None = None

    def close(self) -> None:
        """Close every socket; in another process they stay open."""
        for each in (self.web, self.clients, self.servers, self.secure):
            if each is not None:
                each.close()


def tls(settings: Settings) -> server.Tls | None:
    """Return the files of the certificate, None for plain http."""
    certificate, key = settings.http.tls_certificate, settings.http.tls_key
    return server.Tls(certificate, key) if certificate and key else None


@contextmanager
def opened(settings: Settings, country: Country) -> Iterator[tuple[Settings, Doors]]:
    """Bind the site's ports; yield the settings with those that were had. AddressUnavailable."""
    those = bound(settings, country)
    try:
        had = replace(settings, http=replace(settings.http, port=_port(those.web)))
        if those.clients is not None and those.servers is not None:
            client_port, server_port = _port(those.clients), _port(those.servers)
            ports = replace(settings.exchange, client_port=client_port, server_port=server_port)
            if those.secure is not None:
                ports = replace(ports, client_tls_port=_port(those.secure))
            had = replace(had, exchange=ports)
        yield had, those
    finally:
        those.close()


def bound(settings: Settings, country: Country) -> Doors:
    """Return the site's doors, all of them or AddressUnavailable."""
    with ExitStack() as stack:
        web = stack.enter_context(server.bind(settings.http.host, settings.http.port, tls=tls(settings)))
        if country.exchange() is None:
            stack.pop_all()
            return Doors(web)
        options = settings.exchange
        clients = stack.enter_context(server.bind(options.host, options.client_port))
        servers = stack.enter_context(server.bind(options.host, options.server_port))
        files = client_tls(settings)
        secure = None
        if files is not None:
            where = (options.client_tls_host, options.client_tls_port)
            secure = stack.enter_context(server.bind(*where, tls=files))
        stack.pop_all()
        return Doors(web, clients, servers, secure)


def client_tls(settings: Settings) -> server.Tls | None:
    """Return the files of the door over TLS, None where there is none; SettingsFault for half of them."""
    certificate, key = settings.exchange.client_tls_certificate, settings.exchange.client_tls_key
    if (certificate is None) != (key is None):
        raise SettingsFault("exchange.client_tls_certificate, exchange.client_tls_key: give both or neither")
    return server.Tls(certificate, key) if certificate and key else None


def _port(listener: server.Listener) -> int:
    port: int = listener.getsockname()[1]
    return port
