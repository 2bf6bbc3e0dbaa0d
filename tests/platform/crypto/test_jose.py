# SPDX-License-Identifier: EUPL-1.2
"""Tokens are refused unless everything about them is expected (RFC 7515, 7519, 8725)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey

from flagstone.platform.crypto import jose
from flagstone.platform.crypto.jose import TokenRefused, VerifiedToken
from flagstone.platform.crypto.keys import KeyKind, PublicKey, generate_signing_key, public_key

NOW = datetime(2026, 11, 22, 8, tzinfo=UTC)
EC = generate_signing_key(KeyKind.EC_P256)
RSA = generate_signing_key(KeyKind.RSA_2048)
KEYS = (EC.public, RSA.public)
CLAIMS: dict[str, Any] = {
    "iss": "i",
    "aud": "a",
    "sub": "s",
    "exp": int(NOW.timestamp()) + 60,
    "iat": int(NOW.timestamp()),
}


def verify(token: str, keys: tuple[PublicKey, ...] = KEYS, **changes: Any) -> VerifiedToken:
    expected: dict[str, Any] = {"issuer": "i", "audience": "a", "now": NOW} | changes
    return jose.verify_jwt(token, keys, **expected)


def part(value: object) -> str:
    data = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def forged(header: dict[str, object], claims: object = CLAIMS, signature: bytes = b"x" * 64) -> str:
    return f"{part(header)}.{part(claims)}.{part(signature)}"


@pytest.mark.parametrize("key", [EC, RSA])
def test_a_token_comes_back_verified_and_an_outside_library_agrees(key: Any) -> None:
    token = jose.sign_jwt(key, CLAIMS)
    found = verify(token)
    assert (found.key_id, found.algorithm, found.claims["sub"]) == (key.id, key.algorithm, "s")
    public = (ECKey if key is EC else RSAKey).import_key(jose.public_jwk(key.public))  # type: ignore[arg-type]
    assert jwt.decode(token, public, algorithms=[key.algorithm]).claims == CLAIMS


@pytest.mark.parametrize("algorithm", ["PS256", "RS256"])
def test_rsa_signs_by_pss_too(algorithm: str) -> None:
    assert verify(jose.sign_jwt(RSA, CLAIMS, algorithm=algorithm)).algorithm == algorithm


def test_ed25519_of_others_is_verified() -> None:
    algorithm = "Ed25519"
    theirs = OKPKey.generate_key("Ed25519")
    token = jwt.encode({"alg": algorithm}, CLAIMS, theirs, algorithms=[algorithm])
    assert verify(token, (public_key(theirs.as_dict(private=False)),)).algorithm == algorithm


def test_a_key_does_not_sign_by_an_algorithm_that_does_not_fit() -> None:
    with pytest.raises(ValueError, match="does not fit"):
        jose.sign_jwt(EC, CLAIMS, algorithm="RS256")


@pytest.mark.parametrize(
    "name", ["none", "None", "NONE", "", "HS256", "EdDSA", "ES384", "RS1", None, 7, ["ES256"]]
)
def test_alg_none_and_every_unlisted_algorithm_is_refused(name: object) -> None:
    for signature in (b"", b"x" * 64):
        with pytest.raises(TokenRefused):
            verify(forged({"alg": name, "kid": EC.id}, signature=signature))


def test_key_confusion_a_public_key_is_no_hmac_secret() -> None:
    for secret in (RSA.jose.as_pem(private=False), RSA.jose.as_der(private=False)):
        signed = f"{part({'alg': 'HS256', 'typ': 'JWT', 'kid': RSA.id})}.{part(CLAIMS)}"
        signature = hmac.new(secret, signed.encode(), hashlib.sha256).digest()
        with pytest.raises(TokenRefused):
            verify(f"{signed}.{part(signature)}")
    oct_token = jwt.encode({"alg": "HS256"}, CLAIMS, OctKey.import_key(b"k" * 32), algorithms=["HS256"])
    with pytest.raises(TokenRefused):
        verify(oct_token)


def test_an_algorithm_of_another_key_type_is_refused() -> None:
    header, claims, signature = jose.sign_jwt(EC, CLAIMS).split(".")
    with pytest.raises(TokenRefused):
        verify(f"{part({'alg': 'RS256', 'typ': 'JWT', 'kid': EC.id})}.{claims}.{signature}")
    with pytest.raises(TokenRefused):
        verify(f"{part({'alg': 'ES256', 'typ': 'JWT', 'kid': RSA.id})}.{claims}.{signature}")
    assert header


@pytest.mark.parametrize("name", sorted(jose.HEADERS_REFUSED))
def test_headers_that_bring_keys_or_rules_are_refused(name: str) -> None:
    mine = ECKey.generate_key("P-256")
    values: dict[str, object] = {
        "jwk": mine.as_dict(private=False),
        "jku": "https://attacker.example/keys",
        "x5u": "https://attacker.example/chain",
        "x5c": ["AAAA"],
        "crit": ["exp"],
        "b64": False,
    }
    with pytest.raises(TokenRefused, match="not admitted"):
        verify(forged({"alg": "ES256", "kid": EC.id, name: values[name]}))


def test_an_unknown_key_id_is_refused_and_a_missing_one_only_when_it_is_clear() -> None:
    claims = jose.sign_jwt(EC, CLAIMS).split(".")[1]
    theirs = jwt.encode({"alg": "ES256", "kid": "unknown"}, CLAIMS, EC.jose, algorithms=["ES256"])
    with pytest.raises(TokenRefused, match="no known key"):
        verify(theirs)
    bare = jwt.encode({"alg": "ES256"}, CLAIMS, EC.jose, algorithms=["ES256"])
    assert verify(bare).key_id == EC.id
    with pytest.raises(TokenRefused, match="name its key"):
        verify(bare, (EC.public, generate_signing_key(KeyKind.EC_P256).public))
    assert claims


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"iss": "other"}, "another issuer"),
        ({"iss": ["i"]}, "another issuer"),
        ({"aud": "other"}, "another audience"),
        ({"aud": []}, "another audience"),
        ({"aud": {"a": 1}}, "another audience"),
        ({"aud": [7]}, "another audience"),
        ({"exp": int(NOW.timestamp())}, "expired"),
        ({"exp": "tomorrow"}, "not a time"),
        ({"exp": True}, "not a time"),
        ({"exp": 10**30}, "not a time"),
        ({"exp": None}, "not a time"),
        ({"nbf": int(NOW.timestamp()) + 1}, "not valid yet"),
        ({"iat": int(NOW.timestamp()) + 1}, "in the future"),
    ],
)
def test_claims_that_do_not_hold(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(TokenRefused, match=said):
        verify(jose.sign_jwt(EC, CLAIMS | changes))


def test_a_token_without_expiry_is_refused() -> None:
    with pytest.raises(TokenRefused, match="expires"):
        verify(jose.sign_jwt(EC, {name: value for name, value in CLAIMS.items() if name != "exp"}))


def test_leeway_is_given_and_bounded() -> None:
    late = CLAIMS | {"exp": int(NOW.timestamp()) - 20}
    verify(jose.sign_jwt(EC, late), leeway=timedelta(seconds=30))
    long_gone = CLAIMS | {"exp": int(NOW.timestamp()) - 301}
    with pytest.raises(TokenRefused, match="expired"):
        verify(jose.sign_jwt(EC, long_gone), leeway=timedelta(days=1))


def test_one_of_several_audiences_is_enough() -> None:
    verify(jose.sign_jwt(EC, CLAIMS | {"aud": ["x", "b"]}), audience={"a", "b"})


def test_a_token_of_one_type_is_no_token_of_another() -> None:
    access = jose.sign_jwt(EC, CLAIMS, type="at+jwt")
    verify(access, type="at+jwt")
    with pytest.raises(TokenRefused, match="another type"):
        verify(access)
    with pytest.raises(TokenRefused, match="another type"):
        verify(jose.sign_jwt(EC, CLAIMS), type="at+jwt")
    untyped = jwt.encode({"alg": "ES256"}, CLAIMS, EC.jose, algorithms=["ES256"], default_type=None)
    verify(untyped)
    with pytest.raises(TokenRefused, match="another type"):
        verify(untyped, type="logout+jwt")


def test_a_header_of_some_kilobytes_is_read_and_a_huge_one_is_not() -> None:
    signed = jwt.encode(
        {"alg": "ES256", "typ": "JWT", "kid": EC.id, "x5t": "x" * 4_000},
        CLAIMS,
        EC.jose,
        registry=jose._Registry(algorithms=["ES256"]),
    )
    verify(signed)
    with pytest.raises(TokenRefused, match="too long"):
        verify(forged({"alg": "ES256", "kid": "x" * 20_000}))
    with pytest.raises(TokenRefused, match="too long"):
        verify("a" * 70_000)


def test_repeated_members_deep_nesting_and_odd_json_are_refused() -> None:
    header = part({"alg": "ES256", "typ": "JWT", "kid": EC.id})
    twice = part(b'{"alg":"ES256","alg":"none"}')
    deep = part(b'{"a":' + b"[" * 20_000 + b"]" * 20_000 + b"}")
    for token in (
        f"{twice}.{part(CLAIMS)}.AAAA",
        f"{deep[:16_000]}.{part(CLAIMS)}.AAAA",
        f"{header}.{deep}.AAAA",
    ):
        with pytest.raises(TokenRefused):
            verify(token)
    with pytest.raises(TokenRefused):
        jose.unverified_claims(f"{header}.{deep}.AAAA")
    with pytest.raises(TokenRefused):
        jose.unverified_claims(f"{header}.{part(b'[NaN]')}.AAAA")


def test_base64_has_one_form() -> None:
    token = jose.sign_jwt(EC, CLAIMS)
    head, _, _ = token.partition(".")
    for odd in (
        token + "=",
        token.replace(".", "=.", 1),
        token.replace(".", "\n.", 1),
        token + ".",
        head,
        token + ".",
    ):
        with pytest.raises(TokenRefused):
            verify(odd)


@given(st.text(max_size=300))
def test_any_text_is_refused_and_nothing_else_happens(text: str) -> None:
    with pytest.raises(TokenRefused):
        verify(text)


@given(st.dictionaries(st.sampled_from(["alg", "kid", "typ", "crit"]), st.text() | st.none() | st.integers()))
def test_any_header_is_refused_and_nothing_else_happens(header: dict[str, object]) -> None:
    with pytest.raises(TokenRefused):
        verify(forged(header))


@given(st.integers(min_value=0, max_value=250), st.sampled_from("ABCxyz019-_"))
def test_any_changed_character_is_noticed(place: int, character: str) -> None:
    token = jose.sign_jwt(EC, CLAIMS)
    changed = token[:place] + character + token[place + 1 :]
    if changed != token:
        with pytest.raises(TokenRefused):
            verify(changed)


def test_the_published_set_has_rsa_first_and_nothing_private() -> None:
    published = jose.jwk_set_public(KEYS)["keys"]
    assert [key["kty"] for key in published] == ["RSA", "EC"]
    assert [key["kid"] for key in published] == [RSA.id, EC.id]
    assert all(key["use"] == "sig" for key in published)
    assert all({"d", "p", "q", "dp", "dq", "qi", "k"}.isdisjoint(key) for key in published)
