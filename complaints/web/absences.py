"""Who is away when: the calendar of absences, and one's own with a deputy (mission D3)."""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from typing import Any

from django import forms
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from complaints.actions import staff
from complaints.querysets import teams_of
from complaints.web.one.forms import owner_choices
from complaints.web.one.ownership_forms import Somebody
from complaints.web.settings.editing import SettingsForm, act, carry_out
from complaints.web.team import views
from core import languages, zones
from core.access import CASES, LEAD, MANAGER, allow
from core.actions import people
from core.clock import now
from core.models import Absence, Team, User
from core.web.fields import Line, LocalInstant
from core.web.parts import Link, Part, Person

SHOWN = 10  # of one's own absences


class OwnAbsenceForm(SettingsForm):
    """When one is away oneself, and who stands in."""

    ids = "absence_%s"

    from_at = LocalInstant(label=gettext_lazy("Away from"), future=True)
    until_at = LocalInstant(label=gettext_lazy("Back on"), future=True, required=False)
    deputy = Somebody(
        label=gettext_lazy("Deputy"), required=False, help_text=gettext_lazy("gets what comes in and cannot wait")
    )
    reason = Line(label=gettext_lazy("Reason"), required=False, help_text=gettext_lazy("colleagues can read this"))
    hand_over = forms.BooleanField(
        label=gettext_lazy("Hand my open cases over when it begins"),
        required=False,
        help_text=gettext_lazy("to the deputy, else the lead; otherwise they wait for you"),
    )

    def __init__(self, data: Any = None, *, user: User) -> None:
        super().__init__(data)
        self.fields["deputy"].choices = [("", _("nobody")), *owner_choices()]  # type: ignore[attr-defined]
        self.fields["deputy"].initial = str(user.deputy_id or "")
        self.fields["from_at"].help_text = _("your time: %(city)s") % {"city": zones.city()}
        self.fields["until_at"].help_text = _("until further notice if left empty")


@dataclass(frozen=True, slots=True)
class Cell(Part):
    """A day of a person. `look`: away, weekend, today, in the classes of the table."""

    look: str
    away: bool
    label: str


@dataclass(slots=True)
class Month(Part):
    """A person's month."""

    person: Person
    me: bool
    deputy: str
    cells: list[Cell] = field(default_factory=list)


@allow(*CASES)
def index(request: HttpRequest) -> HttpResponse:
    """A month of the reader's teams (managers: of all), and a form for one's own. Query cost: 3 beside the shell's."""
    user: User = request.user  # type: ignore[assignment]
    request.sidebar_here = "workload" if user.roles & {LEAD, MANAGER} else "absences"  # type: ignore[attr-defined]
    form = OwnAbsenceForm(request.POST if request.method == "POST" else None, user=user)
    here = reverse("absences")
    if request.method == "POST":

        def run(**who: Any) -> Absence:
            return staff.plan_absence(user, names_deputy=True, **form.values, **who)

        if answer := carry_out(request, form, run, done=_("Absence noted"), go=here):
            return answer
    month = _month(request.GET.get("month", ""))
    at = now()
    shown = _people(user)
    first, behind = _bounds(month)
    found = list(
        Absence.objects.filter(
            Q(until_at__isnull=True) | Q(until_at__gt=first), user__in=shown, from_at__lt=behind
        ).order_by("from_at")
    )
    days = [month + timedelta(days=n) for n in range(monthrange(month.year, month.month)[1])]
    own = Absence.objects.filter(user=user).order_by("-from_at")[:SHOWN]
    context = {
        "month": date_format(month, "F Y"),
        "days": [_day(one, at) for one in days],
        "lines": _lines(user, shown, found, days, at),
        "overlaps": _overlaps(shown, found),
        "own": [_own(one, at) for one in own],
        "form": form,
        "previous": Link(_("Month before"), f"?month={_iso(month - timedelta(days=1))}"),
        "next": Link(_("Month after"), f"?month={_iso(month + timedelta(days=31))}"),
        "views": views("absences") if user.roles & {LEAD, MANAGER} else [],
    }
    return render(request, "complaints/absences.html", context, status=form.http_status)


@require_POST
@allow(*CASES)
def end_absence(request: HttpRequest, absence_id: int) -> HttpResponse:
    """One is back, or does not go after all."""
    absence = Absence.objects.select_related("user").filter(pk=absence_id, user=request.user.pk).first()
    if absence is None:
        raise Http404
    return act(request, partial(people.end_absence, absence), done=_("Absence ended"), go=reverse("absences"))


def _people(user: User) -> list[User]:
    """Those whose absences somebody sees, oneself first. Query cost: 1."""
    found = User.objects.who_take_cases()
    if MANAGER not in user.roles:
        teams = teams_of(user)
        led = Team.objects.filter(pk__in=teams).values("lead")
        found = found.filter(Q(team__in=teams) | Q(pk=user.pk) | Q(pk__in=led))
    rows = list(found.select_related("deputy").order_by("team__name", "name", "pk"))
    return sorted(rows, key=lambda one: one.pk != user.pk)


def _lines(me: User, shown: list[User], found: list[Absence], days: list[date], at: datetime) -> list[Month]:
    by_person: dict[int, list[Absence]] = {}
    for absence in found:
        by_person.setdefault(absence.user_id, []).append(absence)
    lines = []
    for one in shown:
        deputy = _("deputy: %(name)s") % {"name": one.deputy} if one.deputy else ""
        line = Month(Person.of(one.pk, str(one)), one.pk == me.pk, deputy)
        for day in days:
            starts, ends = _instant(day), _instant(day + timedelta(days=1))
            away = [
                absence
                for absence in by_person.get(one.pk, ())
                if absence.from_at < ends and (absence.until_at is None or absence.until_at > starts)
            ]
            look = " ".join(
                name
                for name, holds in (
                    ("is-away", bool(away)),
                    ("is-weekend", day.weekday() >= 5),
                    ("is-today", day == languages.local(at).date()),
                )
                if holds
            )
            words = {"name": one, "day": languages.day_month(day)}
            label = _("%(name)s is away on %(day)s") % words if away else ""
            line.cells.append(Cell(look, bool(away), label))
        lines.append(line)
    return lines


def _overlaps(shown: list[User], found: list[Absence]) -> list[str]:
    """Where somebody and their deputy are away at once."""
    names = {one.pk: one for one in shown}
    said = []
    for absence in found:
        one = names[absence.user_id]
        for other in found:
            if other.user_id != one.deputy_id:
                continue
            starts = max(absence.from_at, other.from_at)
            ends = min((end for end in (absence.until_at, other.until_at) if end is not None), default=None)
            if ends is not None and ends <= starts:
                continue
            words = {
                "name": one,
                "deputy": names[other.user_id],
                "start": languages.day_month(languages.local(starts)),
                "end": languages.day_month(languages.local(ends)) if ends else languages.DASH,
            }
            said.append(_("%(name)s and the deputy %(deputy)s are both away: %(start)s to %(end)s") % words)
    return list(dict.fromkeys(said))


def _own(absence: Absence, at: datetime) -> dict[str, Any]:
    """One absence of the reader in words. `end_url`: only while it has not ended."""
    over = absence.until_at is not None and absence.until_at <= at
    words = {"start": languages.moment(absence.from_at)}
    text = _("from %(start)s until further notice") % words
    if absence.until_at:
        text = _("%(start)s to %(end)s") % {**words, "end": languages.moment(absence.until_at)}
    return {
        "text": text,
        "reason": absence.reason,
        "now": not over and absence.from_at <= at,
        "ahead": absence.from_at > at,
        "hand_over": absence.hand_over and absence.from_at > at,
        "end_url": "" if over else reverse("absence_end", args=[absence.pk]),
    }


def _month(text: str) -> date:
    """The first day of the month asked for ("2026-11"), else of this one."""
    try:
        year, month = (int(part) for part in text.split("-"))
        return date(year, month, 1) if 2000 <= year <= 2100 else languages.local(now()).date().replace(day=1)
    except ValueError:
        return languages.local(now()).date().replace(day=1)


def _iso(day: date) -> str:
    return f"{day:%Y-%m}"


def _bounds(month: date) -> tuple[datetime, datetime]:
    return _instant(month), _instant((month + timedelta(days=31)).replace(day=1))


def _instant(day: date) -> datetime:
    """Its midnight where the reader is, UTC."""
    return datetime.combine(day, time.min, tzinfo=timezone.get_current_timezone()).astimezone(UTC)


def _day(day: date, at: datetime) -> dict[str, Any]:
    look = " ".join(
        name
        for name, holds in (("is-weekend", day.weekday() >= 5), ("is-today", day == languages.local(at).date()))
        if holds
    )
    return {"number": day.day, "label": languages.day_month(day, weekday=True), "look": look}
