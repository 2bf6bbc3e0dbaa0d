# SPDX-License-Identifier: EUPL-1.2
"""What every page of the console leans on, and how it is shown."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from flagstone.blocks.exchange.contract.directory import Directory, Words
from flagstone.blocks.exchange.contract.exchange import Exchange, Governance
from flagstone.blocks.exchange.contract.globalconf_status import ConfigurationStatus
from flagstone.blocks.exchange.contract.identifiers import ClientId, GroupId, ServiceId, Subject
from flagstone.blocks.exchange.contract.service import Snapshot
from flagstone.blocks.exchange.contract.status import PathStatus
from flagstone.blocks.exchange.web.console.asking import NOTHING_FILLED, PREFIX, Filled
from flagstone.kernel.audit import Caller
from flagstone.kernel.clock import Clock
from flagstone.platform.http.language import marked as _
from flagstone.platform.http.pages import Pages
from flagstone.platform.http.principal import current

SECTIONS = (
    ("", _("Overview")),
    ("/members", _("Members")),
    ("/clients", _("Clients")),
    ("/services", _("Services")),
    ("/rights", _("Rights")),
    ("/messages", _("Messages")),
    ("/traffic", _("Traffic")),
    ("/configuration", _("Configuration")),
    ("/onboard", _("Bring a system in")),
)

DONE: Mapping[str, str] = {
    "changed": _("The change was made and takes effect at once."),
    "given": _("The right was given."),
    "taken": _("The right was taken away; it no longer counts."),
    "refreshed": _("The description was fetched anew."),
    "removed": _("It was removed."),
    "enabled": _("The service is offered again."),
    "offered": _("The service is offered and the rights are given."),
    "disabled": _("The service is switched off; callers are told your notice."),
}


def not_watched() -> PathStatus:
    """Return the status of a path that nobody watches."""
    return PathStatus("plain", running=False)


def never() -> datetime | None:
    """Return that the directory was never compared with the centre's."""
    return None


@dataclass(frozen=True)
class Desk:
    """The exchange of one site as its operator sees it; `is_centre` where the directory is kept.

    `checked_at` tells when the directory was last known to be the centre's newest, `configuration` how the
    site stands with the global configuration.
    """

    exchange: Exchange
    governance: Governance
    pages: Pages
    clock: Clock
    is_centre: bool = False
    status: Callable[[], PathStatus] = field(default=not_watched)
    checked_at: Callable[[], datetime | None] = field(default=never)
    configuration: Callable[[], ConfigurationStatus] = field(default=ConfigurationStatus)

    def show(
        self, request: Request, template: str, form: Filled = NOTHING_FILLED, **context: Any
    ) -> Response:
        """Return a page of the console; 400 when the form on it was not taken."""
        snapshot = context.pop("snapshot", None) or self.exchange.snapshot()
        return self.pages.render(
            request,
            f"exchange/{template}.html",
            status=400 if form.trouble else 200,
            form=form,
            snapshot=snapshot,
            names=Names(snapshot.directory),
            sections=[(PREFIX + path, label) for path, label in SECTIONS],
            may_change=current(request).holds("operator"),
            is_centre=self.is_centre,
            done=DONE.get(request.query_params.get("done", "")),
            **context,
        )


class Names:
    """The words that the directory has for identifiers."""

    def __init__(self, directory: Directory) -> None:
        """Take names from `directory`."""
        self._words: dict[ClientId, Words] = {each.id: each.name for each in directory.members}
        self._words |= {each.id: each.name for each in directory.subsystems}
        self._groups = {group.code: group.description for group in directory.groups}

    def of(self, who: Subject) -> Words:
        """Return the name by language, empty when the directory has none."""
        return self._groups.get(who.code, {}) if isinstance(who, GroupId) else self._words.get(who, {})

    def kind(self, who: Subject) -> str:
        """Return the message for what sort of group it is, empty for a client."""
        if isinstance(who, GroupId):
            return _("local group") if who.local else _("global group")
        return ""


def caller_of(request: Request) -> Caller:
    """Return who uses the console."""
    return current(request).caller


def to(path: str, done: str = "") -> Response:
    """Return the way to another page of the console, with word of what was done."""
    sign = "&" if "?" in path else "?"
    return RedirectResponse(f"{PREFIX}{path}" + (f"{sign}done={done}" if done else ""), 303)


def offered(snapshot: Snapshot) -> list[ServiceId]:
    """Return the services of this server in order."""
    return sorted(snapshot.services)


def subjects(snapshot: Snapshot) -> list[Subject]:
    """Return all who may be given a right: systems by member, then groups."""
    directory = snapshot.directory
    systems: list[Subject] = sorted(each.id for each in directory.subsystems)
    own = sorted({GroupId(group.code, local=True) for group in snapshot.local_groups})
    return [*systems, *sorted(GroupId(group.code) for group in directory.groups), *own]
