"""What stands on a user's page beside the form: absences, the password link, leaving."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.conf import settings
from django.contrib.auth.tokens import default_token_generator
from django.urls import reverse
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from complaints.web.settings.editing import SettingsForm
from core import languages, zones
from core.models import Absence, User
from core.web.fields import Line, LocalInstant

SHOWN = 20


class AbsenceForm(SettingsForm):
    """When somebody is away, by the clock on the viewer's wall."""

    ids = "absence_%s"

    from_at = LocalInstant(label=gettext_lazy("Away from"), future=True)
    until_at = LocalInstant(label=gettext_lazy("Back on"), future=True, required=False)
    reason = Line(label=gettext_lazy("Reason"), required=False, help_text=gettext_lazy("colleagues can read this"))
    hand_over = forms.BooleanField(
        label=gettext_lazy("Hand the open cases over now"),
        required=False,
        initial=True,
        help_text=gettext_lazy("to the deputy, else the lead; only if the absence has begun"),
    )

    def build(self) -> None:
        self.fields["from_at"].help_text = _("your time: %(city)s") % {"city": zones.city()}
        self.fields["until_at"].help_text = _("until further notice if left empty")


def facts(one: User, at: datetime) -> dict[str, Any]:
    """What the page says beside the form. Query cost: 2."""
    absences = Absence.objects.filter(user=one).order_by("-from_at")[:SHOWN]
    workload = getattr(one, "workload", None)
    return {
        "absences": [_absence(absence, at) for absence in absences],
        "leads": list(one.leads.filter(is_active=True)),
        "open_count": workload.open_count if workload else 0,
        "can_send": one.is_active and bool(one.email),
    }


def _absence(absence: Absence, at: datetime) -> dict[str, Any]:
    """One absence in words. `end_url`: only while it has not ended."""
    over = absence.until_at is not None and absence.until_at <= at
    if absence.until_at:
        words = {"start": languages.moment(absence.from_at), "end": languages.moment(absence.until_at)}
        text = _("%(start)s to %(end)s") % words
    else:
        text = _("from %(start)s until further notice") % {"start": languages.moment(absence.from_at)}
    return {
        "text": text,
        "reason": absence.reason,
        "now": absence.from_at <= at and not over,
        "over": over,
        "ahead": absence.from_at > at,
        "end_url": "" if over else reverse("settings_absence_end", args=[absence.user_id, absence.pk]),
    }


def password_link(user: User) -> str:
    """The one-time address at which a user sets a password."""
    uid = urlsafe_base64_encode(force_bytes(user.pk))
    place = reverse("password_reset_confirm", args=[uid, default_token_generator.make_token(user)])
    return f"{settings.BASE_URL}{place}"
