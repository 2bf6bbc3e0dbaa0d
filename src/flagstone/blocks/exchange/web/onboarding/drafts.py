# SPDX-License-Identifier: EUPL-1.2
"""What the wizard has been told so far, kept on the server for one person's session and not for long."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from flagstone.blocks.exchange.contract.identifiers import ClientId, ServiceId
from flagstone.blocks.exchange.contract.onboarding import Api, Columns, Preview
from flagstone.blocks.exchange.contract.service import Purpose
from flagstone.kernel.clock import Clock
from flagstone.kernel.errors import Fault, Kind
from flagstone.platform.http.shelf import Room, Shelf

ROOM = Room(things_max=50, kept=timedelta(minutes=60), bytes_max=96 * 1024 * 1024)


class DraftEnded(Fault):
    """What was told to the wizard is no longer there, or was told by somebody else."""

    code = "exchange.draft-ended"
    kind = Kind.MISSING
    title = "These steps were begun too long ago"
    remedy = "Begin again; nothing was offered yet."


@dataclass(frozen=True)
class Draft:
    """A service that is being brought in; `csv` is the file as it came, never shown and never logged."""

    service: ServiceId
    title: Mapping[str, str]
    source: str = ""
    csv: bytes = field(default=b"", repr=False)
    preview: Preview | None = None
    columns: Columns = field(default_factory=Columns)
    api: Api | None = None
    register: str = ""
    clients: tuple[ClientId, ...] = ()
    purpose: Purpose = field(default_factory=Purpose)
    personal: bool = False


class Drafts(Shelf[Draft]):
    """At most `ROOM` drafts and bytes of files, each for its owner alone."""

    def __init__(self, clock: Clock) -> None:
        """Tell the time by `clock`."""
        super().__init__(clock, ROOM, DraftEnded, lambda draft: len(draft.csv))
