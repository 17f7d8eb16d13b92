"""Imports under way survive that their table moved to the ground floor."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

BEFORE, AFTER = [("complaints", "0004_figures"), ("core", "0003_absence_hand_over")], [("core", "0004_import_runs")]


def migrated(targets: list[tuple[str, str]]) -> Any:
    executor = MigrationExecutor(connection)
    executor.migrate(targets)
    return MigrationExecutor(connection).loader.project_state(targets).apps


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_the_rows_move_there_and_back() -> None:
    try:
        old = migrated(BEFORE).get_model("complaints", "ImportRun")
        old.objects.create(preset="cfpb", source="cfpb", fingerprint="f" * 64, position=7, started_at=timezone.now())
        new = migrated(AFTER).get_model("core", "ImportRun")
        kept = new.objects.get()
        assert (kept.position, kept.kind, kept.options) == (7, "complaints", "")
        new.objects.create(kind="purchases", preset="x", source="x", fingerprint="g" * 64, started_at=timezone.now())
        assert migrated(BEFORE).get_model("complaints", "ImportRun").objects.count() == 2
    finally:
        call_command("migrate", verbosity=0)
