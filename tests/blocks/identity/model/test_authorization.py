# SPDX-License-Identifier: EUPL-1.2
"""Answers to authorisation requests and PKCE (RFC 7636 appendix B, RFC 6749 4.1.2)."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlsplit

from hypothesis import given
from hypothesis import strategies as st

from flagstone.blocks.identity.model.authorization import answer_address, verifier_fits


def test_the_example_of_rfc_7636() -> None:
    verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
    assert verifier_fits(verifier, "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM")
    assert not verifier_fits(verifier, verifier)
    assert not verifier_fits("", "")


@given(st.text(max_size=150), st.text(max_size=50))
def test_any_verifier_is_judged(verifier: str, challenge: str) -> None:
    if challenge.isascii():
        assert not verifier_fits(verifier, challenge) or len(verifier) >= 43


@given(st.dictionaries(st.sampled_from(["code", "state", "iss", "error"]), st.text(min_size=1)))
def test_whatever_is_answered_stays_in_the_query(answer: dict[str, str]) -> None:
    clean = {k: v for k, v in answer.items() if v.isprintable()}
    address = answer_address("https://rp.example/cb?a=1", clean)
    parts = urlsplit(address)
    assert (parts.netloc, parts.path, parts.fragment) == ("rp.example", "/cb", "")
    assert dict(parse_qsl(parts.query)) == clean | {"a": "1"}
    assert address.isascii()
    assert "\n" not in address
