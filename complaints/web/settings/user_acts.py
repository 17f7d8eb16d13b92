"""What is done to a user by a button: absences, the password link, leaving and coming back (mission D3)."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from complaints.actions import staff
from complaints.reference import organisation
from complaints.web.settings import users
from complaints.web.settings.editing import SettingsForm, act, carry_out
from complaints.web.settings.frame import show
from complaints.web.settings.user_parts import AbsenceForm, password_link
from core.access import ADMIN, allow
from core.actions import people
from core.clock import now
from core.errors import DomainError
from core.models import Absence, Team, User
from core.web.parts import Link, Person


@require_POST
@allow(ADMIN)
def absences(request: HttpRequest, user_id: int) -> HttpResponse:
    """Note an absence; the open cases are handed over at once where that is asked and it has begun."""
    one = users.find(user_id)
    form = AbsenceForm(request.POST)

    def run(**who: Any) -> int:
        return staff.go_absent(one, **form.values, **who)

    if answer := carry_out(request, form, run, done=_("Absence noted"), go=_address(one)):
        return answer
    return users.page(request, one, absence_form=form)


@require_POST
@allow(ADMIN)
def end_absence(request: HttpRequest, user_id: int, absence_id: int) -> HttpResponse:
    """The person is back, or does not go after all."""
    absence = Absence.objects.select_related("user").filter(pk=absence_id, user=user_id).first()
    if absence is None:
        raise Http404
    return act(request, partial(people.end_absence, absence), done=_("Absence ended"), go=_address(absence.user))


@require_POST
@allow(ADMIN)
def send_link(request: HttpRequest, user_id: int) -> HttpResponse:
    """Mail the link to set a password; a minute has to pass between two."""
    one = users.find(user_id)
    run = partial(people.send_link, one, link=password_link(one))
    return act(request, run, done=_("The link is on its way"), go=_address(one))


@allow(ADMIN)
def deactivation(request: HttpRequest, user_id: int) -> HttpResponse:
    """Ask first who gets how many open cases, then switch the account off. Query cost of asking: 6 and 5 a team."""
    one = users.find(user_id)
    form = SettingsForm(request.POST if request.method == "POST" else None, row=None)
    if request.method == "POST":

        def run(**who: Any) -> User:
            return staff.deactivate(one, **who)[0]

        if answer := carry_out(request, form, run, done=_("The account is switched off"), go=_address(one)):
            return answer
    context: dict[str, Any] = {"one": one, "form": form, "heirs": [], "refusal": "", **_what_hangs(one)}
    try:
        context["heirs"] = [
            (Person.of(heir.pk, str(heir)), _cases(count)) for heir, count in staff.heirs(one, at=now())
        ]
    except DomainError as refusal:
        context["refusal"] = str(refusal)
    context["back"] = Link(_("Cancel"), _address(one))
    title = _("Switch off %(name)s") % {"name": one}
    return show(request, "settings/deactivation.html", users.HERE, context, title=title, status=form.http_status)


@require_POST
@allow(ADMIN)
def reactivation(request: HttpRequest, user_id: int) -> HttpResponse:
    """Switch the account on again; cases handed over stay where they are."""
    one = users.find(user_id)
    return act(request, partial(staff.reactivate, one), done=_("The account is switched on again"), go=_address(one))


def _what_hangs(one: User) -> dict[str, Any]:
    """What else depends on the person."""
    return {
        "leads": list(Team.objects.filter(lead=one, is_active=True)),
        "is_default_owner": organisation().default_owner_id == one.pk,
        "tokens": one.api_tokens.filter(revoked_at__isnull=True).count(),
    }


def _cases(count: int) -> str:
    return ngettext("%(n)s open case", "%(n)s open cases", count) % {"n": count}


def _address(one: User) -> str:
    return reverse("settings_user", args=[one.pk])
