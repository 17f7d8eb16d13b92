"""What a rung of the ladder leaves when it fires (domain, SLA 5-7): its mark, once for ever, an event on the clock, a
trail entry, mails to those the policy names.

The same rows whoever notices it: the sweep (in bulk) or work completed too late (`records`). After downtime several
rungs of a clock may be due at once: each gets its mark, but one mail tells of all up to the deadline, and one of all
behind it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.db import models

from complaints.models import Clock, ClockEvent, ClockState, Complaint, Firing
from complaints.sla import ladder
from complaints.sla.ladder import BREACH
from complaints.sla.replay import BREACHED, WARNED
from core import notify, outbox, trail
from core.actor import Actor
from core.instants import from_us, to_us
from core.models import Absence, Notification, NotificationEvent, OutboxMessage, Team, TrailEntry, User
from core.notify import AT_ONCE
from core.webhooks import emit

NOTED_AS, WARNED_AS = "sla.breached", "sla.warned"
TEMPLATES = {BREACH: "sla_breach", "warn": "sla_warning", "late": "sla_late"}
ROLES = (ladder.OWNER, ladder.LEAD, ladder.MANAGER, ladder.DEPUTY)
End = tuple[int, bytes | memoryview]  # sequence number and hash of the last entry of a chain
People = dict[int, list[User]]  # by one of ROLES


@dataclass(frozen=True, slots=True)
class Fired:
    """A rung that is due. `told`: a mail says so, to `to`; else a later one does."""

    clock: Clock
    rung: str
    at: datetime
    to: int
    hand_over: bool = False
    told: bool = True


def due(clock: Clock, *, at: datetime) -> list[Fired]:
    """The rungs of a clock due before `at`, in order of time. No query."""
    rungs = clock.rungs
    if not rungs and clock.state == ClockState.RUNNING and clock.due_at is not None:
        rungs = [[to_us(clock.due_at), BREACH, ladder.DEADLINE.to, 0]]  # filed before there were ladders
    before = [one for one in rungs if one[0] < to_us(at)]
    found = []
    for group in (
        [one for one in before if ladder.percent_of(one[1]) <= 100],
        [one for one in before if ladder.percent_of(one[1]) > 100],
    ):
        for us, rung, to, hand_over in group:
            told = rung == group[-1][1]
            if told:
                for other in group:
                    to |= other[2]
            found.append(Fired(clock, rung, from_us(us), to, bool(hand_over), told))
    return found


def records(complaint: Complaint, clocks: Iterable[Clock], *, at: datetime) -> list[models.Model]:
    """The rows to write beside clocks of one complaint that just became breached; the caller holds it locked.

    One mark for each clock, one trail entry for all, one notification and mail for each clock and addressee; all once
    for ever, so none for a clock whose first breach was taken back with a merge. `at`: when it was noticed.
    Query cost: at most 4 with a breach (the end of the trail, the team, the people), none without.
    """
    fired = [Fired(clock, BREACH, _deadline(clock), *_told_of(clock)) for clock in clocks]
    if not fired:
        return []
    subject_kind, subject_id = trail.subject_of(complaint)
    written = TrailEntry.objects.filter(subject_kind=subject_kind, subject_id=subject_id)
    last = written.order_by("-seq").values_list("seq", "hash").first()
    people = people_of([complaint], at=at)[complaint.pk]
    first = [one for one in fired if not one.to & ladder.AGAIN]
    return [
        *(mark(one, at=at) for one in first),
        noted(complaint, fired, by=Actor.system("sla"), at=at, last=last),
        *notices(complaint, first, people, at=at),
        *mails(complaint, first, people, at=at),
    ]


def mark(fired: Fired, *, at: datetime) -> Firing:
    """The mark that this rung has been dealt with; unique by clock and rung. Not yet written."""
    return Firing(
        clock=fired.clock,
        rung=fired.rung,
        due_at=fired.at,
        fired_at=at,
        collapsed=not fired.told,
        hand_over=fired.hand_over,
        look_at=at if fired.hand_over else None,
    )


def event(fired: Fired, *, at: datetime) -> ClockEvent:
    """The event on the clock, not yet written."""
    kind, data = (BREACHED, {}) if fired.rung == BREACH else (WARNED, {"rung": fired.rung})
    return ClockEvent(clock=fired.clock, kind=kind, at=fired.at, recorded_at=at, data=data)


def noted(complaint: Complaint, fired: Sequence[Fired], *, by: Actor, at: datetime, last: End | None) -> TrailEntry:
    """One trail entry for all rungs found at once, dated at the first deadline, else at the first warning.

    `last`: sequence number and hash at the end of the complaint's chain, None if it has none.
    """
    ordered = sorted(fired, key=lambda one: (one.at, one.clock.pk, ladder.percent_of(one.rung)))
    breached = [one for one in ordered if one.rung == BREACH]
    warned = [one for one in ordered if one.rung != BREACH]
    changes: dict[str, Any] = {}
    if breached:
        changes["clocks"] = [_facts(one) for one in breached]
    if warned:
        changes["warned"] = [{**_facts(one), "rung": one.rung} for one in warned]
    first = (breached or warned)[0].at
    entry = trail.build(complaint, NOTED_AS if breached else WARNED_AS, by=by, at=first, changes=changes)
    entry.recorded_at = at.astimezone(UTC)
    entry.seq = last[0] + 1 if last else 1
    entry.hash = trail.chain(bytes(last[1]) if last else trail.GENESIS, entry)
    emit.ride(entry, complaint.reference)  # once more: the message names the entry by its number
    return entry


def mails(complaint: Complaint, fired: Iterable[Fired], people: People, *, at: datetime) -> list[OutboxMessage]:
    """One mail for each rung that is told and each addressee who wants such mails at once, not yet written."""
    return [
        outbox.mail(
            mail_key(one.rung, one.clock.pk, person.pk),
            to=person.email,
            language=person.language,
            template=TEMPLATES[one.rung.partition(":")[0]],
            context=mail_context(complaint, one, person),
            about=complaint,
            at=at,
        )
        for one in fired
        if one.told
        for person in addressees(one.to, people)
        if person.email and choice_of(person).mail == AT_ONCE
    ]


def notices(complaint: Complaint, fired: Iterable[Fired], people: People, *, at: datetime) -> list[Notification]:
    """The same in the inbox of each addressee, whatever they chose: a deadline always reaches somebody. Not yet
    written."""
    return [
        Notification(
            user=person,
            key=notice_key(one),
            event=NotificationEvent.DEADLINE,
            words=notice_words(complaint, one),
            url=complaint.get_absolute_url(),
            subject_kind="complaint",
            subject_id=complaint.pk,
            at=at,
            mail_due_at=notify.mail_due_at(choice_of(person).mail, person, at) if person.email else None,
        )
        for one in fired
        if one.told
        for person in addressees(one.to, people)
    ]


def notice_key(fired: Fired) -> str:
    return f"{fired.rung}:{fired.clock.pk}"


def notice_words(complaint: Complaint, fired: Fired) -> dict[str, str]:
    """What the sentence needs (core.notify_words)."""
    return {
        "what": fired.rung.partition(":")[0],
        "reference": complaint.reference,
        "subject": complaint.subject,
        "clock": str(fired.clock.kind),
        "code": fired.clock.code,
    }


def choice_of(person: User) -> notify.Choice:
    """How they want to hear of deadlines; what `people_of` did not load is the default."""
    own = getattr(person, "own_inbox", None), getattr(person, "own_mail", None)
    return notify.chosen(NotificationEvent.DEADLINE, *own)


def addressees(to: int, people: People) -> list[User]:
    """Everybody a rung tells, each once, in a fixed order."""
    found = {person.pk: person for role in ROLES if to & role for person in people.get(role, ())}
    return [found[pk] for pk in sorted(found)]


def people_of(complaints: Sequence[Complaint], *, at: datetime) -> dict[int, People]:
    """By complaint's key: who owns it, leads its team, answers for the team (every manager if nobody is named) and
    stands in for the owner; active ones, with what they chose of deadlines.

    Beside an owner who is away at `at` whoever stands in for them hears what they would: the deputy, else (none, not
    active, or away too) the team's lead. Query cost: 2 or 3.
    """
    teams = Team.objects.in_bulk({case.team_id for case in complaints if case.team_id is not None})
    owners = {case.owner_id for case in complaints}
    named = {pk for team in teams.values() for pk in (team.lead_id, team.manager_id) if pk}
    own = models.FilteredRelation(
        "notification_choices", condition=models.Q(notification_choices__event=NotificationEvent.DEADLINE)
    )
    reachable: Any = User.objects.filter(is_active=True).annotate(own=own)
    reachable = reachable.annotate(own_inbox=models.F("own__inbox"), own_mail=models.F("own__mail"))
    wanted = models.Q(pk__in=owners | named) | models.Q(is_manager=True) | models.Q(stands_in_for__in=owners)
    users = {one.pk: one for one in reachable.filter(wanted).distinct()}
    away, deputies = set[int](), dict[int, int | None]()
    for pk, deputy_id, is_away, deputy_is_away in _standing_in(owners, at):
        deputies[pk] = deputy_id
        away |= {key for key, gone in ((pk, is_away), (deputy_id, deputy_is_away)) if gone and key is not None}
    managers = [one for one in users.values() if one.is_manager]
    found: dict[int, People] = {}
    for case in complaints:
        team = teams.get(case.team_id or 0)
        found[case.pk] = {
            ladder.OWNER: _known(users, case.owner_id),
            ladder.LEAD: _known(users, team.lead_id if team else None),
            ladder.MANAGER: _known(users, team.manager_id) if team and team.manager_id else managers,
            ladder.DEPUTY: _known(users, deputies.get(case.owner_id)),
        }
        if case.owner_id in away:
            deputy = [one for one in found[case.pk][ladder.DEPUTY] if one.pk not in away]
            found[case.pk][ladder.OWNER] += deputy or found[case.pk][ladder.LEAD]
    return found


def _standing_in(owners: set[int], at: datetime) -> Iterable[tuple[int, int | None, bool, bool]]:
    """Of each owner: key, deputy, whether they and whether the deputy are away at `at`. Query cost: 1."""
    covering = Absence.objects.covering(at)
    known: Any = User.objects.filter(pk__in=owners).annotate(
        away=models.Exists(covering.filter(user=models.OuterRef("pk"))),
        deputy_away=models.Exists(covering.filter(user=models.OuterRef("deputy_id"))),
    )
    found: Iterable[tuple[int, int | None, bool, bool]] = known.values_list("pk", "deputy_id", "away", "deputy_away")
    return found


def mail_key(rung: str, clock_id: int, user_id: int) -> str:
    return f"{rung}:{clock_id}:{user_id}"


def mail_context(complaint: Complaint, fired: Fired, person: User) -> dict[str, str]:
    """What the mail templates of TEMPLATES need. `due_us`: microseconds since 1970, as SQL writes it too."""
    clock = fired.clock
    return {
        "reference": complaint.reference,
        "subject": complaint.subject,
        "clock": str(clock.kind),
        "code": clock.code,
        "clock_id": str(clock.pk),
        "rung": fired.rung,
        "due_us": str(to_us(_deadline(clock))),
        "name": str(person),
        "time_zone": person.time_zone,
    }


def _told_of(clock: Clock) -> tuple[int, bool]:
    """Whom the breach of a clock in memory tells, and whether it hands the case over."""
    found: tuple[int, bool] = getattr(clock, "breach_tells", (ladder.DEADLINE.to, False))
    return found


def _known(users: dict[int, User], pk: int | None) -> list[User]:
    return [users[pk]] if pk in users else []


def _facts(fired: Fired) -> dict[str, Any]:
    clock, at = fired.clock, fired.at.astimezone(UTC).isoformat()
    return {"clock": clock.pk, "cycle": clock.cycle, "due_at": at, "kind": str(clock.kind)}


def _deadline(clock: Clock) -> datetime:
    if clock.due_at is None:
        raise ValueError(f"clock {clock.pk} has no deadline to be late for")
    return clock.due_at


def by_case(clocks: Iterable[Clock]) -> Iterator[tuple[Complaint, list[Clock]]]:
    """Clocks of many complaints, complaint by complaint in the order of their keys."""
    found: dict[int, list[Clock]] = {}
    for clock in clocks:
        found.setdefault(clock.complaint_id, []).append(clock)
    for key in sorted(found):
        yield found[key][0].complaint, found[key]
