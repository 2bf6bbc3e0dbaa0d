# SPDX-License-Identifier: EUPL-1.2
"""What a centre publishes, at the addresses where security servers look for it.

`/internalconf` and `/externalconf` take `?version=2` to `6` and answer 404 for others, by which servers find
the newest; parts are where the directories say, `/V6/STAMP/shared-params.xml`. All is public and signed.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response

from flagstone.blocks.exchange.contract.globalconf import VERSION_MAX, VERSION_MIN, Audience
from flagstone.platform.http.routes import ANYONE, Routes

DOCUMENT = "exchange"
PARTS = frozenset({"shared-params.xml", "private-params.xml"})
FRESH, FOREVER = "no-cache", "public, max-age=86400, immutable"
ETAGS_MAX = 20
_STAMP = re.compile(r"[0-9]{14,30}")

Folders = Callable[[], list[Path]]
"""Returns the publications, the newest first."""


class PublicationApi:
    """The published configuration over the folders that hold it."""

    def __init__(self, folders: Folders) -> None:
        """Answer from `folders`, which is asked each time; parts also from publications before the newest."""
        self._folders = folders

    def routes(self) -> Routes:
        """Return the routes, which are at the root of the site because servers look there."""
        routes = Routes("", tags=["configuration"], document=DOCUMENT)
        for audience in Audience:
            name = audience.value
            routes.get(f"/{name}", access=ANYONE, summary=f"The signed {name}", name=name)(
                self._directory_of(audience)
            )
            routes.get(
                f"/exchange/v1/anchors/{name}",
                access=ANYONE,
                summary=f"The anchor for {name}",
                name=f"{name}-anchor",
            )(self._anchor_of(audience))
        routes.get("/V{version}/{stamp}/{name}", access=ANYONE, summary="One part of the configuration")(
            self.part
        )
        return routes

    def _directory_of(self, audience: Audience) -> Callable[[Request], Response]:
        """Return what answers with one signed directory."""

        def directory(request: Request) -> Response:
            version = request.query_params.get("version", str(VERSION_MIN))
            if version not in {str(each) for each in range(VERSION_MIN, VERSION_MAX + 1)}:
                return Response(status_code=404)
            return self._answer(request, f"V{version}/{audience.value}", "application/octet-stream", FRESH)

        return directory

    def _anchor_of(self, audience: Audience) -> Callable[[Request], Response]:
        """Return what answers with one anchor."""

        def anchor(request: Request) -> Response:
            return self._answer(request, f"anchor-{audience.value}.xml", "application/xml", FRESH)

        return anchor

    def part(self, request: Request, version: str, stamp: str, name: str) -> Response:
        """Return one part; 404 for what was never published or is gone."""
        known = version.isdecimal() and len(version) == 1 and _STAMP.fullmatch(stamp) and name in PARTS
        if not known:
            return Response(status_code=404)
        return self._answer(request, f"V{version}/{stamp}/{name}", "application/xml", FOREVER)

    def _answer(self, request: Request, path: str, media_type: str, caching: str) -> Response:
        """Return a published file; 304 when the caller has it."""
        for folder in self._folders():
            try:
                body = (folder / path).read_bytes()
            except OSError:
                continue  # only there in an older publication, or just swept away
            etag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
            headers = {"ETag": etag, "Cache-Control": caching}
            if etag in _etags(request.headers.get("if-none-match", "")):
                return Response(status_code=304, headers=headers)
            return Response(body, media_type=media_type, headers=headers)
        return Response(status_code=404)


def _etags(header: str) -> set[str]:
    """Return the entity tags of a header, compared weakly."""
    return {each.strip().removeprefix("W/") for each in header.split(",", ETAGS_MAX)}
