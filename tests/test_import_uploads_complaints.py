"""Complaints brought in by upload: as history or with open ones live, by every door, going on after a kill (F32)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from complaints.models import Clock, ClockState, Complaint, Status
from core import clock
from core.importing import run as importing
from core.models import ImportRun, OutboxMessage
from metrics import tasks
from retention.actions import uploads
from retention.models import Upload, UploadState
from tests.cast import MONDAY, Cast, ensure_default_owner
from tests.test_import_uploads import browser, by_api, by_web, cast, commit_api, commit_web

__all__ = ["cast"]

FILE = """Case No;Created;Title;Category;Customer E-Mail;Priority;Closed
C-1;2025-01-02T10:00:00Z;Late lamp;Delivery > Late;dana@mail.example;serious;2025-01-09T10:00:00Z
C-2;2025-02-02T10:00:00Z;No answer;Delivery;;;
C-3;not a date;Broken;;;;
C-4;2025-02-03T10:00:00Z;Broken;;no address;;
"""
COLUMNS = {
    "Case No": "external_id", "Created": "received_at", "Title": "subject", "Category": "type",
    "Customer E-Mail": "customer_email", "Priority": "severity", "Closed": "closed_at",
}  # fmt: skip


@pytest.mark.parametrize(("door", "commit"), [(by_web, commit_web), (by_api, commit_api)])
@pytest.mark.parametrize(("kind", "live"), [("complaints", False), ("live-complaints", True)])
def test_complaints_are_tried_then_recorded_once(door: Any, commit: Any, kind: str, live: bool, cast: Cast) -> None:
    ensure_default_owner()
    upload = door(cast.manager, FILE, kind)
    assert (upload.kind, upload.state) == (kind, UploadState.TRYING)
    tasks.import_uploads()
    upload.refresh_from_db()
    assert (upload.state, upload.created, upload.rejected, upload.total) == (UploadState.TRIED, 2, 2, 4)
    assert not Complaint.objects.exists(), "a trial writes nothing"
    commit(cast.manager, upload)
    tasks.import_uploads()
    upload.refresh_from_db()
    assert (upload.state, upload.created, upload.rejected) == (UploadState.DONE, 2, 2)
    closed, left_open = Complaint.objects.order_by("external_id")
    assert (closed.source, closed.external_id, closed.status, closed.severity) == (
        "crm", "C-1", Status.CLOSED, "serious",
    )  # fmt: skip
    assert closed.is_history and left_open.is_history is not live
    assert left_open.in_queue is live
    assert Clock.objects.filter(complaint=left_open, state=ClockState.RUNNING).exists() is live
    assert not OutboxMessage.objects.exclude(subject_kind="user").filter(recipient="dana@mail.example").exists()
    assert {row[0].split(":")[0] for row in upload.problems} == {"received_at", "customer_email"}
    again = door(cast.manager, FILE, kind)
    tasks.import_uploads()
    again.refresh_from_db()
    assert (again.created, again.unchanged, again.rejected) == (0, 2, 2)


def test_columns_of_complaints_are_guessed(cast: Cast) -> None:
    upload = by_api(cast.manager, FILE, "complaints")
    assert isinstance(upload, Upload)
    assert upload.mapping == COLUMNS


def test_only_who_is_in_charge_brings_complaints_in(cast: Cast) -> None:
    assert by_api(cast.agent, FILE, "complaints") == 403
    assert browser(cast.agent).get("/settings/imports/").status_code in (302, 403)
    assert by_api(cast.manager, FILE, "complaints", preset="telco") == 400


def test_a_worker_killed_half_way_is_followed_by_one_that_goes_on(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    ensure_default_owner()
    monkeypatch.setattr(importing.Import, "run", _killed_after(3, importing.Import.run))
    lines = "".join(f"K-{number},2025-01-02,Late\n" for number in range(40))
    upload = by_api(cast.manager, f"external_id,received_at,subject\n{lines}", "complaints")
    assert isinstance(upload, Upload)
    tasks.import_uploads()
    upload.refresh_from_db()
    commit_api(cast.manager, upload)
    with pytest.raises(_Killed):
        tasks.import_uploads()
    upload.refresh_from_db()
    assert (upload.state, Complaint.objects.count()) == (UploadState.IMPORTING, 30)
    monkeypatch.undo()
    with clock.frozen(MONDAY + uploads.LEASE + timedelta(minutes=1)):
        tasks.import_uploads()
    upload.refresh_from_db()
    assert (upload.state, upload.created, upload.total) == (UploadState.DONE, 40, 40)
    assert Complaint.objects.filter(source="crm").count() == 40
    assert ImportRun.objects.get().created == 40, "one run, taken up again"


class _Killed(BaseException):
    """The process is gone."""


def _killed_after(chunks: int, run: Any) -> Any:
    """The import in pieces of ten records, killed when so many are recorded."""

    def cut(self: Any) -> Any:
        self.chunk = 10
        done, moved = [], self.moved

        def count(progress: ImportRun) -> None:
            moved(progress)
            done.append(progress)
            if len(done) == chunks and not self.dry_run:
                raise _Killed

        type(self).moved = lambda _self, progress: count(progress)
        return run(self)

    return cut
