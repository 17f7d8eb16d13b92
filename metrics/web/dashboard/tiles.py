"""A figure as a tile: its value, how sure we are, where it was, of how many, how it went (design, principle 6).

Query cost: one for the value, one for what it is compared with, one for its run over time where that does not add up to
the value.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core import languages
from core.errors import InvalidInput
from core.web.parts import Explain, Part
from metrics import periods
from metrics.charts import lines
from metrics.charts.geometry import Value
from metrics.figures import figures
from metrics.figures.base import COUNT, HOURS, PERCENT, POINTS, Figure, Group, Measure, Scope
from metrics.targets import aimed_at
from metrics.web.dashboard import spans, wording
from metrics.web.dashboard.asking import Asked
from metrics.web.dashboard.filters import LABELS

Text = str | Promise
UNRIPE_SHARE = 0.1  # a week of which more than this is still open says little yet
WITH_INTERVAL = (PERCENT, POINTS)

HEADLINES: tuple[tuple[Text, str], ...] = (
    (gettext_lazy("Service"), "resolution-rate"),
    (gettext_lazy("Satisfaction"), "nps"),
    (gettext_lazy("Retention"), "retention-rate"),
    (gettext_lazy("Loyalty"), "repeat-purchase-rate"),
)
OTHERS: tuple[tuple[Text, tuple[str, ...]], ...] = (
    (
        gettext_lazy("Service"),
        (
            "sla-compliance",
            "first-response-time",
            "word-for-word",
            "time-to-resolve",
            "complaints-received",
            "backlog-age",
            "acceptance-rate",
            "escalation-rate",
            "promises-kept",
            "remedies-granted",
        ),
    ),
    (gettext_lazy("Satisfaction"), ("csat", "response-rate")),
    (gettext_lazy("Retention"), ("churn-rate", "average-order-value", "customer-lifetime-value")),
)


@dataclass(frozen=True, slots=True)
class Answer:
    """What was computed for one figure. `before`: None where there is nothing to compare with."""

    figure: Figure
    measure: Measure
    before: Measure | None
    run: Sequence[Group]


@dataclass(slots=True)
class Tile(Part):
    """See templates/charts/_figure.html and templates/dashboard/_measure.html."""

    code: str
    name: str
    value: str
    unit: str
    url: str
    rows_url: str
    n: str
    definition: str
    pillar: str = ""
    trend: str = ""
    direction: str = "flat"
    tone: str = ""
    before: str = ""
    between: str = ""
    caveat: str = ""
    more: Sequence[str] = ()
    spark: lines.Spark | None = None
    interval: lines.Interval | None = None
    explain: Explain | None = None


@dataclass(slots=True)
class Block(Part):
    """Figures of one pillar under its name."""

    title: str
    tiles: list[Tile] = field(default_factory=list)


def answer(code: str, asked: Asked, *, run: bool = True) -> Answer:
    """Query cost: 1, and 1 for the comparison, and 1 for the run over time where it does not add up to the value."""
    figure = figures[code]
    scope = asked.scope_for(figure)
    compared = asked.compared(scope)
    measure, groups = with_run(figure, scope, asked.unit) if run else (figure.measure(scope), ())
    return Answer(figure=figure, measure=measure, before=figure.measure(compared) if compared else None, run=groups)


def with_run(figure: Figure, scope: Scope, unit: str) -> tuple[Measure, Sequence[Group]]:
    """The figure and its run over time, see `run_of`. Query cost: 2, or 1 where the run adds up to the figure."""
    if figure.runs and unit in figure.groupings:
        with contextlib.suppress(InvalidInput):
            return figure.both(scope, unit)
    return figure.measure(scope), ()


def run_of(figure: Figure, scope: Scope, unit: str) -> Sequence[Group]:
    """The figure over time; nothing where it has no such run, or needs both ends of a period. Query cost: 1."""
    try:
        return figure.groups(scope, unit) if figure.runs and unit in figure.groupings else ()
    except InvalidInput:
        return ()


def tile_of(found: Answer, asked: Asked, pillar: str = "") -> Tile:
    """The tile of an answer. No query."""
    figure, measure = found.figure, found.measure
    scope = asked.scope_for(figure)
    value, unit, more = wording.headline(figure, measure)
    change = wording.change(figure, measure, found.before)
    before = asked.compared_words(wording.text(figure, found.before)) if found.before else ""
    definition = figure.definition(scope)
    tile = Tile(
        code=figure.code,
        pillar=pillar,
        name=figure.title(scope),
        value=value,
        unit=unit,
        url=asked.url(figure),
        rows_url=asked.rows_url(figure),
        n=_("n = %(n)s") % {"n": languages.number(measure.n)},
        definition=definition,
        trend=change.text,
        direction=change.direction,
        tone=change.tone,
        before=before,
        between=wording.between(figure, measure),
        caveat=" ".join(_caveats(found, asked)),
        more=[*more, *_details(figure, measure)],
        spark=spark_of(found.run, figure, asked),
        interval=_interval(found),
    )
    facts = [
        ("n", languages.number(measure.n)),
        (_("Interval"), tile.between),
        (_("Before"), wording.text(figure, found.before) if found.before else ""),
        (_("Change"), tile.trend),
        (_("Target"), target_of(figure, asked)),
    ]
    note = " ".join([definition, tile.caveat]).strip()
    tile.explain = Explain(f"d-{figure.code}", tile.name, [one for one in facts if one[1]], note)
    return tile


def target_of(figure: Figure, asked: Asked) -> str:
    """What it is aimed at, in words; "" where it has no target. No query beside what memory renews."""
    target = aimed_at(figure, asked.scope.basis, asked.scope.kind)
    return "" if target is None else wording.aim(figure, target)


def ripe(run: Sequence[Group], figure: Figure, asked: Asked) -> int:
    """How many buckets from the start are ripe. Not the last ones of which much can still change; of a figure that
    grows, those that are not over or only partly asked for."""
    count = len(run)
    if figure.grows:
        end = asked.scope.as_of_day - timedelta(days=1)
        if asked.scope.until is not None:
            end = min(end, asked.scope.until)
        while count and periods.bucket(spans.first_day(run[count - 1].key, asked.unit), asked.unit).until > end:
            count -= 1
        return count
    while count and _unripe(run[count - 1].measure):
        count -= 1
    return count if any(group.measure.immature for group in run[count:]) else len(run)


def spark_of(run: Sequence[Group], figure: Figure, asked: Asked) -> lines.Spark:
    run = [group for group in run if group.key != "-"]
    return lines.spark(
        values_of(run, figure),
        [_float(group.measure.low) for group in run],
        [_float(group.measure.high) for group in run],
        ripe=ripe(run, figure, asked),
    )


def values_of(run: Sequence[Group], figure: Figure) -> list[Value]:
    """The values of a run; of money those of its first currency."""
    if figure.unit != "money":
        return [_float(group.measure.value) for group in run]
    code = next((code for group in run for code in (group.measure.values or {}) if code.isupper()), "")
    return [_float((group.measure.values or {}).get(code)) for group in run]


def _unripe(measure: Measure) -> bool:
    return measure.n == 0 or measure.immature > UNRIPE_SHARE * max(measure.n, measure.immature)


def _interval(found: Answer) -> lines.Interval | None:
    measure = found.measure
    if found.figure.unit not in WITH_INTERVAL or measure.value is None or measure.low is None or measure.high is None:
        return None
    before = None if found.before is None else _float(found.before.value)
    return lines.interval(float(measure.value), float(measure.low), float(measure.high), before)


def _details(figure: Figure, measure: Measure) -> list[str]:
    """Beside a median: how long nine of ten took, and both in working time."""
    values = measure.values or {}
    if figure.unit != HOURS or measure.value is None:
        return []
    found = [(_("nine of ten within %(time)s"), values.get("p90"))]
    found += [(_("%(time)s in working time"), values.get("median_working"))]
    return [words % {"time": wording.hours(value)} for words, value in found if value is not None]


def _caveats(found: Answer, asked: Asked) -> list[str]:
    words = []
    if found.measure.immature and found.figure.unit == PERCENT:
        words.append(_("Can still change: %(n)s.") % {"n": languages.number(found.measure.immature)})
    if left_out := asked.ignored(found.figure):
        names = ", ".join(str(LABELS[name]) for name in left_out)
        words.append(_("Not narrowed by: %(filters)s.") % {"filters": names})
    if found.figure.unit == COUNT and not found.figure.better:
        words.append(_("Fewer is not by itself good news: perhaps people cannot complain."))
    return words


def _float(value: object) -> Value:
    return None if value is None else float(value)  # type: ignore[arg-type]
