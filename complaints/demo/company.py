"""Seed the lively part of the demo: customers, and some 140 complaints in every state, told up to this minute."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from itertools import count as count_from
from itertools import cycle

from django.db import transaction
from django.db.models import F, Max

from complaints.demo import (
    SOURCE,
    cast,
    charges,
    conversation,
    desk,
    knowledge,
    learning,
    linking,
    ownership,
    payouts,
    promises,
    remedies,
    words,
)
from complaints.demo.lives import Case, Life, enquiry, for_agent, life, play, spam
from complaints.demo.texts import BOOKS, Story
from complaints.demo.texts.other import ENQUIRIES, SPAM
from complaints.models import ChannelCode, Complaint, Status
from core import clock
from core.models import OutboxMessage, User
from retention.actions import customers
from retention.demo import likes
from retention.models import Customer

LIVELY = 140
BEGAN = timedelta(days=110)  # before now: when the people were entered
NOT_SENT = "Demo data: never sent"
CHARGED_TWICE = "billing-charged-twice"
LANGUAGES = ("en", "pt", "es", "it", "ru")
WRITTEN = (ChannelCode.WEB, ChannelCode.EMAIL, ChannelCode.LETTER, ChannelCode.SOCIAL)

# state now -> parts of the whole, and the shares of its clock that may have passed
MIX: tuple[tuple[str, int, tuple[float, ...]], ...] = (
    (Status.NEW, 7, (0.15, 0.35, 0.55)),
    (Status.NEW, 4, (0.82, 0.9, 0.95)),  # at risk
    (Status.NEW, 3, (1.15, 1.6)),  # breached
    (Status.ACKNOWLEDGED, 10, (0.12, 0.2, 0.3)),
    (Status.INVESTIGATING, 15, (0.3, 0.45, 0.6, 0.7)),
    (Status.INVESTIGATING, 7, (0.8, 0.88, 0.94)),
    (Status.INVESTIGATING, 7, (1.05, 1.2, 1.5)),
    (Status.WAITING, 10, (0.25, 0.4, 0.6)),
    (Status.RESOLVED, 9, (0.5,)),
    ("reopened", 6, (0.5,)),
    (Status.WITHDRAWN, 6, (0.5,)),
    (Status.CLOSED, 48, (0.5,)),
)


@transaction.atomic
def seed(*, seed: int, now: datetime, count: int = LIVELY, after_step: Callable[[], None] = lambda: None) -> int:
    """Make people, customers and `count` complaints; returns the number of complaints. Nothing is ever mailed.

    All in one transaction: cut off, it leaves nothing behind. Raises cast.NamesTaken.
    """
    last_mail = OutboxMessage.objects.aggregate(last=Max("pk"))["last"] or 0
    draw = random.Random(seed)  # noqa: S311  (believable, not secret)
    began = now - BEGAN
    with clock.frozen(began):
        members = cast.make(at=began)
        remedies.limits(members, at=began)
        known = _customers(draw, began)
    lives = _lives(draw, now, count, known, [user for user in members.values() if user.is_agent])
    lives += [_away(members, now), payouts.finance(members, now), payouts.points(members, now)]
    play(lives, until=now, after_step=after_step)
    with clock.frozen(now):
        desk.seed(members, at=now)
        knowledge.seed(members, at=now, seed=seed)
        words.seed(members, at=now)
        conversation.seed(members, at=now)
        ownership.seed(members, at=now)
        linking.seed(members, at=now)
        learning.seed(members, at=now)
        remedies.seed(members, at=now)
        charges.seed(at=now)
        promises.seed(members, at=now)
    OutboxMessage.objects.filter(pk__gt=last_mail, sent_at__isnull=True).update(sent_at=F("due_at"), error=NOT_SENT)
    return Complaint.objects.filter(source=SOURCE).count()


def _away(members: dict[str, User], now: datetime) -> Life:
    """One of us goes on holiday for a week."""
    yield now - timedelta(days=3)
    cast.make_absence(members, at=clock.now(), until_at=now + timedelta(days=4))


def _lives(
    draw: random.Random, now: datetime, count: int, known: dict[str, list[Customer]], members: list[User]
) -> list[Life]:
    """Every life, not begun yet."""
    extra = [enquiry(row, known[row[0]][0], now - timedelta(days=9 - n), members) for n, row in enumerate(ENQUIRIES)]
    extra += [spam(row, now - timedelta(hours=5 + 19 * n)) for n, row in enumerate(SPAM)]
    extra = [_charged_twice(draw, now, known, members), *extra][: count // 10]
    tellers = {language: _stories(draw, language) for language in LANGUAGES}
    languages = cycle(draw.sample([*LANGUAGES, "en"], 6))
    lives: list[Life] = []
    for ends, age in _endings(draw, count - len(extra)):
        language = next(languages)
        story, variant = next(tellers[language])
        lives.append(life(_case(draw, ends, age, language, story, variant, known, members), now))
    return [*lives, *extra]


def _charged_twice(draw: random.Random, now: datetime, known: dict[str, list[Customer]], members: list[User]) -> Life:
    """On the phone, for the demo's agent: two charges and one order, to be put right within one's authority (A7)."""
    story = next(story for story in BOOKS["en"].stories if story.type == CHARGED_TWICE)
    customer = known["en"][0]
    case = Case(
        story=story,
        variant=0,
        language="en",
        customer=customer,
        first=next(person.first for person in BOOKS["en"].people if person.name == customer.name),
        channel=ChannelCode.PHONE,
        ends=Status.INVESTIGATING,
        age=0.25,
        random=random.Random(draw.getrandbits(64)),  # noqa: S311
        members=members,
    )
    agent = next(member for member in members if member.username == "agent")
    return for_agent(case, now, agent)


def _case(
    draw: random.Random,
    ends: str,
    age: float,
    language: str,
    story: Story,
    variant: int,
    known: dict[str, list[Customer]],
    members: list[User],
) -> Case:
    channels = [c for c in story.channels if c in WRITTEN] if ends == Status.NEW else list(story.channels)
    channel = draw.choice(channels or [ChannelCode.WEB])
    if channel == ChannelCode.LETTER and ends == Status.NEW:
        channel = ChannelCode.EMAIL
    people = {person.name: person for person in BOOKS[language].people}
    fitting = [c for c in known[language] if story.voice in ("", people[c.name].voice)]
    anonymous = channel in (ChannelCode.WEB, ChannelCode.SOCIAL) and draw.random() < 0.08
    customer = None if anonymous else draw.choice(fitting)
    return Case(
        story=story,
        variant=variant,
        language=language,
        customer=customer,
        first=people[customer.name].first if customer else "",
        channel=channel,
        ends=ends,
        age=age * draw.uniform(0.97, 1.03),
        random=random.Random(draw.getrandbits(64)),  # noqa: S311
        members=members,
    )


def _stories(draw: random.Random, language: str) -> Iterator[tuple[Story, int]]:
    """All stories of a language in some order, again and again, each time about another item."""
    stories = list(BOOKS[language].stories)
    draw.shuffle(stories)
    for variant in count_from(0):
        yield from ((story, variant) for story in stories)


def _endings(draw: random.Random, count: int) -> list[tuple[str, float]]:
    """`count` states in the proportions of MIX, at least one of each as long as there is room."""
    whole = sum(parts for _, parts, _ in MIX)
    shares = [(max(1, round(count * parts / whole)), ends, ages) for ends, parts, ages in MIX]
    endings = [(ends, draw.choice(ages)) for number, ends, ages in shares for _ in range(number)]
    draw.shuffle(endings)
    spare = max(count - len(endings), 0)
    return [*endings[:count], *[(str(Status.CLOSED), 0.5)] * spare]


def _customers(draw: random.Random, at: datetime) -> dict[str, list[Customer]]:
    """The customers of all books, with how to reach them and what they like."""
    known: dict[str, list[Customer]] = {}
    number = 0
    for language, book in BOOKS.items():
        for person in book.people:
            number += 1
            details = customers.Details(
                name=person.name,
                email=f"{person.mailbox}@{book.mail_domain}",
                phone=book.phone.format(number) if number % 3 else "",
                external_id=f"C-{20_000 + number}",
                source=SOURCE,
                language=language,
            )
            customer = customers.create(details, by=cast.SEEDER, at=at)
            customer.tier = draw.choice(("", "", "", "Silver", "Silver", "Gold"))
            customer.preferred_channel, customer.preferences = likes.some(draw, language)
            customer.save(update_fields=["tier", "preferred_channel", "preferences"])
            known.setdefault(language, []).append(customer)
    return known
