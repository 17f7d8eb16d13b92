"""Files of a case: sent through each door, refused where they must be, shown where they belong (F05, F13, F14)."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from complaints.actions import attachments, converse
from complaints.models import Attachment, Complaint, Message
from core import blobs, clock
from core.actor import Actor
from core.instants import iso
from core.models import TrailEntry, User
from tests.cast import Cast, make_cast
from tests.tokens import bearer
from tests.uploads import PNG, UPLOADS, Sent, draft, empty_storage, file, names, stored

pytestmark = pytest.mark.django_db
Upload = Callable[..., Sent]


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


# --- coming in


@pytest.mark.parametrize("upload", UPLOADS)
def test_a_file_waits_as_a_draft_under_a_harmless_name(cast: Cast, complaint: Complaint, upload: Upload) -> None:
    got = upload(cast.agent, complaint, file("../../photo\u202egnp.png"))
    assert got.status == 201, got.text
    row = Attachment.objects.get(token=got.token)
    assert (row.name, row.content_type, row.size) == ("photognp.png", "image/png", len(PNG))
    assert (row.complaint, row.message, row.note, row.uploaded_by) == (complaint, None, None, cast.agent)
    assert row.draft.startswith(f"user:{cast.agent.pk}:")
    assert len(row.token) == 43
    assert blobs.store().open(row.stored).read() == PNG
    assert not TrailEntry.objects.filter(subject_kind="attachment").exists(), "choosing a file changes no case"


@pytest.mark.parametrize("upload", UPLOADS)
@pytest.mark.parametrize(
    ("sent", "status", "says"),
    [
        (file("empty.txt", b""), (400,), "empty.txt is empty"),
        (file("large.bin", b"x" * 101), (413,), "large.bin is too large"),
        ("", (400,), ""),
    ],
)
def test_what_is_refused_leaves_nothing(
    cast: Cast,
    complaint: Complaint,
    upload: Upload,
    sent: Any,
    status: tuple[int, ...],
    says: str,
    settings: Any,
) -> None:
    settings.ATTACHMENT_MAX_BYTES = 100
    if hasattr(sent, "seek"):
        sent.seek(0)
    got = upload(cast.agent, complaint, sent)
    assert got.status in status
    assert says in got.text
    assert not Attachment.objects.exists()
    assert stored() == []


@pytest.mark.parametrize("upload", UPLOADS)
def test_a_stranger_finds_no_door(cast: Cast, complaint: Complaint, upload: Upload) -> None:
    assert upload(cast.stranger, complaint, file()).status == 404
    assert upload(cast.admin, complaint, file()).status in (403, 404)
    assert stored() == []


def test_equal_bytes_of_two_people_lie_once(cast: Cast, complaint: Complaint) -> None:
    first, second = draft(cast.agent, complaint), draft(cast.colleague, complaint, "other.png")
    assert len(stored()) == 1
    attachments.discard([first], by=Actor.person(cast.agent))
    assert names() == ["other.png"]
    assert len(stored()) == 1
    assert Attachment.objects.get(token=second).sha256 == stored()[0].name


def test_nobody_may_pile_up_drafts(cast: Cast, complaint: Complaint, settings: Any) -> None:
    settings.ATTACHMENT_DRAFTS_PER_PERSON = 2
    draft(cast.agent, complaint)
    draft(cast.agent, complaint)
    with pytest.raises(attachments.TooMuch):
        draft(cast.agent, complaint)
    draft(cast.colleague, complaint)


def test_a_key_sends_a_file_once(cast: Cast, complaint: Complaint) -> None:
    client = Client(headers={**bearer(cast.agent), "Idempotency-Key": "one"})
    url = f"/api/v1/complaints/{complaint.reference}/attachments/"
    first, again = client.post(url, {"file": file()}), client.post(url, {"file": file()})
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    assert again["Idempotent-Replayed"] == "true"
    assert Attachment.objects.count() == 1
    other = client.post(url, {"file": file(content=b"other bytes")})
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    renamed = client.post(url, {"file": file("renamed.png")})
    assert renamed.status_code == 422
    assert Attachment.objects.count() == 1


def test_the_api_takes_files_only_as_multipart(cast: Cast, complaint: Complaint) -> None:
    client = Client(headers=bearer(cast.agent))
    url = f"/api/v1/complaints/{complaint.reference}/attachments/"
    assert client.post(url, json.dumps({"file": "x"}), content_type="application/json").status_code == 415
    unknown = client.post(url, {"file": file(), "note": "x"})
    assert (unknown.status_code, unknown.json()["errors"][0]["code"]) == (400, "unknown_field")
    assert stored() == []


def test_a_form_without_files_is_as_small_as_ever(cast: Cast, complaint: Complaint) -> None:
    """Only forms of parts may be large, and only where files come in (F03)."""
    client, big = signed_in(cast.agent), "x" * 1_100_000
    here = f"/complaints/{complaint.reference}"
    assert (
        client.post(f"{here}/messages/", f"body={big}", content_type="application/x-www-form-urlencoded").status_code
        == 413
    )
    assert client.post(f"{here}/owner/", {"reason": file("big.txt", big.encode())}).status_code == 413
    assert client.post(f"{here}/messages/", {"body": big}).status_code in (400, 413)
    assert not Message.objects.exists()


# --- shown


def test_the_case_shows_files_where_they_belong(cast: Cast, complaint: Complaint) -> None:
    by, at = Actor.person(cast.agent), clock.now()
    sent = draft(cast.agent, complaint, "answer.pdf", b"%PDF-")
    converse.message(complaint, by=by, at=at, body="Our answer", attachments=[sent])
    noted = draft(cast.agent, complaint, "count.txt", b"three", mode="note")
    converse.note(complaint, by=by, at=at + timedelta(seconds=1), body="We counted", attachments=[noted])
    draft(cast.agent, complaint, "ready.png")
    draft(cast.colleague, complaint, "not mine.png")
    page = signed_in(cast.agent).get(f"/complaints/{complaint.reference}/").content.decode()
    answer, note = page.index("Our answer"), page.index("We counted")
    assert answer < page.index("answer.pdf") < note < page.index("count.txt")
    assert "ready.png" in page[page.index('id="composer"') :]
    assert "not mine.png" not in page
    Attachment.objects.update(created_at=at - timedelta(hours=1))
    api, url = Client(headers=bearer(cast.agent)), f"/api/v1/complaints/{complaint.reference}/attachments/"
    since = api.get(url, {"updated_since": iso(at)})
    assert [one["name"] for one in since.json()["results"]] == ["answer.pdf", "count.txt"]  # sent since
    listed = api.get(url)
    found = [(one["name"], one["sent"]) for one in listed.json()["results"]]
    assert found == [("answer.pdf", True), ("count.txt", True), ("ready.png", False)]
    where = f"http://testserver/api/v1/complaints/{complaint.reference}/attachments/{sent}/content/"
    assert listed.json()["results"][0]["content_url"] == where


def test_hostile_names_are_text_everywhere(cast: Cast, complaint: Complaint) -> None:
    name = "\"onmouseover=alert(1)'{{7*7}}{% url %}&lt;&#x27;.png"
    for mode in ("reply", "note"):
        token = draft(cast.agent, complaint, name, mode=mode)
        write = converse.message if mode == "reply" else converse.note
        write(complaint, by=Actor.person(cast.agent), at=clock.now(), body="x", attachments=[token])
    draft(cast.agent, complaint, name)
    kept = names()[0]
    page = signed_in(cast.agent).get(f"/complaints/{complaint.reference}/").content.decode()
    assert f'"{kept}' not in page
    assert "49" not in [part for part in page.split("'") if "7*7" in part]
    assert page.count("&amp;lt;&amp;#x27;.png</bdi>") == 3
