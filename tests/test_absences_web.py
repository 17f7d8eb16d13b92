"""The calendar of absences, and one's own with a deputy (mission D3; A4)."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client

from complaints.models import Complaint
from core import clock, trail
from core.models import Absence, User
from tests.cast import Cast, make_cast
from tests.tokens import bearer

pytestmark = pytest.mark.django_db
MARCH = datetime(2026, 3, 2, 9, tzinfo=UTC)


@pytest.fixture
def cast():
    with clock.frozen(MARCH):
        yield make_cast()


def away(user: User, first: int, behind: int | None) -> Absence:
    until = datetime(2026, 3, behind, tzinfo=UTC) if behind else None
    return Absence.objects.create(user=user, from_at=datetime(2026, 3, first, tzinfo=UTC), until_at=until)


def days_of(client: Client, user: User, url: str = "/team/absences/?month=2026-03") -> list[int]:
    page = client.get(url).context
    line = next(line for line in page["lines"] if line.person.name == str(user))
    return [number for number, cell in enumerate(line.cells, 1) if cell.away]


def test_the_month_of_the_team(client: Client, cast: Cast) -> None:
    away(cast.colleague, 10, 13)
    away(cast.stranger, 10, 13)
    client.force_login(cast.agent)
    assert days_of(client, cast.colleague) == [10, 11, 12]
    names = [line.person.name for line in client.get("/team/absences/").context["lines"]]
    assert names[0] == "Ana Agent" and "Cole Colleague" in names and "Lena Lead" in names
    assert "Sven Stranger" not in names
    assert days_of(client, cast.colleague, "/team/absences/?month=2026-04") == []
    away(cast.agent, 30, None)
    assert days_of(client, cast.agent) == [30, 31]
    assert len(days_of(client, cast.agent, "/team/absences/?month=2026-04")) == 30
    assert client.get("/team/absences/?month=nonsense").status_code == 200


def test_managers_see_all(client: Client, cast: Cast) -> None:
    client.force_login(cast.manager)
    names = [line.person.name for line in client.get("/team/absences/").context["lines"]]
    assert {"Sven Stranger", "Ana Agent"} <= set(names)
    client.force_login(cast.admin)
    assert client.get("/team/absences/").status_code in (403, 404)


def test_person_and_deputy_away_at_once_is_said(client: Client, cast: Cast) -> None:
    User.objects.filter(pk=cast.agent.pk).update(deputy=cast.colleague)
    away(cast.agent, 10, 14)
    away(cast.colleague, 12, 20)
    client.force_login(cast.agent)
    page = client.get("/team/absences/?month=2026-03").content.decode()
    assert "Ana Agent and the deputy Cole Colleague are both away: 12 March to 14 March" in page
    Absence.objects.filter(user=cast.colleague).update(from_at=datetime(2026, 3, 14, tzinfo=UTC))
    assert "are both away" not in client.get("/team/absences/?month=2026-03").content.decode()


@pytest.mark.parametrize("door", ["browser", "api"])
def test_ones_own_absence_with_deputy_and_hand_over(client: Client, cast: Cast, door: str) -> None:
    complaint = cast.complaint()
    start = MARCH + timedelta(days=3)
    if door == "browser":
        client.force_login(cast.agent)
        form = {
            "from_at": start.strftime("%Y-%m-%dT%H:%M"),
            "until_at": (start + timedelta(days=4)).strftime("%Y-%m-%dT%H:%M"),
            "deputy": cast.colleague.pk,
            "reason": "Holiday",
            "hand_over": "on",
        }
        answer = client.post("/team/absences/", form)
        assert answer.status_code == 302, answer.content.decode()
    else:
        body = {
            "from_at": start.isoformat(),
            "until_at": (start + timedelta(days=4)).isoformat(),
            "deputy": str(cast.colleague.pk),
            "reason": "Holiday",
            "hand_over": True,
        }
        api = Client(headers=bearer(cast.agent))
        answer = api.post("/api/v1/absences/", json.dumps(body), content_type="application/json")
        assert answer.status_code == 201, answer.content.decode()
        assert [row["reason"] for row in api.get("/api/v1/absences/").json()["results"]] == ["Holiday"]
    absence = Absence.objects.get(user=cast.agent)
    assert absence.hand_over and absence.from_at == start
    cast.agent.refresh_from_db()
    assert cast.agent.deputy == cast.colleague
    assert Complaint.objects.get(pk=complaint.pk).owner == cast.agent  # it has not begun
    kinds = set(trail.of(cast.agent).values_list("kind", flat=True))
    assert {"user.absence_set", "user.deputy_named"} <= kinds


def test_what_makes_no_sense_is_refused(client: Client, cast: Cast) -> None:
    client.force_login(cast.agent)
    form = {"from_at": "2026-03-09T09:00", "until_at": "2026-03-08T09:00", "deputy": "", "reason": ""}
    assert client.post("/team/absences/", form).status_code == 422
    form = {"from_at": "2026-03-09T09:00", "until_at": "", "deputy": cast.agent.pk, "reason": ""}
    assert client.post("/team/absences/", form).status_code == 422
    form["deputy"] = cast.admin.pk
    assert client.post("/team/absences/", form).status_code == 422
    assert not Absence.objects.exists()


@pytest.mark.parametrize("door", ["browser", "api"])
def test_only_ones_own_is_ended(client: Client, cast: Cast, door: str) -> None:
    own, theirs = away(cast.agent, 1, 20), away(cast.colleague, 1, 20)
    client.force_login(cast.agent)
    api = Client(headers=bearer(cast.agent))

    def end(absence: Absence) -> int:
        if door == "browser":
            return client.post(f"/team/absences/{absence.pk}/end/").status_code
        return api.post(f"/api/v1/absences/{absence.pk}/end/", "{}", content_type="application/json").status_code

    assert end(theirs) == 404
    assert end(own) in (302, 204)
    own.refresh_from_db()
    assert own.until_at == MARCH
    theirs.refresh_from_db()
    assert theirs.until_at == datetime(2026, 3, 20, tzinfo=UTC)
