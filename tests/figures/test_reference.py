"""The real files go in by the commands; every figure of `reference.json` comes out (issue 3, done when)."""

from __future__ import annotations

import json
from datetime import date
from io import StringIO
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.core.management import call_command

from core import cached
from core.models import User
from metrics.figures import Group, asking, cohorts, figures
from tests.cast import ensure_default_owner

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
LONDON = "Europe/London"


@pytest.fixture
def manager() -> User:
    cached.clear_all()
    return ensure_default_owner()


@pytest.fixture(scope="session")
def reference(reference_data: Path) -> Any:
    return json.loads((reference_data / "reference.json").read_text())


def rounded(value: Any) -> float | None:
    return None if value is None else round(float(value), 4)


def load(command: str, path: Path, preset: str, **options: Any) -> None:
    call_command(command, str(path), preset=preset, stdout=StringIO(), **options)


def by_key(groups: list[Group]) -> dict[str, Group]:
    return {group.key: group for group in groups}


def test_boston(reference_data: Path, reference: Any, manager: User) -> None:
    load("import_complaints", reference_data / "boston_311.csv.gz", "boston311")
    known, new_york = reference["boston_311"], {"time_zone": "America/New_York", "source": "boston311"}
    sla, hours = figures["sla-compliance"], figures["time-to-resolve"]
    due = sla.measure(asking.scope_of(new_york, manager, sla))
    assert rounded(due.value) == known["within_target_counting_open_overdue_pct"] == 84.2686
    assert due.n == known["with_target"]
    assert (due.values or {})["overdue"] == known["open_past_target"]
    done = sla.measure(asking.scope_of({**new_york, "basis": "completed"}, manager, sla))
    assert rounded(done.value) == known["recomputed_within_target_pct"] == 95.6736
    assert (done.n, done.numerator) == (known["closed_with_target"], known["recomputed_within_target"])
    taken = hours.measure(asking.scope_of(new_york, manager, hours))
    values, wanted = taken.values or {}, known["hours_open_to_close"]
    assert (taken.n, *map(rounded, (values["median"], values["p90"], values["mean"]))) == (
        wanted["n"],
        wanted["median"],
        wanted["p90"],
        wanted["mean"],
    )
    channels = by_key(hours.groups(asking.scope_of(new_york, manager, hours), "source_channel"))
    medians = {name: rounded(group.measure.value) for name, group in channels.items() if group.measure.n}
    assert medians == known["median_hours_by_channel"]
    received = figures["complaints-received"]
    scope = asking.scope_of(new_york, manager, received)
    assert {g.key: g.measure.value for g in received.groups(scope, "source_channel")} == known["by_channel"]
    assert {g.label: g.measure.value for g in received.groups(scope, "type")} == known["by_type"]
    assert {g.key: g.measure.value for g in received.groups(scope, "year")} == known["yearly_opened"]
    backlog = figures["backlog-age"]
    assert backlog.measure(asking.scope_of(new_york, manager, backlog)).n == known["by_status"]["Open"]


def test_cfpb(reference_data: Path, reference: Any, manager: User) -> None:
    load("import_complaints", reference_data / "cfpb.csv.gz", "cfpb")
    known, sla, received = reference["cfpb"], figures["sla-compliance"], figures["complaints-received"]
    scope = asking.scope_of({"source": "cfpb"}, manager, sla)
    timely = sla.measure(scope)
    assert rounded(timely.value) == known["timely_rate_pct"] == 96.8996
    assert (timely.numerator, timely.n) == (known["timely_yes"], known["timely_yes"] + known["timely_no"])
    for by, name in (("source_channel", "by_channel"), ("main_type", "by_product")):
        found = {g.label: (rounded(g.measure.value), g.measure.numerator) for g in sla.groups(scope, by)}
        assert found == {key: (row["timely_rate_pct"], row["timely_yes"]) for key, row in known[name].items()}
    months = received.groups(asking.scope_of({"source": "cfpb"}, manager, received), "month")
    assert {g.key: g.measure.value for g in months} == known["monthly_received"]
    accepted = figures["acceptance-rate"]
    answer = accepted.measure(asking.scope_of({"source": "cfpb"}, manager, accepted))
    assert (answer.numerator, answer.n) == (known["disputed_no"], known["disputed_yes"] + known["disputed_no"])


def test_online_retail(reference_data: Path, reference: Any, manager: User) -> None:
    load("import_purchases", reference_data / "online_retail.csv.gz", "online-retail")
    known, retention, repeat = reference["online_retail"], figures["retention-rate"], figures["repeat-purchase-rate"]
    value, lifetime = figures["average-order-value"], figures["customer-lifetime-value"]
    whole = {"time_zone": LONDON}
    again = repeat.measure(asking.scope_of(whole, manager, repeat))
    assert (rounded(again.value), again.n, again.numerator) == (
        known["repeat_purchase_rate_pct"],
        known["customers"],
        known["repeat_customers"],
    )
    order = value.measure(asking.scope_of(whole, manager, value))
    assert (rounded((order.values or {})["GBP"]), order.n) == (known["average_order_value"], known["orders"])
    worth = lifetime.measure(asking.scope_of(whole, manager, lifetime))
    assert (rounded((worth.values or {})["GBP"]), worth.n) == (known["revenue_per_customer"], known["customers"])
    assert round(float(worth.numerator or 0), 2) == known["revenue"]
    for unit, name in (("quarter", "by_quarter"), ("month", "by_month")):
        loose = by_key(retention.groups(asking.scope_of({**whole, "basis": "purchases"}, manager, retention), unit))
        strict = by_key(retention.groups(asking.scope_of({**whole, "basis": "strict"}, manager, retention), unit))
        repeats = by_key(repeat.groups(asking.scope_of(whole, manager, repeat), unit))
        worths = by_key(lifetime.groups(asking.scope_of(whole, manager, lifetime), unit))
        orders = by_key(value.groups(asking.scope_of(whole, manager, value), unit))
        assert set(loose) == set(known[name])
        for key, row in known[name].items():
            values = loose[key].measure.values or {}
            assert (values["start"], values["end"], values["new"]) == (row["start"], row["end"], row["new"]), key
            assert rounded(loose[key].measure.value) == row["retention_pct"]
            assert rounded(strict[key].measure.value) == row["strict_retention_pct"]
            assert rounded(repeats[key].measure.value) == row["repeat_rate_pct"]
            assert rounded((worths[key].measure.values or {})["GBP"]) == row["revenue_per_customer"]
            assert orders[key].measure.n == row["orders"]
            _one_period(key, row, manager)
    triangle = cohorts.purchase_cohorts(asking.scope_of({**whole, "to": "2011-12-31"}, manager))
    assert len(triangle) == len(known["cohorts_by_month"])
    for cohort in triangle:
        row = known["cohorts_by_month"][cohort.key]
        assert cohort.size == row["size"]
        cells = {f"+{offset}": cell for offset, cell in enumerate(cohort.cells) if cell is not None}
        assert cells == {name: n for name, n in row.items() if name != "size"}


def _one_period(key: str, row: dict[str, Any], manager: User) -> None:
    """The same asked for as a period of its own: the period before is the calendar unit before."""
    from metrics import periods

    quarter = "Q" in key
    year, part = int(key[:4]), int(key[5:])
    first = date(year, part * 3 - 2 if quarter else part, 1)
    period = periods.bucket(first, periods.QUARTER if quarter else periods.MONTH)
    asked = {"from": period.since.isoformat(), "to": period.until.isoformat(), "time_zone": LONDON}
    retention = figures["retention-rate"]
    for basis, name in (("purchases", "retention_pct"), ("strict", "strict_retention_pct")):
        scope = asking.scope_of({**asked, "basis": basis}, manager, retention)
        measure = retention.measure(scope)
        assert rounded(measure.value) == row[name], key
        if quarter:
            assert retention.rows(scope).count() == measure.n
            assert retention.rows(scope, "new").count() == row["new"]


def test_telco(reference_data: Path, reference: Any, manager: User) -> None:
    load("import_customers", reference_data / "telco_churn.csv.gz", "telco", as_of="2026-01-31")
    known, churn = reference["telco_churn"], figures["churn-rate"]
    scope = asking.scope_of({"as_of": "2026-01-31"}, manager, churn)
    found = churn.measure(scope)
    assert (rounded(found.value), found.numerator, found.n) == (
        known["churn_rate_pct"],
        known["churned"],
        known["rows"],
    )
    assert rounded(churn.measure(asking.scope_of({}, manager, churn)).value) == known["churn_rate_pct"]
    for group in churn.groups(scope, "plan"):
        row = known["by_contract"][group.key]
        found = group.measure
        assert (rounded(found.value), found.numerator, found.n) == (row["churn_pct"], row["churned"], row["n"])


def test_garden_centres(reference_data: Path, reference: Any, manager: User) -> None:
    load("import_survey_responses", reference_data / "nps_garden_centres.csv.gz", "nps-garden-centres")
    known, nps = reference["nps_garden_centres"], figures["nps"]
    scope = asking.scope_of({}, manager, nps)
    found = nps.measure(scope)
    assert (found.n, rounded(found.value)) == (13_612, 53.4161)
    assert dict(found.values or {}) == {name: known["overall"][name] for name in nps.parts}
    labels = by_key(nps.groups(scope, "period_label"))
    assert labels.keys() - {"-"} == known["by_t"].keys()
    for key, row in known["by_t"].items():
        assert (labels[key].measure.n, rounded(labels[key].measure.value)) == (row["n"], row["nps"])
    segments = by_key(nps.groups(scope, "segment"))
    for key, row in known["by_visits"].items():
        assert (segments[key].measure.n, rounded(segments[key].measure.value)) == (row["n"], row["nps"])


def test_zone_names_are_known_to_the_database(manager: User) -> None:
    """Buckets are cut by the database: its zone data must know the names we accept."""
    for name in ("Europe/Lisbon", "America/New_York", "Pacific/Auckland", "Asia/Kathmandu"):
        scope = asking.scope_of({"time_zone": name}, manager, figures["nps"])
        assert scope.zone == ZoneInfo(name)
        assert figures["nps"].groups(scope, "month") == []
