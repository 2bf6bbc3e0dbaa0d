# SPDX-License-Identifier: EUPL-1.2
"""Keys that sign directories: made once, changed in three steps, each audited, none too early."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from tests.blocks.exchange.service.globalconf.rig import MINISTRY
from tests.conftest import OpenDatabase

from flagstone.blocks.exchange.contract.faults import NotPermitted
from flagstone.blocks.exchange.contract.globalconf import Audience, KeyState
from flagstone.blocks.exchange.contract.globalconf_faults import RotationRefused
from flagstone.blocks.exchange.contract.identifiers import ServerId
from flagstone.blocks.exchange.service.globalconf.signing_keys import PUBLISHED_SECONDS_MIN, SigningKeys
from flagstone.blocks.exchange.store.tables import SCHEMA
from flagstone.kernel.audit import Actor, ActorKind, Caller, Reason
from flagstone.kernel.clock import SetClock
from flagstone.platform.crypto.signing import SoftKey, verify

WHY = Reason("The key is old", "Exchange Act § 7")
INTERNAL = Audience.INTERNAL


def official(*roles: str) -> Caller:
    actor = Actor(ActorKind.OFFICIAL, "48001010002", "Kadri Kask", "XA/GOV/10000001")
    return Caller(actor, frozenset(roles))


OPERATOR = official("operator")


@pytest.fixture
def keys(open_database: OpenDatabase, tmp_path: Path) -> SigningKeys:
    database = open_database(SCHEMA)
    made = SigningKeys(database, tmp_path / "keys", ServerId(MINISTRY, "centre"), make=SoftKey.generate_ec)
    made.ensure()
    return made


def states(keys: SigningKeys) -> list[str]:
    return [each.state.value for each in keys.listed() if each.audience is INTERNAL]


def test_each_directory_has_a_key_made_once(keys: SigningKeys) -> None:
    before = keys.listed()
    keys.ensure()
    assert keys.listed() == before
    assert [(each.audience, each.state) for each in before] == [
        (Audience.INTERNAL, KeyState.ACTIVE),
        (Audience.EXTERNAL, KeyState.ACTIVE),
    ]
    signer = keys.signer(INTERNAL)
    assert verify(signer.certificate.public_der, signer.key.sign(b"x"), b"x", signer.key.algorithm)


def test_three_steps_change_a_key(keys: SigningKeys, clock: SetClock) -> None:
    first = keys.signer(INTERNAL).certificate
    fresh = keys.add_next(OPERATOR, INTERNAL, WHY)
    assert keys.signer(INTERNAL).certificate == first
    assert len(keys.signer(INTERNAL).published) == 2
    with pytest.raises(RotationRefused, match="seconds longer"):
        keys.switch(OPERATOR, INTERNAL, WHY)
    clock.advance(timedelta(seconds=PUBLISHED_SECONDS_MIN))
    keys.switch(OPERATOR, INTERNAL, WHY)
    assert keys.signer(INTERNAL).certificate.sha256.hex() == fresh.sha256
    assert first in keys.signer(INTERNAL).published
    assert len(keys.source("c").internal) == 2
    keys.retire(OPERATOR, INTERNAL, WHY)
    assert keys.signer(INTERNAL).published == (keys.signer(INTERNAL).certificate,)
    assert len(list(keys._folder.glob("*.pem"))) == 2


def test_a_step_out_of_order_is_refused(keys: SigningKeys, clock: SetClock) -> None:
    steps: list[Callable[[], object]] = [
        lambda: keys.switch(OPERATOR, INTERNAL, WHY),
        lambda: keys.retire(OPERATOR, INTERNAL, WHY),
    ]
    for step in steps:
        with pytest.raises(RotationRefused):
            step()
    keys.add_next(OPERATOR, INTERNAL, WHY)
    with pytest.raises(RotationRefused):
        keys.add_next(OPERATOR, INTERNAL, WHY)
    keys.switch(OPERATOR, INTERNAL, WHY, at_once=True)
    keys.add_next(OPERATOR, INTERNAL, WHY)
    with pytest.raises(RotationRefused, match="retired first"):
        keys.switch(OPERATOR, INTERNAL, WHY, at_once=True)
    assert states(keys).count("active") == 1


def test_only_operators_decide(keys: SigningKeys) -> None:
    for who in (official("auditor"), official()):
        with pytest.raises(NotPermitted):
            keys.add_next(who, INTERNAL, WHY)
    assert states(keys) == ["active"]


def test_every_step_is_in_the_journal(keys: SigningKeys, clock: SetClock) -> None:
    before = keys._database.journal.head()[0]
    keys.add_next(OPERATOR, INTERNAL, WHY)
    keys.switch(OPERATOR, INTERNAL, WHY, at_once=True)
    keys.retire(OPERATOR, INTERNAL, WHY)
    assert keys._database.journal.head()[0] > before + 2


def test_a_key_without_a_record_is_no_key(keys: SigningKeys, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stop between the file and its record leaves no trace of the key; the next try does well."""
    files = sorted(keys._folder.iterdir())

    def stopped(*_args: object) -> None:
        raise OSError("stopped")

    with monkeypatch.context() as patch:
        patch.setattr("flagstone.blocks.exchange.store.globalconf.add", stopped)
        with pytest.raises(OSError, match="stopped"):
            keys.add_next(OPERATOR, INTERNAL, WHY)
    assert sorted(keys._folder.iterdir()) == files
    keys.add_next(OPERATOR, INTERNAL, WHY)
    assert states(keys) == ["active", "next"]
