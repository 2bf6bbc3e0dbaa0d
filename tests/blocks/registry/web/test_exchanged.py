# SPDX-License-Identifier: EUPL-1.2
"""What the exchange let through: why it was asked is kept, rights are the register's, usages are counted."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response
from tests.contracts.registers import (
    CHECKS,
    JAAN,
    MARI,
    PEOPLE,
    PLACES,
    SITE,
    WHY,
    definition,
    person,
    place,
    someone,
    system,
)
from tests.contracts.sealer import ToySealer
from tests.empty import placed

from flagstone.blocks.registry.contract.record import OWN_ACCESS
from flagstone.blocks.registry.service.registry import Service
from flagstone.blocks.registry.store.tables import SCHEMA
from flagstone.blocks.registry.web.caller import Purposes
from flagstone.blocks.registry.web.registers import RegistersApi
from flagstone.kernel.audit import Actor, ActorKind, Caller, Reason
from flagstone.kernel.clock import SetClock
from flagstone.kernel.ids import PersonCode
from flagstone.platform.http.application import Edge, Keepers, assemble
from flagstone.platform.http.principal import Principal
from flagstone.platform.http.tickets import Tickets
from flagstone.platform.storage.database import Database

REASON = Reason("Assessing income tax", "Tax Act § 3", "message-1", "C-1", datetime(2100, 1, 1, tzinfo=UTC))
PORTAL = "XA/GOV/10000001/portal"
COUNT = "Flagstone-Usage-Count"


class Site:
    """A registry behind its routes, called with tickets."""

    def __init__(self, registry: Service) -> None:
        self.registry = registry
        self.tickets = Tickets()
        app = assemble(
            [RegistersApi(registry, Purposes()).routes()],
            edge=Edge("Aralia", "0.1", frozenset({"testserver"})),
            keepers=Keepers(bearers=self.tickets),
        )
        self.browser = TestClient(app)

    def call(
        self, caller: Caller, method: str, path: str, why: Reason | None = REASON, **json: Any
    ) -> Response:
        token = self.tickets.issue(Principal(caller, reason=why))
        headers = {"Authorization": f"Bearer {token}", "Flagstone-Purpose": "said%20by%20the%20caller"}
        return self.browser.request(method, f"/registry/v1{path}", headers=headers, json=json or None)


@pytest.fixture
def site(tmp_path: Path, clock: SetClock) -> Iterator[Site]:
    """Mari and Jaan, whom systems of other agencies may list and read."""
    database = Database(SCHEMA, placed(SCHEMA, tmp_path / "registry.sqlite"), "a/b/registry", clock=clock)
    registry = Service(database, ToySealer(), CHECKS)
    permits = {**PEOPLE["permits"], "exchange": ["list", "read", "exists", "export"]}
    registry.publish(SITE, definition(PEOPLE, permits=permits), WHY)
    registry.publish(SITE, definition(PLACES), WHY)
    someone(registry, given_name="Mari")
    someone(registry, JAAN)
    yield Site(registry)
    database.close()


def herself(code: str = MARI) -> Caller:
    """Return a person whom another agency's portal names, as the exchange computes it."""
    actor = Actor(ActorKind.PERSON, code, organisation="XA/GOV/10000001", system=PORTAL)
    return Caller(actor, frozenset({"signed-in"}))


def test_the_reason_of_the_message_is_kept_and_no_header_overrides_it(site: Site) -> None:
    asker = system("exchange", on_behalf="XA36003030003")
    answer = site.call(asker, "GET", "/registers/people/records/P-000001")
    assert answer.status_code == 200
    (reading,) = site.registry.readings_of(system("tracker"), PersonCode(MARI))
    assert reading.reason == REASON
    assert (reading.system, reading.on_behalf) == (asker.actor.system, "XA36003030003")
    assert site.registry.readings_by_message(
        system("tracker"), datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)
    ) == {"message-1": int(answer.headers[COUNT])}


@pytest.mark.parametrize(
    ("method", "path", "body", "count"),
    [
        ("POST", "/registers/people/find", {"search": ""}, "2"),
        ("POST", "/registers/people/find", {"search": "nobody"}, "0"),
        ("POST", "/registers/people/exists", {"example": {"personal_code": JAAN}}, "1"),
        ("GET", "/registers/places/records/a", {}, "0"),
    ],
)
def test_an_answer_says_how_many_usages_it_recorded(
    site: Site, method: str, path: str, body: dict[str, Any], count: str
) -> None:
    place(site.registry, "a")
    answer = site.call(system("exchange"), method, path, **body)
    assert (answer.status_code, answer.headers[COUNT]) == (200, count)


def test_usages_are_told_to_the_exchange_alone_and_not_ahead_of_them(site: Site) -> None:
    local = site.call(system("registrar"), "POST", "/registers/people/find", None, search="")
    assert (local.status_code, COUNT in local.headers) == (200, False)
    streamed = site.call(system("exchange"), "POST", "/registers/people/export", format="records")
    assert (streamed.status_code, COUNT in streamed.headers) == (200, False)
    refused = site.call(system("exchange"), "GET", "/registers/people/records/P-000009")
    assert (refused.status_code, COUNT in refused.headers) == (404, False)


def test_what_is_not_permitted_to_the_exchange_is_refused(site: Site) -> None:
    answer = site.call(system("exchange"), "GET", "/registers/people/records/P-000001/history")
    assert answer.status_code == 403
    answer = site.call(system(), "GET", "/registers/people/records/P-000001")
    assert answer.status_code == 403


def test_a_person_behind_a_ticket_has_what_is_permitted_to_herself(site: Site) -> None:
    facts = site.call(herself(), "POST", "/persons/facts", person=MARI)
    assert [one["data"]["personal_code"] for one in facts.json()] == [MARI]
    assert facts.headers[COUNT] == "1"
    read = site.call(herself(), "GET", "/registers/people/records/P-000001")
    assert (read.status_code, read.headers[COUNT]) == (200, "1")
    for refused, status in (
        (site.call(herself(), "POST", "/persons/facts", person=JAAN), 403),
        (site.call(herself(), "POST", "/persons/readings", person=JAAN), 403),
        (site.call(herself(), "GET", "/registers/people/records/P-000002"), 404),
        (site.call(herself(), "POST", "/registers/people/find", search=""), 403),
    ):
        assert refused.status_code == status
    readings = site.registry.readings_of(person(MARI), PersonCode(MARI))
    assert {(one.reason.purpose, one.reason.message_reference) for one in readings} == {
        (OWN_ACCESS, "message-1")
    }
    assert {(one.system, one.reason.hidden_until) for one in readings} == {(PORTAL, None)}


def test_a_person_cannot_bring_the_roles_of_the_site(site: Site) -> None:
    actor = herself(JAAN).actor
    brought = Caller(actor, frozenset({"signed-in", "exchange", "tracker"}))
    assert site.call(brought, "POST", "/registers/people/find", search="").status_code == 403
    assert site.call(brought, "POST", "/persons/readings", person=MARI).status_code == 403
