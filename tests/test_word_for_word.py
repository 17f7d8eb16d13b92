"""The figure of prepared words sent as they were: page, rows, CSV, API, groupings (mission A8)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client

from complaints.models import Complaint, Macro, MacroVersion, Message
from core import cached, clock
from metrics.figures import asking, figures
from tests.cast import Cast, make_cast

pytestmark = pytest.mark.django_db
CODE = "word-for-word"


@pytest.fixture
def cast() -> Cast:
    cached.clear_all()
    return make_cast()


def said(complaint: Complaint, version: MacroVersion | None, same: bool | None, author: object = None) -> Message:
    at = clock.now() - timedelta(hours=1)
    return Message.objects.create(
        complaint=complaint, direction="out", channel="email", author=author, body="x", at=at, created_at=at,
        macro=version, word_for_word=same,
    )  # fmt: skip


@pytest.fixture
def told(cast: Cast) -> Cast:
    """Four with macros: one word for word by the agent, two otherwise, one in a case of the other team."""
    macro = Macro.objects.create(name="Update", created_at=clock.now())
    version = MacroVersion.objects.create(macro=macro, number=1, texts={}, created_at=clock.now())
    own = cast.complaint()
    said(own, version, True, cast.agent)
    said(own, version, False, cast.agent)
    said(own, version, False, cast.colleague)
    said(own, None, None, cast.agent)
    said(cast.complaint(owner=cast.stranger), version, True, cast.stranger)
    said(cast.complaint(quarantine=True), version, True, cast.agent)
    return cast


def test_the_share_by_whom_and_macro_as_one_may_see_it(told: Cast) -> None:
    figure = figures[CODE]
    everything = figure.measure(asking.scope_of({}, told.manager, figure))
    assert (everything.numerator, everything.n) == (2, 4) and everything.value == 50
    mine = asking.scope_of({}, told.agent, figure)
    assert (figure.measure(mine).numerator, figure.measure(mine).n) == (1, 3)
    by_agent = {group.label: (group.measure.numerator, group.measure.n) for group in figure.groups(mine, "agent")}
    assert by_agent == {"Ana Agent": (1, 2), "Cole Colleague": (0, 1)}
    assert [(group.label, group.measure.n) for group in figure.groups(mine, "macro")] == [("Update", 3)]
    assert [row.word_for_word for row in figure.rows(mine, "numerator")] == [True]


def test_every_door(told: Cast, client: Client) -> None:
    client.force_login(told.manager)
    answer = client.get(f"/api/v1/metrics/{CODE}/?group_by=macro").json()
    assert answer["value"] == 50 and answer["n"] == 4
    rows = client.get(f"/api/v1/metrics/{CODE}/rows/").json()["results"]
    assert len(rows) == 4 and {row["macro"]["name"] for row in rows} == {"Update"}
    page = client.get(f"/dashboard/{CODE}/rows/").content.decode()
    assert "Ana Agent" in page and "Update" in page
    lines = b"".join(client.get(f"/dashboard/{CODE}/rows/?format=csv").streaming_content).decode().splitlines()  # type: ignore[attr-defined]
    assert len(lines) == 5 and "word_for_word" in lines[0]
    page = client.get(f"/dashboard/{CODE}/?agent={told.agent.pk}").content.decode()
    assert "Ana Agent" in page and "Sent word for word" in page
    assert "Sent word for word" in client.get("/dashboard/?part=measures").content.decode()


def test_nonsense_is_refused(told: Cast, client: Client) -> None:
    client.force_login(told.manager)
    for query in ("agent=x", "macro=1e3", "group_by=body"):
        assert client.get(f"/api/v1/metrics/{CODE}/?{query}").status_code == 400, query
