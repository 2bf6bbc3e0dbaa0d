# SPDX-License-Identifier: EUPL-1.2
"""What of a configuration counts, to the second."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from flagstone.blocks.exchange.contract.globalconf import (
    GlobalConfiguration,
    GlobalSettings,
    InstanceConfiguration,
    ManagementService,
    PrivateParameters,
    SharedParameters,
)
from flagstone.blocks.exchange.contract.globalconf_faults import ConfigurationExpired
from flagstone.blocks.exchange.contract.identifiers import ClientId
from flagstone.blocks.exchange.model.globalconf.standing import counting

AT = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
LATER, NOW = AT + timedelta(seconds=1), AT
PRIVATE = PrivateParameters("XA", ManagementService("a", ClientId("XA", "GOV", "1")), 60)


def instance(name: str, until: datetime | None) -> InstanceConfiguration:
    return InstanceConfiguration(name, SharedParameters(6, name, GlobalSettings()), shared_until=until)


def configuration(*instances: InstanceConfiguration) -> GlobalConfiguration:
    return GlobalConfiguration("XA", {each.instance: each for each in instances})


def test_what_lasts_counts() -> None:
    found = configuration(instance("XA", LATER), instance("XB", LATER))
    assert counting(found, AT) == found


def test_a_federated_instance_vanishes_when_it_expires() -> None:
    found = counting(configuration(instance("XA", LATER), instance("XB", NOW), instance("XC", None)), AT)
    assert list(found.instances) == ["XA"]


@pytest.mark.parametrize(
    "own",
    [
        instance("XA", NOW),
        instance("XA", None),
        InstanceConfiguration("XA"),
        InstanceConfiguration("XA", instance("XA", LATER).shared, PRIVATE, LATER, NOW),
        InstanceConfiguration("XA", instance("XA", LATER).shared, PRIVATE, LATER, None),
    ],
)
def test_nothing_counts_when_the_own_instance_does_not(own: InstanceConfiguration) -> None:
    with pytest.raises(ConfigurationExpired) as refused:
        counting(configuration(own, instance("XB", LATER)), AT)
    assert refused.value.detail


def test_nothing_counts_without_the_own_instance() -> None:
    with pytest.raises(ConfigurationExpired):
        counting(configuration(instance("XB", LATER)), AT)
