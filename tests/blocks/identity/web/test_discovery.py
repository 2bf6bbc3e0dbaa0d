# SPDX-License-Identifier: EUPL-1.2
"""The provider's description of itself: complete, kept for five minutes, and true."""

from __future__ import annotations

from tests.blocks.identity.site import ISSUER, Site


def test_both_documents_say_the_same_and_may_be_kept(site: Site) -> None:
    first = site.browser.get("/.well-known/openid-configuration")
    assert first.json() == site.browser.get("/.well-known/oauth-authorization-server").json()
    assert "max-age=300" in first.headers["cache-control"]
    assert first.json()["issuer"] == ISSUER


def test_every_address_named_is_served(site: Site) -> None:
    document = site.browser.get("/.well-known/openid-configuration").json()
    for name, address in document.items():
        if name.endswith("_endpoint") or name == "jwks_uri":
            path = address.removeprefix(ISSUER)
            assert site.browser.get(path).status_code in (200, 400, 401, 405), name
            assert site.browser.post(path).status_code in (200, 400, 401, 405), name


def test_what_is_not_served_is_said_so(site: Site) -> None:
    document = site.browser.get("/.well-known/openid-configuration").json()
    assert document["request_parameter_supported"] is False
    assert document["request_uri_parameter_supported"] is False
    assert document["response_types_supported"] == ["code"]
    assert document["code_challenge_methods_supported"] == ["S256"]
    assert document["authorization_response_iss_parameter_supported"] is True


def test_keys_are_published_with_what_verifiers_need(site: Site) -> None:
    for key in site.browser.get("/.well-known/jwks.json").json()["keys"]:
        assert {"kty", "kid", "use", "alg"} <= set(key)
        assert {"d", "p", "q", "k"}.isdisjoint(key)
