# SPDX-License-Identifier: EUPL-1.2
"""An agency's own system, no register of ours, is asked for a person's data; the person sees it."""

from __future__ import annotations

import os
import re
import signal
import time
from collections.abc import Iterator
from http.server import ThreadingHTTPServer
from threading import Thread
from uuid import uuid4

import httpx2
import pytest

from aralia.declarations import HOST, Answering
from tests.journeys.state import Person, State
from tests.journeys.test_usages import SEEN_WITHIN_SECONDS, text_of

SERVICE = "XA/GOV/10000107/declarations/returns"
BENEFITS, POLICE = "XA/GOV/10000113/benefits", "XA/GOV/10000165/investigations"
HIDDEN = {"Flagstone-Hidden-Until": "2099-01-01T00%3A00%3A00Z"}


@pytest.fixture(scope="module")
def state(state: State) -> Iterator[State]:
    """The country with the tax board's own system, on a port that is free."""
    server = ThreadingHTTPServer((HOST, 0), Answering)
    server.daemon_threads = True
    thread = Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    state.command("exchange", "offer", SERVICE, f"http://{HOST}:{server.server_port}", site="revenue")
    time.sleep(2)  # a change by another process is noticed within about a second
    yield state
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="module")
def person(state: State) -> Iterator[Person]:
    signed_in = Person(state, state.codes("environment", "permits", 1)[0])
    yield signed_in
    signed_in.close()


def ask(state: State, client: str, code: str, **headers: str) -> str:
    """Ask for a person's tax returns; return the id of the message."""
    message = str(uuid4())
    answer = httpx2.get(
        f"{state.doors['centre'].exchange}/r1/{SERVICE}/people/{code}/returns",
        headers={"X-Road-Client": client, "X-Road-Id": message, "Flagstone-Case": "B-7", **headers},
        timeout=30,
        trust_env=False,
    )
    assert answer.status_code == 200, answer.text[:500]
    assert len(answer.json()["returns"]) == 2
    return message


def seen(person: Person, message: str) -> list[dict[str, object]]:
    """Return the usages of a message, once there are any."""
    deadline = time.monotonic() + SEEN_WITHIN_SECONDS
    while True:
        found = [usage for usage in person.usages()["usages"] if usage["messageId"] == message]
        if found:
            return found
        assert time.monotonic() < deadline, "not seen in time"
        time.sleep(0.1)


def test_the_person_sees_who_asked_what_for_and_by_which_law(state: State, person: Person) -> None:
    message = ask(state, BENEFITS, person.code)
    (usage,) = seen(person, message)
    assert usage["purpose"] == "Deciding on a family benefit"
    assert usage["legalBasis"] == "Family Benefits Act § 6"
    assert (usage["case"], usage["receiverSystem"]) == ("B-7", BENEFITS)
    page = text_of(person.page(period="week").text)
    assert "Social Insurance Board looked up in Income tax returns: data about you." in page
    assert "Why: Deciding on a family benefit" in page


def test_the_hours_reconciliation_counts_it(state: State, person: Person) -> None:
    seen(person, ask(state, BENEFITS, person.code))
    state.command("tracker", "reconcile", site="revenue")  # exit status 1 when one is missing


def test_a_lawful_investigation_is_counted_and_not_described(state: State, person: Person) -> None:
    before = person.usages()["hidden"]
    message = ask(state, POLICE, person.code, **HIDDEN)
    deadline = time.monotonic() + SEEN_WITHIN_SECONDS
    while person.usages()["hidden"] == before:
        assert time.monotonic() < deadline, "not counted in time"
        time.sleep(0.1)
    assert person.usages()["hidden"] == before + 1
    assert message not in person.messages()


def test_the_person_asks_why(state: State, person: Person) -> None:
    message = ask(state, BENEFITS, person.code)
    seen(person, message)
    links = re.findall(
        r'href="(/me/usage/ask\?agency=revenue&amp;usage=[^"]+)"', person.page(period="week").text
    )
    assert links
    assert person.browser.get(links[0].replace("&amp;", "&")).status_code == 200


def test_no_use_is_lost_when_the_agency_is_killed(state: State, person: Person) -> None:
    process = state.process_of("revenue")
    messages = [ask(state, BENEFITS, person.code) for _ in range(5)]
    os.kill(process, signal.SIGKILL)
    deadline = time.monotonic() + 60
    while not _each_once(person, messages):
        assert time.monotonic() < deadline, "a use was lost, or is there twice"
        time.sleep(0.5)
    time.sleep(1)
    assert _each_once(person, messages)
    state.command("audit", "verify", site="revenue")


def _each_once(person: Person, messages: list[str]) -> bool:
    told = person.messages()
    return all(told.count(each) == 1 for each in messages)


def test_what_names_nobody_is_signalled_and_the_code_is_in_no_log(state: State, person: Person) -> None:
    state.command("exchange", "persons", SERVICE, "--at", "query:code", site="revenue")
    time.sleep(2)
    ask(state, BENEFITS, person.code)
    deadline = time.monotonic() + 10 * SEEN_WITHIN_SECONDS
    while "messages did not say whose data they used" not in state.command(
        "tracker", "signals", site="revenue"
    ):
        assert time.monotonic() < deadline, "no signal"
    logged = (state.folder / "data" / "revenue" / "log.jsonl").read_text()
    assert "person not read from message" in logged
    assert person.code not in logged
