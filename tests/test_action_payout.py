"""The money of refunds and credits: handed to finance, confirmed, failed, never paid twice (A7; F15, F25, F26, F27)."""

from __future__ import annotations

import csv
import io
import json
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from complaints import payout_files
from complaints.actions import payouts, remedies
from complaints.models import AuthorityLimit, Complaint, Payout, PayoutExport, PayoutLine
from core import clock, rows
from core.actor import Actor
from core.errors import DomainError
from core.models import Notification
from retention.actions import charges
from retention.models import Customer, ExternalId, Payment
from tests.authority import publish
from tests.cast import Cast, make_cast
from tests.payouts import code_of, granted, handed, kinds, today
from tests.tokens import bearer

pytestmark = pytest.mark.django_db
DOORS = ["browser", "api"]


@pytest.fixture
def cast() -> Cast:
    made = make_cast()
    publish(AuthorityLimit(holder="role", role="manager"))
    return made


def knock(door: str, user: Any, payout: Payout | None, name: str, **fields: Any) -> tuple[int, str]:
    """`name`: confirmation, failure or exports. 200 for done, 422 for wrong input."""
    path = f"/payouts/{payout.pk}/{name}/" if payout is not None else f"/payouts/{name}/"
    if door == "browser":
        client = Client()
        client.force_login(user)
        answer = client.post(path, fields)
        return (200 if answer.status_code == 302 else answer.status_code), answer.content.decode()
    answer = Client(headers=bearer(user)).post(f"/api/v1{path}", json.dumps(fields), "application/json")
    return {201: 200, 400: 422}.get(answer.status_code, answer.status_code), answer.content.decode()


@pytest.mark.parametrize("door", DOORS)
def test_out_and_paid(cast: Cast, door: str) -> None:
    charge = charges.charge(
        cast.customer,
        amount=Decimal("40.00"),
        currency="EUR",
        charged_on=date(2026, 1, 5),
        by=Actor.system("test"),
        at=clock.now(),
        source="bill",
        external_id="C-9",
        order_number="O-1",
    )
    payout = granted(cast, charge=charge)
    complaint = payout.remedy.complaint
    assert knock(door, cast.manager, payout, "confirmation", paid_on=today(), reference="T-1")[0] == 409
    assert knock(door, cast.manager, None, "exports")[0] == 200
    payout.refresh_from_db()
    assert (payout.state, payout.export.number if payout.export else None) == ("exported", 1)
    line = PayoutLine.objects.get()
    assert (line.complaint_reference, line.charge_external_id, line.order_number) == (
        complaint.reference,
        "bill:C-9",
        "O-1",
    )
    assert knock(door, cast.manager, payout, "confirmation", paid_on=today(), reference=" ")[0] == 422
    late = (clock.now() + timedelta(days=3)).date().isoformat()
    assert knock(door, cast.manager, payout, "confirmation", paid_on=late, reference="T-1")[0] == 422
    assert knock(door, cast.manager, payout, "confirmation", paid_on="2020-01-01", reference="T-1")[0] == 422
    assert knock(door, cast.manager, payout, "confirmation", paid_on=today(), reference="T-1")[0] == 200
    payment = Payment.objects.get()
    assert (payment.customer, payment.amount, payment.currency, payment.charge) == (
        cast.customer,
        Decimal("-40.00"),
        "EUR",
        charge,
    )
    payout.refresh_from_db()
    assert (payout.state, payout.reference, payout.payment) == ("paid", "T-1", payment)
    assert knock(door, cast.manager, payout, "confirmation", paid_on=today(), reference="T-1")[0] == 200  # said again
    assert knock(door, cast.manager, payout, "confirmation", paid_on=today(), reference="T-2")[0] == 409
    assert knock(door, cast.manager, payout, "failure", reason="Too late")[0] == 409
    assert Payment.objects.count() == 1
    assert kinds(complaint) == ["complaint.payout_exported", "complaint.payout_paid"]
    with pytest.raises(DomainError) as told:
        remedies.revoke(payout.remedy, by=Actor.person(cast.manager), at=clock.now(), reason="Too late")
    assert told.value.status == 409


@pytest.mark.parametrize("door", DOORS)
def test_failed_goes_out_again_and_the_owner_is_told(cast: Cast, door: str) -> None:
    payout = granted(cast)
    handed(cast)
    assert knock(door, cast.manager, payout, "failure", reason="")[0] == 422
    assert knock(door, cast.manager, payout, "failure", reason="No such account")[0] == 200
    assert knock(door, cast.manager, payout, "failure", reason="No such account")[0] == 200  # said again
    assert knock(door, cast.manager, payout, "failure", reason="Another reason")[0] == 409
    payout.refresh_from_db()
    assert (payout.state, payout.failure) == ("failed", "No such account")
    told = Notification.objects.filter(user=cast.agent, event="approval")
    assert [one.words["what"] for one in told] == ["payout_failed"]
    client = Client()
    client.force_login(cast.agent)
    inbox = client.get(reverse("notifications")).content.decode()
    assert "No such account" in inbox
    assert knock(door, cast.manager, None, "exports")[0] == 200
    payout.refresh_from_db()
    assert (payout.state, payout.failure, payout.export.number if payout.export else 0) == ("exported", "", 2)
    assert knock(door, cast.manager, payout, "confirmation", paid_on=today(), reference="T-2")[0] == 200
    assert kinds(payout.remedy.complaint) == [
        "complaint.payout_exported",
        "complaint.payout_failed",
        "complaint.payout_exported",
        "complaint.payout_paid",
    ]
    assert Payment.objects.count() == 1


@pytest.mark.parametrize("door", DOORS)
def test_only_managers_hand_out_money(cast: Cast, door: str) -> None:
    payout = granted(cast)
    for user in (cast.agent, cast.lead, cast.admin):
        for name, fields in (("confirmation", {"paid_on": today(), "reference": "T"}), ("failure", {"reason": "x"})):
            assert knock(door, user, payout, name, **fields)[0] in (403, 404)
        assert knock(door, user, None, "exports")[0] in (403, 404)
        path = "/payouts/" if door == "browser" else "/api/v1/payouts/"
        client = Client(headers=bearer(user)) if door == "api" else Client()
        if door == "browser":
            client.force_login(user)
        assert client.get(path).status_code in (403, 404)
    missing = Payout(pk=987654)
    assert knock(door, cast.manager, missing, "failure", reason="x")[0] == 404
    payout.refresh_from_db()
    assert payout.state == "due"


def test_a_token_needs_the_scope(cast: Cast) -> None:
    payout = granted(cast)
    handed(cast)
    path = f"/api/v1/payouts/{payout.pk}/confirmation/"
    body = json.dumps({"paid_on": today(), "reference": "T-1"})
    for scope, status in (("remedies:write", 403), ("payouts:read", 403), ("payouts:write", 200)):
        client = Client(headers=bearer(cast.manager, scope))
        assert client.post(path, body, "application/json").status_code == status


def test_an_export_takes_everything_once_and_stays_as_it_was(cast: Cast) -> None:
    ExternalId.objects.create(customer=cast.customer, source="crm", external_id="77")
    Customer.objects.filter(pk=cast.customer.pk).update(name="=HYPERLINK(1)")
    complaint = cast.complaint(order_number="O-7")
    amounts = [("12.30", "EUR"), ("0.5", "EUR"), ("1200", "JPY"), ("1.234", "BHD")]
    for amount, currency in amounts:
        granted(cast, amount, currency=currency, complaint=complaint, kind="credit")
    cancelled = granted(cast, "9.00")
    remedies.revoke(cancelled.remedy, by=Actor.person(cast.manager), at=clock.now(), reason="A mistake")
    made = handed(cast)
    assert code_of(lambda: handed(cast)) == "nothing_to_pay"
    text = "".join(payout_files.written(payout_files.lines_of(made)))
    rows_ = list(csv.DictReader(io.StringIO(text)))
    assert [(one["amount"], one["currency"]) for one in rows_] == [
        ("12.30", "EUR"),
        ("0.50", "EUR"),
        ("1200", "JPY"),
        ("1.234", "BHD"),
    ]
    assert {one["customer_name"] for one in rows_} == {"'=HYPERLINK(1)"}  # F15
    assert {(one["customer_external_id"], one["order_number"], one["case"]) for one in rows_} == {
        ("crm:77", "O-7", complaint.reference)
    }
    assert kinds(complaint) == ["complaint.payout_exported"] * 4
    Customer.objects.filter(pk=cast.customer.pk).update(name="Somebody Else")
    payouts.fail(Payout.objects.first(), by=Actor.person(cast.manager), at=clock.now(), reason="No account")  # type: ignore[arg-type]
    again = handed(cast)
    assert (again.number, PayoutLine.objects.filter(export=again).count()) == (2, 1)
    web = Client()
    web.force_login(cast.manager)
    answer = web.get(f"/payouts/exports/{made.number}/")
    assert b"".join(answer.streaming_content).decode() == text  # type: ignore[attr-defined]
    assert 'filename="payouts-0001.csv"' in answer["Content-Disposition"]
    api = Client(headers=bearer(cast.manager, "payouts:read"))
    answer = api.get(f"/api/v1/payouts/exports/{made.number}/?format=csv")
    assert b"".join(answer.streaming_content).decode() == text  # type: ignore[attr-defined]
    body = api.get(f"/api/v1/payouts/exports/{made.number}/").json()
    assert (body["number"], body["count"]) == (1, 4)
    assert body["lines"][0]["amount"] == {"amount": "12.30", "currency": "EUR"}
    assert [one["number"] for one in api.get("/api/v1/payouts/exports/").json()["results"]] == [2, 1]
    assert api.get("/api/v1/payouts/exports/9/").status_code == 404
    assert api.get("/api/v1/payouts/exports/1/?format=xml").status_code == 400


def test_the_api_lists_and_filters(cast: Cast) -> None:
    first = granted(cast, "10.00")
    handed(cast)
    second = granted(cast, "20.00", kind="credit", currency="USD")
    api = Client(headers=bearer(cast.manager))

    def got(query: str) -> list[str]:
        answer = api.get(f"/api/v1/payouts/?{query}")
        assert answer.status_code == 200, answer.content
        return [one["id"] for one in answer.json()["results"]]

    both = [str(second.pk), str(first.pk)]
    assert got("") == both
    assert got("state=due") == both[:1]
    assert got("state=due&state=exported") == both
    assert got("kind=refund") == got("export=1") == both[1:]
    assert got("currency=USD") == both[:1]
    assert got(f"complaint={first.remedy.complaint.reference}") == both[1:]
    assert got(f"customer={cast.customer.pk}") == both
    answer = api.get(f"/api/v1/payouts/{first.pk}/")
    assert answer.json()["amount"] == {"amount": "10.00", "currency": "EUR"}
    assert api.get(f"/api/v1/payouts/{first.pk}/", headers={"If-None-Match": answer["ETag"]}).status_code == 304


def test_who_follows_a_remedy_hears_what_becomes_of_its_money(cast: Cast) -> None:
    """By `updated_since` as by an ETag, at both of its addresses."""
    api, first = Client(headers=bearer(cast.manager)), clock.now()
    with clock.frozen(first):
        payout, other = granted(cast), granted(cast)
    remedy, reference = payout.remedy_id, payout.remedy.complaint.reference
    paths = [f"/api/v1/remedies/{remedy}/", f"/api/v1/complaints/{reference}/remedies/{remedy}/"]
    by = Actor.person(cast.manager)
    turns: list[tuple[str, Any]] = [
        ("exported", lambda at: payouts.export(by=by, at=at)),
        ("failed", lambda at: payouts.fail(payout, by=by, at=at, reason="No account")),
        ("paid", lambda at: payouts.confirm(payout, by=by, at=at, paid_on=first.date(), reference="T-1")),
        ("failed", lambda at: payouts.take_back(payout, by=by, at=at, returned_on=first.date(), reason="Closed")),
    ]
    for hours, (state, turn) in enumerate(turns, 1):
        at = first + timedelta(hours=hours)
        with clock.frozen(at):
            tags = [api.get(path)["ETag"] for path in paths]
            turn(at)
            for path, tag in zip(paths, tags, strict=True):
                answer = api.get(path, headers={"If-None-Match": tag})
                assert (answer.status_code, answer.json()["payout"]["state"]) == (200, state)
            found = api.get("/api/v1/remedies/", {"updated_since": at.isoformat().replace("+00:00", "Z")})
            both = [str(other.remedy_id)] if state == "exported" else []
            assert [one["id"] for one in found.json()["results"]] == [*both, str(remedy)], state


def test_one_button_one_file(cast: Cast) -> None:
    """F25: the form sent twice hands over once, and says nothing of a second file."""
    granted(cast)
    web = Client()
    web.force_login(cast.manager)
    for _time in range(2):
        assert web.post("/payouts/exports/", {"nonce": "n-1"}).status_code == 302
    assert PayoutExport.objects.count() == 1
    api = Client(headers={**bearer(cast.manager), "Idempotency-Key": "e-1"})
    granted(cast)
    numbers = [api.post("/api/v1/payouts/exports/", "{}", "application/json").json()["number"] for _time in range(2)]
    assert numbers == [2, 2]
    assert PayoutExport.objects.count() == 2


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_an_export_cut_off_leaves_nothing(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    """F27."""
    payout = granted(cast)
    seen = kinds(payout.remedy.complaint)
    with monkeypatch.context() as patch:

        def killed(*args: Any, **kwargs: Any) -> None:
            raise KeyboardInterrupt

        patch.setattr(rows, "insert", killed)
        with pytest.raises(KeyboardInterrupt):
            handed(cast)
    payout.refresh_from_db()
    assert (payout.state, PayoutExport.objects.count(), PayoutLine.objects.count()) == ("due", 0, 0)
    assert kinds(payout.remedy.complaint) == seen
    assert handed(cast).number == 1


def test_the_page(cast: Cast, django_assert_max_num_queries: Any) -> None:
    web = Client()
    web.force_login(cast.manager)
    assert "Nothing here" in web.get("/payouts/").content.decode()
    first, second = granted(cast, "10.00"), granted(cast, "20.50")
    granted(cast, "7", currency="JPY")
    page = web.get("/payouts/?state=due").content.decode()
    for text in ("Hand 3 payouts to finance", "€30.50", first.remedy.complaint.reference, "Dana Whitlock"):
        assert text in page, text
    handed(cast)
    payouts.fail(second, by=Actor.person(cast.manager), at=clock.now(), reason="<b>No account")
    page = web.get("/payouts/?state=failed").content.decode()
    for text in ("1 payout failed", "&lt;b&gt;No account", "€20.50", "File 1", f"/payouts/{second.pk}/confirmation/"):
        assert text in page, text
    for number in range(8):
        granted(cast, f"{number + 1}.00")
    with django_assert_max_num_queries(10):
        web.get("/payouts/?state=due")
    for name in ("confirmation", "failure"):
        assert "€10.00" in web.get(f"/payouts/{first.pk}/{name}/").content.decode()


def test_whoever_complained_unknown_is_paid_without_a_payment(cast: Cast) -> None:
    complaint = cast.complaint()
    Complaint.objects.filter(pk=complaint.pk).update(customer=None)
    complaint.refresh_from_db()
    payout = granted(cast, complaint=complaint)
    handed(cast)
    payouts.confirm(payout, by=Actor.person(cast.manager), at=clock.now(), paid_on=clock.now().date(), reference="T")
    payout.refresh_from_db()
    assert (payout.state, payout.payment, Payment.objects.count()) == ("paid", None, 0)
