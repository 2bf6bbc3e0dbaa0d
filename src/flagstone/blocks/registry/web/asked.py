# SPDX-License-Identifier: EUPL-1.2
"""What a machine asks for: a register and version, the system it asks for, and the shapes of its bodies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Header, Path
from pydantic import BaseModel, ConfigDict, Field, JsonValue
from starlette.requests import Request

from flagstone.blocks.registry.contract.faults import QueryInvalid
from flagstone.blocks.registry.contract.record import Record
from flagstone.blocks.registry.contract.register import Data, RegisterDefinition, Value
from flagstone.blocks.registry.web.caller import CLIENT_HEADER
from flagstone.kernel.audit import Caller, Reason

JSON_DEPTH_MAX = 8

ClientHeader = Annotated[
    str,
    Header(alias=CLIENT_HEADER, max_length=404, description="INSTANCE/CLASS/MEMBER/SUBSYSTEM of the caller"),
]
RegisterCode = Annotated[str, Path(max_length=63)]
RegistryName = Annotated[str, Path(alias="registryName", max_length=63, description="code of the register")]
VersionNumber = Annotated[str, Path(alias="versionNumber", max_length=20, description="version, such as 1.0")]
RecordId = Annotated[str, Path(max_length=200, description="id of the record")]
Content = dict[str, JsonValue]


@dataclass(frozen=True)
class Asked:
    """A request for one version of one register."""

    request: Request
    register: str
    version: str


def _asked(request: Request, client: ClientHeader, register: RegistryName, version: VersionNumber) -> Asked:
    del client  # read from the request, where a second header would show
    return Asked(request, register, version)


AskedOf = Annotated[Asked, Depends(_asked)]


@dataclass(frozen=True)
class Visit:
    """A request that was understood: who asks whom for what reason."""

    caller: Caller
    reason: Reason
    definition: RegisterDefinition
    version: str

    @property
    def register(self) -> str:
        """Return the register's code."""
        return self.definition.code


class Body(BaseModel):
    """A body that is refused when it says more than it may."""

    model_config = ConfigDict(extra="forbid")


class Holder(BaseModel):
    """`content`: a record's fields by code."""

    content: Content


class Written(BaseModel):
    """The body of `create`."""

    write: Holder


class Asking(BaseModel):
    """The body of `read` and `exists`: an example that records must equal."""

    query: Holder


class Changing(BaseModel):
    """The body of `update`, `updateEntries` and `updateOrCreate`."""

    query: Holder | None = None
    write: Holder


class Received(BaseModel):
    """A record as the data API answers it."""

    content: Content


def plain(content: Mapping[str, JsonValue]) -> dict[str, Value]:
    """Return JSON content as register data: numbers with a point become canonical text.

    QueryInvalid when it nests deeper than `JSON_DEPTH_MAX`.
    """
    return {key: _plain(value, 1) for key, value in content.items()}


def _plain(value: JsonValue, depth: int) -> Value:
    if depth > JSON_DEPTH_MAX:
        raise QueryInvalid(f"the content nests deeper than {JSON_DEPTH_MAX}")
    if isinstance(value, float):
        return f"{value:f}".rstrip("0").rstrip(".") if value == value else "NaN"  # noqa: PLR0124 -- NaN alone differs
    if isinstance(value, list):
        return [_plain(item, depth + 1) for item in value]
    if isinstance(value, dict):
        return {key: _plain(item, depth + 1) for key, item in value.items()}
    return value


def content_of(record: Record) -> dict[str, Value]:
    """Return `record` as GovStack's content: its fields, and its id under `id`."""
    return {**record.data, "id": record.id}


def without_id(content: Data, definition: RegisterDefinition) -> tuple[str, Data]:
    """Return the record id that `content` names (empty when none) and the rest of the content."""
    declared = any(field.code == "id" for field in definition.fields)
    if declared or "id" not in content:
        return "", content
    return str(content["id"]), {key: value for key, value in content.items() if key != "id"}


class PageAsked(Body):
    """Our own search body: what `list` takes in its query string, kept out of addresses."""

    search: str = Field(default="", max_length=10_000)
    filters: dict[str, str] = Field(default_factory=dict, max_length=100)
    order_by: str = Field(default="", max_length=1_000)
    page: int = Field(default=1, ge=-(2**31), le=2**31, description="from 1")
    page_size: int = Field(default=25, ge=-(2**31), le=2**31, description="1 to 200")
