# SPDX-License-Identifier: EUPL-1.2
"""All that others may know of identity: clients, persons who sign in, sign-ins, events and faults.

Terms are those of OpenID Connect Core 1.0 and OAuth 2.0 (RFC 6749, 9700).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import ClassVar, Protocol

from flagstone.kernel.errors import Fault, Kind
from flagstone.kernel.ids import PersonCode

Claim = None | bool | int | str | Sequence["Claim"] | Mapping[str, "Claim"]
Claims = Mapping[str, Claim]
"""What a token or userinfo says, by claim name."""

OPENID, PROFILE, PERSONAL_CODE, ROLES = "openid", "profile", "personal_code", "roles"
PERSON_SCOPES = (OPENID, PROFILE, PERSONAL_CODE, ROLES)
"""Scopes of a person's sign-in; every other scope is a role of a machine client."""


class ClientAuthentication(Enum):
    """How a client proves itself at the token endpoint (OpenID Connect Core 9)."""

    SECRET_BASIC = "client_secret_basic"  # noqa: S105 - the method's name
    SECRET_POST = "client_secret_post"  # noqa: S105 - the method's name
    PRIVATE_KEY_JWT = "private_key_jwt"
    NONE = "none"  # public client: PKCE alone


class Grant(Enum):
    """What a client may ask tokens for."""

    AUTHORIZATION_CODE = "authorization_code"
    CLIENT_CREDENTIALS = "client_credentials"


class SubjectType(Enum):
    """Whether a client sees a subject of its own or the public one (OpenID Connect Core 8)."""

    PAIRWISE = "pairwise"
    PUBLIC = "public"


@dataclass(frozen=True)
class Client:
    """A relying party or a machine that is registered here.

    `redirect_uris` match exactly. `sector` groups clients that may see the same pairwise subject; it is
    the host of the redirect address unless given. `organisation` and `system` name in whose name a
    machine acts. `id_token_claims` puts the person's claims into the ID token as well.
    """

    id: str
    name: Mapping[str, str]
    authentication: ClientAuthentication
    grants: frozenset[Grant] = frozenset({Grant.AUTHORIZATION_CODE})
    redirect_uris: tuple[str, ...] = ()
    post_logout_redirect_uris: tuple[str, ...] = ()
    backchannel_logout_uri: str = ""
    scopes: frozenset[str] = frozenset({OPENID, PROFILE})
    jwks: tuple[Mapping[str, str], ...] = ()
    id_token_algorithm: str = "ES256"  # noqa: S105 - an algorithm
    subject_type: SubjectType = SubjectType.PAIRWISE
    sector: str = ""
    id_token_claims: bool = False
    organisation: str = ""
    system: str = ""
    active: bool = True


@dataclass(frozen=True)
class Office:
    """An office that a person holds: in which organisation, with which roles."""

    organisation: str
    organisation_name: Mapping[str, str]
    roles: frozenset[str]


@dataclass(frozen=True)
class Person:
    """A person as the directory knows her; `birthdate` is `YYYY-MM-DD` or empty."""

    personal_code: PersonCode = field(repr=False)
    given_name: str = field(repr=False)
    family_name: str = field(repr=False)
    birthdate: str = field(default="", repr=False)
    offices: tuple[Office, ...] = ()

    @property
    def name(self) -> str:
        """Return the full name."""
        return f"{self.given_name} {self.family_name}".strip()


@dataclass(frozen=True)
class PersonPage:
    """One page of persons and the count of all who match."""

    persons: tuple[Person, ...]
    total: int


@dataclass(frozen=True)
class PersonRegister:
    """Which register knows the persons, and what its fields are called."""

    register: str = "individuals"
    personal_code: str = "personal_code"
    given_name: str = "given_name"
    family_name: str = "family_name"
    birth_date: str = "birth_date"
    status: str = "status"
    status_alive: str = "alive"


@dataclass(frozen=True)
class OfficeRegister:
    """Which register knows who holds which office with which roles, and what its fields are called."""

    register: str = "appointments"
    personal_code: str = "personal_code"
    organisation: str = "organisation"
    organisation_name: str = "organisation_name"
    roles: str = "roles"


class PersonDirectory(Protocol):
    """Where persons are found; the composition root hands one in, backed by the population register."""

    def search(self, words: str, limit: int, page: int) -> PersonPage:
        """Return the `page` (from 1) of at most `limit` persons whose name or code begins with each word."""
        ...

    def find(self, personal_code: PersonCode, *, listed: bool = False) -> Person | None:
        """Return one living person, or None; `listed` when it is only to show her in a list."""
        ...


@dataclass(frozen=True)
class FeaturedPerson:
    """A test person put first in the list, with a note by language on what to try with her."""

    personal_code: PersonCode = field(repr=False)
    note: Mapping[str, str]


@dataclass(frozen=True)
class Subject:
    """Who signed in, frozen for the session: the person, the office chosen, and how she proved herself.

    `acr` is `low`, `substantial` or `high` (eIDAS); `amr` are RFC 8176 values.
    """

    person: Person = field(repr=False)
    office: Office | None
    acr: str
    amr: tuple[str, ...]


@dataclass(frozen=True)
class SignIn:
    """A sign-in that a person can look at and end: when it began, was last used, and where it reached."""

    id: str
    signed_in_at: datetime
    last_seen_at: datetime
    ends_at: datetime
    acr: str
    clients: tuple[str, ...]


@dataclass(frozen=True)
class SignedIn:
    """Event: a person signed in at the provider. It does not say who."""

    session: str
    acr: str


@dataclass(frozen=True)
class SignedOut:
    """Event: a sign-in ended, at the person's wish or for another `reason`."""

    session: str
    reason: str


@dataclass(frozen=True)
class ClientSignedOut:
    """Event: a client that took part in an ended sign-in must be told (Back-Channel Logout 1.0)."""

    session: str
    client: str


@dataclass(frozen=True)
class ClientRegistered:
    """Event: a client was registered, changed or closed."""

    client: str


class OAuthFault(Fault):
    """An error that a protocol endpoint answers as `{"error", "error_description"}` (RFC 6749 5.2)."""

    code = "identity.oauth"
    kind = Kind.INVALID
    title = "The request does not follow the protocol"
    remedy = "Correct the request as the error says."
    error: ClassVar[str] = "invalid_request"


class RequestInvalid(OAuthFault):
    """A parameter is missing, repeated, too long or contradicts another."""

    code = "identity.request-invalid"
    title = "The sign-in request cannot be used"


class ClientUnknown(OAuthFault):
    """No such client, or its proof of identity does not hold."""

    code = "identity.client-unknown"
    kind = Kind.UNAUTHENTICATED
    title = "The service that asks is not known here"
    remedy = "Check the client's id and its key or secret."
    error = "invalid_client"


class RedirectUnregistered(OAuthFault):
    """The redirect address is not one that the client registered; nobody is sent there."""

    code = "identity.redirect-unregistered"
    title = "The service gave an address that is not registered"
    remedy = "Go back to the service; its operator must register the address."


class ClientUnauthorized(OAuthFault):
    """The client may not use this grant or response type."""

    code = "identity.client-unauthorized"
    title = "The service may not ask for this"
    error = "unauthorized_client"


class ScopeInvalid(OAuthFault):
    """A scope was asked for that the client may not have."""

    code = "identity.scope-invalid"
    title = "The service asks for more than it may know"
    error = "invalid_scope"


class ResponseTypeUnsupported(OAuthFault):
    """Only the authorisation code flow is served."""

    code = "identity.response-type-unsupported"
    title = "This way of signing in is not served"
    remedy = "Use response_type=code."
    error = "unsupported_response_type"


class GrantTypeUnsupported(OAuthFault):
    """A grant type was asked for that is not served."""

    code = "identity.grant-type-unsupported"
    title = "This grant type is not served"
    error = "unsupported_grant_type"


class GrantInvalid(OAuthFault):
    """A code or verifier is wrong, used, expired, or belongs to another client."""

    code = "identity.grant-invalid"
    title = "The code cannot be exchanged"
    remedy = "Start the sign-in again."
    error = "invalid_grant"


class SignInRequired(OAuthFault):
    """No page may be shown, and nobody is signed in (OpenID Connect Core 3.1.2.6)."""

    code = "identity.sign-in-required"
    title = "Nobody is signed in"
    error = "login_required"


class AccessDenied(OAuthFault):
    """The person turned back."""

    code = "identity.access-denied"
    title = "The sign-in was given up"
    error = "access_denied"


class TokenInvalid(OAuthFault):
    """An access token is unknown, expired or revoked (RFC 6750 3.1)."""

    code = "identity.token-invalid"
    kind = Kind.UNAUTHENTICATED
    title = "The access token is not accepted"
    remedy = "Sign in again."
    error = "invalid_token"


class SignInExpired(Fault):
    """A sign-in page was left open too long, or its address was changed."""

    code = "identity.sign-in-expired"
    kind = Kind.INVALID
    title = "The sign-in took too long"
    remedy = "Go back to the service and sign in again."


class PersonUnknown(Fault):
    """The directory has no such living person, or she does not hold the office chosen."""

    code = "identity.person-unknown"
    kind = Kind.MISSING
    title = "There is no such person to sign in"
    remedy = "Search again and choose from the list."


class SandboxOnly(Fault):
    """The test authenticator was asked for outside a sandbox country; the site does not start."""

    code = "identity.sandbox-only"
    kind = Kind.FORBIDDEN
    title = "The test authenticator works only in a sandbox country"
    remedy = "Take the test authenticator out of the settings; real persons never sign in by it."


class ClientInvalid(Fault):
    """A client's registration contradicts itself or the rules; `flaws` name each place."""

    code = "identity.client-invalid"
    kind = Kind.INVALID
    title = "The client cannot be registered like this"
    remedy = "Correct the places that are named."


class Identity(Protocol):
    """What other blocks may ask of identity."""

    def sign_ins_of(self, person: PersonCode) -> tuple[SignIn, ...]:
        """Return the person's present sign-ins, the newest first."""
        ...

    def end_session(self, session: str, reason: str) -> None:
        """End one sign-in and tell its clients; nothing happens when it has ended already."""
        ...

    def end_sessions_of(self, person: PersonCode, reason: str) -> int:
        """End every sign-in of a person, tell all clients, and return how many there were."""
        ...
