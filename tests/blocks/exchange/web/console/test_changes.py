# SPDX-License-Identifier: EUPL-1.2
"""Changes by the console reach the exchange with their reason; what is refused is said on the form."""

from __future__ import annotations

import re
import ssl
from dataclasses import replace
from html import unescape
from typing import Any
from urllib.parse import quote

import httpx2
import pytest
from fastapi.testclient import TestClient
from tests.blocks.exchange.web.memory import OTHER, PEOPLE, PLACES, PORTAL, REGISTRY, TAXES, MemoryExchange
from tests.blocks.exchange.web.sites import browser, console, text_of

from flagstone.blocks.exchange.contract.identifiers import ClientId, GroupId, ServerId
from flagstone.blocks.exchange.contract.service import (
    ActsAs,
    Connection,
    Endpoint,
    LocalGroup,
    PersonAt,
    PersonPlace,
    Purpose,
    Right,
    ServiceDefinition,
    ServiceKind,
)
from flagstone.kernel.audit import Reason

DESK = "/desk/exchange"
WHY = {"why": "agreed", "reference": "2026-7"}
REASON = Reason("agreed", message_reference="2026-7")
AT = f"?id={quote(str(PEOPLE), safe='')}"


@pytest.fixture
def exchange() -> MemoryExchange:
    return MemoryExchange(is_centre=True)


@pytest.fixture
def desk(exchange: MemoryExchange) -> TestClient:
    return browser(console(exchange))


def post(desk: TestClient, path: str, **texts: Any) -> httpx2.Response:
    return desk.post(DESK + path, data={**WHY, **texts})


def done(exchange: MemoryExchange) -> list[str]:
    assert {reason for _what, _of, reason in exchange.done} <= {REASON}
    return [what for what, _of, _reason in exchange.done]


def test_members_systems_servers_and_groups_are_admitted(desk: TestClient, exchange: MemoryExchange) -> None:
    assert post(desk, "/members/member", id="XA/COM/5", **{"name-en": "Mill"}).status_code == 200
    post(desk, "/members/subsystem", id="XA/COM/5/flour", **{"name-en": "Flour", "name-ar": "دقيق"})
    carried = f"XA/COM/5/flour\r\n{TAXES}\r\n"
    post(desk, "/members/server", id="XA/COM/5/ss", address="http://127.0.0.1:5600", members=carried)
    post(desk, "/members/group", id="mills", members="XA/COM/5/flour", **{"name-en": "Mills"})
    assert done(exchange) == ["admit_member", "admit_subsystem", "admit_server", "keep_global_group"]
    mill = ClientId("XA", "COM", "5")
    assert exchange.known.knows(replace(mill, subsystem="flour"))
    assert exchange.known.servers[-1].clients == {replace(mill, subsystem="flour"), TAXES}
    assert exchange.known.groups[-1].members == {replace(mill, subsystem="flour")}
    page = desk.get(f"{DESK}/members/server?id=XA%2FCOM%2F5%2Fss").text
    assert "http://127.0.0.1:5600" in page
    post(desk, "/members/dismiss?id=XA%2FCOM%2F5%2Fss")
    post(desk, "/members/dismiss?id=XA%2FCOM%2F5")
    assert ServerId(mill, "ss") not in {server.id for server in exchange.known.servers}
    assert not exchange.known.knows(mill)


def test_away_from_the_centre_nothing_is_admitted() -> None:
    exchange = MemoryExchange()
    answer = post(browser(console(exchange)), "/members/member", id="XA/COM/5", **{"name-en": "Mill"})
    assert answer.status_code == 403
    assert "This is decided at the centre of the exchange" in text_of(answer)
    assert not exchange.done


def test_clients_and_groups_are_kept(desk: TestClient, exchange: MemoryExchange) -> None:
    pem = ssl.DER_cert_to_PEM_cert(b"first") + ssl.DER_cert_to_PEM_cert(b"second")
    post(desk, "/clients/register", id=str(TAXES), connection="SSLAUTH", certificates=pem)
    assert exchange.clients[TAXES].connection is Connection.SSLAUTH
    assert exchange.clients[TAXES].certificates == (b"first", b"second")
    assert "BEGIN CERTIFICATE" in desk.get(f"{DESK}/clients/register?id={quote(str(TAXES), safe='')}").text
    post(desk, f"/clients/remove?id={quote(str(TAXES), safe='')}")
    assert TAXES not in exchange.clients
    post(desk, "/clients/group", provider=str(REGISTRY), code="g", description="G", members=str(PORTAL))
    assert exchange.groups[-1] == LocalGroup(REGISTRY, "g", "G", frozenset({PORTAL}))
    assert done(exchange) == ["register_client", "remove_client", "keep_group"]


def test_a_service_is_offered_changed_switched_refreshed_and_withdrawn(
    desk: TestClient, exchange: MemoryExchange
) -> None:
    told = {
        "provider": str(REGISTRY),
        "code": "ships",
        "title-et": "Laevad",
        "url": "http://127.0.0.1:9/ships",
        "timeout": "٣٠",
        "endpoints": "get /ships/*\r\nPOST /ships\r\n",
    }
    post(desk, "/services/offer", **told)
    ships = exchange.services[replace(PEOPLE, code="ships")]
    assert (ships.timeout_seconds, ships.title, ships.personal) == (30, {"et": "Laevad"}, False)
    assert ships.endpoints == (Endpoint("GET", "/ships/*"), Endpoint("POST", "/ships"))
    post(
        desk, f"/services/change{AT}", url="/registry/v2", timeout="5", personal="yes", purpose="p", basis="b"
    )
    people = exchange.services[PEOPLE]
    assert (people.url, people.timeout_seconds, people.purpose) == ("/registry/v2", 5, Purpose("p", "b"))
    assert people.description
    assert post(desk, f"/services/switch{AT}").status_code == 400
    post(desk, f"/services/switch{AT}", notice="Back at noon")
    assert (exchange.services[PEOPLE].enabled, exchange.services[PEOPLE].disabled_notice) == (
        False,
        "Back at noon",
    )
    assert "Back at noon" in text_of(desk.get(f"{DESK}/services/service{AT}"))
    post(desk, f"/services/switch{AT}")
    assert exchange.services[PEOPLE].enabled
    post(desk, f"/services/refresh{AT}")
    post(desk, f"/services/withdraw{AT}")
    assert PEOPLE not in exchange.services
    assert done(exchange) == ["offer", "change", "change", "change", "refresh", "withdraw"]


def as_shown(desk: TestClient, path: str) -> dict[str, str]:
    """Return what a browser sends when nobody touches the form of a page."""
    page = desk.get(DESK + path).text
    texts = {
        name: unescape(text)
        for name, text in re.findall(r'<textarea[^>]* name="([^"]+)"[^>]*>([^<]*)<', page)
    }
    for field in re.findall(r"<input[^>]*>", page):
        said = dict(re.findall(r'(\w+)="([^"]*)"', field))
        if said.get("type") != "checkbox" or " checked" in field:
            texts[said["name"]] = unescape(said.get("value", ""))
    return texts


def test_a_change_keeps_every_setting_that_nobody_changed(desk: TestClient, exchange: MemoryExchange) -> None:
    full = ServiceDefinition(
        PLACES,
        ServiceKind.OPENAPI3,
        "http://127.0.0.1:9/places",
        {"en": "Places", "fr": "Lieux"},
        timeout_seconds=7,
        enabled=False,
        disabled_notice="Back at noon",
        personal=True,
        hiders=(TAXES, PORTAL),
        person_at=(PersonAt(PersonPlace.PATH, "/p/{person}"), PersonAt(PersonPlace.RESPONSE, "/*/code")),
        purpose=Purpose("p", "b"),
        endpoints=(Endpoint("GET", "/p/*"),),
        description="{}",
        description_url="http://127.0.0.1:9/openapi.json",
        refreshed_at=exchange.services[PEOPLE].refreshed_at,
    )
    for before in (full, replace(exchange.services[PEOPLE], acts_as=ActsAs.PERSON, hiders=(TAXES,))):
        exchange.services[before.id] = before
        at = f"/services/change?id={quote(str(before.id), safe='')}"
        assert post(desk, at, **{**as_shown(desk, at), **WHY}).status_code == 200
        assert exchange.services[before.id] == before
        post(desk, at, **{**as_shown(desk, at), **WHY, "timeout": "8"})
        assert exchange.services[before.id] == replace(before, timeout_seconds=8)


def test_hiders_and_places_of_persons_are_shown_and_changed(
    desk: TestClient, exchange: MemoryExchange
) -> None:
    exchange.services[PLACES] = replace(exchange.services[PLACES], personal=True)
    at = f"?id={quote(str(PLACES), safe='')}"
    assert "Nobody can see that this service used her data." in text_of(
        desk.get(f"{DESK}/services/service{at}")
    )
    sent = as_shown(desk, f"/services/change{at}")
    told = {"person_at": " path:/p/{person} \r\nquery:code\r\n", "hiders": f"{TAXES}\r\n"}
    post(desk, f"/services/change{at}", **{**sent, **told, **WHY})
    places = exchange.services[PLACES]
    assert places.hiders == (TAXES,)
    assert places.person_at == (
        PersonAt(PersonPlace.PATH, "/p/{person}"),
        PersonAt(PersonPlace.QUERY, "code"),
    )
    page = text_of(desk.get(f"{DESK}/services/service{at}"))
    assert "path:/p/{person} query:code" in page
    assert re.search(rf"Who may keep a use hidden .{{0,40}}{TAXES}", page)
    for name, text in (("person_at", "header:x"), ("person_at", "path:/p"), ("hiders", "nobody")):
        answer = post(desk, f"/services/change{at}", **{**sent, name: text, **WHY})
        assert answer.status_code == 400
        assert text in answer.text
        assert "on each line" in text_of(answer)
    assert exchange.services[PLACES] == places


def test_a_path_of_the_site_and_an_address_elsewhere_are_told_apart(
    desk: TestClient, exchange: MemoryExchange
) -> None:
    told = {"provider": str(REGISTRY), "code": "ships", "title-et": "Laevad", "timeout": "30"}
    post(desk, "/services/offer", **told, url="/registry/v1/ships")
    ships = replace(PEOPLE, code="ships")
    assert exchange.services[ships].local
    at = f"/services/change?id={quote(str(ships), safe='')}"
    post(desk, at, **{**as_shown(desk, at), **WHY, "url": "http://127.0.0.1:9/ships"})
    assert not exchange.services[ships].local


def test_rights_are_given_and_taken_together_with_a_purpose(
    desk: TestClient, exchange: MemoryExchange
) -> None:
    at = f"/rights/right?service={quote(str(PEOPLE), safe='')}&subject={quote(str(TAXES), safe='')}"
    page = desk.get(DESK + at).text
    assert 'value="GET /persons/*" checked' in page
    assert "tax return" in page
    post(desk, at, endpoint=["POST /persons/find"], purpose="audit", basis="Tax Act § 9")
    kept = [right for right in exchange.held if right.service == PEOPLE]
    assert kept == [Right(TAXES, PEOPLE, Endpoint("POST", "/persons/find"), Purpose("audit", "Tax Act § 9"))]
    post(desk, at)
    assert [right for right in exchange.held if right.service == PEOPLE] == []
    group = f"/rights/right?service={quote(str(PLACES), safe='')}&subject=global%3Aagencies"
    post(desk, group, endpoint="* **")
    assert Right(GroupId("agencies"), PLACES) in exchange.held
    assert done(exchange) == ["give", "take", "take", "give"]


def test_a_service_that_tells_of_persons_is_not_given_without_a_purpose(
    desk: TestClient, exchange: MemoryExchange
) -> None:
    at = f"/rights/right?service={quote(str(PEOPLE), safe='')}&subject={quote(str(PORTAL), safe='')}"
    answer = post(desk, at, endpoint="* **")
    assert answer.status_code == 400
    assert 'href="#purpose"' in answer.text
    assert not exchange.done


WRONG = [
    ("/members/member", {"id": "XA/COM"}, "That is not an identifier of the exchange"),
    ("/members/member", {"id": "XA/COM/5"}, "Enter a name"),
    ("/members/server", {"id": "XA/COM/5/ss", "address": "javascript:x"}, "Enter an address"),
    ("/members/group", {"id": "g", "name-en": "G", "members": "a/b"}, "Write one identifier on each line"),
    ("/clients/register", {"id": "XA/COM/5/x", "connection": "NOSSL"}, "There is no such client"),
    ("/clients/register", {"id": str(TAXES), "connection": "x"}, "Choose how it connects"),
    ("/clients/register", {"id": str(TAXES), "connection": "NOSSL", "certificates": "x"},
     "Paste at most ten"),
    ("/services/offer", {"provider": str(REGISTRY), "code": "people", "url": "/x", "timeout": "1"},
     "There is a service of that code already"),
    ("/services/offer", {"provider": str(REGISTRY), "code": "a/b", "url": "", "timeout": "0"},
     "Choose the system"),
    (f"/services/change{AT}", {"url": "/x", "timeout": "1e3"}, "Enter a whole number of seconds"),
    (f"/services/change{AT}", {"url": "/x", "timeout": "9", "endpoints": "FETCH /x"},
     "Write a method and a path"),
    (f"/services/withdraw{AT}", {"why": "  "}, "Say why you do this"),
    (f"/services/withdraw{AT}", {"why": "x" * 301}, "Use at most 300 letters"),
]  # fmt: skip


@pytest.mark.parametrize(("path", "texts", "words"), WRONG, ids=[f"{n}" for n in range(len(WRONG))])
def test_what_is_refused_is_said_on_the_form_which_keeps_what_was_filled_in(
    desk: TestClient, exchange: MemoryExchange, path: str, texts: dict[str, str], words: str
) -> None:
    before = exchange.snapshot()
    answer = post(desk, path, **texts)
    assert answer.status_code == 400
    assert "There is a problem" in text_of(answer)
    assert words in text_of(answer)
    assert "<title>Error:" in answer.text
    if texts.get("url"):
        assert f'value="{texts["url"]}"' in answer.text
    assert exchange.snapshot() == before


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/services/service?id=XA%2FGOV%2F10000001%2Fregistry%2Fnone", 404),
        ("/services/service?id=nonsense", 400),
        ("/services/service", 400),
        ("/clients/remove?id=XA%2FGOV%2F1%2Fx", 404),
        ("/rights/right?service=x&subject=y", 400),
        (f"/members/dismiss?id={quote(str(OTHER), safe='')}", 200),
    ],
)
def test_addresses_that_name_nothing(desk: TestClient, path: str, status: int) -> None:
    assert desk.get(DESK + path).status_code == status
