"""The dashboard: whom it shows what, that every number leads to exactly its rows, and what an empty house shows."""

from __future__ import annotations

import csv
import io
import re
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client

from core import cached, clock
from metrics.figures import figures
from tests.boards import fill
from tests.cast import Cast, make_cast

pytestmark = pytest.mark.django_db
CEILING = 60  # queries of the whole board, warm: three for each of 15 figures, seven charts, session, user, sidebar
LANGUAGES = ("en", "es", "pt", "it", "ru")
FORBIDDEN = re.compile(r">\s*(?:NaN|None)\b|NaN.%|&lt;metrics|style=")


@pytest.fixture
def cast() -> Cast:
    cached.clear_all()
    return make_cast()


@pytest.fixture
def full(cast: Cast) -> Cast:
    return fill(cast)


def signed_in(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


def page(client: Client, path: str, status: int = 200) -> Any:
    answer = client.get(path)
    assert answer.status_code == status, (path, answer.status_code)
    return answer


def links(answer: Any) -> list[str]:
    """Every address of rows on a page."""
    found = re.findall(r'href="(/dashboard/[a-z-]+/rows/[^"]*)"', answer.content.decode())
    return list(dict.fromkeys(unescape(one) for one in found))


def number(text: str) -> int:
    return int(re.sub(r"\D", "", text) or 0)


def csv_of(answer: Any) -> list[list[str]]:
    body = b"".join(answer.streaming_content) if answer.streaming else answer.content
    return list(csv.reader(io.StringIO(body.decode())))


# --- who ------------------------------------------------------------------------------------------------------------


def test_everybody_who_handles_cases_has_a_dashboard_over_what_they_see(full: Cast) -> None:
    shown = {}
    for name in ("agent", "stranger", "lead", "manager"):
        answer = page(signed_in(full.people()[name]), "/dashboard/?period=year")
        assert bool(answer.context["seen"]) is (name != "manager"), "it says over what it counts"
        tiles = {tile.code: tile for block in answer.context["blocks"] for tile in block.tiles}
        shown[name] = number(tiles["complaints-received"].n)
    assert shown == {"agent": 8, "lead": 8, "stranger": 4, "manager": 12}


def test_administrators_without_another_role_have_none(full: Cast) -> None:
    for path in ("/dashboard/", "/dashboard/nps/", "/dashboard/nps/rows/", "/dashboard/?format=csv"):
        assert signed_in(full.admin).get(path).status_code == 403
    assert Client().get("/dashboard/").status_code == 302


def test_a_manager_comes_home_to_it(full: Cast) -> None:
    assert signed_in(full.manager).get("/").headers["Location"] == "/dashboard/"


def test_a_figure_that_does_not_exist_is_not_found(cast: Cast) -> None:
    for path in ("/dashboard/luck/", "/dashboard/luck/rows/"):
        assert signed_in(cast.manager).get(path).status_code == 404


# --- every number leads to its rows ---------------------------------------------------------------------------------


@pytest.mark.parametrize("role", ["manager", "agent"])
def test_every_number_leads_to_exactly_its_rows(full: Cast, role: str) -> None:
    client = signed_in(full.people()[role])
    board = page(client, "/dashboard/?period=year")
    paths = links(board)
    assert len(paths) > 40
    by_shape = {re.sub(r"=[^&]*", "", path): path for path in paths}  # one of each figure and set of parameters
    for path in by_shape.values():
        rows = page(client, path)
        assert len(rows.context["rows"]) == rows.context["n"], path
        lines = csv_of(page(client, f"{path}&format=csv"))
        assert len(lines) - 1 == rows.context["n"], path


def test_the_n_of_a_tile_and_of_a_cell_is_that_of_its_rows(full: Cast) -> None:
    client = signed_in(full.manager)
    board = page(client, "/dashboard/?period=year").context
    tiles = [*board["headlines"], *(tile for block in board["blocks"] for tile in block.tiles)]
    assert len(tiles) == 15
    for tile in tiles:
        assert page(client, tile.rows_url).context["n"] == number(tile.n), tile.code
    heat = board["wide"][0].texts
    for row in heat["rows"]:
        for cell in [row.cells[0], row.total]:
            if cell.url:
                assert page(client, cell.url).context["n"] == number(cell.n), cell.url
    backlog = board["pairs"][1][1]
    for one in backlog.chart.bars:
        assert page(client, one.bar.url).context["n"] == one.bar.value
    for block in board["pairs"][0][1].chart.blocks:
        assert page(client, block.url).context["n"] == number(block.title.rpartition("n=")[2])
    for one in board["pairs"][1][0].chart.bars:
        if "/rows/" in one.bar.url:
            assert page(client, one.bar.url).context["n"] == one.bar.value


def test_the_recovery_picture_leads_to_its_people(full: Cast) -> None:
    client = signed_in(full.manager)
    day = (clock.now() - timedelta(days=200)).date()
    with clock.frozen(clock.now() + timedelta(days=100)):
        recovery = page(client, f"/dashboard/?from={day}&to={clock.now().date() - timedelta(days=91)}").context[
            "recovery"
        ]
        assert recovery.people == 12
        for box, _note, url, _title in recovery.boxes:
            if url:
                assert page(client, url).context["n"] == box.people
        for finish, _share, _count, url in recovery.finishes:
            assert page(client, url).context["n"] == finish.people


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


# --- files ----------------------------------------------------------------------------------------------------------


def test_the_board_as_csv_has_the_numbers_of_its_tiles(full: Cast) -> None:
    client = signed_in(full.manager)
    board = page(client, "/dashboard/?period=year").context
    answer = page(client, "/dashboard/" + board["csv_url"])
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert "attachment" in answer.headers["Content-Disposition"]
    head, *lines = csv_of(answer)
    found = {line[0]: dict(zip(head, line, strict=True)) for line in lines if not line[1]}
    assert set(found) >= {tile.code for tile in board["headlines"]}
    for tile in [*board["headlines"], *(tile for block in board["blocks"] for tile in block.tiles)]:
        assert int(found[tile.code]["n"]) == number(tile.n), tile.code
    assert float(found["nps"]["value"]) == pytest.approx(float(board["headlines"][1].value.replace("−", "-")), abs=0.5)


def test_files_compute_nothing(full: Cast) -> None:
    lines = csv_of(page(signed_in(full.manager), "/dashboard/complaints-received/rows/?period=year&format=csv"))
    subjects = [line[lines[0].index("subject")] for line in lines[1:]]
    assert len(subjects) == 12
    assert all(text.startswith("'=Subject") for text in subjects)


def test_a_figure_as_csv_has_its_groups(full: Cast) -> None:
    answer = page(signed_in(full.manager), "/dashboard/nps/?period=year&group_by=channel&format=csv")
    lines = csv_of(answer)
    assert [line[1] for line in lines[1:]] == ["", "phone", "email", "web"]


# --- the URL --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wish", "field"),
    [
        ("from=2026-02-30", "from"),
        ("to=yesterday", "to"),
        ("from=2026-05-01&to=2026-04-01", "from"),
        ("period=5w", "period"),
        ("compare=luck", "compare"),
        ("time_zone=Mars/Olympus", "time_zone"),
        ("channel=fax", "channel"),
        ("type=nothing-of-the-kind", "type"),
        ("team=9e9", "team"),
        ("severity=mild", "severity"),
        ("owner=" + "9" * 400, "owner"),
        ("as_of=2999-01-01", ""),
    ],
)
def test_a_wish_that_cannot_be_is_shown_as_it_was_sent(full: Cast, wish: str, field: str) -> None:
    client = signed_in(full.manager)
    for path in ("/dashboard/", "/dashboard/resolution-rate/rows/"):
        answer = page(client, f"{path}?{wish}&tier=gold", 422)
        (target, message), *others = answer.context["errors"]
        assert not others
        assert message
        assert not field or target.removeprefix("id_").startswith(field)
        text = answer.content.decode()
        assert 'value="gold"' in text, "nothing else is lost"
        value = wish.split("&")[0].partition("=")[2]
        if "%" not in value and len(value) < 200 and field not in ("period", "compare", ""):
            assert f'value="{value}"' in text, "and the value stays, to be mended"


@pytest.mark.parametrize("wish", ["group_by=moon", "basis=luck", "part=moon", "horizon=-1"])
def test_what_only_a_figure_knows_is_checked_too(full: Cast, wish: str) -> None:
    where = "rows/" if wish.startswith("part") else ""
    page(signed_in(full.manager), f"/dashboard/service-recovery/{where}?{wish}", 422)


def test_everything_asked_for_stays_in_the_addresses(full: Cast) -> None:
    answer = page(signed_in(full.manager), "/dashboard/?period=year&compare=year&channel=phone&time_zone=Asia/Tokyo")
    tile = answer.context["headlines"][0]
    for part in ("period=year", "compare=year", "channel=phone", "time_zone=Asia%2FTokyo"):
        assert part in tile.url
        assert all(part in link.url for link in answer.context["presets"]) or part == "period=year"
    assert [one.label for one in answer.context["applied"]] == ["Channel"]
    assert "channel" not in answer.context["applied"][0].url
    retention = answer.context["headlines"][2]
    assert "channel" not in retention.url, "a figure that knows no channels is not asked for one"
    assert "Channel" in retention.caveat, "and says so"


def test_without_a_comparison_nothing_is_compared(full: Cast) -> None:
    board = page(signed_in(full.manager), "/dashboard/?compare=none").context
    assert all(not tile.trend and not tile.before for tile in board["headlines"])


def test_all_time_is_a_period_too(full: Cast) -> None:
    client = signed_in(full.manager)
    answer = page(client, "/dashboard/?period=choose")
    assert not FORBIDDEN.search(answer.content.decode())
    for code in figures:
        page(client, f"/dashboard/{code}/?period=choose")


def test_fewer_complaints_are_never_good_news(full: Cast) -> None:
    board = page(signed_in(full.manager), "/dashboard/?period=4w").context
    received = next(t for block in board["blocks"] for t in block.tiles if t.code == "complaints-received")
    assert received.tone == ""


# --- nothing there --------------------------------------------------------------------------------------------------


def test_an_empty_house_shows_dashes(cast: Cast) -> None:
    client = signed_in(cast.manager)
    for path in ("/dashboard/", "/dashboard/?from=1999-01-01&to=1999-01-01", "/dashboard/?period=choose"):
        answer = page(client, path)
        text = answer.content.decode()
        assert not FORBIDDEN.search(text)
        for tile in answer.context["headlines"]:
            assert tile.value == "–", tile.code
            assert not tile.unit
            assert number(tile.n) == 0
        for tile in (tile for block in answer.context["blocks"] for tile in block.tiles):
            assert tile.value == ("0" if tile.code == "complaints-received" else "–"), tile.code
        assert answer.context["recovery"].picture is None
    for code in figures:
        assert not FORBIDDEN.search(page(client, f"/dashboard/{code}/").content.decode())
        assert page(client, f"/dashboard/{code}/rows/").context["n"] == 0
        lines = csv_of(page(client, f"/dashboard/{code}/?format=csv"))
        assert dict(zip(lines[0], lines[1], strict=True))["value"] == ("0" if code == "complaints-received" else "")
        assert len(csv_of(page(client, f"/dashboard/{code}/rows/?format=csv"))) == 1


# --- languages, cost ------------------------------------------------------------------------------------------------


def test_a_change_of_any_kind_draws_the_board_anew(full: Cast) -> None:
    client = signed_in(full.manager)

    def received() -> bytes:
        return page(client, "/dashboard/").content.partition(b"Complaints received</a>")[2][:200]

    before = received()
    full.complaint(customer=full.customer)
    assert received() != before


@pytest.mark.parametrize("language", LANGUAGES)
def test_in_every_language(full: Cast, language: str) -> None:
    full.manager.language = language
    full.manager.save(update_fields=["language"])
    client = signed_in(full.manager)
    for path in ("/dashboard/?period=year", "/dashboard/resolution-rate/", "/dashboard/nps/rows/?period=year"):
        text = page(client, path).content.decode()
        assert f'lang="{language}"' in text
        assert not FORBIDDEN.search(text)
        assert not re.search(r'\b(?:d|x|y|cx|cy|width|height)="[^"]*\d,\d', text), "no decimal comma in geometry"


def test_the_board_costs_a_fixed_number_of_queries(full: Cast, django_assert_max_num_queries: Any) -> None:
    client = signed_in(full.manager)
    page(client, "/dashboard/")
    with django_assert_max_num_queries(8):
        kept = page(client, "/dashboard/")
    cache.clear()
    with django_assert_max_num_queries(CEILING):
        drawn = page(client, "/dashboard/")
    board = '<div class="card board__figures">'
    assert kept.content.partition(board.encode())[2] == drawn.content.partition(board.encode())[2]
    with django_assert_max_num_queries(12):
        page(client, "/dashboard/resolution-rate/")
    with django_assert_max_num_queries(10):
        page(client, "/dashboard/complaints-received/rows/?period=year")
