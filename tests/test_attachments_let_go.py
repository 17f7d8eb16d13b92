"""Files of a case let go: a draft removed, what was forgotten swept, what is erased gone (F13, F14)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.test import Client

from complaints.actions import attachments, converse, pending
from complaints.models import Attachment, Complaint
from core import blobs, clock
from core.actor import Actor
from core.models import User
from tests.cast import Cast, make_cast
from tests.tokens import bearer
from tests.uploads import PNG, draft, empty_storage, make_old, names, stored

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast() -> Iterator[Cast]:
    empty_storage()
    yield make_cast()
    empty_storage()


@pytest.fixture
def complaint(cast: Cast) -> Complaint:
    return cast.complaint()


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def test_a_draft_is_removed_by_its_owner_only(cast: Cast, complaint: Complaint) -> None:
    token = draft(cast.agent, complaint)
    assert signed_in(cast.colleague).post(f"/attachments/{token}/removal/").status_code == 204
    assert Attachment.objects.count() == 1
    assert signed_in(cast.agent).post(f"/attachments/{token}/removal/").status_code == 204
    assert Attachment.objects.count() == 0
    kept = draft(cast.agent, complaint)
    client = Client(headers=bearer(cast.agent))
    url = f"/api/v1/complaints/{complaint.reference}/attachments/{kept}/"
    assert Client(headers=bearer(cast.colleague)).delete(url).status_code == 404
    assert client.delete(url).status_code == 204
    assert client.delete(url).status_code == 404


def test_what_was_sent_cannot_be_removed(cast: Cast, complaint: Complaint) -> None:
    token = draft(cast.agent, complaint)
    converse.message(complaint, by=Actor.person(cast.agent), at=clock.now(), body="Sent", attachments=[token])
    signed_in(cast.agent).post(f"/attachments/{token}/removal/")
    url = f"/api/v1/complaints/{complaint.reference}/attachments/{token}/"
    for user in (cast.agent, cast.colleague):
        refused = Client(headers=bearer(user)).delete(url)
        assert (refused.status_code, refused.json()["code"]) == (409, "file_taken")
    assert names() == ["photo.png"]


def test_what_waits_with_a_message_cannot_be_removed_until_that_is_taken_back(cast: Cast, complaint: Complaint) -> None:
    by, at, token = Actor.person(cast.agent), clock.now(), draft(cast.agent, complaint)
    waiting = pending.schedule(
        complaint,
        by=by,
        at=at,
        body="Later",
        due_at=at + timedelta(hours=2),
        content=pending.Content(attachments=[token]),
    )
    client = Client(headers=bearer(cast.agent))
    url = f"/api/v1/complaints/{complaint.reference}/attachments/{token}/"
    assert client.delete(url).json()["code"] == "file_taken"
    pending.cancel(waiting, by=by, at=at)
    assert client.delete(url).status_code == 204 and names() == []


def test_tidying_sweeps_what_was_forgotten_and_nothing_else(cast: Cast, complaint: Complaint) -> None:
    at = clock.now()
    sent = draft(cast.agent, complaint, "sent.png", PNG + b"1")
    converse.message(complaint, by=Actor.person(cast.agent), at=at, body="Sent", attachments=[sent])
    old = draft(cast.agent, complaint, "old.png", PNG + b"2")
    draft(cast.agent, complaint, "young.png", PNG + b"3")
    Attachment.objects.filter(token__in=[old, sent]).update(created_at=at - timedelta(days=8))
    orphan = blobs.store().keep([b"a crash came before the row"], at_most=100).sha256
    fresh = blobs.store().keep([b"its row is being written"], at_most=100).sha256
    for sha256 in (*Attachment.objects.values_list("sha256", flat=True), orphan):
        make_old(sha256)
    gone = attachments.tidy(at=at, shard=-1)
    assert gone == {"drafts": 1, "coming": 0, "orphans": 1}
    assert names() == ["sent.png", "young.png"]
    assert {path.name for path in stored()} == {*Attachment.objects.values_list("sha256", flat=True), fresh}
    assert attachments.tidy(at=at, shard=-1)["orphans"] == 0


def test_a_day_of_tidying_looks_everywhere(cast: Cast) -> None:
    at = clock.now()
    for number in range(40):
        make_old(blobs.store().keep([str(number).encode()], at_most=100).sha256)
    gone = sum(attachments.tidy(at=at + timedelta(hours=hour))["orphans"] for hour in range(24))
    assert gone == 40
    assert stored() == []


def test_what_is_parked_for_later_is_neither_swept_nor_shown(cast: Cast, complaint: Complaint) -> None:
    by, at = Actor.person(cast.agent), clock.now()
    token = draft(cast.agent, complaint)
    attachments.park(attachments.take([token], by=by, complaint=complaint))
    assert not attachments.drafts(by=by, complaint=complaint, mode="reply").exists()
    attachments.unpark([token], by=by)
    assert attachments.drafts(by=by, complaint=complaint, mode="reply").get().token == token
    attachments.park(attachments.take([token], by=by, complaint=complaint))
    sent = converse.message(complaint, by=by, at=at, body="Now", attachments=[token])
    assert names(message=sent, draft="") == ["photo.png"]


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_erasing_takes_row_and_bytes_away(cast: Cast, complaint: Complaint) -> None:
    mine, shared = (
        draft(cast.agent, complaint, content=b"only here"),
        draft(cast.agent, complaint, content=b"elsewhere too"),
    )
    other = cast.complaint(subject="Another one")
    draft(cast.agent, other, content=b"elsewhere too")
    converse.message(complaint, by=Actor.person(cast.agent), at=clock.now(), body="x", attachments=[mine, shared])
    for path in stored():
        make_old(path.name)
    assert attachments.erase(Attachment.objects.filter(complaint=complaint)) == 2
    assert {path.name for path in stored()} == {Attachment.objects.get().sha256}
