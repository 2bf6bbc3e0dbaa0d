# SPDX-License-Identifier: EUPL-1.2
"""Where two laws differ, and under which names a reading of a parameter may be noted."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Difference:
    """A stretch of days on which a parameter differs between two laws: from `first` up to before `end`.

    Days are ISO 8601; `end` is empty where there is none. A bracket's part is named `SCALE[NUMBER].PART`.
    """

    parameter: str
    first: str
    end: str


def names_read_by(parameter: str) -> tuple[str, ...]:
    """Return the names under which a reading may be noted: the parameter's, its scale's, its groups'."""
    parts = parameter.replace("[", ".[").split(".")
    joined = [".".join(parts[: at + 1]).replace(".[", "[") for at in range(len(parts))]
    return tuple(reversed(joined))
