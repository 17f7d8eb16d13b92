"""What Halden & Moss has written down: articles, a playbook that changed, who has read it, steps ticked (A6, D1)."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import datetime, timedelta

from complaints.actions import articles, playbooks, readings, steps
from complaints.demo import SOURCE
from complaints.demo.texts.knowledge import ARTICLES, BANK_FEES, COSTS_STEP, WHAT_CHANGED, Written
from complaints.models import Article, ArticleVersion, Complaint, PlaybookVersion, Reading, Status, StepDone
from complaints.playbooks import memory, reading
from complaints.reference import catalogue
from core import cached
from core.actor import Actor
from core.models import Notification, NotificationEvent, User

FORGETFUL = 5  # one in so many has not yet confirmed an older version
REACHED = {Status.ACKNOWLEDGED: 2, Status.INVESTIGATING: 3, Status.WAITING: 3, Status.RESOLVED: 6}  # steps done by then


def seed(members: dict[str, User], *, at: datetime, seed: int) -> None:
    """Articles of the last months, version 2 of the billing playbook, most confirmations, ticks on cases in hand."""
    draw = random.Random(seed)  # noqa: S311  (believable, not secret)
    boss = Actor.person(User.objects.get(pk=members["manager"].pk))
    made = {one.key: _write(one, boss, at) for one in ARTICLES}
    _new_version(made[BANK_FEES], boss, at - timedelta(days=6))
    _confirm(draw, list(members.values()), at)
    _tick(draw, at)
    Notification.objects.filter(event=NotificationEvent.PLAYBOOK).update(mail_due_at=None)  # nothing is ever mailed
    cached.clear_all()


def _write(one: Written, boss: Actor, at: datetime) -> Article:
    since = at - timedelta(days=one.days_ago)
    types = [catalogue().types[code] for code in one.types]
    values = {"kind": one.kind, "url": one.url, "must_confirm": one.must_confirm}
    article = articles.create(values, one.titles, one.bodies, types=types, by=boss, at=since)
    articles.publish(article, by=boss, at=since)
    return article


def _new_version(policy: Article, boss: Actor, at: datetime) -> None:
    """The billing playbook asks about costs that followed, and names the policy."""
    edition = memory.edition_for(catalogue().types["billing"].pk)
    if edition is None or edition.playbook.type_id != catalogue().types["billing"].pk:
        return
    book = edition.playbook
    playbooks.begin_draft(book, by=boss, at=at)
    key = playbooks.put_step(book, {**COSTS_STEP, "article": policy.pk}, by=boss, at=at)
    for _place in range(2):
        playbooks.move_step(book, key, up=True, by=boss, at=at)
    playbooks.publish(book, what_changed=WHAT_CHANGED, by=boss, at=at)


def _confirm(draw: random.Random, people: list[User], at: datetime) -> None:
    """Most have read what is old; of what came last week about half. The demo's agent has two left to read."""
    cached.clear_all()
    items = reading.demanded()
    newest = {item.version_id for item in items[:2]}
    for user in people:
        if not user.sees_cases:
            continue
        for item in items:
            is_new = item.version_id in newest
            if user.username == "agent" and is_new:
                continue
            if draw.random() < (0.5 if is_new else 1 / FORGETFUL) and user.username != "agent":
                continue
            begun = max(item.published_at, at - timedelta(days=90))
            when = begun + (at - begun) * draw.uniform(0.1, 0.9)
            model = PlaybookVersion if item.kind == reading.PLAYBOOK else ArticleVersion
            version = model._default_manager.get(pk=item.version_id)
            readings.confirm(version, by=Actor.person(user), at=when)


def _tick(draw: random.Random, at: datetime) -> None:
    """In cases in hand as many steps are done as fits how far they have come."""
    found = Complaint.objects.filter(source=SOURCE, in_queue=True, status__in=REACHED).select_related("owner")
    for complaint in found.order_by("pk"):
        edition = memory.edition_for(complaint.type_id)
        if edition is None:
            continue
        begun = complaint.acknowledged_at or complaint.created_at
        for number, step in enumerate(edition.steps[: REACHED[Status(complaint.status)]], start=1):
            when = begun + (at - begun) * (number / (len(edition.steps) + 2)) * draw.uniform(0.8, 1)
            updated = complaint.updated_at
            steps.tick(complaint, key=step.key, by=Actor.person(complaint.owner), at=when)
            Complaint.objects.filter(pk=complaint.pk).update(updated_at=updated)


def purge(people: Sequence[User]) -> None:
    """Articles and versions that the demo's people wrote, as far as no real case leans on them, and their readings."""
    Reading.objects.filter(user__in=people).delete()
    own = ArticleVersion.objects.filter(made_by__in=people)
    told = [f"article:{pk}" for pk in own.values_list("pk", flat=True)]
    told += [f"playbook:{pk}" for pk in PlaybookVersion.objects.filter(made_by__in=people).values_list("pk", flat=True)]
    Notification.objects.filter(event=NotificationEvent.PLAYBOOK, key__in=told).delete()
    Article.objects.filter(pk__in=own.values("article")).delete()
    needed = StepDone.objects.filter(version__made_by__in=people).values("version")
    PlaybookVersion.objects.filter(made_by__in=people).exclude(pk__in=needed).delete()
    cached.clear_all()
