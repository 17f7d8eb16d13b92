"""Webhooks: which systems are told of events, how they fare, and what was sent to them (docs/api/webhooks.md)."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import Any

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext
from django.views.decorators.http import require_POST, require_safe

from complaints.web.settings import webhook_words as words
from complaints.web.settings.editing import Part, SettingsForm, carry_out
from complaints.web.settings.frame import PAGE, guide_link, key_of, show
from complaints.web.settings.press import Press, press
from core import languages
from core.access import ADMIN, allow
from core.actions import webhooks as actions
from core.clock import now
from core.models import DeliveryState, Webhook, WebhookDelivery
from core.web.fields import Line, LocalInstant
from core.web.once import renewed
from core.web.parts import Cell, Column, Empty, Link
from core.webhooks import events
from core.webhooks.target import LONGEST

HERE = "settings_webhooks"
ALL, SOME = "all", "some"
STATES = {"": gettext_lazy("All"), **dict(DeliveryState.choices)}


@require_safe
@allow(ADMIN)
def index(request: HttpRequest) -> HttpResponse:
    """All webhooks with their health; there are 50 at most. Query cost: 1 beside session and user."""
    at = now()
    new_one = Link(_("Add a webhook"), reverse("settings_webhook_new"), "plus", primary=True)
    found = list(Webhook.objects.order_by("pk"))
    context = {
        "lead": _("An address of another system that is told as soon as something happens to a complaint or customer."),
        "columns": [
            Column(_("Address")),
            Column(_("Events")),
            Column(_("State")),
            Column(_("Last delivered")),
            Column(_("Failures in a row"), end=True),
        ],
        "rows": [_row(one, at) for one in found],
        "empty": Empty(
            "nothing",
            _("No webhooks yet"),
            _("A webhook tells another system of events, so that it need not ask."),
            [new_one],
        ),
    }
    return show(request, "settings/list.html", HERE, context, tools=(guide_link("webhooks"), new_one))


def _row(one: Webhook, at: datetime) -> list[Cell]:
    return [
        Cell(str(one), kind="head", url=reverse("settings_webhook", args=[one.pk])),
        Cell(words.events_of(one)),
        Cell(words.state(one), kind="chip"),
        Cell(languages.ago(one.delivered_at, at) if one.delivered_at else _("never")),
        Cell(languages.number(one.failures), kind="num"),
    ]


class WebhookForm(SettingsForm):
    """Where to, and of what. Whoever saves says which version they saw: deliveries change the row all the time."""

    url = Line(
        label=gettext_lazy("Address"),
        max_length=LONGEST,
        widget=forms.URLInput(attrs={"inputmode": "url", "autocomplete": "off", "spellcheck": "false"}),
        help_text=gettext_lazy("https, at a public address, without a user name in it"),
    )
    description = Line(label=gettext_lazy("Description"), max_length=actions.DESCRIPTION, required=False)
    reach = forms.ChoiceField(
        label=gettext_lazy("Events"),
        initial=ALL,
        widget=forms.RadioSelect,
        choices=[(ALL, gettext_lazy("all of them, also those that come later")), (SOME, gettext_lazy("those ticked"))],
    )
    events = forms.MultipleChoiceField(
        label=gettext_lazy("Which events"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        choices=[(name, name) for name in events.TYPES],
    )
    version = forms.IntegerField(required=False, widget=forms.HiddenInput)
    parts = (Part("", ("events",), look="picks"),)

    def __init__(self, data: Any = None, *, webhook: Webhook | None = None) -> None:
        super().__init__(data)
        if webhook is not None:
            self.initial = {
                "url": webhook.url,
                "description": webhook.description,
                "reach": SOME if webhook.events else ALL,
                "events": webhook.events,
                "version": webhook.version,
            }

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        if given.get("reach") == SOME and not given.get("events") and "events" not in self.errors:
            self.add_error("events", _("Tick at least one, or choose all of them."))
        return given

    @property
    def values(self) -> dict[str, Any]:
        given = self.cleaned_data
        chosen = given["events"] if given["reach"] == SOME else []
        return {"url": given["url"], "description": given["description"], "events": chosen}


@allow(ADMIN)
def new(request: HttpRequest) -> HttpResponse:
    """Add a webhook. Its secret is in the answer to this very POST and nowhere else."""
    form = WebhookForm(request.POST if request.method == "POST" else None)
    made: list[tuple[Webhook, str]] = []

    def run(**who: Any) -> None:
        made.append(actions.create(form.values.pop("url"), **_without_url(form), **who))

    if request.method == "POST":
        answer = carry_out(request, form, run, done="", go=reverse(HERE))
        if made and answer:
            return _shown_once(request, *made[0], title=_("Webhook added"))
        if answer:
            return answer
    context = {"form": form, "submit": _("Add it"), "back": Link(_("Cancel"), reverse(HERE))}
    return show(request, "settings/form.html", HERE, context, title=_("Add a webhook"), status=form.http_status)


@allow(ADMIN)
def edit(request: HttpRequest, webhook_id: int) -> HttpResponse:
    """Another address, description or choice of events."""
    webhook = _find(webhook_id)
    form = WebhookForm(request.POST if request.method == "POST" else None, webhook=webhook)
    here = reverse("settings_webhook", args=[webhook.pk])

    def run(**who: Any) -> Webhook:
        seen = form.cleaned_data["version"]
        return actions.change(webhook, form.values, version=seen if seen is not None else 0, **who)

    if request.method == "POST":
        answer = carry_out(request, form, run, done=_("Saved"), go=here)
        if answer:
            return answer
        if form.http_status == 409:  # somebody else saved meanwhile: show both, and let the reader decide
            current = _find(webhook_id)
            form.compare(WebhookForm(webhook=current))
            form.data = renewed(form.data, version=str(current.version))
    context = {"form": form, "back": Link(_("Cancel"), here)}
    return show(request, "settings/form.html", HERE, context, title=_("Edit the webhook"), status=form.http_status)


class RollForm(SettingsForm):
    hours = forms.TypedChoiceField(
        label=gettext_lazy("The secret before signs too"),
        coerce=int,
        initial=actions.OVERLAP,
        choices=[
            (0, gettext_lazy("no longer, from now on")),
            (1, gettext_lazy("for an hour")),
            (24, gettext_lazy("for a day")),
            (168, gettext_lazy("for a week")),
        ],
        help_text=gettext_lazy("Until then every delivery has both signatures, so that the receiver can change over."),
    )


@allow(ADMIN)
def secret(request: HttpRequest, webhook_id: int) -> HttpResponse:
    """Roll the secret. The new one is in the answer to this very POST and nowhere else."""
    webhook = _find(webhook_id)
    form = RollForm(request.POST if request.method == "POST" else None)
    here = reverse("settings_webhook", args=[webhook.pk])
    made: list[tuple[Webhook, str]] = []

    def run(**who: Any) -> None:
        made.append(actions.roll_secret(webhook, hours=form.cleaned_data["hours"], **who))

    if request.method == "POST":
        answer = carry_out(request, form, run, done="", go=here)
        if made and answer:
            return _shown_once(request, *made[0], title=_("New secret"))
        if answer:
            return answer
    context = {"form": form, "submit": _("Make a new secret"), "back": Link(_("Cancel"), here)}
    return show(request, "settings/form.html", HERE, context, title=_("Roll the secret"), status=form.http_status)


def _shown_once(request: HttpRequest, webhook: Webhook, plain: str, *, title: str) -> HttpResponse:
    back = Link(pgettext("button", "Done"), reverse("settings_webhook", args=[webhook.pk]))
    until = languages.near(webhook.previous_until, now()) if webhook.previous_until else ""
    context = {"webhook": webhook, "plain": plain, "back": back, "until": until}
    shown = show(request, "settings/webhook_secret.html", HERE, context, title=title)
    shown["Cache-Control"] = "no-store"
    return shown


class AgainForm(Press):
    ids = "again_%s"
    since = LocalInstant(label=gettext_lazy("Events since"))


@require_safe
@allow(ADMIN)
def webhook(request: HttpRequest, webhook_id: int) -> HttpResponse:
    """One webhook: its health, and its deliveries, newest first, 50 a page. Query cost: 2."""
    one, at = _find(webhook_id), now()
    state = request.GET.get("state", "")
    state = state if state in STATES else ""
    found = WebhookDelivery.objects.filter(webhook=one).select_related("message").order_by("-pk")
    if state:
        found = found.filter(state=state)
    if before := key_of(request, "before"):
        found = found.filter(pk__lt=before)
    listed = list(found[: PAGE + 1])
    here = reverse("settings_webhook", args=[one.pk])
    kept = {"state": state} if state else {}
    context = {
        "one": one,
        "chip": words.state(one),
        "problem": words.problem(one, at),
        "facts": words.facts(one, at),
        "chosen": one.events,
        "press": Press(),
        "again": AgainForm() if one.is_active else None,
        "states": [
            Link(str(name), f"{here}?{urlencode({'state': key})}" if key else here, current=key == state)
            for key, name in STATES.items()
        ],
        "columns": [Column(_("Event")), Column(_("Reference")), Column(_("Written")), Column(_("State"))],
        "rows": [_delivery_row(each, at) for each in listed[:PAGE]],
        "empty": Empty(
            "match" if state or before else "nothing",
            _("No deliveries"),
            _("None has this state.") if state else _("The next event leaves a line here."),
            [],
        ),
        "first_url": f"{here}?{urlencode(kept)}" if before else "",
        "next_url": f"{here}?{urlencode({**kept, 'before': str(listed[PAGE - 1].pk)})}" if len(listed) > PAGE else "",
    }
    links = (
        Link(_("Edit"), reverse("settings_webhook_edit", args=[one.pk])),
        Link(_("Roll the secret"), reverse("settings_webhook_secret", args=[one.pk])),
    )
    return show(request, "settings/webhook.html", HERE, context, title=str(one), tools=links)


def _delivery_row(one: WebhookDelivery, at: datetime) -> list[Cell]:
    return [
        Cell(one.message.type, kind="head", url=reverse("settings_webhook_delivery", args=[one.pk])),
        Cell(one.message.reference or languages.DASH),
        Cell(languages.near(one.message.created_at, at)),
        Cell(words.delivery(one), kind="chip"),
    ]


@require_POST
@allow(ADMIN)
def state(request: HttpRequest, webhook_id: int) -> HttpResponse:
    """Disable it, or enable it again: whichever it is not."""
    one = _find(webhook_id)
    act = actions.disable if one.is_active else actions.enable
    done = _("The webhook is disabled") if one.is_active else _("The webhook is active")
    return _pressed(request, partial(act, one), one, done)


@require_POST
@allow(ADMIN)
def remove(request: HttpRequest, webhook_id: int) -> HttpResponse:
    """Take it away with its deliveries."""
    one = _find(webhook_id)

    def run(_form: Press, **who: Any) -> None:
        actions.remove(one, **who)

    back = reverse("settings_webhook", args=[one.pk])
    return press(request, run, done=_("Webhook removed"), go=reverse(HERE), back=back)


@require_POST
@allow(ADMIN)
def test(request: HttpRequest, webhook_id: int) -> HttpResponse:
    """Send a test event; leads to its delivery."""
    one = _find(webhook_id)

    def run(_form: Press, **who: Any) -> WebhookDelivery:
        return actions.test(one, **who)

    back = reverse("settings_webhook", args=[one.pk])
    return press(request, run, done=_("A test event is on its way"), go=_delivery_url, back=back)


@require_POST
@allow(ADMIN)
def redeliver_failed(request: HttpRequest, webhook_id: int) -> HttpResponse:
    """Send again all that failed since an instant."""
    one = _find(webhook_id)
    form = AgainForm(request.POST)

    def run(_form: Press, **who: Any) -> int:
        return actions.redeliver_failed(one, since=form.cleaned_data["since"], **who)

    here = reverse("settings_webhook", args=[one.pk])
    return press(request, run, done=_("What failed is sent again"), go=here, back=here, form=form)


@require_safe
@allow(ADMIN)
def delivery(request: HttpRequest, delivery_id: int) -> HttpResponse:
    """One delivery with all its attempts, and the text that was sent. Query cost: 2."""
    one, at = _delivery(delivery_id), now()
    context = {
        "one": one,
        "chip": words.delivery(one),
        "facts": words.facts_of(one, at),
        "columns": [
            Column(_("Attempt"), end=True),
            Column(_("At")),
            Column(_("Answer")),
            Column(_("Took"), end=True),
            Column(_("Began with")),
        ],
        "rows": [_attempt_row(each, at) for each in one.log.all()],
        "press": Press() if one.webhook.is_active else None,
        "webhook_url": reverse("settings_webhook", args=[one.webhook_id]),
    }
    return show(request, "settings/webhook_delivery.html", HERE, context, title=one.message.type)


def _attempt_row(one: Any, at: datetime) -> list[Cell]:
    return [
        Cell(languages.number(one.number), kind="num"),
        Cell(languages.near(one.at, at)),
        Cell(words.attempt(one), kind="chip"),
        Cell(words.took(one.ms), kind="num"),
        Cell(one.excerpt or one.detail or languages.DASH),
    ]


@require_POST
@allow(ADMIN)
def redeliver(request: HttpRequest, delivery_id: int) -> HttpResponse:
    """Send one off again."""
    one = _delivery(delivery_id)

    def run(_form: Press, **who: Any) -> WebhookDelivery:
        return actions.redeliver(one, **who)

    return press(request, run, done=_("It is sent again"), go=_delivery_url, back=_delivery_url(one))


def _pressed(request: HttpRequest, act: Any, one: Webhook, done: str) -> HttpResponse:
    here = reverse("settings_webhook", args=[one.pk])

    def run(_form: Press, **who: Any) -> None:
        act(**who)

    return press(request, run, done=done, go=here, back=here)


def _delivery_url(one: WebhookDelivery) -> str:
    return reverse("settings_webhook_delivery", args=[one.pk])


def _without_url(form: WebhookForm) -> dict[str, Any]:
    return {name: value for name, value in form.values.items() if name != "url"}


def _find(webhook_id: int) -> Webhook:
    one = Webhook.objects.filter(pk=webhook_id).first()
    if one is None:
        raise Http404
    return one


def _delivery(delivery_id: int) -> WebhookDelivery:
    one = WebhookDelivery.objects.select_related("message", "webhook").filter(pk=delivery_id).first()
    if one is None:
        raise Http404
    return one
