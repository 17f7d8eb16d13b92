"""Edit the ordered list of SLA policies as a draft beside the version in force (domain, SLA 1, 3; mission E1).

The list is versioned as a whole. There is at most one open draft; it governs nothing until `sla_edits.apply` publishes
it. The last policy has no conditions and stays last, so that every complaint finds one. Every change is an entry on the
draft's trail, and their number is its revision: whoever gives `seen` is refused if somebody else was faster (case F24).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from complaints.models import ClockKind, SlaEdit, SlaPolicy, SlaVersion
from complaints.sla import drafts, ladder
from complaints.sla.drafts import FIELDS, told
from core import cached, trail
from core.actions.settings import Stale, refuse_unless_admin
from core.actor import Actor
from core.errors import DomainError, InvalidInput
from core.models import Calendar
from core.working_time import MAX_DAYS, MAX_SECONDS, CalendarError, Target, TargetKind

KINDS = (ClockKind.ACKNOWLEDGE.value, ClockKind.UPDATE.value, ClockKind.RESOLVE.value)
CONDITIONS = ("type", "channel", "severity", "tier", "team")
MOST_POLICIES, MOST_STEPS = 200, 40
NEEDED = {"percent", "to"}  # of a step
_AWAY = 1_000_000  # where positions wait while others change places


class DraftOpen(DomainError):
    """There is a draft already."""

    code = "draft_open"
    message = gettext_lazy("There is a draft already. Go on with it, or discard it first.")


class NoDraft(DomainError):
    """Published versions never change."""

    code = "not_a_draft"
    message = gettext_lazy("Only a draft can be changed; this version is in force or was.")


class DefaultStays(DomainError):
    """The last policy catches what no other one does."""

    code = "default_stays"
    message = gettext_lazy("The last policy catches what no other one does: it stays, and it stays last.")


@transaction.atomic
def begin_draft(*, by: Actor, at: datetime) -> SlaVersion:
    """Copy the version in force into a new draft. Raises NotAllowed or DraftOpen. Query cost: 8."""
    refuse_unless_admin(by)
    published = SlaVersion.objects.select_for_update().filter(published_at__isnull=False)
    source = published.order_by("-number").first()
    if SlaVersion.objects.filter(published_at__isnull=True).exists():
        raise DraftOpen
    last = SlaVersion.objects.aggregate(last=Max("number"))["last"] or 0
    draft = SlaVersion.objects.create(number=last + 1, created_at=at, created_by=by.user)
    copies, sources = [], []
    for place, one in enumerate(SlaPolicy.objects.filter(version=source).order_by("position"), start=1):
        sources.append(one.pk)
        one.pk, one.version, one.position = None, draft, place
        one._state.adding = True
        copies.append(one)
    SlaPolicy.objects.bulk_create(copies)
    pairs = [[one.pk, key] for one, key in zip(copies, sources, strict=True)]
    changes = {"number": draft.number, "from": source.number if source else None, "copies": pairs}
    trail.append(draft, "slaversion.created", by=by, at=at, changes=changes)
    _forget()
    return draft


@transaction.atomic
def discard_draft(draft: SlaVersion, *, by: Actor, at: datetime, seen: int | None = None) -> None:
    """Throw the draft away; its previews are dropped, what it said stays on the trail.

    Raises NotAllowed, NoDraft or Stale.
    """
    refuse_unless_admin(by)
    previews = SlaEdit.objects.filter(sla_version=draft)
    list(previews.select_for_update())  # before the version, in the order in which `sla_edits.apply` takes them
    draft = _locked(draft, seen)
    waiting = previews.filter(status__in=(SlaEdit.Status.COUNTING, SlaEdit.Status.COUNTED))
    waiting.update(status=SlaEdit.Status.DROPPED, finished_at=at)
    previews.update(sla_version=None)
    names = [one.name for one in _policies(draft)]
    trail.append(draft, "slaversion.removed", by=by, at=at, changes={"number": draft.number, "policies": names})
    SlaPolicy.objects.filter(version=draft).delete()
    draft.delete()
    _forget()


@transaction.atomic
def add_policy(
    draft: SlaVersion, values: Mapping[str, Any], *, by: Actor, at: datetime, seen: int | None = None
) -> SlaPolicy:
    """A new policy just above the last one. `values`: the fields of SlaPolicy that are not given are blank.

    Raises NotAllowed, NoDraft, Stale or InvalidInput.
    """
    refuse_unless_admin(by)
    draft = _locked(draft, seen)
    found = _policies(draft)
    if len(found) >= MOST_POLICIES:
        raise DomainError(_("A list has at most %(most)d policies.") % {"most": MOST_POLICIES}, code="too_many")
    policy = SlaPolicy(version=draft, position=len(found) + 1, targets={}, ladder=[])
    _set(policy, values, others=found)
    _place([*found[:-1], policy, *found[-1:]])
    _note(draft, "policy_added", policy, {name: told(policy, name) for name in FIELDS}, by=by, at=at)
    return policy


@transaction.atomic
def change_policy(
    policy: SlaPolicy, values: Mapping[str, Any], *, by: Actor, at: datetime, seen: int | None = None
) -> SlaPolicy:
    """Set fields of a policy of the draft; nothing is written when nothing changes.

    Raises NotAllowed, NoDraft, Stale or InvalidInput (default_without_conditions: the last one has none).
    """
    refuse_unless_admin(by)
    draft, found, policy = _in_draft(policy, seen)
    before = {name: told(policy, name) for name in FIELDS if name in values}
    if policy.pk == found[-1].pk and (wrong := next((name for name in CONDITIONS if values.get(name)), None)):
        said = _("The last policy has no conditions: it catches what no other one does.")
        raise InvalidInput(said, code="default_without_conditions", field=wrong)
    _set(policy, values, others=[one for one in found if one.pk != policy.pk])
    changes = {name: [old, told(policy, name)] for name, old in before.items() if old != told(policy, name)}
    if changes:
        policy.save(update_fields=list(changes))
        counted_by = {drafts.COUNTED_BY: policy.calendar_id} if "targets" in changes else {}
        _note(draft, "policy_changed", policy, {**changes, **counted_by}, by=by, at=at)
    return policy


@transaction.atomic
def move_policy(policy: SlaPolicy, *, to: int, by: Actor, at: datetime, seen: int | None = None) -> SlaPolicy:
    """Put a policy at place `to` (1: the first) of the draft; where it stands already nothing is written.

    Raises NotAllowed, NoDraft, Stale, DefaultStays, or InvalidInput (out_of_range: places end above the last policy).
    """
    refuse_unless_admin(by)
    draft, found, policy = _in_draft(policy, seen)
    if policy.pk == found[-1].pk:
        raise DefaultStays
    if not 1 <= to < len(found):
        said = _("A place from 1 to %(last)d is expected.") % {"last": len(found) - 1}
        raise InvalidInput(said, code="out_of_range", field="position")
    here = next(place for place, one in enumerate(found, start=1) if one.pk == policy.pk)
    if here != to:
        others = [one for one in found if one.pk != policy.pk]
        _place([*others[: to - 1], policy, *others[to - 1 :]])
        _note(draft, "policy_moved", policy, {"position": [here, to]}, by=by, at=at)
    return policy


@transaction.atomic
def remove_policy(policy: SlaPolicy, *, by: Actor, at: datetime, seen: int | None = None) -> None:
    """Take a policy out of the draft; what it said stays on the trail.

    Raises NotAllowed, NoDraft, Stale or DefaultStays.
    """
    refuse_unless_admin(by)
    draft, found, policy = _in_draft(policy, seen)
    if policy.pk == found[-1].pk:
        raise DefaultStays
    _note(draft, "policy_removed", policy, {name: told(policy, name) for name in FIELDS}, by=by, at=at)
    SlaPolicy.objects.filter(pk=policy.pk).delete()
    _place([one for one in found if one.pk != policy.pk])


def checked_targets(targets: Any) -> dict[str, dict[str, Any]]:
    """Targets by clock kind as they are kept. Raises InvalidInput bad_target on `targets`."""
    if not isinstance(targets, Mapping) or not targets or set(targets) - set(KINDS):
        raise _bad_target(_("Name at least one target: acknowledge, update or resolve."))
    found = {}
    for kind in (kind for kind in KINDS if kind in targets):
        given = targets[kind]
        if not isinstance(given, Mapping) or set(given) != {"kind", "value"}:
            raise _bad_target(_("A target has a kind and a value."))
        try:
            target = Target(given["kind"], given["value"])
        except (CalendarError, TypeError):
            if (most := most_of(given["kind"])) and type(given["value"]) is int and given["value"] > most:
                raise too_long(kind, given["kind"]) from None
            said = _("A target is a whole number of working seconds, working days or calendar days.")
            raise _bad_target(said) from None
        if target.value < 1:
            raise _bad_target(_("A target cannot be nothing."))
        found[kind] = {"kind": str(target.kind), "value": target.value}
    return found


def most_of(unit: str) -> int:
    """The longest target in a kind of unit; 0 of an unknown one."""
    if unit == TargetKind.WORKING_SECONDS:
        return MAX_SECONDS
    return MAX_DAYS if unit in list(TargetKind) else 0


def too_long(kind: str, unit: str) -> InvalidInput:
    """The refusal of a target longer than a century."""
    said = _("“%(clock)s” is too long: a target is at most a hundred years.") % {"clock": ClockKind(kind).label}
    return InvalidInput(said, code="bad_target", field=f"targets.{kind}.value")


def checked_ladder(steps: Any) -> list[dict[str, Any]]:
    """The steps as they are kept, lowest first; what every clock does is not written down.

    Raises InvalidInput bad_ladder on `ladder`.
    """
    if not isinstance(steps, Sequence) or isinstance(steps, str) or len(steps) > MOST_STEPS:
        raise _bad_ladder(_("A ladder is a list of at most %(most)d steps.") % {"most": MOST_STEPS})
    found, taken = [], set()
    for given in steps:
        step = _checked_step(given)
        for kind in step.get("clocks", KINDS):
            if (kind, step["percent"]) in taken:
                said = _("%(percent)d %% stands twice on the ladder of the clock “%(clock)s”.")
                raise _bad_ladder(said % {"percent": step["percent"], "clock": ClockKind(kind).label})
            taken.add((kind, step["percent"]))
        found.append(step)
    return sorted(found, key=lambda one: (one["percent"], one.get("clocks", [])))


def _checked_step(given: Any) -> dict[str, Any]:
    if not isinstance(given, Mapping) or not {"percent", "to"} <= set(given) <= {
        "percent",
        "to",
        "clocks",
        "hand_over",
    }:
        raise _bad_ladder(_("A step has percent and to, and it may have clocks and hand_over."))
    percent, hand_over = given["percent"], given.get("hand_over", False)
    if type(percent) is not int or not 1 <= percent <= ladder.MOST_PERCENT:
        raise _bad_ladder(_("A step stands at a whole number from 1 to %(most)d %%.") % {"most": ladder.MOST_PERCENT})
    if type(hand_over) is not bool:
        raise _bad_ladder(_("Whether a step hands over is true or false."))
    to = _named(given["to"], ladder.TO)
    if not to:
        said = _("The step at %(percent)d %% tells nobody: choose owner, lead, manager or deputy.")
        raise _bad_ladder(said % {"percent": percent})
    step: dict[str, Any] = {"percent": percent, "to": to}
    if "clocks" in given:
        kinds = _named(given["clocks"], KINDS)
        if not kinds:
            raise _bad_ladder(_("Clocks of a step are acknowledge, update or resolve."))
        if len(kinds) < len(KINDS):
            step["clocks"] = kinds
    if hand_over:
        step["hand_over"] = True
    return step


def _named(given: Any, known: Iterable[str]) -> list[str]:
    """The names given, each once and in their usual order; none if any of them is unknown."""
    names = list(known)
    if not isinstance(given, list | tuple) or not all(isinstance(one, str) and one in names for one in given):
        return []
    return [name for name in names if name in given]


def _set(policy: SlaPolicy, values: Mapping[str, Any], *, others: Sequence[SlaPolicy]) -> None:
    """Put checked values on the row; nothing is saved. Raises InvalidInput."""
    if unknown := set(values) - set(FIELDS):
        raise InvalidInput(_("There is no such field."), code="unknown_field", field=min(unknown))
    for name, value in values.items():
        if name == "targets":
            value = checked_targets(value)
        elif name == "ladder":
            value = checked_ladder(value)
        elif name in ("name", "tier"):
            value = " ".join(str(value).split())
        setattr(policy, name, value)
    if policy.calendar_id is None:
        raise InvalidInput(_("Choose a calendar."), code="required", field="calendar")
    if "calendar" in values or policy._state.adding:
        _refuse_idle_calendar(policy.calendar)
    if "targets" not in values and not policy.targets:
        checked_targets({})
    if any(one.name.casefold() == policy.name.casefold() for one in others):
        raise InvalidInput(_("Another policy has this name."), code="name_taken", field="name")
    try:
        policy.full_clean(exclude=["version", "position"], validate_unique=False, validate_constraints=False)
    except ValidationError as error:
        field, problems = next(iter(error.message_dict.items()))
        raise InvalidInput(problems[0], code="invalid", field=None if field == "__all__" else field) from error


def _refuse_idle_calendar(calendar: Calendar) -> None:
    if not calendar.is_active:
        raise InvalidInput(_("This calendar is not in use."), code="calendar_not_active", field="calendar")
    if not calendar.versions.filter(published_at__isnull=False).exists():
        raise InvalidInput(_("This calendar has not been published."), code="calendar_not_published", field="calendar")


def _locked(draft: SlaVersion, seen: int | None) -> SlaVersion:
    """The draft, locked until the transaction ends. Raises NoDraft or Stale. Query cost: 1, and 1 with `seen`."""
    found = SlaVersion.objects.select_for_update().filter(pk=draft.pk, published_at__isnull=True).first()
    if found is None:
        raise NoDraft
    if seen is not None and drafts.revision(found) != seen:
        raise Stale
    return found


def _in_draft(policy: SlaPolicy, seen: int | None) -> tuple[SlaVersion, list[SlaPolicy], SlaPolicy]:
    """The locked draft, its policies, and among them this one as it is now. Raises NoDraft or Stale (or gone)."""
    draft = _locked(policy.version, seen)
    found = _policies(draft)
    now = next((one for one in found if one.pk == policy.pk), None)
    if now is None:
        raise Stale
    return draft, found, now


def _policies(draft: SlaVersion) -> list[SlaPolicy]:
    return list(SlaPolicy.objects.filter(version=draft).select_related("calendar", "type", "team").order_by("position"))


def _place(ordered: Sequence[SlaPolicy]) -> None:
    """Number the rows 1, 2, 3 ... and save a new one; no two ever stand at one place. Query cost: 3."""
    moved = [(one, place) for place, one in enumerate(ordered, start=1) if one.position != place or one.pk is None]
    there = [one for one, _place_ in moved if one.pk is not None]
    for one, place in moved:
        one.position = _AWAY + place
    SlaPolicy.objects.bulk_update(there, ["position"])
    for one, place in moved:
        one.position = place
        if one.pk is None:
            one.save(force_insert=True)
    SlaPolicy.objects.bulk_update(there, ["position"])


def _note(
    draft: SlaVersion, what: str, policy: SlaPolicy, changes: Mapping[str, Any], *, by: Actor, at: datetime
) -> None:
    said = {"policy": policy.name, **changes}
    trail.append(draft, f"slaversion.{what}", by=by, at=at, changes=said)
    _forget()


def _forget() -> None:
    transaction.on_commit(cached.clear_all)
    cached.clear_all()


def _bad_target(said: str) -> InvalidInput:
    return InvalidInput(said, code="bad_target", field="targets")


def _bad_ladder(said: str) -> InvalidInput:
    return InvalidInput(said, code="bad_ladder", field="ladder")
