# SPDX-License-Identifier: EUPL-1.2
"""One OpenAPI 3.1 document for each block, with who may call each route and the one shape of errors."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from fastapi.openapi.utils import get_openapi

from flagstone.platform.http.problem import MEDIA_TYPE
from flagstone.platform.http.routes import Access, Audience, Door, Routes

SCHEMES = {
    "bearer": {"type": "http", "scheme": "bearer", "description": "An access token (RFC 6750)."},
    "session": {
        "type": "apiKey",
        "in": "cookie",
        "name": "__Host-session",
        "description": "A person's session; unsafe methods also need the header X-CSRF-Token.",
    },
}
PROBLEM = {
    "type": "object",
    "description": "RFC 9457 problem details.",
    "required": ["type", "title", "status", "code", "remedy"],
    "properties": {
        "type": {"type": "string", "format": "uri"},
        "title": {"type": "string"},
        "status": {"type": "integer", "minimum": 400, "maximum": 599},
        "detail": {"type": "string"},
        "instance": {"type": "string", "format": "uri"},
        "code": {"type": "string", "description": "Stable name of the fault."},
        "remedy": {"type": "string", "description": "What to do next."},
        "request_id": {"type": "string"},
        "flaws": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["pointer", "message"],
                "properties": {"pointer": {"type": "string"}, "message": {"type": "string"}},
            },
        },
    },
}
PROBLEM_ANSWER = {
    "description": "The request was refused or failed.",
    "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
}


def document_names(routes: Iterable[Routes]) -> list[str]:
    """Return the names of the documents that `routes` appear in, sorted."""
    return sorted({each.document for each in routes if each.document is not None})


def openapi(routes: Iterable[Routes], document: str, *, title: str, version: str) -> dict[str, Any]:
    """Return the OpenAPI 3.1 document named `document`."""
    doors = [door for each in routes if each.document == document for door in each.doors]
    described: dict[str, Any] = get_openapi(
        title=f"{title}: {document}", version=version, openapi_version="3.1.0", routes=doors
    )
    components = described.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    schemas["Problem"] = PROBLEM
    components["securitySchemes"] = SCHEMES
    for door in doors:
        _complete(described.get("paths", {}).get(door.path_format, {}), door)
    return described


def _complete(operations: dict[str, Any], door: Door) -> None:
    for method in door.methods or ():
        operation = operations.get(method.lower())
        if operation is not None:
            operation["responses"].pop("422", None)
            operation["responses"]["default"] = PROBLEM_ANSWER
            operation["security"] = security(door.access)
            operation["x-access"] = str(door.access)


def security(access: Access) -> list[dict[str, list[str]]]:
    """Return the security requirements of `access`: any one of the list is enough, `[]` means open."""
    if access.audience is Audience.ANYONE:
        return []
    bearer: dict[str, list[str]] = {"bearer": sorted(access.roles)}
    return [bearer] if access.audience is Audience.CLIENT else [bearer, {"session": []}]
