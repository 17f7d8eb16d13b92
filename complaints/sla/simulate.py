"""What would happen to a complaint that nobody files: policy, clocks, ladder ("what if it arrived Friday 16:50?").

The same rules as `complaints.actions.file`, on a complaint that is never saved; a test holds both to be the same. Where
something depends on people, the latest permitted moment is assumed and said so (`Forecast.assumed`). Writes nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from django.utils.translation import gettext as _

from complaints import routing
from complaints.models import ClockKind, Complaint, SlaPolicy
from complaints.models.catalogue import LIVE_CHANNELS
from complaints.reference import catalogue
from complaints.sla import ladder, packs, policies
from core import working_time
from core.errors import InvalidInput
from core.instants import FIRST_OF_INSTANTS, LAST_YEAR, from_us
from core.week_calendar import zone
from core.working_time import CalendarError, Target

AT_RECEIPT, IF_ACKNOWLEDGED = "", "acknowledged"


@dataclass(frozen=True, slots=True)
class Question:
    """A complaint as it might come in. `team_id`: None lets routing say; `routed` False: as given, even no team."""

    type_id: int
    channel: str
    severity: str
    received_at: datetime
    tier: str = ""
    team_id: int | None = None
    routed: bool = True
    language: str = ""


@dataclass(frozen=True, slots=True)
class Told:
    """A step of the ladder: at `at` (UTC; None: never) `to` (ladder.OWNER | ...) would be told."""

    percent: int
    at: datetime
    to: int
    hand_over: bool


@dataclass(frozen=True, slots=True)
class Forecast:
    """One clock. `started_at`, `due_at`: UTC; `due_at` None: its calendar never opens long enough.

    `met_at_once`: a live conversation. `assumed`: what `started_at` stands on.
    """

    kind: str
    code: str
    target: Target
    calendar_version_id: int
    started_at: datetime
    due_at: datetime | None
    assumed: str = AT_RECEIPT
    met_at_once: bool = False
    ladder: Sequence[Told] = ()
    rule: packs.Rule | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """The policy, which conditions made it match, those above that did not and why, and the clocks."""

    complaint: Complaint
    match: policies.Match
    passed_over: list[tuple[SlaPolicy, tuple[str, ...]]]
    clocks: list[Forecast] = field(default_factory=list)


def simulate(question: Question, book: policies.Book) -> Answer:
    """The answer under the policies of `book` and the rule packs in force. No query beside what memory lacks."""
    complaint = _imagined(question)
    answer = explain(complaint, question.tier, book)
    answer.clocks.extend(_clocks(complaint, question.tier, answer.match))
    return answer


def instant_of(wall: str, zone_name: str, *, field: str = "local_time") -> datetime:
    """The UTC instant at which a clock on the wall of a zone shows `wall` (2026-03-06T16:50); the first of two.

    Raises InvalidInput: unknown_zone, invalid_datetime (also the hour that was skipped in spring).
    """
    try:
        there = zone(zone_name)
    except CalendarError:
        raise InvalidInput(_("There is no such time zone."), code="unknown_zone", field="time_zone") from None
    try:
        shown = datetime.fromisoformat(wall)
        at = shown.replace(tzinfo=there, fold=0).astimezone(UTC)
        again = at.astimezone(there).replace(tzinfo=None, fold=0)
    except (ValueError, OverflowError):
        said = _("Write a date and a time, such as 2026-03-05 14:30.")
        raise InvalidInput(said, code="invalid_datetime", field=field) from None
    if shown.tzinfo is not None or not FIRST_OF_INSTANTS <= shown.year < LAST_YEAR:
        said = _("Write the time as the clock on the wall there shows it.")
        raise InvalidInput(said, code="invalid_datetime", field=field)
    if again != shown.replace(fold=0):
        said = _("The clocks were put forward: this hour did not exist on that day.")
        raise InvalidInput(said, code="invalid_datetime", field=field)
    return at


def explain(complaint: Complaint, tier: str, book: policies.Book) -> Answer:
    """Which policy of `book` matches, and why none above it does."""
    match = policies.match(complaint, tier, among=book)
    passed = []
    for policy in book.policies:
        if policy.pk == match.policy.pk:
            break
        passed.append((policy, unmet(policy, complaint, tier)))
    return Answer(complaint, match, passed)


def unmet(policy: SlaPolicy, complaint: Complaint, tier: str) -> tuple[str, ...]:
    """The names of the conditions of a policy that a complaint does not meet; none: it matches."""
    own = catalogue().types_by_id[complaint.type_id]
    wrong = []
    if policy.type_id is not None and policy.type_id not in (own.pk, own.parent_id):
        wrong.append("type")
    for name, wanted, actual in (
        ("channel", policy.channel, complaint.channel),
        ("severity", policy.severity, complaint.severity),
        ("tier", policy.tier, tier),
        ("team", policy.team_id, complaint.team_id),
    ):
        if wanted and wanted != actual:
            wrong.append(name)
    return tuple(wrong)


def _imagined(question: Question) -> Complaint:
    team_id = question.team_id
    if team_id is None and question.routed:
        team = routing.team_for(
            type_id=question.type_id,
            channel=question.channel,
            language=question.language,
            severity=question.severity,
        )
        team_id = team.pk if team else None
    return Complaint(
        type_id=question.type_id,
        channel=question.channel,
        severity=question.severity,
        team_id=team_id,
        received_at=question.received_at,
        kind="complaint",
    )


def _clocks(complaint: Complaint, tier: str, match: policies.Match) -> Iterator[Forecast]:
    """Acknowledge, update, resolve, then the law's, in this order."""
    received, live = complaint.received_at, complaint.channel in LIVE_CHANNELS
    acknowledge = _agreed(match, ClockKind.ACKNOWLEDGE, received, met_at_once=live)
    taken_up = received if live or acknowledge is None or acknowledge.due_at is None else acknowledge.due_at
    assumed = AT_RECEIPT if live else IF_ACKNOWLEDGED
    found = (
        acknowledge,
        _agreed(match, ClockKind.UPDATE, taken_up, assumed=assumed),
        _agreed(match, ClockKind.RESOLVE, received),
    )
    yield from (one for one in found if one is not None)
    for rule, _because in packs.for_case(complaint, tier):
        early = rule.starts == packs.RECEIVED
        at_once = live and rule.until == packs.ACKNOWLEDGED
        yield _forecast(
            ClockKind.STATUTORY,
            rule.target,
            rule.calendar_version_id,
            rule.steps,
            received if early else taken_up,
            assumed=AT_RECEIPT if early else assumed,
            met_at_once=at_once,
            rule=rule,
        )


def _agreed(
    match: policies.Match, kind: str, start: datetime, *, assumed: str = AT_RECEIPT, met_at_once: bool = False
) -> Forecast | None:
    target = policies.target_of(match.policy, kind)
    if target is None:
        return None
    steps = policies.steps_of(match.policy, kind)
    return _forecast(kind, target, match.calendar_version_id, steps, start, assumed=assumed, met_at_once=met_at_once)


def _forecast(
    kind: str,
    target: Target,
    version: int,
    steps: Sequence[ladder.Step],
    start: datetime,
    *,
    assumed: str,
    met_at_once: bool,
    rule: packs.Rule | None = None,
) -> Forecast:
    calendar = policies.calendar_of(version)
    due_at = working_time.due_at(calendar, start, target)
    rungs = [] if met_at_once else ladder.first_rungs(steps, calendar, start, target, due_at)
    told = [Told(ladder.percent_of(rung), from_us(us), to, bool(hand_over)) for us, rung, to, hand_over in rungs]
    return Forecast(
        kind=str(kind),
        code=rule.clock_code if rule else "",
        target=target,
        calendar_version_id=version,
        started_at=start,
        due_at=due_at,
        assumed=assumed,
        met_at_once=met_at_once,
        ladder=told,
        rule=rule,
    )
