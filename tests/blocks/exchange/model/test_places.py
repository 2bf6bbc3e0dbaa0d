# SPDX-License-Identifier: EUPL-1.2
"""Who is named in a message is read at the declared places or said to be unread; nothing is guessed."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flagstone.blocks.exchange.contract.service import PersonAt, PersonPlace
from flagstone.blocks.exchange.model import places
from flagstone.blocks.exchange.model.places import Named, Parts, named, named_place, place_named
from flagstone.kernel.ids import PersonCode

MARI, JAAN = PersonCode("60001019906"), PersonCode("39912310174")
CODES = {MARI, JAAN}


def read(place: str | tuple[str, ...], **parts: object) -> Named:
    """Return who is named at places, by name, in an exchange of these parts."""
    wanted = (place,) if isinstance(place, str) else place
    there = Parts(**{"path": b"", "query": None, **parts})  # type: ignore[arg-type]
    return named(map(place_named, wanted), there, instance="XA", is_code=CODES.__contains__)


@pytest.mark.parametrize(
    ("place", "parts"),
    [
        ("path:/people/{person}", {"path": b"/people/60001019906"}),
        ("path:/people/{person}", {"path": b"/people/60001019906/"}),
        ("path:/people/{person}", {"path": b"/people/XA60001019906"}),
        ("path:/people/{person}", {"path": b"/people/%36000101990%36"}),
        ("path:/people/{person}", {"path": b"/x/../people/./60001019906"}),
        ("path:/*/{person}/returns", {"path": b"/2025/60001019906/returns"}),
        ("query:code", {"query": b"a=b&code=60001019906"}),
        ("query:code", {"query": b"%63ode=%360001019906"}),
        ("request:/person/code", {"request": b'{"person": {"code": "60001019906"}}'}),
        ("request:/person/code", {"request": b'{"person": {"code": 60001019906}}'}),
        ("request:", {"request": b'"60001019906"'}),
        ("request:/a~1b/0", {"request": b'{"a/b": ["60001019906", "39912310174"]}'}),
        ("response:/*/code", {"response": b'[{"code": "60001019906"}, {"code": "60001019906"}]'}),
    ],
)
def test_a_person_is_read_at_her_place(place: str, parts: dict[str, bytes]) -> None:
    assert read(place, **parts) == Named((MARI,))


def test_everybody_who_is_named_is_meant() -> None:
    both = read(("query:code", "path:/p/{person}"), path=b"/p/39912310174", query=b"code=60001019906")
    assert both == Named((MARI, JAAN))
    twice = read("query:code", query=b"code=60001019906&code=39912310174")
    assert twice == Named((MARI, JAAN))
    body = json.dumps({"rows": [{"code": MARI}, {"code": JAAN}, {"code": MARI}]}).encode()
    assert read("response:/rows/*/code", response=body) == Named((MARI, JAAN))


def test_an_answer_without_anybody_tells_of_nobody() -> None:
    assert read("response:/rows/*/code", response=b'{"rows": []}') == Named(())
    assert read("response:/code", bodiless=True, response=b"") == Named(())


@pytest.mark.parametrize(
    ("place", "parts", "why"),
    [
        ("path:/people/{person}", {"path": b"/status"}, places.NO_PLACE),
        ("path:/people/{person}", {"path": b"/people/60001019906%2Fx"}, places.NO_PLACE),
        ("path:/people/{person}", {"path": b"/people/../../x"}, places.NO_PLACE),
        ("path:/people/{person}", {"path": b"/people/%ff"}, places.NO_PLACE),
        ("path:/people/{person}", {"path": b"/people/60001019907"}, places.NOT_CODE),
        ("query:code", {}, places.NO_PLACE),
        ("query:code", {"query": b"code="}, places.NOT_CODE),
        ("query:code", {"query": b"Code=60001019906"}, places.NO_PLACE),
        ("query:code", {"query": b"code=%ff"}, places.NOT_QUERY),
        ("query:code", {"query": b"a&" * 2_000}, places.NOT_QUERY),
        ("request:/code", {"request": b"code=60001019906"}, places.NOT_JSON),
        ("request:/code", {"request": b""}, places.NOT_JSON),
        ("request:/code", {"request": b"[" * 100_000}, places.NOT_JSON),
        ("request:/code", {"request": b"9" * 10_000}, places.NOT_JSON),
        ("request:/code", {"request": b'{"code": "60001019906", "code": "39912310174"}'}, places.NOT_JSON),
        ("request:/code", {"request": b'{"code": null}'}, places.NOT_CODE),
        ("request:/code", {"request": b'{"code": true}'}, places.NOT_CODE),
        ("request:/code", {"request": b'{"code": ""}'}, places.NOT_CODE),
        ("request:/code", {"request": b'{"code": ["60001019906"]}'}, places.NOT_CODE),
        ("request:/code", {"request": b"{}"}, places.NO_PLACE),
        ("request:/0", {"request": b"[]"}, places.NO_PLACE),
        ("request:/code", {}, places.TOO_LARGE),
        ("response:/code", {"response": b"\x1f\x8b compressed"}, places.NOT_JSON),
    ],
)
def test_what_cannot_be_read_is_said(place: str, parts: dict[str, bytes], why: str) -> None:
    assert read(place, **parts) == Named((), why)


def test_who_can_be_read_is_told_of_beside_what_cannot() -> None:
    body = json.dumps([{"code": MARI}, {"name": "Jaan"}]).encode()
    assert read("response:/*/code", response=body) == Named((MARI,), places.NOT_CODE)
    mixed = read(("path:/people/{person}", "request:/code"), path=b"/people/60001019906", request=b"{")
    assert mixed == Named((MARI,), places.NOT_JSON)
    other = read(
        ("path:/people/{person}", "request:/code"), path=b"/find", request=b'{"code": "60001019906"}'
    )
    assert other == Named((MARI,))


def test_more_persons_than_are_taken_are_said_to_be_too_many() -> None:
    body = json.dumps([f"{number}" for number in range(places.PERSONS_MAX + 1)]).encode()
    place = [PersonAt(PersonPlace.RESPONSE, "/*")]
    found = named(place, Parts(b"", None, response=body), instance="XA", is_code=str.isdecimal)
    assert (len(found.persons), found.unread) == (places.PERSONS_MAX, places.TOO_MANY)


@pytest.mark.parametrize(
    "text",
    [
        "people", "header:x", "path:", "path:/people", "path:people/{person}", "path:/{person}/{person}",
        "path:/a/{person}?x", "path:/a//{person}", "path:/../{person}", "path:/{person}/**", "query:",
        "query:a b", "query:a=b", "request:code", "request:/a~2", "response:/\n", "request:/" + "x" * 500,
        "request:" + "/x" * 21,
    ],
)  # fmt: skip
def test_a_place_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        place_named(text)


def test_places_have_one_text() -> None:
    for text in ("path:/people/{person}", "query:code", "request:", "response:/rows/*/code"):
        assert named_place(place_named(text)) == text


@settings(max_examples=100, deadline=None)
@given(
    st.binary(max_size=200),
    st.binary(max_size=100),
    st.sampled_from(["path:/{person}", "query:a", "request:/a"]),
)
def test_any_message_is_read_or_said_to_be_unread(body: bytes, target: bytes, place: str) -> None:
    found = read(place, path=b"/" + target, query=target, request=body)
    assert set(found.persons) <= CODES
    assert found.persons or found.unread or place == "request:/a"
    assert MARI not in found.unread
    assert MARI not in repr(found)
