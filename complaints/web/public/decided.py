"""What the status page says of a decision: the outcome in plain words, each thing asked for with its yes or no, what is
given, and the final answer (mission A8; domain, Complaint 6)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from complaints import decision_letter, decisions
from complaints.models import Complaint, Decision, DemandOutcome, Message, Purpose, Remedy, RemedyStatus
from complaints.web.public import journey
from core.web.parts import Part


@dataclass(frozen=True, slots=True)
class Answered(Part):
    """A demand as the complainant reads it. `said`: yes, in part or no."""

    text: str
    said: str
    answer: str
    mark: str


def shown(
    complaint: Complaint, standing: Decision | None, messages: Sequence[Message]
) -> tuple[dict[str, Any] | None, Message | None]:
    """What was decided, in words; and which of the messages is the final answer. Query cost: 2 once it is decided."""
    outcome = journey.outcome_in_words(complaint.outcome)
    decided_at = complaint.resolved_at
    if decided_at is None or not outcome:
        return None, None
    final = _final(complaint, standing, messages)
    title = _("Our decision: %(outcome)s") % {"outcome": outcome}
    told = {
        "title": title,
        "text": final.body if final else "",
        "demands": _demands(complaint),
        "given": _given(complaint),
    }
    return told, final


def _final(complaint: Complaint, standing: Decision | None, messages: Sequence[Message]) -> Message | None:
    if standing is not None and standing.answer_id is not None:
        return next((one for one in messages if one.pk == standing.answer_id), None)
    since = complaint.resolved_at
    answers = [one for one in messages if one.purpose == Purpose.FINAL_ANSWER and since is not None and one.at >= since]
    return answers[-1] if answers else None


def _demands(complaint: Complaint) -> list[Answered]:
    said = {
        DemandOutcome.GRANTED: (pgettext("what they asked for", "Yes"), "met"),
        DemandOutcome.PARTLY: (pgettext("what they asked for", "In part"), "flat-trend"),
        DemandOutcome.REFUSED: (pgettext("what they asked for", "No"), "close"),
    }
    found = []
    for one in decisions.demands(complaint):
        if one.outcome in DemandOutcome.values:
            word, mark = said[DemandOutcome(one.outcome)]
            found.append(Answered(one.text, word, one.answer, mark))
    return found


def _given(complaint: Complaint) -> list[str]:
    """What was granted, in the language of the page."""
    granted = Remedy.objects.filter(complaint=complaint, status=RemedyStatus.GRANTED).order_by("requested_at", "pk")
    return [decision_letter.remedy(one) for one in granted]
