"""Every figure equals a slow, obvious second implementation over random worlds, in three time zones across DST."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from complaints.models import RulePack
from core import cached, clock
from metrics.figures import Figure, Scope, figures
from metrics.figures.base import Measure
from tests.figures import oracle, oracle_amends, oracle_customers, oracle_rows
from tests.figures.world import NOW, ZONES, World, make_world

pytestmark = pytest.mark.django_db
PERIODS = (
    (None, None),
    (date(2026, 3, 1), date(2026, 3, 31)),
    (date(2026, 3, 29), date(2026, 3, 29)),
    (date(2025, 10, 1), date(2025, 12, 31)),
    (date(2026, 1, 1), None),
    (None, date(2026, 4, 4)),
    (date(2026, 2, 10), date(2026, 4, 20)),
    (date(2024, 1, 1), date(2024, 1, 1)),
)
AS_OF = datetime(2026, 4, 4, 14, 0, tzinfo=UTC)


@pytest.fixture(params=[pytest.param(0, marks=pytest.mark.sqlite), 1, pytest.param(2, marks=pytest.mark.postgresql)])
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    cached.clear_all()
    with clock.frozen(NOW):
        yield make_world(request.param)


def scopes(world: World, figure: Figure, seed: int) -> Iterator[Scope]:
    draw = random.Random(seed)
    filters: list[dict[str, str]] = [{}]
    filters += [{"tier": "gold"}] if "tier" in figure.filters and figure.row_kind != "invitation" else []
    if "severity" in figure.filters and figure.row_kind not in ("response", "invitation"):
        filters += [{"product": "Kettle", "lot": "-"}] if "product" in figure.filters else []
        filters += [{"channel": "phone", "severity": "minor"}, {"type": world.complaints[0].type.code}, {"team": "-"}]
    if "policy" in figure.filters:
        own = [str(one.policy_id or "-") for one in world.clocks[:3]]
        filters += [{"policy": key} for key in own] + [{"pack": str(RulePack.objects.get().pk)}]
    if "late_reason" in figure.filters:
        filters += [{"late_reason": "workload"}, {"late_reason": "-"}]
    if "macro" in figure.filters:
        filters += [{"macro": str(one.macro.macro_id)} for one in world.messages if one.macro][:3]
        filters += [{"agent": str(world.agent.pk)}, {"agent": "-"}]
    if "promises" in figure.filters:
        filters += [{"remedy": "refund"}, {"remedy": "apology", "promises": "kept"}, {"promises": "broken"}]
    if "currency" in figure.filters:
        filters += [{"currency": "EUR"}, {"currency": "-"}, {"currency": "points"}, {"remedy_kind": "refund"}]
        filters += [{"authority": "approved"}, {"authority": "within_authority", "currency": "KWD"}]
    if figure.row_kind == "promise":
        filters += [{"owner": str(world.lead.pk)}]
    for since, until in PERIODS:
        for basis in figure.bases or ("",):
            yield Scope(
                viewer=draw.choice(world.viewers),
                zone=ZoneInfo(draw.choice(ZONES)),
                as_of=NOW,
                since=since,
                until=until,
                basis=basis,
                kind=draw.choice(figure.kinds or ("",)),
                horizon=draw.choice((30, 90)),
                filters=draw.choice(filters),
            )
            yield Scope(
                viewer=world.manager,
                zone=ZoneInfo(draw.choice(ZONES)),
                as_of=AS_OF,
                as_of_given=True,
                since=since,
                until=until,
                basis=basis,
                kind=draw.choice(figure.kinds or ("",)),
                filters=draw.choice(filters),
            )


def same(result: Measure, expected: Any, about: Any) -> None:
    value, n = expected
    assert result.n == n, about
    if isinstance(value, dict):
        found = {name: round(float(amount or 0), 4) for name, amount in (result.values or {}).items()}
        assert found == {name: round(amount, 4) for name, amount in value.items()}, about
        return
    assert (result.value is None) == (value is None), about
    if value is not None:
        assert float(result.value or 0) == pytest.approx(value, abs=1e-6), about


def test_every_figure_is_what_a_loop_over_all_rows_says(world: World) -> None:
    for code, figure in figures.items():
        for scope in scopes(world, figure, len(code)):
            expected = oracle.FIGURES[code](world, scope)
            same(figure.measure(scope), expected, (code, scope))
            assert figure.rows(scope).count() == expected[1], (code, scope)


def test_recovery_and_its_controls(world: World) -> None:
    figure = figures["service-recovery"]
    for scope in scopes(world, figure, 5):
        result, expected = figure.measure(scope), oracle_customers.recovery(world, scope)
        values = dict(result.values or {})
        found = {"n": result.n, "hits": result.numerator, "immature": result.immature, "excluded": values["excluded"]}
        assert found == {name: expected[name] for name in found}, scope
        assert values["controls_n"] == expected["controls"]
        rate = oracle_rows.percent(expected["controls_hits"], expected["controls"])
        controls = values["controls"]
        assert (None if controls is None else float(controls)) == (None if rate is None else pytest.approx(rate))


@pytest.mark.parametrize("by", ["remedy", "promises"])
def test_recovery_by_what_was_given_and_kept(world: World, by: str) -> None:
    """Each group is the loop narrowed to it, and together they are everybody."""
    figure, seen = figures["service-recovery"], 0
    for as_of_given in (False, True):
        scope = Scope(world.manager, ZoneInfo("UTC"), AS_OF if as_of_given else NOW, as_of_given, horizon=30)
        groups = {group.key: group.measure for group in figure.groups(scope, by)}
        assert sum(one.n for one in groups.values()) == figure.measure(scope).n
        for key, measure in groups.items():
            expected = oracle_customers.recovery(world, scope.replace(filters={by: key}))
            found = (measure.n, measure.numerator, measure.immature)
            assert found == (expected["n"], expected["hits"], expected["immature"]), (by, key)
        seen = max(seen, len(groups))
    assert seen >= 3, "the world has them"


def test_promises_by_how_they_ended(world: World) -> None:
    """Kept, broken and open ones, each with exactly its rows."""
    figure, seen = figures["promises-kept"], set()
    for scope in scopes(world, figure, 9):
        expected, values = oracle_amends.promises(world, scope), figure.measure(scope).values or {}
        for state, part in (("kept", "numerator"), ("broken", "broken"), ("open", "open")):
            assert values[state] == len(expected[state]), (state, scope)
            assert {one.pk for one in figure.rows(scope, part)} == {one.pk for one in expected[state]}, (state, scope)
            seen |= {state} if expected[state] else set()
    assert seen == {"kept", "broken", "open"}


def test_sums_are_exact_by_currency_kind_and_authority(world: World) -> None:
    """To the last decimal, each part with as many rows; and no sum across currencies."""
    figure, several = figures["remedies-granted"], 0
    whole = Scope(viewer=world.manager, zone=ZoneInfo("UTC"), as_of=NOW)
    for scope in (whole, *scopes(world, figure, 13)):
        rows, result = oracle_amends.remedies(world, scope), figure.measure(scope)
        assert dict(result.values or {}) == oracle_amends.sums(rows), scope
        paid = {name: total for name, total in oracle_amends.sums(rows).items() if name != "points"}
        assert result.value == (next(iter(paid.values())) if len(paid) == 1 else None)
        several += len(paid) > 1
        for group in figure.groups(scope, "currency_authority"):
            currency, authority = group.key.split("|")
            mine = [one for one in rows if (oracle_amends.paid_in(one) or "-") == currency]
            mine = [one for one in mine if one.within_authority is (authority == "within_authority")]
            assert (group.measure.n, dict(group.measure.values or {})) == (len(mine), oracle_amends.sums(mine))
        for group in figure.groups(scope, "remedy_kind"):
            mine = [one for one in rows if one.kind == group.key]
            assert (group.measure.n, dict(group.measure.values or {})) == (len(mine), oracle_amends.sums(mine))
        assert all(isinstance(total, Decimal) for total in (result.values or {}).values())
    assert several, "the world pays in several currencies"


def test_every_kind_of_clock_by_both_bases_and_how_late(world: World) -> None:
    """Each cycle and each statutory rule once; windows never; the working time where it is known."""
    for kind in ("acknowledge", "update", "resolve", "statutory"):
        _by_kind(world, kind)


def _by_kind(world: World, kind: str) -> None:
    scope = Scope(viewer=world.manager, zone=ZoneInfo("UTC"), as_of=NOW, kind=kind)
    for basis in ("due", "completed"):
        asked = scope.replace(basis=basis)
        same(figures["sla-compliance"].measure(asked), oracle.sla_compliance(world, asked), (kind, basis))
    took, result = oracle.overrun(world, scope), figures["sla-overrun"].measure(scope)
    assert result.n == len(took) > 0
    values = result.values or {}
    for name, share in (("median", 0.5), ("p90", 0.9)):
        worked = [one for _hours, one in took if one is not None]
        assert float(values[name] or 0) == pytest.approx(
            oracle_rows.quantile([one for one, _w in took], share), abs=1e-6
        )
        assert float(values[f"{name}_working"] or 0) == pytest.approx(oracle_rows.quantile(worked, share), abs=1e-6)


def test_quantiles_lie_between_neighbours(world: World) -> None:
    scope = Scope(viewer=world.manager, zone=ZoneInfo("UTC"), as_of=NOW)
    values = figures["time-to-resolve"].measure(scope).values or {}
    took = oracle.resolve_hours(world, scope)
    assert float(values["p90"] or 0) == pytest.approx(oracle_rows.quantile(took, 0.9), abs=1e-6)
    rows = oracle_rows.received(world, scope)
    worked = [
        one.resolution_seconds / 3600
        for one in rows
        if one.resolution_seconds is not None and one.status != "withdrawn"
    ]
    assert float(values["median_working"] or 0) == pytest.approx(oracle_rows.quantile(worked, 0.5), abs=1e-6)
