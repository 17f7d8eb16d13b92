"""The dashboard's charts: figures in, geometry and tables out (ux, Manager's dashboard). Query cost: stated at each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from complaints.models import ChannelCode
from core import languages
from core.web.parts import Cell, Column, Link, Part
from metrics.charts import bars, heat, lines, shares
from metrics.figures import figures
from metrics.figures.base import HOURS, MONEY, PERCENT, POINTS, Figure, Group, Measure, Number
from metrics.periods import MONTH
from metrics.targets import aimed_at
from metrics.web.dashboard import spans, wording
from metrics.web.dashboard.asking import Asked
from metrics.web.dashboard.filters import label
from metrics.web.dashboard.tiles import ripe, values_of


@dataclass(slots=True)
class Table(Part):
    """The same numbers as a chart (templates/charts/_as_table.html)."""

    columns: list[Column]
    rows: list[list[Cell]]
    caption: str = ""


@dataclass(slots=True)
class Panel(Part):
    """One chart with its head (templates/dashboard/_panel.html). `kind`: the partial under templates/charts."""

    key: str
    kind: str
    title: str
    note: str = ""
    chart: Any = None
    table: Table | None = None
    foot: str = ""
    texts: dict[str, Any] = field(default_factory=dict)
    link: Link | None = None


# --- over time --------------------------------------------------------------------------------------------------------


def over_time(asked: Asked, figure: Figure, run: Sequence[Group], accepted: Sequence[Group]) -> Panel:
    """The resolution rate by receipt: as decided, as accepted, its target, what is still open. No query."""
    second = list(accepted) if len(accepted) == len(run) else []
    chart = line_of(asked, figure, run, [(_("as decided"), run), *([(_("as accepted"), second)] if second else [])])
    ns = [group.measure.n for group in run]
    note = _("per cent, n = %(low)s to %(high)s") % {
        "low": languages.number(min(ns, default=0)),
        "high": languages.number(max(ns, default=0)),
    }
    table = Table(
        [Column(_step_name(asked)), *(Column(words, end=True) for words in (_("Decided"), _("Accepted"), "n"))],
        [
            [
                Cell(spans.long(group.key, asked.unit), "head", url=_bucket_url(asked, figure, group)),
                Cell(wording.whole(figure, group.measure.value), "num"),
                Cell(wording.whole(figure, second[i].measure.value) if second else languages.DASH, "num"),
                Cell(languages.number(group.measure.n), "num"),
            ]
            for i, group in _dated(run)
        ],
    )
    title = _by_receipt(asked.unit)
    return Panel("resolution", "line", title, note, chart, table, texts=_line_texts(title))


def trend(asked: Asked, figure: Figure, run: Sequence[Group]) -> Panel:
    """One figure over time, with its interval. No query."""
    chart = line_of(asked, figure, run, [("", run)])
    table = Table(
        [
            Column(_step_name(asked)),
            Column(figure.title(), end=True),
            Column(_("Interval"), end=True),
            Column("n", True),
        ],
        [
            [
                Cell(spans.long(group.key, asked.unit), "head", url=_bucket_url(asked, figure, group)),
                Cell(wording.text(figure, group.measure), "num"),
                Cell(between(figure, group.measure), "num"),
                Cell(languages.number(group.measure.n), "num"),
            ]
            for _i, group in _dated(run)
        ],
    )
    texts = _line_texts(figure.title(), _("not over yet") if figure.grows else "")
    return Panel("trend", "line", _("Over time"), "", chart, table, texts=texts)


def line_of(
    asked: Asked, figure: Figure, run: Sequence[Group], named: Sequence[tuple[str, Sequence[Group]]]
) -> lines.LineChart:
    """The runs as lines; with one line its interval is a band behind it."""
    dated = [group for _i, group in _dated(run)]
    unit = wording.axis_hours([v for v in values_of(dated, figure) if v is not None]) if figure.unit == HOURS else None
    series = []
    for words, groups in named:
        own = [group for _i, group in _dated(groups)]
        band = len(named) == 1 and figure.unit in (PERCENT, POINTS)
        series.append(
            lines.Series(
                [v if v is None or unit is None else v / unit[0] for v in values_of(own, figure)],
                words,
                [_value(group.measure.low) for group in own] if band else (),
                [_value(group.measure.high) for group in own] if band else (),
            )
        )
    percent = figure.unit == PERCENT
    target = aimed_at(figure, asked.scope.basis, asked.scope.kind)
    return lines.line_chart(
        series,
        [spans.short(group.key, asked.unit) for group in dated],
        word=lambda value: _tick(figure, value, unit[1] if unit else ""),
        titles=[_hit_title(asked, figure, group) for group in dated],
        urls=[_bucket_url(asked, figure, group) for group in dated],
        target=target if target is None or unit is None else target / unit[0],
        target_label="" if target is None else _("target %(share)s") % {"share": wording.aim(figure, target)},
        ripe=ripe(dated, figure, asked),
        floor_at=-100 if figure.unit == POINTS else 0,
        ceil_at=100 if percent or figure.unit == POINTS else None,
    )


def nps(asked: Asked, months: Sequence[Group]) -> Panel:
    """The score by month with its interval, and the three shares. No query."""
    figure = figures["nps"]
    dated = [group for _i, group in _dated(months)]
    chart = shares.share_chart([_month(asked, figure, group) for group in dated], word=lambda v: wording.signed(v))
    last = next((group.measure for group in reversed(dated) if group.measure.value is not None), None)
    names = {"promoter": _("promoters"), "passive": _("passives"), "detractor": _("detractors")}
    table = Table(
        [
            Column(_("Month")),
            *(
                Column(words, end=True)
                for words in ("NPS", _("Interval"), _("Detractors"), _("Passives"), _("Promoters"), "n")
            ),
        ],
        [
            [
                Cell(spans.long(group.key, MONTH), "head", url=_bucket_url(asked, figure, group, MONTH)),
                Cell(wording.bare(figure, group.measure.value), "num"),
                Cell(between(figure, group.measure), "num"),
                *(Cell(_share_words(group.measure, part), "num") for part in ("detractors", "passives", "promoters")),
                Cell(languages.number(group.measure.n), "num"),
            ]
            for group in dated
        ],
    )
    texts = {
        "title": _("Net promoter score by month with its 95 % interval, and the shares of the three kinds of answers."),
        "nothing": _("Nobody answered in this period."),
        "now": _("NPS %(score)s") % {"score": wording.bare(figure, last.value)} if last else "",
        "now_between": wording.between(figure, last) if last else "",
        "names": names,
    }
    return Panel("nps", "nps", _("Net promoter score"), _("shares in per cent"), chart, table, texts=texts)


def _month(asked: Asked, figure: Figure, group: Group) -> shares.Month:
    measure, label = group.measure, spans.short(group.key, MONTH)
    if not measure.n or measure.values is None:
        return shares.Month(label)
    counts = [int(measure.values.get(part) or 0) for part in ("promoters", "passives", "detractors")]
    name = spans.long(group.key, MONTH)
    words = (_("promoters"), _("passives"), _("detractors"))
    part = spans.part_of(group.key, MONTH, asked.scope.period)
    return shares.Month(
        label=label,
        score=_value(measure.value),
        low=_value(measure.low),
        high=_value(measure.high),
        shares=tuple(100 * count / measure.n for count in counts),  # type: ignore[arg-type]
        title=_hit_title(asked, figure, group, MONTH),
        titles=tuple(  # type: ignore[arg-type]
            f"{name}: {languages.percent(100 * count / measure.n)} {kind} (n={languages.number(count)})"
            for count, kind in zip(counts, words, strict=True)
        ),
        urls=tuple(  # type: ignore[arg-type]
            asked.rows_url(figure, part, part=key) for key in ("promoters", "passives", "detractors")
        ),
        url=asked.rows_url(figure, part),
    )


# --- cells and bars ---------------------------------------------------------------------------------------------------


def in_time(asked: Asked, cells: Sequence[Group]) -> Panel:
    """Resolved within target, main type by channel. No query."""
    figure = figures["sla-compliance"]
    found: dict[str, dict[str, Group]] = {}
    names: dict[str, str] = {}
    columns: dict[str, str] = {}
    for group in cells:
        (kind, channel), (kind_name, channel_name) = group.key.split("|"), group.label.rsplit(" · ", 1)
        found.setdefault(kind, {})[channel] = group
        names[kind], columns[channel] = kind_name, channel_name
    order = sorted(columns, key=lambda key: list(ChannelCode.values).index(key) if key in ChannelCode.values else 99)
    rows = [
        heat.Row(
            names[kind],
            [_cell(asked, figure, row.get(channel), kind, channel) for channel in order],
            _total(asked, figure, list(row.values()), kind),
        )
        for kind, row in found.items()
    ]
    texts = {
        "columns": [columns[key] for key in order],
        "rows": rows,
        "total": _("All"),
        "scale": scale(heat.IN_TIME),
        "nothing": _("No complaint of this period had a deadline."),
    }
    title = figure.title(asked.scope_for(figure))
    return Panel("in-time", "heatmap", title, _("share within target, type by channel"), texts=texts)


def _cell(asked: Asked, figure: Figure, group: Group | None, kind: str, channel: str) -> heat.Cell | None:
    if group is None:
        return heat.Cell(languages.DASH, "0", 0)
    measure = group.measure
    return heat.Cell(
        text=languages.percent(measure.value),
        n=languages.number(measure.n),
        level=heat.level(shown(measure.value), measure.n, heat.IN_TIME),
        url=asked.rows_url(figure, main_type=kind, channel=channel),
        title=f"{group.label}: {wording.text(figure, measure)}",
    )


def _total(asked: Asked, figure: Figure, groups: Sequence[Group], kind: str) -> heat.Cell:
    """A row's sum: numerators over denominators, not a mean of rates."""
    hits = sum(int(group.measure.numerator or 0) for group in groups)
    n = sum(int(group.measure.denominator or 0) for group in groups)
    text = languages.percent(100 * hits / n) if n else languages.DASH
    return heat.Cell(text, languages.number(n), 0, url=asked.rows_url(figure, main_type=kind))


def groups_bars(asked: Asked, figure: Figure, groups: Sequence[Group], by: str) -> Panel:
    """One figure by one dimension, as lying bars in the order given; of money those of its first currency, as bars of
    two cannot be compared. No query."""
    codes = sorted({code for group in groups for code in (group.measure.values or {}) if code.isupper()})
    code = codes[0] if codes else ""
    shown = [group for group in groups if _bar_value(figure, group.measure, code) is not None]
    chart = bars.lying(
        [
            bars.Bar(
                group.label,
                max(0.0, _bar_value(figure, group.measure, code) or 0.0),
                label=wording.text(figure, group.measure),
                note=_("n = %(n)s") % {"n": languages.number(group.measure.n)} if figure.unit != "count" else "",
                kind="hatch" if group.key == "-" else "",
                title=f"{group.label}: {wording.text(figure, group.measure)}",
                url=asked.group_url(figure, by, group.key),
            )
            for group in shown[:20]
        ],
        most=100.0 if figure.unit == PERCENT else None,
    )
    title = _("By %(what)s") % {"what": label(by).lower()}
    note = code if figure.unit == MONEY and len(codes) > 1 else ""
    return Panel(
        "groups", "bars", title, note, chart, texts={"title": figure.title(), "value_name": "", "note_name": ""}
    )


def _bar_value(figure: Figure, measure: Measure, code: str) -> float | None:
    return _value((measure.values or {}).get(code) if figure.unit == MONEY else measure.value)


# --- words ------------------------------------------------------------------------------------------------------------


def _dated(run: Sequence[Group]) -> list[tuple[int, Group]]:
    """Buckets of time; what has no date stands in no line."""
    return [(i, group) for i, group in enumerate(run) if group.key != "-"]


def _bucket_url(asked: Asked, figure: Figure, group: Group, unit: str = "") -> str:
    unit = unit or asked.unit
    return asked.rows_url(figure, spans.part_of(group.key, unit, asked.scope.period))


def _hit_title(asked: Asked, figure: Figure, group: Group, unit: str = "") -> str:
    measure = group.measure
    words = [f"{spans.long(group.key, unit or asked.unit)}: {wording.text(figure, measure)}"]
    if interval := wording.between(figure, measure):
        words.append(interval)
    return f"{', '.join(words)} (n={languages.number(measure.n)})"


def between(figure: Figure, measure: Measure) -> str:
    if measure.low is None or measure.high is None:
        return languages.DASH
    return _("%(low)s to %(high)s") % {
        "low": wording.bare(figure, measure.low),
        "high": wording.bare(figure, measure.high),
    }


def _share_words(measure: Measure, part: str) -> str:
    count = (measure.values or {}).get(part)
    return languages.percent(100 * float(count) / measure.n) if count is not None and measure.n else languages.DASH


def _tick(figure: Figure, value: float, unit: str) -> str:
    if figure.unit == POINTS:
        return wording.signed(value)
    if unit:
        return f"{languages.number(round(value, 1) if value % 1 else int(value))} {unit}"
    return languages.number(round(value, 2) if value % 1 else int(value))


def _by_receipt(unit: str) -> str:
    return {
        "day": _("Resolution rate by day of receipt"),
        "week": _("Resolution rate by week of receipt"),
        "month": _("Resolution rate by month of receipt"),
    }.get(unit, _("Resolution rate by time of receipt"))


def _step_name(asked: Asked) -> str:
    return {"day": _("Day"), "week": _("Week"), "month": _("Month"), "quarter": _("Quarter")}.get(
        asked.unit, _("Period")
    )


def _line_texts(title: str, waiting: str = "") -> dict[str, Any]:
    return {"title": title, "waiting": waiting or _("still open"), "nothing": _("Nothing to show for this period.")}


def scale(bounds: Sequence[float]) -> list[tuple[str, str]]:
    low = [f"{bound:g}" for bound in bounds]
    steps = [
        ("1", _("under %(share)s") % {"share": languages.percent(bounds[0])}),
        *((str(i + 2), _("%(low)s to %(high)s") % {"low": low[i], "high": f"{bounds[i + 1] - 1:g}"}) for i in range(3)),
        ("5", _("%(share)s and over") % {"share": low[3]}),
    ]
    return [*steps, ("", _("fewer than %(n)s") % {"n": heat.LEAST})]


def shown(value: Number | None) -> float | None:
    """A rate as its cell prints it, so that ground and number never disagree."""
    return None if value is None else float(round(value))


def _value(value: object) -> float | None:
    return None if value is None else float(value)  # type: ignore[arg-type]
