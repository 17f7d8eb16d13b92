"""Corrective actions as rows: state, owner, when they are due, and what is overdue, loud."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from django.db.models import Case, Count, IntegerField, Q, QuerySet, Value, When
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext
from django.views.decorators.http import require_safe

from complaints import learning
from complaints.actions.corrective import may_lead
from complaints.actions.corrective_due import OPEN
from complaints.models import CorrectiveAction, CorrectiveState
from complaints.reference import catalogue
from complaints.web.names import name_of
from core import dates, languages
from core.access import CASES, allow
from core.clock import now
from core.web.parts import Cell, Chip, Column, Empty, Link
from metrics.web.dashboard.panels import Table

PAGE = 50
SHOWN = 20  # on the page of what is learned
IN_HAND, MEASURED, OVER = "open", "measured", "over"
VIEWS = {
    IN_HAND: gettext_lazy("To be done"),
    MEASURED: gettext_lazy("Being measured"),
    OVER: gettext_lazy("Judged or dropped"),
}
_CONDITIONS = {
    IN_HAND: Q(state__in=OPEN),
    MEASURED: Q(state=CorrectiveState.DONE, effective=None),
    OVER: Q(state=CorrectiveState.DROPPED) | Q(effective__isnull=False),
}


@require_safe
@allow(*CASES)
def index(request: HttpRequest) -> HttpResponse:
    """Corrective actions by due date, `?view=` to be done, being measured, over; `?after=` further ones.

    Query cost: 1 beside session and user.
    """
    view = request.GET.get("view", IN_HAND)
    view = view if view in VIEWS else IN_HAND
    found = counted(CorrectiveAction.objects.filter(_CONDITIONS[view]))
    newest_first = view == OVER
    day, key = _place(request)
    if day is not None:
        found = found.filter(Q(due_on__lt=day) | Q(due_on=day, pk__lt=key)) if newest_first else found.filter(
            Q(due_on__gt=day) | Q(due_on=day, pk__gt=key)
        )  # fmt: skip
    order = ("-due_on", "-pk") if newest_first else ("due_on", "pk")
    rows = list(found.order_by(*order)[: PAGE + 1])
    last = rows[PAGE - 1] if len(rows) > PAGE else None
    new = Link(_("Plan a corrective action"), reverse("learning_action_new"))
    leads = may_lead(request.user)  # type: ignore[arg-type]
    text = _("A corrective action says what is changed so that complaints of one cause stop, by whom and by when.")
    context = {
        "views": [Link(str(words), f"?view={name}", current=name == view) for name, words in VIEWS.items()],
        "actions": table(rows[:PAGE], at=now()),
        "new": new if leads else None,
        "empty": None if rows else Empty("nothing", _("No corrective action here"), text, [new] if leads else []),
        "next_url": f"?{urlencode({'view': view, 'after': f'{last.due_on}_{last.pk}'})}" if last else "",
    }
    request.sidebar_here = "learning"  # type: ignore[attr-defined]
    return render(request, "learning/actions.html", context)


def in_hand() -> tuple[list[CorrectiveAction], bool]:
    """The first `SHOWN` that are to be done or measured, by what is due first, and whether there are more. Query cost:
    1."""
    stage = Case(When(state__in=OPEN, then=Value(0)), default=Value(1), output_field=IntegerField())
    found = counted(CorrectiveAction.objects.filter(_CONDITIONS[IN_HAND] | _CONDITIONS[MEASURED]))
    rows = list(found.order_by(stage, "due_on", "pk")[: SHOWN + 1])
    return rows[:SHOWN], len(rows) > SHOWN


def counted(rows: QuerySet[CorrectiveAction]) -> QuerySet[CorrectiveAction]:
    """With the number of their complaints."""
    return rows.annotate(case_count=Count("cases"))


def table(rows: Sequence[Any], *, at: datetime) -> Table:
    """As `_table.html` takes it. No query."""
    today = dates.of_house(at)
    columns = [
        Column(_("Corrective action")),
        Column(pgettext("corrective action", "State")),
        Column(_("Due on")),
        Column(_("Who sees to it")),
        Column(_("Root cause")),
        Column(_("Product, lot")),
        Column(_("Complaints"), end=True),
    ]
    return Table(columns, [_row(one, today) for one in rows])


def _row(one: Any, today: date) -> list[Cell]:
    about = " · ".join(part for part in (one.product, one.lot) if part)
    return [
        Cell(one.title, "head", reverse("learning_action", args=[one.pk])),
        Cell(state_chip(one, today), "chip"),
        Cell(languages.day(one.due_on)),
        Cell(name_of(one.owner_id)),
        Cell(catalogue().causes_by_id[one.root_cause_id].path),
        Cell(about or languages.DASH),
        Cell(languages.number(one.case_count), "num"),
    ]


def state_chip(one: CorrectiveAction, today: date) -> Chip:
    """Where it stands, as a word; what is overdue says by how much."""
    if one.state in OPEN and one.due_on < today:
        late = (today - one.due_on).days
        return Chip(ngettext("%(n)s day overdue", "%(n)s days overdue", late) % {"n": late}, "breach", "breached")
    if one.effective is not None:
        if one.effective:
            return Chip(pgettext("corrective action", "Effective"), "met", "met")
        return Chip(pgettext("corrective action", "Not effective"), "risk", "flag")
    if one.state == CorrectiveState.DONE and one.done_on is not None:
        found = learning.windows(one.done_on, one.window_days)
        if found.passed(today):
            return Chip(_("Can be judged now"), "risk", "scale")
        return Chip(_("Measured until %(day)s") % {"day": languages.day_month(found.after_until)}, "pause", "clock")
    if one.state == CorrectiveState.DROPPED:
        return Chip(str(CorrectiveState.DROPPED.label), "pause")
    return Chip(str(CorrectiveState(one.state).label), "ok" if one.state == CorrectiveState.DOING else "")


def _place(request: HttpRequest) -> tuple[date | None, int]:
    """The due date and key behind which the page goes on; nonsense is the first page."""
    text, _sep, key = request.GET.get("after", "").partition("_")
    try:
        day = date.fromisoformat(text) if len(text) == 10 and text.isascii() else None
    except ValueError:
        day = None
    known = day is not None and key.isascii() and key.isdigit() and len(key) < 19
    return (day, int(key)) if known else (None, 0)
