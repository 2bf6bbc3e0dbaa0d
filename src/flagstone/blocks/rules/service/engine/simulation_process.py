# SPDX-License-Identifier: EUPL-1.2
"""A process that runs one simulation; what it sends to a cluster has names that other machines know too."""

from __future__ import annotations

from flagstone.blocks.rules.service.engine.room import with_room
from flagstone.blocks.rules.service.engine.simulating import main

if __name__ == "__main__":
    with_room(main)
