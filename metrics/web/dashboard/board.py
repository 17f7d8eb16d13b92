"""The board in parts, each drawn, kept and fetched alone: headline figures first, the others when they are asked for.

Every part computes what it shows and nothing else. Query cost of each: stated in PARTS, pinned in tests.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.template.loader import render_to_string
from django.utils.functional import Promise
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy

from core.web.parts import Part
from metrics.figures import cohorts, figures
from metrics.figures.base import Group
from metrics.figures.causes import pareto
from metrics.periods import MONTH
from metrics.web.dashboard import asking, cells, panels, tiles
from metrics.web.dashboard.asking import Asked
from metrics.web.dashboard.kept import Kept
from metrics.web.dashboard.recovery import recovery_of
from metrics.web.dashboard.tiles import Block


@dataclass(frozen=True, slots=True)
class Piece(Part):
    """One part as the page takes it. `html` empty: still to be fetched from `url`; `name` says what will be there."""

    key: str
    name: str | Promise
    url: str
    html: SafeString | str = ""


def headlines(asked: Asked) -> dict[str, Any]:
    """Four figures. Query cost: 3 each."""
    return {
        "headlines": [tiles.tile_of(tiles.answer(code, asked), asked, str(pillar)) for pillar, code in tiles.HEADLINES]
    }


def measures(asked: Asked) -> dict[str, Any]:
    """The smaller figures. Query cost: 3 each."""
    return {
        "blocks": [
            Block(str(pillar), [tiles.tile_of(tiles.answer(code, asked), asked) for code in codes])
            for pillar, codes in tiles.OTHERS
        ]
    }


def recovery(asked: Asked) -> dict[str, Any]:
    """Query cost: 1."""
    return {"recovery": recovery_of(asked)}


def over_time(asked: Asked) -> dict[str, Any]:
    """The resolution rate by both readings, and NPS. Query cost: 3."""
    decided, nps = figures["resolution-rate"], figures["nps"]
    scope = asked.scope_for(decided)
    run = tiles.run_of(decided, scope, asked.unit)
    accepted = tiles.run_of(decided, scope.replace(basis="acceptance"), asked.unit)
    months: list[Group] = nps.groups(asked.scope_for(nps), MONTH)
    return {"panels": [panels.over_time(asked, decided, run, accepted), panels.nps(asked, months)]}


def shares(asked: Asked) -> dict[str, Any]:
    """Deadlines kept by type and channel, and who stays. Query cost: 2, and 1 more where nobody has a stay."""
    in_time, scope = figures["sla-compliance"], cells.cohort_scope(asked.scope)
    stays = cohorts.tenure_cohorts(scope.only(figures["churn-rate"].filters))
    orders = [] if stays else cohorts.purchase_cohorts(scope.only(figures["repeat-purchase-rate"].filters))
    return {
        "panels": [
            panels.in_time(asked, in_time.groups(asked.scope_for(in_time), "main_type_channel")),
            cells.cohorts(asked, stays, orders),
        ]
    }


def counts(asked: Asked) -> dict[str, Any]:
    """Root causes, and what is open. Query cost: 2."""
    backlog = figures["backlog-age"]
    return {
        "panels": [
            cells.causes(asked, pareto(asked.scope_for(figures["complaints-received"]))),
            cells.backlog(asked, backlog, backlog.measure(asked.scope_for(backlog))),
        ]
    }


PARTS: Mapping[str, tuple[str | Promise, Callable[[Asked], dict[str, Any]], str]] = {
    "headlines": (gettext_lazy("Headline figures"), headlines, "dashboard/_headlines.html"),
    "measures": (gettext_lazy("Service, satisfaction, retention"), measures, "dashboard/_measures.html"),
    "recovery": (gettext_lazy("Service recovery"), recovery, "dashboard/_recovery.html"),
    "over-time": (gettext_lazy("Over time"), over_time, "dashboard/_pair.html"),
    "shares": (gettext_lazy("Within target, and who stays"), shares, "dashboard/_wide.html"),
    "counts": (gettext_lazy("Root causes and backlog"), counts, "dashboard/_pair.html"),
}
AT_ONCE = "headlines"


def parts(asked: Asked, *, whole: bool) -> list[Piece]:
    """The parts in order: the headline figures and what is kept as they are, others to be fetched unless `whole`."""
    kept, found = Kept(asked), []
    for key, (name, _fill, _template) in PARTS.items():
        html = kept.get(key)
        if html is None and (whole or key == AT_ONCE):
            html = kept.of(key, lambda key=key: drawn(key, asked))  # type: ignore[misc]
        found.append(Piece(key, name, asking.query(asked.params() | {"part": key}), html or ""))
    return found


def drawn(key: str, asked: Asked) -> str:
    """One part as HTML; it is kept, so nothing of a request may stand in it."""
    _name, fill, template = PARTS[key]
    return render_to_string(template, fill(asked))
