"""Who has how much: workload against capacity, and balance (mission D3)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.functional import lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_POST, require_safe

from complaints import workload
from complaints.actions import hand_over
from complaints.web.one.forms import owner_choices
from complaints.web.one.ownership_acts import known
from complaints.web.one.ownership_forms import Somebody
from complaints.web.settings.editing import SettingsForm, carry_out
from core import languages
from core.access import LEAD, MANAGER, allow
from core.clock import now
from core.models import User
from core.web.fields import Line
from core.web.parts import Link, Part, Person


@dataclass(frozen=True, slots=True)
class Number(Part):
    """A count that leads to exactly its rows. `tone`: breach, risk or nothing."""

    text: str
    url: str
    tone: str
    label: str


@dataclass(frozen=True, slots=True)
class Member(Part):
    """One line of the table."""

    key: int
    person: Person
    load: str
    used: int
    capacity: int
    full: bool
    elsewhere: str
    away: str
    numbers: list[Number]
    balance_url: str


@dataclass(slots=True)
class Desk(Part):
    """A team with its members. `free`: how many more cases it could take, in words."""

    key: int
    name: str
    note: str
    members: list[Member] = field(default_factory=list)


class BalanceForm(SettingsForm):
    """Offer some cases of one member to another."""

    ids = "balance_%s"

    from_user = Somebody(label=gettext_lazy("From"))
    to = Somebody(label=gettext_lazy("To"))
    count = forms.IntegerField(
        label=gettext_lazy("How many cases"), min_value=1, max_value=hand_over.MOST_AT_ONCE, initial=3
    )
    reason = Line(label=gettext_lazy("Reason"), required=False, help_text=gettext_lazy("they read it with the offer"))

    def __init__(self, data: Any = None, *, members: Iterable[User] = (), first: str = "") -> None:
        super().__init__(data)
        chosen = [(str(one.pk), str(one)) for one in members]
        self.fields["from_user"].choices = [("", _("choose")), *chosen]  # type: ignore[attr-defined]
        self.fields["from_user"].initial = first
        self.fields["to"].choices = [("", _("choose")), *owner_choices()]  # type: ignore[attr-defined]
        self.fields["count"].help_text = _("those with most time left go first, each once it is accepted")


@require_safe
@allow(LEAD, MANAGER)
def index(request: HttpRequest) -> HttpResponse:
    """Everybody of the teams one leads (managers: of all) with their cases. Query cost: 3 beside the shell's."""
    return _page(request)


def _page(request: HttpRequest, form: BalanceForm | None = None) -> HttpResponse:
    user: User = request.user  # type: ignore[assignment]
    at = now()
    teams = list(workload.teams_for(user))
    loads = workload.loads(user, teams, at=at)
    form = form or BalanceForm(members=[one.user for one in loads], first=request.GET.get("from", ""))
    desks = {team.pk: Desk(team.pk, team.name, "") for team in teams}
    for one in loads:
        if one.team_id in desks:
            desks[one.team_id].members.append(_member(one, at))
    for desk in desks.values():
        own = [one for one in loads if one.team_id == desk.key]
        open_, capacity = sum(one.total for one in own), sum(one.user.capacity for one in own if not one.away)
        words = {"open": languages.number(open_), "capacity": languages.number(capacity)}
        desk.note = _("%(open)s cases, room for %(capacity)s while these are here") % words
    context = {
        "desks": [desk for desk in desks.values() if desk.members],
        "form": form,
        "views": views("workload"),
        "balance_url": reverse("workload_balance"),
    }
    return render(request, "complaints/team.html", context, status=form.http_status)


def _member(one: workload.Load, at: datetime) -> Member:
    queue = reverse("queue")

    def number(count: int, view: str, label: str, tone: str = "") -> Number:
        url = f"{queue}?view={view}&owner={one.user.pk}" if count else ""
        return Number(languages.number(count), url, tone if count else "", label)

    words = {"open": languages.number(one.total), "capacity": languages.number(one.user.capacity)}
    away = ""
    if one.away:
        until = languages.short_day(languages.local(one.away_until), now=at) if one.away_until else ""
        away = _("away until %(day)s") % {"day": until} if until else _("away until further notice")
    more = ngettext("%(n)s more you do not see", "%(n)s more you do not see", one.elsewhere)
    return Member(
        key=one.user.pk,
        person=Person.of(one.user.pk, str(one.user)),
        load=_("%(open)s of %(capacity)s") % words,
        used=min(one.total, one.user.capacity),
        capacity=one.user.capacity,
        full=one.total > one.user.capacity,
        elsewhere=more % {"n": languages.number(one.elsewhere)} if one.elsewhere else "",
        away=away,
        numbers=[
            number(one.open, "all", _("Open")),
            number(one.breached, "breached", _("Breached"), "breach"),
            number(one.risk, "risk", _("At risk today"), "risk"),
            number(one.waiting, "waiting", _("Waiting on customer")),
            number(one.snoozed, "snoozed", _("Snoozed")),
        ],
        balance_url=f"?from={one.user.pk}#balance" if one.open else "",
    )


@require_POST
@allow(LEAD, MANAGER)
def balance(request: HttpRequest) -> HttpResponse:
    """Offer some cases of a member to somebody else; each stays until it is accepted."""
    user: User = request.user  # type: ignore[assignment]
    members = [one.user for one in workload.loads(user, list(workload.teams_for(user)), at=now())]
    form = BalanceForm(request.POST, members=members)
    offered: list[Any] = []

    def run(**who: Any) -> None:
        given = form.values
        one = known(given["from_user"] if given["from_user"] in members else None, "from_user")
        offered.extend(
            hand_over.balance(one, known(given["to"], "to"), count=given["count"], reason=given["reason"], **who)
        )

    def done() -> str:
        return ngettext("%(n)s case offered", "%(n)s cases offered", len(offered)) % {"n": len(offered)}

    if answer := carry_out(request, form, run, done=lazy(done, str)(), go=reverse("workload")):
        return answer
    return _page(request, form)


def views(current: str) -> list[Link]:
    """The pages of the team, as tabs."""
    places = [("workload", _("Workload")), ("absences", _("Absences"))]
    return [Link(words, reverse(name), current=name == current) for name, words in places]
