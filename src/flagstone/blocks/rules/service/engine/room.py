# SPDX-License-Identifier: EUPL-1.2
"""Room for deep calculations: Python keeps the frames of calls in chunks of 16 KiB, one after the other.

A call over the edge of a chunk maps memory, and its return gives it back. Where a formula that is asked for
thousands of times happens to lie at an edge, this takes a fifth of all time. One frame that is too large for
a chunk gets a chunk of its own size, with room for all that is called from it.
"""

from __future__ import annotations

from collections.abc import Callable

SLOTS = 40_000
"""Of eight bytes each: Python rounds the 320 KB up to 512 KB, and calls have the rest."""


def with_room(do: Callable[[], None]) -> None:
    """Do it with 190 KB for frames, some six hundred calls deep; deeper ones are only slower."""
    do()


with_room.__code__ = with_room.__code__.replace(co_stacksize=SLOTS)
