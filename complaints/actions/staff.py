"""When somebody leaves or is away, their cases go on: never to nobody (mission A4; domain, Complaint 2)."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from complaints.actions.manage import hand_over_all
from core.actions import people, settings
from core.actor import Actor
from core.errors import DomainError
from core.models import Team, User


class StillLeads(DomainError):
    code = "still_leads_a_team"


@transaction.atomic
def deactivate(user: User, *, by: Actor, at: datetime) -> tuple[User, int]:
    """Switch an account off; every case in hand goes to the deputy, the lead or the default owner in the same transaction.

    Returns the user and how many cases moved. Raises NotAllowed, LastAdministrator, StillLeads (a team needs its lead:
    name another first) or NobodyToOwnIt; then nothing is written.
    """
    settings.refuse_unless_admin(by)
    user = User.objects.select_for_update().get(pk=user.pk)
    led = Team.objects.filter(lead=user, is_active=True).values_list("name", flat=True)
    if led:
        raise StillLeads(_("This person leads %(teams)s. Name another lead first.") % {"teams": ", ".join(led)})
    moved = hand_over_all(user, by=by, at=at, reason="")
    return people.set_active(user, False, by=by, at=at), moved


@transaction.atomic
def reactivate(user: User, *, by: Actor, at: datetime) -> User:
    """Switch an account on again; cases handed over stay where they are."""
    return people.set_active(user, True, by=by, at=at)


@transaction.atomic
def go_absent(
    user: User, *, by: Actor, at: datetime, from_at: datetime, until_at: datetime | None, reason: str = "", hand_over: bool = True
) -> int:
    """Note an absence; one that has begun hands the open cases over at once if asked. Returns how many moved.

    Raises InvalidInput until_before_from or NobodyToOwnIt.
    """
    people.set_absence(user, by=by, at=at, from_at=from_at, until_at=until_at, reason=reason)
    return hand_over_all(user, by=by, at=at, reason=reason) if hand_over and from_at <= at else 0
