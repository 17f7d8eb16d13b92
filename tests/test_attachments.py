"""Files of a case: sent through each door, taken along by texts, let go when forgotten (F05, F13, F14)."""

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
from core import blobs, clock, trail
from core.actor import Actor
from core.errors import InvalidInput
from core.models import TrailEntry, User
from tests.cast import Cast, make_cast
from tests.doors import DOORS, Door
from tests.tokens import bearer
from tests.uploads import PNG, UPLOADS, Sent, draft, empty_storage, file, make_old, names, stored

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
    listed = Client(headers=bearer(cast.agent)).get(f"/api/v1/complaints/{complaint.reference}/attachments/")
    assert [one["name"] for one in listed.json()["results"]] == ["answer.pdf", "count.txt"]


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


# --- let go


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
    assert Client(headers=bearer(cast.agent)).delete(url).status_code == 404
    assert names() == ["photo.png"]


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
