"""Follow-up calls as a reader sees them: whom, about what, by when, and what the customer said."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from complaints.models import Complaint
from complaints.web.names import name_of
from complaints.web.one.trail_words import actor_of
from core import languages, trail
from core.models import TrailEntry, User
from core.web.parts import Chip, Entry, Part, Person
from metrics.models import SurveyResponse
from retention.models import ContactPoint, FollowUp
from retention.models.care import FollowUpOutcome, FollowUpReason
from retention.models.customers import PHONE

_KEY = "survey-response:"


@dataclass(slots=True)
class Call(Part):
    """One call in a list. `dial`: (number, its tel: address); `complaint_url` only where the reader may open it."""

    id: int
    url: str
    customer: str
    customer_url: str
    owner: Person
    due: str
    reason: str
    about: str = ""
    reference: str = ""
    complaint_url: str = ""
    comment: str = ""
    note: str = ""
    outcome: str = ""
    done: str = ""
    chips: Sequence[Chip] = ()
    dial: Sequence[tuple[str, str]] = ()


@dataclass(slots=True)
class Group(Part):
    """Calls under one heading: overdue, today, later or done."""

    key: str
    title: str
    calls: list[Call] = field(default_factory=list)


def loaded(rows: QuerySet[FollowUp]) -> QuerySet[FollowUp]:
    return rows.select_related("customer", "owner")


def calls_of(rows: Iterable[FollowUp], user: User, *, today: date, now: datetime) -> list[Call]:
    """In words, in the order given. Query cost: 3, whatever the number."""
    found = list(rows)
    answers = _answers(found)
    references = {one.complaint_reference for one in found if one.complaint_reference}
    seen = Complaint.objects.visible_to(user).filter(reference__in=references)
    open_to = set(seen.values_list("reference", flat=True)) if references else set()
    phones: dict[int, list[str]] = {}
    points = ContactPoint.objects.filter(customer__in={one.customer_id for one in found}, kind=PHONE)
    for customer_id, number in points.order_by("-is_preferred", "pk").values_list("customer", "value"):
        phones.setdefault(customer_id, []).append(number)
    return [
        _call(one, answers.get(one.pk), one.complaint_reference in open_to, phones.get(one.customer_id, []), today, now)
        for one in found
    ]


def _answers(found: list[FollowUp]) -> dict[int, SurveyResponse]:
    """The survey's answer behind a call, by the call's key."""
    keys = {one.pk: int(one.key.removeprefix(_KEY)) for one in found if one.key.startswith(_KEY)}
    by_key = SurveyResponse.objects.in_bulk(keys.values()) if keys else {}
    return {pk: by_key[key] for pk, key in keys.items() if key in by_key}


def _call(
    one: FollowUp, answer: SurveyResponse | None, is_open: bool, phones: list[str], today: date, now: datetime
) -> Call:
    return Call(
        id=one.pk,
        url=reverse("follow_up", args=[one.pk]),
        customer=str(one.customer),
        customer_url=reverse("customer", args=[one.customer_id]),
        owner=Person.of(one.owner_id, str(one.owner)),
        due=_due(one.due_on, today),
        reason=str(FollowUpReason(one.reason).label),
        about="" if answer is not None else one.about,
        reference=one.complaint_reference,
        complaint_url=reverse("case", args=[one.complaint_reference]) if is_open else "",
        comment=answer.comment if answer is not None else "",
        note=one.note,
        outcome=str(FollowUpOutcome(one.outcome).label) if one.outcome else "",
        done=languages.short_moment(one.done_at, now=now) if one.done_at else "",
        chips=_chips(one, answer, today),
        dial=[(number, "tel:" + "".join(c for c in number if c.isdigit() or c == "+")) for number in phones],
    )


def _chips(one: FollowUp, answer: SurveyResponse | None, today: date) -> list[Chip]:
    chips = []
    if answer is not None and answer.score is not None:
        chips.append(Chip(f"{answer.kind.upper()} {answer.score}", "breach"))
    if one.done_at is None and one.due_on < today:
        days = (today - one.due_on).days
        chips.append(Chip(ngettext("%(n)s day late", "%(n)s days late", days) % {"n": days}, "risk", "clock"))
    if answer is not None and not answer.may_call:
        chips.append(Chip(_("Write, do not call"), "pause", "email"))
    if one.attempts and one.done_at is None:
        chips.append(Chip(ngettext("%(n)s try so far", "%(n)s tries so far", one.attempts) % {"n": one.attempts}))
    return chips


def _due(on: date, today: date) -> str:
    if on == today:
        return _("Today")
    return languages.day_month(on, weekday=True) if on.year == today.year else languages.day(on, weekday=True)


def grouped(calls: Sequence[Call], rows: Sequence[FollowUp], today: date) -> list[Group]:
    """Calls still to be made, under overdue, today and later; without the empty ones."""
    groups = {
        "overdue": Group("overdue", _("Overdue")),
        "today": Group("today", _("Today")),
        "later": Group("later", _("Later")),
    }
    for call, row in zip(calls, rows, strict=True):
        key = "overdue" if row.due_on < today else "today" if row.due_on == today else "later"
        groups[key].calls.append(call)
    return [group for group in groups.values() if group.calls]


def story(call: FollowUp, *, now: datetime) -> list[Entry]:
    """What happened to a call, oldest first. Query cost: 1."""
    return [_entry(one, now) for one in trail.of(call)]


def _entry(entry: TrailEntry, now: datetime) -> Entry:
    body = json.loads(entry.body)
    private = json.loads(entry.private) if entry.private else {}
    title = {
        "planned": pgettext("call", "Planned"),
        "taken_up": _("Planned again"),
        "attempted": _("Tried"),
        "completed": pgettext("call", "Made"),
        "cancelled": pgettext("call", "Cancelled"),
        "reassigned": _("Given to somebody else"),
        "handed_over": _("Handed over"),
        "rescheduled": _("Moved to another day"),
        "amended": _("Details changed"),
    }.get(entry.kind.removeprefix("followup."), entry.kind)
    parts = [actor_of(entry)]
    if body.get("outcome"):
        parts.append(str(FollowUpOutcome(body["outcome"]).label))
    if "owner" in body:
        owner = body["owner"][-1] if isinstance(body["owner"], list) else body["owner"]
        parts.append(_("who calls: %(name)s") % {"name": name_of(owner)})
    if "due_on" in body:
        day = body["due_on"][-1] if isinstance(body["due_on"], list) else body["due_on"]
        parts.append(_("due: %(day)s") % {"day": languages.short_day(date.fromisoformat(day), now=now)})
    if private.get("note"):
        parts.append(private["note"])
    at = languages.short_moment(entry.at, now=now)
    return Entry("event", icon="phone", title=title, text=", ".join(parts), time=at, at=entry.at.isoformat())
