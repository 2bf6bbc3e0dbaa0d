# SPDX-License-Identifier: EUPL-1.2
"""What pages call profiles, standings, reasons, purposes and states."""

from __future__ import annotations

from flagstone.blocks.trust.contract.authority import (
    HOLD,
    Profile,
    RequestState,
    RevocationReason,
    Standing,
)
from flagstone.blocks.trust.contract.keys import KeyState, Purpose
from flagstone.platform.http.language import marked as _

PROFILES = {
    Profile.AUTHENTICATION: _("Authentication of a security server"),
    Profile.SIGNING: _("Signing of messages"),
    Profile.SERVER: _("Web server"),
    Profile.TIMESTAMPING: _("Time-stamping"),
    Profile.STATUS: _("Certificate status"),
    Profile.PERSON_AUTHENTICATION: _("Authentication of a person"),
    Profile.PERSON_SIGNING: _("Signature of a person"),
}
STANDINGS = {
    Standing.PREPARED: _("being issued"),
    Standing.VALID: _("valid"),
    Standing.SUSPENDED: _("suspended"),
    Standing.REVOKED: _("revoked"),
}
COLOURS = {
    Standing.PREPARED: "govuk-tag--grey",
    Standing.VALID: "govuk-tag--green",
    Standing.SUSPENDED: "govuk-tag--yellow",
    Standing.REVOKED: "govuk-tag--red",
}
REASONS = {
    RevocationReason.UNSPECIFIED.value: _("No reason given"),
    RevocationReason.KEY_COMPROMISE.value: _("The key may be known to others"),
    RevocationReason.CA_COMPROMISE.value: _("The authority's key may be known to others"),
    RevocationReason.AFFILIATION_CHANGED.value: _("The holder changed"),
    RevocationReason.SUPERSEDED.value: _("Another certificate took its place"),
    RevocationReason.CESSATION_OF_OPERATION.value: _("The system no longer works"),
    RevocationReason.PRIVILEGE_WITHDRAWN.value: _("The right was withdrawn"),
    HOLD: _("Suspended for now"),
}
REQUEST_STATES = {
    RequestState.WAITING: _("waits for a decision"),
    RequestState.HALF_APPROVED: _("waits for a second official"),
    RequestState.APPROVED: _("approved, being issued"),
    RequestState.ISSUED: _("issued"),
    RequestState.REFUSED: _("refused"),
}
PURPOSES = {
    Purpose.ISSUING: _("Issuing certificates"),
    Purpose.STATUS: _("Certificate status"),
    Purpose.TIMESTAMPING: _("Time-stamping"),
    Purpose.AUTHENTICATION: _("Authentication of a security server"),
    Purpose.SIGNING: _("Signing of messages"),
}
KEY_STATES = {
    KeyState.PENDING: _("waits for its certificate"),
    KeyState.ACTIVE: _("in use"),
    KeyState.RETIRED: _("retired"),
    KeyState.DESTROYED: _("destroyed"),
}
KEY_COLOURS = {
    KeyState.PENDING: "govuk-tag--yellow",
    KeyState.ACTIVE: "govuk-tag--green",
    KeyState.RETIRED: "govuk-tag--grey",
    KeyState.DESTROYED: "govuk-tag--red",
}
PLACES = {"file": _("in a file"), "pkcs11": _("in a hardware security module")}
