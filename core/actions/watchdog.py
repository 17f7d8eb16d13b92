"""Tell the administrators by mail that nobody watches the deadlines, once a silence, and once when it is over.

Run by `manage.py watch`, which lives when worker and beat are dead; it so sends its own mails too. Any number of
watchers may look: what has been told stands in a row that is locked (`alarm:<part>`), the mails' keys are unique,
and the outbox hands a message to one sender at a time.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.utils import Error

from core import clock, outbox, watchdog
from core.actions.outbox import drain
from core.actions.upkeep import alive
from core.instants import iso, to_us
from core.models import Heartbeat, OutboxMessage, User
from core.pulse import whoami
from core.watchdog import Sign

SILENT, HEARD = "watch_silent", "watch_heard"
TEMPLATES = (SILENT, HEARD)
EVERY = 10.0  # seconds between two looks
GRACE = 40.0  # seconds a watcher must have seen without a break before it accuses anybody
NEVER = "never"
log = logging.getLogger("amends.watch")


def tell(*, at: datetime, judged: Collection[str] = watchdog.PARTS) -> int:
    """Write the mails about what fell silent or was heard again since the last look; how many were written.

    `judged`: the parts whose silence may be told (whoever has just come cannot know yet); a recovery always is.
    Query cost: 2 when there is nothing to tell.
    """
    signs, told = watchdog.signs(at), _told()
    news = _news(signs, told, at, judged)
    if not news:
        return 0
    names = [_alarm(part) for part in news]
    with transaction.atomic():
        blank = [Heartbeat(name=name, at=at, detail={}) for name in names]
        Heartbeat.objects.bulk_create(blank, ignore_conflicts=True)
        list(Heartbeat.objects.select_for_update().filter(name__in=names).order_by("name"))
        signs, told = watchdog.signs(at), _told()
        messages = []
        for part in _news(signs, told, at, judged):
            messages += _turn(signs[part], told.get(part), at)
        before = OutboxMessage.objects.filter(key__in=[m.key for m in messages]).count()
        OutboxMessage.objects.bulk_create(messages, ignore_conflicts=True)
    return len(messages) - before


def _news(signs: dict[str, Sign], told: dict[str, dict[str, str]], at: datetime, judged: Collection[str]) -> list[str]:
    """The parts whose state is another than the one told last."""
    fallen = {sign.part for sign in watchdog.silent(signs, at)} & set(judged)
    return [part for part in watchdog.PARTS if (part in fallen if part not in told else signs[part].is_back(at))]


def _told() -> dict[str, dict[str, str]]:
    """By part: what is noted of the silence that has been told and is not over. Query cost: 1."""
    rows = Heartbeat.objects.filter(name__in=[_alarm(part) for part in watchdog.PARTS])
    found = {name.partition(":")[2]: detail for name, detail in rows.values_list("name", "detail")}
    return {part: detail for part, detail in found.items() if detail}


def _turn(sign: Sign, told: dict[str, str] | None, at: datetime) -> list[OutboxMessage]:
    """Note that a silence begins or ends; its mails, not yet written. Query cost: 2."""
    if told is None:
        silence = str(to_us(sign.at)) if sign.at else NEVER
        note = {"silence": silence, "since": str(iso(sign.at or at)), "who": sign.who}
        template, detail = SILENT, note
        log.error("%s has been silent since %s", sign.part, iso(sign.at) if sign.at else NEVER)
    else:
        template, note, detail = HEARD, {**told, "heard": str(iso(sign.at or at)), "who": sign.who}, {}
        log.warning("%s is heard again", sign.part)
    Heartbeat.objects.filter(name=_alarm(sign.part)).update(at=at, detail=detail)
    admins = User.objects.active().filter(is_admin=True).exclude(email="").order_by("pk")
    return [_mail(template, sign.part, note, admin, at) for admin in admins]


def _mail(template: str, part: str, note: dict[str, str], admin: User, at: datetime) -> OutboxMessage:
    context = {
        "part": part,
        "since_at": note["since"],
        "seen": note["silence"] != NEVER,
        "who": note["who"],
        "name": str(admin),
        "time_zone": admin.time_zone,
        "automatic": True,
    }
    if "heard" in note:
        context["heard_at"] = note["heard"]
    key = f"{template}:{part}:{note['silence']}:{admin.pk}"
    return outbox.mail(
        key, to=admin.email, language=admin.language, template=template, context=context, about=None, at=at
    )


def _alarm(part: str) -> str:
    return f"alarm:{part}"


@dataclass(slots=True)
class Watcher:
    """One watch process's memory: since when it sees, and since when beat and worker have been well.

    After a start, a database that was away or a machine that slept, every sign of life is old although nobody
    is dead; so it accuses nobody before it has seen for GRACE without a break. Seconds, by the monotonic clock.
    """

    seeing_since: float | None = None
    well_since: float | None = None
    looked: float = 0.0

    def look(self) -> bool:
        """Look once, tell, send what was told; whether the database let it. Never raises what that raises."""
        moment = time.monotonic()
        if moment - self.looked > GRACE:
            self.seeing_since = None
        try:
            at = clock.database_now()
            tell(at=at, judged=self.judge(moment, at))
            drain(at=at, seconds=GRACE / 2, only=TEMPLATES)
            alive(watchdog.WATCH, at=at, detail=whoami())
        except (Error, OSError) as error:
            log.warning("The database does not answer (%s); looking again", type(error).__name__)
            self.seeing_since = self.well_since = None
            return False
        finally:
            self.looked = time.monotonic()
        return True

    def judge(self, moment: float, at: datetime) -> list[str]:
        """The parts that may be accused now. Query cost: 1."""
        if self.seeing_since is None:
            self.seeing_since = moment
        quiet = {sign.part for sign in watchdog.silent(watchdog.signs(at), at)}
        if quiet & set(watchdog.RUNNERS):
            self.well_since = None
        elif self.well_since is None:
            self.well_since = moment
        judged = list(watchdog.RUNNERS) if moment - self.seeing_since >= GRACE else []
        if judged and self.well_since is not None and moment - self.well_since >= GRACE:
            judged.append("sweep")
        return judged
