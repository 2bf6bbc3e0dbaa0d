# SPDX-License-Identifier: EUPL-1.2
"""JSON Web Tokens behind one door, with every limit in one place (RFC 7515, 7519, 8725).

The caller names the keys, the type, the issuer and the audience; nothing in a token's header can
choose a key that the caller did not bring (no `jwk`, `jku`, `x5u`, `x5c`), relax a check, or add one.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jws import JWSRegistry

from flagstone.kernel.errors import Fault, Kind
from flagstone.platform.crypto.keys import PublicKey, SigningKey

SIGNATURE_ALGORITHMS = ("ES256", "RS256", "PS256", "Ed25519")
HEADER_CHARACTERS_MAX = 16_384
TOKEN_CHARACTERS_MAX = 65_536
SIGNATURE_CHARACTERS_MAX = 2_048
LEEWAY_MAX = timedelta(minutes=5)
HEADERS_REFUSED = frozenset({"crit", "b64", "jwk", "jku", "x5u", "x5c"})

Claim = None | bool | int | float | str | Sequence["Claim"] | Mapping[str, "Claim"]
Claims = Mapping[str, Claim]

_SEGMENT = re.compile(r"[A-Za-z0-9_-]+", re.ASCII)


class TokenRefused(Fault):
    """A token is malformed, not signed by a known key, expired, or meant for somebody else."""

    code = "crypto.token-refused"
    kind = Kind.UNAUTHENTICATED
    title = "The token is not accepted"
    remedy = "Ask the issuer for a fresh token that is meant for this receiver."


class _Registry(JWSRegistry):
    """The limits of joserfc, set once: its own header limit of 512 bytes refuses any `x5c`."""

    max_header_length = HEADER_CHARACTERS_MAX
    max_payload_length = TOKEN_CHARACTERS_MAX
    max_signature_length = SIGNATURE_CHARACTERS_MAX


@dataclass(frozen=True)
class VerifiedToken:
    """A token whose signature and times hold: the key and algorithm that signed it, its claims."""

    key_id: str
    algorithm: str
    type: str
    claims: Claims = field(repr=False)

    def text(self, name: str) -> str:
        """Return a claim that must be text; TokenRefused when it is absent or of another type."""
        value = self.claims.get(name)
        if not isinstance(value, str) or not value:
            raise TokenRefused(f"the claim {name} is missing or not text")
        return value


def sign_jwt(key: SigningKey, claims: Claims, *, type: str = "JWT", algorithm: str = "") -> str:  # noqa: A002
    """Return `claims` signed by `key` in compact form, with `kid` and `typ` in the header.

    `algorithm` is the key's default unless given; ValueError when it does not fit the key.
    """
    chosen = algorithm or key.algorithm
    if chosen not in key.public.algorithms:
        raise ValueError(f"{chosen} does not fit the key")
    header = {"alg": chosen, "typ": type, "kid": key.id}
    payload = json.dumps(claims, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()
    return jws.serialize_compact(header, payload, key.jose, registry=_Registry(algorithms=[chosen]))


def verify_jwt(
    token: str,
    keys: Collection[PublicKey],
    *,
    issuer: str,
    audience: str | Collection[str],
    now: datetime,
    leeway: timedelta = timedelta(0),
    type: str = "JWT",  # noqa: A002
) -> VerifiedToken:
    """Return the verified token, or raise TokenRefused.

    `issuer` must equal `iss`; one of `audience` must be in `aud`. `exp` is required and, like `nbf` and
    `iat`, judged at `now` with `leeway` (at most five minutes). `type` must equal the header's `typ`
    without regard to case and the prefix `application/`; for `JWT` it may be absent (RFC 7519 5.1).
    """
    verified = verify_signature(token, keys, type=type)
    _check_parties(verified.claims, issuer, {audience} if isinstance(audience, str) else set(audience))
    _check_times(verified.claims, now, min(leeway, LEEWAY_MAX))
    if "exp" not in verified.claims:
        raise TokenRefused("the token does not say when it expires")
    return verified


def verify_signature(
    token: str,
    keys: Collection[PublicKey],
    *,
    type: str = "JWT",  # noqa: A002
) -> VerifiedToken:
    """Return the token if one of `keys` signed it; its issuer, audience and times are NOT checked.

    Enough alone only for a hint that names a past sign-in (OpenID Connect RP-Initiated Logout 2).
    """
    header = _header(token)
    _check_header(header, type)
    algorithm = header["alg"]
    if algorithm not in SIGNATURE_ALGORITHMS:
        raise TokenRefused("the signature algorithm is not admitted")
    key = _choose(keys, header.get("kid"), str(algorithm))
    try:
        verified = jws.deserialize_compact(token, key.jose, registry=_Registry(algorithms=[str(algorithm)]))
    except (JoseError, ValueError, TypeError) as error:
        raise TokenRefused("the signature does not hold") from error
    claims = _json_object(verified.payload or b"")
    return VerifiedToken(key.id, str(algorithm), str(header.get("typ", "")), claims)


def unverified_claims(token: str) -> Claims:
    """Return what a token says before anything is known of it, only to find whose keys to try."""
    _header(token)
    return _json_object(_decode_segment(token.split(".")[1]))


def jwk_set_public(keys: Sequence[PublicKey]) -> dict[str, list[dict[str, object]]]:
    """Return the JWK Set (RFC 7517 5) of the public parts, RSA first, each with `kid`, `use` and `alg`."""
    ordered = sorted(keys, key=lambda key: key.jose.key_type != "RSA")
    return {"keys": [public_jwk(key) for key in ordered]}


def public_jwk(key: PublicKey) -> dict[str, object]:
    """Return the public JWK of one key; private numbers are never part of it."""
    public = key.jose.as_dict(private=False)
    names = ("kty", "crv", "x", "y", "n", "e")
    described: dict[str, object] = {name: public[name] for name in names if name in public}
    return described | {"kid": key.id, "use": "sig", "alg": key.algorithms[0]}


def _header(token: str) -> Mapping[str, Claim]:
    """Return the header of a compact token of admitted size and shape."""
    if len(token) > TOKEN_CHARACTERS_MAX:
        raise TokenRefused("the token is too long")
    segments = token.split(".", 3)
    if len(segments) != 3 or not all(_SEGMENT.fullmatch(segment) for segment in segments):
        raise TokenRefused("not a signed token in compact form")
    if len(segments[0]) > HEADER_CHARACTERS_MAX or len(segments[2]) > SIGNATURE_CHARACTERS_MAX:
        raise TokenRefused("the token's header or signature is too long")
    return _json_object(_decode_segment(segments[0]))


def _decode_segment(segment: str) -> bytes:
    """Return the bytes of a base64url segment; TokenRefused unless it is their only encoding."""
    try:
        data = base64.urlsafe_b64decode(segment + "=" * (-len(segment) % 4))
    except ValueError as error:
        raise TokenRefused("a part of the token is not base64url") from error
    if base64.urlsafe_b64encode(data).rstrip(b"=").decode() != segment:
        raise TokenRefused("a part of the token is not canonical base64url")
    return data


def _json_object(data: bytes) -> Mapping[str, Claim]:
    """Return a JSON object; TokenRefused for other values, repeated members, NaN and deep nesting."""
    try:
        value = json.loads(data.decode(), object_pairs_hook=_once, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise TokenRefused("a part of the token is not a JSON object") from error
    if not isinstance(value, dict):
        raise TokenRefused("a part of the token is not a JSON object")
    return value


def _once(pairs: list[tuple[str, Claim]]) -> dict[str, Claim]:
    """Return the members as a dict; ValueError when a name is repeated (RFC 7515 4)."""
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a member is repeated")
    return members


def _no_constant(name: str) -> Claim:
    """Refuse NaN and the infinities, which are not JSON."""
    raise ValueError(f"{name} is not JSON")


def _check_header(header: Mapping[str, Claim], type: str) -> None:  # noqa: A002
    """Refuse headers that choose keys or add rules, and every type but the expected (RFC 8725 3.11)."""
    if not HEADERS_REFUSED.isdisjoint(header):
        raise TokenRefused("the token's header has a parameter that is not admitted")
    if not isinstance(header.get("alg"), str) or not isinstance(header.get("kid", ""), str):
        raise TokenRefused("the token's header is malformed")
    found = header.get("typ", "JWT" if type == "JWT" else "")
    if not isinstance(found, str) or found.lower().removeprefix("application/") != type.lower():
        raise TokenRefused("the token is of another type")


def _choose(keys: Collection[PublicKey], kid: Claim, algorithm: str) -> PublicKey:
    """Return the one key that fits; the algorithm belongs to the key, never the other way round."""
    fitting = [key for key in keys if algorithm in key.algorithms and kid in (None, key.id)]
    if len(fitting) != 1:
        raise TokenRefused(
            "no known key fits the token" if not fitting else "the token does not name its key"
        )
    return fitting[0]


def _check_parties(claims: Claims, issuer: str, audience: set[str]) -> None:
    """Refuse a token of another issuer or for another audience."""
    if claims.get("iss") != issuer:
        raise TokenRefused("the token is of another issuer")
    named = claims.get("aud")
    listed = [named] if isinstance(named, str) else named
    if not isinstance(listed, list) or not any(isinstance(n, str) and n in audience for n in listed):
        raise TokenRefused("the token is meant for another audience")


def _check_times(claims: Claims, now: datetime, leeway: timedelta) -> None:
    """Refuse a token before its time or after it; every time must be a finite number."""
    present, slack = now.timestamp(), leeway.total_seconds()
    for name in ("exp", "nbf", "iat"):
        value = claims.get(name, 0)
        if isinstance(value, bool) or not isinstance(value, int | float) or abs(value) > 1e12:
            raise TokenRefused(f"the claim {name} is not a time")
    expires, begins, issued = (claims.get(name) for name in ("exp", "nbf", "iat"))
    if isinstance(expires, int | float) and expires + slack <= present:
        raise TokenRefused("the token has expired")
    if isinstance(begins, int | float) and begins - slack > present:
        raise TokenRefused("the token is not valid yet")
    if isinstance(issued, int | float) and issued - slack > present:
        raise TokenRefused("the token was issued in the future")
