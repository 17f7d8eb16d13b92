"""Charts that count people and causes: who stays, what it was caused by. No query: the counting is done."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from django.utils.translation import gettext as _

from complaints.models.catalogue import UNCLASSIFIED
from core import languages
from core.web.parts import Cell, Column
from metrics import periods
from metrics.charts import bars, heat
from metrics.figures import figures
from metrics.figures.base import Group, Scope
from metrics.figures.cohorts import Cohort
from metrics.figures.dimensions import NONE
from metrics.periods import MONTH
from metrics.web.dashboard import spans
from metrics.web.dashboard.asking import Asked
from metrics.web.dashboard.panels import Panel, Table, clipped, scale, shown

COHORT_MONTHS = 12
SHOWN_CAUSES = 6


def cohort_scope(scope: Scope) -> Scope:
    """The last twelve months up to the end of the period: a cohort needs longer than a dashboard's weeks."""
    last = scope.until or scope.as_of_day
    month = date(last.year, last.month, 1)
    for _step in range(COHORT_MONTHS - 1):
        month = periods.bucket(date.fromordinal(month.toordinal() - 1), MONTH).since
    return scope.replace(since=month, until=last)


def cohorts(stays: Sequence[Cohort], orders: Sequence[Cohort]) -> Panel:
    """Stays where there are any, else orders."""
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
                title=f"{spans.long(one.key, MONTH)}, {_after(offset)}: "
                f"{languages.percent(share, digits=1)} ({languages.number(one.cells[offset])})",
            )
            for offset, share in enumerate(shares)
        ]
        rows.append(heat.Row(spans.short(one.key, MONTH), cells, heat.Cell("", languages.number(one.size), 0)))
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


def causes(asked: Asked, groups: Sequence[Group]) -> Panel:
    """Root causes, most frequent first, the rest together, unclassified last. No query."""
    figure = figures["complaints-received"]
    known = sorted((g for g in groups if g.key not in (NONE, UNCLASSIFIED)), key=lambda g: (-g.measure.n, g.label))
    unclear = [g for g in groups if g.key in (NONE, UNCLASSIFIED)]
    total = sum(group.measure.n for group in groups)
    rows = [(g.label, g.measure.n, "", asked.rows_url(figure, root_cause=g.key)) for g in known[:SHOWN_CAUSES]]
    if rest := known[SHOWN_CAUSES:]:
        words = _("Other, %(n)s causes") % {"n": len(rest)}
        rows.append((words, sum(g.measure.n for g in rest), "mute", asked.url(figure, group_by="root_cause")))
    for group in unclear:
        words = _("Not found yet") if group.key == NONE else _("Unclassified")
        rows.append((words, group.measure.n, "hatch", asked.rows_url(figure, root_cause=group.key)))
    drawn, table, run = [], [], 0
    for words, n, kind, url in rows:
        run += n
        share = languages.percent(100 * run / total)
        title = f"{words}: {languages.number(n)}"
        drawn.append(bars.Bar(clipped(words), n, languages.number(n), share, kind, title=title, url=url))
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


def _after(offset: int) -> str:
    return _("month %(n)s") % {"n": offset}
