"""Have whole lists written into files, see how far they are, fetch them (interface, exports)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods, require_safe

from complaints.web.settings.editing import SettingsForm, act, carry_out
from complaints.web.settings.frame import show
from core import languages
from core.access import ADMIN, MANAGER, allow
from core.api.problem import Refusal
from core.clock import now
from core.downloads import download
from core.errors import InvalidInput
from core.models import User
from core.web.fields import Line
from core.web.parts import Cell, Chip, Column
from metrics.actions import exports as actions
from metrics.exporting.resources import RESOURCES
from metrics.models import Export, ExportFormat, ExportState
from metrics.models.exports import AT_WORK

HERE = "settings_exports"
SHOWN = 50
TONES = {ExportState.DONE: "met", ExportState.FAILED: "breach"}


class ExportForm(SettingsForm):
    """What is to be written, and how. `filters`: as in the address of the list; `columns`: names, with commas."""

    resource = forms.ChoiceField(label=gettext_lazy("What it holds"))
    format = forms.ChoiceField(
        label=gettext_lazy("Format"), choices=ExportFormat.choices, initial=ExportFormat.CSV, widget=forms.RadioSelect
    )
    filters = Line(
        label=gettext_lazy("Only some of them"),
        required=False,
        max_length=actions.LONGEST_QUERY,
        help_text=gettext_lazy(
            "filters as in the address of the list, such as status=closed&updated_since=2026-01-01T00:00:00Z"
        ),
    )
    columns = Line(
        label=gettext_lazy("Only these columns"),
        required=False,
        max_length=2_000,
        help_text=gettext_lazy("their names, separated by commas; without any: all of them"),
    )

    def __init__(self, user: User, data: Any = None) -> None:
        self.user = user
        super().__init__(data)
        self.initial = {"format": ExportFormat.CSV}

    def build(self) -> None:
        self.fields["resource"].choices = [  # type: ignore[attr-defined]
            (name, str(one.title)) for name, one in RESOURCES.items() if one.permits(self.user)
        ]

    @property
    def values(self) -> dict[str, Any]:
        """What the action takes."""
        given = QueryDict(self.cleaned_data["filters"].lstrip("?"))
        names = [name.strip() for name in self.cleaned_data["columns"].split(",")]
        return {
            "resource": self.cleaned_data["resource"],
            "format": self.cleaned_data["format"],
            "filters": {name: given.getlist(name) for name in given},
            "fields": [name for name in names if name],
        }


@allow(ADMIN, MANAGER)
def index(request: HttpRequest) -> HttpResponse:
    """The newest 50 exports of one's own, and the form for another. Query cost: 1."""
    posted = request.method == "POST"
    form = ExportForm(request.user, request.POST if posted else None)  # type: ignore[arg-type]

    def run(**who: Any) -> Export:
        values = form.values
        try:
            return actions.start(values.pop("resource"), **values, **who)
        except Refusal as refusal:
            raise _refused(refusal) from refusal

    def go(made: Export) -> str:
        return reverse("settings_export", args=[made.pk])

    if posted and (answer := carry_out(request, form, run, done="", go=go)):
        return answer
    context = {
        "form": form,
        "columns": [
            Column(_("What it holds")),
            Column(_("Format")),
            Column(_("Asked for")),
            Column(_("State")),
            Column(_("Rows"), end=True),
            Column(_("File")),
        ],
        "rows": [_row(one) for one in _own(request)[:SHOWN]],
    }
    return show(request, "settings/exports.html", HERE, context, status=form.http_status)


def _refused(refusal: Refusal) -> InvalidInput:
    """What the list says of filters and columns, at the field of the form where they were typed."""
    error = refusal.errors[0]
    part, _slash, name = error.pointer.removeprefix("/").partition("/")
    if part == "fields":
        return InvalidInput(error.message, code=error.code, field="columns")
    return InvalidInput(f"{name}: {error.message}", code=error.code, field="filters")


def _own(request: HttpRequest) -> QuerySet[Export]:
    return Export.objects.filter(by=request.user.pk)


def _row(one: Export) -> list[Cell]:
    here, state = languages.local(one.created_at), ExportState(one.state)
    ready = actions.is_ready(one, at=now())
    return [
        Cell(title_of(one), "head", reverse("settings_export", args=[one.pk])),
        Cell(one.format.upper()),
        Cell(languages.short_day(here, now=languages.local(now()))),
        Cell(Chip(str(state.label), TONES.get(state, "pause")), "chip"),
        Cell(languages.number(one.lines), "num"),
        Cell(_("Download"), "", reverse("settings_export_content", args=[one.pk])) if ready else Cell(""),
    ]


def title_of(one: Export) -> str:
    """What it holds, in words."""
    known = RESOURCES.get(one.resource)
    return str(known.title) if known else one.resource


@require_http_methods(["GET", "HEAD", "POST"])
@allow(ADMIN, MANAGER)
def one(request: HttpRequest, export_id: int) -> HttpResponse:
    """One export: how far it is, and its file. POST calls it off or throws the file away. Query cost: 1."""
    export = _find(request, export_id)
    if request.method == "POST":
        done = _("Cancelled.") if export.state in AT_WORK else _("The file is gone.")
        return act(
            request,
            lambda **who: actions.cancel(export, **who),
            done=done,
            go=reverse("settings_export", args=[export.pk]),
        )
    return show(request, "settings/export.html", HERE, _state(export), title=title_of(export))


@require_safe
@allow(ADMIN, MANAGER)
def live(request: HttpRequest, export_id: int) -> HttpResponse:
    """A poll: the part of the page that moves. Query cost: 1."""
    return render(request, "settings/_export_state.html", _state(_find(request, export_id)))


@require_safe
@allow(ADMIN, MANAGER)
def content(request: HttpRequest, export_id: int) -> HttpResponseBase:
    """The finished file; a download that broke off goes on."""
    export = _find(request, export_id)
    if not actions.is_ready(export, at=now()):
        raise Http404
    return download(request, export, opened=lambda: actions.opened(export))


def _state(export: Export) -> dict[str, Any]:
    """What `_export_state.html` takes."""
    state, working = ExportState(export.state), export.state in AT_WORK
    ready = actions.is_ready(export, at=now())
    facts = [(_("Format"), str(ExportFormat(export.format).label))]
    if export.query:
        facts.append((_("Only"), QueryDict(export.query).urlencode(safe=":/")))
    if export.fields:
        facts.append((_("Columns"), ", ".join(export.fields)))
    if export.state == ExportState.DONE and export.expires_at is not None:
        here = languages.local(export.expires_at)
        facts += [
            (_("Rows"), languages.number(export.lines)),
            (_("Kept until"), languages.short_day(here, now=languages.local(now()))),
        ]
    return {
        "export": export,
        "state_label": str(state.label),
        "state_tone": TONES.get(state, "pause"),
        "working": working,
        "live_url": reverse("settings_export_live", args=[export.pk]) if working else "",
        "said": _said(export, now()) if working else "",
        "facts": facts,
        "content_url": reverse("settings_export_content", args=[export.pk]) if ready else "",
        "may_cancel": working or ready,
    }


def _said(export: Export, at: datetime) -> str:
    """12,000 of 40,000 rows, about 3 minutes left."""
    if not export.total:
        return _("It begins within seconds.")
    done, total = languages.number(export.position), languages.number(export.total)
    said = _("%(done)s of %(total)s rows") % {"done": done, "total": total}
    if export.begun_at is None or not export.position:
        return said
    left = (at - export.begun_at).total_seconds() * max(0, export.total - export.position) / export.position
    minutes = max(1, round(left / 60))
    return said + ", " + ngettext("about %(n)s minute left", "about %(n)s minutes left", minutes) % {"n": minutes}


def _find(request: HttpRequest, export_id: int) -> Export:
    found = _own(request).filter(pk=export_id).first()
    if found is None:
        raise Http404
    return found
