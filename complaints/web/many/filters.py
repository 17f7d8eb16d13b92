"""The filters of the queue: each a name in the URL, a reading of its value, and what it leaves (ux, Agent's desk 8).

A condition may depend on who looks and when ("me", "due today"): then it is a function of the reader and the moment.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.conf import settings
from django.db.models import Q, Value
from django.db.models.functions import Replace
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from complaints import search
from complaints.models import NEVER, CaseTheme, ChannelCode, Complaint, Incident, Severity, Status
from complaints.querysets import ComplaintQuerySet
from complaints.reference import catalogue, themes
from complaints.web.names import colleagues, teams
from core import languages
from core.models import Draft
from retention.models import Customer

if TYPE_CHECKING:
    from complaints.web.many.builtin import Moment, Reader

FOUND = 1_000  # complaints that words may leave in a list
MAX_LENGTH = 120
ME, MINE = "me", "mine"
UNCOUNTED = frozenset({"q", "customer", "incident"})  # what these mean is asked of other tables


@dataclass(frozen=True, slots=True)
class Chosen:
    """A filter in force, in words (`value`) and as it stands in the URL (`given`), and what it does to the rows."""

    name: str
    label: str
    value: str
    given: str
    condition: Q | Callable[[Reader, Moment], Q]

    def narrow(self, found: ComplaintQuerySet, user: Reader, at: Moment) -> ComplaintQuerySet:
        return found.filter(self.condition(user, at) if callable(self.condition) else self.condition)


@dataclass(frozen=True, slots=True)
class Filter:
    """`read` gives the words for a value and the condition; None: there is no such value."""

    label: str | Promise
    read: Callable[[str], tuple[str, Q | Callable[[Reader, Moment], Q]] | None]


def chosen(params: Mapping[str, str]) -> tuple[list[Chosen], list[str]]:
    """The filters a query string sets, and what is wrong with the rest in words."""
    found: list[Chosen] = []
    problems: list[str] = []
    for name, one in FILTERS.items():
        value = params.get(name, "").strip()
        if not value:
            continue
        read = one.read(value) if len(value) <= MAX_LENGTH else None
        if read is None:
            problems.append(
                _("%(filter)s: there is no “%(value)s”.") % {"filter": one.label, "value": value[:MAX_LENGTH]}
            )
            continue
        words, condition = read
        found.append(Chosen(name, str(one.label), words, value, condition))
    return found, problems


def _coded(
    field: str, choices: type[ChannelCode] | type[Severity] | type[Status]
) -> Callable[[str], tuple[str, Q] | None]:
    def read(value: str) -> tuple[str, Q] | None:
        return (str(choices(value).label), Q(**{field: value})) if value in choices.values else None

    return read


def _status(value: str) -> tuple[str, Q] | None:
    return _coded("status", Status)(value)


def _keyed(field: str, names: Callable[[], dict[int, str]]) -> Callable[[str], tuple[str, Q] | None]:
    def read(value: str) -> tuple[str, Q] | None:
        key = int(value) if value.isascii() and value.isdigit() and len(value) < 19 else 0
        name = names().get(key)
        return (name, Q(**{field: key})) if name else None

    return read


def _owner(value: str) -> tuple[str, Q | Callable[[Reader, Moment], Q]] | None:
    if value == ME:
        return _("me"), lambda user, at: Q(owner=user.pk)
    return _keyed("owner", lambda: {pk: one.name for pk, one in colleagues().items()})(value)


def _team(value: str) -> tuple[str, Q | Callable[[Reader, Moment], Q]] | None:
    if value == MINE:
        from complaints.web.many.builtin import team_ids

        return _("my team"), lambda user, at: Q(team__in=team_ids(user))
    return _keyed("team", teams)(value)


def _flag(words: str | Promise, condition: Q) -> Callable[[str], tuple[str, Q] | None]:
    return lambda value: (str(words), condition) if value == "yes" else None


def _draft(value: str) -> tuple[str, Callable[[Reader, Moment], Q]] | None:
    """Where the reader has begun to write, a reply or a note."""
    if value != "yes":
        return None

    def begun(user: Reader, at: Moment) -> Q:
        mine = Draft.objects.filter(user=user.pk)
        bare = Replace(Replace("place", Value("reply:"), Value("")), Value("note:"), Value(""))
        return Q(reference__in=mine.annotate(about=bare).values("about"))

    return _("mine"), begun


DUE: dict[str, tuple[str | Promise, Callable[[Reader, Moment], Q]]] = {
    "late": (gettext_lazy("late"), lambda user, at: Q(queue_at__lte=at.now)),
    "today": (gettext_lazy("today"), lambda user, at: Q(queue_at__gt=at.now, queue_at__lt=at.day_end)),
    "later": (gettext_lazy("after today"), lambda user, at: Q(queue_at__gte=at.day_end, queue_at__lt=NEVER)),
    "none": (gettext_lazy("no deadline runs"), lambda user, at: Q(queue_at=NEVER)),
}


def _due(value: str) -> tuple[str, Callable[[Reader, Moment], Q]] | None:
    return (str(DUE[value][0]), DUE[value][1]) if value in DUE else None


PROMISED: dict[str, tuple[str | Promise, Callable[[Reader, Moment], Q]]] = {
    "any": (gettext_lazy("something is owed"), lambda user, at: Q(promise_due_at__isnull=False)),
    "late": (gettext_lazy("not kept in time"), lambda user, at: Q(promise_due_at__lt=at.now)),
    "today": (gettext_lazy("today"), lambda user, at: Q(promise_due_at__gte=at.now, promise_due_at__lt=at.day_end)),
    "none": (gettext_lazy("nothing is owed"), lambda user, at: Q(promise_due_at__isnull=True)),
}


def _promise(value: str) -> tuple[str, Callable[[Reader, Moment], Q]] | None:
    return (str(PROMISED[value][0]), PROMISED[value][1]) if value in PROMISED else None


def _language(value: str) -> tuple[str, Q] | None:
    return (languages.language_name(value), Q(language=value)) if value in dict(settings.LANGUAGES) else None


def _incident(value: str) -> tuple[str, Q] | None:
    """Of one incident, by its reference; `yes`: of any. Query cost: 1 for a reference."""
    if value == "yes":
        return _("any"), Q(incident__isnull=False)
    found = Incident.objects.filter(reference=value.upper()).first()
    return (str(found), Q(incident=found.pk)) if found else None


def _type(value: str) -> tuple[str, Q] | None:
    row = catalogue().types.get(value)
    if row is None:
        return None
    below = [one.pk for one in catalogue().types.values() if one.parent_id == row.pk]
    return row.path, Q(type__in=[row.pk, *below])


def _theme(value: str) -> tuple[str, Q] | None:
    row = themes().get(value)
    return (row.label, Q(pk__in=CaseTheme.objects.filter(theme=row.pk).values("complaint"))) if row else None


def _customer(value: str) -> tuple[str, Q] | None:
    if not (value.isascii() and value.isdigit() and len(value) < 19):
        return None
    customer = Customer.objects.filter(pk=value).first()
    return (str(customer), Q(customer=customer.pk)) if customer else None


def _words(value: str) -> tuple[str, Callable[[Reader, Moment], Q]]:
    """Whatever search finds by these words (complaints.search). Query cost: 2 to 8, once, when the rows are asked for.

    The newest matches, and the newest among cases in hand: a word in more of them than that narrows nothing.
    """
    kept: list[Q] = []

    def fitting(user: Reader, at: Moment) -> Q:
        if not kept:
            rows = Complaint.objects.visible_to(user)  # type: ignore[arg-type]
            keys = search.keys(value, rows, user, most=FOUND)  # type: ignore[arg-type]
            if len(keys) >= FOUND:
                keys += search.keys(value, rows.in_queue(), user, most=FOUND)  # type: ignore[arg-type]
            kept.append(Q(pk__in=keys))
        return kept[0]

    return value, fitting


FILTERS: dict[str, Filter] = {
    "q": Filter(gettext_lazy("Search"), _words),
    "status": Filter(gettext_lazy("Status"), _status),
    "due": Filter(gettext_lazy("Due"), _due),
    "promise": Filter(gettext_lazy("Promise"), _promise),
    "team": Filter(gettext_lazy("Team"), _team),
    "owner": Filter(gettext_lazy("Owner"), _owner),
    "channel": Filter(gettext_lazy("Channel"), _coded("channel", ChannelCode)),
    "type": Filter(gettext_lazy("Type"), _type),
    "severity": Filter(gettext_lazy("Severity"), _coded("severity", Severity)),
    "theme": Filter(gettext_lazy("Theme"), _theme),
    "language": Filter(gettext_lazy("Language"), _language),
    "escalated": Filter(gettext_lazy("Escalated"), _flag(gettext_lazy("yes"), Q(escalated_at__isnull=False))),
    "snoozed": Filter(gettext_lazy("Snoozed"), _flag(gettext_lazy("yes"), Q(snoozed_until__isnull=False))),
    "incident": Filter(gettext_lazy("Incident"), _incident),
    "draft": Filter(gettext_lazy("Drafts"), _draft),
    "source": Filter(gettext_lazy("Source"), lambda value: (value, Q(source=value))),
    "customer": Filter(gettext_lazy("Customer"), _customer),
}
