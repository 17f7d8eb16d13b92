"""What a case page tells of the decision: what is asked for, what was decided, what is given, and what is changed."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.db.models import QuerySet

from complaints.actions.demands import GIVEN as IN_FORCE
from complaints.models import CorrectiveAction, CorrectiveCase, Decision, Demand, Remedy, RemedyStatus
from complaints.web import composed
from complaints.web.one.story_parts import Row, part_of
from complaints.web.one.told import Story

DEMAND, DECISION, GIVEN, AWAITS, MEASURE = "demand", "decision", "given", "awaits", "measure"
DEMANDS, REMEDIES, MEASURES = 60, 60, 20


def parts(known: bool) -> list[QuerySet[Any, Any]]:
    """What the complainant asks for, what was decided, and what is given for it."""
    case = composed.CASE
    asked = [Demand.objects.filter(complaint=case)]
    if known:
        asked.append(Demand.objects.filter(complaint__merged_into=composed.CASE, complaint__customer=composed.CUSTOMER))
    decision = Decision.objects.filter(complaint=case, superseded_at__isnull=True).order_by("-number")
    given = Remedy.objects.filter(complaint=case, status__in=IN_FORCE).order_by("requested_at", "pk")
    awaits = Remedy.objects.filter(complaint__merged_into=case, status=RemedyStatus.AWAITING).order_by("pk")
    of_parts = CorrectiveCase.objects.filter(complaint__merged_into=case)
    told = {"sent_at": "told_at", "failed_at": "seen_at", "number": "number"}
    words, facts = ("outcome", "answer", "complaint_id"), ("outcome", "answer_id", "told_how", "accepted")
    return [
        *(
            part_of(
                one.order_by("position", "pk"), DEMAND, "decided_at", "text", "remedy_id", *words, number="position"
            )[:DEMANDS]
            for one in asked
        ),
        part_of(decision, DECISION, "decided_at", "findings", "told_by_id", *facts, **told)[:1],
        part_of(given, GIVEN, "requested_at", "description", "requested_by_id", "kind", "status", "amount", "currency")[
            :REMEDIES
        ],
        *(
            part_of(one.order_by("action"), MEASURE, "at", "action__title", "action_id", "action__state")[:MEASURES]
            for one in (CorrectiveCase.objects.filter(complaint=case), of_parts)
        ),
        part_of(awaits, AWAITS, "requested_at", "kind", None)[:REMEDIES],
    ]


def _demand(story: Story, row: Row) -> None:
    story.demands.append(
        Demand(
            pk=row.id, text=row.text, outcome=row.a, answer=row.b, complaint_id=int(row.c), position=row.number,
            remedy_id=row.who, decided_at=row.at,
        )
    )  # fmt: skip


def _decision(story: Story, row: Row) -> None:
    assert row.at is not None  # noqa: S101  a decision has its instant
    accepted = None if row.d in (None, "") else row.d in ("1", "true", "t")
    story.decision = Decision(
        pk=row.id, number=row.number, outcome=row.a, findings=row.text, decided_at=row.at,
        answer_id=int(row.b) if row.b else None, told_how=row.c, told_by_id=row.who, told_at=row.sent_at,
        seen_at=row.failed_at, accepted=accepted,
    )  # fmt: skip


def _given(story: Story, row: Row) -> None:
    assert row.at is not None and row.who is not None  # noqa: S101  somebody asked for it, some time
    story.remedies.append(
        Remedy(
            pk=row.id, description=row.text, kind=row.a, status=row.b, amount=Decimal(row.c) if row.c else None,
            currency=row.d, requested_by_id=row.who, requested_at=row.at,
        )
    )  # fmt: skip


def _awaits(story: Story, row: Row) -> None:
    story.awaiting_elsewhere += 1


def _measure(story: Story, row: Row) -> None:
    if row.who not in {one.pk for one in story.measures}:  # one action may answer both of two merged cases
        story.measures.append(CorrectiveAction(pk=row.who, title=row.text, state=row.a))


PLACES = {DEMAND: _demand, DECISION: _decision, GIVEN: _given, AWAITS: _awaits, MEASURE: _measure}
