# SPDX-License-Identifier: EUPL-1.2
"""The official's registry desk: choose a register, search with a purpose, look at a record."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Annotated

from fastapi import Depends
from fastapi import Query as QueryParameter
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from flagstone.blocks.registry.contract.faults import NotPermitted
from flagstone.blocks.registry.contract.record import Query, Record, Revision
from flagstone.blocks.registry.contract.register import Data, Field, FieldType, RegisterDefinition, Service
from flagstone.blocks.registry.contract.registry import Registry
from flagstone.blocks.registry.model import permits
from flagstone.blocks.registry.web.forms import changed
from flagstone.blocks.registry.web.purposes import NOTHING_STATED, PURPOSES, Stated, stated, text_of
from flagstone.blocks.registry.web.searches import Search, Searches
from flagstone.kernel.audit import Caller
from flagstone.platform.http.csrf import read_form
from flagstone.platform.http.pages import Pages
from flagstone.platform.http.principal import current
from flagstone.platform.http.routes import Routes, role

PREFIX = "/desk/registry"
DESK = role("registrar", "clerk")
PAGE_SIZE = 20
COLUMNS_MAX = 5
FILTERS_SHOWN_MAX = 6

FormOf = Annotated[FormData, Depends(read_form)]
Handle = Annotated[str, QueryParameter(alias="search", max_length=64)]
PageNumber = Annotated[int, QueryParameter(ge=1, le=100_000)]


def permitted(definition: RegisterDefinition, caller: Caller) -> frozenset[str]:
    """Return the names of the services that the register permits to the caller on every record."""
    return frozenset(one.value for one in Service if permits.may(definition, caller, one))


def visible_fields(definition: RegisterDefinition, caller: Caller) -> tuple[Field, ...]:
    """Return the fields that the caller may see on any record."""
    codes = permits.visible(definition, caller, concerned=False)
    return tuple(field for field in definition.fields if field.code in codes)


@dataclass(frozen=True)
class Change:
    """One entry of a record's history with what it changed: field, value before, value after."""

    revision: Revision
    fields: tuple[tuple[Field, object, object], ...]


def changes(definition: RegisterDefinition, revisions: tuple[Revision, ...]) -> Iterator[Change]:
    """Yield the history, the newest first, each entry compared with the one before it."""
    for place, revision in enumerate(revisions):
        before: Data = revisions[place + 1].record.data if place + 1 < len(revisions) else {}
        now = revision.record.data
        both = {code: now.get(code) for code in [*before, *now]}
        differing = changed(before, both) if before else {}
        fields = tuple(
            (field, before.get(field.code), now.get(field.code))
            for field in definition.fields
            if field.code in differing
        )
        yield Change(revision, fields)


class Desk:
    """The pages that find and show records."""

    def __init__(self, registry: Registry, pages: Pages, searches: Searches) -> None:
        """Show `registry` by `pages`; `searches` keeps what is looked for out of addresses."""
        self._registry = registry
        self._pages = pages
        self._searches = searches

    def routes(self) -> Routes:
        """Return the pages under `/desk/registry`, for registrars and clerks."""
        routes = Routes(PREFIX)
        routes.get("", access=DESK, name="registry-desk")(self.registers)
        routes.get("/{register}", access=DESK)(self.search_form)
        routes.post("/{register}", access=DESK)(self.search)
        routes.get("/{register}/results/{handle}", access=DESK)(self.results)
        routes.get("/{register}/records/{record_id}", access=DESK)(self.record)
        routes.post("/{register}/records/{record_id}", access=DESK)(self.state_purpose)
        return routes

    def registers(self, request: Request) -> Response:
        """Show the registers that the official may search or fill."""
        caller = current(request).caller
        known = [
            (definition, permitted(definition, caller)) for definition in self._registry.definitions(caller)
        ]
        shown = [pair for pair in known if pair[1] & {"list", "read", "import", "export", "create"}]
        return self._pages.render(request, "registry/desk.html", registers=shown)

    def search_form(self, request: Request, register: str) -> Response:
        """Show the search form of a register."""
        return self._search_page(request, register, {}, NOTHING_STATED)

    def search(self, request: Request, register: str, form: FormOf) -> Response:
        """Keep the search and lead to its results, whose address names nobody."""
        definition = self._registry.definition(register)
        asked = {name: text_of(form, name) for name in form if name == "words" or name.startswith("q.")}
        said = stated(form, definition)
        if said.reason is None:
            return self._search_page(request, register, asked, said)
        filters = {name.removeprefix("q."): text for name, text in asked.items() if text and name != "words"}
        query = Query(asked.get("words", ""), filters, page_size=PAGE_SIZE)
        handle = self.keep(request, Search(register, query, said.reason))
        return RedirectResponse(f"{PREFIX}/{register}/results/{handle}", 303)

    def results(self, request: Request, register: str, handle: str, page: PageNumber = 1) -> Response:
        """Show one page of what was found; each record shown is a recorded reading."""
        caller = current(request).caller
        search = self.found(request, register, handle)
        definition = self._registry.definition(register)
        found = self._registry.find(caller, register, replace(search.query, page=page), search.reason)
        return self._pages.render(
            request,
            "registry/results.html",
            definition=definition,
            columns=_columns(definition, caller),
            found=found,
            handle=handle,
            reason=search.reason,
        )

    def record(self, request: Request, register: str, record_id: str, search: Handle = "") -> Response:
        """Show a record with its history and read log; without a kept purpose, ask for one first."""
        caller = current(request).caller
        definition = self._registry.definition(register)
        if not search:
            return self._purpose_page(request, definition, record_id, NOTHING_STATED)
        reason = self.found(request, register, search).reason
        may = permitted(definition, caller)
        history = self._registry.history(caller, register, record_id, reason) if "history" in may else ()
        archived = bool(history) and history[0].record.archived  # then only its history can be read
        record = history[0].record if archived else self._registry.read(caller, register, record_id, reason)
        readings = self._registry.read_log(caller, register, record_id) if "read-log" in may else ()
        return self._pages.render(
            request,
            "registry/record.html",
            definition=definition,
            record=record,
            name=display_name(definition, record),
            fields=[field for field in definition.fields if field.code in record.data],
            history=list(changes(definition, history)),
            readings=readings[:50],
            readings_total=len(readings),
            may=may,
            reason=reason,
            handle=search,
            done=request.query_params.get("done", ""),
        )

    def state_purpose(self, request: Request, register: str, record_id: str, form: FormOf) -> Response:
        """Take the purpose for one record and lead to it."""
        definition = self._registry.definition(register)
        said = stated(form, definition)
        if said.reason is None:
            return self._purpose_page(request, definition, record_id, said)
        handle = self.keep(request, Search(register, Query(), said.reason))
        return RedirectResponse(record_address(register, record_id, handle), 303)

    def keep(self, request: Request, search: Search) -> str:
        """Keep `search` for the session and return its handle."""
        return self._searches.keep(_owner(request), search)

    def found(self, request: Request, register: str, handle: str) -> Search:
        """Return the session's search; SearchEnded when there is none in this register."""
        return self._searches.of(_owner(request), handle, register)

    def _search_page(self, request: Request, register: str, asked: dict[str, str], said: Stated) -> Response:
        caller = current(request).caller
        definition = self._registry.definition(register)
        may = permitted(definition, caller)
        if not may & {"list", "import", "export"}:
            raise NotPermitted
        simple = [field for field in visible_fields(definition, caller) if field.filter or field.unique]
        return self._pages.render(
            request,
            "registry/search.html",
            status=400 if said.flaws else 200,
            definition=definition,
            filters=simple[:FILTERS_SHOWN_MAX],
            asked=asked,
            said=said,
            purposes=PURPOSES,
            may=may,
        )

    def _purpose_page(
        self, request: Request, definition: RegisterDefinition, record_id: str, said: Stated
    ) -> Response:
        return self._pages.render(
            request,
            "registry/purpose.html",
            status=400 if said.flaws else 200,
            definition=definition,
            record_id=record_id,
            said=said,
            purposes=PURPOSES,
        )


def display_name(definition: RegisterDefinition, record: Record) -> str:
    """Return the record's display fields as one line, its id where they are empty."""
    words = [str(record.data[code]) for code in definition.display if record.data.get(code)]
    return " ".join(words) or record.id


def record_address(register: str, record_id: str, handle: str) -> str:
    """Return the address of a record's page for the purpose kept under `handle`."""
    return f"{PREFIX}/{register}/records/{record_id}?search={handle}"


def _columns(definition: RegisterDefinition, caller: Caller) -> list[Field]:
    """Return the few fields that a table of results shows besides the name."""
    simple = [
        field
        for field in visible_fields(definition, caller)
        if field.type not in {FieldType.LIST, FieldType.OBJECT}
        and not field.secret
        and field.code not in definition.display
    ]
    simple.sort(key=lambda field: not (field.filter or field.unique))
    return simple[: COLUMNS_MAX - 1]


def _owner(request: Request) -> str:
    who = current(request)
    return f"{who.session} {who.caller.actor.id}"
