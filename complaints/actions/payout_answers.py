"""A file of finance's, carried out line by line: what was paid, what failed, what is of no use (mission A7; F25, F27).

Each line is a transaction of its own; the same file once more changes nothing, and a file cut off is sent again.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from complaints.actions import payouts
from complaints.models import Payout
from complaints.payout_files import Answer
from core import money
from core.actor import Actor
from core.errors import DomainError, InvalidInput

PAID, FAILED, ALREADY, SILENT, REFUSED = "paid", "failed", "already", "silent", "refused"


@dataclass(frozen=True, slots=True)
class Settled:
    """What became of a line. `done`: paid, failed, already (said before), silent (nothing said), refused (`code`,
    `why`)."""

    line: int
    payout: int
    done: str
    code: str = ""
    why: str = ""


def settle(answers: Iterable[Answer], *, by: Actor, at: datetime) -> list[Settled]:
    """Confirm what was paid and what failed; a refusal concerns its own line alone. Query cost: about 20 a line."""
    return [_settle(one, by=by, at=at) for one in answers]


def _settle(one: Answer, *, by: Actor, at: datetime) -> Settled:
    if one.problem:
        return Settled(one.line, one.payout, REFUSED, one.code, one.problem)
    payout = Payout.objects.select_related("remedy").filter(pk=one.payout).first()
    try:
        if payout is None:
            raise InvalidInput(_("There is no such payout."), code="unknown_payout")
        _refuse_other_amount(payout, one)
        if one.is_silent:
            return Settled(one.line, one.payout, SILENT)
        if one.paid_on is not None:
            after = payouts.confirm(payout, by=by, at=at, paid_on=one.paid_on, reference=one.reference)
        else:
            after = payouts.fail(payout, by=by, at=at, reason=one.failure)
    except DomainError as refusal:
        return Settled(one.line, one.payout, REFUSED, refusal.code, str(refusal))
    if after.version == payout.version:
        return Settled(one.line, one.payout, ALREADY)
    return Settled(one.line, one.payout, PAID if one.paid_on is not None else FAILED)


def _refuse_other_amount(payout: Payout, one: Answer) -> None:
    """Finance speaks of the amount that was granted, where it says one at all."""
    remedy = payout.remedy
    if remedy.amount is None or not (one.amount or one.currency):
        return
    if one.currency and one.currency.upper() != remedy.currency:
        raise InvalidInput(_("It was granted in another currency."), code="other_currency")
    if not one.amount:
        return
    try:
        paid = money.decimal(one.amount, money.PRICE_PLACES)
    except money.MoneyError:
        paid = None
    if paid != remedy.amount:
        raise InvalidInput(_("This is not the amount that was granted."), code="other_amount")
