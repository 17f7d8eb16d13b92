"""The dashboard: every number leads to exactly its rows, and they are shown page by page."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from core import cached, clock
from metrics.figures import figures
from retention.models import Tenure
from tests.boards import FORBIDDEN, csv_of, fill, links, number, page, panels_of, signed_in
from tests.cast import Cast, make_cast

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast() -> Cast:
    cached.clear_all()
    return make_cast()


@pytest.fixture
def full(cast: Cast) -> Cast:
    return fill(cast)


@pytest.mark.parametrize("role", ["manager", "agent"])
def test_every_number_leads_to_exactly_its_rows(full: Cast, role: str) -> None:
    client = signed_in(full.people()[role])
    paths = links(page(client, "/dashboard/?whole=1&period=year"))
    assert len(paths) > 40
    by_shape = {re.sub(r"=[^&]*", "", path): path for path in paths}  # one of each figure and set of parameters
    for path in by_shape.values():
        rows = page(client, path)
        assert len(rows.context["rows"]) == rows.context["n"], path
        lines = csv_of(page(client, f"{path}&format=csv"))
        assert len(lines) - 1 == rows.context["n"], path


def test_the_n_of_a_tile_and_of_a_cell_is_that_of_its_rows(full: Cast) -> None:
    client = signed_in(full.manager)
    answer = page(client, "/dashboard/?whole=1&period=year")
    panels = panels_of(answer)
    tiles = [*answer.context["headlines"], *(tile for block in answer.context["blocks"] for tile in block.tiles)]
    assert len(tiles) == 19
    for tile in tiles:
        assert page(client, tile.rows_url).context["n"] == number(tile.n), tile.code
    for row in panels["in-time"].texts["rows"]:
        for cell in [row.cells[0], row.total]:
            if cell.url:
                assert page(client, cell.url).context["n"] == number(cell.n), cell.url
    for one in panels["backlog"].chart.bars:
        bar = one.bar
        for url, n in ((bar.url, bar.value), (bar.part_url, bar.part), (bar.rest_url, bar.value - bar.part)):
            assert page(client, url).context["n"] == n, url
    for block in panels["nps"].chart.blocks:
        assert page(client, block.url).context["n"] == number(block.title.rpartition("n=")[2])
    for one in panels["causes"].chart.bars:
        assert page(client, one.bar.url).context["n"] == one.bar.value


def test_the_recovery_picture_leads_to_its_people(full: Cast) -> None:
    client = signed_in(full.manager)
    day = (clock.now() - timedelta(days=200)).date()
    with clock.frozen(clock.now() + timedelta(days=100)):
        recovery = page(client, f"/dashboard/?whole=1&from={day}&to={clock.now().date() - timedelta(days=91)}").context[
            "recovery"
        ]
        assert recovery.people == 12
        for box, _note, url, _title in recovery.boxes:
            assert page(client, url).context["n"] == box.people
        for finish, _share, _count, url in recovery.finishes:
            assert page(client, url).context["n"] == finish.people
        assert {flow["gone"] for flow in recovery.flows} == {True, False}
        for flow in recovery.flows:
            assert page(client, flow["url"]).context["n"] == flow["n"], flow["title"]
        for row in recovery.table.rows:
            for cell in row[1:]:
                if cell.url:
                    assert page(client, cell.url).context["n"] == number(cell.value.rpartition(" ")[2])
        complained, happy = recovery.bars[1:3]
        assert page(client, complained.url).context["n"] == 12
        assert page(client, happy.url).context["n"] == sum(b.people for b, *_ in recovery.boxes if b.key == "high")


def test_types_that_stand_together_lead_to_all_their_people(full: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("metrics.web.dashboard.recovery.LARGEST_TYPES", 2)
    monkeypatch.setattr("metrics.web.dashboard.cells.SHOWN_CAUSES", 0)
    client = signed_in(full.manager)
    day = (clock.now() - timedelta(days=200)).date()
    with clock.frozen(clock.now() + timedelta(days=100)):
        answer = page(client, f"/dashboard/?whole=1&from={day}&to={clock.now().date() - timedelta(days=91)}")
        boxes = [(box, url) for box, _note, url, _title in answer.context["recovery"].boxes if box.column == 0]
        assert [box.people for box, _url in boxes] == [4, 8]
        for box, url in boxes:
            assert page(client, url).context["n"] == box.people
        for one in panels_of(answer)["causes"].chart.bars:
            assert page(client, one.bar.url).context["n"] == one.bar.value


@pytest.mark.parametrize("stays", [True, False])
def test_a_cohort_leads_to_its_people(full: Cast, stays: bool) -> None:
    if not stays:
        Tenure.objects.all().delete()
    client = signed_in(full.manager)
    rows = panels_of(page(client, "/dashboard/?whole=1&period=year"))["cohorts"].texts["rows"]
    assert rows
    for row in rows:
        assert page(client, row.url).context["n"] == number(row.total.n)
        for cell in row.cells:
            if cell:
                found = page(client, cell.url).context["n"]
                assert found == number(cell.title.rpartition("(")[2]), cell.url
                assert number(cell.text) == round(100 * found / number(row.total.n))


def test_rows_can_be_narrowed_to_a_part(full: Cast) -> None:
    client, path = signed_in(full.manager), "/dashboard/nps/rows/"
    every = page(client, f"{path}?period=year")
    whole, *parts = every.context["parts"]
    assert whole.current
    found = [page(client, path + one.url).context for one in parts]
    assert sum(one["n"] for one in found) == every.context["n"]
    assert all(one["part_words"] and one["parts"][i + 1].current for i, one in enumerate(found))
    assert "past the deadline" in page(client, "/dashboard/backlog-age/rows/?part=over_30_days_late").content.decode()


@pytest.mark.parametrize("code", list(figures))
def test_groups_lead_to_their_rows(full: Cast, code: str) -> None:
    client = signed_in(full.manager)
    for by in [one for one in ("main_type_channel", "tier", "reason", "month") if one in figures[code].groupings]:
        answer = page(client, f"/dashboard/{code}/?period=year&group_by={by}")
        assert not FORBIDDEN.search(answer.content.decode()), by
        for row in answer.context["groups"].rows[-2:]:
            if row[0].url:
                assert page(client, row[0].url).context["n"] == number(row[-1].value), row[0].url


def test_rows_are_shown_page_by_page(full: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("metrics.web.dashboard.rows.PAGE", 5)
    client, path, seen = signed_in(full.manager), "/dashboard/complaints-received/rows/", []
    answer = page(client, f"{path}?period=year")
    while True:
        seen += [row[0].value for row in answer.context["rows"]]
        if not answer.context["next_url"]:
            break
        answer = page(client, path + answer.context["next_url"])
    assert len(seen) == len(set(seen)) == 12
    back = page(client, path + answer.context["previous_url"])
    assert [row[0].value for row in back.context["rows"]] == seen[5:10]
    assert page(client, f"{path}?after=nonsense&before=9e9").context["n"] == 9
