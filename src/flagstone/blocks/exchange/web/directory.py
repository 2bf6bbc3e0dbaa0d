# SPDX-License-Identifier: EUPL-1.2
"""`GET /exchange/v1/directory`: who belongs to the exchange, for the servers that belong to it.

It names organisations and their systems, no persons, and so is open to everybody; each server asks every
minute and is told nothing new (RFC 9110, 13.1.2) while its revision is the newest.
"""

from __future__ import annotations

import json

from starlette.requests import Request
from starlette.responses import Response

from flagstone.blocks.exchange.contract.exchange import Governance
from flagstone.blocks.exchange.model.directory_wire import as_mapping
from flagstone.platform.http.routes import ANYONE, Routes

DOCUMENT = "exchange"
PATH = "/directory"
ETAGS_MAX = 20


class DirectoryApi:
    """The directory over a site's governance."""

    def __init__(self, governance: Governance) -> None:
        """Answer from `governance`; each revision is written out once."""
        self._governance = governance
        self._written: tuple[int, bytes] = (-1, b"")

    def routes(self) -> Routes:
        """Return the one route."""
        routes = Routes("/exchange/v1", tags=["exchange"], document=DOCUMENT)
        routes.get(PATH, access=ANYONE, summary="The directory of the exchange")(self.directory)
        return routes

    def directory(self, request: Request) -> Response:
        """Return the directory as JSON; 304 when `If-None-Match` names its revision."""
        found = self._governance.directory()
        etag = f'"{found.instance}-{found.revision}"'
        headers = {"ETag": etag, "Cache-Control": "no-cache"}
        if etag in _etags(request.headers.get("if-none-match", "")):
            return Response(status_code=304, headers=headers)
        if self._written[0] != found.revision:
            body = json.dumps(as_mapping(found), ensure_ascii=False, separators=(",", ":")).encode()
            self._written = (found.revision, body)
        return Response(self._written[1], media_type="application/json", headers=headers)


def _etags(header: str) -> set[str]:
    """Return the entity tags of a header, compared weakly."""
    return {each.strip().removeprefix("W/") for each in header.split(",", ETAGS_MAX)}
