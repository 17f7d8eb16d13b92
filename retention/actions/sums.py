"""The figures of orders, counted from their lines in one statement (mission C2; domain, Figures: valid purchase line).

Whoever writes lines calls this in the same transaction; nobody else writes these columns.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime

from django.db import connection


def recount(purchases: Sequence[int], *, at: datetime, kind_by_lines: bool = False) -> None:
    """Set moment, amounts and validity of these orders from their lines; they get a new version. Query cost: 2.

    The rows are locked, lowest key first, so that two who add lines to one order both count them all.
    `kind_by_lines`: an order whose every line has a negative quantity is a return.
    """
    if not purchases:
        return
    keys = sorted(purchases)
    is_postgresql = connection.vendor == "postgresql"
    product = "quantity * unit_price" if is_postgresql else _EXACT
    rounded = "round({}, 4)" if is_postgresql else "round({} / 10000000.0, 4)"
    kind = "CASE WHEN s.most < 0 THEN 'return' ELSE 'order' END" if kind_by_lines else "p.kind"
    statement = _RECOUNT.format(
        amount=rounded.format(f"sum({product})"),
        valid_amount=rounded.format(f"coalesce(sum(CASE WHEN quantity > 0 AND unit_price > 0 THEN {product} END), 0)"),
        kind=kind,
        keys="= ANY(%s)" if is_postgresql else "IN (SELECT value FROM json_each(%s))",
    )
    with connection.cursor() as cursor:
        if is_postgresql:  # on SQLite there is one writer anyway
            cursor.execute("SELECT 1 FROM retention_purchase WHERE id = ANY(%s) ORDER BY id FOR UPDATE", [keys])
        changed = connection.ops.adapt_datetimefield_value(at)
        cursor.execute(statement, [changed, keys if is_postgresql else json.dumps(keys)])


# SQLite has no decimals: quantity in thousandths times price in ten-thousandths are whole numbers.
_EXACT = "(CAST(round(quantity * 1000) AS INTEGER) * CAST(round(unit_price * 10000) AS INTEGER))"
_RECOUNT = """
UPDATE retention_purchase AS p SET purchased_at = s.first_at, amount = s.amount, valid_amount = s.valid_amount,
  valid_lines = s.valid_lines, kind = {kind}, updated_at = %s, version = p.version + 1,
  is_valid = p.customer_id IS NOT NULL AND p.cancelled_at IS NULL AND s.valid_lines > 0 AND {kind} = 'order'
FROM (
  SELECT purchase_id, min(purchased_at) AS first_at, max(quantity) AS most, {amount} AS amount,
    {valid_amount} AS valid_amount, sum(CASE WHEN quantity > 0 AND unit_price > 0 THEN 1 ELSE 0 END) AS valid_lines
  FROM retention_purchaseline WHERE purchase_id {keys} GROUP BY purchase_id
) AS s WHERE p.id = s.purchase_id
"""
