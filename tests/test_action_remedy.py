"""Remedies: granted inside one's authority, asked for above it, decided by a second person (mission A7; F26, F33)."""

from __future__ import annotations

from decimal import Decimal

import pytest

from complaints import authority
from complaints.models import AuthorityLimit, Complaint, Payout, Remedy
from core import clock, trail
from core.actor import Actor
from core.models import Notification, OutboxMessage, User
from retention.actions import loyalty
from retention.models import LoyaltyEntry
from tests.asking import ask, code, decide, post, read, send
from tests.authority import publish
from tests.cast import Cast, make_cast
from tests.tokens import bearer

pytestmark = pytest.mark.django_db
D = Decimal


@pytest.fixture
def cast() -> Cast:
    return make_cast()


@pytest.fixture
def limits() -> None:
    """Agents 100 a refund, leads 300, managers all; of each complaint at most 1000 in all."""
    publish(
        AuthorityLimit(holder="role", role="agent", kind="refund", per_complaint=D(100)),
        AuthorityLimit(holder="role", role="lead", per_complaint=D(300)),
        AuthorityLimit(holder="role", role="manager"),
        AuthorityLimit(holder="cap", per_complaint=D(1000)),
    )


def asked(cast: Cast, amount: str, complaint: Complaint, *, user: User | None = None) -> str:
    """The id of a request that waits."""
    status, told = ask(user or cast.agent, complaint, "refund", amount)
    assert (status, told["status"]) == (201, "awaiting_approval"), told
    return str(told["id"])


def test_inside_the_limit_it_is_granted_on_the_spot(cast: Cast, limits: None) -> None:
    complaint = cast.complaint()
    status, told = ask(cast.agent, complaint, "refund", "12.30", description="The second charge")
    assert status == 201
    assert (told["status"], told["within_authority"]) == ("granted", True)
    assert told["amount"] == {"amount": "12.30", "currency": "EUR"}
    assert told["decided_by"]["id"] == told["requested_by"]["id"] == str(cast.agent.pk)
    assert told["payout"]["state"] == "due"
    assert read(cast.agent, f"complaints/{complaint.reference}/remedies/{told['id']}/") == (200, told)
    assert read(cast.agent, f"remedies/{told['id']}/") == (200, told)
    assert Payout.objects.get().remedy_id == int(told["id"])
    entry = trail.of(complaint).last()
    assert entry is not None and entry.kind == "complaint.remedy_granted"
    assert '"amount":"12.30"' in entry.body and "second charge" not in entry.body
    assert (entry.customer_id, list(trail.verify(trail.of(complaint)))) == (cast.customer.pk, [])


def test_what_is_granted_adds_up_on_the_complaint(cast: Cast, limits: None) -> None:
    complaint = cast.complaint()
    assert ask(cast.agent, complaint, "refund", "60.00")[1]["status"] == "granted"
    assert ask(cast.colleague, complaint, "refund", "40.01")[1]["status"] == "awaiting_approval"
    assert ask(cast.colleague, complaint, "refund", "40.00")[1]["status"] == "granted"
    assert ask(cast.agent, complaint, "refund", "0.01")[1]["status"] == "awaiting_approval"
    assert ask(cast.agent, complaint, "refund", "100.00", "USD")[1]["status"] == "granted"  # each currency by itself
    assert ask(cast.agent, cast.complaint(), "refund", "100.00")[1]["status"] == "granted"
    assert Payout.objects.count() == Remedy.objects.filter(status="granted").count() == 4


def test_without_any_limit_somebody_else_decides(cast: Cast) -> None:
    """As installed: managers grant, nobody else does."""
    complaint = cast.complaint()
    waits = asked(cast, "0.01", complaint)
    assert Payout.objects.count() == 0
    assert code(decide(cast.lead, complaint, waits, "approval")) == "above_authority"
    status, told = decide(cast.manager, complaint, waits, "approval", note="Fine")
    assert (status, told["status"], told["within_authority"], told["decided_note"]) == (200, "granted", False, "Fine")
    assert told["decided_by"]["id"] == str(cast.manager.pk)
    assert Payout.objects.count() == 1


def test_who_can_approve_is_told_and_who_asked_hears(cast: Cast, limits: None) -> None:
    complaint = cast.complaint()
    waits = asked(cast, "250.00", complaint)
    told = Notification.objects.filter(event="approval")
    assert {one.user for one in told} == {cast.lead, cast.manager}
    assert told[0].words["remedy"] == "250.00 EUR" and told[0].url.endswith(f"#remedy-{waits}")
    mails = OutboxMessage.objects.filter(template="notification")
    assert {mail.recipient for mail in mails} == {cast.lead.email, cast.manager.email}
    above = asked(cast, "350.00", cast.complaint())
    assert set(Notification.objects.filter(key=f"remedy:{above}:asked").values_list("user", flat=True)) == {
        cast.manager.pk
    }
    decide(cast.lead, complaint, waits, "approval")
    mine = Notification.objects.get(user=cast.agent)
    assert (mine.event, mine.words["what"], mine.words["who"]) == ("approval", "approved", str(cast.lead))


def test_four_eyes(cast: Cast, limits: None) -> None:
    complaint = cast.complaint()
    waits = asked(cast, "500.00", complaint)
    assert decide(cast.agent, complaint, waits, "approval")[0] == 403
    assert code(decide(cast.agent, complaint, waits, "approval")) == "own_request"
    assert code(decide(cast.agent, complaint, waits, "rejection")) == "own_request"
    status, told = decide(cast.lead, complaint, waits, "approval")
    assert (status, told["code"]) == (403, "above_authority")
    status, told = decide(cast.colleague, complaint, waits, "rejection")
    assert (status, told["code"]) == (403, "above_authority")
    asked_by_manager = ask(cast.manager, complaint, "refund", "20.00")[1]
    assert asked_by_manager["status"] == "granted"  # inside one's own limit nobody else is needed
    assert decide(cast.manager, complaint, waits, "approval")[0] == 200
    for what in ("approval", "rejection", "withdrawal"):
        who = cast.agent if what == "withdrawal" else cast.manager
        status, told = decide(who, complaint, waits, what)
        assert (status, told["code"]) == (409, "already_decided"), what
    assert Payout.objects.filter(remedy=int(waits)).count() == 1


def test_the_limit_of_who_approves_is_counted_anew(cast: Cast, limits: None) -> None:
    complaint = cast.complaint()
    first, second = asked(cast, "200.00", complaint), asked(cast, "150.00", complaint)
    assert decide(cast.lead, complaint, first, "approval")[0] == 200
    assert code(decide(cast.lead, complaint, second, "approval")) == "above_authority"
    assert decide(cast.manager, complaint, second, "approval")[0] == 200


def test_nobody_exceeds_a_cap(cast: Cast, limits: None) -> None:
    complaint = cast.complaint()
    for who in (cast.agent, cast.manager):
        status, told = ask(who, complaint, "refund", "1000.01")
        assert (status, told["code"]) == (409, "cap_reached")
    first, second = asked(cast, "600.00", complaint), asked(cast, "600.00", complaint)
    assert decide(cast.manager, complaint, first, "approval")[0] == 200
    status, told = decide(cast.manager, complaint, second, "approval")
    assert (status, told["code"]) == (409, "cap_reached")
    assert ask(cast.manager, complaint, "credit", "400.01")[1]["code"] == "cap_reached"  # all kinds together
    assert ask(cast.manager, complaint, "credit", "400.00")[1]["status"] == "granted"
    assert Remedy.objects.get(pk=second).status == "awaiting_approval"


def test_rejected_withdrawn_revoked(cast: Cast, limits: None) -> None:
    complaint = cast.complaint()
    first, second = asked(cast, "150.00", complaint), asked(cast, "160.00", complaint)
    status, told = send(cast.lead, f"complaints/{complaint.reference}/remedies/{first}/rejection/", {"reason": " "})
    assert status == 400 and told["errors"][0]["pointer"] == "/reason"
    status, told = decide(cast.lead, complaint, first, "rejection", reason="Paid by the carrier")
    assert (status, told["status"], told["decided_note"]) == (200, "rejected", "Paid by the carrier")
    assert Notification.objects.get(user=cast.agent).words["what"] == "rejected"
    assert decide(cast.colleague, complaint, second, "withdrawal")[0] == 403
    status, told = decide(cast.agent, complaint, second, "withdrawal")
    assert (status, told["status"], told["undone_by"]["id"]) == (200, "withdrawn", str(cast.agent.pk))
    given = ask(cast.agent, complaint, "refund", "100.00")[1]["id"]
    assert decide(cast.colleague, complaint, given, "revocation")[0] == 200  # could have granted it too
    assert Payout.objects.get().state == "cancelled"
    assert decide(cast.agent, complaint, given, "revocation")[1]["code"] == "not_granted"
    assert (
        ask(cast.agent, complaint, "refund", "100.00")[1]["status"] == "granted"
    )  # what was taken back counts no more
    kinds = [entry.kind.removeprefix("complaint.remedy_") for entry in trail.of(complaint) if "remedy" in entry.kind]
    assert kinds == ["requested", "requested", "rejected", "withdrawn", "granted", "revoked", "granted"]
    assert not list(trail.verify(trail.of(complaint)))


def test_what_finance_has_is_not_taken_back(cast: Cast, limits: None) -> None:
    complaint = cast.complaint()
    given = ask(cast.agent, complaint, "refund", "100.00")[1]["id"]
    Payout.objects.update(state="exported")
    status, told = decide(cast.agent, complaint, given, "revocation")
    assert (status, told["code"]) == (409, "already_paid_out")
    assert Remedy.objects.get(pk=given).status == "granted"


def test_taking_back_needs_authority_too(cast: Cast, limits: None) -> None:
    complaint = cast.complaint()
    given = ask(cast.manager, complaint, "refund", "250.00")[1]["id"]
    assert decide(cast.agent, complaint, given, "revocation")[0] == 403
    assert decide(cast.lead, complaint, given, "revocation")[0] == 200


def test_what_has_no_value(cast: Cast) -> None:
    complaint = cast.complaint()
    status, told = ask(cast.agent, complaint, "apology")
    assert (status, told["status"], told["amount"], told["points"]) == (201, "granted", None, None)
    assert code(ask(cast.agent, complaint, "apology", "5.00")) == "not_valued"
    waits = ask(cast.agent, complaint, "replacement", description="A new lamp")[1]
    assert waits["status"] == "awaiting_approval"
    assert decide(cast.lead, complaint, waits["id"], "approval")[1]["code"] == "above_authority"
    publish(AuthorityLimit(holder="role", role="agent", kind="replacement", currency="USD", per_complaint=D(1)))
    assert ask(cast.agent, complaint, "replacement", description="A new lamp")[1]["status"] == "granted"
    assert ask(cast.agent, complaint, "discount")[1]["status"] == "awaiting_approval"
    publish(AuthorityLimit(holder="role", role="agent", kind="replacement", per_complaint=D(0)))
    assert ask(cast.agent, complaint, "replacement")[1]["status"] == "awaiting_approval"
    assert Payout.objects.count() == 0


def test_something_else_is_described_and_valued(cast: Cast, limits: None) -> None:
    complaint = cast.complaint()
    assert code(ask(cast.agent, complaint, "other", "20.00")) == "description_required"
    assert code(ask(cast.agent, complaint, "other", description="Flowers")) == "amount_required"
    told = ask(cast.agent, complaint, "other", "20.00", description="Flowers")[1]
    assert told["status"] == "awaiting_approval"  # agents have a limit for refunds alone
    assert decide(cast.lead, complaint, told["id"], "approval")[1]["status"] == "granted"
    assert Payout.objects.count() == 0


def test_a_reason_is_required(cast: Cast) -> None:
    complaint = cast.complaint()
    path = f"complaints/{complaint.reference}/remedies/"
    assert code(send(cast.agent, path, {"kind": "apology"})) == "required"
    assert send(cast.agent, path, {"kind": "apology", "reason": "  "})[0] == 400
    assert Remedy.objects.count() == 0


def test_points_need_a_known_customer(cast: Cast) -> None:
    status, told = ask(cast.manager, cast.complaint(customer=None), "points", 50)
    assert (status, told["code"]) == (409, "customer_required")


def test_points_are_credited_and_taken_back(cast: Cast) -> None:
    complaint = cast.complaint()
    status, told = ask(cast.manager, complaint, "points", 500)
    assert (status, told["status"], told["points"], told["amount"]) == (201, "granted", 500, None)
    entry = LoyaltyEntry.objects.get()
    assert (entry.points, entry.kind, entry.key) == (500, "goodwill", f"remedy:{told['id']}")
    assert entry.complaint_reference == complaint.reference
    assert loyalty.balance(cast.customer) == 500 and Payout.objects.count() == 0
    assert decide(cast.manager, complaint, told["id"], "revocation")[0] == 200
    assert loyalty.balance(cast.customer) == 0
    spent = ask(cast.manager, complaint, "points", 80)[1]["id"]
    by = Actor.person(cast.manager)
    loyalty.redeem(cast.customer, points=30, by=by, at=clock.now(), reason="A voucher")
    status, told = decide(cast.manager, complaint, spent, "revocation")
    assert (status, told["code"]) == (409, "not_enough_points")
    assert (loyalty.balance(cast.customer), Remedy.objects.get(pk=spent).status) == (50, "granted")


def test_points_have_limits_of_their_own(cast: Cast) -> None:
    publish(
        AuthorityLimit(holder="role", role="agent", kind="points", per_complaint=D(100)),
        AuthorityLimit(holder="role", role="agent", kind="refund", currency="EUR", per_complaint=D(100)),
        AuthorityLimit(holder="role", role="manager"),
    )
    complaint = cast.complaint()
    assert ask(cast.agent, complaint, "refund", "100.00")[1]["status"] == "granted"
    assert ask(cast.agent, complaint, "points", 100)[1]["status"] == "granted"
    waits = ask(cast.agent, complaint, "points", 1)[1]
    assert waits["status"] == "awaiting_approval"
    said = Notification.objects.get(user=cast.manager).words
    assert (said["what"], said["remedy"]) == ("asked_points", "1")
    assert loyalty.balance(cast.customer) == 100
    assert decide(cast.manager, complaint, waits["id"], "approval")[0] == 200
    assert loyalty.balance(cast.customer) == 101


def test_foreign_and_missing_are_the_same(cast: Cast, limits: None) -> None:
    complaint, other = cast.complaint(), cast.complaint()
    waits = asked(cast, "500.00", complaint)
    mine = f"complaints/{complaint.reference}/remedies"
    for path in (f"{mine}/", f"{mine}/{waits}/", f"remedies/{waits}/"):
        assert read(cast.stranger, path)[0] == 404
    assert read(cast.stranger, "remedies/")[1]["results"] == []
    assert ask(cast.stranger, complaint, "apology")[0] == 404
    for what in ("approval", "rejection", "withdrawal", "revocation"):
        assert decide(cast.stranger, complaint, waits, what)[0] == 404
        assert decide(cast.manager, other, waits, what)[0] == 404  # not a remedy of that case
    assert read(cast.admin, f"{mine}/")[0] == 403
    assert send(cast.agent, f"{mine}/", {"kind": "apology", "reason": "Sorry"}, scopes=("remedies:read",))[0] == 403


def test_nothing_more_is_granted_on_an_ended_case(cast: Cast, limits: None) -> None:
    complaint = cast.complaint()
    waits = asked(cast, "150.00", complaint)
    Complaint.objects.filter(pk=complaint.pk).update(status="withdrawn", in_queue=False)
    assert ask(cast.agent, complaint, "refund", "10.00")[1]["code"] == "already_ended"
    assert decide(cast.lead, complaint, waits, "approval")[1]["code"] == "already_ended"
    assert decide(cast.lead, complaint, waits, "rejection")[0] == 200


def test_the_same_key_grants_once(cast: Cast, limits: None) -> None:
    complaint = cast.complaint()
    body = {"kind": "refund", "amount": {"amount": "60.00", "currency": "EUR"}, "reason": "Charged twice"}
    headers = {**bearer(cast.agent), "Idempotency-Key": "k-1"}
    told = [post(f"complaints/{complaint.reference}/remedies/", body, headers) for _number in range(3)]
    assert told[0] == told[1] == told[2]
    assert told[0][1]["status"] == "granted"
    assert Remedy.objects.count() == Payout.objects.count() == 1


def test_the_list_is_narrowed(cast: Cast, limits: None) -> None:
    complaint = cast.complaint()
    ask(cast.agent, complaint, "refund", "10.00")
    ask(cast.agent, complaint, "refund", "10.00", "USD")
    ask(cast.agent, complaint, "apology")
    asked(cast, "250.00", complaint)

    def count(query: str) -> int:
        status, told = read(cast.manager, f"remedies/?{query}")
        assert status == 200, told
        return len(told["results"])

    assert count("") == 4
    assert count("status=granted") == 3
    assert count("status=granted&status=awaiting_approval") == 4
    assert count("kind=apology") == 1
    assert count("currency=USD") == 1
    assert count(f"requested_by={cast.agent.pk}") == 4
    assert count(f"decided_by={cast.manager.pk}") == 0
    assert count("within_authority=true") == 3
    assert count(f"customer={cast.customer.pk}&complaint={complaint.reference}") == 4
    assert count("decided_at_from=2020-01-01&decided_at_to=2020-02-01") == 0
    assert count("requested_at_from=2020-01-01") == 4
    assert count("updated_since=2020-01-01T00:00:00Z") == 4
    assert read(cast.manager, "remedies/?colour=red")[0] == 400
    assert read(cast.manager, f"complaints/{complaint.reference}/remedies/?kind=refund&page_size=1")[1]["next"]


def test_the_gauge(cast: Cast) -> None:
    publish(
        AuthorityLimit(holder="role", role="agent", per_complaint=D(100), per_customer=D(120), per_period=D(500)),
        AuthorityLimit(holder="cap", per_customer=D(130)),
    )
    complaint, before = cast.complaint(), cast.complaint()
    ask(cast.agent, before, "credit", "70.00")
    ask(cast.agent, complaint, "refund", "30.00")
    room = authority.room(complaint, cast.agent, "refund", "EUR")
    assert (room.because, room.limit, room.used, room.left) == ("role", D(120), D(100), D(20))
    assert [(one.of, one.used, one.left) for one in room.gauges] == [
        ("complaint", D(30), D(70)),
        ("customer", D(100), D(20)),
        ("person", D(100), D(400)),
    ]
    assert [(one.of, one.left) for one in room.caps] == [("customer", D(30))]
    assert room.permits(D(20)) and not room.permits(D("20.01"))
    assert not room.capped(D(30)) and room.capped(D("30.01"))
    assert authority.room(complaint, cast.agent, "refund", "USD").left == D(100)
    none = authority.room(complaint, cast.manager, "refund", "EUR")
    assert (none.because, none.limit, none.left, none.permits(D(1))) == ("", D(0), D(0), False)


def test_what_waits_for_somebody(cast: Cast) -> None:
    """Exactly what they could approve: `awaiting_for` and `may_approve` say the same."""
    publish(
        AuthorityLimit(holder="role", role="lead", per_complaint=D(300), per_customer=D(400), per_period=D(1000)),
        AuthorityLimit(holder="person", person=cast.colleague, kind="refund", currency="EUR", per_complaint=D(90)),
        AuthorityLimit(holder="role", role="manager"),
    )
    one, other, nobodys = cast.complaint(), cast.complaint(), cast.complaint(customer=None)
    for complaint, amount in ((one, "90.00"), (one, "250.00"), (other, "301.00"), (nobodys, "300.00")):
        asked(cast, amount, complaint)
    ask(cast.agent, one, "replacement")
    ask(cast.colleague, other, "refund", "95.00")

    def waits(user: User) -> list[str]:
        found = authority.awaiting_for(user)
        exact = [remedy for remedy in Remedy.objects.order_by("pk") if authority.may_approve(user, remedy)]
        assert sorted(found, key=lambda remedy: remedy.pk) == exact
        return [str(remedy.amount and f"{remedy.amount:.2f}") for remedy in exact]

    assert waits(cast.lead) == ["90.00", "250.00", "300.00", "None", "95.00"]
    assert waits(cast.manager) == ["90.00", "250.00", "301.00", "300.00", "None", "95.00"]
    assert waits(cast.colleague) == ["90.00"]
    assert waits(cast.agent) == []
    assert authority.awaiting_for(cast.stranger).count() == 0
    decide(cast.lead, one, str(Remedy.objects.get(amount=250).pk), "approval")
    assert waits(cast.lead) == ["300.00", "None", "95.00"]  # 90 on the same case, 250 + 90 > 300
    assert waits(cast.colleague) == []
