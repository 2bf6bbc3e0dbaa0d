# SPDX-License-Identifier: EUPL-1.2
"""A hook replaces a function of OpenFisca, and only one whose source it knows."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from linecache import getlines
from operator import attrgetter
from types import ModuleType
from typing import Any

Undo = Callable[[], None]


@dataclass(frozen=True)
class Target:
    """A function of OpenFisca: where it lives and how it is called there (`GroupPopulation.sum`)."""

    home: ModuleType
    path: str

    @property
    def place(self) -> tuple[Any, str]:
        """The class or module that holds the function, and its name there."""
        owner, _, name = self.path.rpartition(".")
        return (attrgetter(owner)(self.home) if owner else self.home), name

    @property
    def source(self) -> str:
        """The function's source text as it is installed; empty when there is no such function or text."""
        owner, name = self.place
        found = inspect.getattr_static(owner, name, None)
        found = getattr(found, "fget", None) or getattr(found, "__func__", None) or found
        try:
            return inspect.getsource(inspect.unwrap(found)) if found is not None else ""
        except (OSError, TypeError):
            return _frozen(self.home, found)


def _frozen(home: ModuleType, function: Any) -> str:
    """Return the source of a function that is compiled into Python; empty without its file."""
    code = getattr(function, "__code__", None)
    lines = getlines(getattr(home, "__file__", None) or "") if code is not None else []
    return "".join(inspect.getblock(lines[code.co_firstlineno - 1 :])) if lines and code else ""


@dataclass(frozen=True)
class Hook:
    """What stands in for some functions of OpenFisca.

    `known` are the digests (first 16 hex digits of the SHA-256 of the joined sources) of the versions that it
    was written against; `put` puts it in place and returns how to take it out again.
    """

    name: str
    targets: tuple[Target, ...]
    known: frozenset[str]
    put: Callable[[], Undo]

    @property
    def digest(self) -> str:
        """The digest of what is installed here."""
        return sha256("\0".join(each.source for each in self.targets).encode()).hexdigest()[:16]

    @property
    def fits(self) -> bool:
        """Tell whether what is installed is what the hook was written against."""
        return self.digest in self.known


@dataclass(frozen=True)
class Installed:
    """Which hooks are in place, and which switched themselves off since OpenFisca has changed."""

    at_work: tuple[str, ...]
    switched_off: tuple[str, ...]
    undo: Undo


def install(hooks: Sequence[Hook]) -> Installed:
    """Put every hook that fits in its place, in order; the sources are all read before the first is put."""
    fitting = [hook for hook in hooks if hook.fits]
    undos = [hook.put() for hook in fitting]

    def undo() -> None:
        for each in reversed(undos):
            each()

    off = tuple(hook.name for hook in hooks if hook not in fitting)
    return Installed(tuple(hook.name for hook in fitting), off, undo)


def replaced(*pairs: tuple[Target, object]) -> Undo:
    """Put each replacement in its target's place, and return how to put the old ones back."""
    before = []
    for target, replacement in pairs:
        owner, name = target.place
        before.append((owner, name, inspect.getattr_static(owner, name)))
        setattr(owner, name, replacement)

    def undo() -> None:
        for owner, name, old in reversed(before):
            setattr(owner, name, old)

    return undo
