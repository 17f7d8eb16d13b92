"""The form of one macro: names and texts in five languages, for whom it is, what it does beside."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django import forms
from django.conf import settings as house
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from complaints.actions import macro_steps
from complaints.actions import macros as actions
from complaints.actions.macros import ALL, OWN, TEAM, Draft
from complaints.macros import LONGEST
from complaints.models import ActKind, ComplaintType, Macro, Severity
from complaints.models.words import PURPOSES, REPLY
from complaints.web.one.forms import Key, owner_choices, type_choices
from complaints.web.settings import choices
from complaints.web.settings.editing import CODES, SettingsForm
from core import languages
from core.errors import DomainError
from core.models import Team, User
from core.web.fields import Line, Paragraphs, PlainSelect

STEP_FIELDS = ("type", "severity", "owner", "days", "reason")  # of a step, in the order of the form
CIRCLES = {OWN: gettext_lazy("Only me"), TEAM: gettext_lazy("A team"), ALL: gettext_lazy("Everybody")}


class MacroForm(SettingsForm):
    """`user`: who makes or changes it. `do`: save it, or only look at it."""

    do = forms.ChoiceField(
        widget=forms.HiddenInput, required=False, choices=[("save", ""), ("look", "")], initial="save"
    )
    purpose = forms.ChoiceField(label=gettext_lazy("What it is"), choices=PURPOSES, initial=REPLY)
    acts = forms.MultipleChoiceField(
        label=gettext_lazy("Comes with it"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        choices=[(kind, ActKind(kind).label) for kind in actions.ACTS],
        help_text=gettext_lazy("on the timeline beside the reply"),
    )
    circle = forms.ChoiceField(label=gettext_lazy("For whom"))
    team = forms.ChoiceField(label=gettext_lazy("Team"), required=False)
    types = forms.MultipleChoiceField(
        label=gettext_lazy("For complaints about"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy("none: for all; where they fit, the macro is offered first"),
    )
    is_active = forms.BooleanField(label=gettext_lazy("In use"), required=False, initial=True)

    def __init__(self, data: Any = None, *, user: User, row: Macro | None = None) -> None:
        self.user = user
        super().__init__(data, row=row)

    def again(self, row: Any) -> MacroForm:
        return MacroForm(user=self.user, row=row)

    def build(self) -> None:
        macro: Macro | None = self.row  # type: ignore[assignment]
        for code in CODES:
            self._add_language(code)
        offered = actions.circles_for(self.user)
        if macro is not None and actions.circle_of(macro) not in offered:
            offered = [actions.circle_of(macro), *offered]
        self.fields["circle"].choices = [(key, CIRCLES[key]) for key in offered]  # type: ignore[attr-defined]
        self.fields["circle"].initial = offered[0] if offered else OWN
        if TEAM in offered:
            self.fields["team"].choices = self._teams(macro)  # type: ignore[attr-defined]
        else:
            del self.fields["team"]
        known = choices.types(blank="")[1:]
        kept = [(str(one.pk), one.path) for one in macro.types.select_related("parent")] if macro else []
        known += [one for one in kept if one not in known]
        self.fields["types"].choices = known  # type: ignore[attr-defined]
        if macro is None:
            del self.fields["is_active"]
        self._add_steps()

    def _add_language(self, code: str) -> None:
        name = Line(label=_("Name"), max_length=actions.LONGEST_NAME, required=False)
        text = Paragraphs(label=_("Text"), max_length=LONGEST, required=False, rows=10)
        text.widget.attrs |= {
            "hx-post": reverse("settings_macro_look", args=[code]),
            "hx-trigger": "input delay:400ms, focus",
            "hx-target": "#look",
            "hx-sync": "this:replace",
        }
        for prefix, field in (("name", name), ("text", text)):
            field.widget.attrs["lang"] = code
            self.fields[f"{prefix}_{code}"] = field

    def _teams(self, macro: Macro | None) -> choices.Choices:
        found = choices.teams(blank=_("choose"), keep=macro.team_id if macro else None)
        if self.user.is_manager or self.user.is_admin:
            return found
        own = {"", *(str(pk) for pk in self.user.led_team_ids), *([str(macro.team_id)] if macro else [])}
        return [(key, name) for key, name in found if key in own]

    def _add_steps(self) -> None:
        reason = gettext_lazy("Reason")
        for step in macro_steps.STEPS.values():
            self.fields[f"do_{step.key}"] = forms.BooleanField(label=step.title, required=False)  # type: ignore[arg-type]
            for name in STEP_FIELDS:
                if name not in step.fields:
                    continue
                field: forms.Field
                if name == "type":
                    field = Key(label=_("Type"), required=False, widget=PlainSelect)
                    field.choices = [("", _("as it is")), *type_choices()]
                elif name == "severity":
                    field = Key(label=_("Severity"), required=False, widget=PlainSelect)
                    field.choices = [("", _("as it is")), *Severity.choices]
                elif name == "owner":
                    field = Key(label=_("New owner"), required=False, widget=PlainSelect)
                    field.choices = [("", _("choose")), *owner_choices()]
                elif name == "days":
                    field = forms.IntegerField(
                        label=_("Days"), required=False, min_value=0, max_value=macro_steps.MOST_DAYS,
                        help_text=_("empty: until the customer writes"),
                    )  # fmt: skip
                else:
                    label = _("What we are waiting for") if step.key == "wait" else reason
                    field = Line(label=label, required=False, max_length=macro_steps.LONGEST_REASON)
                self.fields[f"{step.key}_{name}"] = field

    def start(self, row: Any) -> dict[str, Any]:
        version = row.current
        found: dict[str, Any] = {
            "purpose": version.purpose,
            "acts": version.acts,
            "circle": actions.circle_of(row),
            "team": str(row.team_id or ""),
            "types": [str(pk) for pk in row.types.values_list("pk", flat=True)],
            "is_active": row.is_active,
            "do": "save",
        }
        for code in CODES:
            found[f"name_{code}"], found[f"text_{code}"] = row.names.get(code, ""), version.texts.get(code, "")
        if not row.names:
            found[f"name_{house.LANGUAGE_CODE}"] = row.name
        for one in version.does:
            found[f"do_{one['action']}"] = True
            for name, value in one["values"].items():
                found[f"{one['action']}_{name}"] = value or ""
        return found

    def also(self) -> str:
        return ",".join(sorted(str(pk) for pk in self.row.types.values_list("pk", flat=True))) if self.row else ""  # type: ignore[attr-defined]

    @property
    def steps(self) -> list[tuple[Any, list[Any]]]:
        """Each step's tick with its own fields, for the template."""
        return [
            (self[f"do_{step.key}"], [self[f"{step.key}_{name}"] for name in STEP_FIELDS if name in step.fields])
            for step in macro_steps.STEPS.values()
        ]

    @property
    def panels(self) -> list[tuple[str, str, Any, Any]]:
        """Language, its own name, the fields of name and text."""
        return [
            (code, languages.own_name(code).capitalize(), self[f"name_{code}"], self[f"text_{code}"]) for code in CODES
        ]

    @property
    def shown_first(self) -> str:
        """The language whose panel is open: one with an error, else the reader's own or the first with a text."""
        for code in CODES:
            if self[f"text_{code}"].errors or self[f"name_{code}"].errors:
                return code
        own = languages.code()
        filled = [code for code in CODES if self[f"text_{code}"].value()]
        return own if own in filled or not filled else filled[0]

    @property
    def texts(self) -> dict[str, str]:
        return {code: str(self[f"text_{code}"].value() or "") for code in CODES}

    @property
    def values(self) -> dict[str, Any]:
        """What the action takes: the fields of Draft, and `is_active`."""
        given = self.cleaned_data
        key = given.get("team") or ""
        found: dict[str, Any] = {
            "names": {code: given[f"name_{code}"] for code in CODES if given[f"name_{code}"]},
            "texts": {code: given[f"text_{code}"] for code in CODES if given[f"text_{code}"].strip()},
            "purpose": given["purpose"],
            "acts": given["acts"],
            "does": self._does(),
            "types": list(ComplaintType.objects.filter(pk__in=given["types"])),
            "circle": given["circle"],
            "team": Team.objects.filter(pk=key).first() if key else None,
        }
        if "is_active" in self.fields:
            found["is_active"] = given["is_active"]
        return found

    @property
    def draft(self) -> Draft:
        return Draft(**self.values)

    def _does(self) -> list[dict[str, Any]]:
        """The steps ticked: those it had in the order they had, new ones behind them."""
        had = [one["action"] for one in self.row.current.does] if self.row else []  # type: ignore[attr-defined]
        ticked = [key for key in macro_steps.STEPS if self.cleaned_data[f"do_{key}"]]
        ordered = [key for key in had if key in ticked] + [key for key in ticked if key not in had]
        fields = {key: macro_steps.STEPS[key].fields for key in ordered}
        return [
            {"action": key, "values": {name: self.cleaned_data[f"{key}_{name}"] for name in fields[key]}}
            for key in ordered
        ]

    @contextmanager
    def refusals(self) -> Iterator[None]:
        """As of every form; what is wrong with a text stands at that text."""
        with super().refusals():
            try:
                yield
            except DomainError as refusal:
                field = refusal.field or ""
                if field.startswith("texts."):
                    refusal.field = f"text_{field.removeprefix('texts.')}"
                elif field in ("names", "texts"):
                    refusal.field = f"{field.removesuffix('s')}_{self.shown_first}"
                raise
