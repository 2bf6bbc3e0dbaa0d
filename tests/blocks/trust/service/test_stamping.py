# SPDX-License-Identifier: EUPL-1.2
"""Time is stamped forwards, each number once; uses of keys are counted; keys retire and are destroyed."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.blocks.trust.rig import Rig, clerk, make_rig, officer, other_plan, root_in, service_on, terms

from flagstone.blocks.trust.contract.credentials import Credential
from flagstone.blocks.trust.contract.faults import (
    ClockBehind,
    CredentialsMissing,
    KeyGone,
    KeyInUse,
    KeyUnknown,
    NotPermitted,
    StatusUnavailable,
)
from flagstone.blocks.trust.contract.keys import KeyState, KeyType, Purpose
from flagstone.blocks.trust.service.credentials import SiteCredentials
from flagstone.blocks.trust.service.terms import US
from flagstone.kernel.findings import Findings
from flagstone.platform.crypto.certificates import Certificate
from flagstone.platform.crypto.digests import Digest, digest_of
from flagstone.platform.crypto.issuing import is_issued_by
from flagstone.platform.crypto.pem import to_pem
from flagstone.platform.crypto.timestamp import query, read_reply, verify

if TYPE_CHECKING:
    from tests.conftest import OpenDatabase

    from flagstone.kernel.clock import SetClock


@pytest.fixture
def rig(open_database: OpenDatabase, tmp_path: Path) -> Rig:
    return make_rig(open_database, tmp_path)


def test_a_stamp_is_ours_and_says_the_time(rig: Rig, clock: SetClock) -> None:
    asked = query(digest_of(b"data"), Digest.SHA512)
    token = read_reply(rig.service.stamp(asked), asked)
    held = rig.service.ring.held(Purpose.TIMESTAMPING)
    assert held is not None
    own = Certificate.read(held.certificate)
    told = verify(token, b"data", tsa_certificates=(own,), findings=Findings())
    assert told == clock.now()


def test_time_does_not_go_back(rig: Rig, clock: SetClock) -> None:
    stamping = rig.service._stamping
    first = stamping.next()
    clock.advance(timedelta(seconds=-1))
    with pytest.raises(ClockBehind):
        stamping.next()
    with pytest.raises(ClockBehind):  # nor for the next process
        rig.restarted()._stamping.next()
    assert b"The clock went backwards" in rig.service.stamp(query(b"\0" * 64, Digest.SHA512))
    clock.advance(timedelta(seconds=1))
    assert stamping.next()[0] == first[0] + 1


def test_many_at_once_get_numbers_of_their_own(rig: Rig) -> None:
    services = [rig.service, rig.restarted()]
    with ThreadPoolExecutor(4) as pool:
        serials = list(pool.map(lambda at: services[at % 2]._stamping.next()[0], range(60)))
    assert len(set(serials)) == 60


def test_each_use_is_counted(rig: Rig) -> None:
    service = rig.restarted(grant=3)
    held = service.ring.held(Purpose.TIMESTAMPING)
    assert held is not None
    before = {key.id: key.uses for key in service.key_service.keys(US)}
    for number in range(8):
        held.key.sign(b"%d" % number)
    service.uses.tell()
    service.uses.tell()
    after = {key.id: key.uses for key in service.key_service.keys(US)}
    assert after[held.id] - before[held.id] == 8


def test_a_fresh_answer_comes_with_credentials(rig: Rig, clock: SetClock) -> None:
    service, asked = rig.service, list[bytes]()

    def ask(request: bytes) -> bytes:
        asked.append(request)
        return service.status(request).der

    credentials = SiteCredentials(service.ring, ask, clock)
    with pytest.raises(CredentialsMissing):
        credentials.signing()
    key = service.key_service.make(US, Purpose.SIGNING, KeyType.EC_P256)
    serial = rig.issued_for(key.id)
    found: Credential[object] = credentials.signing()
    assert is_issued_by(found.certificate, found.chain[0])
    assert credentials.signing().ocsp_response == found.ocsp_response
    assert len(asked) == 1
    clock.advance(timedelta(minutes=11))
    assert credentials.signing().ocsp_response != found.ocsp_response
    service.suspend(officer(), serial)
    clock.advance(timedelta(minutes=11))
    with pytest.raises(StatusUnavailable):
        SiteCredentials(service.ring, ask, clock).signing()


def test_a_key_retires_when_the_next_is_adopted_and_can_be_destroyed(rig: Rig) -> None:
    keys = rig.service.key_service
    first = keys.make(US, Purpose.SIGNING, KeyType.EC_P256)
    rig.issued_for(first.id)
    with pytest.raises(KeyInUse):
        keys.destroy(officer(), first.id, "No.")
    second = keys.make(US, Purpose.SIGNING, KeyType.EC_P256)
    rig.issued_for(second.id)
    states = {key.id: key.state for key in keys.keys(US)}
    assert (states[first.id], states[second.id]) == (KeyState.RETIRED, KeyState.ACTIVE)
    with pytest.raises(KeyGone):
        rig.restarted().ring.opened(first.id)
    file = rig.folder / "site" / "keys" / f"{first.id}.pem"
    assert file.exists()
    keys.destroy(officer(), first.id, "Followed by another.")
    assert not file.exists()
    with pytest.raises(KeyUnknown):
        keys.destroy(officer(), "no-such-key", "No.")
    with pytest.raises(NotPermitted):
        keys.keys(clerk())


def test_a_new_issuing_certificate_issues_from_then_on(rig: Rig, clock: SetClock) -> None:
    service, plan = rig.service, other_plan()
    old = rig.issued()
    key = service.key_service.make(US, Purpose.ISSUING, plan.authority_keys)
    made = rig.root.sign_issuing(service.key_service.request_for(US, key.id), terms(), clock.now())
    service.key_service.adopt(US, to_pem(made) + to_pem(rig.root.root))
    new = rig.issued()
    assert is_issued_by(service.certificate(US, new).der, made)
    assert not is_issued_by(service.certificate(US, old).der, made)
    assert service.chain_of(US, old)[2] == service.chain_of(US, new)[2] == rig.root.root
    service.suspend(officer(), old)
    clock.advance(timedelta(days=4_000))
    service.own.retire_old()
    active = [each for each in service.key_service.keys(US) if each.purpose is Purpose.ISSUING]
    assert {each.state for each in active} == {KeyState.RETIRED, KeyState.ACTIVE}


def test_officials_of_others_do_not_decide(open_database: OpenDatabase, tmp_path: Path) -> None:
    rig = make_rig(open_database, tmp_path)
    ours = service_on(rig.database, tmp_path, organisation="10000099")
    ours.requests(officer())
    theirs = service_on(rig.database, tmp_path, organisation="10000001")
    with pytest.raises(NotPermitted):
        theirs.requests(officer())
    assert root_in(tmp_path).has_root()
