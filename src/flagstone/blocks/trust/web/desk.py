# SPDX-License-Identifier: EUPL-1.2
"""The officials' pages: requests to decide on, certificates to find and to change, and the site's keys."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Path, Query, Request, Response
from starlette.datastructures import FormData
from starlette.responses import RedirectResponse

from flagstone.blocks.trust.contract.authority import (
    OFFICER,
    Authority,
    CertificateQuery,
    RevocationReason,
    Standing,
)
from flagstone.blocks.trust.contract.faults import (
    FourEyesNeeded,
    KeyInUse,
    NotSuspended,
    RequestDecided,
    StandingFinal,
    WordsInvalid,
)
from flagstone.blocks.trust.contract.keys import Keys, KeyState
from flagstone.blocks.trust.web import words
from flagstone.kernel.errors import Fault
from flagstone.platform.http.csrf import read_form
from flagstone.platform.http.pages import Pages
from flagstone.platform.http.principal import current
from flagstone.platform.http.routes import Routes, role

DESK, KEYS = "/desk/trust", "/desk/trust-keys"
OFFICIALS = role(OFFICER)
PAGE_SIZE = 25
TEXT_LENGTH_MAX = 64

FormOf = Annotated[FormData, Depends(read_form)]
Id = Annotated[str, Path(max_length=64)]
Text = Annotated[str, Query(max_length=TEXT_LENGTH_MAX)]
Number = Annotated[int, Query(ge=1, le=10_000)]
SHOWN = (FourEyesNeeded, NotSuspended, RequestDecided, StandingFinal, WordsInvalid)
"""Faults that are said on the page where they happen."""


class Desk:
    """The pages under `/desk/trust`."""

    def __init__(self, authority: Authority, pages: Pages) -> None:
        """Show what `authority` knows, by `pages`."""
        self._authority, self._pages = authority, pages

    def routes(self) -> Routes:
        """Return the routes, for trust officers."""
        routes = Routes()
        routes.get(DESK, access=OFFICIALS, name="trust-desk")(self.overview)
        one, many = f"{DESK}/requests/{{request_id}}", f"{DESK}/certificates/{{serial}}"
        routes.get(one, access=OFFICIALS, name="trust-request")(self.request)
        routes.post(one, access=OFFICIALS)(self.decide)
        routes.get(many, access=OFFICIALS, name="trust-certificate")(self.certificate)
        routes.post(many, access=OFFICIALS)(self.change)
        return routes

    def overview(self, request: Request, text: Text = "", standing: Text = "", page: Number = 1) -> Response:
        """Show the requests that wait, and certificates by number, name and standing."""
        caller = current(request).caller
        known = {each.value: each for each in Standing}
        query = CertificateQuery(text, known.get(standing), offset=(page - 1) * PAGE_SIZE, limit=PAGE_SIZE)
        found = self._authority.certificates(caller, query)
        return self._pages.render(
            request,
            "trust/desk.html",
            requests=self._authority.requests(caller),
            found=found,
            text=text,
            standing=standing,
            page=page,
            page_size=PAGE_SIZE,
            words=words,
        )

    def request(self, request: Request, request_id: Id) -> Response:
        """Show one request and what was decided on it."""
        return self._request(request, request_id)

    def decide(self, request: Request, request_id: Id, form: FormOf) -> Response:
        """Approve or refuse a request."""
        caller, said = current(request).caller, _text(form, "words")
        verdict = _text(form, "verdict")
        if verdict not in {"approve", "refuse"}:
            return self._request(request, request_id, flaw=WordsInvalid.title, said=said)
        try:
            self._authority.decide(caller, request_id, approves=verdict == "approve", words=said)
        except SHOWN as fault:
            return self._request(request, request_id, flaw=_said(fault), said=said)
        return RedirectResponse(f"{DESK}/requests/{request_id}", 303)

    def certificate(self, request: Request, serial: Id) -> Response:
        """Show one certificate; the look at one that names a person is recorded with her."""
        return self._certificate(request, serial)

    def change(self, request: Request, serial: Id, form: FormOf) -> Response:
        """Revoke, suspend or release a certificate."""
        try:
            self._changed(request, serial, form)
        except SHOWN as fault:
            return self._certificate(request, serial, flaw=_said(fault), said=_text(form, "words"))
        return RedirectResponse(f"{DESK}/certificates/{serial}", 303)

    def _changed(self, request: Request, serial: str, form: FormData) -> None:
        caller, said, deed = current(request).caller, _text(form, "words"), _text(form, "deed")
        if deed == "suspend":
            self._authority.suspend(caller, serial, said)
        elif deed == "release":
            self._authority.release(caller, serial, said)
        else:
            reasons = {each.value: each for each in RevocationReason}
            reason = reasons.get(_text(form, "reason"))
            if deed != "revoke" or reason is None:
                raise WordsInvalid
            self._authority.revoke(caller, serial, reason, said)

    def _request(self, request: Request, request_id: str, *, flaw: str = "", said: str = "") -> Response:
        return self._pages.render(
            request,
            "trust/request.html",
            status=400 if flaw else 200,
            asked_for=self._authority.request(current(request).caller, request_id),
            flaw=flaw,
            said=said,
            words=words,
        )

    def _certificate(self, request: Request, serial: str, *, flaw: str = "", said: str = "") -> Response:
        return self._pages.render(
            request,
            "trust/certificate.html",
            status=400 if flaw else 200,
            certificate=self._authority.certificate(current(request).caller, serial),
            reasons=list(RevocationReason),
            flaw=flaw,
            said=said,
            words=words,
        )


class KeyDesk:
    """The page of the site's keys; every site of a country with trust services has it."""

    def __init__(self, keys: Keys, pages: Pages) -> None:
        """Show `keys` by `pages`."""
        self._keys, self._pages = keys, pages

    def routes(self) -> Routes:
        """Return the routes, for trust officers."""
        routes = Routes()
        routes.get(KEYS, access=OFFICIALS, name="trust-keys")(self.keys)
        routes.post(f"{KEYS}/destroyed", access=OFFICIALS)(self.destroy)
        return routes

    def keys(self, request: Request) -> Response:
        """Show every key there was."""
        return self._page(request)

    def destroy(self, request: Request, form: FormOf) -> Response:
        """Destroy a key that is not in use, for good."""
        key, said = _text(form, "key"), _text(form, "words")
        try:
            self._keys.destroy(current(request).caller, key, said)
        except (WordsInvalid, KeyInUse) as fault:
            return self._page(request, flaw=_said(fault), asked=key, said=said)
        return RedirectResponse(KEYS, 303)

    def _page(self, request: Request, *, flaw: str = "", asked: str = "", said: str = "") -> Response:
        return self._pages.render(
            request,
            "trust/keys.html",
            status=400 if flaw else 200,
            keys=self._keys.keys(current(request).caller),
            destroyable={KeyState.PENDING, KeyState.RETIRED},
            flaw=flaw,
            asked=asked,
            said=said,
            words=words,
        )


def _said(fault: Fault) -> str:
    """Return what a page says of a fault: what to do."""
    return fault.remedy


def _text(form: FormData, name: str) -> str:
    value = form.get(name)
    return value if isinstance(value, str) else ""
