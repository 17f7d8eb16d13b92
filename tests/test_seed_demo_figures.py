"""What the demo shows of customers: figures to believe, a customer to look at, and all of it gone again (A7, B, C)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db.models import Count, Exists, F, OuterRef, Q, Sum
from django.test import Client

from complaints.demo import company
from complaints.demo.texts import BOOKS
from complaints.demo.texts.products import PRODUCTS
from complaints.models import Complaint, Payout
from core import clock, trail
from core.models import TrailEntry, User
from metrics.demo.comments import ASKS, COMMENTS, NOTES
from metrics.demo.seed import seed as what_came_of_it
from metrics.management.commands import seed_demo
from metrics.models import Invitation, SurveyResponse
from retention.demo import bulk, goods, likes
from retention.models import Charge, Customer, FollowUp, Payment, Purchase, PurchaseLine, Tenure
from tests.cast import make_complaint, make_customer

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 4, 15, 20, tzinfo=UTC)  # a Wednesday afternoon
LANGUAGES = {"en", "es", "pt", "it", "ru"}
KEPT = {"TrailEntry", "TrailAnchor", "Heartbeat", "Session", "Workload"}  # what a purge leaves, or counts anew


@pytest.fixture
def demo(tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A short present and a year of the past."""
    settings.VAR_DIR = tmp_path
    monkeypatch.setattr(company, "LIVELY", 40)
    monkeypatch.setattr(seed_demo, "PAST", 1_000)
    monkeypatch.setattr(seed_demo, "ITS_CUSTOMERS", 1_000)
    with clock.frozen(NOW):
        call_command("seed_demo")
    return tmp_path


def test_the_demo_has_figures_to_show(demo: Path) -> None:
    """One seeding serves all that only look at it."""
    for holds in (
        columns_of_figures_agree_with_the_clocks,
        answers_follow_from_the_handling,
        the_unhappy_leave_more_often,
        stays_purchases_and_money_are_sound,
        somebody_was_charged_twice_on_the_phone,
        calls_are_due_today_and_some_are_late,
        trails_verify,
        nothing_is_told_twice,
        the_agent_sees_a_customer_and_the_manager_figures,
    ):
        holds()


def columns_of_figures_agree_with_the_clocks() -> None:
    call_command("recount_standing", check=True)


def answers_follow_from_the_handling() -> None:
    answers = SurveyResponse.objects.filter(kind="nps")
    late = _nps(answers.filter(complaint__resolve_late__gt=0))
    in_time = _nps(answers.filter(complaint__resolve_late=0))
    assert 10 <= _nps(answers) <= 55 and late < in_time - 30
    assert set(SurveyResponse.objects.values_list("kind", flat=True)) == {"nps", "csat"}
    assert set(SurveyResponse.objects.exclude(comment="").values_list("language", flat=True)) == LANGUAGES
    assert Invitation.objects.filter(sent_at__isnull=False).count() > 4 * Invitation.objects.filter(
        suppressed="no_consent"
    ).count() > 0  # fmt: skip
    assert not Invitation.objects.filter(sent_at__isnull=True, suppressed="").exists()
    assert not Invitation.objects.filter(sent_at__gt=NOW).exists()
    assert not SurveyResponse.objects.filter(
        Q(answered_at__gt=NOW) | Q(answered_at__lt=F("invitation__sent_at"))
    ).exists()
    settled = Complaint.objects.filter(kind="complaint", status__in=("resolved", "closed"))
    assert not settled.filter(invitations__isnull=True).exists()  # so that nobody is asked by the job
    said = dict(settled.exclude(accepted=None).values_list("accepted").annotate(Count("pk")))
    assert said[True] > 3 * said[False] > 0


def the_unhappy_leave_more_often() -> None:
    def left_after(scores: Mapping[str, Any]) -> float:
        theirs = Customer.objects.filter(survey_responses__in=SurveyResponse.objects.filter(kind="nps", **scores))
        return theirs.filter(tenures__left_on__isnull=False).count() / theirs.count()

    assert left_after({"score__lte": 6}) > left_after({"score__gte": 9}) + 0.1
    quarter = (NOW - timedelta(days=91)).date()
    start = Tenure.objects.filter(Q(left_on__isnull=True) | Q(left_on__gte=quarter), joined_on__lt=quarter)
    assert 0.9 <= start.filter(left_on__isnull=True).count() / start.count() <= 0.99
    assert Tenure.objects.filter(joined_on__gte=quarter).exists()
    assert Tenure.objects.exclude(left_on=None).exclude(reason="").count() > 20


def stays_purchases_and_money_are_sound() -> None:
    assert not Customer.objects.filter(tenures__isnull=True).exists()
    assert not Tenure.objects.filter(left_on__gte=NOW.date() + timedelta(days=1)).exists()
    on = OuterRef("received_at__date")
    there = Tenure.objects.filter(customer=OuterRef("customer"), joined_on__lte=on)
    there = there.filter(Q(left_on__isnull=True) | Q(left_on__gte=on))
    assert not Complaint.objects.filter(~Exists(there), customer__isnull=False).exists()
    sums = PurchaseLine.objects.values("purchase").annotate(total=Sum(F("quantity") * F("unit_price")))
    counted = {row["purchase"]: Decimal(row["total"]).quantize(Decimal("0.01")) for row in sums}
    orders = Purchase.objects.values_list("pk", "amount", "is_valid", "kind", "cancelled_at", "valid_lines")
    assert len(orders) > 1_500
    for key, amount, is_valid, kind, cancelled_at, lines in orders:
        assert counted[key] == amount
        assert is_valid == (kind == "order" and cancelled_at is None) and (lines > 0) == (kind == "order")
    assert Purchase.objects.filter(kind="return", returns__isnull=False, amount__lt=0).exists()
    assert not Purchase.objects.filter(Q(purchased_at__gt=NOW)).exists()
    buyers = Purchase.objects.filter(is_valid=True).values("customer").annotate(n=Count("pk"))
    assert buyers.filter(n__gte=2).exists() and buyers.filter(n=1).exists()
    paid, given_back = Payment.objects.filter(amount__gt=0), Payment.objects.filter(amount__lt=0)
    assert not paid.exclude(charge__amount=F("amount")).exists()
    assert given_back.count() == Payout.objects.filter(state="paid", payment__in=given_back).count() > 0
    assert Charge.objects.filter(payments__isnull=True).exists()


def somebody_was_charged_twice_on_the_phone() -> None:
    agent = User.objects.get(username="agent")
    case = Complaint.objects.get(owner=agent, channel="phone", type__code="billing-charged-twice", in_queue=True)
    order = Purchase.objects.get(order_number=case.order_number)
    assert order.customer == case.customer
    twice = Payment.objects.filter(customer=case.customer, amount=order.amount, paid_on=order.purchased_at.date())
    assert twice.count() == 2 and twice.filter(charge__order_number="").count() == 1


def calls_are_due_today_and_some_are_late() -> None:
    mine = FollowUp.objects.open().filter(owner__username="agent")
    days = set(mine.values_list("due_on", flat=True))
    assert NOW.date() in days and min(days) < NOW.date() < max(days)
    done = set(FollowUp.objects.exclude(done_at=None).values_list("outcome", flat=True))
    assert done >= {"reached", "message_left"}
    assert not FollowUp.objects.filter(done_at__gt=NOW).exists()


def trails_verify() -> None:
    assert not list(trail.verify(TrailEntry.objects.order_by("subject_kind", "subject_id", "seq")))
    assert not TrailEntry.objects.filter(at__gt=NOW).exists()


def nothing_is_told_twice() -> None:
    before = _counts()
    with clock.frozen(NOW):
        what_came_of_it(seed=1, now=NOW)
    assert _counts() == before


def the_agent_sees_a_customer_and_the_manager_figures() -> None:
    told = Complaint.objects.filter(type__code="billing-charged-twice", channel="phone", owner__username="agent")
    case = told.order_by("pk")[0]  # the one played through by hand
    with clock.frozen(NOW):
        agent, manager = Client(), Client()
        agent.force_login(User.objects.get(username="agent"))
        manager.force_login(User.objects.get(username="manager"))
        page = agent.get(f"/customers/{case.customer_id}/")
        assert page.status_code == 200 and case.order_number in page.content.decode()
        assert manager.get("/dashboard/").status_code == 200


def test_purge_takes_all_of_it_and_nothing_else(tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.VAR_DIR = tmp_path
    monkeypatch.setattr(company, "LIVELY", 20)
    monkeypatch.setattr(seed_demo, "PAST", 300)
    monkeypatch.setattr(seed_demo, "ITS_CUSTOMERS", 150)
    real = make_complaint(customer=make_customer("Real Customer"))
    Purchase.objects.create(
        customer=real.customer, order_number="R-1", purchased_at=NOW, currency="EUR", created_at=NOW, updated_at=NOW
    )
    Tenure.objects.create(customer=real.customer, joined_on=NOW.date())
    before = _counts()
    with clock.frozen(NOW):
        call_command("seed_demo")
        assert {name for name, count in _counts().items() if count == before[name]} < set(before)
        bulk.orders(customers=10, orders=200, now=NOW)
        call_command("purge_demo")
    assert _counts() == before
    assert list(Purchase.objects.values_list("order_number", flat=True)) == ["R-1"]
    assert not list(trail.verify(TrailEntry.objects.order_by("subject_kind", "subject_id", "seq")))
    left = TrailEntry.objects.filter(subject_kind__in=("customer", "followup", "surveyresponse")).exclude(private="")
    assert not left.exclude(customer_id=real.customer_id).exists()


def test_purge_keeps_a_real_customer_that_took_one_of_the_demo_in(
    tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from core.actor import Actor
    from metrics.actions.merge_customers import merge

    settings.VAR_DIR = tmp_path
    monkeypatch.setattr(company, "LIVELY", 15)
    real = make_customer("Real Customer")
    with clock.frozen(NOW):
        call_command("seed_demo", complaints=60)
        theirs = Customer.objects.exclude(pk=real.pk).filter(purchases__isnull=False, complaints__isnull=False)[0]
        merge(theirs, real, by=Actor.system("test"), at=NOW)
        call_command("purge_demo")
    assert list(Customer.objects.all()) == [real]
    assert not Purchase.objects.exists() and not Tenure.objects.exists()


def test_words_are_there_in_every_language_and_need_no_escaping() -> None:
    texts: list[str] = []
    for said in (COMMENTS, NOTES, ASKS, likes.PREFERENCES, goods.REASONS, goods.REASONS_BAD, goods.HOW, goods.METHODS):
        assert set(said) == LANGUAGES
        texts.append(json.dumps(said, ensure_ascii=False))
    for article in goods.ARTICLES:
        assert set(article.names) == LANGUAGES
        texts += article.names.values()
    assert not set("".join(texts)) & set("\\\t\n\r\0\1")


def test_every_story_about_goods_names_a_product_and_no_product_is_made_up() -> None:
    told = {item for book in BOOKS.values() for story in book.stories for item in story.items}
    about_goods = {
        item
        for book in BOOKS.values()
        for story in book.stories
        for item in story.items
        if item and story.type.startswith(("product", "delivery"))
    }
    assert about_goods <= set(PRODUCTS) <= told


def _nps(answers: Any) -> float:
    scores = list(answers.values_list("score", flat=True))
    return 100 * (sum(s >= 9 for s in scores) - sum(s <= 6 for s in scores)) / len(scores)


def _counts() -> dict[str, int]:
    """Rows by model, but for those a purge leaves."""
    return {
        model.__name__: model._default_manager.count()
        for model in apps.get_models()
        if model._meta.app_label in ("core", "retention", "complaints", "metrics") and model.__name__ not in KEPT
    }
