"""Every POST of the API honours an `Idempotency-Key`, or says that it only asks (case F05), read from the URL table."""

from __future__ import annotations

import json
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client

from core import cached, clock
from core.api import idempotency
from core.api.parsing import FormParser
from core.models import ApiToken, IdempotencyKey
from retention.actions import uploads
from retention.models import Upload
from tests.api_world import World, world
from tests.cast import Cast, make_cast
from tests.test_api_matrix import ROUTES, Route
from tests.tokens import bearer

pytestmark = pytest.mark.django_db
POSTED = [route for route in ROUTES if "POST" in route.methods()]
FORMS = {"api-imports", "api-attachments", "api-draft-attachments"}
CSV = "kind,score,comment\nnps,9,Good\n"


@pytest.fixture
def house(db: None) -> Iterator[World]:
    with world() as made:
        yield made


@pytest.fixture
def cast() -> Iterator[Cast]:
    cached.clear_all()
    yield make_cast()
    cached.clear_all()


def test_what_has_no_key_only_asks() -> None:
    assert len(POSTED) > 100
    assert {route.name for route in POSTED if not route.view.idempotent and not route.view.asks_only} == set()
    assert {route.name for route in POSTED if route.view.in_parts} == {"api-complaint-batch"}, "tests/test_api_batch.py"
    assert {route.name for route in POSTED if FormParser in route.view.parser_classes} == FORMS


@pytest.mark.sqlite
def test_every_post_gives_the_answer_that_is_kept_under_its_key(house: World) -> None:
    """Whatever the body is worth: a repetition is known before its own refusal counts."""
    house.tokens.clear()
    house.token(house.boss, ("all",))
    token = ApiToken.objects.filter(user=house.boss).latest("pk")
    asked = 0
    for number, route in enumerate(POSTED):
        if route.view.in_parts:
            continue
        path, key = route.path({**house.own, **house.shared}.get(route.key, route.absent)), f"kept-{number}"
        request: Any = SimpleNamespace(method="POST", get_full_path=lambda path=path: path)
        kept = HttpResponse(b'{"kept":true}', status=201, headers={"ETag": '"7"', "Location": "http://testserver/x/"})
        idempotency.store(f"token:{token.pk}", key, idempotency.fingerprint_of(request, "{}"), kept)
        answer = sent(house, route, path, key)
        if route.view.asks_only:
            assert "Idempotent-Replayed" not in answer, route.name
            continue
        assert (answer.status_code, answer.content) == (201, b'{"kept":true}'), (route.name, answer.content)
        assert (answer["Idempotent-Replayed"], answer["ETag"]) == ("true", '"7"'), route.name
        assert answer["Location"] == "http://testserver/x/", route.name
        asked += 1
    assert asked > 100


def sent(house: World, route: Route, path: str, key: str) -> Any:
    headers = {"Idempotency-Key": key}
    if route.name not in FORMS:
        return house.send(house.boss, "POST", path, {}, **headers)
    headers["Authorization"] = f"Bearer {house.token(house.boss, ('all',))}"
    return house.client.post(path, {}, headers=headers)


def test_a_token_is_issued_once_under_a_key_and_kept_encrypted(cast: Cast) -> None:
    headers = {**bearer(cast.admin), "Idempotency-Key": "shop"}
    body = {"name": "Shop", "user": str(cast.agent.pk), "scopes": ["complaints:read"]}
    first, again = (
        Client().post("/api/v1/tokens/", body, content_type="application/json", headers=headers) for _ in range(2)
    )
    assert (first.status_code, again.status_code) == (201, 201)
    assert again["Idempotent-Replayed"] == "true"
    plain = first.json()["token"]
    assert again.json()["token"] == plain
    assert first["Cache-Control"] == again["Cache-Control"] == "no-store"
    assert ApiToken.objects.filter(name="Shop").count() == 1
    assert plain not in IdempotencyKey.objects.get().answer
    other = {**body, "name": "Other"}
    refused = Client().post("/api/v1/tokens/", other, content_type="application/json", headers=headers)
    assert (refused.status_code, refused.json()["code"]) == (422, "idempotency_key_reused")


def test_a_secret_that_no_key_opens_any_more_is_told_so(cast: Cast, settings: Any) -> None:
    headers = {**bearer(cast.admin), "Idempotency-Key": "shop"}
    body = {"name": "Shop", "user": str(cast.agent.pk), "scopes": ["complaints:read"]}
    answers = []
    for secret in (settings.SECRET_KEY, "another secret key that opens nothing of before"):
        settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = secret, []
        answers.append(
            Client().post("/api/v1/tokens/", body, content_type="application/json", headers=headers),
        )
    assert [answer.status_code for answer in answers] == [201, 409]
    assert answers[1].json()["code"] == "answer_sealed"
    assert ApiToken.objects.filter(name="Shop").count() == 1


def test_a_file_is_imported_once_under_a_key(cast: Cast, tmp_path: Any, settings: Any) -> None:
    settings.MEDIA_ROOT = tmp_path
    headers = {**bearer(cast.manager), "Idempotency-Key": "march"}

    def send(text: str = CSV, **more: str) -> Any:
        body = {"file": SimpleUploadedFile("march.csv", text.encode()), "kind": "survey-responses", **more}
        return Client().post("/api/v1/imports/", body, headers=headers)

    first, again = send(), send()
    assert (first.status_code, again.status_code) == (201, 201), first.content
    assert (first.content, first["Location"]) == (again.content, again["Location"])
    assert again["Idempotent-Replayed"] == "true"
    assert Upload.objects.count() == len(list(uploads.folder().iterdir())) == 1
    for other in (send(CSV + "nps,8,Fine\n"), send(source="shop")):
        assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    assert Upload.objects.count() == len(list(uploads.folder().iterdir())) == 1


@pytest.mark.parametrize("key", [{}, {"Idempotency-Key": "one"}])
def test_an_import_that_is_refused_leaves_neither_row_nor_file(
    key: dict[str, str], cast: Cast, tmp_path: Any, settings: Any
) -> None:
    settings.MEDIA_ROOT = tmp_path
    body = {
        "file": SimpleUploadedFile("march.csv", CSV.encode()),
        "kind": "survey-responses",
        "mapping": '{"none": "kind"}',
    }
    answer = Client().post("/api/v1/imports/", body, headers={**bearer(cast.manager), **key})
    assert (answer.status_code, answer.json()["code"]) == (400, "unknown_column")
    assert not Upload.objects.exists()
    assert list(uploads.folder().iterdir()) == []


def test_files_that_no_import_names_are_swept_once_they_are_old(cast: Cast, tmp_path: Any, settings: Any) -> None:
    settings.MEDIA_ROOT = tmp_path
    body = {"file": SimpleUploadedFile("march.csv", CSV.encode()), "kind": "survey-responses"}
    assert Client().post("/api/v1/imports/", body, headers=bearer(cast.manager)).status_code == 201
    (uploads.folder() / "orphan.csv").write_text("left by a twin")
    kept = Upload.objects.get()
    assert uploads.forget_old(at=clock.now()) == 0, "it may be younger than its row"
    assert uploads.forget_old(at=clock.now() + clock.timedelta(hours=2)) == 1
    assert [path.name for path in uploads.folder().iterdir()] == [kept.stored]


def test_spaces_and_the_order_of_keys_make_no_other_body(cast: Cast) -> None:
    headers = {**bearer(cast.agent), "Idempotency-Key": "same"}
    body = {"channel": "web", "subject": "Charged twice", "description": "Caf\u00e9", "customer": {"name": "Ivo"}}
    spaced = json.dumps(dict(reversed(body.items())), indent=2).replace("Caf\\u00e9", "Cafe\u0301")
    first = Client().post("/api/v1/complaints/", body, content_type="application/json", headers=headers)
    again = Client().post("/api/v1/complaints/", spaced, content_type="application/json", headers=headers)
    assert (first.status_code, again.status_code) == (201, 201), again.content
    assert again["Idempotent-Replayed"] == "true"
    assert (again["ETag"], again["Location"]) == (first["ETag"], first["Location"])
    other = Client().post(
        "/api/v1/complaints/", {**body, "subject": "charged twice"}, content_type="application/json", headers=headers
    )
    assert other.json()["code"] == "idempotency_key_reused"


def test_types_are_told_apart_by_what_a_key_stands_for() -> None:
    bodies = [{}, {"a": 1}, {"a": "1"}, {"a": 1.0}, {"a": True}, {"a": None}, {"a": [1]}, {"a": {"1": 1}}, {"b": 1}, []]
    assert len({idempotency.seal_of(body) for body in bodies}) == len(bodies)
