"""What finance paid and the bank sent back: balanced, due again, and paid anew exactly once (mission A7; F26, F27)."""

from __future__ import annotations

import json
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils.dateparse import parse_date

from complaints.actions import payout_answers, payouts
from complaints.models import AuthorityLimit, Payout
from complaints.payout_files import Answer
from complaints.web.remedies.charges import account
from core import clock, trail
from core.actor import Actor
from core.models import Notification
from retention.actions import charges
from retention.models import Payment
from tests.authority import publish
from tests.cast import Cast, make_cast
from tests.payouts import code_of, granted, handed, kinds, today
from tests.test_action_payout import DOORS, knock
from tests.tokens import bearer

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast() -> Cast:
    made = make_cast()
    publish(AuthorityLimit(holder="role", role="manager"))
    return made


def day() -> date:
    found = parse_date(today())
    assert found is not None
    return found


def paid(cast: Cast, reference: str = "T-1", **more: object) -> Payout:
    payout = granted(cast, **more)
    handed(cast)
    return payouts.confirm(payout, by=Actor.person(cast.manager), at=clock.now(), paid_on=day(), reference=reference)


@pytest.mark.parametrize("door", DOORS)
def test_sent_back_and_paid_anew(cast: Cast, door: str) -> None:
    by = Actor.system("test")
    charge = charges.charge(cast.customer, amount=Decimal(90), currency="EUR", charged_on=day(), by=by, at=clock.now())
    payout = paid(cast, charge=charge)
    first, complaint = payout.payment, payout.remedy.complaint
    back = {"returned_on": today(), "reason": "The account is closed"}
    assert knock(door, cast.manager, payout, "return", **{**back, "reason": " "})[0] == 422
    early = (day() - timedelta(days=1)).isoformat()
    assert knock(door, cast.manager, payout, "return", **{**back, "returned_on": early})[0] == 422
    late = (day() + timedelta(days=2)).isoformat()
    assert knock(door, cast.manager, payout, "return", **{**back, "returned_on": late})[0] == 422
    assert Payment.objects.count() == 1
    for _time in (1, 2):  # said twice it is done once
        assert knock(door, cast.manager, payout, "return", **back)[0] == 200
    payout.refresh_from_db()
    assert (payout.state, payout.failure, payout.paid_on, payout.payment) == (
        "failed", "The account is closed", None, None,
    )  # fmt: skip
    counter = Payment.objects.latest("pk")
    assert [(one.amount, one.charge) for one in Payment.objects.order_by("pk")] == [(-40, charge), (40, charge)]
    assert first is not None and counter.external_id == f"payout:{payout.pk}:returned:1"
    payout.remedy.refresh_from_db()
    assert payout.remedy.status == "granted"
    told = Notification.objects.get(words__what="payout_returned")
    assert told.user == complaint.owner and told.words["reason"] == "The account is closed"
    entry = trail.of(complaint).filter(kind="complaint.payout_returned").get()
    assert "closed" not in entry.body and json.loads(entry.body)["payment"] == counter.pk

    # what finance had said of the first payment does not pay it again
    assert knock(door, cast.manager, payout, "confirmation", paid_on=today(), reference="T-1")[0] == 409
    assert handed(cast).number == 2
    assert knock(door, cast.manager, payout, "confirmation", paid_on=today(), reference="T-1")[0] == 409
    assert knock(door, cast.manager, payout, "confirmation", paid_on=today(), reference="T-2")[0] == 200
    assert kinds(complaint)[:5] == [
        f"complaint.payout_{what}" for what in ("exported", "paid", "returned", "exported", "paid")
    ]
    assert not list(trail.verify(trail.of(complaint)))


def test_the_charge_beside_the_case_shows_what_was_paid_for_it_and_given_back_in_all(cast: Cast) -> None:
    """A payment and its return balance each other: neither is money of the customer's, neither was given back."""
    by, at = Actor.system("test"), clock.now()
    charge = charges.charge(cast.customer, amount=Decimal(90), currency="EUR", charged_on=day(), by=by, at=at)
    charges.pay(cast.customer, amount=Decimal(90), currency="EUR", paid_on=day(), charge=charge.pk, by=by, at=at)
    payout = paid(cast, charge=charge)
    [before] = account(cast.customer.pk).lines
    assert (before.paid, before.given, before.left) == ("€90.00 paid", "€40.00 given back", 50)
    payouts.take_back(payout, by=Actor.person(cast.manager), at=clock.now(), returned_on=day(), reason="Closed")
    [after] = account(cast.customer.pk).lines
    assert (after.paid, after.given, after.left) == (before.paid, before.given, before.left)


def test_only_what_was_paid_comes_back_and_only_managers_say_so(cast: Cast) -> None:
    payout = granted(cast)
    back = {"returned_on": today(), "reason": "Closed"}
    assert knock("api", cast.manager, payout, "return", **back)[0] == 409
    for door in DOORS:
        assert knock(door, cast.agent, payout, "return", **back)[0] in (403, 404)
    headers = bearer(cast.manager, "payouts:read")
    answer = Client(headers=headers).post(f"/api/v1/payouts/{payout.pk}/return/", json.dumps(back), "application/json")
    assert answer.status_code == 403
    assert not Payment.objects.exists()


def test_the_old_file_of_finance_changes_nothing(cast: Cast) -> None:
    """A confirmation read in once more after the money came back, before and after it went out again."""
    payout = paid(cast)
    by = Actor.person(cast.manager)
    payouts.take_back(payout, by=by, at=clock.now(), returned_on=day(), reason="Closed")
    line = Answer(2, payout.pk, paid_on=day(), reference="T-1")
    for _time in (1, 2):
        [settled] = payout_answers.settle([line], by=by, at=clock.now())
        assert (settled.done, settled.code) == ("refused", "came_back")
        if _time == 1:
            handed(cast)
    payout.refresh_from_db()
    assert (payout.state, Payment.objects.count()) == ("exported", 2)


def test_each_payment_once_in_the_database(cast: Cast) -> None:
    """Twice round: four payments that come to nothing, a fifth that stands; the database refuses one more of any."""
    payout = paid(cast)
    by = Actor.person(cast.manager)
    for number in (2, 3):
        payouts.take_back(payout, by=by, at=clock.now(), returned_on=day(), reason=f"Closed {number}")
        handed(cast)
        payout = payouts.confirm(payout, by=by, at=clock.now(), paid_on=day(), reference=f"T-{number}")
    rows = list(Payment.objects.order_by("pk"))
    assert [int(one.amount) for one in rows] == [-40, 40, -40, 40, -40]
    assert payout.payment == rows[-1] and len({one.external_id for one in rows}) == 5
    again = Payment.objects.get(pk=rows[1].pk)
    again.pk = None
    with pytest.raises(IntegrityError), transaction.atomic():
        again.save(force_insert=True)
    told = Client(headers=bearer(cast.manager)).get(f"/api/v1/payouts/{payout.pk}/").json()
    assert [one["reference"] for one in told["returns"]] == ["T-1", "T-2"]
    assert (told["state"], told["payment"]) == ("paid", str(rows[-1].pk))
    assert told["returns"][1] == {
        "paid_on": today(), "reference": "T-2", "returned_on": today(), "reason": "Closed 3",
        "payment": str(rows[2].pk), "counter": str(rows[3].pk),
    }  # fmt: skip


def test_of_nobody_there_is_no_payment_to_balance(cast: Cast) -> None:
    payout = paid(cast, complaint=cast.complaint(customer=None))
    at, by = clock.now(), Actor.person(cast.manager)
    payouts.take_back(payout, by=by, at=at, returned_on=day(), reason="Closed")
    payout.refresh_from_db()
    assert (payout.state, Payment.objects.count()) == ("failed", 0)
    assert code_of(lambda: payouts.take_back(payout, by=by, at=at, returned_on=day(), reason="Else")) == "not_paid"


def test_the_page_offers_it_where_something_was_paid(cast: Cast) -> None:
    payout = paid(cast)
    client = Client()
    client.force_login(cast.manager)
    where = f"/payouts/{payout.pk}/return/"
    assert where in client.get("/payouts/?state=paid").content.decode()
    assert client.get(where).status_code == 200
    payouts.take_back(payout, by=Actor.person(cast.manager), at=clock.now(), returned_on=day(), reason="Closed")
    page = client.get("/payouts/?state=failed").content.decode()
    assert where not in page and "Closed" in page and f"/payouts/{payout.pk}/confirmation/" in page
