"""What `/api/v1/sla-policies/` takes and answers with, and how it shows policies, drafts, edits and simulations."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar

from rest_framework import serializers

from complaints.actions import sla_edits
from complaints.actions.policies import KINDS, MOST_STEPS
from complaints.api.present import instant, user_brief
from complaints.api.shapes import Reference
from complaints.models import ChannelCode, ClockKind, Severity, SlaEdit, SlaEditRow, SlaPolicy, SlaVersion
from complaints.reference import catalogue
from complaints.sla import ladder, policies, previews, recompute, tally
from complaints.sla.covering import Covered
from complaints.sla.drafts import Difference
from complaints.sla.simulate import Answer, Forecast
from core.api.bodies import Strict
from core.api.fields import Code, Flag, Id, Instant, Language, Text, WallClock, Whole
from core.models import CalendarVersion
from core.working_time import MAX_SECONDS, TargetKind

TARGET_KINDS = [(kind.value, kind.value) for kind in TargetKind]
CLOCK_CODES = [(kind, kind) for kind in KINDS]
TO_CODES = [(name, name) for name in ladder.TO]
SIDES = (tally.EARLIER, tally.LATER, tally.LESS, tally.MORE, recompute.ADDED, recompute.ENDED, recompute.MOVED)
WHATS = (recompute.MOVED, recompute.LEFT, recompute.ADDED, recompute.ENDED)
OUTDATED = (previews.DRAFT_CHANGED, previews.IN_FORCE_CHANGED, previews.OLD)
REOPEN_CODES = [("resume", "resume"), ("restart", "restart")]


class TargetBody(Strict):
    kind = Code(choices=TARGET_KINDS)
    value = Whole(min_value=1, max_value=MAX_SECONDS)


class TargetsBody(Strict):
    """By clock; one that is left out does not run."""

    acknowledge = TargetBody(required=False)
    update = TargetBody(required=False)  # type: ignore[assignment]  # a field: DRF takes it off the class
    resolve = TargetBody(required=False)


class StepBody(Strict):
    """`clocks` left out: of all of them."""

    percent = Whole(min_value=1, max_value=ladder.MOST_PERCENT)
    to = serializers.ListField(child=Code(choices=TO_CODES), allow_empty=False)
    clocks = serializers.ListField(child=Code(choices=CLOCK_CODES), required=False, allow_empty=False)
    hand_over = Flag(required=False)


class NewPolicyBody(Strict):
    """Conditions that are null or left out match anything."""

    name = Text(max_length=120, trim=True)
    calendar = Id()
    targets = TargetsBody()
    type = Text(max_length=80, required=False, allow_null=True)
    channel = Code(choices=ChannelCode.choices, required=False, allow_null=True)
    severity = Code(choices=Severity.choices, required=False, allow_null=True)
    tier = Text(max_length=40, trim=True, required=False, allow_null=True)
    team = Id(required=False, allow_null=True)
    ladder = serializers.ListField(child=StepBody(), required=False, max_length=MOST_STEPS)
    reopen_mode = Code(choices=REOPEN_CODES, required=False)


class PositionBody(Strict):
    position = Whole(min_value=1, max_value=100_000)


class PreviewBody(Strict):
    """`calendar`: preview the draft of this calendar; left out, the draft of the policies.

    `mode`: new_only, open complaints stay as they are; from_now, open complaints too, policies counted from receipt and
    hours from the moment of the change; retroactive, of calendars only, hours counted from receipt.
    """

    rules: ClassVar = {
        "anyOf": [{"required": ["calendar"]}, {"properties": {"mode": {"not": {"const": SlaEdit.Mode.RETROACTIVE}}}}]
    }

    mode = Code(choices=[(mode.value, mode.value) for mode in SlaEdit.Mode])
    calendar = Id(required=False)


class SimulateBody(Strict):
    """`received_at`, or `local_time` (2026-03-06T16:50) on a clock in `time_zone`; neither: now.

    `team`: left out, routing says; null, none. `draft`: by the open draft instead of what is in force.
    """

    rules: ClassVar = {
        "dependentRequired": {"local_time": ["time_zone"], "time_zone": ["local_time"]},
        "not": {"required": ["received_at", "local_time"]},
    }

    type = Text(max_length=80)
    channel = Code(choices=ChannelCode.choices)
    severity = Code(choices=Severity.choices, required=False)
    tier = Text(max_length=40, trim=True, required=False, allow_blank=True)
    team = Id(required=False, allow_null=True)
    language = Language(required=False)
    received_at = Instant(required=False)
    local_time = WallClock(required=False)
    time_zone = Text(max_length=64, trim=True, required=False)
    draft = Flag(required=False)


class NeverReached(serializers.Serializer[Any]):
    by = Reference(allow_null=True, help_text="The policy above that takes all its cases; null: several together.")


class PolicyShape(serializers.Serializer[Any]):
    id = serializers.CharField()
    version = serializers.IntegerField()
    position = serializers.IntegerField()
    name = serializers.CharField()
    type = serializers.CharField(allow_null=True)
    channel = serializers.ChoiceField(choices=ChannelCode.choices, allow_null=True)
    severity = serializers.ChoiceField(choices=Severity.choices, allow_null=True)
    tier = serializers.CharField(allow_null=True)
    team = Reference(allow_null=True)
    calendar = Reference()
    targets = serializers.JSONField(help_text="By clock: kind (working_seconds, working_days, calendar_days), value.")
    ladder = serializers.JSONField(help_text="Steps: percent, to, clocks, hand_over.")
    reopen_mode = serializers.ChoiceField(choices=REOPEN_CODES)
    never_reached = NeverReached(allow_null=True)


class PolicyListVersion(serializers.Serializer[Any]):
    number = serializers.IntegerField()
    published_at = serializers.DateTimeField(allow_null=True, help_text="null: the draft.")
    created_at = serializers.DateTimeField()
    created_by = Reference(allow_null=True)


class ChangeShape(serializers.Serializer[Any]):
    what = serializers.ChoiceField(choices=["added", "removed", "changed", "moved"])
    name = serializers.CharField()
    fields_changed = serializers.ListField(child=serializers.CharField())


class DraftShape(PolicyListVersion):
    revision = serializers.IntegerField(help_text="Also the ETag of the draft and of each of its policies.")
    changes = ChangeShape(many=True)
    policies = PolicyShape(many=True)


class ShiftShape(serializers.Serializer[Any]):
    deadlines = serializers.IntegerField()
    average_seconds = serializers.IntegerField(allow_null=True, help_text="Elapsed; null: there is none.")
    most_seconds = serializers.IntegerField(allow_null=True)
    average_working_seconds = serializers.IntegerField(allow_null=True)
    most_working_seconds = serializers.IntegerField(allow_null=True)


class ShiftsShape(serializers.Serializer[Any]):
    earlier = ShiftShape()
    later = ShiftShape()
    paused = ShiftShape(help_text="Clocks that stand still: how much less or more is left, in working time only.")


class SpreadShape(serializers.Serializer[Any]):
    policy = Reference(allow_null=True, help_text="null: of a rule pack, or gone since.")
    clock = serializers.CharField()
    side = serializers.ChoiceField(choices=[(one, one) for one in SIDES])
    over_seconds = serializers.IntegerField(allow_null=True, help_text="Moves by more than this, elapsed.")
    up_to_seconds = serializers.IntegerField(allow_null=True, help_text="And by at most this; null: by any more.")
    deadlines = serializers.IntegerField()


class EditShape(serializers.Serializer[Any]):
    id = serializers.CharField()
    calendar = Reference(allow_null=True, help_text="Whose hours are edited; null: the policies are.")
    version = serializers.IntegerField(allow_null=True, help_text="null: the draft was discarded since.")
    mode = serializers.ChoiceField(choices=SlaEdit.Mode.choices)
    status = serializers.ChoiceField(choices=SlaEdit.Status.choices)
    outdated = serializers.ChoiceField(
        choices=[(one, one) for one in OUTDATED],
        allow_null=True,
        help_text="Why a preview has to be made anew before it can be applied.",
    )
    percent = serializers.IntegerField()
    looked = serializers.IntegerField()
    total = serializers.IntegerField(help_text="Open complaints.")
    complaints = serializers.IntegerField(help_text="Those of which any deadline changes.")
    moved = serializers.IntegerField(help_text="Deadlines that move.")
    earlier = serializers.IntegerField()
    later = serializers.IntegerField()
    late_at_once = serializers.IntegerField(help_text="Deadlines that are due at the moment of the change.")
    late_complaints = serializers.IntegerField(help_text="The complaints that have them.")
    paused = serializers.IntegerField(help_text="Clocks that stand still and have less or more time left.")
    paused_spent = serializers.IntegerField(help_text="Of them, those that have none left.")
    added = serializers.IntegerField(help_text="Deadlines that the policies ask for anew.")
    ended = serializers.IntegerField(help_text="Deadlines that the policies ask for no longer.")
    shifts = ShiftsShape()
    spread = SpreadShape(many=True, help_text="How many by policy, clock and size of the change.")
    examples = serializers.JSONField(
        help_text="Those due at once, then those that move most, of complaints you may see; all of them: `rows/`."
    )
    created_at = serializers.DateTimeField()
    created_by = Reference(allow_null=True)
    applied_at = serializers.DateTimeField(allow_null=True)
    finished_at = serializers.DateTimeField(allow_null=True)


class EditRowShape(serializers.Serializer[Any]):
    id = serializers.CharField()
    complaint = serializers.CharField()
    clock = serializers.CharField()
    what = serializers.ChoiceField(choices=[(one, one) for one in WHATS])
    late = serializers.BooleanField(help_text="Due at the moment of the change.")
    before = serializers.DateTimeField(allow_null=True)
    after = serializers.DateTimeField(allow_null=True)
    seconds = serializers.IntegerField(allow_null=True, help_text="Elapsed; above 0: later.")
    working_seconds = serializers.IntegerField(allow_null=True)
    left_before = serializers.IntegerField(allow_null=True, help_text="Working seconds left of one that stands still.")
    left_after = serializers.IntegerField(allow_null=True)


class ForecastShape(serializers.Serializer[Any]):
    kind = serializers.ChoiceField(choices=ClockKind.choices)
    code = serializers.CharField(allow_null=True)
    target = serializers.JSONField()
    calendar = serializers.JSONField(help_text="id, name, version")
    time_zone = serializers.CharField(help_text="Of the calendar; due_local is on its clock.")
    started_at = serializers.DateTimeField()
    assumed = serializers.CharField(allow_null=True, help_text="acknowledged: begins then, at the latest moment.")
    met_at_once = serializers.BooleanField()
    due_at = serializers.DateTimeField(allow_null=True)
    due_local = serializers.CharField(allow_null=True)
    ladder = serializers.JSONField(help_text="percent, at, to, hand_over")


class SimulationShape(serializers.Serializer[Any]):
    received_at = serializers.DateTimeField()
    policy = serializers.JSONField(help_text="id, name, version, because")
    passed_over = serializers.JSONField(help_text="Policies above that do not match: id, name, unmet.")
    clocks = ForecastShape(many=True)


def policy_dict(one: SlaPolicy, hidden: Mapping[int, Covered]) -> dict[str, Any]:
    """One policy; version, calendar and team loaded. No query."""
    found = hidden.get(one.pk)
    by = found.by if found else None
    return {
        "id": str(one.pk),
        "version": one.version.number,
        "position": one.position,
        "name": one.name,
        "type": catalogue().types_by_id[one.type_id].code if one.type_id else None,
        "channel": one.channel or None,
        "severity": one.severity or None,
        "tier": one.tier or None,
        "team": {"id": str(one.team_id), "name": one.team.name} if one.team else None,
        "calendar": {"id": str(one.calendar_id), "name": one.calendar.name},
        "targets": one.targets,
        "ladder": one.ladder,
        "reopen_mode": one.reopen_mode,
        "never_reached": {"by": {"id": str(by.pk), "name": by.name} if by else None} if found else None,
    }


def version_dict(one: SlaVersion) -> dict[str, Any]:
    """One version; created_by loaded."""
    return {
        "number": one.number,
        "published_at": instant(one.published_at),
        "created_at": instant(one.created_at),
        "created_by": user_brief(one.created_by) if one.created_by else None,
    }


def change_dict(one: Difference) -> dict[str, Any]:
    shown = one.after or one.before
    return {"what": one.what, "name": shown.name if shown else "", "fields_changed": list(one.fields)}


def edit_dict(one: SlaEdit, visible: frozenset[str], at: datetime) -> dict[str, Any]:
    """One edit; `visible`: the references among its examples that the caller may see. Query cost: 3 for a preview."""
    said = sla_edits.progress(one)
    names = ("reference", "clock", "what", "late", "from", "to", "seconds", "left")
    calendar = one.calendar_version.calendar if one.calendar_version else None
    draft = one.calendar_version or one.sla_version
    return {
        "id": str(one.pk),
        "calendar": {"id": str(calendar.pk), "name": calendar.name} if calendar else None,
        "version": draft.number if draft else None,
        "mode": one.mode,
        "status": one.status,
        "outdated": previews.outdated(one, at) or None,
        **{name: said[name] for name in ("percent", "looked", "total", *tally.NUMBERS) if name != "open"},
        "shifts": {
            "earlier": _shift(said["earlier"], said["shifts"][tally.EARLIER]),
            "later": _shift(said["later"], said["shifts"][tally.LATER]),
            "paused": _left(said["paused"], said["shifts"]["left"]),
        },
        "spread": [_spread(key, n) for key, n in sorted(said["spread"].items())],
        "examples": [
            {name: example.get(name) for name in names}
            for example in said["examples"]
            if example["reference"] in visible
        ],
        "created_at": instant(one.created_at),
        "created_by": user_brief(one.created_by) if one.created_by else None,
        "applied_at": instant(one.at),
        "finished_at": instant(one.finished_at),
    }


def _shift(n: int, shift: Mapping[str, int]) -> dict[str, Any]:
    return {
        "deadlines": n,
        "average_seconds": shift["sum"] // n if n else None,
        "most_seconds": shift["most"] if n else None,
        "average_working_seconds": shift["worked_sum"] // n if n else None,
        "most_working_seconds": shift["worked_most"] if n else None,
    }


def _left(n: int, left: Mapping[str, int]) -> dict[str, Any]:
    return {
        "deadlines": n,
        "average_seconds": None,
        "most_seconds": None,
        "average_working_seconds": left["sum"] // n if n else None,
        "most_working_seconds": left["most"] if n else None,
    }


def _spread(key: str, n: int) -> dict[str, Any]:
    of, clock, side = key.split(" ")
    way, _colon, place = side.partition(":")
    kind, _colon, number = of.partition(":")
    name = _policy_name(int(number)) if kind == "policy" and number.isdigit() else None
    over, most = tally.limits(int(place)) if place else (None, None)
    return {
        "policy": {"id": number, "name": name} if name is not None else None,
        "clock": clock,
        "side": way,
        "over_seconds": over,
        "up_to_seconds": most,
        "deadlines": n,
    }


def _policy_name(key: int) -> str | None:
    """None once a draft is gone. No query within a few seconds."""
    try:
        return policies.policy(key).name
    except KeyError:
        return None


def row_dict(one: SlaEditRow) -> dict[str, Any]:
    """One clock that an edit changes; its complaint loaded. No query."""
    return {
        "id": str(one.pk),
        "complaint": one.complaint.reference,
        "clock": one.clock,
        "what": one.what,
        "late": one.late,
        "before": instant(one.before_at),
        "after": instant(one.after_at),
        "seconds": one.seconds,
        "working_seconds": one.worked,
        "left_before": one.left_before,
        "left_after": one.left_after,
    }


def simulation_dict(found: Answer) -> dict[str, Any]:
    """What was found. Query cost: 2, version and calendars."""
    policy = found.match.policy
    keys = {one.calendar_version_id for one in found.clocks}
    calendars = CalendarVersion.objects.select_related("calendar").in_bulk(keys)
    return {
        "received_at": instant(found.complaint.received_at),
        "policy": {
            "id": str(policy.pk),
            "name": policy.name,
            "version": policy.version.number,
            "because": list(found.match.because),
        },
        "passed_over": [
            {"id": str(one.pk), "name": one.name, "unmet": list(unmet)} for one, unmet in found.passed_over
        ],
        "clocks": [_forecast_dict(one, calendars[one.calendar_version_id]) for one in found.clocks],
    }


def _forecast_dict(one: Forecast, version: CalendarVersion) -> dict[str, Any]:
    calendar = policies.calendar_of(one.calendar_version_id)
    return {
        "kind": one.kind,
        "code": one.code or None,
        "target": {"kind": str(one.target.kind), "value": one.target.value},
        "calendar": {"id": str(version.calendar_id), "name": version.calendar.name, "version": version.number},
        "time_zone": calendar.tz,
        "started_at": instant(one.started_at),
        "assumed": one.assumed or None,
        "met_at_once": one.met_at_once,
        "due_at": instant(one.due_at),
        "due_local": one.due_at.astimezone(calendar.zone).isoformat() if one.due_at else None,
        "ladder": [
            {
                "percent": told.percent,
                "at": instant(told.at),
                "to": [role for role, bit in ladder.TO.items() if told.to & bit],
                "hand_over": told.hand_over,
            }
            for told in one.ladder
        ],
    }
