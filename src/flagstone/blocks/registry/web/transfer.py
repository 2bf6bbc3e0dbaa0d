# SPDX-License-Identifier: EUPL-1.2
"""The desk's import with a dry run and its report, and the export of a register as a file."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import Response

from flagstone.blocks.registry.contract.faults import FileUnreadable, NotPermitted
from flagstone.blocks.registry.contract.record import ImportReport, Query
from flagstone.blocks.registry.contract.register import RegisterDefinition
from flagstone.blocks.registry.contract.registry import Registry
from flagstone.blocks.registry.web.desk import DESK, PREFIX, FormOf, permitted
from flagstone.blocks.registry.web.files import MEDIA_TYPES, Format, read_rows, write
from flagstone.blocks.registry.web.purposes import NOTHING_STATED, PURPOSES, Stated, stated, text_of
from flagstone.blocks.registry.web.registers import started, streamed
from flagstone.kernel.audit import Reason
from flagstone.kernel.clock import Clock
from flagstone.kernel.errors import Fault, Flaw, Kind
from flagstone.platform.http.language import marked
from flagstone.platform.http.pages import Pages
from flagstone.platform.http.principal import current
from flagstone.platform.http.routes import Routes
from flagstone.platform.http.shelf import Room, Shelf

_ = marked

UPLOAD_BYTES_MAX = 16 * 1024 * 1024
ROOM = Room(things_max=20, kept=timedelta(minutes=60), bytes_max=64 * 1024 * 1024)


class UploadEnded(Fault):
    """A file was checked too long ago, was taken already, or was sent by somebody else."""

    code = "registry.upload-ended"
    kind = Kind.MISSING
    title = "The file is not kept any more"
    remedy = "Choose the file again; it is checked anew."


@dataclass(frozen=True)
class Upload:
    """A file that was checked and waits to be taken."""

    register: str
    name: str
    content: bytes
    reason: Reason


class Uploads(Shelf[Upload]):
    """The files between the dry run and the import, few and bounded, each for its session alone."""

    def __init__(self, clock: Clock) -> None:
        """Tell the time by `clock`."""
        super().__init__(clock, ROOM, UploadEnded, lambda upload: len(upload.content))


class Transfer:
    """Import and export pages."""

    def __init__(self, registry: Registry, pages: Pages, clock: Clock) -> None:
        """Load into and export from `registry`; a checked file waits by `clock`."""
        self._registry = registry
        self._pages = pages
        self._uploads = Uploads(clock)

    def routes(self) -> Routes:
        """Return the pages below a register's address."""
        routes = Routes(PREFIX)
        routes.get("/{register}/import", access=DESK)(self.import_form)
        routes.post("/{register}/import", access=DESK, upload=True)(self.check)
        routes.post("/{register}/import/confirm", access=DESK)(self.confirm)
        routes.get("/{register}/export", access=DESK)(self.export_form)
        routes.post("/{register}/export", access=DESK)(self.export)
        return routes

    def import_form(self, request: Request, register: str) -> Response:
        """Ask for a file and why it is imported."""
        return self._import_page(request, self._open(request, register, "import"), NOTHING_STATED)

    def check(self, request: Request, register: str, form: FormOf) -> Response:
        """Check the file without writing and show the report."""
        definition = self._open(request, register, "import")
        said = stated(form, definition)
        name, content = _uploaded(form.get("file"))
        flaws = said.flaws if content else (*said.flaws, Flaw("/file", _("Choose a file")))
        if len(content) > UPLOAD_BYTES_MAX:
            flaws = (*flaws, Flaw("/file", _("The file is larger than 16 MB")))
        if flaws or said.reason is None:
            return self._import_page(request, definition, said, flaws)
        upload = Upload(register, name, content, said.reason)
        try:
            report = self._load(request, definition, upload, dry_run=True)
        except FileUnreadable as unreadable:
            return self._import_page(request, definition, said, (Flaw("/file", str(unreadable)),))
        handle = self._uploads.keep(_owner(request), upload) if report.clean and report.rows else ""
        return self._report_page(request, definition, report, handle)

    def confirm(self, request: Request, register: str, form: FormOf) -> Response:
        """Import the file that was checked."""
        definition = self._registry.definition(register)
        upload = self._uploads.take(_owner(request), text_of(form, "upload"))
        if upload.register != register:
            raise UploadEnded
        return self._report_page(
            request, definition, self._load(request, definition, upload, dry_run=False), ""
        )

    def export_form(self, request: Request, register: str) -> Response:
        """Ask for a format and why the register is exported."""
        return self._export_page(request, self._open(request, register, "export"), NOTHING_STATED)

    def export(self, request: Request, register: str, form: FormOf) -> Response:
        """Send the whole register as a file."""
        definition = self._open(request, register, "export")
        said = stated(form, definition)
        wanted = next((each for each in formats(definition) if each == text_of(form, "format")), None)
        flaws = said.flaws if wanted else (*said.flaws, Flaw("/format", _("Choose a format")))
        if flaws or said.reason is None or wanted is None:
            return self._export_page(request, definition, said, flaws)
        records = self._registry.export(current(request).caller, register, Query(), said.reason)
        return streamed(wanted, definition, write(wanted, definition, started(records)))

    def _open(self, request: Request, register: str, service: str) -> RegisterDefinition:
        """Return the register's definition; NotPermitted unless it permits the service to the official."""
        definition = self._registry.definition(register)
        if service not in permitted(definition, current(request).caller):
            raise NotPermitted
        return definition

    def _load(
        self, request: Request, definition: RegisterDefinition, upload: Upload, *, dry_run: bool
    ) -> ImportReport:
        rows = read_rows(upload.content, upload.name, definition)
        caller = current(request).caller
        return self._registry.load(caller, definition.code, rows, upload.reason, dry_run=dry_run)

    def _import_page(
        self, request: Request, definition: RegisterDefinition, said: Stated, flaws: tuple[Flaw, ...] = ()
    ) -> Response:
        return self._page(request, "registry/import.html", definition, said=said, flaws=flaws)

    def _export_page(
        self, request: Request, definition: RegisterDefinition, said: Stated, flaws: tuple[Flaw, ...] = ()
    ) -> Response:
        return self._page(
            request, "registry/export.html", definition, said=said, flaws=flaws, formats=formats(definition)
        )

    def _report_page(
        self, request: Request, definition: RegisterDefinition, report: ImportReport, handle: str
    ) -> Response:
        return self._page(request, "registry/report.html", definition, report=report, handle=handle)

    def _page(
        self, request: Request, template: str, definition: RegisterDefinition, **context: object
    ) -> Response:
        return self._pages.render(
            request,
            template,
            status=400 if context.get("flaws") else 200,
            definition=definition,
            purposes=PURPOSES,
            may=permitted(definition, current(request).caller),
            **context,
        )


def formats(definition: RegisterDefinition) -> list[Format]:
    """Return the formats that the register can be exported in; GeoJSON needs places."""
    return [each for each in MEDIA_TYPES if each != "geojson" or definition.geometry is not None]


def _uploaded(value: object) -> tuple[str, bytes]:
    """Return name and content of an uploaded file, at most one byte over the limit."""
    if not isinstance(value, UploadFile):
        return "", b""
    return value.filename or "", value.file.read(UPLOAD_BYTES_MAX + 1)


def _owner(request: Request) -> str:
    who = current(request)
    return f"{who.session} {who.caller.actor.id}"
