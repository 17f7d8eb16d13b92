"""What was granted, by whom, of which kind, in which days; also as CSV (mission A7)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from complaints.authority import sums
from complaints.models import Complaint, Remedy, RemedyKind, RemedyStatus
from complaints.web.names import name_of
from complaints.web.remedies import approvals, words
from complaints.web.settings import choices
from core import dates, languages, money, sheets
from core.access import LEAD, MANAGER, allow
from core.clock import now
from core.models import User
from core.web.fields import PlainSelect
from core.web.parts import Chip, Empty, Link, Part
from retention.web.buying_forms import Day

PAGE, AT_ONCE = 50, 2_000
HEAD = (
    "id", "complaint", "customer", "kind", "description", "amount", "currency", "points", "reason", "charge",
    "within_authority", "requested_by", "requested_at", "granted_by", "granted_at", "granted_on", "note",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Line(Part):
    key: int
    icon: str
    what: str
    value: str
    reference: str
    url: str
    customer: str
    who: str
    when: str
    chip: Chip


class FilterForm(forms.Form):
    """Each left empty filters nothing. Days are those of TIME_ZONE, both included."""

    person = forms.ChoiceField(label=gettext_lazy("Granted by"), required=False, widget=PlainSelect)
    kind = forms.ChoiceField(label=gettext_lazy("Kind"), required=False, widget=PlainSelect)
    since = Day(label=gettext_lazy("From"), required=False)
    until = Day(label=gettext_lazy("Until"), required=False)

    def __init__(self, data: Any) -> None:
        super().__init__(data, auto_id="filter_%s")
        self.fields["person"].choices = choices.people(blank=_("anybody"))  # type: ignore[attr-defined]
        self.fields["kind"].choices = [("", _("all")), *RemedyKind.choices]  # type: ignore[attr-defined]

    def narrow(self, rows: QuerySet[Remedy]) -> QuerySet[Remedy]:
        """What cannot be read filters nothing; the form says so."""
        self.is_valid()
        said = self.cleaned_data
        if said.get("person"):
            rows = rows.filter(decided_by=said["person"])
        if said.get("kind"):
            rows = rows.filter(kind=said["kind"])
        since: date | None = said.get("since")
        until: date | None = said.get("until")
        if since:
            rows = rows.filter(decided_on__gte=since)
        if until:
            rows = rows.filter(decided_on__lte=until)
        return rows


@require_safe
@allow(LEAD, MANAGER)
def index(request: HttpRequest) -> HttpResponse | StreamingHttpResponse:
    """The newest first, of cases the reader sees, with their sums. `format=csv`: all of them as a file.

    Query cost: 4 beside session and user.
    """
    user: User = request.user  # type: ignore[assignment]
    form = FilterForm(request.GET)
    seen = Complaint.objects.visible_to(user).values("pk")
    rows = form.narrow(Remedy.objects.filter(status=RemedyStatus.GRANTED, complaint__in=seen))
    rows = rows.select_related("complaint__customer", "requested_by", "decided_by").order_by("-decided_at", "-pk")
    if request.GET.get("format") == "csv":
        return _csv(rows)
    totals = list(
        rows.filter(amount__isnull=False).order_by("currency").values_list("currency").annotate(total=sums.summed())
    )
    before = request.GET.get("before", "")
    listed = rows
    if before.isascii() and before.isdigit() and len(before) < 19:
        edge = rows.filter(pk=before).first()
        if edge is not None:
            listed = rows.filter(decided_at__lt=edge.decided_at) | rows.filter(
                decided_at=edge.decided_at, pk__lt=edge.pk
            )
    found = list(listed[: PAGE + 1])
    query = request.GET.copy()
    for name in ("before", "format"):
        query.pop(name, None)
    kept = query.urlencode()
    request.sidebar_here = "approvals"  # type: ignore[attr-defined]
    context = {
        "lines": [_line(row) for row in found[:PAGE]],
        "form": form,
        "totals": [words.value(Decimal(int(total)).scaleb(-4), currency) for currency, total in totals],
        "note": "",
        "views": approvals.views(user, here="remedies_granted"),
        "csv_url": f"?{kept}{'&' if kept else ''}format=csv",
        "next_url": f"?{kept}{'&' if kept else ''}before={found[PAGE - 1].pk}" if len(found) > PAGE else "",
        "first_url": f"{reverse('remedies_granted')}?{kept}" if before else "",
        "empty": None
        if found
        else Empty("match", _("Nothing was granted"), _("Nothing fits these filters."), [_everything()]),
    }
    return render(request, "complaints/granted.html", context)


def _everything() -> Link:
    return Link(_("Show everything"), reverse("remedies_granted"))


def _line(row: Remedy) -> Line:
    at, complaint = now(), row.complaint
    return Line(
        key=row.pk,
        icon=words.icon_of(row.kind),
        what=words.named(row),
        value=words.value(row.amount, row.currency),
        reference=complaint.reference,
        url=complaint.get_absolute_url(),
        customer=str(complaint.customer) if complaint.customer else _("Customer unknown"),
        who=name_of(row.decided_by_id),
        when=languages.near(row.decided_at, at) if row.decided_at else "",
        chip=Chip(_("on the spot")) if row.within_authority else Chip(_("approved"), "ok"),
    )


def _csv(rows: QuerySet[Remedy]) -> StreamingHttpResponse:
    answer = StreamingHttpResponse(sheets.lines(_cells(rows)), content_type="text/csv; charset=utf-8")
    name = f"remedies-{dates.of_house(now()).isoformat()}.csv"
    answer["Content-Disposition"] = content_disposition_header(True, name) or ""
    return answer


def _cells(rows: QuerySet[Remedy]) -> Iterator[tuple[Any, ...]]:
    yield HEAD
    for row in rows.iterator(chunk_size=AT_ONCE):
        in_money = row.amount is not None and bool(row.currency)
        yield (
            row.pk,
            row.complaint.reference,
            str(row.complaint.customer) if row.complaint.customer else "",
            row.kind,
            row.description,
            Decimal(money.shown(row.amount or Decimal(0), row.currency)) if in_money else None,
            row.currency,
            int(row.amount) if row.amount is not None and not row.currency else None,
            row.reason,
            row.charge_id,
            row.within_authority,
            str(row.requested_by),
            row.requested_at,
            str(row.decided_by) if row.decided_by else "",
            row.decided_at,
            row.decided_on,
            row.decided_note,
        )
