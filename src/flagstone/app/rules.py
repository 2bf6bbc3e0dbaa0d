# SPDX-License-Identifier: EUPL-1.2
"""The rules block of a site that has a law: what computes, what is kept, its routes and its menu."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from flagstone.app.assessment import assessment_routes
from flagstone.app.ground import Ground
from flagstone.blocks.rules.contract.calculation import Mode
from flagstone.blocks.rules.contract.law import LawName
from flagstone.blocks.rules.service.archives import Archives
from flagstone.blocks.rules.service.decisions import Service as Decisions
from flagstone.blocks.rules.service.decisions import program
from flagstone.blocks.rules.service.keeping import Means
from flagstone.blocks.rules.service.lawbook import LawReader
from flagstone.blocks.rules.service.signing_keys import Keys as DecisionKeys
from flagstone.blocks.rules.service.simulating import ClusterFiles
from flagstone.blocks.rules.service.simulations import Grounds
from flagstone.blocks.rules.service.simulations import Service as Simulations
from flagstone.blocks.rules.service.worker import Task
from flagstone.blocks.rules.service.workers import Fresh, Pool, PoolBounds
from flagstone.blocks.rules.web.api import RulesApi
from flagstone.blocks.rules.web.decision_desk import MENU as DECISION_MENU
from flagstone.blocks.rules.web.decision_desk import DecisionDesk
from flagstone.blocks.rules.web.decisions import DecisionsApi
from flagstone.blocks.rules.web.openfisca import OpenFiscaApi
from flagstone.blocks.rules.web.quotas import Quota
from flagstone.blocks.rules.web.simulations.desk import MENU as SIMULATION_MENU
from flagstone.blocks.rules.web.simulations.desk import Desk as SimulationDesk
from flagstone.blocks.rules.web.simulations.planning import Planning
from flagstone.blocks.rules.web.simulations.surveys import Surveys
from flagstone.blocks.tracker.contract import Recorder
from flagstone.kernel.clock import Clock
from flagstone.platform.crypto.keys import ensure_secret_key
from flagstone.platform.http.pages import MenuItem, Pages
from flagstone.platform.http.routes import Routes
from flagstone.settings.options import RulesOptions

if TYPE_CHECKING:
    from flagstone.app.site import Site

LAW_CACHE = "law-cache"
"""Folder of a site that keeps what loading its law found out; it can be deleted at any time."""
LAW_ARCHIVES = "law-archives"
"""Folder of a site that keeps the laws that its decisions were made by, for ever."""
MEGABYTE = 1 << 20


SIMULATED = "simulations"
"""Folder of a site that keeps surveys and the parts of simulations."""

MENU: tuple[MenuItem, ...] = (*DECISION_MENU, *SIMULATION_MENU)


@dataclass(frozen=True)
class Computing:
    """What the rules block does here: `engine` keeps processes warm, `fresh` takes one for each question."""

    engine: Pool
    fresh: Fresh
    decisions: Decisions
    simulations: Simulations


def computing(ground: Ground, recorder: Recorder) -> Computing | None:
    """Return what computes by the site's law, None at a site without one; no process is started yet.

    `recorder` hears of every official's look at a decision.
    """
    if not ground.plan.law:
        return None
    options = ground.settings.rules
    task = Task(
        _law(ground),
        Mode.FAST,
        seconds_max=float(options.seconds_max),
        admitted=tuple(dict.fromkeys((*ground.plan.law_reforms, *options.reforms))),
        cache=str(ground.folder.path.resolve() / LAW_CACHE),
        memory_bytes_max=options.memory_megabytes_max * MEGABYTE,
    )
    engine = Pool(task, _bounds(options))
    simulations = Simulations(ground.databases["rules"], _grounds(ground, task))
    return Computing(engine, Fresh(task), _decisions(ground, engine, task, recorder), simulations)


def _law(ground: Ground) -> LawName:
    """Return the law of a site: the plan's package, with the extensions of the plan and of the settings."""
    extensions = (*ground.plan.law_extensions, *ground.settings.rules.extensions)
    return LawName(ground.plan.law, tuple(dict.fromkeys(extensions)))


def _grounds(ground: Ground, task: Task) -> Grounds:
    """Return on what the site simulates: as many processes as compute, and the same law."""
    folder, options = ground.folder.path.resolve() / SIMULATED, ground.settings.rules
    files = (options.cluster_ca, options.cluster_certificate, options.cluster_key)
    return Grounds(
        task.law,
        folder,
        admitted=task.admitted,
        cluster=options.cluster,
        cluster_files=ClusterFiles(*(str(each.resolve()) if each else "" for each in files)),
        workers_max=options.workers,
    )


def _decisions(ground: Ground, engine: Pool, task: Task, recorder: Recorder) -> Decisions:
    """Return the decisions of a site, signed by a key of their own."""
    folder = ground.folder
    means = Means(
        ground.databases["rules"],
        engine,
        Archives(folder.path.resolve() / LAW_ARCHIVES),
        DecisionKeys(folder.keys, ensure_secret_key(folder.keys / "rules-secrets")),
        program(),
        recorder=recorder,
        organisation=ground.plan.owner.rpartition("/")[2],
        cache=task.cache,
    )
    return Decisions(means, task.law)


def _bounds(options: RulesOptions) -> PoolBounds:
    return PoolBounds(
        workers_max=options.workers,
        waiting_max=options.waiting_max,
        waiting_seconds_max=float(options.seconds_max),
        idle_seconds=float(options.idle_seconds),
    )


@contextmanager
def at_hand(site: Site) -> Iterator[Site]:
    """Have the site compute while it is open, and end every process that computes with it."""
    try:
        yield site
    finally:
        if site.services.computing is not None:
            site.services.computing.engine.close()


def stop_simulating(site: Site) -> None:
    """Let no further simulation begin, and the one that runs stop soon; it goes on when the site starts."""
    if site.services.computing is not None:
        site.services.computing.simulations.stop()


def rules_menu(site: Site) -> tuple[MenuItem, ...]:
    """Return the officials' part of the menu, nothing at a site without a law."""
    return () if site.services.computing is None else MENU


def rules_routes(site: Site, pages: Pages, clock: Clock) -> Sequence[Routes]:
    """Return what a site with a law answers about it."""
    here = site.services.computing
    if here is None:
        return ()
    book = LawReader(here.engine.ask, site.country.languages)
    quota = Quota(site.settings.rules.requests_per_minute_max)
    return (
        OpenFiscaApi(here.engine, site.settings.public_url, quota).routes(),
        RulesApi(here.engine, quota).routes(),
        DecisionsApi(here.decisions).routes(),
        DecisionDesk(here.decisions, book, pages).routes(),
        *_simulation_routes(site, here, book, pages, clock=clock),
        *assessment_routes(site, pages, clock, engine=here.engine, decisions=here.decisions),
    )


def _simulation_routes(
    site: Site, here: Computing, book: LawReader, pages: Pages, *, clock: Clock
) -> Sequence[Routes]:
    """Return the analyst's pages; those with a name of their own stand before those of any number."""
    plan = site.country.assessment()
    currency = plan.currency if plan is not None else ""
    return (
        Surveys(here.simulations, pages).routes(),
        Planning(here.simulations, here.engine.snapshot, book, pages, clock=clock).routes(),
        SimulationDesk(here.simulations, book, pages, currency=currency).routes(),
    )
