# SPDX-License-Identifier: EUPL-1.2
"""What this server offers: services with their endpoints and descriptions, switched, changed, refreshed."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response

from flagstone.blocks.exchange.contract.faults import ServiceUnknown
from flagstone.blocks.exchange.contract.identifiers import ServiceId
from flagstone.blocks.exchange.contract.service import ServiceDefinition, Snapshot
from flagstone.blocks.exchange.model import names, places
from flagstone.blocks.exchange.web.console.asking import (
    CHANGE,
    LOOK,
    NOTHING_FILLED,
    Filled,
    FormOf,
    Named,
    attempt,
    filled,
)
from flagstone.blocks.exchange.web.console.parts import Desk, caller_of, to
from flagstone.blocks.exchange.web.console.service_form import described, shown
from flagstone.kernel.errors import Flaw
from flagstone.platform.http.language import marked as _
from flagstone.platform.http.routes import Routes


class Services:
    """The pages under `/desk/exchange/services`."""

    def __init__(self, desk: Desk) -> None:
        """Show and change the services of `desk`."""
        self._desk = desk

    def declare(self, routes: Routes) -> None:
        """Add the pages to `routes`."""
        routes.get("/services", access=LOOK)(self.services)
        routes.get("/services/service", access=LOOK)(self.service)
        routes.get("/services/offer", access=CHANGE)(self.offer_form)
        routes.post("/services/offer", access=CHANGE)(self.offer)
        routes.get("/services/change", access=CHANGE)(self.change_form)
        routes.post("/services/change", access=CHANGE)(self.change)
        routes.get("/services/switch", access=CHANGE)(self.switch_form)
        routes.post("/services/switch", access=CHANGE)(self.switch)
        routes.get("/services/refresh", access=CHANGE)(self.refresh_form)
        routes.post("/services/refresh", access=CHANGE)(self.refresh)
        routes.get("/services/withdraw", access=CHANGE)(self.withdraw_form)
        routes.post("/services/withdraw", access=CHANGE)(self.withdraw)

    def services(self, request: Request) -> Response:
        """Show the services by the system that offers them."""
        return self._desk.show(request, "services")

    def service(self, request: Request, id: Named) -> Response:  # noqa: A002 -- the address's name
        """Show one service with its endpoints, description and rights."""
        snapshot = self._desk.exchange.snapshot()
        service = found(snapshot, id)
        return self._desk.show(
            request,
            "service",
            snapshot=snapshot,
            service=service,
            places=[places.named_place(each) for each in service.person_at],
            rights=sorted(snapshot.rights.get(service.id, ()), key=lambda right: str(right.subject)),
        )

    def offer_form(self, request: Request, provider: Named = "") -> Response:
        """Ask what is to be offered."""
        return self._form_page(request, Filled({"provider": provider, "timeout": "60"}), None)

    def offer(self, request: Request, form: FormOf) -> Response:
        """Offer a new service."""
        sent, caller = filled(form), caller_of(request)
        languages = self._languages()
        said = attempt(
            sent,
            lambda reason: self._desk.exchange.offer(caller, described(sent, languages, None), reason),
        )
        return self._form_page(request, said, None) if said else to("/services", "changed")

    def change_form(self, request: Request, id: Named) -> Response:  # noqa: A002 -- the address's name
        """Ask what is to be changed."""
        service = found(self._desk.exchange.snapshot(), id)
        return self._form_page(request, shown(service), service)

    def change(self, request: Request, id: Named, form: FormOf) -> Response:  # noqa: A002
        """Change a service's words, address, time, purpose or endpoints."""
        service = found(self._desk.exchange.snapshot(), id)
        sent, caller = filled(form), caller_of(request)
        languages = self._languages()
        said = attempt(
            sent,
            lambda reason: self._desk.exchange.change(caller, described(sent, languages, service), reason),
        )
        return self._form_page(request, said, service) if said else self._back(service.id, "changed")

    def _form_page(self, request: Request, form: Filled, service: ServiceDefinition | None) -> Response:
        return self._desk.show(
            request, "service_form", form, service=service, languages_of_names=self._languages()
        )

    def switch_form(self, request: Request, id: Named) -> Response:  # noqa: A002 -- the address's name
        """Ask why a service is switched on or off, and what callers are told meanwhile."""
        return self._switch_page(request, found(self._desk.exchange.snapshot(), id), NOTHING_FILLED)

    def switch(self, request: Request, id: Named, form: FormOf) -> Response:  # noqa: A002
        """Switch a service off with a notice, or on again."""
        service = found(self._desk.exchange.snapshot(), id)
        sent, caller = filled(form), caller_of(request)
        notice = sent.text("notice")
        if service.enabled and not notice:
            return self._switch_page(
                request, service, sent.wrong(Flaw("/notice", _("Say what callers are told")))
            )
        other = replace(
            service, enabled=not service.enabled, disabled_notice=notice if service.enabled else ""
        )
        said = attempt(sent, lambda reason: self._desk.exchange.change(caller, other, reason))
        if said:
            return self._switch_page(request, service, said)
        return self._back(service.id, "disabled" if service.enabled else "enabled")

    def _switch_page(self, request: Request, service: ServiceDefinition, form: Filled) -> Response:
        return self._desk.show(
            request,
            "confirm",
            form,
            heading=_("Switch this service off") if service.enabled else _("Offer this service again"),
            warning=_("Every call is refused with your notice until you switch it on.")
            if service.enabled
            else "",
            button=_("Switch off") if service.enabled else _("Switch on"),
            back=f"/services/service?id={_quoted(service.id)}",
            facts=[(_("Service"), str(service.id))],
            asks_notice=service.enabled,
        )

    def refresh_form(self, request: Request, id: Named) -> Response:  # noqa: A002 -- the address's name
        """Ask why a description is fetched anew."""
        return self._refresh_page(request, found(self._desk.exchange.snapshot(), id), NOTHING_FILLED)

    def refresh(self, request: Request, id: Named, form: FormOf) -> Response:  # noqa: A002
        """Fetch the description anew; what cannot be used leaves the old one."""
        service, caller = found(self._desk.exchange.snapshot(), id), caller_of(request)
        said = attempt(filled(form), lambda reason: self._desk.exchange.refresh(caller, service.id, reason))
        return self._refresh_page(request, service, said) if said else self._back(service.id, "refreshed")

    def _refresh_page(self, request: Request, service: ServiceDefinition, form: Filled) -> Response:
        return self._desk.show(
            request,
            "confirm",
            form,
            heading=_("Fetch the description anew"),
            warning=_("Rights to endpoints that the new description lacks are taken away."),
            button=_("Fetch"),
            back=f"/services/service?id={_quoted(service.id)}",
            facts=[(_("Service"), str(service.id)), (_("Description"), service.description_url)],
        )

    def withdraw_form(self, request: Request, id: Named) -> Response:  # noqa: A002 -- the address's name
        """Ask why a service is offered no more."""
        return self._withdraw_page(request, found(self._desk.exchange.snapshot(), id), NOTHING_FILLED)

    def withdraw(self, request: Request, id: Named, form: FormOf) -> Response:  # noqa: A002
        """Offer a service no more."""
        service, caller = found(self._desk.exchange.snapshot(), id), caller_of(request)
        said = attempt(filled(form), lambda reason: self._desk.exchange.withdraw(caller, service.id, reason))
        return self._withdraw_page(request, service, said) if said else to("/services", "removed")

    def _withdraw_page(self, request: Request, service: ServiceDefinition, form: Filled) -> Response:
        return self._desk.show(
            request,
            "confirm",
            form,
            heading=_("Offer this service no more"),
            warning=_("Every right to it is removed too."),
            button=_("Withdraw"),
            back=f"/services/service?id={_quoted(service.id)}",
            facts=[(_("Service"), str(service.id))],
        )

    def _back(self, service: ServiceId, done: str) -> Response:
        return to(f"/services/service?id={_quoted(service)}", done)

    def _languages(self) -> list[str]:
        return [language.code for language in self._desk.pages.languages]


def found(snapshot: Snapshot, named: str) -> ServiceDefinition:
    """Return the service of this server that `named` means; ServiceUnknown."""
    service = snapshot.services.get(names.service_named(named))
    if service is None:
        raise ServiceUnknown
    return service


def _quoted(service: ServiceId) -> str:
    return quote(str(service), safe="")
