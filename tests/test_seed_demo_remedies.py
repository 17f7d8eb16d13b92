"""What the demo's people granted, and that it goes again with the demo (mission A7; interface.md, Demo logins)."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from complaints import authority
from complaints.models import AuthorityLimit, AuthorityVersion, Payout, Remedy
from core import clock, trail
from core.models import TrailEntry, User
from tests.asking import ask
from tests.cast import make_complaint

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 4, 15, 20, tzinfo=UTC)


@pytest.fixture
def demo(tmp_path: Path, settings: Any) -> Path:
    settings.VAR_DIR = tmp_path
    with clock.frozen(NOW):
        call_command("seed_demo", complaints=60)
    return tmp_path


def test_granted_asked_for_and_gone_again(demo: Path) -> None:
    agent, lead = User.objects.get(username="agent"), User.objects.get(username="lead")
    kinds = set(Remedy.objects.filter(status="granted").values_list("kind", flat=True))
    assert {"refund", "apology"} <= kinds and len(kinds) >= 4
    assert Remedy.objects.filter(status="granted", within_authority=False, decided_by=lead).exists()
    mine = Remedy.objects.get(status="awaiting_approval", requested_by=agent)
    assert authority.may_approve(lead, mine) and mine in authority.awaiting_for(lead)
    paid = set(Payout.objects.values_list("remedy", flat=True))
    assert paid == set(
        Remedy.objects.filter(status="granted", kind__in=["refund", "credit"]).values_list("pk", flat=True)
    )
    assert not list(trail.verify(TrailEntry.objects.order_by("subject_kind", "subject_id", "seq")))

    complaint = make_complaint(owner=agent, source="demo")
    assert authority.room(complaint, agent, "refund", "EUR").left == Decimal(100)
    assert ask(agent, complaint, "refund", "100.01")[1]["status"] == "awaiting_approval"
    assert ask(agent, complaint, "refund", "100.00")[1]["status"] == "granted"

    call_command("purge_demo")
    assert not Remedy.objects.exists() and not Payout.objects.exists()
    assert list(AuthorityVersion.objects.values_list("number", flat=True)) == [1]
    assert AuthorityLimit.objects.get().role == "manager"
