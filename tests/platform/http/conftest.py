# SPDX-License-Identifier: EUPL-1.2
"""A small site with every sort of route, in process and on a real socket."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest
from fastapi import Depends, FastAPI, Request
from starlette.datastructures import FormData, UploadFile
from starlette.responses import HTMLResponse, PlainTextResponse, Response, StreamingResponse
from starlette.testclient import TestClient

from flagstone.kernel.audit import Actor, ActorKind, Caller
from flagstone.kernel.errors import Fault, Kind
from flagstone.kernel.ids import PersonCode
from flagstone.platform.http.application import Edge, Keepers, assemble
from flagstone.platform.http.bounds import Bounds
from flagstone.platform.http.csrf import read_form, token_for
from flagstone.platform.http.principal import Principal, current, principal
from flagstone.platform.http.routes import ANYONE, CLIENT, SIGNED_IN, Routes, client, role
from flagstone.platform.http.server import bind, server

CODE = "48001015712"


class Stale(Fault):
    code = "sample.stale"
    kind = Kind.CONFLICT
    title = "The record was changed meanwhile"
    remedy = "Load it again."


def someone(*roles: str, session: str = "s1", csrf: str = "c1") -> Principal:
    actor = Actor(ActorKind.PERSON, CODE, "Mari Maasikas")
    return Principal(
        Caller(actor, frozenset({"signed-in", *roles})), PersonCode(CODE), "Mari Maasikas", session, csrf
    )


class Tokens:
    def __init__(self, found: dict[str, Principal]) -> None:
        self.found = found
        self.asked = 0

    def find(self, token: str) -> Principal | None:
        self.asked += 1
        return self.found.get(token)


def sample_routes() -> list[Routes]:
    return [sample_reads(), sample_writes(), sample_trouble(), sample_pages(), sample_forms()]


def sample_reads() -> Routes:
    api = Routes(prefix="/api", tags=["sample"], document="sample")

    @api.get("/open", access=ANYONE)
    def open_() -> dict[str, str]:
        return {"open": "yes"}

    @api.get("/records/{record}", access=SIGNED_IN)
    def record(request: Request, record: int, limit: int = 10) -> dict[str, int]:
        return {"record": record, "limit": limit, "asked": len(current(request).name)}

    @api.get("/machine", access=CLIENT)
    def machine() -> dict[str, str]:
        return {"machine": "yes"}

    @api.get("/machine/special", access=client("special"))
    def special() -> dict[str, str]:
        return {"machine": "special"}

    return api


def sample_writes() -> Routes:
    api = Routes(prefix="/api", tags=["sample"], document="sample")

    @api.post("/records", access=role("registrar"))
    def write(values: dict[str, int]) -> dict[str, int]:
        return values

    @api.post("/open", access=ANYONE)
    def open_write(request: Request) -> dict[str, bool]:
        return {"known": principal(request) is not None}

    @api.post("/echo", access=ANYONE)
    async def echo(request: Request) -> dict[str, int]:
        return {"bytes": len(await request.body())}

    @api.post("/upload", access=ANYONE, upload=True)
    async def upload(request: Request) -> dict[str, int]:
        return {"bytes": len(await request.body())}

    return api


def sample_trouble() -> Routes:
    api = Routes(prefix="/api", tags=["sample"], document="sample")

    @api.get("/stale", access=ANYONE)
    def stale() -> None:
        raise Stale("revision 4 is newer", retry_after_seconds=3)

    @api.get("/big", access=ANYONE)
    def big() -> Response:
        return StreamingResponse(iter([b"x" * 1_000_000] * 50), media_type="text/plain")

    @api.get("/mistake", access=ANYONE)
    def mistake(code: str = CODE) -> None:
        raise KeyError(code)

    @api.get("/sleep", access=ANYONE)
    def sleep(seconds: float) -> dict[str, float]:
        time.sleep(min(seconds, 5))
        return {"slept": seconds}

    return api


def sample_pages() -> Routes:
    pages = Routes()

    @pages.get("/", access=ANYONE)
    def home(request: Request) -> Response:
        found = principal(request)
        return HTMLResponse(f"<p>{'in' if found else 'out'} {token_for(request)}</p>")

    @pages.get("/facts", access=SIGNED_IN)
    def facts(request: Request) -> Response:
        return PlainTextResponse(current(request).name)

    @pages.get("/desk", access=role("registrar", "clerk"))
    def desk() -> Response:
        return PlainTextResponse("desk")

    return pages


def sample_forms() -> Routes:
    pages = Routes()

    @pages.post("/facts", access=SIGNED_IN)
    def correct(request: Request, form: FormData = Depends(read_form)) -> Response:
        return PlainTextResponse(str(form.get("value")))

    @pages.post("/import", access=SIGNED_IN, upload=True)
    def import_(form: FormData = Depends(read_form)) -> Response:
        file = form["file"]
        assert isinstance(file, UploadFile)
        return PlainTextResponse(str(len(file.file.read())))

    @pages.post("/sign-in", access=ANYONE)
    def sign_in() -> Response:
        return PlainTextResponse("signed in")

    @pages.post("/callback", access=ANYONE, cross_site=True)
    def callback() -> Response:
        return PlainTextResponse("called back")

    return pages


@dataclass
class Site:
    app: FastAPI
    client: TestClient
    sessions: Tokens
    bearers: Tokens


Maker = Callable[..., Site]


@pytest.fixture
def make_site() -> Maker:
    return build_site


@pytest.fixture(scope="module")
def module_site() -> Maker:
    return build_site


def build_site(**options: object) -> Site:
    bounds = options.pop("bounds", Bounds())
    assert isinstance(bounds, Bounds)
    sessions = Tokens({"good": someone(), "official": someone("registrar", session="s2", csrf="c2")})
    machine = Principal(Caller(Actor(ActorKind.SYSTEM, "XA/GOV/1/desk"), frozenset({"registrar"})))
    bearers = Tokens({"machine": machine})
    base_url = str(options.pop("base_url", "http://testserver"))
    edge = Edge("Sample", "1.0", hosts=frozenset({"testserver", "127.0.0.1"}), bounds=bounds)
    keepers = Keepers(sessions=sessions, bearers=bearers, **options)  # type: ignore[arg-type]
    app = assemble(sample_routes(), edge=edge, keepers=keepers)
    return Site(app, TestClient(app, base_url=base_url, follow_redirects=False), sessions, bearers)


@pytest.fixture
def site(make_site: Maker) -> Site:
    return make_site()


@contextmanager
def served(app: FastAPI, bounds: Bounds) -> Iterator[int]:
    """Serve `app` in a thread on a free port of loopback."""
    listener = bind("127.0.0.1", 0)
    port = listener.getsockname()[1]
    running = server(app, bounds=bounds)
    thread = threading.Thread(target=lambda: running.run(sockets=[listener]))
    thread.start()
    try:
        deadline = time.monotonic() + 10
        while not running.started and time.monotonic() < deadline:
            time.sleep(0.01)
        yield port
    finally:
        running.should_exit = True
        thread.join(20)
        listener.close()
