"""The themes of a case as chips, and the field that adds one by typing (mission A11)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import Aggregate, CharField, OuterRef, QuerySet
from django.db.models.functions import Cast

from complaints.models import CaseTheme, Complaint, Status, Theme
from complaints.reference import themes
from core.web.once import fresh


class Joined(Aggregate):
    """Values as one text with commas between them, in any order."""

    function = "string_agg"
    template = "%(function)s(%(expressions)s, ',')"
    output_field = CharField()

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        return self.as_sql(compiler, connection, function="group_concat", **context)


@dataclass(frozen=True, slots=True)
class ThemePanel:
    """What `complaints/_themes.html` shows. `trouble`: why what was typed is no theme; `typed`: that."""

    chips: list[Theme]
    known: list[Theme]
    url: str
    removal_url: str
    nonce: str
    open: bool
    trouble: str = ""
    typed: str = ""


def keys_of(outer: str) -> QuerySet[Any, Any]:
    """The keys of a case's themes as one text, for a subquery on `outer`."""
    own = CaseTheme.objects.filter(complaint=OuterRef(outer)).order_by().values("complaint")
    return own.annotate(keys=Joined(Cast("theme_id", CharField()))).values("keys")


def panel(complaint: Complaint, query: str, *, trouble: str = "", typed: str = "") -> ThemePanel:
    """From a case as `case.find` gives it. Query cost: none beside what memory renews every few seconds."""
    keys = {int(key) for key in (complaint.theme_ids or "").split(",") if key}  # type: ignore[attr-defined]
    known = list(themes().values())
    url = complaint.get_absolute_url()
    return ThemePanel(
        chips=[one for one in known if one.pk in keys],
        known=[one for one in known if one.is_active and one.pk not in keys],
        url=f"{url}themes/{query}",
        removal_url=f"{url}themes/removal/{query}",
        nonce=fresh(),
        open=complaint.status != Status.MERGED,
        trouble=trouble,
        typed=typed,
    )
