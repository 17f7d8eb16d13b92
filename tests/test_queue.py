"""The queue: who sees what, in which order, in how many queries, and what a poll is told (ux, desk 1-3, 6, 8)."""

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from complaints.actions import decide, handle, manage, watch
from complaints.models import Complaint
from complaints.reference import catalogue
from complaints.web.many import counting, queue
from core import cached, clock
from core.actor import Actor
from tests.cast import MONDAY, Cast, make_agent, make_cast, make_complaint, make_customer, two_clocks_only

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast() -> Cast:
    cached.clear_all()
    return make_cast()


def signed_in(user) -> Client:
    client = Client()
    client.force_login(user)
    return client


def references(answer) -> list[str]:
    return [row.reference for group in answer.context["groups"] for row in group.rows]


def test_home_leads_each_role_home(cast):
    for person, place in ((cast.agent, "/complaints/"), (cast.lead, "/complaints/"), (cast.manager, "/dashboard/")):
        assert signed_in(person).get("/").headers["Location"] == place
    assert signed_in(cast.admin).get("/").headers["Location"].startswith("/settings/")


def test_an_agent_begins_with_what_they_own_and_a_manager_with_everything(cast):
    mine, other = cast.complaint(), cast.complaint(owner=cast.stranger)
    assert references(signed_in(cast.agent).get("/complaints/")) == [mine.reference]
    assert set(references(signed_in(cast.manager).get("/complaints/"))) == {mine.reference, other.reference}


def test_every_view_lists_exactly_what_visible_to_allows(cast):
    cases = [
        cast.complaint(owner=owner)
        for owner in (cast.agent, cast.colleague, cast.stranger, cast.manager)
        for _ in range(2)
    ]
    handle.wait(cases[0], by=Actor.person(cast.agent), at=clock.now(), reason="invoice")
    decide.withdraw(cases[1], by=Actor.person(cast.agent), at=clock.now(), reason="found it")
    watch.watch(cases[4], by=Actor.person(cast.manager), at=clock.now(), watcher=cast.agent)
    at = clock.now()
    for name, person in cast.people().items():
        client = signed_in(person)
        for key, view in queue.VIEWS.items():
            if name == "admin":
                assert client.get(f"/complaints/?view={key}").status_code == 403
                continue
            allowed = view.narrow(Complaint.objects.visible_to(person), person, queue.Moment.of(at))
            shown = references(client.get(f"/complaints/?view={key}"))
            assert sorted(shown) == sorted(allowed.values_list("reference", flat=True)), (name, key)
            assert len(shown) == len(set(shown))


def test_counts_agree_with_the_lists_and_stop_at_the_cap(cast, monkeypatch):
    for _ in range(3):
        cast.complaint(owner=cast.colleague)
    cast.complaint()
    for person in (cast.agent, cast.lead, cast.manager, cast.stranger):
        counts = counting.counts(person, clock.now(), tuple(queue.VIEWS))
        for key in queue.VIEWS:
            assert counts[key] == len(references(signed_in(person).get(f"/complaints/?view={key}"))), (person, key)
    monkeypatch.setattr(counting, "CAP", 3)
    assert counting.counts(cast.lead, clock.now(), ("all",))["all"] == "2+"


def test_rows_stand_by_next_deadline_under_their_headings(cast):
    two_clocks_only()  # else the next word to the customer is due in a case that waits, too
    with clock.frozen(MONDAY):
        late = cast.complaint(subject="late", received_at=MONDAY - timedelta(days=30))
        soon = cast.complaint(subject="soon")
        waiting = cast.complaint(subject="waiting", channel="phone")
        paused = make_complaint(owner=cast.agent, channel="phone", by=Actor.person(cast.agent), subject="paused")
        handle.wait(paused, by=Actor.person(cast.agent), at=MONDAY, reason="receipt")
        answer = signed_in(cast.agent).get("/complaints/?view=mine")
    keys = [group.key for group in answer.context["groups"]]
    assert keys[0] == "breached" and keys[-1] == "waiting"
    assert references(answer)[0] == late.reference and references(answer)[-1] == paused.reference
    assert {soon.reference, waiting.reference} <= set(references(answer))
    badges = {row.reference: row.badge for group in answer.context["groups"] for row in group.rows}
    assert badges[late.reference].state == "breached" and "late" in badges[late.reference].text
    assert badges[paused.reference].state == "paused"
    assert "late" in answer.content.decode()


def test_pages_go_forth_and_back_without_losing_or_repeating_a_row(cast, settings):
    settings.QUEUE_PAGE_SIZE = 4
    same = clock.now()
    cases = [cast.complaint(subject=f"n{n}", received_at=same, at=same).reference for n in range(11)]
    client, seen, url = signed_in(cast.agent), [], "/complaints/?view=mine"
    pages = []
    while url:
        answer = client.get(url)
        pages.append(references(answer))
        seen += pages[-1]
        url = answer.context["next_url"]
    assert sorted(seen) == sorted(cases) and len(seen) == 11
    back = answer.context["previous_url"]
    assert references(client.get(back)) == pages[-2]
    newest = client.get("/complaints/?view=mine")
    assert newest.context["previous_url"] == "" and newest.context["next_url"]


@pytest.mark.parametrize("number", [1, 50])
def test_the_queue_costs_at_most_five_queries_whatever_it_shows(cast, number, django_assert_max_num_queries):
    for n in range(number):
        cast.complaint(subject=f"n{n}")
    client = signed_in(cast.agent)
    client.get("/complaints/")
    with django_assert_max_num_queries(5):  # session, person, teams led, rows, all counts
        answer = client.get("/complaints/?view=all")
    assert len(references(answer)) == number


def test_a_poll_is_told_nothing_until_something_changed(cast, django_assert_max_num_queries):
    complaint = cast.complaint(at=clock.now() - timedelta(minutes=10))
    foreign = cast.complaint(owner=cast.stranger, at=clock.now() - timedelta(minutes=10))
    client = signed_in(cast.agent)
    since = client.get("/complaints/").context["since"]
    with django_assert_max_num_queries(4):
        assert client.get("/complaints/", {"since": since}).status_code == 204
    handle.acknowledge(foreign, by=Actor.person(cast.stranger), at=clock.now())
    assert client.get("/complaints/", {"since": since}).status_code == 204
    handle.acknowledge(complaint, by=Actor.person(cast.agent), at=clock.now())
    fragment = client.get("/complaints/", {"since": since})
    assert fragment.status_code == 200
    assert 'id="queue"' in fragment.content.decode() and "<html" not in fragment.content.decode()


def test_badges_grow_old_within_a_minute(cast):
    cast.complaint(at=clock.now() - timedelta(minutes=10))
    client = signed_in(cast.agent)
    old = (clock.now() - timedelta(seconds=90)).isoformat()
    assert client.get("/complaints/", {"since": old}).status_code == 200
    assert client.get("/complaints/", {"since": "yesterday"}).status_code == 200


def test_filters_narrow_and_say_so(cast):
    russian = cast.complaint(
        type="billing-overcharged", severity="critical", details=None or _details("Иван Петров", "ivan@mail.example")
    )
    cast.complaint(owner=cast.colleague)
    client = signed_in(cast.agent)

    def found(**params):
        return references(client.get("/complaints/", {"view": "all", **params}))

    for params in (
        {"type": "billing"},
        {"type": "billing-overcharged"},
        {"severity": "critical"},
        {"owner": cast.agent.pk},
        {"q": "ива"},
        {"q": "IVAN@mail"},
        {"q": russian.reference[:7].lower()},
        {"customer": russian.customer_id},
        {"status": "new", "owner": cast.agent.pk},
    ):
        assert found(**params) == [russian.reference], params
    assert found(severity="minor") == []
    answer = client.get("/complaints/", {"view": "all", "severity": "minor"})
    assert [one.label for one in answer.context["applied"]] == ["Severity"]
    assert answer.context["empty"].kind == "match"


def _details(name, email):
    from retention.actions.customers import Details

    return Details(name=name, email=email)


def test_a_whole_reference_leads_straight_to_its_case(cast):
    complaint = cast.complaint()
    decide.withdraw(complaint, by=Actor.person(cast.agent), at=clock.now(), reason="x")
    answer = signed_in(cast.agent).get("/complaints/", {"q": complaint.reference.lower()})
    assert answer.headers["Location"] == f"/complaints/{complaint.reference}/"
    assert signed_in(cast.stranger).get("/complaints/", {"q": complaint.reference}).status_code == 200


@pytest.mark.parametrize(
    "query",
    [
        "view=nonsense",
        "status=asleep",
        "owner=x",
        "owner=99999999999999999999",
        "team=0",
        "type=none",
        "after=1",
        "after=9" + "9" * 30 + "-1",
        "hack=1",
        "q=" + "x" * 500,
        "customer=-1",
    ],
)
def test_nonsense_is_refused_politely(cast, query):
    answer = signed_in(cast.agent).get(f"/complaints/?{query}")
    assert answer.status_code == 400
    assert answer.context["empty"].kind == "match" and answer.context["empty"].text


def test_empty_pages_differ(cast):
    client = signed_in(cast.agent)
    kinds = {view: client.get(f"/complaints/?view={view}").context["empty"].kind for view in queue.VIEWS}
    assert kinds["mine"] == kinds["all"] == kinds["breached"] == "done"
    assert kinds["quarantine"] == kinds["closed"] == kinds["snoozed"] == "nothing"
    assert client.get("/complaints/?view=mine&channel=web").context["empty"].kind == "match"


def test_text_of_customers_is_isolated_and_never_markup(cast):
    cast.complaint(subject="<script>canary()</script>\u202edone", details=_details("\u202eevil<b>", "e@mail.example"))
    page = signed_in(cast.agent).get("/complaints/").content.decode()
    assert "<script>canary" not in page and "<bdi>&lt;script&gt;canary()" in page


def test_quarantine_is_for_those_who_may_see_it(cast):
    kept = make_complaint(quarantine=True)
    assert references(signed_in(cast.manager).get("/complaints/?view=quarantine")) == [kept.reference]
    assert references(signed_in(cast.agent).get("/complaints/?view=quarantine")) == []
    assert kept.reference not in references(signed_in(cast.manager).get("/complaints/?view=all"))


def test_times_stand_in_the_viewers_zone(cast):
    agent = make_agent(cast.team, time_zone="Asia/Tokyo")
    with clock.frozen(MONDAY):
        make_complaint(owner=agent, received_at=MONDAY - timedelta(minutes=1))
        answer = signed_in(agent).get("/complaints/")
    assert timezone.get_current_timezone_name() != "Asia/Tokyo"
    (row,) = [row for group in answer.context["groups"] for row in group.rows]
    assert row.badge.state in ("on-track", "at-risk")


def test_a_reassigned_case_moves(cast):
    complaint = cast.complaint()
    manage.assign(complaint, by=Actor.person(cast.agent), at=clock.now(), owner=cast.stranger)
    assert references(signed_in(cast.agent).get("/complaints/")) == []
    assert references(signed_in(cast.stranger).get("/complaints/")) == [complaint.reference]
    assert catalogue() and make_customer()


def test_readers_in_other_zones_and_teams_share_no_answer(cast):
    """Queries are composed once for everybody: midnight, teams and person are the reader's all the same."""
    with clock.frozen(MONDAY):
        mine, other = cast.complaint(), cast.complaint(owner=cast.stranger)
        Complaint.objects.update(queue_at=MONDAY.replace(hour=23, minute=30))
        for person, zone, today in (
            (cast.agent, "UTC", 1),
            (cast.stranger, "Asia/Tokyo", 0),
            (cast.agent, "Asia/Tokyo", 0),
            (cast.stranger, "UTC", 1),
        ):
            person.time_zone = zone
            person.save(update_fields=["time_zone"])
            answer = signed_in(person).get("/complaints/?view=risk")
            own = mine if person == cast.agent else other
            assert references(answer) == [own.reference] * today, (person, zone)
            counted = re.search(r"At risk today</span><span[^>]*>(\d+)<", answer.content.decode())
            assert (int(counted[1]) if counted else 0) == today


def test_texts_in_rows_are_escaped(cast):
    cast.complaint(subject="<b>&\"'", description="<i>")
    text = signed_in(cast.agent).get("/complaints/").content.decode()
    assert "<b>&" not in text and "&lt;b&gt;&amp;&quot;&#x27;" in text
