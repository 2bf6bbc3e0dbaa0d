# SPDX-License-Identifier: EUPL-1.2
"""The global configuration of a site: published where the site is the centre, followed everywhere."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import structlog

from flagstone.app.ground import Ground
from flagstone.blocks.exchange.contract.country import ExchangePlan
from flagstone.blocks.exchange.contract.globalconf import (
    Anchor,
    ApprovedServices,
    Audience,
    GlobalConfiguration,
    InstanceTerms,
    ManagementService,
    Publication,
)
from flagstone.blocks.exchange.contract.globalconf_faults import AnchorMissing, ConfigurationMissing
from flagstone.blocks.exchange.contract.globalconf_status import ConfigurationStatus
from flagstone.blocks.exchange.model.globalconf.generation import word
from flagstone.blocks.exchange.service.exchange import Service
from flagstone.blocks.exchange.service.globalconf.anchors import fingerprint, read_anchor, write_anchor
from flagstone.blocks.exchange.service.globalconf.downloading import Downloader
from flagstone.blocks.exchange.service.globalconf.following import Follower, Following
from flagstone.blocks.exchange.service.globalconf.keeping import Kept, Swapped
from flagstone.blocks.exchange.service.globalconf.publishing import Publisher, Publishing
from flagstone.blocks.exchange.service.globalconf.signing_keys import SigningKeys
from flagstone.kernel.clock import SystemClock
from flagstone.kernel.errors import Fault
from flagstone.platform.crypto.keys import write_private
from flagstone.platform.http.public import PublicDocuments
from flagstone.settings.options import Settings

log = structlog.get_logger("flagstone.exchange")

KEPT, PUBLISHED, FEDERATED = "globalconf", "published", "federated"
ANCHOR = "anchor.xml"
ANCHOR_BYTES_MAX = 1024 * 1024
FEDERATED_MAX = 100


@dataclass(frozen=True)
class Configuring:
    """The configuration of one site; `publisher` only at the centre."""

    follower: Follower
    anchors: Anchors
    publisher: Publisher | None = None

    def plant(self, beside: Path) -> None:
        """Make the centre's keys and first publication, or take over the anchor that it left beside us."""
        if self.publisher is not None:
            self.publisher.keys.ensure()
            self.publisher.publish()
            self.publisher.leave_anchors(beside)
        with suppress(AnchorMissing):
            self.anchors()

    def status(self) -> ConfigurationStatus:
        """Return how the site stands, for its pages; a fault hides what it keeps from being shown."""
        try:
            return ConfigurationStatus(
                self._kept(),
                self.follower.fetched(),
                self._fingerprint(),
                self._publication(),
                self._anchors(),
            )
        except Fault as fault:
            return ConfigurationStatus(fetched=self.follower.fetched(), trouble=fault.code)

    def _kept(self) -> GlobalConfiguration | None:
        """Return what is kept, None before anything is."""
        with suppress(ConfigurationMissing):
            return self.follower.kept.configuration()
        return None

    def _fingerprint(self) -> str:
        """Return the fingerprint of the anchor that the site goes by, empty where there is none."""
        with suppress(AnchorMissing, OSError):
            return fingerprint(self.anchors.file().read_bytes())
        return ""

    def _publication(self) -> Publication | None:
        """Return what is published, None elsewhere and before anything is."""
        with suppress(ConfigurationMissing):
            return self.publisher.published() if self.publisher else None
        return None

    def _anchors(self) -> dict[Audience, str]:
        """Return the fingerprints of the anchors that the centre gives out."""
        if self.publisher is None:
            return {}
        return {audience: fingerprint(write_anchor(self.publisher.anchor(audience))) for audience in Audience}


class Anchors:
    """The anchor that a site goes by: the file that its settings name, or the one it took over once."""

    def __init__(self, settings: Settings, instance: str) -> None:
        """Look for the anchor of `instance`."""
        self._named = settings.exchange.anchor
        self._own = settings.folder / KEPT / ANCHOR
        self._beside = beside(settings) / f"{instance}-{Audience.INTERNAL.value}.xml"

    def file(self) -> Path:
        """Return the file of the anchor; AnchorMissing where there is none, and none beside the sites."""
        if self._named is not None:
            return self._named
        if not self._own.exists():
            try:
                text = self._beside.read_bytes()
            except OSError as error:
                raise AnchorMissing(f"neither {self._own} nor {self._beside} is there") from error
            read_anchor(text)
            write_private(self._own, text, replace=True)
        return self._own

    def __call__(self) -> Anchor:
        """Return the anchor; AnchorMissing, or a Fault of its reader."""
        try:
            with self.file().open("rb") as stream:
                return read_anchor(stream.read(ANCHOR_BYTES_MAX + 1))
        except OSError as error:
            raise AnchorMissing(f"{self._named or self._own} cannot be read") from error


def following_apart(anchor: Path, folder: Path) -> Follower:
    """Return what follows the anchor of a file into a folder, for a command without a site."""
    clock = SystemClock()

    def read() -> Anchor:
        return read_anchor(anchor.read_bytes())

    return Follower(Kept(folder), read, Downloader(PublicDocuments(), clock), clock)


def beside(settings: Settings) -> Path:
    """Return the folder in which a centre leaves its anchors for the sites on its machine."""
    return settings.data.resolve() / "anchors"


def configuring(
    ground: Ground, plan: ExchangePlan, service: Service, approved: ApprovedServices
) -> Configuring:
    """Return the configuration of a site; at the centre with what `approved` says of trust services."""
    settings, clock = ground.settings, ground.clock
    centre = plan.centre == settings.site
    anchors = Anchors(settings, plan.instance)
    follower = Follower(
        Kept(settings.folder / KEPT),
        anchors,
        Downloader(PublicDocuments(), clock),
        clock,
        following=Following(
            frozenset(settings.exchange.federations), settings.exchange.centre or _own_address(settings)
        ),
    )
    if not centre:
        return Configuring(follower, anchors)
    owner = plan.servers[settings.site].id
    publisher = Publisher(
        Swapped(settings.folder / PUBLISHED),
        SigningKeys(ground.databases["exchange"], ground.folder.keys / "globalconf", owner),
        clock,
        directory=service.directory,
        approved=approved,
        publishing=Publishing(
            lambda: _terms(settings, plan),
            lambda: settings.public_url,
            lambda: _federated(settings.folder / FEDERATED),
        ),
    )
    return Configuring(follower, anchors, publisher)


def _own_address(settings: Settings) -> str:
    """Return where this site itself answers, for the centre that follows its own publication."""
    host = f"[{settings.http.host}]" if ":" in settings.http.host else settings.http.host
    scheme = "https" if settings.http.tls_certificate else "http"
    return f"{scheme}://{host}:{settings.http.port}"


def _terms(settings: Settings, plan: ExchangePlan) -> InstanceTerms:
    """Return what is published beside the directory."""
    owner = plan.servers[settings.site].id.owner
    return InstanceTerms(
        urlsplit(settings.public_url).netloc,
        ManagementService(f"{settings.public_url}/managementservice/", owner),
        {code: word(words) for code, words in plan.member_classes.items()},
    )


def _federated(folder: Path) -> tuple[Anchor, ...]:
    """Return the anchors of federated instances: the files that the operator put into a folder."""
    found = []
    for file in sorted(folder.glob("*.xml"))[:FEDERATED_MAX]:
        try:
            found.append(read_anchor(file.read_bytes()))
        except (Fault, OSError) as error:
            log.warning("federated anchor left out", file=file.name, error=getattr(error, "detail", ""))
    return tuple(found)
