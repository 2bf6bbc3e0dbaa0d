# SPDX-License-Identifier: EUPL-1.2
"""The directory fetched from the centre; what cannot be had or believed changes nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from flagstone.blocks.exchange.contract.faults import DirectoryInvalid
from flagstone.blocks.exchange.model.directory_wire import parse_directory
from flagstone.blocks.exchange.service.governing import Members
from flagstone.platform.http.client import Answer, CallBounds

PATH = "/exchange/v1/directory"
BOUNDS = CallBounds(
    connect_seconds_max=3,
    read_seconds_max=5,
    call_seconds_max=15,
    answer_bytes_max=16 * 1024 * 1024,
    connections_max=1,
)


class Centre(Protocol):
    """The centre's site; `platform.http.client.OtherSite` with `BOUNDS` is one."""

    def call(
        self, method: str, path: str, *, headers: Mapping[str, str] | None = None, body: bytes = b""
    ) -> Answer:
        """Send one request and return its answer, whatever its status."""
        ...


class Sync:
    """Keeps the directory of a site that is not the centre up to date."""

    def __init__(self, members: Members, centre: Centre) -> None:
        """Ask `centre` for what `members` does not know yet."""
        self._members = members
        self._centre = centre

    def run(self) -> bool:
        """Ask once; tell whether something new came. A Fault leaves the last good directory in force."""
        before = self._members.directory()
        etag = f'"{before.instance}-{before.revision}"'
        headers = {"Accept": "application/json", "If-None-Match": etag}
        answer = self._centre.call("GET", PATH, headers=headers)
        if answer.status == 304:
            self._members.found_newest()
            return False
        if answer.status != 200:
            raise DirectoryInvalid(f"the centre answered with status {answer.status}")
        return self._members.adopt(parse_directory(answer.json()))
