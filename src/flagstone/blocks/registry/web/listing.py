# SPDX-License-Identifier: EUPL-1.2
"""The `list` operation of GovStack's data API: search, filter, ordering, pages, and links between pages."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal
from urllib.parse import urlencode

from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request

from flagstone.blocks.registry.contract.faults import QueryInvalid
from flagstone.blocks.registry.contract.record import Page, Query
from flagstone.blocks.registry.contract.register import RegisterDefinition
from flagstone.blocks.registry.contract.registry import Registry
from flagstone.blocks.registry.web.asked import Content, Visit, content_of
from flagstone.blocks.registry.web.searches import Search, Searches

FIELD_PREFIX = "query."


class ListAsked(BaseModel):
    """The query string of `list`; `continue` is the handle that the links between pages carry."""

    model_config = ConfigDict(extra="allow", populate_by_name=True)

    search: str = Field(default="", max_length=500)
    filter: str = Field(default="", max_length=63)
    ordering: str = Field(default="", max_length=70)
    page: int = Field(default=1, ge=1, le=1_000_000)
    page_size: int = Field(default=25, ge=1, le=200, alias="pageSize")
    handle: str = Field(default="", max_length=64, alias="continue")


class Listing(BaseModel):
    """One page of records; `next` and `previous` are addresses without personal data."""

    count: int
    next: str | None = None
    previous: str | None = None
    results: list[Content]


@dataclass(frozen=True)
class Listings:
    """Answers `list` and `find`."""

    registry: Registry
    searches: Searches

    def page(self, visit: Visit, wanted: ListAsked, request: Request) -> Listing:
        """Return the page that the query string asks for; QueryInvalid for unknown or repeated names."""
        if wanted.handle:
            search = self.searches.of(_owner(visit), wanted.handle, visit.register)
            query = replace(search.query, page=wanted.page)
            visit = replace(visit, reason=search.reason)
            return self._answer(visit, query, request, wanted.handle)
        return self.found(visit, query_of(wanted, visit.definition, request), request)

    def found(self, visit: Visit, query: Query, request: Request) -> Listing:
        """Return the page that `query` asks for, its links by a handle."""
        return self._answer(visit, query, request, "")

    def _answer(self, visit: Visit, query: Query, request: Request, handle: str) -> Listing:
        page = self.registry.find(visit.caller, visit.register, query, visit.reason, version=visit.version)
        before, after = page.page > 1, page.page * page.page_size < page.total
        if (before or after) and not handle:
            handle = self.searches.keep(_owner(visit), Search(visit.register, query, visit.reason))
        return Listing.model_validate(
            {
                "count": page.total,
                "next": _link(request, visit, page, page.page + 1, handle) if after else None,
                "previous": _link(request, visit, page, page.page - 1, handle) if before else None,
                "results": [content_of(record) for record in page.records],
            }
        )


def query_of(wanted: ListAsked, definition: RegisterDefinition, request: Request) -> Query:
    """Return the query that a query string means.

    With `filter`, that field must equal `search`; without, `search` is sought in all searchable text.
    `ordering` is `ascending` or `descending` by the filtered field (else the key), or a field code,
    with `-` before it for descending.
    """
    names = [name for name, _ in request.query_params.multi_items()]
    if len(set(names)) != len(names):
        raise QueryInvalid("a name was given twice")
    filters: dict[str, str] = {}
    for name, value in (wanted.model_extra or {}).items():
        if not name.startswith(FIELD_PREFIX):
            raise QueryInvalid(f"a field is asked for as {FIELD_PREFIX}FIELD")
        filters[name.removeprefix(FIELD_PREFIX)] = str(value)
    search = wanted.search
    if wanted.filter and search:
        filters[wanted.filter] = search
        search = ""
    order_by = _order(wanted, definition)
    return Query(search, filters, order_by, wanted.page, wanted.page_size)


def _order(wanted: ListAsked, definition: RegisterDefinition) -> str:
    direction: Literal["", "-"] = "-" if wanted.ordering == "descending" else ""
    if wanted.ordering not in {"ascending", "descending"}:
        return wanted.ordering
    field = wanted.filter or definition.key or next(iter(definition.display), "")
    if not field and direction:
        raise QueryInvalid("name the field to order by")
    return direction + field


def _owner(visit: Visit) -> str:
    return f"{visit.caller.actor.id} {visit.caller.actor.system}"


def _link(request: Request, visit: Visit, page: Page, number: int, handle: str) -> str:
    path = f"data/{visit.register}/{visit.version}"
    return f"{request.base_url}{path}?" + urlencode(
        {"page": number, "pageSize": page.page_size, "continue": handle}
    )
