"""Open cases against capacity, person by person (mission D3: workload is visible and balanced)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any

from django.db.models import Count, DateTimeField, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone

from complaints.models import Complaint, Status
from core.models import Absence, Team, User


@dataclass(frozen=True, slots=True)
class Load:
    """One person. The counts are of cases the asker sees; `elsewhere`: what the person owns beside them.

    Each is counted as the queue's view of that name lists it (`open`: All open, without what is snoozed; `risk`: due
    before the asker's midnight), so some cases stand in two. `away_until`: None while they are there, or away until
    further notice (`away`).
    """

    user: User
    team_id: int | None
    open: int
    breached: int
    risk: int
    waiting: int
    snoozed: int
    elsewhere: int
    away: bool
    away_until: datetime | None

    @property
    def total(self) -> int:
        """All they own."""
        return self.open + self.snoozed + self.elsewhere

    @property
    def percent(self) -> int:
        """Of the capacity, whole percent; more than 100 where they have more."""
        return round(100 * self.total / self.user.capacity)


def teams_for(user: User) -> QuerySet[Team]:
    """The teams whose workload somebody may see: managers all, leads those they lead."""
    active = Team.objects.filter(is_active=True)
    return active if "manager" in user.roles else active.filter(pk__in=user.led_team_ids)


def loads(asker: User, teams: QuerySet[Team] | list[Team], *, at: datetime) -> list[Load]:
    """Everybody of these teams who takes cases, and their leads, most loaded first within a team.

    Query cost: 2, whatever the number.
    """
    keys = [team.pk for team in teams]
    away = Absence.objects.covering(at).filter(user=OuterRef("pk")).order_by(F("until_at").desc(nulls_first=True))
    members = (
        User.objects.filter(pk__in=User.objects.who_take_cases().values("pk"))
        .filter(Q(team__in=keys) | Q(leads__in=keys))
        .distinct()
        .annotate(
            owned=Coalesce(F("workload__open_count"), 0),
            away=Subquery(away.values("pk")[:1]),
            away_until=Subquery(away.values("until_at")[:1], output_field=DateTimeField()),
        )
    )
    people = list(members)
    counts = {row["owner"]: row for row in counted(asker, [one.pk for one in people], at=at)}
    led = {team.lead_id: team.pk for team in teams}
    found = []
    for one in people:
        row = counts.get(one.pk, {})
        seen = row.get("open", 0) + row.get("snoozed", 0)
        found.append(
            Load(
                user=one,
                team_id=one.team_id if one.team_id in keys else led.get(one.pk),
                open=row.get("open", 0),
                breached=row.get("breached", 0),
                risk=row.get("risk", 0),
                waiting=row.get("waiting", 0),
                snoozed=row.get("snoozed", 0),
                elsewhere=max(one.owned - seen, 0),  # type: ignore[attr-defined]
                away=one.away is not None,  # type: ignore[attr-defined]
                away_until=one.away_until,  # type: ignore[attr-defined]
            )
        )
    found.sort(key=lambda one: (-one.percent, str(one.user), one.user.pk))
    return found


def counted(asker: User, owners: list[int], *, at: datetime) -> Iterable[Mapping[str, Any]]:
    """Open cases the asker sees, by owner: a row each. Query cost: 1."""
    zone = timezone.get_current_timezone()
    day_end = datetime.combine(at.astimezone(zone).date() + timedelta(days=1), time.min, tzinfo=zone)
    awake = Q(snoozed_until__isnull=True)
    return (
        Complaint.objects.visible_to(asker)
        .filter(in_queue=True, owner__in=owners)
        .order_by()
        .values("owner")
        .annotate(
            open=Count("pk", filter=awake),
            breached=Count("pk", filter=Q(queue_at__lte=at)),
            risk=Count("pk", filter=awake & Q(queue_at__gt=at, queue_at__lt=day_end)),
            waiting=Count("pk", filter=awake & Q(status=Status.WAITING)),
            snoozed=Count("pk", filter=~awake),
        )
    )
