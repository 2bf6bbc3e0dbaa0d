# SPDX-License-Identifier: EUPL-1.2
"""What the commands work with, and how they write what they make."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import typer

from flagstone.blocks.trust.contract.authority import OFFICER
from flagstone.blocks.trust.contract.faults import AuthorityAbsent
from flagstone.blocks.trust.contract.keys import Keys
from flagstone.blocks.trust.service.service import Service
from flagstone.kernel.audit import Caller, job
from flagstone.kernel.errors import SettingsFault

OPERATOR = Caller(job("flagstone trust"), frozenset({OFFICER}))
"""Whoever runs the command: one official, however often."""


@dataclass(frozen=True)
class Opened:
    """The keys of the site, its authority where it has one, and the time."""

    keys: Keys
    authority: Service | None
    now: datetime

    @property
    def needed(self) -> Service:
        """Return the authority; AuthorityAbsent at a site without one."""
        if self.authority is None:
            raise AuthorityAbsent
        return self.authority


Open = Callable[[], AbstractContextManager[Opened]]


def written(file: Path | None, data: bytes) -> None:
    """Write a new file, nothing when none is named; SettingsFault when it is there or cannot be written."""
    if file is None:
        return
    try:
        with file.open("xb") as stream:
            stream.write(data)
    except OSError as error:
        raise SettingsFault(f"{file} is there already or cannot be written") from error


def said(text: str) -> None:
    """Say one thing on the output."""
    typer.echo(text)
