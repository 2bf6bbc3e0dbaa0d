# SPDX-License-Identifier: EUPL-1.2
"""Whom a global configuration trusts, ready to verify with: authorities, responders, time-stampers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from flagstone.blocks.exchange.contract.globalconf import (
    ApprovedCa,
    CaInfo,
    GlobalConfiguration,
    SharedParameters,
)
from flagstone.kernel.errors import Fault
from flagstone.platform.crypto.certificates import Certificate, CertificateUnreadable
from flagstone.platform.crypto.ocsp import OcspPolicy
from flagstone.platform.crypto.xml_tree import read_tree

NEXT_UPDATE_FILE = "nextupdate-params.xml"


@dataclass(frozen=True)
class InstanceTrust:
    """The authorities of one instance.

    `profiles` names, by anchor, how members are read from certificates; `signing` are the anchors whose
    certificates may sign messages; `policies` are the rules for the status of what an authority issued.
    """

    instance: str
    anchors: tuple[Certificate, ...]
    intermediates: tuple[Certificate, ...]
    signing: frozenset[Certificate]
    profiles: Mapping[Certificate, str]
    policies: Mapping[Certificate, OcspPolicy]
    policy: OcspPolicy

    def policy_for(self, issuer: Certificate) -> OcspPolicy:
        """Return the rules for the status of certificates that `issuer` issued."""
        return self.policies.get(issuer, self.policy)


class Trust:
    """The trust of a whole configuration; certificates that cannot be read are left out."""

    def __init__(self, configuration: GlobalConfiguration) -> None:
        """Take what `configuration` approves, of its own instance and of those that federate with it."""
        self.instance = configuration.instance
        known = {
            name: (each.shared, _checks_next_update(each.others))
            for name, each in configuration.instances.items()
        }
        self._instances = {
            name: _instance(shared, check_next_update=checks)
            for name, (shared, checks) in known.items()
            if shared is not None
        }
        tsas = (tsa.certificate for shared, _ in known.values() if shared for tsa in shared.tsas)
        self.stampers = _readable(tsas)

    def of(self, instance: str) -> InstanceTrust | None:
        """Return the trust of one instance, None where the configuration does not know it."""
        return self._instances.get(instance)

    @property
    def instances(self) -> tuple[str, ...]:
        """Return the instances that are known."""
        return tuple(self._instances)


def _instance(shared: SharedParameters, *, check_next_update: bool) -> InstanceTrust:
    policy = OcspPolicy(shared.settings.ocsp_freshness_seconds, check_next_update)
    tops = [(ca, top) for ca in shared.cas for top in _readable([ca.top.certificate])]
    infos = [info for ca in shared.cas for info in (ca.top, *ca.intermediates)]
    return InstanceTrust(
        instance=shared.instance,
        anchors=tuple(top for _, top in tops),
        intermediates=_readable(info.certificate for ca in shared.cas for info in ca.intermediates),
        signing=frozenset(top for ca, top in tops if not ca.authentication_only),
        profiles=_profiles(tops),
        policies={
            certificate: OcspPolicy(policy.freshness_seconds, check_next_update, _responders(info))
            for info in infos
            for certificate in _readable([info.certificate])
        },
        policy=policy,
    )


def _profiles(tops: Iterable[tuple[ApprovedCa, Certificate]]) -> dict[Certificate, str]:
    """Return the profile of each anchor; one that also signs wins over one for authentication only."""
    ranked = sorted(tops, key=lambda each: not each[0].authentication_only)
    return {top: ca.profile for ca, top in ranked}


def _responders(info: CaInfo) -> tuple[Certificate, ...]:
    return _readable(each.certificate for each in info.responders if each.certificate)


def _readable(certificates: Iterable[bytes]) -> tuple[Certificate, ...]:
    """Return the certificates that can be read, each once, in order."""
    found: dict[Certificate, None] = {}
    for each in certificates:
        try:
            found[Certificate.read(each)] = None
        except CertificateUnreadable:
            continue
    return tuple(found)


def _checks_next_update(others: Mapping[str, bytes]) -> bool:
    """Tell whether nextUpdate counts, as the part NEXTUPDATE says; it does where there is none."""
    part = others.get(NEXT_UPDATE_FILE)
    if part is None:
        return True
    try:
        return read_tree(part).text_of("verifyNextUpdate", "true") not in {"false", "0"}
    except Fault:
        return True
