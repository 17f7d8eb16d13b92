"""Channels: whether each is in use, and how serious its complaints begin (mission A3)."""

from __future__ import annotations

from functools import partial
from typing import Any

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from complaints.actions import catalogue as actions
from complaints.models import Channel, Severity
from complaints.web.settings import ordered
from complaints.web.settings.editing import SettingsForm, carry_out
from complaints.web.settings.frame import show
from complaints.web.settings.ordered import Ordered
from core.access import ADMIN, allow
from core.actions import settings
from core.web.parts import Chip, Link

HERE = "settings_channels"


def rows() -> list[Ordered]:
    """Channels in their order. Query cost: 1."""
    found = [_row(one) for one in Channel.objects.order_by("position", "pk")]
    ordered.mark_ends(found)
    return found


def _row(one: Channel) -> Ordered:
    severity = Severity(one.default_severity)
    chips = [Chip(_("begins as: %(severity)s") % {"severity": severity.label})]
    if not one.is_active:
        chips.append(Chip(_("not in use"), "pause"))
    return Ordered(
        key=one.code,
        name=str(one),
        note=one.code,
        url=reverse("settings_channel", args=[one.code]),
        move_url=reverse("settings_channel_move", args=[one.code]),
        chips=chips,
    )


@require_safe
@allow(ADMIN)
def index(request: HttpRequest) -> HttpResponse:
    """The channels. Query cost: 1 beside session and user."""
    lead = _("A channel that is not in use is not offered when a complaint is taken.")
    return show(request, "settings/ordered.html", HERE, {"rows": rows(), "lead": lead, "label": _("In this order")})


class ChannelForm(SettingsForm):
    default_severity = forms.ChoiceField(
        label=gettext_lazy("Severity to begin with"), choices=Severity.choices, widget=forms.RadioSelect
    )
    is_active = forms.BooleanField(label=gettext_lazy("In use"), required=False)


@allow(ADMIN)
def channel(request: HttpRequest, code: str) -> HttpResponse:
    """Change one channel."""
    one = _find(code)
    form = ChannelForm(request.POST if request.method == "POST" else None, row=one)

    def run(**who: Any) -> Channel:
        return settings.change(one, form.values, **who)

    if request.method == "POST" and (answer := carry_out(request, form, run, done=_("Saved"), go=reverse(HERE))):
        return answer
    context = {"form": form, "back": Link(_("Cancel"), reverse(HERE))}
    return show(request, "settings/form.html", HERE, context, title=str(one), status=form.http_status)


@require_POST
@allow(ADMIN)
def move(request: HttpRequest, code: str) -> HttpResponse:
    """Change places with the neighbour."""
    run = partial(actions.move_channel, _find(code))
    return ordered.move(request, run, rows, label=_("In this order"), go=reverse(HERE))


def _find(code: str) -> Channel:
    one = Channel.objects.filter(pk=code).first()
    if one is None:
        raise Http404
    return one
