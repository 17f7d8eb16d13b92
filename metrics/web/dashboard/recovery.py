"""The heart of the dashboard: this complaint, this score, this customer stayed (mission, the idea; C5).

The picture needs complaints whose days have passed, so it looks at earlier ones than the tiles where it must, and says
so. Columns are data: remedy and promise join type and score when they are kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from core import languages
from core.web.parts import Cell, Column, Explain, Part
from metrics.charts import recovery as drawing
from metrics.figures import figures
from metrics.figures.base import Group, Number, Scope
from metrics.figures.dimensions import SEVERAL
from metrics.web.dashboard.asking import Asked
from metrics.web.dashboard.panels import Table
from metrics.web.dashboard.spans import CHOSEN

SHORTEST = timedelta(weeks=16)
HAPPY, UNHAPPY = "high", "low"
ORDER = ("high", "middle", "low", "-")
LARGEST_TYPES = 7  # further ones stand together, so that labels stay readable
OTHER = "*"
COLUMNS = ("main_type", "score")  # the filters that the columns of boxes stand for


@dataclass(slots=True)
class Bar(Part):
    """One of the four comparisons beside the sentence. `kind`: "", --kept, --broken; `length`: 0 to 100."""

    name: str
    value: str
    length: str
    kind: str = ""
    url: str = ""


@dataclass(slots=True)
class Recovery(Part):
    """See templates/dashboard/_recovery.html. `picture` None: nobody to show, `nothing` says why."""

    note: str
    people: int
    sentence: tuple[str, str, str]  # before, the part set apart, after
    bars: Sequence[Bar] = ()
    picture: drawing.Picture | None = None
    flows: Sequence[dict[str, Any]] = ()
    boxes: Sequence[tuple[drawing.Box, str, str, str]] = ()
    finishes: Sequence[tuple[drawing.Finish, str, str, str]] = ()
    words: dict[str, str] = field(default_factory=dict)
    table: Table | None = None
    foot: str = ""
    nothing: str = ""
    name: str = ""
    url: str = ""
    explain: Explain | None = None


def recovery_of(asked: Asked) -> Recovery:
    """Query cost: 1."""
    figure = figures["service-recovery"]
    scope = ripe_scope(asked.scope_for(figure))
    there = Asked(scope, CHOSEN, asked.compare, asked.unit)
    return _Making(there, figure.groups(scope, "main_type_score")).done()


def ripe_scope(scope: Scope) -> Scope:
    """The period asked for where its days have passed; else one as long, at least sixteen weeks, that ends in time."""
    last = scope.as_of_day - timedelta(days=scope.horizon)
    if scope.period is None or scope.period.until <= last:
        return scope
    length = max(timedelta(days=scope.period.days), SHORTEST)
    return scope.replace(since=min(scope.period.since, last - length + timedelta(days=1)), until=last)


class _Making:
    """One picture from its ribbons; every number on it is a sum of them."""

    def __init__(self, asked: Asked, groups: Sequence[Group]) -> None:
        self.asked = asked
        ribbons = [one for group in groups if (one := _ribbon(group)).people]
        self.immature = sum(group.measure.immature for group in groups)
        self.excluded = sum(int(_of_values(group, "excluded") or 0) for group in groups)
        self.controls = next((_of_values(group, "controls") for group in groups), None)
        self.figure = figures["service-recovery"]
        self.days = asked.scope.horizon
        self.types = _types(ribbons)
        self.together = SEVERAL.join(dict.fromkeys(one.kind for one in ribbons if one.kind not in self.types))
        self.scores = {one.score: one.score_name for one in sorted(ribbons, key=lambda r: _place(r.score))}
        self.flows = [
            drawing.Flow(
                (one.kind if one.kind in self.types else OTHER, one.score), one.stayed, one.people - one.stayed
            )
            for one in ribbons
        ]
        columns = [drawing.Column(_("Complaint"), self.types), drawing.Column(_("Score"), self.scores)]
        self.drawn = drawing.picture(columns, self.flows, _("Still a customer"))

    def _rows(self, *chosen: tuple[int, str], part: str = "") -> str:
        """The people of boxes, each named by its column and key, or those of them who stayed or left."""
        named = {COLUMNS[column]: self.together if key == OTHER else key for column, key in chosen}
        return self.asked.rows_url(self.figure, None, **({"part": part} if part else {}), **named)

    def done(self) -> Recovery:
        note = _("complained %(period)s") % {"period": self.asked.period_words()}
        if self.drawn is None:
            nothing = _("Nobody who complained then had a recorded stay and %(n)s days behind them.") % {"n": self.days}
            return Recovery(note, 0, ("", "", ""), nothing=nothing, foot=self._foot(), **self._about(0))
        drawn = self.drawn
        return Recovery(
            note=note,
            people=drawn.people,
            sentence=self._sentence(drawn),
            bars=self._bars(),
            picture=drawn,
            flows=[self._flow(one) for one in drawn.ribbons],
            boxes=[self._box(one) for one in drawn.boxes],
            finishes=[self._finish(one, drawn.people) for one in drawn.finishes],
            words={"title": self._title(drawn)},
            table=self._table(),
            foot=self._foot(),
            **self._about(drawn.people),
        )

    def _about(self, people: int) -> dict[str, Any]:
        name, definition = self.figure.title(self.asked.scope), self.figure.definition(self.asked.scope)
        facts = [
            ("n", languages.number(people)),
            (_("Complained"), languages.percent(self._share(""), digits=1)),
            (_("Did not complain"), languages.percent(self.controls, digits=1)),
        ]
        explain = Explain("d-recovery", name, facts, definition)
        return {"name": name, "url": self.asked.url(self.figure), "explain": explain}

    def _sentence(self, drawn: drawing.Picture) -> tuple[str, str, str]:
        words = ngettext(
            "Of %(people)s person who complained, *%(stayed)s are still customers* %(days)s days later.",
            "Of %(people)s people who complained, *%(stayed)s are still customers* %(days)s days later.",
            drawn.people,
        ) % {"people": languages.number(drawn.people), "stayed": languages.number(drawn.stayed), "days": self.days}
        before, _star, rest = words.partition("*")
        apart, _star, after = rest.partition("*")
        return before, apart, after

    def _bars(self) -> list[Bar]:
        found = [
            (_("Did not complain"), self.controls, "", self._rows(part="controls")),
            (_("Complained"), self._share(""), "", self._rows()),
            (_("and happy with the answer"), self._share(HAPPY), "--kept", self._rows((1, HAPPY))),
            (_("and unhappy with it"), self._share(UNHAPPY), "--broken", self._rows((1, UNHAPPY))),
        ]
        return [
            Bar(
                name,
                languages.percent(value, digits=1),
                drawing.g(float(value or 0)),
                kind,
                "" if value is None else url,
            )
            for name, value, kind, url in found
        ]

    def _share(self, score: str) -> float | None:
        """Of everybody where no score is named."""
        found = [flow for flow in self.flows if not score or flow.keys[1] == score]
        stayed, people = sum(flow.stayed for flow in found), sum(flow.stayed + flow.left for flow in found)
        return 100 * stayed / people if people else None

    def _title(self, drawn: drawing.Picture) -> str:
        return _(
            "From complaint to score to still a customer: %(stayed)s of %(people)s stayed, %(left)s left. "
            "The same figures are in the table below."
        ) % {
            "stayed": languages.number(drawn.stayed),
            "people": languages.number(drawn.people),
            "left": languages.number(drawn.left),
        }

    def _flow(self, one: drawing.Ribbon) -> dict[str, Any]:
        target = one.target or _("Still a customer")
        words = _("%(source)s to %(target)s: %(n)s left") if one.gone else _("%(source)s to %(target)s: %(n)s stayed")
        title = words % {"source": one.source, "target": target, "n": languages.number(one.people)}
        ends = [(one.column, one.keys[0]), *([(one.column + 1, one.keys[1])] if one.keys[1] else [])]
        url = self._rows(*ends, part="lost" if one.gone else "numerator")
        return {"path": one.path, "gone": one.gone, "thin": one.thin, "title": title, "url": url, "n": one.people}

    def _box(self, one: drawing.Box) -> tuple[drawing.Box, str, str, str]:
        share = languages.percent(100 * one.stayed / one.people)
        note = _("%(n)s · %(share)s stayed") % {"n": languages.number(one.people), "share": share}
        return one, note, self._rows((one.column, one.key)), f"{one.name}: {note}"

    def _finish(self, one: drawing.Finish, people: int) -> tuple[drawing.Finish, str, str, str]:
        stayed = one.kind == "stayed"
        words = _("%(n)s stayed") if stayed else _("%(n)s left")
        url = self._rows(part="numerator" if stayed else "lost")
        share = languages.percent(100 * one.people / people, digits=1)
        return one, share, words % {"n": languages.number(one.people)}, url

    def _table(self) -> Table:
        """Who stayed, by type and score: one cell for each ribbon's end."""
        rows = []
        for kind, name in self.types.items():
            url = self._rows((0, kind))
            cells = [self._cell(kind, score) for score in self.scores]
            rows.append([Cell(name, "head", url=url), *cells, Cell(self._of(kind, ""), "end", url=url)])
        columns = [Column(_("Complaint")), *(Column(words, end=True) for words in self.scores.values())]
        caption = _("Still customers after %(n)s days, by complaint and score: people who stayed, of all.")
        return Table([*columns, Column(_("All"), end=True)], rows, caption % {"n": self.days})

    def _cell(self, kind: str, score: str) -> Cell:
        words = self._of(kind, score)
        return Cell(words, "end", url="" if words == languages.DASH else self._rows((0, kind), (1, score)))

    def _of(self, kind: str, score: str) -> str:
        found = [flow for flow in self.flows if flow.keys[0] == kind and (not score or flow.keys[1] == score)]
        people = sum(flow.stayed + flow.left for flow in found)
        if not people:
            return languages.DASH
        stayed = sum(flow.stayed for flow in found)
        return _("%(part)s of %(all)s") % {"part": languages.number(stayed), "all": languages.number(people)}

    def _foot(self) -> str:
        words = [_("Customers are counted once, with their first complaint.")]
        if self.immature:
            late = _("Not counted: %(n)s whose %(days)s days have not passed yet.")
            words.append(late % {"n": languages.number(self.immature), "days": self.days})
        if self.excluded:
            words.append(_("Not counted: %(n)s without a recorded stay.") % {"n": languages.number(self.excluded)})
        return " ".join(words)


@dataclass(frozen=True, slots=True)
class _Ribbon:
    kind: str
    kind_name: str
    score: str
    score_name: str
    stayed: int
    people: int


def _ribbon(group: Group) -> _Ribbon:
    (kind, score), (kind_name, score_name) = group.key.split("|"), group.label.rsplit(" · ", 1)
    stayed, people = int(group.measure.numerator or 0), int(group.measure.denominator or 0)
    return _Ribbon(kind, kind_name, score, score_name, stayed, people)


def _of_values(group: Group, name: str) -> Number | None:
    return (group.measure.values or {}).get(name)


def _types(ribbons: Sequence[_Ribbon]) -> dict[str, str]:
    """Boxes of the first column, largest first; the smallest together."""
    people: dict[str, int] = {}
    labels: dict[str, str] = {}
    for one in ribbons:
        people[one.kind] = people.get(one.kind, 0) + one.people
        labels[one.kind] = one.kind_name
    order = sorted(people, key=lambda key: (-people[key], labels[key]))
    shown = order if len(order) <= LARGEST_TYPES else order[: LARGEST_TYPES - 1]
    found = {key: labels[key] for key in shown}
    return found if len(shown) == len(order) else found | {OTHER: _("Other")}


def _place(score: str) -> int:
    return ORDER.index(score) if score in ORDER else len(ORDER)
