"""Payouts for managers: what is to be paid, what finance has, what failed, what is paid (mission A7)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from django import forms
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_safe

from complaints.actions.payout_answers import ALREADY, FAILED, PAID, REFUSED, SILENT, Settled
from complaints.actions.payouts import OUTSTANDING, WITH_FINANCE
from complaints.authority import sums
from complaints.models import Complaint, Payout, PayoutExport, PayoutState, Remedy
from core import languages
from core.access import MANAGER, allow
from core.clock import now
from core.models import User
from core.web.once import fresh
from core.web.parts import Chip, Empty, Link, Part

PAGE, FILES = 50, 10
SHOWN = (PayoutState.DUE, PayoutState.EXPORTED, PayoutState.FAILED, PayoutState.PAID, PayoutState.CANCELLED)
TONES = {PayoutState.FAILED: "breach", PayoutState.PAID: "ok", PayoutState.EXPORTED: "", PayoutState.DUE: "risk"}
MOST_TOLD = 200  # lines of a file that are named on the page


@dataclass(frozen=True, slots=True)
class Line(Part):
    """One payout. Without addresses finance cannot have said anything of it."""

    key: int
    case_url: str
    reference: str
    customer: str
    customer_url: str
    what: str
    amount: str
    chip: Chip
    note: str
    when: str
    file: str = ""
    file_url: str = ""
    paid_url: str = ""
    failed_url: str = ""
    returned_url: str = ""


@dataclass(slots=True)
class State(Part):
    """One state with what lies in it: how many, and sums by currency."""

    code: str
    link: Link
    count: int = 0
    sums: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class File(Part):
    name: str
    url: str
    when: str
    who: str
    count: str


@dataclass(slots=True)
class Outcome(Part):
    """What became of a file that finance sent."""

    said: str
    tone: str
    refused: list[tuple[str, str]] = field(default_factory=list)
    more: str = ""


class AnswerForm(forms.Form):
    file = forms.FileField(
        label=gettext_lazy("File"),
        help_text=gettext_lazy("CSV with the columns payout, paid_on and reference, or payout and failure"),
    )


@require_safe
@allow(MANAGER)
def index(request: HttpRequest) -> HttpResponse:
    """The payouts of one state, the newest first. Query cost: 4 beside session and user."""
    return page(request)


def page(
    request: HttpRequest, *, form: AnswerForm | None = None, outcome: Outcome | None = None, status: int = 200
) -> HttpResponse:
    request.sidebar_here = "payouts"  # type: ignore[attr-defined]
    user: User = request.user  # type: ignore[assignment]
    states = _states(user)
    asked = request.GET.get("state", "")
    waiting = sum(one.count for one in states if one.code in OUTSTANDING)
    failed = next(one.count for one in states if one.code == PayoutState.FAILED)
    if asked not in SHOWN:
        asked = next((one.code for one in states if one.count), PayoutState.DUE)
    for one in states:
        one.link = Link(one.link.text, one.link.url, current=one.code == asked)
    rows = seen(user).filter(state=asked).order_by("-pk")
    before = request.GET.get("before", "")
    if before.isascii() and before.isdigit() and len(before) < 19:
        rows = rows.filter(pk__lt=int(before))
    found = list(rows[: PAGE + 1])
    at = now()
    query = f"?state={asked}"
    context = {
        "states": states,
        "here": next(one for one in states if one.code == asked),
        "lines": [_line(one, at) for one in found[:PAGE]],
        "empty": None if found else Empty("done", _("Nothing here"), _("Granted refunds and credits appear here.")),
        "failed": ngettext("%(n)s payout failed", "%(n)s payouts failed", failed) % {"n": failed} if failed else "",
        "failed_url": f"{reverse('payouts')}?state={PayoutState.FAILED}",
        "hand_over": ngettext("Hand %(n)s payout to finance", "Hand %(n)s payouts to finance", waiting) % {"n": waiting}
        if waiting
        else "",
        "files": _files(at),
        "form": form or AnswerForm(),
        "outcome": outcome,
        "nonce": fresh(),
        "next_url": f"{query}&before={found[PAGE - 1].pk}" if len(found) > PAGE else "",
        "first_url": query if before else "",
    }
    return render(request, "complaints/payouts.html", context, status=status)


def seen(user: User) -> QuerySet[Payout]:
    """The payouts of cases the reader sees."""
    visible = Complaint.objects.visible_to(user).values("pk")
    rows = Payout.objects.filter(remedy__complaint__in=visible)
    return rows.select_related("remedy__complaint__customer", "export")


def told(settled: Sequence[Settled]) -> Outcome:
    """What became of the lines, in a sentence; those of no use one by one."""
    numbers = {done: sum(one.done == done for one in settled) for done in (PAID, FAILED, ALREADY, SILENT, REFUSED)}
    words = {
        PAID: ngettext("%(n)s paid", "%(n)s paid", numbers[PAID]),
        FAILED: ngettext("%(n)s failed", "%(n)s failed", numbers[FAILED]),
        ALREADY: ngettext("%(n)s known before", "%(n)s known before", numbers[ALREADY]),
        SILENT: ngettext("%(n)s without an answer", "%(n)s without an answer", numbers[SILENT]),
        REFUSED: ngettext("%(n)s line of no use", "%(n)s lines of no use", numbers[REFUSED]),
    }
    said = " · ".join(words[done] % {"n": n} for done, n in numbers.items() if n) or _("This file has no lines.")
    bad = [one for one in settled if one.done == REFUSED]
    refused = [(_("Line %(line)s") % {"line": one.line}, one.why) for one in bad[:MOST_TOLD]]
    more = len(bad) - len(refused)
    words_more = ngettext("and %(n)s more line", "and %(n)s more lines", more) % {"n": more} if more else ""
    return Outcome(said, "breach" if bad else "risk" if numbers[FAILED] else "", refused, words_more)


def _states(user: User) -> list[State]:
    """Query cost: 1."""
    visible = Complaint.objects.visible_to(user).values("pk")
    rows = Remedy.objects.filter(payout__isnull=False, complaint__in=visible).order_by("currency")
    found = {
        code: State(code, Link(str(PayoutState(code).label), f"{reverse('payouts')}?state={code}")) for code in SHOWN
    }
    for state, currency, count, total in rows.values_list("payout__state", "currency").annotate(
        n=Count("pk"), total=sums.summed()
    ):
        found[state].count += count
        found[state].sums.append(languages.money(Decimal(int(total)).scaleb(-4), currency))
    return list(found.values())


def _line(one: Payout, at: datetime) -> Line:
    remedy, complaint = one.remedy, one.remedy.complaint
    customer, export = complaint.customer, one.export
    state = PayoutState(one.state)
    said = one.state in WITH_FINANCE
    return Line(
        key=one.pk,
        case_url=complaint.get_absolute_url(),
        reference=complaint.reference,
        customer=str(customer) if customer is not None else _("Customer unknown"),
        customer_url=reverse("customer", args=[customer.pk]) if customer is not None else "",
        what=str(remedy.get_kind_display()),
        amount=languages.money(remedy.amount, remedy.currency),
        chip=Chip(str(state.label), TONES.get(state, "")),
        note=one.failure or one.reference,
        when=languages.day(one.paid_on) if one.paid_on is not None else languages.near(one.updated_at, at),
        file=str(export.number) if export is not None else "",
        file_url=reverse("payout_file", args=[export.number]) if export is not None else "",
        paid_url=reverse("payout_confirmation", args=[one.pk]) if said else "",
        failed_url=reverse("payout_failure", args=[one.pk]) if state == PayoutState.EXPORTED else "",
        returned_url=reverse("payout_return", args=[one.pk]) if state == PayoutState.PAID else "",
    )


def _files(at: datetime) -> list[File]:
    """The newest FILES. Query cost: 1."""
    rows = PayoutExport.objects.select_related("by").annotate(n=Count("lines")).order_by("-number")[:FILES]
    return [
        File(
            _("File %(number)s") % {"number": one.number},
            reverse("payout_file", args=[one.number]),
            languages.near(one.at, at),
            str(one.by) if one.by is not None else "",
            ngettext("%(n)s payout", "%(n)s payouts", one.n) % {"n": languages.number(one.n)},
        )
        for one in rows
    ]
