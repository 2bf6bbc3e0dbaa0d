# SPDX-License-Identifier: EUPL-1.2
"""Pushes over the exchange: each room sends as the client that it is, to the subscriber's own service."""

from __future__ import annotations

from threading import Lock

from flagstone.blocks.exchange.client import Door, Site, ThroughExchange
from flagstone.blocks.exchange.contract.identifiers import ClientId, ServiceId
from flagstone.blocks.exchange.contract.news import Message


class OverExchange:
    """Keeps `contract.news.Sender` through this site's own server; safe to share between threads."""

    def __init__(self, server: Site, secret: str) -> None:
        """Send by `server`, our door for information systems, with the `secret` of the site's own parts."""
        self._server = server
        self._secret = secret
        self._lock = Lock()
        self._ways: dict[tuple[ClientId, ServiceId], ThroughExchange] = {}

    def send(self, sender: ClientId, receiver: ClientId, service: str, path: str, message: Message) -> int:
        """See `contract.news.Sender.send`; ServiceUnreachable or CallRefused when there is no answer."""
        way = self._way(sender, ServiceId(receiver, service))
        return way.call("POST", path, headers=message.headers, body=message.body).status

    def _way(self, sender: ClientId, service: ServiceId) -> ThroughExchange:
        """Return the one way from a room to a service, which knows how the last calls went."""
        with self._lock:
            known = self._ways.get((sender, service))
            if known is None:
                known = ThroughExchange(Door(self._server, sender, self._secret), service)
                self._ways[sender, service] = known
            return known
