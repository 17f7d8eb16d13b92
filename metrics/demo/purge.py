"""Take away what was asked and answered about the demo, then the demo itself (complaints.demo.purge)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from django.db import models, transaction
from django.db.models import Q

from complaints.demo import SOURCE, purge
from core.actor import Actor
from core.models import OutboxMessage, User
from metrics.actions.answer import call_key
from metrics.models import Invitation, SurveyResponse
from retention.demo.purge import calls, delete, forget
from retention.models import FollowUp

BATCH = 2_000
OURS = Q(complaint__source=SOURCE) | Q(complaint__isnull=True, customer__external_ids__source=SOURCE)


def everything(
    *, by: Actor, at: datetime, heir: User | None = None, after_batch: Callable[[int], None] = lambda done: None
) -> purge.Purged:
    """Remove all demo data; batches are committed one by one: cut off, the next call goes on. Raises StillNeeded."""
    purge.refuse_while_needed(heir)
    for model in (SurveyResponse, Invitation):
        while keys := list(model._default_manager.filter(OURS).order_by("pk").values_list("pk", flat=True)[:BATCH]):
            _answers(model, keys)
    return purge.purge(by=by, at=at, heir=heir, after_batch=after_batch)


@transaction.atomic
def _answers(model: type[models.Model], keys: list[int]) -> None:
    rows = model._default_manager.filter(pk__in=keys)
    if model is SurveyResponse:
        calls(FollowUp.objects.filter(key__in=[call_key(key) for key in keys]))
    else:
        delete(OutboxMessage.objects.filter(key__in=[f"survey:{key}" for key in keys]))
    forget(model, rows)
    delete(rows)
