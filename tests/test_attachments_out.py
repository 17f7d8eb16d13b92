"""Files going out: downloads that run nothing, who may fetch what, and the mails that carry them (F07, F14, F21)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from email import message_from_bytes
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse

from complaints.actions import attachments, converse
from complaints.actions.file import Filing
from complaints.actions.file import file as file_complaint
from complaints.models import Attachment, Complaint, Status
from core import blobs, clock
from core.actions import outbox
from core.actor import Actor
from core.mail import compose
from core.models import OutboxMessage, User
from core.references import status_token
from tests.cast import Cast, make_cast
from tests.tokens import bearer
from tests.uploads import PNG, draft, empty_storage, stored

pytestmark = pytest.mark.django_db
CLOSED = "default-src 'none'; sandbox"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


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


def send(cast: Cast, complaint: Complaint, name: str = "photo.png", content: bytes = PNG) -> Attachment:
    token = draft(cast.agent, complaint, name, content)
    converse.message(complaint, by=Actor.person(cast.agent), at=clock.now(), body="x", attachments=[token])
    return Attachment.objects.get(token=token)


def note(cast: Cast, complaint: Complaint, name: str = "for us.png") -> Attachment:
    token = draft(cast.agent, complaint, name, mode="note")
    converse.note(complaint, by=Actor.person(cast.agent), at=clock.now(), body="x", attachments=[token])
    return Attachment.objects.get(token=token)


def desk_url(row: Attachment) -> str:
    return reverse("attachment", args=[row.complaint.reference, row.token, row.name])


def status_url(complaint: Complaint, row: Attachment) -> str:
    return reverse("status_attachment", args=[status_token(complaint.reference), row.token, row.name])


def api_url(row: Attachment) -> str:
    return f"/api/v1/complaints/{row.complaint.reference}/attachments/{row.token}/content/"


def body(answer: Any) -> bytes:
    return b"".join(answer.streaming_content) if answer.streaming else answer.content


def fetches(cast: Cast, complaint: Complaint, row: Attachment) -> dict[str, Any]:
    """The same file through every door."""
    return {
        "desk": signed_in(cast.agent).get(desk_url(row)),
        "status page": Client().get(status_url(complaint, row)),
        "api": Client(headers=bearer(cast.agent)).get(api_url(row)),
    }


# --- what runs nothing


@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [
        ("photo.png", PNG, "image/png"),
        ("drawing.svg", SVG, "application/octet-stream"),
        ("page.html", b"<html><script>alert(1)</script>", "application/octet-stream"),
        (
            "feed.xml",
            b"<?xml version='1.0'?><x:script xmlns:x='http://www.w3.org/1999/xhtml'/>",
            "application/octet-stream",
        ),
        ("notes.txt", b"plain", "text/plain"),
    ],
)
def test_every_door_hands_out_a_download_and_nothing_else(
    cast: Cast, complaint: Complaint, name: str, content: bytes, kind: str
) -> None:
    row = send(cast, complaint, name, content)
    for door, answer in fetches(cast, complaint, row).items():
        assert answer.status_code == 200, door
        assert answer["Content-Disposition"] == f'attachment; filename="{name}"', door
        assert answer["X-Content-Type-Options"] == "nosniff", door
        assert answer["Content-Security-Policy"] == CLOSED, door
        assert answer["Content-Type"].partition(";")[0] == kind, door
        assert answer["Cross-Origin-Resource-Policy"] == "same-origin", door
        assert answer["Cache-Control"] == "private, no-cache", door
        assert answer["Content-Length"] == str(len(content)), door
        assert body(answer) == content, door


def test_a_type_written_into_a_row_by_hand_is_not_believed(cast: Cast, complaint: Complaint) -> None:
    row = send(cast, complaint, "page.html", b"<html>")
    Attachment.objects.update(content_type="text/html")
    for door, answer in fetches(cast, complaint, row).items():
        assert answer["Content-Type"] == "application/octet-stream", door


def test_a_name_in_any_script_arrives_and_splits_no_header(cast: Cast, complaint: Complaint) -> None:
    for name in ("отчёт №5.pdf", 'a"b;c=d\\e.pdf', "100 %\r\nX-Evil: 1.pdf", "💥.pdf"):
        row = send(cast, complaint, name, b"%PDF-" + name.encode())
        answer = signed_in(cast.agent).get(desk_url(row))
        assert answer.status_code == 200, name
        assert "X-Evil" not in answer
        assert answer["Content-Disposition"].startswith("attachment; filename")


def test_a_file_known_already_is_not_sent_again(cast: Cast, complaint: Complaint) -> None:
    row = send(cast, complaint)
    client = signed_in(cast.agent)
    tag = client.get(desk_url(row))["ETag"]
    again = client.get(desk_url(row), headers={"If-None-Match": f'W/"other", {tag}'})
    assert (again.status_code, body(again)) == (304, b"")
    assert again["Content-Security-Policy"] == CLOSED


@pytest.mark.parametrize(
    ("asked", "status", "got", "range"),
    [
        ("bytes=0-3", 206, b"0123", "bytes 0-3/10"),
        ("bytes=4-", 206, b"456789", "bytes 4-9/10"),
        ("bytes=-2", 206, b"89", "bytes 8-9/10"),
        ("bytes=8-99", 206, b"89", "bytes 8-9/10"),
        ("bytes=0-", 200, b"0123456789", None),
        ("bytes=10-", 416, b"", "bytes */10"),
        ("bytes=-0", 416, b"", "bytes */10"),
        ("bytes=5-2", 200, b"0123456789", None),
        ("bytes=0-1,3-4", 200, b"0123456789", None),
        ("bytes=-", 200, b"0123456789", None),
        ("lines=1-2", 200, b"0123456789", None),
        ("bytes=0x1-2", 200, b"0123456789", None),
        ("bytes=99999999999999999999-", 200, b"0123456789", None),
    ],
)
def test_a_broken_download_goes_on(
    cast: Cast, complaint: Complaint, asked: str, status: int, got: bytes, range: str | None
) -> None:
    row = send(cast, complaint, "ten.txt", b"0123456789")
    answer = signed_in(cast.agent).get(desk_url(row), headers={"Range": asked})
    assert answer.status_code == status
    assert body(answer) == got
    assert answer.get("Content-Range") == range
    assert ("Content-Type" in answer) == (status != 416)
    assert answer["Content-Security-Policy"] == CLOSED


def test_a_range_of_another_state_is_the_whole_file(cast: Cast, complaint: Complaint) -> None:
    row = send(cast, complaint, "ten.txt", b"0123456789")
    answer = signed_in(cast.agent).get(desk_url(row), headers={"Range": "bytes=4-", "If-Range": '"another"'})
    assert (answer.status_code, body(answer)) == (200, b"0123456789")


def test_lost_bytes_are_a_404_and_a_line_in_the_log(
    cast: Cast, complaint: Complaint, caplog: pytest.LogCaptureFixture
) -> None:
    row = send(cast, complaint)
    for path in stored():
        path.unlink()
    for door, answer in fetches(cast, complaint, row).items():
        assert answer.status_code == 404, door
    assert row.stored in caplog.text


# --- who may fetch what


def test_who_may_fetch_what(cast: Cast, complaint: Complaint) -> None:
    """The whole matrix: each kind of file, each reader, each door."""
    elsewhere = cast.complaint(subject="Another one")
    told = draft(cast.agent, name="scan.png")
    filed = file_complaint(
        Filing(channel="letter", subject="s", description="d", owner=cast.agent, customer=cast.customer),
        by=Actor.person(cast.agent),
        at=clock.now(),
        attachments=[told],
    )
    Attachment.objects.filter(token=told).update(complaint=complaint)  # as if it had been filed with it
    brought = attachments.upload(
        [PNG], name="mine.png", by=Actor.customer(), at=clock.now(), complaint=complaint, origin="o"
    )
    converse.incoming(complaint, by=Actor.customer(), at=clock.now(), body="", attachments=[brought.token])
    waiting = draft(cast.agent, complaint, "waiting.png")
    rows = {
        "message": send(cast, complaint),
        "note": note(cast, complaint),
        "narrative": Attachment.objects.get(token=told),
        "theirs": Attachment.objects.get(token=brought.token),
        "draft": Attachment.objects.get(token=waiting),
        "of another case": send(cast, elsewhere),
    }
    may = {
        "customer": {"message", "narrative", "theirs"},
        "agent": {"message", "note", "narrative", "theirs"},
        "colleague": {"message", "note", "narrative", "theirs"},
        "lead": {"message", "note", "narrative", "theirs"},
        "manager": {"message", "note", "narrative", "theirs"},
        "stranger": set(),
        "admin": set(),
        "nobody": set(),
    }
    assert filed.pk
    for kind, row in rows.items():
        for reader, allowed in may.items():
            wanted = 200 if kind in allowed else None
            if reader == "customer":
                got = Client().get(status_url(complaint, row)).status_code
                assert got == (wanted or 404), (reader, kind)
                continue
            here = reverse("attachment", args=[complaint.reference, row.token, row.name])
            there = f"/api/v1/complaints/{complaint.reference}/attachments/{row.token}/content/"
            if reader == "nobody":
                assert Client().get(here).status_code == 302, kind
                assert Client().get(there).status_code == 401, kind
                continue
            user = cast.people()[reader]
            got = signed_in(user).get(here).status_code
            assert got == wanted or (wanted is None and got in (403, 404)), (reader, kind, got)
            got = Client(headers=bearer(user)).get(there).status_code
            own_draft = kind == "draft" and reader == "agent"
            assert got == (200 if own_draft else wanted) or (wanted is None and got in (403, 404)), (reader, kind, got)


def test_a_wrong_link_finds_nothing(cast: Cast, complaint: Complaint) -> None:
    row = send(cast, complaint)
    other = cast.complaint(subject="Another one")
    right = status_token(complaint.reference)
    wrong = right[:-1] + ("1" if right.endswith("0") else "0")
    for link in (wrong, complaint.reference, status_token(other.reference)):
        answer = Client().get(reverse("status_attachment", args=[link, row.token, row.name]))
        assert answer.status_code == 404, link


def test_the_customer_sees_names_of_messages_never_of_notes(cast: Cast, complaint: Complaint) -> None:
    send(cast, complaint, "for them.pdf", b"%PDF-")
    note(cast, complaint, "for us.png")
    draft(cast.agent, complaint, "not sent.png")
    page = Client().get(f"/status/{status_token(complaint.reference)}/").content.decode()
    assert "for them.pdf" in page
    assert "for us" not in page
    assert "not sent" not in page


def test_only_who_chose_a_file_looks_at_it_before_it_is_sent(cast: Cast, complaint: Complaint) -> None:
    token = draft(cast.agent, complaint)
    url = reverse("draft_attachment", args=[token, "photo.png"])
    assert signed_in(cast.agent).get(url).status_code == 200
    assert signed_in(cast.colleague).get(url).status_code == 404
    assert Client().get(url).status_code == 302
    brought = attachments.upload([PNG], name="x.png", by=Actor.customer(), at=clock.now(), origin="o").token
    for reader in (signed_in(cast.manager), Client()):
        assert reader.get(reverse("draft_attachment", args=[brought, "x.png"])).status_code in (302, 404)


def test_a_merged_case_hands_its_files_over(cast: Cast, complaint: Complaint) -> None:
    """Its messages stay its own rows and are shown with the survivor."""
    survivor = cast.complaint(subject="The survivor")
    row = send(cast, complaint)
    Complaint.objects.filter(pk=complaint.pk).update(merged_into=survivor, status=Status.MERGED, in_queue=False)
    url = reverse("attachment", args=[survivor.reference, row.token, row.name])
    assert signed_in(cast.agent).get(url).status_code == 200
    assert signed_in(cast.stranger).get(url).status_code == 404


# --- mails


def written(key: str) -> OutboxMessage:
    return OutboxMessage.objects.get(key=key)


def test_a_mail_carries_the_files_of_its_message(cast: Cast, complaint: Complaint) -> None:
    tokens = [draft(cast.agent, complaint, "bill №1.pdf", b"%PDF-1"), draft(cast.agent, complaint, "talk.eml", EML)]
    sent = converse.message(
        complaint, by=Actor.person(cast.agent), at=clock.now(), body="See the bill", attachments=tokens
    )
    row = written(f"message:{sent.pk}")
    assert row.context["attachments"] == list(Attachment.objects.values_list("pk", flat=True))
    before = row.message_id
    outbox.drain(at=clock.now() + timedelta(minutes=1))
    parsed = message_from_bytes(mail.outbox[-1].message().as_bytes())
    parts = {part.get_filename(): part for part in parsed.walk() if part.get_content_disposition() == "attachment"}
    assert parts["bill №1.pdf"].get_payload(decode=True) == b"%PDF-1"
    assert parts["bill №1.pdf"].get_content_type() == "application/pdf"
    assert parts["talk.eml"].get_payload(decode=True) == EML
    assert parts["talk.eml"].get_content_type() == "application/octet-stream", "nobody opens a mail in a mail unasked"
    assert parsed["Message-ID"] == before == written(f"message:{sent.pk}").message_id


EML = b"From: a@b.example\r\nTo: c@d.example\r\nSubject: =?x?=\r\n\r\nHello \xff\r\n"


def test_what_does_not_fit_into_a_mail_is_on_the_page(cast: Cast, complaint: Complaint, settings: Any) -> None:
    settings.ATTACHMENTS_MAIL_BYTES = 100
    tokens = [
        draft(cast.agent, complaint, "small.txt", b"x" * 90),
        draft(cast.agent, complaint, "large.txt", b"y" * 5000),
        draft(cast.agent, complaint, "tiny.txt", b"z" * 10),
        draft(cast.agent, complaint, "tool.exe", b"MZ"),
    ]
    sent = converse.message(complaint, by=Actor.person(cast.agent), at=clock.now(), body="Four", attachments=tokens)
    composed = compose(written(f"message:{sent.pk}"))
    assert [part.get_filename() for part in composed.attachments] == ["small.txt", "tiny.txt"]
    assert "large.txt (5\u00a0kB)" in composed.body
    assert "tool.exe" in composed.body
    assert composed.body.count(f"/status/{status_token(complaint.reference)}/") == 2
    assert "small.txt" not in composed.body


def test_a_mail_without_files_says_nothing_of_any(
    cast: Cast, complaint: Complaint, django_assert_num_queries: Any
) -> None:
    sent = converse.message(complaint, by=Actor.person(cast.agent), at=clock.now(), body="Hello")
    row = written(f"message:{sent.pk}")
    with django_assert_num_queries(0):
        composed = compose(row)
    assert composed.attachments == []
    assert "not in this mail" not in composed.body


def test_files_erased_or_lost_meanwhile_stop_no_mail(cast: Cast, complaint: Complaint) -> None:
    tokens = [draft(cast.agent, complaint, "gone.txt", b"gone"), draft(cast.agent, complaint, "lost.txt", b"lost")]
    sent = converse.message(complaint, by=Actor.person(cast.agent), at=clock.now(), body="Two", attachments=tokens)
    attachments.erase(Attachment.objects.filter(name="gone.txt"))
    lost = Attachment.objects.get(name="lost.txt")
    (blobs.store().path(lost.stored) and stored())[0].unlink()
    for path in stored():
        path.unlink()
    composed = compose(written(f"message:{sent.pk}"))
    assert composed.attachments == []
    assert "gone.txt" not in composed.body
    assert "lost.txt" in composed.body


def test_a_note_never_leaves_by_mail(cast: Cast, complaint: Complaint) -> None:
    """Even if a row of the outbox named its file."""
    inside = note(cast, complaint)
    sent = converse.message(complaint, by=Actor.person(cast.agent), at=clock.now(), body="Hello")
    row = written(f"message:{sent.pk}")
    row.context = {**row.context, "attachments": [inside.pk]}
    composed = compose(row)
    assert composed.attachments == []
    assert "for us" not in composed.body
