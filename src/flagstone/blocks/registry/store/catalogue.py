# SPDX-License-Identifier: EUPL-1.2
"""The versions of registers in storage."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flagstone.blocks.registry.contract.register import Status, Value
from flagstone.blocks.registry.store.tables import register_version
from flagstone.kernel.clock import rfc3339
from flagstone.platform.storage.reading import Reading
from flagstone.platform.storage.sql import Row, func, select
from flagstone.platform.storage.writing import Writing

_changes = func.coalesce(func.sum(register_version.c.revision), 0)
_state = select(func.count().label("count"), _changes.label("changes"))
"""Asked at every use of a register, so built once."""


def state(view: Reading) -> tuple[int, int]:
    """Return two numbers that change whenever a version is added or changed."""
    row = view.row(_state)
    return (0, 0) if row is None else (int(row["count"]), int(row["changes"]))


def versions(view: Reading) -> list[Row]:
    """Return every version of every register, by register and then in order of publication."""
    return view.rows(
        select(register_version).order_by(register_version.c.register, register_version.c.number)
    )


def version(view: Reading, register: str, number: str) -> Row | None:
    """Return one version of a register."""
    return view.row(
        select(register_version).where(
            register_version.c.register == register, register_version.c.version == number
        )
    )


def add(write: Writing, names: tuple[str, str], definition: Mapping[str, Value], status: str) -> None:
    """Add the version that `names` (register, version) name, as the newest of its register."""
    write.insert(
        register_version,
        {
            "register": names[0],
            "version": names[1],
            "number": _next_number(write, names[0]),
            "definition": dict(definition),
            "status": status,
            "published_at": rfc3339(write.at),
        },
    )


def replace(write: Writing, names: tuple[str, str], definition: Mapping[str, Value], status: str) -> None:
    """Change the content and status of a version that is there; a draft becomes the newest version."""
    key = {"register": names[0], "version": names[1]}
    changes: dict[str, Any] = {"definition": dict(definition), "status": status}
    before = version(write, *names)
    if before is not None and before["status"] == Status.DRAFT.value:
        changes["number"] = _next_number(write, names[0])
    write.update(register_version, key, changes)


def _next_number(write: Writing, register: str) -> int:
    """Return the number of the next version of a register."""
    of = register_version.c.register == register
    return int(write.scalar(select(func.max(register_version.c.number)).where(of)) or 0) + 1
