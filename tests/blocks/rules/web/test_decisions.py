# SPDX-License-Identifier: EUPL-1.2
"""The interface and pages of decisions, for the person, for officers and auditors, and for nobody else."""

from __future__ import annotations

import base64
import json
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from joserfc import jws
from joserfc.jwk import KeySet
from starlette.testclient import TestClient
from tests.blocks.rules.decided import LAW, MARI, OMAR, Deciding, case, deciding, herself, official
from tests.empty import placed

from flagstone.blocks.rules.contract.calculation import Mode
from flagstone.blocks.rules.contract.decision import Decision
from flagstone.blocks.rules.contract.engine import Terms
from flagstone.blocks.rules.service.lawbook import LawReader
from flagstone.blocks.rules.service.worker import Task
from flagstone.blocks.rules.service.workers import Pool, PoolBounds
from flagstone.blocks.rules.store.tables import SCHEMA
from flagstone.blocks.rules.web.decision_desk import MENU, DecisionDesk
from flagstone.blocks.rules.web.decisions import DecisionsApi
from flagstone.kernel.audit import Reason
from flagstone.kernel.clock import SetClock
from flagstone.kernel.ids import PersonCode
from flagstone.platform.http.application import Edge, Keepers, assemble
from flagstone.platform.http.assets import Assets
from flagstone.platform.http.language import Languages
from flagstone.platform.http.look import read_look
from flagstone.platform.http.pages import LOCALE, Pages
from flagstone.platform.http.principal import Principal
from flagstone.platform.storage.database import Database

ROOT = Path(__file__).parents[4]
RULES = ROOT / "src" / "flagstone" / "blocks" / "rules"
LOOK = ROOT / "countries" / "aralia" / "look"
API, DESK = "/rules/v1", "/desk/decisions"
INCOME = "/persons/me/employment_income/2025"
CLAIM = {"claimed": {INCOME: 12_000.0}, "statement": "My employer counted a year twice."}


class SignedIn:
    """Sessions whose cookie names who is signed in: a personal code, or a role."""

    def find(self, token: str) -> Principal | None:
        caller = herself(token) if token.isdigit() else official(token)
        return Principal(caller, PersonCode(caller.actor.id), caller.actor.name, token, "form-token")


@dataclass
class Site:
    """The pages, a browser, and what decides behind them."""

    browser: TestClient
    deciding: Deciding

    def get(self, path: str, who: str, language: str = "en") -> Any:
        headers = {"cookie": f"__Host-session={who}", "accept-language": language}
        return self.browser.get(path, headers=headers)

    def post(self, path: str, who: str, body: object = None) -> Any:
        headers = {"cookie": f"__Host-session={who}", "x-csrf-token": "form-token"}
        return self.browser.post(path, json=body if body is not None else {}, headers=headers)

    def send(self, path: str, who: str, **form: str) -> Any:
        headers = {"cookie": f"__Host-session={who}"}
        return self.browser.post(path, data={"csrf": "form-token", **form}, headers=headers)

    def decided(self, person: PersonCode = MARI, known_at: date | None = None) -> Decision:
        terms = Terms(known_at=known_at)
        why = Reason("assess the year")
        languages = ("en", "et", "ar")
        service = self.deciding.service
        signed, _ = service.decide(case(person=person), herself(person), why, terms, languages=languages)
        return signed.decision


@pytest.fixture(scope="module")
def computing() -> Iterator[Pool]:
    pool = Pool(Task(LAW, Mode.FAST), PoolBounds(workers_max=1))
    yield pool
    pool.close()


@pytest.fixture
def site(tmp_path: Path, clock: SetClock, computing: Pool) -> Iterator[Site]:
    place = placed(SCHEMA, tmp_path / "rules.sqlite")
    database = Database(SCHEMA, place, "aralia/test/rules", clock=clock)
    here = deciding(database, tmp_path, computing)
    languages = Languages(["en", "et", "ar"], [LOCALE, RULES / "locale"])
    pages = Pages(read_look(LOOK), languages, Assets(LOOK), [RULES / "templates"], menu=MENU)
    routes = [
        pages.routes(),
        pages.assets.routes(),
        DecisionsApi(here.service).routes(),
        DecisionDesk(here.service, LawReader(computing.ask, ("en", "et", "ar")), pages).routes(),
    ]
    keepers = Keepers(pages=pages, sessions=SignedIn())
    app = assemble(routes, edge=Edge("Test", "1", hosts=None), keepers=keepers)
    yield Site(TestClient(app, base_url="https://testserver", follow_redirects=False), here)
    database.close()


def text_of(page: str) -> str:
    main = page.split("<main", 1)[-1].split("</main>", 1)[0]
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", main))


def test_a_person_downloads_a_record_that_anybody_verifies_with_other_tools(
    site: Site, tmp_path: Path
) -> None:
    number = site.decided().number
    answer = site.get(f"{API}/decisions/{number}/record", MARI)
    assert answer.headers["content-disposition"] == f'attachment; filename="decision-{number}.json"'
    said = answer.json()
    keys = KeySet.import_key_set(site.browser.get(f"{API}/decision-keys").json())
    assert said["keys"] == site.browser.get(f"{API}/decision-keys").json()
    found = jws.deserialize_compact(said["jws"], keys, ["ES256"])
    assert json.loads(found.payload) == said["record"]
    assert said["record"]["number"] == number
    assert verified_by_openssl(said, tmp_path)
    said["jws"] = said["jws"][:-8] + "AAAAAAAA"
    assert not verified_by_openssl(said, tmp_path)


def verified_by_openssl(said: dict[str, Any], folder: Path) -> bool:
    """Check a record as its owner could with openssl alone; the signature is made DER (RFC 7518, 3.4)."""
    head, payload, tail = said["jws"].split(".")
    raw = base64.urlsafe_b64decode(tail + "==")
    (folder / "signed").write_bytes(f"{head}.{payload}".encode())
    (folder / "signature").write_bytes(der(raw))
    key = KeySet.import_key_set(said["keys"]).keys[0]
    (folder / "key.pem").write_bytes(key.as_pem(private=False))  # type: ignore[union-attr]
    names = [str(folder / name) for name in ("key.pem", "signature", "signed")]
    command = ["openssl", "dgst", "-sha256", "-verify", names[0], "-signature", names[1], names[2]]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def der(raw: bytes) -> bytes:
    def number(part: bytes) -> bytes:
        part = part.lstrip(b"\0") or b"\0"
        part = b"\0" + part if part[0] & 0x80 else part
        return b"\x02" + bytes([len(part)]) + part

    inside = number(raw[:32]) + number(raw[32:])
    return b"\x30" + bytes([len(inside)]) + inside


def test_a_person_finds_her_own_decisions_with_their_explanations_and_replays_them(site: Site) -> None:
    number = site.decided().number
    site.decided(OMAR)
    mine = site.get(f"{API}/decisions", MARI).json()
    assert [each["number"] for each in mine] == [number]
    assert site.get(f"{API}/decisions/{number}", MARI).json() == mine[0]
    told = site.get(f"{API}/decisions/{number}/explanation", MARI).json()
    assert told["asked"]
    again = site.post(f"{API}/decisions/{number}/replay", MARI).json()
    assert (again["number"], again["same"], again["differences"]) == (number, True, [])


def test_nobody_reaches_what_is_not_hers(site: Site) -> None:
    number = site.decided().number
    one = f"{API}/decisions/{number}"
    for path in (one, f"{one}/record", f"{one}/explanation", f"{one}/appeals"):
        assert site.get(path, OMAR).status_code == 404
        assert site.get(path, "clerk").status_code == 404
        assert site.browser.get(path).status_code in {303, 401}
    assert site.post(f"{one}/replay", OMAR).status_code == 404
    assert site.post(f"{one}/appeals", OMAR, CLAIM).status_code == 404
    assert site.get(f"{API}/appeals", MARI).status_code == 403
    assert (
        site.post(f"{API}/decisions/sought", MARI, {"person": OMAR, "purpose": "To see"}).status_code == 403
    )
    for number in ("D-0000-0000-0000", "x", "D-0000-0000-0000'"):
        assert site.get(f"{API}/decisions/{number}", MARI).status_code in {400, 404, 422}


def test_an_officer_decides_by_the_interface_and_finds_by_a_code_that_no_address_has(site: Site) -> None:
    what = case()
    body = {
        "subject": MARI,
        "kind": what.kind,
        "situation": what.situation,
        "facts": [{"place": INCOME, "origin": "register", "source": "XA/GOV/10000002/incomes/registry"}],
        "missing": ["donations"],
        "legal_basis": "Income Tax Act § 12",
        "known_at": "2026-05-01",
    }
    made = site.post(f"{API}/decisions", "rules-officer", body)
    assert made.status_code == 201
    record = made.json()["record"]
    assert record["outputs"]["/families/family/child_benefit/2026-03"] == 80.25
    assert record["facts"][0]["origin"] == "register"
    assert made.json()["explanation"]["steps"]
    sought = {"person": MARI, "purpose": "A question by telephone"}
    found = site.post(f"{API}/decisions/sought", "auditor", sought).json()
    assert [each["number"] for each in found] == [record["number"]]
    assert site.post(f"{API}/decisions", "auditor", body).status_code == 403
    assert site.post(f"{API}/decisions", MARI, body).status_code == 403


def test_an_appeal_goes_from_the_person_to_the_officer_and_back(site: Site) -> None:
    number = site.decided().number
    one = f"{API}/decisions/{number}"
    made = site.post(f"{one}/appeals", MARI, CLAIM)
    assert made.status_code == 201
    appeal = made.json()
    assert appeal["settled"] == ""
    assert appeal["outputs"]["/persons/me/income_tax/2025"] < 2752.8
    assert site.post(f"{one}/appeals", MARI, CLAIM).status_code == 409
    assert [each["number"] for each in site.get(f"{API}/appeals", "auditor").json()] == [appeal["number"]]
    settled = {"upheld": True, "words": "Their books say so."}
    path = f"{API}/appeals/{appeal['number']}/settlement"
    assert site.post(path, "auditor", settled).status_code == 403
    done = site.post(path, "rules-officer", settled).json()
    assert done["record"]["replaces"] == number
    assert site.post(path, "rules-officer", settled).status_code == 409
    (told,) = site.get(f"{one}/appeals", MARI).json()
    assert (told["settled"], told["by"]) == ("upheld", done["number"])


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"claimed": {}, "statement": "No."},
        {"claimed": {INCOME: [1]}, "statement": "No."},
        {"claimed": {INCOME: None}, "statement": "No."},
        {"claimed": {INCOME: 1.0}, "statement": " "},
        {"claimed": {"/nothing": 1.0}, "statement": "No."},
        {"claimed": {INCOME: 1.0}, "statement": "No.", "more": 1},
    ],
)
def test_an_appeal_that_says_nothing_clear_is_a_mistake_with_a_place(site: Site, body: Any) -> None:
    number = site.decided().number
    found = site.post(f"{API}/decisions/{number}/appeals", MARI, body)
    assert found.status_code in {400, 422}
    assert found.headers["content-type"] == "application/problem+json"


def test_what_a_change_of_the_law_touches_is_told_by_the_interface_and_the_page(site: Site) -> None:
    number = site.decided(known_at=date(2026, 5, 1)).number
    between = {"before": "2026-06-14", "after": "2026-06-15"}
    (told,) = site.post(f"{API}/decisions/touched", "rules-officer", between).json()
    assert told["number"] == number
    assert told["becomes"] == {"/families/family/child_benefit/2026-03": 90.25}
    page = site.send(f"{DESK}/touched", "auditor", **between)
    assert "1 decision is touched" in text_of(page.text)
    assert "child_benefit.first_children" in text_of(page.text)
    assert "1 value becomes another" in text_of(page.text)
    assert site.send(f"{DESK}/touched", "auditor", before="soon", after="").status_code == 400
    none = site.send(f"{DESK}/touched", "auditor", before="2026-07-01", after="2026-08-01")
    assert "No decision is touched" in text_of(none.text)


def test_the_desk_lists_decisions_by_number_and_leads_to_one(site: Site) -> None:
    number = site.decided().number
    assert number in text_of(site.get(DESK, "auditor").text)
    found = site.get(f"{DESK}?number={number.lower()}", "auditor")
    assert (found.status_code, found.headers["location"]) == (303, f"{DESK}/{number}")
    assert site.get(f"{DESK}?number=nothing", "auditor").status_code == 400
    assert site.get(f"{DESK}/D-0000-0000-0000", "auditor").status_code == 404
    assert site.get(DESK, MARI).status_code == 403
    assert site.get(f"{DESK}/{number}", "clerk").status_code == 403


def test_an_official_sees_what_was_decided_from_which_facts_and_why(site: Site) -> None:
    number = site.decided().number
    text = text_of(site.get(f"{DESK}/{number}", "auditor").text).replace("\u00a0", " ")
    assert "Income tax" in text
    assert "2 752.80 XAM" in text
    assert "A register said so · XA/GOV/10000002/incomes/registry" in text
    assert "birth_date" not in text
    assert "donations" not in text.partition("Nobody could tell:")[2][:60]
    assert "Nobody appealed against it." in text
    assert MARI not in text


def test_a_replay_and_a_check_of_everything_say_how_they_went(site: Site) -> None:
    number = site.decided().number
    again = site.send(f"{DESK}/{number}/replayed", "auditor")
    assert "Computed again, it is the same to the last bit" in text_of(again.text)
    assert "1 decision was checked, and it is whole" in text_of(site.send(f"{DESK}/verified", "auditor").text)
    path = next((site.deciding.means.archives.path("0" * 64).parent).iterdir())
    path.write_bytes(b"other")
    assert site.send(f"{DESK}/{number}/replayed", "auditor").status_code == 400
    assert "Not whole" in text_of(site.send(f"{DESK}/verified", "auditor").text)


def test_an_officer_settles_an_appeal_on_the_page(site: Site) -> None:
    number = site.decided().number
    appeal = site.post(f"{API}/decisions/{number}/appeals", MARI, CLAIM).json()["number"]
    assert appeal in text_of(site.get(DESK, "rules-officer").text)
    page = text_of(site.get(f"{DESK}/{number}", "rules-officer").text).replace("\u00a0", " ")
    assert "My employer counted a year twice." in page
    assert "12 000.00" in page
    assert "It waits for an officer." in text_of(site.get(f"{DESK}/{number}", "auditor").text)
    path = f"{DESK}/{number}/settled"
    assert site.send(path, "rules-officer", appeal=appeal, verdict="upheld", words="").status_code == 400
    assert site.send(path, "rules-officer", appeal=appeal, verdict="", words="Why").status_code == 400
    assert site.send(path, "auditor", appeal=appeal, verdict="upheld", words="Why").status_code == 403
    done = site.send(path, "rules-officer", appeal=appeal, verdict="upheld", words="Their books say so.")
    assert done.status_code == 303
    new = text_of(site.get(done.headers["location"], "rules-officer").text)
    assert number in new
    old = text_of(site.get(f"{DESK}/{number}", "rules-officer").text)
    assert "Upheld. The new decision:" in old
    assert "Their books say so." in old


@pytest.mark.parametrize(("language", "words"), [("et", "Otsus"), ("ar", "قرار")])
def test_the_pages_speak_the_languages_of_the_country(site: Site, language: str, words: str) -> None:
    number = site.decided().number
    for path in (DESK, f"{DESK}/{number}", f"{DESK}/touched"):
        page = site.get(path, "auditor", language).text
        assert words in text_of(page), path
        assert f'lang="{language}"' in page
        assert ('dir="rtl"' in page) is (language == "ar")


def test_what_was_typed_stays_text(site: Site) -> None:
    number = site.decided().number
    nasty = '<script>alert(1)</script>"&'
    site.post(f"{API}/decisions/{number}/appeals", MARI, {**CLAIM, "statement": nasty})
    assert "<script>alert" not in site.get(f"{DESK}/{number}", "rules-officer").text
