# SPDX-License-Identifier: EUPL-1.2
"""Whether a service can be offered as described, and which rights a change of it leaves."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from urllib.parse import SplitResult, urlsplit

from flagstone.blocks.exchange.contract.faults import IdentifierInvalid, ServiceInvalid
from flagstone.blocks.exchange.contract.service import (
    ActsAs,
    Endpoint,
    Right,
    ServiceDefinition,
    ServiceKind,
)
from flagstone.blocks.exchange.model import names, places
from flagstone.kernel.errors import Flaw

METHODS = frozenset({"*", "GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "HEAD", "TRACE"})
"""The methods of the REST protocol (Message Protocol for REST, 4.3)."""

RESERVED = frozenset({"listMethods", "allowedMethods", "getOpenAPI", "getWsdl", "listClients"})
"""Codes of the metadata services (Service Metadata Protocol for REST)."""

WHOLE = Endpoint()
TIMEOUT_SECONDS_MAX = 3_600
ENDPOINTS_MAX = 2_000
HIDERS_MAX = 100
URL_LENGTH_MAX = 1_000
PATH_LENGTH_MAX = 1_024
WORDS_LENGTH_MAX = 500
DESCRIPTION_LENGTH_MAX = 1_048_576


def require_offerable(service: ServiceDefinition) -> None:
    """Raise ServiceInvalid with every flaw of `service`."""
    flaws = tuple(_flaws(service))
    if flaws:
        raise ServiceInvalid(f"{len(flaws)} places are wrong", flaws=flaws)


def without_lost(service: ServiceDefinition, rights: Iterable[Right]) -> tuple[list[Right], list[Right]]:
    """Return which of `rights` stay and which go, because `service` no longer has their endpoint."""
    stay: list[Right] = []
    go: list[Right] = []
    for right in rights:
        (stay if has_endpoint(service, right.endpoint) else go).append(right)
    return stay, go


def has_endpoint(service: ServiceDefinition, endpoint: Endpoint) -> bool:
    """Tell whether `service` has `endpoint`; each has the one that stands for the whole."""
    return endpoint == WHOLE or endpoint in service.endpoints


def endpoint_flaw(endpoint: Endpoint) -> str:
    """Return what is wrong with `endpoint`, empty when nothing is."""
    if endpoint.method not in METHODS:
        return f"the method must be one of {', '.join(sorted(METHODS))}"
    path = endpoint.path
    if not path.startswith(("/", "*")) or len(path) > PATH_LENGTH_MAX or not path.isprintable():
        return "the path must begin with / or *"
    return "the path must not hold spaces or .." if " " in path or ".." in path else ""


def person_flaws(service: ServiceDefinition) -> Iterator[str]:
    """Yield what is wrong with the places where `service` names persons."""
    if not service.person_at:
        return
    if service.local:
        yield "a service of this site records uses by itself"
    if not service.personal:
        yield "only a service that tells of persons names them"
    if len(service.person_at) > places.PLACES_MAX:
        yield f"there are more than {places.PLACES_MAX} places"
    yield from filter(None, map(places.place_flaw, service.person_at))


def _flaws(service: ServiceDefinition) -> Iterator[Flaw]:
    yield from _identifier_flaws(service)
    flaw = _path_flaw(service.url) if service.local else _address_flaw(service.url)
    if flaw:
        yield Flaw("/url", flaw)
    if service.acts_as is ActsAs.PERSON and not service.local:
        yield Flaw("/acts_as", "only a service of this site can act as a person")
    if not 1 <= service.timeout_seconds <= TIMEOUT_SECONDS_MAX:
        yield Flaw("/timeout_seconds", f"it must be from 1 to {TIMEOUT_SECONDS_MAX}")
    if service.kind is ServiceKind.OPENAPI3 and not (service.description or service.description_url):
        yield Flaw("/description", "an OPENAPI3 service needs its description or where to fetch it")
    if len(service.description) > DESCRIPTION_LENGTH_MAX:
        yield Flaw("/description", f"it has more than {DESCRIPTION_LENGTH_MAX} characters")
    yield from (Flaw("/person_at", flaw) for flaw in person_flaws(service))
    if len(service.hiders) > HIDERS_MAX:
        yield Flaw("/hiders", f"there are more than {HIDERS_MAX}")
    yield from _words_flaws(service)
    yield from _endpoint_flaws(service)


def _identifier_flaws(service: ServiceDefinition) -> Iterator[Flaw]:
    if not service.id.provider.subsystem:
        yield Flaw("/id", "only a subsystem offers services")
    if service.id.code in RESERVED:
        yield Flaw("/id", f"{service.id.code} is reserved")
    try:
        names.require_named(service.id)
    except IdentifierInvalid as fault:
        yield Flaw("/id", fault.detail or fault.title)


def _words_flaws(service: ServiceDefinition) -> Iterator[Flaw]:
    texts = {
        "/disabled_notice": service.disabled_notice,
        "/purpose": service.purpose.words,
        "/legal_basis": service.purpose.legal_basis,
        **{f"/title/{language}": words for language, words in service.title.items()},
    }
    for place, text in texts.items():
        if len(text) > WORDS_LENGTH_MAX or not text.isprintable():
            yield Flaw(place, f"it must be one line of at most {WORDS_LENGTH_MAX} characters")


def _endpoint_flaws(service: ServiceDefinition) -> Iterator[Flaw]:
    if len(service.endpoints) > ENDPOINTS_MAX:
        yield Flaw("/endpoints", f"there are more than {ENDPOINTS_MAX}")
    for number, each in enumerate(service.endpoints):
        flaw = endpoint_flaw(each)
        if flaw:
            yield Flaw(f"/endpoints/{number}", flaw)


def _path_flaw(url: str) -> str:
    """Return what is wrong with a path of this very site."""
    if not url.startswith("/") or url.startswith("//") or len(url) > URL_LENGTH_MAX:
        return "it must be a path that begins with one /"
    if any(each in url for each in ("..", "?", "#", "%", "\\", " ")) or not url.isprintable():
        return "it must be a plain path, without query, dots or encoding"
    return ""


def _address_flaw(url: str) -> str:
    """Return what is wrong with an address elsewhere."""
    parts = _split(url)
    if parts is None or parts.scheme not in {"http", "https"} or not parts.hostname:
        return "it must be http(s)://HOST[:PORT][/PATH]"
    if parts.username is not None or parts.password is not None:
        return "it must not hold a name or password"
    if parts.query or parts.fragment or ".." in parts.path or "\\" in url or " " in url:
        return "it must not hold a query, a fragment, dots or spaces"
    return "" if url.isprintable() and url.isascii() else "it must be plain ASCII"


def _split(url: str) -> SplitResult | None:
    """Return the parts of an address, None when it is none."""
    if len(url) > URL_LENGTH_MAX:
        return None
    try:
        parts = urlsplit(url)
        return None if parts.port == 0 else parts
    except ValueError:
        return None
