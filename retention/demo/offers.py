"""What the demo's customers were offered, what they answered, and who brought whom (mission C2, C4).

Offers are rows with the trail that the actions would have left; referrals are told through the actions, with points.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from core import bulk, dates, rows, trail
from core.actor import Actor
from core.errors import DomainError
from core.models import TrailEntry, User
from retention.actions import offers, referrals
from retention.demo import SOURCE, goods
from retention.models import Consent, ConsentPurpose, Customer, Offer, OfferKind, OfferState, Purchase, Tenure
from retention.models.customers import CHANNELS

MOST, AMONG, PAIRS = 90, 10_000, 24  # offers, the customers they go to some of, referrals
LONGEST = 300  # days since the first of them
ACCEPTED, DECLINED, ENDLESS, WORTH = 0.34, 0.3, 0.15, (None, 490, 990, 1_490, 2_990, 5_990)
POINTS = (200, 100)  # for who brought them, for who was brought
CROSS, UP, BACK = OfferKind.CROSS_SELL, OfferKind.UP_SELL, OfferKind.WIN_BACK
TEXTS: Mapping[str, Mapping[OfferKind, tuple[str, ...]]] = {
    "en": {
        CROSS: ("Filters for a year with the kettle", "A descaling set at half price with the next order"),
        UP: ("Care Plus for the price of Care, the first year", "The larger food processor for the difference"),
        BACK: ("Three months of Care for free on coming back", "Free delivery on the next two orders"),
    },
    "es": {
        CROSS: ("Filtros para un año con el hervidor", "Kit antical a mitad de precio con el próximo pedido"),
        UP: ("Care Plus al precio de Care, el primer año", "El robot grande pagando solo la diferencia"),
        BACK: ("Tres meses de Care gratis al volver", "Envío gratuito en los dos próximos pedidos"),
    },
    "pt": {
        CROSS: ("Filtros para um ano com a chaleira", "Kit descalcificante a metade do preço na próxima compra"),
        UP: ("Care Plus pelo preço do Care, no primeiro ano", "O processador maior pagando só a diferença"),
        BACK: ("Três meses de Care grátis ao voltar", "Entrega gratuita nas próximas duas compras"),
    },
    "it": {
        CROSS: ("Filtri per un anno con il bollitore", "Kit anticalcare a metà prezzo con il prossimo ordine"),
        UP: ("Care Plus al prezzo di Care, il primo anno", "Il robot grande pagando solo la differenza"),
        BACK: ("Tre mesi di Care gratis al ritorno", "Consegna gratuita sui prossimi due ordini"),
    },
    "ru": {
        CROSS: ("Фильтры на год вместе с чайником", "Средство от накипи за полцены к следующему заказу"),
        UP: ("Care Plus по цене Care на первый год", "Большой комбайн с доплатой только разницы"),
        BACK: ("Три месяца Care бесплатно при возвращении", "Бесплатная доставка двух следующих заказов"),
    },
}
REASONS: Mapping[str, tuple[str, ...]] = {
    "en": ("Too expensive", "Has enough of it", "Wants to think about it first", ""),
    "es": ("Demasiado caro", "Ya tiene bastante", "Quiere pensarlo antes", ""),
    "pt": ("Caro demais", "Já tem o suficiente", "Quer pensar primeiro", ""),
    "it": ("Troppo caro", "Ne ha abbastanza", "Vuole pensarci prima", ""),
    "ru": ("Слишком дорого", "Уже есть", "Хочет сначала подумать", ""),
}


def plan(*, draw: random.Random, members: Sequence[User], manager: User, now: datetime) -> int:
    """Tell them unless they are told; returns how many offers. Query cost: about 10, and about 20 a referral."""
    if not members or Offer.objects.filter(source=SOURCE).exists():
        return 0
    made = _offers(draw, sorted(members, key=lambda user: user.pk), now)
    _referrals(draw, sorted(members, key=lambda user: user.pk), manager, now)
    return made


def _offers(draw: random.Random, members: Sequence[User], now: datetime) -> int:
    agreed = Consent.objects.filter(
        purpose=ConsentPurpose.OFFERS, given=True, at__lt=now - timedelta(days=2),
        customer__external_ids__source=SOURCE, customer__merged_into__isnull=True,
    )  # fmt: skip
    known = list(agreed.order_by("-customer").values_list("pk", flat=True)[:AMONG])
    chosen = draw.sample(known, min(MOST * 2, len(known)))
    asked = list(agreed.filter(pk__in=chosen).select_related("customer").order_by("customer"))
    keys = [one.customer_id for one in asked]
    undecided = Customer.objects.filter(pk__in=keys, complaints__in_queue=True, complaints__resolved_at__isnull=True)
    waiting = set(undecided.values_list("pk", flat=True))
    left = dict(Tenure.objects.filter(customer__in=keys).order_by("joined_on", "pk").values_list("customer", "left_on"))
    bought: dict[int | None, list[Purchase]] = {}
    for order in Purchase.objects.filter(customer__in=keys, is_valid=True).order_by("purchased_at", "pk"):
        bought.setdefault(order.customer_id, []).append(order)
    made: list[Offer] = []
    entries: list[TrailEntry] = []
    for one in asked:
        if len(made) == MOST:
            break
        gone = left.get(one.customer_id)
        first = max(one.at, now - timedelta(days=LONGEST))
        if gone is not None:
            first = max(first, datetime.combine(gone + timedelta(days=3), now.timetz()))
        if first >= now - timedelta(days=2):
            continue
        kind = BACK if gone or one.customer_id in waiting else (CROSS if draw.random() < 0.6 else UP)
        at = first + (now - timedelta(days=1) - first) * draw.random()
        at = max(first, at.replace(hour=8 + int(draw.random() * 9)))
        offer = _offer(one.customer, kind, at, draw)
        offer.by = members[int(draw.random() * len(members))]
        _answer(offer, [order for order in bought.get(one.customer_id, ()) if order.purchased_at >= at], draw, now)
        made.append(offer)
    rows.give_ids(*made)
    for offer in made:
        entries += _entries(offer)
    bulk.insert([*made, *entries])
    return len(made)


def _offer(customer: Customer, kind: OfferKind, at: datetime, draw: random.Random) -> Offer:
    texts = TEXTS[_language(customer)][kind]
    cents = WORTH[int(draw.random() * len(WORTH))]
    return Offer(
        customer=customer,
        kind=kind,
        text=texts[int(draw.random() * len(texts))],
        amount=None if cents is None else Decimal(cents) / 100,
        currency="" if cents is None else goods.CURRENCY,
        channel=customer.preferred_channel or CHANNELS[int(draw.random() * 2)][0],
        made_at=at,
        valid_until=None if draw.random() < ENDLESS else dates.of_house(at) + timedelta(days=int(draw.uniform(14, 60))),
        source=SOURCE,
        created_at=at,
        updated_at=at,
    )


def _answer(offer: Offer, later: Sequence[Purchase], draw: random.Random, now: datetime) -> None:
    """Taken, refused, or still open; an order within its time came of one that was taken."""
    chance, decided = draw.random(), offer.made_at + timedelta(days=draw.uniform(0.1, 12))
    if chance >= ACCEPTED + DECLINED or decided >= now:
        return
    offer.decided_at = offer.updated_at = decided
    offer.version = 2
    if chance < ACCEPTED:
        offer.state = OfferState.ACCEPTED
        soon = [one for one in later if one.purchased_at < decided + timedelta(days=40)]
        offer.purchase = soon[0] if soon else None
    else:
        reasons = REASONS[_language(offer.customer)]
        offer.state, offer.reason = OfferState.DECLINED, reasons[int(draw.random() * len(reasons))]


def _entries(offer: Offer) -> list[TrailEntry]:
    by = Actor.person(offer.by) if offer.by else Actor.system("demo")
    facts: dict[str, Any] = {"kind": str(offer.kind), "channel": offer.channel}
    if offer.amount is not None:
        facts |= {"amount": f"{offer.amount:.2f}", "currency": offer.currency}
    facts |= {"valid_until": offer.valid_until} if offer.valid_until else {}
    made = trail.build(offer, offers.MADE, by=by, at=offer.made_at, changes=facts, private={"text": offer.text})
    if offer.decided_at is None:
        return [made]
    accepted = offer.state == OfferState.ACCEPTED
    answer = trail.build(
        offer,
        offers.ACCEPTED if accepted else offers.DECLINED,
        by=by,
        at=offer.decided_at,
        changes={"purchase": offer.purchase_id} if offer.purchase_id else {},
        private={"reason": offer.reason} if offer.reason else None,
        seq=2,
        previous=bytes(made.hash),
    )
    return [made, answer]


def _referrals(draw: random.Random, members: Sequence[User], manager: User, now: datetime) -> None:
    """Who came later was brought by who was there before; every second time with points, which a manager gives."""
    theirs = Tenure.objects.filter(customer__external_ids__source=SOURCE, customer__merged_into__isnull=True)
    joined: dict[int, date] = {}
    for key, day in theirs.values_list("customer", "joined_on"):
        if day is not None:
            joined[key] = min(day, joined.get(key, day))
    newest = sorted(joined, key=lambda key: (joined[key], key))[-PAIRS * 4 :]
    people = Customer.objects.in_bulk(newest)
    brought = 0
    for place, key in enumerate(newest[PAIRS:], start=PAIRS):
        if brought == PAIRS or draw.random() < 0.5:
            continue
        other = newest[int(draw.random() ** 2 * place)]
        with_points = brought % 2 == 0
        by = Actor.person(manager if with_points else members[brought % len(members)])
        at = min(now, datetime.combine(joined[key] + timedelta(days=1), now.timetz()))
        for_referrer, for_referred = POINTS if with_points else (0, 0)
        try:
            made = referrals.refer(
                people[other],
                people[key],
                referred_on=min(joined[key], dates.of_house(at)),
                referrer_points=for_referrer,
                referred_points=for_referred,
                source=SOURCE,
                by=by,
                at=at,
            )
        except DomainError:  # they are told of already
            continue
        brought += 1
        if brought == 6:
            referrals.withdraw(made, reason=WITHDRAWN[_language(people[key])], by=by, at=at)


WITHDRAWN = {
    "en": "They were customers before",
    "es": "Ya eran clientes",
    "pt": "Já eram clientes",
    "it": "Erano già clienti",
    "ru": "Уже были клиентами",
}


def _language(customer: Customer) -> str:
    return customer.language if customer.language in TEXTS else "en"
