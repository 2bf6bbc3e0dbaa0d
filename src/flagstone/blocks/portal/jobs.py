# SPDX-License-Identifier: EUPL-1.2
"""What the portal does without a request: erasing sessions that were over long ago."""

from __future__ import annotations

from flagstone.blocks.portal.service.sessions import PortalSessions


def erase_old(sessions: PortalSessions) -> int:
    """Erase sessions that were over a month ago; return how many there were; for a daily schedule."""
    erased = 0
    while step := sessions.erase_old():
        erased += step
    return erased
