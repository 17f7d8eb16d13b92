"""Limits as people read them: whose, of what, how much. No query."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from complaints.authority import lines
from complaints.authority.lines import CAP, PERSON, ROLE, TEAM, Holder, Line
from complaints.models import LimitPeriod, Remedy, RemedyKind
from complaints.web.names import name_of, teams
from core import languages, money
from core.models.people import ADMIN, AGENT, LEAD, MANAGER

ROLES: dict[str, str | Promise] = {
    AGENT: gettext_lazy("Agents"),
    LEAD: gettext_lazy("Team leads"),
    MANAGER: gettext_lazy("Managers"),
    ADMIN: gettext_lazy("Administrators"),
}


def whose(line: Line) -> str:
    """Everybody together, Agents, team Lisbon desk, Ines Duarte."""
    if line.holder == CAP:
        return _("Everybody together")
    if line.holder == ROLE:
        return str(ROLES.get(line.role, line.role))
    if line.holder == TEAM:
        return _("Team %(name)s") % {"name": teams().get(line.team_id or 0, languages.DASH)}
    return name_of(line.person_id) or languages.DASH


def kind_of(line: Line) -> str:
    return str(RemedyKind(line.kind).label) if line.kind else _("all kinds together")


def currency_of(line: Line) -> str:
    if line.kind == lines.POINTS:
        return _("points")
    return line.currency or _("any, each by itself")


def sum_of(amount: Decimal | None, line: Line) -> str:
    """A limit in its currency, in points, or as a bare number where the currency is any; a dash for none."""
    if amount is None:
        return languages.DASH
    if line.currency:
        return languages.money(amount, line.currency)
    return languages.number(Decimal(money.shown(amount, "JPY")))


def parts(line: Line) -> list[str]:
    """Its limits, a sentence each; what is without a limit says so."""
    period = str(LimitPeriod(line.period).label)
    found = []
    for amount, text in (
        (line.per_complaint, _("%(sum)s on one complaint")),
        (line.per_customer, _("%(sum)s for one customer %(period)s")),
        (line.per_period, _("%(sum)s by one person %(period)s")),
    ):
        if amount is not None:
            found.append(text % {"sum": sum_of(amount, line), "period": period})
    return found or [_("without a limit")]


def sentence(line: Line) -> str:
    """Agents, refund, EUR: €100.00 on one complaint, €500.00 by one person a month."""
    return _("%(who)s, %(kind)s, %(currency)s: %(limits)s") % {
        "who": whose(line),
        "kind": kind_of(line),
        "currency": currency_of(line),
        "limits": ", ".join(parts(line)),
    }


def why_asked(book: Iterable[Line], who: Holder | None, remedy: Remedy) -> str:
    """The limit that a request goes beyond."""
    if who is None:
        return ""
    if remedy.amount is None:
        line = lines.limit_without_value(book, who, remedy.kind)
    else:
        line = lines.limit_of(book, who, remedy.kind, remedy.currency)
    name = {"name": name_of(who.id)}
    if line is None:
        return _("%(name)s may not grant this alone") % name
    said = _("Limit of %(name)s: %(limits)s") % {**name, "limits": ", ".join(parts(line))}
    return said if line.holder == PERSON else f"{said} ({whose(line)})"
