"""The head of every dashboard page: period, comparison, filters, in a form that works without JavaScript."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from core.models import User
from core.web.parts import Applied, Link
from metrics.figures.base import Figure
from metrics.web.dashboard import spans
from metrics.web.dashboard.asking import NO_COMPARISON, PREVIOUS, YEAR_BEFORE, Asked, query
from metrics.web.dashboard.filters import LABELS, OFFERED, choices

COMPARE = (
    (PREVIOUS, gettext_lazy("the period before")),
    (YEAR_BEFORE, gettext_lazy("the year before")),
    (NO_COMPARISON, gettext_lazy("nothing")),
)


class AskForm(forms.Form):
    """What a page is asked for, as fields. It only shows: the reading of a URL is `asking.ask`."""

    period = forms.ChoiceField(label=gettext_lazy("Period"), choices=[], required=False, widget=forms.RadioSelect)
    since = forms.CharField(
        label=pgettext_lazy("a date", "From"), required=False, widget=forms.DateInput(attrs={"type": "date"})
    )
    until = forms.CharField(
        label=pgettext_lazy("a date", "To, included"), required=False, widget=forms.DateInput(attrs={"type": "date"})
    )
    compare = forms.ChoiceField(label=gettext_lazy("Compared with"), required=False, choices=COMPARE)
    time_zone = forms.ChoiceField(label=gettext_lazy("Time zone"), required=False)

    def __init__(
        self, initial: dict[str, str], figure: Figure | None, viewer: User, offered: Sequence[str] = OFFERED
    ) -> None:
        super().__init__(initial=initial)
        self.fields["period"].choices = list(spans.PRESETS.items())  # type: ignore[attr-defined]
        self.fields["time_zone"].choices = _zones(viewer, initial.get("time_zone", ""))  # type: ignore[attr-defined]
        listed, anything = choices(), [("", _("any"))]
        for name in offered:
            if figure is not None and name not in figure.filters:
                continue
            if name in listed:
                value, known = initial.get(name, ""), [*anything, *listed[name]]
                other = [] if value in dict(known) else [(value, value)]  # what cannot be stays, to be mended
                field: forms.Field = forms.ChoiceField(choices=[*known, *other], required=False)
            else:
                field = forms.CharField(required=False)
            field.label = str(LABELS[name])
            self.fields[name] = field

    def add_prefix(self, field_name: str) -> str:
        """`from` and `to` are words of Python, and of the URL."""
        return {"since": "from", "until": "to"}.get(field_name, field_name)


def head_of(
    request: HttpRequest,
    asked: Asked,
    figure: Figure | None,
    trouble: tuple[str, str] | None = None,
    offered: Sequence[str] = OFFERED,
) -> dict[str, Any]:
    """The context of templates/dashboard/_head.html. `trouble`: (field, message) of a URL that could not be read;
    `offered`: the filters of the form."""
    viewer: User = request.user  # type: ignore[assignment]
    typed = {name: str(value)[:200] for name, value in request.GET.items()}
    initial = typed if trouble else asked.params(figure)
    initial.setdefault("period", asked.period)
    period = asked.scope.period
    initial["since"] = initial.get("from") or (period.since.isoformat() if period else "")
    initial["until"] = initial.get("to") or (period.until.isoformat() if period else "")
    initial.setdefault("compare", asked.compare)
    initial.setdefault("time_zone", asked.scope.zone.key)
    if trouble and not request.GET.get("period") and (initial.get("from") or initial.get("to")):
        initial["period"] = spans.CHOSEN
    form = AskForm(initial, figure, viewer, offered)
    errors = []
    if trouble:
        field = {"from": "since", "to": "until"}.get(trouble[0], trouble[0])
        target = form[field].id_for_label or f"id_{field}_0" if field in form.fields else ""
        errors = [(target, trouble[1])]
    return {
        "form": form,
        "errors": errors,
        "presets": _presets(request, asked, figure),
        "choosing": asked.period == spans.CHOSEN or bool(trouble),
        "period_words": asked.period_words(),
        "zone_words": asked.scope.zone.key.replace("_", " "),
        "comparison_words": asked.comparison_words(),
        "applied": _applied(request, asked, figure),
        "clear_url": request.path,
        "kept": _kept(asked, figure, offered),
        "around": _around(asked, figure),
    }


def _presets(request: HttpRequest, asked: Asked, figure: Figure | None) -> list[Link]:
    """The segments; `choose` opens the dates of the period just shown."""
    links = []
    for name, words in spans.PRESETS.items():
        params = {key: value for key, value in asked.params(figure).items() if key not in ("period", "from", "to")}
        if asked.group_by:
            params["group_by"] = asked.group_by
        if name == spans.CHOSEN:
            period = asked.scope.period
            dates = {"from": period.since.isoformat(), "to": period.until.isoformat()} if period else {}
            params = {"period": name, **dates, **params}
        else:
            params = {"period": name, **params}
        links.append(Link(str(words), request.path + query(params), current=name == asked.period))
    return links


def _applied(request: HttpRequest, asked: Asked, figure: Figure | None) -> list[Applied]:
    params = asked.params(figure)
    return [
        Applied(label, value, request.path + query({key: v for key, v in params.items() if key != name}))
        for name, label, value in asked.filter_words()
    ]


def _kept(asked: Asked, figure: Figure | None, offered: Sequence[str]) -> list[tuple[str, str]]:
    """What the form passes on without showing it."""
    params = asked.params(figure)
    shown = {"period", "from", "to", "compare", "time_zone", *offered}
    found = [(name, value) for name, value in params.items() if name not in shown]
    return [*found, ("group_by", asked.group_by)] if asked.group_by else found


def _around(asked: Asked, figure: Figure | None) -> list[tuple[str, str]]:
    """What the form of two dates passes on: everything else."""
    params = asked.params(figure) | ({"group_by": asked.group_by} if asked.group_by else {})
    return [(name, value) for name, value in params.items() if name not in ("period", "from", "to")]


def _zones(viewer: User, current: str) -> list[tuple[str, str]]:
    """The house's zone, one's own, UTC and the one in force; any other by the URL."""
    names = dict.fromkeys([settings.TIME_ZONE, viewer.time_zone, "UTC", current[:64]])
    return [(name, name.replace("_", " ")) for name in names if name]
