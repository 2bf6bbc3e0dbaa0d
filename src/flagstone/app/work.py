# SPDX-License-Identifier: EUPL-1.2
"""What the site does without being asked: who listens to whose news, and what happens on the clock."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from flagstone.app import checkpoints
from flagstone.app.databases import server_url
from flagstone.app.tracker import recording
from flagstone.blocks.exchange.jobs import configuration as exchanges
from flagstone.blocks.exchange.jobs import evidence, globalconf, news
from flagstone.blocks.exchange.service.log_counts import HandedOut
from flagstone.blocks.exchange.service.news.publishing import RegisterNews
from flagstone.blocks.exchange.service.syncing import BOUNDS as SYNC_BOUNDS
from flagstone.blocks.exchange.service.syncing import Sync
from flagstone.blocks.identity import jobs as identity
from flagstone.blocks.portal import jobs as portal
from flagstone.blocks.portal.service.sessions import PortalSessions
from flagstone.blocks.rules import jobs as rules
from flagstone.blocks.tracker import jobs as tracker
from flagstone.blocks.trust import jobs as trust
from flagstone.kernel.clock import Clock
from flagstone.platform.http.client import OtherSite
from flagstone.platform.jobs.jobs import Jobs
from flagstone.platform.jobs.schedule import Cron, Every, Schedule

if TYPE_CHECKING:
    from flagstone.app.site import Site

CHECKPOINT_SECONDS = 60
EVENTS_SECONDS = 1
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def durable_work(site: Site, sessions: PortalSessions, clock: Clock) -> Jobs:
    """Return the site's durable work, not started yet."""
    folder, databases = site.folder, site.databases
    url = server_url(site.settings) or f"sqlite:///{folder.path / 'jobs.sqlite'}"
    jobs = Jobs(url, site.settings.site, clock)
    _deliver_news(site, jobs)

    def sign_heads(_instant: Any) -> None:
        checkpoints.sign_all(folder, databases)

    def erase_old(_instant: Any) -> None:
        if site.services.identity is not None:
            identity.erase_old(site.services.identity.provider)
        portal.erase_old(sessions)

    _schedule_exchange(site, jobs)
    _schedule_tracker(site, jobs)
    _schedule_trust(site, jobs)
    _schedule_evidence(site, jobs)
    _schedule_rules(site, jobs)
    jobs.schedule(Schedule("checkpoints", Every(CHECKPOINT_SECONDS), sign_heads))
    jobs.schedule(Schedule("erase-old-sign-ins", Cron("30 2 * * *"), erase_old))
    return jobs


def _deliver_news(site: Site, jobs: Jobs) -> None:
    """Wire who hears of what happens in the blocks."""
    listeners: dict[str, Callable[[Any], None]] = {}
    if site.services.identity is not None:
        provider, directory = site.services.identity.provider, site.services.identity.directory

        def sign_out_the_dead(news: Any) -> None:
            identity.sign_out_the_dead(provider, directory, news.payload)

        def tell_client(news: Any) -> None:
            identity.tell_client(provider, FormSender(), news.payload)

        listeners["identity.sign-out-the-dead"] = sign_out_the_dead
        told = {"ClientSignedOut": {"identity.tell-client": tell_client}}
        jobs.deliver("identity", site.databases["identity"].outbox, told)
    heard: dict[str, dict[str, Callable[[Any], None]]] = {"RecordCorrected": listeners}
    if site.services.announcing is not None:
        registers = site.services.announcing.registers
        for name in news.HEARD:
            heard.setdefault(name, {})["exchange.publish"] = _publisher(registers, name)
    jobs.deliver("registry", site.databases["registry"].outbox, heard)
    if site.services.exchange is not None:
        record = recording(site.services.exchange, site.services.tracker)
        told_of = {"DataUsed": {"tracker.record": record}}
        jobs.deliver("exchange", site.databases["exchange"].outbox, told_of)


def _publisher(registers: RegisterNews, name: str) -> Callable[[Any], None]:
    """Return what publishes events on one kind of the registry's news."""
    return lambda heard: news.publish(registers, name, heard.payload)


def _schedule_exchange(site: Site, jobs: Jobs) -> None:
    """Let the exchange follow the centre, and pass events on."""
    exchange, announcing = site.services.exchange, site.services.announcing
    if exchange is None or announcing is None:
        return
    database, days = site.databases["exchange"], site.settings.exchange.log_days
    timetable: dict[str, tuple[Every | Cron, Callable[[Any], object]]] = {
        "exchange-descriptions": (
            Cron("10 3 * * *"),
            lambda _: exchanges.refresh_descriptions(exchange.service),
        ),
        "exchange-log-retention": (Cron("40 2 * * *"), lambda _: exchanges.retain_log(database, days)),
        "exchange-events-out": (Every(EVENTS_SECONDS), lambda _: news.deliver_due(announcing.courier)),
        "exchange-events-in": (Every(EVENTS_SECONDS), lambda _: news.react_due(announcing.inbox)),
        "exchange-events-old": (
            Cron("50 2 * * *"),
            lambda _: news.erase_old(announcing.news.upkeep, announcing.inbox),
        ),
    }
    if site.settings.exchange.centre:
        centre = site.others.at(site.settings.exchange.centre, bounds=SYNC_BOUNDS)
        sync = Sync(exchange.service.members, centre)
        timetable["exchange-directory"] = (
            Every(exchanges.SYNC_SECONDS),
            lambda _: exchanges.sync_directory(sync),
        )
    follower, publisher = exchange.configuring.follower, exchange.configuring.publisher
    timetable["exchange-configuration"] = (
        Every(globalconf.FETCH_SECONDS),
        lambda _: globalconf.fetch(follower),
    )
    first = globalconf.First(follower)
    timetable["exchange-configuration-first"] = Every(globalconf.FIRST_SECONDS), lambda _: first()
    if publisher is not None:
        timetable["exchange-publication"] = (
            Every(globalconf.PUBLISH_SECONDS),
            lambda _: globalconf.publish(publisher),
        )
    for name, (when, do) in timetable.items():
        jobs.schedule(Schedule(name, when, _doing(do)))


def _schedule_tracker(site: Site, jobs: Jobs) -> None:
    """Let the tracker watch, and compare its records with the exchange's log."""
    oversight, exchange = site.services.tracker, site.services.exchange
    jobs.schedule(Schedule("tracker-watch", Cron("* * * * *"), _doing(lambda _: tracker.watch(oversight))))
    if exchange is not None:
        handed_out = HandedOut(site.databases["exchange"], exchange.service)

        def reconcile(tick: datetime) -> None:
            tracker.reconcile(oversight, handed_out.between, tick)

        jobs.schedule(Schedule("tracker-reconcile", Cron("15 * * * *"), reconcile))


def _schedule_trust(site: Site, jobs: Jobs) -> None:
    """Let the authority keep up what falls due, and every site get its certificates."""
    here = site.services.trust
    if here is None:
        return
    uses, applicant, authority, registrar = here.uses, here.applicant, here.authority, here.registrar
    often, minutely = Every(trust.ENROLMENT_SECONDS), Every(trust.UPKEEP_SECONDS)
    jobs.schedule(Schedule("trust-uses", minutely, _doing(lambda _: trust.tell_uses(uses))))
    jobs.schedule(Schedule("trust-enrolment", often, _doing(lambda _: trust.enrol(applicant))))
    if authority is not None:
        jobs.schedule(Schedule("trust-upkeep", minutely, _doing(lambda _: trust.keep_up(authority))))
    if registrar is not None:
        told = here.holders
        jobs.schedule(Schedule("trust-register", often, _doing(lambda _: trust.register(registrar, told))))


def _schedule_evidence(site: Site, jobs: Jobs) -> None:
    """Let the evidence of messages be stamped, archived, and end in the log."""
    found, options = site.services.evidence, site.settings.evidence
    if found is None:
        return
    stamping, archiver = found.stamping, found.archiver
    often, seldom = Every(options.stamp_seconds), Every(options.archive_hours * 3_600)
    jobs.schedule(Schedule("evidence-stamps", often, _doing(lambda _: evidence.stamp(stamping))))
    jobs.schedule(Schedule("evidence-archives", seldom, _doing(lambda _: evidence.archive(archiver))))
    daily = Cron("20 3 * * *")
    jobs.schedule(Schedule("evidence-old", daily, _doing(lambda _: evidence.retain(archiver, options.days))))


def _schedule_rules(site: Site, jobs: Jobs) -> None:
    """Let simulations that wait be run."""
    if site.services.computing is not None:
        simulations = site.services.computing.simulations
        often = Every(rules.SECONDS)
        jobs.schedule(
            Schedule("rules-simulations", often, _doing(lambda _: rules.run_simulations(simulations)))
        )


def _doing(do: Callable[[Any], object]) -> Callable[[Any], None]:
    """Return `do` without what it returns."""

    def done(tick: Any) -> None:
        do(tick)

    return done


class FormSender:
    """Posts forms to clients; keeps `identity.service.signing_out.Sender`."""

    def post(self, address: str, form: Mapping[str, str]) -> int:
        """Return the status of the answer; SiteUnreachable when there was none."""
        scheme, _, rest = address.partition("://")
        host, _, path = rest.partition("/")
        with OtherSite(f"{scheme}://{host}") as client:
            return client.call("POST", f"/{path}", headers=FORM, body=urlencode(form).encode()).status
