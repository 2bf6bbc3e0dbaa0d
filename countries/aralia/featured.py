# SPDX-License-Identifier: EUPL-1.2
"""Nineteen test persons worth signing in as, and what to try as each, in three languages."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from aralia.companies import companies
from aralia.offices import office_codes
from aralia.officials import officials
from aralia.people import people, people_by_code
from aralia.person import TODAY, Person

Words = Mapping[str, str]


@dataclass(frozen=True)
class FeaturedPerson:
    """A test person: her code and name, the role she plays, and what to try, by language."""

    word: str
    personal_code: str
    name: str
    role: Words
    try_this: Words


def _words(en: str, et: str, ar: str) -> Words:
    return {"en": en, "et": et, "ar": ar}


_ROLES: dict[str, tuple[Words, Words]] = {
    "mother_of_three": (
        _words("Mother of three", "Kolme lapse ema", "أم لثلاثة أطفال"),
        _words(
            "See what the state knows about you and your family.",
            "Vaadake, mida riik teist ja teie perekonnast teab.",
            "اطّلعي على ما تعرفه الدولة عنك وعن أسرتك.",
        ),
    ),
    "company_director": (
        _words("Director of a company", "Äriühingu juht", "مدير شركة"),
        _words(
            "See the company that you represent.",
            "Vaadake äriühingut, mida esindate.",
            "اطّلع على الشركة التي تمثلها.",
        ),
    ),
    "registrar": (
        _words("Registrar of the population register", "Rahvastikuregistri pidaja", "مسجّل سجل السكان"),
        _words(
            "Find a person with a purpose and correct a record with a reason.",
            "Otsige eesmärki nimetades isik ja parandage kirjet põhjusega.",
            "ابحث عن شخص مع ذكر الغرض وصحّح قيدًا مع ذكر السبب.",
        ),
    ),
    "clerk": (
        _words("Clerk", "Ametnik", "موظف"),
        _words(
            "Look a record up with a purpose; you cannot change it.",
            "Vaadake kirjet eesmärki nimetades; muuta te seda ei saa.",
            "اطّلع على قيد مع ذكر الغرض، ولا يمكنك تغييره.",
        ),
    ),
    "analyst": (
        _words("Analyst", "Analüütik", "محلل"),
        _words(
            "See how a register is defined.",
            "Vaadake, kuidas register on kirjeldatud.",
            "اطّلع على تعريف سجل.",
        ),
    ),
    "auditor": (
        _words("Auditor", "Audiitor", "مدقق"),
        _words(
            "See who read a record, settle a signal, and say why you uncover a message.",
            "Vaadake, kes on kirjet lugenud, lahendage märguanne ja öelge, miks avate sõnumi.",
            "اطّلع على من قرأ قيدًا، وأغلق تنبيهًا، وبيّن سبب كشفك رسالة.",
        ),
    ),
    "operator": (
        _words("Operator of the exchange", "Andmevahetuskihi haldur", "مشغّل منصة تبادل البيانات"),
        _words(
            "See the members, servers and messages of the whole exchange.",
            "Vaadake kogu andmevahetuskihi liikmeid, servereid ja sõnumeid.",
            "اطّلع على أعضاء المنصة وخوادمها ورسائلها كلها.",
        ),
    ),
    "tax_operator": (
        _words("Operator at the tax board", "Maksuameti haldur", "مشغّل في مصلحة الضرائب"),
        _words(
            "Give and take a right to a service of your own site.",
            "Andke oma saidi teenusele õigus ja võtke see ära.",
            "امنح صلاحية لخدمة في موقعك ثم اسحبها.",
        ),
    ),
    "tax_clerk": (
        _words("Clerk at the tax board", "Maksuameti ametnik", "موظف في مصلحة الضرائب"),
        _words(
            "Look an income up with a purpose at the tax board's site.",
            "Vaadake maksuameti saidil eesmärki nimetades tulu.",
            "اطّلع على دخل مع ذكر الغرض في موقع مصلحة الضرائب.",
        ),
    ),
    "permit_registrar": (
        _words("Registrar of permits", "Lubade registri pidaja", "مسجّل التصاريح"),
        _words(
            "Correct a permit at the environment ministry's site.",
            "Parandage keskkonnaministeeriumi saidil luba.",
            "صحّح تصريحًا في موقع وزارة البيئة.",
        ),
    ),
    "trust_officer": (
        _words("Trust officer", "Usaldusametnik", "مسؤول الثقة"),
        _words(
            "Decide on a request for a certificate, suspend one and end the suspension.",
            "Otsustage sertifikaadi taotlus, peatage sertifikaat ja lõpetage peatamine.",
            "بُتّ في طلب شهادة، وعلّق شهادة ثم أنهِ تعليقها.",
        ),
    ),
    "rules_officer": (
        _words("Officer of decisions", "Otsuste ametnik", "مسؤول القرارات"),
        _words(
            "Look at a decision of the tax board, compute it again and settle an appeal.",
            "Vaadake maksuameti otsust, arvutage see uuesti ja lahendage vaie.",
            "اطّلع على قرار لمصلحة الضرائب، وأعد حسابه، وبُتّ في اعتراض.",
        ),
    ),
    "rules_analyst": (
        _words("Analyst of the law", "Õiguse analüütik", "محلل القانون"),
        _words(
            "Change a rate of the income tax and see who would win and who would lose.",
            "Muutke tulumaksu määra ja vaadake, kes võidaks ja kes kaotaks.",
            "غيّر نسبة من ضريبة الدخل وانظر من يربح ومن يخسر.",
        ),
    ),
    "new_adult": (
        _words("Just turned eighteen", "Äsja täisealine", "بلغ الثامنة عشرة حديثًا"),
        _words(
            "Open the life event Turning eighteen.",
            "Avage elusündmus Täisealiseks saamine.",
            "افتح حدث بلوغ الثامنة عشرة.",
        ),
    ),
    "protected_address": (
        _words("Person with a protected address", "Salastatud aadressiga isik", "شخص ذو عنوان محمي"),
        _words(
            "You see your address; a clerk does not.",
            "Teie näete oma aadressi, ametnik ei näe.",
            "أنت ترى عنوانك، والموظف لا يراه.",
        ),
    ),
    "one_name": (
        _words("Person with one name", "Ühe nimega isik", "شخص له اسم واحد"),
        _words(
            "Check that no page asks for a family name.",
            "Kontrollige, et ükski leht ei nõua perekonnanime.",
            "تأكد من أن لا صفحة تطلب اسم العائلة.",
        ),
    ),
    "widowed_parent": (
        _words("Parent whose spouse has died", "Lesestunud lapsevanem", "والد أرمل"),
        _words(
            "See that custody is now yours alone.",
            "Vaadake, et hooldusõigus on nüüd ainult teil.",
            "لاحظ أن الحضانة أصبحت لك وحدك.",
        ),
    ),
    "arabic_name": (
        _words("Name in Arabic script", "Araabiakeelne nimi", "اسم بالحروف العربية"),
        _words(
            "Switch to Arabic: the pages turn round.",
            "Valige araabia keel: lehed pöörduvad ümber.",
            "اختر العربية: ينعكس اتجاه الصفحات.",
        ),
    ),
    "guardian": (
        _words("Guardian of a child", "Lapse eestkostja", "وصيّ على طفل"),
        _words("See your own record.", "Vaadake oma kirjet.", "اطّلع على قيدك."),
    ),
}


def _mother_of_three(person: Person) -> bool:
    kids = [people_by_code()[code] for code in person.children]
    return (
        person.sex == "female"
        and len(kids) == 3
        and bool(person.email)
        and all(any(holder == person.code for holder, _, _ in kid.custody) for kid in kids)
    )


def _new_adult(person: Person) -> bool:
    return person.birth.replace(day=1) == TODAY.replace(year=TODAY.year - 18, month=10)


def _widowed(person: Person) -> bool:
    kids = [people_by_code()[code] for code in person.children]
    return person.marital == "widowed" and any(kid.custody and kid.custody[0][1] == "sole" for kid in kids)


@lru_cache(maxsize=1)
def _guardians() -> frozenset[str]:
    return frozenset(
        holder for person in people() for holder, kind, _ in person.custody if kind == "guardian"
    )


@lru_cache(maxsize=1)
def _directors() -> frozenset[str]:
    """Return who directs an active company now."""
    found = set()
    for company in companies():
        named = company["representatives"]
        if company["status"] == "active" and "owners" in company and isinstance(named, list):
            found |= {str(one["personal_code"]) for one in named if one["role"] == "director"}
    return frozenset(found)


_TESTS: dict[str, Callable[[Person], bool]] = {
    "mother_of_three": _mother_of_three,
    "company_director": lambda person: person.code in _directors(),
    "new_adult": _new_adult,
    "protected_address": lambda person: bool(person.protected_address),
    "one_name": lambda person: not person.family,
    "widowed_parent": _widowed,
    "arabic_name": lambda person: bool(person.family) and "\u0621" <= person.family[0] <= "\u064a",
    "guardian": lambda person: person.code in _guardians(),
}


_POSTS = {
    "registrar": ("interior", "registrar"),
    "clerk": ("interior", "clerk"),
    "analyst": ("digital", "analyst"),
    "auditor": ("interior", "auditor"),
    "operator": ("digital", "operator"),
    "tax_operator": ("tax", "operator"),
    "tax_clerk": ("tax", "clerk"),
    "permit_registrar": ("environment", "registrar"),
    "trust_officer": ("digital", "trust-officer"),
    "rules_officer": ("tax", "rules-officer"),
    "rules_analyst": ("tax", "rules-analyst"),
}
"""The office and the one role of each featured official."""


def _official(word: str) -> str:
    """Return the personal code of who holds a featured office."""
    office, role = _POSTS[word]
    held = (office_codes()[office], (role,))
    return next(one.personal_code for one in officials() if (one.organisation, one.roles) == held)


def _codes() -> Iterator[tuple[str, str]]:
    """Yield the word and the personal code of each featured person."""
    taken = {official.personal_code for official in officials()}
    for word in _ROLES:
        if word in _POSTS:
            yield word, _official(word)
            continue
        able = (one for one in people() if one.adult and one.age < 70 and one.code not in taken)
        chosen = next(one for one in able if _TESTS[word](one))
        taken.add(chosen.code)
        yield word, chosen.code


@lru_cache(maxsize=1)
def featured() -> tuple[FeaturedPerson, ...]:
    """Return the featured persons, always the same: all living adults, each of them once."""
    found = []
    for word, code in _codes():
        person = people_by_code()[code]
        name = f"{person.given} {person.family}".strip()
        role, try_this = _ROLES[word]
        found.append(FeaturedPerson(word, code, name, role, try_this))
    return tuple(found)
