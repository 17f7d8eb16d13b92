"""The rows behind a figure as tables: which columns each kind of row has, and what stands in them.

Values arrive worded for the page; the CSV of the same rows is metrics.figures.csv. A row costs no query: what it names
is joined (`joined`) or in memory.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext, pgettext_lazy

from complaints.models import Complaint
from complaints.web.names import colleagues, teams
from core import languages
from core.web.parts import Cell, Column
from metrics.figures.amends import APPROVED, AUTHORITIES, WITHIN
from metrics.web.dashboard import wording

Text = str | Promise
LONGEST = 80


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of row. `joined`: what its cells read through foreign keys; `columns`: (heading, numeric, cell)."""

    joined: tuple[str, ...]
    columns: tuple[tuple[Text, bool, Callable[[Any], Cell]], ...]


def columns_of(kind: str) -> list[Column]:
    return [Column(str(heading), end) for heading, end, _cell in KINDS[kind].columns]


def cells_of(kind: str, row: Any) -> list[Cell]:
    return [cell(row) for _heading, _end, cell in KINDS[kind].columns]


def joined(kind: str, rows: QuerySet[Any]) -> QuerySet[Any]:
    """The rows with what their cells name. Query cost: none of its own."""
    return rows.select_related(*KINDS[kind].joined) if KINDS[kind].joined else rows


# --- cells ------------------------------------------------------------------------------------------------------------


def _text(value: object, kind: str = "") -> Cell:
    words = str(value or "")
    if len(words) > LONGEST:
        return Cell(f"{words[: LONGEST - 1]}…", kind, title=words)
    return Cell(words or languages.DASH, kind)


def _at(value: datetime | None) -> Cell:
    return Cell(languages.short_moment(value) if value else languages.DASH)


def _on(value: date | None) -> Cell:
    return Cell(languages.day(value) if value else languages.DASH)


def _case(row: Any, complaint: Complaint | None, kind: str = "head") -> Cell:
    if complaint is None:
        return Cell(languages.DASH)
    return Cell(complaint.reference, kind, url=reverse("case", args=[complaint.reference]))


def _customer(customer: Any, kind: str = "") -> Cell:
    if customer is None:
        return Cell(languages.DASH, kind)
    return Cell(str(customer), kind, url=reverse("customer", args=[customer.pk]))


def _owner(row: Complaint) -> Cell:
    known = colleagues().get(row.owner_id)
    return _text(known.name if known else row.owner)


def _team(row: Complaint) -> Cell:
    return _text(teams().get(row.team_id, "") if row.team_id else "")


def _choice(name: str) -> Callable[[Any], Cell]:
    """The words of a field with choices."""
    return lambda row: _text(getattr(row, f"get_{name}_display")())


def _score(row: Any) -> Cell:
    return Cell(languages.DASH if row.score is None else str(row.score), "num")


def _answered(row: Any) -> Cell:
    return _at(row.answered_at) if row.answered_at else _text(row.period_label)


def _money(amount: Any, currency: str) -> Cell:
    return Cell(languages.money(amount, currency) if amount is not None and currency else languages.DASH, "num")


# --- kinds ------------------------------------------------------------------------------------------------------------


def _ended(row: Any) -> Cell:
    """How a promise stands in the figure: `kept`, `broken`, or open."""
    if row.kept:
        return Cell(pgettext("promise", "Kept"))
    return Cell(pgettext("promise", "Broken") if row.broken else pgettext("promise", "Open"))


def _value(row: Any) -> Cell:
    """An amount, or points."""
    if row.amount is not None and not row.currency:
        return Cell(wording.points(row.amount), "num")
    return _money(row.amount, row.currency)


_CUSTOMER = gettext_lazy("Customer")
_COMPLAINT = gettext_lazy("Complaint")
_SOURCE = gettext_lazy("Source")

KINDS: dict[str, Kind] = {
    "complaint": Kind(
        ("customer", "type__parent"),
        (
            (_COMPLAINT, False, lambda row: _case(row, row)),
            (gettext_lazy("Received"), False, lambda row: _at(row.received_at)),
            (gettext_lazy("Subject"), False, lambda row: _text(row.subject)),
            (_CUSTOMER, False, lambda row: _customer(row.customer)),
            (gettext_lazy("Type"), False, lambda row: _text(row.type.path)),
            (gettext_lazy("Channel"), False, _choice("channel")),
            (gettext_lazy("Severity"), False, _choice("severity")),
            (gettext_lazy("Status"), False, _choice("status")),
            (gettext_lazy("Owner"), False, _owner),
            (gettext_lazy("Team"), False, _team),
            (gettext_lazy("First response"), False, lambda row: _at(row.first_response_at)),
            (gettext_lazy("Resolved"), False, lambda row: _at(row.resolved_at)),
        ),
    ),
    "clock": Kind(
        ("complaint__type__parent", "policy"),
        (
            (_COMPLAINT, False, lambda row: _case(row, row.complaint)),
            (pgettext_lazy("of an SLA", "Clock"), False, _choice("kind")),
            (gettext_lazy("Round"), True, lambda row: Cell(str(row.cycle), "num")),
            (gettext_lazy("State"), False, _choice("state")),
            (gettext_lazy("Due"), False, lambda row: _at(row.due_at)),
            (gettext_lazy("Finished"), False, lambda row: _at(row.completed_at)),
            (gettext_lazy("Policy"), False, lambda row: _text(row.policy or "")),
            (gettext_lazy("Type"), False, lambda row: _text(row.complaint.type.path)),
            (gettext_lazy("Channel"), False, lambda row: _text(row.complaint.get_channel_display())),
        ),
    ),
    "response": Kind(
        ("complaint", "customer"),
        (
            (gettext_lazy("Answer"), False, lambda row: Cell(f"{row.get_kind_display()} {row.pk}", "head")),
            (gettext_lazy("Score"), True, _score),
            (gettext_lazy("Answered"), False, _answered),
            (_CUSTOMER, False, lambda row: _customer(row.customer)),
            (_COMPLAINT, False, lambda row: _case(row, row.complaint, "")),
            (gettext_lazy("Comment"), False, lambda row: _text(row.comment, "voice")),
            (_SOURCE, False, lambda row: _text(row.source)),
        ),
    ),
    "invitation": Kind(
        ("complaint", "customer", "survey"),
        (
            (gettext_lazy("Survey"), False, lambda row: Cell(f"{row.survey} {row.pk}", "head")),
            (gettext_lazy("Asked"), False, lambda row: _at(row.sent_at)),
            (_CUSTOMER, False, lambda row: _customer(row.customer)),
            (_COMPLAINT, False, lambda row: _case(row, row.complaint, "")),
        ),
    ),
    "customer": Kind(
        (),
        (
            (_CUSTOMER, False, lambda row: _customer(row, "head")),
            (gettext_lazy("Kind"), False, _choice("kind")),
            (gettext_lazy("Tier"), False, lambda row: _text(row.tier)),
            (gettext_lazy("Language"), False, lambda row: _text(row.get_language_display())),
            (_SOURCE, False, lambda row: _text(row.source)),
        ),
    ),
    "tenure": Kind(
        ("customer",),
        (
            (_CUSTOMER, False, lambda row: _customer(row.customer, "head")),
            (gettext_lazy("Joined"), False, lambda row: _on(row.joined_on)),
            (gettext_lazy("Left"), False, lambda row: _on(row.left_on)),
            (gettext_lazy("Reason for leaving"), False, lambda row: _text(row.reason)),
            (gettext_lazy("Contract"), False, lambda row: _text(row.plan)),
            (gettext_lazy("A month"), True, lambda row: _money(row.monthly_amount, row.currency)),
        ),
    ),
    "purchase": Kind(
        ("customer",),
        (
            (gettext_lazy("Order"), False, lambda row: Cell(row.order_number, "head")),
            (_CUSTOMER, False, lambda row: _customer(row.customer)),
            (gettext_lazy("Bought"), False, lambda row: _at(row.purchased_at)),
            (gettext_lazy("Amount"), True, lambda row: _money(row.valid_amount, row.currency)),
            (gettext_lazy("With an incentive"), False, lambda row: Cell(_("yes") if row.incentive else _("no"))),
            (_SOURCE, False, lambda row: _text(row.source)),
        ),
    ),
    "message": Kind(
        ("complaint", "author", "macro__macro"),
        (
            (_COMPLAINT, False, lambda row: _case(row, row.complaint)),
            (gettext_lazy("Sent"), False, lambda row: _at(row.at)),
            (gettext_lazy("By"), False, lambda row: _text(row.author or "")),
            (gettext_lazy("Macro"), False, lambda row: _text(row.macro.macro.label)),
            (gettext_lazy("Word for word"), False, lambda row: Cell(_("yes") if row.word_for_word else _("no"))),
        ),
    ),
    "promise": Kind(
        ("complaint", "owner"),
        (
            (_COMPLAINT, False, lambda row: _case(row, row.complaint)),
            (pgettext_lazy("noun", "Promise"), False, lambda row: _text(row.text)),
            (gettext_lazy("Owner"), False, lambda row: _text(row.owner)),
            (pgettext_lazy("of a promise", "Made"), False, lambda row: _at(row.made_at)),
            (gettext_lazy("Due"), False, lambda row: _at(row.due_at)),
            (gettext_lazy("State"), False, _ended),
            (gettext_lazy("Settled"), False, lambda row: _at(row.settled_at)),
        ),
    ),
    "remedy": Kind(
        ("complaint", "requested_by", "decided_by"),
        (
            (_COMPLAINT, False, lambda row: _case(row, row.complaint)),
            (gettext_lazy("Remedy"), False, _choice("kind")),
            (gettext_lazy("Value"), True, _value),
            (gettext_lazy("Description"), False, lambda row: _text(row.description)),
            (gettext_lazy("Asked for by"), False, lambda row: _text(row.requested_by)),
            (gettext_lazy("Granted by"), False, lambda row: _text(row.decided_by)),
            (gettext_lazy("Granted"), False, lambda row: _at(row.decided_at)),
            (
                gettext_lazy("Authority"),
                False,
                lambda row: _text(AUTHORITIES[WITHIN if row.within_authority else APPROVED]),
            ),
        ),
    ),
}
