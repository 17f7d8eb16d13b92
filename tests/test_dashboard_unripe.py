"""A week that is not over yet is drawn as such: a count that still grows is no fall (design, Chart grammar)."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from core import cached, clock
from tests.boards import page, signed_in
from tests.cast import Cast, make_cast

pytestmark = pytest.mark.django_db
WEDNESDAY = datetime(2026, 3, 4, 12, 0, 0, 250_000, tzinfo=UTC)


@pytest.fixture
def cast() -> Cast:
    cached.clear_all()
    with clock.frozen(WEDNESDAY):
        cast = make_cast()
        cast.complaint()
    return cast


def drawn(cast: Cast, query: str, figure: str = "complaints-received") -> str:
    with clock.frozen(WEDNESDAY):
        return page(signed_in(cast.manager), f"/dashboard/{figure}/?{query}").content.decode()


def test_the_running_week_is_dotted_and_named(cast: Cast) -> None:
    shown = drawn(cast, "period=4w")
    assert "chart__line--immature" in shown and "not over yet" in shown


def test_weeks_that_are_over_are_not(cast: Cast) -> None:
    shown = drawn(cast, "from=2026-02-02&to=2026-03-01")
    assert "chart__line--immature" not in shown and "not over yet" not in shown


def test_a_week_of_which_only_a_part_is_asked_for_is(cast: Cast) -> None:
    assert "not over yet" in drawn(cast, "from=2026-02-02&to=2026-02-25")


def test_a_rate_goes_by_what_is_still_open(cast: Cast) -> None:
    assert "not over yet" not in drawn(cast, "period=4w", "resolution-rate")
