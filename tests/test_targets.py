"""What figures are aimed at: set by managers and administrators, in the browser and over the API (ux, dashboard)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from core import cached, clock, trail
from core.actor import Actor
from core.errors import DomainError
from core.models import User
from metrics.actions.targets import change_targets
from metrics.figures import figures
from metrics.models import FigureTargets
from metrics.targets import aimable, aimed_at
from tests.cast import MONDAY, Cast, make_cast
from tests.tokens import bearer

PAGE, API = "/settings/targets/", "/api/v1/metrics/targets/"


@pytest.fixture
def cast(db: None) -> Iterator[Cast]:
    cached.clear_all()
    with clock.frozen(MONDAY):
        yield make_cast()
    cached.clear_all()


def row() -> FigureTargets:
    return FigureTargets.objects.get(pk=1)


def browser(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def form_of(user: User) -> dict[str, str]:
    form = browser(user).get(PAGE).context["form"]
    values = {field.html_name: field.value() for field in form}
    return {name: str(value() if callable(value) else value) for name, value in values.items() if value is not None}


def by_web(user: User, values: dict[str, Any]) -> int:
    typed = {name: "" if value is None else str(value) for name, value in values.items()}
    return browser(user).post(PAGE, form_of(user) | typed).status_code


def by_api(user: User, values: dict[str, Any]) -> int:
    return patch(user, values).status_code


def patch(user: User, values: Any, **more: Any) -> Any:
    client = Client(headers=bearer(user))
    if "HTTP_IF_MATCH" not in more:
        more["HTTP_IF_MATCH"] = client.get(API).headers.get("ETag", "*")
    return client.patch(API, json.dumps({"targets": values}), "application/json", **more)


@pytest.mark.parametrize("who", ["manager", "admin"])
@pytest.mark.parametrize(("door", "done"), [(by_web, 302), (by_api, 200)])
def test_every_door_sets_targets_with_one_entry(cast: Cast, door: Any, done: int, who: str) -> None:
    assert row().by_figure == {"resolution-rate": 90.0, "sla-compliance": 90.0}
    wanted = {"resolution-rate": 92.5, "sla-compliance": None, "nps": -5, "first-response-time": 4}
    assert door(getattr(cast, who), wanted) == done
    assert row().by_figure == {"resolution-rate": 92.5, "nps": -5.0, "first-response-time": 4.0}
    (entry,) = trail.of(row())
    assert (entry.kind, entry.actor_id) == ("figuretargets.changed", getattr(cast, who).pk)
    assert json.loads(entry.body) == {
        "resolution-rate": [90.0, 92.5],
        "sla-compliance": [90.0, None],
        "nps": [None, -5.0],
        "first-response-time": [None, 4.0],
    }
    assert door(getattr(cast, who), wanted) == done
    assert trail.of(row()).count() == 1, "nothing changed, nothing is written"


@pytest.mark.parametrize("values", [{"nps": 101}, {"resolution-rate": -1}, {"csat": 100.1}, {"time-to-resolve": -0.5}])
@pytest.mark.parametrize(("door", "status"), [(by_web, 422), (by_api, 400)])
def test_what_no_figure_can_reach_is_refused(cast: Cast, door: Any, status: int, values: dict[str, Any]) -> None:
    before = row().by_figure
    assert door(cast.manager, values) == status
    assert row().by_figure == before
    assert not trail.of(row()).exists()


@pytest.mark.parametrize(
    "values", [{"luck": 5}, {"complaints-received": 5}, {"nps": "40"}, {"nps": True}, {"nps": []}, [], None]
)
def test_the_api_takes_numbers_of_figures_that_can_have_a_target(cast: Cast, values: Any) -> None:
    assert patch(cast.manager, values).status_code == 400
    assert not trail.of(row()).exists()


def test_the_document_says_what_a_figure_can_reach(cast: Cast) -> None:
    (wrong,) = patch(cast.manager, {"repeat-complaints": 101}).json()["errors"]
    assert (wrong["pointer"], wrong["code"]) == ("/targets/repeat-complaints", "out_of_range")
    assert "0 to 100" in wrong["message"]
    document = json.loads((Path(__file__).parents[1] / "docs" / "api" / "openapi.json").read_text())
    told = document["components"]["schemas"]["TargetsByFigureRequest"]["properties"]["repeat-complaints"]
    assert (told["minimum"], told["maximum"]) == (0, 100)


@pytest.mark.parametrize("who", ["agent", "lead", "stranger"])
def test_others_may_only_read_them(cast: Cast, who: str) -> None:
    user = getattr(cast, who)
    assert browser(user).get(PAGE).status_code in (403, 404)
    read = Client(headers=bearer(user)).get(API)
    assert read.json()["targets"]["resolution-rate"] == 90.0
    assert read.json()["targets"]["nps"] is None
    assert by_api(user, {"nps": 40}) == 403
    with pytest.raises(DomainError):
        change_targets({"nps": 40}, by=Actor.person(user), at=MONDAY)
    assert "nps" not in row().by_figure


def test_nobody_overwrites_what_they_have_not_seen(cast: Cast) -> None:
    seen = Client(headers=bearer(cast.manager)).get(API).headers["ETag"]
    form = form_of(cast.manager)
    assert by_api(cast.admin, {"nps": 30}) == 200
    assert patch(cast.manager, {"nps": 40}, HTTP_IF_MATCH=seen).status_code == 412
    stale = browser(cast.manager).post(PAGE, form | {"nps": "40"})
    assert stale.status_code == 409
    assert row().by_figure["nps"] == 30.0


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_what_is_no_number_is_no_target(cast: Cast, bad: float) -> None:
    with pytest.raises(DomainError, match="number"):
        change_targets({"nps": bad}, by=Actor.person(cast.manager), at=MONDAY)


def test_a_target_is_that_of_the_first_reading(cast: Cast) -> None:
    change_targets({"retention-rate": 85}, by=Actor.person(cast.manager), at=MONDAY)
    assert aimed_at(figures["retention-rate"]) == aimed_at(figures["retention-rate"], "tenure") == 85.0
    assert aimed_at(figures["retention-rate"], "purchases") is None
    assert aimed_at(figures["sla-compliance"], kind="acknowledge") is None
    assert {"complaints-received", "average-order-value"}.isdisjoint(aimable())


def test_charts_tiles_and_the_api_show_it(cast: Cast) -> None:
    cast.complaint(subject="One")
    client = browser(cast.manager)
    assert by_api(cast.manager, {"resolution-rate": 77}) == 200
    for path in ("/dashboard/?whole=1", "/dashboard/resolution-rate/"):
        text = client.get(path).content.decode().replace("\N{NO-BREAK SPACE}", " ")
        assert "target 77" in text, path
        assert "target 90" not in text, path
    assert client.get("/api/v1/metrics/resolution-rate/").json()["target"] == 77.0
    assert client.get("/api/v1/metrics/resolution-rate/?basis=acceptance").json()["target"] is None
