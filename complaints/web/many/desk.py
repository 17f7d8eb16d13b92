"""The queue page and everybody's home (mission A6, B3; ux, Agent's desk 1, 3, 6, 10)."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import redirect, render
from django.template.loader import get_template
from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from complaints import authority
from complaints.models import Complaint
from complaints.playbooks import reading
from complaints.reference import catalogue
from complaints.web.many import achieved, bulk, counting, queue, rows, saved, saving
from complaints.web.many.filter_forms import FilterForm, filter_choices
from complaints.web.many.queue import SORTS, VIEWS, Asked, Page, sorts_of
from complaints.web.names import colleagues, made_from, teams
from core.access import ADMIN, CASES, MANAGER, allow
from core.clock import now
from core.instants import instant_or
from core.models import User
from core.web.parts import Applied, Empty, Group, Link
from retention.calls_due import calls_due

COUNTED = ("mine", "breached", "risk", "promises", "waiting", "snoozed", "resolved", "team", "all", "load")
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
    saved.look(request)
    asked = queue.ask(request.GET, user)
    since = request.GET.get("since")
    if since is not None and not is_due(since, at) and not queue.changed_since(user, read_since(since, at)):
        return HttpResponse(status=204)
    if found := _straight_to(request, asked, user):
        return found
    page = Page([]) if asked.problems else queue.fetch(asked, user, at)
    request.sidebar_here = asked.key  # type: ignore[attr-defined]
    context = listing(request, asked, page, at)
    if since is not None:
        return render(request, "complaints/_queue.html", context)
    context |= {
        "title": asked.title,
        "note": note_of(request, asked, page),
        "notes": asked.notes,
        "applied": applied(request, asked),
        "filter_fields": filter_fields(asked),
        "clear_url": f"{request.path}?view={asked.key}",
        "sorts": sort_links(request, asked),
        "views": view_links(request, asked),
        "saving": saving.door(user, asked),
        "bulk": bulk.door(asked, known_number(request, asked, page)),
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
        "picks": not asked.problems,
        "previous_url": page_url(request, asked, before=page.before) if page.before else "",
        "next_url": page_url(request, asked, after=page.after) if page.after else "",
        "page_note": "",
    }


def groups_of(asked: Asked, page: Page, at: datetime, *, current: str = "") -> list[Group]:
    if not page.rows:
        return []
    here = rows.Here.of(at)
    if asked.by_deadline:
        first, whole = not page.before, not page.after
        return rows.groups_of(page.rows, here, query=asked.query, current=current, whole=whole, first=first)
    shown = [rows.row_of(one, here, query=asked.query, current=current) for one in page.rows]
    return [Group("later", str(asked.order.label), shown)]


def page_url(request: HttpRequest, asked: Asked, **params: str) -> str:
    """The address of the same list from another place on, or in another order."""
    kept = request.GET.copy()
    for name in ("after", "before", "since"):
        kept.pop(name, None)
    kept["view"] = asked.key
    for name, value in params.items():
        kept[name] = value
    return f"{reverse('queue')}?{kept.urlencode()}"


def sidebar_counts(request: HttpRequest) -> dict[str, int | str]:
    """How many cases stand in each view that the sidebar counts (settings.SIDEBAR_COUNTS), and the reader's saved views
    (`request.sidebar_saved`: key, name, address). Query cost: 1 a request; 2 more for who may grant something while
    remedies wait for approval."""
    kept: dict[str, int | str] | None = getattr(request, "counted_views", None)
    if kept is None:
        user: User = request.user  # type: ignore[assignment]
        saved.look(request)
        known = saved.of(user) if user.sees_cases else []
        kept = counting.counts(user, now(), COUNTED, known)
        kept["follow_ups"] = calls_due().get(user.pk, 0)
        kept["knowledge"] = reading.unread(user)
        awaiting = kept.pop(counting.AWAITING, 0)
        if authority.decides(user):
            kept["approvals"] = authority.awaiting_for(user)[: counting.CAP].count() if awaiting else 0
        place = reverse("queue")
        request.sidebar_saved = [  # type: ignore[attr-defined]
            (one.key, one.name, f"{place}?view={one.key}") for one in known
        ]
        request.counted_views = kept  # type: ignore[attr-defined]
    return kept


def known_number(request: HttpRequest, asked: Asked, page: Page) -> int | str | None:
    """How many cases the list has, where that is known without counting. No query beside the sidebar's."""
    if not page.before and not page.after:
        return len(page.rows)
    if asked.saved is None and not asked.chosen:
        return sidebar_counts(request).get(asked.view.key)
    own = {one.name for one in asked.chosen} <= set(asked.saved.query) if asked.saved else False
    return sidebar_counts(request).get(asked.key) if own else None


def note_of(request: HttpRequest, asked: Asked, page: Page) -> str:
    """`63 cases, next deadline first`; the number where it is known without counting."""
    order = lower_first(str(asked.order.label))
    if not page.rows:
        return ""
    number = known_number(request, asked, page)
    if number is None:
        return order
    count = int(number) if str(number).isdigit() else counting.CAP
    said = ngettext("%(n)s case", "%(n)s cases", count) % {"n": number}
    return f"{said}, {order}"


def lower_first(text: str) -> str:
    return text[:1].lower() + text[1:]


def applied(request: HttpRequest, asked: Asked) -> list[Applied]:
    """The filters in force with the address that drops each; without one of its own a saved view is one no longer."""
    found = []
    for one in asked.chosen:
        if asked.saved is not None and one.name in asked.saved.query:
            params = QueryDict(mutable=True)
            params.update({name: text for name, text in asked.plain().items() if name != one.name})
        else:
            params = request.GET.copy()
            for name in (one.name, "after", "before", "since"):
                params.pop(name, None)
            params["view"] = asked.key
        found.append(Applied(one.label, one.value, f"{request.path}?{params.urlencode()}"))
    return found


def sort_links(request: HttpRequest, asked: Asked) -> list[Link]:
    """The orders this list can have."""
    return [
        Link(str(SORTS[key].label), page_url(request, asked, sort=key), "sort", current=key == asked.sort)
        for key in sorts_of(asked.view)
    ]


def view_links(request: HttpRequest, asked: Asked) -> list[Link]:
    """All views, those that the sidebar does not name included; the reader's own after them."""
    place = reverse("queue")
    found = [
        Link(str(view.title), f"{place}?view={key}", view.icon, current=key == asked.key) for key, view in VIEWS.items()
    ]
    sidebar_counts(request)
    own = request.sidebar_saved  # type: ignore[attr-defined]
    return [*found, *(Link(name, url, "filter", current=key == asked.key) for key, name, url in own)]


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
    if asked.chosen and asked.saved is None:
        names = ", ".join(f"{one.label}: {one.value}" for one in asked.chosen)
        return Empty(
            "match", _("No case matches"), _("These filters are on: %(filters)s.") % {"filters": names}, [clear]
        )
    if asked.saved is not None:
        text = _("No case stands in the view “%(name)s” now.") % {"name": asked.saved.name}
        return Empty("nothing", _("Nothing here"), text, [everything])
    if asked.view.key == "mine":
        text = _("Every complaint of yours has been answered and closed, or is snoozed.")
        return Empty("done", _("All done"), f"{text} {achieved.today(request.user)}".strip(), [everything])  # type: ignore[arg-type]
    if asked.view.key == "breached":
        return Empty("done", _("Nothing is late"), _("Every deadline so far has been kept."), [everything])
    if asked.view.key in ("risk", "team", "all"):
        return Empty("done", _("All done"), _("No case waits here."), [] if asked.view.key == "all" else [everything])
    texts = {
        "snoozed": _("Cases that somebody put aside until a day or until the customer writes stand here."),
        "promises": _("Cases in which something promised is still owed stand here."),
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


def filter_fields(asked: Asked) -> SafeString:
    """The fields of the filter form, rendered once for the same choices (performance: a fifth of the page)."""
    own = sorts_of(asked.view)[0]
    chosen = (*((one.name, one.given) for one in asked.chosen), ("sort", "" if asked.sort == own else asked.sort))
    known = colleagues(), teams(), catalogue()
    names = made_from("filters", filter_choices, *known)
    return _filter_fields(get_language(), asked.view.key, chosen, names)


@lru_cache(maxsize=64)
def _filter_fields(_language: str | None, view: str, chosen: tuple[tuple[str, str], ...], _names: object) -> SafeString:
    form = FilterForm(dict(chosen), view=view)
    return mark_safe(get_template("_form.html").render({"form": form}))  # noqa: S308 - escaped by the template
