"""The calls to be made: today's, late ones, later ones, and what came of them (mission B4)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext
from django.views.decorators.http import require_POST, require_safe

from complaints.models import Complaint
from core import dates
from core.access import CASES, allow
from core.actor import Actor
from core.clock import now
from core.models import User
from core.web.once import Repeated, answered, claim
from core.web.parts import Empty, Link
from metrics import house_time
from metrics.web.follow_up_forms import OUTCOMES, CallForm, CancelForm, ChangeForm, OutcomeForm, PlanForm, start
from metrics.web.follow_up_rows import Group, calls_of, grouped, loaded, story
from retention.actions import follow_ups as actions
from retention.calls_due import calls_due
from retention.models import Customer, FollowUp
from retention.models.care import FollowUpQuerySet

PAGE = 50
MINE, TEAM, ALL = "mine", "team", "all"


@require_safe
@allow(*CASES)
def index(request: HttpRequest) -> HttpResponse:
    """Calls still to be made by date, or (`?view=done`) those over; `?whose=` mine, team or all, as visible.

    Query cost: at most 6 beside session and user.
    """
    user: User = request.user  # type: ignore[assignment]
    at = now()
    today, done = dates.of_house(at), request.GET.get("view") == "done"
    whose = _whose(request, user)
    rows, next_url = _page(request, _of(user, whose), done=done)
    calls = calls_of(rows, user, today=today, now=at)
    groups = [Group("done", _("Done"), calls)] if done and calls else grouped(calls, rows, today)
    context = {
        "groups": groups,
        "done": done,
        "note": "" if done else _count(_of(user, whose), today),
        "outcomes": [(one.value, one.label) for one in OUTCOMES],
        "nonce": OutcomeForm()["nonce"].value(),
        "today": today.isoformat(),
        "tomorrow": house_time.working_day(at, 1).isoformat(),
        "whose": _choices(user, whose, done),
        "views": [
            Link(_("To be made"), _url(whose, False), current=not done),
            Link(_("Done"), _url(whose, True), current=done),
        ],
        "empty": None if calls else _empty(done),
        "previous_url": _url(whose, done) if "after" in request.GET else "",
        "next_url": next_url,
    }
    request.sidebar_here = "follow_ups"  # type: ignore[attr-defined]
    return render(request, "follow_ups/list.html", context)


@require_safe
@allow(*CASES)
def one(request: HttpRequest, call_id: int) -> HttpResponse:
    """One call with all that can be done about it, and what happened so far. Query cost: at most 8."""
    return _show(request, _find(request, call_id))


@require_POST
@allow(*CASES)
def call(request: HttpRequest, call_id: int) -> HttpResponse:
    """The call was made, or tried: written down once, in place (`next=list` leads back to the list)."""
    found, form = _find(request, call_id), OutcomeForm(request.POST)

    def run(**who: Any) -> Any:
        given = form.values
        if given["next_on"] and given["outcome"] in actions.NOBODY_SPOKEN_TO:
            return actions.attempt(found, **given, **who)
        del given["next_on"]
        return actions.complete(found, **given, **who)

    done = _("Written down")
    return _carry_out(request, found, form, run, done) or _show(request, found, outcome_form=form)


@require_POST
@allow(*CASES)
def change(request: HttpRequest, call_id: int) -> HttpResponse:
    """Somebody else, another day."""
    found = _find(request, call_id)
    form = ChangeForm(request.POST, keep=found.owner_id)

    def run(**who: Any) -> Any:
        return actions.amend(found, form.values, **who)

    return _carry_out(request, found, form, run, _("Saved")) or _show(request, found, change_form=form)


@require_POST
@allow(*CASES)
def cancel(request: HttpRequest, call_id: int) -> HttpResponse:
    """No longer needed."""
    found, form = _find(request, call_id), CancelForm(request.POST)

    def run(**who: Any) -> Any:
        return actions.cancel(found, **form.values, **who)

    return _carry_out(request, found, form, run, pgettext("call", "Cancelled")) or _show(
        request, found, cancel_form=form
    )


@allow(*CASES)
def new(request: HttpRequest, customer_id: int) -> HttpResponse:
    """Plan a call to a customer, once per form."""
    user: User = request.user  # type: ignore[assignment]
    customer = Customer.objects.visible_to(user).filter(pk=customer_id).first()
    if customer is None:
        raise Http404
    at = now()
    first = {"owner": str(user.pk), "due_on": house_time.working_day(at, 1), "complaint": request.GET.get("complaint")}
    form = PlanForm(request.POST, initial=first) if request.method == "POST" else PlanForm(initial=first)
    own = Complaint.objects.visible_to(user).filter(customer=customer).order_by("-received_at")[:50]
    blank = ("", _("about none"))
    named = [(one.reference, f"{one.reference} · {one.subject}") for one in own]
    form.fields["complaint"].choices = [blank, *named]  # type: ignore[attr-defined]

    def run(**who: Any) -> FollowUp:
        given = form.values
        reference = given.pop("complaint")
        return actions.plan(customer, complaint_reference=reference, **given, **who)

    url = reverse("customer", args=[customer.pk])
    if request.method == "POST" and (reply := _do(request, form, run, pgettext("call", "Planned"), url)):
        return reply
    context = {
        "form": form,
        "title": _("Plan a call"),
        "customer": str(customer),
        "back": url,
        "refuses": actions.refuses_calls(customer),
    }
    return render(request, "follow_ups/new.html", context, status=form.http_status)


# --- what is shown ----------------------------------------------------------------------------------------------------


def _find(request: HttpRequest, call_id: int) -> FollowUp:
    found = loaded(FollowUp.objects.visible_to(request.user)).filter(pk=call_id).first()  # type: ignore[arg-type]
    if found is None:
        raise Http404
    return found


def _show(
    request: HttpRequest,
    found: FollowUp,
    *,
    outcome_form: OutcomeForm | None = None,
    change_form: ChangeForm | None = None,
    cancel_form: CancelForm | None = None,
) -> HttpResponse:
    at = now()
    user: User = request.user  # type: ignore[assignment]
    bound: CallForm | None = outcome_form or change_form or cancel_form
    tomorrow = house_time.working_day(at, 1)
    context = {
        "call": calls_of([found], user, today=dates.of_house(at), now=at)[0],
        "is_open": found.done_at is None,
        "outcome_form": outcome_form or OutcomeForm(initial={"next_on": tomorrow}, auto_id="id_call_%s"),
        "change_form": change_form or ChangeForm(initial=start(found), keep=found.owner_id, auto_id="id_change_%s"),
        "cancel_form": cancel_form or CancelForm(auto_id="id_cancel_%s"),
        "bound": bound,
        "changing": change_form is not None,
        "cancelling": cancel_form is not None,
        "entries": story(found, now=at),
    }
    request.sidebar_here = "follow_ups"  # type: ignore[attr-defined]
    return render(request, "follow_ups/one.html", context, status=bound.http_status if bound else 200)


def _carry_out(
    request: HttpRequest, found: FollowUp, form: CallForm, run: Callable[..., Any], done: str
) -> HttpResponse | None:
    here = reverse("follow_up", args=[found.pk])
    go = reverse("follow_ups") if request.POST.get("next") == "list" else here
    return _do(request, form, run, done, go)


def _do(request: HttpRequest, form: CallForm, run: Callable[..., Any], done: str, go: str) -> HttpResponse | None:
    """Do it once and lead to `go`; None: refused, the form says why and knows the status."""
    if not form.is_valid():
        form.http_status = 422
        return None
    try:
        with form.refusals(), transaction.atomic():
            at = now()
            nonce = claim(request, form.cleaned_data["nonce"], at=at)
            run(by=Actor.of(request), at=at)
            answered(nonce, go)
    except Repeated as repeated:
        return HttpResponseRedirect(repeated.location)
    if form.errors:
        form.renew()
        return None
    calls_due.clear()
    messages.success(request, done)
    return HttpResponseRedirect(go)


# --- whose, and which page --------------------------------------------------------------------------------------------


def _whose(request: HttpRequest, user: User) -> str:
    asked = request.GET.get("whose", MINE)
    allowed = [MINE, *([TEAM] if user.led_team_ids else []), *([ALL] if user.is_manager else [])]
    return asked if asked in allowed else MINE


def _of(user: User, whose: str) -> FollowUpQuerySet:
    rows = FollowUp.objects.visible_to(user)
    if whose == MINE:
        return rows.filter(owner=user)
    return rows.filter(owner__team__in=user.led_team_ids) if whose == TEAM else rows


def _choices(user: User, whose: str, done: bool) -> list[Link]:
    found = [(MINE, _("Mine"))]
    if user.led_team_ids:
        found.append((TEAM, _("My team")))
    if user.is_manager:
        found.append((ALL, _("All")))
    return [Link(title, _url(key, done), current=key == whose) for key, title in found] if len(found) > 1 else []


def _url(whose: str, done: bool, **more: str) -> str:
    wanted = {"whose": whose} if whose != MINE else {}
    query = urlencode({**wanted, **({"view": "done"} if done else {}), **more})
    return reverse("follow_ups") + (f"?{query}" if query else "")


def _page(request: HttpRequest, rows: FollowUpQuerySet, *, done: bool) -> tuple[list[FollowUp], str]:
    """A page by key: open ones by date, the others by what happened last. The address of the next one, or blank."""
    after = request.GET.get("after", "").partition(",")
    key = int(after[2]) if after[2].isascii() and after[2].isdigit() and len(after[2]) < 19 else None
    if done:
        rows = rows.filter(done_at__isnull=False).order_by("-pk")
        rows = rows.filter(pk__lt=key) if key is not None else rows
    else:
        rows = rows.open().order_by("due_on", "pk")
        if key is not None and (day := _day(after[0])):
            rows = rows.filter(Q(due_on__gt=day) | Q(due_on=day, pk__gt=key))
    found = list(loaded(rows)[: PAGE + 1])
    if len(found) <= PAGE:
        return found, ""
    last = found[PAGE - 1]
    return found[:PAGE], _url(_whose(request, request.user), done, after=f"{last.due_on},{last.pk}")  # type: ignore[arg-type]


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _count(rows: FollowUpQuerySet, today: date) -> str:
    n = rows.open().filter(due_on__lte=today).count()
    return ngettext("%(n)s call due", "%(n)s calls due", n) % {"n": n} if n else _("no call due")


def _empty(done: bool) -> Empty:
    if done:
        return Empty("nothing", _("No call made yet"), _("What came of a call stands here."))
    return Empty(
        "done", _("No call to be made"), _("Unhappy answers to a survey bring their calls here by themselves.")
    )
