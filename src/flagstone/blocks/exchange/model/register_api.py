# SPDX-License-Identifier: EUPL-1.2
"""A register of this site as a service: its address, and an OpenAPI 3.1 document of what others may ask."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from flagstone.blocks.registry.contract.record import PAGE_SIZE_MAX
from flagstone.blocks.registry.contract.register import Field, FieldType, RegisterDefinition, Service

ROLE = "exchange"
"""The role in which the exchange reads registers."""

_TYPES = {
    FieldType.INTEGER: "integer",
    FieldType.BOOLEAN: "boolean",
    FieldType.LIST: "array",
    FieldType.OBJECT: "object",
}


def url_of(definition: RegisterDefinition) -> str:
    """Return the path of a register on this site's own web port."""
    return f"/registry/v1/registers/{definition.code}"


def offered(definition: RegisterDefinition) -> frozenset[Service]:
    """Return what the exchange may do with a register of what services can offer."""
    permitted = definition.permits.get(ROLE, frozenset()) | definition.permits.get("anyone", frozenset())
    return permitted & {Service.READ, Service.LIST, Service.EXISTS}


def description_of(definition: RegisterDefinition) -> str:
    """Return the OpenAPI document of a register, as JSON text."""
    services, paths = offered(definition), {}
    if Service.READ in services:
        paths["/records/{id}"] = {"get": _operation("read", "One record", "Record", parameters=[_ID])}
    if Service.LIST in services:
        paths["/find"] = {"post": _operation("find", "A page of records", "Page", body="Query")}
    if Service.EXISTS in services:
        paths["/exists"] = {"post": _operation("exists", "Whether one exists", "Existing", body="Example")}
    document = {
        "openapi": "3.1.0",
        "info": {"title": _words(definition.title), "version": definition.version},
        "paths": paths,
        "components": {"schemas": _schemas(definition)},
    }
    return json.dumps(document, ensure_ascii=False, indent=1)


_ID = {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}


def _operation(
    name: str, summary: str, answer: str, *, parameters: list[Any] | None = None, body: str = ""
) -> dict[str, Any]:
    found: dict[str, Any] = {
        "operationId": name,
        "summary": summary,
        "responses": {"200": {"description": "Found", "content": _json(answer)}},
    }
    if parameters:
        found["parameters"] = parameters
    if body:
        found["requestBody"] = {"required": True, "content": _json(body)}
    return found


def _json(schema: str) -> dict[str, Any]:
    return {"application/json": {"schema": {"$ref": f"#/components/schemas/{schema}"}}}


def _schemas(definition: RegisterDefinition) -> dict[str, Any]:
    seen = [field for field in definition.fields if not field.secret and _is_seen(field)]
    properties = {field.code: _schema(field) for field in seen}
    page = {"type": "integer", "minimum": 1}
    return {
        "Data": {"type": "object", "properties": properties},
        "Record": {
            "type": "object",
            "properties": {"id": {"type": "string"}, "data": {"$ref": "#/components/schemas/Data"}},
        },
        "Page": {
            "type": "object",
            "properties": {
                "records": {"type": "array", "items": {"$ref": "#/components/schemas/Record"}},
                "total": {"type": "integer"},
            },
        },
        "Query": {
            "type": "object",
            "properties": {
                "search": {"type": "string"},
                "filters": {
                    "type": "object",
                    "properties": {field.code: {"type": "string"} for field in seen if field.filter},
                },
                "page": page,
                "page_size": {**page, "maximum": PAGE_SIZE_MAX},
            },
        },
        "Example": {
            "type": "object",
            "properties": {"example": {"$ref": "#/components/schemas/Data"}},
        },
        "Existing": {"type": "object", "properties": {"exists": {"type": "boolean"}}},
    }


def _is_seen(field: Field) -> bool:
    return not field.read_roles or ROLE in field.read_roles


def _schema(field: Field) -> dict[str, Any]:
    schema: dict[str, Any] = {
        "type": _TYPES.get(field.type, "string"),
        "title": _words(field.title),
    }
    if field.type is FieldType.DATE:
        schema["format"] = "date"
    if field.type is FieldType.CATALOGUE:
        schema["enum"] = [option.code for option in field.options]
    return schema


def _words(words: Mapping[str, str]) -> str:
    return words.get("en") or next(iter(words.values()), "")
