"""When somebody leaves or is away, their cases go on: never to nobody (mission A4; domain, Complaint 2)."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import models, transaction
from django.db.models import Count, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _

from complaints import routing
from complaints.actions import _promised, hand_over, telling
from complaints.actions.manage import hand_over_all
from complaints.models import Complaint, Workload
from complaints.reference import organisation
from core import rows
from core.actions import people, settings
from core.actor import Actor
from core.errors import DomainError
from core.models import Absence, Team, User
from core.models import NotificationEvent as Event
from retention.actions import follow_ups
from retention.models import FollowUp

log = logging.getLogger("amends.staff")


class StillLeads(DomainError):
    code = "still_leads_a_team"


@transaction.atomic
def create_user(values: Mapping[str, Any], *, by: Actor, at: datetime) -> User:
    """A new user, ready for routing to count with. Raises NotAllowed or InvalidInput."""
    user = people.create_user(values, by=by, at=at)
    Workload.objects.create(agent=user)
    return user


@transaction.atomic
def change_user(user: User, values: Mapping[str, Any], *, by: Actor, at: datetime) -> tuple[User, int]:
    """Change a user; whoever may own no cases any more hands the open ones over at once.

    Returns the user and how many cases moved. Raises NotAllowed, InvalidInput, LastAdministrator or NobodyToOwnIt.
    """
    changed = people.change_user(user, values, by=by, at=at)
    if not changed.is_manager:
        _answers_no_more(changed, by=by, at=at)
    return changed, hand_over_if_out(changed, by=by, at=at)


def hand_over_if_out(user: User, *, by: Actor, at: datetime) -> int:
    """Hand the open cases over unless the user still has a role that handles cases. Returns how many moved."""
    current = _locked(user)
    if current.sees_cases:
        return 0
    return _hand_over(current, by=by, at=at)


def heirs(user: User, *, at: datetime) -> list[tuple[User, int]]:
    """Who would take over how many open cases, most first. Raises NobodyToOwnIt. Query cost: at most 5 a team."""
    by_team = Complaint.objects.filter(owner=user, in_queue=True).values_list("team").annotate(n=Count("pk")).order_by()
    teams = {team.pk: team for team in Team.objects.all()}
    found: dict[User, int] = {}
    for team_id, count in by_team:
        heir = next(routing.heirs(Complaint(owner=user, team=teams.get(team_id)), at=at), None)
        if heir is None:
            raise routing.NobodyToOwnIt(status=409)
        found[heir] = found.get(heir, 0) + count
    return sorted(found.items(), key=lambda one: (-one[1], str(one[0])))


def _hand_over(user: User, *, by: Actor, at: datetime, reason: str = "", away: bool = False) -> int:
    """Every case in hand, and with them promises on others' cases and calls still to be made. Returns how many cases
    moved. `away`: only to somebody present, see `hand_over_all`; without one the calls stay."""
    moved = hand_over_all(user, by=by, at=at, reason=reason, away=away)
    _promised.pass_on(user, by=by, at=at)
    if FollowUp.objects.open().filter(owner=user).exists():
        try:
            heir = routing.successor(Complaint(owner=user, team=user.team), at=at, also_away=not away)
        except routing.NobodyToOwnIt:
            if not away:
                raise
        else:
            follow_ups.hand_over(user, to=heir, by=by, at=at)
    return moved


def _locked(user: User) -> User:
    """The user as of now; nobody gives them a case until the transaction ends, and who was about to has done so
    (`routing.hold`). Query cost: 1."""
    found: User = User.objects.select_for_update().get(pk=user.pk)
    return found


def _answers_no_more(user: User, *, by: Actor, at: datetime) -> None:
    """Teams whose manager leaves have every manager told again, rather than nobody. Query cost: 1, 4 a team."""
    for team in Team.objects.filter(manager=user):
        settings.change(team, {"manager": None}, by=by, at=at)


@transaction.atomic
def deactivate(user: User, *, by: Actor, at: datetime) -> tuple[User, int]:
    """Switch an account off; every case in hand goes to the deputy, the lead or the default owner in the same
    transaction.

    Returns the user and how many cases moved. Raises NotAllowed, LastAdministrator, StillLeads (a team needs its lead:
    name another first) or NobodyToOwnIt; then nothing is written.
    """
    settings.refuse_unless_admin(by)
    user = _locked(user)
    led = Team.objects.filter(lead=user, is_active=True).values_list("name", flat=True)
    if led:
        raise StillLeads(_("This person leads %(teams)s. Name another lead first.") % {"teams": ", ".join(led)})
    moved = _hand_over(user, by=by, at=at)
    hand_over.end_offers_to(user, by=by, at=at)
    _answers_no_more(user, by=by, at=at)
    return people.set_active(user, False, by=by, at=at), moved


@transaction.atomic
def reactivate(user: User, *, by: Actor, at: datetime) -> User:
    """Switch an account on again; cases handed over stay where they are."""
    return people.set_active(user, True, by=by, at=at)


@transaction.atomic
def go_absent(
    user: User,
    *,
    by: Actor,
    at: datetime,
    from_at: datetime,
    until_at: datetime | None,
    reason: str = "",
    hand_over: bool = True,
) -> int:
    """Note an absence; if asked, the open cases move when it begins: at once, or by `hand_over_absent`.

    `hand_over_absent` looks again soon after: a complaint routed in the very moment moves too, and what had to wait as
    nobody was there. Returns how many moved now. Raises InvalidInput until_before_from.
    """
    people.set_absence(user, by=by, at=at, from_at=from_at, until_at=until_at, reason=reason, hand_over=hand_over)
    if not hand_over or from_at > at:
        return 0
    return _hand_over(_locked(user), by=by, at=at, reason=reason, away=True)


@transaction.atomic
def plan_absence(
    user: User,
    *,
    by: Actor,
    at: datetime,
    from_at: datetime,
    until_at: datetime | None,
    reason: str = "",
    hand_over: bool = True,
    names_deputy: bool = False,
    deputy: User | None = None,
) -> Absence:
    """Note an absence as `go_absent` does; with `names_deputy` also who stands in from now on (None: nobody).

    Raises what `go_absent` raises, and InvalidInput bad_deputy.
    """
    if names_deputy:
        people.name_deputy(user, deputy, by=by, at=at)
    go_absent(user, by=by, at=at, from_at=from_at, until_at=until_at, reason=reason, hand_over=hand_over)
    return Absence.objects.filter(user=user).order_by("-pk")[0]


def hand_over_absent(*, at: datetime) -> int:
    """Hand over the cases of everybody whose noted absence has begun, until nothing is left to hand over: what came in
    meanwhile goes the next time. Returns how many cases moved.

    Only somebody present takes over; with nobody there the cases stay until somebody is, which leads are told once. One
    that cannot be handed over holds up no other. Query cost: one by a partial index when nothing is due.
    """
    moved = 0
    for pk in Absence.objects.covering(at).filter(hand_over=True).values_list("pk", flat=True):
        try:
            moved += _begun(pk, at=at)
        except DomainError as refusal:
            log.warning("absence %s: the cases stay where they are: %s", pk, refusal.code)
    return moved


@transaction.atomic
def _begun(absence_id: int, *, at: datetime) -> int:
    """Hand over for one absence, unless another worker just did. Returns how many cases moved."""
    begun = Absence.objects.select_for_update().filter(pk=absence_id, hand_over=True).select_related(None).first()
    if begun is None:
        return 0
    moved = _hand_over(_locked(begun.user), by=Actor.system("absence"), at=at, reason=begun.reason, away=True)
    cases, calls = Complaint.objects.filter(owner=begun.user, in_queue=True), FollowUp.objects.open()
    if cases.exists():
        rows.insert(_nobody_here(begun, cases, at=at))
    elif not moved and not calls.filter(owner=begun.user).exists():
        begun.hand_over = False
        begun.save(update_fields=["hand_over"])
    return moved


def _nobody_here(absence: Absence, cases: QuerySet[Complaint], *, at: datetime) -> list[models.Model]:
    """To those who lead the teams of the cases, else to the default owner, once an absence: they stay where they are.
    Query cost: 1, and 2 for each of them."""
    default = organisation().default_owner
    leads = set(User.objects.filter(leads__in=cases.values("team"))) - {absence.user}
    told: list[models.Model] = []
    for one in leads or {default} - {absence.user, None}:
        case = (cases.filter(team__lead=one) if one in leads else cases).order_by("queue_at", "pk").first()
        if one is not None and case is not None:
            words = telling.about(case, what="nobody_here") | {"who": str(absence.user)}
            key, there = f"nobody_here:{absence.pk}", reverse("absences")
            told += telling.tell([one], Event.HAND_OVER, case, key=key, words=words, by=None, at=at, url=there)
    return told
