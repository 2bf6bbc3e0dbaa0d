# SPDX-License-Identifier: EUPL-1.2
"""What the wizard has been told so far, kept on the server for one person's session and not for long."""

from __future__ import annotations

import secrets
import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from flagstone.blocks.exchange.contract.identifiers import ClientId, ServiceId
from flagstone.blocks.exchange.contract.onboarding import Api, Columns, Preview
from flagstone.blocks.exchange.contract.service import Purpose
from flagstone.kernel.clock import Clock
from flagstone.kernel.errors import Fault, Kind

DRAFTS_MAX = 50
BYTES_MAX = 96 * 1024 * 1024
KEPT = timedelta(minutes=60)


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


class Drafts:
    """At most `DRAFTS_MAX` drafts and `BYTES_MAX` of files; the oldest go first."""

    def __init__(self, clock: Clock) -> None:
        """Tell the time by `clock`."""
        self._clock = clock
        self._kept: OrderedDict[tuple[str, str], tuple[datetime, Draft]] = OrderedDict()
        self._lock = threading.Lock()

    def begin(self, owner: str, draft: Draft) -> str:
        """Keep `draft` for `owner` and return its handle."""
        handle = secrets.token_urlsafe(18)
        self._put(owner, handle, draft)
        return handle

    def keep(self, owner: str, handle: str, draft: Draft) -> None:
        """Keep `draft` in the place of what is under `handle`; DraftEnded when nothing is."""
        self.find(owner, handle)
        self._put(owner, handle, draft)

    def find(self, owner: str, handle: str) -> Draft:
        """Return what `owner` keeps under `handle`; DraftEnded when there is nothing any more."""
        with self._lock:
            kept, draft = self._kept.get((owner, handle), (None, None))
        if kept is None or draft is None or self._clock.now() - kept > KEPT:
            raise DraftEnded
        return draft

    def end(self, owner: str, handle: str) -> None:
        """Forget what is under `handle`."""
        with self._lock:
            self._kept.pop((owner, handle), None)

    def _put(self, owner: str, handle: str, draft: Draft) -> None:
        with self._lock:
            self._kept[owner, handle] = (self._clock.now(), draft)
            self._kept.move_to_end((owner, handle))
            while len(self._kept) > 1 and self._is_too_much():
                self._kept.popitem(last=False)

    def _is_too_much(self) -> bool:
        held = sum(len(draft.csv) for _kept, draft in self._kept.values())
        now = self._clock.now()
        oldest = next(iter(self._kept.values()))[0]
        return len(self._kept) > DRAFTS_MAX or held > BYTES_MAX or now - oldest > KEPT
