# SPDX-License-Identifier: EUPL-1.2
"""The sub-commands: each is loaded when it is asked for, so that one starts without all the others."""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperGroup

PLACES = {
    "up": "running:up",
    "serve": "running:serve",
    "make": "running:make",
    "check": "checking:check",
    "migrate": "migrating:migrate",
    "new-country": "making:new_country",
    "new-block": "making:new_block",
    "audit": "auditing:app",
    "sites": "sites:app",
    "identity": "identifying:app",
    "registry": "registering:app",
    "tracker": "tracking:app",
    "rules": "ruling:app",
    "exchange": "exchanging:app",
    "trust": "trusting:app",
}
"""Where each is, in the order in which help lists them: a module of this folder and a name in it."""


class Shelf(MutableMapping[str, Any]):
    """Commands by name, taken from `PLACES` when they are asked for."""

    def __init__(self) -> None:
        self._taken: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        """Return a command; KeyError for a name that is none."""
        if name not in self._taken:
            self._taken[name] = _loaded(name, PLACES[name])
        return self._taken[name]

    def __setitem__(self, name: str, command: Any) -> None:
        """Put a command in the place of another."""
        self._taken[name] = command

    def __delitem__(self, name: str) -> None:
        """Take a command off, to be loaded anew."""
        del self._taken[name]

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


def _loaded(name: str, place: str) -> Any:
    """Return the command of a place: a function is one command, an application a group of them."""
    module, _, attribute = place.partition(":")
    found = getattr(import_module(f"flagstone.cli.{module}"), attribute)
    if isinstance(found, typer.Typer):
        command: Any = typer.main.get_group(found)
    else:
        alone = typer.Typer(add_completion=False)
        alone.command(name)(found)
        command = typer.main.get_command(alone)
    command.name = name
    return command
