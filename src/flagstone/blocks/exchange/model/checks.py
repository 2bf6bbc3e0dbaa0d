# SPDX-License-Identifier: EUPL-1.2
"""The nine checks of a service, as far as they follow from what is known here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from flagstone.blocks.exchange.contract.identifiers import ClientId, ServiceId
from flagstone.blocks.exchange.contract.onboarding import Check, CheckResult, Colour, Why
from flagstone.blocks.exchange.contract.service import ActsAs, Endpoint, ServiceDefinition, Snapshot
from flagstone.blocks.exchange.model.access import entries

FRESH = timedelta(minutes=15)
DESCRIBED = timedelta(days=8)


@dataclass(frozen=True)
class Known:
    """What the checks go by: None for what there is not."""

    snapshot: Snapshot
    checked_at: datetime | None
    now: datetime
    service: ServiceId
    client: ClientId

    @property
    def definition(self) -> ServiceDefinition | None:
        """Return the service as it is offered."""
        return self.snapshot.services.get(self.service)

    def names(self, **others: str) -> dict[str, str]:
        """Return what the words of any check may name."""
        provider = self.service.provider
        return {
            "member": str(provider.member),
            "subsystem": str(provider),
            "server": str(self.snapshot.server),
            "service": str(self.service),
            "client": str(self.client),
            **others,
        }


def organisation_known(known: Known) -> Why | None:
    """Check that the provider's organisation is a member."""
    return None if known.snapshot.directory.knows(known.service.provider.member) else Why.MEMBER_UNKNOWN


def subsystem_registered(known: Known) -> Why | None:
    """Check that the provider's system is registered."""
    if not known.service.provider.subsystem:
        return Why.SUBSYSTEM_MISSING
    return None if known.snapshot.directory.knows(known.service.provider) else Why.SUBSYSTEM_UNKNOWN


def server_carries(known: Known) -> Why | None:
    """Check that this server carries the provider, and that the directory says so."""
    snapshot, provider = known.snapshot, known.service.provider
    if provider not in snapshot.clients:
        return Why.NOT_CARRIED_HERE
    here = [each for each in snapshot.directory.servers_of(provider) if each.id == snapshot.server]
    if not here:
        return Why.SERVER_NOT_IN_DIRECTORY
    return Why.SERVER_IN_MAINTENANCE if here[0].in_maintenance else None


def directory_fresh(known: Known) -> Why | None:
    """Check that the directory was compared with the centre's lately."""
    if known.checked_at is None:
        return Why.DIRECTORY_MISSING
    return Why.DIRECTORY_OLD if known.now - known.checked_at > FRESH else None


def service_offered(known: Known) -> Why | None:
    """Check that the service is offered and enabled."""
    if known.definition is None:
        return Why.SERVICE_UNKNOWN
    return None if known.definition.enabled else Why.SERVICE_DISABLED


def described(known: Known, is_good: Callable[[str], bool]) -> Why | None:
    """Check that the service has a description that is good, and no old one."""
    service = known.definition
    if service is None or not service.description:
        return Why.DESCRIPTION_MISSING
    if not is_good(service.description):
        return Why.DESCRIPTION_BROKEN
    refreshed = service.refreshed_at
    old = service.description_url and (refreshed is None or known.now - refreshed > DESCRIBED)
    return Why.DESCRIPTION_OLD if old else None


def right_given(known: Known) -> Why | None:
    """Check that the client may call some of the service, and that a purpose is known where one is needed."""
    granted = entries(known.snapshot, known.service)
    if not any(entry.subjects for entry in granted):
        return Why.NOBODY_MAY_CALL
    if not known.snapshot.directory.knows(known.client):
        return Why.CLIENT_UNKNOWN
    its = [entry for entry in granted if known.client in entry.subjects]
    if not its:
        return Why.CLIENT_MAY_NOT_CALL
    service = known.definition
    needs = service is not None and service.personal and not service.purpose.words
    return Why.PURPOSE_MISSING if needs and not any(each.right.purpose.words for each in its) else None


def acts_as_person(known: Known) -> bool:
    """Tell whether the service is called in the name of a person, whom no trial can name."""
    return known.definition is not None and known.definition.acts_as is ActsAs.PERSON


def first_path(known: Known) -> str | None:
    """Return a path of the service that the client may GET, with `0` for each parameter; None for none."""
    service = known.definition
    if service is None:
        return None
    its = [entry for entry in entries(known.snapshot, known.service) if known.client in entry.subjects]
    for endpoint in (*service.endpoints, *(entry.endpoint for entry in its), Endpoint("GET", "/")):
        path = "/" if endpoint.path == "**" else endpoint.path.replace("**", "0").replace("*", "0")
        if endpoint.method not in {"GET", "*"} or "\\" in path:
            continue
        if any(each.covers(known.client, "GET", path) for each in its):
            return path
    return None


def result(known: Known, check: Check, why: Why | None, /, **names: str) -> CheckResult:
    """Return a check that is red for `why`, or green."""
    if why is None:
        return CheckResult(check, Colour.GREEN)
    return CheckResult(check, Colour.RED, why, known.names(**names))


def waiting(known: Known, check: Check, why: Why = Why.EARLIER_CHECK, /, **names: str) -> CheckResult:
    """Return a check that was not tried."""
    return CheckResult(check, Colour.WAITING, why, known.names(**names))
