# SPDX-License-Identifier: EUPL-1.2
"""Styles, scripts and pictures: read into memory at start, named by their content, served for a year."""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from fastapi import Request, Response

from flagstone.kernel.errors import SettingsFault
from flagstone.platform.http.problem import NotFound
from flagstone.platform.http.routes import ANYONE, Routes

BUILT = Path(__file__).parent / "static" / "built"
PREFIX = "/static"
FILE_BYTES_MAX = 1_000_000
MEDIA_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
}


@dataclass(frozen=True)
class Served:
    """One file as it is sent: its bytes, plain and compressed, and its media type."""

    body: bytes
    compressed: bytes
    media_type: str


class Assets:
    """Everything under `/static`: what the build made, and the files of the country's look."""

    def __init__(self, country: Path, built: Path = BUILT) -> None:
        """Read both folders; SettingsFault when nothing was built or a file is too large."""
        self._addresses: dict[str, str] = {}
        self._files: dict[str, Served] = {}
        for name, hashed, path in [*_built(built), *_named(country)]:
            self._addresses[name] = f"{PREFIX}/{hashed}"
            self._files[hashed] = _read(path)

    def address(self, name: str) -> str:
        """Return the path of `pages.ltr.css`, `theme.css` and so on; KeyError when there is none."""
        return self._addresses[name]

    def holds(self, name: str) -> bool:
        """Tell whether there is a file of this plain name."""
        return name in self._addresses

    def answer(self, request: Request, hashed: str) -> Response:
        """Return the file with this hashed name; NotFound when there is none."""
        file = self._files.get(hashed)
        if file is None:
            raise NotFound
        headers = {"Cache-Control": "public, max-age=31536000, immutable", "Vary": "Accept-Encoding"}
        if "gzip" in request.headers.get("accept-encoding", "") and len(file.compressed) < len(file.body):
            headers["Content-Encoding"] = "gzip"
            return Response(file.compressed, media_type=file.media_type, headers=headers)
        return Response(file.body, media_type=file.media_type, headers=headers)

    def routes(self) -> Routes:
        """Return the routes under `/static`, open to anyone."""
        routes = Routes(PREFIX)

        @routes.get("/{hashed}", access=ANYONE, name="static")
        def static(request: Request, hashed: str) -> Response:
            return self.answer(request, hashed)

        return routes


def _built(folder: Path) -> Iterator[tuple[str, str, Path]]:
    """Yield plain name, hashed name and path of each file that the build's manifest lists."""
    try:
        manifest = json.loads((folder / "manifest.json").read_text())
    except (OSError, ValueError) as error:
        raise SettingsFault("The pages' styles are not built; run `make setup`.") from error
    for name, hashed in manifest.items():
        yield name, hashed, folder / hashed


def _named(folder: Path) -> Iterator[tuple[str, str, Path]]:
    """Yield the same of each style and picture in the country's folder."""
    for path in sorted(folder.iterdir()):
        if path.suffix in MEDIA_TYPES:
            digest = hashlib.sha256(path.read_bytes()).hexdigest()[:12]
            yield path.name, f"{path.stem}.{digest}{path.suffix}", path


def _read(path: Path) -> Served:
    try:
        body = path.read_bytes()
    except OSError as error:
        raise SettingsFault(f"The file {path.name} of the pages' look cannot be read.") from error
    if len(body) > FILE_BYTES_MAX:
        raise SettingsFault(f"The file {path.name} of the pages' look is over {FILE_BYTES_MAX} bytes.")
    return Served(body, gzip.compress(body, 9, mtime=0), MEDIA_TYPES[path.suffix])
