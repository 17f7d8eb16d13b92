"""What the demo's house has learned: themes on cases, and three corrective actions: one helped, one is being measured,
one is overdue (mission A11)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db.models import Count, Q

from complaints import learning
from complaints.actions import corrective, themes
from complaints.demo import SOURCE
from complaints.demo.linking import CAUSE, leaking
from complaints.models import CaseTheme, Complaint, CorrectiveAction, CorrectiveCase, RootCause, Status
from complaints.models.catalogue import UNCLASSIFIED
from complaints.reference import catalogue
from core import dates
from core.actor import Actor
from core.models import User
from retention.demo.purge import delete

DAY = timedelta(days=1)
TAGGED = 60  # newest cases
HELPED, WINDOW = 45, 30  # days ago, days
# What recurs in cases of a main type, in turn; a blank: nothing worth a theme.
BY_TYPE: dict[str, tuple[tuple[str, ...], ...]] = {
    "product": (("packaging",), (), ("contradictory-information",), ("asked-repeatedly", "long-wait")),
    "delivery": (("long-wait",), ("promise-not-kept", "long-wait"), (), ("packaging",)),
    "billing": (("unexpected-cost",), ("unclear-words",), ("asked-repeatedly", "unexpected-cost"), ()),
    "service": (("asked-repeatedly",), ("hard-to-reach",), ("manner",), ()),
}
OTHERS: tuple[tuple[str, ...], ...] = (("website",), (), ("unclear-words",), ())


def seed(members: dict[str, User], *, at: datetime) -> None:
    """Through the actions, dated when they would have been. Needs resolved cases for what helped."""
    manager, agent = (User.objects.get(pk=members[name].pk) for name in ("manager", "agent"))
    _tag(agent, at)
    by = Actor.person(manager)
    _effective(by, agent, at)
    _measured(by, manager, at)
    _overdue(by, agent, at)


def purge_cases(keys: Sequence[int]) -> None:
    """What was learned from these complaints."""
    delete(CaseTheme.objects.filter(complaint_id__in=keys))
    delete(CorrectiveCase.objects.filter(complaint_id__in=keys))


def purge(people: Sequence[User]) -> None:
    """Corrective actions of theirs that no complaint belongs to any more."""
    CorrectiveAction.objects.filter(owner__in=people, cases__isnull=True).delete()


def _tag(agent: User, at: datetime) -> None:
    found = Complaint.objects.filter(source=SOURCE).exclude(status=Status.MERGED)
    types = catalogue().types_by_id
    for place, complaint in enumerate(found.order_by("-received_at", "-pk")[:TAGGED]):
        kind = types[complaint.type_id]
        top = kind.parent.code if kind.parent else kind.code
        turns = BY_TYPE.get(top, OTHERS)
        if codes := turns[place % len(turns)]:
            themes.replace(complaint, codes, by=Actor.person(agent), at=at)


def _effective(by: Actor, owner: User, at: datetime) -> None:
    done_at = at - HELPED * DAY
    cause = _fewer(done_at) or catalogue().causes[CAUSE]
    action = corrective.create(
        by=by,
        at=done_at - 30 * DAY,
        title="A second pair of eyes before the order leaves",
        description="Whoever packs hands the order to a colleague, who ticks what is in the box against the note.",
        root_cause=cause,
        owner=owner,
        due_on=dates.of_house(done_at),
        window_days=WINDOW,
    )
    action = corrective.begin(action, by=Actor.person(owner), at=done_at - 20 * DAY)
    action = corrective.done(action, by=Actor.person(owner), at=done_at)
    note = "Fewer such complaints in the thirty days since; the check costs two minutes an order."
    corrective.verdict(action, by=by, at=at - 5 * DAY, effective=True, note=note)


def _measured(by: Actor, owner: User, at: datetime) -> None:
    done_at = at - 12 * DAY
    action = corrective.create(
        by=by,
        at=done_at - 25 * DAY,
        title="Invoices name every fee on a line of its own",
        root_cause=_cause_like("process", "information"),
        owner=owner,
        due_on=dates.of_house(done_at + 3 * DAY),
        window_days=60,
    )
    corrective.done(action, by=Actor.person(owner), at=done_at)


def _overdue(by: Actor, owner: User, at: datetime) -> None:
    action = corrective.create(
        by=by,
        at=at - 40 * DAY,
        title="The inlet seal fits one way round only",
        description="The supplier changes the mould, so that the seal cannot be fitted the wrong way round.",
        root_cause=catalogue().causes[CAUSE],
        owner=owner,
        due_on=dates.of_house(at - 6 * DAY),
    )
    action = corrective.begin(action, by=Actor.person(owner), at=at - 30 * DAY)
    for complaint in leaking():
        corrective.link(action, complaint, by=by, at=at)


def _fewer(done_at: datetime) -> RootCause | None:
    """The cause whose complaints fell most over the two windows; None where none did."""
    found = learning.windows(dates.of_house(done_at), WINDOW)
    before = Q(received_at__date__range=(found.before_since, found.before_until))
    after = Q(received_at__date__range=(found.after_since, found.after_until))
    known = Complaint.objects.filter(source=SOURCE, root_cause__isnull=False).exclude(root_cause__code=UNCLASSIFIED)
    rows = known.order_by().values("root_cause").annotate(b=Count("pk", filter=before), a=Count("pk", filter=after))
    best = max(rows, key=lambda row: (row["b"] - row["a"], row["root_cause"]), default=None)
    return catalogue().causes_by_id[best["root_cause"]] if best and best["b"] > best["a"] else None


def _cause_like(*codes: str) -> RootCause:
    known = catalogue().causes
    return next((known[code] for code in codes if code in known), known[CAUSE])
