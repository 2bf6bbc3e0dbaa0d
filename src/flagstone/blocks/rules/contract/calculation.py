# SPDX-License-Identifier: EUPL-1.2
"""A calculation: what is asked, within which bounds, and what came out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum

JsonValue = None | bool | int | float | str | Sequence["JsonValue"] | Mapping[str, "JsonValue"]
"""What JSON can say (RFC 8259)."""

Situation = Mapping[str, JsonValue]
"""Entities by plural, instances by id, variables by name, values by period; null asks for a value.

Groups list the ids of their persons under the names of roles. `axes` repeats the whole along values.
"""


class Mode(Enum):
    """How a law is computed: as its engine does it, or the same faster."""

    REFERENCE = "reference"
    FAST = "fast"


@dataclass(frozen=True)
class Bounds:
    """How much one situation may be: persons and groups, values given or asked, and copies along its axes."""

    instances_max: int = 500
    values_max: int = 20_000
    copies_max: int = 10_000
    cells_max: int = 200_000
    depth_max: int = 8
    text_length_max: int = 10_000


@dataclass(frozen=True)
class Outcome:
    """A situation with its nulls replaced, how it was computed, and the fingerprint of the law."""

    values: Situation = field(repr=False)
    law_digest: str
    mode: Mode
