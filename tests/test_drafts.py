"""Drafts on the server: the same on every device, never overwritten unseen, gone once sent (ux, desk 4)."""

import json
from datetime import timedelta

import pytest
from django.test import Client

from core import cached, clock
from core.actions import drafts, upkeep
from core.errors import InvalidInput
from core.models import Draft, User
from tests.cast import Cast, make_cast
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


def save(user: User, body: str, *, revision: int = 0, device: str = "laptop", place: str = "reply:AM-TEST-0001"):
    return drafts.save(user, place, body=body, revision=revision, device=device, at=clock.now())


def test_a_draft_grows_with_its_device(cast):
    first = save(cast.agent, "He")
    assert (first.body, first.revision) == ("He", 1)
    second = save(cast.agent, "Hello", revision=first.revision)
    assert second.revision == 2
    assert save(cast.agent, "Hello").revision == 2  # the same again is nothing new


def test_an_answer_lost_on_the_way_is_no_quarrel_with_itself(cast):
    save(cast.agent, "He")
    save(cast.agent, "Hel", revision=1)
    assert save(cast.agent, "Hell", revision=1).body == "Hell"


def test_another_devices_text_is_not_overwritten_unseen(cast):
    save(cast.agent, "on the laptop")
    with pytest.raises(drafts.Changed) as refusal:
        save(cast.agent, "on the phone", device="phone")
    assert refusal.value.draft.body == "on the laptop"
    assert Draft.objects.get().body == "on the laptop"
    assert save(cast.agent, "on the phone", device="phone", revision=1).body == "on the phone"
    with pytest.raises(drafts.Changed):
        save(cast.agent, "", revision=1)  # nor cleared
    assert save(cast.agent, "", revision=2) is None and not Draft.objects.exists()


def test_whoever_is_at_another_place_or_somebody_else_has_a_draft_of_their_own(cast):
    save(cast.agent, "mine")
    save(cast.colleague, "theirs")
    save(cast.agent, "a note", place="note:AM-TEST-0001")
    assert Draft.objects.count() == 3


@pytest.mark.parametrize(
    ("place", "body", "code"),
    [("reply:../x", "x", "unknown_place"), ("", "x", "unknown_place"), ("reply:AM-1", "x" * 20_001, "too_long")],
)
def test_what_makes_no_sense_is_refused(cast, place, body, code):
    with pytest.raises(InvalidInput) as refusal:
        save(cast.agent, body, place=place)
    assert refusal.value.code == code and not Draft.objects.exists()


def test_the_page_keeps_reads_and_quarrels_in_json(cast):
    client, url = signed_in(cast.agent), "/drafts/reply:AM-TEST-0001/"
    assert client.get(url).status_code == 204
    kept = client.post(url, {"body": "one\r\ntwo", "fields": '{"thanks": true}', "device": "a"})
    assert kept.status_code == 200 and kept.json() == {"revision": 1}
    read = client.get(url).json()
    assert read["body"] == "one\ntwo" and read["fields"] == {"thanks": True}
    quarrel = client.post(url, {"body": "other", "device": "b"})
    assert quarrel.status_code == 409 and quarrel.json()["body"] == "one\ntwo"
    assert signed_in(cast.colleague).get(url).status_code == 204
    assert client.post("/drafts/Nothing%20here/", {"body": "x"}).status_code == 404
    assert Client().post(url, {"body": "x"}).status_code in (302, 403, 404)


@pytest.mark.parametrize("fields", ["[1]", "{", "null", "[" * 5000])
def test_odd_fields_are_none(cast, fields):
    assert signed_in(cast.agent).post("/drafts/intake/", {"body": "x", "fields": fields}).status_code == 200
    assert Draft.objects.get().fields == {}


def test_the_api_has_the_same_drafts(cast):
    save(cast.agent, "from the browser")
    client, url = Client(headers=bearer(cast.agent)), "/api/v1/drafts/"
    assert [row["body"] for row in client.get(url).json()["results"]] == ["from the browser"]
    one = f"{url}reply:AM-TEST-0001/"
    put = client.put(one, json.dumps({"body": "over it", "device": "script"}), content_type="application/json")
    assert put.status_code == 409 and put.json()["code"] == "draft_changed"
    put = client.put(one, json.dumps({"body": "over it", "revision": 1}), content_type="application/json")
    assert put.status_code == 200 and put.json()["revision"] == 2
    assert Client(headers=bearer(cast.colleague)).get(one).status_code == 404
    assert client.delete(one).status_code == 204 and client.get(one).status_code == 404


def test_it_stands_in_the_box_on_another_device_and_goes_when_it_was_sent(cast):
    complaint = cast.complaint()
    place = f"reply:{complaint.reference}"
    fields = {"apology": True, "cannot": "come today"}
    drafts.save(cast.agent, place, body="Half a sentence", fields=fields, at=clock.now())
    drafts.save(cast.agent, place.replace("reply", "note"), body="a note", at=clock.now())
    client = signed_in(cast.agent)
    page = client.get(f"/complaints/{complaint.reference}/").content.decode()
    assert ">Half a sentence</textarea>" in page and 'name="apology" data-keep checked' in page
    assert 'value="come today"' in page
    other = signed_in(cast.colleague).get(f"/complaints/{complaint.reference}/").content.decode()
    assert "Half a sentence" not in other
    client.post(f"/complaints/{complaint.reference}/messages/", {"body": "Half a sentence, whole"})
    assert [one.place for one in Draft.objects.all()] == [place.replace("reply", "note")]
    client.post(f"/complaints/{complaint.reference}/notes/", {"body": "a note"})
    assert not Draft.objects.exists()


def test_a_refused_reply_keeps_its_draft(cast):
    complaint = cast.complaint()
    place = f"reply:{complaint.reference}"
    drafts.save(cast.agent, place, body="words", at=clock.now())
    answer = signed_in(cast.agent).post(f"/complaints/{complaint.reference}/messages/", {"body": "w", "cannot": "x"})
    assert answer.status_code == 422 and Draft.objects.get().body == "words"


def test_what_nobody_touched_for_half_a_year_is_let_go(cast):
    save(cast.agent, "old")
    save(cast.colleague, "new")
    Draft.objects.filter(user=cast.agent).update(updated_at=clock.now() - timedelta(days=181))
    assert upkeep.tidy(at=clock.now())["drafts"] == 1
    assert Draft.objects.get().body == "new"
