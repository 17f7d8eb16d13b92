"""The published figures of real files, asked of whoever has just imported one (reference.json; issue 3, done when).

The files are large: the tests of their imports call these, so that each goes in once.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from core import cached
from core.models import User
from metrics import periods
from metrics.figures import Group, asking, cohorts, figures

LONDON = "Europe/London"


def rounded(value: Any) -> float | None:
    return None if value is None else round(float(value), 4)


def by_key(groups: list[Group]) -> dict[str, Group]:
    return {group.key: group for group in groups}


def boston(reference: Any, manager: User) -> None:
    cached.clear_all()
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


def cfpb(reference: Any, manager: User) -> None:
    cached.clear_all()
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


def online_retail(reference: Any, manager: User) -> None:
    cached.clear_all()
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
