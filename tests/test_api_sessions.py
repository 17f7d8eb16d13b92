"""Sessions of the browser at the API: their CSRF token, and files (cases F10, F14)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from complaints.models import Attachment
from core import cached
from core.models import User
from retention.models import Upload
from tests.cast import Cast, make_cast
from tests.tokens import bearer
from tests.uploads import PNG, file

pytestmark = pytest.mark.django_db
ACCOUNT = "/api/v1/account/"


@pytest.fixture
def cast(tmp_path: Any, settings: Any) -> Iterator[Cast]:
    settings.MEDIA_ROOT = tmp_path
    cached.clear_all()
    yield make_cast()
    cached.clear_all()


def session(user: User) -> Client:
    client = Client(enforce_csrf_checks=True)
    client.force_login(user)
    return client


def token_of(client: Client) -> dict[str, str]:
    return {"X-CSRFToken": client.get(ACCOUNT).json()["csrf_token"]}


def test_a_session_reads_its_csrf_token_and_a_token_has_none(cast: Cast) -> None:
    client = session(cast.agent)
    body: dict[str, Any] = {"data": {"shortcuts": False}, "content_type": "application/json"}
    assert client.patch(ACCOUNT, **body, headers={"If-Match": "*"}).json()["code"] == "csrf_failed"
    headers = {**token_of(client), "If-Match": "*"}
    assert client.patch(ACCOUNT, **body, headers=headers).status_code == 200
    assert client.patch(ACCOUNT, **body, headers=headers).status_code == 200, "it may be used again"
    assert Client().get(ACCOUNT, headers=bearer(cast.agent)).json()["csrf_token"] is None
    stranger = session(cast.stranger)
    stranger.get(ACCOUNT)
    foreign = stranger.patch(ACCOUNT, **body, headers=headers)
    assert (foreign.status_code, foreign.json()["code"]) == (403, "csrf_failed"), "that of another session"


def test_theme_and_time_zone_go_back_to_the_house_s_own(cast: Cast) -> None:
    client = session(cast.agent)
    headers = {**token_of(client), "If-Match": "*"}
    for theme, zone in (("dark", "Europe/Lisbon"), ("", "")):
        data = {"theme": theme, "time_zone": zone}
        answer = client.patch(ACCOUNT, data=data, content_type="application/json", headers=headers)
        assert answer.status_code == 200 and answer.json()["theme"] == theme, answer.content


def test_a_session_sends_files(cast: Cast) -> None:
    case = cast.complaint()
    url, client = f"/api/v1/complaints/{case.reference}/attachments/", session(cast.agent)
    sent = client.post(url, {"file": file()}, headers=token_of(client))
    assert sent.status_code == 201, sent.content
    assert (sent.json()["name"], sent.json()["size"]) == ("photo.png", len(PNG))
    draft = client.post("/api/v1/attachments/", {"file": file("other.png")}, headers=token_of(client))
    assert draft.status_code == 201
    assert Attachment.objects.count() == 2
    boss = session(cast.manager)
    body = {"file": SimpleUploadedFile("march.csv", b"kind,score,comment\nnps,9,Good\n"), "kind": "survey-responses"}
    assert boss.post("/api/v1/imports/", body, headers=token_of(boss)).status_code == 201
    assert Upload.objects.count() == 1


@pytest.mark.parametrize("form", [{}, {"csrfmiddlewaretoken": "own"}])
def test_files_of_a_session_need_the_header(form: dict[str, str], cast: Cast) -> None:
    """A form of another site could have fields, but no header."""
    client = session(cast.agent)
    own = token_of(client)["X-CSRFToken"]
    fields = dict.fromkeys(form, own)
    url = f"/api/v1/complaints/{cast.complaint().reference}/attachments/"
    for headers in ({}, {"X-CSRFToken": "a" * 32}, {"X-CSRFToken": own, "Origin": "https://evil.example"}):
        answer = client.post(url, {"file": file(), **fields}, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (403, "csrf_failed"), headers
    assert not Attachment.objects.exists()


def test_a_form_where_json_is_taken_is_415_for_sessions_too(cast: Cast) -> None:
    client = session(cast.agent)
    answer = client.post("/api/v1/complaints/", {"subject": "a"}, headers=token_of(client))
    assert (answer.status_code, answer.json()["code"]) == (415, "unsupported_media_type")
