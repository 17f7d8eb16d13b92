"""Routing rules: an ordered list, the first that matches names the team; and who would get it now (domain, Complaint
2)."""

from __future__ import annotations

from functools import partial
from typing import Any

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from complaints import routing
from complaints.actions import rules as actions
from complaints.models import ChannelCode, RoutingRule, Severity
from complaints.reference import catalogue
from complaints.web.settings import choices, ordered
from complaints.web.settings.editing import SettingsForm, act, carry_out
from complaints.web.settings.frame import show
from complaints.web.settings.ordered import Ordered
from core import languages
from core.access import ADMIN, allow
from core.clock import now
from core.errors import DomainError
from core.models import Team
from core.web.parts import Chip, Empty, Link, Person

HERE = "settings_rules"


def rows() -> list[Ordered]:
    """Rules in their order. Query cost: 1."""
    found, reached = [], True
    for number, one in enumerate(_rules(), start=1):
        row = _row(number, one)
        if not reached and one.is_active:
            row.chips = [*row.chips, Chip(_("never reached"), "risk")]
        if one.is_active and one.team.is_active and not (one.type_id or one.channel or one.language or one.severity):
            reached = False
        found.append(row)
    ordered.mark_ends(found)
    return found


def _rules() -> Any:
    return RoutingRule.objects.select_related("team", "type__parent").order_by("position", "pk")


def _row(number: int, one: RoutingRule) -> Ordered:
    chips = conditions(one)
    if not one.is_active:
        chips.append(Chip(_("not in use"), "pause"))
    if not one.team.is_active:
        chips.append(Chip(_("the team is not in use"), "risk"))
    return Ordered(
        key=str(one.pk),
        name=one.team.name,
        url=reverse("settings_rule", args=[one.pk]),
        move_url=reverse("settings_rule_move", args=[one.pk]),
        chips=chips,
        number=number,
    )


def conditions(one: Any) -> list[Chip]:
    """What has to be true, as chips; anything where nothing is demanded. No query where `type` is loaded."""
    found = []
    if one.type is not None:
        found.append(Chip(_("Type: %(value)s") % {"value": one.type.path}))
    if one.channel:
        found.append(Chip(_("Channel: %(value)s") % {"value": one.get_channel_display()}))
    if one.severity:
        found.append(Chip(_("Severity: %(value)s") % {"value": one.get_severity_display()}))
    if getattr(one, "language", ""):
        found.append(Chip(_("Language: %(value)s") % {"value": languages.language_name(one.language)}))
    return found


@require_safe
@allow(ADMIN)
def index(request: HttpRequest) -> HttpResponse:
    """The rules, and the answer to a try. Query cost: 3 beside session and user, 5 more for a try."""
    form = TryForm(request.GET if "try" in request.GET else None)
    trial = form.answer() if form.is_bound else None
    if request.htmx:  # type: ignore[attr-defined]
        return render(request, "settings/_try.html", {"trial": trial})
    new_rule = Link(_("New rule"), reverse("settings_rule_new"), "plus", primary=True)
    nothing = _("Every complaint goes to the default owner until a rule sends it to a team.")
    context = {
        "rows": rows(),
        "lead": _(
            "Read from the top. The first that matches names the team; in it, whoever has the most room and "
            "speaks the language."
        ),
        "empty": Empty("nothing", _("No rules yet"), nothing, [new_rule]),
        "label": _("In this order"),
        "try_form": form,
        "trial": trial,
    }
    return show(request, "settings/rules.html", HERE, context, tools=(new_rule,))


class TryForm(forms.Form):
    """A complaint that nobody files: where would it go now?"""

    type = forms.ChoiceField(label=gettext_lazy("Type"))
    channel = forms.ChoiceField(label=gettext_lazy("Channel"), choices=ChannelCode.choices)
    language = forms.ChoiceField(label=gettext_lazy("Language"))
    severity = forms.ChoiceField(label=gettext_lazy("Severity"), choices=Severity.choices)

    def __init__(self, data: Any = None) -> None:
        super().__init__(data, auto_id="try_%s", initial={"channel": "web", "severity": Severity.MODERATE})
        self.fields["type"].choices = choices.types(blank="")[1:]  # type: ignore[attr-defined]
        self.fields["language"].choices = choices.spoken()  # type: ignore[attr-defined]

    def answer(self) -> dict[str, Any]:
        """Rule, team and person, or why there is none. Writes nothing. Query cost: at most 7."""
        if not self.is_valid():
            return {"refusal": " ".join(str(message) for found in self.errors.values() for message in found)}
        given = self.cleaned_data
        asked = {name: given[name] for name in ("channel", "language", "severity")}
        rule = routing.rule_for(type_id=int(given["type"]), **asked)
        team = routing.plan().teams.get(rule.team_id) if rule else None
        try:
            person, why = routing.foresee(team=team, language=given["language"], at=now())
        except DomainError as refusal:
            return {"refusal": str(refusal)}
        number = next((n for n, one in enumerate(_rules(), start=1) if rule and one.pk == rule.pk), None)
        words = {
            "member": _("the member with the most room who speaks the language"),
            "lead": _("the lead, because nobody in the team is here and speaks the language"),
            "default": _("the default owner"),
        }
        matched = Chip(catalogue().types_by_id[int(given["type"])].path)
        return {
            "number": number,
            "team": team,
            "person": Person.of(person.pk, str(person)),
            "why": words[why],
            "matched": matched,
        }


class RuleForm(SettingsForm):
    type = forms.ChoiceField(label=gettext_lazy("Type"), required=False)
    channel = forms.ChoiceField(label=gettext_lazy("Channel"), required=False)
    language = forms.ChoiceField(label=gettext_lazy("Language"), required=False)
    severity = forms.ChoiceField(label=gettext_lazy("Severity"), required=False)
    team = forms.ChoiceField(label=gettext_lazy("goes to team"))
    is_active = forms.BooleanField(label=gettext_lazy("In use"), required=False, initial=True)

    def build(self) -> None:
        row: Any = self.row
        options = {
            "type": choices.types(blank=_("any")),
            "channel": choices.anything(ChannelCode.choices),
            "language": choices.anything(choices.spoken([row.language] if row and row.language else None)),
            "severity": choices.anything(Severity.choices),
            "team": choices.teams(blank="" if row else _("choose"), keep=row.team_id if row else None),
        }
        if row and row.type_id and str(row.type_id) not in dict(options["type"]):
            options["type"].append((str(row.type_id), row.type.path))
        for name, found in options.items():
            self.fields[name].choices = found  # type: ignore[attr-defined]

    def start(self, row: Any) -> dict[str, Any]:
        plain = {name: getattr(row, name) for name in ("channel", "language", "severity", "is_active")}
        return {**plain, "type": str(row.type_id or ""), "team": str(row.team_id)}

    @property
    def values(self) -> dict[str, Any]:
        given = dict(super().values)
        given["team"] = Team.objects.get(pk=given["team"])
        given["type"] = catalogue().types_by_id[int(given["type"])] if given["type"] else None
        return given


@allow(ADMIN)
def new(request: HttpRequest) -> HttpResponse:
    """A rule behind all others."""
    form = RuleForm(request.POST if request.method == "POST" else None)

    def run(**who: Any) -> RoutingRule:
        return actions.create_rule(form.values, **who)

    if request.method == "POST" and (answer := carry_out(request, form, run, done=_("Rule made"), go=reverse(HERE))):
        return answer
    context = {"form": form, "lead": _("All that is set has to be true."), "back": Link(_("Cancel"), reverse(HERE))}
    return show(request, "settings/form.html", HERE, context, title=_("New rule"), status=form.http_status)


@allow(ADMIN)
def rule(request: HttpRequest, rule_id: int) -> HttpResponse:
    """Change one rule."""
    one = _find(rule_id)
    form = RuleForm(request.POST if request.method == "POST" else None, row=one)

    def run(**who: Any) -> RoutingRule:
        return actions.change_rule(one, form.values, **who)

    if request.method == "POST" and (answer := carry_out(request, form, run, done=_("Saved"), go=reverse(HERE))):
        return answer
    remove = {
        "url": reverse("settings_rule_remove", args=[one.pk]),
        "button": _("Remove the rule"),
        "danger": True,
        "hint": _("Complaints it has sent stay where they are. What it said stays on the trail."),
    }
    context = {
        "form": form,
        "lead": _("All that is set has to be true."),
        "back": Link(_("Cancel"), reverse(HERE)),
        "others": [remove],
    }
    title = _("Rule for %(team)s") % {"team": one.team}
    return show(request, "settings/form.html", HERE, context, title=title, status=form.http_status)


@require_POST
@allow(ADMIN)
def remove(request: HttpRequest, rule_id: int) -> HttpResponse:
    """Take a rule away."""
    return act(request, partial(actions.remove_rule, _find(rule_id)), done=_("Rule removed"), go=reverse(HERE))


@require_POST
@allow(ADMIN)
def move(request: HttpRequest, rule_id: int) -> HttpResponse:
    """Change places with the neighbour."""
    run = partial(actions.move_rule, _find(rule_id))
    return ordered.move(request, run, rows, label=_("In this order"), go=reverse(HERE))


def _find(rule_id: int) -> RoutingRule:
    found = _rules().filter(pk=rule_id).first()
    if found is None:
        raise Http404
    return found  # type: ignore[no-any-return]
