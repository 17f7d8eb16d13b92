"""Files brought in by upload: matched, tried, recorded in the background, by every door (ux, Everywhere; F15, F32)."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from core import cached, clock, trail
from core.actor import Actor
from core.importing import run as importing
from core.models import ImportRun, OutboxMessage
from core.web.once import fresh
from metrics import tasks
from metrics.importing.uploads import KINDS, known_columns, suggest
from metrics.models import SurveyResponse
from retention.actions import uploads
from retention.models import Customer, Purchase, Upload, UploadState
from tests.cast import MONDAY, Cast, make_cast
from tests.tokens import bearer

CUSTOMERS = """Customer ID;Nombre;E-Mail Address;Teléfono;Notes
A-1;Olga Kim;olga@mail.example;+351 912 345 678;=1+1
A-2;José Muñoz;jose@mail.example;;
A-3;Broken;no address;;=2+2
A-4;Also broken;neither;;
A-5;;;12;
"""
PURCHASES = (
    "order_number,purchased_at,quantity,unit_price,currency,customer_external_id\nO-1,2026-01-02,2,9.99,EUR,A-1\n"
)
ANSWERS = "kind,score,comment\nnps,9,Good\nnps,12,Too much\ncsat,2,Slow\n"


@pytest.fixture
def cast(db: None, tmp_path: Path, settings: Any) -> Iterator[Cast]:
    settings.MEDIA_ROOT = tmp_path
    cached.clear_all()
    with clock.frozen(MONDAY):
        yield make_cast()
    cached.clear_all()


def browser(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


def by_web(user: Any, text: str, kind: str, source: str = "crm", **more: Any) -> Upload | int:
    """Uploaded, its columns as they were guessed."""
    client = browser(user)
    file = SimpleUploadedFile("old customers.csv", text.encode())
    body = {"what": f"{kind}/generic", "source": source, "encoding": "utf-8", "nonce": fresh(), "file": file, **more}
    answer = client.post("/settings/imports/", body)
    if answer.status_code != 302:
        return answer.status_code
    url = answer["Location"]
    page = client.get(url)
    sent = {field: chosen for field, _name, chosen, _sample in page.context["matches"]}
    assert client.post(url, {"do": "match", **sent}).status_code == 302
    return Upload.objects.latest("pk")


def by_api(user: Any, text: str, kind: str, source: str = "crm", **more: Any) -> Upload | int:
    file = SimpleUploadedFile("old customers.csv", text.encode())
    body = {"file": file, "kind": kind, "source": source, **more}
    answer = Client().post("/api/v1/imports/", body, headers=bearer(user))
    if answer.status_code != 201:
        return answer.status_code
    return Upload.objects.get(pk=answer.json()["id"])


def commit_web(user: Any, upload: Upload) -> int:
    return browser(user).post(f"/settings/imports/{upload.pk}/", {"do": "commit"}).status_code


def commit_api(user: Any, upload: Upload) -> int:
    url = f"/api/v1/imports/{upload.pk}/commitment/"
    return Client().post(url, "{}", content_type="application/json", headers=bearer(user)).status_code


DOORS = pytest.mark.parametrize(("door", "commit", "done"), [(by_web, commit_web, 302), (by_api, commit_api, 200)])


@DOORS
def test_a_file_is_tried_before_anything_is_written_and_recorded_once(
    door: Any, commit: Any, done: int, cast: Cast
) -> None:
    before = Customer.objects.count()
    upload = door(cast.manager, CUSTOMERS, "customers")
    assert upload.mapping == {
        "Customer ID": "external_id", "Nombre": "name", "E-Mail Address": "email", "Teléfono": "phone", "Notes": "",
    }  # fmt: skip
    assert upload.state == UploadState.TRYING and tasks.import_uploads() == 1
    upload.refresh_from_db()
    assert (upload.state, upload.total) == (UploadState.TRIED, 5)
    assert (upload.created, upload.rejected) == (2, 3)
    assert [row[1] for row in upload.problems] == [2, 1], "two are wrong in the same way"
    assert Customer.objects.count() == before and not ImportRun.objects.exists()
    assert commit(cast.manager, upload) == done
    assert tasks.import_uploads() == 1 and tasks.import_uploads() == 0
    upload.refresh_from_db()
    assert (upload.state, upload.created, upload.rejected) == (UploadState.DONE, 2, 3)
    olga = Customer.objects.get(external_ids__external_id="A-1", external_ids__source="crm")
    assert olga.name == "Olga Kim" and olga.contact_points.count() == 2
    assert trail.of(olga).first().actor_id == cast.manager.pk
    kinds = [entry.kind for entry in trail.of(upload)]
    assert kinds == ["upload.received", "upload.matched", "upload.finished", "upload.committed", "upload.finished"]
    again = door(cast.manager, CUSTOMERS, "customers")
    tasks.import_uploads()
    again.refresh_from_db()
    assert (again.created, again.updated, again.unchanged) == (0, 0, 2)
    assert commit(cast.manager, upload) != done or Upload.objects.get(pk=upload.pk).state == UploadState.DONE
    assert not OutboxMessage.objects.exists()


@DOORS
def test_purchases_and_answers_come_in_too(door: Any, commit: Any, done: int, cast: Cast) -> None:
    for text, kind in ((PURCHASES, "purchases"), (ANSWERS, "survey-responses")):
        upload = door(cast.manager, text, kind)
        tasks.import_uploads()
        assert commit(cast.manager, upload) == done
        tasks.import_uploads()
        assert Upload.objects.get(pk=upload.pk).state == UploadState.DONE
    assert str(Purchase.objects.get().amount) == "19.9800" and SurveyResponse.objects.filter(source="crm").count() == 2


@pytest.mark.parametrize("door", [by_web, by_api])
def test_only_managers_and_administrators_and_only_files_that_can_be_read(door: Any, cast: Cast) -> None:
    assert door(cast.agent, CUSTOMERS, "customers") in (403, 404)
    for wrong in ("", "a,a\n1,2\n"):
        assert door(cast.manager, wrong, "customers") in (400, 422)
    assert isinstance(door(cast.admin, CUSTOMERS, "customers"), Upload)
    assert Upload.objects.count() == 1 and len(list(uploads.folder().glob("*.csv"))) == 1, "no file is left behind"


def test_what_the_columns_mean_is_checked_and_can_be_changed(cast: Cast) -> None:
    client = browser(cast.manager)
    upload = by_web(cast.manager, CUSTOMERS, "customers")
    tasks.import_uploads()
    url = f"/settings/imports/{upload.pk}/"
    twice = client.post(url, {"do": "match", "column_0": "external_id", "column_1": "external_id"})
    assert twice.status_code == 422 and "external_id" in twice.content.decode()
    assert client.post(url, {"do": "match", "column_1": "name"}).status_code == 422, "the id is needed"
    assert client.post(url, {"do": "match", "column_0": "external_id", "column_1": "name"}).status_code == 302
    assert client.post(url, {"do": "commit"}).status_code == 302
    upload.refresh_from_db()
    assert upload.state == UploadState.TRYING, "untried columns are not recorded"
    tasks.import_uploads()
    upload.refresh_from_db()
    assert (upload.created, upload.rejected) == (5, 0), "without the column of addresses none is wrong"


@pytest.mark.parametrize("door", ["web", "api"])
def test_rejected_records_come_as_csv_that_no_spreadsheet_runs(door: str, cast: Cast) -> None:
    upload = by_web(cast.manager, CUSTOMERS, "customers")
    assert browser(cast.manager).get(f"/settings/imports/{upload.pk}/rejects/").status_code == 404
    tasks.import_uploads()
    if door == "web":
        answer = browser(cast.manager).get(f"/settings/imports/{upload.pk}/rejects/")
    else:
        answer = Client().get(f"/api/v1/imports/{upload.pk}/rejects/", headers=bearer(cast.manager))
    text = b"".join(answer.streaming_content).decode()
    rows = list(csv.reader(io.StringIO(text)))
    assert rows[0][:3] == ["line", "reason", "Customer ID"] and [row[0] for row in rows[1:]] == ["4", "5", "6"]
    assert "'=2+2" in rows[1]
    assert browser(cast.agent).get(f"/settings/imports/{upload.pk}/rejects/").status_code in (403, 404)


def test_progress_is_told_while_it_works_and_a_dead_worker_is_replaced(cast: Cast) -> None:
    upload = by_web(cast.manager, CUSTOMERS, "customers")
    Upload.objects.filter(pk=upload.pk).update(
        total=4000, position=1000, begun_at=MONDAY - timedelta(minutes=1), leased_until=MONDAY + timedelta(minutes=1)
    )
    client = browser(cast.manager)
    page = client.get(f"/settings/imports/{upload.pk}/").content.decode()
    assert 'max="4000" value="1000"' in page and "1,000 of 4,000 records, about 3 minutes left" in page
    assert 'data-live-url="/settings/imports/' in page
    assert tasks.import_uploads() == 0, "another worker has it"
    with clock.frozen(MONDAY + timedelta(minutes=3)):
        assert tasks.import_uploads() == 1
    state = client.get(f"/settings/imports/{upload.pk}/live/").content.decode()
    assert "data-live-url" not in state and "Import it" in state
    assert Client().get("/settings/imports/").status_code in (302, 404)


def test_the_api_tells_how_far_it_is_and_takes_a_mapping(cast: Cast) -> None:
    mapping = json.dumps({"Customer ID": "external_id", "Nombre": "name"})
    upload = by_api(cast.manager, CUSTOMERS, "customers", mapping=mapping)
    tasks.import_uploads()
    one = Client().get(f"/api/v1/imports/{upload.pk}/", headers=bearer(cast.manager)).json()
    assert (one["state"], one["created"], one["rejected"], one["mapping"]["Notes"]) == ("tried", 5, 0, "")
    listed = Client().get("/api/v1/imports/?state=tried", headers=bearer(cast.manager)).json()
    assert [row["id"] for row in listed["results"]] == [one["id"]]
    assert by_api(cast.manager, CUSTOMERS, "customers", mapping="[1]") == 400
    assert by_api(cast.manager, CUSTOMERS, "customers", mapping='{"Nobody": "name"}') == 400
    assert by_api(cast.manager, CUSTOMERS, "customers", preset="online-retail") == 400
    assert Client().get(f"/api/v1/imports/{upload.pk}/", headers=bearer(cast.agent)).status_code == 403


@pytest.mark.parametrize(
    ("mapping", "code", "pointer"),
    [
        (r'{"\ud800":"x"}', "invalid_characters", "/mapping/?"),
        (r'{"Nombre":"\u0000"}', "invalid_characters", "/mapping/Nombre"),
        ('{"Nombre":"name","Nombre":"email"}', "duplicate_key", "/mapping/Nombre"),
        ("[" * 5_000, "too_deep", "/mapping"),
        ('{"Nombre":', "malformed_json", "/mapping"),
        ('{"Nombre":NaN}', "number_out_of_range", "/mapping/Nombre"),
        ("[1]", "not_an_object", "/mapping"),
        ('{"Nombre":1}', "not_an_object", "/mapping"),
    ],
)
def test_a_mapping_is_read_as_strictly_as_a_body(cast: Cast, mapping: str, code: str, pointer: str) -> None:
    body = {"file": SimpleUploadedFile("c.csv", CUSTOMERS.encode()), "kind": "customers", "mapping": mapping}
    answer = Client().post("/api/v1/imports/", body, headers=bearer(cast.manager))
    assert (answer.status_code, answer.json()["code"]) == (400, code)
    assert [one["pointer"] for one in answer.json()["errors"]] == [pointer]
    assert not Upload.objects.exists()


def test_large_files_are_taken_only_where_files_are_expected(cast: Cast, settings: Any) -> None:
    settings.MAX_FORM_BYTES = settings.MAX_JSON_BYTES = 3_000
    large = CUSTOMERS + "".join(f"B-{n};Somebody;;;\n" for n in range(400))
    assert isinstance(by_web(cast.manager, large, "customers"), Upload)
    assert isinstance(by_api(cast.manager, large, "customers"), Upload)
    settings.MAX_IMPORT_BYTES = 4_000
    assert by_web(cast.manager, large, "customers") == 413
    assert by_api(cast.manager, large, "customers") == 413
    elsewhere = browser(cast.manager).post("/settings/surveys/", {"file": SimpleUploadedFile("a.csv", large.encode())})
    assert elsewhere.status_code == 413


def cancel(door: str, user: Any, upload: Upload) -> int:
    if door == "web":
        return browser(user).post(f"/settings/imports/{upload.pk}/", {"do": "cancel"}).status_code
    return Client().delete(f"/api/v1/imports/{upload.pk}/", headers=bearer(user)).status_code


@pytest.mark.parametrize("door", ["web", "api"])
def test_an_import_is_called_off_and_its_file_deleted(
    door: str, cast: Cast, django_capture_on_commit_callbacks: Any
) -> None:
    upload = by_api(cast.manager, CUSTOMERS, "customers")
    assert isinstance(upload, Upload)
    tasks.import_uploads()
    assert cancel(door, cast.agent, upload) in (403, 404)
    with django_capture_on_commit_callbacks(execute=True):
        assert cancel(door, cast.manager, upload) in (200, 302)
    upload.refresh_from_db()
    assert (upload.state, list(uploads.folder().iterdir())) == (UploadState.CANCELLED, [])
    assert [entry.kind for entry in trail.of(upload)][-1] == "upload.cancelled"
    assert commit_api(cast.manager, upload) == 409 and cancel("api", cast.manager, upload) == 409
    page = browser(cast.manager).get(f"/settings/imports/{upload.pk}/").content.decode()
    assert "Cancelled" in page and "Cancel it" not in page
    assert tasks.import_uploads() == 0


def test_one_called_off_while_it_is_recorded_stops_after_the_piece(
    cast: Cast, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    text = "Customer ID;Name\n" + "".join(f"C-{n};Customer {n}\n" for n in range(30))
    upload = by_api(cast.manager, text, "customers")
    assert isinstance(upload, Upload)
    tasks.import_uploads()
    assert commit_api(cast.manager, upload) == 200
    job, whole = KINDS["customers"].job, importing._chunks
    monkeypatch.setattr(importing, "_chunks", lambda rows, _size: whole(rows, 10))
    record, recorded = job.record, []

    def cancelled(self: Any, *what: Any) -> Any:
        recorded.append(1)
        if len(recorded) == 2:
            uploads.cancel(upload, by=Actor.person(cast.manager), at=MONDAY)
        return record(self, *what)

    monkeypatch.setattr(job, "record", cancelled)
    before = Customer.objects.count()
    with django_capture_on_commit_callbacks(execute=True):
        tasks.import_uploads()
    upload.refresh_from_db()
    assert (upload.state, len(recorded)) == (UploadState.CANCELLED, 2)
    assert Customer.objects.count() == before + 20, "a piece is done whole, the third was never begun"


def test_old_files_are_forgotten_and_what_is_known_of_them_stays(cast: Cast) -> None:
    upload = by_web(cast.manager, CUSTOMERS, "customers")
    tasks.import_uploads()
    assert uploads.forget_old(at=MONDAY + timedelta(days=31)) == 1
    assert not list(uploads.folder().iterdir()) and Upload.objects.get(pk=upload.pk).total == 5
    assert browser(cast.manager).get(f"/settings/imports/{upload.pk}/").status_code == 200


@pytest.mark.django_db
def test_every_column_is_guessed_by_its_own_name() -> None:
    for code, kind in KINDS.items():
        for preset in kind.presets:
            required, optional = known_columns(code, preset)
            assert suggest([*required, *optional], code, preset) == {name: name for name in (*required, *optional)}
