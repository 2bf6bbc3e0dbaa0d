# SPDX-License-Identifier: EUPL-1.2
"""The data tracker protocol v2 as published, request by request, with what it does not take."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from starlette.testclient import TestClient
from tests.blocks.tracker.agency import Agency, Vouched, application, make_agency, person, system
from tests.blocks.tracker.pages import mad
from tests.contracts.registers import JAAN, MARI

from flagstone.blocks.tracker.client import Client, Refused
from flagstone.blocks.tracker.contract import Period, QuestionsNotTaken, UsageUnknown
from flagstone.kernel.audit import Caller
from flagstone.kernel.ids import PersonCode
from flagstone.platform.http.client import AnswerRefused, SiteUnreachable

if TYPE_CHECKING:
    from tests.conftest import OpenDatabase

    from flagstone.kernel.clock import SetClock

pytestmark = pytest.mark.parametrize("open_database", ["sqlite"], indirect=True)

HER = PersonCode(MARI)


@pytest.fixture
def agency(open_database: OpenDatabase, clock: SetClock) -> Agency:
    return make_agency(open_database, clock, (MARI, JAAN))


class Door:
    """The protocol's routes, called as the exchange calls them."""

    def __init__(self, agency: Agency) -> None:
        self.vouched = Vouched()
        self.browser = TestClient(application(agency.tracker, self.vouched))

    def get(self, path: str, caller: Caller | None = None, user: str | None = None, **params: Any) -> Any:
        headers = {"Authorization": f"Bearer {self.vouched.token(caller)}"} if caller else {}
        headers |= {"X-Road-UserId": user} if user is not None else {}
        return self.browser.get(f"/tracker/v2/{path}", params=params, headers=headers)


@pytest.fixture
def door(agency: Agency) -> Door:
    return Door(agency)


def test_finds_usages_as_published(agency: Agency, door: Door) -> None:
    for _ in range(3):
        agency.read(system(), MARI)
        agency.clock.advance(timedelta(seconds=1))
    asked = {"userCode": f"XA{MARI}", "offset": 0, "limit": 2}
    answer = door.get("findUsage", person(MARI), f"XA{MARI}", **asked)
    assert answer.status_code == 200
    assert answer.headers["flagstone-usage-count"] == "0"
    assert answer.headers["cache-control"] == "no-store"
    said = answer.json()
    assert (said["totalUsages"], len(said["usages"])) == (3, 2)
    assert said["usages"][0]["logtime"] > said["usages"][1]["logtime"]
    published = {"logtime", "action", "receiverCode", "receiverName", "receiverSystem"}
    assert published <= said["usages"][0].keys()
    assert door.get("findUsage", person(MARI), MARI, userCode=MARI).json()["totalUsages"] == 3


def test_period_and_heartbeat_as_published(door: Door) -> None:
    assert door.get("usagePeriod").json() == {"periodStart": "1970-01-01T00:00:00.000000Z"}
    assert door.get("heartbeat").json() == {"status": "OK", "message": "Usages can be told"}


def test_the_user_is_mandatory_and_the_callers_own(agency: Agency, door: Door) -> None:
    for user, params in (
        (None, {"userCode": MARI}),
        ("", {"userCode": MARI}),
        (MARI, {}),
        (MARI, {"userCode": ""}),
        (MARI, {"userCode": [MARI, JAAN]}),
        (MARI, {"userCode": "1" * 65}),
        (MARI, {"userCode": "a\x85b"}),
        (JAAN, {"userCode": JAAN}),
    ):
        answer = door.get("findUsage", person(MARI), user, **params)
        assert (answer.status_code, answer.json()["code"]) == (400, "tracker.user-missing")
        assert MARI not in answer.text
    assert door.get("findUsage", None, MARI, userCode=MARI).status_code == 401


@pytest.mark.parametrize(
    "wrong",
    [
        {"offset": "-1"},
        {"offset": "x"},
        {"offset": "99999999999"},
        {"offset": "٣"},
        {"limit": "0"},
        {"limit": "1001"},
        {"limit": "1.5"},
        {"limit": ["1", "2"]},
        {"periodStart": "2026-11-22"},
        {"periodStart": "2026-11-22T08:00:00"},
        {"periodEnd": "0001-01-01T00:00:00+01:00"},
        {"periodStart": "2026-11-22T08:00:00Z", "periodEnd": "2026-11-22T08:00:00Z"},
    ],
)
def test_what_cannot_be_used_is_refused(door: Door, wrong: dict[str, Any]) -> None:
    answer = door.get("findUsage", person(MARI), MARI, userCode=MARI, **wrong)
    assert (answer.status_code, answer.json()["code"]) == (400, "tracker.period-invalid")


def test_asking_about_another_is_not_found_and_says_so_to_the_exchange(agency: Agency, door: Door) -> None:
    answer = door.get("findUsage", person(JAAN), JAAN, userCode=MARI)
    assert (answer.status_code, answer.json()["code"]) == (404, "tracker.usage-unknown")
    assert answer.headers["flagstone-usage-count"] == "1"
    usage = door.get("findUsage", person(MARI), MARI, userCode=MARI).json()["usages"][0]
    assert (usage["kind"], usage["messageId"]) == ("asked", "message-9")


def test_a_system_without_a_person_learns_nothing(agency: Agency, door: Door) -> None:
    agency.read(system(), MARI)
    assert door.get("findUsage", system(), MARI, userCode=MARI).status_code == 404
    assert door.get("questions", system(), MARI).status_code == 404


def test_a_failing_log_beats_no_heart(agency: Agency, door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> None:
        raise SiteUnreachable

    monkeypatch.setattr(agency.tracker, "heartbeat", broken)
    assert door.get("heartbeat").json()["status"] == "FAIL"
    with pytest.raises(SiteUnreachable):
        agency.over_http().heartbeat()


def test_the_published_shapes_are_in_the_document(door: Door) -> None:
    document = door.browser.get("/openapi/tracker.json").json()
    paths = document["paths"]
    assert {"/tracker/v2/findUsage", "/tracker/v2/usagePeriod", "/tracker/v2/heartbeat"} <= paths.keys()
    names = {each["name"] for each in paths["/tracker/v2/findUsage"]["get"]["parameters"]}
    assert names == {"X-Road-UserId", "userCode", "periodStart", "periodEnd", "offset", "limit"}


def test_another_provider_is_asked_by_the_published_paths_alone(agency: Agency) -> None:
    plain = b'{"totalUsages": 1, "usages": [{"logtime": "2026-01-01T00:00:00Z", "action": "a", '
    plain += b'"receiverCode": "1", "receiverSystem": "s"}]}'
    client = mad(plain)
    assert client.find_usage(person(MARI), HER, Period()).total == 1
    foreign = Client(client.site, base="")
    assert foreign.find_usage(person(MARI), HER, Period()).usages[0].receiver_system == "s"
    missing = mad(b"<html>not here</html>", 404)
    assert missing.questions_of(person(MARI), HER) == ()
    with pytest.raises(QuestionsNotTaken):
        missing.ask_why(person(MARI), HER, "u", "Why?")
    with pytest.raises(UsageUnknown):
        missing.find_usage(person(MARI), HER, Period())


@pytest.mark.parametrize(
    ("body", "status", "fault"),
    [
        (b"", 200, AnswerRefused),
        (b"[" * 100_000, 200, AnswerRefused),
        (b'{"totalUsages": 1e999, "usages": []}', 200, AnswerRefused),
        (b'{"totalUsages": 0, "usages": null}', 200, AnswerRefused),
        (b"\xff\xfe", 200, AnswerRefused),
        (b"[]", 500, SiteUnreachable),
        (b'{"code": ["x"]}', 503, SiteUnreachable),
        (b'{"code": "strange.fault"}', 403, Refused),
    ],
)
def test_nonsense_from_another_site_is_a_fault(
    agency: Agency, body: bytes, status: int, fault: type[Exception]
) -> None:
    with pytest.raises(fault):
        mad(body, status).find_usage(person(MARI), HER, Period())


def test_nobody_asks_questions_for_another(agency: Agency) -> None:
    client = agency.over_http()
    with pytest.raises(UsageUnknown):
        client.questions_of(person(JAAN), HER)
    with pytest.raises(UsageUnknown):
        client.ask_why(person(JAAN), HER, "u", "Why?")
