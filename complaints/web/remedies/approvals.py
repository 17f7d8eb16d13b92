"""Approvals: remedies that wait for somebody with enough authority, the oldest first, decided right there (mission A7;
domain, Authority and money: four eyes)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models import Q, QuerySet
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from complaints import authority
from complaints.authority import rooms, sums
from complaints.authority.lines import Holder
from complaints.models import Complaint, Remedy, RemedyStatus
from complaints.web.names import name_of
from complaints.web.remedies import limit_words, words
from core import languages
from core.access import CASES, LEAD, MANAGER, allow
from core.clock import now
from core.models import Team, User
from core.web.once import fresh
from core.web.parts import Empty, Link, Part, Person

PAGE = 50
Trouble = tuple[int, str, str]


@dataclass(slots=True)
class Request(Part):
    """One request. Without addresses it is not the reader's to decide: `waits_for` says whose."""

    key: int
    icon: str
    what: str
    value: str
    case_url: str
    reference: str
    subject: str
    customer: str
    customer_url: str
    asked_by: Person
    asked: str
    reason: str
    so_far: str
    limit: str
    own: bool = False
    waits_for: str = ""
    approve_url: str = ""
    reject_url: str = ""
    trouble: str = ""
    typed: str = ""
    nonce: str = field(default_factory=fresh)


@require_safe
@allow(*CASES)
def index(request: HttpRequest) -> HttpResponse:
    """What waits on cases the reader sees. Query cost: at most 10 beside session and user, whatever their number."""
    return page(request)


def page(request: HttpRequest, *, trouble: Trouble | None = None, status: int = 200) -> HttpResponse:
    """`trouble`: the key of the request where something was refused, why, and what was typed."""
    user: User = request.user  # type: ignore[assignment]
    at = now()
    after = request.GET.get("after", "")
    found = waiting(user)
    if after.isascii() and after.isdigit() and len(after) < 19:
        edge = found.filter(pk=after).values_list("requested_at", flat=True).first()
        if edge is not None:
            found = found.filter(Q(requested_at__gt=edge) | Q(requested_at=edge, pk__gt=after))
    rows = list(found[: PAGE + 1])
    shown = rows[:PAGE]
    mine = set(
        authority.awaiting_for(user, at=at).filter(pk__in=[row.pk for row in shown]).values_list("pk", flat=True)
    )
    requests = _requests(shown, user, mine, at, trouble)
    count = len(mine)
    request.sidebar_here = "approvals"  # type: ignore[attr-defined]
    context = {
        "requests": requests,
        "note": ngettext("%(n)s for you to decide", "%(n)s for you to decide", count) % {"n": count} if count else "",
        "views": views(user, here="approvals"),
        "next_url": f"?after={shown[-1].pk}" if len(rows) > PAGE else "",
        "first_url": reverse("approvals") if after else "",
        "empty": None
        if requests
        else Empty("done", _("Nothing waits for approval"), _("What goes beyond somebody’s authority is shown here.")),
        "trouble": trouble[1] if trouble is not None else "",
        "troubled": next((one for one in requests if one.trouble), None),
    }
    return render(request, "complaints/approvals.html", context, status=status)


def waiting(user: User) -> QuerySet[Remedy]:
    """Everything that waits on cases the reader sees, the oldest first."""
    seen = Complaint.objects.visible_to(user).values("pk")
    rows = Remedy.objects.filter(status=RemedyStatus.AWAITING, complaint__in=seen)
    return rows.select_related("complaint__customer", "complaint__team", "requested_by").order_by("requested_at", "pk")


def views(user: User, *, here: str) -> list[Link]:
    """The pages of remedies that the reader may open."""
    found = [Link(_("Approvals"), reverse("approvals"), current=here == "approvals")]
    if user.roles & {LEAD, MANAGER}:
        found.append(Link(_("What was granted"), reverse("remedies_granted"), current=here == "remedies_granted"))
    return found if len(found) > 1 else []


def _requests(
    rows: Sequence[Remedy], user: User, mine: set[int], at: datetime, trouble: Trouble | None
) -> list[Request]:
    so_far = _so_far(rows)
    people = list(User.objects.active().order_by("name", "pk")) if rows else []
    held = {who.id: who for who in rooms.holders(people)}
    leads: dict[int, set[int]] = defaultdict(set)
    for lead, team in Team.objects.filter(is_active=True).values_list("lead", "pk") if rows else ():
        leads[lead].add(team)
    book = authority.in_force()
    return [_request(row, user, mine, at, trouble, so_far, people, held, leads, book) for row in rows]


def _request(
    row: Remedy,
    user: User,
    mine: set[int],
    at: datetime,
    trouble: Trouble | None,
    so_far: dict[tuple[int, str], Decimal],
    people: Sequence[User],
    held: dict[int, Holder],
    leads: dict[int, set[int]],
    book: Any,
) -> Request:
    complaint, customer = row.complaint, row.complaint.customer
    given = so_far.get((complaint.merged_into_id or complaint.pk, row.currency))
    shown = Request(
        key=row.pk,
        icon=words.icon_of(row.kind),
        what=words.named(row),
        value=words.value(row.amount, row.currency),
        case_url=complaint.get_absolute_url(),
        reference=complaint.reference,
        subject=complaint.subject,
        customer=str(customer) if customer is not None else _("Customer unknown"),
        customer_url=reverse("customer", args=[customer.pk]) if customer is not None else "",
        asked_by=Person.of(row.requested_by_id, name_of(row.requested_by_id) or str(row.requested_by)),
        asked=languages.near(row.requested_at, at),
        reason=row.reason,
        so_far=_("%(sum)s given so far on this complaint") % {"sum": words.value(given, row.currency)}
        if given
        else _("Nothing given so far on this complaint"),
        limit=limit_words.why_asked(book.lines, held.get(row.requested_by_id), row),
        own=row.requested_by_id == user.pk,
    )
    if row.pk in mine:
        where = [complaint.reference, row.pk]
        shown.approve_url = reverse("case_remedy_approval", args=where)
        shown.reject_url = reverse("case_remedy_rejection", args=where)
    else:
        able = [
            str(one)
            for one in people
            if one.pk not in (row.requested_by_id, user.pk)
            and _sees(one, held[one.pk], complaint, leads)
            and authority.within_reach(held[one.pk], row, book=book)
        ]
        shown.waits_for = _waits_for(able, own=shown.own)
        if not shown.own and authority.within_reach(held[user.pk], row, book=book):  # only its sums are used up
            shown.reject_url = reverse("case_remedy_rejection", args=[complaint.reference, row.pk])
    if trouble is not None and trouble[0] == row.pk:
        shown.trouble, shown.typed = trouble[1], trouble[2]
    return shown


def _waits_for(able: Sequence[str], *, own: bool) -> str:
    names = {"names": words.people(able)}
    if not able:
        return _("Nobody who sees this case may approve as much. An administrator can raise a limit.")
    return _("Waits for %(names)s") % names if own else _("Above what you may grant. Waits for %(names)s") % names


def _sees(one: User, who: Holder, complaint: Complaint, leads: dict[int, set[int]]) -> bool:
    """As `visible_to`, but for those who only follow the case."""
    if "manager" in who.roles:
        return True
    if not who.roles & set(CASES):
        return False
    team = complaint.team_id
    in_team = team is not None and (("agent" in who.roles and one.team_id == team) or team in leads.get(one.pk, ()))
    return in_team or complaint.owner_id == one.pk


def _so_far(rows: Sequence[Remedy]) -> dict[tuple[int, str], Decimal]:
    """What was granted on each of their cases, with those merged into it, by currency. Query cost: 1."""
    heads = {row.complaint.merged_into_id or row.complaint_id for row in rows}
    if not heads:
        return {}
    granted = Remedy.objects.filter(status=RemedyStatus.GRANTED, amount__isnull=False)
    found = granted.annotate(head=Coalesce("complaint__merged_into", "complaint")).filter(head__in=heads).order_by()
    totals = found.values_list("head", "currency").annotate(total=sums.summed())
    return {(head, currency): Decimal(int(total)).scaleb(-4) for head, currency, total in totals}
