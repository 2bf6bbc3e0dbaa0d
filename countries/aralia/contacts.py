# SPDX-License-Identifier: EUPL-1.2
"""How made-up persons are reached, which languages they read, and whose address is kept secret."""

from __future__ import annotations

from collections.abc import Sequence

from aralia.chance import Chance
from aralia.names import in_ascii
from aralia.person import Person

_LANGUAGES = (
    (("en",), 55),
    (("et",), 20),
    (("ar",), 10),
    (("en", "et"), 8),
    (("ar", "en"), 5),
    (("et", "en"), 2),
)
_NATIONALITIES = ((("XA",), 950), (("XB",), 15), (("XC",), 13), (("XA", "XB"), 18), ((), 4))
_SHELTER = "House of the Quiet Harbour, door {}; post only through the Ministry of the Interior"


def give_contacts(persons: Sequence[Person]) -> None:
    """Fill in languages, nationalities, e-mail, telephone and protected addresses.

    E-mail addresses lie under `example` (RFC 2606), telephone numbers under a country code that is
    not assigned, countries are user-assigned codes of ISO 3166.
    """
    chance = Chance("contacts")
    for place, person in enumerate(persons):
        person.nationalities = chance.weighted(_NATIONALITIES)
        person.languages = chance.weighted(_LANGUAGES)
        if person.adult and chance.odds(720):
            person.email = f"{in_ascii(person.given)[:24] or 'person'}.{place}@post.example"
        if person.adult and chance.odds(850):
            person.phone = f"+999{chance.between(5_000_000, 5_999_999)}"
        if person.adult and person.address and place % 373 == 41:
            person.protected_address = _SHELTER.format(chance.between(1, 80))
            person.address, person.address_since = "", None
