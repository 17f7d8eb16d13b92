"""What stands beside a customer's story: value, scores, words, calls, stays, consents, merged records (mission B3)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Count, F, QuerySet, Sum
from django.db.models.functions import TruncMonth
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from complaints.models import Outcome, Status
from complaints.querysets import ComplaintQuerySet
from complaints.web.many.rows import Found, Here, clock_badge, values
from core import languages
from core.models import User
from core.web.parts import BREACHED, MET, Badge, Part
from metrics.models import SurveyResponse
from metrics.models.surveys import HIGH, LOW, MIDDLE, band
from metrics.web import story_life
from metrics.web.story_life import Case, Life, Mark, Order
from retention.models import ConsentPurpose, Customer, FollowUp, Purchase, Tenure
from retention.models.customers import CHANNELS, EMAIL, PERSON, PHONE, POSTAL

COMPLAINTS, ANSWERS, CALLS, QUOTES = 50, 60, 6, 4
TONES = {LOW: "detractor", MIDDLE: "passive", HIGH: "promoter"}
MARKS = {EMAIL: "email", PHONE: "phone", "social": "social", POSTAL: "letter"}
_EXTRA = ("outcome", "resolve_met", "resolve_late")


@dataclass(frozen=True, slots=True)
class Score(Part):
    """An answer's score: `text` and the `tone` its kind gives it (promoter, passive, detractor)."""

    text: str
    tone: str
    title: str = ""


@dataclass(slots=True)
class CaseRow(Part):
    """A complaint in the customer's table."""

    found: Found
    received: str
    state: str
    is_open: bool
    badge: Badge | None
    score: Score | None = None

    @property
    def url(self) -> str:
        return f"/complaints/{self.found.reference}/"


# --- complaints -------------------------------------------------------------------------------------------------------


def complaints(visible: ComplaintQuerySet, reader: int, now: datetime) -> list[CaseRow]:
    """The newest COMPLAINTS and one more if there is one. Query cost: 1."""
    here, local = Here.of(now), languages.local(now)
    newest = values(visible.order_by("-received_at", "-pk"), reader)
    rows = newest.values_list(*Found._fields, *_EXTRA)[: COMPLAINTS + 1]
    found = []
    for row in rows:
        one, (outcome, met, late) = Found._make(row[: len(Found._fields)]), row[len(Found._fields) :]
        is_open = not outcome and one.status not in (Status.CLOSED, Status.MERGED, Status.WITHDRAWN)
        badge = clock_badge(one, here)[0] if is_open else _verdict(met, late)
        state = str(Outcome(outcome).label) if outcome else str(Status(one.status).label)
        received = languages.short_day(languages.local(one.received_at), now=local)
        found.append(CaseRow(one, received, state, is_open, badge))
    return found


def _verdict(met: int, late: int) -> Badge | None:
    if late:
        return Badge(BREACHED, _("late"), 100)
    return Badge(MET, languages.met(), 100) if met else None


# --- answers ----------------------------------------------------------------------------------------------------------


def answers(customer: Customer, reader: User) -> list[SurveyResponse]:
    """The newest answers with a score or words that the reader may see. Query cost: 1."""
    seen = SurveyResponse.objects.visible_to(reader).filter(customer=customer)
    return list(seen.order_by(F("answered_at").desc(nulls_last=True), "-pk")[:ANSWERS])


def score_of(answer: SurveyResponse) -> Score | None:
    """How satisfied they were, None for a blank answer."""
    if answer.score is None:
        return None
    return Score(str(answer.score), TONES[band(answer.kind, answer.score)], answer.score_of)


def quotes(given: Iterable[SurveyResponse]) -> list[tuple[str, str]]:
    """In the customer's words: (comment, score and when), newest first."""
    said = []
    for one in given:
        if one.comment.strip():
            score = score_of(one)
            when = languages.day(languages.local(one.answered_at)) if one.answered_at else one.period_label
            said.append((one.comment, ", ".join(x for x in (score.title if score else "", when) if x)))
    return said[:QUOTES]


# --- worth ------------------------------------------------------------------------------------------------------------


def months(customer: Customer) -> list[dict[str, Any]]:
    """Valid orders by month and currency: {month, currency, n, total}, oldest first. Query cost: 1."""
    bought = Purchase.objects.filter(customer=customer, is_valid=True).order_by()
    grouped = bought.annotate(month=TruncMonth("purchased_at")).values("month", "currency")
    summed: Iterable[Any] = grouped.annotate(n=Count("pk"), total=Sum("valid_amount")).order_by("month", "currency")
    return list(summed)


def worth(bought: Sequence[dict[str, Any]], given: Sequence[SurveyResponse]) -> list[tuple[str, str, str]]:
    """(name, value, small print) for what is known: value, orders, latest score."""
    sums: dict[str, Decimal] = {}
    for row in bought:
        sums[row["currency"]] = sums.get(row["currency"], Decimal(0)) + row["total"]
    orders = sum(row["n"] for row in bought)
    facts = []
    if sums:
        ordered = [languages.money(total.quantize(Decimal("0.01")), one) for one, total in by_size(sums)]
        facts.append((pgettext("customer", "Value"), ordered[0], ", ".join(ordered[1:])))
        facts.append((_("Orders"), languages.number(orders), ""))
    scored = [one for one in given if one.kind == "nps" and one.score is not None]
    if scored:
        before = _("was %(score)s") % {"score": scored[1].score} if len(scored) > 1 else ""
        facts.append(("NPS", str(scored[0].score), before))
    return facts


def by_size(sums: dict[str, Decimal]) -> list[tuple[str, Decimal]]:
    return sorted(sums.items(), key=lambda pair: (-pair[1], pair[0]))


# --- the line of the years --------------------------------------------------------------------------------------------


def life(
    customer: Customer,
    stays: Sequence[Tenure],
    bought: Sequence[dict[str, Any]],
    cases: Sequence[CaseRow],
    now: datetime,
) -> Life:
    """The picture, from what the page has already read. No query."""
    today = languages.local(now).date()
    largest: dict[str, Decimal] = {}
    for row in bought:
        largest[row["currency"]] = max(largest.get(row["currency"], Decimal(1)), row["total"])
    orders = [
        Order(_middle(row["month"]), float(row["total"] / largest[row["currency"]]), _orders_of(row)) for row in bought
    ]
    drawn = [_case(row) for row in cases[:COMPLAINTS]]
    marks = []
    for number, stay in enumerate(stays):
        if stay.joined_on:
            word = _("joined %(day)s") if number == 0 else _("back %(day)s")
            marks.append(Mark(stay.joined_on, word % {"day": languages.short_day(stay.joined_on)}))
        if stay.left_on:
            marks.append(
                Mark(stay.left_on, _("left %(day)s") % {"day": languages.short_day(stay.left_on)}, leaves=True)
            )
    since = known_since(customer, stays)
    spans = [(stay.joined_on, stay.left_on) for stay in stays]
    picture = story_life.draw(since=since, today=today, stays=spans, orders=orders, cases=drawn, marks=marks)
    picture.title = _("%(name)s since %(day)s: orders below the line, complaints and scores above.") % {
        "name": customer,
        "day": languages.day(since),
    }
    return picture


def known_since(customer: Customer, stays: Sequence[Tenure]) -> date:
    joined = [stay.joined_on for stay in stays if stay.joined_on]
    return min([*joined, languages.local(customer.created_at).date()])


def years_with_us(since: date, today: date) -> str:
    """5 years and 8 months."""
    total = max((today.year - since.year) * 12 + today.month - since.month - (today.day < since.day), 0)
    years, rest = divmod(total, 12)
    y = ngettext("%(n)s year", "%(n)s years", years) % {"n": years}
    m = ngettext("%(n)s month", "%(n)s months", rest) % {"n": rest}
    if years and rest:
        return _("%(years)s and %(months)s") % {"years": y, "months": m}
    if years or rest:
        return y if years else m
    return _("Less than a month")


def _middle(month: datetime | date) -> date:
    day = languages.local(month).date() if isinstance(month, datetime) else month
    return day.replace(day=1) + timedelta(days=14)


def _orders_of(row: dict[str, Any]) -> str:
    count = ngettext("%(n)s order", "%(n)s orders", row["n"]) % {"n": row["n"]}
    return f"{count}, {languages.money(row['total'].quantize(Decimal('0.01')), row['currency'])}"


def _case(row: CaseRow) -> Case:
    on = languages.local(row.found.received_at).date()
    title = f"{row.found.subject}, {row.received}"
    if row.score is not None:
        return Case(on, f"{title}: {row.score.title}", row.is_open, row.score.text, row.score.tone)
    return Case(on, title, row.is_open, "?" if row.is_open else "", "open" if row.is_open else "")


# --- about ------------------------------------------------------------------------------------------------------------


def calls(customer: Customer, reader: User, now: datetime) -> tuple[list[dict[str, Any]], int]:
    """Calls planned that the reader may see, soonest first, and how many there are beyond these. Query cost: 1."""
    here = languages.local(now)
    planned: QuerySet[FollowUp] = FollowUp.objects.visible_to(reader).open().filter(customer=customer)
    found = list(planned.select_related("owner").order_by("due_on", "pk")[:50])
    rows = [
        {
            "url": reverse("follow_up", args=[one.pk]),
            "about": one.about or str(one.get_reason_display()),
            "day": languages.short_day(one.due_on, weekday=True, now=here),
            "owner": str(one.owner),
        }
        for one in found[:CALLS]
    ]
    return rows, len(found) - len(rows)


def consents(customer: Customer) -> list[tuple[str, str]]:
    """(purpose, what was said and when), from the prefetched rows."""
    labels = dict(ConsentPurpose.choices)
    said = []
    for one in sorted(customer.consents.all(), key=lambda one: list(labels).index(one.purpose)):
        day = languages.day(languages.local(one.at))
        words = _("agreed on %(day)s") if one.given else _("refused on %(day)s")
        said.append((str(labels[one.purpose]), words % {"day": day} + (f" ({one.how})" if one.how else "")))
    return said


def facts(customer: Customer, stays: Sequence[Tenure]) -> list[tuple[str, str]]:
    """(name, value) for the list "About"."""
    found = []
    joined = min((stay.joined_on for stay in stays if stay.joined_on), default=None)
    if joined:
        found.append((_("Customer since"), languages.day(joined)))
    found.append((_("Known since"), languages.day(languages.local(customer.created_at))))
    if customer.preferred_channel:
        channel = dict(CHANNELS).get(customer.preferred_channel, customer.preferred_channel)
        found.append((_("Prefers"), str(channel)))
    found += [(_("Id in %(source)s") % {"source": one.source or languages.DASH}, one.external_id)
              for one in customer.external_ids.all()]  # fmt: skip
    return found


def line(customer: Customer) -> str:
    """Organisation · writes in Portuguese."""
    words = [] if customer.kind == PERSON else [str(customer.get_kind_display())]
    if customer.language:
        words.append(_("writes in %(language)s") % {"language": languages.language_name(customer.language)})
    return " · ".join(words)


def contacts(customer: Customer) -> list[tuple[str, str, str]]:
    return [
        (MARKS.get(one.kind, "letter"), str(one.get_kind_display()), one.value) for one in customer.contact_points.all()
    ]


def gone(stays: Sequence[Tenure]) -> str:
    """Left on 3 May 2025, for somebody who has left and is not back."""
    if not stays or any(stay.left_on is None for stay in stays):
        return ""
    last = max(stay.left_on for stay in stays if stay.left_on)
    return _("left on %(day)s") % {"day": languages.day(last)}
