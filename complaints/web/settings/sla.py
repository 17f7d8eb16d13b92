"""Deadlines: the policies in force or their draft, what they give by type and channel, and working hours (SLA 1-3)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext
from django.views.decorators.http import require_safe

from complaints import routing
from complaints.models import ClockKind, Complaint, ComplaintType, Severity, SlaPolicy, SlaVersion
from complaints.reference import catalogue
from complaints.sla import drafts, policies, simulate
from complaints.sla.covering import covered
from complaints.web.settings import policy_words as words
from complaints.web.settings import week
from complaints.web.settings.frame import key_of, show
from complaints.web.settings.policy_words import KINDS, Calendars
from complaints.web.settings.press import Press
from core import languages
from core.access import ADMIN, MANAGER, allow
from core.clock import now
from core.web.parts import Chip, Link
from core.working_time import TargetKind

HERE, DRAFT = "settings_sla", "settings_sla_draft"


@dataclass(slots=True)
class PolicyRow:
    """One policy as `settings/sla.html` shows it. `changes`: lines on what the draft changes; addresses only where the
    reader may use them."""

    number: int
    key: int
    name: str
    note: str
    chips: list[Chip] = field(default_factory=list)
    marks: list[Chip] = field(default_factory=list)
    targets: list[tuple[str, str]] = field(default_factory=list)
    ladder: list[str] = field(default_factory=list)
    changes: list[str] = field(default_factory=list)
    trouble: str = ""
    url: str = ""
    move_url: str = ""
    first: bool = False
    last: bool = False


@dataclass(slots=True)
class TypeRow:
    """One type of the matrix with its cells in the order of the channels."""

    name: str
    below: bool
    cells: list[dict[str, Any]]


@dataclass(slots=True)
class Lists:
    """What a page is made of: the list it shows, and beside it what is in force (on the draft's page) or the draft."""

    shown: policies.Book
    in_force: policies.Book
    versions: drafts.Versions
    differences: list[drafts.Difference]
    calendars: Calendars
    is_draft: bool = False
    may_edit: bool = False


@require_safe
@allow(ADMIN, MANAGER)
def index(request: HttpRequest) -> HttpResponse:
    """Everything about deadlines on one page. Query cost: at most 9 beside session and user."""
    found = drafts.versions()
    in_force = policies.book()
    draft = policies.book_of(found.draft) if found.draft else None
    calendars = Calendars([in_force, *([draft] if draft else [])])
    differences = _differences(in_force, draft, found.draft)
    lists = Lists(in_force, in_force, found, differences, calendars, may_edit=_may_edit(request))
    at = now()
    monday = week.monday_of(request.GET.get("week", ""), at)
    shown = sorted(calendars.versions.values(), key=lambda one: one.calendar.name)
    context = {
        **context_of(request, lists),
        "weeks": [week.picture(one, monday, at) for one in shown if one.pk in in_force.newest.values()],
        "before_url": _url(request, week=week.shifted(monday, -1)),
        "after_url": _url(request, week=week.shifted(monday, 1)),
        "week": week.words(monday, at),
    }
    return show(request, "settings/sla.html", HERE, context, note=_version(found.in_force), tools=tools())


def draft_lists(request: HttpRequest, found: drafts.Versions) -> Lists:
    """The draft and what is in force. Query cost: at most 8."""
    in_force, draft = policies.book(), policies.book_of(found.draft)
    return Lists(
        draft,
        in_force,
        found,
        _differences(in_force, draft, found.draft),
        Calendars([in_force, draft]),
        is_draft=True,
        may_edit=_may_edit(request),
    )


def _differences(
    in_force: policies.Book, draft: policies.Book | None, version: SlaVersion | None
) -> list[drafts.Difference]:
    """Query cost: 1 where there is a draft."""
    if draft is None or version is None:
        return []
    return drafts.differences(in_force.policies, draft.policies, drafts.origins(version))


def tools() -> tuple[Link, ...]:
    """Where the page of deadlines leads."""
    return (
        Link(_("Calendars"), reverse("settings_calendars"), "clock"),
        Link(_("What if it arrived …"), reverse("settings_sla_simulator"), "clock"),
        Link(_("Earlier changes"), reverse("settings_sla_edits"), "trail"),
    )


def context_of(request: HttpRequest, lists: Lists) -> dict[str, Any]:
    """Policies, draft bar and matrix, for the page in force and for the draft's."""
    chosen = request.GET.get("severity", "")
    severity = chosen if chosen in Severity.values else ""
    channels = [one for one in catalogue().channels.values() if one.is_active]
    draft = lists.versions.draft
    return {
        "policies": rows(lists),
        "removed": [one.before.name for one in lists.differences if one.what == drafts.REMOVED and one.before],
        "is_draft": lists.is_draft,
        "may_edit": lists.may_edit,
        "revision": drafts.revision(draft) if draft and lists.may_edit else "",
        "draft": _draft_bar(lists),
        "press": Press() if lists.may_edit else None,
        "channels": [(one.code, str(one)) for one in channels],
        "matrix": matrix(request, lists, channels, severity),
        "cell": _cell(request, lists, channels, severity),
        "severities": _severities(request, severity),
    }


def rows(lists: Lists) -> list[PolicyRow]:
    """The policies of the list shown, in their order. No query."""
    told = {one.after.pk: one for one in lists.differences if one.after is not None} if lists.is_draft else {}
    hidden = covered(lists.shown.policies)
    found = []
    count = len(lists.shown.policies)
    editing = lists.is_draft and lists.may_edit
    for number, one in enumerate(lists.shown.policies, start=1):
        row = PolicyRow(
            number=number,
            key=one.pk,
            name=one.name,
            note=_note(one, lists.calendars, last=number == count),
            chips=words.conditions(one),
            targets=[(str(kind.label), words.duration(one, kind, lists.calendars.days)) for kind in KINDS],
            ladder=words.ladder_words(one),
            first=number == 1,
            last=number == count - 1,
        )
        if one.pk in hidden:
            row.trouble = words.covered_words(hidden[one.pk])
        if one.pk in told:
            row.marks.append(_mark(told[one.pk]))
            row.changes = words.change_words(told[one.pk], lists.calendars)
        if editing:
            row.url = reverse("settings_sla_policy", args=[one.pk])
            row.move_url = reverse("settings_sla_policy_move", args=[one.pk]) if number < count else ""
        found.append(row)
    return found


def _note(one: SlaPolicy, calendars: Calendars, *, last: bool) -> str:
    note = calendars.names.get(one.calendar_id, "")
    return _("%(calendar)s; always there, always last") % {"calendar": note} if last else note


def _mark(one: drafts.Difference) -> Chip:
    return {
        drafts.ADDED: Chip(pgettext("policy", "new"), "ok"),
        drafts.CHANGED: Chip(pgettext("policy", "changed"), "risk"),
        drafts.MOVED: Chip(pgettext("policy", "moved"), "note"),
    }[one.what]


def _draft_bar(lists: Lists) -> dict[str, Any] | None:
    """How many changes the draft has, and whose it is; None without one."""
    draft = lists.versions.draft
    if draft is None:
        return None
    n = len(lists.differences)
    who = (draft.created_by.name or draft.created_by.username) if draft.created_by else ""
    since = {"number": draft.number, "name": who, "day": languages.day(languages.local(draft.created_at))}
    note = _("Version %(number)s, begun on %(day)s by %(name)s.") if who else _("Version %(number)s, begun on %(day)s.")
    return {
        "title": ngettext("Draft with %(n)s change", "Draft with %(n)s changes", n) % {"n": n},
        "note": note % since,
        "changes": n,
    }


def _version(version: SlaVersion | None) -> str:
    if version is None or version.published_at is None:
        return ""
    if version.created_by_id is None:
        return _("version %(number)s in force") % {"number": version.number}
    said = {"number": version.number, "day": languages.day(languages.local(version.published_at))}
    return _("version %(number)s in force since %(day)s") % said


# --- the matrix -------------------------------------------------------------------------------------------------------


def matrix(request: HttpRequest, lists: Lists, channels: list[Any], severity: str) -> list[TypeRow]:
    """For each type and channel the targets that a new complaint would get; on the draft's page marked where they
    differ from those in force. No query.

    The severity is the channel's own unless one is asked for; the team is the one that routing names.
    """
    named = {one.type_id for one in (*lists.shown.policies, *lists.in_force.policies) if one.type_id is not None}
    default = lists.shown.policies[-1]
    days = lists.calendars.days
    found = []
    for one in _types(named):
        cells = []
        for channel in channels:
            complaint = _complaint(one, channel.code, severity or channel.default_severity)
            policy = policies.match(complaint, among=lists.shown).policy
            old = policies.match(complaint, among=lists.in_force).policy if lists.is_draft else policy
            said, before = _said(policy, days), _said(old, days)
            cells.append(
                {
                    "acknowledge": said[0],
                    "resolve": said[1],
                    "policy": policy.name,
                    "title": _("%(policy)s; in force: %(before)s")
                    % {"policy": policy.name, "before": " / ".join(before)}
                    if said != before
                    else policy.name,
                    "url": _url(request, type=one.pk, channel=channel.code),
                    "is_default": policy.pk == default.pk,
                    "is_fast": _seconds(policy) < _seconds(default),
                    "is_edited": said != before,
                }
            )
        found.append(TypeRow(one.label, one.parent_id is not None, cells))
    return found


def _said(policy: SlaPolicy, days: Mapping[int, int]) -> tuple[str, str]:
    return words.duration(policy, ClockKind.ACKNOWLEDGE, days), words.duration(policy, ClockKind.RESOLVE, days)


def _cell(request: HttpRequest, lists: Lists, channels: Sequence[Any], severity: str) -> dict[str, Any] | None:
    """The cell that was clicked: which policy and why, in force and in the draft. None without one. No query."""
    type_ = catalogue().types_by_id.get(key_of(request, "type") or 0)
    channel = next((one for one in channels if one.code == request.GET.get("channel")), None)
    if type_ is None or channel is None:
        return None
    bars = severity or channel.default_severity
    complaint = _complaint(type_, channel.code, bars)
    sides = [(_("In force"), lists.in_force)]
    if lists.is_draft:
        sides.append((_("In the draft"), lists.shown))
    asked = {"type": type_.pk, "channel": channel.code, "severity": bars, "draft": "on" if lists.is_draft else ""}
    return {
        "title": f"{type_.path} · {channel} · {Severity(bars).label}",
        "sides": [(name, why(complaint, "", book, lists.calendars)) for name, book in sides],
        "url": f"{reverse('settings_sla_simulator')}?{urlencode({k: v for k, v in asked.items() if v})}",
    }


def why(complaint: Complaint, tier: str, book: policies.Book, calendars: Calendars) -> dict[str, Any]:
    """The policy that matches, with its reason, and why those above it do not. No query."""
    answer = simulate.explain(complaint, tier, book)
    policy = answer.match.policy
    because = words.named_conditions(policy, answer.match.because)
    return {
        "number": len(answer.passed_over) + 1,
        "policy": policy.name,
        "because": because or _("It has no conditions: it catches what no other one does."),
        "targets": [(str(kind.label), words.duration(policy, kind, calendars.days)) for kind in KINDS],
        "calendar": calendars.names.get(policy.calendar_id, ""),
        "passed": [(one.name, words.named_conditions(one, unmet)) for one, unmet in answer.passed_over],
    }


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


def _url(request: HttpRequest, **changed: str | int | date | datetime) -> str:
    """This page with other parameters; those that mean nothing are left out."""
    params = request.GET.copy()
    for name, value in changed.items():
        params[name] = str(value)
    names = ("severity", "week", "type", "channel")
    kept = {name: str(params[name]) for name in names if params.get(name)}
    anchor = "#weeks" if "week" in changed else "#cell" if "type" in changed else "#matrix"
    sound = {name: value for name, value in kept.items() if value.replace("-", "").replace("_", "").isalnum()}
    query = urlencode(sound)
    here = reverse(DRAFT) if request.path.startswith(reverse(DRAFT)) else reverse(HERE)
    return f"{here}{'?' if query else ''}{query}{anchor}"


def _may_edit(request: HttpRequest) -> bool:
    return ADMIN in request.user.roles  # type: ignore[union-attr]
