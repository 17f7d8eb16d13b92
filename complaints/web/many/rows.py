"""Complaints as rows of a list: one query with the next clock in it, then plain values for the template."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta, tzinfo
from functools import lru_cache
from typing import Any, NamedTuple

from django.db.models import Choices, Exists, F, JSONField, OuterRef, Subquery, Value
from django.db.models.functions import Concat, JSONObject
from django.utils import timezone
from django.utils.translation import get_language, pgettext
from django.utils.translation import gettext as _

from complaints.models import NEVER, ChannelCode, Clock, ClockKind, ClockState, Kind, Severity, Status
from complaints.querysets import ComplaintQuerySet
from complaints.reference import catalogue
from complaints.sla.reading import read
from complaints.web.badges import badge
from complaints.web.names import person_of
from core import languages
from core.models import Draft, Notification, NotificationEvent
from core.web.parts import Badge, Chip, Group, Row

BREACHED, TODAY, LATER, WAITING = "breached", "today", "later", "waiting"


class Found(NamedTuple):
    """The columns of a row."""

    pk: int
    reference: str
    kind: str
    subject: str
    preview: str
    severity: str
    channel: str
    status: str
    type_id: int
    owner_id: int
    queue_at: datetime
    received_at: datetime
    customer_id: int | None
    customer__name: str | None
    customer__tier: str | None
    snoozed_until: datetime | None
    escalated_at: datetime | None
    incident_id: int | None
    promise_due_at: datetime | None
    begun: bool
    mentioned: bool
    next_clock: dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class Here:
    """Who looks, and when: worked out once for all rows of a page. Midnight is the next one in `zone`, UTC."""

    now: datetime
    midnight: datetime
    language: str
    zone: tzinfo
    types: dict[int, str]  # paths in the reader's language

    @classmethod
    def of(cls, now: datetime) -> Here:
        paths = {pk: kind.path for pk, kind in catalogue().types_by_id.items()}
        return cls(now, day_end(now), languages.code(get_language()), timezone.get_current_timezone(), paths)


@dataclass(slots=True)
class NextClock:
    """The clock a row shows: the unfinished one with the next deadline, else one that stands still."""

    kind: str
    state: str
    target_kind: str
    target_value: int | None
    calendar_version_id: int | None
    started_at: datetime
    due_at: datetime | None
    paused_since: datetime | None
    completed_at: datetime | None = None

    @classmethod
    def of(cls, found: dict[str, Any] | None) -> NextClock | None:
        if not found:
            return None
        return cls(
            kind=found["kind"],
            state=found["state"],
            target_kind=found["target_kind"],
            target_value=found["target_value"],
            calendar_version_id=found["calendar"],
            started_at=_instant(found["started_at"]) or NEVER,
            due_at=_instant(found["due_at"]),
            paused_since=_instant(found["paused_since"]),
        )


def values(rows: ComplaintQuerySet, reader: int) -> Any:
    """The columns of `Found` for the reader with that key, in one query: the clock comes as JSON from a look-up by the
    clocks' own index, whether a text of theirs waits there or a note mentions them by one in what is theirs."""
    marks = {"begun": _begun(reader), "mentioned": _mentioned(reader)}
    return rows.annotate(**marks, next_clock=_next_clock()).values_list(*Found._fields)


def _begun(reader: int) -> Exists:
    drafts = Draft.objects.filter(user=reader).exclude(body="")
    places = [Concat(Value(mode), OuterRef("reference")) for mode in ("reply:", "note:")]
    return Exists(drafts.filter(place__in=places))


def _mentioned(reader: int) -> Exists:
    unread = Notification.objects.filter(user=reader, read_at=None, event=NotificationEvent.MENTIONED)
    return Exists(unread.filter(subject_kind="complaint", subject_id=OuterRef("pk")))


@lru_cache(maxsize=1)
def _next_clock() -> Subquery:
    """The look-up of the clock, composed once; every query that takes it resolves a copy."""
    unfinished = Clock.objects.filter(complaint=OuterRef("pk"), completed_at__isnull=True)
    unfinished = unfinished.filter(state__in=(ClockState.RUNNING, ClockState.PAUSED, ClockState.BREACHED))
    next_clock = unfinished.order_by(F("due_at").asc(nulls_last=True), "pk").values(
        found=JSONObject(
            kind="kind",
            state="state",
            target_kind="target_kind",
            target_value="target_value",
            calendar="calendar_version",
            started_at="started_at",
            due_at="due_at",
            paused_since="paused_since",
        )
    )[:1]
    return Subquery(next_clock, output_field=JSONField())


def row_of(found: Found, here: Here, *, query: str = "", current: str = "") -> Row:
    """One row in words. `query`: the list's query string, by which the case knows its list. No query."""
    mark, clock = clock_badge(found, here)
    return Row(
        reference=found.reference,
        url=f"/complaints/{found.reference}/{query}",
        subject=found.subject,
        name=found.customer__name or (_("Customer without a name") if found.customer_id else _("Customer unknown")),
        badge=mark,
        severity=found.severity,
        severity_label=_label(Severity, found.severity, here.language),
        channel=found.channel,
        channel_label=_label(ChannelCode, found.channel, here.language),
        tier=found.customer__tier or "",
        snippet=found.preview,
        type_path=here.types.get(found.type_id, ""),
        clock=clock,
        owner=person_of(found.owner_id),
        flags=_flags(found, here),
        unread=found.status == Status.NEW,
        current=found.reference == current,
    )


def clock_badge(found: Found, here: Here) -> tuple[Badge | None, str]:
    """The badge of a row and the name of its clock; none for a case without a running clock."""
    clock = NextClock.of(found.next_clock)
    if clock is None:
        return None, ""
    reading = read(clock, here.now)
    mark = badge(reading, due_at=clock.due_at, now=here.now, brief=True, language=here.language, zone=here.zone)
    return mark, _label(ClockKind, clock.kind, here.language)


@lru_cache(maxsize=512)
def _label(choices: type[Choices], value: str, _language: str) -> str:
    """The word for a value in the language of the moment; asked for two hundred times a page."""
    return str(choices(value).label)


def groups_of(
    found: Iterable[Found],
    here: Here,
    *,
    query: str = "",
    current: str = "",
    whole: bool,
    first: bool = True,
) -> list[Group]:
    """Rows sorted by deadline under their headings: breached, due today, later, without a running deadline.

    A heading tells its number only when all of its rows are on the page: `whole` says nothing follows, `first` nothing
    stood before.
    """
    groups: list[Group] = []
    for one in found:
        key = _group_of(one.queue_at, here)
        if not groups or groups[-1].key != key:
            groups.append(Group(key, titles()[key], []))
        groups[-1].rows.append(row_of(one, here, query=query, current=current))  # type: ignore[attr-defined]
    for number, group in enumerate(groups):
        begun_here, ends_here = first or number > 0, whole or number < len(groups) - 1
        if begun_here and ends_here:
            group.count = str(len(group.rows))
    if groups and groups[0].key == BREACHED:
        groups[0].note = _("longest wait first")
    return groups


def titles() -> dict[str, str]:
    return {
        BREACHED: _("Breached"),
        TODAY: _("Due today"),
        LATER: _("Due later"),
        WAITING: _("Waiting on the customer, or done"),
    }


def day_end(now: datetime) -> datetime:
    """Midnight after `now` in the viewer's zone, UTC."""
    zone = timezone.get_current_timezone()
    tomorrow = now.astimezone(zone).date() + timedelta(days=1)
    return datetime.combine(tomorrow, time.min, tzinfo=zone).astimezone(UTC)


def _group_of(queue_at: datetime, here: Here) -> str:
    if queue_at <= here.now:
        return BREACHED
    if queue_at < here.midnight:
        return TODAY
    return LATER if queue_at < NEVER else WAITING


def _flags(found: Found, here: Here) -> tuple[Chip, ...]:
    """What one should know before opening it, the most pressing first."""
    chips = []
    if found.mentioned:
        chips.append(Chip(_("You are mentioned"), "note"))
    if found.begun:
        chips.append(Chip(pgettext("of a case in a list", "Draft"), "note"))
    if found.promise_due_at is not None:
        chips.append(promised(found.promise_due_at, here))
    if found.escalated_at is not None:
        chips.append(Chip(_("Escalated"), "risk", "flag"))
    if found.incident_id is not None:
        chips.append(Chip(_("Incident"), "", "merge"))
    if found.kind == Kind.ENQUIRY:
        chips.append(Chip(_("Enquiry")))
    if found.snoozed_until is not None:
        chips.append(Chip(until(found.snoozed_until, here.now), "pause", "snooze"))
    status = found.status
    if status == Status.RESOLVED:
        chips.append(Chip(str(Status.RESOLVED.label), "met"))
    elif status in (Status.WAITING, Status.CLOSED, Status.WITHDRAWN, Status.MERGED):
        chips.append(Chip(str(Status(status).label), "pause" if status == Status.WAITING else ""))
    return tuple(chips)


def promised(due_at: datetime, here: Here) -> Chip:
    """When the earliest promise still owed falls due, or that its hour has passed."""
    words = {"when": languages.near(due_at, here.now, language=here.language, zone=here.zone)}
    if due_at < here.now:
        return Chip(_("Promised %(when)s, not kept") % words, "breach", "promise-broken")
    return Chip(_("Promised %(when)s") % words, "risk" if due_at < here.midnight else "", "promise")


def until(at: datetime, now: datetime) -> str:
    """Until when a case is snoozed, in few words: `until 14:30`, `until 5 March`, `until a reply`."""
    if at == NEVER:
        return _("until a reply")
    here = languages.local(at)
    today = here.date() == languages.local(now).date()
    return _("until %(moment)s") % {"moment": languages.clock_time(at) if today else languages.day_month(here)}


def _instant(text: str | None) -> datetime | None:
    """PostgreSQL writes ISO 8601 with an offset, SQLite the naive text it stores, which is UTC."""
    if text is None:
        return None
    at = datetime.fromisoformat(text)
    return at if at.tzinfo else at.replace(tzinfo=UTC)
