"""Remedies, sums and limits as the desk says them. No query."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from complaints.authority.rooms import COMPLAINT, CUSTOMER, Gauge
from complaints.models import LimitPeriod, Remedy, RemedyKind
from complaints.web.one.remedy_words import ICONS
from core import languages

NAMED = 3
PERIODS: dict[str, str | Promise] = {
    LimitPeriod.DAY: gettext_lazy("today"),
    LimitPeriod.WEEK: gettext_lazy("this week"),
    LimitPeriod.MONTH: gettext_lazy("this month"),
    LimitPeriod.QUARTER: gettext_lazy("this quarter"),
    LimitPeriod.YEAR: gettext_lazy("this year"),
}


def icon_of(kind: str) -> str:
    return ICONS.get(kind, kind)


def value(amount: Decimal | None, currency: str) -> str:
    """12.30 €, or 500 points; blank where nothing is valued."""
    if amount is None:
        return ""
    if currency:
        return languages.money(amount, currency)
    count = int(amount)
    return ngettext("%(count)s point", "%(count)s points", count) % {"count": languages.number(count)}


def plain_value(amount: Decimal, currency: str) -> str:
    """A sum under a limit: points as a bare number."""
    return languages.money(amount, currency) if currency else languages.number(int(amount))


def named(remedy: Remedy) -> str:
    """What is given, with its words: Refund; Something else: a voucher for lunch."""
    kind = str(RemedyKind(remedy.kind).label)
    return _("%(kind)s: %(what)s") % {"kind": kind, "what": remedy.description} if remedy.description else kind


def left_of(gauge: Gauge, currency: str, *, cap: bool, of_whom: str = "") -> str:
    """€35.10 of €100.00 left on this complaint. `of_whom`: whose sum it is where that is not the reader."""
    words = {
        "left": plain_value(gauge.left, currency),
        "limit": plain_value(gauge.limit, currency),
        "period": PERIODS.get(gauge.period, ""),
        "who": of_whom,
    }
    if cap:
        if gauge.of == COMPLAINT:
            return _("%(left)s of %(limit)s left for everybody together on this complaint") % words
        return _("%(left)s of %(limit)s left for everybody together for this customer %(period)s") % words
    if gauge.of == COMPLAINT:
        return _("%(left)s of %(limit)s left on this complaint") % words
    if gauge.of == CUSTOMER:
        return _("%(left)s of %(limit)s left for this customer %(period)s") % words
    if of_whom:
        return _("%(left)s of %(limit)s left for %(who)s %(period)s") % words
    return _("%(left)s of %(limit)s left for you %(period)s") % words


def people(names: Sequence[str]) -> str:
    """Ines Duarte, Tom Lee, Ana Reis and 2 more."""
    shown, more = ", ".join(names[:NAMED]), len(names) - NAMED
    if more <= 0:
        return shown
    return ngettext("%(names)s and %(n)s more", "%(names)s and %(n)s more", more) % {"names": shown, "n": more}
