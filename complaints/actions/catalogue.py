"""Change types, root causes, channels and routing rules, with the rules the model alone cannot hold (mission A1)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, TypeVar

from django.db import transaction
from django.utils.translation import gettext as _

from complaints.models import ComplaintType, RootCause
from complaints.models.catalogue import UNCLASSIFIED
from core.actions import settings
from core.actor import Actor
from core.errors import InvalidInput

Kind = TypeVar("Kind", ComplaintType, RootCause)


@transaction.atomic
def create(row: Kind, *, by: Actor, at: datetime) -> Kind:
    """A new type or root cause. Raises NotAllowed, InvalidInput (too_deep, invalid)."""
    _refuse_too_deep(row, row.parent)
    return settings.create(row, by=by, at=at)


@transaction.atomic
def change(row: Kind, values: Mapping[str, Any], *, by: Actor, at: datetime) -> Kind:
    """Change a type or root cause; `unclassified` stays in use. Raises NotAllowed, InvalidInput."""
    if "parent" in values:
        _refuse_too_deep(row, values["parent"])
    if row.code == UNCLASSIFIED and (values.get("is_active") is False or values.get("code", UNCLASSIFIED) != UNCLASSIFIED):
        raise InvalidInput(_("“Unclassified” has to stay."), code="unclassified_stays", field="is_active")
    return settings.change(row, values, by=by, at=at)


def _refuse_too_deep(row: ComplaintType | RootCause, parent: ComplaintType | RootCause | None) -> None:
    """Two levels, no more: nothing under a child, no parent for something that has children."""
    if parent is None:
        return
    has_children = row.pk is not None and row.children.exists()
    if parent.parent_id is not None or has_children or parent.pk == row.pk or parent.code == UNCLASSIFIED:
        raise InvalidInput(_("Types and causes have two levels, no more."), code="too_deep", field="parent")
