"""The first page of the settings: every place with what it is for, and what needs attention."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from complaints.reference import organisation
from complaints.web.settings.frame import places
from core.access import ADMIN, CASES, allow
from core.models import OutboxMessage, User
from core.web.parts import Link


@require_safe
@allow(ADMIN, *CASES)
def index(request: HttpRequest) -> HttpResponse:
    """All places the reader may open. Query cost: 1 beside session and user."""
    user: User = request.user  # type: ignore[assignment]
    shown = places(user)
    context = {
        "title": _("Settings"),
        "places": [(place, reverse(place.name)) for place in shown],
        "nav": [Link(str(place.title), reverse(place.name)) for place in shown],
        "notices": _notices(user),
    }
    return render(request, "settings/index.html", context)


def _notices(user: User) -> list[dict[str, object]]:
    """What an administrator should look at."""
    found: list[dict[str, object]] = []
    if ADMIN in user.roles:
        owner = organisation().default_owner
        if owner is None or not owner.is_active:
            text = _(
                "Complaints that no rule, member or lead can take go to the first manager until somebody is named."
            )
            link = Link(_("Name a default owner"), reverse("settings_organisation"))
            found.append(
                {"tone": "risk", "mark": "person", "title": _("There is no default owner"), "text": text, "link": link}
            )
    if OutboxMessage.objects.filter(failed_at__isnull=False, suppressed="").exists():
        link = Link(_("See them"), f"{reverse('settings_mail')}?state=failed")
        found.append(
            {"tone": "breach", "mark": "email", "title": _("Some mail could not be sent"), "text": "", "link": link}
        )
    return found
