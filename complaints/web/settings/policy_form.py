"""The form of one policy of a draft: conditions, calendar, targets, ladder. Works without JavaScript."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext, pgettext_lazy

from complaints.actions.policies import KINDS, MOST_STEPS, most_of
from complaints.models import ChannelCode, ClockKind, Severity, SlaPolicy, SlaVersion
from complaints.reference import catalogue
from complaints.sla import ladder
from complaints.web.settings import choices
from complaints.web.settings.editing import Part, SettingsForm
from core import languages
from core.actions import settings
from core.errors import InvalidInput
from core.models import Calendar, Team
from core.web.fields import Line
from core.working_time import MAX_SECONDS, TargetKind

SPARE, FEWEST = 2, 4  # rows of the ladder: empty ones behind the last, and at least so many
MINUTES, HOURS, SECONDS = "minutes", "hours", "seconds"
UNITS = {SECONDS: 1, MINUTES: 60, HOURS: 3600}
UNIT_CHOICES = [
    (MINUTES, gettext_lazy("working minutes")),
    (HOURS, gettext_lazy("working hours")),
    (TargetKind.WORKING_DAYS.value, gettext_lazy("working days")),
    (TargetKind.CALENDAR_DAYS.value, gettext_lazy("calendar days")),
]
TO_CHOICES = [
    ("owner", gettext_lazy("Owner")),
    ("lead", gettext_lazy("Lead")),
    ("manager", gettext_lazy("Manager")),
    ("deputy", gettext_lazy("Deputy")),
]
CONDITIONS = ("type", "channel", "severity", "tier", "team")
STEP = ("percent", "to", "clocks", "hand_over")
_STEP = re.compile(r"step_([0-9]{1,2})_percent", re.ASCII)


class PolicyForm(SettingsForm):
    """`row`: the draft, locked against others; `policy`: the one shown, None for a new one like `model`."""

    name = Line(label=pgettext_lazy("of a thing", "Name"), max_length=120)
    type = forms.ChoiceField(label=gettext_lazy("Type"), required=False)
    channel = forms.ChoiceField(label=gettext_lazy("Channel"), required=False)
    severity = forms.ChoiceField(label=gettext_lazy("Severity"), required=False)
    tier = Line(
        label=gettext_lazy("Customer tier"),
        max_length=40,
        required=False,
        help_text=gettext_lazy("looked at when a complaint comes in, is sorted anew or gets another customer"),
    )
    team = forms.ChoiceField(
        label=gettext_lazy("Team"),
        required=False,
        help_text=gettext_lazy("of the case; looked at whenever it goes to another team"),
    )
    calendar = forms.ChoiceField(label=gettext_lazy("Calendar"))
    reopen_mode = forms.ChoiceField(
        label=gettext_lazy("When a case is opened again"),
        choices=[
            ("resume", gettext_lazy("Go on with what is left of the target")),
            ("restart", gettext_lazy("Begin anew with the whole target")),
        ],
    )

    def __init__(
        self,
        data: Any = None,
        *,
        row: SlaVersion | None = None,
        policy: SlaPolicy | None = None,
        model: SlaPolicy | None = None,
        is_last: bool = False,
        steps: int = 0,
    ) -> None:
        self.policy, self.model, self.is_last = policy, model, is_last
        shown = policy or model
        self.step_count = steps or _step_count(data, len(shown.ladder) if shown else 0)
        super().__init__(data, row=row)
        if policy is None and model is not None:
            self.initial = {name: value for name, value in _start(model).items() if name not in ("name", *CONDITIONS)}

    def build(self) -> None:
        one: Any = self.policy or self.model
        if self.is_last:
            for name in CONDITIONS:
                del self.fields[name]
        else:
            options = {
                "type": choices.types(blank=_("any")),
                "channel": choices.anything(ChannelCode.choices),
                "severity": choices.anything(Severity.choices),
                "team": choices.teams(blank=_("any"), keep=self.policy.team_id if self.policy else None),
            }
            kept = self.policy.type_id if self.policy else None
            if kept and str(kept) not in dict(options["type"]):
                options["type"].append((str(kept), catalogue().types_by_id[kept].path))
            for name, found in options.items():
                self.fields[name].choices = found  # type: ignore[attr-defined]
        calendars = Calendar.objects.filter(is_active=True, versions__published_at__isnull=False).distinct()
        known: choices.Choices = [(str(pk), name) for pk, name in calendars.values_list("pk", "name")]
        if self.policy and str(self.policy.calendar_id) not in dict(known):
            known.append((str(self.policy.calendar_id), self.policy.calendar.name))
        self.fields["calendar"].choices = known  # type: ignore[attr-defined]
        for kind in KINDS:
            self._add_target(kind, one)
        for number in range(self.step_count):
            self._add_step(number)
        self.parts = self._parts()

    def _add_target(self, kind: str, one: SlaPolicy | None) -> None:
        target = one.targets.get(kind) if one else None
        units = list(UNIT_CHOICES)
        if (target and target["kind"] == TargetKind.WORKING_SECONDS and target["value"] % 60) or self.data.get(
            f"{kind}_unit"
        ) == SECONDS:
            units.insert(0, (SECONDS, gettext_lazy("working seconds")))
        label = ClockKind(kind).label
        self.fields[f"{kind}_amount"] = forms.IntegerField(
            label=label, required=False, min_value=1, max_value=MAX_SECONDS
        )
        self.fields[f"{kind}_unit"] = forms.ChoiceField(
            label=_("%(clock)s: counted in") % {"clock": label}, choices=units, initial=HOURS
        )

    def _add_step(self, number: int) -> None:
        percent = forms.IntegerField(
            label=_("Step %(number)d: percent of the target") % {"number": number + 1},
            required=False,
            min_value=1,
            max_value=ladder.MOST_PERCENT,
        )
        to = forms.MultipleChoiceField(
            label=_("Step %(number)d: tell") % {"number": number + 1},
            choices=TO_CHOICES,
            required=False,
            widget=forms.CheckboxSelectMultiple,
        )
        clocks = forms.MultipleChoiceField(
            label=_("Step %(number)d: of these clocks only") % {"number": number + 1},
            choices=[(kind, ClockKind(kind).label) for kind in KINDS],
            required=False,
            widget=forms.CheckboxSelectMultiple,
        )
        hand_over = forms.BooleanField(label=_("Step %(number)d: hand over") % {"number": number + 1}, required=False)
        for name, field in zip(STEP, (percent, to, clocks, hand_over), strict=True):
            self.fields[f"step_{number}_{name}"] = field

    def _parts(self) -> tuple[Part, ...]:
        targets = tuple(f"{kind}_{part}" for kind in KINDS for part in ("amount", "unit"))
        found = (
            []
            if self.is_last
            else [
                Part(
                    _("Conditions"),
                    CONDITIONS,
                    _("All that is set has to be true; left open it matches anything."),
                    "grid",
                )
            ]
        )
        return (
            *found,
            Part(
                pgettext("deadlines", "Targets"),
                ("calendar", *targets),
                _(
                    "Without a number there is no such clock. Minutes and hours stand still while we wait on the "
                    "customer, days go on."
                ),
                "pairs",
            ),
            Part(_("When a case is opened again"), ("reopen_mode",)),
            Part(
                _("Whom a deadline tells"),
                tuple(f"step_{number}_{name}" for number in range(self.step_count) for name in STEP),
                _("In working time; 100 % is the deadline itself. Without a choice of clocks a step holds for all."),
                "ladder",
            ),
        )

    @property
    def steps(self) -> list[dict[str, Any]]:
        """The rows of the ladder as the template shows them."""
        return [
            {"number": number + 1, **{name: self[f"step_{number}_{name}"] for name in STEP}}
            for number in range(self.step_count)
        ]

    def clean(self) -> dict[str, Any]:
        """A number that is too large in its unit stands at its own field."""
        given: dict[str, Any] = super().clean() or self.cleaned_data
        for kind in KINDS:
            amount, unit = given.get(f"{kind}_amount"), given.get(f"{kind}_unit")
            if amount and unit:
                most = most_of(TargetKind.WORKING_SECONDS if unit in UNITS else unit) // UNITS.get(unit, 1)
                if amount > most:
                    said = _("At most %(most)s: a hundred years.") % {"most": languages.number(most)}
                    self.add_error(f"{kind}_amount", said)
        return given

    def start(self, row: Any) -> dict[str, Any]:
        return _start(self.policy) if self.policy else {}

    def also(self) -> str:
        """The policy as it is stored now; empty once it is gone."""
        if self.policy is None:
            return ""
        found = SlaPolicy.objects.filter(pk=self.policy.pk).first()
        return settings.fingerprint(found) if found else ""

    def compare(self, stored: SettingsForm) -> None:
        found = SlaPolicy.objects.filter(pk=self.policy.pk).first() if self.policy else None
        if found is not None and isinstance(self.row, SlaVersion):
            steps = max(self.step_count, len(found.ladder))
            super().compare(PolicyForm(row=self.row, policy=found, is_last=self.is_last, steps=steps))

    @property
    def values(self) -> dict[str, Any]:
        """What the action takes. Raises InvalidInput for a ladder that is half filled in."""
        given = self.cleaned_data
        plain = ("name", "reopen_mode") if self.is_last else ("name", "reopen_mode", "channel", "severity", "tier")
        found = {name: given[name] for name in plain}
        if not self.is_last:
            found["type"] = catalogue().types_by_id[int(given["type"])] if given["type"] else None
            found["team"] = Team.objects.get(pk=given["team"]) if given["team"] else None
        found["calendar"] = Calendar.objects.get(pk=given["calendar"])
        found["targets"] = {
            kind: _target(given[f"{kind}_amount"], given[f"{kind}_unit"]) for kind in KINDS if given[f"{kind}_amount"]
        }
        found["ladder"] = [step for number in range(self.step_count) if (step := self._step(number))]
        return found

    def _step(self, number: int) -> dict[str, Any] | None:
        percent, to, clocks, hand_over = (self.cleaned_data[f"step_{number}_{name}"] for name in STEP)
        if percent is None:
            if to or clocks or hand_over:
                field = f"step_{number}_percent"
                raise InvalidInput(_("Say at which percent this step stands."), code="required", field=field)
            return None
        step: dict[str, Any] = {"percent": percent, "to": to}
        if clocks:
            step["clocks"] = clocks
        return {**step, "hand_over": True} if hand_over else step


def _step_count(data: Any, stored: int) -> int:
    """As many rows as were sent, else those stored and some empty ones."""
    sent = [int(found[1]) + 1 for name in data or () if (found := _STEP.fullmatch(name))]
    return min(MOST_STEPS, max(sent) if sent else max(FEWEST, stored + SPARE))


def _start(one: SlaPolicy) -> dict[str, Any]:
    found: dict[str, Any] = {
        name: getattr(one, name) for name in ("name", "channel", "severity", "tier", "reopen_mode")
    }
    for name in ("type", "team", "calendar"):
        found[name] = str(getattr(one, f"{name}_id") or "")
    for kind in KINDS:
        if target := one.targets.get(kind):
            found[f"{kind}_amount"], found[f"{kind}_unit"] = _amount(target)
    for number, step in enumerate(one.ladder):
        for name in STEP:
            found[f"step_{number}_{name}"] = step.get(name)
    return found


def _amount(target: dict[str, Any]) -> tuple[int, str]:
    """A target in the largest unit that says it in whole numbers."""
    if target["kind"] != TargetKind.WORKING_SECONDS:
        return target["value"], target["kind"]
    unit = next(name for name in (HOURS, MINUTES, SECONDS) if target["value"] % UNITS[name] == 0)
    return target["value"] // UNITS[unit], unit


def _target(amount: int, unit: str) -> dict[str, Any]:
    if unit in UNITS:
        return {"kind": TargetKind.WORKING_SECONDS.value, "value": amount * UNITS[unit]}
    return {"kind": unit, "value": amount}
