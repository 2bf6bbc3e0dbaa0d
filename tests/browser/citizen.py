# SPDX-License-Identifier: EUPL-1.2
"""The citizen's steps: a life event, sign-in, her facts, who looked, and the end of her sessions."""

from __future__ import annotations

from playwright.sync_api import Locator, expect

from tests.browser.country import Role
from tests.browser.visitor import Visitor
from tests.browser.words import field_title, owner_name, register_title

PEOPLE = "individuals"


def begin(visitor: Visitor) -> None:
    """Open the home page in the visitor's language."""
    visitor.page.goto(visitor.url)
    visitor.choose_language()
    visitor.look()
    visitor.heading("What is happening in your life?")


def choose(visitor: Visitor, role: Role, *, office: int | None = None) -> None:
    """At the test authenticator, be `role`, as herself or in one of her offices."""
    visitor.met.append(role)
    choice = role.code if office is None else f"{role.code}/{office}"
    visitor.follow(visitor.page.locator(f"button[name=choice][value='{choice}']").first)


def sign_in(visitor: Visitor, role: Role, *, office: int | None = None) -> None:
    """Sign in from the header of the page that the visitor is on."""
    visitor.follow(visitor.page.locator(".look-person a"))
    visitor.heading("Test sign-in: made-up persons only")
    choose(visitor, role, office=office)
    expect(visitor.page.locator(".look-person__name")).to_contain_text(role.name)


def sign_out(visitor: Visitor) -> None:
    """Sign out by the header's button."""
    visitor.follow(visitor.page.locator("form[action='/sign-out'] button"))
    visitor.heading("You are signed out")


def choose_life_event(visitor: Visitor, role: Role) -> None:
    """Read what helps in the first life event, and sign in from there to see one's facts."""
    visitor.follow(visitor.page.locator(".look-card--link a[href^='/life/']").first)
    expect(visitor.page.locator(".look-rows li").first).to_be_visible()
    visitor.follow(visitor.page.locator(".look-callout a[href='/me']"))
    visitor.heading("Test sign-in: made-up persons only")
    choose(visitor, role)


def expect_fact(visitor: Visitor, field: str, value: str) -> Locator:
    """Expect a fact of the population register with its value, its source and when it was recorded."""
    title = visitor.page.get_by_text(field_title(PEOPLE, field, visitor.language), exact=True)
    fact = visitor.page.locator("section .look-fact", has=title).first
    expect(fact.locator("dd").first).to_contain_text(value)
    source = fact.locator(".look-fact__source")
    expect(source).to_contain_text(register_title(PEOPLE, visitor.language))
    expect(source).to_contain_text(owner_name(PEOPLE, visitor.language))
    expect(source).to_contain_text(visitor.say("recorded"))
    expect(source.locator("time[datetime]")).to_be_visible()
    return fact


def read_facts(visitor: Visitor, role: Role) -> None:
    """Read one's own facts."""
    visitor.heading("What we know about you")
    expect_fact(visitor, "personal_code", role.code)
    expect_fact(visitor, "given_name", role.given_name)
    visitor.follow(visitor.page.locator("main a[href='/me/usage']"))


def read_looks(visitor: Visitor) -> None:
    """See one's own reading and the sign-in among those who looked."""
    visitor.heading("Who looked at your data")
    own = own_reading(visitor, PEOPLE).first
    expect(own).to_contain_text(field_title(PEOPLE, "given_name", visitor.language))
    entries = visitor.page.locator(".look-timeline__entry")
    signed_in = entries.filter(has_text=visitor.say("Sign-in"))
    expect(signed_in.first).to_contain_text("Identity Act § 3")


def own_reading(visitor: Visitor, register: str) -> Locator:
    """Return the entries that say that the visitor herself looked something up in a register."""
    words = visitor.say("You yourself looked up in %(register)s: %(what)s.")
    told = words.split("%(what)s")[0] % {"register": register_title(register, visitor.language)}
    return visitor.page.locator(".look-timeline__entry", has_text=told.strip())


def end_everywhere(visitor: Visitor) -> None:
    """Sign out everywhere; then one's facts ask to sign in again."""
    visitor.follow(visitor.page.locator(".look-menu a[href='/sessions']"))
    visitor.heading("Where you are signed in")
    expect(visitor.page.locator(".look-rows")).to_contain_text(visitor.say("This one"))
    visitor.press("Sign out everywhere")
    visitor.heading("You are signed out")
    visitor.open("/me")
    visitor.heading("Test sign-in: made-up persons only")


def story(visitor: Visitor, role: Role) -> None:
    """Go through the whole story."""
    begin(visitor)
    choose_life_event(visitor, role)
    read_facts(visitor, role)
    read_looks(visitor)
    end_everywhere(visitor)
