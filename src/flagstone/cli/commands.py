# SPDX-License-Identifier: EUPL-1.2
"""The sub-commands: each is loaded when it is asked for, so that one starts without all the others."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import typer
from typer.core import TyperGroup

# ruff: noqa: PLC0415 - this is the file that keeps imports until they are needed

Loader = Callable[[], dict[str, Any]]


def _running() -> dict[str, Any]:
    from flagstone.cli.running import make, serve, up

    return {"up": up, "serve": serve, "make": make}


def _checking() -> dict[str, Any]:
    from flagstone.cli.checking import check

    return {"check": check}


def _migrating() -> dict[str, Any]:
    from flagstone.cli.migrating import migrate

    return {"migrate": migrate}


def _making() -> dict[str, Any]:
    from flagstone.cli.making import new_block, new_country

    return {"new-country": new_country, "new-block": new_block}


def _auditing() -> dict[str, Any]:
    from flagstone.cli.auditing import app

    return {"audit": app}


def _sites() -> dict[str, Any]:
    from flagstone.cli.sites import app

    return {"sites": app}


def _identifying() -> dict[str, Any]:
    from flagstone.cli.identifying import app

    return {"identity": app}


def _registering() -> dict[str, Any]:
    from flagstone.cli.registering import app

    return {"registry": app}


def _tracking() -> dict[str, Any]:
    from flagstone.cli.tracking import app

    return {"tracker": app}


def _ruling() -> dict[str, Any]:
    from flagstone.cli.ruling import app

    return {"rules": app}


def _exchanging() -> dict[str, Any]:
    from flagstone.cli.exchanging import app

    return {"exchange": app}


def _trusting() -> dict[str, Any]:
    from flagstone.cli.trusting import app

    return {"trust": app}


PLACES: dict[str, Loader] = {
    "up": _running,
    "serve": _running,
    "make": _running,
    "check": _checking,
    "migrate": _migrating,
    "new-country": _making,
    "new-block": _making,
    "audit": _auditing,
    "sites": _sites,
    "identity": _identifying,
    "registry": _registering,
    "tracker": _tracking,
    "rules": _ruling,
    "exchange": _exchanging,
    "trust": _trusting,
}
"""What loads each, in the order in which help lists them."""


class Shelf(Mapping[str, Any]):
    """Commands by name, taken from `PLACES` when they are asked for."""

    def __init__(self) -> None:
        self._taken: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        """Return a command; KeyError for a name that is none."""
        if name not in self._taken:
            with _without_collection():
                self._taken[name] = _built(name, PLACES[name]()[name])
        return self._taken[name]

    def __iter__(self) -> Iterator[str]:
        """Yield the names; nothing is loaded."""
        return iter(PLACES)

    def __len__(self) -> int:
        return len(PLACES)


class Commands(TyperGroup):
    """The group of all sub-commands."""

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**{**attributes, "commands": Shelf()})

    def list_commands(self, _context: object) -> list[str]:
        """Return the names; nothing is loaded."""
        return list(self.commands)


@contextmanager
def _without_collection() -> Iterator[None]:
    """Look for no circles among what is loaded to stay, now or later: that takes a sixth of a start."""
    at_work = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if at_work:
            gc.enable()


def _built(name: str, found: Any) -> Any:
    """Return a command: a function is one, an application a group of them."""
    if isinstance(found, typer.Typer):
        command: Any = typer.main.get_group(found)
    else:
        alone = typer.Typer(add_completion=False)
        alone.command(name)(found)
        command = typer.main.get_command(alone)
    command.name = name
    return command
