# SPDX-License-Identifier: EUPL-1.2
"""A server's configuration kept up to date: fetched by its anchor, with the instances it federates with.

What cannot be fetched leaves what is kept in use until that expires. When the own instance has expired,
nothing counts; a federated instance that has expired is simply gone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from flagstone.blocks.exchange.contract.globalconf import (
    Anchor,
    Audience,
    Fetched,
    GlobalConfiguration,
    InstanceConfiguration,
)
from flagstone.blocks.exchange.model.globalconf.locations import Location, Shuffle, candidates
from flagstone.blocks.exchange.model.globalconf.standing import counting, is_in_time
from flagstone.blocks.exchange.service.globalconf.downloading import (
    Downloaded,
    Downloader,
    Wanted,
    by_chance,
)
from flagstone.blocks.exchange.service.globalconf.keeping import Kept, KeptFile
from flagstone.blocks.exchange.service.globalconf.records import read_records, write_records
from flagstone.kernel.clock import Clock
from flagstone.kernel.errors import Fault
from flagstone.kernel.findings import Check, Findings

RECORDS = "fetched.json"
ALL = "*"

KEPT_READABLE = Check(
    "configuration.kept-readable",
    "Can the configuration that is kept on disk be read?",
    "Nothing needs to be done where the next fetch does well; otherwise look at the disk.",
)


@dataclass(frozen=True)
class Following:
    """How a server follows: the federated instances it lets in (`*` for all), and where else to look.

    `address` is one more place for the own instance, tried first, such as the centre's address in the
    settings; what is there must be signed by the anchor's keys like everything else.
    """

    federations: frozenset[str] = frozenset()
    address: str = ""

    def lets_in(self, instance: str) -> bool:
        """Tell whether a federated instance may be known here."""
        return ALL in self.federations or instance in self.federations


class Follower:
    """Fetches the configuration of one server, and gives what counts of it."""

    def __init__(
        self,
        kept: Kept,
        anchor: Callable[[], Anchor],
        downloader: Downloader,
        clock: Clock,
        *,
        following: Following | None = None,
        shuffle: Shuffle = by_chance,
    ) -> None:
        """Keep in `kept` what `downloader` brings by `anchor`, which is asked each time."""
        self.kept = kept
        self._anchor = anchor
        self._downloader = downloader
        self._clock = clock
        self._following = following or Following()
        self._shuffle = shuffle

    def configuration(self) -> GlobalConfiguration:
        """Return what counts now; ConfigurationMissing or ConfigurationExpired when nothing does."""
        return counting(self.kept.configuration(), self._clock.now())

    def fetched(self) -> tuple[Fetched, ...]:
        """Return how the last fetch of each instance ended, the own one first."""
        return read_records(self.kept.folder.root / RECORDS)

    def fetch(self, *, accept_older: bool = False) -> tuple[Fetched, ...]:
        """Fetch once and return how it ended for each instance, the own one first.

        AnchorMissing when there is nothing to begin from. `accept_older` takes a rolled back directory.
        """
        anchor, before = self._anchor(), self._before()
        own = before.instances.get(anchor.instance) if before else None
        found, record = self._one(anchor, own, Audience.INTERNAL, accept_older=accept_older)
        records = [record]
        if found is not None:
            files = {anchor.instance: found.files}
            for federated in found.private.anchors if found.private else ():
                if federated.instance not in files and self._following.lets_in(federated.instance):
                    parts, more = self._federated(federated, before)
                    records.append(more)
                    files |= {federated.instance: parts} if parts else {}
            self.kept.replace(anchor.instance, files)
        write_records(self.kept.folder.root / RECORDS, records)
        return tuple(records)

    def _federated(
        self, anchor: Anchor, before: GlobalConfiguration | None
    ) -> tuple[tuple[KeptFile, ...], Fetched]:
        """Return the files of a federated instance, fetched or those that still count, and how it ended."""
        known = before.instances.get(anchor.instance) if before else None
        found, record = self._one(anchor, known, Audience.EXTERNAL)
        if found is not None:
            return found.files, record
        if known is not None and is_in_time(known, self._clock.now()):
            return self.kept.files(anchor.instance), record
        return (), record

    def _one(
        self,
        anchor: Anchor,
        known: InstanceConfiguration | None,
        audience: Audience,
        *,
        accept_older: bool = False,
    ) -> tuple[Downloaded | None, Fetched]:
        """Download one instance and say how it ended."""
        findings, now = Findings(), self._clock.now()
        kept = self._kept_parts(anchor.instance, findings) if known else {}
        until = known.shared_until if known else None
        wanted = Wanted(anchor.instance, audience, kept, until, accept_older)
        last = next((each for each in self.fetched() if each.instance == anchor.instance), None)
        locations = self._locations(anchor, known, audience, last.url if last else "")
        found = self._downloader.download(wanted, locations, findings)
        if found is None:
            before = last or Fetched(anchor.instance, now, findings.verdict)
            return None, replace(before, tried_at=now, verdict=findings.verdict)
        directory = found.directory
        record = Fetched(
            anchor.instance, now, findings.verdict, found.url, directory.version, now, directory.expires_at
        )
        return found, record

    def _locations(
        self, anchor: Anchor, known: InstanceConfiguration | None, audience: Audience, last: str
    ) -> list[Location]:
        """Return where to look, in order."""
        sources = known.shared.sources if known and known.shared else ()
        found = candidates(sources, anchor, audience, last=last, shuffle=self._shuffle)
        if audience is Audience.EXTERNAL or not self._following.address:
            return found
        nearby = f"{self._following.address.rstrip('/')}/{audience.value}"
        keys = [each for location in found for each in location.certificates]
        here = Location(nearby, tuple(dict.fromkeys(keys)))
        return [here, *(each for each in found if each.url != nearby)]

    def _before(self) -> GlobalConfiguration | None:
        """Return what is kept, None when there is nothing that can be read."""
        try:
            return self.kept.configuration()
        except Fault:
            return None

    def _kept_parts(self, instance: str, findings: Findings) -> dict[str, bytes]:
        """Return the bytes of the parts that are kept, by identifier."""
        try:
            return {each.metadata.identifier: each.content for each in self.kept.files(instance)}
        except (Fault, OSError):
            findings.unknown(KEPT_READABLE, instance, "it is fetched whole")
            return {}
