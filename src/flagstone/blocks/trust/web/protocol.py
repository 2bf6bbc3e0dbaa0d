# SPDX-License-Identifier: EUPL-1.2
"""Where others' programs ask: certificate status (RFC 6960, A), time-stamps (RFC 3161, 3.4), downloads."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Protocol
from urllib.parse import unquote

from fastapi import Depends
from starlette.requests import Request
from starlette.responses import Response

from flagstone.blocks.trust.contract.authority import AuthorityCertificate, RevocationList
from flagstone.blocks.trust.contract.faults import AuthorityNotReady
from flagstone.blocks.trust.service.status import StatusAnswer
from flagstone.kernel.clock import Clock
from flagstone.kernel.errors import Fault, Kind
from flagstone.platform.crypto.pem import to_pem
from flagstone.platform.http.routes import ANYONE, Routes

OCSP, STAMP = "application/ocsp-response", "application/timestamp-reply"
OCSP_ASKED, STAMP_ASKED = "application/ocsp-request", "application/timestamp-query"
CERTIFICATE, LIST, CHAIN = (
    "application/pkix-cert",
    "application/pkix-crl",
    "application/pem-certificate-chain",
)
QUERY_BYTES_MAX = 16_384


class MediaTypeWrong(Fault):
    """A query came with another media type than the protocol has."""

    code = "trust.media-type-wrong"
    kind = Kind.INVALID
    title = "The query has the wrong media type"
    remedy = (
        "Send application/ocsp-request to the responder, application/timestamp-query to the time service."
    )


class QueryTooLarge(Fault):
    """A query is larger than any that can be answered."""

    code = "trust.query-too-large"
    kind = Kind.TOO_LARGE
    title = "The query is too large"
    remedy = "Ask about fewer certificates at once; a query has at most 16 KiB."


class Answering(Protocol):
    """What the protocols ask of the authority."""

    def status(self, request: bytes) -> StatusAnswer:
        """Return the answer to a DER OCSPRequest."""

    def stamp(self, query: bytes) -> bytes:
        """Return the DER TimeStampResp to a DER TimeStampReq."""

    def authority_certificates(self) -> tuple[AuthorityCertificate, ...]:
        """Return the certificates of the authority."""

    def revocation_list(self) -> RevocationList:
        """Return the list that holds now."""


async def read_body(request: Request) -> bytes:
    """Return the body of a query; QueryTooLarge."""
    body = await request.body()
    if len(body) > QUERY_BYTES_MAX:
        raise QueryTooLarge
    return body


BodyOf = Annotated[bytes, Depends(read_body)]


class Protocols:
    """The routes that others' programs know."""

    def __init__(self, service: Answering, clock: Clock) -> None:
        """Answer from `service`."""
        self._service, self._clock = service, clock

    def routes(self) -> Routes:
        """Return the routes, open to anyone."""
        routes = Routes("/trust", tags=["Trust services"], document="trust")
        routes.post("/ocsp", access=ANYONE, cross_site=True)(self.status)
        routes.get("/ocsp/{asked:path}", access=ANYONE)(self.status_by_address)
        routes.post("/tsa", access=ANYONE, cross_site=True)(self.stamp)
        routes.get("/issuing.cer", access=ANYONE)(self._download("issuing"))
        routes.get("/root.cer", access=ANYONE)(self._download("root"))
        routes.get("/chain.pem", access=ANYONE)(self.chain)
        routes.get("/issuing.crl", access=ANYONE)(self.revocation_list)
        return routes

    def status(self, request: Request, body: BodyOf) -> Response:
        """Answer on the status of certificates; the body is a DER OCSPRequest (RFC 6960, A.1)."""
        _require_type(request, OCSP_ASKED)
        return Response(
            self._service.status(body).der, media_type=OCSP, headers={"Cache-Control": "no-store"}
        )

    def status_by_address(self, request: Request) -> Response:
        """Answer on the status of one certificate; the request is base64 in the address (RFC 6960, A.1)."""
        raw = request.scope["raw_path"].decode("latin-1").partition("/trust/ocsp/")[2]
        try:
            body = base64.b64decode(unquote(raw.partition("?")[0]), validate=True)
        except (binascii.Error, ValueError):
            body = b""
        answer = self._service.status(body[:QUERY_BYTES_MAX])
        return Response(answer.der, media_type=OCSP, headers=self._keeping(answer))

    def stamp(self, request: Request, body: BodyOf) -> Response:
        """Stamp time; the body is a DER TimeStampReq (RFC 3161, 3.4)."""
        _require_type(request, STAMP_ASKED)
        return Response(self._service.stamp(body), media_type=STAMP, headers={"Cache-Control": "no-store"})

    def chain(self) -> Response:
        """Return the issuing certificate and the root's, PEM."""
        certificates = [each for each in self._service.authority_certificates() if each.current]
        if not certificates:
            raise AuthorityNotReady
        return Response(b"".join(to_pem(each.der) for each in certificates), media_type=CHAIN)

    def revocation_list(self) -> Response:
        """Return the revocation list that holds now, DER."""
        return Response(self._service.revocation_list().der, media_type=LIST)

    def _download(self, role: str) -> Callable[[], Response]:
        """Return what answers with the current certificate of a role, DER."""

        def download() -> Response:
            for each in self._service.authority_certificates():
                if each.role == role and each.current:
                    return Response(each.der, media_type=CERTIFICATE)
            raise AuthorityNotReady

        download.__name__ = f"{role}_certificate"
        download.__doc__ = f"Return the {role} certificate of the authority, DER."
        return download

    def _keeping(self, answer: StatusAnswer) -> dict[str, str]:
        """Return the headers by which caches on the way may keep an answer (RFC 5019, 6.2)."""
        if answer.next_update is None:
            return {"Cache-Control": "no-store"}
        seconds = max(0, int((answer.next_update - self._clock.now()).total_seconds()))
        return {
            "Cache-Control": f"public, max-age={seconds}, no-transform, must-revalidate",
            "Expires": _http_date(answer.next_update),
            "Last-Modified": _http_date(answer.made_at),
        }


def _require_type(request: Request, wanted: str) -> None:
    """Raise MediaTypeWrong unless the query says what it is."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != wanted:
        raise MediaTypeWrong


def _http_date(at: datetime) -> str:
    """Return an instant as RFC 9110, 5.6.7 has it."""
    days = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
    months = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
    month = months[at.month - 1]
    return f"{days[at.weekday()]}, {at.day:02d} {month} {at.year:04d} {at:%H:%M:%S} GMT"
