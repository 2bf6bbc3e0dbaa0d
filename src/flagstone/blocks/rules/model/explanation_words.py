# SPDX-License-Identifier: EUPL-1.2
"""The sentences of explanations, by what kind of step they tell of; in each of our languages."""

from __future__ import annotations

from collections.abc import Mapping

_STEPS: Mapping[str, Mapping[str, str]] = {
    "stated": {
        "en": "{label}: {value}, as it was stated.",
        "et": "{label}: {value}, nagu on teatatud.",
        "ar": "{label}: {value}، كما ورد في الوقائع.",
    },
    "unstated": {
        "en": "{label}: {value}, since nobody stated it.",
        "et": "{label}: {value}, sest keegi ei ole seda teatanud.",
        "ar": "{label}: {value}، لأن أحدًا لم يذكره.",
    },
    "set": {
        "en": "{label}: {value}, which the law sets ({parameters}).",
        "et": "{label}: {value}, mille seadus määrab ({parameters}).",
        "ar": "{label}: {value}، وهو ما يحدده القانون ({parameters}).",
    },
    "scale": {
        "en": "{label}: {value}, which the scale “{scale}” makes of {base}.",
        "et": "{label}: {value}; nii palju annab astmestik „{scale}“ summast {base}.",
        "ar": "{label}: {value}، وهو ناتج تطبيق جدول «{scale}» على {base}.",
    },
    "sum": {
        "en": "{label}: {value}. This is {terms}.",
        "et": "{label}: {value}. See on {terms}.",
        "ar": "{label}: {value}. وهذا هو {terms}.",
    },
    "many": {
        "en": "{label}: {value}. This is the sum of {count} values of “{part}”.",
        "et": "{label}: {value}. See on {count} väärtuse summa: „{part}“.",
        "ar": "{label}: {value}. وهذا مجموع {count} من قيم «{part}».",
    },
    "share": {
        "en": "{label}: {value}. This is {part} times {parameter}.",
        "et": "{label}: {value}. See on {part} korda {parameter}.",
        "ar": "{label}: {value}. وهذا هو {part} مضروبًا في {parameter}.",
    },
    "limit": {
        "en": "{label}: {value}. This is {parameter}.",
        "et": "{label}: {value}. See on {parameter}.",
        "ar": "{label}: {value}. وهذا هو {parameter}.",
    },
    "same": {
        "en": "{label}: {value}, the same as {part}.",
        "et": "{label}: {value}, sama mis {part}.",
        "ar": "{label}: {value}، وهو نفس {part}.",
    },
    "condition": {
        "en": "{label}: {value}. This follows from {parts}.",
        "et": "{label}: {value}. See tuleneb sellest: {parts}.",
        "ar": "{label}: {value}. ويتبع ذلك من {parts}.",
    },
    "rule": {
        "en": "{label}: {value}. The rule takes it from {parts}.",
        "et": "{label}: {value}. Reegel saab selle neist: {parts}.",
        "ar": "{label}: {value}. تستخرجه القاعدة من {parts}.",
    },
    "bare": {
        "en": "{label}: {value}, by the rule of the law.",
        "et": "{label}: {value}, seaduse reegli järgi.",
        "ar": "{label}: {value}، بحسب قاعدة القانون.",
    },
}

_NOTHING: Mapping[str, Mapping[str, str]] = {
    "stated": {
        "en": "It was stated so.",
        "et": "Nii on teatatud.",
        "ar": "هكذا ورد في الوقائع.",
    },
    "unstated": {
        "en": "What nobody states counts as nothing.",
        "et": "Mida keegi ei ole teatanud, seda ei loeta.",
        "ar": "ما لم يذكره أحد يُعدّ غير موجود.",
    },
    "ruleless": {
        "en": "The law has no rule for it at that time.",
        "et": "Seadusel ei ole selle kohta sel ajal reeglit.",
        "ar": "ليس في القانون قاعدة له في ذلك الوقت.",
    },
    "is": {
        "en": "This is so because of {part}.",
        "et": "Põhjus: {part}.",
        "ar": "السبب: {part}.",
    },
    "below": {
        "en": "{part} is below {limit}.",
        "et": "{part} on väiksem kui {limit}.",
        "ar": "{part} أقل من {limit}.",
    },
    "above": {
        "en": "{part} is above {limit}.",
        "et": "{part} on suurem kui {limit}.",
        "ar": "{part} أكثر من {limit}.",
    },
    "covered": {
        "en": "{part} is not more than these together: {limit}.",
        "et": "{part} ei ole suurem kui need kokku: {limit}.",
        "ar": "{part} لا يزيد على مجموع: {limit}.",
    },
    "low": {
        "en": "{part} is too little for it.",
        "et": "{part} on selleks liiga vähe.",
        "ar": "{part} أقل مما يلزم.",
    },
    "high": {
        "en": "{part} is too much for it.",
        "et": "{part} on selleks liiga palju.",
        "ar": "{part} أكثر مما يسمح.",
    },
    "other": {
        "en": "With {part} the rule gives nothing.",
        "et": "Kui {part}, siis ei anna reegel midagi.",
        "ar": "مع {part} لا تعطي القاعدة شيئًا.",
    },
    "scale": {
        "en": "{base} is not above {limit}, where the scale “{scale}” begins to count.",
        "et": "{base} ei ületa summat {limit}, millest astmestik „{scale}“ arvestama hakkab.",
        "ar": "{base} لا يتجاوز {limit} الذي يبدأ عنده جدول «{scale}».",
    },
    "parameter": {
        "en": "The law sets {parameter}.",
        "et": "Seadus määrab: {parameter}.",
        "ar": "يحدد القانون {parameter}.",
    },
    "balance": {
        "en": "What is counted and what is taken off are the same.",
        "et": "Mis arvesse läheb ja mis maha läheb, on võrdsed.",
        "ar": "ما يُحتسب وما يُخصم متساويان.",
    },
    "together": {
        "en": "These together are why: {parts}.",
        "et": "Need on põhjuseks üheskoos: {parts}.",
        "ar": "هذه مجتمعةً هي السبب: {parts}.",
    },
    "rule": {
        "en": "With these facts the rule gives nothing.",
        "et": "Nende asjaolude juures ei anna reegel midagi.",
        "ar": "بهذه الوقائع لا تعطي القاعدة شيئًا.",
    },
}

_INFLUENCE: Mapping[str, str] = {
    "en": "Had {part} been {other}, {label} would be {becomes}.",
    "et": "Kui {part} oleks {other}, siis {label} oleks {becomes}.",
    "ar": "لو كان {part} هو {other} لكان {label} هو {becomes}.",
}

_QUOTED = {"en": "“{}”", "et": "„{}“", "ar": "«{}»"}
_JOINED = {"en": ", ", "et": ", ", "ar": "، "}


def step(kind: str, language: str, **parts: str) -> str:
    """Return the sentence that tells of a step."""
    return _said(_STEPS[kind], language).format(**parts)


def nothing(kind: str, language: str, **parts: str) -> str:
    """Return the sentence that tells why a step is nothing."""
    return _said(_NOTHING[kind], language).format(**parts)


def influence(language: str, **parts: str) -> str:
    """Return the sentence that tells what another input would have changed."""
    return _said(_INFLUENCE, language).format(**parts)


def quoted(text: str, language: str) -> str:
    """Return a text in the quotation marks of a language."""
    return _said(_QUOTED, language).format(text)


def joined(parts: list[str], language: str) -> str:
    """Return a list in a sentence."""
    return _said(_JOINED, language).join(parts)


def _said(words: Mapping[str, str], language: str) -> str:
    return words.get(language) or words["en"]
