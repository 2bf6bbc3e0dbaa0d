# SPDX-License-Identifier: EUPL-1.2
"""The desk's pages that change a record: correct it step by step with a reason, or archive it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from flagstone.blocks.registry.contract.faults import (
    NotPermitted,
    RecordChangedMeanwhile,
    RecordExists,
    RecordInvalid,
)
from flagstone.blocks.registry.contract.record import Record
from flagstone.blocks.registry.contract.register import Field, RegisterDefinition, Value
from flagstone.blocks.registry.contract.registry import Registry
from flagstone.blocks.registry.web.desk import (
    DESK,
    PREFIX,
    Desk,
    FormOf,
    Handle,
    display_name,
    permitted,
    record_address,
    visible_fields,
)
from flagstone.blocks.registry.web.forms import changed, controls, hidden, read_back
from flagstone.blocks.registry.web.purposes import PURPOSES, Stated, stated, text_of
from flagstone.kernel.audit import Caller, Reason
from flagstone.kernel.errors import Flaw
from flagstone.platform.http.language import marked
from flagstone.platform.http.pages import Pages
from flagstone.platform.http.principal import current
from flagstone.platform.http.routes import Routes

_ = marked


@dataclass(frozen=True)
class Draft:
    """A correction under way: of which record, what it would change, and why."""

    request: Request
    definition: RegisterDefinition
    record: Record
    fields: tuple[Field, ...]
    handle: str
    after: dict[str, Value]
    said: Stated

    @property
    def differing(self) -> dict[str, Value]:
        """Return the values that would change."""
        return changed(self.record.data, self.after)


class Correction:
    """Correcting and archiving: a form, its answers to check, then the write."""

    def __init__(self, registry: Registry, pages: Pages, desk: Desk) -> None:
        """Write to `registry`; `desk` keeps the purposes that records are opened for."""
        self._registry = registry
        self._pages = pages
        self._desk = desk

    def routes(self) -> Routes:
        """Return the pages below a record's address."""
        routes = Routes(PREFIX)
        one = "/{register}/records/{record_id}"
        routes.get(f"{one}/correct", access=DESK)(self.form)
        routes.post(f"{one}/correct", access=DESK)(self.take)
        routes.get(f"{one}/archive", access=DESK)(self.archive_form)
        routes.post(f"{one}/archive", access=DESK)(self.archive)
        return routes

    def form(self, request: Request, register: str, record_id: str, search: Handle = "") -> Response:
        """Show the form, filled with what the register holds."""
        if not search:
            return RedirectResponse(f"{PREFIX}/{register}/records/{record_id}", 303)
        reason = self._desk.found(request, register, search).reason
        definition, record, fields = self._open(request, register, record_id, reason)
        draft = Draft(request, definition, record, fields, search, dict(record.data), _kept(reason))
        return self._form_page(draft, ())

    def take(
        self, request: Request, register: str, record_id: str, form: FormOf, search: Handle = ""
    ) -> Response:
        """Check the form and show its answers; from the answers, write or go back to the form."""
        reason = self._desk.found(request, register, search).reason
        definition, record, fields = self._open(request, register, record_id, reason)
        after, flaws = read_back(fields, form)
        draft = Draft(request, definition, record, fields, search, after, stated(form, definition))
        if text_of(form, "step") == "change":
            return self._form_page(draft, (), revision=_revision(form))
        flaws += draft.said.flaws
        if not flaws and not draft.differing:
            flaws = (Flaw("", _("Nothing was changed")),)
        if flaws:
            return self._form_page(draft, flaws, revision=_revision(form))
        if text_of(form, "step") != "confirm":
            return self._answers_page(draft, form)
        return self._write(draft, form)

    def archive_form(self, request: Request, register: str, record_id: str, search: Handle = "") -> Response:
        """Ask why the record is to be archived."""
        if not search:
            return RedirectResponse(f"{PREFIX}/{register}/records/{record_id}", 303)
        reason = self._desk.found(request, register, search).reason
        definition, record, fields = self._open(request, register, record_id, reason, "archive")
        return self._archive_page(Draft(request, definition, record, fields, search, {}, _kept(reason)))

    def archive(
        self, request: Request, register: str, record_id: str, form: FormOf, search: Handle = ""
    ) -> Response:
        """Archive the record for the reason given."""
        reason = self._desk.found(request, register, search).reason
        definition, record, fields = self._open(request, register, record_id, reason, "archive")
        draft = Draft(request, definition, record, fields, search, {}, stated(form, definition))
        if draft.said.reason is None:
            return self._archive_page(draft)
        self._registry.archive(current(request).caller, register, record_id, draft.said.reason)
        return RedirectResponse(f"{record_address(register, record_id, search)}&done=archived", 303)

    def _open(
        self, request: Request, register: str, record_id: str, reason: Reason, service: str = "update"
    ) -> tuple[RegisterDefinition, Record, tuple[Field, ...]]:
        caller = current(request).caller
        definition = self._registry.definition(register)
        if service not in permitted(definition, caller):
            raise NotPermitted
        record = self._registry.read(caller, register, record_id, reason)
        return definition, record, _correctable(definition, caller)

    def _write(self, draft: Draft, form: FormData) -> Response:
        reason = draft.said.reason
        assert reason is not None
        try:
            self._registry.update(
                current(draft.request).caller,
                draft.record.register,
                draft.record.id,
                draft.differing,
                reason,
                expected_revision=_revision(form),
            )
        except RecordInvalid as refused:
            return self._form_page(draft, refused.flaws, revision=_revision(form))
        except RecordExists:
            words = _("Another record has this value already; values that must be unique cannot repeat")
            flaw = Flaw("", words)
            return self._form_page(draft, (flaw,), revision=_revision(form))
        except RecordChangedMeanwhile:
            return self._conflict_page(draft, form)
        address = record_address(draft.record.register, draft.record.id, draft.handle)
        return RedirectResponse(f"{address}&done=corrected", 303)

    def _form_page(self, draft: Draft, flaws: Iterable[Flaw], *, revision: int = 0) -> Response:
        found = tuple(flaws)
        return self._page(
            draft,
            "registry/correct.html",
            status=400 if found else 200,
            controls=controls(draft.fields, draft.after, found),
            flaws=found,
            revision=revision or draft.record.revision,
        )

    def _answers_page(self, draft: Draft, form: FormData) -> Response:
        return self._page(
            draft,
            "registry/answers.html",
            rows=_compared(draft),
            hidden=hidden(form),
            revision=_revision(form),
        )

    def _conflict_page(self, draft: Draft, form: FormData) -> Response:
        return self._page(
            draft,
            "registry/conflict.html",
            status=409,
            rows=_compared(draft),
            hidden=hidden(form),
            revision=draft.record.revision,
        )

    def _archive_page(self, draft: Draft) -> Response:
        return self._page(draft, "registry/archive.html", status=400 if draft.said.flaws else 200)

    def _page(self, draft: Draft, template: str, *, status: int = 200, **context: object) -> Response:
        return self._pages.render(
            draft.request,
            template,
            status=status,
            definition=draft.definition,
            record=draft.record,
            name=display_name(draft.definition, draft.record),
            handle=draft.handle,
            said=draft.said,
            purposes=PURPOSES,
            **context,
        )


def _compared(draft: Draft) -> list[tuple[Field, Value, Value]]:
    """Return each differing field with the value now and the value wanted."""
    differing = draft.differing
    return [
        (field, draft.record.data.get(field.code), differing[field.code])
        for field in draft.fields
        if field.code in differing
    ]


def _correctable(definition: RegisterDefinition, caller: Caller) -> tuple[Field, ...]:
    """Return the fields that the caller sees and that are not the record's id."""
    return tuple(field for field in visible_fields(definition, caller) if field.code != definition.key)


def _revision(form: FormData) -> int:
    text = text_of(form, "expected_revision")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 12 else 1


def _kept(reason: Reason) -> Stated:
    """Return the purpose that the record was opened for, to start from."""
    words, _, details = reason.purpose.partition(": ")
    chosen = next((code for code, purpose in PURPOSES.items() if purpose == words), "")
    return Stated(chosen, details, reason.message_reference, reason)
