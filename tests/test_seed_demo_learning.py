"""What the demo's house has learned, and that it goes again with the demo (mission A11)."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client

from complaints.actions.corrective_due import due_for
from complaints.models import CaseTheme, CorrectiveAction, CorrectiveCase, Theme
from core import clock, dates, trail
from core.models import TrailEntry, User
from metrics.figures.recurrence import recurrence

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 4, 15, 20, tzinfo=UTC)


def test_three_corrective_actions_and_themes_come_and_go(tmp_path: Path, settings: Any) -> None:
    settings.VAR_DIR = tmp_path
    shipped = Theme.objects.count()
    with clock.frozen(NOW):
        call_command("seed_demo", complaints=60)
        manager = User.objects.get(username="manager")
        helped, measured, overdue = CorrectiveAction.objects.order_by("pk")
        assert helped.effective is True and helped.verdict_by == manager
        found = recurrence(helped, manager, at=clock.now())
        assert found is not None and found.passed and found.after.n < found.before.n
        measuring = recurrence(measured, manager, at=clock.now())
        assert measured.state == "done" and measuring is not None and not measuring.passed
        assert due_for(overdue, dates.of_house(NOW)) == "overdue" and overdue.owner.username == "agent"
        assert CorrectiveCase.objects.filter(action=overdue).exists()
        assert CaseTheme.objects.values("theme").distinct().count() >= 5
        client = Client()
        client.force_login(manager)
        page = client.get("/learning/").content.decode()
        assert "6 days overdue" in page and "Promise not kept" in page
        assert not list(trail.verify(TrailEntry.objects.order_by("subject_kind", "subject_id", "seq")))
        call_command("purge_demo")
    assert not CorrectiveAction.objects.exists() and not CaseTheme.objects.exists()
    assert not User.objects.filter(username="manager").exists()
    assert Theme.objects.count() == shipped
