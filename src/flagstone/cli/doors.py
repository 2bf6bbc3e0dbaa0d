# SPDX-License-Identifier: EUPL-1.2
"""The doors of a site: its ports, had before anything else is begun."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace

from flagstone.country import Country
from flagstone.platform.http import server
from flagstone.settings.options import Settings


@dataclass(frozen=True)
class Doors:
    """Bound sockets: the web's, and where there is an exchange its two."""

    web: server.Listener
    clients: server.Listener | None = None
    servers: server.Listener | None = None

    def close(self) -> None:
        """Close every socket; in another process they stay open."""
        for each in (self.web, self.clients, self.servers):
            if each is not None:
                each.close()


def tls(settings: Settings) -> server.Tls | None:
    """Return the files of the certificate, None for plain http."""
    certificate, key = settings.http.tls_certificate, settings.http.tls_key
    return server.Tls(certificate, key) if certificate and key else None


@contextmanager
def opened(settings: Settings, country: Country) -> Iterator[tuple[Settings, Doors]]:
    """Bind the site's ports; yield the settings with those that were had. AddressUnavailable."""
    with ExitStack() as stack:
        web = stack.enter_context(server.bind(settings.http.host, settings.http.port, tls=tls(settings)))
        had = replace(settings, http=replace(settings.http, port=_port(web)))
        if country.exchange() is None:
            yield had, Doors(web)
            return
        options = settings.exchange
        clients = stack.enter_context(server.bind(options.host, options.client_port))
        servers = stack.enter_context(server.bind(options.host, options.server_port))
        ports = replace(options, client_port=_port(clients), server_port=_port(servers))
        yield replace(had, exchange=ports), Doors(web, clients, servers)


def _port(listener: server.Listener) -> int:
    port: int = listener.getsockname()[1]
    return port
