"""Calendars in the settings: their weeks, an editor of the next version, history, a trial (mission E3; SLA 3)."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import Prefetch
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from django.views.decorators.http import require_POST, require_safe

from complaints.actions import sla_edits
from complaints.models import SlaEdit
from complaints.web.settings import calendar_words, week
from complaints.web.settings.calendar_form import HoursForm
from complaints.web.settings.calendar_try import TryForm
from complaints.web.settings.edit_words import CALENDAR_MODES
from complaints.web.settings.editing import SettingsForm, carry_out
from complaints.web.settings.frame import show
from core import calendar_uses
from core.access import ADMIN, MANAGER, allow
from core.actions import calendars as actions
from core.calendar_source import Source
from core.clock import now
from core.models import Calendar, CalendarVersion, User
from core.web.fields import Line
from core.web.parts import Empty, Link

HERE = "settings_sla"
LIST = "settings_calendars"
VERSIONS = 20


def find(calendar_id: int) -> Calendar:
    """The calendar, or 404."""
    found = Calendar.objects.filter(pk=calendar_id).first()
    if found is None:
        raise Http404
    return found


def versions_of(calendar: Calendar) -> list[CalendarVersion]:
    """From the newest back. Query cost: 1."""
    found = list(CalendarVersion.objects.filter(calendar=calendar).order_by("-number")[: VERSIONS + 1])
    for one in found:
        one.calendar = calendar
    return found


@require_safe
@allow(ADMIN, MANAGER)
def index(request: HttpRequest) -> HttpResponse:
    """Every calendar with the drawn week of what is in force, else of its draft. Query cost: 2 beside session, user."""
    at = now()
    monday = week.monday_of(request.GET.get("week", ""), at)
    newest_first = Prefetch("versions", CalendarVersion.objects.order_by("-number"))
    shown = []
    for one in Calendar.objects.prefetch_related(newest_first).order_by("-is_active", "name"):
        versions: list[CalendarVersion] = list(one.versions.all())
        in_force = next((each for each in versions if each.published_at is not None), None)
        drawn = in_force or (versions[0] if versions else None)
        if drawn is not None:
            drawn.calendar = one
        shown.append(
            {
                "name": one.name,
                "url": reverse("settings_calendar", args=[one.pk]),
                "rests": not one.is_active,
                "unpublished": in_force is None,
                "draft": in_force is not None and any(each.published_at is None for each in versions),
                "week": week.picture(drawn, monday, at) if drawn is not None else None,
            }
        )
    new_one = Link(_("New calendar"), reverse("settings_calendar_new"), "plus", primary=True)
    tools = (new_one,) if _edits(request) else ()
    context = {
        "calendars": shown,
        "week": week.words(monday, at),
        "before_url": f"{reverse(LIST)}?week={week.shifted(monday, -1)}",
        "after_url": f"{reverse(LIST)}?week={week.shifted(monday, 1)}",
        "empty": Empty("nothing", _("No calendars yet"), _("A calendar says when somebody is there to work."), tools),
    }
    return show(request, "settings/calendars.html", HERE, context, title=_("Calendars"), tools=tools)


class NameForm(SettingsForm):
    name = Line(label=pgettext_lazy("of a thing", "Name"), max_length=80)
    is_active = forms.BooleanField(
        label=gettext_lazy("In use"),
        required=False,
        help_text=gettext_lazy("Only while no policy and no rule pack counts by it can it rest."),
    )

    def also(self) -> str:
        return str(actions.version_of(self.row)) if isinstance(self.row, Calendar) else ""


class ModeForm(SettingsForm):
    """From when the draft is to hold; its preview comes first."""

    ids = "mode_%s"
    mode = forms.ChoiceField(
        label=gettext_lazy("From when"), choices=[(mode, name) for mode, (name, _hint) in CALENDAR_MODES.items()],
        initial=SlaEdit.Mode.NEW_ONLY, widget=forms.RadioSelect,
    )  # fmt: skip

    def build(self) -> None:
        hints = {mode: str(hint) for mode, (_name, hint) in CALENDAR_MODES.items()}
        self.fields["mode"].hints = hints  # type: ignore[attr-defined]

    def start(self, row: Any) -> dict[str, Any]:
        return {"mode": SlaEdit.Mode.NEW_ONLY}

    def also(self) -> str:
        return str(actions.version_of(self.row)) if isinstance(self.row, Calendar) else ""


class DiscardForm(SettingsForm):
    """Nothing but whether the draft is still the one that was shown."""

    ids = "discard_%s"

    def also(self) -> str:
        return str(actions.version_of(self.row)) if isinstance(self.row, Calendar) else ""


@allow(ADMIN, MANAGER)
def calendar(request: HttpRequest, calendar_id: int) -> HttpResponse:
    """One calendar: what is in force, its draft, what uses it, its history, a trial; POST renames it or lets it rest.

    Query cost: 8 beside session and user.
    """
    one = find(calendar_id)
    form = NameForm(request.POST if request.method == "POST" and _edits(request) else None, row=one)

    def run(**who: Any) -> Calendar:
        return actions.change_calendar(one, form.values, **who)

    if request.method == "POST":
        if not _edits(request):
            raise Http404
        if answer := carry_out(request, form, run, done=_("Saved"), go=reverse("settings_calendar", args=[one.pk])):
            return answer
    return _page(request, one, form=form, mode_form=ModeForm(row=one))


def _page(request: HttpRequest, one: Calendar, *, form: NameForm, mode_form: ModeForm) -> HttpResponse:
    versions = versions_of(one)
    draft = next((each for each in versions if each.published_at is None), None)
    in_force = next((each for each in versions if each.published_at is not None), None)
    rows = calendar_words.history(versions)[:VERSIONS]
    try_form = TryForm(request.GET if "try" in request.GET else None, versions) if versions else None
    trial = try_form.answer() if try_form is not None and try_form.is_bound else None
    if request.htmx:  # type: ignore[attr-defined]
        return render(request, "settings/_calendar_trial.html", {"trial": trial})
    here = reverse("settings_calendar", args=[one.pk])
    edit = Link(
        _("Go on with the draft") if draft else _("Edit the hours"),
        reverse("settings_calendar_draft", args=[one.pk]),
        "settings",
        primary=True,
    )
    context: dict[str, Any] = {
        "calendar": one,
        "edits": _edits(request),
        "draft": next((row for row in rows if row.is_draft), None),
        "unpublished": in_force is None,
        "mode_form": mode_form,
        "discard_form": DiscardForm(row=one),
        "uses": calendar_uses.of(one.pk),
        "history": rows,
        "try_form": try_form,
        "trial": trial,
        "form": form,
        "here": here,
        **_drawn(request, in_force or draft, f"{here}?"),
    }
    tools = (edit,) if _edits(request) else ()
    status = form.http_status if form.is_bound else mode_form.http_status
    return show(request, "settings/calendar.html", HERE, context, title=one.name, tools=tools, status=status)


def _drawn(request: HttpRequest, version: CalendarVersion | None, base: str) -> dict[str, Any]:
    """The drawn week with links to its neighbours."""
    at = now()
    monday = week.monday_of(request.GET.get("week", ""), at)
    return {
        "drawn": week.picture(version, monday, at) if version is not None else None,
        "week": week.words(monday, at),
        "before_url": f"{base}week={week.shifted(monday, -1)}#week",
        "after_url": f"{base}week={week.shifted(monday, 1)}#week",
    }


@allow(ADMIN)
def new(request: HttpRequest) -> HttpResponse:
    """A calendar; its hours are a draft until they are published."""
    form = HoursForm(request.POST if request.method == "POST" else None)

    def run(**who: Any) -> Calendar:
        return actions.create_calendar(form.cleaned_data["name"], form.cleaned_data["source"], **who)

    def go(made: Calendar) -> str:
        return _next(form, made)

    back = Link(_("Cancel"), reverse(LIST))
    if answer := _edited(request, form, run, go):
        return answer
    return _editor(request, form, _("New calendar"), back, None)


@allow(ADMIN)
def draft(request: HttpRequest, calendar_id: int) -> HttpResponse:
    """The editor of a calendar's next version. Query cost: 6 beside session and user, 14 more to save."""
    one = find(calendar_id)
    form = HoursForm(request.POST if request.method == "POST" else None, row=one)

    def run(**who: Any) -> CalendarVersion:
        return actions.save_draft(one, form.cleaned_data["source"], **who)

    def go(_saved: CalendarVersion) -> str:
        return _next(form, one)

    back = Link(_("Cancel"), reverse("settings_calendar", args=[one.pk]))
    if answer := _edited(request, form, run, go):
        return answer
    return _editor(request, form, one.name, back, one)


def _edited(request: HttpRequest, form: HoursForm, run: Any, go: Any) -> HttpResponse | None:
    if request.method != "POST" or request.POST.get("do") == "look":
        return None
    return carry_out(request, form, run, done=_("Draft saved. Nothing has changed for open complaints."), go=go)


def _editor(request: HttpRequest, form: HoursForm, title: str, back: Link, one: Calendar | None) -> HttpResponse:
    """The editor; asked to look first, with the week as it would be."""
    looked, status = None, form.http_status
    if request.method == "POST" and request.POST.get("do") == "look":
        status = 200 if form.is_valid() else 422
        if form.is_valid():
            at, named = now(), one or Calendar(name=form.cleaned_data["name"])
            number = (versions_of(one)[:1] or [CalendarVersion(number=1)])[0].number if one else 1
            shown = CalendarVersion(calendar=named, number=number)
            source = Source.parse(form.cleaned_data["source"])
            looked = week.picture(shown, week.monday_of("", at), at, source)
    context = {"form": form, "looked": looked, "back": back, "is_new": one is None}
    return show(request, "settings/calendar_edit.html", HERE, context, title=title, status=status)


def _next(form: HoursForm, one: Calendar) -> str:
    """Where the button that was pressed leads."""
    names = {
        "holidays": "settings_calendar_holidays",
        "file": "settings_calendar_file",
        "rows": "settings_calendar_draft",
    }
    address = reverse(names.get(form.cleaned_data.get("do") or "save", "settings_calendar"), args=[one.pk])
    return address + ("#holidays" if form.cleaned_data.get("do") == "rows" else "")


@require_POST
@allow(ADMIN)
def discard(request: HttpRequest, calendar_id: int) -> HttpResponse:
    """Throw the draft away."""
    one = find(calendar_id)
    form = DiscardForm(request.POST, row=one)

    def run(**who: Any) -> None:
        actions.discard_draft(one, **who)

    go = reverse("settings_calendar", args=[one.pk])
    if answer := carry_out(request, form, run, done=_("Draft thrown away. What is in force stays."), go=go):
        return answer
    for said in form.non_field_errors():
        messages.error(request, str(said))
    return HttpResponseRedirect(go)


@require_POST
@allow(ADMIN)
def preview(request: HttpRequest, calendar_id: int) -> HttpResponse:
    """Count what publishing the draft would change, and show it (`settings_sla_edit`)."""
    one = find(calendar_id)
    form = ModeForm(request.POST, row=one)

    def run(**who: Any) -> SlaEdit:
        found = actions.draft_of(one)
        if found is None:
            raise actions.NoDraft
        return sla_edits.preview(calendar_version=found, mode=form.cleaned_data["mode"], **who)

    def go(edit: SlaEdit) -> str:
        return reverse("settings_sla_edit", args=[edit.pk])

    if answer := carry_out(request, form, run, done="", go=go):
        return answer
    return _page(request, one, form=NameForm(row=one), mode_form=form)


def _edits(request: HttpRequest) -> bool:
    """Managers read, administrators edit."""
    user: User = request.user  # type: ignore[assignment]
    return ADMIN in user.roles
