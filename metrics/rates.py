"""Shares and their intervals. Pure: no Django. Per cent, unrounded; nothing out of nothing is None, never 0 %."""

from __future__ import annotations

from decimal import Decimal

Z95 = Decimal("1.96")
HUNDRED = Decimal(100)


def percent(part: Decimal | int, whole: Decimal | int) -> Decimal | None:
    """`part` of `whole` in per cent; None when there is no whole."""
    return HUNDRED * part / Decimal(whole) if whole else None


def wilson(hits: int, n: int, z: Decimal = Z95) -> tuple[Decimal, Decimal] | None:
    """The 95 % interval of the share hits / n, in per cent (Wilson 1927); None without rows.

    It never leaves 0 to 100 and holds for few rows too. Raises ValueError unless 0 <= hits <= n.
    """
    if not 0 <= hits <= n:
        raise ValueError("no share has fewer hits than none or more than all")
    if n == 0:
        return None
    share, count = Decimal(hits) / n, Decimal(n)
    square = z * z
    shrink = 1 + square / count
    centre = (share + square / (2 * count)) / shrink
    half = z / shrink * (share * (1 - share) / count + square / (4 * count * count)).sqrt()
    low, high = HUNDRED * (centre - half), HUNDRED * (centre + half)
    return (Decimal(0) if hits == 0 else low), (HUNDRED if hits == n else high)


def mean(total: Decimal | int, n: int) -> Decimal | None:
    """The mean; None without rows."""
    return Decimal(total) / n if n else None
