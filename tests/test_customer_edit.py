"""What we know of a customer, changed through the form and the API, with versions and a trail (mission B3, C4)."""

import json

import pytest
from django.test import Client

from core import cached, clock, trail
from core.actor import Actor
from core.errors import DomainError
from retention.actions.consent import consent
from retention.actions.edit import Profile, edit
from retention.models import Consent, Customer
from tests.cast import Cast, make_cast, make_customer
from tests.tokens import bearer

pytestmark = pytest.mark.django_db
BY = Actor.system("test")


@pytest.fixture
def cast() -> Cast:
    cached.clear_all()
    return make_cast()


@pytest.fixture
def api(cast) -> Client:
    return Client(headers=bearer(cast.agent))


@pytest.fixture
def agent(cast) -> Client:
    client = Client()
    client.force_login(cast.agent)
    return client


def by_api(cast: Cast, customer: Customer, version: int | None = None, **values: object) -> int:
    headers = {} if version is None else {"If-Match": f'"{version}"'}
    body = json.dumps(values)
    url = f"/api/v1/customers/{customer.pk}/"
    client = Client(headers=bearer(cast.agent))
    return client.patch(url, body, content_type="application/json", headers=headers).status_code


def by_web(cast: Cast, customer: Customer, version: int | None = None, **values: object) -> int:
    client = Client()
    client.force_login(cast.agent)
    url = f"/customers/{customer.pk}/edit/"
    page = client.get(url)
    form = {name: page.context["form"][name].value() or "" for name in page.context["form"].fields}
    answer = client.post(url, {**form, **values, "version": version or form["version"]})
    return 200 if answer.status_code == 302 else answer.status_code


@pytest.mark.parametrize("door", [by_api, by_web])
def test_each_door_changes_and_leaves_one_entry(cast, door):
    customer = cast.customer
    assert door(cast, customer, customer.version, name="Dana W.", tier="Gold", preferred_channel="phone") == 200
    after = Customer.objects.get(pk=customer.pk)
    assert (after.name, after.tier, after.preferred_channel) == ("Dana W.", "Gold", "phone")
    assert after.name_key.startswith("dana w.")
    assert after.version == customer.version + 1 and after.updated_at > customer.updated_at
    kinds = [entry.kind for entry in trail.of(customer)]
    assert kinds == ["customer.created", "customer.edited"]
    last = trail.of(customer).last()
    assert "Dana W." not in last.body and "Dana W." in last.private and not list(trail.verify(trail.of(customer)))
    assert {point.value for point in after.contact_points.all()} == {"dana@mail.example", "+351 912 345 678"}


@pytest.mark.parametrize(("door", "stale"), [(by_api, 412), (by_web, 409)])
def test_a_stale_change_overwrites_nothing(cast, door, stale):
    old = cast.customer.version
    edit(cast.customer, Profile(tier="Gold"), by=BY, at=clock.now())
    assert door(cast, cast.customer, old, name="Overwritten") == stale
    assert Customer.objects.get(pk=cast.customer.pk).name == "Dana Whitlock"


def test_the_api_wants_to_know_what_was_read(cast, api):
    assert by_api(cast, cast.customer, None, name="X") == 428
    answer = api.get(f"/api/v1/customers/{cast.customer.pk}/")
    tag = answer.headers["ETag"]
    assert api.get(f"/api/v1/customers/{cast.customer.pk}/", headers={"If-None-Match": tag}).status_code == 304


def test_lists_replace_and_points_that_stay_keep_their_key(cast):
    email = cast.customer.contact_points.get(kind="email")
    points = [
        {"kind": "email", "value": "new@mail.example"},
        {"kind": "email", "value": "Dana@mail.example", "is_preferred": True},
        {"kind": "postal", "value": "Rua 1, Setúbal"},
    ]
    ids = [{"source": "crm", "external_id": "7"}]
    assert by_api(cast, cast.customer, cast.customer.version, contact_points=points, external_ids=ids) == 200
    kept = cast.customer.contact_points.get(value_key="dana@mail.example")
    assert kept.pk == email.pk and kept.is_preferred and kept.value == "Dana@mail.example"
    assert cast.customer.contact_points.filter(kind="phone").count() == 0
    assert [one.external_id for one in cast.customer.external_ids.all()] == ["7"]
    other = make_customer("Other")
    assert by_api(cast, other, other.version, external_ids=ids) == 409


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": 7},
        {"kind": "robot"},
        {"language": "xx"},
        {"preferred_channel": "pigeon"},
        {"unknown": 1},
        {"contact_points": [{"kind": "email", "value": "no address"}]},
        {"contact_points": [{"kind": "email", "value": "a@b.example", "extra": 1}]},
        {"contact_points": "x"},
        {"consents": [{"purpose": "dancing", "given": True}]},
        {"consents": [{"purpose": "calls", "given": "yes"}]},
        {"name": "", "contact_points": []},
    ],
)
def test_nonsense_is_refused_and_nothing_written(cast, wrong):
    before = Customer.objects.values().get(pk=cast.customer.pk)
    assert by_api(cast, cast.customer, cast.customer.version, **wrong) == 400
    assert Customer.objects.values().get(pk=cast.customer.pk) == before


def test_consent_is_the_last_word_and_the_trail_keeps_the_earlier(cast, agent):
    at = clock.now()
    consent(cast.customer, purpose="calls", given=True, by=BY, at=at, how="on the phone")
    consent(cast.customer, purpose="calls", given=True, by=BY, at=at)
    said = [{"purpose": "calls", "given": False, "how": "letter"}]
    version = Customer.objects.get(pk=cast.customer.pk).version
    assert by_api(cast, cast.customer, version, consents=said) == 200
    row = Consent.objects.get()
    assert (row.given, row.how) == (False, "letter")
    kinds = [entry.kind for entry in trail.of(cast.customer)]
    assert kinds == ["customer.created", "customer.consented", "customer.consented"]
    assert by_web(cast, cast.customer, consent_offers="yes") == 200
    assert set(Consent.objects.values_list("purpose", "given")) == {("calls", False), ("offers", True)}
    page = agent.get(f"/customers/{cast.customer.pk}/").content.decode()
    assert "refused on" in page and "agreed on" in page
    with pytest.raises(DomainError):
        consent(cast.customer, purpose="dancing", given=True, by=BY, at=at)


def test_preferences_are_shown_as_text(cast, agent):
    assert by_web(cast, cast.customer, preferences="Rings back after six.\n<b>no mail</b>") == 200
    page = agent.get(f"/customers/{cast.customer.pk}/").content.decode()
    assert "Rings back after six." in page and "&lt;b&gt;no mail" in page and "<b>no mail" not in page


def test_the_list_over_the_api(cast, api):
    at = clock.now()
    rus = make_customer("Игорь Соколов", email="igor@mail.example")
    edit(rus, Profile(tier="Gold", language="ru"), by=BY, at=clock.now())

    def names(**asked: str) -> list[str]:
        answer = api.get("/api/v1/customers/", asked)
        assert answer.status_code == 200, answer.content
        return [row["name"] for row in answer.json()["results"]]

    assert names() == ["Dana Whitlock", "Игорь Соколов"]
    assert names(ordering="-updated_at")[0] == "Игорь Соколов"
    assert names(search="СОКОЛ") == names(tier="Gold") == names(language="ru") == ["Игорь Соколов"]
    assert names(email="IGOR@mail.example") == ["Игорь Соколов"]
    assert names(updated_since=at.isoformat()) == ["Игорь Соколов"]
    assert names(merged="true") == []
    sparse = api.get("/api/v1/customers/", {"fields": "id,version"}).json()["results"]
    assert set(sparse[0]) == {"id", "version"}
    assert api.get("/api/v1/customers/", {"colour": "red"}).status_code == 400
    body = {"name": "Ana", "kind": "organisation", "tier": "Gold", "email": "ana@x.example", "preferences": "tea"}
    made = api.post("/api/v1/customers/", json.dumps(body), content_type="application/json")
    assert made.status_code == 201 and made.headers["ETag"]
    shown = api.get(made.headers["Location"]).json()
    assert (shown["kind"], shown["preferences"], shown["merged_into"]) == ("organisation", "tea", None)


def test_an_id_that_another_has_makes_no_second_customer(api):
    known = {"name": "Ada", "external_id": "C-9", "source": "shop"}
    assert api.post("/api/v1/customers/", known, content_type="application/json").status_code == 201
    before = Customer.objects.count()
    answer = api.post("/api/v1/customers/", known | {"name": "Bea"}, content_type="application/json")
    assert (answer.status_code, answer.json()["code"]) == (409, "external_id_taken")
    assert Customer.objects.count() == before
    other = api.post("/api/v1/customers/", known | {"source": "till"}, content_type="application/json")
    assert other.status_code == 201, "the same number in another system is another's"
