"""What the palette (Ctrl+K) leads to: cases, customers, views, pages (ux, Agent's desk 2). Its answer is a list of
options; what can be done on the open page the palette finds there itself."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import resolve, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from complaints import authority, search
from complaints.models import ChannelCode, Complaint
from complaints.web.many import saved
from complaints.web.many.queue import VIEWS
from complaints.web.settings import frame
from core.access import Access, allow, declared
from core.models import User
from core.web.parts import Part
from retention import search as customer_search
from retention.models import Customer
from retention.names import fold

CASES_SHOWN, CUSTOMERS_SHOWN, PLACES_SHOWN = 6, 4, 6
LEAST, LONGEST = 2, 200
PAGES: dict[str, tuple[str, str | Promise]] = {
    "complaint_new": ("plus", gettext_lazy("New complaint")),
    "notifications": ("bell", gettext_lazy("Notifications")),
    "customers": ("person", gettext_lazy("Customers")),
    "follow_ups": ("call", gettext_lazy("Follow-up calls")),
    "approvals": ("shield", gettext_lazy("Approvals")),
    "dashboard": ("dashboard", gettext_lazy("Dashboard")),
    "preferences": ("keyboard", gettext_lazy("Your settings")),
    "settings": ("settings", gettext_lazy("Settings")),
}


@dataclass(frozen=True, slots=True)
class Option(Part):
    """Somewhere to go. `note`: behind its name, quiet; `key`: stable, for the option's id."""

    key: str
    icon: str
    text: str
    url: str
    note: str = ""


@require_safe
@allow()
def options(request: HttpRequest) -> HttpResponse:
    """Options for `q`, cases before customers before places; without it the places. Query cost: 1, with `q` 7 to 10."""
    user: User = request.user  # type: ignore[assignment]
    text = " ".join(request.GET.get("q", "").replace("\0", " ").split())[:LONGEST]
    found: list[Option] = []
    if len(text) >= LEAST and user.sees_cases:
        found += [*_cases(text, user), *_customers(text, user)]
    found += _places(user, text)
    if text and user.sees_cases:
        asked = request.GET.copy()
        asked["q"] = text
        url = f"{reverse('search')}?{asked.urlencode()}"
        found.append(Option("all", "search", _("Search everything for “%(words)s”") % {"words": text}, url))
    return render(request, "complaints/_jump.html", {"options": found})


def _cases(text: str, user: User) -> Iterable[Option]:
    hits = search.find(text, user, limit=CASES_SHOWN, places=False).hits
    found = Complaint.objects.visible_to(user).select_related("customer").in_bulk([hit.pk for hit in hits])
    for hit in hits:
        if (one := found.get(hit.pk)) is not None:
            note = str(one.customer) if one.customer else ""
            icon = one.channel if one.channel in ChannelCode.values else "inbox"
            yield Option(f"case-{one.reference}", icon, f"{one.reference} {one.subject}", one.get_absolute_url(), note)


def _customers(text: str, user: User) -> Iterable[Option]:
    for one in customer_search.find(text, Customer.objects.visible_to(user), CUSTOMERS_SHOWN):
        yield Option(f"customer-{one.pk}", "person", str(one), reverse("customer", args=[one.pk]), one.tier)


def _places(user: User, text: str) -> list[Option]:
    """Views and pages whose names have words that begin as typed; all of them while nothing is typed. Query cost: 1."""
    wanted = fold(text).split()
    found = [place for place in _all_places(user) if _fits(place.text, wanted)]
    return found if not wanted else found[:PLACES_SHOWN]


def _all_places(user: User) -> Iterable[Option]:
    if user.sees_cases:
        queue = reverse("queue")
        for key, view in VIEWS.items():
            yield Option(f"view-{key}", view.icon, str(view.title), f"{queue}?view={key}", _("view of the queue"))
        for one in saved.of(user):
            yield Option(f"view-{one.key}", "filter", one.name, f"{queue}?view={one.key}", _("saved view"))
    for name, (icon, title) in PAGES.items():
        if _access(name).permits(user) and (name != "approvals" or authority.decides(user)):
            yield Option(f"page-{name}", icon, str(title), reverse(name))
    for place in frame.places(user):
        yield Option(f"page-{place.name}", place.icon, str(place.title), reverse(place.name), _("settings"))


@lru_cache(maxsize=32)
def _access(name: str) -> Access:
    found = declared(resolve(reverse(name)).func)
    assert found is not None, name  # noqa: S101  a page of ours declares who may open it
    return found


def _fits(name: str, wanted: list[str]) -> bool:
    """Whether every word typed begins a word of the name."""
    words = fold(name).split()
    return all(any(word.startswith(one) for word in words) for one in wanted)
