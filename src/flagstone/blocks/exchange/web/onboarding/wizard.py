# SPDX-License-Identifier: EUPL-1.2
"""Five steps that bring a system onto the exchange: who, from what, which fields, for whom and why, go."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace

from starlette.datastructures import FormData, UploadFile
from starlette.requests import Request
from starlette.responses import Response

from flagstone.blocks.exchange.contract.faults import IdentifierInvalid
from flagstone.blocks.exchange.contract.identifiers import ServiceId
from flagstone.blocks.exchange.contract.onboarding import (
    CSV_BYTES_MAX,
    Api,
    Columns,
    Offering,
    Onboarding,
)
from flagstone.blocks.exchange.contract.service import Purpose, ServiceDefinition
from flagstone.blocks.exchange.model import names
from flagstone.blocks.exchange.web.console.asking import (
    CHANGE,
    MENDABLE,
    NOTHING_FILLED,
    Filled,
    FormOf,
    attempt,
    filled,
)
from flagstone.blocks.exchange.web.console.parts import Desk, caller_of, to
from flagstone.blocks.exchange.web.onboarding.checking import checks_path
from flagstone.blocks.exchange.web.onboarding.drafts import Draft, Drafts
from flagstone.kernel.audit import Reason
from flagstone.kernel.errors import Fault, Flaw
from flagstone.platform.http.language import marked as _
from flagstone.platform.http.principal import current
from flagstone.platform.http.routes import Routes

SOURCES = ("file", "api", "register")


class Wizard:
    """The pages under `/desk/exchange/onboard`."""

    def __init__(self, desk: Desk, onboarding: Onboarding) -> None:
        """Bring systems in by `onboarding`."""
        self._desk = desk
        self._onboarding = onboarding
        self._drafts = Drafts(desk.clock)

    def declare(self, routes: Routes) -> None:
        """Add the pages to `routes`."""
        routes.get("/onboard", access=CHANGE, name="exchange-onboard")(self.who_form)
        routes.post("/onboard", access=CHANGE)(self.who)
        routes.get("/onboard/{handle}/source", access=CHANGE)(self.source_form)
        routes.post("/onboard/{handle}/source", access=CHANGE, upload=True)(self.source)
        routes.get("/onboard/{handle}/fields", access=CHANGE)(self.fields_form)
        routes.post("/onboard/{handle}/fields", access=CHANGE)(self.fields)
        routes.get("/onboard/{handle}/callers", access=CHANGE)(self.callers_form)
        routes.post("/onboard/{handle}/callers", access=CHANGE)(self.callers)
        routes.get("/onboard/{handle}/go", access=CHANGE)(self.go_form)
        routes.post("/onboard/{handle}/go", access=CHANGE)(self.go)

    def who_form(self, request: Request) -> Response:
        """Ask which system offers the service and what it is called."""
        return self._who_page(request, NOTHING_FILLED)

    def who(self, request: Request, form: FormOf) -> Response:
        """Begin a draft."""
        sent = filled(form)
        try:
            draft = draft_of(sent, self._languages())
        except Fault as fault:
            return self._who_page(request, sent.refused(fault))
        if draft.service in self._desk.exchange.snapshot().services:
            flaw = Flaw("/code", _("There is a service of that code already"))
            return self._who_page(request, sent.wrong(flaw))
        handle = self._drafts.keep(_owner(request), draft)
        return to(f"/onboard/{handle}/source")

    def _who_page(self, request: Request, form: Filled) -> Response:
        return self._desk.show(request, "onboard_who", form, languages_of_names=self._languages())

    def source_form(self, request: Request, handle: str) -> Response:
        """Ask where the data comes from."""
        draft = self._found(request, handle)
        api = draft.api or Api("")
        texts = {"source": draft.source or "file", "url": api.url, "description_url": api.description_url}
        return self._step(request, "source", draft, Filled(texts | {"register": draft.register}))

    def source(self, request: Request, handle: str, form: FormOf) -> Response:
        """Take a file, an API or a register."""
        draft, sent = self._found(request, handle), filled(form)
        chosen = sent.text("source")
        try:
            told = self._told(request, draft, sent, form)
        except Fault as fault:
            if fault.kind not in MENDABLE:
                raise
            return self._step(request, "source", draft, sent.refused(fault))
        if isinstance(told, Filled):
            return self._step(request, "source", draft, told)
        self._drafts.replace(_owner(request), handle, replace(told, source=chosen))
        return to(f"/onboard/{handle}/{'fields' if chosen == 'file' else 'callers'}")

    def _told(self, request: Request, draft: Draft, sent: Filled, form: FormData) -> Draft | Filled:
        """Return the draft with its source, or the form with what is missing; the block's faults."""
        chosen = sent.text("source")
        if chosen == "api":
            if not sent.text("url").startswith(("http://", "https://")):
                return sent.wrong(Flaw("/url", _("Enter an address that begins with http://")))
            return replace(draft, api=Api(sent.text("url"), description_url=sent.text("description_url")))
        if chosen == "register":
            if not sent.text("register"):
                return sent.wrong(Flaw("/register", _("Enter the code of the register")))
            return replace(draft, register=sent.text("register"))
        if chosen != "file":
            return sent.wrong(Flaw("/source", _("Choose where the data comes from")))
        return self._told_file(request, draft, sent, uploaded(form))

    def _told_file(self, request: Request, draft: Draft, sent: Filled, content: bytes) -> Draft | Filled:
        """Return the draft with a new file, or with the one it has when none was sent this time."""
        if len(content) > CSV_BYTES_MAX:
            return sent.wrong(Flaw("/file", _("The file is larger than 10 MB")))
        if not content:
            return draft if draft.csv else sent.wrong(Flaw("/file", _("Choose a CSV file")))
        preview = self._onboarding.preview(caller_of(request), io.BytesIO(content))
        return replace(draft, csv=content, preview=preview, columns=Columns())

    def fields_form(self, request: Request, handle: str) -> Response:
        """Ask which columns callers see; none to begin with."""
        draft = self._found(request, handle)
        columns = draft.columns
        form = Filled({"key": columns.key, "person": columns.person}, {"shown": tuple(sorted(columns.shown))})
        return self._step(request, "fields", draft, form)

    def fields(self, request: Request, handle: str, form: FormOf) -> Response:
        """Take the choice of columns."""
        draft, sent = self._found(request, handle), filled(form)
        known = set(draft.preview.columns) if draft.preview else set()
        columns = Columns(
            frozenset(sent.chosen("shown")) & known,
            sent.text("key") if sent.text("key") in known else "",
            sent.text("person") if sent.text("person") in known else "",
        )
        if not columns.shown:
            flaw = Flaw("/shown", _("Tick at least one column that callers may see"))
            return self._step(request, "fields", draft, sent.wrong(flaw))
        personal = draft.personal or bool(columns.person)
        self._drafts.replace(_owner(request), handle, replace(draft, columns=columns, personal=personal))
        return to(f"/onboard/{handle}/callers")

    def callers_form(self, request: Request, handle: str) -> Response:
        """Ask who may call the service and why."""
        draft = self._found(request, handle)
        texts = {"purpose": draft.purpose.words, "basis": draft.purpose.legal_basis}
        texts["personal"] = "yes" if draft.personal else ""
        return self._step(
            request, "callers", draft, Filled(texts, {"clients": tuple(map(str, draft.clients))})
        )

    def callers(self, request: Request, handle: str, form: FormOf) -> Response:
        """Take who may call and why."""
        draft, sent = self._found(request, handle), filled(form)
        personal = sent.text("personal") == "yes" or bool(draft.columns.person)
        flaws: list[Flaw] = []
        if not sent.chosen("clients"):
            flaws.append(Flaw("/clients", _("Tick at least one system that may call")))
        if personal and not sent.text("purpose"):
            flaws.append(Flaw("/purpose", _("Say what the data is asked for: the service tells of persons")))
        if personal and not sent.text("basis"):
            flaws.append(Flaw("/basis", _("Name the law: the service tells of persons")))
        if flaws:
            return self._step(request, "callers", draft, sent.wrong(*flaws))
        clients = tuple(names.client_named(each) for each in sent.chosen("clients"))
        purpose = Purpose(sent.text("purpose"), sent.text("basis"))
        told = replace(draft, clients=clients, purpose=purpose, personal=personal)
        self._drafts.replace(_owner(request), handle, told)
        return to(f"/onboard/{handle}/go")

    def go_form(self, request: Request, handle: str) -> Response:
        """Show everything that was told once more."""
        return self._step(request, "go", self._found(request, handle), NOTHING_FILLED)

    def go(self, request: Request, handle: str, form: FormOf) -> Response:
        """Offer the service, give the rights, and lead to the nine checks."""
        draft, sent = self._found(request, handle), filled(form)
        if not draft.clients:
            return to(f"/onboard/{handle}/callers")
        said = attempt(sent, lambda reason: self._offer(request, draft, reason))
        if said:
            return self._step(request, "go", draft, said)
        self._drafts.take(_owner(request), handle)
        return to(checks_path(draft.service, draft.clients[0]), "offered")

    def _offer(self, request: Request, draft: Draft, reason: Reason) -> ServiceDefinition:
        caller = caller_of(request)
        offering = Offering(draft.service, draft.title, draft.clients, draft.purpose, draft.personal)
        deeds: dict[str, Callable[[], ServiceDefinition]] = {
            "file": lambda: self._onboarding.offer_file(
                caller, offering, draft.columns, io.BytesIO(draft.csv), reason
            ),
            "api": lambda: self._onboarding.offer_api(caller, offering, draft.api or Api(""), reason),
            "register": lambda: self._onboarding.offer_register(caller, offering, draft.register, reason),
        }
        return deeds[draft.source]()

    def _step(self, request: Request, step: str, draft: Draft, form: Filled) -> Response:
        snapshot = self._desk.exchange.snapshot()
        systems = sorted(each.id for each in snapshot.directory.subsystems)
        return self._desk.show(
            request,
            f"onboard_{step}",
            form,
            snapshot=snapshot,
            draft=draft,
            systems=[each for each in systems if each != draft.service.provider],
            languages_of_names=self._languages(),
        )

    def _found(self, request: Request, handle: str) -> Draft:
        return self._drafts.find(_owner(request), handle)

    def _languages(self) -> list[str]:
        return [language.code for language in self._desk.pages.languages]


def draft_of(form: Filled, languages: list[str]) -> Draft:
    """Return a new draft; IdentifierInvalid names the field that is wrong."""
    try:
        service = ServiceId(names.subsystem_named(form.text("provider")), names.part(form.text("code")))
    except IdentifierInvalid:
        message = _("Choose the system, and a code of letters, digits, dots and dashes")
        raise IdentifierInvalid(flaws=(Flaw("/code", message),)) from None
    title = {code: form.text(f"title-{code}") for code in languages if form.text(f"title-{code}")}
    if not title:
        raise IdentifierInvalid(flaws=(Flaw(f"/title-{languages[0]}", _("Enter a title")),))
    return Draft(service, title)


def uploaded(form: FormData) -> bytes:
    """Return what the file field holds, at most one byte over the limit; empty without a file."""
    file = form.get("file")
    return file.file.read(CSV_BYTES_MAX + 1) if isinstance(file, UploadFile) and file.filename else b""


def _owner(request: Request) -> str:
    who = current(request)
    return f"{who.session} {who.caller.actor.id}"
