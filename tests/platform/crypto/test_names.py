# SPDX-License-Identifier: EUPL-1.2
"""Distinguished names as pairs, as text, and as keys to compare them by."""

from __future__ import annotations

import pytest
from cryptography import x509
from cryptography.x509.oid import NameOID
from hypothesis import given, settings
from hypothesis import strategies as st

from flagstone.platform.crypto import der
from flagstone.platform.crypto.names import SHORT_NAMES, loose_key, name_key, names_of, text_of

OIDS = [NameOID.COMMON_NAME, NameOID.ORGANIZATION_NAME, NameOID.SERIAL_NUMBER, NameOID.BUSINESS_CATEGORY]
VALUES = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=16)
NAMES = st.lists(st.tuples(st.sampled_from(OIDS), VALUES), max_size=5)


def made(pairs: list[tuple[x509.ObjectIdentifier, str]]) -> x509.Name:
    return x509.Name([x509.NameAttribute(oid, value, _validate=False) for oid, value in pairs])


@given(NAMES)
@settings(max_examples=100)
def test_our_reader_and_cryptographys_writer_agree_on_pairs(
    pairs: list[tuple[x509.ObjectIdentifier, str]],
) -> None:
    read = names_of(made(pairs).public_bytes())
    assert [(SHORT_NAMES[oid.dotted_string], value) for oid, value in pairs] == list(read)


def common_name(value: bytes, tag: int) -> bytes:
    return der.sequence(der.set_of(der.sequence(der.oid("2.5.4.3"), der.tlv(tag, value))))


def test_every_kind_of_string_is_read() -> None:
    for tag, encoding in [
        (0x0C, "utf-8"),
        (0x13, "ascii"),
        (0x14, "latin-1"),
        (0x16, "ascii"),
        (0x1E, "utf-16-be"),
    ]:
        assert names_of(common_name("Aru".encode(encoding), tag)) == (("CN", "Aru"),)
    assert names_of(common_name(b"\x00\x01", 0x03)) == (("CN", "#0001"),)


@given(st.binary(max_size=60))
@settings(max_examples=150)
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    for name in (data, common_name(data, 0x0C), der.sequence(data)):
        try:
            text_of(names_of(name))
        except (ValueError, der.DerRefused):
            continue


def test_text_is_that_of_rfc_4514() -> None:
    name = made(
        [
            (NameOID.COUNTRY_NAME, "XA"),
            (NameOID.ORGANIZATION_NAME, 'A, "B" + C'),
            (NameOID.COMMON_NAME, "#ss 1 "),
        ]
    )
    assert text_of(names_of(name.public_bytes())) == 'CN=\\#ss 1\\ ,O=A\\, \\"B\\" \\+ C,C=XA'
    assert text_of(names_of(name.public_bytes())) == name.rfc4514_string()


def test_text_shows_characters_that_would_mislead() -> None:
    assert text_of((("CN", "a\u202eb\nc"),)) == "CN=a\\E2\\80\\AEb\\0Ac"


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("Test CA", "test  ca ", True),
        ("Test CA", "Test CB", False),
        ("ﬁ", "fi", True),
        ("a", "b", False),
    ],
)
def test_case_and_spaces_do_not_tell_names_apart(one: str, other: str, *, same: bool) -> None:
    assert (name_key((("CN", one),)) == name_key((("CN", other),))) is same


def test_pairs_cannot_be_joined_into_another_name() -> None:
    assert name_key((("CN", "a"), ("O", "b"))) != name_key((("CN", "a', 'O', 'b"),))
    assert name_key((("CN", "a"), ("O", "b"))) != name_key((("O", "b"), ("CN", "a")))


def test_names_that_are_too_long_are_refused() -> None:
    pair = der.set_of(der.sequence(der.oid("2.5.4.3"), der.tlv(0x0C, b"x")))
    with pytest.raises(ValueError, match="too long"):
        names_of(der.sequence(*[pair] * 65))
    with pytest.raises(ValueError, match="too long"):
        names_of(common_name(b"x" * 5000, 0x0C))


def test_a_name_written_backwards_is_found_but_is_not_the_same() -> None:
    forth, back = (("C", "XA"), ("CN", "a")), (("CN", "a"), ("C", "XA"))
    assert name_key(forth) != name_key(back)
    assert loose_key(forth) == loose_key(back)
    assert loose_key(forth) != loose_key((("CN", "a"), ("C", "XB")))
