# SPDX-License-Identifier: EUPL-1.2
"""What can go wrong with a global configuration; what is merely untrue of one is a finding instead."""

from __future__ import annotations

from flagstone.kernel.errors import Fault, Kind


class ConfigurationMalformed(Fault):
    """A signed directory, anchor or part is not written as its format has it."""

    code = "exchange.configuration-malformed"
    kind = Kind.INVALID
    title = "The configuration cannot be read"
    remedy = "Download it again; if it stays so, tell the operator of the instance's centre."


class ConfigurationMissing(Fault):
    """A folder holds no configuration, or not the part that was asked for."""

    code = "exchange.configuration-missing"
    kind = Kind.MISSING
    title = "There is no such configuration"
    remedy = "Fetch it first with `flagstone exchange conf fetch`, or name a folder that has it."


class ConfigurationExpired(Fault):
    """The configuration of the server's own instance has expired; nothing may be trusted by it."""

    code = "exchange.configuration-expired"
    kind = Kind.UNAVAILABLE
    title = "The global configuration has expired"
    remedy = "See why it was not fetched with `flagstone exchange conf show`; look at the clock as well."


class ConfigurationRefused(Fault):
    """No source gave a configuration that can be believed; the last good one is kept."""

    code = "exchange.configuration-refused"
    kind = Kind.UNAVAILABLE
    title = "No configuration could be fetched"
    remedy = "Read the reasons; what was fetched before counts until it expires."


class AnchorMissing(Fault):
    """There is no anchor to begin from."""

    code = "exchange.anchor-missing"
    kind = Kind.MISSING
    title = "There is no configuration anchor"
    remedy = "Get it from the centre, compare its fingerprint, and name its file as exchange.anchor."


class RotationRefused(Fault):
    """A step of a signing key's rotation comes too early, or there is no key to take it with."""

    code = "exchange.rotation-refused"
    kind = Kind.CONFLICT
    title = "The signing key cannot be changed so"
    remedy = "Add the next key, wait until every server has its certificate, switch, then retire the old."
