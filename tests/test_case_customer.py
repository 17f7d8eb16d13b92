"""Whose complaint it is, from the case by every door (B3); the composer follows what can be done (ux, desk 6)."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from django.test import Client

from complaints.actions import decide
from complaints.models import Complaint
from complaints.reference import catalogue
from core import clock, trail
from core.actor import Actor
from core.models import TrailEntry
from core.web.once import fresh
from retention.models import Customer
from tests.cast import Cast, make_agent, make_cast, make_customer
from tests.tokens import bearer

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast() -> Cast:
    return make_cast()


def signed_in(user: Any, **headers: str) -> Client:
    client = Client(headers=headers)
    client.force_login(user)
    return client


def by_web(user: Any, complaint: Complaint, customer: str, version: int | None = None, **typed: str) -> int:
    body = {"customer": customer, "version": version or complaint.version, "nonce": fresh(), **typed}
    answer = signed_in(user).post(f"/complaints/{complaint.reference}/customer/", body)
    return {302: 200}.get(answer.status_code, answer.status_code)


def by_htmx(user: Any, complaint: Complaint, customer: str, version: int | None = None, **typed: str) -> int:
    body = {"customer": customer, "version": version or complaint.version, "nonce": fresh(), **typed}
    answer = signed_in(user, **{"HX-Request": "true"}).post(f"/complaints/{complaint.reference}/customer/", body)
    assert 'id="customer_panel"' in answer.content.decode() or answer.status_code == 404
    return answer.status_code


def by_api(user: Any, complaint: Complaint, customer: str, version: int | None = None) -> int:
    body = json.dumps({"customer": None if customer == "unknown" else customer})
    headers = {**bearer(user), "If-Match": f'"{version or complaint.version}"'}
    url = f"/api/v1/complaints/{complaint.reference}/customer/"
    status = Client().put(url, body, content_type="application/json", headers=headers).status_code
    return {412: 409, 400: 422}.get(status, status)


@pytest.mark.parametrize("door", [by_web, by_htmx, by_api])
def test_every_door_changes_whose_complaint_it_is_once(door: Any, cast: Cast) -> None:
    complaint, maria = cast.complaint(owner=cast.agent), make_customer("Maria Vaz")
    before = complaint.customer_id
    assert door(cast.agent, complaint, str(maria.pk)) == 200
    assert door(cast.agent, complaint, "unknown") == 409, "the page was older"
    found = Complaint.objects.get(pk=complaint.pk)
    assert found.customer == maria
    entry = trail.of(complaint).last()
    assert entry.kind == "complaint.customer_set" and json.loads(entry.body)["customer"] == [before, maria.pk]
    assert door(cast.agent, found, "unknown") == 200
    assert Complaint.objects.get(pk=complaint.pk).customer is None
    assert door(cast.stranger, found, str(maria.pk)) == 404
    assert door(cast.agent, Complaint.objects.get(pk=complaint.pk), "999999999") == 422


@pytest.mark.parametrize("door", [by_web, by_htmx])
def test_somebody_new_is_made_once_and_somebody_known_found(door: Any, cast: Cast) -> None:
    complaint = cast.complaint(owner=cast.agent)
    assert door(cast.agent, complaint, "new") == 422
    assert door(cast.agent, complaint, "new", name="Iris Novak", email="iris@mail.example") == 200
    complaint.refresh_from_db()
    iris = complaint.customer
    assert (iris.name, iris.language) == ("Iris Novak", complaint.language)
    assert trail.of(iris).first().kind == "customer.created"
    other = cast.complaint(owner=cast.agent)
    assert door(cast.agent, other, "new", name="I. Novak", email="IRIS@mail.example") == 200
    other.refresh_from_db()
    assert other.customer == iris, "the e-mail certainly means her"


def test_a_form_sent_twice_changes_once(cast: Cast) -> None:
    complaint, client = cast.complaint(owner=cast.agent), signed_in(cast.agent)
    body = {"customer": "new", "name": "Iris Novak", "version": complaint.version, "nonce": fresh()}
    count = Customer.objects.count()
    for _time in (1, 2):
        assert client.post(f"/complaints/{complaint.reference}/customer/", body).status_code == 302
    assert Customer.objects.count() == count + 1
    assert TrailEntry.objects.filter(kind="complaint.customer_set").count() == 1


def test_without_javascript_words_lead_to_who_fits_them(cast: Cast) -> None:
    complaint, client = cast.complaint(owner=cast.agent), signed_in(cast.agent)
    olga = make_customer("Ольга Ким", email="kim@mail.example")
    url = f"/complaints/{complaint.reference}/customer/"
    answer = client.post(url, {"q": "olga", "customer": "", "version": complaint.version})
    assert answer.status_code == 302 and answer["Location"] == f"{url}?q=olga"
    htmx = client.post(url, {"q": "olga", "customer": ""}, headers={"HX-Request": "true"})
    assert htmx["HX-Redirect"] == f"{url}?q=olga"
    page = client.get(answer["Location"]).content.decode()
    assert f'value="{olga.pk}"' in page and "kim@mail.example" in page
    assert "fits “nobody at all”" in client.get(url, {"q": "nobody at all"}).content.decode()
    merged = make_customer("Olga Gone")
    Customer.objects.filter(pk=merged.pk).update(merged_into=olga)
    refused = client.post(url, {"customer": str(merged.pk), "version": complaint.version, "nonce": fresh()})
    assert refused.status_code == 422 and "Choose again" in refused.content.decode()


def test_the_card_offers_it_and_the_timeline_tells_it(cast: Cast) -> None:
    complaint, client = cast.complaint(owner=cast.agent), signed_in(cast.agent)
    url = f"/complaints/{complaint.reference}/"
    page = client.get(url).content.decode()
    assert f'hx-post="{url}customer/"' in page and 'data-find-into="id_door_customer"' in page
    by_web(cast.agent, complaint, str(make_customer("Maria Vaz").pk))
    page = client.get(url).content.decode()
    assert "Linked to another customer" in page and "Maria Vaz" in page


def test_the_htmx_answer_swaps_whom_a_reply_goes_to(cast: Cast) -> None:
    complaint = cast.complaint(owner=cast.agent)
    maria = make_customer("Maria Vaz", email="maria@mail.example")
    client = signed_in(cast.agent, **{"HX-Request": "true"})
    body = {"customer": str(maria.pk), "version": complaint.version, "nonce": fresh()}
    page = client.post(f"/complaints/{complaint.reference}/customer/", body).content.decode()
    assert 'id="composer_modes" hx-swap-oob="true"' in page
    assert "Reply to Maria Vaz" in page and "maria@mail.example" in page


def reply_radio(page: str) -> str:
    return re.search(r'<input type="radio" name="mode" value="reply"[^>]*>', page)[0]


def test_closing_in_place_takes_the_reply_away_and_reopening_gives_it_back(cast: Cast) -> None:
    complaint = cast.complaint(owner=cast.agent)
    me = Actor.person(cast.agent)
    cause = next(row for code, row in catalogue().causes.items() if code != "unclassified")
    decide.resolve(complaint, outcome="upheld", root_cause=cause, summary="Sent again.", by=me, at=clock.now())
    complaint.refresh_from_db()
    client = signed_in(cast.agent, **{"HX-Request": "true"})
    url = f"/complaints/{complaint.reference}/"

    def send(resource: str, **fields: str) -> str:
        complaint.refresh_from_db()
        answer = client.post(f"{url}{resource}/", {"version": complaint.version, "nonce": fresh(), **fields})
        assert answer.status_code == 200, answer.content.decode()
        return answer.content.decode()

    assert "composer_modes" not in send("watching"), "nothing changed for the composer: whoever types is left alone"
    closed = send("closure")
    assert 'id="composer_modes" hx-swap-oob="true"' in closed and 'id="body"' not in closed
    assert "disabled" in reply_radio(closed) and "reopen the case to reply" in closed
    opened = send("reopening", reason="It broke again")
    assert "disabled" not in reply_radio(opened)


def test_a_case_that_was_closed_meanwhile_takes_the_reply_away_with_the_refusal(cast: Cast) -> None:
    complaint = cast.complaint(owner=cast.agent)
    seen = complaint.version
    decide.withdraw(complaint, reason="Solved itself", by=Actor.person(cast.agent), at=clock.now())
    client = signed_in(cast.agent, **{"HX-Request": "true"})
    answer = client.post(f"/complaints/{complaint.reference}/investigation/", {"version": seen, "nonce": fresh()})
    assert answer.status_code == 409 and "disabled" in reply_radio(answer.content.decode())


def test_only_who_handles_cases_may(cast: Cast) -> None:
    complaint = cast.complaint(owner=cast.agent)
    assert make_agent().pk and Client().get(f"/complaints/{complaint.reference}/customer/").status_code in (302, 404)
