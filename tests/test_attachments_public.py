"""Files of complainants: with the form, at once, and on the status page (F14; ux, Public pages)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from complaints.actions import attachments
from complaints.models import Attachment, Complaint, Message
from core import clock
from core.actor import Actor
from core.references import status_token
from tests.cast import Cast, ensure_default_owner, make_cast
from tests.uploads import PNG, empty_storage, file, names, stored

pytestmark = pytest.mark.django_db
HIDDEN = re.compile(r'<input type="hidden" name="(\w+)" value="([^"]*)"')
TICKED = re.compile(r'name="attachments" value="([\w-]{43})" checked')
ANSWERS = {"description": "The lamp came broken. I want another one.", "language": "en"}


@pytest.fixture
def cast() -> Iterator[Cast]:
    empty_storage()
    made = make_cast()
    ensure_default_owner()
    yield made
    empty_storage()


def tokens_in(page: str) -> list[str]:
    return [value for name, value in HIDDEN.findall(page) if name == "attachments"] + TICKED.findall(page)


def step(client: Client, page: str, **told: Any) -> Any:
    """The next page of the walk: all that the page carries hidden, and what is told on it."""
    hidden: dict[str, Any] = {}
    for name, value in HIDDEN.findall(page):
        hidden.setdefault(name, []).append(value)
    hidden.pop("csrfmiddlewaretoken", None)
    if "attachments" not in told:
        told["attachments"] = tokens_in(page)
    hidden.pop("attachments", None)
    return client.post("/complain/", {**hidden, **told})


def walked(client: Client, first: Any) -> Any:
    """From the second page to the one that shows all answers."""
    answer = first
    for _page in range(8):
        page = answer.content.decode()
        if 'name="send"' in page:
            return answer
        told: dict[str, Any] = {}
        if 'name="type"' in page and 'type="radio"' in page:
            told["type"] = re.search(r'name="type" value="([\w-]+)"', page)[1]  # type: ignore[index]
        elif 'name="subtype"' in page and 'type="radio"' in page:
            told["subtype"] = "not-sure"
        elif 'name="email"' in page:
            told["language"] = "en"
        answer = step(client, page, **told)
    raise AssertionError("the walk does not end")


def begun(client: Client, **told: Any) -> Any:
    page = client.get("/complain/").content.decode()
    assert 'enctype="multipart/form-data"' in page
    return step(client, page, **{**ANSWERS, **told})


def test_files_are_kept_from_the_first_question_to_the_complaint_without_javascript(cast: Cast) -> None:
    client = Client()
    check = walked(client, begun(client, files=[file("lamp.png"), file("bill.pdf", b"%PDF-")]))
    page = check.content.decode()
    assert "lamp.png" in page
    assert "bill.pdf" in page
    done = step(client, page, send="1")
    assert done.status_code == 302, done.content.decode()[:3000]
    complaint = Complaint.objects.get()
    assert names(complaint=complaint, message=None, note=None, draft="") == ["lamp.png", "bill.pdf"]
    again = step(client, page, send="1")
    assert again["Location"] == done["Location"], "the same form sent again is the same complaint"
    assert Complaint.objects.count() == 1


def test_a_file_can_be_left_out_again_without_javascript(cast: Cast) -> None:
    client = Client()
    check = walked(client, begun(client, files=[file("good.png"), file("wrong.png")])).content.decode()
    first = step(client, check, change="what").content.decode()
    assert len(TICKED.findall(first)) == 2
    wrong = Attachment.objects.get(name="wrong.png").token
    kept = [token for token in TICKED.findall(first) if token != wrong]
    following = step(client, first, **ANSWERS, attachments=kept)
    page = walked(client, following).content.decode()
    assert "wrong.png" not in page
    step(client, page, send="1")
    assert names(draft="") == ["good.png"]


def test_a_bad_file_is_named_beside_the_words_that_are_kept(cast: Cast, settings: Any) -> None:
    settings.ATTACHMENT_MAX_BYTES = 100
    answer = begun(Client(), files=[file("huge.mov", b"x" * 101), file("ok.png")])
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "huge.mov is too large" in page
    assert ANSWERS["description"] in page
    assert "ok.png" in page
    assert names() == ["ok.png"]


def test_what_a_filter_holds_back_keeps_its_files(cast: Cast) -> None:
    client = Client()
    page = walked(client, begun(client, files=file("lamp.png"))).content.decode()
    step(client, page, send="1", homepage="http://spam.example")
    complaint = Complaint.objects.get()
    assert complaint.is_quarantined
    assert names(complaint=complaint, draft="") == ["lamp.png"]
    client.force_login(cast.manager)
    shown = client.get(f"/complaints/{complaint.reference}/").content.decode()
    assert "lamp.png" in shown


def test_a_script_sends_files_one_by_one_and_takes_them_back(cast: Cast) -> None:
    client = Client()
    sent = client.post("/complain/files/", {"file": file("a.png")})
    assert sent.status_code == 201
    token = TICKED.search(sent.content.decode())[1]  # type: ignore[index]
    assert "<a " not in sent.content.decode(), "nobody may look at what was not sent"
    assert "<img" not in sent.content.decode()
    assert client.post(f"/complain/files/{token}/removal/").status_code == 204
    assert client.post(f"/complain/files/{token}/removal/").status_code == 204
    assert not Attachment.objects.exists()
    assert client.get("/complain/files/").status_code == 405


def test_the_token_of_one_visitor_is_no_way_to_files_of_ours(cast: Cast) -> None:
    ours = attachments.upload([PNG], name="ours.png", by=Actor.person(cast.agent), at=clock.now()).token
    client = Client()
    client.post(f"/complain/files/{ours}/removal/")
    assert names() == ["ours.png"]
    page = walked(client, begun(client, attachments=[ours])).content.decode()
    assert "ours.png" not in page
    answer = step(client, page, send="1", attachments=[ours])
    assert answer.status_code == 400
    assert not Complaint.objects.exists()


def test_uploads_from_one_address_are_limited(cast: Cast, settings: Any) -> None:
    settings.PUBLIC_UPLOADS_PER_HOUR = 2
    client = Client()
    for _time in range(2):
        assert client.post("/complain/files/", {"file": file()}).status_code == 201
    refused = client.post("/complain/files/", {"file": file()})
    assert refused.status_code == 429
    assert refused["Retry-After"]
    assert client.post("/complain/files/", {"file": file()}, REMOTE_ADDR="198.51.100.7").status_code == 201
    Attachment.objects.update(created_at=clock.now() - timedelta(hours=2))
    assert client.post("/complain/files/", {"file": file()}).status_code == 201


def test_another_site_cannot_upload(cast: Cast) -> None:
    client = Client(enforce_csrf_checks=True)
    assert client.post("/complain/files/", {"file": file()}).status_code == 403
    assert stored() == []


# --- the status page


@pytest.fixture
def complaint(cast: Cast) -> Complaint:
    return cast.complaint()


def page_of(complaint: Complaint) -> str:
    return f"/status/{status_token(complaint.reference)}/"


def test_a_photo_answers_without_words(cast: Cast, complaint: Complaint) -> None:
    client, url = Client(), page_of(complaint)
    assert client.post(url, {"body": "", "files": file("proof.png")}).status_code == 302
    message = Message.objects.get(direction="in")
    assert (message.body, names(message=message)) == ("", ["proof.png"])
    assert "proof.png" in client.get(url).content.decode()
    assert client.post(url, {"body": ""}).status_code == 422


def test_an_answer_sent_twice_leaves_one_file(cast: Cast, complaint: Complaint) -> None:
    client, url = Client(), page_of(complaint)
    stamp = re.search(r'name="stamp" value="([^"]+)"', client.get(url).content.decode())[1]  # type: ignore[index]
    for _time in range(2):
        assert client.post(url, {"body": "x", "stamp": stamp, "files": file("a.png")}).status_code == 302
    assert names() == ["a.png"]


def test_a_script_sends_a_file_for_this_case_only(cast: Cast, complaint: Complaint) -> None:
    other = cast.complaint(subject="Another one")
    client = Client()
    sent = client.post(f"{page_of(complaint)}files/", {"file": file("a.png")})
    assert sent.status_code == 201
    token = TICKED.search(sent.content.decode())[1]  # type: ignore[index]
    assert client.post(page_of(other), {"body": "x", "attachments": token}).status_code == 400
    assert client.post(page_of(complaint), {"body": "x", "attachments": token}).status_code == 302
    assert client.post(f"/status/{complaint.reference}-wrong/files/", {"file": file()}).status_code == 404


def test_a_refused_answer_keeps_its_file(cast: Cast, complaint: Complaint) -> None:
    client = Client()
    answer = client.post(page_of(complaint), {"body": "x" * 20_001, "files": file("a.png")})
    assert answer.status_code == 422
    page = answer.content.decode()
    token = TICKED.search(page)[1]  # type: ignore[index]
    assert "a.png" in page
    assert client.post(page_of(complaint), {"body": "short", "attachments": token}).status_code == 302
    assert names(message__direction="in") == ["a.png"]
