"""The customer's charges beside what was paid and given back for each, so that an overcharge is seen (mission A7)."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal

from django.db.models import Q
from django.utils.translation import gettext as _

from complaints.authority import sums
from complaints.models import Payout, PayoutReturn, Remedy, RemedyKind, RemedyStatus
from core import languages
from core.web.parts import Part
from retention.models import Charge, Payment
from retention.names import fold

READ, SHOWN, LOOSE = 60, 6, 4
CLOSE = timedelta(days=10)  # two equal charges this near each other look like one charged twice


@dataclass(slots=True)
class ChargeLine(Part):
    """One charge. `left`: what a refund could still give back; `twice`: one just like it stands beside it."""

    row: Charge
    day: str
    what: str
    amount: str
    paid: str
    given: str
    left: Decimal
    twice: bool = False
    chosen: bool = False


@dataclass(slots=True)
class Account(Part):
    """What `complaints/_charges.html` takes: equal charges together, then the newest others; payments for none."""

    doubles: list[list[ChargeLine]] = field(default_factory=list)
    others: list[ChargeLine] = field(default_factory=list)
    payments: list[tuple[str, str, str]] = field(default_factory=list)
    more: bool = False
    currency: str = ""

    @property
    def lines(self) -> list[ChargeLine]:
        return [*(line for group in self.doubles for line in group), *self.others]


def account(customer: int, *, chosen: int | None = None) -> Account:
    """Query cost: 5."""
    rows = list(Charge.objects.filter(customer=customer)[:READ])
    keys = [row.pk for row in rows]
    returned = PayoutReturn.objects.filter(payment__charge__in=keys)  # of no account: they balance each other
    paid = _by_charge(Payment.objects.filter(charge__in=keys, amount__gt=0).exclude(pk__in=returned.values("counter")))
    transfers = Payout.objects.filter(payment__charge__in=keys).values("payment")
    given_back = Payment.objects.filter(charge__in=keys, amount__lt=0).exclude(pk__in=transfers)
    back = _by_charge(given_back.exclude(pk__in=returned.values("payment")))
    given, waiting = _refunds(keys)
    groups = equal_ones(rows)
    twice = {row.pk for group in groups for row in group}

    def line(row: Charge) -> ChargeLine:
        granted = given[row.pk] - back[row.pk]
        return ChargeLine(
            row=row,
            day=languages.short_day(row.charged_on),
            what=row.description or row.order_number or languages.DASH,
            amount=languages.money(row.amount, row.currency),
            paid=_("%(sum)s paid") % {"sum": languages.money(paid[row.pk], row.currency)}
            if paid[row.pk]
            else _("not paid"),
            given=_given(granted, waiting[row.pk], row.currency),
            left=max(row.amount - given[row.pk] - waiting[row.pk], Decimal(0)),
            twice=row.pk in twice,
            chosen=row.pk == chosen,
        )

    alone = [row for row in rows if row.pk not in twice]
    shown = [row for row in alone if row.pk == chosen or row in alone[:SHOWN]]
    loose = Payment.objects.filter(customer=customer, charge__isnull=True).order_by("-paid_on", "-pk")[:LOOSE]
    return Account(
        doubles=[[line(row) for row in group] for group in groups],
        others=[line(row) for row in shown],
        payments=[
            (languages.short_day(one.paid_on), one.method, languages.money(one.amount, one.currency)) for one in loose
        ],
        more=len(rows) == READ or len(alone) > len(shown),
        currency=rows[0].currency if rows else "",
    )


def equal_ones(rows: list[Charge]) -> list[list[Charge]]:
    """Charges of the same sum and words within some days, the earlier first in each group. Pure."""
    alike: dict[tuple[Decimal, str, str], list[Charge]] = defaultdict(list)
    for row in sorted(rows, key=lambda row: (row.charged_on, row.pk)):
        alike[row.amount, row.currency, fold(row.description)].append(row)
    found = []
    for same in alike.values():
        group = same[:1]
        for row in same[1:]:
            if row.charged_on - group[-1].charged_on <= CLOSE:
                group.append(row)
                continue
            found.append(group)
            group = [row]
        found.append(group)
    return sorted((group for group in found if len(group) > 1), key=lambda group: group[-1].charged_on, reverse=True)


def _given(returned: Decimal, waiting: Decimal, currency: str) -> str:
    words = []
    if returned:
        words.append(_("%(sum)s given back") % {"sum": languages.money(returned, currency)})
    if waiting:
        words.append(_("%(sum)s awaiting approval") % {"sum": languages.money(waiting, currency)})
    return " · ".join(words)


def _refunds(keys: list[int]) -> tuple[dict[int, Decimal], dict[int, Decimal]]:
    """Refunds granted and awaiting approval, by charge."""
    rows = Remedy.objects.filter(charge__in=keys, kind=RemedyKind.REFUND, amount__isnull=False)
    open_ones = rows.filter(Q(status=RemedyStatus.GRANTED) | Q(status=RemedyStatus.AWAITING))
    found: dict[str, dict[int, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    for key, status, total in open_ones.order_by().values_list("charge", "status").annotate(total=sums.summed()):
        found[status][key] = Decimal(int(total)).scaleb(-4)
    return found[RemedyStatus.GRANTED], found[RemedyStatus.AWAITING]


def _by_charge(rows: object) -> dict[int, Decimal]:
    found: dict[int, Decimal] = defaultdict(Decimal)
    for key, total in rows.order_by().values_list("charge").annotate(total=sums.summed()):  # type: ignore[attr-defined]
        found[key] = Decimal(int(total)).scaleb(-4)
    return found
