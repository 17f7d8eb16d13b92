"""The decision under a complaint: resolution, demands, delivery, and what still holds back closing (interface.md)."""

from __future__ import annotations

from typing import Any, ClassVar

from django.http import HttpResponse
from django.urls import reverse
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request

from complaints import decisions, errors
from complaints.actions import decide, demands, lateness
from complaints.api import present
from complaints.api.act_values import DECIDED
from complaints.api.bodies import CODE, LONG, MOST_TEXTS
from complaints.api.calendars import IF_MATCH
from complaints.api.changes import Change
from complaints.api.shapes import ComplaintShape, Reference
from complaints.decisions import MailState
from complaints.models import Complaint, Decision, Demand, DemandOutcome, LateReason, Outcome, ToldHow
from complaints.models.catalogue import RootCause
from complaints.reference import catalogue, cause_by_code
from core.actor import Actor
from core.api.bodies import Nothing, Strict
from core.api.fields import Code, Id, Instant, Text
from core.api.happened import HappenedShape, happened, last
from core.api.pagination import WholeListShape, whole_list
from core.api.problem import Refusal
from core.clock import now
from core.models import User

SHORT = 2_000


class DemandAnswerBody(Strict):
    """What is decided about one demand. `remedy`: what is given for it, of this complaint."""

    id = Id()
    outcome = Code(choices=DemandOutcome.choices)
    answer = Text(max_length=demands.LONGEST_ANSWER, required=False, allow_blank=True)
    remedy = Id(required=False, allow_null=True)


class ResolutionBody(Strict):
    """`answer`: the final answer, sent with the decision; `macro`: the template it began with. `findings`, `summary`:
    for us. `demands`: needed for each one that was written down and is not decided yet."""

    outcome = Code(choices=DECIDED)
    root_cause = Text(max_length=CODE)
    summary = Text(max_length=LONG)
    answer = Text(max_length=LONG, required=False, allow_blank=True)
    late_reason = Code(choices=LateReason.choices, required=False)
    late_note = Text(max_length=SHORT, required=False, allow_blank=True)
    texts = serializers.ListField(child=Text(max_length=CODE), required=False, max_length=MOST_TEXTS)
    findings = Text(max_length=LONG, required=False, allow_blank=True)
    demands = DemandAnswerBody(many=True, required=False)
    macro = Id(required=False)
    example: ClassVar = {
        "outcome": "upheld",
        "root_cause": "warehouse",
        "summary": "One parcel left behind.",
        "answer": "You were right.",
    }


class LatenessBody(Strict):
    """Why a deadline was missed, said after the case was resolved."""

    late_reason = Code(choices=LateReason.choices)
    late_note = Text(max_length=SHORT, required=False, allow_blank=True)


class DemandBody(Strict):
    """`text`: one line. Without it: what the complainant wrote themselves when asked what would put it right."""

    text = Text(max_length=demands.LONGEST, required=False)


class DemandPatch(Strict):
    text = Text(max_length=demands.LONGEST)


class ToldBody(Strict):
    """`told_at`: when, now unless said otherwise."""

    how = Code(choices=ToldHow.choices)
    told_at = Instant(required=False, not_future=True)


class DemandShape(serializers.Serializer[Any]):
    id = serializers.CharField()
    text = serializers.CharField()
    outcome = serializers.ChoiceField(choices=DemandOutcome.choices, allow_null=True, help_text="null: not decided.")
    answer = serializers.CharField(allow_blank=True, help_text="What they are told about it.")
    remedy = serializers.CharField(allow_null=True, help_text="The remedy that answers it.")
    decided_at = serializers.DateTimeField(allow_null=True)
    complaint = serializers.CharField(help_text="Of a joint case: the merged complaint it came with.")


class DemandsShape(WholeListShape):
    results = DemandShape(many=True)
    sought = serializers.CharField(allow_blank=True, help_text="What the complainant wrote would put it right.")


class MailShape(serializers.Serializer[Any]):
    state = serializers.ChoiceField(choices=[one.value for one in MailState if one])
    to = serializers.CharField()
    at = serializers.DateTimeField(allow_null=True, help_text="When it left, or was given up.")
    error = serializers.CharField(allow_blank=True)


class ResolutionDeliveryShape(serializers.Serializer[Any]):
    answered = serializers.BooleanField(help_text="There is a final answer.")
    mail = MailShape(allow_null=True, help_text="null: it stands on the status page alone.")
    seen_at = serializers.DateTimeField(allow_null=True, help_text="The status page first showed the decision.")
    told_how = serializers.ChoiceField(choices=ToldHow.choices, allow_null=True)
    told_at = serializers.DateTimeField(allow_null=True)
    told_by = Reference(allow_null=True)
    is_lost = serializers.BooleanField(help_text="The mail failed for good and nothing else reached them.")


class DecisionShape(serializers.Serializer[Any]):
    number = serializers.IntegerField(allow_null=True, help_text="Counts decisions of the case; null: none in force.")
    outcome = serializers.ChoiceField(choices=Outcome.choices, allow_null=True)
    findings = serializers.CharField(allow_blank=True)
    decided_by = Reference(allow_null=True)
    decided_at = serializers.DateTimeField(allow_null=True)
    answer = serializers.CharField(allow_blank=True, help_text="The final answer as it was sent.")
    accepted = serializers.BooleanField(allow_null=True)
    accepted_at = serializers.DateTimeField(allow_null=True)
    superseded_at = serializers.DateTimeField(allow_null=True, help_text="The case was opened again.")


class ResolutionShape(HappenedShape, DecisionShape):
    """The decision in force, the earlier ones behind it. An imported history has an outcome and no decision."""

    root_cause = serializers.CharField(allow_null=True)
    summary = serializers.CharField(allow_blank=True)
    demands = DemandShape(many=True)
    delivery = ResolutionDeliveryShape()
    earlier = DecisionShape(many=True)


class GuardShape(serializers.Serializer[Any]):
    code = serializers.CharField(help_text="As the refusal says it.")
    is_met = serializers.BooleanField()


class ClosureShape(HappenedShape):
    """What must be true before the case can be closed, and when it was closed last."""

    can_close = serializers.BooleanField()
    closed_at = serializers.DateTimeField(allow_null=True)
    guards = GuardShape(many=True)


class Resolution(Change):
    """What was decided and how the complainant learned of it."""

    does: ClassVar = {
        "POST": """Decide the case. Demands are each answered, the final answer is sent.

        The complaint becomes `resolved` and the clocks for resolving stop, late or in time. Every demand that was
        written down and is still open has to be decided with it (409 `demand_open`); where a playbook asks for it,
        its required steps have to be done (409 `steps_open`). Without `answer` nothing is sent; then say with
        `delivery/` how the complainant was told. A late case owes its `late_reason` until somebody gives it.
        """
    }
    body: ClassVar = {"POST": ResolutionBody}
    answer: ClassVar = {"POST": ComplaintShape, "GET": ResolutionShape}

    def get(self, request: Request, reference: str) -> HttpResponse:
        complaint = self.seen(request, reference)
        found = list(complaint.decisions.select_related("answer", "decided_by", "told_by").order_by("-number"))
        standing = next((one for one in found if one.superseded_at is None), None)
        cause: RootCause | None = catalogue().causes_by_id.get(complaint.root_cause_id or 0)
        told = {
            **_decision(standing, complaint),
            "root_cause": cause.code if cause else None,
            "summary": complaint.narrative.summary,
            "demands": [_demand(one, complaint) for one in decisions.demands(complaint)],
            "delivery": _delivery(standing),
            "earlier": [_decision(one, complaint) for one in found if one is not standing],
            **happened(last(complaint, "complaint.resolved"), at=complaint.resolved_at),
        }
        return self.reply(told, version=complaint.version)

    def act(self, complaint: Complaint, values: dict[str, Any], by: Actor) -> Complaint:
        cause = cause_by_code(values.pop("root_cause"))
        answers = [demands.DemandAnswer(**one) for one in values.pop("demands", ())]
        macro = _template(values.pop("macro", None), by)
        return decide.resolve(complaint, by=by, at=now(), root_cause=cause, demands=answers, macro=macro, **values)


class Closure(Change):
    """What holds the case back from being closed."""

    does: ClassVar = {
        "POST": """Close a resolved case.

        Its clocks end and it leaves the queue. Held back while a promise is owed (409 `open_promise`), a remedy waits
        for approval (409 `remedy_awaiting`) or the final answer reached nobody (409 `undelivered_answer`); GET says
        so before.
        """
    }
    body: ClassVar = {"POST": Nothing}
    answer: ClassVar = {"POST": ComplaintShape, "GET": ClosureShape}

    def get(self, request: Request, reference: str) -> HttpResponse:
        complaint = self.seen(request, reference)
        standing = decisions.standing(complaint)
        told = {
            "can_close": complaint.status == "resolved" and not standing.unmet(),
            "closed_at": present.instant(complaint.closed_at),
            "guards": [{"code": code, "is_met": met} for code, met in standing.guards()],
            **happened(last(complaint, "complaint.closed"), at=complaint.closed_at),
        }
        return self.reply(told, version=complaint.version)

    def act(self, complaint: Complaint, values: dict[str, Any], by: Actor) -> Complaint:
        return decide.close(complaint, by=by, at=now())


class Lateness(Change):
    """Say why a complaint that is resolved came late; where nobody did when it was resolved, the reason is owed."""

    body: ClassVar = LatenessBody

    def act(self, complaint: Complaint, values: dict[str, Any], by: Actor) -> Complaint:
        return lateness.explain(complaint, by=by, at=now(), **values)


class Delivery(Change):
    """How the complainant learned of the decision."""

    body: ClassVar = {"POST": ToldBody}
    answer: ClassVar = ResolutionDeliveryShape

    def get(self, request: Request, reference: str) -> HttpResponse:
        return self.reply(_delivery(decisions.current(self.seen(request, reference))))

    def post(self, request: Request, reference: str) -> HttpResponse:
        """Note that somebody told the complainant the decision, and how.

        By phone, in person or by letter: what the status page and the mail cannot know. Said again, the last word
        holds.
        """
        complaint, values = self.seen(request, reference), self.read(request)
        complaint = decide.told(complaint, by=self.actor(request), at=now(), **values)
        return self.reply(_delivery(decisions.current(complaint)), version=complaint.version)


class Demands(Change):
    """What the complainant asks for, one line each, and what was decided on it."""

    body: ClassVar = {"POST": DemandBody}
    answer: ClassVar = {"GET": DemandsShape, "POST": DemandShape}
    row_shape = DemandShape
    success: ClassVar = {"POST": 201}

    @extend_schema(operation_id="complaints_demands_list")
    def get(self, request: Request, reference: str) -> HttpResponse:
        complaint = self.seen(request, reference)
        found = [_demand(one, complaint) for one in decisions.demands(complaint)]
        told = {**whole_list(found), "sought": complaint.narrative.remedy_sought}
        return self.reply(told, version=complaint.version)

    def post(self, request: Request, reference: str) -> HttpResponse:
        """Add one thing the complainant asks for."""
        complaint, values, by = self.seen(request, reference), self.read(request), self.actor(request)
        if "text" in values:
            made = decide.demand(complaint, by=by, at=now(), text=values["text"])
        else:
            made = demands.take_sought(complaint, by=by, at=now())
        where = reverse("api-demand", args=[reference, made.pk])
        row = made.complaint
        return self.reply(_demand(made, row), 201, location=where, version=row.version)


class OneDemand(Change):
    """One thing the complainant asks for."""

    body: ClassVar = {"PATCH": DemandPatch}
    answer: ClassVar = {"GET": DemandShape, "PATCH": DemandShape}
    http_method_names = ["get", "patch", "delete", "head", "options"]

    def get(self, request: Request, reference: str, pk: int) -> HttpResponse:
        complaint, found = self._found(request, reference, pk)
        return self.reply(_demand(found, complaint), version=complaint.version)

    @extend_schema(parameters=[IF_MATCH])
    def patch(self, request: Request, reference: str, pk: int) -> HttpResponse:
        """Put a demand in other words (`If-Match` with the ETag of the complaint).

        What was decided about the old words no longer holds.
        """
        complaint, found = self._found(request, reference, pk)
        self.require_match(request, complaint.version)
        values, version = self.read(request), self.expected_version(request)
        try:
            found = demands.change_demand(found, by=self.actor(request), at=now(), version=version, **values)
        except errors.Stale as stale:
            raise Refusal(412, "precondition_failed", str(stale)) from stale
        complaint.refresh_from_db(fields=["version", "updated_at"])
        return self.reply(_demand(found, complaint), version=complaint.version)

    def delete(self, request: Request, reference: str, pk: int) -> HttpResponse:
        """Take a demand away: they do not ask for it."""
        _complaint, found = self._found(request, reference, pk)
        demands.drop_demand(found, by=self.actor(request), at=now())
        return self.no_content()

    def _found(self, request: Request, reference: str, pk: int) -> tuple[Complaint, Demand]:
        complaint = self.seen(request, reference)
        return complaint, self.find(Demand.objects.filter(complaint=complaint), pk=pk)


def _template(key: int | None, by: Actor) -> Any:
    """The newest version of the macro named. Raises InvalidInput unknown_macro, MacroOutOfUse."""
    from complaints.actions import macros

    return macros.taken(by.user, key).current if key is not None else None


def _demand(row: Demand, complaint: Complaint) -> dict[str, Any]:
    own = row.complaint_id == complaint.pk
    return {
        "id": str(row.pk),
        "text": row.text,
        "outcome": row.outcome or None,
        "answer": row.answer,
        "remedy": str(row.remedy_id) if row.remedy_id else None,
        "decided_at": present.instant(row.decided_at),
        "complaint": complaint.reference if own else row.complaint.reference,
    }


def _decision(row: Decision | None, complaint: Complaint) -> dict[str, Any]:
    """One decision; of a case without any what the columns say."""
    if row is None:
        return {
            "number": None,
            "outcome": complaint.outcome or None,
            "findings": "",
            "decided_by": None,
            "decided_at": present.instant(complaint.resolved_at),
            "answer": "",
            "accepted": complaint.accepted,
            "accepted_at": present.instant(complaint.accepted_at),
            "superseded_at": None,
        }
    return {
        "number": row.number,
        "outcome": row.outcome,
        "findings": row.findings,
        "decided_by": _who(row.decided_by),
        "decided_at": present.instant(row.decided_at),
        "answer": row.answer.body if row.answer else "",
        "accepted": row.accepted,
        "accepted_at": present.instant(row.accepted_at),
        "superseded_at": present.instant(row.superseded_at),
    }


def _delivery(row: Decision | None) -> dict[str, Any]:
    found = decisions.delivery(row)
    mail = {
        "state": str(found.mail),
        "to": found.mail_to,
        "at": present.instant(found.mail_at),
        "error": found.error,
    }
    return {
        "answered": found.answered,
        "mail": mail if found.mail else None,
        "seen_at": present.instant(found.seen_at),
        "told_how": found.told_how or None,
        "told_at": present.instant(found.told_at),
        "told_by": _who(row.told_by) if row is not None else None,
        "is_lost": found.lost,
    }


def _who(user: User | None) -> dict[str, str] | None:
    return present.user_brief(user) if user is not None else None
