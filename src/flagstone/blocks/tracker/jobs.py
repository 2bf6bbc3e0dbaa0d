# SPDX-License-Identifier: EUPL-1.2
"""What the tracker does without a request: watching every minute, comparing with the exchange every hour."""

from __future__ import annotations

from datetime import datetime, timedelta

from flagstone.blocks.tracker.contract import Messages, Oversight, Reconciliation

LAG = timedelta(minutes=5)
"""How long after a message its comparison may wait, so that both ends have written what they write."""

SPAN = timedelta(hours=1)


def watch(oversight: Oversight) -> int:
    """Look at the newest readings; return how many signals were raised; for a schedule of every minute."""
    return len(oversight.watch())


def reconcile(oversight: Oversight, messages: Messages, tick: datetime) -> Reconciliation:
    """Compare the hour before `tick`, less a lag; for an hourly schedule, the same for the same tick."""
    until = tick - LAG
    return oversight.reconcile(messages, until - SPAN, until)
