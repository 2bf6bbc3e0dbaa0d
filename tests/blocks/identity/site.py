# SPDX-License-Identifier: EUPL-1.2
"""The site that identity's tests talk to, and a relying party of our own that trusts nothing."""

from __future__ import annotations

import atexit
import base64
import hashlib
import html
import re
import secrets
import shutil
import tempfile
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

from fastapi import Request
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet
from starlette.responses import JSONResponse, Response
from starlette.testclient import TestClient

from flagstone.blocks.identity.contract import (
    Client,
    ClientAuthentication,
    FeaturedPerson,
    Grant,
    Office,
    Person,
    PersonPage,
)
from flagstone.blocks.identity.service.provider import Provider
from flagstone.blocks.identity.service.terms import Terms
from flagstone.blocks.identity.service.test_authenticator import TestAuthenticator
from flagstone.blocks.identity.service.vault import Vault
from flagstone.blocks.identity.store import SCHEMA
from flagstone.blocks.identity.web.protocol import protocol_routes
from flagstone.blocks.identity.web.signing_out import sign_out_routes
from flagstone.blocks.identity.web.test_authenticator import authenticator_routes
from flagstone.kernel.audit import Reason, job
from flagstone.kernel.clock import SetClock
from flagstone.kernel.ids import PersonCode
from flagstone.platform.http.application import Edge, Keepers, assemble
from flagstone.platform.http.language import Languages
from flagstone.platform.http.look import Look
from flagstone.platform.http.pages import LOCALE as OWN_LOCALE
from flagstone.platform.http.pages import Pages
from flagstone.platform.http.principal import current
from flagstone.platform.http.routes import ANYONE, CLIENT, Routes
from flagstone.platform.storage.database import Database

if TYPE_CHECKING:
    from tests.conftest import OpenDatabase

BLOCK = Path(__file__).parents[3] / "src/flagstone/blocks/identity"
ISSUER = "http://127.0.0.1:8080"
BY, WHY = job("test"), Reason("try the provider")

MARI, JAAN, LIIS = PersonCode("48001015712"), PersonCode("37002026719"), PersonCode("49003037726")
REGISTRY_OFFICE = Office("XA/GOV/1", {"en": "Ministry of the Interior"}, frozenset({"registrar", "clerk"}))
PERSONS = [
    Person(MARI, "Mari", "Maasikas", "1980-01-01"),
    Person(JAAN, "Jaan", "Tamm <b>", "1970-02-02", (REGISTRY_OFFICE,)),
    Person(LIIS, "Liis", "Õun", "1990-03-03"),
    *(Person(PersonCode(f"5000000{n:04}"), f"Isik{n:03}", "Mets", "2000-01-01") for n in range(45)),
]

PORTAL = Client(
    id="portal",
    name={"en": "The portal", "et": "Portaal", "ar": "البوابة"},
    authentication=ClientAuthentication.NONE,
    redirect_uris=(ISSUER + "/signed-in",),
    post_logout_redirect_uris=(ISSUER + "/",),
    backchannel_logout_uri=ISSUER + "/back-channel-logout",
    scopes=frozenset({"openid", "profile", "personal_code", "roles"}),
)
SHOP = Client(
    id="shop",
    name={"en": "A shop"},
    authentication=ClientAuthentication.SECRET_BASIC,
    redirect_uris=("https://shop.example/cb?kind=state", "https://shop.example/other"),
    post_logout_redirect_uris=("https://shop.example/bye",),
    backchannel_logout_uri="https://shop.example/bc",
    id_token_algorithm="RS256",
    id_token_claims=True,
)
ASSERTED_KEY = ECKey.generate_key("P-256")
BANK = Client(
    id="bank",
    name={"en": "A bank"},
    authentication=ClientAuthentication.PRIVATE_KEY_JWT,
    redirect_uris=("https://bank.example/cb",),
    jwks=({k: str(v) for k, v in ASSERTED_KEY.as_dict(private=False).items()},),
)
MACHINE = Client(
    id="machine",
    name={"en": "Health system"},
    authentication=ClientAuthentication.SECRET_POST,
    grants=frozenset({Grant.CLIENT_CREDENTIALS}),
    scopes=frozenset({"registrar", "analyst"}),
    organisation="XA/GOV/2",
    system="XA/GOV/2/health",
)


class Directory:
    """Persons in a list."""

    def __init__(self) -> None:
        self.persons = list(PERSONS)

    def search(self, words: str, limit: int, page: int) -> PersonPage:
        wanted = words.lower().split()
        found = [p for p in self.persons if all(w in f"{p.name} {p.personal_code}".lower() for w in wanted)]
        return PersonPage(tuple(found[(page - 1) * limit : page * limit]), len(found))

    def find(self, personal_code: PersonCode, *, listed: bool = False) -> Person | None:
        return next((p for p in self.persons if p.personal_code == personal_code), None)


class Files:
    """Stands for the built assets, which a unit test does not need."""

    def address(self, name: str) -> str:
        return f"/static/{name}"

    def holds(self, name: str) -> bool:
        return False


@dataclass
class Post:
    """Keeps what would be sent to clients."""

    sent: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    status: int = 200

    def post(self, address: str, form: Any) -> int:
        self.sent.append((address, dict(form)))
        return self.status


@dataclass
class Site:
    provider: Provider
    database: Database
    directory: Directory
    browser: TestClient
    clock: SetClock
    secrets: dict[str, str]

    def another_browser(self) -> TestClient:
        return TestClient(self.browser.app, base_url=ISSUER, follow_redirects=False)

    def party(self, client: Client, browser: TestClient | None = None) -> Party:
        return Party(self, client, browser or self.browser)


@dataclass
class Party:
    """A relying party: it checks everything that OpenID Connect Core 3.1.3.7 tells it to."""

    site: Site
    client: Client
    browser: TestClient
    verifier: str = field(default_factory=lambda: secrets.token_urlsafe(48))
    state: str = field(default_factory=lambda: secrets.token_urlsafe(16))
    nonce: str = field(default_factory=lambda: secrets.token_urlsafe(16))

    def asked(self, **changes: str | None) -> dict[str, str]:
        challenge = base64.urlsafe_b64encode(hashlib.sha256(self.verifier.encode()).digest())
        parameters: dict[str, str | None] = {
            "client_id": self.client.id,
            "redirect_uri": self.client.redirect_uris[0],
            "response_type": "code",
            "scope": " ".join(sorted(self.client.scopes)),
            "state": self.state,
            "nonce": self.nonce,
            "code_challenge": challenge.rstrip(b"=").decode(),
            "code_challenge_method": "S256",
        }
        return {name: value for name, value in (parameters | changes).items() if value is not None}

    def authorize(self, **changes: str | None) -> Any:
        return self.browser.get("/authorize", params=self.asked(**changes))

    def sign_in(self, person: str = MARI, office: int | None = None, **changes: str | None) -> dict[str, str]:
        """Go through the sign-in page and return the parameters that come back."""
        asked = self.authorize(**changes)
        assert asked.status_code == 303, asked.text
        if not asked.headers["location"].startswith("/authenticate/"):
            return self.answered(asked)
        return self.answered(self.choose(asked.headers["location"], person, office))

    def choose(self, address: str, person: str, office: int | None = None) -> Any:
        page = self.browser.get(address)
        assert page.status_code == 200, page.text
        choice = person if office is None else f"{person}/{office}"
        form = hidden(page.text) | {"choice": choice}
        return self.browser.post("/authenticate/test/choose", data=form)

    def answered(self, response: Any) -> dict[str, str]:
        """Return what the redirect says, after checking where it goes and who says it (RFC 9207)."""
        assert response.status_code == 303, response.text
        address = response.headers["location"]
        assert address.startswith(self.client.redirect_uris[0].split("?")[0]), address
        found = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        assert found["iss"] == ISSUER
        assert found.get("state", "") == self.state
        return found

    def exchange(self, code: str, **changes: str | None) -> Any:
        form: dict[str, str | None] = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.client.redirect_uris[0],
            "code_verifier": self.verifier,
        }
        auth = None
        if self.client.authentication is ClientAuthentication.SECRET_BASIC:
            auth = (self.client.id, self.site.secrets[self.client.id])
        elif self.client.authentication is ClientAuthentication.PRIVATE_KEY_JWT:
            form |= {"client_assertion_type": ASSERTION_TYPE, "client_assertion": assertion(self.site)}
        else:
            form["client_id"] = self.client.id
        sent = {name: value for name, value in (form | changes).items() if value is not None}
        browser = self.site.another_browser()
        if auth is not None:
            return browser.post("/oauth/token", data=sent, auth=auth)
        return browser.post("/oauth/token", data=sent)

    def tokens(self, person: str = MARI, office: int | None = None, **changes: str | None) -> dict[str, Any]:
        answer = self.exchange(self.sign_in(person, office, **changes)["code"])
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        self.verified(found["id_token"], found["access_token"])
        return found

    def verified(self, id_token: str, access_token: str) -> dict[str, Any]:
        """Return the ID token's claims, verified by the published keys and an outside library alone."""
        keys = KeySet.import_key_set(self.browser.get("/.well-known/jwks.json").json())
        token = jwt.decode(id_token, keys, algorithms=[self.client.id_token_algorithm])
        claims = token.claims
        assert token.header["typ"] == "JWT"
        assert (claims["iss"], claims["aud"], claims["nonce"]) == (ISSUER, self.client.id, self.nonce)
        now = self.site.clock.now().timestamp()
        assert claims["iat"] <= now < claims["exp"] <= now + 120
        half = hashlib.sha256(access_token.encode()).digest()[:16]
        assert claims["at_hash"] == base64.urlsafe_b64encode(half).rstrip(b"=").decode()
        return claims

    def userinfo(self, access_token: str) -> Any:
        return self.site.another_browser().get(
            "/oidc/userinfo", headers={"Authorization": f"Bearer {access_token}"}
        )


ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


def assertion(site: Site, key: ECKey = ASSERTED_KEY, **changes: Any) -> str:
    now = int(site.clock.now().timestamp())
    claims = {
        "iss": "bank",
        "sub": "bank",
        "aud": ISSUER,
        "jti": secrets.token_urlsafe(8),
        "iat": now,
        "exp": now + 3600,
    } | changes
    kept = {name: value for name, value in claims.items() if value is not None}
    return jwt.encode({"alg": "ES256"}, kept, key, algorithms=["ES256"])


def hidden(page: str) -> dict[str, str]:
    """Return the hidden fields of a page's forms."""
    found = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', page)
    return {name: html.unescape(value) for name, value in found if name in ("csrf", "request", "kept")}


def terms(**changes: Any) -> Terms:
    return Terms(
        **{
            "issuer": ISSUER,
            "country": "XA",
            "locales": ("en", "et", "ar"),
            "personal_code_clients": frozenset({"portal"}),
        }
        | changes
    )


@cache
def made_keys() -> Path:
    """Return a folder of keys made once for all tests: RSA keys take their time."""
    folder = Path(tempfile.mkdtemp(prefix="flagstone-keys-")) / "keys"
    Vault(folder, datetime(2026, 11, 22, 8, tzinfo=UTC))
    atexit.register(shutil.rmtree, folder.parent, ignore_errors=True)
    return folder


def make_site(open_database: OpenDatabase, folder: Path, clock: SetClock) -> Site:
    database = open_database(SCHEMA)
    shutil.copytree(made_keys(), folder / "keys")
    provider = Provider(database, folder / "keys", terms(), clock)
    given = {client.id: provider.clients.add(client, BY, WHY) for client in (PORTAL, SHOP, BANK, MACHINE)}
    languages = Languages(["en", "et", "ar"], [OWN_LOCALE, BLOCK / "locale"])
    look = Look(folder, {"en": "Aralia"}, {"en": ""}, {"en": ""}, {"en": ""})
    pages = Pages(look, languages, Files(), [BLOCK / "templates"])  # type: ignore[arg-type]
    directory = Directory()
    featured = [FeaturedPerson(JAAN, {"en": "She corrects records.", "et": "Ta parandab kandeid."})]
    authenticator = TestAuthenticator(directory, featured, sandbox=True)
    routes = [
        protocol_routes(provider, languages),
        sign_out_routes(provider, pages),
        authenticator_routes(provider, pages, authenticator),
        machine_routes(),
    ]
    edge = Edge("Test", "1", hosts=None)
    app = assemble(routes, edge=edge, keepers=Keepers(pages=pages, bearers=provider.bearers))
    browser = TestClient(app, base_url=ISSUER, follow_redirects=False)
    return Site(provider, database, directory, browser, clock, given)


def machine_routes() -> Routes:
    """Return a route that a machine may call and a stand-in for the portal's own page."""
    routes = Routes()

    @routes.get("/machine", access=CLIENT)
    def machine(request: Request) -> Response:
        who = current(request)
        return JSONResponse({"id": who.caller.actor.id, "roles": sorted(who.caller.roles)})

    @routes.get("/signed-in", access=ANYONE)
    def signed_in() -> Response:
        return JSONResponse({})

    return routes
