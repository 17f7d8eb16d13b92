"""Limits of authority in words for the settings: rows, differences, their trail. No query."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from complaints.authority import drafts
from complaints.authority.lines import CAP, MONTH, Line
from complaints.models import LimitPeriod
from complaints.web.remedies import limit_words
from core import languages
from core.web.parts import Chip, Part

NAMES = {
    "period": gettext_lazy("period"),
    "per_complaint": gettext_lazy("on one complaint"),
    "per_customer": gettext_lazy("for one customer in the period"),
    "per_period": gettext_lazy("by one person in the period"),
    "position": gettext_lazy("place"),
}


@dataclass(slots=True)
class Row(Part):
    """One limit of the table. Addresses only in a draft that the reader may change."""

    key: int
    whose: str
    kind: str
    currency: str
    per_complaint: str
    per_customer: str
    per_period: str
    period: str
    is_cap: bool
    marks: list[Chip] = field(default_factory=list)
    was: list[str] = field(default_factory=list)
    url: str = ""
    move_url: str = ""
    first: bool = False
    last: bool = False


def row(line: Line) -> Row:
    in_period = line.per_customer is not None or line.per_period is not None
    return Row(
        key=line.id,
        whose=limit_words.whose(line),
        kind=limit_words.kind_of(line),
        currency=limit_words.currency_of(line),
        per_complaint=limit_words.sum_of(line.per_complaint, line),
        per_customer=limit_words.sum_of(line.per_customer, line),
        per_period=limit_words.sum_of(line.per_period, line),
        period=str(LimitPeriod(line.period).label) if in_period else languages.DASH,
        is_cap=line.holder == CAP,
    )


def mark(one: drafts.Difference) -> Chip:
    return {
        drafts.ADDED: Chip(pgettext("limit", "new"), "ok"),
        drafts.CHANGED: Chip(pgettext("limit", "changed"), "risk"),
        drafts.REMOVED: Chip(pgettext("limit", "removed"), "breach"),
    }[one.what]


def change_lines(one: drafts.Difference) -> list[str]:
    """What changed of one limit: on one complaint: €100.00 → €150.00."""
    if one.before is None or one.after is None:
        return []
    return [f"{NAMES[name]}: {_value(one.before, name)} → {_value(one.after, name)}" for name in one.fields]


def _value(line: Line, name: str) -> str:
    if name == "period":
        return str(LimitPeriod(line.period).label)
    return limit_words.sum_of(getattr(line, name), line)


def sentences(differences: Sequence[drafts.Difference]) -> list[tuple[Chip, str, list[str]]]:
    """Each difference: what became of it, which limit, and its changes."""
    found = []
    for one in differences:
        line = one.after or one.before
        if line is not None:
            found.append((mark(one), limit_words.sentence(line), change_lines(one)))
    return found


def line_of(told: Mapping[str, Any]) -> Line:
    """A limit as the trail keeps it."""
    sums = {name: Decimal(told[name]) if told.get(name) is not None else None for name in drafts.SET[1:]}
    return Line(
        id=0,
        holder=told.get("holder", CAP),
        role=told.get("role", ""),
        team_id=told.get("team"),
        person_id=told.get("person"),
        kind=told.get("kind", ""),
        currency=told.get("currency", ""),
        period=told.get("period", MONTH),
        **sums,
    )


def trail_lines(told: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """An entry of a version's trail as (what, before, after)."""
    found: list[tuple[str, str, str]] = []
    if number := told.get("number"):
        found.append((_("version"), "", str(number)))
    for one in told.get("changes", ()):
        before, after = (
            limit_words.sentence(line_of(one[name])) if name in one else "" for name in ("before", "after")
        )
        found.append((_("limit"), before, after or _("removed")))
    if "limit" in told:
        found.append((_("limit"), "", limit_words.sentence(line_of(told["limit"]))))
    found += [(_("limit"), "", limit_words.sentence(line_of(one))) for one in told.get("limits", ())]
    for name, value in told.items():
        if name in NAMES and isinstance(value, list) and len(value) == 2:
            found.append((str(NAMES[name]), *(_told_value(name, one) for one in value)))  # type: ignore[arg-type]
    return found


def _told_value(name: str, value: Any) -> str:
    if value is None:
        return languages.DASH
    return str(LimitPeriod(value).label) if name == "period" else str(value)


def rows_of(lines: Iterable[Line]) -> list[Row]:
    return [row(line) for line in lines]
