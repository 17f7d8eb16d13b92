"""Exactly one owner, and the right one (mission A4; domain, Complaint 2): `complaints.routing.choose_owner`."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.db import connection, transaction

from complaints import routing
from complaints.actions.file import Filing, file
from complaints.models import Complaint, RoutingRule, Workload
from core import cached
from core.actor import Actor
from core.models import Absence, Team, User
from retention.actions import customers
from retention.models import ContactPoint, Customer
from retention.models.customers import key_of
from tests.cast import MONDAY, ensure_default_owner, make_agent, make_customer, make_lead, make_team, make_user

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


@pytest.fixture
def team() -> Team:
    """A team whose lead is no agent, so that members are only those a test makes; and a default owner elsewhere."""
    cached.clear_all()
    ensure_default_owner()
    made = make_team(lead=make_user("Lena Lead", languages=["en"]))
    cached.clear_all()
    return made


def member(team: Team, open_count: int = 0, last: int | None = None, **fields: object) -> User:
    """An agent of the team with so many open complaints, the last of them assigned `last` hours before MONDAY."""
    agent = make_agent(team, **fields)
    at = None if last is None else MONDAY - last * HOUR
    Workload.objects.create(agent=agent, open_count=open_count, last_assigned_at=at)
    return agent


def chosen(team: Team | None, language: str = "en") -> User:
    with transaction.atomic():
        return routing.choose_owner(team=team, language=language, at=MONDAY)[0]


def test_the_lowest_share_of_the_capacity_takes_it(team: Team) -> None:
    member(team, 3, capacity=10)
    roomy = member(team, 5, capacity=20)
    member(team, 1, capacity=3)
    assert chosen(team) == roomy
    load = Workload.objects.get(agent=roomy)
    assert (load.open_count, load.last_assigned_at) == (6, MONDAY)
    assert sorted(Workload.objects.values_list("open_count", flat=True)) == [1, 3, 6]


def test_ties_go_to_the_one_longest_unassigned(team: Team) -> None:
    yesterday, just_now = member(team, last=24), member(team, last=1)
    never, never_either = member(team), member(team)
    assert [chosen(team) for _ in range(2)] == [never, never_either]
    Workload.objects.update(open_count=0)
    assert [chosen(team) for _ in range(2)] == [yesterday, just_now]


def test_shares_are_compared_as_fractions(team: Team) -> None:
    member(team, 2, last=9, capacity=3)
    half = member(team, 1, last=1, capacity=2)
    assert chosen(team) == half


def test_only_who_speaks_the_language(team: Team) -> None:
    member(team, languages=["en"])
    both = member(team, 9, languages=["en", "pt"])
    assert chosen(team, "pt") == both
    assert chosen(team, "") != both
    assert chosen(team, "it") == team.lead
    for odd in ("%", "_t", 'pt", "en', "\\"):
        assert chosen(team, odd) == team.lead


@pytest.mark.parametrize(
    ("begin", "end", "away"),
    [(0, 1, True), (-1, 0, False), (1, 2, False), (-1, None, True), (1, None, False)],
    ids=["begins now", "ended just now", "later", "until further notice", "later, no end"],
)
def test_only_who_is_here(team: Team, begin: int, end: int | None, away: bool) -> None:
    agent = member(team)
    until = None if end is None else MONDAY + end * HOUR
    Absence.objects.create(user=agent, from_at=MONDAY + begin * HOUR, until_at=until)
    assert chosen(team) == (team.lead if away else agent)


def test_only_active_agents_of_the_team(team: Team) -> None:
    other = make_team()
    for fields in ({"is_active": False}, {"is_agent": False}, {"team": other}):
        User.objects.filter(pk=member(team).pk).update(**fields)
    assert chosen(team) == team.lead
    assert Workload.objects.get(agent=team.lead).open_count == 1


def test_a_new_agent_without_a_count_gets_one(team: Team) -> None:
    member(team, 1)
    fresh = make_agent(team)
    cached.clear_all()
    assert chosen(team) == fresh


def test_without_lead_the_default_owner(team: Team) -> None:
    Absence.objects.create(user=team.lead, from_at=MONDAY - HOUR)
    default = ensure_default_owner()
    owner, owner_team = routing.choose_owner(team=team, language="en", at=MONDAY)
    assert (owner, owner_team) == (default, team)
    assert routing.choose_owner(team=None, language="en", at=MONDAY) == (default, None)
    assert Workload.objects.get(agent=default).open_count == 2


def test_the_owner_comes_back_whole(team: Team) -> None:
    """Read by hand, but with every field of the ORM's."""
    agent = member(team, languages=["en", "pt"], capacity=7)
    found, known = chosen(team), User.objects.get(pk=agent.pk)
    for one in User._meta.concrete_fields:
        assert getattr(found, one.attname) == getattr(known, one.attname), one.name
    assert found.sees_cases and not found._state.adding


def test_the_usual_way_is_one_statement(team: Team, django_assert_num_queries: object) -> None:
    member(team)
    chosen(team)
    with transaction.atomic(), django_assert_num_queries(1 if connection.vendor == "postgresql" else 2):  # type: ignore[operator]
        routing.choose_owner(team=team, language="en", at=MONDAY)


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_eight_at_once_lose_no_count(team: Team) -> None:
    """Three agents, eight clients, five filings each: no deadlock, every complaint owned, every count true."""
    agents = [member(team, capacity=10) for _ in range(3)]
    RoutingRule.objects.create(position=1, team=team)
    cached.clear_all()
    faults: list[Exception] = []

    def work(client: int) -> None:
        try:
            for number in range(5):
                details = customers.Details(email=f"c{client}n{number}@mail.example")
                filing = Filing(channel="web", subject="Late", description="Late.", language="en", details=details)
                file(filing, by=Actor.customer(), at=MONDAY)
        except Exception as fault:  # noqa: BLE001  whatever it is, the test shows it
            faults.append(fault)
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=(client,), daemon=True) for client in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert not faults and not any(thread.is_alive() for thread in threads)
    assert Complaint.objects.filter(owner__in=agents).count() == 40
    assert routing.recount() == 0


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_the_locked_are_passed_over_until_all_are(team: Team) -> None:
    """The best placed is being taken elsewhere: the next one at once. All are: wait, then count on what is new."""
    first, second = member(team, 0), member(team, 1)
    chosen(None)  # warm
    picked: list[User] = []

    def pick() -> None:
        try:
            picked.append(chosen(team))
        finally:
            connection.close()

    with transaction.atomic():
        routing.take(first, at=MONDAY)
        other = threading.Thread(target=pick, daemon=True)
        other.start()
        other.join(timeout=30)
        assert picked == [second]
        routing.take(second, at=MONDAY)
        waiting = threading.Thread(target=pick, daemon=True)
        waiting.start()
        waiting.join(timeout=0.5)
        assert waiting.is_alive()
    waiting.join(timeout=30)
    assert len(picked) == 2
    assert sum(Workload.objects.filter(agent__in=[first, second]).values_list("open_count", flat=True)) == 5


# --- whose complaint it is --------------------------------------------------------------------------------------------


def found(**details: str) -> Customer | None:
    return customers.find(customers.Details(**details))


def test_a_customer_is_found_by_the_surest_mark() -> None:
    by_id = make_customer("By id", email=None, external_id="77", source="shop")
    by_email = make_customer("By e-mail", email="Dana@Mail.Example")
    by_phone = make_customer("By phone", email=None, phone="+351 21 000 00 00")
    phone = key_of("phone", "+351 21 000 00 00")
    assert found(external_id="77", source="shop", email="dana@mail.example", phone=phone) == by_id
    assert found(external_id="77", source="other", email=" DANA@mail.example", phone=phone) == by_email
    assert found(email="nobody@mail.example", phone=phone) == by_phone
    assert found(name="By phone") is None and found(email="nobody@mail.example") is None
    whole = Customer.objects.get(pk=by_email.pk)
    same = found(email="dana@mail.example")
    assert same is not None and all(
        getattr(same, one.attname) == getattr(whole, one.attname) for one in Customer._meta.concrete_fields
    )


def test_of_several_the_one_made_first_and_never_a_merged_one() -> None:
    first, second, third = (make_customer(email="same@mail.example") for _ in range(3))
    assert found(email="same@mail.example") == first
    Customer.objects.filter(pk=first.pk).update(merged_into=third)
    assert found(email="same@mail.example") == second


@pytest.mark.postgresql
def test_an_address_that_many_share_is_looked_up_and_not_searched_for_among_all() -> None:
    made = Customer.objects.bulk_create(
        Customer(name="x", name_key="x", created_at=MONDAY, updated_at=MONDAY) for _ in range(20_000)
    )
    keys = [f"office-{number % 200}@mail.example" for number in range(20_000)]
    ContactPoint.objects.bulk_create(
        ContactPoint(customer=one, kind="email", value=key, value_key=key) for one, key in zip(made, keys, strict=True)
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE retention_customer; ANALYZE retention_contactpoint")
        assert found(email="office-777@mail.example") is None
        sql = customers._found_by((customers._BY_CONTACT["email"],))
        cursor.execute(f"EXPLAIN {sql}", ["email", "office-777@mail.example"])
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert "contactpoint_lookup" in plan or "contactpoint_begins" in plan, plan


def test_looking_for_a_customer_is_one_query(django_assert_num_queries: object) -> None:
    with django_assert_num_queries(1):  # type: ignore[operator]
        found(external_id="1", source="shop", email="a@mail.example", phone="123456")
    with django_assert_num_queries(0):  # type: ignore[operator]
        found(name="Dana")


def test_leads_who_are_agents_take_their_turn() -> None:
    team = make_team()
    make_lead(team)
    User.objects.filter(team=team).update(languages=["en"])
    agent = User.objects.get(team=team)
    cached.clear_all()
    assert chosen(team) == agent
