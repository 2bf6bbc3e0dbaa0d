# SPDX-License-Identifier: EUPL-1.2
"""A site with a law computes for those whom it lets, in processes that begin and end when they should."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest

from flagstone.app.rules import LAW_CACHE
from flagstone.app.site import Site, at_work, claimed, make, served
from flagstone.blocks.rules.contract.calculation import Mode
from flagstone.blocks.rules.contract.roles import ANALYST, OFFICER
from flagstone.blocks.rules.service.workers import Pool
from flagstone.blocks.rules.web.api import BATCH_MAX
from flagstone.country import Country
from flagstone.kernel.audit import EXCHANGE, Actor, ActorKind, Caller
from flagstone.kernel.clock import SystemClock
from flagstone.platform.http import server
from flagstone.platform.http.principal import Principal
from flagstone.settings.options import RulesOptions, Settings

pytestmark = pytest.mark.slow

CLOCK = SystemClock()
SECONDS_MAX = 60
MONTH = "2017-01"
LAW = "openfisca_country_template"
EXTENSION = "openfisca_extension_template"
REFORM = f"{LAW}.reforms.flat_social_security_contribution.flat_social_security_contribution"
OTHER_REFORM = f"{LAW}.reforms.removal_basic_income.removal_basic_income"
READ = ("", "/", "/spec", "/entities", "/variables", "/variable/salary", "/parameters", "/parameter/taxes")
COMPUTED = ("/rules/openfisca/calculate", "/rules/openfisca/trace")
OWN = ("calculate", "batch", "explanations", "reforms/check")
POSTED = (*COMPUTED, *(f"/rules/v1/{name}" for name in OWN))


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: Any


@dataclass(frozen=True)
class Door:
    """Where a site answers, and what lets somebody in there."""

    port: int
    site: Site

    def ask(
        self, path: str, body: object = None, *, role: str = OFFICER, id_: str = "x", **more: str
    ) -> Answer:
        """Ask as somebody with a role; without one as nobody."""
        caller = Caller(Actor(ActorKind.OFFICIAL, id=id_), frozenset({role}))
        headers = {"Content-Type": "application/json", **more}
        if role:
            headers["Authorization"] = f"Bearer {self.site.services.tickets.issue(Principal(caller))}"
        sent = None if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
        with closing(HTTPConnection("localhost", self.port, timeout=SECONDS_MAX)) as connection:
            connection.request("GET" if body is None else "POST", path, sent, headers)
            answer = connection.getresponse()
            text = answer.read()
            told = {name.lower(): value for name, value in answer.getheaders()}
            return Answer(answer.status, told, json.loads(text) if text else None)

    @property
    def pool(self) -> Pool:
        assert self.site.services.computing is not None
        return self.site.services.computing.engine


@contextmanager
def answering(settings: Settings, country: Country) -> Iterator[Door]:
    """Make a site and serve it in a thread."""
    with claimed(settings, country, CLOCK) as site:
        make(site, lambda _what, _count: None)
    with server.bind("127.0.0.1", 0) as listener:
        port = listener.getsockname()[1]
        own = replace(settings, http=replace(settings.http, port=port))
        with served(own, country, CLOCK) as site, at_work(site, CLOCK) as (web, _jobs):
            running = server.server(web)
            thread = threading.Thread(target=running.run, kwargs={"sockets": [listener]})
            thread.start()
            try:
                yield Door(port, site)
            finally:
                running.should_exit = True
                thread.join(SECONDS_MAX)
                assert not thread.is_alive()


def lawful(country: Country, law: str = LAW) -> Country:
    plan = replace(country.plan(""), code="state", law=law)
    return replace(country, sites=lambda: (plan,))


def test_a_site_computes_by_its_law_with_extensions_and_admits_reforms_of_plan_and_settings(
    settings: Settings, country: Country
) -> None:
    plan = replace(lawful(country).plan("state"), law_extensions=(EXTENSION,), law_reforms=(REFORM,))
    whole = replace(country, sites=lambda: (plan,))
    more = replace(settings, rules=RulesOptions(extensions=(EXTENSION,), reforms=(OTHER_REFORM,)))
    with answering(more, whole) as door:
        law = door.ask("/rules/v1/law").body["law"]
        assert law["name"]["extensions"] == [EXTENSION]
        assert [each["distribution"].replace("-", "_") for each in law["parts"]] == [LAW, EXTENSION]
        assert "local_town_child_allowance" in door.ask("/rules/openfisca/variables").body
        for reform in (REFORM, OTHER_REFORM):
            checked = door.ask("/rules/v1/reforms/check", {"reform": {"packages": [reform]}})
            assert checked.status == 200, checked.body
        refused = door.ask("/rules/v1/reforms/check", {"reform": {"packages": [f"{LAW}.reforms.other.x"]}})
        assert refused.status == 400
        task = door.site.services.computing.simulations._grounds  # type: ignore[union-attr]
        assert (task.law.extensions, task.admitted) == ((EXTENSION,), (REFORM, OTHER_REFORM))


def test_an_extension_that_is_not_installed_is_named(settings: Settings, country: Country) -> None:
    more = replace(settings, rules=RulesOptions(extensions=("no_such_extension",)))
    with answering(more, lawful(country)) as door:
        answer = door.ask("/rules/v1/law")
        assert (answer.status, answer.body["code"]) == (503, "rules.law-unavailable")
        assert "no_such_extension" in answer.body["detail"]


def asking(salary: object = 4000) -> dict[str, Any]:
    return {"persons": {"a": {"salary": {MONTH: salary}, "income_tax": {MONTH: None}}}}


def process_is_there(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists()


def pids(pool: Pool) -> list[int]:
    return [worker.pid for lane in pool._lanes.values() for worker, _ in lane._idle]


def test_a_site_computes_for_whom_it_lets(settings: Settings, country: Country) -> None:
    with answering(settings, lawful(country)) as door:
        assert [door.pool.count(mode) for mode in Mode] == [0, 0], "nobody asked anything yet"
        _only_those_with_a_role_come_in(door)
        assert [door.pool.count(mode) for mode in Mode] == [0, 0], "nobody was let in yet"
        _openfisca_clients_find_what_they_know(door)
        _our_own_interface_computes(door)
        _mistakes_have_their_places(door)
        started = pids(door.pool)
        assert started
        assert all(map(process_is_there, started))
        assert (door.site.folder.path / LAW_CACHE).is_dir()
    assert not any(map(process_is_there, started))
    assert door.pool.count(Mode.FAST) == 0


def _only_those_with_a_role_come_in(door: Door) -> None:
    for path in (*(f"/rules/openfisca{each}" for each in READ), "/rules/v1/law"):
        assert door.ask(path, role="").status == 401, path
        assert door.ask(path, role="clerk").status == 403, path
    for path in POSTED:
        assert door.ask(path, {}, role="").status == 401, path
        assert door.ask(path, {}, role="registrar").status == 403, path


def _openfisca_clients_find_what_they_know(door: Door) -> None:
    for role in (OFFICER, ANALYST, EXCHANGE):
        answer = door.ask("/rules/openfisca/calculate", asking(), role=role)
        assert (answer.status, answer.body["persons"]["a"]["income_tax"]) == (200, {MONTH: 600.0})
        assert answer.headers["country-package"].startswith("openfisca-country")
        assert "access-control-allow-origin" not in answer.headers
    assert [door.ask(f"/rules/openfisca{each}").status for each in READ] == [300, 300, *[200] * 6]
    listed = door.ask("/rules/openfisca/variables")
    address = f"http://localhost:{door.port}/rules/openfisca/"
    assert listed.body["salary"]["href"] == f"{address}variable/salary"
    assert door.ask("/rules/openfisca/spec").body["servers"] == [{"url": address[:-1]}]
    known = {"If-None-Match": listed.headers["etag"]}
    assert door.ask("/rules/openfisca/variables", **known).status == 304
    assert door.ask("/rules/openfisca/variable/nothing").status == 404
    traced = door.ask("/rules/openfisca/trace", asking())
    assert f"income_tax<{MONTH}>" in traced.body["trace"]
    wrong = door.ask("/rules/openfisca/calculate", b"{")
    assert (wrong.status, "Invalid JSON" in wrong.body["error"]) == (400, True)


def _our_own_interface_computes(door: Door) -> None:
    law = door.ask("/rules/v1/law").body
    assert law["law"]["name"]["package"] == LAW
    plain = door.ask("/rules/v1/calculate", {"situation": asking(), "mode": "reference"}).body
    assert plain == {
        "values": {"persons": {"a": {"salary": {MONTH: 4000}, "income_tax": {MONTH: 600.0}}}},
        "law_digest": law["law_digest"],
        "mode": "reference",
    }
    reform = {"parameters": {"taxes.income_tax_rate": {"2017-01-01": 0.5}}}
    checked = door.ask("/rules/v1/reforms/check", {"reform": reform}).body
    asked = {"situations": [asking(), asking(2000)], "reform": reform, "known_at": "2026-01-01"}
    batch = door.ask("/rules/v1/batch", asked).body
    taxes = [each["persons"]["a"]["income_tax"][MONTH] for each in batch["results"]]
    assert (taxes, batch["mode"]) == ([2000.0, 1000.0], "fast")
    assert batch["law_digest"] == checked["law_digest"] != law["law_digest"]
    wanted = {"situation": asking(), "reform": reform, "read": True}
    explained = door.ask("/rules/v1/explanations", wanted).body
    assert explained["values"]["persons"]["a"]["income_tax"] == {MONTH: 2000.0}
    assert explained["law_digest"] == explained["explanation"]["law_digest"] == batch["law_digest"]
    assert "taxes.income_tax_rate@2017-01-01" in explained["read"]
    first = explained["explanation"]["steps"][0]
    assert (first["key"], first["value"]) == (f"income_tax<{MONTH}>@a", 2000.0)
    assert 0.5 in [each.get("value") for each in first["parameters"]]


def _mistakes_have_their_places(door: Door) -> None:
    def refused(path: str, body: object) -> tuple[int, str, list[str]]:
        answer = door.ask(f"/rules/v1/{path}", body)
        assert answer.headers["content-type"] == "application/problem+json"
        flaws = [each["pointer"] for each in answer.body.get("flaws", [])]
        return answer.status, answer.body["code"], flaws

    place = f"/persons/a/salary/{MONTH}"
    assert refused("calculate", {"situation": asking("4000")}) == (
        400,
        "rules.situation-invalid",
        [f"/situation{place}"],
    )
    batch = {"situations": [asking(), asking("1")]}
    assert refused("batch", batch) == (400, "rules.situation-invalid", [f"/situations/1{place}"])
    nan = b'{"situation": {"persons": {"a": {"salary": {"2017-01": NaN}}}}}'
    assert refused("calculate", nan)[:2] == (400, "rules.situation-invalid")
    unknown = {"situation": {"persons": {"a": {"no": {MONTH: None}}}}}
    assert refused("calculate", unknown) == (404, "rules.unknown-variable", ["/situation/persons/a/no"])
    reforms = {
        "/reform/no": {"no": 1},
        "/reform/neutralized/0": {"neutralized": ["no"]},
        "/reform/packages/0": {"packages": ["os.system"]},
        "/reform/parameters/taxes/2017-01-01": {"parameters": {"taxes": {"2017-01-01": {}}}},
    }
    for pointer, reform in reforms.items():
        status, code, (found,) = refused("reforms/check", {"reform": reform})
        assert (status, code) == (400, "rules.reform-invalid")
        assert pointer.startswith(found), "as near as it can be said"
    assert refused("calculate", {"situation": asking(), "mode": "slow"})[0] == 400
    assert refused("calculate", {"situation": asking(), "more": 1})[0] == 400
    assert refused("batch", {"situations": []})[0] == 400
    assert refused("batch", {"situations": [{}] * (BATCH_MAX + 1)})[0] == 400
    assert refused("explanations", {"situation": asking(), "steps_max": 0})[0] == 400
    deep = b'{"situation": {"persons": ' + b'{"a":' * 20_000 + b"1" + b"}" * 20_002
    assert refused("calculate", deep)[0] == 400


def test_each_caller_has_a_quota(settings: Settings, country: Country) -> None:
    own = replace(settings, rules=RulesOptions(requests_per_minute_max=3))
    with answering(own, lawful(country)) as door:
        three = {"situations": [asking()] * 3}
        assert door.ask("/rules/v1/batch", three, id_="one").status == 200
        spent = door.ask("/rules/v1/calculate", {"situation": asking()}, id_="one")
        assert (spent.status, spent.body["code"]) == (429, "rules.quota-spent")
        assert int(spent.headers["retry-after"]) >= 1
        assert door.ask("/rules/openfisca/calculate", asking(), id_="one").status == 429
        assert door.ask("/rules/openfisca/entities", id_="one").status == 200
        assert door.ask("/rules/openfisca/calculate", asking(), id_="two").status == 200


def test_a_law_that_is_not_there_costs_its_answers_and_not_the_site(
    settings: Settings, country: Country
) -> None:
    with answering(settings, lawful(country, "no_such_law")) as door:
        missing = door.ask("/rules/v1/calculate", {"situation": asking()})
        assert (missing.status, missing.body["code"]) == (503, "rules.law-unavailable")
        assert door.ask("/rules/openfisca/entities").status == 503
        with closing(HTTPConnection("localhost", door.port, timeout=SECONDS_MAX)) as connection:
            connection.request("GET", "/")
            assert connection.getresponse().status == 200


def test_a_site_without_a_law_has_nothing_of_it(settings: Settings, country: Country) -> None:
    with answering(settings, country) as door:
        assert door.site.services.computing is None
        assert {door.ask(path, {}).status for path in POSTED} == {404}
        assert door.ask("/rules/openfisca/").status == 404
