"""Subscribers and other customers go in with their stays, once (B3, C1; reference.json; case F32)."""

from __future__ import annotations

import csv
import gzip
import json
import random
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db.models import Sum

from core import clock, trail
from core.models import ImportRun, OutboxMessage, TrailEntry
from retention.importing.customers import months_before
from retention.models import Charge, ContactPoint, Customer, ExternalId, Tenure

pytestmark = pytest.mark.django_db
FILE = "telco_churn.csv.gz"
HEAD = "external_id,name,email,phone,joined_on,left_on,tier\n"
LINE = "c1,Ana Sá,Ana@mail.example,+351 912 345 678,2020-02-29,,gold\n"


def load(capsys: pytest.CaptureFixture[str], path: Path, preset: str = "generic", **options: Any) -> dict[str, int]:
    call_command("import_customers", str(path), preset=preset, json=True, **options)
    return json.loads(capsys.readouterr().out.strip().splitlines()[-1])


def counts(created: int = 0, updated: int = 0, unchanged: int = 0, rejected: int = 0) -> dict[str, int]:
    return {"created": created, "updated": updated, "unchanged": unchanged, "rejected": rejected}


def records(path: Path) -> list[dict[str, str]]:
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def write(path: Path, rows: list[dict[str, str]]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def test_telco_equals_the_reference_and_again_changes_nothing(
    reference_data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    expected = json.loads((reference_data / "reference.json").read_text())["telco_churn"]
    path, as_of = reference_data / FILE, "2026-03-31"
    assert load(capsys, path, "telco", as_of=as_of) == counts(created=expected["rows"])
    stays = Tenure.objects.filter(source="telco")
    assert stays.count() == 7_043 and stays.filter(left_on=date(2026, 3, 31)).count() == expected["churned"] == 1_869
    for plan, one in expected["by_contract"].items():
        mine = stays.filter(plan=plan)
        assert (mine.count(), mine.filter(left_on__isnull=False).count()) == (one["n"], one["churned"]), plan
    paid = round(Decimal(stays.aggregate(sum=Sum("monthly_amount"))["sum"]), 4)
    assert paid == Decimal(str(expected["monthly_charges_sum"]))
    assert Charge.objects.filter(source="telco", charged_on=as_of).count() == 7_043 - expected["blank_TotalCharges"]
    assert not OutboxMessage.objects.exists()
    assert load(capsys, path, "telco", as_of=as_of) == counts(unchanged=7_043)
    assert load(capsys, path, "telco") == counts(unchanged=7_043)  # it keeps the day of its first reading
    assert TrailEntry.objects.count() == 7_043


def test_any_subset_in_any_order(reference_data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    draw = random.Random(5)
    rows = draw.sample(records(reference_data / FILE), 700)
    assert load(capsys, write(tmp_path / "a.csv", rows), "telco", as_of="2024-02-29") == counts(created=700)
    for row in rows[:60]:
        stay = Tenure.objects.get(source="telco", external_id=row["customerID"])
        assert stay.joined_on == months_before(date(2024, 2, 29), int(row["tenure"]))
        assert (stay.left_on is not None) == (row["Churn"] == "Yes")
        charged = list(Charge.objects.filter(customer=stay.customer).values_list("amount", flat=True))
        assert charged == ([Decimal(row["TotalCharges"])] if row["TotalCharges"].strip() else [])
    draw.shuffle(rows)
    shuffled = write(tmp_path / "b.csv", rows)
    assert load(capsys, shuffled, "telco", as_of="2024-02-29") == counts(unchanged=700)
    assert load(capsys, shuffled, "telco", as_of="2024-03-31") == counts(updated=700)
    assert (Tenure.objects.count(), Customer.objects.count()) == (700, 700)
    assert not list(trail.verify(TrailEntry.objects.order_by("subject_kind", "subject_id", "seq")))


@pytest.mark.parametrize(
    ("day", "months", "expected"),
    [((2026, 3, 31), 1, (2026, 2, 28)), ((2024, 3, 31), 1, (2024, 2, 29)), ((2026, 1, 15), 72, (2020, 1, 15)),
     ((2026, 1, 15), 1, (2025, 12, 15)), ((2026, 1, 15), 0, (2026, 1, 15))],
)  # fmt: skip
def test_months_before(day: tuple[int, int, int], months: int, expected: tuple[int, int, int]) -> None:
    assert months_before(date(*day), months) == date(*expected)


def test_the_default_day_is_today_and_stays_when_read_again_later(
    reference_data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write(tmp_path / "a.csv", records(reference_data / FILE)[:5])
    with clock.frozen(datetime(2026, 3, 2, 12, tzinfo=UTC)):
        load(capsys, path, "telco")
    with clock.frozen(datetime(2026, 3, 9, 12, tzinfo=UTC)):
        assert load(capsys, path, "telco") == counts(unchanged=5)
        with pytest.raises(CommandError, match="future"):
            load(capsys, path, "telco", as_of="2026-03-10")
        with pytest.raises(CommandError, match="no date"):
            load(capsys, path, "telco", as_of="yesterday")
    assert {one.options for one in ImportRun.objects.all()} == {"as_of=2026-03-02"}


def test_generic_takes_what_is_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "f.csv"
    path.write_text(HEAD + LINE + "c2,Bo,,,,,\nc3,,,,2019-01-01,2020-01-01,\n", encoding="utf-8")
    assert load(capsys, path, source="crm") == counts(created=3)
    one = ExternalId.objects.get(source="crm", external_id="c1").customer
    assert (one.name, one.name_key[:3], one.tier, one.source) == ("Ana Sá", "ana", "gold", "crm")
    assert set(one.contact_points.values_list("value_key", flat=True)) == {"ana@mail.example", "351912345678"}
    assert one.tenures.get().joined_on == date(2020, 2, 29) and one.tenures.get().left_on is None
    assert not ExternalId.objects.get(external_id="c2").customer.tenures.exists()
    [entry] = trail.of(one)
    assert entry.kind == "customer.recorded" and "Ana" not in entry.body
    assert load(capsys, path, source="crm") == counts(unchanged=3)


def test_only_what_the_file_says_anew_is_taken_over(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "f.csv"
    path.write_text(HEAD + LINE, encoding="utf-8")
    load(capsys, path)
    Customer.objects.update(name="Ana Maria Sá")
    assert load(capsys, path) == counts(unchanged=1)
    assert Customer.objects.get().name == "Ana Maria Sá"
    path.write_text(HEAD + LINE.replace(",,gold", ",2024-05-01,silver").replace("912", "999"), encoding="utf-8")
    assert load(capsys, path) == counts(updated=1)
    one = Customer.objects.get()
    assert (one.name, one.tier, one.tenures.get().left_on) == ("Ana Sá", "silver", date(2024, 5, 1))
    assert ContactPoint.objects.filter(kind="phone").count() == 2
    assert load(capsys, path) == counts(unchanged=1)
    assert [entry.kind for entry in trail.of(one)] == ["customer.recorded", "customer.record_changed"]


def test_a_stay_recorded_here_is_not_overwritten(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "f.csv"
    path.write_text(HEAD + LINE.replace(",2020-02-29,,", ",,,"), encoding="utf-8")
    load(capsys, path)
    Tenure.objects.create(customer=Customer.objects.get(), joined_on=date(2021, 1, 1))
    path.write_text(HEAD + LINE, encoding="utf-8")
    assert load(capsys, path) == counts(updated=1)
    assert Tenure.objects.get().joined_on == date(2021, 1, 1)


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (LINE.replace(",,gold", ",2019-01-01,gold"), "left_on"),
        (LINE.replace("2020-02-29", "2021-02-29"), "joined_on"),
        (LINE.replace("2020-02-29", "2199-01-01"), "future"),
        (LINE.replace("Ana@", "@"), "email"),
        (LINE.replace("+351 912 345 678", "n/a"), "phone"),
        (",,,,2020-01-01,,\n", "name"),
    ],
)
def test_a_customer_that_cannot_be_is_rejected(
    line: str, why: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, rejects = tmp_path / "f.csv", tmp_path / "r.csv"
    path.write_text(HEAD + LINE.replace("c1", "c0") + line, encoding="utf-8")
    assert load(capsys, path, rejects=rejects) == counts(created=1, rejected=1)
    assert why in rejects.read_text(encoding="utf-8").splitlines()[1]


def test_dry_run_writes_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "f.csv"
    path.write_text(HEAD + LINE, encoding="utf-8")
    assert load(capsys, path, dry_run=True) == counts(created=1)
    assert not Customer.objects.exists() and not ImportRun.objects.exists() and not TrailEntry.objects.exists()
