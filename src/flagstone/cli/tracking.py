# SPDX-License-Identifier: EUPL-1.2
"""The tracker of the site for one command, with what the message log says of personal data."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from flagstone.blocks.exchange.service.log_counts import HandedOut
from flagstone.blocks.tracker.cli import Opened, commands
from flagstone.cli.visiting import visiting
from flagstone.kernel.clock import SystemClock


@contextmanager
def opened() -> Iterator[Opened]:
    """Open the tracker of the site."""
    with visiting() as site:
        exchange = site.services.exchange
        handed_out = HandedOut(site.databases["exchange"], exchange.service).between if exchange else nothing
        yield Opened(site.services.tracker, handed_out, SystemClock())


def nothing(_since: datetime, _until: datetime) -> tuple[()]:
    """Return that no message passed: there is no exchange."""
    return ()


app = commands(opened)
