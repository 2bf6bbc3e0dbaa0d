# SPDX-License-Identifier: EUPL-1.2
"""Clients that others wrote: curl and httpx2 against our server, uvicorn under our client."""

from __future__ import annotations

import asyncio
import hashlib
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
import uvicorn

from flagstone.platform.http.wire.client import WireClient
from flagstone.platform.http.wire.messages import RequestHead

from .conftest import BOUNDS, Loops, Runner, Served, bound, served
from .test_client import client

DATA = bytes(range(256)) * 12_000


@pytest.fixture
def site(loops: Loops) -> Iterator[Served]:
    with served(loops=loops) as site:
        yield site


@pytest.fixture
def curl() -> str:
    found = shutil.which("curl")
    if found is None:
        pytest.skip("there is no curl here")
    return found


@pytest.mark.parametrize("path", ["echo", "stream", "chunks"])
def test_httpx2_is_served(site: Served, path: str) -> None:
    address = f"http://127.0.0.1:{site.port}/{path}"
    with httpx2.Client() as asking:
        for _ in range(3):
            assert asking.post(address, content=DATA).content == DATA
        assert asking.post(address, content=iter([DATA, b"", DATA])).content == DATA + DATA
        assert asking.get(f"http://127.0.0.1:{site.port}/nothing").status_code == 204
        assert asking.head(f"http://127.0.0.1:{site.port}/peer").headers["Content-Length"] == "11"
        assert asking.get(f"http://127.0.0.1:{site.port}/echo?a=%20ä").status_code == 200
    assert site.server.connections <= 1


def test_httpx2_sees_a_cut_answer(site: Served) -> None:
    with pytest.raises(httpx2.RemoteProtocolError):
        httpx2.get(f"http://127.0.0.1:{site.port}/cut")


@pytest.mark.parametrize(
    "options", [[], ["-H", "Transfer-Encoding: chunked"], ["-H", "Expect: 100-continue"], ["-H", "Expect:"]]
)
@pytest.mark.parametrize("path", ["echo", "stream", "chunks"])
def test_curl_is_served(site: Served, curl: str, tmp_path: Path, options: list[str], path: str) -> None:
    (tmp_path / "sent").write_bytes(DATA)
    files = ["-T", str(tmp_path / "sent"), "-o", str(tmp_path / "got")]
    address = f"http://127.0.0.1:{site.port}/{path}"
    subprocess.run([curl, "-sS", "--fail", "--max-time", "10", *files, *options, address], check=True)
    assert (tmp_path / "got").read_bytes() == DATA


def test_curl_is_told_early(site: Served, curl: str, tmp_path: Path) -> None:
    (tmp_path / "sent").write_bytes(bytes(4_000_000))
    options = ["-sS", "--max-time", "10", "-w", "%{http_code}", "-T", str(tmp_path / "sent")]
    address = f"http://127.0.0.1:{site.port}/early"
    said = subprocess.run([curl, *options, address], check=False, capture_output=True)
    assert said.stdout == b"enough403"


def test_curl_keeps_its_connection(site: Served, curl: str) -> None:
    address = f"http://127.0.0.1:{site.port}/peer"
    said = subprocess.run(
        [curl, "-sS", "-w", " %{num_connects}\n", address, address, "-I", address],
        check=True,
        capture_output=True,
    )
    counts = [line.split()[-1] for line in said.stdout.splitlines() if line.endswith((b" 0", b" 1"))]
    assert counts == [b"1", b"0", b"0"]


async def application(scope: dict[str, object], receive: object, send: object) -> None:
    """Answer with the body's digest, or as much as the query says."""
    assert callable(receive)
    assert callable(send)
    if scope["type"] != "http":
        return
    digest, more = hashlib.sha256(), True
    while more:
        event = await receive()
        digest.update(event.get("body", b""))
        more = event.get("more_body", False)
    await send({"type": "http.response.start", "status": 200, "headers": [(b"x-a", b"b")]})
    for _ in range(int(bytes(scope["query_string"]) or b"0")):  # type: ignore[call-overload]
        await send({"type": "http.response.body", "body": bytes(65_536), "more_body": True})
    await send({"type": "http.response.body", "body": digest.hexdigest().encode()})


@pytest.fixture
def uvicorn_port() -> Iterator[int]:
    sock = bound()
    server = uvicorn.Server(
        uvicorn.Config(application, log_level="error", lifespan="off", timeout_keep_alive=1)
    )
    thread = threading.Thread(target=server.run, kwargs={"sockets": [sock]})
    thread.start()
    try:
        while not server.started:
            time.sleep(0.01)
        yield sock.getsockname()[1]
    finally:
        server.should_exit = True
        thread.join()
        sock.close()


def test_uvicorn_is_called(run: Runner[None], uvicorn_port: int) -> None:
    digest = hashlib.sha256(DATA).hexdigest().encode()

    async def ask(made: WireClient, parts: int) -> bytes:
        head = RequestHead(b"POST", b"/a?%d" % parts, ())
        reply = await made.call("127.0.0.1", uvicorn_port, head, DATA)
        assert (b"x-a", b"b") in reply.head.headers
        return await reply.body.read(1 << 30)

    async def main() -> None:
        async with client(BOUNDS) as made:
            assert await ask(made, 0) == digest
            assert await ask(made, 20) == bytes(65_536 * 20) + digest
            assert made.connections == 1
            await asyncio.sleep(1.3)  # uvicorn closes what is idle
            assert await ask(made, 0) == digest
            crowd = await asyncio.gather(*[ask(made, number % 3) for number in range(50)])
            assert all(each.endswith(digest) for each in crowd)

    run(main())
