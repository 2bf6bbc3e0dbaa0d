# SPDX-License-Identifier: EUPL-1.2
"""What we make, we verify; and each reason to refuse a container can occur."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from io import BytesIO

import pytest
from tests.blocks.exchange.service.evidence import rig
from tests.blocks.exchange.service.evidence.rig import NOW, REGISTRY, TAX, country

from flagstone.blocks.exchange.contract.evidence import FileKind, NamedFile, Signed
from flagstone.blocks.exchange.model.logged import request_hashes
from flagstone.blocks.exchange.service.evidence import container_checks
from flagstone.blocks.exchange.service.evidence.making import Draft, SigningParty, sign
from flagstone.blocks.exchange.service.evidence.verifying import Verifier
from flagstone.kernel.findings import Check
from flagstone.platform.crypto import ocsp_responder
from flagstone.platform.crypto.asice import Contents, write_container
from flagstone.platform.crypto.digests import digest_of
from flagstone.platform.crypto.issuing import Extensions
from flagstone.platform.crypto.xades_build import build

EJBCA = "ee.ria.xroad.common.certificateprofile.impl.EjbcaCertificateProfileInfoProvider"


@pytest.mark.parametrize("kind", ["P-256", "P-384", "P-521", "RSA"])
@pytest.mark.parametrize("chained", [False, True])
def test_what_any_key_signs_is_good(kind: str, *, chained: bool) -> None:
    trust = country(kind, chained=chained)
    (report,) = rig.verify(rig.container(b"body", trust=trust), trust=trust)
    assert report.good, report.failed
    assert report.read.batch


@pytest.mark.parametrize("bodies", [(), (b"body",), (b"",), (b"one", b"two", b"three")])
@pytest.mark.parametrize("among", [1, 2, 3, 7])
@pytest.mark.parametrize("batch", [False, True])
def test_every_form_is_good(bodies: tuple[bytes, ...], among: int, *, batch: bool) -> None:
    (report,) = rig.verify(rig.container(*bodies, among=among, batch=batch))
    assert report.good, report.failed
    assert report.read.stamped is not None
    assert report.read.stamped.batch is batch
    assert report.read.batch is (bool(bodies) or among > 1)
    assert report.read.sender == str(TAX)
    assert report.read.message_id == "XA-1"


def test_one_reference_for_each_part_is_good() -> None:
    """The form of version 8: no hash chain, a reference to the message and one to each attachment."""
    draft = Draft(rig.request_head(), (b"body", b"more"))
    party = country().party(TAX)
    leaf = {uri: digest_of(content) for uri, content in draft.parts.items()}
    signature = build(leaf, party.signer, party.statuses, NOW)
    content = rig.contained(Signed(draft.message, draft.attachments, signature))
    (report,) = rig.verify(content)
    assert report.good, report.failed
    assert not report.read.batch


def test_the_bodies_of_others_may_be_left_out_and_are_said_to_be_unverified() -> None:
    (signed,) = sign([Draft(rig.request_head(), (b"body",))], country().party(TAX), NOW)
    (report,) = rig.verify(rig.contained(replace(signed, attachments=())))
    assert report.good, report.failed
    assert report.read.unverified == ("/attachment1",)


def test_files_that_nothing_signs_are_named() -> None:
    (report,) = rig.verify(with_files(rig.container(), {"note.txt": b"pay me"}))
    assert report.good, report.failed
    assert report.read.unsigned == ("note.txt",)


def test_request_and_response_belong_together() -> None:
    request = Draft(rig.request_head(), (b"body",))
    (hashed,) = request_hashes(request.message, request.attachments)
    made = []
    for value in (hashed, hashed[::-1]):
        response = Draft(rig.response_head(value), (b"answer",))
        signed = sign([request], country().party(TAX), NOW) + sign([response], country().party(REGISTRY), NOW)
        made.append([rig.contained(each) for each in signed])
    assert all(each.good for each in rig.verify(*made[0]))
    assert all(each.good for each in rig.verify(*reversed(made[0])))
    asked, answered = rig.verify(*made[1])
    assert asked.good
    assert [each.code for each in answered.failed] == ["container.request-hash"]
    assert rig.verify(made[1][1])[0].good


def test_a_signature_of_another_member_is_refused() -> None:
    signed = sign([Draft(rig.request_head(client=REGISTRY))], country().party(TAX), NOW)
    assert rig.failing(rig.contained(signed[0])) == {"trust.signer-is-sender"}


def test_a_response_is_signed_by_the_provider_not_by_the_client() -> None:
    for member, codes in ((REGISTRY, set()), (TAX, {"trust.signer-is-sender"})):
        signed = sign([Draft(rig.response_head("hash"))], country().party(member), NOW)
        assert rig.failing(rig.contained(signed[0])) == codes


def with_files(content: bytes, files: dict[str, bytes]) -> bytes:
    """Return a container with other or more files; empty ones are taken out."""
    out = BytesIO()
    with zipfile.ZipFile(BytesIO(content)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in {**dict.fromkeys(old.namelist()), **files}:
            data = files.get(name, b"") if name in files else old.read(name)
            if data:
                new.writestr(name, data)
    return out.getvalue()


def by(party: SigningParty, *, at: timedelta = timedelta(seconds=30), head: bytes = b"") -> bytes:
    """Return the container of a request that `party` signed."""
    (signed,) = sign([Draft(head or rig.request_head())], party, NOW)
    return rig.contained(signed, at=NOW + at)


def other_certificate(use: Extensions, *, days: tuple[int, int] = (-9, 9)) -> SigningParty:
    """Return what the tax office signs with when its certificate is for another use or of other times."""
    times = (NOW + timedelta(days=days[0]), NOW + timedelta(days=days[1]))
    own = rig.issue(rig.member_name(TAX), use, country().ca, times=times)
    status = country().status(own.certificate, country().ca.certificate, NOW)
    return SigningParty(own.key, own.certificate.der, (), (status,))


def with_status(status: ocsp_responder.Status) -> SigningParty:
    party = country().party(TAX)
    own = country().members[TAX.member].certificate
    return replace(party, statuses=(country().status(own, country().ca.certificate, NOW, status),))


def stranger() -> SigningParty:
    """Return somebody whose authority is not approved."""
    ca = rig.issue(rig.named("Other CA"), rig.AUTHORITY_USE)
    own = rig.issue(rig.member_name(TAX), rig.SIGNING_USE, ca)
    return SigningParty(
        own.key, own.certificate.der, (), (country().status(own.certificate, ca.certificate, NOW),)
    )


def status_of_another() -> SigningParty:
    party, other = country().party(TAX), country().party(REGISTRY)
    return replace(party, statuses=(*other.statuses, *other.statuses))


def unstamped() -> bytes:
    (signed,) = sign(rig.drafts(1), country().party(TAX), NOW)
    return write_container(Contents(signed.message, signed.signature), NOW)


Make = Callable[[], bytes]
REASONS: list[tuple[str, Make]] = [
    ("container.opens", lambda: b"PK\x05\x06 no ZIP file at all"),
    ("container.opens", lambda: rig.container()[:-9]),
    ("container.opens", lambda: with_files(rig.container(), {"bomb": bytes(40_000_000)})),
    ("container.parts", lambda: with_files(rig.container(), {"message.xml": b""})),
    ("container.parts", lambda: with_files(rig.container(), {"META-INF/signatures.xml": b""})),
    ("container.parts", lambda: with_files(rig.container(b"body"), {"sig-hashchain.xml": b""})),
    ("container.message", lambda: with_files(rig.container(), {"message.xml": b"hello"})),
    ("container.message", lambda: by(country().party(TAX), head=b"GET\r\n/r1/XA\r\nx-road-id:1\r\n")),
    (
        "container.timestamp-manifest",
        lambda: with_files(rig.container(), {"META-INF/ASiCManifest.xml": b"<a/>"}),
    ),
    ("signature.form", lambda: with_files(rig.container(), {"META-INF/signatures.xml": b"<a/>"})),
    ("signature.part-digest", lambda: with_files(rig.container(), {"message.xml": rig.request_head(2)})),
    ("hash-chain.part-digest", lambda: with_files(rig.container(b"body"), {"attachment1": b"Body"})),
    ("hash-chain.inputs-used", lambda: with_files(rig.container(b"body"), {"attachment2": b"more"})),
    ("signature.parts-covered", lambda: with_files(rig.container(), {"attachment1": b"more"})),
    ("timestamp.present", unstamped),
    ("timestamp.imprint", lambda: with_files(rig.container(), {"ts-hashchainresult.xml": b"<a/>"})),
    ("timestamp.readable", lambda: with_files(rig.container(), {"META-INF/timestamp.tst": b"token"})),
    ("ocsp.embedded", lambda: by(status_of_another())),
    ("ocsp.fresh", lambda: by(country().party(TAX), at=timedelta(seconds=3_601))),
    ("ocsp.not-yet-valid", lambda: by(country().party(TAX), at=timedelta(seconds=-3_601))),
    ("ocsp.not-revoked", lambda: by(with_status(ocsp_responder.Revoked(NOW - timedelta(days=1))))),
    ("ocsp.known", lambda: by(with_status(ocsp_responder.Unknown()))),
    ("certificate.for-signing", lambda: by(other_certificate(rig.TLS_USE))),
    ("certificate.in-time", lambda: by(other_certificate(rig.SIGNING_USE, days=(-9, -1)))),
    ("certificate.in-time", lambda: by(other_certificate(rig.SIGNING_USE, days=(1, 9)))),
    ("certificate.issuer-known", lambda: by(stranger())),
    ("trust.signer-is-sender", lambda: by(country().party(TAX), head=rig.request_head(client=REGISTRY))),
    (
        "trust.instance-known",
        lambda: by(country().party(TAX), head=rig.request_head().replace(b"client:XA/", b"client:YY/")),
    ),
]


@pytest.mark.parametrize(("code", "make"), REASONS, ids=[code for code, _ in REASONS])
def test_each_reason_occurs_and_says_what_to_do(code: str, make: Make) -> None:
    (report,) = rig.verify(make())
    found = {each.code: each for each in report.failed}
    assert code in found
    assert found[code].check.remedy
    assert not report.good
    assert report.kind is (FileKind.UNUSABLE if code == "container.opens" else FileKind.CONTAINER)


def test_an_authority_for_authentication_only_signs_no_messages() -> None:
    configuration = country().configuration()
    shared = configuration.own.shared
    assert shared is not None
    cas = tuple(replace(ca, authentication_only=True) for ca in shared.cas)
    assert rig.failing(rig.container(), configuration=country().configuration(cas=cas)) == {
        "trust.authority-for-signing"
    }


def test_a_certificate_that_does_not_follow_the_profile_names_nobody() -> None:
    shared = country().configuration().own.shared
    assert shared is not None
    cas = tuple(replace(ca, profile=EJBCA) for ca in shared.cas)
    codes = rig.failing(rig.container(), configuration=country().configuration(cas=cas))
    assert codes == {"trust.member-readable"}


def test_a_time_stamper_that_is_not_approved_proves_no_time() -> None:
    codes = rig.failing(rig.container(), configuration=country().configuration(tsas=()))
    assert codes == {"timestamp.signer-known"}


def test_the_time_of_the_stamp_counts_and_not_that_of_verifying() -> None:
    """The certificate expired meanwhile; at the time of the stamp it was valid and its status fresh."""
    party = other_certificate(rig.SIGNING_USE, days=(-9, 1))
    verifier = Verifier(country().configuration(), NOW + timedelta(days=700))
    (report,) = verifier.verify([NamedFile("a", by(party))])
    assert report.good, report.failed


def test_every_check_of_this_room_has_a_case() -> None:
    declared = {each.code for each in vars(container_checks).values() if isinstance(each, Check)}
    elsewhere = {"container.request-hash", "trust.authority-for-signing", "trust.member-readable"}
    assert declared - elsewhere <= {code for code, _ in REASONS}
