# SPDX-License-Identifier: EUPL-1.2
"""The endpoints that clients call: discovery, authorisation, tokens, userinfo, keys (GovStack's paths)."""

from __future__ import annotations

from typing import Any

from fastapi import Depends, Request
from starlette.responses import JSONResponse, Response

from flagstone.blocks.identity.contract import Claim, Client, TokenInvalid
from flagstone.blocks.identity.model import discovery
from flagstone.blocks.identity.model.parameters import Parameters, required
from flagstone.blocks.identity.service.authorizing import SignInNeeded
from flagstone.blocks.identity.service.provider import Provider
from flagstone.blocks.identity.web.answers import (
    FORM,
    as_json,
    body_of,
    form_parameters,
    go_to,
    provider_cookie,
    query_parameters,
)
from flagstone.platform.http.cookies import read_cookie
from flagstone.platform.http.language import COOKIE as LANGUAGE_COOKIE
from flagstone.platform.http.language import Languages
from flagstone.platform.http.principal import bearer_token
from flagstone.platform.http.routes import ANYONE, Routes

AUTHENTICATE = "/authenticate/test"
_ERROR = {
    "type": "object",
    "required": ["error"],
    "properties": {"error": {"type": "string"}, "error_description": {"type": "string"}},
}
REFUSED: dict[int | str, dict[str, Any]] = {
    status: {"description": words, "content": {"application/json": {"schema": _ERROR}}}
    for status, words in ((400, "The request is refused (RFC 6749 5.2)."), (401, "The proof does not hold."))
}
CACHED = {"Cache-Control": f"public, max-age={discovery.CACHE_SECONDS}"}


def protocol_routes(provider: Provider, languages: Languages) -> Routes:
    """Return the endpoints of OAuth 2.0 and OpenID Connect; whoever calls proves itself by the protocol."""
    routes = Routes(tags=["identity"], document="identity")
    _describing(routes, provider)
    _authorizing(routes, provider, languages)
    _giving(routes, provider)
    _judging(routes, provider)
    return routes


def _describing(routes: Routes, provider: Provider) -> None:
    """Add discovery and the key set."""

    def document() -> Response:
        return JSONResponse(
            discovery.discovery(provider.terms.issuer, provider.terms.locales), headers=CACHED
        )

    for path in (discovery.OPENID_CONFIGURATION, discovery.OAUTH_SERVER):
        routes.get(path, access=ANYONE, summary="What this provider serves")(document)

    @routes.get(discovery.JWKS, access=ANYONE, summary="Keys that verify this provider's tokens")
    def keys() -> Response:
        return JSONResponse(provider.vault.jwks(provider.clock.now()), headers=CACHED)


def _authorizing(routes: Routes, provider: Provider, languages: Languages) -> None:
    """Add the authorisation endpoint, by GET and POST (OpenID Connect Core 3.1.2.1)."""

    def answer(request: Request, parameters: Parameters) -> Response:
        found = provider.authorizing.ask(parameters, provider_cookie(request))
        if not isinstance(found, SignInNeeded):
            return go_to(found)
        response = go_to(f"{AUTHENTICATE}?request={found.request}")
        if read_cookie(request, LANGUAGE_COOKIE) is None:
            known = [code for code in found.ui_locales if code in languages.by_code]
            languages.choose(request, response, known[0] if known else "")
        return response

    @routes.get(
        discovery.AUTHORIZE,
        access=ANYONE,
        summary="Ask a person to sign in (authorisation code flow with PKCE)",
        status_code=303,
        openapi_extra={"parameters": [_parameter(each) for each in _ASKED]},
    )
    def authorize(request: Request) -> Response:
        return answer(request, query_parameters(request))

    @routes.post(
        discovery.AUTHORIZE,
        access=ANYONE,
        summary="Ask a person to sign in, by a form",
        status_code=303,
        openapi_extra=_form(*_ASKED),
    )
    def authorize_by_form(request: Request, body: bytes = Depends(body_of)) -> Response:
        return answer(request, form_parameters(request, body))


def _giving(routes: Routes, provider: Provider) -> None:
    """Add the token and userinfo endpoints."""

    @routes.post(
        discovery.TOKEN,
        access=ANYONE,
        summary="Exchange a code, or get a machine's token",
        responses=REFUSED,
        openapi_extra=_form(("grant_type", True), ("code", False), ("redirect_uri", False), *_PROOF),
    )
    def token(request: Request, body: bytes = Depends(body_of)) -> Response:
        def give() -> dict[str, Claim]:
            parameters = form_parameters(request, body)
            client = _proven(provider, request, parameters)
            return provider.tokens.give(client, parameters)

        return as_json(give)

    def userinfo(request: Request) -> Response:
        def claims() -> dict[str, Claim]:
            return provider.tokens.userinfo(_bearer(request))

        return as_json(claims)

    summary = "Claims about the person who signed in"
    routes.get(discovery.USERINFO, access=ANYONE, summary=summary, responses=REFUSED)(userinfo)
    routes.post(discovery.USERINFO, access=ANYONE, summary=summary, responses=REFUSED)(userinfo)


def _judging(routes: Routes, provider: Provider) -> None:
    """Add revocation (RFC 7009) and introspection (RFC 7662)."""
    described = _form(("token", True), ("token_type_hint", False), *_PROOF)

    @routes.post(
        discovery.REVOKE,
        access=ANYONE,
        summary="Give a token back",
        responses=REFUSED,
        openapi_extra=described,
    )
    def revoke(request: Request, body: bytes = Depends(body_of)) -> Response:
        def end() -> None:
            parameters = form_parameters(request, body)
            client = _proven(provider, request, parameters)
            provider.tokens.revoke(client, required(parameters, "token", length_max=4_096))

        return as_json(end)

    @routes.post(
        discovery.INTROSPECT,
        access=ANYONE,
        summary="What a token is worth",
        responses=REFUSED,
        openapi_extra=described,
    )
    def introspect(request: Request, body: bytes = Depends(body_of)) -> Response:
        def judge() -> dict[str, Claim]:
            parameters = form_parameters(request, body)
            client = _proven(provider, request, parameters)
            return provider.tokens.introspect(client, required(parameters, "token", length_max=4_096))

        return as_json(judge)


def _proven(provider: Provider, request: Request, parameters: Parameters) -> Client:
    """Return the client that proved itself in this request; ClientUnknown, RequestInvalid."""
    issuer = provider.terms.issuer
    addresses = {issuer, issuer + discovery.TOKEN, issuer + request.url.path}
    return provider.proof.client(parameters, request.headers.get("authorization", ""), addresses)


def _bearer(request: Request) -> str:
    """Return the access token, which must be in the header (RFC 6750 2.1); TokenInvalid."""
    token = bearer_token(request)
    if token is None:
        raise TokenInvalid("send the token in the Authorization header")
    return token


_ASKED = (
    ("client_id", True),
    ("redirect_uri", True),
    ("response_type", True),
    ("scope", True),
    ("code_challenge", True),
    ("code_challenge_method", True),
    ("state", False),
    ("nonce", False),
    ("prompt", False),
    ("max_age", False),
    ("ui_locales", False),
)
_PROOF = (
    ("code_verifier", False),
    ("scope", False),
    ("client_id", False),
    ("client_secret", False),
    ("client_assertion_type", False),
    ("client_assertion", False),
)


def _parameter(described: tuple[str, bool]) -> dict[str, Any]:
    """Return the OpenAPI description of a query parameter: its name and whether it is required."""
    name, needed = described
    return {"name": name, "in": "query", "required": needed, "schema": {"type": "string"}}


def _form(*fields: tuple[str, bool]) -> dict[str, Any]:
    """Return the OpenAPI description of a form body."""
    schema = {
        "type": "object",
        "properties": {name: {"type": "string"} for name, _ in fields},
        "required": [name for name, needed in fields if needed],
    }
    return {"requestBody": {"required": True, "content": {FORM: {"schema": schema}}}}
