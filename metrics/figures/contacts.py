"""Did one contact do, or did the case come back (domain, Figures: first-contact-resolution, reopen-rate)?"""

from __future__ import annotations

from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _

from complaints.models import Complaint, Message
from complaints.models.conversation import IN
from core.models import TrailEntry
from metrics.figures import facts
from metrics.figures.base import DOWN, Scope
from metrics.figures.facts import Rate
from metrics.figures.service import NEVER, resolved_by, resolved_when
from metrics.figures.sql import flag

RESOLVED, REOPENED = "complaint.resolved", "complaint.reopened"
NEW_OWNER = ("complaint.assigned", "complaint.handed_over")


def trail(scope: Scope, *kinds: str) -> QuerySet[TrailEntry]:
    """Entries of these kinds (some of TURNS_OF_A_CASE, which have an index) on the complaint, by the moment asked for.
    Bound to the instant of receipt as well: so the planner looks into the few of each complaint, not through all."""
    found = TrailEntry.objects.filter(subject_kind="complaint", subject_id=OuterRef("pk"), kind__in=kinds)
    found = found.filter(at__gte=OuterRef("received_at"))
    return found.filter(at__lte=scope.as_of) if scope.as_of_given else found


class FirstContactResolution(Rate):
    code = "first-contact-resolution"

    def title(self, scope: Scope | None = None) -> str:
        return _("Resolved at the first contact")

    def definition(self, scope: Scope | None = None) -> str:
        return _(
            "Of the complaints received in the period and resolved or closed by now (or by the moment asked for), the "
            "share resolved without the customer having to come back or anyone else taking over: until then the "
            "customer wrote no more and filed no duplicate, the owner stayed the same, and the case was not opened "
            "again. Recorded history does not count, nor do merged and withdrawn complaints, enquiries and those in "
            "quarantine."
        )

    def facts(self, scope: Scope) -> QuerySet[Any]:
        rows = facts.received(scope).filter(resolved_by(scope), is_history=False).annotate(done_at=resolved_when)
        wrote = Message.objects.filter(complaint=OuterRef("pk"), direction=IN, at__lte=OuterRef("done_at"))
        again = Complaint.objects.filter(merged_into=OuterRef("pk"), received_at__lte=OuterRef("done_at"))
        moved = trail(scope, *NEW_OWNER).filter(at__lte=OuterRef("done_at"))
        came_back = Q(Exists(wrote)) | Q(Exists(again)) | Q(Exists(moved)) | Q(Exists(trail(scope, REOPENED)))
        return rows.annotate(hit=flag(~came_back), pending=flag(NEVER))


class ReopenRate(Rate):
    code, better = "reopen-rate", DOWN

    def title(self, scope: Scope | None = None) -> str:
        return _("Reopened")

    def definition(self, scope: Scope | None = None) -> str:
        return _(
            "Of the complaints received in the period and resolved at least once by now (or by the moment asked for), "
            "the share opened again after that. Recorded history does not count, nor do merged complaints, enquiries "
            "and those in quarantine."
        )

    def facts(self, scope: Scope) -> QuerySet[Any]:
        before = TrailEntry.objects.filter(
            subject_kind="complaint", subject_id=OuterRef("subject_id"), kind=RESOLVED, seq__lt=OuterRef("seq")
        )
        reopened = trail(scope, REOPENED).filter(Exists(before))
        once = resolved_by(scope) | Q(Exists(trail(scope, RESOLVED)))
        rows = facts.received(scope).filter(once, is_history=False)
        return rows.annotate(hit=Exists(reopened), pending=flag(NEVER))
