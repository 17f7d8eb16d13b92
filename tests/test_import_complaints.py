"""The real files go in and come out with the figures that others computed (issue 2; reference.json; case F32)."""

from __future__ import annotations

import csv
import gzip
import json
import random
from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.core.management import call_command
from django.db.models import Count, F, Q
from django.db.models.functions import Coalesce, ExtractYear

from complaints.models import Clock, Complaint, Workload
from core import trail
from core.models import OutboxMessage, TrailEntry
from tests.cast import make_manager
from tests.figures import published

pytestmark = pytest.mark.django_db
NEW_YORK, HERE = ZoneInfo("America/New_York"), ZoneInfo("Europe/Lisbon")
FILES = {"cfpb": "cfpb.csv.gz", "boston311": "boston_311.csv.gz"}


def load(capsys: pytest.CaptureFixture[str], path: Path, preset: str, **options: Any) -> dict[str, int]:
    """Run the command; the counts on its last line."""
    call_command("import_complaints", str(path), preset=preset, json=True, **options)
    return json.loads(capsys.readouterr().out.strip().splitlines()[-1])


def counts(created: int = 0, updated: int = 0, unchanged: int = 0, rejected: int = 0) -> dict[str, int]:
    return {"created": created, "updated": updated, "unchanged": unchanged, "rejected": rejected}


def tally(source: str, **expression: Any) -> dict[Any, int]:
    """How many complaints of the source have each value of the one expression given."""
    found = Complaint.objects.filter(source=source).values(key=next(iter(expression.values())))
    return dict(found.annotate(n=Count("pk")).values_list("key", "n"))


def top_level() -> Coalesce:
    return Coalesce("type__parent__name", "type__name")


def years(zone: ZoneInfo) -> ExtractYear:
    return ExtractYear("received_at", tzinfo=zone)


def records(path: Path) -> list[dict[str, str]]:
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def write(path: Path, rows: list[dict[str, str]]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def reference(folder: Path, name: str) -> dict[str, Any]:
    return json.loads((folder / "reference.json").read_text())[name]


def nobody_was_bothered() -> None:
    """No mail, no workload, no queue, no clock that the sweep would look at."""
    assert not OutboxMessage.objects.exists()
    assert not Workload.objects.exclude(open_count=0).exists()
    assert not Complaint.objects.filter(Q(in_queue=True) | Q(is_history=False)).exists()
    assert not Clock.objects.filter(next_at__isnull=False).exists()


@pytest.mark.slow
def test_cfpb_equals_the_reference_and_again_changes_nothing(
    reference_data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    manager = make_manager()
    path, expected = reference_data / FILES["cfpb"], reference(reference_data, "cfpb")
    assert load(capsys, path, "cfpb") == counts(created=20_000)
    assert tally("cfpb", of=F("source_channel")) == {name: one["n"] for name, one in expected["by_channel"].items()}
    assert tally("cfpb", of=top_level()) == {name: one["n"] for name, one in expected["by_product"].items()}
    assert tally("cfpb", of=years(HERE)) == {int(year): n for year, n in expected["yearly_received"].items()}
    assert tally("cfpb", of=F("source_status")) == expected["by_response"]
    in_progress = expected["by_response"]["In progress"]
    assert tally("cfpb", of=F("status")) == {"closed": 20_000 - in_progress, "investigating": in_progress}
    stated = Clock.objects.filter(complaint__source="cfpb", stated=True, kind="resolve", due_at__isnull=True)
    assert stated.filter(state="met").count() == expected["timely_yes"] == 19_190
    assert stated.filter(state="breached").count() == expected["timely_no"] == 614
    assert Clock.objects.filter(complaint__source="cfpb").count() == 20_000 - expected["timely_blank"]
    assert tally("cfpb", of=F("accepted")) == {
        False: expected["disputed_yes"],
        True: expected["disputed_no"],
        None: expected["disputed_other"],
    }
    assert not Complaint.objects.exclude(root_cause__code="unclassified").exists()
    nobody_was_bothered()
    published.cfpb({"cfpb": expected}, manager)
    assert load(capsys, path, "cfpb") == counts(unchanged=20_000)
    assert TrailEntry.objects.filter(subject_kind="complaint").count() == 20_000


@pytest.mark.slow
@pytest.mark.postgresql  # parts of it in any order go into both
def test_boston311_equals_the_reference(reference_data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    manager = make_manager()
    path, expected = reference_data / FILES["boston311"], reference(reference_data, "boston_311")
    assert load(capsys, path, "boston311") == counts(created=62_165)
    assert tally("boston311", of=F("source_channel")) == expected["by_channel"]
    assert tally("boston311", of=top_level()) == expected["by_type"]
    assert tally("boston311", of=years(NEW_YORK)) == {int(year): n for year, n in expected["yearly_opened"].items()}
    assert tally("boston311", of=F("source_status")) == expected["by_status"]
    assert tally("boston311", of=F("status")) == {
        "closed": expected["by_status"]["Closed"],
        "new": expected["by_status"]["Open"],
    }
    clocks = Clock.objects.filter(complaint__source="boston311", stated=False)
    assert clocks.count() == expected["with_target"]
    assert clocks.filter(completed_at__isnull=False).count() == expected["closed_with_target"] == 24_501
    assert clocks.filter(state="met").count() == expected["recomputed_within_target"] == 23_441
    overdue = clocks.filter(completed_at__isnull=True, state="breached")
    assert overdue.count() == expected["open_past_target"] == 3_316
    assert not clocks.filter(state="breached").exclude(breached_at=F("due_at")).exists()
    early = Complaint.objects.filter(source="boston311", closed_at__lt=F("received_at"))
    assert early.count() == expected["hours_open_to_close_local_difference"]["negative"] == 10
    nobody_was_bothered()
    published.boston({"boston_311": expected}, manager)


@pytest.mark.parametrize("preset", ["cfpb", "boston311"])
def test_any_subset_in_any_order_equals_a_slow_count(
    preset: str, reference_data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make_manager()
    draw = random.Random(preset)
    rows = draw.sample(records(reference_data / FILES[preset]), 1_500)
    path = write(tmp_path / "subset.csv", rows)
    assert load(capsys, path, preset) == counts(created=1_500)
    channel, kind, status, zone = {
        "cfpb": ("Submitted via", "Product", "Company response to consumer", HERE),
        "boston311": ("source", "type", "case_status", NEW_YORK),
    }[preset]
    received = {"cfpb": "Date received", "boston311": "open_dt"}[preset]
    assert tally(preset, of=F("source_channel")) == Counter(row[channel] for row in rows)
    assert tally(preset, of=top_level()) == Counter(row[kind] for row in rows)
    assert tally(preset, of=F("source_status")) == Counter(row[status] for row in rows)
    assert tally(preset, of=years(zone)) == Counter(int(row[received][:4]) for row in rows)
    draw.shuffle(rows)
    assert load(capsys, write(tmp_path / "shuffled.csv", rows), preset) == counts(unchanged=1_500)
    assert not list(trail.verify(TrailEntry.objects.order_by("subject_kind", "subject_id", "seq")))


def test_boston_instants_are_new_york_time(
    reference_data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make_manager()
    rows = [row for row in records(reference_data / FILES["boston311"]) if row["sla_target_dt"]][:400]
    load(capsys, write(tmp_path / "some.csv", rows), "boston311")
    clocks = {one.complaint.external_id: one for one in Clock.objects.select_related("complaint")}
    for row in rows:
        clock = clocks[row["case_enquiry_id"]]
        opened = datetime.fromisoformat(row["open_dt"]).replace(tzinfo=NEW_YORK)
        target = datetime.fromisoformat(row["sla_target_dt"]).replace(tzinfo=NEW_YORK)
        assert (clock.complaint.received_at, clock.due_at) == (opened, target)
        if row["closed_dt"]:
            closed = datetime.fromisoformat(row["closed_dt"]).replace(tzinfo=NEW_YORK)
            assert clock.completed_at == clock.complaint.closed_at == closed
            assert clock.state == ("met" if closed.timestamp() <= target.timestamp() else "breached")
        assert clock.state != "running"
