"""Set what figures are aimed at: managers and administrators, each change on the trail (ux, Manager's dashboard)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal

from django.db import transaction
from django.utils.translation import gettext as _

from core import cached, languages, trail
from core.actions.settings import Stale
from core.actor import Actor
from core.errors import InvalidInput
from metrics.actions.surveys import refuse_unless_in_charge
from metrics.models import FigureTargets
from metrics.targets import BOUNDS, aimable

Target = Decimal | float | int | None
DIGITS = 2


@transaction.atomic
def change_targets(
    values: Mapping[str, Target], *, by: Actor, at: datetime, version: int | None = None
) -> FigureTargets:
    """Set the targets of some figures by their codes, in their units; None: no target. Others stay as they are.

    Nothing is written when nothing changes. `version`: the state seen (`version_of`). Raises NotAllowed, Stale, or
    InvalidInput (unknown_figure, out_of_range) with `field` the figure's code.
    """
    refuse_unless_in_charge(by)
    known = aimable()
    wanted: dict[str, float | None] = {}
    for code, value in values.items():
        if code not in known:
            raise InvalidInput(_("No figure of this name can have a target."), code="unknown_figure", field=code)
        wanted[code] = None if value is None else _within(code, value, BOUNDS[known[code].unit])
    row = FigureTargets.objects.select_for_update().get(pk=1)
    if version is not None and version_of(row) != version:
        raise Stale
    before = row.by_figure
    changes = {code: [before.get(code), value] for code, value in wanted.items() if before.get(code) != value}
    if changes:
        row.by_figure = {code: value for code, value in {**before, **wanted}.items() if value is not None}
        row.save(update_fields=["by_figure"])
        trail.append(row, "figuretargets.changed", by=by, at=at, changes=changes)
        transaction.on_commit(cached.clear_all)
        cached.clear_all()
    return row


def version_of(row: FigureTargets) -> int:
    """How often the targets were changed, plus one: their ETag. Query cost: 1."""
    last = trail.of(row).order_by("-seq").values_list("seq", flat=True).first()
    return int(last or 0) + 1


def _within(code: str, value: Decimal | float | int, bounds: tuple[float, float]) -> float:
    low, high = bounds
    if not low <= value <= high:  # what is no number lies nowhere
        message = _("Choose a number from %(low)s to %(high)s.")
        words = {"low": languages.number(low), "high": languages.number(high)}
        raise InvalidInput(message % words, code="out_of_range", field=code)
    return round(float(value), DIGITS)
