"""Make and change rows of settings (teams, types, channels, rules ...): one path, every change on the trail (E1)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, TypeVar

from django.core.exceptions import ValidationError
from django.db import models, transaction

from core import cached, trail
from core.actor import Actor
from core.errors import InvalidInput, NotAllowed
from core.models.people import ADMIN

Row = TypeVar("Row", bound=models.Model)


def refuse_unless_admin(by: Actor) -> None:
    """Settings and people are the administrators' (domain, Roles). The system itself may, too. Raises NotAllowed."""
    if by.kind != "system" and (by.user is None or ADMIN not in by.user.roles):
        raise NotAllowed(code="admin_only")


@transaction.atomic
def create(row: Row, *, by: Actor, at: datetime) -> Row:
    """Write a new row of settings. Raises NotAllowed or InvalidInput (the model's own rules)."""
    refuse_unless_admin(by)
    _validate(row)
    row.save(force_insert=True)
    trail.append(row, f"{row._meta.model_name}.created", by=by, at=at, changes=_values(row, _fields(row)))
    transaction.on_commit(cached.clear_all)
    cached.clear_all()
    return row


@transaction.atomic
def change(row: Row, values: Mapping[str, Any], *, by: Actor, at: datetime) -> Row:
    """Set fields of an existing row; nothing is written when nothing changes. Raises NotAllowed or InvalidInput."""
    refuse_unless_admin(by)
    current = type(row)._default_manager.select_for_update().get(pk=row.pk)
    before = _values(current, values)
    for name, value in values.items():
        setattr(current, name, value)
    after = _values(current, values)
    changes = {name: [before[name], after[name]] for name in before if before[name] != after[name]}
    if changes:
        _validate(current)
        current.save(update_fields=list(changes))
        trail.append(current, f"{current._meta.model_name}.changed", by=by, at=at, changes=changes)
        transaction.on_commit(cached.clear_all)
        cached.clear_all()
    return current


def _validate(row: models.Model) -> None:
    try:
        row.full_clean()
    except ValidationError as error:
        field, problems = next(iter(error.message_dict.items()))
        raise InvalidInput(problems[0], code="invalid", field=None if field == "__all__" else field) from error


def _fields(row: models.Model) -> list[str]:
    hidden = {"password", "last_login"}
    return [f.name for f in row._meta.concrete_fields if not f.primary_key and f.name not in hidden]


def _values(row: models.Model, names: Any) -> dict[str, Any]:
    """Values as the trail keeps them: keys of other rows as numbers, instants as text."""
    found = {}
    for name in names:
        value = getattr(row, row._meta.get_field(name).attname)  # type: ignore[union-attr]
        found[name] = value if isinstance(value, int | str | bool | list | dict | None) else str(value)
    return found
