"""The dashboard: whom it shows what, its parts, files and addresses, and what an empty house shows."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client

from core import cached
from metrics.figures import figures
from metrics.web.dashboard import board
from tests.boards import FORBIDDEN, csv_of, fill, number, page, signed_in
from tests.cast import Cast, make_cast

pytestmark = pytest.mark.django_db
AROUND = 8  # queries of session, user, stamp, and the small tables a process reads first
OF_A_PART = {"headlines": 12, "measures": 36, "recovery": 1, "over-time": 3, "shares": 2, "counts": 2}
FIRST = OF_A_PART["headlines"] + 11  # what the page waits for: four figures and the frame
CEILING = 64  # all parts at once, and the frame with its sidebar
LANGUAGES = ("en", "es", "pt", "it", "ru")


@pytest.fixture
def cast() -> Cast:
    cached.clear_all()
    return make_cast()


@pytest.fixture
def full(cast: Cast) -> Cast:
    return fill(cast)


# --- who ------------------------------------------------------------------------------------------------------------


def test_everybody_who_handles_cases_has_a_dashboard_over_what_they_see(full: Cast) -> None:
    shown = {}
    for name in ("agent", "stranger", "lead", "manager"):
        answer = page(signed_in(full.people()[name]), "/dashboard/?whole=1&period=year")
        assert bool(answer.context["seen"]) is (name != "manager"), "it says over what it counts"
        tiles = {tile.code: tile for block in answer.context["blocks"] for tile in block.tiles}
        shown[name] = number(tiles["complaints-received"].n)
    assert shown == {"agent": 8, "lead": 8, "stranger": 4, "manager": 12}


def test_administrators_without_another_role_have_none(full: Cast) -> None:
    for path in ("/dashboard/", "/dashboard/nps/", "/dashboard/nps/rows/", "/dashboard/?whole=1&format=csv"):
        assert signed_in(full.admin).get(path).status_code == 403
    assert Client().get("/dashboard/").status_code == 302


def test_a_manager_comes_home_to_it(full: Cast) -> None:
    assert signed_in(full.manager).get("/").headers["Location"] == "/dashboard/"


def test_a_figure_that_does_not_exist_is_not_found(cast: Cast) -> None:
    for path in ("/dashboard/luck/", "/dashboard/luck/rows/"):
        assert signed_in(cast.manager).get(path).status_code == 404


# --- part by part -----------------------------------------------------------------------------------------------------


def test_the_board_is_there_at_once_and_the_rest_is_fetched(full: Cast) -> None:
    """Every part that is fetched is what the whole page shows, to the letter."""
    client = signed_in(full.manager)
    first = page(client, "/dashboard/?period=year&channel=phone")
    text = first.content.decode()
    assert text.count('class="card board__figures"') == 1
    waiting = [unescape(url) for url in re.findall(r'hx-get="([^"]*)"', text)]
    assert len(waiting) == len(board.PARTS) - 1
    assert '<noscript><meta http-equiv="refresh"' in text
    whole = page(client, f"/dashboard/{unescape(first.context['whole_url'])}").content.decode()
    assert "hx-get" not in whole
    assert "noscript" not in whole
    cache.clear()
    for url in waiting:
        assert "channel=phone" in url
        part = page(client, f"/dashboard/{url}").content.decode()
        assert len(part) > 400
        assert part in whole, url
        assert "<html" not in part
    assert "hx-get" not in page(client, "/dashboard/?period=year&channel=phone").content.decode(), "now it is kept"


def test_parts_are_asked_for_like_the_board(full: Cast) -> None:
    client = signed_in(full.manager)
    assert page(client, "/dashboard/?part=counts&from=2026-02-30", 422).context["errors"]
    assert "board__figures" in page(client, "/dashboard/?part=nothing-like-it").content.decode()
    assert signed_in(full.admin).get("/dashboard/?part=counts").status_code == 403
    assert Client().get("/dashboard/?part=counts").status_code == 302
    mine = page(signed_in(full.stranger), "/dashboard/?part=counts&period=year").content.decode()
    assert mine != page(client, "/dashboard/?part=counts&period=year").content.decode(), "each sees their own"


def test_everything_about_a_figure_is_one_button_away(full: Cast) -> None:
    """Definition, n, comparison and target, by touch and keyboard: a button that needs no pointer and no script."""
    text = page(signed_in(full.manager), "/dashboard/?whole=1&period=year").content.decode()
    tiles = text.count('class="measure explained"') + text.count('class="figure explained"') + 1
    assert text.count('<details class="menu about">') == tiles == 20
    assert len(set(re.findall(r'role="tooltip"|id="(d-[a-z-]+)"', text)) - {""}) == tiles
    card = text.partition('id="d-sla-compliance"')[2].partition("</div>")[0]
    for words in ("Target", "90%", "Before", "an open clock past its deadline has missed it"):
        assert words in card.replace("90 %", "90%").replace("\N{NO-BREAK SPACE}", "").replace("90 %", "90%"), words


# --- files ----------------------------------------------------------------------------------------------------------


def test_the_board_as_csv_has_the_numbers_of_its_tiles(full: Cast) -> None:
    client = signed_in(full.manager)
    the_board = page(client, "/dashboard/?whole=1&period=year").context
    answer = page(client, "/dashboard/" + the_board["csv_url"])
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert "attachment" in answer.headers["Content-Disposition"]
    head, *lines = csv_of(answer)
    found = {line[0]: dict(zip(head, line, strict=True)) for line in lines if not line[1]}
    assert set(found) >= {tile.code for tile in the_board["headlines"]}
    for tile in [*the_board["headlines"], *(tile for block in the_board["blocks"] for tile in block.tiles)]:
        assert int(found[tile.code]["n"]) == number(tile.n), tile.code
    assert float(found["nps"]["value"]) == pytest.approx(
        float(the_board["headlines"][1].value.replace("−", "-")), abs=0.5
    )


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
    answer = page(
        signed_in(full.manager), "/dashboard/?whole=1&period=year&compare=year&channel=phone&time_zone=Asia/Tokyo"
    )
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
    the_board = page(signed_in(full.manager), "/dashboard/?whole=1&compare=none").context
    assert all(not tile.trend and not tile.before for tile in the_board["headlines"])


def test_all_time_is_a_period_too(full: Cast) -> None:
    client = signed_in(full.manager)
    answer = page(client, "/dashboard/?whole=1&period=choose")
    assert not FORBIDDEN.search(answer.content.decode())
    for code in figures:
        page(client, f"/dashboard/{code}/?period=choose")


def test_fewer_complaints_are_never_good_news(full: Cast) -> None:
    the_board = page(signed_in(full.manager), "/dashboard/?whole=1&period=4w").context
    received = next(t for block in the_board["blocks"] for t in block.tiles if t.code == "complaints-received")
    assert received.tone == ""


# --- nothing there --------------------------------------------------------------------------------------------------


def test_an_empty_house_shows_dashes(cast: Cast) -> None:
    client = signed_in(cast.manager)
    for path in (
        "/dashboard/?whole=1",
        "/dashboard/?whole=1&from=1999-01-01&to=1999-01-01",
        "/dashboard/?whole=1&period=choose",
    ):
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
        assert dict(zip(lines[0], lines[1], strict=True))["value"] == ("0" if code in COUNTS else "")
        assert len(csv_of(page(client, f"/dashboard/{code}/rows/?format=csv"))) == 1


COUNTS = ("complaints-received", "late-reasons")  # none of them is 0, not a dash


# --- languages, cost ------------------------------------------------------------------------------------------------


def test_a_change_of_any_kind_draws_the_board_anew(full: Cast) -> None:
    client = signed_in(full.manager)

    def received() -> bytes:
        return page(client, "/dashboard/?whole=1").content.partition(b"Complaints received</a>")[2][:3000]

    before = received()
    full.complaint(customer=full.customer)
    assert received() != before


@pytest.mark.parametrize("language", LANGUAGES)
def test_in_every_language(full: Cast, language: str) -> None:
    full.manager.language = language
    full.manager.save(update_fields=["language"])
    client = signed_in(full.manager)
    for path in ("/dashboard/?whole=1&period=year", "/dashboard/resolution-rate/", "/dashboard/nps/rows/?period=year"):
        text = page(client, path).content.decode()
        assert f'lang="{language}"' in text
        assert not FORBIDDEN.search(text)
        assert not re.search(r'\b(?:d|x|y|cx|cy|width|height)="[^"]*\d,\d', text), "no decimal comma in geometry"


def test_the_board_costs_a_fixed_number_of_queries(
    full: Cast, django_assert_max_num_queries: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cached, "SECONDS", 900.0)  # small tables renewed every few seconds are not counted here
    cached.clear_all()
    client = signed_in(full.manager)
    page(client, "/dashboard/?whole=1")
    cache.clear()
    with django_assert_max_num_queries(FIRST):
        page(client, "/dashboard/")
    for part, most in OF_A_PART.items():
        cache.clear()
        with django_assert_max_num_queries(most + AROUND):
            page(client, f"/dashboard/?part={part}")
    cache.clear()
    page(client, "/dashboard/?whole=1")
    with django_assert_max_num_queries(8):
        kept = page(client, "/dashboard/?whole=1")
    cache.clear()
    with django_assert_max_num_queries(CEILING):
        drawn = page(client, "/dashboard/?whole=1")
    start = b'<div class="card board__figures">'
    assert kept.content.partition(start)[2] == drawn.content.partition(start)[2]
    with django_assert_max_num_queries(12):
        page(client, "/dashboard/resolution-rate/")
    with django_assert_max_num_queries(10):
        page(client, "/dashboard/complaints-received/rows/?period=year")
