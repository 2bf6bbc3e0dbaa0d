# SPDX-License-Identifier: EUPL-1.2
"""Where the sites of a country find each other when all of them run on this machine."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

from flagstone.country import Country
from flagstone.platform.crypto.keys import write_private
from flagstone.settings.options import ExchangeOptions, Http, Settings

OWN_SETTINGS = "settings.toml"
ANSWERING = "answering.json"
"""In the folder of a site that runs: the ports that it has, and where the centre answers."""
DOORS = ("client_port", "client_tls_port", "server_port")
"""The ports of the exchange, by their options."""


def ports(at: int, base: int | None = None) -> dict[str, int]:
    """Return the ports of the site number `at` (from 0) by option; `base` is the first site's own.

    Base 0 takes any free port for each.
    """
    if base == 0:
        return dict.fromkeys(("http.port", *(f"exchange.{name}" for name in DOORS)), 0)
    usual = Http().port
    shift = (usual if base is None else base) - usual + at
    doors = ExchangeOptions()
    return {
        "http.port": usual + shift,
        **{f"exchange.{name}": getattr(doors, name) + shift for name in DOORS},
    }


def own_settings(country: Country, site: str) -> str:
    """Return the first text of a site's own settings file, as it runs beside the others here."""
    codes = [plan.code for plan in country.plans()]
    plan, exchange = country.plan(site), country.exchange()
    options: dict[str, int | str] = {**ports(codes.index(site))}
    if not plan.identity:
        issuer = next(each.code for each in country.plans() if each.identity)
        options["identity.issuer"] = _local(codes.index(issuer))
    if exchange is not None and exchange.centre != site:
        options["exchange.centre"] = _local(codes.index(exchange.centre))
    lines = [f"{name} = {json.dumps(value)}" for name, value in options.items()]
    return "\n".join(
        ["# What this site alone goes by; variables and the command line count more.", *lines, ""]
    )


@contextmanager
def announced(settings: Settings) -> Iterator[None]:
    """Say in the site's folder where it and the centre answer, until the block is left."""
    file = settings.folder / ANSWERING
    had = {
        "http.port": settings.http.port,
        "exchange.centre": settings.exchange.centre,
        **{f"exchange.{name}": getattr(settings.exchange, name) for name in DOORS},
    }
    write_private(file, json.dumps(had).encode(), replace=True)
    try:
        yield
    finally:
        file.unlink(missing_ok=True)


def answering(settings: Settings) -> Settings:
    """Return the settings with the addresses of the site as it runs; as they are when it does not run."""
    try:
        found = json.loads((settings.folder / ANSWERING).read_bytes())
        http = replace(settings.http, port=int(found["http.port"]))
        client, over_tls, server = (int(found[f"exchange.{name}"]) for name in DOORS)
        exchange = replace(
            settings.exchange,
            centre=str(found["exchange.centre"]),
            client_port=client,
            client_tls_port=over_tls,
            server_port=server,
        )
        return replace(settings, http=http, exchange=exchange)
    except (OSError, ValueError, KeyError, TypeError):
        return settings


def acquainted(country: Country, sites: Sequence[Settings]) -> list[Settings]:
    """Return the settings of all sites with each other's addresses, as their ports were had."""
    by_code = {settings.site: settings for settings in sites}
    issuer = next(by_code[plan.code].public_url for plan in country.plans() if plan.identity)
    exchange = country.exchange()
    centre = by_code[exchange.centre].public_url if exchange else ""
    peers = tuple(
        f"{exchange.servers[code].id}=http://{settings.exchange.host}:{settings.exchange.server_port}"
        for code, settings in by_code.items()
        if exchange
    )
    return [
        replace(
            settings,
            identity=replace(
                settings.identity,
                issuer="" if settings.public_url == issuer else issuer,
            ),
            exchange=replace(
                settings.exchange,
                centre="" if settings.public_url == centre else centre,
                peer_addresses=peers,
            ),
        )
        for settings in sites
    ]


def _local(at: int) -> str:
    """Return the usual address of the site number `at`."""
    return f"http://localhost:{ports(at)['http.port']}"
