# SPDX-License-Identifier: EUPL-1.2
"""Key files: private, made once, whole."""

from __future__ import annotations

import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from flagstone.platform.crypto import keys
from flagstone.platform.crypto.keys import KeyFileExists, KeyFileUnusable, KeyKind, KeyRefused


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "keys"
    keys.ensure_folder(place)
    return place


@pytest.mark.parametrize("kind", list(KeyKind))
def test_a_signing_key_comes_back_from_its_file(folder: Path, kind: KeyKind) -> None:
    made = keys.generate_signing_key(kind)
    keys.save_signing_key(folder / "one.pem", made)
    found = keys.load_signing_key(folder / "one.pem")
    assert (found.id, found.kind, found.algorithm) == (made.id, kind, made.algorithm)


def test_the_id_is_the_rfc_7638_thumbprint_of_its_example() -> None:
    n = (
        "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMst"
        "n64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn"
        "1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw"
    )
    found = keys.public_key({"kty": "RSA", "n": n, "e": "AQAB"})
    assert found.id == "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"


def test_files_are_for_the_owner_alone_whatever_the_mask(folder: Path) -> None:
    before = os.umask(0)
    try:
        keys.save_secret_key(folder / "deep" / "s.key", keys.generate_secret_key())
    finally:
        os.umask(before)
    assert stat.S_IMODE((folder / "deep").stat().st_mode) == 0o700
    assert stat.S_IMODE((folder / "deep" / "s.key").stat().st_mode) == 0o600
    assert [entry.name for entry in (folder / "deep").iterdir()] == ["s.key"]


def test_a_key_is_never_overwritten(folder: Path) -> None:
    first = keys.generate_secret_key()
    keys.save_secret_key(folder / "s.key", first)
    with pytest.raises(KeyFileExists):
        keys.save_secret_key(folder / "s.key", keys.generate_secret_key())
    assert keys.load_secret_key(folder / "s.key").octets == first.octets
    assert [entry.name for entry in folder.iterdir()] == ["s.key"]


@pytest.mark.parametrize("rights", [0o640, 0o604, 0o620, 0o666])
def test_a_file_that_others_may_reach_is_refused(folder: Path, rights: int) -> None:
    keys.save_secret_key(folder / "s.key", keys.generate_secret_key())
    (folder / "s.key").chmod(rights)
    with pytest.raises(KeyFileUnusable, match="other users"):
        keys.load_secret_key(folder / "s.key")


def test_a_folder_that_others_may_enter_is_refused(folder: Path) -> None:
    keys.save_secret_key(folder / "s.key", keys.generate_secret_key())
    folder.chmod(0o750)
    with pytest.raises(KeyFileUnusable, match="other users"):
        keys.load_secret_key(folder / "s.key")
    with pytest.raises(KeyFileUnusable, match="other users"):
        keys.ensure_folder(folder)


def test_a_symbolic_link_is_refused(folder: Path, tmp_path: Path) -> None:
    keys.save_secret_key(folder / "s.key", keys.generate_secret_key())
    (folder / "link.key").symlink_to(folder / "s.key")
    with pytest.raises(KeyFileUnusable, match="symbolic link"):
        keys.load_secret_key(folder / "link.key")
    (tmp_path / "link").symlink_to(folder)
    with pytest.raises(KeyFileUnusable, match="symbolic link"):
        keys.load_secret_key(tmp_path / "link" / "s.key")


def test_another_owner_is_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keys.save_secret_key(folder / "s.key", keys.generate_secret_key())
    monkeypatch.setattr(os, "geteuid", lambda: 54321)
    with pytest.raises(KeyFileUnusable, match="another user"):
        keys.load_secret_key(folder / "s.key")


@pytest.mark.parametrize("data", [b"", b"x" * 31, b"x" * 33, b"x" * 40_000])
def test_a_secret_has_exactly_32_bytes(folder: Path, data: bytes) -> None:
    keys.write_private(folder / "s.key", data)
    with pytest.raises(KeyFileUnusable):
        keys.load_secret_key(folder / "s.key")


def test_what_is_no_key_is_refused(folder: Path) -> None:
    keys.write_private(folder / "k.pem", b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n")
    with pytest.raises(KeyFileUnusable, match="no private"):
        keys.load_signing_key(folder / "k.pem")
    public = keys.generate_signing_key(KeyKind.EC_P256).jose.as_pem(private=False)
    keys.write_private(folder / "p.pem", public)
    with pytest.raises(KeyFileUnusable):
        keys.load_signing_key(folder / "p.pem")
    with pytest.raises(KeyFileUnusable, match="missing"):
        keys.load_signing_key(folder / "nowhere.pem")


def test_many_starts_at_once_agree_on_one_secret(folder: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        found = set(pool.map(lambda _: keys.ensure_secret_key(folder / "s.key").octets, range(16)))
    assert len(found) == 1


def test_private_parts_are_not_shown() -> None:
    secret, signing = keys.generate_secret_key(), keys.generate_signing_key(KeyKind.EC_P256)
    assert secret.octets.hex() not in repr(secret)
    assert repr(secret.octets) not in repr(secret)
    assert "jose" not in repr(signing)


def test_public_keys_of_other_kinds_are_refused() -> None:
    ec = keys.generate_signing_key(KeyKind.EC_P256).jose
    small = {"kty": "RSA", "n": "u" * 170, "e": "AQAB"}
    off_curve = {"kty": "EC", "crv": "P-256", "x": "A" * 43, "y": "A" * 43}
    refused: list[Any] = [
        dict(ec.as_dict(private=True)),
        {"kty": "oct", "k": "AAAA"},
        {"kty": "EC", "crv": "P-384", "x": "AA", "y": "AA"},
        {"kty": "RSA", "n": "u" * 100_000, "e": "AQAB"},
        {"kty": "RSA"},
        {},
        {"kty": ["EC"]},
        dict(ec.as_dict(private=False)) | {"kid": ""},
        dict(ec.as_dict(private=False)) | {"kid": 7},
        small,
        off_curve,
    ]
    for jwk in refused:
        with pytest.raises(KeyRefused):
            keys.public_key(jwk)
