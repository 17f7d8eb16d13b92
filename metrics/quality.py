"""The list for quality control: every complaint of a scope with what is known about its cause (mission A11).

No personal data: no subject, no words, no customer. Text that a spreadsheet would compute is defused (core.sheets).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import islice
from typing import Any

from django.db.models import Sum

from complaints.models import CaseTheme, CorrectiveCase, Remedy, RemedyStatus
from complaints.reference import catalogue
from core import money
from core.sheets import lines
from metrics.figures import figures
from metrics.figures.base import Scope

AT_ONCE = 1000  # complaints read at a time
HEAD = (
    "reference", "received_at", "type", "root_cause", "themes", "product", "lot", "order_number", "severity", "status",
    "outcome", "remedies", "corrective_actions",
)  # fmt: skip
PLAIN = (
    "pk", "reference", "received_at", "type_id", "root_cause_id", "product", "lot", "order_number", "severity",
    "status", "outcome",
)  # fmt: skip
BETWEEN = "; "


def of_scope(scope: Scope) -> Iterator[str]:
    """A line with the columns' names, then one line a complaint, oldest key first: the rows of `complaints-received`.

    `remedies`: what was granted, a sum for each currency. Query cost: 1, and 3 for each thousand.
    """
    yield from lines([HEAD])
    rows = figures["complaints-received"].rows(scope).order_by("pk").values_list(*PLAIN).iterator(chunk_size=AT_ONCE)
    while some := list(islice(rows, AT_ONCE)):
        yield from lines(_whole(some))


def _whole(some: Sequence[tuple[Any, ...]]) -> Iterator[list[Any]]:
    found = facts([row[0] for row in some])
    types, causes = catalogue().types_by_id, catalogue().causes_by_id
    for pk, reference, at, kind, cause, product, lot, order, severity, status, outcome in some:
        known = found[pk]
        named = causes[cause].code if cause is not None else ""
        sums = [f"{money.shown(total, currency)} {currency}" for currency, total in known.remedies.items()]
        actions = [f"{key} {title}" for key, title in known.actions.items()]
        first = [reference, at, types[kind].code, named, BETWEEN.join(known.themes), product, lot, order]
        yield [*first, severity, status, outcome, BETWEEN.join(sums), BETWEEN.join(actions)]


@dataclass(slots=True)
class Facts:
    """What belongs to one complaint: codes of its themes, sums granted by currency, corrective actions by key."""

    themes: list[str] = field(default_factory=list)
    remedies: dict[str, Decimal] = field(default_factory=dict)
    actions: dict[int, str] = field(default_factory=dict)


def facts(keys: Sequence[int]) -> dict[int, Facts]:
    """Of the complaints with these keys. Apologies and the like have no amount. Query cost: 3."""
    found: dict[int, Facts] = defaultdict(Facts)
    themes = CaseTheme.objects.filter(complaint__in=keys).order_by("theme__position", "theme__code")
    for pk, code in themes.values_list("complaint_id", "theme__code"):
        found[pk].themes.append(code)
    actions = CorrectiveCase.objects.filter(complaint__in=keys).order_by("action")
    for pk, key, title in actions.values_list("complaint_id", "action_id", "action__title"):
        found[pk].actions[key] = title
    granted = Remedy.objects.filter(complaint__in=keys, status=RemedyStatus.GRANTED, amount__isnull=False)
    rows = granted.exclude(currency="").order_by("complaint", "currency").values("complaint", "currency")
    for row in rows.annotate(total=Sum("amount")):
        found[row["complaint"]].remedies[row["currency"]] = row["total"]
    return found
