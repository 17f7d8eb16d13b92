"""What the demo's people have made of their desk: saved views of each circle, and a few cases put aside."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from complaints.actions import snooze, views
from complaints.demo import SOURCE
from complaints.demo.cast import LISBON
from complaints.models import NEVER, BulkRun, Complaint, SavedView, Status
from core.actor import Actor
from core.models import Team, User

QUIET = timedelta(days=2)  # no deadline within it: the demo's first page shows no surprise
OWN = (
    ("Phone calls of today", {"view": "mine", "channel": "phone", "due": "today"}),
    ("Started, not sent", {"view": "all", "draft": "yes"}),
)


def seed(members: dict[str, User], *, at: datetime) -> None:
    """Views for the agent, a team and everybody; of the agent's open cases two are snoozed."""
    agent, lead, manager = (User.objects.get(pk=members[name].pk) for name in ("agent", "lead", "manager"))
    for name, query in OWN:
        views.save(by=Actor.person(agent), at=at, name=name, query=query)
    team = Team.objects.get(name=LISBON)
    query = {"view": "all", "team": str(team.pk), "language": "pt"}
    views.save(by=Actor.person(lead), at=at, name="Portuguese, open", query=query, circle=views.TEAM, team=team)
    query = {"view": "all", "severity": "critical", "sort": "oldest"}
    views.save(by=Actor.person(manager), at=at, name="Critical, waiting longest", query=query, circle=views.ALL)
    aside = Complaint.objects.filter(source=SOURCE, owner=agent, in_queue=True, queue_at__gt=at + QUIET)
    aside = aside.filter(status__in=(Status.INVESTIGATING, Status.WAITING), queue_at__lt=NEVER).order_by("pk")
    for complaint, until in zip(aside[:2], (at + timedelta(days=1), None), strict=False):
        snooze.snooze(complaint, by=Actor.person(agent), at=at, until=until)


def purge(people: Sequence[User]) -> None:
    """Their views and their changes of many."""
    SavedView.objects.filter(made_by__in=people).delete()
    BulkRun.objects.filter(by__in=people).delete()
