"""Two records of one customer: merged through every door, and taken back as if nothing had been (mission B3)."""

import json
from datetime import date, timedelta
from typing import Any

import pytest
from django.apps import apps
from django.test import Client

from complaints.actions.customer import set_customer
from complaints.models import Complaint
from core import cached, clock, trail
from core.actor import Actor
from core.errors import DomainError
from metrics.actions.merge_customers import merge, unmerge
from metrics.models import Invitation, Survey, SurveyResponse
from retention.actions.consent import consent
from retention.models import (
    Charge,
    Consent,
    ContactPoint,
    Customer,
    CustomerMerge,
    FollowUp,
    Payment,
    Purchase,
    Tenure,
)
from tests.cast import Cast, make_cast, make_customer
from tests.tokens import bearer

pytestmark = pytest.mark.django_db
BY = Actor.system("test")
TABLES = [
    model
    for label in ("retention", "complaints", "metrics")
    for model in apps.get_app_config(label).get_models()
    if model not in (CustomerMerge,)
]


@pytest.fixture
def cast() -> Cast:
    cached.clear_all()
    return make_cast()


@pytest.fixture
def twin(cast) -> Customer:
    """A second record of the cast's customer, with one of everything."""
    at = clock.now()
    twin = make_customer(
        "D. Whitlock", email="dana@mail.example", phone="+351 911 111 111", external_id="77", source="crm"
    )
    for customer in (cast.customer, twin):
        cast.complaint(customer=customer, subject=f"case of {customer.pk}")
        _orders(customer, at)
    Tenure.objects.create(customer=twin, joined_on=date(2019, 1, 1), left_on=date(2020, 1, 1))
    Tenure.objects.create(customer=twin, joined_on=date(2021, 6, 1))
    Tenure.objects.create(customer=cast.customer, joined_on=date(2021, 1, 1))
    consent(twin, purpose="calls", given=True, by=BY, at=at)
    consent(twin, purpose="offers", given=True, by=BY, at=at)
    consent(cast.customer, purpose="calls", given=False, by=BY, at=at)
    FollowUp.objects.create(
        customer=twin, owner=cast.agent, reason="planned", due_on=date(2026, 1, 1), created_at=at, updated_at=at
    )
    survey = Survey.objects.order_by("pk").first() or Survey.objects.create(code="x", name="X", kind="nps")
    version = survey.versions.first() or survey.versions.create(number=1, texts={}, published_at=at)
    asked = Invitation.objects.create(
        survey=survey, version=version, customer=twin, key="k", language="en", created_at=at, due_at=at
    )
    SurveyResponse.objects.create(kind="nps", customer=twin, invitation=asked, score=9, created_at=at, updated_at=at)
    return twin


def _orders(customer: Customer, at: Any) -> None:
    stamps = {"created_at": at, "updated_at": at}
    for number in ("SAME", f"OWN-{customer.pk}"):
        Purchase.objects.create(customer=customer, order_number=number, purchased_at=at, currency="EUR", **stamps)
    charge = Charge.objects.create(customer=customer, charged_on=at.date(), amount=5, currency="EUR", **stamps)
    Payment.objects.create(customer=customer, charge=charge, paid_on=at.date(), amount=5, currency="EUR", **stamps)


def everything() -> dict[str, list[dict[str, Any]]]:
    """All rows of all tables, without what only counts changes."""
    found = {}
    for model in TABLES:
        names = [f.attname for f in model._meta.concrete_fields if f.attname not in ("version", "updated_at")]
        found[model.__name__] = list(model._default_manager.order_by("pk").values(*names))
    return found


def by_web(cast: Cast, absorbed: Customer, survivor: Customer) -> int:
    client = Client()
    client.force_login(cast.agent)
    url = f"/customers/{absorbed.pk}/merge/{survivor.pk}/"
    nonce = client.get(url).context["form"]["nonce"].value()
    form = {"survivor": survivor.pk, "reason": "same address", "nonce": nonce}
    first, second = client.post(url, form), client.post(url, form)
    assert first.status_code != 302 or second.status_code in (302, 404)
    return 200 if first.status_code == 302 else first.status_code


def by_api(cast: Cast, absorbed: Customer, survivor: Customer) -> int:
    body = json.dumps({"into": str(survivor.pk)})
    client = Client(headers=bearer(cast.agent))
    url = f"/api/v1/customers/{absorbed.pk}/merge/"
    return client.post(url, body, content_type="application/json").status_code


def undone_by_web(cast: Cast, absorbed: Customer) -> int:
    client = Client()
    client.force_login(cast.agent)
    answer = client.post(f"/customers/{absorbed.pk}/unmerge/", {"nonce": "n"})
    return 200 if answer.status_code == 302 else answer.status_code


def undone_by_api(cast: Cast, absorbed: Customer) -> int:
    return Client(headers=bearer(cast.agent)).delete(f"/api/v1/customers/{absorbed.pk}/merge/").status_code


@pytest.mark.parametrize(("door", "back"), [(by_web, undone_by_web), (by_api, undone_by_api)])
def test_merged_and_taken_back_nothing_has_changed(cast, twin, door, back):
    before = everything()
    assert door(cast, twin, cast.customer) == 200
    kept = cast.customer
    assert Customer.objects.get(pk=twin.pk).merged_into_id == kept.pk
    assert Complaint.objects.filter(customer=kept).count() == 2
    numbers = set(kept.purchases.values_list("order_number", flat=True))
    assert numbers == {f"OWN-{kept.pk}", f"OWN-{twin.pk}", "SAME"}
    assert kept.purchases.count() == 3
    assert sorted(str(stay.joined_on) for stay in kept.tenures.all()) == ["2019-01-01", "2021-01-01"]
    assert dict(kept.consents.values_list("purpose", "given")) == {"calls": False, "offers": True}
    assert sorted(kept.contact_points.values_list("value_key", flat=True)) == [
        "351911111111",
        "351912345678",
        "dana@mail.example",
    ]
    assert [kept.charges.count(), kept.payments.count(), kept.follow_ups.count()] == [2, 2, 1]
    assert SurveyResponse.objects.filter(customer=kept).count() == Invitation.objects.filter(customer=kept).count() == 1
    assert back(cast, twin) == 200
    assert everything() == before
    assert [entry.kind for entry in trail.of(twin)][-2:] == ["customer.merged", "customer.unmerged"]
    assert [entry.kind for entry in trail.of(kept)][-2:] == ["customer.absorbed", "customer.released"]
    for subject in (twin, kept, *Complaint.objects.all()):
        assert not list(trail.verify(trail.of(subject)))


def test_what_came_after_the_merge_stays_with_the_survivor(cast, twin):
    merge(twin, cast.customer, by=BY, at=clock.now())
    later = cast.complaint(subject="later")
    number = ContactPoint.objects.get(value_key="351911111111")
    mine = Complaint.objects.get(subject=f"case of {twin.pk}")
    third = make_customer("Third")
    set_customer(mine, third, by=BY, at=clock.now())
    unmerge(twin, by=BY, at=clock.now())
    assert Complaint.objects.get(pk=later.pk).customer_id == cast.customer.pk
    assert Complaint.objects.get(pk=mine.pk).customer_id == third.pk
    assert ContactPoint.objects.get(pk=number.pk).customer_id == twin.pk
    assert not Complaint.objects.filter(customer=twin).exists()


def test_every_complaint_gets_a_version_and_an_entry(cast, twin):
    mine = Complaint.objects.get(customer=twin)
    merge(twin, cast.customer, by=BY, at=clock.now())
    moved = Complaint.objects.get(pk=mine.pk)
    assert moved.version == mine.version + 1
    last = trail.of(moved).last()
    assert last.kind == "complaint.customer_set" and last.customer_id == cast.customer.pk
    assert json.loads(last.body) == {"customer": [twin.pk, cast.customer.pk], "why": "merged"}


@pytest.mark.parametrize("door", [by_api])
def test_guards(cast, twin, door):
    third = make_customer("Third")
    assert door(cast, twin, twin) == 409
    assert door(cast, twin, cast.customer) == 200
    assert door(cast, twin, third) == 409  # merged already
    assert door(cast, third, twin) == 409  # into one that is none any more
    assert door(cast, cast.customer, third) == 200
    assert undone_by_api(cast, twin) == 409  # the later merge first
    assert undone_by_api(cast, cast.customer) == 200
    assert undone_by_api(cast, twin) == 200
    assert undone_by_api(cast, twin) == 409
    answer = Client(headers=bearer(cast.agent)).post(
        f"/api/v1/customers/{twin.pk}/merge/", '{"into": "999999"}', content_type="application/json"
    )
    assert answer.status_code == 400 and "unknown_customer" in answer.content.decode()
    assert CustomerMerge.objects.filter(undone_at__isnull=True).count() == 0


def test_the_absorbed_record_leads_to_the_survivor(cast, twin):
    third = make_customer("Third")
    merge(twin, cast.customer, by=BY, at=clock.now())
    merge(cast.customer, third, by=BY, at=clock.now())
    client = Client()
    client.force_login(cast.stranger)
    answer = client.get(f"/customers/{twin.pk}/", follow=True)
    assert answer.redirect_chain == [(f"/customers/{third.pk}/", 302)]
    text = answer.content.decode()
    assert "was merged into this customer" in text and "Take back the merge" in text
    api = Client(headers=bearer(cast.agent))
    assert api.get(f"/api/v1/customers/{twin.pk}/").json()["merged_into"] == str(cast.customer.pk)
    assert [row["name"] for row in api.get("/api/v1/customers/").json()["results"]] == ["Third"]
    merged = api.get("/api/v1/customers/", {"merged": "true"}).json()["results"]
    assert {row["id"] for row in merged} == {str(twin.pk), str(cast.customer.pk)}
    for path in ("edit/", "merge/"):
        assert client.get(f"/customers/{twin.pk}/{path}").status_code == 404
    assert twin.pk not in [one.pk for one in Customer.objects.visible_to(cast.agent).matching("whitlock")]


def test_the_other_record_is_found_by_words_or_by_what_they_share(cast, twin):
    client = Client()
    client.force_login(cast.agent)
    text = client.get(f"/customers/{cast.customer.pk}/merge/").content.decode()
    assert "D. Whitlock" in text and f"/customers/{cast.customer.pk}/merge/{twin.pk}/" in text
    stranger = make_customer("Igor")
    text = client.get(f"/customers/{cast.customer.pk}/merge/", {"q": "igor"}).content.decode()
    assert f"/merge/{stranger.pk}/" in text
    both = client.get(f"/customers/{cast.customer.pk}/merge/{twin.pk}/").content.decode()
    assert "Keep this record" in both and "1 complaint, 0 orders" not in both and "+351 911 111 111" in both
    assert client.post(f"/customers/{cast.customer.pk}/merge/{twin.pk}/", {"reason": "x"}).status_code == 422
    assert client.get(f"/customers/{twin.pk}/merge/{twin.pk}/").status_code == 404


def test_duplicates_are_suggested_until_they_are_merged(cast, twin, django_assert_max_num_queries, monkeypatch):
    client = Client()
    client.force_login(cast.agent)
    client.get("/customers/duplicates/")  # what the sidebar keeps in memory is known from here on
    with django_assert_max_num_queries(8):
        text = client.get("/customers/duplicates/").content.decode()
    assert "dana@mail.example" in text and "Compare" in text
    merge(twin, cast.customer, by=BY, at=clock.now())
    assert client.get("/customers/duplicates/").context["empty"].kind == "done"
    unmerge(twin, by=BY, at=clock.now())
    from retention import duplicates

    for n in range(4):
        make_customer(f"A{n}", email="shared@mail.example")
        make_customer(f"B{n}", email=f"pair{n}@mail.example")
        make_customer(f"C{n}", email=f"pair{n}@mail.example")
    monkeypatch.setattr(duplicates, "PAGE", 2)
    monkeypatch.setattr(duplicates, "GROUPS", 3)
    seen, url = [], "/customers/duplicates/"
    while url:
        answer = client.get(url)
        seen += [group["value"] for group in answer.context["groups"]]
        url = answer.context["next_url"]
    assert seen == ["dana@mail.example", *(f"pair{n}@mail.example" for n in range(4)), "shared@mail.example"]
    for wrong in ("x", "[1]", '["email", 3]', "9" * 3000, '["postal","x"]', "[" * 1999):
        assert client.get("/customers/duplicates/", {"after": wrong}).status_code == 200


def test_a_complaint_is_linked_to_a_customer(cast, twin):
    case = cast.complaint(customer=None, subject="whose")
    linked = set_customer(case, twin, by=BY, at=clock.now(), version=case.version)
    assert linked.customer_id == twin.pk and linked.version == case.version + 1
    assert set_customer(linked, twin, by=BY, at=clock.now()).version == linked.version
    with pytest.raises(DomainError) as stale:
        set_customer(linked, None, by=BY, at=clock.now(), version=case.version)
    assert stale.value.code == "stale"
    merge(twin, cast.customer, by=BY, at=clock.now())
    with pytest.raises(DomainError) as merged:
        set_customer(case, twin, by=BY, at=clock.now())
    assert merged.value.code == "merged_away"
    assert set_customer(case, None, by=BY, at=clock.now() + timedelta(seconds=1)).customer_id is None


def test_people_without_cases_merge_nobody(cast, twin):
    client = Client()
    client.force_login(cast.admin)
    assert client.get(f"/customers/{twin.pk}/merge/{cast.customer.pk}/").status_code == 403
    assert client.post(f"/customers/{twin.pk}/unmerge/").status_code == 403
    assert by_api_as(cast.admin, twin, cast.customer) == 403
    assert not Consent.objects.filter(customer=cast.customer, purpose="offers").exists()


def by_api_as(user: Any, absorbed: Customer, survivor: Customer) -> int:
    client = Client(headers=bearer(user))
    body = json.dumps({"into": str(survivor.pk)})
    return client.post(f"/api/v1/customers/{absorbed.pk}/merge/", body, content_type="application/json").status_code


def test_the_api_links_a_complaint_to_a_customer(cast, twin):
    case = cast.complaint(customer=None, subject="whose")
    client = Client(headers=bearer(cast.agent))
    url = f"/api/v1/complaints/{case.reference}/customer/"

    def put(customer: object, version: int | None = None) -> Any:
        headers = {} if version is None else {"If-Match": f'"{version}"'}
        return client.put(url, json.dumps({"customer": customer}), content_type="application/json", headers=headers)

    assert put(str(twin.pk)).status_code == 428
    answer = put(str(twin.pk), case.version)
    assert answer.status_code == 200 and answer.json()["customer"]["id"] == str(twin.pk)
    assert put(None, case.version).status_code == 412
    assert put("999999", case.version + 1).status_code == put("x", case.version + 1).status_code == 400
    assert put(None, case.version + 1).json()["customer"] is None
    assert client.post(url, "{}", content_type="application/json").status_code == 405
    stranger = Client(headers={**bearer(cast.stranger), "If-Match": "*"})
    assert stranger.put(url, '{"customer": null}', content_type="application/json").status_code == 404
