# SPDX-License-Identifier: EUPL-1.2
"""The evidence log of a site: signed by its credentials, stamped by approved authorities, and archived."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from flagstone.app.exchange import Exchanging
from flagstone.app.ground import Ground
from flagstone.app.sealing import FieldSealer
from flagstone.app.trust import Trusting
from flagstone.blocks.exchange.contract.evidence import (
    SigningUnavailable,
    StampingPolicy,
    StampingStopped,
    StampRefused,
    Stop,
)
from flagstone.blocks.exchange.contract.globalconf import GlobalConfiguration
from flagstone.blocks.exchange.service.evidence.archiving import Archiver, all_in_one, by_member
from flagstone.blocks.exchange.service.evidence.authorities import Authorities, Authority
from flagstone.blocks.exchange.service.evidence.giving import Giving
from flagstone.blocks.exchange.service.evidence.making import SigningParty
from flagstone.blocks.exchange.service.evidence.stamping import Stamping
from flagstone.blocks.exchange.service.evidence.writing import Writer
from flagstone.blocks.exchange.web.evidence import EvidenceAnswers
from flagstone.blocks.exchange.web.path.evidence import EvidenceDoor
from flagstone.kernel.errors import Fault
from flagstone.platform.crypto.certificates import Certificate, CertificateUnreadable
from flagstone.platform.crypto.keys import ensure_secret_key
from flagstone.platform.http.metrics import Meter
from flagstone.platform.http.public import PublicDocuments
from flagstone.settings.options import EvidenceOptions

if TYPE_CHECKING:
    from flagstone.app.site import Site

ARCHIVES = "archives"
QUERY_KIND = "application/timestamp-query"
REPLY_BYTES_MAX = 131_072
OK = 200


@dataclass(frozen=True)
class Keeping:
    """What keeps evidence here; `party` and `authorities` also sign and stamp files at the command line."""

    writer: Writer
    stamping: Stamping
    archiver: Archiver
    answers: EvidenceAnswers
    party: Callable[[], SigningParty]
    authorities: Authorities
    configuration: Callable[[], GlobalConfiguration]


def keeping(ground: Ground, exchange: Exchanging | None, trust: Trusting | None) -> Keeping | None:
    """Return the evidence log of a site, None at one without an exchange."""
    if exchange is None:
        return None
    options, database = ground.settings.evidence, ground.databases["exchange"]
    sealer = FieldSealer(ensure_secret_key(ground.folder.keys / "exchange-secrets"))
    follower = exchange.configuring.follower
    authorities = Authorities(lambda: _approved(follower.configuration), _asked)
    stamping = Stamping(database, sealer, authorities, _policy(options))

    def party() -> SigningParty:
        if trust is None:
            raise SigningUnavailable("the site has no trust services")
        return _party(trust, follower.configuration)

    archiver = Archiver(
        database,
        sealer,
        options.archive_folder or ground.folder.path / ARCHIVES,
        grouping=by_member if options.archive_by_member else all_in_one,
    )
    giving = Giving(database, sealer, exchange.server, stamping)
    answers = EvidenceAnswers(giving, lambda: follower.kept.path, ground.clock)
    exchange.path.give_evidence_by(EvidenceDoor(answers))
    return Keeping(
        Writer(database, sealer, party, stamping),
        stamping,
        archiver,
        answers,
        party,
        authorities,
        follower.kept.configuration,
    )


def require_stamps(found: Keeping) -> None:
    """Raise StampingStopped while messages stop because time-stamps have failed for too long."""
    if found.stamping.decision().why is Stop.FAILING:
        raise StampingStopped


def count_evidence(site: Site, meter: Meter) -> None:
    """Let the site's counts tell how time-stamping does."""
    found = site.services.evidence
    if found is None:
        return
    stamping = found.stamping

    def waiting() -> float:
        return _or_nan(lambda: float(stamping.standing().waiting))

    def failing() -> float:
        return _or_nan(lambda: _failing_seconds(site, stamping))

    def stopped() -> float:
        return _or_nan(lambda: float(stamping.decision().why is Stop.FAILING))

    meter.watch("evidence_unstamped", "Records of evidence that wait for a time-stamp", waiting)
    meter.watch("evidence_stamps_failing_seconds", "For how long time-stamps have failed", failing)
    meter.watch("evidence_stamps_stopped", "1 while messages stop for want of time-stamps", stopped)


def _failing_seconds(site: Site, stamping: Stamping) -> float:
    since = stamping.standing().failing_since
    now = site.databases["exchange"].clock.now()
    return (now - since).total_seconds() if since else 0.0


def _or_nan(read: Callable[[], float]) -> float:
    try:
        return read()
    except Fault:
        return math.nan


def _policy(options: EvidenceOptions) -> StampingPolicy:
    return StampingPolicy(
        interval_seconds=options.stamp_seconds,
        failure_seconds_max=options.stamp_failure_seconds_max,
        immediate=options.stamp_immediately,
    )


def _approved(configuration: Callable[[], GlobalConfiguration]) -> Sequence[Authority]:
    """Return the time-stampers of the site's own instance; none while there is no configuration."""
    found = []
    with suppress(Fault):
        shared = configuration().own.shared
        for each in shared.tsas if shared else ():
            with suppress(CertificateUnreadable):
                found.append(Authority(each.name, each.url, Certificate.read(each.certificate)))
    return found


def _asked(url: str, query: bytes) -> bytes:
    """Return an authority's reply to a query; StampRefused for any other answer than 200."""
    answer = PublicDocuments().post(url, query, QUERY_KIND, bytes_max=REPLY_BYTES_MAX)
    if answer.status != OK:
        raise StampRefused(f"the authority answered with status {answer.status}")
    return answer.body


def _party(trust: Trusting, configuration: Callable[[], GlobalConfiguration]) -> SigningParty:
    """Return what the site signs with: its chain goes up to the authority that the configuration names."""
    credential = trust.credentials.signing()
    anchors = set[bytes]()
    with suppress(Fault):
        shared = configuration().own.shared
        anchors = {Certificate.read(ca.top.certificate).der for ca in shared.cas} if shared else set()
    ends = next((place for place, each in enumerate(credential.chain) if each in anchors), -1)
    return SigningParty(
        credential.key, credential.certificate, credential.chain[:ends], (credential.ocsp_response,)
    )
