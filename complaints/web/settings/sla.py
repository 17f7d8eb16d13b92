"""Deadlines: the policies in force, what they give by type and channel, and working hours (domain, SLA 1-3)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from complaints import routing
from complaints.models import ClockKind, Complaint, ComplaintType, Severity, SlaPolicy, SlaVersion
from complaints.reference import catalogue
from complaints.sla import policies
from complaints.sla.reading import day_length
from complaints.web.names import teams
from complaints.web.settings import week
from complaints.web.settings.frame import show
from core import languages
from core.access import ADMIN, MANAGER, allow
from core.clock import now
from core.models import CalendarVersion
from core.web.parts import Chip, Link
from core.working_time import TargetKind

HERE = "settings_sla"
KINDS = (ClockKind.ACKNOWLEDGE, ClockKind.UPDATE, ClockKind.RESOLVE)


@dataclass(slots=True)
class PolicyRow:
    """One policy as `settings/sla.html` shows it."""

    number: int
    name: str
    note: str
    chips: list[Chip] = field(default_factory=list)
    targets: list[tuple[str, str]] = field(default_factory=list)


@dataclass(slots=True)
class TypeRow:
    """One type of the matrix with its cells in the order of the channels."""

    name: str
    below: bool
    cells: list[dict[str, Any]]


@require_safe
@allow(ADMIN, MANAGER)
def index(request: HttpRequest) -> HttpResponse:
    """Everything about deadlines on one page. Query cost: at most 9 beside session and user."""
    book = policies.book()
    chosen = request.GET.get("severity", "")
    severity = chosen if chosen in Severity.values else ""
    at = now()
    monday = week.monday_of(request.GET.get("week", ""), at)
    versions = {
        one.pk: one for one in CalendarVersion.objects.filter(pk__in=book.newest.values()).select_related("calendar")
    }
    names = {one.calendar_id: one.calendar.name for one in versions.values()}
    days = {one.calendar_id: day_length(policies.calendar_of(one.pk)) for one in versions.values()}
    channels = [one for one in catalogue().channels.values() if one.is_active]
    context = {
        "policies": [
            _policy(n, one, names, days, last=n == len(book.policies)) for n, one in enumerate(book.policies, start=1)
        ],
        "channels": [(one.code, str(one)) for one in channels],
        "matrix": matrix(book, channels, severity, days),
        "severities": _severities(request, severity),
        "weeks": [
            week.picture(one, monday, at) for one in sorted(versions.values(), key=lambda one: one.calendar.name)
        ],
        "before_url": _url(request, week=week.shifted(monday, -1)),
        "after_url": _url(request, week=week.shifted(monday, 1)),
        "week": week.words(monday, at),
    }
    return show(request, "settings/sla.html", HERE, context, note=_version())


def _version() -> str:
    version = SlaVersion.objects.filter(published_at__isnull=False).order_by("-number").first()
    if version is None or version.published_at is None:
        return ""
    if version.created_by_id is None:
        return _("version %(number)s in force") % {"number": version.number}
    words = {"number": version.number, "day": languages.day(languages.local(version.published_at))}
    return _("version %(number)s in force since %(day)s") % words


def _policy(number: int, one: SlaPolicy, names: dict[int, str], days: dict[int, int], *, last: bool) -> PolicyRow:
    note = names.get(one.calendar_id, "")
    if last:
        note = _("%(calendar)s; always there, always last") % {"calendar": note}
    return PolicyRow(
        number=number,
        name=one.name,
        note=note,
        chips=conditions(one),
        targets=[(str(ClockKind(kind).label), duration(one, kind, days)) for kind in KINDS],
    )


def conditions(one: SlaPolicy) -> list[Chip]:
    """What has to be true, as chips. No query."""
    found = []
    if one.type_id is not None:
        found.append(Chip(_("Type: %(value)s") % {"value": catalogue().types_by_id[one.type_id].path}))
    if one.channel:
        found.append(Chip(_("Channel: %(value)s") % {"value": one.get_channel_display()}))
    if one.severity:
        found.append(Chip(_("Severity: %(value)s") % {"value": one.get_severity_display()}))
    if one.tier:
        found.append(Chip(_("Tier: %(value)s") % {"value": one.tier}))
    if one.team_id is not None:
        found.append(Chip(_("Team: %(value)s") % {"value": teams().get(one.team_id, "")}))
    return found


def duration(policy: SlaPolicy, kind: str, days: dict[int, int]) -> str:
    """The target of one clock in words; a working day is as long as the calendar's. A dash where there is none."""
    target = policies.target_of(policy, kind)
    if target is None:
        return languages.DASH
    if target.kind == TargetKind.WORKING_SECONDS:
        return languages.duration(target.value, day_seconds=days.get(policy.calendar_id) or languages.DAY)
    if target.kind == TargetKind.WORKING_DAYS:
        return ngettext("%(n)s working day", "%(n)s working days", target.value) % {"n": target.value}
    return ngettext("%(n)s calendar day", "%(n)s calendar days", target.value) % {"n": target.value}


def matrix(book: policies.Book, channels: list[Any], severity: str, days: dict[int, int]) -> list[TypeRow]:
    """For each type and channel the targets that a new complaint would get. No query.

    The severity is the channel's own unless one is asked for; the team is the one that routing names.
    """
    numbers = {one.pk: number for number, one in enumerate(book.policies, start=1)}
    named = {one.type_id for one in book.policies if one.type_id is not None}
    default = book.policies[-1]
    rows = []
    for one in _types(named):
        cells = []
        for channel in channels:
            found = policies.match(_complaint(one, channel.code, severity or channel.default_severity)).policy
            cells.append(
                {
                    "acknowledge": duration(found, ClockKind.ACKNOWLEDGE, days),
                    "resolve": duration(found, ClockKind.RESOLVE, days),
                    "policy": found.name,
                    "url": f"#policy-{numbers[found.pk]}",
                    "is_default": found.pk == default.pk,
                    "is_fast": _seconds(found) < _seconds(default),
                }
            )
        rows.append(TypeRow(one.label, one.parent_id is not None, cells))
    return rows


def _types(named: set[int]) -> list[ComplaintType]:
    """Types of the upper level, and below them those that a policy names."""
    active = [one for one in catalogue().types.values() if one.is_active]
    found = []
    for top in (one for one in active if one.parent_id is None):
        found += [top, *(one for one in active if one.parent_id == top.pk and one.pk in named)]
    return found


def _complaint(type_: ComplaintType, channel: str, severity: str) -> Complaint:
    """A complaint that is never saved."""
    team = routing.team_for(type_id=type_.pk, channel=channel, language="", severity=severity)
    return Complaint(type_id=type_.pk, channel=channel, severity=severity, team_id=team.pk if team else None)


def _seconds(policy: SlaPolicy) -> float:
    """To compare: how soon a policy wants an acknowledgement."""
    target = policies.target_of(policy, ClockKind.ACKNOWLEDGE)
    if target is None:
        return float("inf")
    return target.value if target.kind == TargetKind.WORKING_SECONDS else target.value * float(languages.DAY)


def _severities(request: HttpRequest, chosen: str) -> list[Link]:
    found = [Link(_("as the channel begins"), _url(request, severity=""), current=not chosen)]
    return found + [
        Link(str(one.label), _url(request, severity=one.value), current=one.value == chosen) for one in Severity
    ]


def _url(request: HttpRequest, **changed: str | date) -> str:
    params = request.GET.copy()
    for name, value in changed.items():
        params[name] = str(value)
    kept = {name: str(params[name]) for name in ("severity", "week") if params.get(name)}
    anchor = "#weeks" if "week" in changed else "#matrix"
    query = "&".join(f"{name}={value}" for name, value in kept.items() if value.replace("-", "").isalnum())
    return f"{reverse(HERE)}{'?' if query else ''}{query}{anchor}"
