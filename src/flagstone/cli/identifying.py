# SPDX-License-Identifier: EUPL-1.2
"""The identity provider of the site for one command."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from flagstone.blocks.identity.cli import commands
from flagstone.blocks.identity.service.provider import Provider
from flagstone.cli.visiting import required, visiting


@contextmanager
def opened() -> Iterator[Provider]:
    """Open the identity provider of the site."""
    with visiting() as site:
        yield required(site.services.identity, f"site: {site.plan.code} signs nobody in").provider


app = commands(opened)
