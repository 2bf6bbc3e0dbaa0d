# SPDX-License-Identifier: EUPL-1.2
"""Pages: templates rendered in the language, direction and look that a person expects."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from fastapi import Request
from jinja2 import (
    BytecodeCache,
    ChainableUndefined,
    Environment,
    FileSystemLoader,
    PackageLoader,
    PrefixLoader,
    StrictUndefined,
    Template,
    Undefined,
)
from jinja2.bccache import Bucket
from jinja2.utils import missing
from markupsafe import Markup, escape
from starlette.responses import HTMLResponse, RedirectResponse, Response

from flagstone.kernel.errors import Fault, Flaw
from flagstone.platform.http import csrf
from flagstone.platform.http.assets import Assets
from flagstone.platform.http.language import Language, Languages
from flagstone.platform.http.look import Look
from flagstone.platform.http.principal import Principal, principal
from flagstone.platform.http.routes import ANYONE, SAFE_METHODS, Routes, local_path

MACROS = "govuk_frontend_jinja"
TEMPLATES = Path(__file__).parent / "templates"
LOCALE = Path(__file__).parent / "locale"


@dataclass(frozen=True)
class MenuItem:
    """One entry of the menu: a path, its label as a message, and who sees it (no roles: everybody)."""

    path: str
    label: str
    roles: frozenset[str] = frozenset()

    def shown_to(self, who: Principal | None) -> bool:
        """Tell whether `who` sees the entry."""
        return not self.roles or (who is not None and who.holds(*self.roles))

    def covers(self, path: str) -> bool:
        """Tell whether the page at `path` belongs under this entry."""
        return path == self.path or (self.path != "/" and path.startswith(self.path + "/"))


class Pages:
    """Renders templates; made once a site. Compiled templates are shared by all languages."""

    def __init__(
        self,
        look: Look,
        languages: Languages,
        assets: Assets,
        templates: Sequence[Path] = (),
        *,
        menu: Sequence[MenuItem] = (),
    ) -> None:
        """Take the country's look, its languages and files, and the template folders of the blocks."""
        self.look = look
        self.languages = languages
        self.assets = assets
        self.menu = tuple(menu)
        options = {
            "loose": _macros(),
            "loader": FileSystemLoader([*templates, TEMPLATES]),
            "bytecode_cache": _Compiled(),
        }
        self._environments = {language.code: self._environment(language, options) for language in languages}

    def render(self, request: Request, template: str, *, status: int = 200, **context: Any) -> HTMLResponse:
        """Return `template` as a response to `request`; `context` is what the template names.

        Always there: `principal`, `path`, `here`, `language`, `status` and `csrf_field()`.
        """
        who = _principal(request)
        language = self.language(request)
        menu = [item for item in self.menu if item.shown_to(who)]
        body = (
            self._environments[language.code]
            .get_template(template)
            .render(
                request=request,
                principal=who,
                path=request.url.path,
                here=address_to_return(request),
                status=status,
                menu=menu,
                menu_here=_covering(menu, request.url.path),
                csrf_field=lambda: csrf_field(request),
                **context,
            )
        )
        response = HTMLResponse(body, status, _headers(language, who))
        csrf.remember(request, response)
        return response

    def language(self, request: Request) -> Language:
        """Return the language that the page answering `request` will have."""
        who = _principal(request)
        return self.languages.wanted(request, who.language if who else None)

    def routes(self) -> Routes:
        """Return the routes of the language switch and the accessibility statement, open to anyone."""
        routes = Routes()

        @routes.get("/language", access=ANYONE, name="language")
        def language(request: Request, to: str = "", return_to: str = "/") -> Response:
            response = RedirectResponse(local_path(return_to), 303, {"Cache-Control": "no-store"})
            self.languages.choose(request, response, to)
            return response

        @routes.get("/accessibility", access=ANYONE, name="accessibility")
        def accessibility(request: Request) -> Response:
            return self.render(request, "accessibility-statement.html")

        return routes

    def _environment(self, language: Language, options: Mapping[str, Any]) -> Environment:
        environment = Strict(
            **options,
            autoescape=True,
            undefined=Careful,
            trim_blocks=True,
            lstrip_blocks=True,
            extensions=["jinja2.ext.i18n"],
            auto_reload=False,
        )
        formats = language.formats
        environment.filters.update(
            date=formats.date,
            datetime=formats.datetime,
            time=formats.time,
            number=formats.number,
            hundredths=formats.hundredths,
            localised=language.localised,
            id=isolated,
            told=lambda flaw: _told(flaw, language),
        )
        environment.globals.update(
            **_messages(language),
            language=language,
            languages=tuple(self.languages),
            look=self.look,
            asset=self.assets.address,
            has_asset=self.assets.holds,
            localised=language.localised,
            quoted=lambda text: quote(text, safe=""),
        )
        return environment


def _told(flaw: Flaw, language: Language) -> Markup:
    """Return what is wrong in a language, with its numbers as they are written there."""
    if not flaw.pattern:
        return escape(language.catalogue.gettext(flaw.message))
    values = {
        name: language.formats.number(value) if isinstance(value, int) else isolated(value)
        for name, value in flaw.values.items()
    }
    return escape(language.catalogue.gettext(flaw.pattern)) % values


def isolated(text: object) -> Markup:
    """Return an identifier that keeps its own left-to-right order in any text (Unicode TR 9)."""
    return Markup('<bdi dir="ltr">{}</bdi>').format(text)


def csrf_field(request: Request) -> Markup:
    """Return the hidden field that a form posting to this site must carry."""
    return Markup('<input type="hidden" name="{}" value="{}">').format(csrf.FIELD, csrf.token_for(request))


def address_to_return(request: Request) -> str:
    """Return the local address that shows the present page again; a form's page for a posted form."""
    if request.method in SAFE_METHODS:
        path, query = request.url.path, request.url.query
    else:
        came_from = urlsplit(request.headers.get("referer", ""))
        path, query = came_from.path, came_from.query
        if came_from.netloc != request.headers.get("host"):
            return "/"
    return local_path(f"{path}?{query}" if query else path)


class Careful(StrictUndefined):
    """A missing name or attribute is an error; a missing key of a mapping is an option left out."""

    def __new__(  # type: ignore[misc]  # the factory that Jinja calls may return the lenient kind
        cls, hint: str | None = None, obj: Any = missing, name: str | None = None, *rest: Any
    ) -> Undefined:
        """Return the strict kind for names and attributes, the lenient one otherwise."""
        if name is None or isinstance(obj, (Mapping, Undefined)):
            return ChainableUndefined(hint, obj, name, *rest)
        return super().__new__(cls)


class Strict(Environment):
    """Takes our own templates at their word, and others' macros, which lean on missing names, loosely."""

    def __init__(self, loose: Environment, **options: Any) -> None:
        """Take the environment for others' macros."""
        super().__init__(**options)
        self._loose = loose

    def get_template(
        self,
        name: str | Template,
        parent: str | None = None,
        globals: Any = None,  # noqa: A002  Jinja's name
    ) -> Template:
        """Return the template `name`, from the loose environment when it is others'."""
        if isinstance(name, str) and name.startswith(MACROS + "/"):
            return self._loose.get_template(name, parent, globals)
        return super().get_template(name, parent, globals)


class _Compiled(BytecodeCache):
    """Compiled templates in memory, so that each is compiled once and not once a language."""

    def __init__(self) -> None:
        self._codes: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if bucket.key in self._codes:
            bucket.bytecode_from_string(self._codes[bucket.key])

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._codes[bucket.key] = bucket.bytecode_to_string()


def _macros() -> Environment:
    """Return the environment of govuk-frontend's macros, which need no words and are shared."""
    environment = Environment(
        loader=PrefixLoader({MACROS: PackageLoader(MACROS)}),
        autoescape=True,
        undefined=ChainableUndefined,
        auto_reload=False,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(undefined=ChainableUndefined(), null=None)  # as JavaScript names them
    return environment


def _messages(language: Language) -> dict[str, Callable[..., str]]:
    """Return the functions that say a message in `language`; variables are escaped, never the format."""
    catalogue = language.catalogue

    def gettext(message: str, /, **variables: object) -> str:
        return _filled(catalogue.gettext(message), variables)

    def ngettext(one: str, many: str, num: int, /, **variables: object) -> str:
        text = catalogue.ngettext(one, many, num)
        return _filled(text, {"num": language.formats.number(num), **variables})

    def pgettext(context: str, message: str, /, **variables: object) -> str:
        return _filled(str(catalogue.pgettext(context, message)), variables)

    return {"_": gettext, "gettext": gettext, "ngettext": ngettext, "pgettext": pgettext}


def _filled(text: str, variables: Mapping[str, object]) -> str:
    return escape(text) % variables if variables else text


def _covering(menu: Sequence[MenuItem], path: str) -> MenuItem | None:
    """Return the entry of the menu under which the page at `path` belongs: the one that says most of it."""
    return max((item for item in menu if item.covers(path)), key=lambda item: len(item.path), default=None)


def _principal(request: Request) -> Principal | None:
    """Return who is signed in; nobody when that cannot be told, so that an error still has its page."""
    try:
        return principal(request)
    except Fault:
        return None


def _headers(language: Language, who: Principal | None) -> dict[str, str]:
    return {
        "Content-Language": language.code,
        "Cache-Control": "no-store" if who else "private, no-cache",
        "Vary": "Accept-Language, Cookie",
    }
