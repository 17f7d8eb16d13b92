"""The demo: believable, complete, silent, and gone again when asked (issue 2, Demo data; interface.md, Demo logins)."""

from __future__ import annotations

import json
import stat
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db.models import F

from complaints import routing
from complaints.demo import cast, company, linking
from complaints.demo.texts import BOOKS
from complaints.models import (
    NEVER,
    Clock,
    ClockEvent,
    Complaint,
    Firing,
    Incident,
    Message,
    Note,
    Payout,
    PayoutExport,
    Status,
)
from complaints.sla import clocks as sla
from complaints.sla import policies, rebuild
from complaints.sla.sweep import sweep
from core import clock, trail, working_time
from core.models import Organisation, OutboxMessage, TrailEntry, User
from core.working_time import Target
from metrics.management.commands import seed_demo
from retention.models import Customer, LoyaltyAccount, LoyaltyEntry, Offer, Payment, Referral, Tenure
from tests.cast import make_agent, make_complaint, make_customer, make_manager, make_team

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 4, 15, 20, tzinfo=UTC)  # a Wednesday afternoon
PAST = 260


@pytest.fixture
def var(tmp_path: Path, settings: Any) -> Path:
    settings.VAR_DIR = tmp_path
    return tmp_path


@pytest.fixture
def demo(var: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The default, with a shorter past."""
    monkeypatch.setattr(seed_demo, "PAST", PAST)
    monkeypatch.setattr(seed_demo, "ITS_CUSTOMERS", 200)
    with clock.frozen(NOW):
        call_command("seed_demo")
    return var


def test_the_demo_is_believable(demo: Path) -> None:
    """Seeding takes seconds, so one seeding serves all that only look at it."""
    for holds in (
        every_state_and_channel_is_there,
        some_are_late_and_some_nearly,
        the_past_holds_together,
        nobody_is_ever_written_to,
        texts_are_filled_in,
        the_incident_has_one_cause,
        finance_answered_some,
        offers_were_made_and_answered,
        logins_are_as_promised,
        once_means_once_and_keeps_the_passwords,
    ):
        holds(demo)


def finance_answered_some(demo: Path) -> None:
    """Two files, one payout that failed; every balance is the sum of its entries."""
    states = Counter(Payout.objects.values_list("state", flat=True))
    assert set(states) >= {"paid", "failed", "exported", "due"} and states["failed"] == 1
    assert PayoutExport.objects.count() == 2
    made = Payment.objects.filter(source="amends")
    known = Payout.objects.filter(state="paid", remedy__complaint__customer__isnull=False)
    assert made.count() == known.count() > 0 and not made.filter(amount__gte=0).exists()
    assert LoyaltyEntry.objects.filter(kind="goodwill").exists()
    for account in LoyaltyAccount.objects.all():
        assert account.balance == sum(one.points for one in LoyaltyEntry.objects.filter(customer=account.customer_id))


def offers_were_made_and_answered(demo: Path) -> None:
    """Only to who agreed, answered in time, as the actions would have it; and some customers brought others."""
    made = Offer.objects.select_related("customer", "purchase")
    today = NOW.date()
    assert {(one.kind, str(one.state_on(today))) for one in made} >= {
        ("cross_sell", "offered"), ("cross_sell", "accepted"), ("cross_sell", "declined"), ("cross_sell", "lapsed"),
        ("win_back", "accepted"),
    }  # fmt: skip
    for one in made:
        assert one.customer.consents.get(purpose="offers").given and one.made_at < NOW
        assert one.decided_at is None or one.made_at < one.decided_at < NOW
        assert one.purchase is None or (
            one.purchase.customer == one.customer and one.purchase.purchased_at > one.made_at
        )
        assert one.decided_at is None or one.valid_until is None or one.decided_at.date() <= one.valid_until
        kinds = [entry.kind for entry in trail.of(one)]
        assert kinds == ["offer.made"] + [f"offer.{one.state}"] * (one.state != "offered")
    assert len({one.customer.language for one in made}) >= 4
    referrals = Referral.objects.all()
    assert (
        referrals.filter(referrer_points__gt=0).exists() and referrals.filter(withdrawn_at__isnull=False).count() == 1
    )


def every_state_and_channel_is_there(demo: Path) -> None:
    complaints = Complaint.objects.filter(source="demo")
    states = Counter(complaints.values_list("status", flat=True))
    assert company.LIVELY == 140 and sum(states.values()) == 140 + PAST
    assert set(states) == set(Status.values) - {Status.MERGED}
    assert set(complaints.values_list("channel", flat=True)) >= {"web", "email", "phone", "letter", "chat", "social"}
    assert set(complaints.values_list("language", flat=True)) == set(BOOKS)
    assert complaints.filter(is_quarantined=True).exists() and complaints.filter(kind="enquiry").exists()
    assert TrailEntry.objects.filter(kind="complaint.reopened").exists()
    assert len(set(complaints.values_list("owner", flat=True))) >= 10


def some_are_late_and_some_nearly(demo: Path) -> None:
    open_clocks = Clock.objects.filter(complaint__in_queue=True, completed_at__isnull=True)
    assert open_clocks.filter(state="breached").count() >= 5
    assert open_clocks.filter(state="running", due_at__range=(NOW, NOW + timedelta(hours=2))).exists()
    assert open_clocks.filter(state="paused").exists()
    assert not open_clocks.filter(state="running", due_at__lt=NOW).exists()
    assert Firing.objects.filter(rung="breach").count() == Clock.objects.filter(state="breached").count()
    assert rebuild.rebuild(mend=False)["different"] == 0, "every clock's row follows from its events"
    with clock.frozen(NOW):
        assert sweep(at=NOW).clocks == 0  # nothing is left for the first sweep to find


def the_past_holds_together(demo: Path) -> None:
    entries = TrailEntry.objects.order_by("subject_kind", "subject_id", "seq")
    assert not list(trail.verify(entries))
    assert not TrailEntry.objects.filter(at__gt=NOW).exists()
    told = TrailEntry.objects.filter(pk__lte=TrailEntry.objects.filter(kind="complaint.reopened").latest("pk").pk)
    written = list(told.order_by("pk").values_list("recorded_at", flat=True))
    assert len(written) > 500 and written == sorted(written)
    assert routing.recount() == 0
    assert not Complaint.objects.filter(received_at__gt=F("created_at")).exists()


def nobody_is_ever_written_to(demo: Path) -> None:
    assert OutboxMessage.objects.exists()
    assert not OutboxMessage.objects.filter(sent_at__isnull=True).exists()
    assert all(address.endswith(".example") for address in OutboxMessage.objects.values_list("recipient", flat=True))


def texts_are_filled_in(demo: Path) -> None:
    words = [
        *Complaint.objects.values_list("subject", flat=True),
        *Complaint.objects.values_list("narrative__description", flat=True),
        *Message.objects.values_list("body", flat=True),
        *Note.objects.values_list("body", flat=True),
    ]
    assert not [text for text in words if "{" in text or not text.strip()]
    russian = Message.objects.filter(complaint__language="ru", direction="out")
    assert russian and all(any("а" <= sign <= "я" for sign in message.body) for message in russian)


def the_incident_has_one_cause(_demo: Path) -> None:
    incident = Incident.objects.get()
    cases = list(incident.complaints.select_related("type"))
    assert len(cases) >= 3
    assert all(any(word in one.subject for word in linking.LEAKS.values()) for one in cases)
    assert {(one.type.parent or one.type).code for one in cases} == {"product"}
    update = incident.updates.get()
    assert update.state == "draft" and {one.language for one in cases} <= set(update.texts)


def logins_are_as_promised(demo: Path) -> None:
    path = demo / "demo-logins.json"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    logins = json.loads(path.read_text())
    assert [login["role"] for login in logins] == ["agent", "lead", "manager", "admin"]
    assert all(set(login) == {"username", "password", "role"} for login in logins)
    for login in logins:
        user = User.objects.get(username=login["username"])
        assert user.check_password(login["password"]) and login["role"] in user.roles
    assert Organisation.objects.get().name == "Halden & Moss"
    assert Tenure.objects.filter(left_on__isnull=False).exists()


def once_means_once_and_keeps_the_passwords(demo: Path) -> None:
    before = (demo / "demo-logins.json").read_text()
    call_command("seed_demo", once=True)
    call_command("seed_demo")
    assert Complaint.objects.count() == 140 + PAST
    assert (demo / "demo-logins.json").read_text() == before


@pytest.mark.sqlite  # what is told is drawn before it is written
def test_the_same_seed_tells_the_same(var: Path) -> None:
    def told() -> list[Any]:
        with clock.frozen(NOW):
            call_command("seed_demo", complaints=25, seed=7)
            found = list(
                Complaint.objects.order_by("pk").values_list("subject", "status", "received_at", "owner__username")
            )
            call_command("purge_demo")
        return found

    first = told()
    assert len(first) == 25 and told() == first


def test_names_already_taken_are_a_refusal(var: Path) -> None:
    make_manager(username="agent")
    with pytest.raises(CommandError, match="agent"):
        call_command("seed_demo")
    assert User.objects.count() == 1


def test_bulk_rows_are_what_the_actions_would_have_left(var: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(company, "LIVELY", 15)
    with clock.frozen(NOW):
        call_command("seed_demo", complaints=400, open_share=0.4)
    assert Complaint.objects.filter(source="demo").count() == 400
    assert Customer.objects.filter(external_ids__source="demo").count() == 84 + 385 // 5
    assert not list(trail.verify(TrailEntry.objects.order_by("subject_kind", "subject_id", "seq")))
    assert routing.recount() == 0
    for complaint in (
        Complaint.objects.filter(is_quarantined=False).prefetch_related("clocks").select_related("narrative")
    ):
        clocks = list(complaint.clocks.all())
        expected = sla.queue_at(clocks, complaint) if complaint.in_queue else NEVER
        assert complaint.queue_at == expected, complaint
        assert complaint.narrative.description
        kinds = {one.kind for one in clocks}
        assert kinds >= {"acknowledge", "resolve"}
        informed = complaint.is_open and complaint.acknowledged_at is not None
        assert "update" in kinds or not informed, complaint
        for one in clocks:
            _is_sound(one, complaint)
    with clock.frozen(NOW):
        assert sweep(at=NOW).clocks == 0
    newest = Complaint.objects.order_by("-received_at").first()
    assert newest is not None and newest.received_at <= NOW


def _is_sound(one: Clock, complaint: Complaint) -> None:
    target = Target(one.target_kind, one.target_value)
    due_at = working_time.due_at(policies.calendar_of(one.calendar_version_id), one.started_at, target)
    if one.state in ("met", "breached", "cancelled") and not one.events.filter(
        kind__in=("paused", "reopened", "retargeted")
    ):
        assert one.due_at == due_at
    assert (one.state == "breached") == (one.breached_at is not None) == one.firings.filter(rung="breach").exists()
    assert one.breached_at in (None, one.due_at)
    if one.state == "met":
        assert one.completed_at is not None and one.completed_at <= one.due_at
    first = one.events.order_by("pk").first()
    assert (first.kind, first.at) == ("started", one.started_at)
    assert ("completed" in {event.kind for event in one.events.all()}) or one.completed_at is None or one.state != "met"


@pytest.fixture
def small(var: Path) -> Path:
    with clock.frozen(NOW):
        call_command("seed_demo", complaints=20)
    return var


def test_purge_takes_the_demo_and_nothing_else(small: Path) -> None:
    agent = make_agent(make_team("Real desk"), "Real Agent")
    customer = make_customer("Real Customer")
    real = make_complaint(owner=agent, customer=customer)
    with clock.frozen(NOW + timedelta(hours=1)):
        trail.anchor(at=NOW + timedelta(hours=1))
        call_command("purge_demo")
    assert list(Complaint.objects.all()) == [real] and list(Customer.objects.all()) == [customer]
    assert not Offer.objects.exists() and not Referral.objects.exists()
    assert not User.objects.filter(email__endswith=f"@{cast.MAIL_DOMAIN}").exists()
    assert not ClockEvent.objects.exclude(clock__complaint=real).exists()
    assert not OutboxMessage.objects.exclude(subject_id=real.pk).exists()
    assert not (small / "demo-logins.json").exists()
    assert Organisation.objects.get().name == "Amends"
    assert not list(trail.verify(TrailEntry.objects.order_by("subject_kind", "subject_id", "seq")))
    assert not list(trail.verify_anchors())
    left = TrailEntry.objects.filter(subject_kind__in=("complaint", "customer")).exclude(private="")
    assert not left.exclude(subject_id__in=[real.pk, customer.pk]).exists()
    assert TrailEntry.objects.filter(kind="demo.purged").exists()


def test_purge_leaves_no_real_complaint_without_an_owner(small: Path) -> None:
    real = make_complaint(owner=User.objects.get(username="ivo"), subject="A real one")
    with pytest.raises(CommandError, match="--to"):
        call_command("purge_demo")
    assert Complaint.objects.filter(source="demo").count() == 20
    heir = make_agent(make_team("Real desk"))
    call_command("purge_demo", to=heir.username)
    real.refresh_from_db()
    assert real.owner == heir and not Complaint.objects.filter(source="demo").exists()
