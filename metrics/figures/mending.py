"""What a complaint got and whether what was promised on it was kept, as one word each (mission C5; domain, Figures).

By what was granted and not taken back, and by promises kept and broken, as `metrics.figures.amends` has them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db.models import Case, IntegerField, Min, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.lookups import Exact, IsNull
from django.utils.functional import Promise as Lazy
from django.utils.translation import gettext_lazy, pgettext_lazy

from complaints.models import Promise, Remedy, RemedyKind
from metrics.figures import amends
from metrics.figures.base import Scope
from metrics.figures.dimensions import Dimension
from metrics.figures.sql import Row

NOTHING = "none"
KEPT, BROKEN = "kept", "broken"

# The first that was given says what a complaint got; so an apology stands for one alone.
REMEDIES: Mapping[str, tuple[tuple[RemedyKind, ...], str | Lazy]] = {
    "refund": ((RemedyKind.REFUND,), pgettext_lazy("remedy", "Refund")),
    "replacement": ((RemedyKind.REPLACEMENT,), pgettext_lazy("remedy", "Replacement")),
    "credit": (
        (RemedyKind.CREDIT, RemedyKind.DISCOUNT, RemedyKind.POINTS),
        pgettext_lazy("remedy", "Credit, discount or points"),
    ),
    "other": ((RemedyKind.OTHER,), pgettext_lazy("remedy", "Something else")),
    "apology": ((RemedyKind.APOLOGY,), pgettext_lazy("remedy", "Apology only")),
}
REMEDY_NAMES: Mapping[str, str | Lazy] = {
    **{code: words for code, (_kinds, words) in REMEDIES.items()},
    NOTHING: pgettext_lazy("remedy", "None"),
}
PROMISE_NAMES: Mapping[str, str | Lazy] = {
    KEPT: gettext_lazy("Every promise kept"),
    BROKEN: gettext_lazy("A promise broken"),
    NOTHING: gettext_lazy("No promise kept or broken"),
}
_RANKED = dict(enumerate(REMEDIES))
_KEPT, _BROKEN = 2, 1  # one broken outweighs all that were kept
_JUDGED = {_KEPT: KEPT, _BROKEN: BROKEN}


def dimensions_of(scope: Scope) -> dict[str, Dimension]:
    """`remedy` and `promises` of a complaint, as of the scope's instant."""
    return {
        "remedy": _by_rank(_strongest(scope), _RANKED, REMEDY_NAMES),
        "promises": _by_rank(_worst(scope), _JUDGED, PROMISE_NAMES),
    }


def _strongest(scope: Scope) -> Subquery:
    """The rank of the strongest remedy granted on the complaint; NULL without one."""
    rank = Case(
        *(When(kind__in=kinds, then=Value(place)) for place, (kinds, _words) in enumerate(REMEDIES.values())),
        output_field=IntegerField(),
    )
    return _least(Remedy.objects.filter(amends.granted(scope)), rank)


def _worst(scope: Scope) -> Subquery:
    """Whether one was broken, or else one kept; NULL where none was either."""
    rank = Case(
        When(amends.broken(scope), then=Value(_BROKEN)),
        When(amends.kept(scope), then=Value(_KEPT)),
        output_field=IntegerField(),
    )
    return _least(Promise.objects.all(), rank)


def _least(rows: QuerySet[Any], rank: Case) -> Subquery:
    mine = rows.filter(complaint=OuterRef("pk")).order_by()
    return Subquery(mine.values("complaint").annotate(least=Min(rank)).values("least"), IntegerField())


def _by_rank(expression: Subquery, codes: Mapping[int, str], names: Mapping[str, str | Lazy]) -> Dimension:
    def read(row: Row, place: int) -> tuple[str, str]:
        code = codes.get(row[f"g{place}"], NOTHING)
        return code, str(names[code])

    def narrow(value: str) -> Q:
        if value == NOTHING:
            return Q(IsNull(expression, True))
        return Q(Exact(expression, next(rank for rank, code in codes.items() if code == value)))

    return Dimension(expression, narrow, read, order=tuple(names))
