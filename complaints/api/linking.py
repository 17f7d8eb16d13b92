"""Merging, and what may be the same matter, under a complaint (domain, Complaint 9; interface.md)."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import Q
from django.http import HttpResponse
from rest_framework import serializers
from rest_framework.request import Request

from complaints import duplicates
from complaints.actions import merge
from complaints.actions.not_duplicate import not_duplicate
from complaints.api import present
from complaints.api.changes import Change
from complaints.api.complaints import HANDLES_CASES
from complaints.api.shapes import ComplaintShape
from complaints.models import Complaint, Merge
from core.actor import Actor
from core.api.bodies import Nothing, Strict
from core.api.fields import Flag, Text
from core.api.happened import HappenedShape, happened, last
from core.api.pagination import WholeListShape, whole_list
from core.api.views import ApiView, caller
from core.clock import now

LONG = 2_000


class MergeIntoBody(Strict):
    """`into`: the case that stays. `confirm`: they may be of different customers."""

    into = Text(max_length=16)
    confirm = Flag(required=False)
    reason = Text(max_length=LONG, required=False, allow_blank=True)


class PartShape(serializers.Serializer[Any]):
    reference = serializers.CharField()
    at = serializers.DateTimeField()


class MergeShape(HappenedShape):
    into = serializers.CharField(allow_null=True, help_text="The case this one is part of.")
    parts = PartShape(many=True, help_text="The cases that are part of this one.")


class Merging(Change):
    """What this complaint was merged into and by whom."""

    does: ClassVar = {
        "POST": """Make this complaint part of another one.

        It becomes `merged`, its clocks end, and of each kind the joint case keeps the earliest deadline of both; what
        had passed stays missed. Followers, promises and themes go along, and what the customer writes to the one
        reaches the other. `confirm` is needed where the customers differ (409 `different_customer`).
        """
    }
    body: ClassVar = {"POST": MergeIntoBody}
    answer: ClassVar = {"POST": ComplaintShape, "DELETE": ComplaintShape, "GET": MergeShape}

    def act(self, complaint: Complaint, values: dict[str, Any], by: Actor) -> Complaint:
        into = merge.target_by_reference(values.pop("into"), by.user)
        return merge.merge(complaint, into=into, by=by, at=now(), **values)

    def delete(self, request: Request, reference: str) -> HttpResponse:
        """Take a merge back: the two are cases of their own again."""
        return self.shown(merge.unmerge(self.seen(request, reference), by=self.actor(request), at=now()))

    def get(self, request: Request, reference: str) -> HttpResponse:
        complaint = self.seen(request, reference)
        told = Merge.objects.filter(undone_at__isnull=True).filter(
            Q(complaint=complaint) | Q(complaint__merged_into=complaint)
        )
        found = list(told.select_related("complaint__merged_into").order_by("at", "pk"))
        own = next((one for one in found if one.complaint_id == complaint.pk), None)
        head = own.complaint.merged_into if own is not None else None
        entry = last(complaint, "complaint.merged") if own is not None else None
        return self.reply(
            {
                "into": head.reference if head is not None else None,
                **happened(entry, at=own.at if own is not None else None),
                "parts": [
                    {"reference": one.complaint.reference, "at": present.instant(one.at)}
                    for one in found
                    if one is not own
                ],
            }
        )


class ReasonShape(serializers.Serializer[Any]):
    code = serializers.ChoiceField(choices=[(code, str(words)) for code, (_score, words) in duplicates.REASONS.items()])
    text = serializers.CharField(help_text="In the caller's language.")


class DuplicateShape(serializers.Serializer[Any]):
    reference = serializers.CharField()
    subject = serializers.CharField()
    status = serializers.CharField()
    received_at = serializers.DateTimeField()
    score = serializers.IntegerField(help_text="0 to 100.")
    reasons = ReasonShape(many=True)


class DuplicatesShape(WholeListShape):
    results = DuplicateShape(many=True)


class Duplicates(ApiView):
    """Cases in hand that may be the same matter, the likeliest first; at most five."""

    access, resource = HANDLES_CASES, "complaints"
    answer, row_shape = DuplicatesShape, DuplicateShape

    def get(self, request: Request, reference: str) -> HttpResponse:
        user = caller(request)
        complaint = self.find(Complaint.objects.visible_to(user), reference=reference)
        return self.reply(whole_list([_suggested(one) for one in duplicates.of(complaint, user)]))


class DifferentShape(serializers.Serializer[Any]):
    changed = serializers.BooleanField(help_text="false: somebody had said so before.")


class Different(ApiView):
    """Say that the two are different matters; they are not suggested to each other any more."""

    access, resource = HANDLES_CASES, "complaints"
    body: ClassVar = {"POST": Nothing}
    answer = DifferentShape

    def post(self, request: Request, reference: str, other: str) -> HttpResponse:
        self.read(request)
        seen = Complaint.objects.visible_to(caller(request))
        complaint, its_other = self.find(seen, reference=reference), self.find(seen, reference=other)
        changed = not_duplicate(complaint, by=self.actor(request), at=now(), other=its_other)
        return self.reply({"changed": changed})


def _suggested(one: duplicates.Suggestion) -> dict[str, Any]:
    return {
        "reference": one.complaint.reference,
        "subject": one.complaint.subject,
        "status": one.complaint.status,
        "received_at": present.instant(one.complaint.received_at),
        "score": one.score,
        "reasons": [{"code": code, "text": str(duplicates.REASONS[code][1])} for code in one.reasons],
    }
