# SPDX-License-Identifier: EUPL-1.2
"""What the site does without being asked: who listens to whose news, and what happens on the clock."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from flagstone.app import checkpoints
from flagstone.app.databases import server_url
from flagstone.blocks.identity import jobs as identity
from flagstone.blocks.portal import jobs as portal
from flagstone.blocks.portal.service.sessions import PortalSessions
from flagstone.kernel.clock import Clock
from flagstone.platform.http.client import OtherSite
from flagstone.platform.jobs.jobs import Jobs
from flagstone.platform.jobs.schedule import Cron, Every, Schedule

if TYPE_CHECKING:
    from flagstone.app.site import Site

CHECKPOINT_SECONDS = 60
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
    jobs.deliver("registry", site.databases["registry"].outbox, {"RecordCorrected": listeners})


class FormSender:
    """Posts forms to clients; keeps `identity.service.signing_out.Sender`."""

    def post(self, address: str, form: Mapping[str, str]) -> int:
        """Return the status of the answer; SiteUnreachable when there was none."""
        scheme, _, rest = address.partition("://")
        host, _, path = rest.partition("/")
        with OtherSite(f"{scheme}://{host}") as client:
            return client.call("POST", f"/{path}", headers=FORM, body=urlencode(form).encode()).status
