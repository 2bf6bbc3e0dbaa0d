# SPDX-License-Identifier: EUPL-1.2
"""The key that signs decisions is turned while sites run; what was signed before stays what it is."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from joserfc import jws
from joserfc.jwk import KeySet
from sqlalchemy import text
from tests.blocks.rules.decided import OFFICER, SECRET, SIGNING, SITE, WHY, Deciding, deciding, keys_in

from flagstone.blocks.rules.contract.decision_faults import DecisionBroken
from flagstone.blocks.rules.contract.faults import NotAllowed
from flagstone.blocks.rules.service.signing_keys import PUBLIC, SIGNS, Keys
from flagstone.blocks.rules.web.record_file import signed_on_wire
from flagstone.kernel.audit import Reason
from flagstone.platform.crypto.jose import public_jwk
from flagstone.platform.crypto.keys import (
    KeyFileUnusable,
    KeyKind,
    PublicKey,
    generate_signing_key,
    write_private,
)
from flagstone.platform.storage.verification import verify

OTHER = json.dumps(dict(public_jwk(generate_signing_key(KeyKind.EC_P256).public))).encode()
TURNING = Reason("rotate the key that signs decisions")


def kid(token: str) -> str:
    return str(jws.extract_compact(token.encode()).headers()["kid"])


def quiet(_key: PublicKey) -> None:
    """Note nothing."""


def test_decisions_before_and_after_a_turn_verify_replay_and_stand_in_one_chain(site: Deciding) -> None:
    before = site.decide(20_000.0)
    new = site.service.turn_key(SITE, TURNING)
    after = site.decide(30_000.0)
    assert [each["kid"] for each in site.service.public_keys()] == [new, SIGNING.id]
    assert after.decision.previous == before.digest
    for made, signer in ((before, SIGNING.id), (after, new)):
        found = site.service.find(made.decision.number, SITE, WHY)
        said = signed_on_wire(found, site.service.public_keys())
        assert kid(said["jws"]) == signer
        jws.deserialize_compact(said["jws"], KeySet.import_key_set(said["keys"]), ["ES256"])
    assert site.service.verify(SITE).whole
    assert [each.same for each in site.service.replay_all(SITE)] == [True, True]


def test_another_process_signs_by_the_new_key_at_once_and_verifies_by_both(
    site: Deciding, tmp_path: Path
) -> None:
    other = deciding(site.database, tmp_path, site.means.engine)
    first = site.decide().decision.number
    new = site.service.turn_key(SITE, TURNING)
    second = other.decide()
    assert other.means.keys.signing.id == new
    assert site.service.find(second.decision.number, SITE, WHY) == second
    assert other.service.find(first, SITE, WHY).decision.number == first


def test_a_tampered_decision_is_found_out_on_both_sides_of_a_turn(lone: Deciding, tmp_path: Path) -> None:
    lone.decide()
    lone.service.turn_key(SITE, TURNING)
    made = lone.decide().decision.number
    stranger = replace(lone.means, keys=Keys(tmp_path / "stranger", SECRET))
    forged = deciding(lone.database, tmp_path, lone.means.engine)
    forged.service._means = stranger
    number = forged.decide().decision.number
    with pytest.raises(DecisionBroken):
        lone.service.find(number, SITE, WHY)
    with lone.database.writers.begin() as connection:
        connection.execute(text("DROP TRIGGER decision_no_update"))
        connection.execute(text("UPDATE decision SET kind = 'other' WHERE sequence < 3"))
    broken = {each.number for each in lone.service.verify(SITE).broken}
    assert {made, number} <= broken
    assert len(broken - {""}) == 3


def test_a_key_that_was_taken_away_leaves_its_decisions_unverifiable_and_says_so(
    lone: Deciding, tmp_path: Path
) -> None:
    made = lone.decide().decision.number
    lone.service.turn_key(SITE, TURNING)
    (tmp_path / "keys" / PUBLIC / f"{SIGNING.id}.json").unlink()
    left = deciding(lone.database, tmp_path, lone.means.engine)
    with pytest.raises(DecisionBroken, match="no known key"):
        left.service.find(made, SITE, WHY)


def test_the_journal_tells_which_key_came_and_only_the_operator_turns(site: Deciding) -> None:
    with pytest.raises(NotAllowed):
        site.service.turn_key(OFFICER, TURNING)
    assert site.means.keys.signing.id == SIGNING.id
    site.service.turn_key(SITE, TURNING)
    with site.database.readers.connect() as connection:
        kept = [bytes(each[0]) for each in connection.execute(text("SELECT content FROM kept_part"))]
    assert [json.loads(each) for each in kept] == [dict(public_jwk(site.means.keys.signing.public))]
    assert verify(site.database).sound


def test_a_turn_that_is_broken_off_leaves_the_old_key_signing(tmp_path: Path) -> None:
    keys = keys_in(tmp_path)

    def die(_key: PublicKey) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        keys.turn(die)
    assert keys.signing.id == Keys(tmp_path / "keys", SECRET).signing.id == SIGNING.id
    assert keys.turn(quiet).id == Keys(tmp_path / "keys", SECRET).signing.id


def test_turns_at_once_keep_every_public_key(tmp_path: Path) -> None:
    keys_in(tmp_path)
    with ThreadPoolExecutor(4) as threads:
        made = list(threads.map(lambda _: Keys(tmp_path / "keys", SECRET).turn(quiet).id, range(8)))
    known = [each.id for each in Keys(tmp_path / "keys", SECRET).public]
    assert sorted(known) == sorted([*made, SIGNING.id])
    assert known[0] in made
    assert not [each for each in (tmp_path / "keys").iterdir() if each.name not in {SIGNS, PUBLIC}]


@pytest.mark.parametrize(
    "content",
    [
        b"{",
        b"[]",
        b"[1]",
        b"{}",
        json.dumps(dict(public_jwk(generate_signing_key(KeyKind.EC_P256).public))).encode(),
    ],
)
def test_a_public_key_that_is_not_what_its_name_says_is_refused(tmp_path: Path, content: bytes) -> None:
    keys_in(tmp_path)
    write_private(tmp_path / "keys" / PUBLIC / "other.json", content)
    with pytest.raises(KeyFileUnusable):
        Keys(tmp_path / "keys", SECRET)
