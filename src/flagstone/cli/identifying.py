# SPDX-License-Identifier: EUPL-1.2
"""The identity provider of the site for one command."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from flagstone.blocks.identity.cli import commands
from flagstone.blocks.identity.service.provider import Provider
from flagstone.cli.visiting import visiting
from flagstone.kernel.errors import SettingsFault


@contextmanager
def opened() -> Iterator[Provider]:
    """Open the identity provider of the site."""
    with visiting() as site:
        if site.services.identity is None:
            raise SettingsFault(f"site: {site.plan.code} signs nobody in")
        yield site.services.identity.provider


app = commands(opened)
