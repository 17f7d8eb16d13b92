"""The built-in views of the queue, and where in the indexes a reader's cases stand (ux, Agent's desk 3, 8)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from complaints.models import Status, Watch
from complaints.querysets import ComplaintQuerySet, teams_of
from complaints.web import composed
from complaints.web.composed import Somebody
from complaints.web.many import rows
from core.access import MANAGER
from core.models import User

ENDED = (Status.CLOSED, Status.WITHDRAWN, Status.MERGED)
Reader = User | Somebody
Narrow = Callable[[ComplaintQuerySet, Reader, "Moment"], ComplaintQuerySet]


@dataclass(frozen=True, slots=True)
class Moment:
    """Now, and the midnight after it where the reader is. Aware, UTC."""

    now: datetime
    day_end: datetime

    @classmethod
    def of(cls, now: datetime) -> Moment:
        return cls(now, rows.day_end(now))


@dataclass(frozen=True, slots=True)
class View:
    """A built-in view. `live`: of cases in hand; otherwise of others, which have no next deadline.

    `awake`: cases somebody snoozed are left out, unless a filter asks for them.
    """

    key: str
    title: str | Promise
    narrow: Narrow
    live: bool = True
    icon: str = "inbox"
    tone: str = ""  # of its count
    awake: bool = True

    def narrowed(
        self, found: ComplaintQuerySet, user: Reader, at: Moment, *, snoozed: bool = False
    ) -> ComplaintQuerySet:
        """Its rows among `found`; with `snoozed` those put aside too."""
        found = self.narrow(found, user, at)
        return found.filter(snoozed_until=None) if self.live and self.awake and not snoozed else found


def _in_hand(narrow: Narrow | None = None) -> Narrow:
    def narrowed(found: ComplaintQuerySet, user: Reader, at: Moment) -> ComplaintQuerySet:
        found = found.in_queue()
        return narrow(found, user, at) if narrow else found

    return narrowed


VIEWS = {
    view.key: view
    for view in (
        View("mine", _("My queue"), _in_hand(lambda found, user, at: found.filter(owner=user.pk)), icon="inbox"),
        View(
            "breached",
            _("Breached"),
            _in_hand(lambda found, user, at: found.filter(queue_at__lte=at.now)),
            icon="breached",
            tone="breach",
            awake=False,  # what is late is never out of sight
        ),
        View(
            "risk",
            _("At risk today"),
            _in_hand(lambda found, user, at: found.filter(queue_at__gt=at.now, queue_at__lt=at.day_end)),
            icon="clock",
            tone="risk",
        ),
        View(
            "promises",
            _("Promises due"),
            _in_hand(lambda found, user, at: found.filter(promise_due_at__isnull=False)),
            icon="promise",
        ),
        View(
            "waiting",
            _("Waiting on customer"),
            _in_hand(lambda found, user, at: found.filter(status=Status.WAITING)),
            icon="paused",
        ),
        View(
            "snoozed",
            _("Snoozed"),
            _in_hand(lambda found, user, at: found.filter(snoozed_until__isnull=False)),
            icon="snooze",
            awake=False,
        ),
        View(
            "resolved",
            _("Resolved, to close"),
            _in_hand(lambda found, user, at: found.filter(status=Status.RESOLVED)),
            icon="met",
        ),
        View(
            "team",
            _("Open in my team"),
            _in_hand(lambda found, user, at: found.filter(team__in=team_ids(user))),
            icon="team",
        ),
        View("all", _("All open"), _in_hand(), icon="filter"),
        View(
            "quarantine",
            _("Quarantine"),
            lambda found, user, at: found.filter(is_quarantined=True),
            live=False,
            icon="shield",
        ),
        View(
            "closed",
            pgettext_lazy("view", "Closed"),
            lambda found, user, at: found.filter(status__in=ENDED, is_history=False),
            live=False,
            icon="check",
        ),
        View(
            "history",
            _("Imported history"),
            lambda found, user, at: found.filter(is_history=True),
            live=False,
            icon="book",
        ),
    )
}


def default_view(user: User) -> str:
    """The view somebody starts with: managers see all, everybody else their own."""
    return "all" if MANAGER in user.roles else "mine"


def team_ids(user: Reader) -> list[int]:
    """The teams whose cases somebody handles; a manager's own too. Query cost: none once the roles are known."""
    own = [user.team_id] if user.team_id and MANAGER in user.roles else []
    return sorted({*teams_of(user), *own})  # type: ignore[arg-type]


# Counted, but no list of its own: what somebody owns, put aside or not (the share of their capacity).
LOAD = View("load", _("My cases"), _in_hand(lambda found, user, at: found.filter(owner=user.pk)), awake=False)

SOME_DAY = Moment(composed.NOW, composed.DAY_END)


def branches(user: Reader) -> list[Q]:
    """The ways to a case that `visible_to` allows, each with an index of its own; empty: everything is visible."""
    return [] if MANAGER in user.roles else [*in_teams(user), Q(owner=user.pk), watched(user)]


def ways(key: str, user: Reader) -> list[Q]:
    """The branches in which a view can have rows: one's own cases and a team's need not be looked for elsewhere."""
    if key == "mine":
        return [Q(owner=user.pk)]
    return in_teams(user) if key == "team" and MANAGER not in user.roles else branches(user)


def in_teams(user: Reader) -> list[Q]:
    return [Q(team=pk) for pk in team_ids(user)]


def watched(user: Reader) -> Q:
    return Q(pk__in=Watch.objects.filter(user=user.pk).values("complaint"))
