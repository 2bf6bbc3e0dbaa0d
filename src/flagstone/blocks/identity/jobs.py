# SPDX-License-Identifier: EUPL-1.2
"""What identity does without a request: telling clients of sign-outs and erasing what is over."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flagstone.blocks.identity.contract import ClientSignedOut
from flagstone.blocks.identity.service.directory import RegisterDirectory
from flagstone.blocks.identity.service.provider import Provider
from flagstone.blocks.identity.service.signing_out import Sender


def tell_client(provider: Provider, sender: Sender, payload: Mapping[str, Any]) -> None:
    """Take a `ClientSignedOut` from the outbox; a Fault makes the outbox try again later."""
    provider.signing_out.tell(ClientSignedOut(payload["session"], payload["client"]), sender)


def sign_out_the_dead(provider: Provider, directory: RegisterDirectory, payload: Mapping[str, Any]) -> None:
    """Take a `RecordCorrected` of the registry: a person who is no longer alive is signed out everywhere."""
    if payload["register"] != directory.register or directory.status_field not in payload["fields"]:
        return
    person = directory.dead_person(payload["record_id"])
    if person is not None:
        provider.end_sessions_of(person, "the person has died")


def erase_old(provider: Provider) -> int:
    """Erase codes, tokens, proofs and sessions that were over a month ago; for a daily schedule."""
    erased = 0
    while step := provider.sessions.erase_old():
        erased += step
    return erased
