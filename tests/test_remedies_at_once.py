"""Twenty grants and approvals at the same moment: never above a limit or cap, and exactly the right ones (F25, F26)."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Sequence
from decimal import Decimal
from functools import partial
from typing import Any

import pytest
from django.db import IntegrityError, connection
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from complaints.actions import merge, remedies
from complaints.models import AuthorityLimit, Complaint, Payout, Remedy
from core import clock, trail
from core.actor import Actor
from core.errors import DomainError
from core.models import TrailEntry, User
from metrics.actions import merge_customers
from retention.models import LoyaltyEntry
from tests.authority import publish
from tests.cast import Cast, make_agent, make_cast, make_customer, make_manager
from tests.remedy_model import CAP, CHARGE, LIMITS, PERIOD, Model, carry_out
from tests.test_merge_races import at_once
from tests.tokens import bearer

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db(transaction=True, serialized_rollback=True)]
D = Decimal
TIMES = 20
GRANTED, AWAITS = "granted", "awaiting_approval"


@pytest.fixture
def cast() -> Cast:
    return make_cast()


def give(user: User, complaint: Complaint, amount: str | Decimal, **more: Any) -> str:
    """What became of it."""
    by, about = Actor.person(user), {"kind": "refund", "currency": "EUR", "reason": "Charged twice", **more}
    return str(remedies.ask(complaint, by=by, at=clock.now(), amount=D(amount), **about).status)


def waiting(user: User, complaint: Complaint, amount: str | Decimal) -> Remedy:
    assert give(user, complaint, amount) == AWAITS
    return Remedy.objects.filter(complaint=complaint).latest("pk")


def approve(user: User, remedy: Remedy) -> str:
    return str(remedies.approve(remedy, by=Actor.person(user), at=clock.now()).status)


def reject(user: User, remedy: Remedy) -> str:
    return str(remedies.reject(remedy, by=Actor.person(user), at=clock.now(), reason="No").status)


def merged(user: User, source: Complaint, target: Complaint) -> str:
    return str(merge.merge(source, into=target, by=Actor.person(user), at=clock.now()).status)


def granted(**narrowed: Any) -> Decimal:
    """Added up by hand."""
    rows = Remedy.objects.filter(status=GRANTED, **narrowed)
    return sum((row.amount or D(0) for row in rows), D(0))


def whole() -> None:
    """Every granted refund is paid once, nothing else is; every trail holds."""
    paid = Counter(Payout.objects.exclude(state="cancelled").values_list("remedy", flat=True))
    due = Remedy.objects.filter(status=GRANTED, kind__in=["refund", "credit"]).values_list("pk", flat=True)
    assert paid == Counter(due)
    for one in Complaint.objects.all():
        assert not list(trail.verify(trail.of(one)))


def works(made: Sequence[Callable[[], Any]]) -> Counter[str]:
    return Counter(map(str, at_once(*made)))


def test_on_one_complaint(cast: Cast) -> None:
    publish(AuthorityLimit(holder="role", role="agent", per_complaint=D(100)))
    complaint, people = cast.complaint(), [cast.agent, cast.colleague]
    told = works([partial(give, people[number % 2], complaint, "9.50") for number in range(TIMES)])
    assert told == {GRANTED: 10, AWAITS: 10}
    assert granted() == D(95)
    whole()


def test_by_one_person_on_many_complaints(cast: Cast) -> None:
    publish(AuthorityLimit(holder="role", role="agent", per_period=D(100)))
    made = [cast.complaint(customer=make_customer(f"Customer {number}")) for number in range(TIMES)]
    assert works([partial(give, cast.agent, complaint, "15.00") for complaint in made]) == {GRANTED: 6, AWAITS: 14}
    whole()


def test_of_one_customer_by_many_people(cast: Cast) -> None:
    publish(AuthorityLimit(holder="role", role="agent", per_customer=D(70)))
    people = [cast.agent, cast.colleague]
    made = [partial(give, people[number % 2], cast.complaint(), "10.00") for number in range(TIMES)]
    assert works(made) == {GRANTED: 7, AWAITS: 13}
    whole()


def test_grants_and_approvals_under_one_cap(cast: Cast) -> None:
    """What was refused would not have fitted at the end either: nothing was refused too early."""
    publish(
        AuthorityLimit(holder="role", role="agent", per_complaint=D(120)),
        AuthorityLimit(holder="role", role="manager"),
        AuthorityLimit(holder="cap", per_complaint=D(500)),
    )
    complaint, managers = cast.complaint(), [cast.manager, make_manager()]
    asked = [waiting(cast.agent, complaint, D(121) + number) for number in range(6)]
    both = [(managers[number % 2], one) for number, one in enumerate(asked * 2)]
    made: list[Callable[[], Any]] = [partial(approve, user, one) for user, one in both]
    made += [partial(give, cast.colleague, complaint, "20.00") for _number in range(8)]
    told = at_once(*made)
    approvals, grants = told[:12], told[12:]
    assert granted() <= D(500)
    assert approvals.count(GRANTED) == Remedy.objects.filter(status=GRANTED, within_authority=False).count()
    for (_user, one), answer in zip(both, approvals, strict=True):
        one.refresh_from_db()
        if one.status == AWAITS:
            assert answer == "cap_reached" and one.amount is not None
            assert granted() + one.amount > D(500)
        else:
            assert answer in (GRANTED, "already_decided")
    if AWAITS in grants:
        assert granted() + 20 > D(120)
    if "cap_reached" in grants:
        assert granted() + 20 > D(500)
    whole()


def test_twenty_approvals_of_one(cast: Cast) -> None:
    complaint = cast.complaint()
    managers = [cast.manager, *[make_manager() for _number in range(3)]]
    one = waiting(cast.agent, complaint, "50.00")
    told = works([partial(approve, managers[number % 4], one) for number in range(TIMES)])
    assert told == {GRANTED: 1, "already_decided": TIMES - 1}
    assert granted() == D(50)
    whole()


def test_points_are_credited_once(cast: Cast) -> None:
    complaint, other = cast.complaint(), make_manager()
    by, at = Actor.person(cast.agent), clock.now()
    one = remedies.ask(complaint, by=by, at=at, kind="points", amount=D(50), reason="Sorry")
    twin = make_customer("Dana Whitlok")
    told = at_once(
        *[partial(approve, user, one) for user in (cast.manager, other) * 5],
        lambda: merge_customers.merge(twin, cast.customer, by=by, at=clock.now()) and "merged",
    )
    assert Counter(told) == {GRANTED: 1, "already_decided": 9, "merged": 1}
    assert [entry.points for entry in LoyaltyEntry.objects.all()] == [50]
    whole()


def test_approved_while_another_rejects(cast: Cast) -> None:
    other = make_manager()
    for _round in range(6):
        one = waiting(cast.agent, cast.complaint(), "50.00")
        told = works([partial(approve, cast.manager, one), partial(reject, other, one)])
        one.refresh_from_db()
        assert told == {one.status: 1, "already_decided": 1}
    whole()


def test_two_parts_that_together_exceed_the_cap(cast: Cast) -> None:
    publish(AuthorityLimit(holder="role", role="manager"), AuthorityLimit(holder="cap", per_complaint=D(100)))
    other = make_manager()
    for _round in range(6):
        complaint = cast.complaint()
        one, two = waiting(cast.agent, complaint, "60.00"), waiting(cast.agent, complaint, "60.00")
        told = works([partial(approve, cast.manager, one), partial(approve, other, two)])
        assert told == {GRANTED: 1, "cap_reached": 1}
        told = works([partial(give, cast.manager, complaint, "30.00"), partial(give, other, complaint, "30.00")])
        assert told == {GRANTED: 1, "cap_reached": 1}
    whole()


def test_parts_of_one_charge_on_two_complaints(cast: Cast) -> None:
    from tests.test_remedy_sums import charged

    charge = charged(cast.customer, "100.00")
    made = [cast.complaint() for _number in range(TIMES)]
    told = works([partial(give, cast.manager, complaint, "30.00", charge=charge) for complaint in made])
    assert told == {GRANTED: 3, "above_order_value": TIMES - 3}
    whole()


def test_granted_while_cases_are_merged(cast: Cast) -> None:
    """Either it was granted before, or not at all; the joint case counts it."""
    publish(AuthorityLimit(holder="role", role="agent", per_complaint=D(100)))
    for _round in range(4):
        source, target = cast.complaint(), cast.complaint()
        told = at_once(
            partial(give, cast.agent, source, "60.00"),
            partial(give, cast.colleague, target, "60.00"),
            partial(merged, cast.agent, source, target),
        )
        assert told[0] in (GRANTED, "already_ended") and told[2] == "merged"
        assert told[1] in (GRANTED, AWAITS)
        if told[1] == AWAITS:
            assert told[0] == GRANTED
        given_before = granted(complaint__in=[source, target])
        assert give(cast.agent, target, "40.00") == (GRANTED if given_before <= 60 else AWAITS)
    whole()


def test_twenty_posts_with_one_key(cast: Cast) -> None:
    publish(AuthorityLimit(holder="role", role="agent", per_complaint=D(100)))
    complaint = cast.complaint()
    headers = {**bearer(cast.agent), "Idempotency-Key": "once"}
    body = json.dumps({"kind": "refund", "reason": "Twice", "amount": {"amount": "60.00", "currency": "EUR"}})

    def send() -> tuple[int, str]:
        path = f"/api/v1/complaints/{complaint.reference}/remedies/"
        said = Client(headers=headers).post(path, body, content_type="application/json")
        return said.status_code, said.content.decode()

    told = at_once(*[send] * TIMES)
    assert len(set(told)) == 1 and told[0][0] == 201
    assert Remedy.objects.count() == Payout.objects.count() == 1
    whole()


def test_raw_sql_beside_the_action(cast: Cast) -> None:
    """The guard takes the same locks: what is written past the action is counted, or refused."""
    mine, _all = publish(
        AuthorityLimit(holder="role", role="agent", per_complaint=D(100)), AuthorityLimit(holder="role", role="manager")
    )

    def past(remedy: Remedy) -> str:
        statement = (
            "UPDATE complaints_remedy SET status = 'granted', within_authority = true, authority_id = %s, "
            "decided_by_id = %s, decided_at = now(), decided_on = current_date WHERE id = %s"
        )
        try:
            with connection.cursor() as cursor:
                cursor.execute(statement, [mine.pk, cast.agent.pk, remedy.pk])
        except IntegrityError as refused:
            assert "remedy_above_limit" in str(refused)
            return "refused"
        return GRANTED

    for _round in range(4):
        complaint = cast.complaint()
        fill = give(cast.agent, complaint, "90.00")
        assert fill == GRANTED
        asked = [waiting(cast.agent, complaint, "60.00") for _number in range(5)]
        revoked = Remedy.objects.get(complaint=complaint, status=GRANTED)
        remedies.revoke(revoked, by=Actor.person(cast.agent), at=clock.now(), reason="No")
        told = at_once(
            *[partial(past, one) for one in asked], *[partial(give, cast.agent, complaint, "30.00") for _n in range(4)]
        )
        assert granted(complaint=complaint) == D(90)  # 60 and 30, or three times 30
        assert told[:5].count(GRANTED) <= 1 and told[5:].count(GRANTED) in (1, 3)


# --- any interleaving, against a slow model that does one thing after the other ---------------------------------------

WHO = st.sampled_from(sorted(LIMITS))
AMOUNTS = st.sampled_from([D("0.01"), D("33.33"), D("40.00"), D("99.99"), D("100.00"), D("130.00"), D("250.00")])
OPS = st.one_of(
    st.tuples(st.just("ask"), WHO, AMOUNTS, st.booleans()),
    st.tuples(st.just("approve"), WHO, st.integers(0, 2), st.just(False)),
    st.tuples(st.just("reject"), WHO, st.integers(0, 2), st.just(False)),
)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(st.lists(st.lists(OPS, min_size=1, max_size=5), min_size=2, max_size=4))
def test_any_interleaving_is_some_order(cast: Cast, threads: list[list[tuple[Any, ...]]]) -> None:
    """What was written lies on the trail of the case in the order it happened: the model, doing it in that order, says
    the same of each. What was refused, the model refuses alike somewhere between its thread's neighbours."""
    from tests.test_remedy_sums import charged

    people = {
        "ana": make_agent(cast.team),
        "ben": make_agent(cast.team),
        "lena": cast.lead,
        "maria": make_manager(),
    }
    publish(
        *[
            AuthorityLimit(
                holder="person",
                person=user,
                per_complaint=LIMITS[name],
                per_period=PERIOD if name == "ana" else None,
            )
            for name, user in people.items()
        ],
        AuthorityLimit(holder="cap", per_complaint=CAP),
    )
    customer = make_customer("One of many")
    complaint, charge = cast.complaint(customer=customer), charged(customer, str(CHARGE))
    model = Model(waits={0: ("ana", D(120)), 1: ("ben", D(150)), 2: ("ben", D("260"))})
    asked = [waiting(people[who], complaint, amount) for who, amount in model.waits.values()]
    begun = TrailEntry.objects.latest("pk").pk

    def run(ops: list[tuple[Any, ...]]) -> list[tuple[int | None, str]]:
        """Of each the remedy it changed, and the answer."""
        told: list[tuple[int | None, str]] = []
        for what, who, value, of_charge in ops:
            user = people[who]
            try:
                if what == "ask":
                    told.append(_asked(user, complaint, value, charge if of_charge else None))
                else:
                    answer = {"approve": approve, "reject": reject}[what](user, asked[value])
                    told.append((asked[value].pk, answer))
            except DomainError as refusal:
                told.append((None, refusal.code))
        return told

    told = at_once(*[partial(run, ops) for ops in threads])
    order = [
        json.loads(entry.body)["remedy"]
        for entry in TrailEntry.objects.filter(
            pk__gt=begun, subject_id=complaint.pk, subject_kind="complaint"
        ).order_by("seq")
        if "remedy" in entry.kind
    ]
    done = {
        key: (thread, place) for thread, answers in enumerate(told) for place, (key, _a) in enumerate(answers) if key
    }
    assert sorted(order) == sorted(done)
    before = [model.copy()]
    for key in order:
        thread, place = done[key]
        assert carry_out(model, threads[thread][place]) == told[thread][place][1]
        before.append(model.copy())
    for thread, (ops, answers) in enumerate(zip(threads, told, strict=True)):
        places = {place: order.index(key) for place, (key, _answer) in enumerate(answers) if key}
        for place, (key, answer) in enumerate(answers):
            if key is None:
                first = max((at + 1 for other, at in places.items() if other < place), default=0)
                last = min((at for other, at in places.items() if other > place), default=len(order))
                said = {carry_out(state.copy(), ops[place]) for state in before[first : last + 1]}
                assert answer in said, (thread, place, ops[place], said)
    assert granted(complaint=complaint) == model.sum <= CAP


def _asked(user: User, complaint: Complaint, amount: Decimal, charge: Any) -> tuple[int, str]:
    by, at = Actor.person(user), clock.now()
    made = remedies.ask(
        complaint, by=by, at=at, kind="refund", amount=amount, currency="EUR", reason="Twice", charge=charge
    )
    return made.pk, str(made.status)
