# SPDX-License-Identifier: EUPL-1.2
"""A register's definition in GovStack's database shape, and a definition from that shape.

Digital Registries Database API 1.1.0, schemas DatabaseInfo and DatabaseSchema.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from flagstone.blocks.registry.contract.faults import DefinitionInvalid
from flagstone.blocks.registry.contract.register import (
    Field,
    FieldType,
    RegisterDefinition,
    RegisterKind,
    Service,
    Status,
    Value,
)
from flagstone.blocks.registry.model.definition_reader import parse_definition
from flagstone.kernel.errors import Flaw

DEPTH_MAX = 3
"""How deep a schema may nest."""

_JSON_TYPES = {
    FieldType.INTEGER: "integer",
    FieldType.BOOLEAN: "boolean",
    FieldType.LIST: "array",
    FieldType.OBJECT: "object",
}
_FORMATS = {FieldType.DATE: "date", FieldType.TIME: "time", FieldType.DATETIME: "date-time"}
_TYPES = {
    "string": "text",
    "integer": "integer",
    "number": "decimal",
    "boolean": "boolean",
    "array": "list",
    "object": "object",
}
_SERVICE_NAMES = {
    Service.LIST: "data-list",
    Service.READ: "data-read",
    Service.EXISTS: "data-exists",
    Service.CREATE: "data-create",
    Service.UPDATE: "data-update",
    Service.BULK: "data-create-entries",
    Service.ARCHIVE: "data-delete",
}


def database_id(code: str) -> int:
    """Return the number that stands for register `code` in the Database API: its CRC-32."""
    return zlib.crc32(code.encode())


def database_info(definition: RegisterDefinition) -> dict[str, Value]:
    """Return the DatabaseInfo of `definition`; what Flagstone does not know is left out."""
    offered = {service for services in definition.permits.values() for service in services}
    return {
        "id": database_id(definition.code),
        "version": definition.version,
        "name": definition.code,
        "description": _words(definition.description) or _words(definition.title),
        "institution": _words(definition.owner_name) or definition.owner,
        "numberFormat": f"{definition.id_prefix}{{indexNoByCode}}" if not definition.key else "",
        "schema": database_schema(definition),
        "schemaTags": [
            {"name": field.code, "path": path, "isFulltext": field.search}
            for path, field in _paths(definition.fields)
            if field.search or field.filter
        ],
        "schemaFlags": list(_flags(definition)),
        "fieldsUniques": [[field.code] for field in definition.fields if field.unique],
        "isDraft": definition.status is Status.DRAFT,
        "isDisabled": False,
        "isArchived": definition.status is Status.ARCHIVED,
        "generic_Services": [
            {"serviceId": number, "name": name, "isVisible": service in offered}
            for number, (service, name) in enumerate(_SERVICE_NAMES.items(), start=1)
        ],
        "hasLogo": False,
    }


def database_group(definition: RegisterDefinition, order: int) -> dict[str, Value]:
    """Return one element of `/databases`: the register as a group with its newest version."""
    return {
        "id": database_id(definition.code),
        "name": _words(definition.title),
        "code": definition.code,
        "databases": [database_info(definition)],
        "groupId": database_id(definition.owner),
        "order": order,
    }


def database_schema(definition: RegisterDefinition) -> dict[str, Value]:
    """Return the DatabaseSchema of `definition`: a JSON Schema with GovStack's additions."""
    properties = {field.code: _property(field, place) for place, field in enumerate(definition.fields, 1)}
    if definition.key:
        properties[definition.key]["primaryKey"] = True
    return {
        "type": "object",
        "properties": properties,
        "required": [field.code for field in definition.fields if field.required],
    }


def definition_from(
    body: Mapping[str, object], before: RegisterDefinition | None, owner: str
) -> RegisterDefinition:
    """Return the definition that a `/database/modify` body describes; DefinitionInvalid names each flaw.

    What the shape cannot say (titles, rights, persons) is kept from the version `before`; a new
    register belongs to `owner` and gives its whole use to the role `registrar`.
    """
    code, schema = body.get("code"), body.get("schema")
    flaws: list[Flaw] = []
    if not isinstance(code, str):
        flaws.append(Flaw("/code", "must be text"))
    if not isinstance(schema, Mapping) or not isinstance(schema.get("properties"), Mapping):
        flaws.append(Flaw("/schema/properties", "must be a mapping of fields"))
    if flaws or not isinstance(schema, Mapping):
        raise DefinitionInvalid("the body is not a database", flaws=tuple(flaws))
    title = body.get("catalogName")
    plain: dict[str, object] = {
        "code": str(code).lower(),
        "version": "1.0" if before is None else next_version(before.version),
        "title": {"en": title if isinstance(title, str) and title else str(code)},
        "kind": RegisterKind.OTHER.value,
        "owner": owner,
        "fields": _fields(schema, "/schema", 0),
        "permits": {"registrar": [service.value for service in Service]},
    }
    key = _primary_key(schema)
    return _inheriting(parse_definition(plain | ({"key": key} if key else {})), before)


def next_version(version: str) -> str:
    """Return the version after `version`: its last number raised by one."""
    head, dot, last = version.rpartition(".")
    return f"{head}{dot}{int(last) + 1}" if dot else f"{version}.1"


def _inheriting(definition: RegisterDefinition, before: RegisterDefinition | None) -> RegisterDefinition:
    """Keep from `before` what the wire shape cannot carry."""
    if before is None:
        return definition
    known = {field.code: field for field in before.fields}
    fields = tuple(_field_inheriting(field, known.get(field.code)) for field in definition.fields)
    return replace(
        before, version=definition.version, fields=fields, key=definition.key or before.key, breaking=()
    )


def _field_inheriting(field: Field, before: Field | None) -> Field:
    if before is None or _JSON_TYPES.get(before.type, "string") != _JSON_TYPES.get(field.type, "string"):
        return field
    return replace(before, required=field.required, unique=field.unique or before.unique)


def _property(field: Field, place: int) -> dict[str, Value]:
    described: dict[str, Value] = {
        "type": _JSON_TYPES.get(field.type, "string"),
        "description": _words(field.title),
        "id": place,
    }
    if field.type in _FORMATS:
        described["format"] = _FORMATS[field.type]
    if field.options:
        described["enum"] = [option.code for option in field.options]
    if field.items is not None:
        described["items"] = _property(field.items, place)
    if field.properties:
        described["properties"] = {
            each.code: _property(each, n) for n, each in enumerate(field.properties, 1)
        }
        described["required"] = [each.code for each in field.properties if each.required]
    return described


def _fields(schema: Mapping[str, object], pointer: str, depth: int) -> list[dict[str, object]]:
    properties = schema.get("properties")
    required = schema.get("required")
    if not isinstance(properties, Mapping) or depth > DEPTH_MAX:
        raise DefinitionInvalid(flaws=(Flaw(f"{pointer}/properties", "must be a mapping, not too deep"),))
    wanted = set(map(str, required)) if isinstance(required, list) else set()
    return [
        _field(str(name), each, pointer=f"{pointer}/properties/{name}", depth=depth)
        | ({"required": True} if name in wanted else {})
        for name, each in properties.items()
    ]


def _field(name: str, each: object, *, pointer: str, depth: int) -> dict[str, object]:
    """Return the plain definition of one field of a schema."""
    if not isinstance(each, Mapping) or each.get("type") not in _TYPES:
        raise DefinitionInvalid(flaws=(Flaw(f"{pointer}/type", "must be one of " + ", ".join(_TYPES)),))
    kind = _TYPES[str(each["type"])]
    formats = {written: known.value for known, written in _FORMATS.items()}
    if kind == "text" and each.get("format") in formats:
        kind = formats[str(each["format"])]
    title = each.get("description")
    field: dict[str, object] = {
        "code": name,
        "type": kind,
        "title": {"en": title if isinstance(title, str) and title else name},
    }
    options = each.get("enum")
    if isinstance(options, list) and kind == "text":
        field |= {
            "type": "catalogue",
            "options": [{"code": str(code), "title": {"en": str(code)}} for code in options],
        }
    if kind == "object":
        field["properties"] = _fields(each, pointer, depth + 1)
    if kind == "list":
        field["items"] = _field("item", each.get("items"), pointer=f"{pointer}/items", depth=depth + 1)
    return field


def _primary_key(schema: Mapping[str, object]) -> str:
    properties = schema["properties"]
    assert isinstance(properties, Mapping)
    keys = [
        str(name)
        for name, each in properties.items()
        if isinstance(each, Mapping) and each.get("primaryKey") is True
    ]
    return keys[0] if len(keys) == 1 else ""


def _flags(definition: RegisterDefinition) -> Iterator[dict[str, Value]]:
    for path, field in _paths(definition.fields):
        for name, held in (
            ("mandatory", field.required),
            ("personalData", field.personal),
            ("secret", field.secret),
        ):
            if held:
                yield {"name": name, "path": path}
    for person in definition.persons:
        yield {"name": "personalDataId", "path": "/" + re.sub(r"\.", "/", person)}


def _paths(fields: Iterable[Field], above: str = "") -> Iterator[tuple[str, Field]]:
    for field in fields:
        yield f"{above}/{field.code}", field
        inner = field.items.properties if field.items is not None else field.properties
        yield from _paths(inner, f"{above}/{field.code}")


def _words(words: Mapping[str, str]) -> str:
    return words.get("en") or next(iter(words.values()), "")
