# SPDX-License-Identifier: EUPL-1.2
"""The offices' roles that the rules block knows, and who may have something computed."""

from __future__ import annotations

from flagstone.kernel.audit import EXCHANGE

OFFICER = "rules-officer"
"""Decides, looks at decisions and settles appeals."""
AUDITOR = "auditor"
"""Looks at decisions and checks them."""
ANALYST = "rules-analyst"
"""Computes what a change of the law would do."""
COMPUTING = (OFFICER, ANALYST, EXCHANGE)
"""Who may have a situation computed: both, and other agencies' systems that the exchange let through."""
