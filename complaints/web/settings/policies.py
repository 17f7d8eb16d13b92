"""The draft of the policies in the browser: begin, edit, move, remove, discard, and see what it changes (SLA 3, 4)."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from complaints.actions import policies as actions
from complaints.actions import sla_edits
from complaints.models import SlaEdit, SlaPolicy, SlaVersion
from complaints.sla import drafts
from complaints.sla.covering import covered
from complaints.web.settings import policy_words, sla
from complaints.web.settings.editing import carry_out
from complaints.web.settings.frame import show
from complaints.web.settings.policy_form import PolicyForm
from complaints.web.settings.press import Press, press
from core.access import ADMIN, MANAGER, allow
from core.actor import Actor
from core.clock import now
from core.errors import DomainError
from core.web.parts import Link

HERE, DRAFT = sla.HERE, sla.DRAFT


@require_safe
@allow(ADMIN, MANAGER)
def draft(request: HttpRequest) -> HttpResponse:
    """The draft with what it changes; without one the page of what is in force. Query cost: at most 12."""
    found = drafts.versions()
    if found.draft is None:
        return HttpResponseRedirect(reverse(HERE))
    lists = sla.draft_lists(request, found)
    title = _("Draft of version %(number)s") % {"number": found.draft.number}
    return show(request, "settings/sla.html", HERE, sla.context_of(request, lists), title=title, tools=sla.tools())


@require_POST
@allow(ADMIN)
def begin(request: HttpRequest) -> HttpResponse:
    """Copy what is in force into a draft."""

    def run(_sent: Press, **who: Any) -> Any:
        return actions.begin_draft(**who)

    return press(request, run, go=reverse(DRAFT), back=reverse(HERE))


@require_POST
@allow(ADMIN)
def discard(request: HttpRequest) -> HttpResponse:
    """Throw the draft away."""
    one = _draft()

    def run(sent: Press, **who: Any) -> None:
        actions.discard_draft(one, seen=sent.known, **who)

    return press(request, run, done=_("Draft discarded"), go=reverse(HERE), back=reverse(DRAFT))


@require_POST
@allow(ADMIN)
def preview(request: HttpRequest) -> HttpResponse:
    """Count what publishing the draft would do to open complaints, and lead there."""
    one = _draft()

    def run(_sent: Press, **who: Any) -> SlaEdit:
        return sla_edits.preview(sla_version=one, mode=SlaEdit.Mode.FROM_NOW, **who)

    def go(edit: SlaEdit) -> str:
        return reverse("settings_sla_edit", args=[edit.pk])

    return press(request, run, go=go, back=reverse(DRAFT))


@allow(ADMIN)
def new(request: HttpRequest) -> HttpResponse:
    """A policy above the last one, which lends its calendar, targets and ladder to begin with."""
    one = _draft()
    model = SlaPolicy.objects.filter(version=one).select_related("calendar").order_by("-position").first()
    form = PolicyForm(request.POST if request.method == "POST" else None, model=model)

    def run(**who: Any) -> SlaPolicy:
        return actions.add_policy(one, form.values, **who)

    if request.method == "POST" and (
        answer := carry_out(request, form, run, done=_("Policy added to the draft"), go=_to_policy)
    ):
        return answer
    context = {"form": form, "back": Link(_("Cancel"), reverse(DRAFT)), "lead": _lead(one)}
    return show(request, "settings/policy.html", HERE, context, title=_("New policy"), status=form.http_status)


@allow(ADMIN)
def policy(request: HttpRequest, policy_id: int) -> HttpResponse:
    """Change one policy of the draft."""
    one = _find(policy_id)
    found = list(SlaPolicy.objects.filter(version=one.version).order_by("position"))
    is_last = found[-1].pk == one.pk
    form = PolicyForm(request.POST if request.method == "POST" else None, row=one.version, policy=one, is_last=is_last)

    def run(**who: Any) -> SlaPolicy:
        return actions.change_policy(one, form.values, **who)

    if request.method == "POST" and (
        answer := carry_out(request, form, run, done=_("Saved in the draft"), go=_to_policy)
    ):
        return answer
    hidden = covered(found).get(one.pk)
    context = {
        "form": form,
        "back": Link(_("Cancel"), reverse(DRAFT)),
        "lead": _lead(one.version),
        "trouble": policy_words.covered_words(hidden) if hidden else "",
        "remove_url": "" if is_last else reverse("settings_sla_policy_remove", args=[one.pk]),
        "press": Press(),
        "revision": drafts.revision(one.version),
    }
    return show(request, "settings/policy.html", HERE, context, title=one.name, status=form.http_status)


@require_POST
@allow(ADMIN)
def remove(request: HttpRequest, policy_id: int) -> HttpResponse:
    """Take a policy out of the draft."""
    one = _find(policy_id)

    def run(sent: Press, **who: Any) -> None:
        actions.remove_policy(one, seen=sent.known, **who)

    back = reverse("settings_sla_policy", args=[one.pk])
    return press(request, run, done=_("Policy removed from the draft"), go=reverse(DRAFT), back=back)


@require_POST
@allow(ADMIN)
def move(request: HttpRequest, policy_id: int) -> HttpResponse:
    """Change places with the neighbour; htmx gets the list and its matrix back, a plain browser the page.

    The revision says which list the reader saw: pressed twice, or beside somebody else's change, it moves nothing.
    """
    one = _find(policy_id)
    seen = request.POST.get("revision", "")
    up = request.POST.get("direction") != "down"
    refusal: DomainError | None = None
    try:
        to = max(1, one.position + (-1 if up else 1))
        revision = int(seen) if seen.isascii() and seen.isdigit() and len(seen) < 9 else None
        last = SlaPolicy.objects.filter(version=one.version).count()
        if to < last or one.position == last:
            actions.move_policy(one, to=to, by=Actor.of(request), at=now(), seen=revision)
    except DomainError as error:
        refusal = error
    if request.htmx:  # type: ignore[attr-defined]
        lists = sla.draft_lists(request, drafts.versions())
        context = {**sla.context_of(request, lists), "refusal": str(refusal or "")}
        return render(request, "settings/_policies.html", context)
    if refusal is not None:
        messages.error(request, str(refusal))
    return HttpResponseRedirect(reverse(DRAFT))


def _to_policy(one: SlaPolicy) -> str:
    return f"{reverse(DRAFT)}#policy-{one.position}"


def _lead(one: SlaVersion) -> str:
    words = _("In the draft of version %(number)s. Nothing holds before the draft is applied.")
    return words % {"number": one.number}


def _draft() -> SlaVersion:
    found = drafts.versions().draft
    if found is None:
        raise Http404
    return found


def _find(policy_id: int) -> SlaPolicy:
    found = (
        SlaPolicy.objects.filter(pk=policy_id, version__published_at__isnull=True)
        .select_related("version", "calendar")
        .first()
    )
    if found is None:
        raise Http404
    return found
