"""Who asks whom among the demo's people: an offer, an escalation, a note that names somebody, an absence ahead (D3)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from complaints.actions import converse, escalate, hand_over, staff, watch
from complaints.demo import SOURCE, cast
from complaints.models import Complaint, Escalation, HandOver, Status
from core.actor import Actor
from core.models import Notification, NotificationChoice, User

UNREAD_FOR = timedelta(hours=20)  # what is older has been read
FRESH = timedelta(hours=2)


def seed(members: dict[str, User], *, at: datetime) -> None:
    """Something to answer for the demo's agent, lead and manager; nothing of it waits to be mailed."""
    agent, lead = (User.objects.get(pk=members[name].pk) for name in ("agent", "lead"))
    colleague = User.objects.filter(team=agent.team, is_agent=True).exclude(pk__in=[agent.pk, lead.pk]).first()
    open_ = Complaint.objects.filter(source=SOURCE, in_queue=True, status=Status.INVESTIGATING).order_by("-queue_at")
    mine = list(open_.filter(owner=agent, snoozed_until=None)[:3])
    if colleague is not None:
        theirs = open_.filter(owner=colleague).first()
        if theirs is not None:
            hand_over.offer(
                theirs,
                by=Actor.person(colleague),
                at=at - FRESH,
                to=agent,
                reason="You spoke with this customer before, and I am full today.",
            )
        if mine:
            body = f"@{colleague.username} you had the same courier last week: did they answer you in the end?"
            converse.note(mine[0], by=Actor.person(agent), at=at - FRESH, body=body)
        later = at + timedelta(days=9)
        staff.go_absent(
            colleague,
            by=Actor.person(colleague),
            at=at,
            from_at=later,
            until_at=later + timedelta(days=5),
            reason="Holiday",
            hand_over=False,
        )
    if len(mine) > 1:
        reason = "The refund is above what I may grant, and the customer has waited twice already."
        escalate.escalate(mine[1], by=Actor.person(agent), at=at - FRESH, reason=reason, to=lead)
        watch.watch(mine[1], by=Actor.person(agent), at=at - FRESH, watcher=members["manager"])
    quieten(at=at)


def quieten(*, at: datetime) -> None:
    """What happened long ago has been read, and nothing is mailed."""
    people = Notification.objects.filter(user__in=[user.pk for user in cast.users().values()])
    people.filter(at__lt=at - UNREAD_FOR, read_at=None).update(read_at=at - UNREAD_FOR)
    people.filter(mail_due_at__isnull=False).update(mail_due_at=None)


def purge(people: Sequence[User]) -> None:
    """Their inboxes and choices."""
    Notification.objects.filter(user__in=people).delete()
    NotificationChoice.objects.filter(user__in=people).delete()


def purge_cases(keys: Sequence[int]) -> None:
    """What is asked about these complaints, and what inboxes say of them."""
    HandOver.objects.filter(complaint_id__in=keys).delete()
    Escalation.objects.filter(complaint_id__in=keys).delete()
    Notification.objects.filter(subject_kind="complaint", subject_id__in=keys).delete()
