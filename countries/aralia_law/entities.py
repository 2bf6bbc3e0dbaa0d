# SPDX-License-Identifier: EUPL-1.2
"""Persons, families and households, as sections 5 and 6 of the General Act define them."""

from openfisca_core.entities import build_entity

Person = build_entity(
    key="person",
    plural="persons",
    label="Person",
    doc="A human being, from birth to death.",
    is_person=True,
)

Family = build_entity(
    key="family",
    plural="families",
    label="Family: one or two partners and their children",
    doc="Who cares for a child of her own is a partner there, whatever her age. General Act, section 5.",
    roles=[
        {"key": "partner", "plural": "partners", "label": "Partner", "max": 2},
        {"key": "child", "plural": "children", "label": "Child"},
    ],
)

Household = build_entity(
    key="household",
    plural="households",
    label="Household: everybody who lives in one dwelling",
    doc="A household may hold several families. General Act, section 6.",
    roles=[
        {"key": "adult", "plural": "adults", "label": "Adult"},
        {"key": "child", "plural": "children", "label": "Child"},
    ],
)

entities = [Person, Family, Household]
