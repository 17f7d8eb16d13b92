"""How offers fare: how many of each kind were made, and what became of them (mission C2)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db.models import Count, Q

from retention.models.offers import OfferKind, OfferQuerySet, OfferState, lapsed


@dataclass(frozen=True, slots=True)
class Fare:
    """Numbers of offers. `kind` blank: all kinds."""

    kind: str
    made: int
    accepted: int
    declined: int
    lapsed: int

    @property
    def open(self) -> int:
        return self.made - self.over

    @property
    def over(self) -> int:
        return self.accepted + self.declined + self.lapsed

    @property
    def share(self) -> Decimal | None:
        """Of those that are over, how many were accepted; 0 to 100, None while none is over."""
        return Decimal(100 * self.accepted) / self.over if self.over else None


def fares(rows: OfferQuerySet, on: date) -> list[Fare]:
    """Of each kind that occurs, in the order of OfferKind, as of a day. Query cost: 1."""
    counted = rows.order_by().values("kind").annotate(
        made=Count("pk"),
        accepted=Count("pk", filter=Q(state=OfferState.ACCEPTED)),
        declined=Count("pk", filter=Q(state=OfferState.DECLINED)),
        lapsed=Count("pk", filter=lapsed(on)),
    )  # fmt: skip
    found = [Fare(**row) for row in counted]
    return sorted(found, key=lambda one: OfferKind.values.index(one.kind))


def together(found: Sequence[Fare]) -> Fare:
    """All of them as one."""
    names = ("made", "accepted", "declined", "lapsed")
    return Fare("", **{name: sum(getattr(one, name) for one in found) for name in names})
