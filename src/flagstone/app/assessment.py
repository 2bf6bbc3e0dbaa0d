# SPDX-License-Identifier: EUPL-1.2
"""My assessment at the site that has the country's law: its pages, its place in the menu, the way there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from flagstone.app.facts import asked_registers
from flagstone.blocks.rules.contract.decision import Decisions
from flagstone.blocks.rules.contract.engine import Engine
from flagstone.blocks.rules.service.assessment import Assessing
from flagstone.blocks.rules.service.drawing import Drawing
from flagstone.blocks.rules.web.assessment import MENU, MyAssessment, RegisterTold
from flagstone.country import Country, SitePlan
from flagstone.kernel.clock import Clock
from flagstone.platform.http.pages import MenuItem, Pages
from flagstone.platform.http.routes import Routes

if TYPE_CHECKING:
    from flagstone.app.site import Site


def assesses(country: Country, plan: SitePlan) -> bool:
    """Tell whether a site has the law by which its country assesses people."""
    assessment = country.assessment()
    return assessment is not None and assessment.law == plan.law


def assessment_menu(country: Country, plan: SitePlan) -> tuple[MenuItem, ...]:
    """Return the person's own part of the menu, nothing at a site that assesses nobody."""
    return MENU if assesses(country, plan) else ()


def assessment_routes(
    site: Site, pages: Pages, clock: Clock, *, engine: Engine, decisions: Decisions
) -> Sequence[Routes]:
    """Return a person's pages about her own assessment."""
    plan = site.country.assessment()
    if plan is None or not assesses(site.country, site.plan):
        return ()
    drawing = Drawing(plan, asked_registers(site, clock))
    assessing = Assessing(plan, drawing, engine, decisions, clock=clock)
    definitions = site.country.definitions()
    told = {one.code: RegisterTold(one.title, one.owner_name) for one in definitions}
    return (MyAssessment(assessing, pages, told).routes(),)
