# SPDX-License-Identifier: EUPL-1.2
"""What pages call the states of simulations."""

from __future__ import annotations

from flagstone.blocks.rules.contract.simulation import Progress
from flagstone.platform.http.language import marked as _

STATES = {
    Progress.WAITING: _("waits"),
    Progress.RUNNING: _("runs"),
    Progress.CANCELLED: _("stopped"),
    Progress.FAILED: _("failed"),
    Progress.DONE: _("done"),
}
COLOURS = {
    Progress.WAITING: "govuk-tag--yellow",
    Progress.RUNNING: "govuk-tag--blue",
    Progress.CANCELLED: "govuk-tag--grey",
    Progress.FAILED: "govuk-tag--red",
    Progress.DONE: "govuk-tag--green",
}
