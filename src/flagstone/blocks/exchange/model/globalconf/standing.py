# SPDX-License-Identifier: EUPL-1.2
"""What of a configuration counts at a moment: its own instance or nothing, and the others while they last."""

from __future__ import annotations

from datetime import datetime

from flagstone.blocks.exchange.contract.globalconf import GlobalConfiguration, InstanceConfiguration
from flagstone.blocks.exchange.contract.globalconf_faults import ConfigurationExpired


def counting(configuration: GlobalConfiguration, at: datetime) -> GlobalConfiguration:
    """Return a configuration without the federated instances that have expired.

    ConfigurationExpired when shared or private parameters of the own instance have: then nothing counts.
    """
    own = configuration.own
    if own.shared is None:
        raise ConfigurationExpired("there are no shared parameters")
    _require(own.shared_until, at, "shared parameters")
    if own.private is not None:
        _require(own.private_until, at, "private parameters")
    others = {
        name: each
        for name, each in configuration.instances.items()
        if name == configuration.instance or is_in_time(each, at)
    }
    return GlobalConfiguration(configuration.instance, others)


def is_in_time(configuration: InstanceConfiguration, at: datetime) -> bool:
    """Tell whether the shared parameters of an instance count at `at`."""
    return configuration.shared_until is not None and configuration.shared_until > at


def _require(until: datetime | None, at: datetime, what: str) -> None:
    """Raise ConfigurationExpired with the seconds since."""
    if until is None:
        raise ConfigurationExpired(f"nothing says until when the {what} count")
    if until <= at:
        raise ConfigurationExpired(f"the {what} expired {round((at - until).total_seconds())} seconds ago")
