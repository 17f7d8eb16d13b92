"""Everybody who takes cases confirms having read each new version; leads and managers see who has (mission A6)."""

from __future__ import annotations

import json

import pytest
from django.test import Client

from complaints.actions import playbooks as actions
from complaints.actions import readings
from complaints.models import Playbook, PlaybookVersion, Reading
from complaints.playbooks import reading
from core import cached, clock
from core.actor import Actor
from core.errors import NotAllowed
from core.models import Notification
from tests.cast import Cast, make_cast
from tests.played import make_article, make_playbook, no_playbooks, version_of
from tests.tokens import bearer


@pytest.fixture
def cast(db) -> Cast:
    cached.clear_all()
    made = make_cast()
    no_playbooks()
    return made


@pytest.fixture
def boss(cast: Cast) -> Actor:
    return Actor.person(cast.admin)  # who takes no cases, and so has nothing to confirm


def browser(user) -> Client:
    client = Client()
    client.force_login(user)
    return client


def api(user, method, path, body=None):
    client = Client(headers=bearer(user))
    return client.generic(method, f"/api/v1{path}", json.dumps(body or {}), content_type="application/json")


def by_browser(user, kind, row, number) -> int:
    return browser(user).post(f"/knowledge/{kind}s/{row.pk}/reading/", {"version": str(number)}).status_code


def by_api(user, kind, row, number) -> int:
    return api(user, "POST", f"/{kind}s/{row.pk}/readings/", {"number": str(number)}).status_code


CONFIRM = [by_browser, by_api]


@pytest.mark.parametrize("confirm", CONFIRM)
@pytest.mark.parametrize("kind", ["playbook", "article"])
def test_reading_is_confirmed_once_through_both_doors(cast, boss, confirm, kind):
    row = make_playbook(boss, "listen") if kind == "playbook" else make_article(boss, "Fees", must_confirm=True)
    told = Notification.objects.get(user=cast.agent, event="playbook")
    assert told.read_at is None and reading.unread(cast.agent) == 1
    for _ in range(2):
        assert confirm(cast.agent, kind, row, 1) in (200, 302)
    assert Reading.objects.filter(user=cast.agent).count() == 1
    assert reading.unread(cast.agent) == 0 and reading.unread(cast.colleague) == 1
    told.refresh_from_db()
    assert told.read_at is not None


@pytest.mark.parametrize("confirm", CONFIRM)
def test_a_new_version_has_to_be_read_again(cast, boss, confirm):
    book = make_playbook(boss, "listen")
    confirm(cast.agent, "playbook", book, 1)
    make_playbook(boss, "listen", "decide", what="Decide too")
    assert reading.unread(cast.agent) == 1
    confirm(cast.agent, "playbook", book, 1)  # an old page that was still open
    assert reading.unread(cast.agent) == 1
    confirm(cast.agent, "playbook", book, 2)
    assert reading.unread(cast.agent) == 0


@pytest.mark.parametrize("confirm", CONFIRM)
def test_drafts_and_what_does_not_exist_cannot_be_confirmed(cast, boss, confirm):
    book = make_playbook(boss, "listen")
    actions.begin_draft(book, by=boss, at=clock.now())
    assert confirm(cast.agent, "playbook", book, 2) == 404
    assert confirm(cast.agent, "playbook", book, 7) == 404
    assert confirm(cast.admin, "playbook", book, 1) == 403
    with pytest.raises(readings.NotPublished):
        readings.confirm(actions.draft_of(book), by=Actor.person(cast.agent), at=clock.now())
    with pytest.raises(NotAllowed):
        readings.confirm(actions.newest(book), by=Actor.system("job"), at=clock.now())
    assert not Reading.objects.exists()


def test_only_what_asks_for_it_has_to_be_read(cast, boss):
    make_article(boss, "Tone of voice")
    assert reading.unread(cast.agent) == 0 and not Notification.objects.exists()
    book = make_playbook(boss, "listen")
    assert reading.unread(cast.agent) == 1
    actions.change(book, {"is_active": False}, by=boss, at=clock.now())
    assert reading.unread(cast.agent) == 0


def test_who_takes_no_cases_has_nothing_to_read(cast, boss):
    make_playbook(boss, "listen")
    assert reading.unread(cast.admin) == 0
    assert "waits to be read" not in browser(cast.admin).get("/knowledge/").content.decode()


def test_the_queue_says_so_until_it_is_confirmed(cast, boss):
    book = make_playbook(boss, "listen")
    client = browser(cast.agent)
    assert "1 new version of a playbook or article waits to be read." in client.get("/complaints/").content.decode()
    page = client.get("/knowledge/to-read/").content.decode()
    assert "Playbook general" in page and "I have read it" in page
    client.post(f"/knowledge/playbooks/{book.pk}/reading/", {"version": "1"})
    assert "to be read." not in client.get("/complaints/").content.decode()
    assert "Everything read" in client.get("/knowledge/to-read/").content.decode()


def test_leads_see_their_teams_managers_everybody_agents_nobody(cast, boss):
    book = make_playbook(boss, "listen")
    readings.confirm(actions.newest(book), by=Actor.person(cast.agent), at=clock.now())
    page = f"/settings/playbooks/{book.pk}/readings/"
    assert browser(cast.agent).get(page).status_code == 403
    lead = browser(cast.lead).get(page).content.decode()
    assert "Ana Agent" in lead and "Cole Colleague" in lead and "Sven Stranger" not in lead
    for user in (cast.manager, cast.admin):
        assert "Sven Stranger" in browser(user).get(page).content.decode()
    answer = api(cast.lead, "GET", f"/playbooks/{book.pk}/readings/").json()
    assert {one["user"]["name"]: one["confirmed_at"] is not None for one in answer["readers"]} == {
        "Ana Agent": True, "Cole Colleague": False, "Lena Lead": False
    }  # fmt: skip
    assert (answer["confirmed"], answer["of"]) == (1, 3)
    assert api(cast.agent, "GET", f"/playbooks/{book.pk}/readings/").status_code == 403
    assert api(cast.manager, "GET", f"/playbooks/{book.pk}/readings/").json()["of"] > 3
    article = make_article(boss, "Fees", must_confirm=True)
    assert "Ana Agent" in browser(cast.lead).get(f"/settings/knowledge/{article.pk}/readings/").content.decode()


def test_the_api_lists_what_is_to_be_read(cast, boss):
    book = make_playbook(boss, "listen")
    article = make_article(boss, "Fees", must_confirm=True)
    readings.confirm(version_of(article), by=Actor.person(cast.agent), at=clock.now())
    found = api(cast.agent, "GET", "/playbooks/to-read/").json()["results"]
    assert [(one["kind"], one["id"], one["confirmed_at"] is None) for one in found] == [
        ("playbook", str(book.pk), True), ("article", str(article.pk), False)
    ]  # fmt: skip


def test_counting_what_is_unread_costs_nothing_once_known(cast, boss, django_assert_num_queries):
    make_playbook(boss, "listen")
    assert cast.agent.sees_cases
    reading.unread(cast.agent)
    with django_assert_num_queries(0):
        assert reading.unread(cast.agent) == 1


def test_the_editor_makes_publishes_and_shows_the_history(cast):
    """The whole way through the settings, without JavaScript."""
    client = browser(cast.manager)
    made = client.post("/settings/playbooks/new/", {"type": "", "name_en": "For all", "name_ru": "Для всех"})
    book = Playbook.objects.get()
    here = f"/settings/playbooks/{book.pk}/"
    assert made["Location"] == here and book.names == {"en": "For all", "ru": "Для всех"}
    step = {"title_en": "Listen", "title_ru": "Выслушать", "who": "agent", "required": "on", "text_en": "**Well**"}
    assert client.post(f"{here}steps/new/", step | {"seen": ""}).status_code == 409  # no page shown for it
    for title in ("Listen", "Decide"):
        page = client.get(f"{here}steps/new/")
        seen = page.context["form"].initial["seen"]
        answer = client.post(f"{here}steps/new/", step | {"title_en": title, "seen": seen})
        assert answer.status_code == 302, answer.content.decode()
    assert client.post(f"{here}steps/decide/position/", {"direction": "up"}).status_code == 302
    assert [one["key"] for one in actions.draft_of(book).steps] == ["decide", "listen"]
    page = client.get(f"{here}?language=ru").content.decode()
    assert "Выслушать" in page and "<b>Well</b>" in page
    texts = client.get(f"{here}texts/").context["form"].initial["seen"]
    client.post(f"{here}texts/", {"customer_part_en": "So it goes on.", "blocks_resolving": "on", "seen": texts})
    seen = client.get(here).context["publishing"].initial["seen"]
    assert client.post(f"{here}publication/", {"what_changed": "", "seen": seen}).status_code == 302
    version = PlaybookVersion.objects.get(published_at__isnull=False)
    assert version.blocks_resolving and version.customer_part == {"en": "So it goes on."}
    client.post(f"{here}draft/", {})
    revision = client.get(here).context["seen"]
    client.post(f"{here}steps/listen/removal/", {"revision": str(revision - 1)})  # an old page
    assert len(actions.draft_of(book).steps) == 2
    client.post(f"{here}steps/listen/removal/", {"revision": str(revision)})
    assert "left out" in client.get(here).content.decode()
    seen = client.get(here).context["publishing"].initial["seen"]
    refused = client.post(f"{here}publication/", {"what_changed": " ", "seen": seen})
    assert refused.status_code == 422 and "Say in a line what changed" in refused.content.decode()
    client.post(f"{here}publication/", {"what_changed": "Listening is understood", "seen": seen})
    reader = browser(cast.agent)
    page = reader.get(f"/knowledge/playbooks/{book.pk}/").content.decode()
    assert "Listening is understood" in page and "What version 2 changed since version 1" in page
    assert "Listen" in reader.get(f"/knowledge/playbooks/{book.pk}/?version=1").content.decode()
    assert reader.get(f"/knowledge/playbooks/{book.pk}/?version=9").status_code == 404
    assert reader.get(here).status_code == 403
    assert client.get("/settings/playbooks/").status_code == 200


def test_a_page_older_than_the_draft_overwrites_nothing(cast, boss):
    book = make_playbook(boss, "listen")
    actions.begin_draft(book, by=boss, at=clock.now())
    client = browser(cast.manager)
    here = f"/settings/playbooks/{book.pk}/steps/listen/"
    seen = client.get(here).context["form"].initial["seen"]
    actions.put_step(book, {"title": {"en": "Theirs"}}, key="listen", by=boss, at=clock.now())
    answer = client.post(here, {"title_en": "Mine", "who": "agent", "seen": seen})
    html = answer.content.decode()
    assert answer.status_code == 409 and "Theirs" in html and "Mine" in html
    assert actions.draft_of(book).steps[0]["title"] == {"en": "Theirs"}
    assert client.get(f"/settings/playbooks/{book.pk}/steps/dance/").status_code == 404
    assert client.post(here, {"title_en": "", "who": "agent", "seen": seen}).status_code == 422


def test_articles_are_edited_in_the_settings(cast):
    client = browser(cast.manager)
    texts = {"title_en": "Fees", "body_en": "**Ours**"}
    look = client.post("/settings/knowledge/new/", texts | {"kind": "policy", "do": "look"})
    assert "<b>Ours</b>" in look.content.decode()
    made = client.post("/settings/knowledge/new/", texts | {"kind": "policy"})
    here = made["Location"]
    seen = client.get(here).context["publishing"].initial["seen"]
    assert client.post(f"{here}publication/", {"what_changed": "", "seen": seen}).status_code == 302
    seen = client.get(here).context["form"].initial["seen"]
    facts = {"kind": "procedure", "url": "https://a.example/", "must_confirm": "on", "is_active": "on", "seen": seen}
    assert client.post(here, facts).status_code == 302
    seen = client.get(f"{here}texts/").context["form"].initial["seen"]
    client.post(f"{here}texts/", {"title_en": "Fees", "body_en": "Theirs", "seen": seen})
    assert "Draft of version 2" in client.get(here).content.decode()
    assert client.post(f"{here}draft/removal/", {}).status_code == 302
    assert "Version 1 is in force" in client.get(here).content.decode()
    assert "Fees" in client.get("/settings/knowledge/").content.decode()
    assert browser(cast.agent).get(here).status_code == 403
    assert browser(cast.agent).get(here.replace("settings/knowledge", "knowledge/articles")).status_code == 200
