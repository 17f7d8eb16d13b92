"""Try and record uploaded files, pulled by a job from rows (ux, Everywhere: survives everything and goes on).

One file at a time and worker. Which is to be worked on stands in the database: a worker that dies loses its lease, and
the next one goes on behind the last chunk that was recorded.
"""

from __future__ import annotations

import csv
import re
from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import Any

from django.db import transaction
from django.utils import translation

from core import clock, trail
from core.actor import Actor
from core.errors import DomainError
from core.importing.reader import Unreadable
from core.importing.run import AlreadyRunning
from core.models import ImportRun
from metrics.importing.uploads import KINDS
from retention.actions import uploads
from retention.models import Upload, UploadState

JOB = "metrics.run_uploads"
COUNTS = ("position", "created", "updated", "unchanged", "rejected")
REASONS = 50  # different ones that are kept
_QUOTED = re.compile(r"“[^”]*”|\d+")


class _Cancelled(Exception):
    """Called off meanwhile: what is recorded so far stays."""


def run_uploads(*, at: datetime) -> int:
    """Work on one upload after the other until none is left; returns how many. Query cost: 2 when there is none."""
    done = 0
    while (upload := uploads.take(at=clock.database_now() if done else at)) is not None:
        _work(upload)
        done += 1
    return done


def _work(upload: Upload) -> None:
    """Try or record one, in the language of whoever brought it."""
    trying = upload.state == UploadState.TRYING
    kind = KINDS[upload.kind]
    with translation.override(upload.by.language or None):
        job = _watched(kind.job, upload)(
            path=uploads.path_of(upload),
            preset=kind.make(upload.preset, upload.source),
            source=upload.source,
            by=Actor.person(upload.by),
            dry_run=trying,
            rejects=uploads.rejects_of(upload),
            encoding=upload.encoding,
            renamed=dict(upload.mapping),
        )
        try:
            run = job.run()
        except (Unreadable, DomainError) as problem:
            _finish(upload, UploadState.FAILED, failure=str(problem))
            return
        except _Cancelled:
            return
        except AlreadyRunning:
            return  # whoever runs it finishes it; else the lease runs out
        state = UploadState.TRIED if trying else UploadState.DONE
        rejects = uploads.rejects_of(upload)  # gone if it was called off at the last moment
        _finish(upload, state, run=run, problems=grouped(rejects) if rejects.exists() else ())


def _watched(job: type[Any], upload: Upload) -> type[Any]:
    """The import, telling after each chunk how far it has come."""

    class Watched(job):
        def moved(self, run: ImportRun) -> None:
            counts = {name: getattr(run, name) for name in COUNTS}
            until = clock.database_now() + uploads.LEASE
            if not Upload.objects.filter(pk=upload.pk, state=upload.state).update(**counts, leased_until=until):
                raise _Cancelled

    return Watched


@transaction.atomic
def _finish(
    upload: Upload, state: UploadState, *, run: ImportRun | None = None, failure: str = "", problems: Any = ()
) -> None:
    before, at = upload.state, clock.now()
    current = Upload.objects.select_for_update().get(pk=upload.pk)
    if current.state != before:
        return
    current.state, current.failure, current.problems = state, failure[:500], list(problems)
    current.finished_at, current.leased_until = at, None
    if run is not None:
        for name in COUNTS:
            setattr(current, name, getattr(run, name))
        current.total = run.position
    current.save()
    changes = {"state": [before, state], **{name: getattr(current, name) for name in COUNTS}}
    trail.append(current, "upload.finished", by=Actor.system(JOB), at=at, changes=changes)


def grouped(rejects: Path) -> list[list[Any]]:
    """What was wrong, the most frequent first: [reason, how often, line of the first]. Reasons that differ only in
    what they quote are one."""
    counted: Counter[str] = Counter()
    first: dict[str, tuple[str, int]] = {}
    with rejects.open(encoding="utf-8", newline="") as lines:
        reader = csv.reader(lines)
        next(reader, None)
        for line, reason, *_cells in reader:
            alike = _QUOTED.sub("…", reason)
            counted[alike] += 1
            first.setdefault(alike, (reason, int(line)))
    return [[first[alike][0], count, first[alike][1]] for alike, count in counted.most_common(REASONS)]
