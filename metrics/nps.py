"""The Net Promoter Score (mission B2; domain, Figures). Pure: no Django.

0-6 detractor, 7-8 passive, 9-10 promoter; NPS = % promoters - % detractors, -100 to 100, unrounded.
"""

from __future__ import annotations

from decimal import Decimal

from metrics.rates import HUNDRED, Z95

DETRACTOR, PASSIVE, PROMOTER = "detractor", "passive", "promoter"
HIGHEST_DETRACTOR, LOWEST_PROMOTER = 6, 9


def group(score: int) -> str:
    """Which of the three a score makes. Raises ValueError off the scale."""
    if not 0 <= score <= 10:
        raise ValueError("a score lies between 0 and 10")
    if score <= HIGHEST_DETRACTOR:
        return DETRACTOR
    return PROMOTER if score >= LOWEST_PROMOTER else PASSIVE


def score(promoters: int, passives: int, detractors: int) -> Decimal | None:
    """The score; None without answers."""
    n = promoters + passives + detractors
    return HUNDRED * (promoters - detractors) / n if n else None


def interval(promoters: int, passives: int, detractors: int) -> tuple[Decimal, Decimal] | None:
    """The 95 % interval: N +- 1.96 sqrt(((1-N)^2 p+ + N^2 p0 + (1+N)^2 p-) / n), kept within -100 to 100."""
    n = promoters + passives + detractors
    if n == 0:
        return None
    net = Decimal(promoters - detractors) / n
    squares = (1 - net) ** 2 * promoters + net**2 * passives + (1 + net) ** 2 * detractors
    half = Z95 * (squares / n / n).sqrt()
    return max(-HUNDRED, HUNDRED * (net - half)), min(HUNDRED, HUNDRED * (net + half))
