"""What administrators set, over the API: the same actions as in the browser, with a version and a scope (D3, E1)."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client

from complaints.models import Channel, ComplaintType, RootCause, RoutingRule
from core import trail
from core.models import ApiToken, Organisation, OutboxMessage, Team, User
from metrics.models import SurveySettings
from tests.cast import Cast, make_cast
from tests.tokens import bearer, make_token

pytestmark = [pytest.mark.django_db, pytest.mark.sqlite]


class Caller:
    """A client with a token of one user."""

    def __init__(self, user: User, *scopes: str) -> None:
        self.headers, self.client = bearer(user, *scopes), Client()

    def __call__(self, method: str, path: str, body: Any = None, *, match: str = "") -> Any:
        headers = {**self.headers, **({"If-Match": match} if match else {})}
        return self.client.generic(method, f"/api/v1/{path}", _json(body), "application/json", headers=headers)


def _json(body: Any) -> str:
    return "" if body is None else json.dumps(body)


@pytest.fixture
def cast(db: None) -> Cast:
    return make_cast()


@pytest.fixture
def admin(cast: Cast) -> Caller:
    return Caller(cast.admin)


ROWS = [
    ("complaint-types/", {"code": "late-fee", "names": {"en": "Late fee"}}, {"names": {"en": "Late fees"}}),
    ("root-causes/", {"code": "late-parts", "names": {"en": "Late parts"}}, {"is_active": False}),
    ("teams/", {"name": "Porto desk", "lead": "{agent}", "members": ["{agent}"]}, {"name": "Porto"}),
    ("routing-rules/", {"team": "{team}", "channel": "phone"}, {"channel": None, "severity": "critical"}),
    ("users/", {"username": "mvidal", "name": "Marta Vidal", "email": "m@x.example"}, {"is_agent": True}),
]


@pytest.mark.parametrize(("path", "new", "patch"), ROWS, ids=[row[0] for row in ROWS])
def test_a_row_of_settings_is_made_read_and_changed_under_its_version(
    cast: Cast, admin: Caller, path: str, new: Any, patch: Any
) -> None:
    known = {"{agent}": str(cast.agent.pk), "{team}": str(cast.team.pk)}
    new = {name: known.get(value, value) if isinstance(value, str) else value for name, value in new.items()}
    if "members" in new:
        new["members"] = [known[one] for one in new["members"]]
    for somebody in (cast.agent, cast.manager):
        assert Caller(somebody)("POST", path, new).status_code == 403
    assert Caller(cast.admin, "complaints:write")("POST", path, new).json()["code"] == "insufficient_scope"
    made = admin("POST", path, new)
    assert made.status_code == 201, made.content
    place = made["Location"].partition("/api/v1/")[2]
    read = admin("GET", place)
    assert read.json() == made.json() and read["ETag"] == made["ETag"]
    assert admin("PATCH", place, patch).status_code == 428
    assert admin("PATCH", place, patch, match='"999"').status_code == 412
    assert Caller(cast.manager)("PATCH", place, patch, match=read["ETag"]).status_code == 403
    changed = admin("PATCH", place, patch, match=read["ETag"])
    assert changed.status_code == 200, changed.content
    assert changed["ETag"] != read["ETag"]
    assert {name: changed.json()[name] for name in patch} == patch
    assert admin("PATCH", place, patch, match=read["ETag"]).status_code == 412


def test_types_stand_in_an_order_and_on_two_levels(cast: Cast, admin: Caller) -> None:
    above = ComplaintType.objects.filter(parent=None).exclude(code="unclassified").order_by("position").first()
    made = admin("POST", "complaint-types/", {"code": "deep", "names": {"en": "Deep"}, "parent": above.code})
    assert made.json()["parent"] == above.code
    refused = admin("POST", "complaint-types/", {"code": "deeper", "names": {"en": "Deeper"}, "parent": "deep"})
    assert refused.json()["code"] == "too_deep"
    assert admin("POST", "complaint-types/", {"code": "x", "names": {"xx": "X"}}).json()["code"] == "unknown_language"
    assert admin("POST", "complaint-types/", {"code": "x", "names": {"pt": "X"}}).json()["code"] == "name_required"
    before = ComplaintType.objects.get(code="deep").position
    assert admin("POST", "complaint-types/deep/position/", {"direction": "up"}).status_code == 200
    assert ComplaintType.objects.get(code="deep").position < before
    cause = RootCause.objects.filter(parent=None).exclude(code="unclassified").order_by("-position").first()
    assert admin("POST", f"root-causes/{cause.code}/position/", {"direction": "up"}).status_code == 200


def test_channels_are_switched_and_moved(admin: Caller) -> None:
    etag = admin("GET", "channels/letter/")["ETag"]
    changed = admin("PATCH", "channels/letter/", {"is_active": False, "default_severity": "serious"}, match=etag)
    assert changed.json()["default_severity"] == "serious"
    assert not Channel.objects.get(pk="letter").is_active
    last = Channel.objects.order_by("position").last()
    assert admin("POST", f"channels/{last.pk}/position/", {"direction": "up"}).status_code == 200
    assert Channel.objects.order_by("position").last() != last


def test_a_routing_rule_moves_and_goes(cast: Cast, admin: Caller) -> None:
    first, second = (admin("POST", "routing-rules/", {"team": str(cast.team.pk)}).json() for _ in "12")
    assert admin("POST", f"routing-rules/{second['id']}/position/", {"direction": "up"}).status_code == 200
    assert list(RoutingRule.objects.order_by("position").values_list("pk", flat=True)) == [
        int(second["id"]),
        int(first["id"]),
    ]
    assert Caller(cast.agent)("DELETE", f"routing-rules/{first['id']}/").status_code == 403
    assert admin("DELETE", f"routing-rules/{first['id']}/").status_code == 204
    assert admin("GET", f"routing-rules/{first['id']}/").status_code == 404


def test_switching_an_account_off_moves_its_cases_and_on_again_does_not(cast: Cast, admin: Caller) -> None:
    complaint = cast.complaint()
    answer = admin("POST", f"users/{cast.agent.pk}/deactivation/", {})
    assert answer.status_code == 200, answer.content
    assert (answer.json()["moved"], answer.json()["user"]["is_active"]) == (1, False)
    complaint.refresh_from_db()
    assert complaint.owner != cast.agent
    assert admin("DELETE", f"users/{cast.agent.pk}/deactivation/").json()["is_active"] is True
    refused = admin("POST", f"users/{cast.lead.pk}/deactivation/", {})
    assert (refused.status_code, refused.json()["code"]) == (409, "still_leads_a_team")
    assert admin("POST", f"users/{cast.agent.pk}/password-link/", {}).status_code == 204
    assert OutboxMessage.objects.filter(template="password_reset").count() == 1
    assert admin("POST", f"users/{cast.agent.pk}/password-link/", {}).json()["code"] == "just_sent"


def test_the_organisation_is_changed_by_administrators_alone(cast: Cast, admin: Caller) -> None:
    etag = admin("GET", "organisation/")["ETag"]
    patch = {"contact_line": "800 123 456", "default_owner": str(cast.manager.pk)}
    changed = admin("PATCH", "organisation/", patch, match=etag)
    assert changed.status_code == 200, changed.content
    assert Organisation.objects.get(pk=1).default_owner == cast.manager
    assert admin("PATCH", "organisation/", {"default_owner": "999999"}, match="*").json()["code"] == "unknown_user"
    assert Caller(cast.manager)("GET", "organisation/").status_code == 403


def test_what_holds_for_all_surveys(cast: Cast) -> None:
    manager = Caller(cast.manager)
    etag = manager("GET", "survey-settings/")["ETag"]
    changed = manager("PATCH", "survey-settings/", {"contact_cap_days": 60}, match=etag)
    assert changed.json()["contact_cap_days"] == 60 == SurveySettings.objects.get(pk=1).contact_cap_days
    assert Caller(cast.agent)("PATCH", "survey-settings/", {"contact_cap_days": 1}, match="*").status_code == 403


def test_a_token_is_shown_once_and_ends_at_once(cast: Cast, admin: Caller) -> None:
    new = {"name": "Web shop", "user": str(cast.agent.pk), "scopes": ["complaints:write"], "days": 30}
    assert Caller(cast.manager)("POST", "tokens/", new).status_code == 403
    made = admin("POST", "tokens/", new)
    assert made.status_code == 201 and made["Cache-Control"] == "no-store", made.content
    plain, key = made.json()["token"], made.json()["id"]
    stored = ApiToken.objects.get(pk=key)
    assert plain not in str(stored.__dict__) and len(stored.digest) == 64
    assert "token" not in admin("GET", f"tokens/{key}/").json()
    asked = {"Authorization": f"Bearer {plain}"}
    assert Client().get("/api/v1/complaints/", headers=asked).status_code == 200
    assert Client().get("/api/v1/customers/", headers=asked).status_code == 403
    assert admin("GET", f"tokens/{key}/").json()["last_used_at"]
    ended = admin("DELETE", f"tokens/{key}/")
    assert ended.json()["revoked_at"]
    assert Client().get("/api/v1/complaints/", headers=asked).status_code == 401
    assert admin("DELETE", f"tokens/{key}/").json()["code"] == "already_revoked"
    revoked = admin("GET", "tokens/?is_revoked=true").json()["results"]
    assert [one["id"] for one in revoked] == [key]
    assert admin("POST", "tokens/", {**new, "scopes": ["everything"]}).json()["code"] == "unknown_scope"


def test_a_token_issues_none_that_may_do_more(cast: Cast) -> None:
    narrow = Caller(cast.admin, "tokens:write", "complaints:read")
    new = {"name": "More", "user": str(cast.manager.pk), "scopes": ["complaints:write"]}
    assert narrow("POST", "tokens/", new).json()["code"] == "insufficient_scope"
    assert narrow("POST", "tokens/", {**new, "scopes": ["all"]}).json()["code"] == "insufficient_scope"
    assert narrow("POST", "tokens/", {**new, "scopes": ["complaints:read"]}).status_code == 201


def test_the_trail_names_the_token_that_acted(cast: Cast) -> None:
    complaint = cast.complaint()
    _token, plain = make_token(cast.agent, name="Shop connector")
    answer = Client().post(
        f"/api/v1/complaints/{complaint.reference}/acknowledgement/",
        "{}",
        "application/json",
        headers={"Authorization": f"Bearer {plain}"},
    )
    assert answer.status_code == 200
    entry = trail.of(complaint).filter(kind="complaint.acknowledged").get()
    assert (entry.actor_kind, entry.actor_label, entry.actor_id) == ("integration", "Shop connector", cast.agent.pk)


def test_an_integration_asks_who_it_is(cast: Cast) -> None:
    answer = Caller(cast.agent, "account:write", "complaints:read")("GET", "account/").json()
    assert (answer["username"], answer["roles"], answer["token"]) == (cast.agent.username, ["agent"], "test")
    assert answer["scopes"] == ["account:write", "complaints:read"]
    mine = Caller(cast.agent)
    changed = mine("PATCH", "account/", {"language": "pt", "time_zone": "Europe/Lisbon"}, match="*").json()
    assert (changed["language"], changed["time_zone"]) == ("pt", "Europe/Lisbon")
    assert mine("PATCH", "account/", {"time_zone": "Mars/Base"}, match="*").json()["code"] == "unknown_zone"
    assert mine("PATCH", "account/", {"is_admin": True}, match="*").json()["code"] == "unknown_field"


def test_mail_that_was_given_up_is_sent_again(cast: Cast) -> None:
    cast.complaint()
    manager = Caller(cast.manager)
    letters = manager("GET", "mail/?state=waiting").json()["results"]
    assert letters
    OutboxMessage.objects.filter(pk=letters[0]["id"]).update(failed_at="2026-01-01T00:00:00Z", attempts=9)
    assert [one["id"] for one in manager("GET", "mail/?state=failed").json()["results"]] == [letters[0]["id"]]
    again = manager("POST", f"mail/{letters[0]['id']}/retry/", {}).json()
    assert (again["state"], again["message_id"]) == ("waiting", letters[0]["message_id"])
    assert manager("POST", f"mail/{letters[0]['id']}/retry/", {}).json()["code"] == "not_failed"
    assert Caller(cast.agent)("GET", "mail/").status_code == 403


def test_team_members_are_given_over_the_api(cast: Cast, admin: Caller) -> None:
    new = {"name": "Faro desk", "lead": str(cast.colleague.pk), "members": [str(cast.colleague.pk)]}
    made = admin("POST", "teams/", new).json()
    assert Team.objects.get(pk=made["id"]).members.get() == cast.colleague
