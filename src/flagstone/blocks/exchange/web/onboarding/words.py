# SPDX-License-Identifier: EUPL-1.2
"""What the nine checks are called, and for each reason why one is red: what is wrong and what to do."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from flagstone.blocks.exchange.contract.onboarding import Check, CheckResult, Colour, Why
from flagstone.platform.http.language import marked as _

CHECKS: Mapping[Check, str] = {
    Check.ORGANISATION_KNOWN: _("The organisation is a member"),
    Check.SUBSYSTEM_REGISTERED: _("Its system is registered"),
    Check.SERVER_CARRIES: _("This server carries the system's messages"),
    Check.DIRECTORY_FRESH: _("The directory is fresh"),
    Check.SERVICE_ANSWERS: _("The service answers"),
    Check.DESCRIPTION_VALID: _("The service describes itself"),
    Check.RIGHT_GIVEN: _("Somebody may call it"),
    Check.CALL_PASSES: _("A first call passes"),
    Check.HEARTBEAT_GREEN: _("Its record of looks at persons' data answers"),
}


@dataclass(frozen=True)
class Advice:
    """What is wrong and what to do about it; both may name what `CheckResult.names` has."""

    wrong: str
    remedy: str


ADVICE: Mapping[Why, Advice] = {
    Why.MEMBER_UNKNOWN: Advice(
        _("The directory has no member %(member)s."),
        _("Ask the operator of the centre to admit the organisation, then wait a minute."),
    ),
    Why.SUBSYSTEM_UNKNOWN: Advice(
        _("The directory has no system %(subsystem)s."),
        _("Ask the operator of the centre to register the system, then wait a minute."),
    ),
    Why.SUBSYSTEM_MISSING: Advice(
        _("%(member)s is a member, not one of its systems."),
        _("Choose one of the organisation's systems to offer the service."),
    ),
    Why.NOT_CARRIED_HERE: Advice(
        _("This server does not carry the messages of %(subsystem)s."),
        _("Let this server carry the system under Clients."),
    ),
    Why.SERVER_NOT_IN_DIRECTORY: Advice(
        _("The directory does not say that this server carries %(subsystem)s."),
        _("Ask the operator of the centre to register the server with this system."),
    ),
    Why.SERVER_IN_MAINTENANCE: Advice(
        _("The directory says that the server %(server)s is in maintenance."),
        _("Ask the operator of the centre to end the maintenance."),
    ),
    Why.DIRECTORY_MISSING: Advice(
        _("The directory of the exchange has not come to this server yet."),
        _("See that the centre's site runs and that its address is right in the settings."),
    ),
    Why.DIRECTORY_OLD: Advice(
        _("The directory is %(seconds)s seconds old."),
        _("See that the centre's site runs; the directory is fetched every minute."),
    ),
    Why.SERVICE_UNKNOWN: Advice(
        _("This server offers no service %(service)s."),
        _("Offer it, or look whether its code is spelt right."),
    ),
    Why.SERVICE_DISABLED: Advice(
        _("The service is switched off."),
        _("Switch it on under Services."),
    ),
    Why.SERVICE_UNREACHABLE: Advice(
        _("Nothing answers at the address of the service."),
        _("Start the information system, or correct the address under Services."),
    ),
    Why.SERVICE_FAILS: Advice(
        _("The service answers with an error of its own (%(code)s)."),
        _("Look into the log of the information system."),
    ),
    Why.DESCRIPTION_MISSING: Advice(
        _("The service has no description."),
        _("Give the address of its OpenAPI document under Services, and fetch it."),
    ),
    Why.DESCRIPTION_BROKEN: Advice(
        _("The description is not an OpenAPI document that can be used."),
        _("Give an OpenAPI 3.0 or 3.1 document without references to other places."),
    ),
    Why.DESCRIPTION_OLD: Advice(
        _("The description has not been fetched for %(seconds)s seconds."),
        _("Fetch the description anew under Services."),
    ),
    Why.NOBODY_MAY_CALL: Advice(
        _("Nobody has a right to this service."),
        _("Give a right to whoever needs it under Rights."),
    ),
    Why.CLIENT_MAY_NOT_CALL: Advice(
        _("%(client)s has no right to this service."),
        _("Give it a right under Rights, or try the call in the name of another system."),
    ),
    Why.CLIENT_UNKNOWN: Advice(
        _("The directory has no system %(client)s."),
        _("Choose a system that is registered to make the first call."),
    ),
    Why.CLIENT_ELSEWHERE: Advice(
        _("Another server carries %(client)s, so the call cannot be made from here."),
        _("Ask its operator to make the call, or try in the name of a system of this server."),
    ),
    Why.PURPOSE_MISSING: Advice(
        _("The service tells of persons and no purpose was declared."),
        _("Declare a purpose and a legal basis with the right, under Rights."),
    ),
    Why.CALL_REFUSED: Advice(
        _("The call was refused: %(code)s."),
        _("Find the message in the log; its fault says which side refused it."),
    ),
    Why.CALL_FAILED: Advice(
        _("The call failed: %(code)s."),
        _("Find the message in the log; its fault says where it failed."),
    ),
    Why.HEARTBEAT_MISSING: Advice(
        _("The service tells of persons and its site offers no record of looks."),
        _("Offer the service findUsage beside it, so that persons see who looked."),
    ),
    Why.HEARTBEAT_FAILS: Advice(
        _("The record of looks does not answer (%(code)s)."),
        _("Look into the log of the site that keeps the record."),
    ),
    Why.EARLIER_CHECK: Advice(
        _("Not tried, because an earlier check is red."),
        _("Mend the first red check and run the checks again."),
    ),
}

SIGNS = {Colour.GREEN: "✓", Colour.RED: "!", Colour.WAITING: "…"}
COLOURS = {Colour.GREEN: _("green"), Colour.RED: _("red"), Colour.WAITING: _("not tried yet")}


@dataclass(frozen=True)
class Shown:
    """One check for the page."""

    title: str
    colour: Colour
    sign: str
    words: str
    wrong: str
    remedy: str
    names: Mapping[str, str]


def shown(result: CheckResult) -> Shown:
    """Return `result` in words that are messages; what they may name is in `names`."""
    advice = ADVICE[result.why] if result.why is not None else Advice("", "")
    named = defaultdict(lambda: "?", result.names)
    known = {name: named[name] for name in ("member", "subsystem", "server", "service", "client", "code")}
    return Shown(
        CHECKS[result.check],
        result.colour,
        SIGNS[result.colour],
        COLOURS[result.colour],
        advice.wrong,
        advice.remedy,
        {**known, "seconds": named["seconds"]},
    )
