# SPDX-License-Identifier: EUPL-1.2
"""A married couple with one child, as a body of `/calculate`."""

COUPLE = {
    "persons": {
        "Mari": {
            "birth_date": {"ETERNITY": "1988-05-14"},
            "employment_income": {"2025": 24000},
            "income_tax": {"2025": None},
        },
        "Omar": {
            "birth_date": {"ETERNITY": "1986-11-02"},
            "employment_income": {"2025": 4200},
            "income_tax": {"2025": None},
        },
        "Liis": {"birth_date": {"ETERNITY": "2019-03-31"}},
    },
    "families": {
        "family": {
            "partners": ["Mari", "Omar"],
            "children": ["Liis"],
            "married": {"2025": True},
            "child_benefit": {"2025-03": None},
        }
    },
    "households": {"household": {"adults": ["Mari", "Omar"], "children": ["Liis"]}},
}
