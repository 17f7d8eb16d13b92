"""Teams: name, lead, manager, members (mission D3)."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import Count, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from django.views.decorators.http import require_safe

from complaints.actions import teams as actions
from complaints.models import Complaint
from complaints.web.settings import choices
from complaints.web.settings.editing import Part, SettingsForm, carry_out
from complaints.web.settings.frame import in_use, show
from core import languages
from core.access import ADMIN, allow
from core.models import Team, User
from core.web.fields import Line
from core.web.parts import Cell, Chip, Column, Empty, Link

HERE = "settings_teams"


@require_safe
@allow(ADMIN)
def index(request: HttpRequest) -> HttpResponse:
    """Every team with its lead, members and open cases. Query cost: 1 beside session and user."""
    open_cases = (
        Complaint.objects.filter(team=OuterRef("pk"), in_queue=True).order_by().values("team").annotate(n=Count("pk"))
    )
    members = Count("members", filter=Q(members__is_active=True))
    found = Team.objects.select_related("lead").annotate(
        size=members, open=Coalesce(Subquery(open_cases.values("n")), 0)
    )
    new_team = Link(_("New team"), reverse("settings_team_new"), "plus", primary=True)
    context = {
        "columns": [
            Column(_("Team")), Column(_("Lead")), Column(_("Members"), end=True), Column(_("Open cases"), end=True),
            Column(_("State")),
        ],
        "rows": [_row(one) for one in found],
        "empty": Empty("nothing", _("No teams yet"), _("Routing rules send complaints to teams."), [new_team]),
    }  # fmt: skip
    return show(request, "settings/list.html", HERE, context, tools=(new_team,))


def _row(one: Any) -> list[Cell]:
    state = Cell(in_use(True)) if one.is_active else Cell(Chip(in_use(False), "pause"), kind="chip")
    return [
        Cell(one.name, kind="head", url=reverse("settings_team", args=[one.pk])),
        Cell(str(one.lead) if one.lead.is_active else _("%(name)s, not active") % {"name": one.lead}),
        Cell(languages.number(one.size), kind="num"),
        Cell(languages.number(one.open), kind="num"),
        state,
    ]


class TeamForm(SettingsForm):
    name = Line(label=pgettext_lazy("of a thing", "Name"), max_length=80)
    lead = forms.ChoiceField(
        label=gettext_lazy("Lead"),
        help_text=gettext_lazy("sees all cases of the team and takes those that nobody else can"),
    )
    manager = forms.ChoiceField(
        label=gettext_lazy("Manager"),
        required=False,
        help_text=gettext_lazy("is told when a deadline of the team passes"),
    )
    members = forms.MultipleChoiceField(
        label=gettext_lazy("Members"), required=False, widget=forms.CheckboxSelectMultiple
    )
    parts = (Part(gettext_lazy("Members"), ("members",), gettext_lazy("Each person is in one team at most."), "picks"),)

    def build(self) -> None:
        row: Any = self.row
        kept = row.lead_id if row else None
        self.fields["lead"].choices = choices.people(blank="" if row else _("choose"), keep=kept)  # type: ignore[attr-defined]
        kept = row.manager_id if row else None
        self.fields["manager"].choices = choices.managers(blank=_("every manager"), keep=kept)  # type: ignore[attr-defined]
        named = User.objects.filter(Q(is_active=True) | Q(team=row)) if row else User.objects.filter(is_active=True)
        self.fields["members"].choices = [(str(one.pk), _member(one)) for one in named.select_related("team")]  # type: ignore[attr-defined]

    def start(self, row: Any) -> dict[str, Any]:
        members = [str(pk) for pk in User.objects.filter(team=row).values_list("pk", flat=True)]
        return {
            "name": row.name,
            "lead": str(row.lead_id),
            "manager": str(row.manager_id or ""),
            "members": members,
            "is_active": row.is_active,
        }

    def also(self) -> str:
        members = (
            User.objects.filter(team=self.row.pk if self.row else None).order_by("pk").values_list("pk", flat=True)
        )
        return ",".join(map(str, members)) if self.row else ""

    @property
    def people(self) -> list[User]:
        return list(User.objects.filter(pk__in=self.cleaned_data["members"]))

    @property
    def values(self) -> dict[str, Any]:
        given: dict[str, Any] = {
            name: self.cleaned_data[name] for name in ("name", "is_active") if name in self.cleaned_data
        }
        manager = self.cleaned_data["manager"]
        return {
            **given,
            "lead": User.objects.get(pk=self.cleaned_data["lead"]),
            "manager": User.objects.get(pk=manager) if manager else None,
        }


class OldTeamForm(TeamForm):
    is_active = forms.BooleanField(
        label=gettext_lazy("In use"),
        required=False,
        help_text=gettext_lazy("Only while no routing rule names it can it rest."),
    )


def _member(one: User) -> str:
    name = str(one) if one.is_active else _("%(name)s, not active") % {"name": one}
    return f"{name} ({one.team})" if one.team else name


@allow(ADMIN)
def new(request: HttpRequest) -> HttpResponse:
    """A new team."""
    form = TeamForm(request.POST if request.method == "POST" else None)

    def run(**who: Any) -> Team:
        given = form.values
        named = {name: given[name] for name in ("lead", "manager")}
        return actions.create_team(given["name"], **named, members=form.people, **who)

    if request.method == "POST" and (answer := carry_out(request, form, run, done=_("Team made"), go=reverse(HERE))):
        return answer
    context = {"form": form, "submit": _("Make the team"), "back": Link(_("Cancel"), reverse(HERE))}
    return show(request, "settings/form.html", HERE, context, title=_("New team"), status=form.http_status)


@allow(ADMIN)
def team(request: HttpRequest, team_id: int) -> HttpResponse:
    """Change one team."""
    one = Team.objects.filter(pk=team_id).first()
    if one is None:
        raise Http404
    form = OldTeamForm(request.POST if request.method == "POST" else None, row=one)

    def run(**who: Any) -> Team:
        return actions.change_team(one, form.values, members=form.people, **who)

    if request.method == "POST" and (answer := carry_out(request, form, run, done=_("Saved"), go=reverse(HERE))):
        return answer
    context = {"form": form, "back": Link(_("Cancel"), reverse(HERE))}
    return show(request, "settings/form.html", HERE, context, title=one.name, status=form.http_status)
