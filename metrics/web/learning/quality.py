"""The list for quality control: every complaint of a scope with what is known about its cause (mission A11).

No personal data: no subject, no words, no customer. Text that a spreadsheet would compute is defused (core.sheets).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
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
    keys = [row[0] for row in some]
    types, causes = catalogue().types_by_id, catalogue().causes_by_id
    themes, actions, sums = _themes(keys), _actions(keys), _sums(keys)
    for pk, reference, at, kind, cause, product, lot, order, severity, status, outcome in some:
        named = causes[cause].code if cause is not None else ""
        first = [reference, at, types[kind].code, named, BETWEEN.join(themes[pk]), product, lot, order]
        yield [*first, severity, status, outcome, BETWEEN.join(sums[pk]), BETWEEN.join(actions[pk])]


def _themes(keys: Sequence[int]) -> dict[int, list[str]]:
    found: dict[int, list[str]] = defaultdict(list)
    rows = CaseTheme.objects.filter(complaint__in=keys).order_by("theme__position", "theme__code")
    for pk, code in rows.values_list("complaint_id", "theme__code"):
        found[pk].append(code)
    return found


def _actions(keys: Sequence[int]) -> dict[int, list[str]]:
    found: dict[int, list[str]] = defaultdict(list)
    rows = CorrectiveCase.objects.filter(complaint__in=keys).order_by("action")
    for pk, key, title in rows.values_list("complaint_id", "action_id", "action__title"):
        found[pk].append(f"{key} {title}")
    return found


def _sums(keys: Sequence[int]) -> dict[int, list[str]]:
    """What was granted and not taken back; apologies and the like have no amount."""
    found: dict[int, list[str]] = defaultdict(list)
    granted = Remedy.objects.filter(complaint__in=keys, status=RemedyStatus.GRANTED, amount__isnull=False)
    rows = granted.exclude(currency="").order_by("complaint", "currency").values("complaint", "currency")
    for row in rows.annotate(total=Sum("amount")):
        found[row["complaint"]].append(f"{money.shown(row['total'], row['currency'])} {row['currency']}")
    return found
