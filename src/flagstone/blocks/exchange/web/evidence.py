# SPDX-License-Identifier: EUPL-1.2
"""`/asic` and `/verificationconf`: evidence and what to verify it by, as files (UG-SIGDOC, section 2).

Information systems have them at the exchange's own door, where their connection is what is registered for
them; auditors of the server's owner have them here, at the site's pages.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response

from flagstone.blocks.exchange.contract.evidence import EvidenceLog, NamedFile, Wanted
from flagstone.blocks.exchange.model.evidence_query import QueryRefused, wanted
from flagstone.blocks.exchange.model.roles import AUDITOR
from flagstone.blocks.exchange.service.evidence.bundling import bundled, configuration_bundled
from flagstone.kernel.audit import Caller
from flagstone.kernel.clock import Clock
from flagstone.kernel.errors import Fault, Kind
from flagstone.platform.http.principal import current
from flagstone.platform.http.routes import Routes, role

PREFIX = "/exchange/v1"
CONTAINER, ZIP, TEXT = "application/vnd.etsi.asic-e+zip", "application/zip", "text/plain;charset=utf-8"
STATUSES = {
    Kind.INVALID: 400,
    Kind.UNAUTHENTICATED: 401,
    Kind.FORBIDDEN: 403,
    Kind.MISSING: 404,
    Kind.CONFLICT: 409,
    Kind.UNAVAILABLE: 503,
}


@dataclass(frozen=True)
class Given:
    """One answer: a file under a name, or plain words."""

    status: int
    kind: str
    body: bytes = field(repr=False)
    name: str = ""

    @property
    def headers(self) -> dict[str, str]:
        """Return the headers that go with it; a file is offered for download and kept nowhere."""
        offered = f"attachment; filename*=UTF-8''{quote(self.name)}"
        return {"Cache-Control": "no-store"} | ({"Content-Disposition": offered} if self.name else {})


class EvidenceAnswers:
    """Answers both paths, for whichever door the request came in by."""

    def __init__(self, log: EvidenceLog, configuration: Callable[[], Path], clock: Clock) -> None:
        """Give evidence from `log`, and the files of the folder that `configuration` names."""
        self._log = log
        self._configuration = configuration
        self._clock = clock

    def asic(self, caller: Caller, asked: Wanted) -> Given:
        """Return the containers that are asked for: as a ZIP, or as it is where it must be the only one."""
        try:
            files = self._log.containers(caller, asked)
        except Fault as fault:
            return refused(fault)
        if asked.unique:
            return Given(200, CONTAINER, files[0].content, files[0].name)
        return _zip(bundled(files, asked.message_id, self._clock.now()))

    def verificationconf(self) -> Given:
        """Return the global configuration as a ZIP of the folder that verifiers want."""
        try:
            return _zip(configuration_bundled(self._configuration(), self._clock.now()))
        except Fault as fault:
            return refused(fault)


def asked_for(query: str) -> Wanted | Given:
    """Return what a query string wants, or the answer that it cannot be understood."""
    try:
        return wanted(query)
    except QueryRefused as error:
        return Given(400, TEXT, f"{error}\n".encode())


def refused(fault: Fault) -> Given:
    """Return a fault as plain words."""
    words = f"{fault.title}. {fault.detail}".strip()
    return Given(STATUSES.get(fault.kind, 500), TEXT, f"{words}\n{fault.remedy} ({fault.code})\n".encode())


def _zip(file: NamedFile) -> Given:
    return Given(200, ZIP, file.content, file.name)


class EvidenceApi:
    """The same for auditors, at the site's own address."""

    def __init__(self, answers: EvidenceAnswers) -> None:
        """Answer by `answers`."""
        self._answers = answers

    def routes(self) -> Routes:
        """Return the routes."""
        routes = Routes(PREFIX, tags=["evidence"], document="exchange")
        routes.get("/asic", access=role(AUDITOR), summary="Containers of one message")(self.asic)
        routes.get("/verificationconf", access=role(AUDITOR), summary="What to verify them by")(self.conf)
        return routes

    def asic(self, request: Request) -> Response:
        """Answer with the containers of a message."""
        asked = asked_for(request.url.query)
        if isinstance(asked, Given):
            return _response(asked)
        return _response(self._answers.asic(current(request).caller, asked))

    def conf(self) -> Response:
        """Answer with the configuration."""
        return _response(self._answers.verificationconf())


def _response(given: Given) -> Response:
    return Response(given.body, given.status, given.headers, given.kind)
