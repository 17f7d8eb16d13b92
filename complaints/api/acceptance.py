"""`/complaints/{reference}/acceptance/`: did the complainant accept the decision? (interface.md, Bodies)"""

from __future__ import annotations

from typing import Any, ClassVar

from django.http import HttpResponse
from rest_framework import serializers
from rest_framework.request import Request

from complaints.actions import acceptance
from complaints.api.changes import Change
from complaints.api.shapes import ComplaintShape
from complaints.models import Complaint
from core.actor import Actor
from core.api.bodies import Strict
from core.api.fields import Flag, Text
from core.api.happened import HappenedShape, happened, last
from core.clock import now
from core.instants import iso


class AcceptanceBody(Strict):
    accepted = Flag()
    comment = Text(max_length=acceptance.COMMENT, required=False, allow_blank=True)


class AcceptanceShape(HappenedShape):
    accepted = serializers.BooleanField(allow_null=True, help_text="null: not said yet.")
    accepted_at = serializers.DateTimeField(allow_null=True)
    comment = serializers.CharField(allow_blank=True)


class Acceptance(Change):
    """What the complainant said of the decision."""

    does: ClassVar = {"POST": "Note the complainant's word on the decision. Said again, the last word wins."}
    body: ClassVar = {"POST": AcceptanceBody}
    answer: ClassVar = {"POST": ComplaintShape, "GET": AcceptanceShape}

    def get(self, request: Request, reference: str) -> HttpResponse:
        complaint = self.seen(request, reference)
        word, said = acceptance.word_on(complaint), last(complaint, acceptance.KIND)
        told = {"accepted": word.accepted, "accepted_at": iso(word.at), "comment": word.comment}
        return self.reply({**told, **happened(said, at=word.at)})

    def act(self, complaint: Complaint, values: dict[str, Any], by: Actor) -> Complaint:
        return acceptance.accept(complaint, by=by, at=now(), **values)
