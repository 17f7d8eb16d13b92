"""The queue page and everybody's home (mission A6, B3; ux, Agent's desk 1, 3, 6, 10)."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import redirect, render
from django.template.loader import get_template
from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language, gettext_lazy, ngettext
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from complaints.models import ChannelCode, Complaint, Severity, Status
from complaints.reference import catalogue
from complaints.web import queue, rows
from complaints.web.names import colleagues, made_from, teams
from complaints.web.queue import VIEWS, Asked, Page
from core.access import ADMIN, CASES, MANAGER, allow
from core.clock import now
from core.instants import instant_or
from core.models import User
from core.web.parts import Applied, Empty, Group, Link
from retention.calls_due import calls_due

COUNTED = ("mine", "breached", "risk", "waiting", "resolved", "team", "all")
OVERLAP = timedelta(seconds=2)  # a change takes a moment to be committed: look a little further back
BADGES_AGE = timedelta(minutes=1)  # badges count minutes, so that a list is never shown unchanged for longer


@require_safe
@allow()
def home(request: HttpRequest) -> HttpResponse:
    """The role's home: the dashboard for managers, the queue for whoever else handles cases, the settings for
    administrators, else one's own."""
    user: User = request.user  # type: ignore[assignment]
    if MANAGER in user.roles:
        return redirect("dashboard")
    return redirect("queue" if user.sees_cases else "settings" if ADMIN in user.roles else "preferences")


@require_safe
@allow(*CASES)
def index(request: HttpRequest) -> HttpResponse:
    """The queue: one page of rows by next deadline. With `since` it answers a poll: 204, or the rows anew.

    Query cost: session and user 3, rows 1, counts 1; a poll without news 1 instead of the last two.
    """
    user: User = request.user  # type: ignore[assignment]
    at = now()
    asked = queue.ask(request.GET, user)
    since = request.GET.get("since")
    if since is not None and not is_due(since, at) and not queue.changed_since(user, read_since(since, at)):
        return HttpResponse(status=204)
    if found := _straight_to(request, asked, user):
        return found
    page = Page([]) if asked.problems else queue.fetch(asked, user, at)
    request.sidebar_here = asked.view.key  # type: ignore[attr-defined]
    context = listing(request, asked, page, at)
    if since is not None:
        return render(request, "complaints/_queue.html", context)
    context |= {
        "title": str(asked.view.title),
        "note": note_of(request, asked, page),
        "applied": applied(request, asked),
        "filter_fields": filter_fields(asked, request.GET),
        "clear_url": f"{request.path}?view={asked.view.key}",
        "sort": None,
        "views": view_links(asked.view.key),
    }
    return render(request, "complaints/queue.html", context, status=400 if asked.problems else 200)


def listing(request: HttpRequest, asked: Asked, page: Page, at: datetime) -> dict[str, Any]:
    """What `complaints/_queue.html` takes. No query."""
    groups = groups_of(asked, page, at)
    return {
        "groups": groups,
        "empty": None if groups else empty_of(request, asked),
        "live_url": request.path + asked.query,
        "since": (at - OVERLAP).isoformat(),
        "picks": False,
        "previous_url": page_url(request, asked, before=page.before) if page.before else "",
        "next_url": page_url(request, asked, after=page.after) if page.after else "",
        "page_note": "",
    }


def groups_of(asked: Asked, page: Page, at: datetime, *, current: str = "") -> list[Group]:
    if not page.rows:
        return []
    here = rows.Here.of(at)
    if asked.view.live:
        first, whole = not page.before, not page.after
        return rows.groups_of(page.rows, here, query=asked.query, current=current, whole=whole, first=first)
    shown = [rows.row_of(one, here, query=asked.query, current=current) for one in page.rows]
    return [Group("later", _("Newest first"), shown)]


def page_url(request: HttpRequest, asked: Asked, **cursor: str) -> str:
    """The address of a neighbour page: the same list from another place on."""
    params = request.GET.copy()
    for name in ("after", "before", "since"):
        params.pop(name, None)
    params["view"] = asked.view.key
    for name, value in cursor.items():
        params[name] = value
    return f"{reverse('queue')}?{params.urlencode()}"


def sidebar_counts(request: HttpRequest) -> dict[str, int | str]:
    """How many cases stand in each view that the sidebar counts (settings.SIDEBAR_COUNTS). Query cost: 1 a request."""
    kept: dict[str, int | str] | None = getattr(request, "counted_views", None)
    if kept is None:
        user: User = request.user  # type: ignore[assignment]
        kept = queue.counts(user, now(), COUNTED)
        kept["follow_ups"] = calls_due().get(user.pk, 0)
        request.counted_views = kept  # type: ignore[attr-defined]
    return kept


def note_of(request: HttpRequest, asked: Asked, page: Page) -> str:
    """`63 open, sorted by next deadline`; the number where it is known without counting."""
    order = _("sorted by next deadline") if asked.view.live else _("newest first")
    if not page.rows:
        return ""
    number: int | str | None = None
    if not page.before and not page.after:
        number = len(page.rows)
    elif not asked.chosen:
        number = sidebar_counts(request).get(asked.view.key)
    if number is None:
        return order
    count = int(number) if str(number).isdigit() else queue.CAP
    said = ngettext("%(n)s case", "%(n)s cases", count) % {"n": number}
    return f"{said}, {order}"


def applied(request: HttpRequest, asked: Asked) -> list[Applied]:
    """The filters in force with the address that drops each."""
    found = []
    for one in asked.chosen:
        params = request.GET.copy()
        for name in (one.name, "after", "before", "since"):
            params.pop(name, None)
        params["view"] = asked.view.key
        found.append(Applied(one.label, one.value, f"{request.path}?{params.urlencode()}"))
    return found


def view_links(current: str) -> list[Link]:
    """All built-in views, those that the sidebar does not name included."""
    return [
        Link(str(view.title), f"{reverse('queue')}?view={key}", view.icon, current=key == current)
        for key, view in VIEWS.items()
    ]


def empty_of(request: HttpRequest, asked: Asked) -> Empty:
    """Why there is nothing to see: bad question, filters, all done, or nothing of the kind."""
    everything = Link(_("Show all open cases"), f"{request.path}?view=all", "team")
    clear = Link(_("Clear filters"), f"{request.path}?view={asked.view.key}", "close", primary=True)
    if asked.problems:
        return Empty("match", _("This list cannot be shown"), " ".join(asked.problems), [clear])
    if asked.after or asked.before:
        start = Link(_("Back to the beginning"), page_url(request, asked), "left", primary=True)
        return Empty(
            "nothing",
            _("The list ends here"),
            _("Rows may have moved or been closed since you turned the page."),
            [start],
        )
    if asked.chosen:
        names = ", ".join(f"{one.label}: {one.value}" for one in asked.chosen)
        return Empty(
            "match", _("No case matches"), _("These filters are on: %(filters)s.") % {"filters": names}, [clear]
        )
    if asked.view.key == "mine":
        return Empty("done", _("All done"), _("Every complaint of yours has been answered and closed."), [everything])
    if asked.view.key == "breached":
        return Empty("done", _("Nothing is late"), _("Every deadline so far has been kept."), [everything])
    if asked.view.key in ("risk", "team", "all"):
        return Empty("done", _("All done"), _("No case waits here."), [] if asked.view.key == "all" else [everything])
    texts = {
        "waiting": _("Cases in which we asked the customer something and wait for the answer stand here."),
        "resolved": _("Cases that are decided but not yet closed stand here."),
        "quarantine": _("Complaints from the public form that look like spam stand here until somebody looks at them."),
        "closed": _("Cases that were closed or withdrawn stand here."),
        "history": _("Cases imported as history stand here."),
    }
    return Empty("nothing", _("Nothing here"), texts[asked.view.key], [everything])


def read_since(text: str, at: datetime) -> datetime:
    """The instant a poll says it has seen; far in the past for what is no instant."""
    return instant_or(text, at - timedelta(days=1))


def is_due(since: str, at: datetime) -> bool:
    """The badges shown have grown old: time to count the minutes anew."""
    return at - read_since(since, at) > BADGES_AGE


def _straight_to(request: HttpRequest, asked: Asked, user: User) -> HttpResponseRedirect | None:
    """A whole reference in the search goes to its case, wherever it stands. Query cost: one then."""
    reference = request.GET.get("q", "").strip().upper()
    if "since" in request.GET or len(reference) != 12 or not any(one.name == "q" for one in asked.chosen):
        return None
    found = Complaint.objects.visible_to(user).filter(reference=reference).only("reference").first()
    return HttpResponseRedirect(found.get_absolute_url()) if found else None


def filter_fields(asked: Asked, params: QueryDict) -> SafeString:
    """The fields of the filter form, rendered once for the same choices (performance: a fifth of the page)."""
    chosen = tuple((one.name, params.get(one.name, "")) for one in asked.chosen)
    known = colleagues(), teams(), catalogue()
    names = made_from("filters", filter_choices, *known)
    return _filter_fields(get_language(), asked.view.key, chosen, names)


@lru_cache(maxsize=64)
def _filter_fields(_language: str | None, view: str, chosen: tuple[tuple[str, str], ...], _names: object) -> SafeString:
    form = FilterForm(dict(chosen), view=view)
    return mark_safe(get_template("_form.html").render({"form": form}))  # noqa: S308 - escaped by the template


class FilterForm(forms.Form):
    """The filters as a GET form; what they mean is complaints.web.filters."""

    view = forms.CharField(widget=forms.HiddenInput, required=False)
    q = forms.CharField(
        label=gettext_lazy("Reference or customer"),
        required=False,
        help_text=gettext_lazy("the beginning of a reference, name, e-mail or phone number"),
    )
    status = forms.ChoiceField(label=gettext_lazy("Status"), required=False)
    team = forms.ChoiceField(label=gettext_lazy("Team"), required=False)
    owner = forms.ChoiceField(label=gettext_lazy("Owner"), required=False)
    type = forms.ChoiceField(label=gettext_lazy("Type"), required=False)
    channel = forms.ChoiceField(label=gettext_lazy("Channel"), required=False)
    severity = forms.ChoiceField(label=gettext_lazy("Severity"), required=False)

    def __init__(self, data: Any = None, *, view: str) -> None:
        super().__init__(initial={**(data or {}), "view": view})
        anything = [("", _("any"))]
        for name, found in filter_choices():
            self.fields[name].choices = [*anything, *found]  # type: ignore[attr-defined]


def filter_choices() -> tuple[tuple[str, tuple[tuple[Any, Any], ...]], ...]:
    """What each filter offers, hashable."""
    people = ((pk, one.name) for pk, one in colleagues().items() if one.takes_cases)
    return (
        ("status", tuple(Status.choices)),
        ("team", tuple(teams().items())),
        ("owner", tuple(people)),
        ("type", tuple(type_choices())),
        ("channel", tuple(ChannelCode.choices)),
        ("severity", tuple(Severity.choices)),
    )


def type_choices() -> list[tuple[str, str]]:
    """Every type by code, those below another one after it with their path."""
    types = catalogue().types.values()
    tops = [row for row in types if row.parent_id is None]
    return [(row.code, row.path) for top in tops for row in (top, *(one for one in types if one.parent_id == top.pk))]
