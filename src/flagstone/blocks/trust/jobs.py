# SPDX-License-Identifier: EUPL-1.2
"""What the trust services do without a request: telling the uses of keys, upkeep, and enrolment."""

from __future__ import annotations

from collections.abc import Mapping

from flagstone.blocks.trust.contract.authority import Holder
from flagstone.blocks.trust.service.enrolment import Applicant, Registrar
from flagstone.blocks.trust.service.service import Service
from flagstone.blocks.trust.service.uses import Uses

UPKEEP_SECONDS = 60
ENROLMENT_SECONDS = 5


def tell_uses(uses: Uses) -> None:
    """Put the uses of keys on record; for a schedule of every minute."""
    uses.tell()


def keep_up(service: Service) -> None:
    """Complete, renew and publish what is due; for a schedule of every minute."""
    service.upkeep()


def enrol(applicant: Applicant) -> int:
    """Take the certificates that are there, and ask for those that are due; return how many wait."""
    applicant.collect()
    return applicant.apply()


def register(registrar: Registrar, holders: Mapping[str, Holder]) -> int:
    """Issue what the sites of this machine asked for; return how many certificates were left."""
    return registrar.take(holders)
