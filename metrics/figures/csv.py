"""Figures and their rows as CSV, streamed, safe to open in a spreadsheet (`core.sheets`)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from django.db.models import QuerySet

from core.sheets import lines
from metrics.figures.base import Figure, Group, Measure, Scope

AT_ONCE = 2000  # rows read at a time
MEASURE = ("value", "numerator", "denominator", "n", "low", "high", "immature")


def of_figure(figure: Figure, scope: Scope, measure: Measure, groups: Sequence[Group] = ()) -> Iterator[str]:
    """The figure and its groups, a line each; the first line names the columns, empty denominators leave blanks."""
    measures = [measure, *(group.measure for group in groups)]
    also = list(dict.fromkeys(name for one in measures for name in (one.values or {})))
    head = ["figure", "key", "label", "from", "to", "time_zone", "as_of", "unit", *MEASURE, *also]

    def line(key: str, label: str, one: Measure) -> list[Any]:
        said = [figure.code, key, label, scope.since, scope.until, scope.zone.key, figure.seen_at(scope), figure.unit]
        values = one.values or {}
        return [*said, *(getattr(one, name) for name in MEASURE), *(values.get(name) for name in also)]

    yield from lines([head, line("", figure.title(scope), measure)])
    yield from lines(line(group.key, group.label, group.measure) for group in groups)


COLUMNS: dict[str, tuple[str, ...]] = {
    "complaint": (
        "reference", "source", "external_id", "kind", "channel", "source_channel", "type__code", "severity", "subject",
        "status", "owner__name", "team__name", "customer_id", "received_at", "first_response_at", "resolved_at",
        "closed_at", "outcome", "accepted", "root_cause__code",
    ),
    "clock": (
        "id", "complaint__reference", "complaint__external_id", "kind", "cycle", "state", "stated", "started_at",
        "due_at", "completed_at", "breached_at",
    ),
    "response": (
        "id", "kind", "score", "comment", "answered_at", "period_label", "segment", "source", "external_id",
        "complaint__reference", "customer_id",
    ),
    "invitation": (
        "id", "survey__code", "complaint__reference", "customer_id", "sent_at", "response__score",
        "response__answered_at",
    ),
    "customer": ("id", "name", "kind", "tier", "language", "source"),
    "tenure": (
        "id", "customer_id", "customer__name", "joined_on", "left_on", "reason", "plan", "source", "external_id",
    ),
    "purchase": (
        "id", "order_number", "customer_id", "purchased_at", "valid_amount", "currency", "incentive", "source",
    ),
    "message": (
        "id", "complaint__reference", "at", "author__name", "macro__macro_id", "macro__macro__name", "macro__number",
        "word_for_word",
    ),
    "promise": (
        "id", "complaint__reference", "text", "owner__name", "channel", "made_at", "due_at", "kept", "broken",
        "settled_at", "settled_as",
    ),
    "remedy": (
        "id", "complaint__reference", "kind", "amount", "currency", "description", "within_authority",
        "requested_by__name", "requested_at", "decided_by__name", "decided_at",
    ),
}  # fmt: skip


def of_rows(figure: Figure, rows: QuerySet[Any]) -> Iterator[str]:
    """The rows behind a figure, streamed: a line with the columns' names, then exactly one line a row."""
    columns = COLUMNS[figure.row_kind]
    yield from lines([[name.replace("__", "_") for name in columns]])
    yield from lines(rows.values_list(*columns).iterator(chunk_size=AT_ONCE))
