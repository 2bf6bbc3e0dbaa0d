# SPDX-License-Identifier: EUPL-1.2
"""Haven: the tiny country with Aralia's trust services, at a site of the same name as Aralia's."""

from __future__ import annotations

from dataclasses import replace

from tiny.country import COUNTRY as TINY  # type: ignore[import-not-found]  # beside it on the path

from flagstone.blocks.trust.contract.country import TrustPlan
from flagstone.blocks.trust.contract.keys import KeyType
from flagstone.country import SitePlan

REGISTERS = tuple(each.code for each in TINY.definitions())
SITES = (SitePlan("centre", {"en": "Digital Agency"}, "XA/GOV/10000099", REGISTERS, True, True),)
PLAN = TrustPlan("centre", "Digital Agency", "XA", authority_keys=KeyType.EC_P256, keys=KeyType.EC_P256)
COUNTRY = replace(TINY, code="haven", instance="XA", sites=lambda: SITES, trust=lambda: PLAN)
