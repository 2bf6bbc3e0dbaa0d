# SPDX-License-Identifier: EUPL-1.2
"""Programs made by others, unchanged, ask through the exchange.

No package of the Python index speaks the Message Protocol for REST by itself (`pyxroad` and
`fastapi-xroad-soap` speak SOAP), and it needs none: any HTTP client that sets one header is a client.
"""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
import requests
import schemathesis
from tests.blocks.exchange.web.path.rig import Exchange

SERVICE = "/r1/XA/GOV/200/registry"
CLIENT = {"X-Road-Client": "XA/GOV/100/asks"}
THINGS = {
    "openapi": "3.0.3",
    "info": {"title": "Things", "version": "1"},
    "servers": [{"url": "http://inside:1/"}],
    "paths": {
        "/things/{id}": {
            "get": {
                "parameters": [{"name": "id", "in": "path", "required": True, "schema": {"type": "integer"}}],
                "responses": {"200": {"description": "a thing"}},
            }
        }
    },
}


def curl(exchange: Exchange, target: str, *options: str) -> tuple[str, str]:
    """Ask with curl; return the head and the body of the answer."""
    address = f"http://127.0.0.1:{exchange.asking.client_port}{target}"
    command = ["curl", "--silent", "--show-error", "--max-time", "20", "--include", "--path-as-is", *options]
    answer = subprocess.run([*command, address], capture_output=True, check=True, timeout=30).stdout
    head, _, body = answer.partition(b"\r\n\r\n")
    while head.startswith(b"HTTP/1.1 100"):
        head, _, body = body.partition(b"\r\n\r\n")
    return head.decode().lower(), body.decode()


ASKS = ("-H", "X-Road-Client: XA/GOV/100/asks")


def test_curl_reads(exchange: Exchange) -> None:
    head, _ = curl(exchange, f"{SERVICE}/echo/pet/1?a=b", *ASKS)
    assert head.startswith("http/1.1 200 fine")
    assert "x-road-request-hash: " in head
    assert exchange.provider.asked[0].target == "/base/pet/1?a=b"
    assert exchange.provider.asked[0].values("User-Agent") == []


def test_curl_writes_with_and_without_waiting_for_100_continue(exchange: Exchange) -> None:
    head, body = curl(
        exchange, f"{SERVICE}/echo", *ASKS, "-d", '{"value": 42}', "-H", "Content-Type: application/json"
    )
    assert (head[:12], body) == ("http/1.1 200", '{"value": 42}')
    head, body = curl(exchange, f"{SERVICE}/echo", *ASKS, "-d", "x", "-H", "Expect: 100-continue")
    assert (head[:12], body) == ("http/1.1 200", "x")
    assert exchange.provider.asked[-1].values("Expect") == []


def test_curl_uploads_a_file_in_chunks(exchange: Exchange, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("line\n" * 200_000)
    head, body = curl(exchange, f"{SERVICE}/echo", *ASKS, "-T", str(file), "-H", "Transfer-Encoding: chunked")
    assert head.startswith("http/1.1 200")
    assert body == file.read_text()


def test_curl_sees_the_head_only(exchange: Exchange) -> None:
    head, body = curl(exchange, f"{SERVICE}/echo", *ASKS, "--head")
    assert head.startswith("http/1.1 200")
    assert body == ""


def test_curl_sees_faults_and_lists(exchange: Exchange) -> None:
    head, body = curl(exchange, f"{SERVICE}/nobody", *ASKS, "-H", "Accept: text/xml")
    assert "x-road-error: server.serverproxy.access_denied" in head
    assert "<type>server.serverproxy.access_denied</type>" in body
    _, body = curl(exchange, "/listClients", "-H", "Accept: application/json")
    assert len(json.loads(body)["member"]) == 5


def test_a_session_of_requests_keeps_its_connection(exchange: Exchange) -> None:
    base = f"http://127.0.0.1:{exchange.asking.client_port}{SERVICE}"
    with requests.Session() as session:
        session.headers.update(CLIENT)
        for number in range(3):
            answer = session.post(f"{base}/echo/öä", json={"n": number}, params={"q": "ö ä"}, timeout=10)
            assert answer.json() == {"n": number}
            assert answer.headers["x-road-service"] == "XA/GOV/200/registry/echo"
        uploaded = session.post(f"{base}/echo", files={"file": ("a.txt", b"abc")}, timeout=10)
        assert b'filename="a.txt"' in uploaded.content
        streamed = session.post(f"{base}/echo", data=iter([b"a", b"b"]), timeout=10)
        assert streamed.content == b"ab"
        refused = session.get(f"{base}/nobody", timeout=10)
        assert (refused.status_code, refused.json()["type"]) == (500, refused.headers["X-Road-Error"])
    assert exchange.provider.asked[0].target == "/base/%C3%B6%C3%A4?q=%C3%B6+%C3%A4"


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_client_made_from_the_description_calls_its_operations(exchange: Exchange) -> None:
    exchange.offer(description=json.dumps(THINGS))
    base = f"http://127.0.0.1:{exchange.asking.client_port}{SERVICE}"
    document = requests.get(f"{base}/getOpenAPI?serviceCode=open", headers=CLIENT, timeout=10).json()
    assert document["servers"] == [{"url": "/"}]
    operation = schemathesis.openapi.from_dict(document)["/things/{id}"]["GET"]
    case = operation.Case(path_parameters={"id": 7})
    answer = case.call(base_url=f"{base}/open", headers=CLIENT)
    assert answer.status_code == 200
    assert exchange.provider.asked[-1].target == "/base/things/7"
