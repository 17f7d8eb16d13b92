"""Celery: the app and the whole timetable.

The database is the truth and the broker only wakes workers up: every task reads what is due from rows, may be
lost, may run twice and may run in two workers at once. So a beat entry expires when the next one comes
(`expires`, seconds): after downtime a worker finds one of each, not a heap. Beat keeps no file: at start
everything is due at once.
"""

import os
import socket
import time
import warnings
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from celery import Celery, platforms, signals
from celery.beat import Scheduler
from django.conf import settings

from config import broker
from core import jobs

_began = _ticked_at = time.monotonic()
_jobs, _sending = jobs.Jobs(), jobs.Sending()
_pulses: dict[int, Any] = {}  # by process

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
# Celery warns root because of pickled messages; ours are JSON only. In a container root is usual.
warnings.filterwarnings("ignore", category=platforms.SecurityWarning)  # type: ignore[attr-defined]


class Timetable(Scheduler):
    """Beat's schedule, held in memory.

    Nothing on disk to lock, corrupt or leave behind: a second beat does no harm, a restarted one catches up.
    """

    def setup_schedule(self) -> None:
        """Load the timetable with every entry due."""
        super().setup_schedule()
        for entry in self.schedule.values():
            entry.last_run_at = self.app.now() - timedelta(days=2)

    def tick(self, *args: Any, **kwargs: Any) -> float:
        """Send what is due, and remember that we came this far: one that hangs in the broker gives no sign of life."""
        global _ticked_at
        wait: float = super().tick(*args, **kwargs)
        _ticked_at = time.monotonic()
        return wait

    def apply_async(self, *args: Any, **kwargs: Any) -> Any:
        """Send one entry, and remember that the queue took it: from then on a worker has something to do."""
        result = super().apply_async(*args, **kwargs)
        _sending.sent()
        return result


def every(seconds: int, task: str) -> dict[str, Any]:
    """One entry: run `task` each `seconds`; a message nobody took in that time is dropped."""
    return {"task": task, "schedule": timedelta(seconds=seconds), "options": {"expires": seconds}}


app = Celery("amends")
app.config_from_object("django.conf:settings", namespace="CELERY")
if not settings.REDIS_URL:
    broker.install(settings.CELERY_BROKER_TRANSPORT_OPTIONS)
app.conf.update(
    task_serializer="json",
    accept_content=["json"],
    beat_scheduler="config.celery:Timetable",
    beat_max_loop_interval=5,
    # On the embedded broker remote control would poll a folder more; /readyz reads heartbeat rows instead.
    worker_enable_remote_control=bool(settings.REDIS_URL),
    worker_cancel_long_running_tasks_on_connection_loss=True,
    worker_max_tasks_per_child=2_000,
)
app.conf.beat_schedule = {
    # Mark breaches and ring warnings: seen at most 10 s after the deadline, dated at the deadline itself.
    "sweep-sla": every(10, "complaints.sweep_sla"),
    # Take open complaints along when a calendar or the policies were edited, and count previews: seen within 5 s.
    "apply-sla-edits": every(5, "complaints.apply_sla_edits"),
    # Give the cases of somebody whose noted absence has begun to the deputy, within a minute.
    "hand-over-absent": every(60, "complaints.hand_over_absent"),
    # Give what an owner has left lying past its limit to the deputy, within seconds of the sweep that found it.
    "hand-over-silent": every(15, "complaints.hand_over_silent"),
    # Take snoozed complaints back whose hour has come, or for whom a deadline rang: at most 5 s late.
    "wake-snoozed": every(5, "complaints.wake"),
    # Go on with changes of many complaints and their undoing: nobody waits longer than 2 s for the first row.
    "run-bulk": every(2, "complaints.run_bulk"),
    # Note whom a survey is to ask after a settled complaint, and write the mails whose time has come.
    "invite": every(60, "metrics.invite"),
    # Try and record files that were uploaded; one that is being worked on is passed over.
    "import-uploads": every(5, "metrics.import_uploads"),
    # Go on with files of lists that were asked for: begun within 3 s, one after the other in turns of 20 s.
    "run-exports": every(3, "metrics.run_exports"),
    # Forget such files a week after they were ready, an hour late at most.
    "tidy-exports": every(60 * 60, "metrics.tidy_exports"),
    # Send messages whose time has come: those for later, and those that nobody took back in the seconds for it.
    "send-pending": every(3, "complaints.send_pending"),
    # Go on with an update to all customers of an incident: nobody waits longer than 3 s for the first case.
    "send-incident-updates": every(3, "complaints.send_incident_updates"),
    # Send what the outbox holds: mail leaves within 5 s of the action that asked for it.
    "drain-outbox": every(5, "core.drain_outbox"),
    # Deliver webhooks: the first attempt leaves within 2 s of the event, in a thread beside the worker.
    "send-webhooks": every(2, "core.send_webhooks"),
    # Bundle notifications into mails: within a minute of the full hour, or of eight where the reader is.
    "mail-notifications": every(60, "core.mail_notifications"),
    # Tell those once more who left an offer of a case without answer for hours.
    "remind-of-offers": every(5 * 60, "complaints.remind_of_offers"),
    # Tell owners once of corrective actions that are overdue or can be measured: within the hour of the local day.
    "tell-of-corrective": every(60 * 60, "complaints.tell_of_corrective"),
    # Seal the newest trail entries under one hash, so that a cut tail is noticed too.
    "anchor-trail": every(10 * 60, "core.anchor_trail"),
    # Sweep files that were chosen and never sent, and bytes no row names, each a day at most after it came to be.
    "tidy-attachments": every(60 * 60, "complaints.tidy_attachments"),
    # Delete what has had its day: expired sessions, idempotency answers, failures to sign in, webhooks delivered.
    "tidy": every(60 * 60, "core.tidy"),
}
# Jobs that may take longer than the seconds after which a worker that takes none is silent (core/watchdog.py), as they
# do much at once: so long nobody worries. The others end their turn after 30 s at the most.
LONG = {
    "complaints.sweep_sla": 180,
    "complaints.hand_over_absent": 120,
    "complaints.tidy_attachments": 120,
    "core.anchor_trail": 120,
    "core.mail_notifications": 120,
    "core.tidy": 120,
    "metrics.import_uploads": 300,  # until the time limit ends it
    "metrics.invite": 120,
    "metrics.tidy_exports": 120,
}
app.autodiscover_tasks()


@signals.task_prerun.connect
def _job_begins(task_id: str = "", task: Any = None, **_rest: Any) -> None:
    _jobs.began(task_id, may_take=LONG.get(getattr(task, "name", ""), 0))


@signals.task_postrun.connect
def _job_ends(task_id: str = "", **_rest: Any) -> None:
    _jobs.ended(task_id)


@signals.beat_init.connect
def _beat_lives(**_rest: Any) -> None:
    _give_signs("beat", os.getpid(), lambda: _ticked_at, lambda: {"sending": _sending.since, "sent": _sending.last})


@signals.worker_process_init.connect
def _worker_lives(**_rest: Any) -> None:
    """In each of a worker's processes: they speak for the parent that hands out jobs, only while it lives."""
    parent = os.getppid()
    _worker_signs(parent, lambda: time.monotonic() if os.getppid() == parent else None)


@signals.worker_ready.connect
def _lone_worker_lives(sender: Any = None, **_rest: Any) -> None:
    """A pool of threads has no processes of its own: the worker itself says that it lives."""
    if not type(getattr(sender, "pool", None)).__module__.endswith(".prefork"):
        _worker_signs(os.getpid(), time.monotonic)


@signals.worker_shutdown.connect
def _worker_leaves(**_rest: Any) -> None:
    """It ends in order: nobody shall miss it."""
    from core.pulse import sign_off

    if pulse := _pulses.get(os.getpid()):
        pulse.stop()
    sign_off(_row_of(os.getpid()))


def _worker_signs(pid: int, last: Callable[[], float | None]) -> None:
    _give_signs(_row_of(pid), pid, last, lambda: {"began": _began, "worked": _jobs.last()})


def _row_of(pid: int) -> str:
    from core.watchdog import row_of

    return row_of(pid, socket.gethostname())


def _give_signs(
    row: str, pid: int, last: Callable[[], float | None], facts: Callable[[], dict[str, float | None]]
) -> None:
    """Start this process's pulse, once (heartbeat rows: /readyz, the banner, `doctor` and `watch` read them)."""
    from core.pulse import Pulse

    if os.getpid() not in _pulses:
        _pulses[os.getpid()] = pulse = Pulse(row, last, facts, pid=pid)
        pulse.start()
