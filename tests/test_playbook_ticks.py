"""Ticks beside a case: through both doors, across reclassification and new versions, and what they hold back (A6)."""

from __future__ import annotations

import json

import pytest
from django.test import Client

from complaints.actions import decide, manage, steps
from complaints.actions import playbooks as actions
from complaints.models import Complaint, Message, StepDone
from complaints.playbooks.open_steps import StepsOpen
from complaints.reference import catalogue
from complaints.web.handbook import playbook_panel
from core import cached, clock, trail
from core.actor import Actor
from tests.cast import Cast, make_cast
from tests.doors import DOORS
from tests.played import make_playbook, make_step, no_playbooks
from tests.tokens import bearer


@pytest.fixture
def cast(db) -> Cast:
    cached.clear_all()
    made = make_cast()
    no_playbooks()
    return made


@pytest.fixture
def boss(cast: Cast) -> Actor:
    return Actor.person(cast.manager)


@pytest.fixture
def me(cast: Cast) -> Actor:
    return Actor.person(cast.agent)


def ticked(complaint: Complaint) -> dict[str, str]:
    return dict(StepDone.objects.filter(complaint=complaint).values_list("key", "skipped"))


def kinds(complaint: Complaint) -> list[str]:
    return [entry.kind for entry in trail.of(complaint) if "step" in entry.kind]


def take_back(door, user, complaint, key):
    """DELETE over the API, an address of its own in the browser."""
    if door.name == "api":
        return door(user, complaint, f"playbook/steps/{key}", undo=True).status
    return door(user, complaint, f"playbook/steps/{key}/removal").status


@pytest.mark.parametrize("door", DOORS, ids=str)
def test_a_step_is_ticked_once_and_taken_back(cast, boss, door):
    make_playbook(boss, "listen", "decide")
    complaint = cast.complaint()
    for _ in range(2):
        assert door(cast.agent, complaint, "playbook/steps/listen").status == 200
    assert ticked(complaint) == {"listen": ""}
    assert StepDone.objects.get().by == cast.agent
    assert kinds(complaint) == ["complaint.step_done"]
    for _ in range(2):
        assert take_back(door, cast.agent, complaint, "listen") == 200
    assert ticked(complaint) == {}
    assert kinds(complaint) == ["complaint.step_done", "complaint.step_undone"]


@pytest.mark.parametrize("door", DOORS, ids=str)
def test_a_step_that_does_not_apply_says_why(cast, boss, door):
    make_playbook(boss, "listen", "decide")
    complaint = cast.complaint()
    answer = door(cast.agent, complaint, "playbook/steps/listen", skipped="  They wrote   a letter ")
    assert answer.status == 200
    assert ticked(complaint) == {"listen": "They wrote a letter"}
    entry = trail.of(complaint).last()
    assert entry.kind == "complaint.step_skipped" and json.loads(entry.private)["reason"] == "They wrote a letter"
    assert door(cast.agent, complaint, "playbook/steps/listen").status == 200  # done after all
    assert ticked(complaint) == {"listen": ""}
    assert door(cast.agent, complaint, "playbook/steps/listen", skipped="x" * 201).status == 422


@pytest.mark.parametrize("door", DOORS, ids=str)
def test_foreign_and_missing_are_alike(cast, boss, door):
    make_playbook(boss, "listen")
    complaint = cast.complaint()
    assert door(cast.stranger, complaint, "playbook/steps/listen").status == 404
    assert door(cast.agent, complaint, "playbook/steps/dance").status == 404
    assert door(cast.stranger, complaint, "playbook/message").status == 404
    assert door(cast.admin, complaint, "playbook/steps/listen").status == 403
    assert ticked(complaint) == {}


def test_setting_a_step_aside_in_the_browser_needs_a_reason(cast, boss):
    make_playbook(boss, "listen")
    complaint = cast.complaint()
    client = Client()
    client.force_login(cast.agent)
    answer = client.post(f"/complaints/{complaint.reference}/playbook/steps/listen/", {"skip": "yes", "skipped": " "})
    assert answer.status_code == 422 and "Say why it does not apply." in answer.content.decode()
    assert ticked(complaint) == {}


def test_a_form_sent_twice_has_one_effect(cast, boss):
    make_playbook(boss, "listen")
    complaint, client = cast.complaint(), Client()
    client.force_login(cast.agent)
    url = f"/complaints/{complaint.reference}/playbook/steps/listen/"
    client.post(url, {"nonce": "one"})
    client.post(f"{url}removal/", {"nonce": "two"})
    client.post(url, {"nonce": "one"})  # the browser's Back, and Send again
    assert ticked(complaint) == {}


@pytest.mark.parametrize("door", DOORS, ids=str)
def test_a_new_version_finds_the_ticks_again_by_their_keys(cast, boss, me, door):
    with clock.frozen(clock.now().replace(year=2025)):
        book = make_playbook(boss, "listen", "look", "decide")
        complaint = cast.complaint()
    steps.tick(complaint, key="listen", by=me, at=clock.now())
    steps.tick(complaint, key="look", by=me, at=clock.now())
    make_playbook(boss, "decide", "listen", what="Deciding comes first")
    panel = playbook_panel.panel(complaint)
    assert [(step.key, step.is_done) for step in panel.steps] == [("decide", False), ("listen", True)]
    assert "version 1" in panel.newer and "Deciding comes first" in panel.newer
    assert [(key, title) for key, title, _note in panel.strays] == [("look", "Look")]
    assert door(cast.agent, complaint, "playbook/steps/look").status == 404  # it is no step any more
    assert take_back(door, cast.agent, complaint, "look") == 200
    assert ticked(complaint) == {"listen": ""}
    assert actions.newest(book).number == 2


def test_a_case_that_began_under_the_version_in_force_says_nothing(cast, boss):
    make_playbook(boss, "listen")
    assert playbook_panel.panel(cast.complaint()).newer == ""


def test_reclassification_switches_the_playbook_and_keeps_the_ticks_that_match(cast, boss, me):
    make_playbook(boss, "listen", "look")
    make_playbook(boss, "listen", "find-parcel", type="delivery")
    complaint = cast.complaint(type="billing")
    for key in ("listen", "look"):
        steps.tick(complaint, key=key, by=me, at=clock.now())
    manage.classify(complaint, by=me, at=clock.now(), reason="It is about a parcel", type=catalogue().types["delivery"])
    complaint.refresh_from_db()
    panel = playbook_panel.panel(complaint)
    assert [(step.key, step.is_done) for step in panel.steps] == [("listen", True), ("find-parcel", False)]
    assert [key for key, *_ in panel.strays] == ["look"]
    manage.classify(complaint, by=me, at=clock.now(), reason="No, a bill", type=catalogue().types["billing"])
    complaint.refresh_from_db()
    assert [step.is_done for step in playbook_panel.panel(complaint).steps] == [True, True]


def resolve(complaint, by):
    cause = catalogue().causes["people-mistake"]
    return decide.resolve(complaint, by=by, at=clock.now(), outcome="upheld", root_cause=cause, summary="Paid.")


def test_open_required_steps_are_pointed_out_and_hold_nothing_back(cast, boss, me):
    make_playbook(boss, steps=[make_step("listen"), make_step("decide"), make_step("call", required=False)])
    complaint = cast.complaint()
    steps.tick(complaint, key="listen", by=me, at=clock.now())
    panel = playbook_panel.panel(complaint)
    assert panel.hint == "1 required step is open before the case is resolved." and panel.hint_tone == ""
    resolve(complaint, me)
    complaint.refresh_from_db()
    assert playbook_panel.panel(complaint).hint == ""


@pytest.mark.parametrize("door", DOORS, ids=str)
def test_a_playbook_may_hold_back_resolving(cast, boss, me, door):
    make_playbook(boss, steps=[make_step("listen"), make_step("call", required=False)], blocks_resolving=True)
    complaint = cast.complaint()
    fields = {"outcome": "upheld", "root_cause": "people-mistake", "summary": "Paid."}
    answer = door(cast.agent, complaint, "resolution", **fields)
    assert answer.status == 409 and "Listen" in answer.text
    assert playbook_panel.panel(complaint).hint_tone == "risk"
    with pytest.raises(StepsOpen):
        resolve(complaint, me)
    steps.tick(complaint, key="listen", skipped="It came by letter", by=me, at=clock.now())
    assert door(cast.agent, complaint, "resolution", **fields).status == 200


def test_the_block_goes_with_the_playbook(cast, boss, me):
    """Sorted elsewhere, another playbook holds; a closed case can still be ticked, as it can have notes."""
    make_playbook(boss, "listen")
    make_playbook(boss, "look", type="delivery", blocks_resolving=True)
    complaint = cast.complaint(type="billing")
    decide.close(resolve(complaint, me), by=me, at=clock.now())
    steps.tick(complaint, key="listen", by=me, at=clock.now())
    assert ticked(complaint) == {"listen": ""}


@pytest.mark.parametrize("door", DOORS, ids=str)
def test_the_part_for_the_customer_is_sent_in_their_language(cast, boss, door):
    make_playbook(boss, "listen", customer="**So it goes on:**\n\n1. We [look](https://house.example/how).")
    complaint = cast.complaint(language="pt")
    assert door(cast.agent, complaint, "playbook/message").status == 200
    sent = Message.objects.get(complaint=complaint, direction="out", purpose="reply")
    assert sent.body == "So it goes on:\n\n1. We look (https://house.example/how). (pt)"
    assert sent.author == cast.agent
    complaint.refresh_from_db()
    assert complaint.first_response_at is not None


@pytest.mark.parametrize("door", DOORS, ids=str)
def test_without_a_part_for_the_customer_nothing_is_sent(cast, boss, door):
    make_playbook(boss, "listen")
    complaint = cast.complaint()
    assert door(cast.agent, complaint, "playbook/message").status == 409
    assert not Message.objects.filter(complaint=complaint, purpose="reply").exists()


def test_the_api_shows_the_playbook_of_a_case(cast, boss, me):
    make_playbook(boss, "listen", "decide", customer="So it goes on.")
    complaint = cast.complaint()
    steps.tick(complaint, key="listen", by=me, at=clock.now())
    answer = Client(headers=bearer(cast.agent)).get(f"/api/v1/complaints/{complaint.reference}/playbook/").json()
    assert [(step["key"], step["state"]) for step in answer["steps"]] == [("listen", "done"), ("decide", "open")]
    assert answer["open_required"] == ["decide"] and answer["customer_part"] == "So it goes on."
    assert answer["steps"][0]["by"]["id"] == str(cast.agent.pk)


def test_no_playbook_is_no_trouble(cast, me):
    complaint = cast.complaint()
    client = Client()
    client.force_login(cast.agent)
    assert "No playbook is written" in client.get(f"/complaints/{complaint.reference}/").content.decode()
    assert resolve(complaint, me).status == "resolved"


def test_hostile_texts_of_a_playbook_are_shown_as_text(cast, boss):
    bad = "<script>canary()</script>"
    step = make_step("listen", f"{bad} title", text={"en": f"{bad} **{bad}** [x](javascript:canary())"}, who=bad)
    make_playbook(boss, steps=[step], customer=f"{bad} part")
    complaint, client = cast.complaint(), Client()
    client.force_login(cast.agent)
    steps.tick(complaint, key="listen", skipped=f"{bad} reason", by=Actor.person(cast.agent), at=clock.now())
    for page in (f"/complaints/{complaint.reference}/", "/knowledge/", "/knowledge/to-read/"):
        html = client.get(page).content.decode()
        assert "<script>canary" not in html and 'href="javascript' not in html
    assert (
        "&lt;script&gt;canary()&lt;/script&gt; reason"
        in client.get(f"/complaints/{complaint.reference}/").content.decode()
    )


def test_the_panel_costs_one_query(cast, boss, me, django_assert_num_queries):
    make_playbook(boss, "listen", "decide")
    complaint = cast.complaint()
    steps.tick(complaint, key="listen", by=me, at=clock.now())
    playbook_panel.panel(complaint)
    with django_assert_num_queries(1):
        playbook_panel.panel(complaint)
