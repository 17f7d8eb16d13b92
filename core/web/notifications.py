"""The inbox: what one should know, newest first; and how one wants to hear of it (mission D3; ux, Everywhere)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import Max, Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from core import languages, notify_sight, notify_words
from core.access import allow
from core.actions import notifications as actions
from core.actor import Actor
from core.clock import now
from core.errors import DomainError
from core.models import Notification, NotificationEvent, NotificationMail, User
from core.notify import ALWAYS_IN_INBOX, Choice
from core.web.once import OnceForm, Repeated, claim
from core.web.parts import Empty, Link, Part

PAGE = 50
ICONS = {
    NotificationEvent.MENTIONED: "note",
    NotificationEvent.ASSIGNED: "person",
    NotificationEvent.HAND_OVER: "team",
    NotificationEvent.ANSWERED: "reply",
    NotificationEvent.ESCALATED: "flag",
    NotificationEvent.DEADLINE: "clock",
    NotificationEvent.FOLLOWED: "eye",
    NotificationEvent.WOKEN: "snooze",
    NotificationEvent.PLAYBOOK: "book",
    NotificationEvent.INCIDENT: "merge",
    NotificationEvent.LEARNING: "check",
    NotificationEvent.SEND_LATER: "send",
    NotificationEvent.PROMISE: "promise",
    NotificationEvent.APPROVAL: "shield",
    NotificationEvent.WEBHOOK: "api",
}


@dataclass(frozen=True, slots=True)
class Line(Part):
    """One notification in the reader's words. `url` empty: it leads nowhere (any more)."""

    key: int
    icon: str
    text: str
    subject: str
    excerpt: str
    url: str
    at: str
    when: str
    unread: bool


def line(row: Notification, *, hidden: bool, at: Any) -> Line:
    """The words of a notification; of what its reader may not see any more nothing but that it was there. No query."""
    when: dict[str, Any] = {"at": row.at.isoformat(), "when": languages.near(row.at, at), "unread": row.read_at is None}
    if hidden:
        return Line(row.pk, "shield", _("About something you can no longer see"), "", "", "", **when)
    words = row.words
    said = notify_words.sentence(row.event, words)
    icon = ICONS.get(NotificationEvent(row.event), "info") if row.event in NotificationEvent.values else "info"
    if row.event == NotificationEvent.DEADLINE and words.get("what") != "warn":
        icon = "breached"
    return Line(row.pk, icon, said, str(words.get("subject", "")), str(words.get("text", "")), row.url, **when)


@require_safe
@allow()
def index(request: HttpRequest) -> HttpResponse:
    """The inbox, PAGE at a time. With `since` it answers a poll: 204 when nothing has changed.

    Query cost: 2, and 1 for each kind of record it is about; a poll without news 1.
    """
    user: User = request.user  # type: ignore[assignment]
    only_unread = request.GET.get("show") == "unread"
    state = _state(user)
    if request.GET.get("since") == state:
        return HttpResponse(status=204)
    before = request.GET.get("before", "")
    found = actions.inbox(user)
    if only_unread:
        found = found.filter(read_at__isnull=True)
    if before:
        found = found.filter(_behind(user, before))
    rows = list(found[: PAGE + 1])
    shown, at = rows[:PAGE], now()
    hidden = notify_sight.hidden(user, shown)
    last = shown[-1] if shown else None
    here, waiting = reverse("notifications"), int(state.partition("-")[2])
    kept = "&show=unread" if only_unread else ""
    context: dict[str, Any] = {
        "lines": [line(row, hidden=row.pk in hidden, at=at) for row in shown],
        "note": ngettext("%(n)s unread", "%(n)s unread", waiting) % {"n": languages.number(waiting)} if waiting else "",
        "unread": waiting,
        "newest": state.partition("-")[0],
        "since": state,
        "live_url": "" if before else here + ("?show=unread" if only_unread else ""),
        "views": [
            Link(_("All"), here, current=not only_unread),
            Link(_("Unread"), f"{here}?show=unread", current=only_unread),
        ],
        "next_url": f"?before={last.pk}{kept}" if last is not None and len(rows) > PAGE else "",
        "previous_url": "",
        "empty": None if shown else _empty(only_unread),
        "choose_url": reverse("notification_choices"),
    }
    return render(request, "account/notifications.html", context)


def _state(user: User) -> str:
    """What the inbox looks like now: its newest key and how many are unread. Query cost: 1."""
    newest = actions.inbox(user).aggregate(newest=Max("pk"))["newest"] or 0
    return f"{newest}-{actions.unread(user).count()}"


def _behind(user: User, before: str) -> Q:
    """Those older than the one named. Raises Http404 for what is not theirs."""
    key = int(before) if before.isascii() and before.isdigit() and len(before) < 19 else 0
    edge = actions.inbox(user).filter(pk=key).values_list("at", flat=True).first()
    if edge is None:
        raise Http404
    return Q(at__lt=edge) | Q(at=edge, pk__lt=key)


def _empty(only_unread: bool) -> Empty:
    if only_unread:
        return Empty("done", _("All read"), _("Whatever comes next is shown here by itself."))
    text = _("When somebody mentions you, offers you a case or asks for help, it is shown here.")
    return Empty("nothing", _("Nothing yet"), text)


@require_POST
@allow()
def read_all(request: HttpRequest) -> HttpResponse:
    """Mark all as read, up to the newest that was shown."""
    user: User = request.user  # type: ignore[assignment]
    given = request.POST.get("until", "")
    until = int(given) if given.isascii() and given.isdigit() and len(given) < 19 else None
    actions.read(user, at=now(), until=until)
    return _back(request)


@require_POST
@allow()
def read_one(request: HttpRequest, notification_id: int) -> HttpResponse:
    """Mark one as read."""
    user: User = request.user  # type: ignore[assignment]
    row = Notification.objects.filter(user=user, pk=notification_id).first()
    if row is None:
        raise Http404
    actions.read(user, at=now(), only=[row.pk])
    return _back(request)


def _back(request: HttpRequest) -> HttpResponse:
    unread = request.POST.get("show") == "unread"
    return redirect(reverse("notifications") + ("?show=unread" if unread else ""))


class ChoicesForm(OnceForm):
    """Each event: in the inbox or not, and how soon by mail."""

    def __init__(self, data: Any = None, *, held: dict[str, Choice]) -> None:
        super().__init__(data)
        for event, label in NotificationEvent.choices:
            always = event in ALWAYS_IN_INBOX
            self.fields[f"inbox_{event}"] = forms.BooleanField(
                required=False,
                initial=held[event].inbox,
                disabled=always,
                label=_("%(event)s: in the inbox") % {"event": label},
            )
            self.fields[f"mail_{event}"] = forms.ChoiceField(
                choices=NotificationMail.choices,
                initial=held[event].mail,
                label=_("%(event)s: by mail") % {"event": label},
            )

    @property
    def lines(self) -> list[dict[str, Any]]:
        """As the table shows them."""
        return [
            {
                "label": label,
                "inbox": self[f"inbox_{event}"],
                "mail": self[f"mail_{event}"],
                "always": event in ALWAYS_IN_INBOX,
            }
            for event, label in NotificationEvent.choices
        ]

    @property
    def wanted(self) -> dict[str, Choice]:
        said = self.cleaned_data
        return {event: Choice(said[f"inbox_{event}"], said[f"mail_{event}"]) for event in NotificationEvent.values}


@allow()
def choices(request: HttpRequest) -> HttpResponse:
    """How one wants to hear of what. Query cost: 1, and some to save."""
    user: User = request.user  # type: ignore[assignment]
    form = ChoicesForm(request.POST or None, held=actions.choices(user))
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            at = now()
            try:
                claim(request, form.cleaned_data["nonce"], at=at)
                actions.choose(user, form.wanted, by=Actor.of(request), at=at)
            except Repeated:
                return redirect("notification_choices")
            except DomainError as refusal:
                form.add_error(None, str(refusal))
            else:
                messages.success(request, str(_("Saved")))
                return redirect("notification_choices")
    context = {"form": form, "address": user.email}
    return render(request, "account/notification_choices.html", context, status=status)
