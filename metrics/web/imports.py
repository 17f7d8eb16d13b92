"""Bring files in through the browser: upload, match the columns, try, import, what was rejected (ux, Everywhere)."""

from __future__ import annotations

from datetime import datetime
from itertools import islice
from typing import Any

from django import forms
from django.contrib import messages
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseRedirect,
    StreamingHttpResponse,
)
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods, require_safe

from complaints.web.settings.editing import SettingsForm, carry_out
from complaints.web.settings.frame import show
from core import languages
from core.access import ADMIN, MANAGER, allow
from core.actor import Actor
from core.clock import now
from core.errors import DomainError
from core.importing.reader import Rows, Unreadable
from core.web.fields import Line
from core.web.once import fresh
from core.web.parts import Cell, Chip, Column
from metrics.importing.uploads import KINDS, known_columns, rejected_lines, suggest
from retention.actions import uploads as actions
from retention.models import Upload, UploadState
from retention.models.uploads import AT_WORK

HERE = "settings_imports"
SHOWN = 50
TONES = {UploadState.DONE: "met", UploadState.FAILED: "breach", UploadState.TRIED: "risk"}


class UploadForm(SettingsForm):
    """A file and what it holds. `what`: kind and preset in one, `customers/generic`."""

    what = forms.ChoiceField(label=gettext_lazy("What it holds"), widget=forms.RadioSelect)
    file = forms.FileField(
        label=gettext_lazy("File"),
        help_text=gettext_lazy("CSV, also packed with gzip; the first line names the columns"),
    )
    source = Line(
        label=gettext_lazy("Where it comes from"),
        required=False,
        max_length=40,
        help_text=gettext_lazy("a short name that the records carry; the same name next time brings them up to date"),
    )
    encoding = forms.ChoiceField(
        label=gettext_lazy("Encoding"), choices=[(code, code.upper()) for code in actions.ENCODINGS], initial="utf-8"
    )

    def __init__(self, data: Any = None, files: Any = None) -> None:
        super().__init__(data)
        if files is not None:
            self.files = files
        self.initial = {"what": "customers/generic", "encoding": "utf-8"}

    def build(self) -> None:
        self.fields["what"].choices = [  # type: ignore[attr-defined]
            (f"{kind.code}/{preset}", str(kind.title) if preset == "generic" else f"{kind.title} ({preset})")
            for kind in KINDS.values()
            for preset in kind.presets
        ]

    @property
    def values(self) -> dict[str, Any]:
        kind, _slash, preset = self.cleaned_data["what"].partition("/")
        return {"kind": kind, "preset": preset, **{name: self.cleaned_data[name] for name in ("source", "encoding")}}


@allow(ADMIN, MANAGER)
def index(request: HttpRequest) -> HttpResponse:
    """The newest 50 imports, and the form for another file. Query cost: 1."""
    posted = request.method == "POST"
    form = UploadForm(request.POST if posted else None, request.FILES if posted else None)

    def run(**who: Any) -> Upload:
        return actions.receive(form.cleaned_data["file"], **form.values, **who)

    def go(made: Upload) -> str:
        return reverse("settings_import", args=[made.pk])

    if posted and (answer := carry_out(request, form, run, done="", go=go)):
        return answer
    context = {
        "form": form,
        "columns": [
            Column(_("File")),
            Column(_("What it holds")),
            Column(_("Brought in")),
            Column(_("State")),
            Column(_("Records"), end=True),
            Column(_("Rejected"), end=True),
        ],
        "rows": [_row(one) for one in Upload.objects.select_related("by")[:SHOWN]],
    }
    return show(request, "settings/imports.html", HERE, context, status=form.http_status)


def _row(one: Upload) -> list[Cell]:
    here = languages.local(one.created_at)
    state = UploadState(one.state)
    return [
        Cell(one.file_name, "head", reverse("settings_import", args=[one.pk])),
        Cell(str(KINDS[one.kind].title)),
        Cell(f"{languages.short_day(here, now=languages.local(now()))}, {one.by}"),
        Cell(Chip(str(state.label), TONES.get(state, "pause")), "chip"),
        Cell(languages.number(one.position), "num"),
        Cell(languages.number(one.rejected), "num"),
    ]


@require_http_methods(["GET", "HEAD", "POST"])
@allow(ADMIN, MANAGER)
def one(request: HttpRequest, upload_id: int) -> HttpResponse:
    """One import: its columns, what the trial found, how far it is. POST `do=match|commit|cancel`. Query cost: 1."""
    upload = _find(upload_id)
    if request.method == "POST":
        return _act(request, upload)
    return _page(request, upload)


def _act(request: HttpRequest, upload: Upload) -> HttpResponse:
    by, at = Actor.of(request), now()
    try:
        if request.POST.get("do") == "commit":
            actions.commit(upload, by=by, at=at)
        elif request.POST.get("do") == "cancel":
            actions.cancel(upload, by=by, at=at)
        else:
            required, _optional = known_columns(upload.kind, upload.preset)
            chosen = _chosen(request, upload)
            actions.match(upload, chosen, required=required, by=by, at=at)
    except actions.WrongStep as refusal:
        messages.error(request, str(refusal))  # sent twice, or by two people: the page says how far it is
    except DomainError as refusal:
        return _page(request, upload, chosen=_chosen(request, upload), error=str(refusal))
    return HttpResponseRedirect(reverse("settings_import", args=[upload.pk]))


def _chosen(request: HttpRequest, upload: Upload) -> dict[str, str]:
    known = {name for names in known_columns(upload.kind, upload.preset) for name in names}
    sent = {name: request.POST.get(f"column_{place}", "") for place, name in enumerate(upload.header)}
    return {name: ours if ours in known else "" for name, ours in sent.items()}


def _page(
    request: HttpRequest, upload: Upload, *, chosen: dict[str, str] | None = None, error: str = ""
) -> HttpResponse:
    required, optional = known_columns(upload.kind, upload.preset)
    told = chosen or upload.mapping or suggest(upload.header, upload.kind, upload.preset)
    samples = _samples(upload)
    context = {
        **_state(upload),
        "error": error,
        "nonce": fresh(),
        "may_match": upload.state in (UploadState.NEW, UploadState.TRIED, UploadState.FAILED) and upload.size,
        "open_match": upload.state in (UploadState.NEW, UploadState.FAILED) or bool(error),
        "matches": [
            (f"column_{place}", name, told.get(name, ""), samples[place]) for place, name in enumerate(upload.header)
        ],
        "ours": [*((name, f"{name} *") for name in required), *((name, name) for name in optional)],
    }
    status = 422 if error else 200
    return show(request, "settings/import.html", HERE, context, title=upload.file_name, status=status)


@require_safe
@allow(ADMIN, MANAGER)
def live(request: HttpRequest, upload_id: int) -> HttpResponse:
    """A poll: the part of the page that moves. Query cost: 1."""
    return render(request, "settings/_import_state.html", _state(_find(upload_id)))


def _state(upload: Upload) -> dict[str, Any]:
    """What `_import_state.html` takes."""
    state, working = UploadState(upload.state), upload.state in AT_WORK
    counts = [
        (_("New"), languages.number(upload.created)),
        (_("Brought up to date"), languages.number(upload.updated)),
        (_("Known already, unchanged"), languages.number(upload.unchanged)),
        (_("Rejected"), languages.number(upload.rejected)),
    ]
    return {
        "upload": upload,
        "state_label": str(state.label),
        "state_tone": TONES.get(state, "pause"),
        "working": working,
        "live_url": reverse("settings_import_live", args=[upload.pk]) if working else "",
        "said": _said(upload, now()) if working else "",
        "counts": counts if upload.begun_at else [],
        "problems": [(reason, languages.number(count), line) for reason, count, line in upload.problems],
        "may_cancel": upload.state not in (UploadState.DONE, UploadState.CANCELLED),
        "may_commit": upload.state == UploadState.TRIED and upload.rejected < upload.total,
        "rejects_url": reverse("settings_import_rejects", args=[upload.pk])
        if upload.rejected and upload.size and not working
        else "",
    }


def _said(upload: Upload, at: datetime) -> str:
    """12,000 of 40,000 records, about 3 min left."""
    done = languages.number(upload.position)
    if not upload.total:
        return ngettext("%(n)s record so far", "%(n)s records so far", upload.position) % {"n": done}
    said = _("%(done)s of %(total)s records") % {"done": done, "total": languages.number(upload.total)}
    if upload.begun_at is None or not upload.position:
        return said
    left = (at - upload.begun_at).total_seconds() * (upload.total - upload.position) / upload.position
    minutes = max(1, round(left / 60))
    return said + ", " + ngettext("about %(n)s minute left", "about %(n)s minutes left", minutes) % {"n": minutes}


@require_safe
@allow(ADMIN, MANAGER)
def rejects(request: HttpRequest, upload_id: int) -> HttpResponseBase:
    """What was rejected as CSV: line, reason, the record as it came (safe to open in a spreadsheet, F15)."""
    upload = _find(upload_id)
    path = actions.rejects_of(upload)
    if upload.state in AT_WORK or not path.is_file():
        raise Http404
    answer = StreamingHttpResponse(rejected_lines(upload), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="rejected-{upload.pk}.csv"'
    return answer


def _samples(upload: Upload) -> list[str]:
    """The first value of each column that is not blank, of the first records."""
    found = [""] * len(upload.header)
    path = actions.path_of(upload)
    if not upload.size or not path.is_file():
        return found
    try:
        with Rows(path, upload.encoding) as rows:
            for record in islice(rows, 20):
                for place, value in enumerate(record.cells[: len(found)]):
                    found[place] = found[place] or value.strip()[:60]
    except Unreadable:
        return found
    return found


def _find(upload_id: int) -> Upload:
    found = Upload.objects.select_related("by").filter(pk=upload_id).first()
    if found is None:
        raise Http404
    return found
