"""Who owns a new complaint: exactly one person, always (mission A4; domain, Complaint 2)."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from django.db import connection, models
from django.db.models import Exists, F, FloatField, OuterRef
from django.db.models.functions import Cast, Coalesce
from django.utils.translation import gettext as _

from complaints.models import Complaint, RoutingRule, Workload
from complaints.reference import catalogue, organisation
from core import rows
from core.cached import Cached
from core.errors import DomainError
from core.models import Absence, Team, User


class NobodyToOwnIt(DomainError):
    """No rule, lead or default owner could take the complaint; an installation without people."""

    code = "owner_required"
    status = 503


@dataclass(frozen=True)
class Plan:
    """Active rules in order, and teams with their leads."""

    rules: tuple[RoutingRule, ...]
    teams: dict[int, Team]


@Cached
def plan() -> Plan:
    """Query cost: two every few seconds per process."""
    rules = RoutingRule.objects.filter(is_active=True, team__is_active=True).order_by("position", "pk")
    return Plan(tuple(rules), {team.pk: team for team in Team.objects.filter(is_active=True).select_related("lead")})


@Cached
def _all_counted() -> bool:
    """Make workload rows for agents who have none yet. Query cost: one every few seconds per process."""
    agents = User.objects.filter(is_agent=True, workload__isnull=True)
    Workload.objects.bulk_create([Workload(agent=agent) for agent in agents], ignore_conflicts=True)
    return True


def team_for(*, type_id: int, channel: str, language: str, severity: str) -> Team | None:
    """The team of the first rule whose conditions match. No query."""
    rule = rule_for(type_id=type_id, channel=channel, language=language, severity=severity)
    return plan().teams.get(rule.team_id) if rule else None


def rule_for(*, type_id: int, channel: str, language: str, severity: str) -> RoutingRule | None:
    """The first rule whose conditions match. No query."""
    own = catalogue().types_by_id[type_id]
    for rule in plan().rules:
        if (
            rule.type_id in (None, own.pk, own.parent_id)
            and rule.channel in ("", channel)
            and rule.language in ("", language)
            and rule.severity in ("", severity)
        ):
            return rule
    return None


def choose_owner(*, team: Team | None, language: str, at: datetime) -> tuple[User, Team | None]:
    """The owner and team of a new complaint; the owner's workload is raised. Inside the action's transaction.

    In the team: present members who speak the language, lowest open / capacity, ties to the one longest unassigned;
    else the lead; else the default owner. Raises NobodyToOwnIt. Query cost: 1 on the usual way, 2 on SQLite.
    """
    if team is not None and _all_counted():
        member = _least_loaded(team, language, at)
        if member is not None:
            return member, team
        lead = User.objects.present_at(at).filter(pk=team.lead_id, is_active=True).first()
        if lead is not None and hold(lead):
            take(lead, at=at)
            return lead, team
    owner = fallback_owner(at)
    if not hold(owner):
        owner = fallback_owner(at)  # who left in this very moment is found no more
    take(owner, at=at)
    return owner, team or owner.team


def foresee(*, team: Team | None, language: str, at: datetime) -> tuple[User, str]:
    """Whom `choose_owner` would take now, and why: member, lead or default. Writes nothing. Query cost: at most 5.

    Raises NobodyToOwnIt.
    """
    if team is not None:
        here: Any = User.objects.present_at(at).filter(is_active=True)
        load = Coalesce(F("workload__open_count"), 0)
        members = here.filter(team=team, is_agent=True).order_by(
            Cast(load, FloatField()) / F("capacity"), F("workload__last_assigned_at").asc(nulls_first=True), "pk"
        )
        member = next((one for one in members if not language or language in one.languages), None)
        if member is not None:
            return member, "member"
        lead = here.filter(pk=team.lead_id).first()
        if lead is not None:
            return lead, "lead"
    return fallback_owner(at), "default"


def fallback_owner(at: datetime) -> User:
    """The default owner, his deputy if he is away, else the first manager, lead or administrator still active."""
    default = organisation().default_owner
    if default is not None:
        away = Exists(Absence.objects.covering(at).filter(user=OuterRef("pk")))
        known: Any = User.objects.filter(pk=default.pk, is_active=True).annotate(away=away)
        default = known.select_related("deputy").first()
    if default is not None:
        owner: User = default
        deputy = owner.deputy
        return deputy if default.away and deputy is not None and deputy.is_active else owner
    anybody = User.objects.active().order_by("-is_manager", "-is_admin", "pk").first()
    if anybody is None:
        raise NobodyToOwnIt(_("Nobody can take complaints yet: an administrator has to be made first."))
    return anybody


def successor(complaint: Complaint, *, at: datetime, without: Collection[int] = (), also_away: bool = True) -> User:
    """Who takes over from an owner who left, is away or silent: the deputy, else the team's lead, else the default
    owner (or who stands in for him), else anybody present; if all are away, one of them (with `also_away`). Never the
    owner himself.

    `without`: keys of others it shall not be. The one found stays able to own it until the transaction ends. Raises
    NobodyToOwnIt. Query cost: 3 where the deputy is there, at most 9.
    """
    for heir in heirs(complaint, at=at, without=without, also_away=also_away):
        if hold(heir, wait=False):
            return heir
    raise NobodyToOwnIt(_("There is nobody else who could take the complaints of this person."), status=409)


def heirs(
    complaint: Complaint, *, at: datetime, without: Collection[int] = (), also_away: bool = True
) -> Iterator[User]:
    """Those who could take over, the best placed first; some twice. Each is looked for when it is asked for."""
    owner, default = complaint.owner, organisation().default_owner
    active = User.objects.filter(is_active=True).exclude(pk__in=[owner.pk, *without])
    here = active.present_at(at)
    lead_id = complaint.team.lead_id if complaint.team else None
    named = (owner.deputy_id, lead_id, default.pk if default else None, default.deputy_id if default else None)
    for among in (here, active) if also_away else (here,):
        for key in named:
            found = among.filter(pk=key).first() if key else None
            if found is not None and found.sees_cases:
                yield found
        yield from among.who_take_cases().order_by("-is_manager", "pk")[:3]


def hold(user: User, *, wait: bool = True) -> bool:
    """Whether the user may own cases, for certain until the transaction ends: deactivating waits for us, or we for it.

    Whoever takes that right away locks the user's row first (`complaints.actions.staff`). Without `wait`, somebody just
    being changed counts as not there: two who stand in for each other may leave at once, and must not wait for one
    another. Query cost: 1, 2 for a lead.
    """
    lock = ""
    if connection.features.has_select_for_update_skip_locked:
        lock = " FOR KEY SHARE" if wait else " FOR KEY SHARE SKIP LOCKED"
    found = rows.ask(f"SELECT is_active, is_agent, is_manager FROM core_user WHERE id = %s{lock}", [user.pk])  # noqa: S608
    if found is None or not found[0]:
        return False
    return bool(found[1] or found[2]) or Team.objects.filter(lead=user, is_active=True).exists()


def pass_on(before: int, to: User, *, at: datetime, count: int = 1) -> None:
    """Count `count` open complaints for `to` and no longer for `before`. Query cost: 2.

    In the order of keys, so that two who pass on to each other at once never wait for one another in a circle.
    """
    if before < to.pk:
        release(before, count)
    take(to, at=at, count=count)
    if before > to.pk:
        release(before, count)


def take(owner: User, *, at: datetime, count: int = 1) -> None:
    """Count `count` more open complaints for `owner`. Query cost: 1, 3 the first time."""
    own = Workload.objects.filter(agent=owner)
    if not own.update(open_count=F("open_count") + count, last_assigned_at=at):
        Workload.objects.bulk_create([Workload(agent=owner)], ignore_conflicts=True)  # another may just make it too
        own.update(open_count=F("open_count") + count, last_assigned_at=at)


def release(owner_id: int, count: int = 1) -> None:
    """Count `count` fewer open complaints for the owner. Query cost: 1."""
    Workload.objects.filter(agent_id=owner_id).update(open_count=F("open_count") - count)


def recount() -> int:
    """Set every workload to the truth; returns how many were wrong. Query cost: a few, one pass over open
    complaints."""
    truth: dict[int, int] = dict(
        Complaint.objects.filter(in_queue=True)
        .values_list("owner")
        .annotate(n=models.Count("pk"))
        .values_list("owner", "n")
    )
    wrong = 0
    for user_id in User.objects.values_list("pk", flat=True):
        count = truth.get(user_id, 0)
        changed = Workload.objects.filter(agent_id=user_id).exclude(open_count=count).update(open_count=count)
        if not changed and count and not Workload.objects.filter(agent_id=user_id).exists():
            Workload.objects.create(agent_id=user_id, open_count=count)
            changed = 1
        wrong += changed
    return wrong


def _least_loaded(team: Team, language: str, at: datetime) -> User | None:
    """Pick one and raise the count. On PostgreSQL rows just being taken by others are passed over, not waited for,
    unless all are: then the pick waits its turn.

    By hand, because the ORM spends two milliseconds on it in every creation. Query cost: 1 on PostgreSQL, 2 if all are
    locked or nobody fits; 2 on SQLite.
    """
    instant = connection.ops.adapt_datetimefield_value(at)
    parameters: list[Any] = [team.pk, instant, instant]
    if language:
        parameters.append(f'%"{connection.ops.prep_for_like_query(language)}"%')
    if not connection.features.has_select_for_update_skip_locked:
        member = rows.first(User, _ranked(bool(language)), parameters)
        if member is not None:
            take(member, at=at)
        return member
    for lock in ("SKIP LOCKED", ""):
        member = rows.first(User, _picked(bool(language), lock), [*parameters, at])
        if member is not None:
            return member
    return None


@cache
def _ranked(by_language: bool) -> str:
    """SQL for the present members of a team, the best placed first; PostgreSQL and SQLite alike."""
    spoken = r"AND CAST(u.languages AS text) LIKE %s ESCAPE '\' " if by_language else ""
    return (
        f"SELECT {rows.columns(User, 'u')} "  # noqa: S608  names of our own models
        "FROM complaints_workload w JOIN core_user u ON u.id = w.agent_id "
        "WHERE u.team_id = %s AND u.is_agent AND u.is_active AND NOT EXISTS (SELECT 1 FROM core_absence a "
        "WHERE a.user_id = u.id AND a.from_at <= %s AND (a.until_at IS NULL OR a.until_at > %s)) "
        f"{spoken}"
        "ORDER BY CAST(w.open_count AS double precision) / u.capacity, w.last_assigned_at NULLS FIRST, w.agent_id "
        "LIMIT 1"
    )


@cache
def _picked(by_language: bool, lock: str) -> str:
    """SQL that takes the first of `_ranked` and counts the complaint. WITH runs once; a subquery might be run again.

    The user's row is locked too (as `hold` does), before the count: somebody deactivated meanwhile is read anew.
    """
    return (
        f"WITH pick AS MATERIALIZED ({_ranked(by_language)} "  # noqa: S608
        f"FOR KEY SHARE OF u {lock} FOR UPDATE OF w {lock}) "
        "UPDATE complaints_workload w SET open_count = w.open_count + 1, last_assigned_at = %s "
        f"FROM pick WHERE w.agent_id = pick.id RETURNING {rows.columns(User, 'pick')}"
    )
