# SPDX-License-Identifier: EUPL-1.2
"""The site that a command looks into, beside the process that serves it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeVar

from flagstone.app.plan import answering
from flagstone.app.site import Site, visited
from flagstone.cli.options import settled
from flagstone.kernel.clock import SystemClock
from flagstone.kernel.errors import SettingsFault

T = TypeVar("T")


@contextmanager
def visiting() -> Iterator[Site]:
    """Open the site that the options before the sub-command name."""
    settings, country = settled(None, None)
    with visited(answering(settings), country, SystemClock()) as site:
        yield site


def required(part: T | None, lacking: str) -> T:
    """Return a part of the site; SettingsFault with what is `lacking` where the site has none."""
    if part is None:
        raise SettingsFault(lacking)
    return part
