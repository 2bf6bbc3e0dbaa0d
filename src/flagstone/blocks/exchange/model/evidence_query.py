# SPDX-License-Identifier: EUPL-1.2
"""The parameters of `/asic`: which message's evidence, of which client (UG-SIGDOC, section 2.2)."""

from __future__ import annotations

from urllib.parse import parse_qsl

from flagstone.blocks.exchange.contract.evidence import Wanted
from flagstone.blocks.exchange.contract.identifiers import ClientId

QUERY_LENGTH_MAX = 8_192
FIELDS_MAX = 20
NEEDED = ("queryId", "xRoadInstance", "memberClass", "memberCode")
FLAGS = ("requestOnly", "responseOnly", "unique", "force")
KNOWN = frozenset({*NEEDED, "subsystemCode", *FLAGS})


class QueryRefused(ValueError):
    """The parameters do not say what is wanted; the words say why."""


def wanted(query: str) -> Wanted:
    """Return what the query string asks for; QueryRefused when it cannot be understood.

    A flag counts when it is there, whatever its value but `false`.
    """
    if len(query) > QUERY_LENGTH_MAX:
        raise QueryRefused("the query is too long")
    try:
        pairs = parse_qsl(query, keep_blank_values=True, max_num_fields=FIELDS_MAX)
    except ValueError:
        raise QueryRefused("the query cannot be read") from None
    given = dict(pairs)
    if len(given) != len(pairs) or not given.keys() <= KNOWN:
        raise QueryRefused("a parameter is unknown or stands twice")
    missing = [name for name in NEEDED if not given.get(name)]
    if missing:
        raise QueryRefused(f"{', '.join(missing)} must be given")
    requests, responses = _flag(given, "requestOnly"), _flag(given, "responseOnly")
    if requests and responses:
        raise QueryRefused("requestOnly and responseOnly exclude each other")
    return Wanted(
        given["queryId"],
        ClientId(
            given["xRoadInstance"],
            given["memberClass"],
            given["memberCode"],
            given.get("subsystemCode", ""),
        ),
        requests=not responses,
        responses=not requests,
        unique=_flag(given, "unique"),
        force=_flag(given, "force"),
    )


def _flag(given: dict[str, str], name: str) -> bool:
    return name in given and given[name].lower() != "false"
