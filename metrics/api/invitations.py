"""`/api/v1/survey-invitations/`: who was asked, or why not (mission B1)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, ClassVar

from django.db.models import Q, QuerySet
from django.http import HttpResponse
from django.utils.translation import gettext as _
from rest_framework import serializers
from rest_framework.request import Request

from core.api.filters import BadValue, Filter, since, text
from core.api.views import ApiView, ListView, caller
from core.clock import now
from core.instants import iso
from metrics.api.surveys import BY_SURVEY, HANDLES_CASES
from metrics.models import Invitation, Suppression
from retention.api.naming import of_customer

WAITING, SENT, ANSWERED, EXPIRED, SUPPRESSED = STATES = ("waiting", "sent", "answered", "expired", "suppressed")
NOT_ANSWERED = Q(response__isnull=True)


class InvitationShape(serializers.Serializer[Any]):
    """One customer asked once, about one complaint. The link of the letter is not told."""

    id = serializers.CharField()
    survey = serializers.CharField(help_text="The survey's code.")
    version = serializers.IntegerField(help_text="The number of its words.")
    complaint = serializers.CharField(allow_null=True, help_text="The reference of what it asks about.")
    customer = serializers.CharField(allow_null=True, help_text="The customer's id.")
    state = serializers.ChoiceField(choices=list(STATES), help_text="`sent`: it has left, and may still be answered.")
    suppressed = serializers.ChoiceField(choices=Suppression.choices, allow_null=True, help_text="Why it never leaves.")
    language = serializers.CharField(help_text="Of the letter.")
    recipient = serializers.CharField(allow_blank=True, help_text="The address it goes to.")
    response = serializers.CharField(allow_null=True, help_text="The id of the answer, under /survey-responses/.")
    created_at = serializers.DateTimeField()
    due_at = serializers.DateTimeField(help_text="When the letter is to leave.")
    sent_at = serializers.DateTimeField(allow_null=True)
    expires_at = serializers.DateTimeField(allow_null=True, help_text="Until when it can be answered.")


def in_state(state: str, at: datetime) -> Q:
    """What `state_of` calls so, as a condition."""
    left = Q(sent_at__isnull=False, response__isnull=True)
    return {
        WAITING: Q(sent_at__isnull=True, suppressed="", response__isnull=True),
        SENT: left & (Q(expires_at__isnull=True) | Q(expires_at__gt=at)),
        ANSWERED: Q(response__isnull=False),
        EXPIRED: left & Q(expires_at__lte=at),
        SUPPRESSED: ~Q(suppressed="") & Q(response__isnull=True),
    }[state]


def state_of(row: Invitation, at: datetime) -> str:
    if getattr(row, "response", None) is not None:
        return ANSWERED
    if row.suppressed:
        return SUPPRESSED
    if row.sent_at is None:
        return WAITING
    return EXPIRED if row.expires_at is not None and row.expires_at <= at else SENT


def shown(row: Invitation) -> dict[str, Any]:
    """Survey, version, complaint and answer are loaded."""
    answer = getattr(row, "response", None)
    return {
        "id": str(row.pk),
        "survey": row.survey.code,
        "version": row.version.number,
        "complaint": row.complaint.reference if row.complaint else None,
        "customer": str(row.customer_id) if row.customer_id else None,
        "state": state_of(row, now()),
        "suppressed": row.suppressed or None,
        "language": row.language,
        "recipient": row.recipient,
        "response": str(answer.pk) if answer is not None else None,
        "created_at": iso(row.created_at),
        "due_at": iso(row.due_at),
        "sent_at": iso(row.sent_at),
        "expires_at": iso(row.expires_at),
    }


def _known(value: str) -> str:
    if value not in STATES:
        raise BadValue("unknown_code", _("This is not one of: %(known)s.") % {"known": ", ".join(STATES)})
    return value


def _narrow(rows: QuerySet[Invitation], states: Sequence[str]) -> QuerySet[Invitation]:
    any_of, at = Q(), now()
    for state in states:
        any_of |= in_state(state, at)
    return rows.filter(any_of)


def seen(request: Request) -> QuerySet[Invitation]:
    """Those the caller may see, with all that is shown. Query cost: 1."""
    return Invitation.objects.visible_to(caller(request)).select_related("survey", "version", "complaint", "response")


class Invitations(ListView):
    """Who was asked to answer a survey, or is to be, or was not and why; the newest first."""

    access, resource = HANDLES_CASES, "surveys"
    answer = InvitationShape
    filters = (
        BY_SURVEY,
        text("complaint", "complaint__reference", "A complaint by its reference."),
        of_customer(),
        Filter("state", _known, _narrow, many=True, schema={"type": "string", "enum": list(STATES)}),
        since("created_at", "sent_at", trail=True),
    )
    ordering: ClassVar = {"id": "pk", "created_at": "created_at"}
    default_ordering = "-id"

    def rows(self, request: Request, *args: Any, **kwargs: Any) -> QuerySet[Invitation]:
        return seen(request)

    def to_dict(self, row: Invitation) -> dict[str, Any]:
        return shown(row)


class OneInvitation(ApiView):
    """Whether one customer was asked, when, and what became of it."""

    access, resource = HANDLES_CASES, "surveys"
    answer = InvitationShape

    def get(self, request: Request, pk: int) -> HttpResponse:
        return self.reply(shown(self.find(seen(request), pk=pk)))
