"""`/healthz` (is the process alive) and `/readyz` (can it work), both public (interface, Pages; case F28)."""

from __future__ import annotations

from typing import Any

from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import path
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from core import checks, clock, watchdog
from core.access import public
from core.instants import iso


@public
@require_safe
@never_cache
def healthz(request: HttpRequest) -> HttpResponse:
    """The process answers. No database, no broker: a restart would not mend those."""
    return HttpResponse("ok", content_type="text/plain")


@public
@require_safe
@never_cache
def readyz(request: HttpRequest) -> HttpResponse:
    """200 `ok`; 200 `degraded` with its problems (queue, worker, beat, sweep, outbox); 503 `down` without a database.

    Degraded still takes complaints: rows are the truth, and what is late is caught up with. `summary` says it in a
    line ("degraded: queue"); `silent` since when which part has given no sign of life (null: never seen); `ages`
    the seconds since each part's last sign; `missing` the workers that are gone while others work, which degrades
    nothing. A sweep that cannot run for want of the queue is no problem of its own.
    Query cost: 3, and at most a second for a broker that does not answer.
    """
    if not checks.database().ok:
        return _down()
    at = clock.now()
    try:
        signs = watchdog.signs(at)
        found = [checks.queue(), *checks.pulse(signs), checks.outbox()]
    except DatabaseError:
        return _down()
    problems = [finding.name for finding in found if not finding.ok]
    if "queue" in problems and "sweep" in problems:
        problems.remove("sweep")
    silent = [
        {"name": sign.part, "since": sign.at and iso(sign.at)}
        for sign in watchdog.silent(signs, at)
        if sign.part in problems
    ]
    missing = [{"name": sign.who, "since": sign.at and iso(sign.at)} for sign in signs["worker"].missing]
    ages = {part: sign.age(at) for part, sign in signs.items()}
    return _answer("degraded" if problems else "ok", problems, silent=silent, missing=missing, ages=ages)


def _down() -> JsonResponse:
    answer = _answer("down", ["database"])
    answer.status_code, answer.headers["Retry-After"] = 503, "5"
    return answer


def _answer(status: str, problems: list[str], **more: Any) -> JsonResponse:
    summary = f"{status}: {', '.join(problems)}" if problems else status
    return JsonResponse({"status": status, "summary": summary, "problems": problems, **more})


urlpatterns = [path("healthz", healthz, name="healthz"), path("readyz", readyz, name="readyz")]
