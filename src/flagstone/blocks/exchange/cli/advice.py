# SPDX-License-Identifier: EUPL-1.2
"""The nine checks in the words of the command line: what is wrong, and the command that mends it."""

from __future__ import annotations

from collections.abc import Mapping

from flagstone.blocks.exchange.contract.onboarding import Check, Why

CHECKS: Mapping[Check, str] = {
    Check.ORGANISATION_KNOWN: "The organisation is a member",
    Check.SUBSYSTEM_REGISTERED: "Its subsystem is registered",
    Check.SERVER_CARRIES: "This server carries it",
    Check.DIRECTORY_FRESH: "The directory is fresh",
    Check.SERVICE_ANSWERS: "The service answers",
    Check.DESCRIPTION_VALID: "The service is described",
    Check.RIGHT_GIVEN: "The caller has a right",
    Check.CALL_PASSES: "A call passes through the exchange",
    Check.HEARTBEAT_GREEN: "The tracker answers",
}

REMEDIES: Mapping[Why, str] = {
    Why.MEMBER_UNKNOWN: "{member} is no member. At the centre: flagstone exchange members admit {member}",
    Why.SUBSYSTEM_UNKNOWN: (
        "{subsystem} is not registered. At the centre: flagstone exchange members admit {subsystem}"
    ),
    Why.SUBSYSTEM_MISSING: "{member} is a member; name one of its subsystems.",
    Why.NOT_CARRIED_HERE: (
        "This server does not carry {subsystem}. Here: flagstone exchange carry {subsystem}"
    ),
    Why.SERVER_NOT_IN_DIRECTORY: (
        "The directory does not say that {server} carries {subsystem}. "
        "At the centre: flagstone exchange members admit-server {server}"
    ),
    Why.SERVER_IN_MAINTENANCE: "The directory says that {server} is in maintenance; the centre can end it.",
    Why.DIRECTORY_MISSING: "No directory has come from the centre yet; start the site of the centre.",
    Why.DIRECTORY_OLD: "The directory was last compared {seconds} seconds ago; is the centre's site running?",
    Why.SERVICE_UNKNOWN: "{service} is not offered. Here: flagstone exchange offer {service} URL",
    Why.SERVICE_DISABLED: "{service} is disabled; enable it on the exchange's pages.",
    Why.SERVICE_UNREACHABLE: "{service} does not answer at its address; start it or correct the address.",
    Why.SERVICE_FAILS: "{service} answers with status {code}; look at its own log.",
    Why.DESCRIPTION_MISSING: "{service} has no description. Here: flagstone exchange offer --openapi FILE",
    Why.DESCRIPTION_BROKEN: "The description of {service} is not OpenAPI 3.0 or 3.1; offer it anew.",
    Why.DESCRIPTION_OLD: (
        "The description of {service} was not refreshed lately. Here: flagstone exchange refresh {service}"
    ),
    Why.NOBODY_MAY_CALL: "Nobody may call {service}. Here: flagstone exchange give {service} {client}",
    Why.CLIENT_MAY_NOT_CALL: "{client} may not call. Here: flagstone exchange give {service} {client}",
    Why.CLIENT_UNKNOWN: (
        "{client} is not registered. At the centre: flagstone exchange members admit {client}"
    ),
    Why.PURPOSE_MISSING: (
        "{service} tells of persons, and no purpose is declared. "
        "Here: flagstone exchange give {service} {client} --purpose WORDS --basis LAW"
    ),
    Why.CALL_REFUSED: "The exchange refused the call: {code}",
    Why.CALL_FAILED: "The call failed: {code}. Look at: flagstone exchange log --failed",
    Why.CLIENT_ELSEWHERE: (
        "{client} cannot be tried from here, and no message of it has passed in a day; "
        "call from there, or name its server's door with --through"
    ),
    Why.HEARTBEAT_MISSING: "This site has no tracker of who looked at persons' data.",
    Why.HEARTBEAT_FAILS: "The tracker of this site fails: {code}. Is the site running?",
    Why.EARLIER_CHECK: "It was not tried, because an earlier check is red: {check}",
}
