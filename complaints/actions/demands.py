"""What the complainant asks for, one line each, and what was decided about it (domain, Complaint 6; ISO 10002)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from complaints import decisions, errors
from complaints.actions import _base
from complaints.models import Complaint, Demand, DemandOutcome, Narrative, Remedy, RemedyStatus
from core.actor import Actor
from core.errors import InvalidInput

LONGEST = 500  # characters of a line, as the column
LONGEST_ANSWER = 2_000
MOST = 30  # of one case
GIVEN = (RemedyStatus.GRANTED, RemedyStatus.AWAITING)  # remedies that can answer a demand


@dataclass(frozen=True, slots=True)
class DemandAnswer:
    """What is decided about a demand: granted, partly_granted or refused, in a few words, with what is given for it.

    `id`, `remedy`: primary keys.
    """

    id: int
    outcome: str
    answer: str = ""
    remedy: int | None = None


@transaction.atomic
def demand(complaint: Complaint, *, by: Actor, at: datetime, text: str) -> Demand:
    """Write down one thing the complainant asks for; the last of the list.

    Raises InvalidInput (text_required, too_long, too_many), AlreadyResolved, AlreadyClosed or AlreadyEnded.
    """
    text = _line(text)
    complaint = _base.locked(complaint)
    _base.refuse_unless_undecided(complaint)
    known = Demand.objects.filter(complaint=complaint)
    if known.count() >= MOST:
        raise InvalidInput(_("At most %(n)d can be written down.") % {"n": MOST}, code="too_many", field="text")
    last = known.aggregate(last=Max("position"))["last"] or 0
    made = Demand.objects.create(complaint=complaint, position=last + 1, text=text)
    _finish(complaint, "complaint.demand_added", made, by=by, at=at, private={"text": text})
    return made


def demand_all(complaint: Complaint, texts: Sequence[str], *, by: Actor, at: datetime) -> None:
    """Each thing the complainant asks for, as it is filed; `complaint` learns its version.

    Raises InvalidInput for the field `demands`. Query cost: none without any.
    """
    for text in texts:
        try:
            demand(complaint, by=by, at=at, text=text)
        except InvalidInput as refusal:
            raise InvalidInput(str(refusal), code=refusal.code, field="demands") from refusal
    if texts:
        complaint.refresh_from_db(fields=["version", "updated_at"])


def take_sought(complaint: Complaint, *, by: Actor, at: datetime) -> Demand:
    """What the complainant wrote when asked what would put it right becomes a demand, cut to a line where it is longer.

    Raises NothingSought where nothing was written, AlreadyDemanded where that stands already, and as `demand`.
    """
    sought = " ".join(Narrative.objects.values_list("remedy_sought", flat=True).get(complaint=complaint).split())
    if not sought:
        raise errors.NothingSought
    text = sought if len(sought) <= LONGEST else f"{sought[: LONGEST - 1].rstrip()}…"
    if Demand.objects.filter(complaint=complaint, text=text).exists():
        raise errors.AlreadyDemanded
    return demand(complaint, by=by, at=at, text=text)


@transaction.atomic
def change_demand(found: Demand, *, by: Actor, at: datetime, text: str, version: int | None = None) -> Demand:
    """Put it in other words; what was decided about the old ones no longer holds. `version`: of the complaint, as the
    writer saw it.

    Raises InvalidInput, Stale, AlreadyResolved, AlreadyClosed or AlreadyEnded.
    """
    text = _line(text)
    complaint, found = _open(found, version)
    if found.text == text:
        return found
    before, found.text = found.text, text
    found.outcome, found.answer, found.remedy, found.decided_at = "", "", None, None
    found.save(update_fields=["text", "outcome", "answer", "remedy", "decided_at"])
    _finish(complaint, "complaint.demand_changed", found, by=by, at=at, private={"text": text, "before": before})
    return found


@transaction.atomic
def drop_demand(found: Demand, *, by: Actor, at: datetime) -> Complaint:
    """It is not asked for any more, or never was. Raises AlreadyResolved, AlreadyClosed or AlreadyEnded."""
    complaint, found = _open(found, None)
    key, text = found.pk, found.text
    found.delete()
    found.pk = key
    return _finish(complaint, "complaint.demand_removed", found, by=by, at=at, private={"text": text})


def decide(complaint: Complaint, answers: Sequence[DemandAnswer], *, at: datetime) -> list[Demand]:
    """Set what is decided about each demand of a locked case and return them all, saved. Undecided ones hold it back.

    Raises InvalidInput (unknown_demand, invalid_choice, too_long, twice, unknown_remedy) or DemandOpen. Query cost: 1,
    1 more for remedies, and 1 for each answer.
    """
    asked = decisions.demands(complaint)
    known = {one.pk: one for one in asked}
    remedies = _remedies(complaint, answers)
    if len({one.id for one in answers}) < len(answers):
        raise InvalidInput(_("One of them is answered twice."), code="twice", field="demands")
    for one in answers:
        found = known.get(one.id)
        if found is None:
            raise InvalidInput(_("There is no such demand."), code="unknown_demand", field="demands")
        if one.outcome not in DemandOutcome.values:
            said = _("Say whether it is granted, partly granted or refused.")
            raise InvalidInput(said, code="invalid_choice", field="demands")
        if len(one.answer) > LONGEST_ANSWER:
            raise InvalidInput(_("This is too long."), code="too_long", field="demands")
        found.outcome, found.answer, found.decided_at = one.outcome, one.answer.strip(), at
        found.remedy = remedies[one.remedy] if one.remedy is not None else None
    undecided = sum(not one.outcome for one in asked)
    if undecided:
        raise errors.DemandOpen(
            ngettext(
                "Say what you decide about each thing they ask for: %(n)s is open.",
                "Say what you decide about each thing they ask for: %(n)s are open.",
                undecided,
            )
            % {"n": undecided},
            field="demands",
        )
    if answers:
        touched = [known[one.id] for one in answers]
        Demand.objects.bulk_update(touched, ["outcome", "answer", "decided_at", "remedy"])
    return asked


def _remedies(complaint: Complaint, answers: Sequence[DemandAnswer]) -> Mapping[int, Remedy]:
    """The remedies named. Raises InvalidInput unknown_remedy. Query cost: 1 where one is."""
    keys = {one.remedy for one in answers if one.remedy is not None}
    found = (
        {row.pk: row for row in Remedy.objects.filter(complaint=complaint, pk__in=keys, status__in=GIVEN)}
        if keys
        else {}
    )
    if keys - set(found):
        raise InvalidInput(_("There is no such remedy on this complaint."), code="unknown_remedy", field="demands")
    return found


def _open(found: Demand, version: int | None) -> tuple[Complaint, Demand]:
    """Case and demand as they are now, the case locked. Raises Stale, or that the case is decided or ended."""
    complaint = _base.locked(Complaint(pk=found.complaint_id))
    _base.refuse_unless_undecided(complaint)
    if version is not None and complaint.version != version:
        raise errors.Stale
    fresh = Demand.objects.filter(pk=found.pk).first()
    if fresh is None:
        raise errors.Stale
    return complaint, fresh


def _line(text: str) -> str:
    text = " ".join(text.split())
    if not text:
        raise InvalidInput(_("Write what they ask for."), code="text_required", field="text")
    if len(text) > LONGEST:
        raise InvalidInput(
            _("At most %(max)d characters are allowed.") % {"max": LONGEST}, code="too_long", field="text"
        )
    return text


def _finish(
    complaint: Complaint, kind: str, found: Demand, *, by: Actor, at: datetime, private: Mapping[str, str]
) -> Complaint:
    return _base.finish(complaint, kind, by=by, at=at, changes={"demand": found.pk}, private=private)
