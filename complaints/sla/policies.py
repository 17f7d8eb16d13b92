"""Which policy governs a complaint, and why (domain, SLA 1; mission A5, E3)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from types import MappingProxyType

from complaints.models import Complaint, SlaPolicy, SlaVersion
from complaints.reference import catalogue
from complaints.sla import ladder
from core.cached import Cached
from core.models import CalendarVersion
from core.working_time import Target, WeekCalendar


@dataclass(frozen=True)
class Match:
    """The policy that applies, the conditions that made it match (empty: it has none), and its calendar version."""

    policy: SlaPolicy
    because: tuple[str, ...]
    calendar_version_id: int


@dataclass(frozen=True)
class Book:
    """The version in force: its policies in order, and for each calendar the newest version."""

    policies: tuple[SlaPolicy, ...]
    newest: dict[int, int]


@Cached
def book() -> Book:
    """Query cost: three every few seconds per process."""
    return book_of(SlaVersion.objects.filter(published_at__isnull=False).order_by("-number").first())


def book_of(version: SlaVersion | None) -> Book:
    """Any version, a draft too, with the calendars in force. Query cost: 2."""
    policies = SlaPolicy.objects.filter(version=version).order_by("position")
    published = CalendarVersion.objects.filter(published_at__isnull=False)
    versions = published.order_by("number").values_list("calendar_id", "pk")
    return Book(tuple(policies), dict(versions))


def policy_name(policy_id: int | None) -> str | None:
    """The name of any policy, of older versions too; from memory."""
    return None if policy_id is None else policy(policy_id).name


@Cached
def _calendars() -> dict[int, WeekCalendar]:
    published = CalendarVersion.objects.filter(published_at__isnull=False)
    return {pk: WeekCalendar.parse(text) for pk, text in published.values_list("pk", "definition")}


_NONE: Mapping[int, WeekCalendar] = MappingProxyType({})
_draft: ContextVar[Mapping[int, WeekCalendar]] = ContextVar("calendars of drafts", default=_NONE)


@contextmanager
def previewing(version: CalendarVersion) -> Iterator[None]:
    """Within the block `calendar_of` knows a draft as it is now. Drafts are never kept: they still change."""
    token = _draft.set({version.pk: WeekCalendar.parse(version.definition)})
    try:
        yield
    finally:
        _draft.reset(token)


def calendar_of(version_id: int) -> WeekCalendar:
    """The parsed calendar of a version; from memory, a draft is read each time. Raises KeyError if there is none."""
    found = _draft.get() if version_id in _draft.get() else _calendars()
    if version_id not in found:
        _calendars.clear()
        found = _calendars()
    if version_id not in found:
        draft = CalendarVersion.objects.filter(pk=version_id).first()
        if draft is None:
            raise KeyError(version_id)
        return WeekCalendar.parse(draft.definition)
    return found[version_id]


def calendar_in(version: CalendarVersion) -> WeekCalendar:
    """The calendar of a version at hand: from memory, parsed where it is a draft. No query."""
    return WeekCalendar.parse(version.definition) if version.published_at is None else calendar_of(version.pk)


def match(complaint: Complaint, tier: str = "", *, among: Book | None = None) -> Match:
    """The first policy whose conditions the complaint meets; the last one has none and always does.

    `among`: other policies than those in force.
    """
    known = among or book()
    for policy in known.policies:
        because = _conditions(policy, complaint, tier)
        if because is not None:
            return Match(policy, because, known.newest[policy.calendar_id])
    raise LookupError("no default SLA policy is published")


def still_met(policy_id: int, complaint: Complaint, tier: str) -> bool:
    """Whether of the list it comes from, in force or not, this policy is still the first that the complaint meets. From
    memory."""
    version = policy(policy_id).version_id
    own = sorted((one for one in _by_key().values() if one.version_id == version), key=lambda one: one.position)
    first = next((one for one in own if _conditions(one, complaint, tier) is not None), None)
    return first is not None and first.pk == policy_id


def steps_of(policy: SlaPolicy, kind: str) -> tuple[ladder.Step, ...]:
    """The ladder of a policy for one clock kind, read once per instance."""
    known: dict[str, tuple[ladder.Step, ...]] = policy.__dict__.setdefault("_steps", {})
    if kind not in known:
        known[kind] = ladder.steps(policy.ladder, kind)
    return known[kind]


@Cached
def _by_key() -> dict[int, SlaPolicy]:
    return SlaPolicy.objects.in_bulk()


def policy(policy_id: int) -> SlaPolicy:
    """Any policy, of older versions too; from memory. Raises KeyError if there is none."""
    if policy_id not in _by_key():
        _by_key.clear()
    return _by_key()[policy_id]


def target_of(policy: SlaPolicy, kind: str) -> Target | None:
    """The promise of a policy for one clock kind; None: no such clock."""
    found = policy.targets.get(kind)
    return Target(found["kind"], found["value"]) if found else None


def _conditions(policy: SlaPolicy, complaint: Complaint, tier: str) -> tuple[str, ...] | None:
    """The names of the conditions met, or None if one is not."""
    met: list[str] = []
    if policy.type_id is not None:
        own = catalogue().types_by_id[complaint.type_id]
        if policy.type_id not in (own.pk, own.parent_id):
            return None
        met.append("type")
    for name, wanted, actual in (
        ("channel", policy.channel, complaint.channel),
        ("severity", policy.severity, complaint.severity),
        ("tier", policy.tier, tier),
        ("team", policy.team_id, complaint.team_id),
    ):
        if wanted:
            if wanted != actual:
                return None
            met.append(name)
    return tuple(met)
