"""What every page's frame needs: theme, languages, sidebar, the signed-in person. Lazy: a fragment pays nothing."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property, lru_cache
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import NoReverseMatch, Resolver404, get_urlconf, resolve, reverse
from django.utils.module_loading import import_string
from django.utils.translation import get_language, get_language_bidi, pgettext
from django.utils.translation import gettext as _

from core import clock, languages, watchdog
from core.access import Access, declared
from core.models import Organisation
from core.models.people import ADMIN, LEAD, MANAGER
from core.web.parts import Person

TABS = 5  # at the foot of a phone
IF_COUNTED = {"approvals"}  # places for those whom the counts say they concern
LEARN = {LEAD, MANAGER}  # whose work it is to learn; agents get there from a case
WARNED = {"dashboard", "settings"}  # the pages (routes) that say when nobody watches the deadlines


@dataclass(frozen=True, slots=True)
class Item:
    """A place in the sidebar. `tone`: how its count is shown ("", risk, breach)."""

    key: str
    icon: str
    label: str
    href: str
    count: int | str | None = None
    tone: str = ""
    current: bool = False


@dataclass(slots=True)
class Section:
    title: str
    items: list[Item] = field(default_factory=list)


@dataclass(slots=True)
class LanguageChoice:
    code: str
    name: str
    current: bool


@dataclass(frozen=True, slots=True)
class Unwatched:
    """What the banner says while beat, workers or the sweep give no sign of life."""

    title: str
    text: str

    @classmethod
    def of(cls, silent: list[watchdog.Sign], at: datetime) -> Unwatched:
        """`silent` is not empty; times in the viewer's zone, with the day where it is not today."""
        words = {
            "beat": _("The timetable (beat) gives no sign of life."),
            "worker": _("No worker gives a sign of life."),
            "sweep": _("Timetable and workers live, but no job gets through: the queue may be down."),
        }
        seen = [sign.at for sign in silent if sign.at is not None]
        if seen:
            since = min(seen)
            today = languages.local(since).date() == languages.local(at).date()
            moment = languages.clock_time(since) if today else languages.moment(since)
            title = _("Deadlines are not being watched since %(moment)s") % {"moment": moment}
        else:
            title = _("Deadlines are not being watched yet")
        comfort = _("Nothing is lost: what falls due meanwhile is marked as of its own time once it works again.")
        return cls(title, " ".join([*(words[sign.part] for sign in silent), comfort]))


class Shell:
    """The frame around a page; each part is worked out when a template asks for it.

    Views may set on the request: `sidebar_counts` (a callable giving {key: count}, the key being that of a view; else
    the one that `settings.SIDEBAR_COUNTS` names is called with the request), `sidebar_saved` (the reader's own views:
    key, name, address), `sidebar_here` (the key of the current place) and `organisation`.
    """

    def __init__(self, request: HttpRequest) -> None:
        self.request = request
        self.user = getattr(request, "user", None)

    @property
    def signed_in(self) -> bool:
        return bool(self.user and self.user.is_authenticated)

    @property
    def theme(self) -> str:
        """light, dark or nothing (as the system)."""
        return getattr(self.user, "theme", "") or ""

    @property
    def shortcuts(self) -> bool:
        return getattr(self.user, "shortcuts", True)

    @property
    def language(self) -> str:
        return languages.code(get_language())

    @property
    def direction(self) -> str:
        return "rtl" if get_language_bidi() else "ltr"

    @cached_property
    def languages(self) -> list[LanguageChoice]:
        active = self.language
        return [LanguageChoice(code, languages.own_name(code), code == active) for code, _name in settings.LANGUAGES]

    @cached_property
    def organisation(self) -> Organisation:
        """Query cost: one, only on pages that show it."""
        found = getattr(self.request, "organisation", None) or Organisation.objects.filter(pk=1).first()
        return found or Organisation(pk=1)

    @cached_property
    def me(self) -> Person | None:
        return Person.of(self.user.pk, str(self.user)) if self.user is not None and self.signed_in else None

    @cached_property
    def unwatched(self) -> Unwatched | None:
        """For managers and administrators, on the dashboard and the first page of the settings: nobody watches.

        Query cost: one there, none elsewhere and for others.
        """
        match = self.request.resolver_match
        if (
            match is None
            or match.url_name not in WARNED
            or self.user is None
            or not self.signed_in
            or not self.user.roles & {MANAGER, ADMIN}
        ):
            return None
        at = clock.now()
        silent = watchdog.silent(watchdog.signs(at), at)
        return Unwatched.of(silent, at) if silent else None

    @cached_property
    def counts(self) -> dict[str, int | str]:
        """Query cost: what the hook costs (none without one)."""
        hook = getattr(self.request, "sidebar_counts", None)
        if callable(hook):
            return dict(hook())
        named = getattr(settings, "SIDEBAR_COUNTS", "")
        return dict(import_string(named)(self.request)) if named and self._allowed("queue") else {}

    @property
    def load(self) -> str:
        """14 of 20 cases, where the counts are known."""
        if self.user is None or "mine" not in self.counts or not self.user.sees_cases:
            return ""
        mine = self.counts.get("load", self.counts["mine"])  # those put aside are work too
        return _("%(open)s of %(capacity)s cases") % {"open": mine, "capacity": self.user.capacity}

    @cached_property
    def here(self) -> str:
        """The key of the current place: given by the view, else by the route and the queue's `view`."""
        if given := getattr(self.request, "sidebar_here", None):
            return str(given)
        match = self.request.resolver_match
        name = match.url_name or "" if match else ""
        if name == "queue":
            return self.request.GET.get("view", "mine")
        return name.split("_")[0]

    @cached_property
    def sections(self) -> list[Section]:
        """The sidebar: views of the queue, then the other places this user may open."""
        daily = [
            ("mine", "inbox", _("My queue"), ""),
            ("breached", "breached", _("Breached"), "breach"),
            ("risk", "clock", _("At risk today"), "risk"),
            ("promises", "promise", _("Promises due"), ""),
            ("waiting", "paused", _("Waiting on customer"), ""),
            ("snoozed", "snooze", _("Snoozed"), ""),
            ("resolved", "met", _("Resolved, to close"), ""),
        ]
        wider = [
            ("team", "team", _("Open in my team"), ""),
            ("all", "filter", _("All open"), ""),
            ("quarantine", "shield", _("Quarantine"), ""),
            ("closed", "check", pgettext("view", "Closed"), ""),
            ("history", "book", _("Imported history"), ""),
        ]
        queues = [[self._view(*view) for view in views] if self._allowed("queue") else [] for views in (daily, wider)]
        others = [
            ("notifications", "bell", _("Notifications")),
            ("workload" if self._allowed("workload") else "absences", "team", _("Team")),
            ("customers", "person", _("Customers")),
            ("follow_ups", "call", _("Follow-up calls")),
            ("approvals", "shield", _("Approvals")),
            ("payouts", "credit", _("Payouts")),
            ("knowledge", "book", _("Knowledge")),
            ("incidents", "flag", _("Incidents")),
            ("dashboard", "dashboard", _("Dashboard")),
            *([("learning", "search", _("Learning"))] if self.user and self.user.roles & LEARN else []),
            ("settings", "settings", _("Settings")),
        ]
        places = [
            Item(name, mark, label, href, self.counts.get(name), current=self.here == name)
            for name, mark, label in others
            if (href := self._allowed(name)) and (name not in IF_COUNTED or name in self.counts)
        ]
        saved = [
            Item(key, "filter", name, href, self.counts.get(key), current=self.here == key)
            for key, name, href in getattr(self.request, "sidebar_saved", ())
        ]
        named = [("", queues[0]), (_("Saved views"), saved), (_("Cases"), queues[1]), ("Amends", places)]
        return [Section(title, items) for title, items in named if items]

    @cached_property
    def tabs(self) -> list[Item]:
        """The bar at the foot of a phone: five places at most."""
        wanted = [
            ("queue", "inbox", _("Queue")),
            ("search", "search", _("Search")),
            ("notifications", "bell", pgettext("tab", "News")),
            ("customers", "person", _("Customers")),
            ("follow_ups", "call", pgettext("tab", "Calls")),
            ("dashboard", "dashboard", _("Dashboard")),
            ("settings", "settings", _("Settings")),
            ("preferences", "keyboard", pgettext("tab", "You")),
        ]
        queue_keys = {item.key for section in self.sections[:-1] for item in section.items}
        found = [
            Item(
                name,
                mark,
                label,
                href,
                self.counts.get(name) if name == "notifications" else None,
                current=self.here == name or (name == "queue" and self.here in queue_keys),
            )
            for name, mark, label in wanted
            if (href := self._allowed(name))
        ]
        for least in (
            "follow_ups",
            "settings",
            "customers",
        ):  # one's own page and search lead there
            if len(found) > TABS:
                found = [tab for tab in found if tab.key != least]
        return found

    def _view(self, key: str, mark: str, label: str, tone: str) -> Item:
        count = self.counts.get(key)
        href = f"{_place('queue', _urlconf())[0]}?view={key}"
        return Item(key, mark, label, href, count, tone if count else "", current=self.here == key)

    def _allowed(self, name: str) -> str:
        """The address of `name` where it exists and this user may open it, else nothing."""
        href, access = _place(name, _urlconf())
        return href if href and access and access.permits(self.user) else ""


def _urlconf() -> str:
    return str(get_urlconf() or settings.ROOT_URLCONF)


@lru_cache(maxsize=64)
def _place(name: str, urlconf: str) -> tuple[str, Access | None]:
    try:
        href = reverse(name, urlconf=urlconf)
        return href, declared(resolve(href, urlconf=urlconf).func)
    except (NoReverseMatch, Resolver404):
        return "", None


def shell(request: HttpRequest) -> dict[str, Any]:
    """Context processor: `shell`, see Shell."""
    return {"shell": Shell(request)}
