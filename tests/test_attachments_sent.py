"""Files taken along by texts and by new complaints, with and without JavaScript (F05, F13, F14)."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from complaints.actions import attachments, converse
from complaints.actions.file import Filing
from complaints.actions.file import file as file_complaint
from complaints.models import Attachment, Complaint, Message, Note
from core import clock, trail
from core.actor import Actor
from core.errors import InvalidInput
from core.models import User
from tests.cast import Cast, make_cast
from tests.doors import DOORS, Door
from tests.tokens import bearer
from tests.uploads import PNG, Sent, draft, empty_storage, file, names

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


# --- going along with a text


@pytest.mark.parametrize("door", DOORS, ids=str)
@pytest.mark.parametrize("resource", ["messages", "notes"])
def test_a_text_takes_its_files_along(cast: Cast, complaint: Complaint, door: Door, resource: str) -> None:
    mode = {"messages": "reply", "notes": "note"}[resource]
    tokens = [draft(cast.agent, complaint, "bill.pdf", b"%PDF-1.7", mode=mode) for _number in range(2)]
    fields: dict[str, Any] = {"body": "Here is the bill.", "attachments": tokens}
    if resource == "messages":
        fields["direction"] = "out"
    assert door(cast.agent, complaint, resource, **fields).status == 200
    owner = {"message": Message.objects.last()} if resource == "messages" else {"note": Note.objects.get()}
    assert names(draft="", complaint=complaint, **owner) == ["bill.pdf", "bill (2).pdf"]
    entry = trail.of(complaint).last()
    told, private = json.loads(entry.body), json.loads(entry.private)
    assert [one["sha256"] for one in told["attachments"]] == [Attachment.objects.first().sha256] * 2
    assert private["attachments"] == ["bill.pdf", "bill (2).pdf"]
    assert "bill.pdf" not in entry.body, "a name is personal: it must be erasable"


@pytest.mark.parametrize("door", DOORS, ids=str)
def test_what_the_customer_brought_needs_no_words(cast: Cast, complaint: Complaint, door: Door) -> None:
    token = draft(cast.agent, complaint, mode="")
    body = {} if door.name != "api" else {"body": "see photo"}
    assert door(cast.agent, complaint, "messages", direction="in", attachments=[token], **body).status == 200
    assert names(message__direction="in") == ["photo.png"]
    complaint.refresh_from_db()
    assert complaint.preview in ("photo.png", "see photo")


@pytest.mark.parametrize("door", DOORS, ids=str)
def test_files_of_others_and_of_nowhere_are_refused(cast: Cast, complaint: Complaint, door: Door) -> None:
    elsewhere = cast.complaint(subject="Another one")
    sent = draft(cast.agent, complaint)
    converse.message(complaint, by=Actor.person(cast.agent), at=clock.now(), body="Sent", attachments=[sent])
    wrong = {
        "somebody else's": draft(cast.colleague, complaint),
        "another case's": draft(cast.agent, elsewhere),
        "sent before": sent,
        "a complainant's": attachments.upload(
            [PNG], name="x.png", by=Actor.customer(), at=clock.now(), origin="o"
        ).token,
        "nobody's": "x" * 43,
        "no token": "' OR 1=1 --",
    }
    before = Message.objects.count()
    for why, token in wrong.items():
        answer = door(cast.agent, complaint, "messages", direction="out", body="Hello", attachments=[token])
        assert answer.status == 422, why
        assert "no longer there" in answer.text, why
    assert Message.objects.count() == before
    assert Attachment.objects.exclude(draft="").count() == 3


def test_too_many_and_too_large_together(cast: Cast, complaint: Complaint, settings: Any) -> None:
    tokens = [draft(cast.agent, complaint) for _number in range(3)]
    settings.ATTACHMENTS_PER_MESSAGE = 2
    with pytest.raises(InvalidInput) as many:
        attachments.take(tokens, by=Actor.person(cast.agent), complaint=complaint)
    assert many.value.code == "too_many_files"
    settings.ATTACHMENTS_PER_MESSAGE, settings.ATTACHMENTS_MAX_TOTAL = 10, 3 * len(PNG) - 1
    with pytest.raises(InvalidInput) as large:
        attachments.take(tokens, by=Actor.person(cast.agent), complaint=complaint)
    assert (large.value.code, large.value.status) == ("files_too_large", 413)


def test_the_reply_never_takes_files_of_the_note(cast: Cast, complaint: Complaint) -> None:
    """Both boxes are in one form: only the list of the chosen mode leaves."""
    reply, note = draft(cast.agent, complaint, "for them.png"), draft(cast.agent, complaint, "for us.png", mode="note")
    client = signed_in(cast.agent)
    lists = {"attachments_reply": reply, "attachments_note": note}
    answer = client.post(f"/complaints/{complaint.reference}/messages/", {"body": "Hello", "mode": "reply", **lists})
    assert answer.status_code == 302
    assert names(draft="") == ["for them.png"]
    assert names(draft__endswith=":note") == ["for us.png"]


def test_without_javascript_files_come_with_the_form(cast: Cast, complaint: Complaint) -> None:
    client, url = signed_in(cast.agent), f"/complaints/{complaint.reference}/messages/"
    both = [file("a.png"), file("a.png")]
    assert client.post(url, {"body": "Two", "mode": "reply", "files": both}).status_code == 302
    assert names(draft="") == ["a.png", "a (2).png"]
    refused = client.post(url, {"body": "", "mode": "reply", "files": file("kept.png")})
    assert refused.status_code == 422
    assert "kept.png" in refused.content.decode(), "what was uploaded is not lost with a refused text"
    token = Attachment.objects.get(name="kept.png").token
    assert client.post(url, {"body": "Now", "mode": "reply", "attachments_reply": token}).status_code == 302
    assert "kept.png" in names(draft="")


def test_a_form_sent_twice_leaves_no_second_file(cast: Cast, complaint: Complaint) -> None:
    client, url = signed_in(cast.agent), f"/complaints/{complaint.reference}/messages/"
    for _time in range(2):
        form = {"body": "Once", "mode": "reply", "nonce": "same", "files": file("a.png")}
        assert client.post(url, form).status_code == 302
    assert names() == ["a.png"]


def test_one_bad_file_keeps_the_others_and_the_text(cast: Cast, complaint: Complaint, settings: Any) -> None:
    settings.ATTACHMENT_MAX_BYTES = 100
    client, url = signed_in(cast.agent), f"/complaints/{complaint.reference}/messages/"
    sent = [file("good.png"), file("large.bin", b"x" * 200)]
    answer = client.post(url, {"body": "My long answer", "mode": "reply", "files": sent})
    assert answer.status_code == 422
    page = answer.content.decode()
    assert "large.bin is too large" in page
    assert "My long answer" in page
    assert "good.png" in page
    assert not Message.objects.filter(body__contains="My long answer").exists()


# --- a new complaint


def test_a_new_complaint_takes_files_over_the_api(cast: Cast) -> None:
    client = Client(headers=bearer(cast.agent))
    sent = client.post("/api/v1/attachments/", {"file": file("letter.pdf", b"%PDF-1.4")})
    assert sent.status_code == 201
    assert client.get(sent["Location"]).json()["name"] == "letter.pdf"
    told = {
        "channel": "letter",
        "subject": "A letter",
        "description": "See the scan",
        "attachments": [sent.json()["id"]],
    }
    made = client.post("/api/v1/complaints/", json.dumps(told), content_type="application/json")
    assert made.status_code == 201, made.content
    row = Attachment.objects.get()
    assert (row.complaint.reference, row.message, row.note, row.draft) == (made.json()["reference"], None, None, "")
    filed = trail.of(row.complaint).first()
    assert json.loads(filed.private)["attachments"] == ["letter.pdf"]


def test_a_refused_complaint_leaves_its_files_as_they_were(cast: Cast) -> None:
    token = draft(cast.agent)
    with pytest.raises(InvalidInput):
        file_complaint(
            Filing(channel="web", subject="x", description="y", received_at=clock.now() + timedelta(days=1)),
            by=Actor.person(cast.agent),
            at=clock.now(),
            attachments=[token],
        )
    assert Attachment.objects.get().draft


def test_the_agents_form_takes_files_with_and_without_javascript(cast: Cast) -> None:
    client = signed_in(cast.agent)
    page = client.get("/complaints/new/").content.decode()
    assert 'enctype="multipart/form-data"' in page
    at_once = client.post("/attachments/", {"file": file("at once.png")})
    assert at_once.status_code == 201
    token = Attachment.objects.get().token
    told = {
        "channel": "letter",
        "kind": "complaint",
        "subject": "A letter",
        "description": "See",
        "type": "unclassified",
        "language": "en",
        "attachments": token,
        "files": file("with the form.png"),
    }
    refused = client.post("/complaints/new/", {**told, "description": ""})
    assert refused.status_code == 422
    assert {"at once.png", "with the form.png"} <= {one for one in names() if one in refused.content.decode()}
    both = [token, *Attachment.objects.exclude(token=token).values_list("token", flat=True)]
    del told["files"]
    assert client.post("/complaints/new/", {**told, "attachments": both}).status_code == 302
    assert names(draft="", message=None, note=None) == ["at once.png", "with the form.png"]
