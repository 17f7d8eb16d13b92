"""The page of one customer: whole, fast at 10,000 entries, silent about what the reader may not see (mission B3)."""

import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from django.test import Client
from django.utils import translation

from complaints.actions import converse, decide, handle
from complaints.reference import catalogue
from core import cached, clock, trail
from core.actor import Actor
from core.models import TrailEntry
from metrics.models import SurveyResponse
from metrics.web import story_life, story_words
from metrics.web.story_trail import PAGE, parse
from retention.models import FollowUp, Purchase, Tenure
from tests.cast import Cast, make_cast, make_customer

pytestmark = pytest.mark.django_db
BY = Actor.system("test")
EVIL = "<img src=x onerror=alert(1)>"


@pytest.fixture
def cast() -> Cast:
    cached.clear_all()
    return make_cast()


def client_of(user, **headers) -> Client:
    client = Client(headers=headers or None)
    client.force_login(user)
    return client


def page_of(user, customer, **asked) -> str:
    return client_of(user).get(f"/customers/{customer.pk}/", asked).content.decode()


def lively(cast: Cast) -> None:
    """A customer with something of everything; the case is the agent's."""
    by, at, customer = Actor.person(cast.agent), clock.now(), cast.customer
    case = cast.complaint(subject="Charged twice", description="Twice, and no answer.")
    handle.acknowledge(case, by=by, at=at, message="We look at the charges.")
    converse.note(case, by=by, at=at, body="Gateway again.")
    converse.incoming(case, by=Actor.customer(), at=at, body="Any news yet?")
    cause = catalogue().causes["people-mistake"]
    decide.resolve(case, by=by, at=at, outcome="upheld", root_cause=cause, summary="Paid back.", answer="It is paid.")
    cast.complaint(subject="Still open")
    cast.complaint(owner=cast.stranger, subject="Theirs alone")
    Tenure.objects.create(customer=customer, joined_on=date(2021, 3, 2), left_on=date(2024, 5, 1))
    Tenure.objects.create(customer=customer, joined_on=date(2024, 9, 1))
    stamps = {"created_at": at, "updated_at": at}
    for n in range(3):
        Purchase.objects.create(
            customer=customer, order_number=f"N{n}", purchased_at=at - timedelta(days=200 * n), currency="EUR",
            valid_amount=Decimal("20.50"), amount=Decimal("20.50"), valid_lines=1, is_valid=True, **stamps,
        )  # fmt: skip
    answer = {"kind": "nps", "customer": customer, "complaint": case, **stamps}
    SurveyResponse.objects.create(score=9, answered_at=at - timedelta(days=90), **answer)
    SurveyResponse.objects.create(score=3, answered_at=at, comment="Nobody told me.", **answer)
    FollowUp.objects.create(
        customer=customer, owner=cast.agent, reason="planned", about="After the refund", due_on=at.date(), **stamps
    )


def test_everything_on_one_page(cast):
    lively(cast)
    text = page_of(cast.agent, cast.customer)
    for words in (
        "Charged twice", "Still open", "We look at the charges.", "Gateway again.", "Any news yet?", "€61.50",
        "Nobody told me.", "3 of 10", "was 9", "After the refund", "joined 2 Mar 2021", "back 1 Sep 2024",
        "left 1 May 2024", "1 more complaint is with another team", "Written down as a customer", "Complained",
        "dana@mail.example", "Upheld",
    ):  # fmt: skip
        assert words in text, words
    assert "Theirs alone" not in text


def test_what_the_reader_may_not_see_is_only_counted(cast):
    lively(cast)
    secret = cast.complaint(owner=cast.stranger, subject="Secret subject", description="Secret text")
    converse.note(secret, by=Actor.person(cast.stranger), at=clock.now(), body="Secret note")
    shown = {
        "agent": (cast.agent, ("Charged twice", "Nobody told me."), ("Secret", "Theirs alone")),
        "lead": (cast.lead, ("Charged twice",), ("Secret", "Theirs alone")),
        "stranger": (cast.stranger, ("Secret subject", "Secret note"), ("Charged twice", "Gateway", "Nobody told me.")),
        "manager": (cast.manager, ("Charged twice", "Secret note", "Nobody told me."), ()),
    }
    for user, seen, hidden in shown.values():
        text = page_of(user, cast.customer)
        assert all(words in text for words in seen), (user, seen)
        assert not any(words in text for words in hidden), (user, hidden)
        assert secret.reference in text or user not in (cast.stranger, cast.manager)
        assert ("what other teams do" in text) is (user is not cast.manager)
    assert client_of(cast.admin).get(f"/customers/{cast.customer.pk}/").status_code == 403
    assert Client().get(f"/customers/{cast.customer.pk}/").status_code == 302


def many(cast: Cast, count: int) -> None:
    """`count` entries on the customer's own trail, and the chain whole."""
    at = datetime(2020, 1, 1, tzinfo=UTC)
    last = trail.of(cast.customer).order_by("-seq").first()
    seq, head, rows = last.seq, bytes(last.hash), []
    for n in range(count):
        rows.append(
            trail.build(
                cast.customer, "customer.edited", by=BY, at=at + timedelta(hours=n), changes={"fields": ["tier"]},
                seq=seq + n + 1, previous=head,
            )
        )  # fmt: skip
        head = bytes(rows[-1].hash)
    TrailEntry.objects.bulk_create(rows, batch_size=1000)


def test_ten_thousand_entries_cost_no_more_than_ten(cast, django_assert_max_num_queries, django_assert_num_queries):
    lively(cast)
    many(cast, 10_000)
    client = client_of(cast.agent)
    url = f"/customers/{cast.customer.pk}/"
    client.get(url)
    with django_assert_max_num_queries(24):  # five are those of every page
        text = client.get(url).content.decode()
    assert len(text) < 150_000 and text.count("<time") <= PAGE + 1
    seen: set[str] = set()
    after, pages = "", 0
    with_htmx = client_of(cast.agent, **{"HX-Request": "true"})
    while pages < 5:
        answer = with_htmx.get(f"{url}story/", {"after": after})
        told = {one.entry.key for one in answer.context["story"].told if one.entry.key}
        assert told and not told & seen
        seen |= told
        after, pages = answer.context["story"].older, pages + 1
    plain = client.get(url, {"after": after})
    assert plain.status_code == 200 and not seen & {one.entry.key for one in plain.context["story"].told}
    led = client.get(f"{url}story/", {"after": after})
    assert led.status_code == 302 and led.url.startswith(url)


def test_the_story_ends_and_nothing_is_told_twice(cast):
    many(cast, 2 * PAGE + 5)
    at = datetime(2020, 1, 1, tzinfo=UTC)
    TrailEntry.objects.filter(kind="customer.edited").update(at=at)  # all in one instant: the key decides
    seen: list[str] = []
    client, after = client_of(cast.agent), ""
    while True:
        story = client.get(f"/customers/{cast.customer.pk}/", {"after": after}).context["story"]
        seen += [one.entry.key for one in story.told if one.entry.key]
        after = story.older
        if not after:
            break
    assert len(seen) == len(set(seen)) == TrailEntry.objects.filter(customer_id=cast.customer.pk).count()
    for wrong in ("x", "~", "2020-01-01~1", "2020-01-01T00:00:00+00:00~x", "9" * 200, "~" * 50, "é~1"):
        assert parse(wrong) is None
        assert client.get(f"/customers/{cast.customer.pk}/", {"after": wrong}).status_code == 200


def test_texts_stay_texts(cast):
    customer = make_customer(EVIL, email="evil@mail.example")
    case = cast.complaint(customer=customer, subject=EVIL, description=EVIL)
    by, at = Actor.person(cast.agent), clock.now()
    converse.incoming(case, by=Actor.customer(), at=at, body=EVIL)
    converse.note(case, by=by, at=at, body=EVIL)
    SurveyResponse.objects.create(
        kind="nps", customer=customer, complaint=case, score=0, comment=EVIL, created_at=at, updated_at=at
    )
    Tenure.objects.create(customer=customer, left_on=date(2024, 5, 1), reason=EVIL)
    client = client_of(cast.manager)
    for path in ("", "story/", "merge/", f"merge/{cast.customer.pk}/", "edit/"):
        text = client.get(f"/customers/{customer.pk}/{path}", headers={"HX-Request": "true"}).content.decode()
        assert "<img" not in text, path
        assert "&lt;img" in text, path


def test_every_kind_of_entry_has_words(cast):
    """Each kind that the code writes about a customer is in the reader's words, in five languages without an error."""
    root = Path(story_words.__file__).parents[2]
    told_apart = r"survey|settings|user|team|token|calendar|organisation|policy|import"
    kinds = set()
    for app in ("retention", "complaints", "metrics"):
        for path in (root / app).rglob("*.py"):
            if {"web", "demo", "migrations", "management"} & set(path.parts):
                continue
            if path.name.startswith("macro"):
                continue  # there "customer.name" stands for a name in a text
            kinds |= set(
                re.findall(
                    r'"((?:customer|tenure|purchase|charge|payment|surveyresponse|invitation)\.[a-z_]+)"',
                    path.read_text(),
                )
            )
    unknown = sorted(kind for kind in kinds if kind not in story_words.KINDS and not re.match(told_apart + r"\.", kind))
    assert not unknown
    for language in ("en", "es", "pt", "it", "ru"):
        with translation.override(language):
            for kind in {*story_words.KINDS, "complaint.closed", "customer.never_heard_of"}:
                row = TrailEntry(kind=kind, body="{}", actor_kind="system", actor_label="x")
                icon, _tone, title, text = story_words.words_of(row, {})
                assert icon and title and text, kind


def test_the_line_keeps_its_bounds():
    today = date(2026, 11, 22)
    cases = [story_life.Case(today - timedelta(days=n), "x", score="9", tone="promoter") for n in range(0, 40)]
    orders = [story_life.Order(date(1990, 1, 1), 9.0, ""), story_life.Order(today, -1.0, "")]
    life = story_life.draw(since=today, today=today, stays=[], orders=orders, cases=cases, marks=[])
    assert all(44 <= float(case.x) <= 857 for case in cases)
    assert 1 <= sum(case.raised for case in cases) < 40 and len(life.ticks) <= 13
    alone = story_life.draw(since=today, today=today, stays=[(None, None)], orders=[], cases=[], marks=[])
    assert alone.lines == ["M44 74H857"]
