# SPDX-License-Identifier: EUPL-1.2
"""The 28 behaviours that the published Information Mediator suite asks for, on a real exchange.

The suite's own identifiers are needed, since it can be told no others; the cases are our own words.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest
import uvicorn
from fastapi.testclient import TestClient
from tests.blocks.exchange.web.memory import MemoryExchange
from tests.interop.mediator import conformance, mediator

from flagstone.blocks.exchange.web.govstack.dialect import PREFIX

CALLER = {"Information-Mediator-Client": "eGovStack/GOV/90000009/digitalregistries"}
PROVIDERS = [
    "identifier/identifier/alp4aNum3r1c/alp4aNum3r1c",
    "a11a11a11a/asd2211a/12as12/m3mb3rc0d3",
    "a552example/zzz321a/m3mb3rc0d3/aa15",
    "valid1dentifi3r/rand0mid3nt/str1ng/azxcv55",
]
CODE = "alp4aNum3r1c"
MEMBER = {"objectType", "GovStackInstance", "memberClass", "memberCode", "applicationCode"}
SERVICE = MEMBER | {"serviceType", "serviceCode", "serviceVersion", "endpointList"}


@pytest.fixture(scope="module")
def suite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    with conformance(tmp_path_factory.mktemp("suite")) as service:
        yield TestClient(mediator(MemoryExchange(), service))


def listed(answer: httpx2.Response, known: set[str]) -> list[dict[str, object]]:
    """Return the list of an answer that keeps the suite's one schema."""
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json; charset=utf-8"
    assert answer.json().keys() == {"member"}
    found: list[dict[str, object]] = answer.json()["member"]
    for each in found:
        assert each.keys() <= known
        assert isinstance(each["objectType"], dict)
        assert each["objectType"].keys() == {"object_type"}
    return found


@pytest.mark.parametrize("number", range(5))
def test_clients_are_listed_whatever_instance_is_named(suite: TestClient, number: int) -> None:
    asked = {"serviceId": f"serviceId{number}", "instanceId": f"instanceId{number}"}
    found = listed(suite.get(f"{PREFIX}/listClients", params=asked), MEMBER)
    assert len(found) == 10
    assert {each["memberCode"] for each in found} >= {"12as12", "90000009"}


@pytest.mark.parametrize("before", ["", "/r1"])
@pytest.mark.parametrize("provider", [PROVIDERS[0], *PROVIDERS])
def test_methods_are_listed(suite: TestClient, provider: str, before: str) -> None:
    header = {"X-GovStack-Client": "X-GovStack-Client"}
    answer = suite.get(f"{PREFIX}{before}/{provider}/listMethods?serviceId=serviceId1", headers=header)
    (service,) = listed(answer, SERVICE)
    assert (
        "/".join(str(service[name]) for name in ("GovStackInstance", "memberClass", "memberCode")) in provider
    )
    assert service["endpointList"] == {
        "member": [{"method": "GET", "path": "/things/*"}, {"method": "POST", "path": "/things"}]
    }


@pytest.mark.parametrize("quote", ["", "%22"])
@pytest.mark.parametrize("provider", [PROVIDERS[0], *PROVIDERS])
def test_only_allowed_methods_are_listed_also_between_quotes(
    suite: TestClient, provider: str, quote: str
) -> None:
    path = "/".join(f"{quote}{part}{quote}" for part in provider.split("/"))
    answer = suite.get(f"{PREFIX}/{path}/allowedMethods?serviceId1=serviceId1", headers=CALLER)
    (service,) = listed(answer, SERVICE)
    assert service["endpointList"] == {"member": [{"method": "GET", "path": "/things/*"}]}
    other = {"Information-Mediator-Client": "x/identifier/alp4aNum3r1c/alp4aNum3r1c"}
    assert listed(suite.get(f"{PREFIX}/{path}/allowedMethods", headers=other), SERVICE) == []


@pytest.mark.parametrize("provider", [PROVIDERS[0], *PROVIDERS])
def test_a_description_is_a_json_string(suite: TestClient, provider: str) -> None:
    answer = suite.get(f"{PREFIX}/{provider}/getOpenAPI?serviceCode={CODE}", headers=CALLER)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json; charset=utf-8")
    description = json.loads(answer.json())
    assert description["openapi"] == "3.0.3"
    assert description["servers"] == [{"url": "/service"}]


@pytest.mark.parametrize(
    "provider",
    [
        "1nval1d/identifier/alp4aNum3r1c/alp4aNum3r1c",
        "identifier/1nval1d/alp4aNum3r1c/alp4aNum3r1c",
        "identifier/identifier/_invalid/alp4aNum3r1c",
        "identifier/identifier/str1ng/_invalid",
        "1nval1d/1nval1d/_invalid/_invalid",
        "unknown/identifier/alp4aNum3r1c/alp4aNum3r1c",
    ],
)
def test_a_description_at_an_invalid_path_is_a_string_with_400(suite: TestClient, provider: str) -> None:
    answer = suite.get(f"{PREFIX}/{provider}/getOpenAPI?serviceCode={CODE}", headers=CALLER)
    assert answer.status_code == 400
    assert isinstance(answer.json(), str)


@pytest.mark.parametrize("query", ["?serviceCode=_invalid", "?serviceCode=", "", "?serviceCode=unknown"])
def test_a_description_of_no_service_is_a_string_with_400(suite: TestClient, query: str) -> None:
    answer = suite.get(f"{PREFIX}/{PROVIDERS[0]}/getOpenAPI{query}", headers=CALLER)
    assert answer.status_code == 400
    assert isinstance(answer.json(), str)


@contextmanager
def serving(suite: TestClient) -> Iterator[str]:
    """Serve the dialect at a free port, as its suite wants to find it."""
    place = socket.socket()
    place.bind(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(suite.app, log_level="critical", lifespan="off"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [place]})
    thread.start()
    try:
        yield f"http://127.0.0.1:{place.getsockname()[1]}{PREFIX}/"
    finally:
        server.should_exit = True
        thread.join(10)
        place.close()


@pytest.mark.long
def test_the_published_suite_passes_unmodified(suite: TestClient, tmp_path: Path) -> None:
    """Run the suite itself; MEDIATOR_SUITE names its folder `test/openAPI`, with its packages installed."""
    source = Path(os.environ.get("MEDIATOR_SUITE", ""))
    if not (source / "node_modules").is_dir() or shutil.which("npx") is None:
        pytest.skip("component missing: the Information Mediator suite (MEDIATOR_SUITE) with its packages")
    shutil.copytree(source / "features", tmp_path / "features")
    (tmp_path / "node_modules").symlink_to(source / "node_modules")
    shutil.copy(source / "package.json", tmp_path)
    settings = tmp_path / "features/support/helpers/helpers.js"
    with serving(suite) as address:
        told = settings.read_text("utf-8").replace("http://localhost:3366/", address)
        settings.write_text(told, "utf-8")
        words = ["npx", "cucumber-js", "--publish-quiet", "--format", "summary"]
        ended = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, timeout=300, check=False)
    passed = re.search(r"(\d+) scenarios \((\d+) passed\)", ended.stdout)
    assert passed is not None, ended.stdout[-3_000:] + ended.stderr[-1_000:]
    assert (passed[1], passed[2]) == ("28", "28")
