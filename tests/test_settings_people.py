"""Settings, people: users, absences, teams, tokens (mission D3; cases F07, F08, F09, F24, F25)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from complaints.actions import rules, staff
from complaints.models import Complaint, RoutingRule
from core import cached, clock, trail
from core.actions import settings as row_settings
from core.actor import Actor
from core.models import Absence, ApiToken, OutboxMessage, Team, TrailEntry, User
from tests.cast import Cast, make_agent, make_cast, make_complaint, make_team, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast() -> Cast:
    cached.clear_all()
    return make_cast()


@pytest.fixture
def ada(cast: Cast) -> Client:
    """Signed in as the administrator."""
    return signed_in(cast.admin)


def signed_in(user: User, **headers: str) -> Client:
    client = Client(headers=headers)
    client.force_login(user)
    return client


def shown(client: Client, path: str) -> dict[str, Any]:
    """What a browser would send back if nothing was typed: every field with its value."""
    form = client.get(path).context["form"]
    sent: dict[str, Any] = {}
    for field in form:
        value = field.value()
        if value is None or value is False or value == "":
            continue
        sent[field.html_name] = "on" if value is True else value
    return sent


def who(cast: Cast) -> dict[str, Any]:
    return {"by": Actor.person(cast.admin), "at": clock.now()}


# --- users ------------------------------------------------------------------------------------------------------------


def test_a_new_user_has_no_password_and_gets_the_link_by_mail(cast, ada):
    sent = shown(ada, "/settings/users/new/") | {
        "name": "Nora New", "username": "nora", "email": "nora@house.example",
        "roles": ["agent"], "team": str(cast.team.pk), "languages": ["en", "ru"], "capacity": "12", "send_link": "on",
    }  # fmt: skip
    assert ada.post("/settings/users/new/", sent).status_code == 302
    nora = User.objects.get(username="nora")
    assert (nora.is_agent, nora.is_admin, nora.team, nora.capacity) == (True, False, cast.team, 12)
    assert nora.languages == ["en", "ru"]
    assert not nora.has_usable_password()
    assert nora.workload.open_count == 0
    mail = OutboxMessage.objects.get(template="password_reset")
    assert mail.recipient == "nora@house.example"
    place = mail.context["link"].removeprefix("http://localhost:8000")
    page = Client().get(place[place.index("/password/") :], follow=True)
    assert page.status_code == 200
    assert page.context["form"] is not None
    assert [entry.kind for entry in trail.of(nora)] == ["user.created", "user.password_link_sent"]
    body = "".join(trail.of(nora).values_list("body", flat=True))
    assert "Nora" not in body and "nora@house" not in body  # personal text stays outside the hash


def test_the_same_form_sent_twice_makes_one_user(cast, ada):
    sent = shown(ada, "/settings/users/new/") | {"name": "Nora", "username": "nora", "capacity": "5"}
    sent.pop("send_link", None)
    first, second = (ada.post("/settings/users/new/", sent) for _ in range(2))
    assert first.status_code == second.status_code == 302
    assert first.headers["Location"] == second.headers["Location"]
    assert User.objects.filter(username="nora").count() == 1


@pytest.mark.parametrize(
    "extra", ["is_superuser", "is_staff", "is_active", "password", "team_id", "status", "created_by"]
)
def test_what_the_form_does_not_have_is_refused(cast, ada, extra):
    """F08: nothing is changed, nothing stands on the trail."""
    path = f"/settings/users/{cast.agent.pk}/"
    before = User.objects.filter(pk=cast.agent.pk).values().get()
    answer = ada.post(path, shown(ada, path) | {"name": "Changed", extra: "1"})
    assert answer.status_code == 400
    assert User.objects.filter(pk=cast.agent.pk).values().get() == before
    assert not trail.of(cast.agent).exists()


def test_nobody_but_an_administrator_changes_a_role(cast):
    path = f"/settings/users/{cast.agent.pk}/"
    for role in ("agent", "lead", "manager"):
        client = signed_in(cast.people()[role])
        assert client.post(path, {"roles": ["admin"]}).status_code == 403
        assert client.get("/settings/users/").status_code == 403
    cast.agent.refresh_from_db()
    assert not cast.agent.is_admin


def test_a_stale_form_keeps_both_values_and_overwrites_nothing(cast, ada):
    path = f"/settings/users/{cast.agent.pk}/"
    sent = shown(ada, path) | {"name": "Ana Typed", "capacity": "33"}
    staff.change_user(cast.agent, {"name": "Ana Stored"}, **who(cast))
    answer = ada.post(path, sent)
    text = answer.content.decode()
    assert answer.status_code == 409
    assert "Ana Stored" in text and 'value="Ana Typed"' in text
    assert {one.label for one in answer.context["form"].differences} == {"Name", "Capacity (open cases)"}
    cast.agent.refresh_from_db()
    assert (cast.agent.name, cast.agent.capacity) == ("Ana Stored", 20)
    again = {**sent, "seen": answer.context["form"].data["seen"], "nonce": answer.context["form"].data["nonce"]}
    assert ada.post(path, again).status_code == 302
    cast.agent.refresh_from_db()
    assert (cast.agent.name, cast.agent.capacity) == ("Ana Typed", 33)


def test_the_last_administrator_stays_one(cast, ada):
    path = f"/settings/users/{cast.admin.pk}/"
    sent = {**shown(ada, path), "roles": ["agent"]}
    answer = ada.post(path, sent)
    assert answer.status_code == 409
    assert "Somebody has to remain" in answer.content.decode()
    assert ada.post(f"/settings/users/{cast.admin.pk}/deactivation/", {}).status_code == 409


def test_one_is_not_ones_own_deputy_and_the_deputy_is_active(cast, ada):
    path = f"/settings/users/{cast.agent.pk}/"
    assert ada.post(path, {**shown(ada, path), "deputy": str(cast.agent.pk)}).status_code == 422
    User.objects.filter(pk=cast.colleague.pk).update(is_active=False)
    assert ada.post(path, {**shown(ada, path), "deputy": str(cast.colleague.pk)}).status_code == 422


def test_who_may_own_no_cases_any_more_hands_them_over(cast, ada):
    complaint = cast.complaint()
    path = f"/settings/users/{cast.agent.pk}/"
    assert ada.post(path, {**shown(ada, path), "roles": ["admin"]}).status_code == 302
    complaint.refresh_from_db()
    assert complaint.owner == cast.lead


def test_switching_off_says_first_who_gets_how_many(cast, ada):
    cases = [cast.complaint() for _ in range(3)] + [make_complaint(owner=cast.agent)]
    Complaint.objects.filter(pk=cases[3].pk).update(team=cast.other_team)
    page = ada.get(f"/settings/users/{cast.agent.pk}/deactivation/")
    expected = {cast.lead.name: "3 open cases", str(cast.other_team.lead): "1 open case"}
    assert {person.name: words for person, words in page.context["heirs"]} == expected
    sent = {"nonce": page.context["form"]["nonce"].value()}
    assert ada.post(f"/settings/users/{cast.agent.pk}/deactivation/", sent).status_code == 302
    cast.agent.refresh_from_db()
    assert not cast.agent.is_active
    owners = [Complaint.objects.get(pk=one.pk).owner for one in cases]
    assert owners == [cast.lead] * 3 + [cast.other_team.lead]
    assert not Complaint.objects.filter(owner=cast.agent, in_queue=True).exists()
    assert ada.post(f"/settings/users/{cast.agent.pk}/reactivation/").status_code == 302
    cast.agent.refresh_from_db()
    assert cast.agent.is_active
    assert not Complaint.objects.filter(owner=cast.agent).exists()


def test_a_lead_is_not_switched_off(cast, ada):
    answer = ada.post(f"/settings/users/{cast.lead.pk}/deactivation/", {})
    assert answer.status_code == 409
    assert cast.team.name in answer.content.decode()
    cast.lead.refresh_from_db()
    assert cast.lead.is_active


def test_an_absence_is_typed_in_the_viewers_zone_and_hands_over_when_asked(cast):
    User.objects.filter(pk=cast.admin.pk).update(time_zone="America/Sao_Paulo")
    client, complaint = signed_in(cast.admin), cast.complaint()
    path = f"/settings/users/{cast.agent.pk}/absences/"
    later = {"from_at": "2030-06-03T09:00", "until_at": "2030-06-10T09:00", "reason": "Holiday", "hand_over": "on"}
    assert client.post(path, later).status_code == 302
    absence = Absence.objects.get(user=cast.agent)
    assert absence.from_at.isoformat() == "2030-06-03T12:00:00+00:00"
    complaint.refresh_from_db()
    assert complaint.owner == cast.agent  # it has not begun
    assert client.post(path, {"from_at": "2026-01-05T09:00", "hand_over": "on"}).status_code == 302
    complaint.refresh_from_db()
    assert complaint.owner == cast.lead
    gone = Absence.objects.get(user=cast.agent, until_at=None)
    assert client.post(f"{path}{gone.pk}/end/").status_code == 302
    gone.refresh_from_db()
    assert gone.until_at is not None
    assert client.post(f"{path}{absence.pk}/end/").status_code == 302
    assert not Absence.objects.filter(pk=absence.pk).exists()  # it had not begun


def test_an_absence_that_ends_before_it_begins_is_refused(cast, ada):
    answer = ada.post(
        f"/settings/users/{cast.agent.pk}/absences/", {"from_at": "2030-06-03T09:00", "until_at": "2030-06-02T09:00"}
    )
    assert answer.status_code == 422
    assert answer.context["absence_form"].errors["until_at"]
    assert not Absence.objects.exists()


def test_an_absence_of_somebody_else_is_not_ended_under_a_foreign_user(cast, ada):
    absence = Absence.objects.create(user=cast.agent, from_at=clock.now())
    assert ada.post(f"/settings/users/{cast.colleague.pk}/absences/{absence.pk}/end/").status_code == 404


def test_two_links_need_a_minute_between_them(cast, ada):
    path = f"/settings/users/{cast.agent.pk}/password-link/"
    for _ in range(2):
        assert ada.post(path).status_code == 302
    assert OutboxMessage.objects.filter(template="password_reset").count() == 1


def test_the_list_filters_and_costs_the_same_for_many(cast, ada):
    def names(query: str) -> set[str]:
        cells = ada.get(f"/settings/users/{query}").context["rows"]
        return {row[0].value for row in cells}

    assert "Ana Agent" in names("") and "Ana Agent" in names("?q=ANA") and "Ana Agent" not in names("?q=cole")
    assert names("?role=manager") == {"Maria Manager"}
    assert cast.lead.name in names("?role=lead") and cast.agent.name not in names("?role=lead")
    assert names(f"?team={cast.team.pk}") == {cast.agent.name, cast.colleague.name}
    Absence.objects.create(user=cast.agent, from_at=clock.now() - timedelta(hours=1))
    assert names("?state=away") == {"Ana Agent"}
    User.objects.filter(pk=cast.stranger.pk).update(is_active=False)
    assert names("?state=inactive") == {cast.stranger.name}
    few = count(ada, "/settings/users/?state=all")
    for _ in range(60):
        make_user(is_agent=True, team=cast.team)
    many = count(ada, "/settings/users/?state=all")
    assert many == few <= 7
    page = ada.get("/settings/users/?state=all")
    assert len(page.context["rows"]) == 50
    assert len(ada.get(page.context["next_url"]).context["rows"]) == User.objects.count() - 50


def count(client: Client, path: str) -> int:
    client.get(path)  # what is kept in memory
    with CaptureQueriesContext(
        connection,
    ) as caught:
        assert client.get(path).status_code == 200
    return len(caught)


def test_htmx_gets_the_list_alone(cast):
    text = signed_in(cast.admin, **{"HX-Request": "true"}).get("/settings/users/?q=ana").content.decode()
    assert text.lstrip().startswith("<div") and 'id="users"' in text and "<html" not in text


@pytest.mark.parametrize(
    "query",
    [
        "?page=0",
        "?page=99999999999999999999",
        "?page=x",
        "?team=x",
        "?team=9" * 3,
        "?role=god",
        "?q=%ED%A0%80",
        "?state=",
    ],
)
def test_odd_questions_are_answered(cast, ada, query):
    assert ada.get(f"/settings/users/{query}").status_code == 200


# --- teams ------------------------------------------------------------------------------------------------------------


def test_a_team_is_made_with_lead_and_members(cast, ada):
    sent = shown(ada, "/settings/teams/new/") | {
        "name": "Porto desk",
        "lead": str(cast.colleague.pk),
        "members": [str(cast.agent.pk)],
    }
    assert ada.post("/settings/teams/new/", sent).status_code == 302
    team = Team.objects.get(name="Porto desk")
    assert team.lead == cast.colleague
    assert list(team.members.all()) == [cast.agent]
    assert [entry.kind for entry in trail.of(cast.agent)] == ["user.changed"]


def test_the_lead_has_to_be_active_and_a_team_in_use_cannot_rest(cast, ada):
    path = f"/settings/teams/{cast.team.pk}/"
    rules.create_rule({"team": cast.team}, **who(cast))
    sent = shown(ada, path)
    sent.pop("is_active")
    answer = ada.post(path, sent)
    assert answer.status_code == 409
    assert "Routing rules still send complaints" in answer.content.decode()
    User.objects.filter(pk=cast.colleague.pk).update(is_active=False)
    assert ada.post(path, {**shown(ada, path), "lead": str(cast.colleague.pk)}).status_code == 422
    cast.team.refresh_from_db()
    assert cast.team.is_active and cast.team.lead == cast.lead


def test_who_leads_no_more_hands_cases_over_unless_another_role_keeps_them(cast, ada):
    complaint = make_complaint(owner=cast.lead)
    path = f"/settings/teams/{cast.team.pk}/"
    assert ada.post(path, {**shown(ada, path), "lead": str(cast.agent.pk)}).status_code == 302
    complaint.refresh_from_db()
    assert complaint.owner != cast.lead
    assert complaint.owner.sees_cases


def test_members_changed_meanwhile_make_the_form_stale(cast, ada):
    path = f"/settings/teams/{cast.team.pk}/"
    sent = shown(ada, path)
    make_agent(cast.team, "Late Comer")
    assert ada.post(path, {**sent, "name": "Other"}).status_code == 409
    cast.team.refresh_from_db()
    assert cast.team.name == "Lisbon desk"


def test_the_list_of_teams_costs_the_same_for_many(cast, ada):
    few = count(ada, "/settings/teams/")
    for _ in range(10):
        make_team()
    assert count(ada, "/settings/teams/") == few <= 5


# --- tokens -----------------------------------------------------------------------------------------------------------


def test_a_token_is_shown_once_and_works_until_revoked(cast, ada):
    sent = shown(ada, "/settings/tokens/new/") | {
        "name": "Shop",
        "user": str(cast.agent.pk),
        "scopes": ["complaints:read"],
    }
    page = ada.post("/settings/tokens/new/", sent)
    assert page.status_code == 200 and page["Cache-Control"] == "no-store"
    plain = page.context["plain"]
    assert plain in page.content.decode()
    token = ApiToken.objects.get()
    assert plain not in str(ApiToken.objects.values().get())
    assert plain not in ada.get("/settings/tokens/").content.decode()
    assert ada.post("/settings/tokens/new/", sent).status_code == 302  # sent again: no second token
    assert ApiToken.objects.count() == 1
    bearer = {"HTTP_AUTHORIZATION": f"Bearer {plain}"}
    assert Client().get("/api/v1/complaints/", **bearer).status_code == 200
    assert Client().post("/api/v1/complaints/", {}, content_type="application/json", **bearer).status_code == 403
    assert ada.post(f"/settings/tokens/{token.pk}/revocation/").status_code == 302
    cache.clear()
    assert Client().get("/api/v1/complaints/", **bearer).status_code == 401
    kinds = list(TrailEntry.objects.filter(subject_kind="apitoken").values_list("kind", flat=True))
    assert kinds == ["token.issued", "token.revoked"]


def test_a_token_needs_a_scope(cast, ada):
    sent = shown(ada, "/settings/tokens/new/") | {"name": "Shop", "user": str(cast.agent.pk)}
    assert ada.post("/settings/tokens/new/", sent).status_code == 422
    assert ada.post("/settings/tokens/new/", {**sent, "scopes": ["complaints:own"]}).status_code == 422
    assert not ApiToken.objects.exists()


# --- what holds for all -----------------------------------------------------------------------------------------------


def test_a_settings_row_that_equals_itself_leaves_no_entry(cast):
    before = TrailEntry.objects.count()
    row_settings.change(cast.team, {"name": cast.team.name}, **who(cast))
    assert TrailEntry.objects.count() == before


def test_what_is_not_there_is_not_found(cast, ada):
    for path in (
        "users/999999/",
        "teams/999999/",
        "users/999999/deactivation/",
        "types/999999/",
        "routing/999999/",
        "mail/999999/",
    ):
        assert ada.get(f"/settings/{path}").status_code == 404
    assert RoutingRule.objects.count() == 0
