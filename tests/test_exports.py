"""Whole lists as files, written in the background: asked for, followed, fetched in parts, by both doors."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from complaints.actions.converse import message
from core import cached, clock, trail
from core.actor import Actor
from core.models import User
from metrics import tasks
from metrics.actions import exports
from metrics.exporting.resources import RESOURCES, Listing, columns
from metrics.models import Export, ExportState
from tests.cast import MONDAY, Cast, make_cast, make_customer
from tests.exported import DOORS, URL, browser, by_api, by_web, call, fetch_api, objects, text_of, written


@pytest.fixture
def cast(db: None, tmp_path: Path, settings: Any) -> Iterator[Cast]:
    settings.MEDIA_ROOT = tmp_path
    cached.clear_all()
    with clock.frozen(MONDAY):
        yield make_cast()
    cached.clear_all()


@DOORS
def test_a_list_is_written_as_the_api_lists_it_and_fetched(door: Any, fetch: Any, cast: Cast) -> None:
    cases = [cast.complaint() for _n in range(7)]
    export = door(cast.manager, "complaints")
    assert (export.state, export.by) == (ExportState.QUEUED, cast.manager)
    assert fetch(cast.manager, export).status_code == 404, "nothing is there yet"
    assert tasks.run_exports() == 1 and tasks.run_exports() == 0
    export.refresh_from_db()
    assert (export.state, export.lines, export.total, export.position) == (ExportState.DONE, 7, 7, 7)
    found = objects(fetch(cast.manager, export))
    assert [one["reference"] for one in found] == [case.reference for case in cases]
    listed = call(cast.manager, "get", "/api/v1/complaints/?ordering=created_at").json()["results"]
    assert found == listed
    assert [entry.kind for entry in trail.of(export)] == ["export.requested", "export.finished"]


@DOORS
def test_filters_and_fields_are_those_of_the_list(door: Any, fetch: Any, cast: Cast) -> None:
    cast.complaint(severity="critical")
    one = cast.complaint(severity="minor")
    export = door(cast.manager, "complaints", "csv", filters={"severity": "minor"}, fields=["reference", "customer"])
    tasks.run_exports()
    rows = list(csv.reader(io.StringIO(text_of(fetch(cast.manager, Export.objects.get(pk=export.pk))))))
    assert rows == [
        ["reference", "customer.id", "customer.name"],
        [one.reference, str(one.customer_id), "Dana Whitlock"],
    ]
    for wrong in (
        {"filters": {"severity": "awful"}},
        {"filters": {"colour": "red"}},
        {"filters": {"search": "late"}},
        {"fields": ["reference", "secret"]},
    ):
        assert door(cast.manager, "complaints", **wrong) in (400, 422)
    assert door(cast.manager, "nothing") in (400, 422)
    assert door(cast.manager, "complaints", "pdf") in (400, 422)
    assert Export.objects.count() == 1


def test_what_is_wrong_is_told_with_its_place(cast: Cast) -> None:
    def pointers(**body: Any) -> list[tuple[str, str]]:
        answer = call(cast.manager, "post", body={"resource": "complaints", "format": "csv", **body})
        assert answer.status_code == 400
        return [(one["pointer"], one["code"]) for one in answer.json()["errors"]]

    assert pointers(filters={"severity": ["minor", "awful"]}) == [("/filters/severity", "unknown_code")]
    assert pointers(filters={"colour": "red"}) == [("/filters/colour", "unknown_parameter")]
    assert pointers(filters={"severity": {"a": 1}}) == [("/filters/severity", "invalid")]
    assert pointers(fields=["secret"]) == [("/fields/0", "unknown_field")]
    assert pointers(resource="nothing")[0][0] == "/resource"


def test_only_rows_that_the_caller_may_see_and_not_one_more(cast: Cast) -> None:
    cast.complaint()
    hidden = cast.complaint(owner=cast.stranger)
    message(hidden, by=Actor.person(cast.stranger), at=clock.now(), body="Not for Ana")
    found = objects(fetch_api(cast.agent, written(cast.agent, "complaints")))
    assert len(found) == 1 and found[0]["reference"] != hidden.reference
    assert not objects(fetch_api(cast.agent, written(cast.agent, "messages")))
    assert [one["complaint"] for one in objects(fetch_api(cast.stranger, written(cast.stranger, "messages")))] == [
        hidden.reference
    ]
    events = objects(fetch_api(cast.agent, written(cast.agent, "events")))
    assert hidden.reference not in {one["subject"]["id"] for one in events} and events


def test_rights_are_looked_at_when_it_is_written_too(cast: Cast) -> None:
    cast.complaint()
    export = by_api(cast.manager, "payouts")
    assert isinstance(export, Export)
    User.objects.filter(pk=cast.manager.pk).update(is_manager=False, is_agent=True)
    assert tasks.run_exports() == 0
    export.refresh_from_db()
    assert (export.state, export.size) == (ExportState.FAILED, 0) and export.failure
    assert not list(exports.folder().iterdir()), "no file is left behind"


@DOORS
def test_a_foreign_export_is_not_there(door: Any, fetch: Any, cast: Cast) -> None:
    cast.complaint()
    export = door(cast.manager, "complaints")
    tasks.run_exports()
    boss = User.objects.create_user("second-boss", password="x" * 20, is_manager=True)
    assert fetch(boss, export).status_code == 404
    assert call(boss, "get", f"{URL}{export.pk}/").status_code == 404
    assert call(boss, "delete", f"{URL}{export.pk}/").status_code == 404
    assert browser(boss).get(f"/settings/exports/{export.pk}/").status_code == 404
    assert browser(boss).post(f"/settings/exports/{export.pk}/").status_code == 404
    assert call(boss, "get").json()["results"] == []
    assert "complaints-" not in browser(boss).get("/settings/exports/").content.decode()
    assert fetch(cast.manager, export).status_code == 200


def test_scopes_and_roles(cast: Cast) -> None:
    body = {"resource": "complaints", "format": "csv"}
    assert call(cast.manager, "post", body=body, scopes=["exports:read"]).json()["code"] == "insufficient_scope"
    assert call(cast.manager, "post", body=body, scopes=["exports:write"]).json()["code"] == "insufficient_scope"
    assert call(cast.manager, "post", body=body, scopes=["exports:write", "complaints:read"]).status_code == 202
    tasks.run_exports()
    path = f"{URL}{Export.objects.get().pk}/content/"
    assert call(cast.manager, "get", path, scopes=["exports:read"]).status_code == 403, "it may not read complaints"
    assert call(cast.manager, "get", path, scopes=["exports:read", "complaints:read"]).status_code == 200
    assert by_api(cast.admin, "complaints") == 403, "administrators see no cases"
    assert by_api(cast.agent, "payouts") == 403
    assert browser(cast.agent).get("/settings/exports/").status_code in (403, 404)
    assert isinstance(by_web(cast.admin, "events"), Export)


@DOORS
def test_a_download_in_parts_is_the_same_byte_for_byte(door: Any, fetch: Any, cast: Cast) -> None:
    for number in range(20):
        make_customer(name=f"Žofie {number}", email=f"z{number}@mail.example")
    export = door(cast.manager, "customers", "csv")
    tasks.run_exports()
    export.refresh_from_db()
    whole = fetch(cast.manager, export)
    data, tag = b"".join(whole.streaming_content), whole["ETag"]
    assert whole["Accept-Ranges"] == "bytes" and len(data) == export.size == int(whole["Content-Length"])
    assert hashlib.sha256(data).hexdigest() == export.sha256 == tag.strip('"')
    assert whole["Content-Type"] == "text/csv" and "attachment" in whole["Content-Disposition"]
    parts, at = b"", 0
    while at < len(data):  # the line breaks every 777 bytes
        answer = fetch(cast.manager, export, Range=f"bytes={at}-{at + 776}", **{"If-Range": tag})
        assert answer.status_code == 206
        assert answer["Content-Range"] == f"bytes {at}-{min(at + 776, len(data) - 1)}/{len(data)}"
        piece = b"".join(answer.streaming_content)
        parts, at = parts + piece, at + len(piece)
    assert parts == data
    behind = fetch(cast.manager, export, Range=f"bytes={len(data)}-")
    assert (behind.status_code, behind["Content-Range"]) == (416, f"bytes */{len(data)}")
    if fetch is fetch_api:
        assert behind.json()["code"] == "range_not_satisfiable"
    for accepted in ("text/csv", "application/octet-stream", "text/html"):
        assert fetch(cast.manager, export, Accept=accepted).status_code == 200, "it comes as what it is"
    changed = fetch(cast.manager, export, Range="bytes=5-", **{"If-Range": '"another"'})
    assert changed.status_code == 200, "another file: all of it"
    assert fetch(cast.manager, export, **{"If-None-Match": tag}).status_code == 304


def test_no_spreadsheet_runs_what_is_in_it(cast: Cast) -> None:
    make_customer(name='=HYPERLINK("http://evil")')
    rows = list(
        csv.DictReader(io.StringIO(text_of(fetch_api(cast.manager, written(cast.manager, "customers", "csv")))))
    )
    assert '\'=HYPERLINK("http://evil")' in [one["name"] for one in rows]
    assert json.loads(rows[0]["contact_points"])[0]["kind"] == "email", "a list is one column, as JSON"


def test_an_empty_list_is_an_empty_file(cast: Cast) -> None:
    assert text_of(fetch_api(cast.manager, written(cast.manager, "payouts"))) == ""
    sheet = text_of(fetch_api(cast.manager, written(cast.manager, "payouts", "csv")))
    assert sheet.startswith("id,remedy,complaint") and sheet.count("\r\n") == 1


def test_every_resource_can_be_exported_and_its_columns_are_those_of_its_rows(cast: Cast) -> None:
    cast.complaint()
    for name, one in RESOURCES.items():
        assert one.permits(cast.manager), name
        listing = Listing(one, cast.manager, "")
        rows = listing.dicts(list(listing.rows().order_by("pk")[:3]))
        assert all(set(row) == set(one.fields) for row in rows), (name, set(one.fields) ^ set(rows[0]))
        assert columns(one, []), name


@DOORS
def test_cancelling_and_throwing_away(
    door: Any, fetch: Any, cast: Cast, django_capture_on_commit_callbacks: Any
) -> None:
    def cancel(export: Export) -> int:
        if door is by_web:
            return int(browser(cast.manager).post(f"/settings/exports/{export.pk}/").status_code)
        return int(call(cast.manager, "delete", f"{URL}{export.pk}/").status_code)

    cast.complaint()
    export = door(cast.manager, "complaints")
    assert cancel(export) in (200, 302)
    assert tasks.run_exports() == 0
    export.refresh_from_db()
    assert export.state == ExportState.CANCELLED
    assert cancel(export) in (409, 302), "told in the browser, refused over the API"
    other = door(cast.manager, "complaints")
    tasks.run_exports()
    assert exports.path_of(other).is_file()
    with django_capture_on_commit_callbacks(execute=True):
        assert cancel(other) in (200, 302)
    assert not exports.path_of(other).exists()
    assert fetch(cast.manager, other).status_code == 404
    assert [entry.kind for entry in trail.of(other)][-1] == "export.cancelled"


def test_at_most_five_at_a_time(cast: Cast) -> None:
    for _n in range(exports.MOST_WAITING):
        assert isinstance(by_api(cast.manager, "complaints"), Export)
    answer = call(cast.manager, "post", body={"resource": "complaints", "format": "csv"})
    assert (answer.status_code, answer.json()["code"]) == (409, "too_many_exports")
    assert by_web(cast.manager, "complaints") == 409
    assert isinstance(by_api(cast.agent, "complaints"), Export), "each for themselves"
    tasks.run_exports()
    assert isinstance(by_api(cast.manager, "complaints"), Export)


def test_the_page_tells_how_far_it_is(cast: Cast) -> None:
    client = browser(cast.manager)
    export = by_web(cast.manager, "complaints", "csv", filters={"severity": "minor"}, fields=["reference"])
    assert isinstance(export, Export)
    begun = MONDAY - timedelta(minutes=1)
    Export.objects.update(state="running", total=4000, position=1000, begun_at=begun, leased_until=MONDAY)
    page = client.get(f"/settings/exports/{export.pk}/").content.decode()
    assert 'max="4000" value="1000"' in page and "1,000 of 4,000 rows, about 3 minutes left" in page
    assert "data-live-url" in page and "Cancel it" in page and "severity=minor" in page
    with clock.frozen(MONDAY + timedelta(minutes=2)):
        assert tasks.run_exports() == 1
    state = client.get(f"/settings/exports/{export.pk}/live/").content.decode()
    assert "data-live-url" not in state and f"/settings/exports/{export.pk}/content/" in state
    listed = client.get("/settings/exports/").content.decode()
    assert "Ready" in listed and "Complaints" in listed
    told = call(cast.manager, "get", f"{URL}{export.pk}/").json()
    assert (told["state"], told["filters"], told["fields"]) == ("done", {"severity": ["minor"]}, ["reference"])
    assert told["content_url"].endswith("/content/") and told["sha256"]


def test_files_are_kept_for_seven_days(cast: Cast) -> None:
    export = written(cast.manager, "customers")
    with clock.frozen(MONDAY + timedelta(days=6, hours=23)):
        assert tasks.tidy_exports() == 0 and fetch_api(cast.manager, export).status_code == 200
    with clock.frozen(MONDAY + timedelta(days=7, seconds=1)):
        assert fetch_api(cast.manager, export).status_code == 404, "also before it is swept"
        assert tasks.tidy_exports() == 1 and tasks.tidy_exports() == 0
        assert not exports.path_of(export).exists()
        told = call(cast.manager, "get", f"{URL}{export.pk}/").json()
        assert (told["state"], told["content_url"]) == ("expired", None)
