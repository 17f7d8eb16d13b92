"""The heart of the dashboard: this complaint, this score, this customer stayed (mission, the idea; C5).

The picture needs complaints whose days have passed, so it looks at earlier ones than the tiles where it must, and says
so. Columns are data: where nobody was given anything, there is no column of remedies.
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
from metrics.figures.base import Scope
from metrics.figures.dimensions import NONE, SEVERAL
from metrics.figures.mending import BROKEN, KEPT, NOTHING
from metrics.figures.recovery import WAY, Ribbon, Ways, groups_of, ways
from metrics.web.dashboard.asking import Asked
from metrics.web.dashboard.panels import Table
from metrics.web.dashboard.spans import CHOSEN

SHORTEST = timedelta(weeks=16)
HAPPY, UNHAPPY = "high", "low"
TYPE, REMEDY, PROMISES, SCORE = WAY
LARGEST_TYPES = 7  # further ones stand together, so that labels stay readable
OTHER = "*"


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
    ties: Table | None = None  # what was given and kept, and who stayed; None where nothing was
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
    return _Making(there, ways(scope)).done()


def ripe_scope(scope: Scope) -> Scope:
    """The period asked for where its days have passed; else one as long, at least sixteen weeks, that ends in time."""
    last = scope.as_of_day - timedelta(days=scope.horizon)
    if scope.period is None or scope.period.until <= last:
        return scope
    length = max(timedelta(days=scope.period.days), SHORTEST)
    return scope.replace(since=min(scope.period.since, last - length + timedelta(days=1)), until=last)


class _Making:
    """One picture from its ribbons; every number on it is a sum of them."""

    def __init__(self, asked: Asked, found: Ways) -> None:
        self.asked, self.found, self.ribbons = asked, found, found.ribbons
        self.figure = figures["service-recovery"]
        self.days = asked.scope.horizon
        self.types = _types(self.ribbons)
        kinds = dict.fromkeys(one.keys[TYPE] for one in self.ribbons)
        self.together = SEVERAL.join(kind for kind in kinds if kind not in self.types)
        self.names = {TYPE: self.types, **{name: self._in_order(name) for name in (REMEDY, PROMISES, SCORE)}}
        self.columns = [TYPE, *([REMEDY] if self._gave(REMEDY) else []), SCORE]
        titles = {TYPE: _("Complaint"), REMEDY: _("Remedy"), SCORE: _("Score")}
        columns = [drawing.Column(titles[name], self.names[name]) for name in self.columns]
        flows = [
            drawing.Flow(tuple(self._key(one, name) for name in self.columns), one.stayed, one.lost)
            for one in self.ribbons
        ]
        self.drawn = drawing.picture(columns, flows, _("Still a customer"))

    def _key(self, one: Ribbon, name: str) -> str:
        """The box it goes through; small types share one."""
        return OTHER if name == TYPE and one.keys[TYPE] not in self.types else one.keys[name]

    def _in_order(self, name: str) -> dict[str, str]:
        """The boxes of one column that somebody went through, best first."""
        order = (*groups_of(self.asked.scope)[name].order, NONE)
        there = {one.keys[name]: one.names[name] for one in self.ribbons}
        return {key: there[key] for key in order if key in there}

    def _gave(self, name: str) -> bool:
        """Whether anybody was given or promised anything."""
        return any(key != NOTHING for key in self.names[name])

    def _rows(self, part: str = "", **chosen: str) -> str:
        """The people of boxes, each named by its column and key, or those of them who stayed or left."""
        named = {name: self.together if key == OTHER else key for name, key in chosen.items()}
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
            ties=self._ties(),
            foot=self._foot(),
            **self._about(drawn.people),
        )

    def _about(self, people: int) -> dict[str, Any]:
        name, definition = self.figure.title(self.asked.scope), self.figure.definition(self.asked.scope)
        facts = [
            ("n", languages.number(people)),
            (_("Complained"), languages.percent(self._share(), digits=1)),
            (_("Did not complain"), languages.percent(self.found.controls, digits=1)),
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
        """Against those who did not complain: kept and broken promises; without any, who was happy with the answer."""
        name, ways_there = (
            (PROMISES, ((KEPT, _("and every promise kept")), (BROKEN, _("and a promise broken"))))
            if self._gave(PROMISES)
            else (SCORE, ((HAPPY, _("and happy with the answer")), (UNHAPPY, _("and unhappy with it"))))
        )
        found = [
            (_("Did not complain"), self.found.controls, "", self._rows("controls")),
            (_("Complained"), self._share(), "", self._rows()),
        ]
        for (key, words), kind in zip(ways_there, ("--kept", "--broken"), strict=True):
            found.append((words, self._share(**{name: key}), kind, self._rows(**{name: key})))
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

    def _counted(self, **chosen: str) -> tuple[int, int]:
        """(stayed, people) of those who went through all these boxes."""
        found = [one for one in self.ribbons if all(self._key(one, name) == key for name, key in chosen.items())]
        return sum(one.stayed for one in found), sum(one.people for one in found)

    def _share(self, **chosen: str) -> float | None:
        stayed, people = self._counted(**chosen)
        return 100 * stayed / people if people else None

    def _title(self, drawn: drawing.Picture) -> str:
        words = _(
            "From complaint to score to still a customer: %(stayed)s of %(people)s stayed, %(left)s left. "
            "The same figures are in the table below."
        )
        if REMEDY in self.columns:
            words = _(
                "From complaint to remedy to score to still a customer: %(stayed)s of %(people)s stayed, %(left)s "
                "left. The same figures are in the tables below."
            )
        return words % {
            "stayed": languages.number(drawn.stayed),
            "people": languages.number(drawn.people),
            "left": languages.number(drawn.left),
        }

    def _flow(self, one: drawing.Ribbon) -> dict[str, Any]:
        target = one.target or _("Still a customer")
        words = _("%(source)s to %(target)s: %(n)s left") if one.gone else _("%(source)s to %(target)s: %(n)s stayed")
        title = words % {"source": one.source, "target": target, "n": languages.number(one.people)}
        ends = {name: key for name, key in zip(self.columns[one.column :], one.keys, strict=False) if key}
        url = self._rows("lost" if one.gone else "numerator", **ends)
        return {"path": one.path, "gone": one.gone, "thin": one.thin, "title": title, "url": url, "n": one.people}

    def _box(self, one: drawing.Box) -> tuple[drawing.Box, str, str, str]:
        share = languages.percent(100 * one.stayed / one.people)
        note = _("%(n)s · %(share)s stayed") % {"n": languages.number(one.people), "share": share}
        return one, note, self._rows(**{self.columns[one.column]: one.key}), f"{one.name}: {note}"

    def _finish(self, one: drawing.Finish, people: int) -> tuple[drawing.Finish, str, str, str]:
        stayed = one.kind == "stayed"
        words = _("%(n)s stayed") if stayed else _("%(n)s left")
        url = self._rows("numerator" if stayed else "lost")
        share = languages.percent(100 * one.people / people, digits=1)
        return one, share, words % {"n": languages.number(one.people)}, url

    def _table(self) -> Table:
        """Who stayed, by type and score."""
        caption = _("Still customers after %(n)s days, by complaint and score: people who stayed, of all.")
        return self._by_score(_("Complaint"), [(TYPE, key) for key in self.types], caption % {"n": self.days})

    def _ties(self) -> Table | None:
        """Who stayed, by what they were given and whether what was promised was kept."""
        lines = [(name, key) for name in (REMEDY, PROMISES) if self._gave(name) for key in self.names[name]]
        if not lines:
            return None
        caption = _("Still customers after %(n)s days, by remedy, promises and score: people who stayed, of all.")
        return self._by_score(_("Remedy, promises"), lines, caption % {"n": self.days})

    def _by_score(self, first: str, lines: Sequence[tuple[str, str]], caption: str) -> Table:
        """A line for each box named, a column for each score."""
        rows, several = [], len({name for name, _key in lines}) > 1
        for name, key in lines:
            words = self.names[name][key]
            if several and key == NOTHING and name == REMEDY:
                words = _("No remedy")
            cells = [self._cell(**{name: key, SCORE: score}) for score in self.names[SCORE]]
            whole = Cell(self._of(**{name: key}), "end", url=self._rows(**{name: key}))
            rows.append([Cell(words, "head", url=self._rows(**{name: key})), *cells, whole])
        columns = [Column(first), *(Column(words, end=True) for words in self.names[SCORE].values())]
        return Table([*columns, Column(_("All"), end=True)], rows, caption)

    def _cell(self, **chosen: str) -> Cell:
        words = self._of(**chosen)
        return Cell(words, "end", url="" if words == languages.DASH else self._rows(**chosen))

    def _of(self, **chosen: str) -> str:
        stayed, people = self._counted(**chosen)
        if not people:
            return languages.DASH
        return _("%(part)s of %(all)s") % {"part": languages.number(stayed), "all": languages.number(people)}

    def _foot(self) -> str:
        words = [_("Customers are counted once, with their first complaint.")]
        if self.found.immature:
            late = _("Not counted: %(n)s whose %(days)s days have not passed yet.")
            words.append(late % {"n": languages.number(self.found.immature), "days": self.days})
        if self.found.excluded:
            words.append(
                _("Not counted: %(n)s without a recorded stay.") % {"n": languages.number(self.found.excluded)}
            )
        return " ".join(words)


def _types(ribbons: Sequence[Ribbon]) -> dict[str, str]:
    """Boxes of the first column, largest first; the smallest together."""
    people: dict[str, int] = {}
    labels: dict[str, str] = {}
    for one in ribbons:
        people[one.keys[TYPE]] = people.get(one.keys[TYPE], 0) + one.people
        labels[one.keys[TYPE]] = one.names[TYPE]
    order = sorted(people, key=lambda key: (-people[key], labels[key]))
    shown = order if len(order) <= LARGEST_TYPES else order[: LARGEST_TYPES - 1]
    found = {key: labels[key] for key in shown}
    return found if len(shown) == len(order) else found | {OTHER: _("Other")}
