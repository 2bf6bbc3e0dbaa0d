# SPDX-License-Identifier: EUPL-1.2
"""Plain data looked at strictly: each value knows where it stands and notes what is wrong with it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import TypeVar

from flagstone.kernel.errors import Fault, Flaw

ENTRIES_MAX = 10_000
TEXT_LENGTH_MAX = 2_000
E = TypeVar("E", bound=Enum)
T = TypeVar("T")


@dataclass(frozen=True)
class Node:
    """A value of the input, its RFC 6901 pointer, the list of flaws, and its key where it has one."""

    value: object
    pointer: str
    flaws: list[Flaw]
    key: str = ""

    def refuse(self, message: str) -> None:
        """Note a flaw here."""
        self.flaws.append(Flaw(self.pointer or "/", message))

    def only(self, *names: str) -> None:
        """Refuse what is not a mapping with no other keys than `names`."""
        if not isinstance(self.value, Mapping):
            self.refuse("it must be a mapping")
            return
        for name in self.value:
            if name not in names:
                self._child(str(name), None).refuse("it is not known here")

    def at(self, name: str) -> Node:
        """Return the value at `name`, which must be there."""
        if isinstance(self.value, Mapping) and name not in self.value:
            self._child(name, None).refuse("it is missing")
            return Node(None, "", [])  # its own flaws say nothing more
        return self._child(name, self._under(name))

    def maybe(self, name: str, value: object = None) -> Node:
        """Return the value at `name`, or `value` where there is none."""
        found = self._under(name)
        return self._child(name, value if found is None else found)

    def entries(self) -> list[Node]:
        """Return the values of a mapping with their keys; nothing may be absent or empty."""
        if self.value is None:
            return []
        if not isinstance(self.value, Mapping) or len(self.value) > ENTRIES_MAX:
            self.refuse(f"it must be a mapping of at most {ENTRIES_MAX} entries")
            return []
        return [self._child(str(key), value) for key, value in self.value.items()]

    def items(self) -> list[Node]:
        """Return the values of a list."""
        if self.value is None:
            return []
        if not isinstance(self.value, list | tuple) or len(self.value) > ENTRIES_MAX:
            self.refuse(f"it must be a list of at most {ENTRIES_MAX} values")
            return []
        return [self._child(str(place), value) for place, value in enumerate(self.value)]

    def text(self, *, empty: str | None = None) -> str:
        """Return text, trimmed; `empty` where nothing may stand."""
        if empty is not None and self.value in (None, ""):
            return empty
        if not isinstance(self.value, str) or not 0 < len(self.value.strip()) <= TEXT_LENGTH_MAX:
            self.refuse(f"it must be text of at most {TEXT_LENGTH_MAX} characters")
            return ""
        return self.value.strip()

    def words(self) -> dict[str, str]:
        """Return words by language."""
        found = {each.key: each.text() for each in self.entries()}
        if not found:
            self.refuse("it must be words by language, such as {en: Register}")
        return found

    def number(self, low: int, high: int) -> int:
        """Return a whole number within bounds."""
        if not isinstance(self.value, int) or isinstance(self.value, bool) or not low <= self.value <= high:
            self.refuse(f"it must be a whole number from {low} to {high}")
            return low
        return self.value

    def truth(self) -> bool:
        """Return true or false."""
        if not isinstance(self.value, bool):
            self.refuse("it must be true or false")
        return self.value is True

    def one_of(self, kind: type[E]) -> E:
        """Return the value of an enumeration."""
        members = list(kind)
        for each in members:
            if each.value == self.value:
                return each
        self.refuse(f"it must be one of {', '.join(str(each.value) for each in members)}")
        return members[0]

    def named(self, read: Callable[[str], T], otherwise: T) -> T:
        """Return what `read` makes of the text; `otherwise`, and a flaw, when it refuses it."""
        return self._read(self.value, read, otherwise)

    def key_as(self, read: Callable[[str], T], otherwise: T) -> T:
        """Return what `read` makes of the key; `otherwise`, and a flaw, when it refuses it."""
        return self._read(self.key, read, otherwise)

    def _read(self, value: object, read: Callable[[str], T], otherwise: T) -> T:
        try:
            if isinstance(value, str):
                return read(value)
            self.refuse("it must be text")
        except Fault as fault:
            self.refuse(f"{fault.title}: {fault.detail}" if fault.detail else fault.title)
        except ValueError as error:
            self.refuse(str(error))
        return otherwise

    def _under(self, name: str) -> object:
        return self.value.get(name) if isinstance(self.value, Mapping) else None

    def _child(self, name: str, value: object) -> Node:
        pointer = name.replace("~", "~0").replace("/", "~1")
        return Node(value, f"{self.pointer}/{pointer}", self.flaws, name)
