"""What people of ours are told: an entry in their inbox and, as each chose, a mail (mission D3; ux, Everywhere).

An action asks `tell` for the rows and writes them with its own, so that nobody hears of what did not happen. The
sentence is made when it is read (`core.notify_words`), in the reader's language; whether they may still see what it is
about is asked then too (`core.notify_sight`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import models
from django.db.models import Exists, FilteredRelation, OuterRef, Q

from core import outbox
from core.models import Notification, NotificationEvent, NotificationMail, User
from core.notify_words import register
from core.trail import subject_of

__all__ = [
    "ALWAYS_IN_INBOX",
    "DEFAULTS",
    "Choice",
    "Letter",
    "News",
    "chosen",
    "mail_due_at",
    "register",
    "tell",
    "tell_many",
]
AT_ONCE, BUNDLED, DAILY, NEVER = (str(one) for one in NotificationMail)
MORNING = time(8)  # in the reader's zone
Event = NotificationEvent


@dataclass(frozen=True, slots=True)
class Choice:
    """How somebody wants to hear of an event."""

    inbox: bool
    mail: str


# What holds until somebody chooses otherwise. What went by mail before there was an inbox still does, at once.
DEFAULTS: dict[str, Choice] = {
    Event.MENTIONED: Choice(True, BUNDLED),
    Event.ASSIGNED: Choice(True, AT_ONCE),
    Event.HAND_OVER: Choice(True, AT_ONCE),
    Event.ANSWERED: Choice(True, AT_ONCE),
    Event.ESCALATED: Choice(True, AT_ONCE),
    Event.DEADLINE: Choice(True, AT_ONCE),
    Event.FOLLOWED: Choice(True, NEVER),
    Event.WOKEN: Choice(True, NEVER),
    Event.PLAYBOOK: Choice(True, DAILY),
    Event.INCIDENT: Choice(True, BUNDLED),
    Event.SEND_LATER: Choice(True, BUNDLED),
    Event.PROMISE: Choice(True, AT_ONCE),
    Event.APPROVAL: Choice(True, AT_ONCE),
    Event.LEARNING: Choice(True, DAILY),
    Event.WEBHOOK: Choice(True, AT_ONCE),
}
# A warning must reach somebody: these are always in the inbox, whatever was chosen.
ALWAYS_IN_INBOX = frozenset(
    str(one) for one in (Event.DEADLINE, Event.ESCALATED, Event.HAND_OVER, Event.PROMISE, Event.APPROVAL, Event.WEBHOOK)
)


@dataclass(frozen=True, slots=True)
class Letter:
    """The mail that goes at once, where it is more than the sentence: a template of its own.

    `key` is the outbox's, unique for ever; `{user}` in it becomes the reader's primary key.
    """

    template: str
    key: str
    context: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class News:
    """What `tell` takes, as one thing; `users`: primary keys, for `tell_many`."""

    key: str
    words: Mapping[str, Any]
    url: str
    about: models.Model | None
    users: Collection[int] = ()
    letter: Letter | None = None


def tell(
    users: Iterable[User],
    event: str,
    *,
    key: str,
    words: Mapping[str, Any],
    url: str,
    about: models.Model | None,
    at: datetime,
    but: User | None = None,
    letter: Letter | None = None,
) -> list[models.Model]:
    """The rows that tell `users` of `event`, for the action to insert with its others; once for ever by user and `key`.

    `users`: people, or a queryset of them that is not asked on its own.
    `words`: what the sentence needs, plain JSON (see `core.notify_words`); `url`: where it leads, a path of ours;
    `about`: the record that decides who may see it; `but`: who did it, and is not told. Inactive people are told
    nothing. Query cost: 1, none without users.
    """
    asked = users.values("pk") if isinstance(users, models.QuerySet) else {user.pk for user in users}
    if not isinstance(asked, models.QuerySet) and not asked - {but.pk if but is not None else None}:
        return []
    news = News(key, words, url, about, letter=letter)
    entries: list[models.Model] = []
    mails: list[models.Model] = []
    for user in _not_yet_told(asked, event, key, but):
        _put(user, event, news, entries, mails, at=at)
    return [*entries, *mails]


def tell_many(news: Sequence[News], event: str, *, at: datetime) -> list[models.Model]:
    """The same for many pieces of news of one event at once, each for its own `users` (primary keys). For jobs.

    Query cost: 2, none without news.
    """
    if not news:
        return []
    keys = {key for one in news for key in one.users}
    known = Notification.objects.filter(user__in=keys, key__in=[one.key for one in news])
    told = set(known.values_list("user_id", "key"))
    reachable: Any = _with_choice(User.objects.filter(pk__in=keys, is_active=True), event)
    people = {user.pk: user for user in reachable}
    entries: list[models.Model] = []
    mails: list[models.Model] = []
    for one in news:
        for key in sorted(set(one.users)):
            if key in people and (key, one.key) not in told:
                _put(people[key], event, one, entries, mails, at=at)
    return [*entries, *mails]


def _put(
    user: Any, event: str, news: News, entries: list[models.Model], mails: list[models.Model], *, at: datetime
) -> None:
    """What one person is told, as they chose (`own_inbox`, `own_mail` are loaded)."""
    choice = chosen(event, user.own_inbox, user.own_mail)
    at_once = choice.mail == AT_ONCE and bool(user.email)
    due_at = mail_due_at(choice.mail, user, at) if user.email else None
    subject_kind, subject_id = subject_of(news.about) if news.about is not None else ("", None)
    if choice.inbox or at_once or due_at is not None:
        entries.append(
            Notification(
                user=user,
                key=news.key,
                event=event,
                words=dict(news.words),
                url=news.url,
                subject_kind=subject_kind,
                subject_id=subject_id,
                at=at,
                in_inbox=choice.inbox,
                read_at=None if choice.inbox else at,
                mail_due_at=due_at,
            )
        )
    if at_once:
        mails.append(_mail(user, event, news, at=at))


def chosen(event: str, inbox: bool | None, mail: str | None) -> Choice:
    """What holds for an event: the person's own choice where there is one (`mail` not None), else the default."""
    default = DEFAULTS[event]
    own = default if mail is None else Choice(bool(inbox), mail)
    return Choice(own.inbox or event in ALWAYS_IN_INBOX, own.mail)


def mail_due_at(mail: str, user: User, at: datetime) -> datetime | None:
    """When the bundle leaves in which an event of `at` (UTC) belongs: at the next full hour, or the next morning at
    eight in the reader's zone. None for what goes at once or never."""
    if mail == BUNDLED:
        return at.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    if mail != DAILY:
        return None
    zone = ZoneInfo(user.time_zone or settings.TIME_ZONE)
    local = at.astimezone(zone)
    day = local.date() + timedelta(days=int(local.time() >= MORNING))
    return datetime.combine(day, MORNING, zone).astimezone(at.tzinfo)


def _not_yet_told(asked: Any, event: str, key: str, but: User | None) -> Iterable[Any]:
    """Those of `asked` who are active and have not been told, with their own choice, in the order of their keys."""
    told = Notification.objects.filter(user=OuterRef("pk"), key=key)
    free = User.objects.filter(pk__in=asked, is_active=True)
    return _with_choice(free.exclude(Q(pk=but.pk if but is not None else 0) | Exists(told)), event)


def _with_choice(users: models.QuerySet[User], event: str) -> models.QuerySet[User]:
    """With what each chose of the event, in the order of their keys."""
    return (
        users.annotate(own=FilteredRelation("notification_choices", condition=Q(notification_choices__event=event)))
        .annotate(own_inbox=models.F("own__inbox"), own_mail=models.F("own__mail"))
        .order_by("pk")
    )


def _mail(user: User, event: str, news: News, *, at: datetime) -> models.Model:
    """The mail that goes at once. `user` in its context: who must still see what it is about when it leaves."""
    mine = {"name": str(user), "time_zone": user.time_zone, "user": user.pk}
    letter = news.letter
    if letter is None:
        known = {"event": event, "words": dict(news.words), "url": news.url}
        letter = Letter("notification", f"notice:{news.key}:{{user}}", known)
    return outbox.mail(
        letter.key.replace("{user}", str(user.pk)),
        to=user.email,
        language=user.language,
        template=letter.template,
        context={**letter.context, **mine},
        about=news.about,
        at=at,
    )
