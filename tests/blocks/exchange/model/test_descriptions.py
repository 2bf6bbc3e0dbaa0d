# SPDX-License-Identifier: EUPL-1.2
"""OpenAPI 3.0 and 3.1 documents: their endpoints, and what is refused in them."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flagstone.blocks.exchange.contract.faults import DescriptionRefused
from flagstone.blocks.exchange.contract.service import Endpoint
from flagstone.blocks.exchange.model.descriptions import difference, endpoints_of


def document(**paths: Any) -> dict[str, Any]:
    return {"openapi": "3.1.0", "info": {"title": "Boats"}, "paths": paths}


def test_each_operation_is_an_endpoint_and_parameters_are_globs() -> None:
    described = {
        "/boats": {"get": {}, "post": {}, "parameters": [], "summary": "Boats"},
        "/boats/{id}": {"get": {}, "delete": {}},
        "/boats/{id}/photos/{photo}.jpg": {"head": {}},
        "/odd/*/path": {"options": {}},
        "x-internal": {"get": {}},
    }
    found = endpoints_of({"openapi": "3.0.3", "info": {}, "paths": described})
    assert set(found) == {
        Endpoint("GET", "/boats"),
        Endpoint("POST", "/boats"),
        Endpoint("GET", "/boats/*"),
        Endpoint("DELETE", "/boats/*"),
        Endpoint("HEAD", "/boats/*/photos/*.jpg"),
        Endpoint("OPTIONS", "/odd/\\*/path"),
    }


@pytest.mark.parametrize("version", ["3.0.0", "3.0.4", "3.1.0", "3.1.1", "3.1.0-rc1"])
def test_versions_that_are_taken(version: str) -> None:
    assert endpoints_of({**document(**{"/x": {"get": {}}}), "openapi": version})


def deep(depth: int) -> Any:
    value: Any = {}
    for _ in range(depth):
        value = {"properties": value}
    return value


@pytest.mark.parametrize(
    "described",
    [
        None,
        [],
        "openapi: 3.1.0",
        {},
        {"swagger": "2.0", "info": {}, "paths": {"/x": {"get": {}}}},
        {"openapi": "2.0", "info": {}, "paths": {"/x": {"get": {}}}},
        {"openapi": "3.2.0", "info": {}, "paths": {"/x": {"get": {}}}},
        {"openapi": 3.1, "info": {}, "paths": {"/x": {"get": {}}}},
        {"openapi": "3.1.0", "paths": {"/x": {"get": {}}}},
        {"openapi": "3.1.0", "info": {}, "paths": []},
        document(),
        document(**{"/x": {}}),
        document(x={"get": {}}),
        document(**{"/x": []}),
        document(**{"/x": {"$ref": "#/components/pathItems/x", "get": {}}}),
        document(**{"/x": {"$ref": "https://elsewhere.example/x.json"}}),
        document(**{"/x": {"get": {"parameters": [{"$ref": "other.yaml#/x"}]}}}),
        document(**{"/x": {"get": {"schema": {"$ref": "file:///etc/passwd"}}}}),
        document(**{"/x": {"get": {"schema": {"$ref": "http://169.254.169.254/latest"}}}}),
        document(**{"/../x": {"get": {}}}),
        document(**{"/x y": {"get": {}}}),
        document(**{"/x\x00": {"get": {}}}),
        document(**{"/{a": {"get": {}}}),
        document(**{"/" + "x" * 2_000: {"get": {}}}),
        document(**{f"/x{number}": {"get": {}} for number in range(1_001)}),
        document(**{f"/x{number}": {"get": {}, "put": {}, "post": {}} for number in range(900)}),
        document(**{"/x": {"get": {"schema": deep(100)}}}),
        document(**{"/x": {"get": {"enum": list(range(200_001))}}}),
    ],
)  # fmt: skip
def test_what_is_refused(described: object) -> None:
    with pytest.raises(DescriptionRefused):
        endpoints_of(described)


def test_references_within_the_document_are_taken() -> None:
    inner = {"$ref": "#/components/schemas/Boat"}
    assert endpoints_of(document(**{"/x": {"get": {"schema": inner}}}))


def test_it_is_told_which_endpoints_came_and_went() -> None:
    a, b, c = Endpoint("GET", "/a"), Endpoint("GET", "/b"), Endpoint("GET", "/c")
    found = difference([a, b], [b, c])
    assert (found.came, found.went) == ((c,), (a,))


PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=12,
)


@given(st.dictionaries(st.text(max_size=12).map(lambda text: f"/{text}"), PLAIN, max_size=4))
def test_any_paths_are_read_or_refused(paths: dict[str, Any]) -> None:
    with suppress(DescriptionRefused):
        assert all(endpoint.path.startswith("/") for endpoint in endpoints_of(document(**paths)))
