"""What complainants of the demo ask for, what was decided about it, and how they learned of the decision."""

from __future__ import annotations

from datetime import datetime

from complaints import decisions
from complaints.actions import decide, delivery
from complaints.actions.demands import DemandAnswer
from complaints.models import ChannelCode, Complaint, Decision, Demand, DemandOutcome, Outcome, Remedy, RemedyStatus
from core.actor import Actor
from retention.demo.purge import delete

WANTED: dict[str, dict[str, str]] = {
    "refund": {
        "en": "The money back",
        "es": "Que se devuelva el dinero",
        "pt": "O dinheiro de volta",
        "it": "I soldi indietro",
        "ru": "Вернуть деньги",
    },
    "replacement": {
        "en": "A new one in place of this",
        "es": "Uno nuevo en lugar de este",
        "pt": "Um novo no lugar deste",
        "it": "Uno nuovo al posto di questo",
        "ru": "Замена на новый",
    },
    "discount": {
        "en": "Something off the price",
        "es": "Una rebaja en el precio",
        "pt": "Um desconto no preço",
        "it": "Uno sconto sul prezzo",
        "ru": "Скидка",
    },
    "": {
        "en": "To know how this could happen",
        "es": "Saber cómo pudo pasar esto",
        "pt": "Saber como isso pôde acontecer",
        "it": "Sapere come è potuto succedere",
        "ru": "Объяснить, как это могло случиться",
    },
}
WORDS: dict[str, dict[str, str]] = {
    DemandOutcome.GRANTED: {
        "en": "On its way since today",
        "es": "En camino desde hoy",
        "pt": "A caminho desde hoje",
        "it": "In arrivo da oggi",
        "ru": "Уже в пути",
    },
    DemandOutcome.PARTLY: {
        "en": "For the part that was our mistake",
        "es": "Por la parte que fue error nuestro",
        "pt": "Pela parte que foi erro nosso",
        "it": "Per la parte che è stata un nostro errore",
        "ru": "За то, в чём ошиблись мы",
    },
    DemandOutcome.REFUSED: {
        "en": "It was delivered as ordered; the record is with this answer",
        "es": "Se entregó como se pidió; el registro acompaña esta respuesta",
        "pt": "Foi entregue como pedido; o registro acompanha esta resposta",
        "it": "È stato consegnato come ordinato; la prova è con questa risposta",
        "ru": "Доставлено так, как было заказано; подтверждение приложено",
    },
}
DECIDED = {
    Outcome.UPHELD: DemandOutcome.GRANTED,
    Outcome.PARTLY: DemandOutcome.PARTLY,
    Outcome.NOT_UPHELD: DemandOutcome.REFUSED,
}


def written_down(complaint: Complaint, *, remedy: str, by: Actor, at: datetime) -> None:
    """What they ask for, from what they said would put it right: that, and in half of the cases an explanation."""
    language = complaint.language
    if remedy in WANTED and remedy:
        decide.demand(complaint, by=by, at=at, text=WANTED[remedy].get(language) or WANTED[remedy]["en"])
    if complaint.pk % 2:
        decide.demand(complaint, by=by, at=at, text=WANTED[""].get(language) or WANTED[""]["en"])


def answers(complaint: Complaint, outcome: str) -> list[DemandAnswer]:
    """As the case is decided; whoever asks for an explanation gets one."""
    granted = Remedy.objects.filter(complaint=complaint, status=RemedyStatus.GRANTED).order_by("-pk")
    given = {str(one.kind): one.pk for one in granted}
    kinds = {text: kind for kind, texts in WANTED.items() for text in texts.values()}
    found = []
    for one in decisions.demands(complaint):
        kind = kinds.get(one.text, "")
        decided = DECIDED[Outcome(outcome)] if kind else DemandOutcome.GRANTED
        words = (WORDS[decided].get(complaint.language) or WORDS[decided]["en"]) if kind else ""
        remedy = given.get(kind) if decided != DemandOutcome.REFUSED else None
        found.append(DemandAnswer(one.pk, decided, words, remedy))
    return found


def learned(complaint: Complaint, *, by: Actor, at: datetime) -> None:
    """Who called is called back, the others look at their page; some of them not yet."""
    decision = decisions.current(complaint)
    if decision is None:
        return
    if complaint.channel == ChannelCode.PHONE:
        decide.told(complaint, by=by, at=at, how="phone")
    elif complaint.pk % 5:
        delivery.seen(complaint, decision, at=at)


def purge_cases(keys: list[int]) -> None:
    """Demands and decisions of cases that go; before remedies and messages, which they name."""
    delete(Demand.objects.filter(complaint_id__in=keys))
    delete(Decision.objects.filter(complaint_id__in=keys))
