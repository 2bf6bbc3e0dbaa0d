# SPDX-License-Identifier: EUPL-1.2
"""What no option may be by itself, and which options do not go together."""

from __future__ import annotations

import re
from collections.abc import Iterator
from ipaddress import ip_address, ip_network
from urllib.parse import parse_qsl, urlsplit

from flagstone.kernel.errors import Flaw
from flagstone.settings.options import ExchangeOptions, Http, RulesOptions, Settings, TrustOptions

ADDRESS = re.compile(r"https?://[A-Za-z0-9.:\[\]-]+")
SITE = re.compile(r"[a-z][a-z0-9-]{0,30}")
POSTGRESQL_NAME_MAX = 40
"""Characters of country and site together in the name of a schema, which PostgreSQL cuts at 63."""

TRANSPORTS = ("plain",)
SPELLINGS = ("snake", "camel")
FORMATS = ("auto", "json", "console")
LEVELS = ("auto", "debug", "info", "warning", "error")


def contradictions(settings: Settings) -> Iterator[Flaw]:
    """Yield what no option may be by itself, and what does not go together."""
    if settings.site and not SITE.fullmatch(settings.site):
        yield Flaw("site", "it must be at most 31 lower-case letters, digits and hyphens")
    if settings.log.format not in FORMATS:
        yield Flaw("log.format", f"it must be one of {', '.join(FORMATS)}")
    if settings.log.level not in LEVELS:
        yield Flaw("log.level", f"it must be one of {', '.join(LEVELS)}")
    if settings.sessions.idle_minutes > settings.sessions.absolute_hours * 60:
        yield Flaw("sessions.idle_minutes", "it is longer than sessions.absolute_hours")
    yield from _of_http(settings.http)
    yield from _of_database(settings)
    yield from _of_exchange(settings.exchange)
    yield from _of_trust(settings.trust)
    yield from _of_rules(settings.rules)
    for name, url in (
        ("identity.issuer", settings.identity.issuer),
        ("exchange.centre", settings.exchange.centre),
        ("trust.address", settings.trust.address),
    ):
        if url and not _is_address(url):
            yield Flaw(name, "it must be http(s)://HOST or http(s)://HOST:PORT, without a path")


def _of_http(http: Http) -> Iterator[Flaw]:
    """Yield what is wrong with the addresses."""
    if (http.tls_certificate is None) != (http.tls_key is None):
        yield Flaw("http.tls_key", "a certificate and its key go together")
    if http.public_url and not _is_address(http.public_url):
        yield Flaw("http.public_url", "it must be http(s)://HOST or http(s)://HOST:PORT, without a path")
    for each in http.trusted_proxies:
        try:
            ip_network(each)
        except ValueError:
            yield Flaw("http.trusted_proxies", f"{each} is neither an address nor a network")


def _of_exchange(exchange: ExchangeOptions) -> Iterator[Flaw]:
    """Yield what is wrong with the exchange's doors."""
    if exchange.transport not in TRANSPORTS:
        yield Flaw("exchange.transport", f"it must be one of {', '.join(TRANSPORTS)}")
    if exchange.fault_spelling not in SPELLINGS:
        yield Flaw("exchange.fault_spelling", f"it must be one of {', '.join(SPELLINGS)}")
    if not _is_loopback(exchange.host):
        yield Flaw("exchange.host", "the plain transport is for loopback addresses only")
    for each in exchange.peer_addresses:
        server, _, address = each.partition("=")
        if server.count("/") != 3 or not _is_address(address):
            yield Flaw(
                "exchange.peer_addresses", f"{each} is not INSTANCE/CLASS/CODE/SERVER=http://HOST:PORT"
            )
        elif not _is_loopback(urlsplit(address).hostname or ""):
            yield Flaw("exchange.peer_addresses", f"{address} is not a loopback address")


def _of_trust(trust: TrustOptions) -> Iterator[Flaw]:
    """Yield what is wrong with the place of keys."""
    module = (trust.pkcs11_module is not None, bool(trust.pkcs11_token), trust.pkcs11_pin_file is not None)
    if any(module) and not all(module):
        yield Flaw("trust.pkcs11_module", "module, token and PIN file go together")


def _of_rules(rules: RulesOptions) -> Iterator[Flaw]:
    """Yield what is wrong with the law and the cluster that simulates it."""
    for name, paths in (("extensions", rules.extensions), ("reforms", rules.reforms)):
        for each in paths:
            if not all(part.isidentifier() for part in each.split(".")):
                yield Flaw(f"rules.{name}", f"{each} is no dotted path of Python")
    files = (rules.cluster_ca, rules.cluster_certificate, rules.cluster_key)
    secure = rules.cluster.startswith("tls://")
    if rules.cluster and not _is_scheduler(rules.cluster):
        yield Flaw("rules.cluster", "it must be tcp://HOST:PORT or tls://HOST:PORT")
    elif any(files) != secure or any(files) != all(files):
        yield Flaw(
            "rules.cluster", "tls:// goes together with cluster_ca, cluster_certificate and cluster_key"
        )


def _is_scheduler(address: str) -> bool:
    """Tell whether `address` is where a Dask scheduler can be."""
    try:
        parts = urlsplit(address)
        bare = not (parts.path or parts.query or parts.fragment or parts.username)
        return parts.scheme in {"tcp", "tls"} and bare and bool(parts.hostname) and bool(parts.port)
    except ValueError:
        return False


def _is_loopback(host: str) -> bool:
    """Tell whether `host` is this machine only."""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def _is_address(url: str) -> bool:
    """Tell whether `url` is a scheme, a host and perhaps a port."""
    try:
        parts = urlsplit(url)
        return bool(ADDRESS.fullmatch(url) and parts.hostname) and parts.port != 0
    except ValueError:
        return False


def _of_database(settings: Settings) -> Iterator[Flaw]:
    """Yield what is wrong with the address of PostgreSQL."""
    url = settings.database.url
    if not url:
        return
    try:
        parts = urlsplit(url)
        password = parts.password is not None or "password" in dict(parse_qsl(parts.query))
    except ValueError:
        parts, password = None, False
    if parts is None or parts.scheme != "postgresql" or not url.startswith("postgresql://"):
        yield Flaw("database.url", "it must be postgresql://ROLE@HOST/DATABASE")
    elif password:
        yield Flaw("database.url", "it must not hold the password; name its file in database.password_file")
    if len(settings.country) + len(settings.site) > POSTGRESQL_NAME_MAX:
        yield Flaw("site", f"country and site have more than {POSTGRESQL_NAME_MAX} characters together")
