# SPDX-License-Identifier: EUPL-1.2
"""The published configuration over HTTP: versions, parts of now and of just before, tags, nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from tests.blocks.exchange.service.globalconf.rig import Centre, centre
from tests.blocks.exchange.web.sites import site

from flagstone.blocks.exchange.model.globalconf.directory import read_directory
from flagstone.blocks.exchange.service.globalconf.anchors import read_anchor
from flagstone.blocks.exchange.web.globalconf import PublicationApi
from flagstone.kernel.clock import SetClock


@pytest.fixture
def published(tmp_path: Path, clock: SetClock) -> Iterator[Centre]:
    with centre(tmp_path, clock) as found:
        yield found


@pytest.fixture
def client(published: Centre) -> TestClient:
    return TestClient(site([PublicationApi(published.publisher.folder.versions).routes()]))


@pytest.mark.parametrize("name", ["internalconf", "externalconf"])
@pytest.mark.parametrize("version", [2, 3, 4, 5, 6])
def test_each_directory_and_the_parts_that_it_lists(client: TestClient, name: str, version: int) -> None:
    answer = client.get(f"/{name}?version={version}")
    assert answer.status_code == 200
    directory = read_directory(answer.content)
    assert directory.version == version
    for part in directory.parts:
        found = client.get(part.location)
        assert (found.status_code, found.headers["content-type"]) == (200, "application/xml")


def test_the_oldest_version_is_given_to_who_names_none(client: TestClient) -> None:
    assert client.get("/internalconf").content == client.get("/internalconf?version=2").content


@pytest.mark.parametrize(
    "path",
    [
        "/internalconf?version=7",
        "/internalconf?version=1",
        "/internalconf?version=06",
        "/internalconf?version=x",
        "/V6/20261122080000000000000/index.json",
        "/V6/20251122080000000000000/shared-params.xml",
        "/V6/../index.json",
        "/V6/%2e%2e/shared-params.xml",
        "/V66/20261122080000000000000/shared-params.xml",
        "/Vx/20261122080000000000000/shared-params.xml",
    ],
)
def test_what_was_never_published_is_not_there(client: TestClient, path: str) -> None:
    assert client.get(path).status_code in {400, 404}


def test_tags_spare_who_has_it(client: TestClient) -> None:
    first = client.get("/internalconf?version=6")
    again = client.get(
        "/internalconf?version=6", headers={"If-None-Match": f'W/{first.headers["etag"]}, "x"'}
    )
    assert (again.status_code, again.content) == (304, b"")
    assert first.headers["cache-control"] == "no-cache"
    part = client.get(read_directory(first.content).parts[0].location)
    assert "immutable" in part.headers["cache-control"]


def test_parts_of_the_publication_before_are_still_there(
    client: TestClient, published: Centre, clock: SetClock
) -> None:
    before = read_directory(client.get("/internalconf?version=6").content)
    clock.advance(timedelta(seconds=60))
    published.directory[0] = type(published.directory[0])("XA", 2, clock.now())
    published.publisher.publish()
    after = read_directory(client.get("/internalconf?version=6").content)
    assert before.parts[0].location != after.parts[0].location
    assert client.get(before.parts[0].location).status_code == 200


def test_anchors(client: TestClient) -> None:
    for name in ("internalconf", "externalconf"):
        anchor = read_anchor(client.get(f"/exchange/v1/anchors/{name}").content)
        assert anchor.sources[0].url.endswith(name)


def test_nothing_is_published_yet() -> None:
    client = TestClient(site([PublicationApi(list).routes()]))
    assert client.get("/internalconf?version=6").status_code == 404
