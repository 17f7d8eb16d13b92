"""`/api/v1/sla-policies/`: reading, the draft, previews and their application, by the same actions (interface.md)."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from complaints.actions import policies as actions
from complaints.actions import sla_edits
from complaints.models import SlaPolicy, SlaVersion
from core import cached, clock
from core.actions import calendars
from core.actor import Actor
from core.models import Calendar, CalendarVersion, User
from tests.cast import MONDAY, Cast, make_cast
from tests.tokens import bearer

pytestmark = pytest.mark.django_db
ROOT = "/api/v1/sla-policies/"
HOUR = 3600
ALWAYS = {day: [["00:00", "24:00"]] for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")}


@pytest.fixture
def cast() -> Cast:
    cached.clear_all()
    return make_cast()


class Api:
    """Calls with a token of somebody; `match` becomes If-Match."""

    def __init__(self, user: User, *scopes: str) -> None:
        self.headers = bearer(user, *scopes)

    def __call__(self, method: str, path: str = "", body: Any = None, *, match: Any = None) -> Any:
        headers = {**self.headers, **({"If-Match": f'"{match}"'} if match is not None else {})}
        sent = "" if body is None else json.dumps(body)
        return Client(headers=headers).generic(method, ROOT + path, sent, content_type="application/json")


@pytest.fixture
def ada(cast: Cast) -> Api:
    return Api(cast.admin, "sla-policies:write")


@pytest.fixture
def draft(cast: Cast) -> SlaVersion:
    return actions.begin_draft(by=Actor.person(cast.admin), at=clock.now())


def gold(**fields: Any) -> dict[str, Any]:
    given = {"name": "Gold", "tier": "gold", "calendar": str(Calendar.objects.first().pk)}
    return {**given, "targets": {"resolve": {"kind": "working_days", "value": 2}}, **fields}


def test_the_list_in_force_and_its_versions(cast, ada, draft):
    found = ada("GET").json()["results"]
    rows = list(SlaPolicy.objects.filter(version__number=1).order_by("position"))
    assert [(one["id"], one["version"], one["position"]) for one in found] == [
        (str(row.pk), 1, row.position) for row in rows
    ]
    assert found[-1]["type"] is None and found[-1]["channel"] is None and found[-1]["team"] is None
    assert found[0]["targets"] == rows[0].targets and found[0]["calendar"]["name"] == rows[0].calendar.name
    assert {one["version"] for one in ada("GET", "?version=2").json()["results"]} == {2}
    assert ada("GET", "?version=99").json()["results"] == []
    assert ada("GET", "?version=x").status_code == ada("GET", "?nonsense=1").status_code == 400
    assert [one["number"] for one in ada("GET", "versions/").json()["results"]] == [2, 1]
    one = ada("GET", f"{rows[0].pk}/")
    assert one.json()["name"] == rows[0].name and "-" not in one.headers["ETag"], "no version that PATCH takes"
    assert ada("GET", "999999/").status_code == 404


def test_a_list_costs_the_same_however_long(cast, ada):
    few = _queries(ada)
    version = SlaVersion.objects.get(number=1)
    last = SlaPolicy.objects.filter(version=version).last()
    for number in range(20):
        SlaPolicy.objects.create(version=version, position=100 + number, name=f"P{number}", calendar=last.calendar,
                                 targets=last.targets, tier="x", team=cast.team)  # fmt: skip
    assert _queries(ada) == few


def _queries(api: Api) -> int:
    cached.clear_all()
    api("GET")
    with CaptureQueriesContext(connection) as caught:
        assert api("GET").status_code == 200
    return len(caught)


def test_a_draft_from_beginning_to_end(cast, ada):
    assert ada("GET", "draft/").status_code == ada("DELETE", "draft/").status_code == 404
    assert ada("POST", "", gold()).json()["code"] == "no_draft"
    assert ada("POST", "edits/", {"mode": "from_now"}).json()["code"] == "no_draft"
    begun = ada("POST", "draft/", {})
    assert begun.status_code == 201 and begun.headers["Location"].endswith("/api/v1/sla-policies/draft/")
    assert (begun.json()["number"], begun.json()["changes"], begun.json()["published_at"]) == (2, [], None)
    assert ada("POST", "draft/", {}).json()["code"] == "draft_open"
    made = ada("POST", "", gold(type="billing", team=str(cast.team.pk), ladder=[{"percent": 60, "to": ["lead"]}]))
    assert made.status_code == 201, made.content
    row = made.json()
    assert (row["type"], row["team"]["name"], row["tier"]) == ("billing", cast.team.name, "gold")
    assert made.headers["Location"].endswith(f"/{row['id']}/") and made.headers["ETag"].startswith('"2-')
    assert ada("POST", f"{row['id']}/position/", {"position": 1}).json()["position"] == 1
    patched = ada("PATCH", f"{row['id']}/", {"tier": None, "team": None, "severity": "serious"}, match=3)
    assert patched.status_code == 200, patched.content
    assert (patched.json()["tier"], patched.json()["team"], patched.json()["severity"]) == (None, None, "serious")
    shown = ada("GET", "draft/")
    assert shown.headers["ETag"].startswith('"4-') and patched.headers["ETag"].startswith('"4-')
    assert shown.json()["changes"] == [{"what": "added", "name": "Gold", "fields_changed": []}]
    assert shown.json()["policies"][0]["id"] == row["id"]
    assert ada("DELETE", f"{row['id']}/").status_code == 204
    assert ada("DELETE", "draft/", match=1).status_code == 409
    assert ada("DELETE", "draft/").status_code == 204
    assert SlaVersion.objects.count() == 1


def test_changes_need_the_state_that_was_read(cast, ada, draft):
    one = SlaPolicy.objects.filter(version=draft).first()
    path = f"{one.pk}/"
    assert ada("GET", path).headers["ETag"].startswith('"1-')
    assert ada("PATCH", path, {"name": "New"}).status_code == 428
    assert ada("PATCH", path, {"name": "New"}, match=1).status_code == 200
    assert ada("PATCH", path, {"name": "Newer"}, match=1).status_code == 412
    assert ada("POST", f"{one.pk}/position/", {"position": 3}, match=1).json()["code"] == "stale"
    one.refresh_from_db()
    assert (one.name, one.position) == ("New", 1)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"targets": {}}, "bad_target"),
        ({"targets": {"resolve": {"kind": "working_days"}}}, "required"),
        ({"targets": {"resolve": {"kind": "weeks", "value": 2}}}, "unknown_code"),
        ({"targets": {"resolve": {"kind": "working_days", "value": 99_999}}}, "bad_target"),
        ({"targets": {"statutory": {"kind": "working_days", "value": 2}}}, "unknown_field"),
        ({"ladder": [{"percent": 75, "to": []}]}, "empty"),
        ({"ladder": [{"percent": 0, "to": ["owner"]}]}, "out_of_range"),
        ({"ladder": [{"percent": 75, "to": ["boss"]}]}, "unknown_code"),
        ({"ladder": [{"percent": 75, "to": ["owner"]}, {"percent": 75, "to": ["lead"]}]}, "bad_ladder"),
        ({"calendar": "999999"}, "unknown_calendar"),
        ({"team": "999999"}, "unknown_team"),
        ({"type": "nonsense"}, "unknown_type"),
        ({"channel": "pigeon"}, "unknown_code"),
        ({"name": " "}, "blank"),
        ({"name": "letters"}, "name_taken"),
        ({"position": 1}, "unknown_field"),
    ],
)
def test_what_means_nothing_is_refused(cast, ada, draft, body, code):
    answer = ada("POST", "", gold(**body))
    assert answer.status_code == 400, answer.content
    found = answer.json()
    assert code in {found["code"], *(one["code"] for one in found["errors"])}
    assert SlaPolicy.objects.filter(version=draft).count() == SlaPolicy.objects.filter(version__number=1).count()


def test_what_is_in_force_and_the_last_one_stay(cast, ada, draft):
    in_force = SlaPolicy.objects.filter(version__number=1).first()
    assert ada("PATCH", f"{in_force.pk}/", {"name": "Mine"}, match=0).json()["code"] == "not_a_draft"
    assert ada("DELETE", f"{in_force.pk}/").json()["code"] == "not_a_draft"
    last = SlaPolicy.objects.filter(version=draft).last()
    assert ada("DELETE", f"{last.pk}/").json()["code"] == "default_stays"
    assert ada("POST", f"{last.pk}/position/", {"position": 1}).json()["code"] == "default_stays"
    assert ada("PATCH", f"{last.pk}/", {"tier": "gold"}, match=1).json()["code"] == "default_without_conditions"
    first = SlaPolicy.objects.filter(version=draft).first()
    assert ada("POST", f"{first.pk}/position/", {"position": last.position}).json()["code"] == "out_of_range"


def test_managers_read_agents_do_not(cast, draft):
    one = SlaPolicy.objects.filter(version=draft).first()
    edit = sla_edits.preview(sla_version=draft, mode="from_now", by=Actor.person(cast.admin), at=clock.now())
    reads = ("", f"{one.pk}/", "versions/", "draft/", "edits/", f"edits/{edit.pk}/")
    writes = [
        ("POST", "", gold()), ("PATCH", f"{one.pk}/", {"name": "Mine"}), ("DELETE", f"{one.pk}/", None),
        ("POST", f"{one.pk}/position/", {"position": 2}), ("DELETE", "draft/", None), ("POST", "draft/", {}),
        ("POST", "edits/", {"mode": "from_now"}), ("DELETE", f"edits/{edit.pk}/", None),
        ("POST", f"edits/{edit.pk}/application/", {}),
    ]  # fmt: skip
    manager, agent, reader = Api(cast.manager), Api(cast.agent), Api(cast.admin, "sla-policies:read")
    before = list(SlaPolicy.objects.order_by("pk").values())
    for path in reads:
        assert manager("GET", path).status_code == reader("GET", path).status_code == 200, path
        assert agent("GET", path).status_code == 403, path
    for method, path, body in writes:
        for who in (manager, agent, reader):
            assert who(method, path, body, match=1).status_code == 403, (method, path)
    edit.refresh_from_db()
    assert (edit.status, list(SlaPolicy.objects.order_by("pk").values())) == ("counted", before)


def test_preview_apply_and_progress(cast, ada):
    """By hand: filed Monday 9:00 with 10 hours of a clock that never closes, due 19:00; 30 hours: Tuesday 15:00."""
    CalendarVersion.objects.update(definition={"tz": "UTC", "weekly": ALWAYS, "exceptions": []})
    ten = {"resolve": {"kind": "working_seconds", "value": 10 * HOUR}}
    SlaPolicy.objects.update(targets=ten, ladder=[])
    cached.clear_all()
    with clock.frozen(MONDAY):
        case = cast.complaint(channel="web")
    with clock.frozen(MONDAY + timedelta(hours=1)):
        ada("POST", "draft/", {})
        thirty = {"resolve": {"kind": "working_seconds", "value": 30 * HOUR}}
        for one in SlaPolicy.objects.filter(version__number=2):
            tag = ada("GET", "draft/").json()["revision"]
            assert ada("PATCH", f"{one.pk}/", {"targets": thirty}, match=tag).status_code == 200
        assert ada("POST", "edits/", {"mode": "retroactive"}).status_code == 400
        made = ada("POST", "edits/", {"mode": "from_now"})
        found = made.json()
        assert made.status_code == 201 and made.headers["Location"].endswith(f"/edits/{found['id']}/")
        assert (found["status"], found["version"], found["total"]) == ("counted", 2, 1)
        assert (found["moved"], found["earlier"], found["later"], found["late_at_once"]) == (1, 0, 1, 0)
        assert found["examples"] == []  # an administrator sees no cases
        here = f"edits/{found['id']}/"
        (example,) = Api(cast.manager)("GET", here).json()["examples"]
        assert (example["reference"], example["clock"]) == (case.reference, "resolve")
        applied = ada("POST", here + "application/", {})
        assert applied.status_code == 200 and applied.json()["status"] in ("applying", "done")
        assert ada("POST", here + "application/", {}).json()["code"] == "edit_not_ready"
        assert ada("DELETE", here).json()["code"] == "edit_not_ready"
    moved = case.clocks.get(kind="resolve")
    assert moved.due_at == MONDAY + timedelta(hours=30)
    with clock.frozen(MONDAY + timedelta(hours=2)):
        sla_edits.advance()
        sla_edits.advance()
        assert ada("GET", here).json()["status"] == "done"
        assert [one["status"] for one in ada("GET", "edits/?status=done").json()["results"]] == ["done"]
        assert ada("GET", "edits/?status=nonsense").status_code == 400
        assert ada("GET").json()["results"][0]["version"] == 2


def test_dropping_a_preview_keeps_the_draft(cast, ada, draft):
    here = f"edits/{ada('POST', 'edits/', {'mode': 'new_only'}).json()['id']}/"
    assert ada("DELETE", here).status_code == 204
    assert ada("GET", here).json()["status"] == "dropped"
    assert ada("GET", "draft/").status_code == 200
    ada("DELETE", "draft/")
    assert ada("GET", here).json()["version"] is None


def test_one_that_is_never_reached_says_so(cast, ada, draft):
    made = ada("POST", "", gold()).json()
    twin = ada("POST", "", gold(name="Gold again", channel="web")).json()
    assert made["never_reached"] is None
    assert twin["never_reached"] == {"by": {"id": made["id"], "name": "Gold"}}


def test_a_preview_says_by_how_much_where_and_which(cast, ada, draft):
    CalendarVersion.objects.update(definition={"tz": "UTC", "weekly": ALWAYS, "exceptions": []})
    SlaPolicy.objects.update(targets={"resolve": {"kind": "working_seconds", "value": 10 * HOUR}}, ladder=[])
    cached.clear_all()
    with clock.frozen(MONDAY):
        case = cast.complaint(channel="web")
    at = MONDAY + timedelta(hours=3, microseconds=400_000)
    two = {"resolve": {"kind": "working_seconds", "value": 2 * HOUR}}
    with clock.frozen(at):
        for one in SlaPolicy.objects.filter(version=draft):
            tag = ada("GET", "draft/").json()["revision"]
            assert ada("PATCH", f"{one.pk}/", {"targets": two}, match=tag).status_code == 200
        found = ada("POST", "edits/", {"mode": "from_now"}).json()
        here = f"edits/{found['id']}/"
        assert (found["complaints"], found["late_at_once"], found["late_complaints"], found["outdated"]) == (
            1,
            1,
            1,
            None,
        )
        seconds = 7 * HOUR - 1
        assert found["shifts"]["earlier"] == {
            "deadlines": 1, "average_seconds": seconds, "most_seconds": seconds, "average_working_seconds": seconds,
            "most_working_seconds": seconds,
        }  # fmt: skip
        assert found["shifts"]["paused"]["deadlines"] == 0 and found["shifts"]["later"]["average_seconds"] is None
        last = SlaPolicy.objects.filter(version=draft).order_by("position").last()
        assert found["spread"] == [{
            "policy": {"id": str(last.pk), "name": last.name}, "clock": "resolve", "side": "earlier",
            "over_seconds": 4 * HOUR, "up_to_seconds": 24 * HOUR, "deadlines": 1,
        }]  # fmt: skip
        assert ada("GET", here + "rows/").json()["results"] == []  # an administrator sees no cases
        (row,) = Api(cast.manager)("GET", here + "rows/?late=true").json()["results"]
        assert (row["complaint"], row["clock"], row["what"], row["late"]) == (case.reference, "resolve", "moved", True)
        assert row["seconds"] == row["working_seconds"] == -seconds
        assert Api(cast.manager)("GET", here + "rows/?what=ended").json()["results"] == []
        assert Api(cast.manager)("GET", "edits/999999/rows/").status_code == 404
    with clock.frozen(at + timedelta(hours=2)):
        assert ada("GET", here).json()["outdated"] == "preview_outdated"
        refused = ada("POST", here + "application/", {})
        assert (refused.status_code, refused.json()["code"]) == (409, "preview_outdated")


def test_the_draft_of_a_calendar_is_previewed_and_applied_too(cast, ada):
    office = Calendar.objects.get(name="Office hours")
    assert ada("POST", "edits/", {"mode": "retroactive", "calendar": str(office.pk)}).json()["code"] == "no_draft"
    refused = ada("POST", "edits/", {"mode": "from_now", "calendar": "999999"})
    assert refused.status_code == 400 and refused.json()["errors"][0]["code"] == "unknown_calendar"
    who = {"by": Actor.person(cast.admin), "at": clock.now()}
    hours = {"tz": "Europe/Lisbon", "weekly": {"mon": [["09:00", "12:00"]]}, "holidays": []}
    version = calendars.save_draft(office, hours, **who)
    found = ada("POST", "edits/", {"mode": "retroactive", "calendar": str(office.pk)}).json()
    assert (found["calendar"], found["version"]) == ({"id": str(office.pk), "name": office.name}, version.number)
    calendars.save_draft(office, {**hours, "weekly": {"mon": [["09:00", "13:00"]]}}, **who)
    here = f"edits/{found['id']}/"
    assert ada("GET", here).json()["outdated"] == "draft_changed"
    assert ada("POST", here + "application/", {}).json()["code"] == "draft_changed"
    fresh = ada("POST", "edits/", {"mode": "new_only", "calendar": str(office.pk)}).json()
    assert ada("POST", f"edits/{fresh['id']}/application/", {}).json()["status"] == "done"
    version.refresh_from_db()
    assert version.published_at is not None
    assert ada("GET", "edits/").status_code == 200
