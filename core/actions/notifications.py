"""One's own notifications: read them, choose how they come, and the mails that bundle them (mission D3)."""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from core import notify, notify_sight, outbox, rows, trail
from core.actions.settings import Stale
from core.actor import Actor
from core.errors import InvalidInput
from core.models import Notification, NotificationChoice, NotificationEvent, NotificationMail, User
from core.notify import ALWAYS_IN_INBOX, AT_ONCE, Choice

MOST_IN_A_MAIL = 100
CHOSEN = "user.notifications_chosen"
log = logging.getLogger("amends.notifications")


def inbox(user: User) -> QuerySet[Notification]:
    """What stands in somebody's inbox, newest first."""
    return Notification.objects.filter(user=user, in_inbox=True)


def unread(user: User) -> QuerySet[Notification]:
    """What of it they have not read; by the partial index."""
    return Notification.objects.filter(user=user, read_at__isnull=True)


def read(user: User, *, at: datetime, only: Collection[int] | None = None, until: int | None = None) -> int:
    """Mark as read: those named by key, those up to the key `until`, or all. Returns how many. Query cost: 1."""
    found = unread(user)
    if only is not None:
        found = found.filter(pk__in=only)
    if until is not None:
        found = found.filter(pk__lte=until)
    return found.update(read_at=at)


def read_about(user: User, kind: str, key: int, *, at: datetime) -> int:
    """Mark what is about one record as read: its reader has opened it. Query cost: 1."""
    return unread(user).filter(subject_kind=kind, subject_id=key).update(read_at=at)


def choices(user: User) -> dict[str, Choice]:
    """What holds for every event. Query cost: 1."""
    own = {one.event: one for one in NotificationChoice.objects.filter(user=user)}
    return {
        event: notify.chosen(event, own[event].inbox, own[event].mail)
        if event in own
        else notify.chosen(event, None, None)
        for event in NotificationEvent.values
    }


def version_of(user: User) -> int:
    """How often somebody chose, plus one: the ETag of the choices. Query cost: 1."""
    return trail.of(user).filter(kind=CHOSEN).count() + 1


@transaction.atomic
def choose(
    user: User, wanted: Mapping[str, Choice], *, by: Actor, at: datetime, version: int | None = None
) -> dict[str, Choice]:
    """Keep how somebody wants to hear of these events; what waits to be mailed follows the choice.

    Deadlines, escalations and offers stay in the inbox whatever is chosen (`core.notify`). Raises InvalidInput
    unknown_event, invalid_choice or always_in_inbox; Stale when these are no longer the choices of `version`.
    """
    for event, choice in wanted.items():
        _refuse_strange(event, choice)
    user = User.objects.select_for_update().get(pk=user.pk)
    if version is not None and version != version_of(user):
        raise Stale
    before = choices(user)
    changed = {event: choice for event, choice in wanted.items() if before[event] != choice}
    for event, choice in changed.items():
        kept = {"inbox": choice.inbox, "mail": choice.mail}
        NotificationChoice.objects.update_or_create(user=user, event=event, defaults=kept)
        due_at = at if choice.mail == AT_ONCE else notify.mail_due_at(choice.mail, user, at)
        Notification.objects.filter(user=user, event=event, mail_due_at__isnull=False).update(mail_due_at=due_at)
    if changed:
        said = {event: [before[event].mail, choice.mail, choice.inbox] for event, choice in sorted(changed.items())}
        trail.append(user, CHOSEN, by=by, at=at, changes=said)
    return {**before, **changed}


def send_bundles(*, at: datetime) -> int:
    """Write the mails that are due at `at`: one for each person with all that waits for them. Returns how many.

    Each in a transaction of its own, so that any number of workers may do it; one that fails holds up no other. What
    was read in the inbox meanwhile, or may not be seen any more, is left out. Query cost: 1 by a partial index when
    nothing is due, and about 6 a person.
    """
    due = Notification.objects.filter(mail_due_at__lte=at).order_by("user").values_list("user", flat=True).distinct()
    sent = 0
    for key in list(due):
        try:
            sent += _bundle(key, at=at)
        except Exception:
            log.exception("notifications of user %s: not bundled", key)
    return sent


@transaction.atomic
def _bundle(user_id: int, *, at: datetime) -> int:
    waiting = Notification.objects.select_for_update().filter(user=user_id, mail_due_at__lte=at).order_by("at", "pk")
    found = list(waiting)
    if not found:
        return 0
    Notification.objects.filter(pk__in=[one.pk for one in found]).update(mail_due_at=None)
    user = User.objects.get(pk=user_id)
    news = [one for one in found if one.read_at is None or not one.in_inbox]
    hidden = notify_sight.hidden(user, news)
    news = [one for one in news if one.pk not in hidden]
    if not news or not user.is_active or not user.email:
        return 0
    entries = [
        {"event": one.event, "words": one.words, "url": one.url, "about": [one.subject_kind, one.subject_id]}
        for one in news[-MOST_IN_A_MAIL:]
    ]
    context = {"entries": entries, "user": user.pk, "name": str(user), "time_zone": user.time_zone, "automatic": True}
    mail = outbox.mail(
        f"notices:{user.pk}:{news[0].pk}-{news[-1].pk}",
        to=user.email,
        language=user.language,
        template="notifications",
        context=context,
        about=None,
        at=at,
    )
    rows.insert([mail])
    return 1


def _refuse_strange(event: str, choice: Choice) -> None:
    if event not in NotificationEvent.values:
        raise InvalidInput(_("There is no such event."), code="unknown_event", field=event)
    if choice.mail not in NotificationMail.values:
        raise InvalidInput(_("There is no such choice."), code="invalid_choice", field=event)
    if event in ALWAYS_IN_INBOX and not choice.inbox:
        raise InvalidInput(_("This always stands in the inbox."), code="always_in_inbox", field=event)
