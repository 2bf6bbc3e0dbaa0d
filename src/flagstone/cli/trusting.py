# SPDX-License-Identifier: EUPL-1.2
"""The trust services of the site for one command: what its commands take from an opened site."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from flagstone.blocks.trust.cli.commands import commands
from flagstone.blocks.trust.cli.opened import Opened
from flagstone.cli.visiting import required, visiting
from flagstone.kernel.clock import SystemClock


@contextmanager
def opened() -> Iterator[Opened]:
    """Open the trust services of the site; the uses of keys are on record when the command ends."""
    with visiting() as site:
        trust = required(site.services.trust, f"country: {site.country.code} has no trust services")
        try:
            yield Opened(trust.keys, trust.authority, SystemClock().now())
        finally:
            trust.uses.tell()


app = commands(opened)
