"""What owners of corrective actions are told: that one is theirs, is overdue, or can be measured (mission A11)."""

from __future__ import annotations

from datetime import date, datetime

from django.db import models, transaction

from complaints import learning
from complaints.models import CorrectiveAction, CorrectiveState
from core import dates, notify, rows
from core.actor import Actor
from core.models import NotificationEvent as Event

OPEN = (CorrectiveState.PLANNED, CorrectiveState.DOING)


def tell_due(*, at: datetime) -> int:
    """Tell owners of what is overdue, and of what can be measured now, once for each date. For the daily job.

    Safe with any number of workers and after days of downtime. Query cost: 1, and 3 for each that is new.
    """
    today = dates.of_house(at)
    waiting = CorrectiveAction.objects.filter(notified_on=None)
    overdue = waiting.filter(state__in=OPEN, due_on__lt=today)
    unjudged = waiting.filter(state=CorrectiveState.DONE, effective=None)
    told = 0
    for key in list((overdue | unjudged).order_by("pk").values_list("pk", flat=True)):
        with transaction.atomic():
            action = CorrectiveAction.objects.select_for_update(of=("self",)).select_related("owner").get(pk=key)
            what = due_for(action, today)
            if action.notified_on is not None or not what:
                continue
            action.notified_on = today
            action.save(update_fields=["notified_on"])
            since = action.done_on if what == "measurable" else action.due_on
            rows.insert(tell(action, what, key=f"corrective-{what}:{action.pk}:{since}", by=None, at=at))
            told += 1
    return told


def due_for(action: CorrectiveAction, today: date) -> str:
    """What waits for its owner: `overdue`, `measurable` or nothing. No query."""
    if action.state in OPEN:
        return "overdue" if action.due_on < today else ""
    if action.state == CorrectiveState.DONE and action.effective is None and action.done_on is not None:
        return "measurable" if learning.windows(action.done_on, action.window_days).passed(today) else ""
    return ""


def tell(action: CorrectiveAction, what: str, *, key: str, by: Actor | None, at: datetime) -> list[models.Model]:
    """The rows that tell its owner, unless they did it themselves. Query cost: 1."""
    who = str(by.user) if by is not None and by.user is not None else ""
    return notify.tell(
        [action.owner],
        Event.LEARNING,
        key=key,
        words={"title": action.title, "what": what, "who": who},
        url=f"/learning/actions/{action.pk}/",
        about=action,
        at=at,
        but=by.user if by is not None else None,
    )
