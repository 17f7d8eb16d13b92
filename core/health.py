"""`/healthz` (is the process alive) and `/readyz` (can it work), both public (interface, Pages; case F28)."""

from __future__ import annotations

from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import path
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from core import checks
from core.access import public


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
    """200 `ok`; 200 `degraded` with its problems (queue, worker, beat, outbox); 503 `down` without a database.

    Degraded still takes complaints: rows are the truth, and what is late is caught up with. Query cost: 3.
    """
    down = JsonResponse({"status": "down", "problems": ["database"]}, status=503, headers={"Retry-After": "5"})
    if not checks.database().ok:
        return down
    try:
        found = [checks.queue(), *checks.pulse(), checks.outbox()]
    except DatabaseError:
        return down
    problems = [finding.name for finding in found if not finding.ok]
    return JsonResponse({"status": "degraded" if problems else "ok", "problems": problems})


urlpatterns = [path("healthz", healthz, name="healthz"), path("readyz", readyz, name="readyz")]
