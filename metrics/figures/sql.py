"""One query per figure: rows chosen by a queryset, counted by SQL around it. PostgreSQL and SQLite; no row reaches us.

facts = Complaint.objects.filter(...).annotate(g=F("channel"), hit=...).values("g", "hit")
tally(facts, ["count(*) AS n", "count(*) FILTER (WHERE hit) AS hits"], by=["g"])
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import BooleanField, ExpressionWrapper, F, FloatField, Func, IntegerField, Q, QuerySet

HOUR = Decimal(3600)
Row = dict[str, Any]
Inner = tuple[str, tuple[Any, ...]]  # SQL and its parameters


class Elapsed(Func):
    """Seconds from one instant to another, elapsed time, microseconds kept; negative when it ends before it begins."""

    arity = 2
    output_field = FloatField()
    template = "%(expressions)s"

    def as_postgresql(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        # Not EXTRACT: that makes a numeric first, at five times the cost.
        return self.as_sql(compiler, connection, template="date_part('epoch', %(expressions)s)", arg_joiner=" - ")

    def as_sqlite(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        late, late_params = compiler.compile(self.source_expressions[0])
        early, early_params = compiler.compile(self.source_expressions[1])
        # Whole seconds and their fraction apart: SQLite's own instants end at the millisecond.
        whole = "CAST(strftime('%%s', substr({0}, 1, 19)) AS INTEGER)"
        part = "CAST('0' || substr({0}, 20) AS REAL)"
        text = f"({whole} - {whole.replace('{0}', '{1}')} + {part} - {part.replace('{0}', '{1}')})"
        params = (*late_params, *early_params, *late_params, *early_params)
        return text.format(late, early), params


class BucketNumber(Func):
    """Between which of some instants (or days) one lies: 0 before the first, 1 from the first on. Far cheaper than
    cutting every instant to its local month, where the months are known. Of NULL: NULL on PostgreSQL, as if after the
    last on SQLite."""

    output_field = IntegerField()

    def __init__(self, column: Any, starts: Sequence[datetime] | Sequence[date]) -> None:
        super().__init__(F(column) if isinstance(column, str) else column)
        self.starts = list(starts)
        self.of_instants = isinstance(self.starts[0], datetime)

    def as_postgresql(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        column, params = compiler.compile(self.source_expressions[0])
        marks = ", ".join(["%s"] * len(self.starts))
        kind = "timestamptz" if self.of_instants else "date"
        return f"width_bucket({column}, ARRAY[{marks}]::{kind}[])", (*params, *self.starts)

    def as_sqlite(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        column, params = compiler.compile(self.source_expressions[0])
        steps = " ".join(f"WHEN {column} < %s THEN {number}" for number in range(len(self.starts)))
        adapt = connection.ops.adapt_datetimefield_value if self.of_instants else connection.ops.adapt_datefield_value
        values: list[Any] = []
        for start in self.starts:
            values += [*params, adapt(start)]
        return f"CASE {steps} ELSE {len(self.starts)} END", tuple(values)


def elapsed(since: str, until: Any) -> Elapsed:
    """Seconds from the column `since` to the column or expression `until`."""
    return Elapsed(F(until) if isinstance(until, str) else until, F(since))


def flag(condition: Q) -> ExpressionWrapper[Any]:
    """A condition as a column."""
    return ExpressionWrapper(condition, output_field=BooleanField())


def compiled(facts: QuerySet[Any, Any]) -> Inner | None:
    """The SQL of a queryset without its order; None when it can have no rows."""
    try:
        sql, params = facts.order_by().query.get_compiler(connection=connection).as_sql()
    except EmptyResultSet:
        return None
    return sql, tuple(params)


def fetch(sql: str, params: Sequence[Any] = ()) -> list[Row]:
    """The rows of a query of ours, by column name. Query cost: 1."""
    with connection.cursor() as cursor:
        cursor.execute(sql, list(params))
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def tally(facts: QuerySet[Any, Any], columns: Sequence[str], by: Sequence[str] = ()) -> list[Row]:
    """Aggregates over `facts`, one row, or one for each value of `by`. Query cost: 1."""
    return tally_over(compiled(facts), columns, by)


def tally_over(inner: Inner | None, columns: Sequence[str], by: Sequence[str] = ()) -> list[Row]:
    """As `tally`, over SQL that is there already."""
    if inner is None:
        return [] if by else [{}]
    keys = ", ".join(by)
    group = f" GROUP BY {keys} ORDER BY {keys}" if by else ""
    sql = f"WITH m AS ({inner[0]}{fence()}) SELECT {', '.join([*by, *columns])} FROM m{group}"  # noqa: S608
    return fetch(sql, inner[1])


def fence() -> str:
    """At the end of an inner query, so that PostgreSQL computes each of its columns once a row and not again in
    every aggregate that reads it."""
    return " OFFSET 0" if connection.vendor == "postgresql" else ""


def tally_quantiles(
    facts: QuerySet[Any, Any],
    columns: Sequence[str],
    quantiles: Mapping[str, tuple[str, str]],
    by: Sequence[str] = (),
) -> list[Row]:
    """As `tally`, with quantiles by linear interpolation: {"p90": ("seconds", "0.9")}; NULLs are left out.

    `percentile_cont` on PostgreSQL; on SQLite the two neighbours weighted by how near they stand. Query cost: 1.
    """
    if connection.vendor == "postgresql":
        made = [
            f"percentile_cont({share}) WITHIN GROUP (ORDER BY {column}) AS {name}"
            for name, (column, share) in quantiles.items()
        ]
        return tally(facts, [*columns, *made], by)
    inner = compiled(facts)
    if inner is None:
        return [] if by else [{}]
    keys = ", ".join(by)
    part = f"PARTITION BY {keys}" if by else ""
    measured = sorted({column for column, _share in quantiles.values()})
    ranks = [
        f"row_number() OVER ({part} ORDER BY {c} IS NULL, {c}) - 1 AS {c}_at, count({c}) OVER ({part}) AS {c}_n"
        for c in measured
    ]
    made = [
        f"sum({c} * max(0.0, 1.0 - abs({c}_at - ({c}_n - 1) * {share}))) AS {name}"
        for name, (c, share) in quantiles.items()
    ]
    group = f" GROUP BY {keys} ORDER BY {keys}" if by else ""
    sql = (
        f"WITH m AS ({inner[0]}), r AS (SELECT *, {', '.join(ranks)} FROM m) "  # noqa: S608  (our own names)
        f"SELECT {', '.join([*by, *columns, *made])} FROM r{group}"
    )
    return fetch(sql, inner[1])


def money_sum(column: str) -> str:
    """The exact sum of an amount in ten-thousandths; read it with `money`. SQLite keeps amounts as binary fractions."""
    if connection.vendor == "postgresql":
        return f"sum({column}) * 10000"
    return f"sum(CAST(round({column} * 10000) AS INTEGER))"


def money(value: Any) -> Decimal:
    """An amount from a sum in ten-thousandths."""
    return Decimal(value or 0) / 10_000


def hours(seconds: Any) -> Decimal | None:
    """Hours from seconds, unrounded."""
    return None if seconds is None else Decimal(repr(float(seconds))) / HOUR


def day_of(value: Any) -> date | None:
    """The date of what a date or a truncated instant comes back as: text on SQLite."""
    return None if value is None else date.fromisoformat(str(value)[:10])


def instant(at: datetime) -> Any:
    """An instant as this database's parameter."""
    return connection.ops.adapt_datetimefield_value(at)


def count(row: Row, name: str = "n") -> int:
    """A count that may be missing (no rows at all) or NULL (a sum over none)."""
    return int(row.get(name) or 0)
