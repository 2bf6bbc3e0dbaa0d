# SPDX-License-Identifier: EUPL-1.2
"""How requests and certificates go from one state to the next, and which ways there are none."""

from __future__ import annotations

from datetime import datetime

from flagstone.blocks.trust.contract.authority import (
    HOLD,
    WORDS_LENGTH_MAX,
    CertificateQuery,
    Profile,
    RequestState,
    Standing,
)
from flagstone.blocks.trust.contract.authority import PAGE_SIZE_MAX as MOST
from flagstone.blocks.trust.contract.faults import (
    NotSuspended,
    RenewalRefused,
    RequestDecided,
    StandingFinal,
    WordsInvalid,
)
from flagstone.blocks.trust.model.profiles import RULES

OPEN = frozenset({RequestState.WAITING, RequestState.HALF_APPROVED})


def decided(state: RequestState, profile: Profile, *, approves: bool, before: int) -> RequestState:
    """Return the state after one more decision; `before` is how many officials approved so far.

    RequestDecided when nothing is left to decide.
    """
    if state not in OPEN:
        raise RequestDecided
    if not approves:
        return RequestState.REFUSED
    return RequestState.APPROVED if before + 1 >= RULES[profile].eyes else RequestState.HALF_APPROVED


def changed(standing: Standing, wanted: Standing, reason: str) -> tuple[Standing, str]:
    """Return the standing and reason after a change; StandingFinal, NotSuspended for ways there are none."""
    if standing in {Standing.REVOKED, Standing.PREPARED}:
        raise StandingFinal
    if wanted is Standing.VALID:
        if standing is not Standing.SUSPENDED:
            raise NotSuspended
        return Standing.VALID, ""
    if wanted is Standing.SUSPENDED:
        if standing is Standing.SUSPENDED:
            raise StandingFinal("it is suspended already")
        return Standing.SUSPENDED, HOLD
    return Standing.REVOKED, reason


def require_renewable(
    standing: Standing, not_after: datetime, now: datetime, *, same_holder: bool, same_key: bool
) -> None:
    """Raise RenewalRefused unless a certificate may be followed: it is valid, and the next has a new key."""
    if standing is not Standing.VALID or now >= not_after:
        raise RenewalRefused("it is no longer valid")
    if not same_holder:
        raise RenewalRefused("it is for another holder or of another kind")
    if same_key:
        raise RenewalRefused("it has the same key")


def checked_words(text: str) -> str:
    """Return a remark without blanks around it; WordsInvalid when it is too long or not printable."""
    plain = text.replace("\r\n", "\n").strip()
    if len(plain) > WORDS_LENGTH_MAX or not all(one.isprintable() or one == "\n" for one in plain):
        raise WordsInvalid
    return plain


def bounded(query: CertificateQuery) -> tuple[int, int]:
    """Return offset and limit of a query within their bounds."""
    return max(0, min(query.offset, 1_000_000)), max(1, min(query.limit, MOST))
