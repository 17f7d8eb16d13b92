"""What a final answer says about the decision, in the complainant's language (glossary, Sentences 8, 10, 12).

Blocks of a letter, each with its heading, so that nothing is left standing where there is nothing to say.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils import translation

from complaints import decisions
from complaints.models import (
    Clock,
    Complaint,
    DemandOutcome,
    Outcome,
    Promise,
    Remedy,
    RemedyKind,
    RemedyStatus,
)
from complaints.reference import organisation
from complaints.sla import pack_texts
from core import languages

REFERRAL = "referral"  # what the text of a rule pack about other bodies is called
ASKED = {
    "en": "What you asked for, and what we decided:",
    "es": "Lo que usted pidió y lo que hemos decidido:",
    "pt": "O que você pediu e o que decidimos:",
    "it": "Che cosa ci ha chiesto e che cosa abbiamo deciso:",
    "ru": "О чём вы просили и что мы решили:",
}
SAID = {  # of a demand
    DemandOutcome.GRANTED: {"en": "yes", "es": "sí", "pt": "sim", "it": "sì", "ru": "да"},
    DemandOutcome.PARTLY: {"en": "in part", "es": "en parte", "pt": "em parte", "it": "in parte", "ru": "частично"},
    DemandOutcome.REFUSED: {"en": "no", "es": "no", "pt": "não", "it": "no", "ru": "нет"},
}
GIVEN = {
    "en": "How we will put it right: {what}.",
    "es": "Cómo lo reparamos: {what}.",
    "pt": "Como vamos reparar: {what}.",
    "it": "Come rimediamo: {what}.",
    "ru": "Как мы это исправим: {what}.",
}
PROMISED = {
    "en": "What we will do: {what}. By {date}.",
    "es": "Lo que haremos: {what}. A más tardar el {date}.",
    "pt": "O que vamos fazer: {what}. Até {date}.",
    "it": "Che cosa faremo: {what}. Entro {date}.",
    "ru": "Что мы сделаем: {what}. Не позднее {date}.",
}
ELSEWHERE = {
    "en": "You can turn to: {what}",
    "es": "Puede acudir a este organismo: {what}",
    "pt": "Você pode recorrer a este órgão: {what}",
    "it": "Può rivolgersi a questo organismo: {what}",
    "ru": "Вы можете обратиться сюда: {what}",
}


@dataclass(frozen=True, slots=True)
class Asked:
    """A demand with what is decided about it."""

    text: str
    outcome: str
    answer: str = ""


@dataclass(frozen=True, slots=True)
class Deciding:
    """A decision that is being made: what stands in the form and is not yet kept."""

    outcome: str = ""
    demands: Sequence[Asked] | None = None


def outcome(complaint: Complaint, deciding: Deciding | None, *, language: str) -> str:
    """Upheld, partly upheld, not upheld; blank before a decision."""
    code = deciding.outcome if deciding is not None else complaint.outcome
    if code not in Outcome.values:
        return ""
    with translation.override(language):
        return str(Outcome(code).label)


def demands(complaint: Complaint, deciding: Deciding | None, *, language: str) -> str:
    """Each with its yes or no and the few words about it; undecided ones are left out. Query cost: 1 unless given."""
    if deciding is not None and deciding.demands is not None:
        asked = list(deciding.demands)
    else:
        asked = [Asked(one.text, one.outcome, one.answer) for one in decisions.demands(complaint)]
    lines = []
    for one in asked:
        if one.outcome not in DemandOutcome.values:
            continue
        said = _in(SAID[DemandOutcome(one.outcome)], language)
        words = f" {_ended(one.answer)}" if one.answer.strip() else ""
        lines.append(f"– {one.text.rstrip('.:;, ')}: {said}.{words}")
    return "\n".join([_in(ASKED, language), *lines]) if lines else ""


def remedies(complaint: Complaint, *, language: str) -> str:
    """What was granted. Query cost: 1."""
    granted = Remedy.objects.filter(complaint=complaint, status=RemedyStatus.GRANTED).order_by("requested_at", "pk")
    said = [remedy(one, language=language) for one in granted]
    return _in(GIVEN, language).format(what="; ".join(said)) if said else ""


def remedy(one: Remedy, *, language: str | None = None) -> str:
    """Refund €12.30; what it is of our own invention, with its value. No query."""
    with translation.override(language or translation.get_language()):
        name = str(RemedyKind(one.kind).label)
    described = one.description.strip().rstrip(".")
    if one.kind == RemedyKind.OTHER and described:
        name, described = described, ""
    if one.amount is not None:
        plain = languages.number(one.amount.normalize(), digits=0, language=language)
        value = languages.money(one.amount, one.currency, language=language) if one.currency else plain
        name = f"{name} {value}"
    return f"{name} ({described})" if described else name


def promises(complaint: Complaint, *, language: str) -> str:
    """What is still owed to the complainant, and by when, in the house's zone. Query cost: 1."""
    zone = ZoneInfo(settings.TIME_ZONE)
    owed = Promise.objects.filter(complaint=complaint, settled_at__isnull=True, to_whom="").order_by("due_at", "pk")
    return "\n".join(
        _in(PROMISED, language).format(
            what=one.text.strip().rstrip("."),
            date=languages.sentence_day(one.due_at, language=language, zone=zone).rstrip("."),
        )
        for one in owed
    )


def referral(complaint: Complaint, *, language: str) -> str:
    """Where else they can turn: the organisation's text, and those of the rule packs that hold. Query cost: 1."""
    clocks = list(Clock.objects.filter(complaint=complaint).order_by("pk"))
    texts = [one for one in pack_texts.offered(clocks, pack_texts.RESOLVE) if REFERRAL in one.definition["code"]]
    required = [one.body(complaint) for one in texts if one.required] or [one.body(complaint) for one in texts[:1]]
    if required:
        return "\n\n".join(required)
    elsewhere = organisation().referral_text.strip()
    return _in(ELSEWHERE, language).format(what=elsewhere) if elsewhere else ""


def _in(texts: dict[str, str], language: str) -> str:
    return texts.get(languages.code(language)) or texts["en"]


def _ended(text: str) -> str:
    text = text.strip()
    return text if text[-1] in ".!?…" else f"{text}."


def example(language: str) -> dict[str, str]:
    """The same for a case that is none, for whoever writes a template."""
    with translation.override(language):
        given = f"{RemedyKind.REFUND.label} {languages.money(Decimal('12.30'), 'EUR', language=language)}"
        upheld = str(Outcome.UPHELD.label)
    yes = _in(SAID[DemandOutcome.GRANTED], language)
    return {
        "decision.outcome": upheld,
        "decision.demands": f"{_in(ASKED, language)}\n– {given}: {yes}.",
        "decision.remedies": _in(GIVEN, language).format(what=given),
        "decision.promises": "",
        "decision.referral": _in(ELSEWHERE, language).format(what=organisation().referral_text or "…"),
    }
