# SPDX-License-Identifier: EUPL-1.2
"""Keys in SoftHSM: made there, signing there, never leaving, destroyed for good."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from flagstone.platform.crypto import issuing
from flagstone.platform.crypto.pkcs11 import Hsm
from flagstone.platform.crypto.pkcs11_door import HsmKeyMissing, HsmUnusable, Token
from flagstone.platform.crypto.signing import Algorithm, PrivateKeyUnusable, read_public, verify
from tests.platform.crypto.softhsm import softhsm


@pytest.fixture(scope="module")
def token(tmp_path_factory: pytest.TempPathFactory) -> Token:
    folder = tmp_path_factory.mktemp("hsm")
    module, pin_file = softhsm(folder, "flagstone-pkcs11")
    return Token(module, "flagstone-pkcs11", pin_file)


@pytest.fixture
def hsm(token: Token) -> Hsm:
    return Hsm(token)


RSA = [one for one in Algorithm if one.name.startswith(("RSA", "PSS")) and not one.name.endswith("SHA1")]
ECDSA = [one for one in Algorithm if one.name.startswith("ECDSA") and not one.name.endswith("SHA1")]


@pytest.mark.parametrize(("type_", "algorithms"), [("rsa-2048", RSA), ("ec-p256", ECDSA), ("ec-p384", ECDSA)])
def test_what_a_key_in_the_module_signs_verifies(hsm: Hsm, type_: str, algorithms: list[Algorithm]) -> None:
    key = hsm.make(f"sign-{type_}", type_)
    assert issuing.key_kind(key.public_der) == type_
    assert key.algorithm.digest.title == "SHA-512"
    for algorithm in algorithms:
        signature = key.sign(b"message", algorithm)
        assert verify(key.public_der, signature, b"message", algorithm)
        assert not verify(key.public_der, signature, b"Message", algorithm)
    assert verify(key.public_der, key.sign(b"more"), b"more", key.algorithm)
    assert hsm.key(f"sign-{type_}").public_der == key.public_der


def test_a_key_does_not_sign_as_another_kind(hsm: Hsm) -> None:
    key = hsm.make("kind", "ec-p256")
    with pytest.raises(PrivateKeyUnusable):
        key.sign(b"message", Algorithm.RSA_SHA256)
    assert "914627" not in repr(key) + repr(hsm)


def test_a_certificate_is_issued_by_a_key_in_the_module(hsm: Hsm) -> None:
    key = hsm.make("issuing", "rsa-2048")
    assert read_public(key.public_der).bits == 2048
    now = datetime(2026, 11, 22, tzinfo=UTC)
    root = issuing.Extensions(("key_cert_sign", "crl_sign"), ca=True)
    draft = issuing.Draft(7, (("CN", "Root"),), now, now + timedelta(days=1), key.public_der, root)
    algorithm = issuing.algorithm_for(key.public_der)
    made = issuing.signed(issuing.to_be_signed(draft, None, algorithm), key, algorithm)
    assert issuing.is_issued_by(made, made)


def test_a_destroyed_key_is_gone(hsm: Hsm) -> None:
    key = hsm.make("gone", "ec-p256")
    hsm.destroy("gone")
    hsm.destroy("gone")
    with pytest.raises(HsmKeyMissing):
        key.sign(b"message")
    with pytest.raises(HsmKeyMissing):
        hsm.key("gone")


def test_a_name_is_taken_once_and_odd_kinds_are_refused(hsm: Hsm) -> None:
    hsm.make("once", "ec-p256")
    with pytest.raises(HsmUnusable):
        hsm.make("once", "ec-p256")
    with pytest.raises(HsmUnusable):
        hsm.make("odd", "dsa-1024")


def test_many_threads_take_turns(hsm: Hsm) -> None:
    key = hsm.make("threads", "ec-p256")
    with ThreadPoolExecutor(12) as pool:
        signatures = list(pool.map(lambda number: key.sign(b"%d" % number), range(60)))
    for number, signature in enumerate(signatures):
        assert verify(key.public_der, signature, b"%d" % number, key.algorithm)


@pytest.mark.filterwarnings("ignore:Exception ignored in.*pkcs11:pytest.PytestUnraisableExceptionWarning")
def test_a_session_that_was_closed_under_us_is_replaced(hsm: Hsm) -> None:
    key = hsm.make("closed", "ec-p256")
    hsm._session.close()
    assert verify(key.public_der, key.sign(b"message"), b"message", key.algorithm)
    hsm.close()
    assert verify(key.public_der, key.sign(b"message"), b"message", key.algorithm)


def test_a_forked_process_opens_its_own_sessions(hsm: Hsm) -> None:
    key = hsm.make("forked", "ec-p256")
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.write(writer, key.sign(b"message"))
        finally:
            os._exit(0)
    os.close(writer)
    signature = os.read(reader, 200)
    os.close(reader)
    os.waitpid(child, 0)
    assert verify(key.public_der, signature, b"message", key.algorithm)
    assert verify(key.public_der, key.sign(b"after"), b"after", key.algorithm)


def test_what_does_not_work_is_told(token: Token, tmp_path: Path) -> None:
    with pytest.raises(HsmUnusable):
        Hsm(Token(token.module, "no-such-token", token.pin_file)).key("any")
    with pytest.raises(HsmUnusable):
        Hsm(Token(tmp_path / "nothing.so", token.label, token.pin_file)).key("any")
