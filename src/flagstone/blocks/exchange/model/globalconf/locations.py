# SPDX-License-Identifier: EUPL-1.2
"""Where a configuration may be downloaded, in the order in which it is tried."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit, urlunsplit

from flagstone.blocks.exchange.contract.globalconf import (
    VERSION_MAX,
    VERSION_MIN,
    Anchor,
    Audience,
    Source,
)
from flagstone.blocks.exchange.contract.globalconf_faults import ConfigurationMalformed

LOCATIONS_MAX = 40

Shuffle = Callable[[list["Location"]], None]


@dataclass(frozen=True)
class Location:
    """An address of a signed directory, and the certificates whose keys may sign what is there."""

    url: str
    certificates: tuple[bytes, ...]


def candidates(
    sources: Sequence[Source], anchor: Anchor, audience: Audience, *, last: str, shuffle: Shuffle
) -> list[Location]:
    """Return the locations in order: the one that did well last, those of `sources`, those of the anchor.

    Within each, https comes before http, and what is alike comes in chance order so that load is spread.
    """
    published = [location for each in sources for location in _of_source(each, audience)]
    anchored = [Location(each.url, each.certificates) for each in anchor.sources]
    ordered = [*_ordered(published, shuffle), *_ordered(anchored, shuffle)]
    unique = list(dict.fromkeys(ordered))
    unique.sort(key=lambda location: not _is_at(last, location.url))
    return unique[:LOCATIONS_MAX]


def _is_at(last: str, url: str) -> bool:
    """Tell whether `last` is `url`, with or without a version asked for."""
    return last in {url, *(versioned(url, version) for version in range(VERSION_MIN, VERSION_MAX + 1))}


def versioned(url: str, version: int) -> str:
    """Return an address that asks for a version."""
    parts = urlsplit(url)
    query = f"{parts.query}&version={version}" if parts.query else f"version={version}"
    return urlunsplit(parts._replace(query=query))


def names_version(url: str) -> bool:
    """Tell whether an address asks for a version already."""
    return "version" in parse_qs(urlsplit(url).query)


def part_address(directory: str, location: str) -> str:
    """Return where a part is, by the address of its directory; it must be at the same host."""
    base = urlsplit(directory)
    found = urlsplit(location)
    if found.scheme or found.netloc:
        if (found.scheme, found.netloc) != (base.scheme, base.netloc):
            raise ConfigurationMalformed("a part is said to be at another host than its directory")
        return location
    path = found.path if found.path.startswith("/") else f"{base.path.rpartition('/')[0]}/{found.path}"
    if ".." in path.split("/"):
        raise ConfigurationMalformed("a part's location leads upward")
    return urlunsplit((base.scheme, base.netloc, path, found.query, ""))


def _of_source(source: Source, audience: Audience) -> list[Location]:
    """Return both addresses of a publisher, with the certificates for that audience."""
    certificates = source.internal if audience is Audience.INTERNAL else source.external
    if not certificates or not source.address:
        return []
    return [
        Location(f"{scheme}://{source.address}/{audience.value}", certificates)
        for scheme in ("https", "http")
    ]


def _ordered(locations: list[Location], shuffle: Shuffle) -> list[Location]:
    """Return locations with https before http, each in chance order."""
    groups: list[Location] = []
    for secure in (True, False):
        group = [each for each in locations if each.url.startswith("https://") is secure]
        shuffle(group)
        groups += group
    return groups
