# SPDX-License-Identifier: EUPL-1.2
"""Who and why: a reason says something, a role is held or not, and no person shows in a trace."""

from __future__ import annotations

from dataclasses import FrozenInstanceError
from datetime import UTC, datetime

import pytest

from flagstone.kernel.audit import Actor, ActorKind, Caller, Reason, job

CODE = "48001015712"


@pytest.mark.parametrize("purpose", ["", " ", "\t\n"])
def test_a_reason_needs_a_purpose(purpose: str) -> None:
    with pytest.raises(ValueError, match="purpose"):
        Reason(purpose, "Register Act § 1")


def test_a_reason_hides_until_an_instant_with_a_zone() -> None:
    assert Reason("Investigating", hidden_until=datetime(2027, 1, 1, tzinfo=UTC)).hidden_until
    with pytest.raises(ValueError, match="time zone"):
        Reason("Investigating", hidden_until=datetime(2027, 1, 1))  # noqa: DTZ001


def test_a_job_acts_in_its_own_name() -> None:
    assert job("nightly") == Actor(ActorKind.JOB, "nightly", "nightly")


def test_a_caller_holds_any_of_the_roles_asked_for() -> None:
    caller = Caller(job("nightly"), frozenset({"clerk", "signed-in"}))
    assert caller.holds("clerk")
    assert caller.holds("registrar", "signed-in")
    assert not caller.holds("registrar")
    assert not caller.holds()


def test_an_actor_does_not_show_who_it_is_and_cannot_change() -> None:
    actor = Actor(ActorKind.PERSON, CODE, "Mari Maasikas", on_behalf=f"XA{CODE}")
    assert CODE not in repr(Caller(actor))
    assert "Maasikas" not in repr(actor)
    with pytest.raises(FrozenInstanceError):
        actor.id = "other"  # type: ignore[misc]
