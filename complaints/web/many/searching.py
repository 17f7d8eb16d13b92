"""The search page: every case the reader may see, by reference, number, customer and words (ux, Agent's desk 8, 10)."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, time, timedelta
from functools import lru_cache
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.template.loader import get_template
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language, gettext_lazy, ngettext
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from complaints import search
from complaints.models import Complaint
from complaints.querysets import ComplaintQuerySet
from complaints.reference import catalogue
from complaints.search.told import PLACES
from complaints.web import composed
from complaints.web.composed import Composed, Somebody
from complaints.web.many import rows
from complaints.web.many.builtin import Moment, team_ids
from complaints.web.many.filter_forms import NarrowingForm, filter_choices
from complaints.web.many.filters import FILTERS
from complaints.web.names import colleagues, made_from, teams
from core import languages
from core.access import CASES, MANAGER, allow
from core.clock import now
from core.models import User
from core.web.parts import Applied, Empty, Link, Row
from retention import search as customer_search
from retention.models import Customer

NARROWING = tuple(NarrowingForm.base_fields)  # what the page offers is what it takes
DATES = {"received_from": gettext_lazy("Received from"), "received_to": gettext_lazy("Received until")}
CUSTOMERS = 3  # named above the cases
LONGEST = 200
REFERENCE = 12  # characters of a whole one
KEYS = tuple(range(-2001, -2001 - search.PAGE, -1))  # stand for the complaints of a page; no key is negative


@dataclass(slots=True)
class Asked:
    """What the URL asks for: words, conditions in words and on the rows, and what makes no sense."""

    text: str
    rows: ComplaintQuerySet
    cursor: int = 0
    chosen: list[tuple[str, str, str]] = field(default_factory=list)  # name, label, value
    problems: list[str] = field(default_factory=list)


@require_safe
@allow(*CASES)
def page(request: HttpRequest) -> HttpResponse:
    """Search; htmx gets the results alone, a whole reference typed in leads straight to its case.

    Query cost: session and user 3, counts 1 (not for htmx), 3 to 8 of which the search takes 2 to 5, rows 1.
    """
    user: User = request.user  # type: ignore[assignment]
    asked = ask(request.GET, user)
    fragment = bool(getattr(request, "htmx", False))
    if not fragment and (reference := _reference(asked.text)):
        found = Complaint.objects.visible_to(user).filter(reference=reference).only("reference").first()
        if found is not None:
            return redirect(found)
    context = results(asked, user, request.GET)
    context["applied"] = [Applied(label, value, _without(request.GET, name)) for name, label, value in asked.chosen]
    if fragment:
        return render(request, "complaints/_found.html", context)
    context |= {
        "words": asked.text,
        "filter_fields": filter_fields(request.GET),
        "clear_url": f"{reverse('search')}?{_only_words(asked.text)}",
    }
    return render(request, "complaints/search.html", context, status=400 if asked.problems else 200)


def ask(params: QueryDict, user: User) -> Asked:
    """Read a query string. Values that make no sense are named in `problems`, never ignored."""
    asked = Asked(" ".join(params.get("q", "").replace("\0", " ").split())[:LONGEST], Complaint.objects.all())
    for name in params:
        if name not in ("q", "cursor", *NARROWING, *DATES):
            asked.problems.append(_("There is no filter “%(name)s”.") % {"name": name[:40]})
    for name in NARROWING:
        if value := params.get(name, "").strip():
            label = str(FILTERS[name].label)
            read = FILTERS[name].read(value) if len(value) <= LONGEST else None
            if read is None:
                asked.problems.append(_no_such(label, value))
            else:
                words, condition = read
                asked.chosen.append((name, label, words))
                asked.rows = asked.rows.filter(condition(user, Moment.of(now())) if callable(condition) else condition)
    _read_dates(asked, params)
    cursor = params.get("cursor", "")
    if cursor:
        if cursor.isascii() and cursor.isdigit() and int(cursor[:9]) < search.MOST:
            asked.cursor = int(cursor[:9])
        else:
            asked.problems.append(_("This page of the list does not exist."))
    return asked


def _read_dates(asked: Asked, params: QueryDict) -> None:
    """Days of the reader's zone, both included."""
    zone = timezone.get_current_timezone()
    for name, label in DATES.items():
        value = params.get(name, "").strip()
        if not value:
            continue
        try:
            day = parse_date(value)
        except ValueError:
            day = None
        if day is None or not 1 < day.year < 9999:
            asked.problems.append(_no_such(str(label), value))
            continue
        asked.chosen.append((name, str(label), languages.day(day)))
        if name == "received_from":
            asked.rows = asked.rows.filter(received_at__gte=datetime.combine(day, time.min, zone))
        else:
            asked.rows = asked.rows.filter(received_at__lt=datetime.combine(day + timedelta(days=1), time.min, zone))


def _no_such(label: str, value: str) -> str:
    return _("%(filter)s: there is no “%(value)s”.") % {"filter": label, "value": value[:40]}


def results(asked: Asked, user: User, params: QueryDict) -> dict[str, Any]:
    """What `complaints/_found.html` takes. Query cost: 3 to 7."""
    empty_page: dict[str, Any] = {"cases": [], "customers": [], "note": "", "previous_url": "", "next_url": ""}
    if asked.problems:
        return {**empty_page, "empty": _bad_question(asked)}
    if not asked.text:
        return {**empty_page, "empty": _no_question()}
    found = search.find(asked.text, user, among=asked.rows, cursor=asked.cursor)
    known = {one.pk: one for one in map(rows.Found._make, _rows(user, [hit.pk for hit in found.hits]))}
    here = rows.Here.of(now())
    cases = [_row(known[hit.pk], hit, here) for hit in found.hits if hit.pk in known]
    first = asked.cursor == 0
    people = _people(asked.text, user, found.named) if first and not asked.chosen else []
    return {
        "cases": cases,
        "customers": people,
        "note": _note(found, len(cases), first),
        "empty": None if cases or people else _no_match(asked),
        "previous_url": "" if first else _turned(params, max(asked.cursor - search.PAGE, 0)),
        "next_url": "" if found.cursor is None else _turned(params, found.cursor),
    }


def _rows(user: User, keys: list[int]) -> Any:
    """The columns of `rows.Found` of these complaints, as far as the reader may see them. Query cost: 1."""
    if not keys:
        return []
    led = team_ids(user)
    if len(led) > len(composed.TEAMS):
        return rows.values(Complaint.objects.visible_to(user).filter(pk__in=keys), user.pk)
    given = {composed.ME: user.pk} | dict(zip(composed.TEAMS, led, strict=False)) | dict(zip(KEYS, keys, strict=False))
    return _listed(len(led), MANAGER in user.roles).rows(given)


@lru_cache(maxsize=64)
def _listed(team_count: int, sees_all: bool) -> Composed:
    """The rows of a page, composed once for everybody with as many teams."""
    seen = Complaint.objects.visible_to(Somebody(team_count, sees_all))  # type: ignore[arg-type]
    return composed.compose(rows.values(seen.filter(pk__in=KEYS), composed.ME))


def _row(found: rows.Found, hit: search.Hit, here: rows.Here) -> Row:
    """A row of the queue with the place where the words stand instead of its beginning."""
    row = rows.row_of(found, here)
    if hit.snippet is None or hit.snippet.place == "name":
        return row
    if hit.snippet.place == "subject":
        return replace(row, subject=hit.snippet.html)
    return replace(row, snippet=_placed(hit.snippet.place, hit.snippet.html))


def _placed(place: str, html: SafeString) -> SafeString:
    return format_html('<b class="row__place">{}:</b> {}', PLACES[place], html)


def _people(text: str, user: User, known: list[int] | None) -> list[Link]:
    """Customers that fit, with their pages. `known`: keys of those the words name. Query cost: 2, 1 where known."""
    found = customer_search.find(text, Customer.objects.visible_to(user), CUSTOMERS, keys=known)
    return [Link(str(one), reverse("customer", args=[one.pk]), "person") for one in found]


def _note(found: search.Found, shown: int, first: bool) -> str:
    if not shown:
        return ""
    if first and found.cursor is None:
        return ngettext("%(n)d case", "%(n)d cases", shown) % {"n": shown}
    if not found.whole:
        return _("The best of the newest matches; another word finds fewer.")
    return _("The best matches first")


def _reference(text: str) -> str:
    upper = text.upper()
    return upper if len(upper) == REFERENCE and upper.startswith("AM-") else ""


def _bad_question(asked: Asked) -> Empty:
    clear = Link(_("Clear filters"), f"{reverse('search')}?{_only_words(asked.text)}", "close", primary=True)
    return Empty("match", _("This search cannot be made"), " ".join(asked.problems), [clear])


def _no_question() -> Empty:
    text = _(
        "A reference or a part of it, a name, an e-mail, a phone or order number, or words from what was said. "
        "“Quotes” keep words together, a minus leaves a word out."
    )
    return Empty("nothing", _("What do you look for?"), text)


def _no_match(asked: Asked) -> Empty:
    if asked.cursor:
        start = Link(_("Back to the beginning"), f"{reverse('search')}?{_only_words(asked.text)}", "left", primary=True)
        return Empty("nothing", _("The list ends here"), _("Nothing more was found."), [start])
    if asked.chosen:
        names = ", ".join(f"{label}: {value}" for _name, label, value in asked.chosen)
        clear = Link(_("Clear filters"), f"{reverse('search')}?{_only_words(asked.text)}", "close", primary=True)
        text = _("These filters are on: %(filters)s.") % {"filters": names}
        return Empty("match", _("No case matches"), text, [clear])
    text = _("Nothing you may see fits “%(words)s”. Fewer words, or a part of the number, find more.")
    customers = Link(_("Look among the customers"), f"{reverse('customers')}?{_only_words(asked.text)}", "person")
    return Empty("match", _("No case matches"), text % {"words": asked.text}, [customers])


def _only_words(text: str) -> str:
    made = QueryDict(mutable=True)
    made["q"] = text
    return made.urlencode()


def _without(params: QueryDict, name: str) -> str:
    kept = params.copy()
    for gone in (name, "cursor"):
        kept.pop(gone, None)
    return f"{reverse('search')}?{kept.urlencode()}"


def _turned(params: QueryDict, cursor: int) -> str:
    kept = params.copy()
    kept["cursor"] = str(cursor)
    return f"{reverse('search')}?{kept.urlencode()}"


class SearchForm(NarrowingForm):
    """The filters of the page."""

    received_from = forms.CharField(label=DATES["received_from"], required=False)
    received_to = forms.CharField(label=DATES["received_to"], required=False)

    def __init__(self, given: dict[str, str]) -> None:
        super().__init__(given)
        for name in DATES:
            self.fields[name].widget = forms.DateInput(attrs={"type": "date"})


def filter_fields(params: QueryDict) -> SafeString:
    """The fields of the filter form, rendered once for the same choices (performance: half of the page)."""
    given = tuple((name, params.get(name, "")[:LONGEST]) for name in (*NARROWING, *DATES))
    names = made_from("filters", filter_choices, colleagues(), teams(), catalogue())
    return _filter_fields(get_language(), given, names)


@lru_cache(maxsize=64)
def _filter_fields(_language: str | None, given: tuple[tuple[str, str], ...], _names: object) -> SafeString:
    form = SearchForm(dict(given))
    return mark_safe(get_template("_form.html").render({"form": form}))  # noqa: S308 - escaped by the template
