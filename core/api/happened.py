"""When something happened, who did it and why, as a record's trail tells it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import models
from django.db.models import QuerySet
from rest_framework import serializers

from core import trail
from core.instants import iso
from core.models import TrailEntry, User


class Reference(serializers.Serializer[Any]):
    """Another record by `id` and `name`."""

    id = serializers.CharField()
    name = serializers.CharField()


class HappenedShape(serializers.Serializer[Any]):
    """When it happened last. Whether it still stands is said beside it."""

    at = serializers.DateTimeField(allow_null=True, help_text="null: it has not happened.")
    by = Reference(allow_null=True, help_text="Who did it, or whose token; null: a customer or the product.")
    actor = serializers.CharField(allow_null=True, help_text="As under events/: `user:ana`, `system:sweep`.")
    reason = serializers.CharField(allow_blank=True, help_text="What was said for it; blank: nothing.")


def entries(obj: models.Model, *kinds: str) -> QuerySet[TrailEntry]:
    """What stands on the trail of `obj` of these kinds, the last one first."""
    return trail.of(obj).filter(kind__in=kinds).order_by("-seq")


def last(obj: models.Model, *kinds: str) -> TrailEntry | None:
    """Query cost: 1."""
    return entries(obj, *kinds).first()


def changes(entry: TrailEntry | None) -> dict[str, Any]:
    """What an entry says changed, nothing without one."""
    found: dict[str, Any] = json.loads(entry.body) if entry is not None else {}
    return found


def happened(
    entry: TrailEntry | None, people: Mapping[int | None, dict[str, str]] | None = None, *, at: datetime | None = None
) -> dict[str, Any]:
    """An entry as HappenedShape has it. `at`: known even where nothing stands on the trail.

    Query cost: 1 without `people`, none without an entry.
    """
    if entry is None:
        return {"at": iso(at), "by": None, "actor": None, "reason": ""}
    known = people_of([entry]) if people is None else people
    return {
        "at": iso(entry.at),
        "by": known.get(entry.actor_id),
        "actor": f"{entry.actor_kind}:{entry.actor_label}",
        "reason": (json.loads(entry.private) if entry.private else {}).get("reason", ""),
    }


def people_of(told: Sequence[TrailEntry], *others: int | None) -> dict[int | None, dict[str, str]]:
    """Those who did it, and `others`, by key and in brief. Query cost: 1."""
    wanted: Iterable[int | None] = {one.actor_id for one in told} | set(others)
    keys = [key for key in wanted if key is not None]
    rows = User.objects.filter(pk__in=keys) if keys else ()
    return {row.pk: {"id": str(row.pk), "name": str(row)} for row in rows}
