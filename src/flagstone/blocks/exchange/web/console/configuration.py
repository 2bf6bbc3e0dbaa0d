# SPDX-License-Identifier: EUPL-1.2
"""The page of the configuration: what is kept, from where and how old; at the centre what is published."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from starlette.requests import Request
from starlette.responses import Response

from flagstone.blocks.exchange.contract.globalconf import (
    Audience,
    Fetched,
    InstanceConfiguration,
    KeyState,
)
from flagstone.blocks.exchange.contract.globalconf_status import ConfigurationStatus
from flagstone.blocks.exchange.web.console.asking import LOOK
from flagstone.blocks.exchange.web.console.parts import Desk
from flagstone.kernel.findings import Finding
from flagstone.platform.http.language import marked as _
from flagstone.platform.http.routes import Routes

REASONS: Mapping[str, str] = {
    "configuration.source-answers": _("The publisher does not answer as it should."),
    "configuration.directory-readable": _("What answers there is no signed directory."),
    "configuration.version-known": _("The directory is of a version that is not known here."),
    "configuration.signer-known": _("It was signed with a key that this site does not know."),
    "configuration.signature-good": _("It was changed after it was signed."),
    "configuration.in-time": _("It has expired; or the clocks of the two machines differ."),
    "configuration.part-listed": _("A part that must be there is missing."),
    "configuration.part-digest": _("A part was changed, or the directory was not signed anew after it was."),
    "configuration.part-readable": _("A part cannot be read."),
    "configuration.part-instance": _("It is the configuration of another instance."),
    "configuration.not-older": _("It is older than the one that is kept."),
    "configuration.kept-readable": _("What is kept on disk could not be read, so all is fetched."),
}
OTHER_REASON = _("It cannot be believed.")

DIRECTORIES: Mapping[Audience, str] = {
    Audience.INTERNAL: _("For this instance's own servers"),
    Audience.EXTERNAL: _("For other instances"),
}
STATES: Mapping[KeyState, str] = {
    KeyState.ACTIVE: _("signs"),
    KeyState.NEXT: _("signs next"),
    KeyState.FORMER: _("signed before"),
}


@dataclass(frozen=True)
class Reason:
    """Why a fetch failed: in words, and what was seen where."""

    words: str
    finding: Finding


@dataclass(frozen=True)
class Known:
    """One instance as the page shows it; `is_old` once it counts no more."""

    instance: str
    own: bool
    kept: InstanceConfiguration | None
    fetched: Fetched | None
    is_old: bool
    reasons: tuple[Reason, ...]

    @property
    def members(self) -> int:
        """Return how many members the instance has."""
        return len(self.kept.shared.members) if self.kept and self.kept.shared else 0

    @property
    def servers(self) -> int:
        """Return how many servers the instance has."""
        return len(self.kept.shared.servers) if self.kept and self.kept.shared else 0


class ConfigurationPage:
    """The page at `/desk/exchange/configuration`."""

    def __init__(self, desk: Desk) -> None:
        """Show what `desk` knows of the configuration."""
        self._desk = desk

    def declare(self, routes: Routes) -> None:
        """Add the page to `routes`."""
        routes.get("/configuration", access=LOOK, name="exchange-configuration")(self.configuration)

    def configuration(self, request: Request) -> Response:
        """Show how the site stands."""
        status, now = self._desk.configuration(), self._desk.clock.now()
        publication = status.publication
        return self._desk.show(
            request,
            "configuration",
            conf=status,
            instances=instances(status, now),
            publication_is_old=publication is not None and publication.expires_at <= now,
            directories=DIRECTORIES,
            states=STATES,
        )


def instances(status: ConfigurationStatus, now: datetime) -> list[Known]:
    """Return every instance that is kept or was asked for, the own one first."""
    kept = status.kept.instances if status.kept else {}
    own = status.kept.instance if status.kept else next((each.instance for each in status.fetched), "")
    names = sorted({*kept, *(each.instance for each in status.fetched)}, key=lambda name: (name != own, name))
    return [_known(name, status, now, own=name == own) for name in names]


def _known(name: str, status: ConfigurationStatus, now: datetime, *, own: bool) -> Known:
    """Return one instance with what is known of it."""
    kept = status.kept.instances.get(name) if status.kept else None
    fetched = next((each for each in status.fetched if each.instance == name), None)
    until = kept.shared_until if kept else None
    failed = fetched.verdict.failed if fetched and not fetched.good else ()
    reasons = tuple(Reason(REASONS.get(each.code, OTHER_REASON), each) for each in failed)
    return Known(name, own, kept, fetched, until is None or until <= now, reasons)
