# SPDX-License-Identifier: EUPL-1.2
"""Aralia as one value: what the package hands to Flagstone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from aralia.codes import CHECKS
from aralia.definitions import definitions
from aralia.services import life_events
from aralia.sites import sites
from flagstone.blocks.exchange.contract.country import ExchangePlan
from flagstone.blocks.exchange.contract.news_plan import NewsPlan
from flagstone.blocks.rules.contract.assessment import AssessmentPlan
from flagstone.blocks.trust.contract.country import TrustPlan
from flagstone.country import Country, Row, TestPerson
from flagstone.kernel.ids import PersonCode


def rows(register: str) -> Iterator[Row]:
    """Yield the first content of a register."""
    from aralia.seed import rows as seeded  # noqa: PLC0415 - the makers of 20,000 persons, only when needed

    return seeded(register)


def test_persons() -> tuple[TestPerson, ...]:
    """Return who is worth signing in as."""
    from aralia.featured import featured  # noqa: PLC0415 - as above

    return tuple(
        TestPerson(PersonCode(one.personal_code), one.name, one.role, one.try_this) for one in featured()
    )


def exchange() -> ExchangePlan:
    """Return the data exchange of Aralia."""
    from aralia.exchange import exchange_plan  # noqa: PLC0415 - the file is read only when it is needed

    return exchange_plan()


def news() -> NewsPlan:
    """Return what Aralia's agencies tell each other."""
    from aralia.news import news_plan  # noqa: PLC0415 - as above

    return news_plan()


def trust() -> TrustPlan:
    """Return the trust services of Aralia, run by its digital agency."""
    return TrustPlan(site="centre", organisation="Digital Agency", country_code="XA")


def assessment() -> AssessmentPlan:
    """Return what Aralia assesses for its people each year."""
    from aralia.assessment import assessment as planned  # noqa: PLC0415 - many words, only when needed

    return planned()


COUNTRY = Country(
    code="aralia",
    instance="XA",
    name={"en": "Aralia", "et": "Araalia", "ar": "أراليا"},
    languages=("en", "et", "ar"),
    sandbox=True,
    look=Path(__file__).parent / "look",
    definitions=definitions,
    rows=rows,
    test_persons=test_persons,
    life_events=life_events,
    checks=CHECKS,
    sites=sites,
    exchange=exchange,
    news=news,
    trust=trust,
    assessment=assessment,
)
