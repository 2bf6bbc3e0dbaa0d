# SPDX-License-Identifier: EUPL-1.2
"""The provider's description of itself (OpenID Connect Discovery 1.0 section 3, RFC 8414 section 2)."""

from __future__ import annotations

from collections.abc import Sequence

from flagstone.blocks.identity.contract import PERSON_SCOPES, Claim, ClientAuthentication
from flagstone.blocks.identity.model.claims import CLAIMS_BY_SCOPE
from flagstone.blocks.identity.model.clients import ID_TOKEN_ALGORITHMS

AUTHORIZE, TOKEN, USERINFO = "/authorize", "/oauth/token", "/oidc/userinfo"
JWKS, LOGOUT = "/.well-known/jwks.json", "/logout"
REVOKE, INTROSPECT = "/oauth/revoke", "/oauth/introspect"
OPENID_CONFIGURATION = "/.well-known/openid-configuration"
OAUTH_SERVER = "/.well-known/oauth-authorization-server"

ASSERTION_ALGORITHMS = ("ES256", "RS256", "PS256", "Ed25519")
CACHE_SECONDS = 300


def discovery(issuer: str, locales: Sequence[str]) -> dict[str, Claim]:
    """Return the document for both well-known addresses; every address is below `issuer`.

    What is not served is said to be so, because the defaults of the specification say otherwise.
    """
    methods = [method.value for method in ClientAuthentication]
    proven = [method for method in methods if method != ClientAuthentication.NONE.value]
    opened = [claim for claims in CLAIMS_BY_SCOPE.values() for claim in claims]
    token_claims = ["iss", "aud", "exp", "iat", "jti", "auth_time", "nonce", "acr", "amr", "sid", "at_hash"]
    return {
        "issuer": issuer,
        "authorization_endpoint": issuer + AUTHORIZE,
        "token_endpoint": issuer + TOKEN,
        "userinfo_endpoint": issuer + USERINFO,
        "jwks_uri": issuer + JWKS,
        "end_session_endpoint": issuer + LOGOUT,
        "revocation_endpoint": issuer + REVOKE,
        "introspection_endpoint": issuer + INTROSPECT,
        "scopes_supported": list(PERSON_SCOPES),
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code", "client_credentials"],
        "subject_types_supported": ["pairwise", "public"],
        "id_token_signing_alg_values_supported": list(ID_TOKEN_ALGORITHMS),
        "token_endpoint_auth_methods_supported": methods,
        "token_endpoint_auth_signing_alg_values_supported": list(ASSERTION_ALGORITHMS),
        "revocation_endpoint_auth_methods_supported": methods,
        "introspection_endpoint_auth_methods_supported": proven,
        "code_challenge_methods_supported": ["S256"],
        "acr_values_supported": ["low"],
        "claim_types_supported": ["normal"],
        "claims_supported": opened + token_claims,
        "claims_parameter_supported": False,
        "request_parameter_supported": False,
        "request_uri_parameter_supported": False,
        "require_request_uri_registration": False,
        "authorization_response_iss_parameter_supported": True,
        "backchannel_logout_supported": True,
        "backchannel_logout_session_supported": True,
        "frontchannel_logout_supported": False,
        "prompt_values_supported": ["none", "login", "consent", "select_account"],
        "ui_locales_supported": list(locales),
    }
