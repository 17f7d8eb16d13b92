"""Customers in the buckets of a period, each stay or purchase read once: how many are there, are new, stay on.

No bucket is joined with all stays. A stay becomes the two numbers of where it begins and ends, a customer's purchases
one bit for each bucket; both are counted by what they come to, and only the counts reach us.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from itertools import accumulate, pairwise
from typing import Any

from django.db import connection
from django.db.models import DateField, F, Q, QuerySet, Value
from django.db.models.expressions import RawSQL
from django.db.models.functions import Coalesce

from metrics.figures.base import Scope
from metrics.figures.dimensions import LONG_AGO
from metrics.figures.sql import BucketNumber, Row, compiled, fence, fetch
from metrics.periods import Period
from retention.models import Purchase, Tenure

LONG_AGO_DAY = Value(LONG_AGO, output_field=DateField())
MOST_BITS = 62  # of a bigint, its sign left alone

# Stays of a customer that touch or overlap count once: each adds what those before it (`seen`) have not covered.
OPEN_AT = """
s AS (SELECT who, since_at AS low, coalesce(until_at, {over}) - 1 AS high,
             min(since_at) OVER (PARTITION BY who) AS began FROM m),
r AS (SELECT low, high, began, max(CASE WHEN high >= low THEN high END) OVER (
          PARTITION BY who ORDER BY low, high ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS seen FROM s),
a AS (SELECT CASE WHEN seen >= low THEN seen + 1 ELSE low END AS low, high, began,
             CASE WHEN seen >= low - 1 THEN 1 ELSE 0 END AS joined
      FROM r WHERE high >= low AND (seen IS NULL OR high > seen))
SELECT low, high, joined, CASE WHEN began >= low AND began <= high THEN began END AS began, count(*) AS n
FROM a GROUP BY 1, 2, 3, 4
"""


def of_stays(stays: QuerySet[Tenure], parts: Sequence[Period]) -> list[Row]:
    """For each part (without a gap between them) `g0`, its first day, and how many customers were there at its start
    (`begun`), at its end (`ended`), at its end for the first time (`fresh`), at both (`kept`); none for empty parts.

    A customer is there at a boundary between two days when a stay has begun before and is not over. The end of a
    part is the start of the next, so boundaries are all that is counted. Query cost: 1.
    """
    inner = compiled(_numbered(stays, parts).values("who", "since_at", "until_at"))
    if inner is None:
        return []
    edges = len(parts) + 1
    came, gone, joined, fresh = ([0] * (edges + 1) for _ in range(4))
    for row in fetch(f"WITH m AS ({inner[0]}), {OPEN_AT.format(over=edges)}", inner[1]):
        came[row["low"]] += row["n"]
        gone[row["high"]] += row["n"]
        if row["joined"]:
            joined[row["low"] - 1] += row["n"]
        if row["began"]:  # 0: before the first part
            fresh[row["began"] - 1] += row["n"]
    there = list(accumulate(came[edge] - (gone[edge - 1] if edge else 0) for edge in range(edges)))
    found = []
    for place, part in enumerate(parts):
        begun, ended = there[place], there[place + 1]
        if begun or ended:
            kept = begun - gone[place] + joined[place]
            found.append({"g0": part.since, "begun": begun, "ended": ended, "fresh": fresh[place], "kept": kept})
    return found


def of_ends(stays: QuerySet[Tenure], parts: Sequence[Period]) -> list[Row]:
    """For each part `g0`, its first day, how many stays lie at least partly in it (`n`), and how many of them end in
    it (`hits`); none for empty parts. Query cost: 1."""
    inner = compiled(_numbered(stays, parts).values("since_at", "until_at"))
    if inner is None:
        return []
    last = len(parts) - 1
    came, gone, hits = [0] * (last + 1), [0] * (last + 2), [0] * (last + 1)
    sql = f"WITH m AS ({inner[0]}) SELECT since_at, until_at, count(*) AS n FROM m GROUP BY 1, 2"  # noqa: S608
    for row in fetch(sql, inner[1]):
        end = last + 1 if row["until_at"] is None else row["until_at"] - 1
        low, high = max(row["since_at"] - 1, 0), min(end, last)
        if low <= high:
            came[low] += row["n"]
            gone[high + 1] += row["n"]
            if end <= last:
                hits[end] += row["n"]
    there = accumulate(came[place] - gone[place] for place in range(last + 1))
    return [{"g0": part.since, "n": n, "hits": hit} for part, n, hit in zip(parts, there, hits, strict=True) if n]


def _numbered(stays: QuerySet[Tenure], parts: Sequence[Period]) -> QuerySet[Any]:
    """Each stay by how many of the boundaries lie before or on its first day, and its last (NULL, or all of them, where
    it goes on)."""
    days = [*(part.since for part in parts), parts[-1].until + timedelta(days=1)]
    found: QuerySet[Any] = stays.annotate(
        who=F("customer_id"),
        since_at=BucketNumber(Coalesce(F("joined_on"), LONG_AGO_DAY), days),
        until_at=BucketNumber("left_on", days),
    )
    return found


OF_BUCKET = Q(purchased_at__gte=RawSQL("b.since_at", ()), purchased_at__lt=RawSQL("b.until_at", ()))


def stand_apart(keys: Mapping[str, Any]) -> bool:
    """Whether these columns are a bucket alone that `one_by_one` can take."""
    return connection.vendor == "postgresql" and list(keys) == ["g0"] and isinstance(keys["g0"], BucketNumber)


def one_by_one(scope: Scope, bucket: BucketNumber, rows: QuerySet[Any], summed: str, more: str = "") -> list[Row]:
    """What the query `summed` says of `m`, the `rows` of a bucket (`OF_BUCKET`), for each bucket of the period, with
    its number as `g0`. `more`: a second such query, which may ask the results `t` of the first. Query cost: 1.

    Each bucket is read from the index by itself, so that its customers fit in a small table: half the cost of telling
    customers and buckets apart together. PostgreSQL only.
    """
    inner, since, until = compiled(rows), scope.start_at, scope.end_at
    if inner is None or since is None or until is None:  # a bucket of this kind has both ends
        return []
    edges = list(pairwise([since, *(at for at in bucket.starts[1:] if isinstance(at, datetime)), until]))
    values = ", ".join(["(%s, %s::timestamptz, %s::timestamptz)"] * len(edges))
    of_bucket = f"FROM b CROSS JOIN LATERAL (WITH m AS ({inner[0]}{fence()}) "
    union = f" UNION ALL SELECT b.g0, x.* {of_bucket}{more}) x" if more else ""
    sql = (
        f"WITH b (g0, since_at, until_at) AS (VALUES {values}), "  # noqa: S608  (our own names)
        f"t AS (SELECT b.g0, x.* {of_bucket}{summed}) x) SELECT * FROM t{union}"
    )
    numbered = [value for place, edge in enumerate(edges, 1) for value in (place, *edge)]
    return fetch(sql, [*numbered, *inner[1], *(inner[1] if more else ())])


def fits_in_bits(bucket: Any) -> bool:
    """Whether `of_purchases` can tell the buckets of this expression apart on this database."""
    return connection.vendor == "postgresql" and isinstance(bucket, BucketNumber) and len(bucket.starts) <= MOST_BITS


def of_purchases(purchases: QuerySet[Purchase], bucket: BucketNumber) -> list[Row]:
    """How many customers (`n`) bought in bucket `g0`, by the bucket of their first purchase (`begun`) and by `earlier`:
    None where that is this bucket, `g0 - 1` where they bought in the bucket before, else 0. Query cost: 1.

    A bit for each bucket and customer: nothing is sorted. Only where `fits_in_bits`.
    """
    inner = compiled(purchases.annotate(bucket=bucket).values("customer_id", "bucket"))
    if inner is None:
        return []
    found = fetch(
        f"WITH m AS ({inner[0]}), "  # noqa: S608
        "c AS (SELECT bit_or(1::bigint << bucket) AS bits FROM m GROUP BY customer_id), "
        "g AS (SELECT bits, count(*) AS n FROM c GROUP BY bits) "
        "SELECT b AS g0, bits & -bits AS begun, CASE WHEN bits & ((1::bigint << b) - 1) = 0 THEN NULL "
        "WHEN (bits >> (b - 1)) & 1 = 1 THEN b - 1 ELSE 0 END AS earlier, sum(n) AS n "
        f"FROM g JOIN generate_series(0, {len(bucket.starts):d}) b ON (bits >> b) & 1 = 1 GROUP BY 1, 2, 3",
        inner[1],
    )
    return [row | {"begun": row["begun"].bit_length() - 1} for row in found]
