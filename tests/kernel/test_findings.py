# SPDX-License-Identifier: EUPL-1.2
"""A verdict is good only when something was checked and everything holds."""

from __future__ import annotations

import pytest

from flagstone.kernel.findings import Check, Findings, Outcome, Verdict

DATES = Check("certificate.dates", "Was the certificate valid at that time?", "Ask for a new certificate.")


def test_nothing_checked_is_not_good() -> None:
    assert not Verdict(()).good


def test_everything_that_holds_is_good() -> None:
    found = Findings()
    found.holds(DATES, "CN=One")
    assert found.that(DATES, "CN=Two", so=True, not_after="2030-01-01T00:00:00Z")
    assert found.verdict.good
    assert found.verdict.failed == ()
    assert found.verdict.findings[1].facts == {"not_after": "2030-01-01T00:00:00Z"}


@pytest.mark.parametrize("outcome", [Outcome.FAILS, Outcome.UNKNOWN])
def test_one_check_that_does_not_hold_spoils_it(outcome: Outcome) -> None:
    found = Findings()
    found.holds(DATES, "CN=One")
    note = found.fails if outcome is Outcome.FAILS else found.unknown
    note(DATES, "CN=Two", "expired on Monday")
    found.add(Verdict(()).findings)
    assert not found.verdict.good
    (failed,) = found.verdict.failed
    assert (failed.code, failed.outcome, failed.subject, failed.detail) == (
        "certificate.dates",
        outcome,
        "CN=Two",
        "expired on Monday",
    )
