"""Make and change rows of settings (teams, types, channels, rules ...): one path, every change on the trail (E1)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any, TypeVar

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.utils.translation import gettext_lazy as _

from core import cached, trail
from core.actor import Actor
from core.errors import DomainError, InvalidInput, NotAllowed
from core.models.people import ADMIN

Row = TypeVar("Row", bound=models.Model)
PERSONAL = {"user": frozenset({"name", "email"})}  # stays outside the hash, so that a person can be erased (Trail)
STEP = 10  # between positions


class Stale(DomainError):
    """Somebody changed the row since the form was shown (case F24)."""

    code = "stale"
    message = _("Somebody changed this while you were writing. Nothing was overwritten, and what you typed is kept.")


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
    _note(row, "created", _values(row, _fields(row)), by=by, at=at)
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
        _note(current, "changed", changes, by=by, at=at)
        transaction.on_commit(cached.clear_all)
        cached.clear_all()
    return current


@transaction.atomic
def remove(row: models.Model, *, by: Actor, at: datetime) -> None:
    """Take a row of settings away; what it said stays on the trail. Raises NotAllowed."""
    refuse_unless_admin(by)
    current = type(row)._default_manager.select_for_update().get(pk=row.pk)
    _note(current, "removed", _values(current, _fields(current)), by=by, at=at)
    current.delete()
    transaction.on_commit(cached.clear_all)
    cached.clear_all()


@transaction.atomic
def move(row: Row, among: models.QuerySet[Row], *, up: bool, by: Actor, at: datetime) -> bool:
    """Let an ordered row change places with its neighbour in `among`; False at the end of the list.

    Raises NotAllowed. Query cost: 1, and 3 for each of the two rows (for all of them where positions were equal).
    """
    refuse_unless_admin(by)
    ordered = list(among.select_for_update())
    here = next((index for index, one in enumerate(ordered) if one.pk == row.pk), None)
    there = None if here is None else here + (-1 if up else 1)
    if here is None or there is None or not 0 <= there < len(ordered):
        return False
    places = [one.position for one in ordered]  # type: ignore[attr-defined]
    if len(set(places)) < len(places) or places != sorted(places):
        places = [STEP * (index + 1) for index in range(len(ordered))]
    ordered[here], ordered[there] = ordered[there], ordered[here]
    for one, place in zip(ordered, places, strict=True):
        if one.position != place:  # type: ignore[attr-defined]
            change(one, {"position": place}, by=by, at=at)
    return True


def fingerprint(row: models.Model, also: str = "") -> str:
    """What a form was shown: changes with every field of the row, and with `also` (case F24). No query."""
    values = _values(row, (field.name for field in row._meta.concrete_fields if field.name != "last_login"))
    return hashlib.sha256((json.dumps(values, sort_keys=True, default=str) + also).encode()).hexdigest()[:24]


def refuse_stale(row: models.Model, seen: str, also: Callable[[], str] = str) -> None:
    """Lock the row and raise Stale unless it is as `seen` says. Query cost: 1. Inside the change's transaction.

    `also`: what else the form showed, read once the row is locked.
    """
    current = type(row)._default_manager.select_for_update().get(pk=row.pk)
    if fingerprint(current, also()) != seen:
        raise Stale


def version_of(row: models.Model) -> int:
    """How often a row of settings was changed, plus one: its ETag. Query cost: 1."""
    last = trail.of(row).order_by("-seq").values_list("seq", flat=True).first()
    return int(last or 0) + 1


def refuse_other_version(row: models.Model, seen: int) -> None:
    """Lock the row and raise Stale unless it is at version `seen`. Query cost: 2. Inside the change's transaction."""
    type(row)._default_manager.select_for_update().get(pk=row.pk)
    if version_of(row) != seen:
        raise Stale


def _note(row: models.Model, what: str, values: Mapping[str, Any], *, by: Actor, at: datetime) -> None:
    """Put values on the trail, personal ones where they can be erased."""
    own = PERSONAL.get(row._meta.model_name or "", frozenset())
    open_values = {name: value for name, value in values.items() if name not in own}
    personal = {name: value for name, value in values.items() if name in own}
    trail.append(row, f"{row._meta.model_name}.{what}", by=by, at=at, changes=open_values, private=personal)


def _validate(row: models.Model) -> None:
    try:
        row.full_clean()
    except ValidationError as error:
        field, problems = next(iter(error.message_dict.items()))
        raise InvalidInput(problems[0], code="invalid", field=None if field == "__all__" else field) from error


def _fields(row: models.Model) -> list[str]:
    hidden = {"password", "last_login"}
    return [f.name for f in row._meta.concrete_fields if not f.primary_key and f.name not in hidden]


def _values(row: models.Model, names: Iterable[str]) -> dict[str, Any]:
    """Values as the trail keeps them: keys of other rows as numbers, instants as text."""
    found = {}
    for name in names:
        value = getattr(row, row._meta.get_field(name).attname)  # type: ignore[union-attr]
        found[name] = value if isinstance(value, int | str | bool | list | dict | None) else str(value)
    return found
