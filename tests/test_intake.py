"""The agents' form: customer found or made, times by the wall clock, once per form (A3; F02, F06, F25)."""

from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client

from complaints import decisions
from complaints.models import Complaint, RoutingRule
from core import cached, clock
from core.models import OutboxMessage
from retention.models import Customer
from tests.cast import MONDAY, Cast, make_cast

pytestmark = pytest.mark.django_db
URL = "/complaints/new/"
FORM = {
    "channel": "phone",
    "kind": "complaint",
    "subject": "Lamp broke",
    "description": "It broke on the first evening.",
    "type": "unclassified",
    "language": "en",
}


@pytest.fixture
def cast() -> Cast:
    cached.clear_all()
    found = make_cast()
    RoutingRule.objects.create(team=found.team)
    cached.clear_all()
    return found


@pytest.fixture
def agent(cast) -> Client:
    client = Client()
    client.force_login(cast.agent)
    return client


def test_a_call_is_filed_acknowledged_and_leads_to_the_case(cast, agent):
    answer = agent.post(URL, {**FORM, "customer_name": "New Person", "customer_email": "New@mail.example"})
    complaint = Complaint.objects.get()
    assert answer.headers["Location"] == f"/complaints/{complaint.reference}/"
    assert complaint.acknowledged_at == complaint.received_at == complaint.first_response_at
    assert complaint.customer.name == "New Person"
    assert complaint.owner in (cast.agent, cast.colleague)
    assert OutboxMessage.objects.filter(key=f"receipt:{complaint.reference}", recipient="New@mail.example").count() == 1
    assert complaint.reference in agent.get(answer.headers["Location"]).content.decode()


def test_a_letter_is_not_acknowledged_by_being_noted_down(agent):
    agent.post(URL, {**FORM, "channel": "letter"})
    complaint = Complaint.objects.get()
    assert complaint.acknowledged_at is None and complaint.customer is None


def test_each_line_of_what_they_ask_for_is_a_demand(agent):
    agent.post(URL, {**FORM, "demands": "A second lamp\n\n  The postage back  \n"})
    assert [one.text for one in decisions.demands(Complaint.objects.get())] == ["A second lamp", "The postage back"]
    page = agent.post(URL, {**FORM, "demands": "x" * 501})
    assert page.status_code == 422 and Complaint.objects.count() == 1


def test_a_known_customer_is_taken_and_not_made_twice(cast, agent):
    agent.post(URL, {**FORM, "customer": cast.customer.pk, "customer_name": "Dana Whitlock"})
    agent.post(URL, {**FORM, "customer_name": "D. Whitlock", "customer_email": "DANA@mail.example"})
    assert Customer.objects.count() == 1
    assert {one.customer for one in Complaint.objects.all()} == {cast.customer}


def test_without_javascript_the_customer_is_searched_and_chosen(cast, agent):
    page = agent.post(URL, {**FORM, "customer_name": "whit", "find": "1"})
    text = page.content.decode()
    assert page.status_code == 200 and not Complaint.objects.exists()
    assert "Dana Whitlock" in text and "dana@mail.example" in text and "Lamp broke" in text
    assert f'name="customer" value="{cast.customer.pk}"' in text
    assert "nobody" not in agent.post(URL, {**FORM, "customer_name": "zzzz", "find": "1"}).content.decode()


def test_find_as_you_type_answers_options(cast, agent, django_assert_max_num_queries):
    with django_assert_max_num_queries(6):
        text = agent.get("/customers/find/", {"q": "whit"}).content.decode()
    assert 'role="option"' in text and f'data-value="{cast.customer.pk}"' in text and "Dana Whitlock" in text
    assert "Dana" in agent.get("/customers/find/", {"q": "912 345"}).content.decode()
    assert "option" not in agent.get("/customers/find/", {"q": "w"}).content.decode()


def test_times_are_those_of_the_agents_wall_clock(cast):
    cast.agent.time_zone = "Europe/Berlin"
    cast.agent.save()
    client = Client()
    client.force_login(cast.agent)
    with clock.frozen(datetime(2026, 4, 1, 9, tzinfo=UTC)):
        client.post(URL, {**FORM, "received_at": "2026-03-30T10:15"})
        assert Complaint.objects.get().received_at == datetime(2026, 3, 30, 8, 15, tzinfo=UTC)
        for wrong in ("2026-03-29T02:30", "2026-04-02T11:00", "yesterday", "2026-02-30T10:00", "0001-01-01T00:00"):
            refused = client.post(URL, {**FORM, "received_at": wrong})
            assert refused.status_code == 422 and refused.context["form"].errors["received_at"], wrong
    assert Complaint.objects.count() == 1


def test_a_late_letter_may_be_due_already(agent):
    with clock.frozen(MONDAY):
        received = (MONDAY - timedelta(days=60)).strftime("%Y-%m-%dT%H:%M")
        agent.post(URL, {**FORM, "channel": "letter", "received_at": received})
        complaint = Complaint.objects.get()
        assert complaint.queue_at < MONDAY
        badges = [row.badge for group in agent.get("/complaints/?view=all").context["groups"] for row in group.rows]
    assert badges[0].state == "breached"


def test_the_same_form_sent_again_leads_to_the_same_case(agent):
    nonce = agent.get(URL).context["form"]["nonce"].value()
    places = {agent.post(URL, {**FORM, "nonce": nonce}).headers["Location"] for _ in range(3)}
    assert Complaint.objects.count() == 1 and len(places) == 1


def test_what_was_typed_is_kept_when_something_is_wrong(agent):
    answer = agent.post(URL, {**FORM, "subject": "", "expectation": "An apology"})
    text = answer.content.decode()
    assert answer.status_code == 422 and not Complaint.objects.exists()
    assert "An apology" in text and "It broke on the first evening." in text and 'href="#id_subject"' in text


@pytest.mark.parametrize(
    "wrong",
    [
        {"channel": "web"},
        {"channel": "pigeon"},
        {"type": "nothing"},
        {"severity": "huge"},
        {"language": "xx"},
        {"owner": "999999"},
        {"customer": "999999"},
        {"customer": "x"},
        {"kind": "praise"},
        {"description": "a\x00b"},
        {"subject": "a\x1bb"},
        {"subject": "x" * 201},
        {"customer_email": "no address"},
    ],
)
def test_nonsense_is_refused(agent, wrong):
    answer = agent.post(URL, {**FORM, **wrong})
    assert answer.status_code == 422 and not Complaint.objects.exists()


def test_the_owner_may_be_chosen(cast, agent):
    answer = agent.post(URL, {**FORM, "owner": cast.stranger.pk})
    assert Complaint.objects.get().owner == cast.stranger
    assert answer.headers["Location"] == "/complaints/"  # not ours to look at


def test_text_is_kept_in_its_composed_form(agent):
    agent.post(URL, {**FORM, "description": "cafe\u0301\r\n\u202eevil \U0001f469\u200d\U0001f4bb"})
    assert Complaint.objects.get().narrative.description == "caf\u00e9\n\u202eevil \U0001f469\u200d\U0001f4bb"


def test_an_administrator_without_cases_has_no_form(cast):
    client = Client()
    client.force_login(cast.admin)
    assert client.get(URL).status_code == 403
