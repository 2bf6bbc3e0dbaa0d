# SPDX-License-Identifier: EUPL-1.2
"""The registry of the site for one command."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from flagstone.blocks.registry.cli import commands
from flagstone.blocks.registry.contract.registry import Registry
from flagstone.cli.visiting import visiting


@contextmanager
def opened() -> Iterator[Registry]:
    """Open the registry of the site."""
    with visiting() as site:
        yield site.services.registry


app = commands(opened)
