"""Payouts under many hands at once: paid once, in one file, taken back or out (F25, F26)."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from complaints.actions import payouts, remedies
from complaints.models import AuthorityLimit, PayoutExport, PayoutLine, Remedy
from core import clock
from core.actor import Actor
from retention.models import Payment
from tests.authority import publish
from tests.cast import Cast, make_cast
from tests.payouts import granted, handed, kinds, number_of
from tests.test_merge_races import at_once

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast() -> Cast:
    made = make_cast()
    publish(AuthorityLimit(holder="role", role="manager"))
    return made


def test_the_database_holds_one_payment_a_payout(cast: Cast) -> None:
    """Raw rows past the action."""
    payout = granted(cast)
    handed(cast)
    payouts.confirm(payout, by=Actor.person(cast.manager), at=clock.now(), paid_on=clock.now().date(), reference="T")
    payment = Payment.objects.get()
    payment.pk = None
    with pytest.raises(IntegrityError), transaction.atomic():
        payment.save(force_insert=True)


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_twenty_confirmations_at_once_pay_once(cast: Cast) -> None:
    """F26."""
    payout = granted(cast)
    handed(cast)
    by, day = Actor.person(cast.manager), clock.now().date()

    def said(reference: str) -> Any:
        return lambda: payouts.confirm(payout, by=by, at=clock.now(), paid_on=day, reference=reference).reference

    told = at_once(*[said("T-1") if number % 2 else said("T-2") for number in range(20)])
    assert Payment.objects.count() == 1
    payout.refresh_from_db()
    assert sorted(map(str, told)) == sorted([payout.reference] * 10 + ["already_paid"] * 10)
    assert kinds(payout.remedy.complaint) == ["complaint.payout_exported", "complaint.payout_paid"]


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_exports_at_once_take_each_payout_once(cast: Cast) -> None:
    for _round in range(3):
        due = [granted(cast, "5.00") for _time in range(4)]
        told = at_once(*[partial(number_of, cast)] * 4)
        assert told.count("nothing_to_pay") == 3, told
        assert sorted(PayoutLine.objects.filter(payout__in=due).values_list("payout", flat=True)) == [
            one.pk for one in due
        ]
    assert PayoutExport.objects.count() == 3


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_revoked_while_it_is_handed_over(cast: Cast) -> None:
    """Either finance gets it and it stands, or it is taken back and finance never hears of it."""
    by = Actor.person(cast.manager)
    for _round in range(5):
        payout = granted(cast, "5.00")
        remedy = Remedy.objects.get(pk=payout.remedy_id)
        at_once(
            lambda one=remedy: remedies.revoke(one, by=by, at=clock.now(), reason="A mistake").status,
            lambda: handed(cast).number,
        )
        payout.refresh_from_db()
        remedy.refresh_from_db()
        out = PayoutLine.objects.filter(payout=payout).exists()
        assert (remedy.status, payout.state, out) in (
            ("granted", "exported", True),
            ("revoked", "cancelled", False),
        )
