"""What an edit of a calendar or of the policies would change, and did: preview, choice, progress, result (SLA 3)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.db.models import Count, Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from complaints.actions import sla_edits as actions
from complaints.models import Complaint, SlaEdit, SlaEditRow
from complaints.sla import previews, tally
from complaints.web.names import name_of
from complaints.web.settings import edit_words as words
from complaints.web.settings.frame import PAGE, key_of, show
from complaints.web.settings.press import Press, press
from core import languages
from core.access import ADMIN, MANAGER, allow
from core.clock import now
from core.models import User
from core.web.parts import Cell, Chip, Column, Empty, Link

HERE = "settings_sla"
Mode, Status = SlaEdit.Mode, SlaEdit.Status
AT_WORK = (Status.COUNTING, Status.APPLYING)
TONES = {Status.COUNTED: "note", Status.DONE: "ok", Status.DROPPED: "pause"}


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
            Cell(words.mode_words(one)),
            Cell(name_of(one.created_by_id) or languages.DASH),
            Cell(languages.near(one.at or one.created_at, at)),
            Cell(languages.number(tally.changed(one.found)), "num"),
        ]
        for one in listed[:PAGE]
    ]
    nothing = _("Whoever changes a calendar or the policies sees first what that does to open complaints.")
    context = {
        "lead": _("Every preview and every change that was applied, with how many deadlines it changed."),
        "columns": [Column(_("What")), Column(_("State")), Column(_("Holds for")), Column(_("Who")), Column(_("When")),
                    Column(_("Deadlines changed"), end=True)],
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
    changing part. Query cost: at most 8 beside session and user."""
    one = _find(edit_id)
    if request.htmx:  # type: ignore[attr-defined]
        if request.GET.get("seen") == _seen(one):
            return HttpResponse(status=204)
        return render(request, "settings/_sla_edit.html", context_of(request, one))
    tools = (Link(_("Earlier changes"), reverse("settings_sla_edits"), "trail"),)
    return show(request, "settings/sla_edit.html", HERE, context_of(request, one), title=what(one), tools=tools)


@require_safe
@allow(ADMIN, MANAGER)
def rows(request: HttpRequest, edit_id: int) -> HttpResponse:
    """The clocks behind the counts of one edit, of cases the reader may see, 50 a page; `late`: those due at once.

    Query cost: 2 beside session and user.
    """
    one = _find(edit_id)
    found = _seen_rows(request, one).select_related("complaint")
    only_late = request.GET.get("late") == "1"
    if only_late:
        found = found.filter(late=True)
    if after := key_of(request, "after"):
        found = found.filter(pk__gt=after)
    listed = list(found.order_by("pk")[: PAGE + 1])
    at, day = now(), words.day_of(actions.progress(one))
    here = reverse("settings_sla_edit_rows", args=[one.pk])
    kept = {"late": "1"} if only_late else {}
    following = f"{here}?{urlencode({**kept, 'after': str(listed[PAGE - 1].pk)})}" if len(listed) > PAGE else ""
    nothing = _("No deadline of a case that you see would change.")
    context = {
        "lead": _("Due at once, of cases you see.") if only_late else _("What changes, of cases you see."),
        "columns": words.row_columns(),
        "rows": [words.listed(row, at, day) for row in listed[:PAGE]],
        "empty": Empty("nothing", _("Nothing to show"), nothing, []),
        "next_url": following,
        "previous_url": f"{here}?{urlencode(kept)}".rstrip("?") if after else "",
    }
    tools = (Link(_("Back to the change"), _here(one), "left"),)
    return show(request, "settings/list.html", HERE, context, title=what(one), tools=tools)


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
    """Query cost: at most 6: whether it may still be applied, the examples and how many rows the reader may see."""
    said, at = actions.progress(one), now()
    may_edit = ADMIN in request.user.roles  # type: ignore[union-attr]
    is_preview = one.status in (Status.COUNTING, Status.COUNTED)
    why = previews.outdated(one, at)
    examples, hidden = _examples(request, said)
    spread, more_lines = words.spread(said)
    at_work = one.status in AT_WORK
    return {
        "edit": one,
        "mode": words.mode_words(one),
        "at_work": at_work,
        "poll_url": f"{_here(one)}?seen={_seen(one)}" if at_work else "",
        "here": _here(one),
        "percent": said["percent"],
        "progress": _progress_words(one, said),
        "headline": words.headline(one, said),
        "facts": words.facts(said),
        "stale": words.STALE.get(why),
        "shifts": words.shifts(said),
        "shift_columns": words.shift_columns(),
        "spread": spread,
        "spread_columns": words.spread_columns(),
        "more_lines": more_lines,
        "examples": examples,
        "columns": words.row_columns(),
        "hidden": hidden,
        "links": _links(request, one, said),
        "may_edit": may_edit,
        "may_apply": may_edit and one.status == Status.COUNTED and not why,
        "may_count": may_edit and one.status == Status.COUNTED,
        "may_drop": may_edit and is_preview,
        "may_choose": may_edit and is_preview,
        "modes": words.options(one),
        "who": _who(one),
        "origin": _origin(one),
        "press": Press(),
    }


def _progress_words(one: SlaEdit, said: dict[str, Any]) -> str:
    numbers = {"looked": languages.number(said["looked"]), "total": languages.number(said["total"])}
    if one.status == Status.COUNTING:
        return _("%(looked)s of %(total)s open complaints looked at") % numbers
    if one.found.get("settled"):
        return _("Looking once more for complaints that came in meanwhile: %(looked)s of %(total)s") % numbers
    return _("%(looked)s of %(total)s open complaints taken along") % numbers


def _examples(request: HttpRequest, said: dict[str, Any]) -> tuple[list[list[Cell]], str]:
    """Those due at once and those that move most, of cases the reader may see, and why there are no others.
    Query cost: 1, none for those who see no cases."""
    found = said["examples"]
    user: User = request.user  # type: ignore[assignment]
    if found and not user.sees_cases:
        return [], _("Which cases these are is shown to those who may see cases.")
    references = {one["reference"] for one in found}
    visible = set(
        Complaint.objects.visible_to(user)
        .filter(reference__in=references)
        .values_list("reference", flat=True)
    ) if references else set()  # fmt: skip
    at, day = now(), words.day_of(said)
    shown = [words.example(one, at, day) for one in found if one["reference"] in visible]
    left = len(found) - len(shown)
    text = ngettext(
        "%(n)s further example is of a case you do not see.",
        "%(n)s further examples are of cases you do not see.",
        left,
    ) % {"n": left}
    return shown, text if left else ""


def _links(request: HttpRequest, one: SlaEdit, said: dict[str, Any]) -> list[Link]:
    """To exactly the rows that the reader may see, all of them and those due at once. Query cost: 1, none for managers
    and for those who see no cases."""
    user: User = request.user  # type: ignore[assignment]
    if one.status == Status.DROPPED or not user.sees_cases:
        return []
    n, late = tally.changed(said), said["late_at_once"]
    if MANAGER not in user.roles:
        counted = _seen_rows(request, one).aggregate(n=Count("pk"), late=Count("pk", filter=Q(late=True)))
        n, late = counted["n"], counted["late"]
    here = reverse("settings_sla_edit_rows", args=[one.pk])
    links = []
    if n:
        text = ngettext("See the deadline", "See the %(n)s deadlines", n) % {"n": languages.number(n)}
        links.append(Link(text, here))
    if late:
        text = ngettext("See the one due at once", "See the %(n)s due at once", late) % {"n": languages.number(late)}
        links.append(Link(text, f"{here}?late=1"))
    return links


def _seen_rows(request: HttpRequest, one: SlaEdit) -> Any:
    """The rows of an edit, of cases the reader may see."""
    user: User = request.user  # type: ignore[assignment]
    found = SlaEditRow.objects.filter(edit=one)
    if MANAGER in user.roles:
        return found
    return found.filter(complaint__in=Complaint.objects.visible_to(user))


def _who(one: SlaEdit) -> list[tuple[str, str]]:
    found = [(_("Previewed"), _by(one.created_by_id, one.created_at))]
    if one.at is not None:
        found.append((_("Applied"), _by(one.found.get("by"), one.at)))
        found.append((_("Holds for"), words.mode_words(one)))
    if one.finished_at is not None:
        label = _("Dropped") if one.status == Status.DROPPED else _("Finished")
        found.append((label, languages.moment(one.finished_at)))
    return found


def _by(user_id: int | None, at: datetime) -> str:
    name = name_of(user_id)
    said = {"name": name, "moment": languages.moment(at)}
    return _("%(moment)s, by %(name)s") % said if name else languages.moment(at)


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
