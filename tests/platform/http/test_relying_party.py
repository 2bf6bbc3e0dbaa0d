# SPDX-License-Identifier: EUPL-1.2
"""The relying party against a provider made of plain answers: keys that turn, foreign endpoints."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from flagstone.kernel.clock import SetClock
from flagstone.platform.crypto.jose import TokenRefused, jwk_set_public, sign_jwt
from flagstone.platform.crypto.keys import KeyKind, SigningKey, generate_signing_key
from flagstone.platform.http.client import Answer, AnswerRefused
from flagstone.platform.http.relying_party import DISCOVERY, NOTICE_EVENT, Notice, Registration, RelyingParty

ISSUER = "https://provider.example"


class Provider:
    """Answers discovery and keys from what the test puts there, and counts the calls."""

    def __init__(self) -> None:
        self.keys = [generate_signing_key(KeyKind.EC_P256)]
        self.changes: dict[str, Any] = {}
        self.calls: list[str] = []

    def call(
        self, method: str, path: str, *, headers: Mapping[str, str] | None = None, body: bytes = b""
    ) -> Answer:
        self.calls.append(path)
        found: Any = jwk_set_public([key.public for key in self.keys])
        if path == DISCOVERY:
            names = ("authorization", "token", "userinfo", "end_session")
            found = {f"{name}_endpoint": f"{ISSUER}/{name}" for name in names}
            found |= {"issuer": ISSUER, "jwks_uri": f"{ISSUER}/keys"} | self.changes
        return Answer(200, {}, json.dumps(found).encode())


@pytest.fixture
def now() -> SetClock:
    return SetClock(datetime(2026, 11, 22, 8, tzinfo=UTC))


@pytest.fixture
def provider() -> Provider:
    return Provider()


@pytest.fixture
def party(provider: Provider, now: SetClock) -> RelyingParty:
    us = generate_signing_key(KeyKind.EC_P256)
    registration = Registration(ISSUER, "portal", "https://us.example/back", "https://us.example/out", (), us)
    return RelyingParty(registration, provider, now)


def notice(key: SigningKey, now: SetClock, **changes: Any) -> str:
    seconds = int(now.now().timestamp())
    claims: dict[str, Any] = {"iss": ISSUER, "aud": "portal", "iat": seconds, "exp": seconds + 60, "sub": "s"}
    return sign_jwt(key, claims | {"events": {NOTICE_EVENT: {}}} | changes, type="logout+jwt")


def test_nothing_is_asked_before_it_is_needed(party: RelyingParty, provider: Provider) -> None:
    assert provider.calls == []
    party.begin("et")
    party.begin("ar")
    assert provider.calls == [DISCOVERY, "/keys"]


def test_every_sign_in_has_its_own_secrets(party: RelyingParty) -> None:
    secrets = [value for _ in range(3) for value in vars(party.begin("en")[1]).values()]
    assert len(set(secrets)) == 9
    assert all(len(value) >= 43 for value in secrets)
    assert party.begin("en")[1].verifier not in repr(party.begin("en")[1])


def test_a_key_that_turned_is_asked_for_but_not_at_every_bad_token(
    party: RelyingParty, provider: Provider, now: SetClock
) -> None:
    assert party.notice(notice(provider.keys[0], now)) == Notice("", "s")
    turned = generate_signing_key(KeyKind.EC_P256)
    provider.keys.append(turned)
    with pytest.raises(TokenRefused):
        party.notice(notice(turned, now))  # the keys were asked for just now
    now.advance(timedelta(seconds=10))
    assert party.notice(notice(turned, now)) == Notice("", "s")
    calls = len(provider.calls)
    for _ in range(20):
        with pytest.raises(TokenRefused):
            party.notice(notice(generate_signing_key(KeyKind.EC_P256), now))
    assert len(provider.calls) == calls


def test_a_provider_of_another_name_is_not_believed(party: RelyingParty, provider: Provider) -> None:
    provider.changes = {"issuer": "https://evil.example"}
    with pytest.raises(AnswerRefused):
        party.begin("en")


@pytest.mark.parametrize(
    ("path", "status"), [(DISCOVERY, 503), (DISCOVERY, 404), ("/keys", 503), ("/keys", 302)]
)
def test_what_comes_with_another_status_is_not_believed(
    party: RelyingParty, provider: Provider, monkeypatch: pytest.MonkeyPatch, path: str, status: int
) -> None:
    usual, failing = provider.call, [True]

    def call(method: str, asked: str, **options: Any) -> Answer:
        answer = usual(method, asked, **options)
        return Answer(status, {}, answer.body) if asked == path and failing else answer

    monkeypatch.setattr(provider, "call", call)
    with pytest.raises(AnswerRefused, match=str(status)):
        party.begin("en")
    failing.clear()
    assert party.begin("en")  # nothing of it was kept


@pytest.mark.parametrize("address", ["https://evil.example/token", "http://provider.example/token", None, 7])
def test_endpoints_must_be_the_providers_own(
    party: RelyingParty, provider: Provider, address: object
) -> None:
    provider.changes = {"token_endpoint": address}
    with pytest.raises(AnswerRefused):
        party.begin("en")


def test_keys_that_we_do_not_admit_are_passed_over(
    party: RelyingParty, provider: Provider, now: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    usual = provider.call

    def call(method: str, path: str, **options: Any) -> Answer:
        answer = usual(method, path, **options)
        if path != "/keys":
            return answer
        listed = [{"kty": "oct", "k": "AAAA"}, "not a key", {}, *answer.json()["keys"]]
        return Answer(200, {}, json.dumps({"keys": listed}).encode())

    monkeypatch.setattr(provider, "call", call)
    assert party.notice(notice(provider.keys[0], now)) == Notice("", "s")
