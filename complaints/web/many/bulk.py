"""One action on many rows of the queue: choose, say what, see what came of it, undo (ux, Agent's desk 7)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from complaints.actions import bulk
from complaints.actions.bulk_acts import ACTS
from complaints.models import BulkRow, BulkRun, BulkState, Complaint
from complaints.web.many import queue, undo
from complaints.web.many.bulk_forms import CHOICES, BulkForm
from core.access import CASES, allow
from core.actor import Actor
from core.clock import now
from core.errors import DomainError
from core.models import User
from core.web.once import Repeated, answered, claim, fresh

FAILURES = 200  # shown on the page; the API has them all
LETTERS = 3  # "Key"


def door(asked: queue.Asked, number: int | str | None) -> dict[str, Any]:
    """The bar at the foot of the queue: the actions and the list they would act on. No query."""
    shown = [
        {"key": key, "title": ACTS[key].title, "icon": one.icon, "press": one.key, "letter": one.key[LETTERS:]}
        for key, one in CHOICES.items()
        if key in ACTS
    ]
    return {
        "url": reverse("bulk"),
        "query": asked.query.removeprefix("?") or f"view={asked.key}",
        "all": number,
        "acts": [one for one in shown if one["press"]],
        "more": [one for one in shown if not one["press"]],
        "nonce": fresh(),
    }


@require_POST
@allow(*CASES)
def choose(request: HttpRequest) -> HttpResponse:
    """The cases ticked and an action: asks for what it needs, then does it once. Without JavaScript two pages."""
    user: User = request.user  # type: ignore[assignment]
    action = request.POST.get("action", "")
    if action not in CHOICES or action not in ACTS:
        raise Http404
    picked = Picked.of(request, user)
    form_type = CHOICES[action].form
    if "go" not in request.POST and form_type.base_fields:
        return _ask(request, action, form_type(user=user), picked)
    form = form_type(request.POST, user=user)
    if not form.is_valid():
        return _ask(request, action, form, picked, status=422)
    try:
        with transaction.atomic():
            row = claim(request, request.POST.get("nonce", "")[:64], at=now())
            run = bulk.begin(
                by=Actor.of(request),
                at=now(),
                action=action,
                values={name: value for name, value in form.values.items() if name in ACTS[action].fields},
                complaints=picked.keys,
                missing=picked.missing,
                back=picked.query,
            )
            page = reverse("bulk_run", args=[run.pk])
            answered(row, page)
    except Repeated as earlier:
        return _go(request, earlier.location or picked.back)
    except DomainError as refusal:
        form.add_error(refusal.field if refusal.field in form.fields else None, str(refusal))
        return _ask(request, action, form, picked, status=422 if refusal.status == 400 else refusal.status)
    return _carried_out(request, run)


@dataclass(slots=True)
class Picked:
    """The cases a form names: by reference, or all of a list (`query`)."""

    keys: list[int]
    references: list[str]
    missing: list[str]
    query: str
    whole: bool

    @property
    def back(self) -> str:
        return f"{reverse('queue')}?{self.query}"

    @property
    def number(self) -> int:
        return len(self.keys) + len(self.missing)

    @classmethod
    def of(cls, request: HttpRequest, user: User) -> Picked:
        """Query cost: 1. A list longer than allowed is taken one too long, so that the action refuses it."""
        query = request.POST.get("query", "")[:600]
        whole = request.POST.get("all") == "1"
        if whole:
            asked = queue.ask(QueryDict(query), user)
            found = [] if asked.problems else queue.matching(asked, user, now(), bulk.MOST + 1)
            return cls([pk for pk, _reference in found], [], [], query, True)
        names = list(dict.fromkeys(request.POST.getlist("pick")))[: bulk.MOST + 1]
        keys, missing = named(names, user)
        return cls(keys, names, missing, query, False)


def named(references: list[str], user: User) -> tuple[list[int], list[str]]:
    """The keys of cases by reference in this order, and the references that are not there for the reader.

    Query cost: 1.
    """
    seen = Complaint.objects.visible_to(user).filter(reference__in=references)
    known = dict(seen.values_list("reference", "pk"))
    keys = [known[one] for one in references if one in known]
    return keys, [one[:16] for one in references if one not in known]


def _ask(request: HttpRequest, action: str, form: BulkForm, picked: Picked, *, status: int = 200) -> HttpResponse:
    """The form of an action for these cases: in the dialog over the list for htmx, else as a page."""
    context = {
        "form": form,
        "action": action,
        "title": f"{ACTS[action].title}: {_cases(picked.number)}",
        "button": ACTS[action].title,
        "url": reverse("bulk"),
        "picked": picked,
        "nonce": fresh(),
        "undoable": ACTS[action].undo is not None,
    }
    htmx = request.htmx  # type: ignore[attr-defined]
    return render(
        request, "complaints/_bulk_form.html" if htmx else "complaints/bulk_form.html", context, status=status
    )


def _carried_out(request: HttpRequest, run: BulkRun) -> HttpResponse:
    """Few rows are done now, and the list comes back with what was done; many are watched on a page of their own."""
    page = reverse("bulk_run", args=[run.pk])
    if not bulk.is_small(run):
        return _go(request, page)
    bulk.carry_on(run, seconds=20)
    run.refresh_from_db()
    say(request, run)
    return _go(request, page if bulk.progress(run).refused else back_of(run))


def say(request: HttpRequest, run: BulkRun) -> None:
    """A toast of what was done, with Undo where that is possible. Query cost: 1."""
    how = bulk.progress(run)
    if run.state == BulkState.UNDONE:
        undo.offer(request, _undone_words(how.undone))
        return
    url = reverse("bulk_undo", args=[run.pk]) if bulk.undoable(run, at=now()) else ""
    undo.offer(request, CHOICES[run.action].done(how.done) % {"n": how.done}, url)


def _undone_words(n: int) -> str:
    return ngettext("%(n)s case is as it was", "%(n)s cases are as they were", n) % {"n": n}


def back_of(run: BulkRun) -> str:
    return f"{reverse('queue')}?{run.back}" if run.back else reverse("queue")


@require_safe
@allow(*CASES)
def show(request: HttpRequest, pk: int) -> HttpResponse:
    """How far a run is and what came of it; with `since` it answers a poll: 204 when nothing moved."""
    run = find(request, pk)
    how = bulk.progress(run)
    version = f"{run.state}-{how.looked}-{how.undone + how.kept}"
    if request.GET.get("since") == version:
        return HttpResponse(status=204)
    context = result(run, how) | {"since": version, "live_url": request.path}
    page = "complaints/_bulk_run.html" if "since" in request.GET else "complaints/bulk_run.html"
    return render(request, page, context)


def find(request: HttpRequest, pk: int) -> BulkRun:
    """A run of the reader's own. Raises Http404 for anybody else's. Query cost: 1."""
    run = BulkRun.objects.select_related("by").filter(pk=pk, by=request.user.pk).first()
    if run is None:
        raise Http404
    return run


def result(run: BulkRun, how: bulk.Progress) -> dict[str, Any]:
    """What `complaints/_bulk_run.html` takes. Query cost: 1 with refusals, 1 with what could not be undone."""
    undoing = run.state in (BulkState.UNDOING, BulkState.UNDONE)
    rows = BulkRow.objects.filter(run=run).select_related("complaint").order_by("pk")
    refused = [_failure(one) for one in rows.exclude(code="")[:FAILURES]] if how.refused else []
    refused += [{"reference": one, "url": "", "subject": "", "why": _not_there()} for one in run.missing]
    kept = [_failure(one) for one in rows.exclude(undo_code="")[:FAILURES]] if how.kept else []
    done = CHOICES[run.action].done(how.done) % {"n": how.done} if run.action in CHOICES else str(how.done)
    looked, total = (how.undone + how.kept, how.done) if undoing else (how.looked, how.total)
    return {
        "run": run,
        "title": f"{ACTS[run.action].title if run.action in ACTS else run.action}: {_cases(run.total)}",
        "working": run.state in bulk.AT_WORK,
        "undoing": run.state == BulkState.UNDOING,
        "looked": looked,
        "total": total,
        "done": done if how.done else "",
        "undone": _undone_words(how.undone) if how.undone else "",
        "refused": refused,
        "refused_words": ngettext("%(n)s was refused", "%(n)s were refused", how.refused) % {"n": how.refused},
        "refused_more": max(0, how.refused - len(refused)),
        "kept": kept,
        "kept_words": ngettext("%(n)s was left as it is", "%(n)s were left as they are", how.kept) % {"n": how.kept},
        "undo_url": reverse("bulk_undo", args=[run.pk]) if bulk.undoable(run, at=now()) else "",
        "undo_until": run.undo_until,
        "back": back_of(run),
        "nonce": fresh(),
    }


def _cases(n: int) -> str:
    return ngettext("%(n)s case", "%(n)s cases", n) % {"n": n}


def _failure(row: BulkRow) -> dict[str, str]:
    complaint = row.complaint
    seen = row.code != "not_found"
    return {
        "reference": complaint.reference,
        "url": complaint.get_absolute_url() if seen else "",
        "subject": complaint.subject if seen else "",
        "why": row.message,
    }


def _not_there() -> str:
    return _("This case is not there, or not yours to see.")


@require_POST
@allow(*CASES)
def take_back(request: HttpRequest, pk: int) -> HttpResponse:
    """Undo a run."""
    run = find(request, pk)
    page = reverse("bulk_run", args=[run.pk])
    try:
        with transaction.atomic():
            claim(request, request.POST.get("nonce", "")[:64], at=now())
            run = bulk.undo(run, by=Actor.of(request), at=now())
    except Repeated:
        return HttpResponseRedirect(page)
    except DomainError as refusal:
        context = result(run, bulk.progress(run)) | {"refusal": str(refusal), "since": "", "live_url": page}
        return render(request, "complaints/bulk_run.html", context, status=refusal.status)
    if not bulk.is_small(run):
        return HttpResponseRedirect(page)
    bulk.carry_on(run, seconds=20)
    run.refresh_from_db()
    say(request, run)
    return HttpResponseRedirect(page if bulk.progress(run).kept else back_of(run))


def _go(request: HttpRequest, url: str) -> HttpResponse:
    if request.htmx:  # type: ignore[attr-defined]
        return HttpResponse(headers={"HX-Redirect": url})
    return HttpResponseRedirect(url)
