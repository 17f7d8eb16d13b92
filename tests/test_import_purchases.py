"""Invoice lines of a shop go in and come out with the figures that others computed (C2; reference.json; case F32)."""

from __future__ import annotations

import csv
import gzip
import json
import random
import time
from collections import defaultdict
from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.db.models import Count, Sum
from django.test.utils import CaptureQueriesContext

from core import clock, trail
from core.actor import Actor
from core.models import ImportRun, OutboxMessage, TrailEntry
from retention.importing.purchases import Generic, Import, OnlineRetail
from retention.models import Customer, ExternalId, Purchase, PurchaseLine
from tests.cast import ensure_default_owner
from tests.figures import published
from tests.test_import_resume import Elsewhere, elsewhere  # noqa: F401  a fixture

pytestmark = pytest.mark.django_db
FILE = "online_retail.csv.gz"
HEAD = "order_number,customer_external_id,purchased_at,sku,description,quantity,unit_price,currency\n"
LINE = "A1,c1,2026-01-05T10:00:00Z,X,Lamp,2,9.99,EUR\n"
Figures = dict[str, Any]


def load(capsys: pytest.CaptureFixture[str], path: Path, preset: str = "online-retail", **options: Any) -> Figures:
    call_command("import_purchases", str(path), preset=preset, json=True, **options)
    return json.loads(capsys.readouterr().out.strip().splitlines()[-1])


def counts(created: int = 0, unchanged: int = 0, rejected: int = 0) -> dict[str, int]:
    return {"created": created, "updated": 0, "unchanged": unchanged, "rejected": rejected}


def records(path: Path) -> list[dict[str, str]]:
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def write(path: Path, rows: list[dict[str, str]]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def figures(source: str = "online-retail") -> Figures:
    """What the product counts, over the orders' own figures."""
    valid = Purchase.objects.filter(source=source, is_valid=True)
    sums = valid.aggregate(revenue=Sum("valid_amount"), lines=Sum("valid_lines"))
    returned = Purchase.objects.filter(source=source, kind="return", customer__isnull=False)
    lines = PurchaseLine.objects.filter(purchase__source=source)
    return {
        "raw_rows": lines.count(),
        "rows_no_customer": lines.filter(purchase__customer=None).count(),
        "valid_rows": sums["lines"] or 0,
        "orders": valid.count(),
        "customers": valid.values("customer").distinct().count(),
        "revenue": round(Decimal(sums["revenue"] or 0), 3),
        "returns_value": round(Decimal(returned.aggregate(sum=Sum("amount"))["sum"] or 0), 3),
        "repeat_customers": valid.values("customer").annotate(n=Count("pk")).filter(n__gte=2).count(),
    }


def slowly(rows: Iterable[dict[str, str]]) -> Figures:
    """The same from the file, line by line."""
    seen: Figures = defaultdict(int)
    orders: dict[str, set[str]] = defaultdict(set)
    revenue = returned = Decimal(0)
    for row in rows:
        quantity, price = Decimal(row["Quantity"]), Decimal(row["UnitPrice"])
        seen["raw_rows"] += 1
        seen["rows_no_customer"] += not row["CustomerID"]
        if row["InvoiceNo"].isdigit() and row["CustomerID"] and quantity > 0 and price > 0:
            seen["valid_rows"] += 1
            revenue += quantity * price
            orders[row["CustomerID"]].add(row["InvoiceNo"])
        if row["InvoiceNo"].startswith("C") and row["CustomerID"]:
            returned += quantity * price
    return {
        **{name: seen[name] for name in ("raw_rows", "rows_no_customer", "valid_rows")},
        "orders": sum(map(len, orders.values())),
        "customers": len(orders),
        "revenue": round(revenue, 3),
        "returns_value": round(returned, 3),
        "repeat_customers": sum(len(one) >= 2 for one in orders.values()),
    }


def headers() -> list[tuple[Any, ...]]:
    """Every order as it stands, by what it is and not by its key."""
    names = ("order_number", "kind", "purchased_at", "amount", "valid_amount", "valid_lines", "is_valid", "currency")
    return sorted(Purchase.objects.values_list(*names, "customer__external_ids__external_id"), key=str)


@pytest.mark.slow
@pytest.mark.postgresql  # parts of it in any order go into both
def test_the_whole_file_equals_the_reference(reference_data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    expected = json.loads((reference_data / "reference.json").read_text())["online_retail"]
    assert load(capsys, reference_data / FILE) == counts(created=541_909)
    found = figures()
    for name in ("raw_rows", "rows_no_customer", "valid_rows", "orders", "customers", "repeat_customers"):
        assert found[name] == expected[name], name
    assert round(found["revenue"], 2) == Decimal("8911407.90") == round(Decimal(str(expected["revenue"])), 2)
    assert found["returns_value"] == Decimal("-611342.090") == round(Decimal(str(expected["returns_value"])), 3)
    assert round(found["revenue"] / found["orders"], 3) == Decimal("480.866")
    cancelled = PurchaseLine.objects.filter(purchase__kind="return").count()
    assert cancelled == expected["cancel_rows"] and Purchase.objects.filter(kind="adjustment").count() == 3
    assert not OutboxMessage.objects.exists()
    assert Customer.objects.count() == ExternalId.objects.filter(source="online-retail").count() == 4_372
    published.online_retail({"online_retail": expected}, ensure_default_owner())
    assert load(capsys, reference_data / FILE) == counts(unchanged=541_909)
    assert TrailEntry.objects.filter(subject_kind="purchase").count() == Purchase.objects.count() == 25_900
    assert not list(trail.verify(TrailEntry.objects.order_by("subject_kind", "subject_id", "seq").iterator()))


@pytest.mark.parametrize("seed", [1, 2])
def test_any_subset_in_any_order_equals_a_slow_count(
    seed: int, reference_data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    draw = random.Random(seed)
    rows = records(reference_data / FILE)
    invoices = set(draw.sample(sorted({row["InvoiceNo"] for row in rows}), 220))
    rows = [row for row in rows if row["InvoiceNo"] in invoices]
    rows += draw.sample(rows, len(rows) // 20)  # more identical lines than the file has
    assert load(capsys, write(tmp_path / "a.csv", rows)) == counts(created=len(rows))
    assert figures() == slowly(rows)
    before = headers()
    draw.shuffle(rows)
    shuffled = write(tmp_path / "b.csv", rows)
    assert load(capsys, shuffled) == counts(unchanged=len(rows))
    Purchase.objects.all().delete()
    assert load(capsys, shuffled) == counts(created=len(rows))
    assert headers() == before and figures() == slowly(rows)
    more = [*rows, *rows[:10]]
    assert load(capsys, write(tmp_path / "c.csv", more)) == counts(created=10, unchanged=len(rows))
    assert figures() == slowly(more)
    assert not list(trail.verify(TrailEntry.objects.order_by("subject_kind", "subject_id", "seq")))


def test_london_time_and_kinds(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    head = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n"
    path = tmp_path / "f.csv"
    path.write_text(
        head
        + "500001,A,Lamp,2,2011-07-01 10:05:00,1.25,17,UK\n500001,B,Lamp,1,2011-07-01 10:04:00,0.001,17,UK\n"
        + "C500002,A,Lamp,-2,2011-12-01 10:05:00,1.25,17,UK\nA500003,,Adjust bad debt,1,2011-12-01 10:05:00,-11,,UK\n"
        + "500004,A,,-5,2011-12-01 10:05:00,0,17,UK\n500005,A,Lamp,1,2011-12-01 10:05:00,1,,UK\n"
    )
    assert load(capsys, path) == counts(created=6)
    found = {one.order_number: one for one in Purchase.objects.all()}
    order = found["500001"]
    assert order.purchased_at.isoformat() == "2011-07-01T09:04:00+00:00"  # summer time, the earlier line
    assert (order.kind, order.amount, order.valid_lines, order.is_valid) == ("order", Decimal("2.501"), 2, True)
    assert (found["C500002"].kind, found["C500002"].amount, found["C500002"].is_valid) == (
        "return",
        Decimal("-2.5"),
        False,
    )
    assert (found["A500003"].kind, found["A500003"].amount, found["A500003"].customer) == ("adjustment", -11, None)
    assert (found["500004"].valid_lines, found["500004"].is_valid, found["500005"].is_valid) == (0, False, False)
    assert order.currency == "GBP" and order.customer.external_ids.get().external_id == "17"
    [entry] = trail.of(order)
    assert (entry.kind, entry.customer_id, json.loads(entry.body)["order_number"]) == (
        "purchase.recorded", order.customer_id, "500001",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (LINE.replace("9.99", "NaN"), "unit_price"),
        (LINE.replace("9.99", "1e2"), "unit_price"),
        (LINE.replace("9.99", '"1,000.00"'), "unit_price"),
        (LINE.replace("9.99", "1.23456"), "4 decimals"),
        (LINE.replace(",2,", ",1.2345,"), "quantity"),
        (LINE.replace(",2,", ",9999999999,"), "too large"),
        (LINE.replace("EUR", "EURO"), "ISO 4217"),
        (LINE.replace("2026-01-05T10:00:00Z", "05/01/2026"), "purchased_at"),
        (LINE.replace("2026-01-05T10:00:00Z", "2100-01-05"), "future"),
        (LINE.replace("A1", ""), "order_number"),
        (LINE.replace("A1", "x" * 81), "order_number"),
    ],
)
def test_a_line_that_cannot_be_is_rejected_with_its_reason(
    line: str, why: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, rejects = tmp_path / "f.csv", tmp_path / "rejects.csv"
    path.write_text(HEAD + LINE + line)
    assert load(capsys, path, "generic", rejects=rejects) == counts(created=1, rejected=1)
    [_head, rejected] = list(csv.reader(rejects.open()))
    assert rejected[0] == "3" and why in rejected[1]


def test_generic_returns_are_known_by_their_lines(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "f.csv"
    back = LINE.replace("A1", "R1").replace(",2,", ",-2,")
    path.write_text(HEAD + LINE + LINE.replace(",2,", ",-1,") + back + LINE.replace("A1,c1", "A2,"))
    assert load(capsys, path, "generic", source="till") == counts(created=4)
    found = {one.order_number: one for one in Purchase.objects.all()}
    assert {number: one.kind for number, one in found.items()} == {"A1": "order", "R1": "return", "A2": "order"}
    assert (found["A1"].amount, found["A1"].valid_amount) == (Decimal("9.99"), Decimal("19.98"))
    assert (found["A1"].source, found["A2"].customer, found["A2"].is_valid) == ("till", None, False)


def test_dry_run_counts_and_writes_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "f.csv"
    path.write_text(HEAD + LINE)
    assert load(capsys, path, "generic", dry_run=True) == counts(created=1)
    for model in (Purchase, PurchaseLine, Customer, TrailEntry, ImportRun):
        assert not model.objects.exists()  # type: ignore[attr-defined]


def test_a_chunk_costs_the_same_whatever_its_size(tmp_path: Path) -> None:
    spent = []
    for size in (50, 500):
        path = tmp_path / f"{size}.csv"
        path.write_text(
            HEAD + "".join(LINE.replace("A1", f"{size}-{n // 3}").replace("c1", f"{size}{n}") for n in range(size))
        )
        with CaptureQueriesContext(connection) as asked:
            Import(path, Generic("s"), "s", Actor.system("test")).run()
        spent.append(len(asked))
    assert spent[1] <= spent[0] + 12 and spent[1] < 45, spent


def test_an_order_cut_by_a_chunk_is_whole_and_has_one_entry(tmp_path: Path) -> None:
    path = tmp_path / "f.csv"
    path.write_text(HEAD + "".join(LINE.replace("X,", f"X{n},") for n in range(7)))
    Import(path, Generic("s"), "s", Actor.system("test"), chunk=3).run()
    order = Purchase.objects.get()
    assert (order.valid_lines, order.amount, trail.of(order).count()) == (7, Decimal("139.86"), 1)
    later = tmp_path / "g.csv"
    later.write_text(HEAD + LINE.replace("X,", "Y,"))
    Import(later, Generic("s"), "s", Actor.system("test")).run()
    order.refresh_from_db()
    assert order.valid_lines == 8
    assert [one.kind for one in trail.of(order)] == ["purchase.recorded", "purchase.lines_added"]
    assert not list(trail.verify(trail.of(order)))


def test_a_merged_customer_buys_as_the_survivor(tmp_path: Path) -> None:
    path = tmp_path / "f.csv"
    path.write_text(HEAD + LINE)
    at = clock.now()
    survivor = Customer.objects.create(name="One", name_key="one", created_at=at, updated_at=at)
    gone = Customer.objects.create(name="Two", created_at=at, updated_at=at, merged_into=survivor)
    ExternalId.objects.create(customer=gone, source="s", external_id="c1")
    Import(path, Generic("s"), "s", Actor.system("test")).run()
    assert Purchase.objects.get().customer == survivor


def test_presets_name_a_line_by_source_too() -> None:
    record = {"InvoiceNo": "1", "StockCode": "A", "Description": "", "Quantity": "1", "UnitPrice": "1.0"}
    record |= {"InvoiceDate": "2011-01-01 00:00:00", "CustomerID": "", "Country": ""}
    prints = {OnlineRetail(source).read(record).fingerprint for source in ("", "online-retail", "other")}
    spelt = OnlineRetail().read({**record, "UnitPrice": "1.00"}).fingerprint
    assert len(prints) == 2 and spelt in prints


@pytest.mark.slow
@pytest.mark.sqlite  # on PostgreSQL as complaints: tests/test_import_resume.py
def test_killed_half_way_and_again(elsewhere: Elsewhere, tmp_path: Path, reference_data: Path) -> None:  # noqa: F811
    rows = records(reference_data / FILE)[:60_000]
    path = write(tmp_path / "part.csv", rows)
    command = ("import_purchases", str(path), "--preset", "online-retail", "--json")
    victim = elsewhere.start(*command)
    end = time.monotonic() + 120
    while time.monotonic() < end and victim.poll() is None:
        if (elsewhere.ask("SELECT max(position) FROM core_importrun") or 0) >= 15_000:
            break
        time.sleep(0.01)
    elsewhere.kill(victim)
    half = elsewhere.ask("SELECT count(*) FROM retention_purchaseline")
    assert 0 < half < 60_000, "killed too late or too early to tell anything"
    assert json.loads(elsewhere.run(*command).splitlines()[-1]) == counts(created=60_000)
    assert elsewhere.ask("SELECT count(*) FROM retention_purchaseline") == 60_000
    expected = slowly(rows)
    valid = "FROM retention_purchase WHERE is_valid"
    assert elsewhere.ask(f"SELECT count(*) {valid}") == expected["orders"]
    assert round(Decimal(str(elsewhere.ask(f"SELECT sum(valid_amount) {valid}"))), 3) == expected["revenue"]
    assert json.loads(elsewhere.run(*command).splitlines()[-1]) == counts(unchanged=60_000)
    orders = elsewhere.ask("SELECT count(*) FROM retention_purchase")
    assert elsewhere.ask("SELECT count(*) FROM core_trailentry WHERE kind = 'purchase.recorded'") == orders
    assert elsewhere.ask("SELECT count(*) FROM core_outboxmessage") == 0
