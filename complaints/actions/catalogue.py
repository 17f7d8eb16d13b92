"""Change types, root causes and channels, with the rules the model alone cannot hold (mission A1)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, TypeVar

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from complaints.models import Channel, ComplaintType, RootCause
from complaints.models.catalogue import UNCLASSIFIED
from core.actions import settings
from core.actor import Actor
from core.errors import InvalidInput

Kind = TypeVar("Kind", ComplaintType, RootCause)


@transaction.atomic
def create(row: Kind, *, by: Actor, at: datetime) -> Kind:
    """A new type or root cause. Raises NotAllowed, InvalidInput (too_deep, invalid)."""
    _refuse_too_deep(row, row.parent)
    last = type(row).objects.aggregate(last=Max("position"))["last"] or 0
    row.position = row.position or last + settings.STEP
    return settings.create(row, by=by, at=at)


@transaction.atomic
def change(row: Kind, values: Mapping[str, Any], *, by: Actor, at: datetime) -> Kind:
    """Change a type or root cause; `unclassified` stays in use. Raises NotAllowed, InvalidInput."""
    if "parent" in values:
        _refuse_too_deep(row, values["parent"])
    if values.get("is_active") is False and row.children.filter(is_active=True).exists():
        raise InvalidInput(_("Take what stands below it out of use first."), code="used_below", field="is_active")
    above = values.get("parent", row.parent)
    if values.get("is_active", row.is_active) and above is not None and not above.is_active:
        raise InvalidInput(_("What stands above it is not in use."), code="unused_above", field="is_active")
    if row.code == UNCLASSIFIED and (
        values.get("is_active") is False or values.get("code", UNCLASSIFIED) != UNCLASSIFIED
    ):
        raise InvalidInput(_("“Unclassified” has to stay."), code="unclassified_stays", field="is_active")
    return settings.change(row, values, by=by, at=at)


@transaction.atomic
def move(row: Kind, *, up: bool, by: Actor, at: datetime) -> bool:
    """Let a type or cause change places with its neighbour on the same level. Raises NotAllowed."""
    level = type(row).objects.filter(parent=row.parent_id).order_by("position", "name", "pk")
    return settings.move(row, level, up=up, by=by, at=at)


@transaction.atomic
def move_channel(channel: Channel, *, up: bool, by: Actor, at: datetime) -> bool:
    """Let a channel change places with its neighbour. Raises NotAllowed."""
    return settings.move(channel, Channel.objects.order_by("position", "pk"), up=up, by=by, at=at)


def _refuse_too_deep(row: ComplaintType | RootCause, parent: ComplaintType | RootCause | None) -> None:
    """Two levels, no more: nothing under a child, no parent for something that has children."""
    if parent is None:
        return
    has_children = row.pk is not None and row.children.exists()
    if parent.parent_id is not None or has_children or parent.pk == row.pk or parent.code == UNCLASSIFIED:
        raise InvalidInput(_("Types and causes have two levels, no more."), code="too_deep", field="parent")
