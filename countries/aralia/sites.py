# SPDX-License-Identifier: EUPL-1.2
"""Which agencies run a site of their own, and which registers each of them keeps."""

from __future__ import annotations

from aralia.offices import office_codes
from flagstone.country import SitePlan, Words


def _words(en: str, et: str, ar: str) -> Words:
    return {"en": en, "et": et, "ar": ar}


def _owner(office: str) -> str:
    """Return the member of the exchange that an office is."""
    return f"XA/GOV/{office_codes()[office]}"


def sites() -> tuple[SitePlan, ...]:
    """Return the five sites; the interior's comes first, for it signs everybody in."""
    return (
        SitePlan(
            "interior",
            _words("Ministry of the Interior", "Siseministeerium", "وزارة الداخلية"),
            _owner("interior"),
            ("locations", "individuals", "appointments"),
            identity=True,
            citizens=True,
        ),
        SitePlan(
            "justice",
            _words("Ministry of Justice", "Justiitsministeerium", "وزارة العدل"),
            _owner("justice"),
            ("organisations",),
        ),
        SitePlan(
            "revenue",
            _words("Tax and Customs Board", "Maksu- ja Tolliamet", "مصلحة الضرائب والجمارك"),
            _owner("tax"),
            ("taxpayers", "incomes"),
            law="aralia_law",
        ),
        SitePlan(
            "environment",
            _words("Ministry of the Environment", "Keskkonnaministeerium", "وزارة البيئة"),
            _owner("environment"),
            ("products", "permits"),
        ),
        SitePlan(
            "centre",
            _words("Digital Agency", "Digiamet", "الوكالة الرقمية"),
            _owner("digital"),
            ("processes", "contacts"),
        ),
    )
