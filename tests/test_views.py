"""Saved views: whose they are, what they ask, what they count, over page and API (ux, Agent's desk 8)."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.test import Client

from complaints.actions import snooze, views
from complaints.models import Complaint, SavedView
from complaints.web.many import counting, queue
from core import cached, clock, trail
from core.actor import Actor
from core.errors import InvalidInput, NotAllowed
from core.models import Draft, User
from tests.cast import Cast, forget, make_cast
from tests.tokens import bearer

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast() -> Cast:
    cached.clear_all()
    return make_cast()


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def save(user: User, name: str = "Phone", **more) -> SavedView:
    query = more.pop("query", {"view": "all", "channel": "phone"})
    return views.save(by=Actor.person(user), at=clock.now(), name=name, query=query, **more)


def listed(user: User, view: SavedView) -> list[str]:
    answer = signed_in(user).get(f"/complaints/?view=saved-{view.pk}")
    return [row.reference for group in answer.context["groups"] for row in group.rows]


def call(user: User, method: str, path: str, body: object = None, **headers: str):
    client = Client(headers={**bearer(user), **headers})
    return client.generic(method, path, "" if body is None else json.dumps(body), content_type="application/json")


def by_page(user: User, name: str, query: str, circle: str = "me"):
    return signed_in(user).post("/complaints/views/", {"name": name, "query": query, "circle": circle})


def by_api(user: User, name: str, query: str, circle: str = "me"):
    found = dict(one.split("=") for one in query.split("&"))
    kind, _colon, team = circle.partition(":")
    body = {"name": name, "query": found, "circle": kind, **({"team": team} if team else {})}
    return call(user, "POST", "/api/v1/views/", body)


@pytest.mark.parametrize(("door", "done"), [(by_page, 302), (by_api, 201)], ids=["page", "api"])
def test_a_list_is_kept_under_a_name(cast, door, done):
    phone, web = cast.complaint(channel="phone"), cast.complaint()
    assert door(cast.agent, "By phone", "view=all&channel=phone").status_code == done
    view = SavedView.objects.get()
    assert (view.name, view.owner, view.team, view.query) == (
        "By phone", cast.agent, None, {"view": "all", "channel": "phone"},
    )  # fmt: skip
    assert listed(cast.agent, view) == [phone.reference] and web
    assert [entry.kind for entry in trail.of(view)] == ["savedview.created"]
    page = signed_in(cast.agent).get("/complaints/").content.decode()
    assert ">By phone</span><span" in page and f"view=saved-{view.pk}" in page


@pytest.mark.parametrize(("door", "wrong"), [(by_page, 422), (by_api, 400)], ids=["page", "api"])
def test_nonsense_is_not_kept(cast, door, wrong):
    for name, query in ((" ", "view=all"), ("x" * 61, "view=all"), ("A", "view=none"), ("A", "colour=red")):
        assert door(cast.agent, name, query).status_code == wrong, (name, query)
    assert not SavedView.objects.exists()


@pytest.mark.parametrize(("door", "done"), [(by_page, 302), (by_api, 201)], ids=["page", "api"])
def test_who_may_save_for_whom(cast, door, done):
    own, other = f"team:{cast.team.pk}", f"team:{cast.other_team.pk}"
    allowed = {
        "agent": {"me"},
        "lead": {"me", own},
        "manager": {"me", own, other, "all"},
    }
    for person, circles in allowed.items():
        user = cast.people()[person]
        for circle in ("me", own, other, "all"):
            answer = door(user, f"{person} {circle}", "view=all", circle)
            assert answer.status_code == (done if circle in circles else 403), (person, circle)


def test_everybody_has_their_own_their_teams_and_everybodys(cast):
    save(cast.agent, "mine")
    save(cast.lead, "team's", circle="team", team=cast.team)
    save(cast.manager, "everybody's", circle="all")
    for user, expected in (
        (cast.agent, ["mine", "team's", "everybody's"]),
        (cast.colleague, ["team's", "everybody's"]),
        (cast.stranger, ["everybody's"]),
    ):
        found = [one["name"] for one in call(user, "GET", "/api/v1/views/").json()["results"]]
        assert sorted(found) == sorted(expected)
        shown = signed_in(user).get("/complaints/views/").content.decode()
        assert [name for name in ("mine<", "team&#x27;s<", "everybody&#x27;s<") if name in shown] == [
            name.replace("'", "&#x27;") + "<" for name in expected
        ]


def test_a_foreign_view_is_not_there(cast):
    view = save(cast.agent)
    client = signed_in(cast.colleague)
    assert client.get(f"/complaints/?view=saved-{view.pk}").status_code == 400
    for path in ("", "move/", "removal/", "restoration/"):
        assert client.post(f"/complaints/views/{view.pk}/{path}", {"name": "x"}).status_code == 404
    assert call(cast.colleague, "GET", f"/api/v1/views/{view.pk}/").status_code == 404
    assert call(cast.colleague, "DELETE", f"/api/v1/views/{view.pk}/").status_code == 404
    shared = save(cast.lead, circle="team", team=cast.team)
    assert signed_in(cast.colleague).post(f"/complaints/views/{shared.pk}/", {"name": "x"}).status_code == 403
    assert call(cast.colleague, "DELETE", f"/api/v1/views/{shared.pk}/").status_code == 403


def test_rename_order_and_remove_with_undo(cast):
    first, second = save(cast.agent, "one"), save(cast.agent, "two")
    client = signed_in(cast.agent)
    client.post(f"/complaints/views/{second.pk}/", {"name": "second"})
    client.post(f"/complaints/views/{second.pk}/move/", {"direction": "up"})
    names = [one["name"] for one in call(cast.agent, "GET", "/api/v1/views/").json()["results"]]
    assert names == ["second", "one"]
    answer = client.post(f"/complaints/views/{first.pk}/removal/", follow=True)
    assert f"/complaints/views/{first.pk}/restoration/" in answer.content.decode()
    assert len(call(cast.agent, "GET", "/api/v1/views/").json()["results"]) == 1
    client.post(f"/complaints/views/{first.pk}/restoration/")
    assert len(call(cast.agent, "GET", "/api/v1/views/").json()["results"]) == 2
    assert [entry.kind for entry in trail.of(first)] == [
        f"savedview.{kind}" for kind in ("created", "removed", "restored")
    ]
    views.remove(first, by=Actor.person(cast.agent), at=clock.now())
    views.remove(second, by=Actor.person(cast.agent), at=clock.now() + timedelta(days=2))
    assert list(SavedView.objects.values_list("pk", flat=True)) == [second.pk]


def test_the_api_changes_with_a_version_in_hand(cast):
    view = save(cast.agent)
    path = f"/api/v1/views/{view.pk}/"
    etag = call(cast.agent, "GET", path)["ETag"]
    assert call(cast.agent, "PATCH", path, {"name": "New"}).status_code == 428
    assert call(cast.agent, "PATCH", path, {"name": "New"}, **{"If-Match": etag}).json()["name"] == "New"
    assert call(cast.agent, "PATCH", path, {"name": "Old"}, **{"If-Match": etag}).status_code == 412
    assert call(cast.agent, "PATCH", path, {"query": {"view": "?"}}, **{"If-Match": '"2"'}).status_code == 400
    assert call(cast.agent, "POST", f"{path}position/", {"direction": "up"}).status_code == 200
    assert call(cast.agent, "DELETE", path).status_code == 204
    assert call(cast.agent, "GET", path).status_code == 404
    assert call(cast.agent, "POST", f"{path}restoration/", {"more": 1}).status_code == 400
    assert call(cast.agent, "POST", f"{path}restoration/", {}).status_code == 200


def test_a_list_takes_the_place_of_a_view(cast):
    view = save(cast.agent)
    signed_in(cast.agent).post("/complaints/views/", {"query": "view=mine&severity=serious", "replace": view.pk})
    view.refresh_from_db()
    assert (view.name, view.query) == ("Phone", {"view": "mine", "severity": "serious"})


def test_a_view_goes_on_without_what_is_gone_and_says_so(cast):
    complaint = cast.complaint(channel="phone")
    view = save(cast.agent, query={"view": "all", "channel": "phone", "team": "4711", "type": "gone"})
    answer = signed_in(cast.agent).get(f"/complaints/?view=saved-{view.pk}")
    assert answer.status_code == 200 and len(answer.context["notes"]) == 2
    assert [one.label for one in answer.context["applied"]] == ["Channel"]
    assert listed(cast.agent, view) == [complaint.reference]
    assert counting.counts(cast.agent, clock.now(), (), queue.saved.of(cast.agent))[f"saved-{view.pk}"] == 1
    assert len(call(cast.agent, "GET", f"/api/v1/views/{view.pk}/").json()["lost"]) == 2


QUERIES = [
    {"view": "mine"},
    {"view": "all"},
    {"view": "team", "sort": "newest"},
    {"view": "all", "channel": "phone"},
    {"view": "all", "owner": "me"},
    {"view": "all", "team": "mine", "severity": "critical"},
    {"view": "all", "due": "late"},
    {"view": "all", "due": "today"},
    {"view": "all", "due": "later"},
    {"view": "all", "due": "none"},
    {"view": "all", "snoozed": "yes"},
    {"view": "snoozed"},
    {"view": "breached"},
    {"view": "all", "draft": "yes"},
    {"view": "all", "escalated": "yes"},
    {"view": "all", "incident": "yes"},
    {"view": "all", "language": "pt"},
    {"view": "waiting", "type": "billing"},
    {"view": "all", "status": "new"},
]


def various(cast: Cast) -> None:
    at = clock.now()
    made = [
        cast.complaint(owner=owner, channel=channel, language=language, received_at=at - timedelta(days=days))
        for owner in (cast.agent, cast.colleague, cast.stranger)
        for channel, language, days in (("phone", "en", 0), ("web", "pt", 90), ("email", "en", 2))
    ]
    snooze.snooze(made[0], by=Actor.person(cast.agent), at=at, until=None)
    Complaint.objects.filter(pk=made[1].pk).update(escalated_at=at, severity="critical")
    Draft.objects.create(user=cast.agent, place=f"reply:{made[2].reference}", body="Dear", updated_at=at)


def test_counts_agree_with_the_lists(cast):
    various(cast)
    kept = [save(cast.manager, f"v{n}", query=query, circle="all") for n, query in enumerate(QUERIES)]
    some = 0
    for user in (cast.agent, cast.lead, cast.manager, cast.stranger):
        found = counting.counts(forget(user), clock.now(), ("all",), queue.saved.of(user))
        for view in kept:
            assert found[f"saved-{view.pk}"] == len(listed(user, view)), (user, view.query)
            some += found[f"saved-{view.pk}"] > 0
    assert some > 25


def test_what_would_ask_other_tables_is_not_counted(cast):
    cast.complaint()
    for query in ({"view": "all", "q": "Dana"}, {"view": "closed"}, {"view": "all", "customer": str(cast.customer.pk)}):
        save(cast.agent, query=query)
    assert counting.counts(cast.agent, clock.now(), (), queue.saved.of(cast.agent)) == {}
    assert signed_in(cast.agent).get("/complaints/").status_code == 200


def test_long_queues_are_counted_to_a_point_and_say_so(cast, monkeypatch):
    for _ in range(4):
        cast.complaint(channel="phone")
    cast.complaint()
    view = save(cast.agent)
    monkeypatch.setattr(counting, "FIRST", 3)
    counting._counting.cache_clear()
    try:
        found = counting.counts(cast.agent, clock.now(), (), queue.saved.of(cast.agent))
        assert found[f"saved-{view.pk}"] == "3+"
    finally:
        counting._counting.cache_clear()
    monkeypatch.setattr(counting, "CAP", 3)
    assert counting.counts(cast.agent, clock.now(), (), queue.saved.of(cast.agent))[f"saved-{view.pk}"] == "2+"


@pytest.mark.parametrize("number", [1, 20])
def test_any_number_of_views_costs_the_page_no_further_query(cast, number, django_assert_max_num_queries):
    various(cast)
    for n in range(number):
        save(cast.agent, f"v{n}", query=QUERIES[n % len(QUERIES)])
    client = signed_in(cast.agent)
    client.get("/complaints/")
    with django_assert_max_num_queries(5):
        client.get("/complaints/?view=all")
    view = SavedView.objects.first()
    with django_assert_max_num_queries(5):
        client.get(f"/complaints/?view=saved-{view.pk}")


def test_who_changed_a_view_sees_it_at_once_in_every_process(cast, monkeypatch):
    client = signed_in(cast.agent)
    client.get("/complaints/")
    monkeypatch.setattr(views, "_forget", lambda: None)  # as if another process had answered
    client.post("/complaints/views/", {"name": "Fresh", "query": "view=all"})
    assert "Fresh</span>" in client.get("/complaints/").content.decode()
    view = SavedView.objects.get()
    client.post(f"/complaints/views/{view.pk}/", {"name": "Renamed"})
    assert "Renamed</span>" in client.get("/complaints/").content.decode()
    other = save(cast.agent, "Unseen")
    assert client.get(f"/complaints/?view=saved-{other.pk}").status_code == 200


@pytest.mark.parametrize("sort", ["deadline", "newest", "oldest"])
@pytest.mark.parametrize("view", ["mine", "all"])
def test_every_order_pages_forth_and_back(cast, settings, sort, view):
    settings.QUEUE_PAGE_SIZE = 3
    at = clock.now()
    made = [cast.complaint(received_at=at - timedelta(days=n % 4), at=at) for n in range(8)]
    client, url, pages = signed_in(cast.agent), f"/complaints/?view={view}&sort={sort}", []
    while url:
        answer = client.get(url)
        pages.append([row.reference for group in answer.context["groups"] for row in group.rows])
        url, back = answer.context["next_url"], answer.context["previous_url"]
    column = "queue_at" if sort == "deadline" else "received_at"
    order = ["-received_at", "-pk"] if sort == "newest" else [column, "pk"]
    expected = list(Complaint.objects.order_by(*order).values_list("reference", flat=True))
    assert [one for page in pages for one in page] == expected and len(made) == 8
    assert [row.reference for group in client.get(back).context["groups"] for row in group.rows] == pages[-2]
    assert client.get("/complaints/?view=closed&sort=deadline").status_code == 400


def test_rules_of_the_action(cast):
    with pytest.raises(InvalidInput) as refused:
        save(cast.lead, circle="team")
    assert refused.value.code == "team_required"
    with pytest.raises(InvalidInput) as refused:
        save(cast.agent, query={"view": ["all"]})
    assert refused.value.code == "invalid_query"
    view = save(cast.agent)
    with pytest.raises(NotAllowed):
        views.change(view, {"name": "x"}, by=Actor.person(cast.manager), at=clock.now())
    with pytest.raises(views.Stale):
        views.change(view, {"name": "x"}, by=Actor.person(cast.agent), at=clock.now(), version=9)
