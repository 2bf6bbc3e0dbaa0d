# SPDX-License-Identifier: EUPL-1.2
"""What other agencies may ask of the law, as OpenAPI whose paths begin where the service does."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

from flagstone.platform.http.openapi import openapi
from flagstone.platform.http.routes import Routes

TITLE = "Computing by the law"


def described(routes: Routes) -> dict[str, Any]:
    """Return the OpenAPI 3.1 description of routes, for callers that reach them under another address.

    Through the exchange a path follows the code of the service; who may call is a right there.
    """
    found = openapi([routes], str(routes.document), title=TITLE, version=version("flagstone"))
    paths = {path.removeprefix(routes.prefix) or "/": each for path, each in found["paths"].items()}
    for operations in paths.values():
        for operation in operations.values():
            operation.pop("security", None)
    components = {name: each for name, each in found["components"].items() if name != "securitySchemes"}
    return found | {"paths": paths, "components": components, "servers": [{"url": "."}]}
