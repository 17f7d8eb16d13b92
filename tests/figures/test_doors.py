"""For every figure, filter and role: the figure's n = its rows = n and rows of the API = the lines of the CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from complaints.reference import catalogue, themes
from complaints.sla import packs
from core import cached, clock
from core.errors import InvalidInput
from core.models import User
from metrics import periods
from metrics.figures import Figure, asking, cohorts, figures
from metrics.figures import csv as figure_csv
from metrics.figures.causes import pareto
from metrics.figures.recovery import WAY, ways
from metrics.figures.service import AGES
from tests.figures import oracle
from tests.figures.world import NOW, World, make_world

pytestmark = pytest.mark.django_db
PERIOD = {"from": "2026-01-01", "to": "2026-04-30", "time_zone": "America/New_York"}
SUMMED = {"count", "percent", "hours", "points", "score"}  # groups of these share out the rows
API = "/api/v1/metrics/"
BESIDE = {"controls": "controls_n", "open": "open"}  # parts that are not among the rows


@pytest.fixture
def world() -> Iterator[World]:
    cached.clear_all()
    with clock.frozen(NOW):
        yield make_world(7, size=90)


def questions(world: World, figure: Figure) -> Iterator[dict[str, str]]:
    """Every basis, kind and filter a figure takes, each with a value that occurs."""
    yield {}
    yield dict(PERIOD)
    yield {"from": "1999-01-01", "to": "1999-01-01"}
    for basis in figure.bases:
        yield {**PERIOD, "basis": basis}
    for kind in figure.kinds:
        yield {**PERIOD, "kind": kind}
    for name in sorted(figure.filters):
        for value in values(world, name):
            yield {**PERIOD, name: value}
    if figure.horizons:
        yield {**PERIOD, "horizon": "30", "as_of": "2026-05-01T00:00:00Z"}


def values(world: World, name: str) -> list[str]:
    one = world.complaints[0]
    known = {
        "type": [one.type.code, f"={one.type.code}", ",".join(sorted(catalogue().types)[:3])],
        "score": ["high", "middle", "low", "-"],
        "acceptance": ["accepted", "declined", "-"],
        "cohort": ["2025-10", "2026-03"],
        "main_type": [(one.type.parent or one.type).code],
        "channel": ["phone"],
        "severity": ["minor"],
        "team": [str(world.teams[0].pk), "-"],
        "owner": [str(world.agent.pk)],
        "outcome": ["upheld", "-"],
        "root_cause": [world.complaints[0].root_cause.code if world.complaints[0].root_cause else "-", "-"],
        "survey": [str(world.responses[0].survey_id)],
        "tier": ["gold", "-"],
        "source": ["crm", "-"],
        "source_channel": ["Fax"],
        "period_label": ["1", "-"],
        "segment": ["10+"],
        "plan": ["monthly", "-"],
        "policy": [str(next(one.policy_id for one in world.clocks if one.policy_id)), "-"],
        "pack": [str(next(one.pack_id for one in world.clocks if one.pack_id)), "-"],
        "late_reason": ["workload", "-"],
        "product": ["Kettle", "-"],
        "lot": ["L1"],
        "theme": [next(iter(themes())), "-"],
        "remedy": ["refund", "apology", "none"],
        "promises": ["kept", "broken", "none"],
        "remedy_kind": ["refund", "points"],
        "currency": ["EUR", "KWD", "points", "-"],
        "authority": ["within_authority", "approved"],
        "agent": [str(world.agent.pk), "-"],
        "macro": [str(next(one.macro.macro_id for one in world.messages if one.macro))],
    }
    return known[name]


@pytest.mark.parametrize(
    "role",  # what another sees is one condition more, written once: each database gets one of them
    ["manager", pytest.param("lead", marks=pytest.mark.sqlite), pytest.param("agent", marks=pytest.mark.postgresql)],
)
def test_every_door_leads_to_the_same_rows(world: World, role: str, client: Client) -> None:
    viewer: User = getattr(world, role)
    client.force_login(viewer)
    for code, figure in figures.items():
        for question in questions(world, figure):
            scope = asking.scope_of(question, viewer, figure)
            result, about = figure.measure(scope), (code, role, question)
            rows = figure.rows(scope)
            assert rows.count() == result.n, about
            answer = client.get(f"{API}{code}/?{urlencode(question)}").json()
            assert answer["n"] == result.n, about
            assert answer["value"] == (None if result.value is None else pytest.approx(float(result.value))), about
            assert len(all_rows(client, answer["rows_url"])) == result.n, about
            lines = list(csv.reader(io.StringIO("".join(figure_csv.of_rows(figure, rows)))))
            assert len(lines) == result.n + 1, about


def all_rows(client: Client, url: str) -> list[Any]:
    assert url.startswith("http://testserver/api/v1/metrics/")
    found: list[Any] = []
    following: str | None = url + ("&" if "?" in url else "?") + "page_size=200"
    while following:
        page = client.get(following.removeprefix("http://testserver")).json()
        found += page["results"]
        following = page["next"]
    assert len({row["id"] for row in found}) == len(found)
    return found


def test_groups_share_out_the_rows(world: World) -> None:
    """By anything but time-boxed customers, the groups' n add up; each equals the figure narrowed to it."""
    for code, figure in figures.items():
        scope = asking.scope_of(PERIOD, world.manager, figure)
        total = figure.measure(scope).n
        for by in figure.groupings:
            groups = figure.groups(scope, by)
            assert len({group.key for group in groups}) == len(groups), (code, by)
            assert all(group.label for group in groups)
            timed = by in ("day", "week", "month", "quarter", "year")
            many = figure.row_kind in ("customer", "tenure") and (timed or by == "source")
            if not many:
                assert sum(group.measure.n for group in groups) == total, (code, by)
            for group in groups if by in figure.filters else ():
                alone = "=" if by in ("type", "root_cause") and group.key != "-" else ""
                narrowed = figure.measure(scope.replace(filters={by: alone + group.key}))
                assert narrowed.value == pytest.approx(group.measure.value), (code, by, group.key)
                assert narrowed.n == group.measure.n or by == "source", (code, by, group.key)


def test_parts_narrow_the_rows(world: World) -> None:
    for code, figure in figures.items():
        scope = asking.scope_of(PERIOD, world.manager, figure)
        result = figure.measure(scope)
        for part in figure.parts:
            found = figure.rows(scope, part).count()
            if part in BESIDE:
                assert found == (result.values or {})[BESIDE[part]]
                continue
            assert found <= result.n
            if part == "numerator":
                assert found == result.numerator, code
            elif result.values and part in result.values and figure.unit != "percent":
                assert found == result.values[part], (code, part)
    recovered = figures["retention-rate"]
    scope = asking.scope_of(PERIOD, world.manager, recovered)
    values_of = recovered.measure(scope).values or {}
    assert {part: recovered.rows(scope, part).count() for part in recovered.parts} == dict(values_of)


def test_the_ages_of_the_backlog_part_into_late_and_on_time(world: World) -> None:
    """As of now by what is kept on the complaint, for an earlier moment by its clocks; both as a loop says."""
    figure, found = figures["backlog-age"], 0
    for question in ({}, PERIOD, {"as_of": "2026-05-01T00:00:00Z"}):
        for viewer in world.viewers:
            scope = asking.scope_of(question, viewer, figure)
            values, at = figure.measure(scope).values or {}, figure.seen_at(scope)
            for age in AGES:
                n, late = values[age], figure.rows(scope, f"{age}_late").count()
                assert late == values[f"{age}_late"]
                assert late + figure.rows(scope, f"{age}_on_time").count() == n
            rows = figure.rows(scope)
            late_ones = {one.pk for one in rows if oracle.is_late(world, one, at, now=not question)}
            assert {one.pk for one in figure.rows(scope, "late")} == late_ones
            found += len(late_ones)
    assert found > 3


def test_the_people_of_the_recovery_picture_are_found_again(world: World) -> None:
    """Every ribbon, box and end of the picture: who stayed and who left."""
    figure = figures["service-recovery"]
    for viewer in (world.manager, world.agent):
        scope = asking.scope_of({"to": "2026-02-28"}, viewer, figure)
        found = ways(scope)
        ribbons, whole = found.ribbons, figure.measure(scope)
        values = whole.values or {}
        assert sum(one.people for one in ribbons) == whole.n
        assert (found.immature, found.excluded, found.controls) == (
            whole.immature,
            values["excluded"],
            values["controls"],
        )
        for one in ribbons:
            within = scope.replace(filters=one.keys)
            assert figure.rows(within).count() == one.people
            assert figure.rows(within, "numerator").count() == one.stayed
            assert figure.rows(within, "lost").count() == one.lost
        for name in WAY[1:]:
            for key in {one.keys[name] for one in ribbons}:
                people = sum(one.people for one in ribbons if one.keys[name] == key)
                assert figure.rows(scope.replace(filters={name: key})).count() == people
        both = sorted({one.keys["main_type"] for one in ribbons})[:2]
        people = sum(one.people for one in ribbons if one.keys["main_type"] in both)
        assert figure.rows(scope.replace(filters={"main_type": ",".join(both)})).count() == people


@pytest.mark.parametrize("zone", ["Europe/Lisbon", "Pacific/Auckland"])
def test_the_people_of_every_cohort_are_found_again(world: World, zone: str) -> None:
    """A cell of the stays is `churn-rate`, staying; one of the purchases `repeat-purchase-rate` of its month."""
    stays, orders = figures["churn-rate"], figures["repeat-purchase-rate"]
    asked = {"from": "2025-08-01", "to": "2026-04-20", "time_zone": zone}
    seen = 0
    for filters in ({}, {"tier": "gold"}, {"source": "shop"}):
        scope = asking.scope_of({**asked, **filters}, world.manager, orders)
        for one in cohorts.purchase_cohorts(scope):
            own = scope.replace(filters={**filters, "cohort": one.key})
            for offset, n in enumerate(one.cells):
                if n is not None:
                    month = months_after(one.month, offset)
                    assert orders.measure(own.replace(since=month.since, until=month.until)).n == n, (one, offset)
                    seen += n
        scope = asking.scope_of({**asked, **filters}, world.manager, stays)
        for one in cohorts.tenure_cohorts(scope):
            own = scope.replace(filters={**filters, "cohort": one.key}, since=one.month)
            assert stays.measure(own).n == one.size
            for offset, n in enumerate(one.cells):
                if n is not None:
                    end = min(months_after(one.month, offset).until, scope.until or NOW.date())
                    assert stays.rows(own.replace(until=end), "staying").count() == n, (one, offset)
                    seen += n
    assert seen > 100


def months_after(month: date, offset: int) -> periods.Period:
    for _step in range(offset):
        month = periods.bucket(month, "month").until + timedelta(days=1)
    return periods.bucket(month, "month")


def test_one_query_a_figure_and_one_a_grouping(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cached, "SECONDS", 900.0)  # the catalogue is not what is counted here
    cached.clear_all()
    catalogue()
    packs.windows()
    for viewer in world.viewers:
        _ = viewer.roles
    for code, figure in figures.items():
        for question in ({}, PERIOD):
            scope = asking.scope_of(question, world.manager, figure)
            with CaptureQueriesContext(connection) as caught:
                figure.measure(scope)
            assert len(caught) == 1, code
    for code, figure in figures.items():
        scope = asking.scope_of(PERIOD, world.manager, figure)
        for by in figure.groupings:
            catalogue()
            with CaptureQueriesContext(connection) as caught:
                figure.groups(scope, by)
            assert len(caught) == 1, (code, by)
    scope = asking.scope_of({"to": "2026-04-30"}, world.manager)
    for picture_of in (cohorts.purchase_cohorts, cohorts.tenure_cohorts, pareto, ways):
        catalogue()
        with CaptureQueriesContext(connection) as caught:
            assert picture_of(scope), picture_of
        assert len(caught) == 1, picture_of


def test_nothing_out_of_nothing_is_null(client: Client) -> None:
    """F34: a database without rows, and a team without agents."""
    from tests.cast import make_manager, make_team

    manager, team = make_manager(), make_team()
    client.force_login(manager)
    for code, figure in figures.items():
        for question in ({}, PERIOD, {"team": str(team.pk)} if "team" in figure.filters else {}):
            answer = client.get(f"{API}{code}/?{urlencode(question)}").json()
            assert answer["n"] == 0, code
            assert answer["value"] == (0 if figure.unit == "count" else None), code
            assert answer["interval"] is None
            assert not [name for name, value in (answer["values"] or {}).items() if value], code
            scope = asking.scope_of(question, manager, figure)
            for by in figure.groupings:
                try:
                    groups = figure.groups(scope, by)
                except InvalidInput as error:
                    assert error.code == "period_required"
                    continue
                assert all(group.measure.n == 0 for group in groups), (code, by)
            head, line = csv.reader(io.StringIO("".join(figure_csv.of_figure(figure, scope, figure.measure(scope)))))
            cells = dict(zip(head, line, strict=True))
            assert (cells["value"], cells["n"]) == ("0" if figure.unit == "count" else "", "0"), code


REFUSED = (
    ("?frm=2026-01-01", "unknown_parameter"),
    ("?from=2026-02-30", "invalid_date"),
    ("?from=20260201", "invalid_date"),
    ("?to=2026-1-1", "invalid_date"),
    ("?from=2026-02-02&to=2026-02-01", "from_after_to"),
    ("?time_zone=Mars/Base", "unknown_time_zone"),
    ("?time_zone=../etc/passwd", "unknown_time_zone"),
    ("?as_of=2026-01-01T00:00:00", "timezone_required"),
    ("?as_of=soon", "invalid_datetime"),
    ("?as_of=2027-01-01T00:00:00Z", "in_the_future"),
    ("?basis=guess", "unknown_basis"),
    ("?kind=resolve", "unknown_parameter"),
    ("?horizon=30", "unknown_parameter"),
    ("?group_by=colour", "unknown_grouping"),
    ("?compare=previous", "period_required"),
    ("?compare=week&from=2026-01-01&to=2026-01-02", "unknown_comparison"),
    ("?channel=pigeon", "unknown_code"),
    ("?type=nothing-like-it", "unknown_code"),
    ("?team=abc", "invalid_id"),
    ("?severity=minor&severity=serious", "repeated_parameter"),
    ("?source=", "invalid"),
    ("?type=" + "x," * 1500, "invalid"),
    ("?root_cause=people-mistake,nothing-like-it", "unknown_code"),
    ("?cohort=2026-03", "unknown_parameter"),
    ("?score=high", "unknown_parameter"),
    ("?from=1950-01-01&to=2026-01-01&group_by=day", "too_many_groups"),
)


@pytest.mark.parametrize("month", ["2026-13", "2026-3", "26-03", "2026-03-01", "-", "٢٠٢٦-٠٣", "0000-01"])
def test_a_cohort_is_a_month(month: str, client: Client) -> None:
    from tests.cast import make_manager

    client.force_login(make_manager())
    answer = client.get(f"{API}churn-rate/?{urlencode({'cohort': month})}")
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_month")


@pytest.mark.parametrize(("query", "code"), REFUSED)
def test_what_it_does_not_know_it_refuses(query: str, code: str, client: Client) -> None:
    from tests.cast import make_manager

    client.force_login(make_manager())
    with clock.frozen(NOW):
        answer = client.get(f"{API}resolution-rate/{query}")
    assert answer.status_code == 400, answer.content
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["code"] == code


def test_who_may_ask(client: Client) -> None:
    from tests.cast import make_admin, make_agent

    assert client.get(API).status_code == 401
    client.force_login(make_admin())
    assert client.get(API).status_code == 403
    assert client.get(f"{API}nps/").status_code == 403
    client.force_login(make_agent())
    listed = client.get(API).json()["results"]
    assert [one["figure"] for one in listed] == list(figures)
    assert all(one["definition"] and one["title"] for one in listed)
    assert client.get(f"{API}nothing-like-it/").status_code == 404
    assert client.get(f"{API}nothing-like-it/rows/").status_code == 404
    assert client.get(f"{API}nps/rows/?part=nonsense").status_code == 400


def test_the_period_is_compared(world: World, client: Client) -> None:
    client.force_login(world.manager)
    answer = client.get(
        f"{API}complaints-received/?from=2026-03-01&to=2026-03-31&compare=previous&group_by=month"
    ).json()
    assert (answer["from"], answer["to"]) == ("2026-03-01", "2026-03-31")
    assert (answer["comparison"]["from"], answer["comparison"]["to"]) == ("2026-02-01", "2026-02-28")
    before = client.get(f"{API}complaints-received/?from=2026-02-01&to=2026-02-28").json()
    assert answer["comparison"]["value"] == before["value"]
    assert [group["key"] for group in answer["groups"]] == ["2026-03"]
    year = client.get(f"{API}complaints-received/?from=2026-02-01&to=2026-02-28&compare=year").json()
    assert (year["comparison"]["from"], year["comparison"]["to"]) == ("2025-02-01", "2025-02-28")
