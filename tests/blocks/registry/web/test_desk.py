# SPDX-License-Identifier: EUPL-1.2
"""The official's desk on real storage: nothing without a purpose, nothing personal in an address."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import httpx2
import pytest
from fastapi.testclient import TestClient
from tests.blocks.registry.web.sites import PEOPLE, PERSON, PLACES, official, real_registry

from flagstone.blocks.registry.service.registry import Service
from flagstone.kernel.audit import Actor, ActorKind, Caller, Reason

DESK = "/desk/registry/people"
OFFICIAL = Caller(Actor(ActorKind.OFFICIAL, "48001010002", "Other Official"), frozenset({"registrar"}))
WHY = {"purpose": "case", "details": "child benefit", "reference": "2026-7"}


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[Service]:
    """A register with thirty people; the first is Mari Maasikas."""
    with real_registry(tmp_path, PEOPLE, PLACES) as service:
        rows = [
            {
                "personal_code": f"4900101{n:04d}",
                "given_name": "Mari",
                "family_name": "Maasikas",
                "born": "1990-01-31",
            }
            for n in range(1, 31)
        ]
        rows[0]["personal_code"] = PERSON
        service.create_many(OFFICIAL, "people", rows, Reason("first registration"))
        yield service


@pytest.fixture
def desk(registry: Service) -> TestClient:
    """A registrar's browser."""
    return official(registry)


def searched(desk: TestClient, words: str = "maasikas", **values: str) -> httpx2.Response:
    return desk.post(DESK, data={"words": words, **WHY, **values})


def opened(desk: TestClient, record_id: str = "P-000001") -> str:
    """Open a record for a purpose and return its address."""
    answer = desk.post(f"{DESK}/records/{record_id}", data=WHY)
    assert answer.status_code == 200
    return str(answer.url)


def at(address: str, step: str) -> str:
    return address.replace("?", f"/{step}?")


def filled(page: httpx2.Response) -> dict[str, str]:
    """Return what the form on `page` would send: inputs, areas, and the chosen options."""
    text = page.text
    found = {
        unescape(name): unescape(value)
        for tag in re.findall(r"<input[^>]*>", text)
        if 'type="radio"' not in tag
        for name in re.findall(r' name="([^"]*)"', tag)
        for value in re.findall(r' value="([^"]*)"', tag) or [""]
    }
    for name, body in re.findall(r'<textarea[^>]* name="([^"]*)"[^>]*>(.*?)</textarea>', text, re.DOTALL):
        found[name] = unescape(body)
    for name, body in re.findall(r'<select[^>]* name="([^"]*)"[^>]*>(.*?)</select>', text, re.DOTALL):
        chosen = re.findall(r'<option value="([^"]*)" selected', body)
        found[name] = chosen[0] if chosen else ""
    return found


def test_registers_are_shown_to_officials_only(registry: Service, desk: TestClient) -> None:
    assert "People" in desk.get("/desk/registry").text
    stranger = official(registry, role="nobody")
    assert stranger.get("/desk/registry").status_code == 403
    anonymous = TestClient(desk.app, follow_redirects=False)
    assert anonymous.get("/desk/registry", headers={"Accept": "text/html"}).status_code == 303


def test_nothing_is_shown_without_a_purpose(desk: TestClient) -> None:
    for missing in ({"purpose": ""}, {"purpose": "curiosity"}, {"purpose": "other", "details": " "}):
        answer = searched(desk, **missing)
        assert answer.status_code == 400
        assert 'href="#purpose"' in answer.text or 'href="#details"' in answer.text
        assert "Mari Maasikas" not in answer.text
        assert 'value="maasikas"' in answer.text
    bare = desk.get(f"{DESK}/records/P-000001")
    assert "What do you need the record for?" in bare.text
    assert "Maasikas" not in bare.text


def test_a_search_leads_to_an_address_that_names_nobody(desk: TestClient) -> None:
    answer = searched(desk, **{"q.personal_code": PERSON})
    assert answer.status_code == 200
    assert re.fullmatch(DESK + r"/results/[\w-]{24}", answer.url.path)
    assert "1 record found" in answer.text
    assert PERSON in answer.text
    assert all(PERSON not in address for address in re.findall(r'(?:href|action)="([^"]*)"', answer.text))


def test_results_come_in_pages_with_the_purpose(desk: TestClient) -> None:
    first = searched(desk)
    assert "30 records found" in first.text
    second = desk.get(f"{first.url.path}?page=2")
    assert second.text.count("/records/P-") == 10
    assert "child benefit" in second.text


def test_a_search_is_its_makers_own(registry: Service, desk: TestClient) -> None:
    address = searched(desk).url.path
    assert official(registry, role="clerk").get(address).status_code == 404
    assert desk.get(address.replace("people", "places")).status_code == 404


def test_a_record_shows_history_and_every_reading_with_its_purpose(
    desk: TestClient, registry: Service
) -> None:
    page = desk.get(opened(desk)).text
    assert "31 January 1990" in page
    assert "Population Register Act § 12" in page
    [newest, *_] = registry.read_log(OFFICIAL, "people", "P-000001")
    assert newest.reason == Reason(
        "Handling an application or a case: child benefit", "Population Register Act § 12", "2026-7", "2026-7"
    )


def test_a_clerk_reads_and_does_not_write(registry: Service) -> None:
    clerk = official(registry, role="clerk")
    address = opened(clerk)
    page = clerk.get(address).text
    assert "/correct?" not in page
    assert "Who has read this record" not in page
    wrong = clerk.post(at(address, "correct"), data={**WHY, "f.personal_code": PERSON, "step": "confirm"})
    assert wrong.status_code == 403


def test_a_correction_is_checked_before_it_is_written(desk: TestClient, registry: Service) -> None:
    address = opened(desk)
    form = filled(desk.get(at(address, "correct")))
    assert (form["f.given_name"], form["f.born.day"], form["purpose"]) == ("Mari", "31", "case")
    changed = {**form, "f.given_name": "Marii", "f.nationalities": "XA\r\n\r\nFI", "purpose": "correction"}
    answers = desk.post(at(address, "correct"), data=changed)
    assert "Check your answers" in answers.text
    assert registry.read(OFFICIAL, "people", "P-000001", Reason("test")).revision == 1
    done = desk.post(at(address, "correct"), data={**filled(answers), "step": "confirm"})
    assert "The record was corrected." in done.text
    record = registry.read(OFFICIAL, "people", "P-000001", Reason("test"))
    assert (record.revision, record.data["given_name"], record.data["nationalities"]) == (
        2,
        "Marii",
        ["XA", "FI"],
    )
    [newest, _first] = registry.history(OFFICIAL, "people", "P-000001", Reason("test"))
    assert newest.reason.purpose == "Correcting data at somebody's request: child benefit"


def test_answers_can_be_changed_again(desk: TestClient) -> None:
    address = opened(desk)
    form = {**filled(desk.get(at(address, "correct"))), "f.given_name": "Marii"}
    answers = desk.post(at(address, "correct"), data=form)
    again = desk.post(at(address, "correct"), data={**filled(answers), "step": "change"})
    assert filled(again)["f.given_name"] == "Marii"


def test_mistakes_are_named_and_linked_to_their_field(desk: TestClient) -> None:
    address = opened(desk)
    form = filled(desk.get(at(address, "correct")))
    wrong = {**form, "f.personal_code": "", "f.born.month": "13", "purpose": ""}
    answer = desk.post(at(address, "correct"), data=wrong)
    assert answer.status_code == 400
    for place in ("f-personal_code", "f-born", "purpose"):
        assert f'href="#{place}"' in answer.text
        assert f'id="{place}"' in answer.text
    assert desk.post(at(address, "correct"), data=form).text.count("Nothing was changed") == 1


def test_what_the_register_refuses_is_shown_at_its_field(desk: TestClient) -> None:
    address = opened(desk)
    form = {**filled(desk.get(at(address, "correct"))), "f.status": "asleep", "step": "confirm"}
    refused = desk.post(at(address, "correct"), data=form)
    assert (refused.status_code, 'href="#f-status"' in refused.text) == (400, True)
    taken = {**form, "f.status": "", "f.personal_code": "49001010002"}
    assert "Another record has this value already" in desk.post(at(address, "correct"), data=taken).text


def test_a_conflict_shows_both_values_and_loses_none(desk: TestClient, registry: Service) -> None:
    address = opened(desk)
    form = {**filled(desk.get(at(address, "correct"))), "f.given_name": "Marii"}
    registry.update(OFFICIAL, "people", "P-000001", {"given_name": "Maria"}, Reason("meanwhile"))
    conflict = desk.post(at(address, "correct"), data={**form, "step": "confirm"})
    assert conflict.status_code == 409
    assert "Marii" in conflict.text
    assert ">Maria<" in conflict.text
    again = desk.post(at(address, "correct"), data={**filled(conflict), "step": "change"})
    done = desk.post(at(address, "correct"), data={**filled(again), "step": "confirm"})
    assert "The record was corrected." in done.text


def test_archiving_needs_a_reason_and_keeps_the_history(desk: TestClient) -> None:
    address = opened(desk)
    assert desk.post(at(address, "archive"), data={"purpose": ""}).status_code == 400
    done = desk.post(at(address, "archive"), data=WHY)
    assert "The record was archived" in done.text
    assert "/correct?" not in done.text
    assert "29 records found" in searched(desk).text


def upload(desk: TestClient, content: bytes, name: str = "people.csv", **values: str) -> httpx2.Response:
    return desk.post(f"{DESK}/import", data={**WHY, **values}, files={"file": (name, content)})


def test_an_import_is_reported_by_row_and_column_before_it_is_taken(
    desk: TestClient, registry: Service
) -> None:
    wrong = upload(desk, b"personal_code,born,shoe\n1,1990-01-31,39\n2,yesterday,40\n")
    assert wrong.status_code == 200
    assert "The file cannot be imported yet" in wrong.text
    assert ">born<" in wrong.text
    assert 'name="upload"' not in wrong.text
    good = upload(desk, b"personal_code,given_name\n70000000001,Uku\n" + PERSON.encode() + b",Maria\n")
    assert "The file can be imported" in good.text
    handle = filled(good)["upload"]
    done = desk.post(f"{DESK}/import/confirm", data={"upload": handle})
    assert "Import finished" in done.text
    assert registry.read(OFFICIAL, "people", "P-000001", Reason("test")).data["given_name"] == "Maria"
    assert desk.post(f"{DESK}/import/confirm", data={"upload": handle}).status_code == 404


@pytest.mark.parametrize(
    ("content", "values", "place"),
    [(b"", {}, "#file"), (b"\xff\xfe", {}, "#file"), (b"personal_code\n1\n", {"purpose": ""}, "#purpose")],
)
def test_an_upload_that_cannot_be_used_is_refused(
    desk: TestClient, content: bytes, values: dict[str, str], place: str
) -> None:
    answer = upload(desk, content, **values)
    assert (answer.status_code, f'href="{place}"' in answer.text) == (400, True)


def test_an_export_needs_a_purpose_too(desk: TestClient) -> None:
    assert "GeoJSON" not in desk.get(f"{DESK}/export").text
    assert "GeoJSON" in desk.get("/desk/registry/places/export").text
    assert desk.post(f"{DESK}/export", data={"format": "csv"}).status_code == 400
    assert desk.post(f"{DESK}/export", data={**WHY, "format": "geojson"}).status_code == 400
    answer = desk.post(f"{DESK}/export", data={**WHY, "format": "csv"})
    assert answer.headers["content-type"].startswith("text/csv")
    assert answer.text.count("\r\n") == 31


@pytest.mark.parametrize("language", ["et", "ar"])
def test_every_page_is_said_in_every_language(registry: Service, language: str) -> None:
    desk = official(registry, language=language)
    address = opened(desk)
    pages = [desk.get(path).text for path in ("/desk/registry", DESK, f"{DESK}/import", address)]
    assert all(f'<html lang="{language}"' in page for page in pages)
    assert all("Purpose" not in page and "Search" not in page for page in pages)


def test_a_large_file_is_checked_and_one_too_large_is_told_so(desk: TestClient) -> None:
    rows = b"".join(b"%d,Uku Uuemois Kaugelt Maalt\n" % (70000000000 + n) for n in range(60_000))
    large = upload(desk, b"personal_code,given_name,\n" + rows)
    assert "Choose a file" not in large.text
    assert (large.status_code, "The file cannot be read" in large.text or 'href="#file"' in large.text) == (
        400,
        True,
    )
    too_large = upload(desk, b"x" * (17 * 1024 * 1024))
    assert "The file is larger than 16 MB" in too_large.text
