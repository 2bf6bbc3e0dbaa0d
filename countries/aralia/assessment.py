# SPDX-License-Identifier: EUPL-1.2
"""What Aralia assesses for its people each year, from which registers, and what it must ask them."""

from __future__ import annotations

from flagstone.blocks.rules.contract.assessment import (
    About,
    Answer,
    Ask,
    AssessmentPlan,
    IncomeFields,
    Result,
    Span,
    Words,
)


def _words(en: str, et: str, ar: str) -> Words:
    return {"en": en, "et": et, "ar": ar}


_NONE = _words("Counts as nothing", "Loetakse nulliks", "يُعدّ صفرًا")
_NO = _words("Counts as no", "Loetakse eitavaks", "يُعدّ نفيًا")
_INCOME = _words("Other income", "Muu tulu", "دخل آخر")
_DEDUCTIONS = _words("Deductions", "Mahaarvamised", "الخصومات")
_HOME = _words("Home and rent", "Kodu ja üür", "السكن والإيجار")
_CHILDREN = _words("Children", "Lapsed", "الأطفال")
_LEAVE = _words("Parental benefit", "Vanemahüvitis", "إعانة الوالدين")
_REGISTERED = _words("What a register usually says", "Mida register tavaliselt ütleb", "ما يبيّنه السجل عادةً")
_CANNOT = _words("Your tax cannot be told", "Teie maksu ei saa öelda", "لا يمكن تحديد ضريبتك")
_BABIES, _PUPILS, _CHILD_AGES = (0, 2), (18, 19), (0, 19)

_ASKS = (
    Ask(
        "birth_date",
        _words("Your date of birth", "Teie sünniaeg", "تاريخ ميلادك"),
        Answer.DATE,
        _CANNOT,
        _REGISTERED,
        span=Span.EVER,
        instead=True,
    ),
    Ask(
        "employment_income",
        _words("Pay of the year, before tax", "Aasta töötasu enne makse", "أجر السنة قبل الضريبة"),
        Answer.AMOUNT,
        _CANNOT,
        _REGISTERED,
        instead=True,
    ),
    Ask(
        "tax_withheld",
        _words("Income tax withheld", "Kinnipeetud tulumaks", "ضريبة الدخل المقتطعة"),
        Answer.AMOUNT,
        _words("The balance cannot be told", "Vahet ei saa öelda", "لا يمكن تحديد الرصيد"),
        _REGISTERED,
        instead=True,
    ),
    Ask(
        "pension_income",
        _words("Pensions received", "Saadud pensionid", "المعاشات المقبوضة"),
        Answer.AMOUNT,
        _NONE,
        _INCOME,
    ),
    Ask(
        "capital_income",
        _words(
            "Interest, dividends and rents received",
            "Saadud intressid, dividendid ja üürid",
            "الفوائد والأرباح والإيجارات المقبوضة",
        ),
        Answer.AMOUNT,
        _NONE,
        _INCOME,
    ),
    Ask(
        "business_income",
        _words(
            "Result of your own business; a loss with a minus",
            "Oma ettevõtluse tulemus; kahjum miinusega",
            "نتيجة عملك الخاص؛ والخسارة بعلامة ناقص",
        ),
        Answer.AMOUNT,
        _NONE,
        _INCOME,
        below_zero=True,
    ),
    Ask(
        "business_loss_brought",
        _words(
            "Business losses of earlier years that the tax board stated",
            "Maksuameti kinnitatud varasemate aastate kahjumid",
            "خسائر السنوات السابقة التي أقرّتها مصلحة الضرائب",
        ),
        Answer.AMOUNT,
        _NONE,
        _INCOME,
    ),
    Ask(
        "foreign_income",
        _words("Income from other countries", "Välismaine tulu", "دخل من بلدان أخرى"),
        Answer.AMOUNT,
        _NONE,
        _INCOME,
    ),
    Ask(
        "foreign_tax_paid",
        _words("Income tax paid there on it", "Sealt makstud tulumaks", "ضريبة الدخل المدفوعة عنه هناك"),
        Answer.AMOUNT,
        _NONE,
        _INCOME,
    ),
    Ask(
        "mortgage_interest",
        _words(
            "Interest paid on a loan for your home",
            "Eluasemelaenu intressid",
            "فوائد قرض المسكن المدفوعة",
        ),
        Answer.AMOUNT,
        _NONE,
        _DEDUCTIONS,
    ),
    Ask(
        "donations",
        _words(
            "Gifts to associations on the list of the tax board",
            "Kingitused maksuameti nimekirja ühingutele",
            "هبات لجمعيات في قائمة مصلحة الضرائب",
        ),
        Answer.AMOUNT,
        _NONE,
        _DEDUCTIONS,
    ),
    Ask(
        "pension_savings",
        _words(
            "Payments into a voluntary pension",
            "Maksed vabatahtlikku pensioni",
            "مدفوعات لمعاش اختياري",
        ),
        Answer.AMOUNT,
        _NONE,
        _DEDUCTIONS,
    ),
    Ask(
        "in_school",
        _words("Attends a school", "Käib koolis", "يرتاد مدرسة"),
        Answer.YES_NO,
        _NO,
        _CHILDREN,
        about=About.CHILD,
        span=Span.MONTHS,
        child_ages=_PUPILS,
    ),
    Ask(
        "disabled",
        _words("Has an established disability", "On tuvastatud puue", "لديه إعاقة مثبتة"),
        Answer.YES_NO,
        _NO,
        _CHILDREN,
        about=About.CHILD,
        span=Span.MONTHS,
        child_ages=_CHILD_AGES,
    ),
    Ask(
        "takes_parental_leave",
        _words(
            "Did you choose to take the parental benefit this year?",
            "Kas valisite sel aastal vanemahüvitise?",
            "هل اخترت أخذ إعانة الوالدين هذه السنة؟",
        ),
        Answer.YES_NO,
        _words("The benefit cannot be told", "Hüvitist ei saa öelda", "لا يمكن تحديد الإعانة"),
        _LEAVE,
        span=Span.MONTHS,
        child_ages=_BABIES,
    ),
    Ask(
        "parental_income_base",
        _words(
            "Average monthly pay of the twelve months that end nine months before the month of birth",
            "Keskmine kuupalk kaheteistkümne kuu kohta, mis lõppesid üheksa kuud enne sünnikuud",
            "متوسط الأجر الشهري للأشهر الاثني عشر التي تنتهي قبل شهر الولادة بتسعة أشهر",
        ),
        Answer.AMOUNT,
        _words("The benefit cannot be told", "Hüvitist ei saa öelda", "لا يمكن تحديد الإعانة"),
        _LEAVE,
        span=Span.BIRTHS,
        child_ages=_BABIES,
    ),
    Ask(
        "salary",
        _words(
            "Pay per month while you took the benefit",
            "Kuupalk hüvitise saamise ajal",
            "الأجر الشهري أثناء أخذ الإعانة",
        ),
        Answer.AMOUNT,
        _words("The benefit cannot be told", "Hüvitist ei saa öelda", "لا يمكن تحديد الإعانة"),
        _LEAVE,
        span=Span.MONTHS,
        child_ages=_BABIES,
    ),
    Ask(
        "rent",
        _words("Rent of your home for a month", "Kodu kuuüür", "إيجار مسكنك الشهري"),
        Answer.AMOUNT,
        _words(
            "No supplement is worked out, and nobody looks at the incomes of those who live with you",
            "Toetust ei arvutata ja keegi ei vaata teiega koos elavate inimeste tulusid",
            "لا تُحسب إعانة، ولا يطّلع أحد على دخل من يسكنون معك",
        ),
        _HOME,
        about=About.HOUSEHOLD,
        span=Span.MONTHS,
    ),
    Ask(
        "arrival_date",
        _words("First day of your home in Aralia", "Aralia elukoha esimene päev", "أول يوم لسكنك في أراليا"),
        Answer.DATE,
        _words("You always lived here", "Olete alati siin elanud", "سكنت هنا دائمًا"),
        _HOME,
        span=Span.EVER,
    ),
    Ask(
        "departure_date",
        _words("Last day of your home in Aralia", "Aralia elukoha viimane päev", "آخر يوم لسكنك في أراليا"),
        Answer.DATE,
        _words("You have not left", "Te ei ole lahkunud", "لم تغادر"),
        _HOME,
        span=Span.EVER,
    ),
)

_RESULTS = (
    Result(
        "tax_balance",
        "persons",
        _words("Income tax still to be paid", "Juurde maksta tulumaksu", "ضريبة الدخل المتبقية"),
        needs=("birth_date", "employment_income", "tax_withheld"),
        owed=True,
    ),
    Result(
        "income_tax",
        "persons",
        _words("Income tax of the year", "Aasta tulumaks", "ضريبة دخل السنة"),
        needs=("birth_date", "employment_income"),
    ),
    Result(
        "child_benefit",
        "families",
        _words("Child benefit of your family", "Teie pere lapsetoetus", "إعانة الأطفال لأسرتك"),
        monthly=True,
        needs=("birth_date",),
        child_ages=_CHILD_AGES,
    ),
    Result(
        "parental_benefit",
        "persons",
        _words("Parental benefit", "Vanemahüvitis", "إعانة الوالدين"),
        monthly=True,
        needs=("birth_date", "takes_parental_leave", "parental_income_base", "salary"),
        child_ages=_BABIES,
    ),
    Result(
        "housing_supplement",
        "households",
        _words("Housing supplement of your household", "Teie leibkonna eluasemetoetus", "إعانة السكن لأسرتك"),
        monthly=True,
        needs=("rent", "household_means"),
    ),
)

_LABELS = {
    "birth_date": _words("Date of birth", "Sünniaeg", "تاريخ الميلاد"),
    "death_date": _words("Date of death", "Surmaaeg", "تاريخ الوفاة"),
    "employment_income": _words(
        "Pay of the year, before tax", "Aasta töötasu enne makse", "أجر السنة قبل الضريبة"
    ),
    "tax_withheld": _words("Income tax withheld", "Kinnipeetud tulumaks", "ضريبة الدخل المقتطعة"),
    "married": _words("Married", "Abielus", "متزوجان"),
    "shared_custody": _words(
        "Lives by turns in two homes", "Elab kordamööda kahes kodus", "يعيش بالتناوب في بيتين"
    ),
    "household_means": _words(
        "Incomes of the household in the year before",
        "Leibkonna eelmise aasta tulud",
        "دخل الأسرة في السنة السابقة",
    ),
}


def assessment() -> AssessmentPlan:
    """Return the plan of income tax and family benefits by Aralia's own law."""
    return AssessmentPlan(
        law="aralia_law",
        kind="assessment",
        title=_words("My assessment", "Minu arvestus", "حسابي الضريبي والإعانات"),
        currency="XAM",
        results=_RESULTS,
        asks=_ASKS,
        purpose="Assessing income tax and family benefits",
        legal_basis="General Act § 7",
        incomes=IncomeFields(
            first_year=2024,
            last_year=2025,
            sums={"gross_minor": "employment_income", "tax_withheld_minor": "tax_withheld"},
            own=frozenset({"tax_withheld"}),
            doubtful=frozenset({"disputed"}),
        ),
        labels=_LABELS,
        child_years_max=_CHILD_AGES[1],
        household_needs="rent",
    )
