"""Users: who works here, in which role, with how much to do (mission D3; domain, Roles and visibility)."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import Any

from django import forms
from django.db.models import Exists, OuterRef, Prefetch, Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from complaints.actions import staff
from complaints.web.settings import choices, user_parts
from complaints.web.settings.editing import SettingsForm, carry_out
from complaints.web.settings.frame import PAGE, key_of, show, words_of
from core import languages
from core.access import ADMIN, AGENT, LEAD, MANAGER, allow
from core.actions import people
from core.clock import now
from core.models import Absence, Team, User
from core.web.fields import Line
from core.web.parts import Cell, Chip, Column, Empty, Link

HERE = "settings_users"
ROLE_WORDS = {
    AGENT: gettext_lazy("Agent"),
    LEAD: gettext_lazy("Lead"),
    MANAGER: gettext_lazy("Manager"),
    ADMIN: gettext_lazy("Administrator"),
}
STATES = {
    "active": gettext_lazy("active"),
    "away": gettext_lazy("away now"),
    "inactive": gettext_lazy("not active"),
    "all": gettext_lazy("all"),
}
FLAGS = {AGENT: "is_agent", MANAGER: "is_manager", ADMIN: "is_admin"}


@require_safe
@allow(ADMIN)
def index(request: HttpRequest) -> HttpResponse:
    """Users by name, 50 a page, filtered. Query cost: 3 beside session and user, whatever their number."""
    at, page = now(), max(1, min(key_of(request, "page") or 1, 10_000))
    filters = {
        "q": words_of(request),
        "role": _one_of(request, "role", ROLE_WORDS),
        "team": str(key_of(request, "team") or ""),
        "state": _one_of(request, "state", STATES) or "active",
    }
    found = list(_found(filters, at)[(page - 1) * PAGE : page * PAGE + 1])
    new = Link(_("New user"), reverse("settings_user_new"), "plus", primary=True)
    narrowed = any(filters[name] for name in ("q", "role", "team")) or filters["state"] != "active"
    if narrowed:
        clear = Link(_("Clear filters"), reverse(HERE), "close", primary=True)
        empty = Empty("match", _("Nobody found"), _("No user fits all of these filters."), [clear])
    else:
        empty = Empty("nothing", _("No users yet"), _("Agents, leads, managers and administrators stand here."), [new])
    context = {
        "filters": filters,
        "roles": [(key, str(name), key == filters["role"]) for key, name in ROLE_WORDS.items()],
        "teams": [(key, name, key == filters["team"]) for key, name in choices.teams(keep=key_of(request, "team"))],
        "states": [(key, str(name), key == filters["state"]) for key, name in STATES.items()],
        "narrowed": narrowed,
        "columns": [
            Column(_("User")), Column(_("Roles")), Column(_("Team")), Column(_("Languages")),
            Column(_("Open cases"), end=True), Column(_("State")),
        ],
        "rows": [_row(one) for one in found[:PAGE]],
        "empty": empty,
        "previous_url": _page_url(filters, page - 1) if page > 1 else "",
        "next_url": _page_url(filters, page + 1) if len(found) > PAGE else "",
    }  # fmt: skip
    if request.htmx:  # type: ignore[attr-defined]
        return render(request, "settings/_users.html", context)
    return show(request, "settings/users.html", HERE, context, tools=(new,))


def _found(filters: dict[str, str], at: datetime) -> Any:
    away = Absence.objects.covering(at).filter(user=OuterRef("pk"))
    led = Prefetch("leads", Team.objects.filter(is_active=True))
    found = User.objects.select_related("team", "workload").prefetch_related(led).annotate(away=Exists(away))
    if words := filters["q"]:
        found = found.filter(Q(name__icontains=words) | Q(username__icontains=words) | Q(email__icontains=words))
    if filters["role"] == LEAD:
        found = found.filter(Exists(Team.objects.filter(lead=OuterRef("pk"), is_active=True)))
    elif filters["role"]:
        found = found.filter(**{FLAGS[filters["role"]]: True})
    if filters["team"]:
        found = found.filter(team=int(filters["team"]))
    if filters["state"] != "all":
        found = found.filter(is_active=filters["state"] != "inactive")
    if filters["state"] == "away":
        found = found.filter(away=True)
    return found.order_by("name", "username", "pk")


def _row(one: Any) -> list[Cell]:
    roles = [
        word for role, word in ROLE_WORDS.items() if (one.leads.all() if role == LEAD else getattr(one, FLAGS[role]))
    ]
    workload = getattr(one, "workload", None)
    load = f"{languages.number(workload.open_count if workload else 0)} / {languages.number(one.capacity)}"
    if not one.is_active:
        state = Cell(Chip(_("not active"), "pause"), kind="chip")
    else:
        state = Cell(Chip(_("away"), "risk", "snooze"), kind="chip") if one.away else Cell(_("active"))
    return [
        Cell(str(one), kind="head", url=reverse("settings_user", args=[one.pk]), title=one.username),
        Cell(", ".join(str(word) for word in roles) or languages.DASH),
        Cell(one.team.name if one.team else languages.DASH),
        Cell(", ".join(languages.language_name(code) for code in one.languages) or languages.DASH),
        Cell(load, kind="num"),
        state,
    ]


def _page_url(filters: dict[str, str], page: int) -> str:
    kept = {name: value for name, value in filters.items() if value}
    return f"{reverse(HERE)}?{urlencode({**kept, 'page': str(page)})}"


def _one_of(request: HttpRequest, name: str, known: Any) -> str:
    value = request.GET.get(name, "")
    return value if value in known else ""


class UserForm(SettingsForm):
    """What an administrator sets about somebody; everything else is theirs or an action of its own (case F08)."""

    name = Line(
        label=gettext_lazy("Name"), max_length=120, help_text=gettext_lazy("Customers see it beside the answers.")
    )
    username = Line(label=gettext_lazy("User name"), max_length=80, help_text=gettext_lazy("for signing in"))
    email = forms.EmailField(
        label=gettext_lazy("E-mail"), max_length=254, required=False,
        help_text=gettext_lazy("for deadlines, answers of customers and password links"),
    )  # fmt: skip
    roles = forms.MultipleChoiceField(
        label=gettext_lazy("Roles"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        choices=[(role, word) for role, word in ROLE_WORDS.items() if role != LEAD],
        help_text=gettext_lazy("They add up. Whoever is named as the lead of a team is a lead."),
    )
    team = forms.ChoiceField(label=gettext_lazy("Team"), required=False)
    languages = forms.MultipleChoiceField(
        label=gettext_lazy("Languages spoken"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy("Routing gives complaints only to those who speak their language."),
    )
    capacity = forms.IntegerField(label=gettext_lazy("Capacity (open cases)"), min_value=1, max_value=9999, initial=20)
    deputy = forms.ChoiceField(
        label=gettext_lazy("Deputy"),
        required=False,
        help_text=gettext_lazy("takes over when this person is away or leaves"),
    )

    def build(self) -> None:
        row: Any = self.row
        self.fields["languages"].choices = choices.spoken(row.languages if row else None)  # type: ignore[attr-defined]
        nobody = _("nobody: the lead of the team")
        keep_team, keep, without = (row.team_id, row.deputy_id, row.pk) if row else (None, None, None)
        self.fields["team"].choices = choices.teams(blank=_("none"), keep=keep_team)  # type: ignore[attr-defined]
        self.fields["deputy"].choices = choices.people(blank=nobody, keep=keep, without=without)  # type: ignore[attr-defined]

    def start(self, row: Any) -> dict[str, Any]:
        roles = [role for role, flag in FLAGS.items() if getattr(row, flag)]
        plain = {name: getattr(row, name) for name in ("name", "username", "email", "languages", "capacity")}
        return {**plain, "roles": roles, "team": str(row.team_id or ""), "deputy": str(row.deputy_id or "")}

    @property
    def values(self) -> dict[str, Any]:
        given = self.cleaned_data
        plain = {name: given[name] for name in ("name", "username", "email", "languages", "capacity")}
        flags = {flag: role in given["roles"] for role, flag in FLAGS.items()}
        team = Team.objects.get(pk=given["team"]) if given["team"] else None
        deputy = User.objects.get(pk=given["deputy"]) if given["deputy"] else None
        return {**plain, **flags, "team": team, "deputy": deputy}


class NewUserForm(UserForm):
    send_link = forms.BooleanField(
        label=gettext_lazy("Mail a link to set the password"), required=False, initial=True,
        help_text=gettext_lazy("It works once, for one day. Nobody else ever knows the password."),
    )  # fmt: skip


@allow(ADMIN)
def new(request: HttpRequest) -> HttpResponse:
    """A new user, without a password until they set one through the link."""
    form = NewUserForm(request.POST if request.method == "POST" else None)

    def run(**who: Any) -> User:
        user = staff.create_user(form.values, **who)
        if form.cleaned_data["send_link"]:
            people.send_link(user, link=user_parts.password_link(user), **who)
        return user

    if request.method == "POST" and (answer := carry_out(request, form, run, done=_("User made"), go=_address)):
        return answer
    context = {"form": form, "submit": _("Make the user"), "back": Link(_("Cancel"), reverse(HERE))}
    return show(request, "settings/form.html", HERE, context, title=_("New user"), status=form.http_status)


@allow(ADMIN)
def user(request: HttpRequest, user_id: int) -> HttpResponse:
    """One user: the form, absences, sign-in, leaving. Query cost: 9."""
    one = find(user_id)
    form = UserForm(request.POST if request.method == "POST" else None, row=one)
    if request.method == "POST":
        run = partial(_change, one, form)
        if answer := carry_out(request, form, run, done=_("Saved"), go=_address(one)):
            return answer
    return page(request, one, form)


def _change(one: User, form: UserForm, **who: Any) -> User:
    changed, _moved = staff.change_user(one, form.values, **who)
    return changed


def page(request: HttpRequest, one: User, form: UserForm | None = None, absence_form: Any = None) -> HttpResponse:
    """The page of one user with a form as it was sent, where one was refused."""
    context = {
        "one": one,
        "form": form or UserForm(row=one),
        "absence_form": absence_form or user_parts.AbsenceForm(),
        **user_parts.facts(one, now()),
    }
    refused = absence_form or form
    status = refused.http_status if refused else 200
    return show(request, "settings/user.html", HERE, context, title=str(one), note=one.username, status=status)


def find(user_id: int) -> User:
    found = User.objects.select_related("team", "deputy", "workload").filter(pk=user_id).first()
    if found is None:
        raise Http404
    return found


def _address(one: User) -> str:
    return reverse("settings_user", args=[one.pk])
