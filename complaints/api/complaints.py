"""`/api/v1/complaints/`: list, file, read, amend."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any, ClassVar

from django.conf import settings
from django.db.models import Q
from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework.exceptions import ValidationError
from rest_framework.fields import SkipField, empty
from rest_framework.request import Request

from complaints import errors, search
from complaints.actions import attachments as actions
from complaints.actions.amend import amend
from complaints.actions.file import Filing, file
from complaints.api import present
from complaints.api.bodies import Amendment, Files, NewComplaint
from complaints.api.expansions import EXPANSIONS
from complaints.api.shapes import ComplaintShape
from complaints.models import CaseTheme, ChannelCode, Complaint, Incident, Kind, Outcome, Severity, Status
from complaints.querysets import ComplaintQuerySet
from complaints.reference import catalogue, themes, type_by_code
from core.access import CASES, Access
from core.actor import Actor
from core.api import expanding
from core.api.filters import SINCE, BadValue, Best, Filter, between, choice, flag, key, named, text
from core.api.problem import FieldError, Refusal, bad_input, flatten, pointer_of
from core.api.views import ApiView, ListView, caller
from core.clock import now
from core.errors import InvalidInput
from core.models import Team
from retention.actions.customers import Details
from retention.api.naming import of_customer

HANDLES_CASES = Access(roles=frozenset(CASES))


def whole(rows: ComplaintQuerySet) -> ComplaintQuerySet:
    """With all that `present.complaint` shows. Query cost: this one and one for the clocks."""
    return rows.select_related("customer", "owner", "team", "narrative", "merged_into", "incident").prefetch_related(
        "clocks"
    )


def shown(row: Complaint) -> dict[str, Any]:
    """A complaint fetched through `whole`."""
    return present.complaint(row, row.narrative, sorted(row.clocks.all(), key=lambda clock: clock.pk))


def _whose(column: str, keys: list[int]) -> Q:
    """Asked of the cases in hand and of all others apart: each have an index by owner and by team."""
    return Q(**{f"{column}__in": keys}, in_queue=True) | Q(**{f"{column}__in": keys}, in_queue=False)


def _parse_type(code: str) -> int:
    found = catalogue().types.get(code)
    if found is None:
        raise BadValue("unknown_type", _("There is no complaint type with this code."))
    return found.pk


def _parse_theme(code: str) -> int:
    found = themes().get(code)
    if found is None:
        raise BadValue("unknown_theme", _("There is no theme with this code."))
    return found.pk


FILTERS = (
    choice("status", Status.values),
    choice("channel", ChannelCode.values),
    choice("severity", Severity.values),
    choice("kind", Kind.values),
    choice("outcome", Outcome.values),
    Filter(
        "type",
        _parse_type,
        lambda rows, ids: rows.filter(Q(type__in=ids) | Q(type__parent__in=ids)),
        many=True,
        description="A type by its code, with those below it.",
    ),
    text("reference"),
    text("source"),
    text("external_id"),
    text("source_channel"),
    choice("language", dict(settings.LANGUAGES)),
    text("order_number"),
    named(
        "team",
        lambda _rows: Team.objects.order_by(),
        "name",
        ("unknown_team", gettext_lazy("There is no team with this name.")),
        narrow=lambda rows, keys: rows.filter(_whose("team", keys)),
        description="A team by its name.",
    ),
    named(
        "incident",
        lambda _rows: Incident.objects.order_by(),
        "reference",
        ("unknown_incident", gettext_lazy("There is no incident with this reference.")),
        description="The incident they belong to, by its reference.",
    ),
    text("product"),
    text("lot"),
    Filter(
        "theme",
        _parse_theme,
        lambda rows, ids: rows.filter(
            pk__in=CaseTheme.objects.filter(theme__in=ids).values("complaint")  # once each, whatever its themes
        ),
        many=True,
        description="A theme by its code.",
    ),
    replace(key("owner"), apply=lambda rows, ids: rows.filter(_whose("owner", ids))),
    of_customer(),
    flag("in_queue", description="Live and in hand: what default queues show."),
    flag("quarantined", "is_quarantined"),
    Best(
        "search",
        lambda rows, words, most: search.keys(words, rows, most=most),  # type: ignore[arg-type]
        search.MOST,
        "Reference, order number, external id, phone or part of one; customer; words of subject, text, messages "
        "and notes, in any of five languages. “Quoted words” stay together, -word leaves out.",
    ),
    between("received_at"),
    between("created_at"),
    SINCE,
)


class Complaints(ListView):
    """Complaints the caller may see, newest first."""

    access, resource = HANDLES_CASES, "complaints"
    body: ClassVar = {"POST": NewComplaint}
    answer = ComplaintShape
    success: ClassVar = {"POST": 201}
    expansions = EXPANSIONS
    filters = FILTERS
    ordering: ClassVar = {
        "received_at": "received_at",
        "created_at": "pk",
        "updated_at": "updated_at",
        "next_deadline": "queue_at",
    }
    default_ordering = "-received_at"

    def rows(self, request: Request, *args: Any, **kwargs: Any) -> ComplaintQuerySet:
        return whole(Complaint.objects.visible_to(caller(request)))

    def to_dict(self, row: Complaint) -> dict[str, Any]:
        return shown(row)

    def post(self, request: Request) -> HttpResponse:
        """File a complaint: it gets a reference, an owner and deadlines, and the customer a receipt where there is an
        address. The customer is found, or made, by `customer` within `source`. The same (`source`, `external_id`) twice
        is 409 `duplicate_external_id`."""
        filing, files = read_filing(request.data, by=self.actor(request))
        complaint = file(filing, by=self.actor(request), at=now(), attachments=files)
        return self.reply(
            present.complaint(complaint, complaint.narrative, complaint.fresh_clocks),  # type: ignore[attr-defined]
            201,
            location=reverse("api-complaint", args=[complaint.reference]),
            version=complaint.version,
        )


class OneComplaint(ApiView):
    """One complaint with its owner, clocks and customer."""

    access, resource = HANDLES_CASES, "complaints"
    body: ClassVar = {"PATCH": Amendment}
    answer = ComplaintShape
    parameters, expansions = ("expand",), EXPANSIONS

    def get(self, request: Request, reference: str) -> HttpResponse:
        names = expanding.wanted(request, EXPANSIONS)
        rows = whole(Complaint.objects.visible_to(caller(request)))
        row = self.find(expanding.loaded(rows, names, EXPANSIONS), reference=reference)
        return self.reply(expanding.expand(row, shown(row), names, EXPANSIONS), version=row.version)

    def patch(self, request: Request, reference: str) -> HttpResponse:
        """Put facts of a complaint right (`If-Match` required). Status, owner, type and severity have routes of their
        own."""
        row = self.find(Complaint.objects.visible_to(caller(request)), reference=reference)
        self.require_match(request, row.version)
        values = self.read(request, partial=True)
        try:
            row = amend(row, values, by=self.actor(request), at=now(), version=self.expected_version(request))
        except errors.Stale as stale:
            raise Refusal(412, "precondition_failed", str(stale)) from stale
        row = whole(Complaint.objects.all()).get(pk=row.pk)
        return self.reply(shown(row), version=row.version)


def read_filing(data: Any, *, by: Actor) -> tuple[Filing, Sequence[str]]:
    """The body of POST as the action wants it, and the files to take along.

    Raises Refusal 400 with everything that is wrong, what is named and not there included. Query cost: 1 with the id of
    a customer; a refusal costs up to 2.
    """
    try:
        values = NewComplaint.read(data)
    except ValidationError as refusal:
        raise bad_input([*flatten(refusal.detail), *_absent(data, by)]) from None
    told, code, files = values.pop("customer", None) or {}, values.pop("type", None), values.pop("attachments", ())
    if values.get("external_id") and not values.get("source"):
        values["source"] = "api"
    customer = told.get("id")
    details = Details()
    if told and customer is None:
        details = Details(**told, source=values.get("source") or "api", language=values.get("language", ""))
    return Filing(**values, type=type_by_code(code) if code else None, customer=customer, details=details), files


def _absent(data: Any, by: Actor) -> Iterator[FieldError]:
    """The files that a body names and that are not there, as far as it can be read. Query cost: up to 1."""
    body = data if isinstance(data, dict) else {}
    with suppress(ValidationError, SkipField):
        try:
            actions.refuse_unless_ready(Files().run_validation(body.get("attachments", empty)), by=by, complaint=None)
        except InvalidInput as refusal:
            yield FieldError(pointer_of(refusal.field), refusal.code, str(refusal))
