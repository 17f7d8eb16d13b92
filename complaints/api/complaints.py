"""`/api/v1/complaints/`: list, file, read, amend."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, ClassVar

from django.db.models import Q, QuerySet
from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from rest_framework.request import Request

from complaints import errors, search
from complaints.actions.amend import amend
from complaints.actions.file import Filing, file
from complaints.api import present
from complaints.api.bodies import Amendment, NewComplaint
from complaints.api.expansions import EXPANSIONS
from complaints.api.shapes import ComplaintShape
from complaints.models import CaseTheme, ChannelCode, Complaint, Incident, Kind, Outcome, Severity, Status
from complaints.querysets import ComplaintQuerySet
from complaints.reference import catalogue, type_by_code
from core.access import CASES, Access
from core.api import expanding
from core.api.filters import SINCE, BadValue, Filter, between, choice, flag, key, text
from core.api.problem import Refusal
from core.api.views import ApiView, ListView, caller
from core.clock import now
from core.errors import InvalidInput
from core.models import Team
from retention.actions.customers import Details
from retention.models import Customer

HANDLES_CASES = Access(roles=frozenset(CASES))


def whole(rows: ComplaintQuerySet) -> ComplaintQuerySet:
    """With all that `present.complaint` shows. Query cost: this one and one for the clocks."""
    return rows.select_related("customer", "owner", "team", "narrative", "merged_into", "incident").prefetch_related(
        "clocks"
    )


def shown(row: Complaint) -> dict[str, Any]:
    """A complaint fetched through `whole`."""
    return present.complaint(row, row.narrative, sorted(row.clocks.all(), key=lambda clock: clock.pk))


def _keys(found: QuerySet[Any]) -> list[int]:
    """Looked up first: by keys a list has an index to read, joined to names it reads all. Query cost: 1."""
    return list(found.values_list("pk", flat=True))


def _whose(column: str, keys: list[int]) -> Q:
    """Asked of the cases in hand and of all others apart: each have an index by owner and by team."""
    return Q(**{f"{column}__in": keys}, in_queue=True) | Q(**{f"{column}__in": keys}, in_queue=False)


def _parse_type(code: str) -> int:
    found = catalogue().types.get(code)
    if found is None:
        raise BadValue("unknown_type", _("There is no complaint type with this code."))
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
    text("language"),
    text("order_number"),
    replace(
        text("team", description="A team by its name."),
        apply=lambda rows, names: rows.filter(_whose("team", _keys(Team.objects.filter(name__in=names)))),
    ),
    replace(
        text("incident", description="The incident they belong to, by its reference."),
        apply=lambda rows, names: rows.filter(incident__in=_keys(Incident.objects.filter(reference__in=names))),
    ),
    text("product"),
    text("lot"),
    Filter(
        "theme",
        str,
        lambda rows, codes: rows.filter(
            pk__in=CaseTheme.objects.filter(theme__code__in=codes).values("complaint")  # once each, whatever its themes
        ),
        many=True,
        description="A theme by its code.",
    ),
    replace(key("owner"), apply=lambda rows, ids: rows.filter(_whose("owner", ids))),
    key("customer"),
    flag("in_queue", description="Live and in hand: what default queues show."),
    flag("quarantined", "is_quarantined"),
    Filter(
        "search",
        str,
        lambda rows, words: rows.filter(search.narrowed(words, rows)),  # type: ignore[arg-type]
        description=(
            "Reference, order number, external id, phone or part of one; customer; words of subject, text, messages "
            "and notes, in any of five languages. “Quoted words” stay together, -word leaves out. At most the "
            f"{search.MOST} best matches, in the order of the list."
        ),
    ),
    between("received_at"),
    between("created_at"),
    SINCE,
)


class Complaints(ListView):
    """Complaints, newest first; POST files one."""

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
        values = self.read(request)
        files = values.pop("attachments", ())
        complaint = file(filing_of(values), by=self.actor(request), at=now(), attachments=files)
        return self.reply(
            present.complaint(complaint, complaint.narrative, complaint.fresh_clocks),  # type: ignore[attr-defined]
            201,
            location=reverse("api-complaint", args=[complaint.reference]),
            version=complaint.version,
            seen=complaint.updated_at,
        )


class OneComplaint(ApiView):
    """One complaint; PATCH puts facts right (`If-Match` required)."""

    access, resource = HANDLES_CASES, "complaints"
    body: ClassVar = {"PATCH": Amendment}
    answer = ComplaintShape
    parameters, expansions = ("expand", "fields"), EXPANSIONS

    def get(self, request: Request, reference: str) -> HttpResponse:
        names = expanding.wanted(request, EXPANSIONS)
        rows = whole(Complaint.objects.visible_to(caller(request)))
        row = self.find(expanding.loaded(rows, names, EXPANSIONS), reference=reference)

        def answer() -> dict[str, Any]:
            return self.sparse(request.query_params, [expanding.expand(row, shown(row), names, EXPANSIONS)], names)[0]

        if names:  # what is expanded changes without a new version of the complaint
            return self.reply(answer(), version=row.version, seen=row.updated_at)
        return self.unless_fresh(request, row.version, answer, seen=row.updated_at)

    def patch(self, request: Request, reference: str) -> HttpResponse:
        row = self.find(Complaint.objects.visible_to(caller(request)), reference=reference)
        self.require_match(request, row.version)
        values = self.read(request, partial=True)
        try:
            row = amend(row, values, by=self.actor(request), at=now(), version=self.expected_version(request))
        except errors.Stale as stale:
            raise Refusal(412, "precondition_failed", str(stale)) from stale
        row = whole(Complaint.objects.all()).get(pk=row.pk)
        return self.reply(shown(row), version=row.version, seen=row.updated_at)


def filing_of(values: dict[str, Any]) -> Filing:
    """The body of POST as the action wants it. Raises InvalidInput unknown_type, unknown_customer, source_required."""
    told = dict(values.pop("customer", None) or {})
    code = values.pop("type", None)
    if values.get("external_id") and not values.get("source"):
        values["source"] = "api"
    customer = None
    if "id" in told:
        customer = Customer.objects.filter(pk=told.pop("id"), merged_into__isnull=True).first()
        if customer is None:
            raise InvalidInput(_("There is no customer with this id."), code="unknown_customer", field="customer/id")
        if told:
            raise InvalidInput(_("Give an id or details, not both."), code="id_or_details", field="customer")
    details = (
        Details(**told, source=values.get("source") or "api", language=values.get("language", ""))
        if told
        else Details()
    )
    return Filing(**values, type=type_by_code(code) if code else None, customer=customer, details=details)
