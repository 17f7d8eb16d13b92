"""Who has a case, who is asked to take it or to help, who follows it: what the case page says about it (mission D3)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import BigIntegerField, CharField, DateTimeField, F, TextField, Value
from django.db.models.functions import Cast
from django.http import HttpRequest
from django.utils.translation import gettext as _

from complaints.models import Complaint, Escalation, HandOver, HandOverState, Watch
from complaints.web.names import name_of, person_of
from core import languages
from core.actions import notifications
from core.models import Notification, User
from core.web.once import fresh
from core.web.parts import Part, Person

OFFER, ESCALATION, WATCH, NOTICE = "offer", "escalation", "watch", "notice"


@dataclass(frozen=True, slots=True)
class Open(Part):
    """An offer or an escalation without answer."""

    key: int
    by_id: int | None
    to_id: int
    words: str
    at: datetime


@dataclass(slots=True)
class Ownership(Part):
    """What is open about a case, and who follows it (keys, in the order in which they began to)."""

    owner_id: int
    offer: Open | None = None
    escalations: list[Open] = field(default_factory=list)
    watchers: list[int] = field(default_factory=list)
    unread: bool = False  # the reader's inbox says something about it

    def asked(self, user_id: int) -> Open | None:
        """The open escalation to this person."""
        return next((one for one in self.escalations if one.to_id == user_id), None)

    def asks(self, user_id: int) -> Open | None:
        """The open escalation that this person may take back."""
        mine = [one for one in self.escalations if one.by_id == user_id]
        if not mine and self.owner_id == user_id:
            mine = self.escalations
        return mine[0] if mine else None


@dataclass(frozen=True, slots=True)
class Bar(Part):
    """A line on top of the case. `acts`: what the reader can do about it, by the key of the action."""

    icon: str
    title: str
    text: str
    when: str
    who: Person | None
    mine: bool
    acts: tuple[str, ...] = ()


def of(complaint: Complaint, reader_id: int) -> Ownership:
    """Query cost: 1, once for an instance."""
    known: Ownership | None = complaint.__dict__.get("ownership")
    if known is None:
        known = complaint.__dict__["ownership"] = _load(complaint, reader_id)
    return known


def read(complaint: Complaint, reader: User, *, at: datetime) -> None:
    """The reader has opened the case: what their inbox says about it is read. Query cost: 1 where it says anything, and
    that of `of`."""
    if of(complaint, reader.pk).unread:
        notifications.read_about(reader, "complaint", complaint.pk, at=at)


def _load(complaint: Complaint, reader_id: int) -> Ownership:
    found = Ownership(complaint.owner_id)
    notices = Notification.objects.filter(
        user=reader_id, read_at__isnull=True, subject_kind="complaint", subject_id=complaint.pk
    )
    offers = HandOver.objects.filter(complaint=complaint.pk, state=HandOverState.OFFERED)
    escalations = Escalation.objects.filter(complaint=complaint.pk, answered_at__isnull=True)
    watches = Watch.objects.filter(complaint=complaint.pk)
    parts = (
        _part(offers, OFFER, "offered_by_id", "to_user_id", "reason", "offered_at"),
        _part(escalations, ESCALATION, "by_id", "to_id", "reason", "at"),
        _part(watches, WATCH, None, "user_id", None, None),
        _part(notices, NOTICE, None, "user_id", None, None),
    )
    for key, part, by_id, to_id, words, at in parts[0].union(*parts[1:], all=True):
        if part == WATCH:
            found.watchers.append(to_id)
        elif part == NOTICE:
            found.unread = True
        elif part == OFFER:
            found.offer = Open(key, by_id, to_id, words, at)
        else:
            found.escalations.append(Open(key, by_id, to_id, words, at))
    found.escalations.sort(key=lambda one: (one.at, one.key))
    return found


def _part(rows: Any, part: str, by: str | None, to: str, words: str | None, at: str | None) -> Any:
    columns = {
        "row_id": Cast("pk", BigIntegerField()),
        "row_part": Cast(Value(part), CharField()),
        "row_by": Cast(F(by) if by else Value(None), BigIntegerField()),
        "row_to": Cast(to, BigIntegerField()),
        "row_words": Cast(F(words) if words else Value(""), TextField()),
        "row_at": F(at) if at else Cast(Value(None), DateTimeField()),
    }
    return rows.order_by().annotate(**columns).values_list(*columns)


def offered(complaint: Complaint, user_id: int, owner_ship: Ownership) -> tuple[list[str], list[str]]:
    """The keys of actions about ownership that make sense now: those that come before all others, and the rest."""
    first: list[str] = []
    if owner_ship.offer is not None and owner_ship.offer.to_id == user_id:
        first += ["accept_offer", "decline_offer"]
    if owner_ship.asked(user_id) is not None:
        first.append("answer_escalation")
    rest: list[str] = []
    if owner_ship.offer is None:
        rest.append("offer")
    elif owner_ship.offer.to_id != user_id:
        rest.append("withdraw_offer")
    rest.append("escalate")
    if owner_ship.asks(user_id) is not None:
        rest.append("take_back_escalation")
    return first, [*rest, "add_watcher"]


def bars(request: HttpRequest, complaint: Complaint, at: datetime) -> dict[str, Any]:
    """What `complaints/_ownership.html` takes. Query cost: 1, none once the case's ownership is known."""
    me = request.user.pk or 0
    known = of(complaint, me)
    lines: list[Bar] = []
    if offer := known.offer:
        names = {"by": name_of(offer.by_id), "to": name_of(offer.to_id)}
        acts: tuple[str, ...] = ()
        title = _("Offered to %(to)s by %(by)s, not answered yet") % names
        if offer.to_id == me:
            title, acts = _("%(by)s asks you to take this case over") % names, ("accept_offer", "decline_offer")
        lines.append(_bar("team", title, offer, at, mine=offer.to_id == me, acts=acts))
    for one in known.escalations:
        names = {"by": name_of(one.by_id), "to": name_of(one.to_id)}
        mine = one.to_id == me
        title = _("%(by)s asks for your help") % names if mine else _("%(by)s asked %(to)s for help") % names
        if one.by_id is None:  # nobody of ours: the complainant, by not accepting the decision
            title = _("The customer does not accept the decision. %(to)s looks at it") % names
        lines.append(_bar("flag", title, one, at, mine=mine, acts=("answer_escalation",) if mine else ()))
    base = complaint.get_absolute_url()
    return {
        "bars": lines,
        "watchers": [(pk, person_of(pk) or Person.of(pk, "–"), pk == me) for pk in known.watchers],
        "accept_url": f"{base}hand-over/acceptance/",
        "watching": me in known.watchers,
        "follow_url": f"{base}{'unwatching' if me in known.watchers else 'watching'}/",
        "unwatch_url": f"{base}watchers/removal/",
        "nonce": fresh(),
    }


def _bar(icon: str, title: str, one: Open, at: datetime, *, mine: bool, acts: tuple[str, ...]) -> Bar:
    return Bar(icon, title, one.words, languages.near(one.at, at), person_of(one.by_id), mine, acts)
