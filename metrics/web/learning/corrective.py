"""One corrective action: what it is, whether it helped, and everything that can be done about it (mission A11)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from complaints.actions import corrective as actions
from complaints.models import Complaint, CorrectiveAction, CorrectiveState, Status
from complaints.reference import catalogue
from complaints.web.names import name_of
from core import dates, languages
from core.access import CASES, LEAD, MANAGER, allow
from core.actor import Actor
from core.clock import now
from core.errors import DomainError
from core.models import User
from core.web.once import OnceForm, Repeated, answered, claim, fresh, renewed
from core.web.parts import Cell, Chip, Column
from metrics.figures.recurrence import Recurrence, Side, recurrence
from metrics.web.dashboard.page import seen_words
from metrics.web.learning import trail
from metrics.web.learning.forms import CaseForm, CorrectiveForm, DoneForm, DropForm, VerdictForm
from metrics.web.learning.listing import state_chip

PAGE = 50
MOST_AT_ONCE = 50  # cases named in the address of a new action
Run = Callable[..., CorrectiveAction]


@require_safe
@allow(*CASES)
def page(request: HttpRequest, action_id: int) -> HttpResponse:
    """What it is, recurrence before and after, its complaints (`?after=` further ones) and its trail (`?before=`).

    Query cost: 7 beside session and user.
    """
    return _show(request, found(action_id))


@require_http_methods(["GET", "HEAD", "POST"])
@allow(LEAD, MANAGER)
def new(request: HttpRequest) -> HttpResponse:
    """Plan one; `?complaint=` (may be repeated) names cases that gave rise to it, `?root_cause=` the cause."""
    user: User = request.user  # type: ignore[assignment]
    if request.method != "POST":
        named = _cases(request, request.GET.getlist("complaint"))
        return _form(request, CorrectiveForm.blank(user, **_known(request, named)), named)
    form = CorrectiveForm(request.POST)
    named = _cases(request, request.POST.get("complaint", "").split())
    status = 422
    if form.is_valid():
        try:
            with transaction.atomic():
                key = claim(request, form.cleaned_data["nonce"], at=now())
                made = actions.create(by=Actor.of(request), at=now(), complaints=named, **form.facts)
                url = reverse("learning_action", args=[made.pk])
                answered(key, url)
        except Repeated as before:
            return HttpResponseRedirect(before.location or reverse("learning"))
        except DomainError as refusal:
            status = _refuse(form, refusal)
        else:
            messages.success(request, _("Corrective action planned"))
            return HttpResponseRedirect(url)
    form.data = renewed(form.data, nonce=fresh())
    return _form(request, form, named, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@allow(LEAD, MANAGER)
def edit(request: HttpRequest, action_id: int) -> HttpResponse:
    """Put facts right; a form older than the action is refused (409)."""
    action = found(action_id)
    url = reverse("learning_action", args=[action.pk])
    if request.method != "POST":
        return _form(request, CorrectiveForm.of(action), [], action=action)
    form, status = CorrectiveForm(request.POST), 422
    if form.is_valid():
        try:
            with transaction.atomic():
                claim(request, form.cleaned_data["nonce"], at=now())
                version = form.cleaned_data["version"]
                actions.edit(action, form.facts, by=Actor.of(request), at=now(), version=version)
        except Repeated:
            return HttpResponseRedirect(url)
        except DomainError as refusal:
            status = _refuse(form, refusal)
        else:
            messages.success(request, _("Saved"))
            return HttpResponseRedirect(url)
    action.refresh_from_db()
    form.data = renewed(form.data, nonce=fresh(), version=str(action.version))
    return _form(request, form, [], action=action, status=status)


@require_POST
@allow(*CASES)
def begin(request: HttpRequest, action_id: int) -> HttpResponse:
    """Work on it has begun (its owner, leads, managers)."""
    action = found(action_id)
    return _do(request, action, OnceForm(request.POST), lambda **who: actions.begin(action, **who), _("Begun"))


@require_POST
@allow(*CASES)
def completion(request: HttpRequest, action_id: int) -> HttpResponse:
    """It is done, on `done_on`; with `undo` it was not, or not to be dropped."""
    action = found(action_id)
    if request.POST.get("undo"):
        form: OnceForm = OnceForm(request.POST)
        return _do(request, action, form, lambda **who: actions.take_up(action, **who), _("Under way again"))
    form = DoneForm(request.POST, auto_id="id_done_%s")

    def run(**who: Any) -> CorrectiveAction:
        return actions.done(action, done_on=form.cleaned_data["done_on"], **who)

    return _do(request, action, form, run, _("Done; from now on it is measured"), key="done")


@require_POST
@allow(LEAD, MANAGER)
def dropping(request: HttpRequest, action_id: int) -> HttpResponse:
    """It will not be done, for a reason."""
    action, form = found(action_id), DropForm(request.POST, auto_id="id_drop_%s")

    def run(**who: Any) -> CorrectiveAction:
        return actions.drop(action, reason=form.cleaned_data["reason"], **who)

    return _do(request, action, form, run, pgettext("corrective action", "Dropped"), key="drop")


@require_POST
@allow(LEAD, MANAGER)
def verdict(request: HttpRequest, action_id: int) -> HttpResponse:
    """Whether it helped; 409 until the days after it have passed."""
    action, form = found(action_id), VerdictForm(request.POST, auto_id="id_verdict_%s")

    def run(**who: Any) -> CorrectiveAction:
        data = form.cleaned_data
        return actions.verdict(action, effective=data["effective"] == "yes", note=data["note"], **who)

    return _do(request, action, form, run, _("Written down"), key="verdict")


@require_POST
@allow(*CASES)
def cases(request: HttpRequest, action_id: int) -> HttpResponse:
    """Link a complaint the reader sees; with `undo` take it out."""
    action, form = found(action_id), CaseForm(request.POST, auto_id="id_case_%s")
    undo = bool(request.POST.get("undo"))

    def run(**who: Any) -> CorrectiveAction:
        reference = form.cleaned_data["complaint"].strip().upper()
        complaint = actions.complaint_by_reference(reference, who["by"].user)
        return (actions.unlink if undo else actions.link)(action, complaint, **who)

    done = _("Taken out") if undo else _("Linked")
    return _do(request, action, form, run, done, key="case")


def found(action_id: int) -> CorrectiveAction:
    """Raises Http404. Query cost: 1."""
    action = CorrectiveAction.objects.filter(pk=action_id).first()
    if action is None:
        raise Http404
    return action


def _do(
    request: HttpRequest, action: CorrectiveAction, form: OnceForm, run: Run, done: str, *, key: str = ""
) -> HttpResponse:
    """Carry it out once; what is refused comes back in its place, 422 or 409 (403 where it is not theirs to do)."""
    status = 422
    if form.is_valid():
        try:
            with transaction.atomic():
                claim(request, form.cleaned_data["nonce"], at=now())
                run(by=Actor.of(request), at=now())
        except Repeated:
            return HttpResponseRedirect(reverse("learning_action", args=[action.pk]))
        except DomainError as refusal:
            status = _refuse(form, refusal)
        else:
            messages.success(request, done)
            return HttpResponseRedirect(reverse("learning_action", args=[action.pk]))
    form.data = renewed(form.data, nonce=fresh())
    return _show(request, found(action.pk), refused=form, key=key, status=status)


def _show(
    request: HttpRequest, action: CorrectiveAction, *, refused: OnceForm | None = None, key: str = "", status: int = 200
) -> HttpResponse:
    user: User = request.user  # type: ignore[assignment]
    at = now()
    today = dates.of_house(at)
    measured = recurrence(action, user, at=at)
    leads, carries_out = actions.may_lead(user), actions.may_carry_out(user, action)
    open_one = action.state in (CorrectiveState.PLANNED, CorrectiveState.DOING)
    happened, older_url = trail.entries(action, request.GET.get("before", ""))
    context = {
        "action": action,
        "chip": state_chip(action, today),
        "overdue": open_one and action.due_on < today,
        "owner": name_of(action.owner_id),
        "cause": catalogue().causes_by_id[action.root_cause_id].path,
        "due": languages.day(action.due_on, weekday=True),
        "done": languages.day(action.done_on) if action.done_on else "",
        "judged": _judged(action),
        "measured": _measured(action, measured) if measured else None,
        "seen": seen_words(user),
        "may_edit": leads and open_one,
        "may_begin": carries_out and action.state == CorrectiveState.PLANNED,
        "may_undo": leads and not open_one and action.effective is None,
        "forms": {
            "done": _bound(DoneForm, refused, key, "done", done_on=today) if carries_out and open_one else None,
            "drop": _bound(DropForm, refused, key, "drop") if leads and open_one else None,
            "verdict": _bound(VerdictForm, refused, key, "verdict")
            if leads and measured and (measured.passed or key == "verdict") and action.effective is None
            else None,
            "case": _bound(CaseForm, refused, key, "case") if action.state != CorrectiveState.DROPPED else None,
        },
        "trouble": _trouble(refused),
        "trail": happened,
        "older_url": older_url,
        "nonce": fresh(),
        **_listed(request, action, user),
    }
    request.sidebar_here = "learning"  # type: ignore[attr-defined]
    return render(request, "learning/action.html", context, status=status)


def _bound(form: type[OnceForm], refused: OnceForm | None, key: str, own: str, **initial: Any) -> OnceForm:
    """The form `own` as it was refused, or a fresh one."""
    return refused if key == own and refused is not None else form(initial=initial, auto_id=f"id_{own}_%s")


def _trouble(refused: OnceForm | None) -> str:
    """What stands over the page: a refusal that belongs to no field."""
    return " ".join(str(error) for error in refused.non_field_errors()) if refused is not None else ""


def _judged(action: CorrectiveAction) -> dict[str, str] | None:
    if action.effective is None or action.verdict_at is None:
        return None
    return {
        "by": name_of(action.verdict_by_id),
        "when": languages.short_moment(action.verdict_at, now=now()),
        "note": action.verdict_note,
    }


def _measured(action: CorrectiveAction, found: Recurrence) -> dict[str, Any]:
    """Recurrence in words and links. No query."""
    change = found.change
    if change is None:
        said = _("There was none before, so there is nothing to compare with.")
    elif change < 0:
        said = _("%(percent)s fewer than before") % {"percent": languages.percent(-change)}
    elif change > 0:
        said = _("%(percent)s more than before") % {"percent": languages.percent(change)}
    else:
        said = _("As many as before")
    day = languages.day(found.measurable_on)
    return {
        "sides": [
            _side(_("Before"), found.before),
            _side(_("After") if found.passed else _("After, so far"), found.after),
        ],
        "change": said if found.passed else "",
        "from": "" if found.passed else _("Whether it helped can be said from %(day)s on.") % {"day": day},
        "days": action.window_days,
    }


def _side(title: str, side: Side) -> dict[str, Any]:
    asked = {"from": side.since.isoformat(), "to": side.until.isoformat(), **side.filters}
    return {
        "title": title,
        "days": _("%(since)s to %(until)s") % {"since": languages.day(side.since), "until": languages.day(side.until)},
        "n": languages.number(side.n),
        "url": f"{reverse('dashboard_rows', args=['complaints-received'])}?{urlencode(asked)}",
        "unclear": languages.number(side.unclear) if side.unclear else "",
    }


def _listed(request: HttpRequest, action: CorrectiveAction, user: User) -> dict[str, Any]:
    """Its complaints that the reader sees; of the others how many there are. Query cost: 3."""
    linked = action.cases.count()
    seen = Complaint.objects.visible_to(user).filter(corrective_cases__action=action)
    hidden = linked - seen.count()
    if (after := request.GET.get("after", "")).isascii() and after.isdigit() and len(after) < 19:
        seen = seen.filter(pk__gt=int(after))
    rows = list(seen.order_by("pk")[: PAGE + 1])
    return {
        "linked": linked,
        "hidden": hidden,
        "columns": [Column(_("Complaint")), Column(_("Received")), Column(_("Status")), Column(_("Owner"))],
        "table": [
            [
                Cell(f"{one.reference} {one.subject}", "head", one.get_absolute_url()),
                Cell(languages.short_moment(one.received_at, now=now())),
                Cell(Chip(str(Status(one.status).label)), "chip"),
                Cell(name_of(one.owner_id)),
            ]
            for one in rows[:PAGE]
        ],
        "next_url": f"?after={rows[PAGE - 1].pk}" if len(rows) > PAGE else "",
    }


def _known(request: HttpRequest, named: list[Complaint]) -> dict[str, Any]:
    """What the first case, or the address, already says."""
    known: dict[str, Any] = {"complaint": " ".join(one.reference for one in named)}
    cause = request.GET.get("root_cause", "")
    if named:
        first = named[0]
        known |= {"product": first.product, "lot": first.lot}
        cause = cause or (catalogue().causes_by_id[first.root_cause_id].code if first.root_cause_id else "")
    return {**known, "root_cause": cause}


def _cases(request: HttpRequest, references: list[str]) -> list[Complaint]:
    if not references:
        return []
    seen = Complaint.objects.visible_to(request.user).exclude(status=Status.MERGED)  # type: ignore[arg-type]
    return list(seen.filter(reference__in=references[:MOST_AT_ONCE]).order_by("pk"))


def _refuse(form: OnceForm, refusal: DomainError) -> int:
    form.add_error(refusal.field if refusal.field in form.fields else None, str(refusal))
    return 422 if refusal.status == 400 else refusal.status


def _form(
    request: HttpRequest,
    form: CorrectiveForm,
    named: list[Complaint],
    *,
    action: CorrectiveAction | None = None,
    status: int = 200,
) -> HttpResponse:
    request.sidebar_here = "learning"  # type: ignore[attr-defined]
    back = reverse("learning_action", args=[action.pk]) if action else reverse("learning")
    context = {"form": form, "cases": named, "action": action, "back_url": back}
    return render(request, "learning/form.html", context, status=status)
