# SPDX-License-Identifier: EUPL-1.2
"""What a certification authority promises to those who ask for certificates, on every form of it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from flagstone.blocks.trust.contract.authority import (
    Enrolling,
    Holder,
    Profile,
    RequestState,
    RevocationReason,
    Standing,
)
from flagstone.blocks.trust.contract.faults import (
    CertificateUnknown,
    HolderInvalid,
    NotPermitted,
    RenewalRefused,
    RequestInvalid,
    RequestUnknown,
)
from flagstone.kernel.audit import Caller
from flagstone.kernel.errors import Fault
from flagstone.platform.crypto.certificates import Certificate
from flagstone.platform.crypto.signing import SoftKey
from tests.blocks.trust.over_http import over_http
from tests.blocks.trust.rig import PERSON, SECOND, SERVER, Rig, clerk, csr, machine, make_rig, officer

if TYPE_CHECKING:
    from tests.conftest import OpenDatabase


@pytest.fixture
def rig(open_database: OpenDatabase, tmp_path: Path) -> Rig:
    return make_rig(open_database, tmp_path)


@pytest.fixture(params=["service", "http"])
def authority(request: pytest.FixtureRequest, rig: Rig) -> Enrolling:
    return rig.service if request.param == "service" else over_http(rig.service)


def test_a_request_waits_until_an_official_approves(rig: Rig, authority: Enrolling) -> None:
    key = SoftKey.generate_ec()
    asked = authority.ask(machine(), csr(key), Profile.SIGNING, SERVER)
    assert (asked.state, asked.key_kind, asked.serial) == (RequestState.WAITING, "ec-p256", "")
    assert asked.subject == (("C", "XA"), ("O", "GOV"), ("CN", "10000001"))
    assert authority.request(machine(), asked.id) == asked
    rig.service.decide(officer(), asked.id, approves=True)
    issued = authority.request(machine(), asked.id)
    assert issued.state is RequestState.ISSUED
    found = authority.certificate(machine(), issued.serial)
    assert (found.standing, found.profile) == (Standing.VALID, Profile.SIGNING)
    certificate = Certificate.read(found.der)
    assert certificate.public_der == key.public_der
    assert certificate.is_signing
    assert certificate.subject_text == Certificate.read(found.der).subject_text
    issuing, root = authority.authority_certificates()
    assert (issuing.role, root.role) == ("issuing", "root")
    assert certificate.is_signed_by(Certificate.read(issuing.der))
    assert Certificate.read(issuing.der).is_signed_by(Certificate.read(root.der))


def test_the_same_key_asked_for_again_is_the_same_request(authority: Enrolling) -> None:
    key = SoftKey.generate_ec()
    first = authority.ask(machine(), csr(key), Profile.SIGNING, SERVER)
    assert authority.ask(machine(), csr(key), Profile.SIGNING, SERVER).id == first.id
    assert authority.ask(machine(), csr(key), Profile.AUTHENTICATION, SERVER).id != first.id


def test_a_refused_request_gives_no_certificate(rig: Rig, authority: Enrolling) -> None:
    key = SoftKey.generate_ec()
    asked = authority.ask(machine(), csr(key), Profile.SIGNING, SERVER)
    rig.service.decide(officer(), asked.id, approves=False, words="No such server.")
    told = authority.request(machine(), asked.id)
    assert (told.state, told.serial) == (RequestState.REFUSED, "")
    assert told.decisions[0].words == "No such server."
    assert authority.ask(machine(), csr(key), Profile.SIGNING, SERVER).id != asked.id


def test_a_machine_sees_its_own_requests_and_certificates_alone(rig: Rig, authority: Enrolling) -> None:
    asked = authority.ask(machine(), csr(), Profile.SIGNING, SERVER)
    rig.service.decide(officer(), asked.id, approves=True)
    serial = authority.request(machine(), asked.id).serial
    other = machine("XA/COM/9/other")
    with pytest.raises(RequestUnknown):
        authority.request(other, asked.id)
    with pytest.raises(CertificateUnknown):
        authority.certificate(other, serial)
    with pytest.raises(RequestUnknown):
        authority.request(machine(), "no-such-request")
    with pytest.raises(CertificateUnknown):
        authority.certificate(machine(), "00" * 16)


@pytest.mark.parametrize("who", [clerk(), Caller(clerk().actor)])
def test_others_may_not_ask(authority: Enrolling, who: Caller) -> None:
    with pytest.raises(Fault) as refused:
        authority.ask(who, csr(), Profile.SIGNING, SERVER)
    assert isinstance(refused.value, NotPermitted) or refused.value.kind.value == "forbidden"


def test_what_proves_nothing_is_refused(authority: Enrolling) -> None:
    good = csr()
    broken = good.replace(b"A", b"B", 1) if b"A" in good[30:200] else good[:-60] + good[-30:]
    for data in (b"", b"nonsense", broken[:200], good[: len(good) // 2]):
        with pytest.raises(RequestInvalid):
            authority.ask(machine(), data, Profile.SIGNING, SERVER)


def test_a_holder_must_fit_the_profile(authority: Enrolling) -> None:
    wrong = [
        (Profile.SIGNING, Holder(member="XA/GOV")),
        (Profile.AUTHENTICATION, Holder(member="XA/GOV/1")),
        (Profile.SERVER, Holder(name="Agency")),
        (Profile.SERVER, Holder(hosts=("*.example",))),
        (Profile.SIGNING, Holder(member="XA/GOV/1", hosts=("a.example",))),
        (Profile.PERSON_SIGNING, Holder(personal_code="x", given_name="M")),
        (Profile.STATUS, Holder()),
    ]
    for profile, holder in wrong:
        with pytest.raises(HolderInvalid):
            authority.ask(machine(), csr(), profile, holder)


def test_a_certificate_is_renewed_in_time_with_a_new_key(rig: Rig, authority: Enrolling) -> None:
    key = SoftKey.generate_ec()
    asked = authority.ask(machine(), csr(key), Profile.SIGNING, SERVER)
    serial = rig.service.decide(officer(), asked.id, approves=True).serial
    with pytest.raises(RenewalRefused):
        authority.ask(machine(), csr(), Profile.SIGNING, Holder("XA/GOV/2", "ss2"), renews=serial)
    with pytest.raises(CertificateUnknown):
        authority.ask(machine(), csr(), Profile.SIGNING, SERVER, renews="ab" * 16)
    followed = authority.ask(machine(), csr(), Profile.SIGNING, SERVER, renews=serial)
    assert followed.renews == serial
    rig.service.decide(officer(), followed.id, approves=True)
    assert authority.certificate(machine(), authority.request(machine(), followed.id).serial).renews == serial
    rig.service.revoke(officer(), serial, RevocationReason.SUPERSEDED)
    with pytest.raises(RenewalRefused):
        authority.ask(machine(), csr(), Profile.SIGNING, SERVER, renews=serial)


def test_the_list_of_revoked_certificates_grows(rig: Rig, authority: Enrolling) -> None:
    first = authority.revocation_list()
    serial = rig.issued()
    rig.service.suspend(officer(), serial, "Looking into it.")
    second = authority.revocation_list()
    assert second.number > first.number
    assert int(serial, 16).to_bytes(16, "big") in second.der
    rig.service.release(SECOND, serial)
    assert int(serial, 16).to_bytes(16, "big") not in authority.revocation_list().der
    assert second.next_update > second.this_update


def test_the_certificate_of_a_person_names_her(rig: Rig, authority: Enrolling) -> None:
    asked = authority.ask(machine(), csr(), Profile.PERSON_SIGNING, PERSON)
    rig.service.decide(officer(), asked.id, approves=True)
    found = authority.certificate(machine(), authority.request(machine(), asked.id).serial)
    assert ("serialNumber", "PNOXA-60001019906") in found.subject
    assert "Maasikas" not in repr(found) + repr(asked)
