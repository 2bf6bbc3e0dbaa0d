# SPDX-License-Identifier: EUPL-1.2
"""`Client`: the certification authority of another site over its interface (document `trust`)."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol, TypeVar
from urllib.parse import quote

from flagstone.blocks.trust.contract import faults
from flagstone.blocks.trust.contract.authority import (
    AuthorityCertificate,
    Certificate,
    Holder,
    Profile,
    Request,
    RevocationList,
)
from flagstone.blocks.trust.model.wire import (
    authorities_from_wire,
    certificate_from_wire,
    holder_on_wire,
    list_from_wire,
    request_from_wire,
)
from flagstone.kernel.audit import Caller
from flagstone.kernel.errors import Fault, Kind
from flagstone.platform.http.client import Answer, AnswerRefused, SiteUnreachable

T = TypeVar("T")
BASE = "/trust/v1"
STATUS_PATH = "/trust/ocsp"

_FAULTS: Mapping[str, type[Fault]] = {
    each.code: each for each in vars(faults).values() if isinstance(each, type) and issubclass(each, Fault)
}


class Site(Protocol):
    """The way to the other site; `platform.http.client.OtherSite` is such a way."""

    def call(
        self, method: str, path: str, *, headers: Mapping[str, str] | None = None, body: bytes = b""
    ) -> Answer:
        """Send one request and return its answer, whatever its status."""
        ...


class Refused(Fault):
    """The authority refused for a reason that the contract does not know."""

    code = "trust.call-refused"
    kind = Kind.FORBIDDEN
    title = "The certification authority refused"
    remedy = "Check the access token's scope, and ask the authority's officials."


@dataclass(frozen=True)
class Client:
    """Keeps `contract.Enrolling` by calling `site`; `token` gives the bearer token of a caller."""

    site: Site
    token: Callable[[Caller], str]

    def ask(
        self, caller: Caller, csr: bytes, profile: Profile, holder: Holder, *, renews: str = ""
    ) -> Request:
        """See `contract.Enrolling.ask`."""
        body = {
            "csr": base64.b64encode(csr).decode(),
            "profile": profile.value,
            "holder": holder_on_wire(holder),
            "renews": renews,
        }
        answer = self._call(caller, "POST", "/requests", json.dumps(body).encode())
        return _read(answer, request_from_wire)

    def request(self, caller: Caller, request_id: str) -> Request:
        """See `contract.Enrolling.request`."""
        path = f"/requests/{quote(request_id, safe='')}"
        return _read(self._call(caller, "GET", path), request_from_wire)

    def certificate(self, caller: Caller, serial: str) -> Certificate:
        """See `contract.Enrolling.certificate`."""
        path = f"/certificates/{quote(serial, safe='')}"
        return _read(self._call(caller, "GET", path), certificate_from_wire)

    def authority_certificates(self) -> tuple[AuthorityCertificate, ...]:
        """See `contract.Enrolling.authority_certificates`."""
        return _read(self._call(None, "GET", "/authority"), authorities_from_wire)

    def revocation_list(self) -> RevocationList:
        """See `contract.Enrolling.revocation_list`."""
        return _read(self._call(None, "GET", "/revocation-list"), list_from_wire)

    def _call(self, caller: Caller | None, method: str, path: str, body: bytes = b"") -> Answer:
        headers = {"Accept": "application/json"}
        if body:
            headers["Content-Type"] = "application/json"
        if caller is not None:
            headers["Authorization"] = f"Bearer {self.token(caller)}"
        answer = self.site.call(method, BASE + path, headers=headers, body=body)
        if answer.status >= 400:
            raise _fault(answer)
        return answer


@dataclass(frozen=True)
class StatusOver:
    """Asks another site's responder for the status of certificates (RFC 6960, A.1)."""

    site: Site

    def __call__(self, request: bytes) -> bytes:
        """Return the DER response; SiteUnreachable, AnswerRefused."""
        headers = {"Content-Type": "application/ocsp-request"}
        answer = self.site.call("POST", STATUS_PATH, headers=headers, body=request)
        if answer.status != 200:
            raise SiteUnreachable(f"the responder answered with status {answer.status}")
        return answer.body


def _read(answer: Answer, read: Callable[[object], T]) -> T:
    """Return what an answer says; AnswerRefused when it is not of the interface."""
    try:
        return read(answer.json())
    except (ValueError, TypeError, OverflowError):
        raise AnswerRefused("The answer is not of the certification authority.") from None


def _fault(answer: Answer) -> Fault:
    """Return the contract's fault that the answer names, or what its status alone says."""
    try:
        said = answer.json()
        code = said.get("code") if isinstance(said, dict) else None
    except AnswerRefused:
        code = None
    known = _FAULTS.get(code) if isinstance(code, str) else None
    if known is not None:
        return known()
    if answer.status in {429, 500, 502, 503, 504}:
        return SiteUnreachable(f"status {answer.status}")
    return Refused(f"status {answer.status}")
