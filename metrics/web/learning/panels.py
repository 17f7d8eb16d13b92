"""What recurs, as charts and tables: causes as a Pareto, products, lots, types, themes (mission A11). No query."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from complaints.models.catalogue import UNCLASSIFIED
from core import languages
from core.web.parts import Cell, Column
from metrics.charts import bars
from metrics.figures import figures
from metrics.figures.base import Figure, Group
from metrics.figures.dimensions import ALONE, NONE, SEVERAL
from metrics.web.dashboard.asking import Asked
from metrics.web.dashboard.panels import Panel, Table

CAUSES = 12  # bars; the table has them all
OTHERS = 8
MOST = 200  # rows of a table
UNCLEAR = (NONE, UNCLASSIFIED)


def figure() -> Figure:
    """What every part of the page is a part of."""
    return figures["complaints-received"]


def causes(asked: Asked, groups: Sequence[Group]) -> Panel:
    """The known causes, most frequent first, with their share of the classified and how it adds up; unclassified and
    not yet found apart, as shares of all. Every bar leads to exactly its complaints."""
    known = [group for group in groups if group.key not in UNCLEAR]
    unclear = sorted((group for group in groups if group.key in UNCLEAR), key=lambda group: group.key == NONE)
    classified, total = _total(known), _total(groups)
    drawn, rows, run = [], [], 0
    for place, group in enumerate(known):
        run += group.measure.n
        share, adds_up = _share(group.measure.n, classified), _share(run, classified)
        url = asked.group_url(figure(), "root_cause", group.key)
        rows.append(_row(group.label, url, group.measure.n, share, adds_up))
        if place < CAUSES:
            drawn.append(_bar(group.label, group.measure.n, adds_up, url=url))
    if rest := known[CAUSES:]:
        words = ngettext("Other, %(n)s cause", "Other, %(n)s causes", len(rest)) % {"n": len(rest)}
        url = asked.rows_url(figure(), None, root_cause=SEVERAL.join(ALONE + group.key for group in rest))
        drawn.append(_bar(words, _total(rest), _share(classified, classified), "mute", url=url))
    for group in unclear:
        words = _("Not found yet") if group.key == NONE else _("Unclassified")
        url = asked.group_url(figure(), "root_cause", group.key)
        said = _("%(share)s of all") % {"share": _share(group.measure.n, total)}
        drawn.append(_bar(words, group.measure.n, said, "hatch", url=url))
        rows.append(_row(words, url, group.measure.n, said, languages.DASH))
    note = _("%(known)s of %(n)s classified (%(share)s)") % {
        "known": languages.number(classified),
        "n": languages.number(total),
        "share": _share(classified, total),
    }
    texts = {
        "title": _("Root causes, most frequent first, with the running share of those classified."),
        "value_name": _("complaints"),
        "note_name": _("running share"),
        "nothing": _("No complaint was received in this period."),
    }
    columns = [
        Column(_("Root cause")),
        Column(_("Complaints"), end=True),
        Column(_("Share of the classified"), end=True),
        Column(_("Running share"), end=True),
    ]
    chart = bars.lying(drawn) if drawn else None
    table = Table(columns, rows[: MOST + 2]) if rows else None
    return Panel("learning-causes", "bars", _("Root causes"), note, chart, table, texts=texts)


def parts(asked: Asked, groups: Sequence[Group], by: str, title: str) -> Panel:
    """The most frequent products, lots or types; those where none is stated apart."""
    return _others(asked, groups, by, title, lambda group: asked.group_url(figure(), by, group.key))


def themes(asked: Asked, groups: Sequence[Group]) -> Panel:
    """Recurring themes. A case may have several, so they do not add up."""
    panel = _others(
        asked, groups, "theme", _("Recurring themes"), lambda group: asked.rows_url(figure(), theme=group.key)
    )
    panel.foot = _("A complaint with two themes counts in both.") if groups else ""
    panel.texts["nothing"] = _("No complaint of this period has a theme yet. Agents add them on the case.")
    return panel


def _others(asked: Asked, groups: Sequence[Group], by: str, title: str, url: Callable[[Group], str]) -> Panel:
    stated = [group for group in groups if group.key != NONE]
    blank = [group for group in groups if group.key == NONE]
    total = _total(stated)
    adds_up = by != "theme"
    drawn, rows = [], []
    for place, group in enumerate(stated):
        share = _share(group.measure.n, total) if adds_up else ""
        if place < OTHERS:
            drawn.append(_bar(group.label, group.measure.n, share, url=url(group)))
        if place < MOST:
            rows.append(_row(group.label, url(group), group.measure.n, share or languages.DASH))
    if stated:
        drawn += [_bar(group.label, group.measure.n, "", "hatch", url=url(group)) for group in blank]
        rows += [_row(group.label, url(group), group.measure.n, languages.DASH) for group in blank]
    columns = [Column(title), Column(_("Complaints"), end=True), Column(_("Share of those stated"), end=True)]
    texts = {
        "title": _("%(what)s, most frequent first.") % {"what": title},
        "value_name": _("complaints"),
        "note_name": _("share") if adds_up else "",
        "nothing": _("None is stated on the complaints of this period."),
    }
    chart = bars.lying(drawn) if drawn else None
    return Panel(f"learning-{by}", "bars", title, "", chart, Table(columns, rows) if rows else None, texts=texts)


def _bar(words: str, n: int, note: str, kind: str = "", *, url: str) -> bars.Bar:
    said = languages.number(n)
    return bars.Bar(words, n, said, note, kind, title=f"{words}: {said}", url=url)


def _row(words: str, url: str, n: int, *more: str) -> list[Cell]:
    return [Cell(words, "head", url=url), Cell(languages.number(n), "num"), *(Cell(text, "num") for text in more)]


def _share(n: int, of: int) -> str:
    return languages.percent(100 * n / of) if of else languages.DASH


def _total(groups: Sequence[Group]) -> int:
    return sum(group.measure.n for group in groups)
