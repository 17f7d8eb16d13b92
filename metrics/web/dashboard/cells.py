"""Charts that count people, causes and open cases: who stays, what it was caused by, how long it waits. No query: the
counting is done."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from complaints.models.catalogue import UNCLASSIFIED
from core import languages
from core.web.parts import Cell, Column
from metrics import periods
from metrics.charts import bars, heat
from metrics.figures import figures
from metrics.figures.base import Figure, Group, Measure, Scope
from metrics.figures.cohorts import Cohort
from metrics.figures.dimensions import ALONE, NONE, SEVERAL
from metrics.figures.loyalty import COHORT
from metrics.figures.service import LATE, ON_TIME
from metrics.periods import MONTH, Period
from metrics.web.dashboard import spans
from metrics.web.dashboard.asking import Asked
from metrics.web.dashboard.panels import Panel, Table, scale, shown

COHORT_MONTHS = 12
SHOWN_CAUSES = 6


def cohort_scope(scope: Scope) -> Scope:
    """The last twelve months up to the end of the period: a cohort needs longer than a dashboard's weeks."""
    last = scope.until or scope.as_of_day
    month = date(last.year, last.month, 1)
    for _step in range(COHORT_MONTHS - 1):
        month = periods.bucket(date.fromordinal(month.toordinal() - 1), MONTH).since
    return scope.replace(since=month, until=last)


def cohorts(asked: Asked, stays: Sequence[Cohort], orders: Sequence[Cohort]) -> Panel:
    """Stays where there are any, else orders. A cell leads to its people: of stays those still there, by `churn-rate`
    from the month they joined to the cell's last day; of orders who bought in its month, by `repeat-purchase-rate`."""
    last = cohort_scope(asked.scope).until or asked.scope.as_of_day
    by_stay = bool(stays) or not orders
    found = list(stays if by_stay else orders)
    bounds = heat.STAYED if by_stay else heat.BOUGHT
    reached = max((sum(cell is not None for cell in one.cells) for one in found), default=0)
    rows = []
    for one in found:
        shares = [one.percent(offset) for offset in range(reached)]
        cells = [
            None
            if share is None
            else heat.Cell(
                languages.number(share, digits=0),
                "",
                heat.level(shown(share), one.size, bounds),
                url=_cell_url(asked, by_stay, one, offset, last),
                title=f"{spans.long(one.key, MONTH)}, {_after(offset)}: "
                f"{languages.percent(share, digits=1)} ({languages.number(one.cells[offset])})",
            )
            for offset, share in enumerate(shares)
        ]
        total = heat.Cell("", languages.number(one.size), 0)
        rows.append(heat.Row(spans.short(one.key, MONTH), cells, total, _cohort_url(asked, by_stay, one, last)))
    if by_stay:
        title, note, corner = _("Who stays"), _("per cent still customers, by month they joined"), _("Joined")
    else:
        title, note, corner = _("Who buys again"), _("per cent with an order, by month of the first"), _("First order")
    texts = {
        "columns": list(range(reached)),
        "rows": rows,
        "corner": corner,
        "scale": scale(bounds),
        "nothing": _("Nobody joined in these months."),
    }
    return Panel("cohorts", "cohorts", title, note, texts=texts)


def _cohort_url(asked: Asked, by_stay: bool, one: Cohort, last: date) -> str:
    """All of the cohort."""
    if by_stay:
        return asked.rows_url(figures["churn-rate"], Period(one.month, last), **{COHORT: one.key})
    return asked.rows_url(figures["repeat-purchase-rate"], periods.bucket(one.month, MONTH), **{COHORT: one.key})


def _cell_url(asked: Asked, by_stay: bool, one: Cohort, offset: int, last: date) -> str:
    month = periods.bucket(one.month, MONTH)
    for _step in range(offset):
        month = periods.bucket(date.fromordinal(month.until.toordinal() + 1), MONTH)
    if by_stay:
        within = Period(one.month, min(month.until, last))
        return asked.rows_url(figures["churn-rate"], within, part="staying", **{COHORT: one.key})
    return asked.rows_url(figures["repeat-purchase-rate"], month, **{COHORT: one.key})


def causes(asked: Asked, groups: Sequence[Group]) -> Panel:
    """Root causes, most frequent first, the rest together, unclassified last. No query."""
    figure = figures["complaints-received"]
    known = sorted((g for g in groups if g.key not in (NONE, UNCLASSIFIED)), key=lambda g: (-g.measure.n, g.label))
    unclear = [g for g in groups if g.key in (NONE, UNCLASSIFIED)]
    total = sum(group.measure.n for group in groups)
    rows = [(g.label, g.measure.n, "", asked.group_url(figure, "root_cause", g.key)) for g in known[:SHOWN_CAUSES]]
    if rest := known[SHOWN_CAUSES:]:
        words = _("Other, %(n)s causes") % {"n": len(rest)}
        url = asked.rows_url(figure, None, root_cause=SEVERAL.join(ALONE + g.key for g in rest))
        rows.append((words, sum(g.measure.n for g in rest), "mute", url))
    for group in unclear:
        words = _("Not found yet") if group.key == NONE else _("Unclassified")
        rows.append((words, group.measure.n, "hatch", asked.group_url(figure, "root_cause", group.key)))
    drawn, table, run = [], [], 0
    for words, n, kind, url in rows:
        run += n
        share = languages.percent(100 * run / total)
        title = f"{words}: {languages.number(n)}"
        drawn.append(bars.Bar(words, n, languages.number(n), share, kind, title=title, url=url))
        table.append([Cell(words, "head", url=url), Cell(languages.number(n), "num"), Cell(share, "num")])
    columns = [Column(_("Root cause")), Column(_("Complaints"), end=True), Column(_("Running share"), end=True)]
    texts = {
        "title": _("Root causes, most frequent first, with the running share."),
        "value_name": _("complaints"),
        "note_name": _("running share"),
        "nothing": _("No complaint was received in this period."),
    }
    note = _("n = %(n)s") % {"n": languages.number(total)}
    chart = bars.lying(drawn) if drawn else None
    return Panel("causes", "bars", _("Root causes"), note, chart, Table(columns, table), texts=texts)


def backlog(asked: Asked, figure: Figure, measure: Measure) -> Panel:
    """What is open, by age, and how much of it is past its deadline. No query."""
    values = measure.values or {}
    names = {
        "under_1_day": _("today"),
        "1_to_3_days": _("1 to 2 d"),
        "3_to_7_days": _("3 to 6 d"),
        "7_to_30_days": _("7 to 29 d"),
        "over_30_days": _("30 d and more"),
    }
    drawn, rows = [], []
    for key, words in names.items():
        n, late = int(values.get(key) or 0), int(values.get(key + LATE) or 0)
        counts = {"": n, LATE: late, ON_TIME: n - late}
        said = {which: languages.number(count) for which, count in counts.items()}
        urls = {which: asked.rows_url(figure, part=key + which) for which in counts}
        drawn.append(
            bars.Bar(
                words,
                n,
                label=said[""],
                part=late,
                title=_("%(age)s: %(n)s open") % {"age": words, "n": said[""]},
                url=urls[""],
                part_title=_("%(age)s: %(n)s past the deadline") % {"age": words, "n": said[LATE]},
                part_url=urls[LATE],
                rest_title=_("%(age)s: %(n)s on time") % {"age": words, "n": said[ON_TIME]},
                rest_url=urls[ON_TIME],
            )
        )
        rows.append(
            [Cell(words, "head", url=urls[""]), *(Cell(said[one], "end", url=urls[one]) for one in (ON_TIME, LATE, ""))]
        )
    columns = [Column(_("Age")), *(Column(words, end=True) for words in (_("On time"), _("Past the deadline")))]
    table = Table([*columns, Column(_("Open"), end=True)], rows)
    n = measure.n
    note = ngettext("%(n)s open", "%(n)s open", n) % {"n": languages.number(n)}
    texts = {
        "title": _("Open complaints by age, and how many of them are past their deadline."),
        "late": _("past the deadline"),
        "on_time": _("on time"),
    }
    return Panel("backlog", "backlog", _("Backlog by age"), note, bars.standing(drawn), table, texts=texts)


def _after(offset: int) -> str:
    return _("month %(n)s") % {"n": offset}
