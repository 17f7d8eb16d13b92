"""Customers in the browser: list, search, page, new, edit (mission B3; domain, Roles and visibility)."""

import pytest
from django.test import Client

from core import cached, trail
from retention.models import Customer
from tests.cast import Cast, make_cast, make_customer

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast() -> Cast:
    cached.clear_all()
    return make_cast()


@pytest.fixture
def agent(cast) -> Client:
    client = Client()
    client.force_login(cast.agent)
    return client


def names(answer) -> list[str]:
    return [row[0].value for row in answer.context["table"]]


def test_the_list_is_searched_by_name_mail_phone(cast, agent):
    make_customer("Игорь Соколов", email="igor@mail.example")
    assert names(agent.get("/customers/")) == ["Dana Whitlock", "Игорь Соколов"]
    for words in ("игорь", "СОКОЛ", "igor@"):
        assert names(agent.get("/customers/", {"q": words})) == ["Игорь Соколов"], words
    assert names(agent.get("/customers/", {"q": "912345"})) == ["Dana Whitlock"]
    assert agent.get("/customers/", {"q": "nobody at all"}).context["empty"].kind == "match"


def test_pages_go_forth_and_back(cast, agent, monkeypatch, django_assert_max_num_queries):
    from retention.web import views

    monkeypatch.setattr(views, "PAGE", 4)
    for n in range(10):
        make_customer(f"Name {n % 3}")
    seen, url = [], "/customers/"
    while url:
        answer = agent.get(url)
        seen += [row[0].url for row in answer.context["table"]]
        url = answer.context["next_url"]
    assert len(seen) == len(set(seen)) == Customer.objects.count()
    back = agent.get(answer.context["previous_url"])
    assert [row[0].url for row in back.context["table"]] == seen[4:8]
    with django_assert_max_num_queries(7):
        agent.get("/customers/")
    for wrong in ("x", "[1,2]", '["a"]', "[]", '["a",-1]', '["\\u0000",1]', "9" * 3000, "[" * 1999):
        assert agent.get("/customers/", {"after": wrong}).status_code == 200


def test_everybody_opens_the_page_and_sees_their_own_cases(cast, agent):
    cast.complaint(subject="ours")
    cast.complaint(owner=cast.stranger, subject="theirs")
    url = f"/customers/{cast.customer.pk}/"
    text = agent.get(url).content.decode()
    assert "ours" in text and "theirs" not in text and "1 more complaint is with another team" in text
    stranger = Client()
    stranger.force_login(cast.stranger)
    assert "theirs" in stranger.get(url).content.decode()
    admin = Client()
    admin.force_login(cast.admin)
    assert admin.get(url).status_code == 403
    assert agent.get("/customers/99999/").status_code == 404


def test_the_page_costs_the_same_whatever_it_shows(cast, agent, django_assert_max_num_queries):
    for n in range(30):
        cast.complaint(subject=f"case {n}")
    agent.get("/complaints/")
    with django_assert_max_num_queries(20):  # four are those of every page
        agent.get(f"/customers/{cast.customer.pk}/")


def test_a_customer_is_made_once_and_edited_with_a_trail(cast, agent):
    nonce = agent.get("/customers/new/").context["form"]["nonce"].value()
    form = {
        "name": "Ada",
        "kind": "person",
        "emails": "ada@mail.example\nada@work.example",
        "phones": "",
        "nonce": nonce,
    }
    places = {agent.post("/customers/new/", form).headers["Location"] for _ in range(2)}
    assert len(places) == 1
    ada = Customer.objects.get(name="Ada")
    assert [one.value for one in ada.contact_points.all()] == ["ada@mail.example", "ada@work.example"]
    edited = {
        "name": "Ada L.",
        "kind": "person",
        "emails": "ada@work.example",
        "phones": "+351 1234",
        "language": "pt",
        "tier": "Gold",
    }
    assert agent.post(f"/customers/{ada.pk}/edit/", edited).status_code == 302
    ada.refresh_from_db()
    assert (ada.name, ada.name_key, ada.tier, ada.language) == ("Ada L.", "ada l.", "Gold", "pt")
    last = trail.of(ada).last()
    assert last.kind == "customer.edited" and "Ada L." not in last.body and "Ada L." in last.private
    assert not list(trail.verify(trail.of(ada)))
    page = agent.get(f"/customers/{ada.pk}/").content.decode()
    assert "Gold" in page and "Details changed" in page and "ada@work.example" in page


@pytest.mark.parametrize(
    "wrong",
    [{"emails": "no address"}, {"phones": "x"}, {"name": "", "emails": ""}, {"language": "xx"}, {"name": "a\x00"}],
)
def test_nonsense_is_refused_with_the_text_kept(cast, agent, wrong):
    before = Customer.objects.count()
    answer = agent.post(
        "/customers/new/", {"name": "Kept", "kind": "person", "emails": "", "phones": "", "tier": "Keep me", **wrong}
    )
    assert answer.status_code == 422 and "Keep me" in answer.content.decode()
    assert Customer.objects.count() == before


def test_names_are_isolated_and_never_markup(cast, agent):
    evil = make_customer("\u202e<b onmouseover=canary()>")
    for url in ("/customers/", f"/customers/{evil.pk}/", "/customers/find/?q=canary"):
        text = agent.get(url).content.decode()
        assert "<b onmouseover" not in text and "<bdi>\u202e&lt;b" in text
