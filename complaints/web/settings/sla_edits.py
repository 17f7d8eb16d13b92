"""What an edit of a calendar or of the policies would change, and did: preview, choice, progress, result (SLA 3)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_POST, require_safe

from complaints.actions import sla_edits as actions
from complaints.models import ClockKind, Complaint, SlaEdit
from complaints.web.names import name_of
from complaints.web.settings.frame import PAGE, key_of, show
from complaints.web.settings.press import Press, press
from core import languages, trail
from core.access import ADMIN, MANAGER, allow
from core.clock import now
from core.instants import parse_instant
from core.web.parts import Cell, Chip, Column, Empty, Link, Option

HERE = "settings_sla"
Mode, Status = SlaEdit.Mode, SlaEdit.Status
AT_WORK = (Status.COUNTING, Status.APPLYING)
TONES = {Status.COUNTED: "note", Status.DONE: "ok", Status.DROPPED: "pause"}
POLICY_WORDS: dict[str, str | Promise] = {
    Mode.NEW_ONLY: gettext_lazy("Open complaints keep the policy they were given; only those that come in from now on "
                                "are given the new ones."),
    Mode.FROM_NOW: gettext_lazy("Open complaints are given the policy that now matches, counted from their receipt; "
                                "time already worked is kept, and no new deadline lies before the change."),
}  # fmt: skip
CALENDAR_WORDS: dict[str, str | Promise] = {
    Mode.NEW_ONLY: gettext_lazy("Open complaints go on by the hours they began with; only those that come in from now "
                                "on go by the new ones."),
    Mode.FROM_NOW: gettext_lazy("Open complaints keep the working time of the old hours up to now and go on by the new "
                                "ones."),
    Mode.RETROACTIVE: gettext_lazy("The old hours were wrong: deadlines of open complaints are counted anew from their "
                                   "receipt, as if the new hours had always held. What was missed stays missed."),
}  # fmt: skip


class ModeForm(Press):
    """From when the change is to hold."""

    mode = forms.ChoiceField(choices=Mode.choices)


@require_safe
@allow(ADMIN, MANAGER)
def index(request: HttpRequest) -> HttpResponse:
    """Edits of calendars and policies, newest first, 50 a page. Query cost: 1 beside session and user."""
    found = SlaEdit.objects.select_related("calendar_version__calendar", "sla_version").order_by("-pk")
    if before := key_of(request, "before"):
        found = found.filter(pk__lt=before)
    listed = list(found[: PAGE + 1])
    at = now()
    rows = [
        [
            Cell(what(one), "head", reverse("settings_sla_edit", args=[one.pk])),
            Cell(Chip(str(one.get_status_display()), TONES.get(Status(one.status), "risk")), "chip"),
            Cell(str(one.get_mode_display())),
            Cell(name_of(one.created_by_id) or languages.DASH),
            Cell(languages.near(one.at or one.created_at, at)),
            Cell(languages.number(one.found.get("moved", 0)), "num"),
        ]
        for one in listed[:PAGE]
    ]
    nothing = _("Whoever changes a calendar or the policies sees first what that does to open complaints.")
    context = {
        "lead": _("Every preview and every change that was applied, with how many deadlines it moved."),
        "columns": [Column(_("What")), Column(_("State")), Column(_("Holds for")), Column(_("Who")), Column(_("When")),
                    Column(_("Deadlines moved"), end=True)],
        "rows": rows,
        "empty": Empty("nothing", _("Nothing was changed yet"), nothing, []),
        "next_url": f"{reverse('settings_sla_edits')}?before={listed[PAGE - 1].pk}" if len(listed) > PAGE else "",
        "previous_url": "",
    }  # fmt: skip
    return show(request, "settings/list.html", HERE, context, title=_("Changes of deadlines"))


@require_safe
@allow(ADMIN, MANAGER)
def edit(request: HttpRequest, edit_id: int) -> HttpResponse:
    """One edit. While it is at work an htmx poll asks with what it has seen: 204 when nothing moved, else the page's
    changing part. Query cost: at most 5 beside session and user."""
    one = _find(edit_id)
    if request.htmx:  # type: ignore[attr-defined]
        if request.GET.get("seen") == _seen(one):
            return HttpResponse(status=204)
        return render(request, "settings/_sla_edit.html", context_of(request, one))
    tools = (Link(_("Earlier changes"), reverse("settings_sla_edits"), "trail"),)
    return show(request, "settings/sla_edit.html", HERE, context_of(request, one), title=what(one), tools=tools)


@require_POST
@allow(ADMIN)
def apply(request: HttpRequest, edit_id: int) -> HttpResponse:
    """Publish what was previewed and take the open complaints along."""
    one = _find(edit_id)

    def run(_sent: Press, **who: Any) -> SlaEdit:
        return actions.apply(one, **who)

    return press(request, run, go=_here(one), back=_here(one))


@require_POST
@allow(ADMIN)
def drop(request: HttpRequest, edit_id: int) -> HttpResponse:
    """Give the preview up; the draft stays."""
    one = _find(edit_id)

    def run(_sent: Press, **who: Any) -> SlaEdit:
        return actions.drop(one, **who)

    done = _("Preview dropped; the draft is still there")
    return press(request, run, done=done, go=_origin(one).url, back=_here(one))


@require_POST
@allow(ADMIN)
def mode(request: HttpRequest, edit_id: int) -> HttpResponse:
    """Count again, as another mode would have it; what is applied is always what was counted."""
    one = _find(edit_id)
    form = ModeForm(request.POST)

    def run(_sent: Press, **who: Any) -> SlaEdit:
        chosen = form.cleaned_data["mode"]
        return actions.preview(calendar_version=one.calendar_version, sla_version=one.sla_version, mode=chosen, **who)

    return press(request, run, go=_here, back=_here(one), form=form)


def what(one: SlaEdit) -> str:
    """What is edited: Policies, version 8; Calendar Lisbon desk, version 4."""
    if one.calendar_version is not None:
        said = {"name": one.calendar_version.calendar.name, "number": one.calendar_version.number}
        return _("Calendar %(name)s, version %(number)s") % said
    if one.sla_version is not None:
        return _("Policies, version %(number)s") % {"number": one.sla_version.number}
    return _("A draft that was discarded")


def context_of(request: HttpRequest, one: SlaEdit) -> dict[str, Any]:
    """Query cost: at most 3: whether the draft has changed since, the examples that the reader may see."""
    said = actions.progress(one)
    may_edit = ADMIN in request.user.roles  # type: ignore[union-attr]
    stale = one.status in (Status.COUNTING, Status.COUNTED) and _changed_since(one)
    examples, hidden = _examples(request, said["examples"])
    at_work = one.status in AT_WORK
    return {
        "edit": one,
        "at_work": at_work,
        "poll_url": f"{_here(one)}?seen={_seen(one)}" if at_work else "",
        "here": _here(one),
        "percent": said["percent"],
        "progress": _progress_words(one, said),
        "headline": _headline(one, said),
        "facts": _facts(one, said),
        "stale": stale,
        "examples": examples,
        "columns": [
            Column(_("Complaint")),
            Column(_("Clock")),
            Column(_("Deadline before")),
            Column(_("Deadline after")),
            Column(_("Moves by")),
        ],
        "hidden": hidden,
        "may_edit": may_edit,
        "may_apply": may_edit and one.status == Status.COUNTED and not stale,
        "may_drop": may_edit and one.status in (Status.COUNTING, Status.COUNTED),
        "may_choose": may_edit and one.status in (Status.COUNTING, Status.COUNTED),
        "modes": modes(one),
        "who": _who(one),
        "origin": _origin(one),
        "press": Press(),
    }


def modes(one: SlaEdit) -> list[Option]:
    """From when the change may hold, with what that means for open complaints."""
    words = POLICY_WORDS if one.calendar_version_id is None else CALENDAR_WORDS
    return [
        Option(str(value), str(Mode(value).label), str(text), value == one.mode, f"mode-{value}")
        for value, text in words.items()
    ]


def _progress_words(one: SlaEdit, said: dict[str, Any]) -> str:
    numbers = {"looked": languages.number(said["looked"]), "total": languages.number(said["total"])}
    if one.status == Status.COUNTING:
        return _("%(looked)s of %(total)s open complaints looked at") % numbers
    if one.found.get("settled"):
        return _("Looking once more for complaints that came in meanwhile: %(looked)s of %(total)s") % numbers
    return _("%(looked)s of %(total)s open complaints taken along") % numbers


def _headline(one: SlaEdit, said: dict[str, Any]) -> str:
    """The result in a sentence."""
    n = said["moved"]
    if one.mode == Mode.NEW_ONLY:
        return _("No deadline of an open complaint moves")
    shown = {"n": languages.number(n)}
    if one.status == Status.DONE:
        return ngettext("%(n)s deadline was moved", "%(n)s deadlines were moved", n) % shown
    if one.status == Status.APPLYING:
        return ngettext("%(n)s deadline moved so far", "%(n)s deadlines moved so far", n) % shown
    if one.status == Status.COUNTING:
        return ngettext("%(n)s deadline would move, so far", "%(n)s deadlines would move, so far", n) % shown
    return ngettext("%(n)s deadline would move", "%(n)s deadlines would move", n) % shown


def _facts(one: SlaEdit, said: dict[str, Any]) -> list[tuple[str, str]]:
    found = [
        (_("Open complaints"), languages.number(said["total"])),
        (_("Deadlines that move earlier"), languages.number(said["earlier"])),
        (_("Deadlines that move later"), languages.number(said["later"])),
        (_("Due at once"), languages.number(said["late_at_once"])),
    ]
    return found


def _examples(request: HttpRequest, found: list[dict[str, Any]]) -> tuple[list[list[Cell]], str]:
    """Rows of the deadlines that move most, of cases the reader may see, and how many are left out. Query cost: 1."""
    references = {one["reference"] for one in found}
    visible = set(
        Complaint.objects.visible_to(request.user)  # type: ignore[arg-type]
        .filter(reference__in=references)
        .values_list("reference", flat=True)
    ) if references else set()  # fmt: skip
    at = now()
    rows = [
        [
            Cell(one["reference"], "head", reverse("case", args=[one["reference"]])),
            Cell(_clock(one["clock"])),
            Cell(_instant(one["from"], at)),
            Cell(_instant(one["to"], at)),
            Cell(_shift(one["seconds"])),
        ]
        for one in found
        if one["reference"] in visible
    ]
    left = len(found) - len(rows)
    text = ngettext(
        "%(n)s further example is of a case you do not see.",
        "%(n)s further examples are of cases you do not see.",
        left,
    ) % {"n": left}
    return rows, text if left else ""


def _clock(name: str) -> str:
    """A clock kind's label; a statutory clock is named by its rule."""
    return str(ClockKind(name).label) if name in ClockKind.values else name


def _instant(text: str | None, at: datetime) -> str:
    return languages.short_moment(parse_instant(text), now=at) if text else languages.DASH


def _shift(seconds: int) -> str:
    """2 h earlier, 1 d later (elapsed time)."""
    words = _("%(duration)s later") if seconds > 0 else _("%(duration)s earlier")
    return words % {"duration": languages.duration(abs(seconds))}


def _who(one: SlaEdit) -> list[tuple[str, str]]:
    found = [(_("Previewed"), _by(one.created_by_id, one.created_at))]
    if one.at is not None:
        found.append((_("Applied"), _by(one.found.get("by"), one.at)))
        found.append((_("Holds for"), str(one.get_mode_display())))
    if one.finished_at is not None:
        label = _("Dropped") if one.status == Status.DROPPED else _("Finished")
        found.append((label, languages.moment(one.finished_at)))
    return found


def _by(user_id: int | None, at: datetime) -> str:
    name = name_of(user_id)
    said = {"name": name, "moment": languages.moment(at)}
    return _("%(moment)s, by %(name)s") % said if name else languages.moment(at)


def _changed_since(one: SlaEdit) -> bool:
    """Whether the draft was edited after it was counted; `apply` looks more closely. Query cost: 1 for policies."""
    if one.sla_version is None:
        return False
    return trail.of(one.sla_version).filter(recorded_at__gt=one.created_at).exists()


def _origin(one: SlaEdit) -> Link:
    """Where the draft is edited."""
    if one.calendar_version_id is not None or one.sla_version is None or one.sla_version.published_at is not None:
        return Link(_("Deadlines"), reverse(HERE))
    return Link(_("To the draft"), reverse("settings_sla_draft"))


def _seen(one: SlaEdit) -> str:
    return f"{one.status}-{one.looked}-{int(bool(one.found.get('settled')))}"


def _here(one: SlaEdit) -> str:
    return reverse("settings_sla_edit", args=[one.pk])


def _find(edit_id: int) -> SlaEdit:
    found = SlaEdit.objects.select_related("calendar_version__calendar", "sla_version").filter(pk=edit_id).first()
    if found is None:
        raise Http404
    return found
