# SPDX-License-Identifier: EUPL-1.2
"""Members as certificate profiles write them into certificates."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flagstone.blocks.exchange.contract.identifiers import ClientId
from flagstone.blocks.exchange.model.certificate_profiles import ProfileMismatch, is_known, member_of

IMPL = "ee.ria.xroad.common.certificateprofile.impl."
KLASS3 = IMPL + "SkKlass3CertificateProfileInfoProvider"


@pytest.mark.parametrize(
    ("profile", "subject", "member"),
    [
        (
            "BasicCertificateProfileInfoProvider",
            "businessCategory=GOV;serialNumber=70000001;CN=x",
            "GOV/70000001",
        ),
        ("BasicACMECertificateProfileInfoProvider", "businessCategory=GOV;serialNumber=1", "GOV/1"),
        ("EjbcaCertificateProfileInfoProvider", "C=XX;O=GOV;CN=1", "GOV/1"),
        (
            "FiVRKCertificateProfileInfoProvider",
            "C=FI;O=Test client;CN=4321;serialNumber=XX/ss2/COM",
            "COM/4321",
        ),
        ("FiVRKCertificateProfileInfoProvider", "C=FI;O=XX;OU=COM;CN=4321", "COM/4321"),
        ("FoCertificateProfileInfoProvider", "C=FO;O=Test;CN=4321;serialNumber=XX/ss2/COM", "COM/4321"),
        ("IsCertificateProfileInfoProvider", "C=IS;O=XX;OU=COM;CN=4321", "COM/4321"),
        ("SkKlass3CertificateProfileInfoProvider", "serialNumber=16543212", "COM/16543212"),
        ("SkKlass3CertificateProfileInfoProvider", "serialNumber=76543212", "GOV/76543212"),
        ("SkKlass3CertificateProfileInfoProvider", "serialNumber=96543212", "NGO/96543212"),
        ("SkKlass3CertificateProfileInfoProvider", "organizationIdentifier=NTREE-1", "COM/1"),
        ("SkKlass3CertificateProfileInfoProvider", "organizationIdentifier=GO:EE-2", "GOV/2"),
        ("SkKlass3CertificateProfileInfoProvider", "organizationIdentifier=NP:EE-3", "NGO/3"),
        ("SkKlass3CertificateProfileInfoProvider", "organizationIdentifier=NP:FI-9", "NEE/NP:FI-9"),
        ("SkEsteIdCertificateProfileInfoProvider", "serialNumber=60001019906", "PERSON/60001019906"),
    ],
)
def test_each_profile_names_its_member(profile: str, subject: str, member: str) -> None:
    pairs = [tuple(part.partition("=")[::2]) for part in subject.split(";")]
    member_class, _, code = member.partition("/")
    assert member_of(IMPL + profile, pairs, "XX") == ClientId("XX", member_class, code)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("profile", "subject", "why"),
    [
        ("", [("CN", "1")], "not known"),
        ("Other", [("CN", "1")], "not known"),
        (IMPL + "BasicCertificateProfileInfoProvider", [("serialNumber", "1")], "no businessCategory"),
        (IMPL + "EjbcaCertificateProfileInfoProvider", [("C", "YY"), ("O", "G"), ("CN", "1")], "instance YY"),
        (
            IMPL + "EjbcaCertificateProfileInfoProvider",
            [("C", "XX"), ("O", "G"), ("CN", "1"), ("CN", "2")],
            "once",
        ),
        (IMPL + "FiVRKCertificateProfileInfoProvider", [("C", "SE"), ("CN", "1")], "not FI"),
        (
            IMPL + "FiVRKCertificateProfileInfoProvider",
            [("C", "FI"), ("CN", "1"), ("serialNumber", "a/b")],
            "INST",
        ),
        (KLASS3, [("serialNumber", "123")], "8 digits"),
        (KLASS3, [("serialNumber", "s1234567")], "8 digits"),
        (KLASS3, [("serialNumber", "01234567")], "8 digits"),
        (KLASS3, [("ST", "7654321")], "no serialNumber"),
        (KLASS3, [("organizationIdentifier", "NTREE-")], "no member class or code"),
    ],
)
def test_another_name_is_nobodys(profile: str, subject: list[tuple[str, str]], why: str) -> None:
    with pytest.raises(ProfileMismatch, match=why):
        member_of(profile, subject, "XX")


@given(st.lists(st.tuples(st.sampled_from(["C", "O", "OU", "CN", "serialNumber"]), st.text(max_size=9))))
def test_any_name_is_read_or_refused(subject: list[tuple[str, str]]) -> None:
    for profile in ("Basic", "Ejbca", "FiVRK", "Fo", "Is", "SkKlass3", "SkEsteId"):
        assert is_known(profile)
        try:
            found = member_of(profile, subject, "XX")
        except ProfileMismatch:
            continue
        assert found.instance == "XX"
        assert found.member_class
        assert found.member_code
