"""The report on deadlines: what was met and missed under which policy, how late, why; each number leads to its rows."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from html import unescape
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from complaints.actions import decide, handle
from complaints.models import Clock, Complaint, SlaPolicy, SlaVersion
from complaints.reference import catalogue
from core import cached, clock
from core.actor import Actor
from core.models import Team
from tests.cast import MONDAY, Cast, make_cast, make_manager
from tests.test_settings_people import shown, signed_in
from tests.tokens import bearer

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
PATH = "/dashboard/deadlines/"
PERIOD = "?from=2026-03-01&to=2026-03-31&time_zone=UTC"


@pytest.fixture
def cast() -> Iterator[Cast]:
    with clock.frozen(MONDAY + timedelta(days=20)):
        yield make_cast()


def resolved(cast: Cast, one: Complaint, at: datetime, why: str = "") -> None:
    cause, by = catalogue().causes["people-mistake"], Actor.person(cast.agent)
    decide.resolve(one, by=by, at=at, outcome="upheld", root_cause=cause, summary="Paid back.", late_reason=why)


def newer_version() -> None:
    """The same policies, published again: new clocks carry the new version."""
    with clock.frozen(MONDAY):
        old = SlaVersion.objects.latest("number")
        version = SlaVersion.objects.create(number=old.number + 1, published_at=MONDAY, created_at=MONDAY)
        for policy in SlaPolicy.objects.filter(version=old):
            policy.pk, policy.version = None, version
            policy.save()
    cached.clear_all()


@pytest.fixture
def history(cast: Cast) -> Cast:
    """Acknowledged in time twice, late once, never once; one case under a newer version. One resolved late."""
    by, start = Actor.person(cast.agent), MONDAY
    first, second, third, _never = (cast.complaint(channel="email", at=start, subject=f"n{n}") for n in range(4))
    handle.acknowledge(first, by=by, at=start + HOUR)
    handle.acknowledge(second, by=by, at=start + 6 * HOUR)
    newer_version()
    fourth = cast.complaint(channel="email", at=start, subject="newer")
    handle.acknowledge(fourth, by=by, at=start + HOUR)
    resolved(cast, first, start + 2 * HOUR)
    resolved(cast, second, start + timedelta(days=10), "supplier")
    resolved(cast, third, start + timedelta(days=10))
    return cast


def page(client: Client, query: str = PERIOD) -> str:
    answer = client.get(PATH + query)
    assert answer.status_code == 200
    return str(answer.content.decode()).replace("\xa0", " ")


def numbers(client: Client, query: str = PERIOD) -> dict[tuple[str, ...], str]:
    """The CSV: (table, clock, terms, number) -> value."""
    text = client.get(PATH + query + "&format=csv").content.decode()
    _head, *lines = csv.reader(io.StringIO(text))
    return {(table, kind, terms, name): value for table, kind, terms, _label, name, value in lines}


def table_of(text: str, title: str) -> list[list[str]]:
    part = text.partition(f'id="{title}-title"')[2].partition("</section>")[0]
    rows = re.findall(r"<tr>(.*?)</tr>", part.partition("<tbody>")[2], re.S)
    return [[re.sub(r"<[^>]+>", "", cell) for cell in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row)] for row in rows]


def test_met_and_missed_by_clock_and_policy_version(history: Cast) -> None:
    rows = table_of(page(signed_in(history.manager)), "met")
    acknowledged = [row[1:] for row in rows[: [row[0] for row in rows].index("Next update")]]
    name = SlaPolicy.objects.filter(clocks__isnull=False)[0].name
    # first, fourth in time; second and third (acknowledged by its resolution) late; one never
    assert acknowledged == [
        ["All", "2", "3", "1", "40.0 %"],
        [f"{name} · v1", "1", "3", "1", "25.0 %"],
        [f"{name} · v2", "1", "0", "0", "100.0 %"],
    ]
    assert ["Statutory", "All", "0", "0", "0", "–"] in rows


def test_a_clock_keeps_the_policy_it_was_set_under(history: Cast) -> None:
    before = numbers(signed_in(history.manager))
    SlaPolicy.objects.update(targets={})
    cached.clear_all()
    assert numbers(signed_in(history.manager)) == before


def test_how_late_in_elapsed_and_in_working_time(history: Cast) -> None:
    late = Clock.objects.filter(kind="acknowledge", state="breached", completed_at__isnull=False)
    took = sorted((one.completed_at - one.due_at).total_seconds() / 3600 for one in late)  # type: ignore[operator]
    worked = sorted((one.overrun_seconds or 0) / 3600 for one in late)
    assert took[0] == 2.0 and len(took) == 2 and worked[0] == 2.0 and worked[1] < took[1]
    found = numbers(signed_in(history.manager))
    for name, (low, high), share in (
        ("median", took, 0.5), ("p90", took, 0.9), ("median_working", worked, 0.5), ("p90_working", worked, 0.9),
    ):  # fmt: skip
        assert float(found["overrun", "acknowledge", "", name]) == pytest.approx(low + (high - low) * share)
    assert found["overrun", "acknowledge", "", "n"] == "2"


def test_why_it_was_late_with_those_who_did_not_say(history: Cast) -> None:
    rows = table_of(page(signed_in(history.manager)), "reasons")
    assert rows == [["Waiting for a supplier or partner", "1", "50.0 %"], ["Not given", "1", "50.0 %"]]


@pytest.mark.parametrize("who", ["manager", "agent", "stranger"])
def test_every_number_leads_to_as_many_rows(history: Cast, who: str) -> None:
    client = signed_in(history.people()[who])
    text = page(client)
    links = re.findall(r'<td class="end"><a href="([^"]+)">(\d+)</a>', text)
    assert len(links) > 8 if who != "stranger" else not links
    for url, shown_n in links:
        answer = client.get(unescape(url))
        assert answer.status_code == 200
        count = re.search(r'<b class="num">(\d+) row', answer.content.decode())
        assert count is not None and count[1] == shown_n, url


def test_what_one_may_not_see_does_not_count(history: Cast) -> None:
    seen = numbers(signed_in(history.stranger))
    assert {value for key, value in seen.items() if key[3] in ("met", "missed", "n")} == {"0"}
    assert signed_in(history.admin).get(PATH).status_code == 403
    assert Client().get(PATH).status_code == 302


def test_nothing_is_a_dash_and_no_zero_percent(cast: Cast) -> None:
    text = page(signed_in(cast.manager))
    assert "0.0 %" not in text
    assert "Nothing was resolved late in this period." in text
    assert table_of(text, "met") == [[kind, "All", "0", "0", "0", "–"] for kind in (
        "Acknowledge", "Next update", "Resolve", "Statutory",
    )]  # fmt: skip
    assert {cell for row in table_of(text, "overrun") for cell in row[2:]} == {"–"}
    assert {value for key, value in numbers(signed_in(cast.manager)).items() if key[3] == "share"} == {""}


def test_period_and_filters_are_those_of_the_dashboard(history: Cast) -> None:
    client = signed_in(history.manager)
    assert numbers(client, "?from=2026-04-01&to=2026-04-30")["kept", "acknowledge", "", "met"] == "0"
    assert numbers(client, PERIOD + "&channel=phone")["kept", "acknowledge", "", "met"] == "0"
    assert numbers(client, PERIOD + "&channel=email")["kept", "acknowledge", "", "met"] == "2"
    refused = client.get(PATH + "?from=nonsense")
    assert refused.status_code == 422
    assert "A date such as" in refused.content.decode()
    assert PATH in client.get("/dashboard/").content.decode()


def test_ten_policies_cost_as_much_as_one(history: Cast) -> None:
    client = signed_in(history.manager)
    page(client)
    with CaptureQueriesContext(connection) as caught:
        page(client)
    assert len([one for one in caught if "complaints_clock" in one["sql"]]) == 9


def test_the_api_has_the_same_numbers(history: Cast) -> None:
    client = signed_in(history.manager)
    found, policy = numbers(client), SlaPolicy.objects.filter(clocks__isnull=False).order_by("pk")[0].pk
    asked = f"/api/v1/metrics/sla-compliance/{PERIOD}&kind=acknowledge&policy={policy}&group_by=policy"
    answer = client.get(asked).json()
    assert answer["numerator"] == int(found["kept", "acknowledge", f"policy {policy}", "met"]) == 1
    assert [group["key"] for group in answer["groups"]] == [str(policy)]
    reasons = client.get(f"/api/v1/metrics/late-reasons/{PERIOD}&group_by=late_reason").json()
    assert {group["key"]: group["value"] for group in reasons["groups"]} == {"supplier": 1, "-": 1}
    assert reasons["values"]["not_given"] == 1
    refused = client.get("/api/v1/metrics/late-reasons/?late_reason=weather")
    assert (refused.status_code, refused.json()["code"]) == (400, "unknown_code")


def test_a_window_is_no_deadline(history: Cast) -> None:
    from tests.figures.world import _pack

    pack = _pack()
    late = Clock.objects.filter(kind="acknowledge", state="breached")
    late.update(kind="statutory", policy=None, pack=pack, code="made-up.summary")
    found = numbers(signed_in(history.manager))
    assert found["kept", "statutory", "", "missed"] == "0"
    late = Clock.objects.filter(code="made-up.summary")
    late.update(code="made-up.final")
    rows = table_of(page(signed_in(history.manager)), "met")
    assert ["", "Made up, 1", "0", "2", "0", "0.0 %"] in rows


# --- whom the last rung tells -----------------------------------------------------------------------------------------


def test_a_team_names_its_manager_on_its_page(cast: Cast) -> None:
    client, path = signed_in(cast.admin), f"/settings/teams/{cast.team.pk}/"
    assert "every manager" in client.get(path).content.decode()
    other = make_manager("Nadia Next")
    assert client.post(path, {**shown(client, path), "manager": str(other.pk)}).status_code == 302
    assert Team.objects.get(pk=cast.team.pk).manager == other
    assert client.post(path, {**shown(client, path), "manager": str(cast.agent.pk)}).status_code == 422
    assert client.post(path, {**shown(client, path), "manager": ""}).status_code == 302
    assert Team.objects.get(pk=cast.team.pk).manager is None
    fresh = {**shown(client, "/settings/teams/new/"), "name": "New desk", "lead": str(cast.agent.pk)}
    assert client.post("/settings/teams/new/", {**fresh, "manager": str(other.pk)}).status_code == 302
    assert Team.objects.get(name="New desk").manager == other


def test_and_through_the_api(cast: Cast) -> None:
    client, path = Client(), f"/api/v1/teams/{cast.team.pk}/"

    def patch(who: Any, body: dict[str, Any], tag: str = "*") -> Any:
        return client.patch(path, body, content_type="application/json", headers={**bearer(who), "If-Match": tag})

    read = client.get(path, headers=bearer(cast.agent))
    assert read.json()["manager"] is None
    changed = patch(cast.admin, {"manager": str(cast.manager.pk)}, read["ETag"])
    assert changed.status_code == 200
    assert changed.json()["manager"] == {"id": str(cast.manager.pk), "name": "Maria Manager"}
    assert patch(cast.admin, {"manager": None}, read["ETag"]).status_code == 412
    refused = patch(cast.admin, {"manager": str(cast.agent.pk)})
    assert (refused.status_code, refused.json()["code"]) == (400, "not_a_manager")
    assert patch(cast.admin, {"manager": "999999"}).json()["code"] == "unknown_user"
    assert patch(cast.manager, {"manager": None}).status_code == 403
    unmatched = client.patch(path, {"manager": None}, content_type="application/json", headers=bearer(cast.admin))
    assert unmatched.status_code == 428
    listed = client.get("/api/v1/teams/", headers=bearer(cast.agent)).json()["results"]
    assert {one["name"]: one["manager"] and one["manager"]["name"] for one in listed}["Lisbon desk"] == "Maria Manager"
    assert patch(cast.admin, {"manager": None}).json()["manager"] is None
    assert client.get("/api/v1/teams/999999/", headers=bearer(cast.agent)).status_code == 404
