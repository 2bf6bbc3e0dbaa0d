# SPDX-License-Identifier: EUPL-1.2
"""The offices of Aralia's state: ministries, agencies and the twelve district governments."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from aralia.codes import make_organisation_code
from aralia.names import in_arabic
from aralia.places import districts

_FIRST_SERIAL = 1_000_000


@dataclass(frozen=True)
class Office:
    """One public body: its short word in this package, its code and its name in three languages."""

    word: str
    code: str
    name: str
    name_et: str
    name_ar: str


_NAMES = (
    ("interior", "Ministry of the Interior", "Siseministeerium", "وزارة الداخلية"),
    ("justice", "Ministry of Justice", "Justiitsministeerium", "وزارة العدل"),
    ("finance", "Ministry of Finance", "Rahandusministeerium", "وزارة المالية"),
    ("economy", "Ministry of the Economy", "Majandusministeerium", "وزارة الاقتصاد"),
    ("environment", "Ministry of the Environment", "Keskkonnaministeerium", "وزارة البيئة"),
    ("social", "Ministry of Social Affairs", "Sotsiaalministeerium", "وزارة الشؤون الاجتماعية"),
    ("health", "Ministry of Health", "Terviseministeerium", "وزارة الصحة"),
    ("education", "Ministry of Education", "Haridusministeerium", "وزارة التعليم"),
    ("foreign", "Ministry of Foreign Affairs", "Välisministeerium", "وزارة الخارجية"),
    ("digital", "Digital Agency", "Digiamet", "الوكالة الرقمية"),
    ("tax", "Tax and Customs Board", "Maksu- ja Tolliamet", "مصلحة الضرائب والجمارك"),
    ("benefits", "Social Insurance Board", "Sotsiaalkindlustusamet", "هيئة التأمينات الاجتماعية"),
    ("roads", "Transport Administration", "Transpordiamet", "إدارة النقل"),
    ("land", "Land Board", "Maa-amet", "هيئة الأراضي"),
    ("protection", "Data Protection Inspectorate", "Andmekaitse Inspektsioon", "هيئة حماية البيانات"),
    ("elections", "Election Office", "Valimisteenistus", "مكتب الانتخابات"),
    ("police", "Police Board", "Politseiamet", "هيئة الشرطة"),
    ("labour", "Employment Board", "Tööhõiveamet", "هيئة التوظيف"),
    ("statistics", "Statistics Aralia", "Aralia Statistikaamet", "إحصاءات أراليا"),
    ("audit", "National Audit Office", "Riigikontroll", "ديوان المحاسبة الوطني"),
    ("archives", "National Archives", "Rahvusarhiiv", "الأرشيف الوطني"),
)


@lru_cache(maxsize=1)
def offices() -> tuple[Office, ...]:
    """Return the state's offices; the Ministry of the Interior is the first."""
    names = list(_NAMES)
    for place in districts():
        word = f"district-{place.code.lower()}"
        in_english, in_estonian = f"{place.name} District Government", f"{place.name} piirkonnavalitsus"
        names.append((word, in_english, in_estonian, f"حكومة مقاطعة {in_arabic(place.name)}"))
    return tuple(
        Office(word, make_organisation_code(_FIRST_SERIAL + at), name, name_et, name_ar)
        for at, (word, name, name_et, name_ar) in enumerate(names)
    )


@lru_cache(maxsize=1)
def office_codes() -> dict[str, str]:
    """Return the organisation code of each office by its short word."""
    return {office.word: office.code for office in offices()}
