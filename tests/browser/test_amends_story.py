"""Making amends as people live it: charged twice and told by phone, a refund the lead approves, a promise that was
broken (mission A7, A8, A11, A12; domain, Complaint 6-7)."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core import mail

from complaints.actions import promises
from complaints.models import AuthorityLimit, Complaint, CorrectiveAction, Decision, Payout, Promise, Remedy, Status
from complaints.promises.sweep import sweep
from core import clock, languages, trail
from core.actions.outbox import drain
from core.actor import Actor
from retention.actions import charges
from retention.models import Charge
from tests.authority import publish
from tests.browser.conftest import PHONE, WIDE, expect
from tests.browser.looks import level
from tests.cast import Cast, make_customer

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True, serialized_rollback=True)]
FRIDAY = 4
WORDS = "You took the money for November twice. I want one of the two back, and I want to hear from a person."


@pytest.fixture
def house(cast: Cast) -> Cast:
    """Agents may give back 100 on one complaint, leads 300; Dana was charged twice for the order A-1093."""
    publish(
        AuthorityLimit(holder="role", role="agent", currency="EUR", per_complaint=Decimal(100)),
        AuthorityLimit(holder="role", role="lead", per_complaint=Decimal(300)),
        AuthorityLimit(holder="role", role="manager"),
    )
    make_customer("Dana Marsh", email="marsh@mail.example")
    charged(cast, "64.90", "64.90")
    return cast


def charged(cast: Cast, *amounts: str) -> None:
    """One charge after the other for the same order, a day apart."""
    at = clock.now()
    for days, amount in enumerate(reversed(amounts), start=5):
        charges.charge(
            cast.customer, amount=Decimal(amount), currency="EUR", charged_on=(at - timedelta(days=days)).date(),
            description="Hosting, November", order_number="A-1093", by=Actor.system("billing"), at=at,
        )  # fmt: skip


def test_charged_twice_from_the_call_to_the_corrective_action(open_page: Any, house: Cast) -> None:
    agent = open_page(user=house.agent)
    complaint = take_the_call(agent, house)
    refund_one_of_two(agent)
    promise_a_call_by_friday(agent)
    answer = decide(agent, complaint)

    person = open_page()
    url = link_in_the_letter(house)
    person.goto(url)
    assert_reads(person, "you are right", answer, "€64.90", "Call Dana", "Do you accept this decision?")
    person.get_by_label("Anything to add").or_(person.locator("[name=comment]")).first.fill("That was quick.")
    person.get_by_role("button", name="Yes, I accept it").click()
    person.get_by_text("You accepted our decision").wait_for()

    agent.reload()
    agent.locator("#actions", has_text="accepted").wait_for()
    agent.locator("#act-close button[type=submit]:not([name=next])").click()
    agent.locator("#act-close .field__error", has_text="A promise is still open").wait_for()
    complaint.refresh_from_db()
    assert complaint.status == Status.RESOLVED
    agent.locator("#promises").get_by_role("button", name="Mark kept").click()
    agent.locator("#promises .promise--kept", has_text="Call Dana").wait_for()
    agent.locator("body").press("KeyX")
    agent.locator("#act-reopen").wait_for()

    plan_what_shall_change(open_page(user=house.lead), complaint)
    complaint.refresh_from_db()
    assert (complaint.status, complaint.accepted) == (Status.CLOSED, True)
    assert complaint.root_cause is not None and complaint.root_cause.code == "people-mistake"
    remedy, payout, promise = Remedy.objects.get(), Payout.objects.get(), Promise.objects.get()
    newest = Charge.objects.order_by("-charged_on").first()
    assert (remedy.status, remedy.amount, remedy.currency, remedy.charge) == ("granted", Decimal("64.9"), "EUR", newest)
    assert (payout.remedy, payout.state) == (remedy, "due")
    assert (promise.settled_as, promise.broken_at, promise.due_at.weekday()) == ("kept", None, FRIDAY)
    assert Decision.objects.get().accepted is True
    assert list(CorrectiveAction.objects.get().cases.values_list("complaint", flat=True)) == [complaint.pk]
    assert list(trail.verify(trail.of(complaint))) == []
    person.goto(url)
    assert_reads(person, "Closed", "You accepted our decision", "Kept: done on", "€64.90")


def take_the_call(page: Any, house: Cast) -> Complaint:
    """Written down while listening, by the keyboard; who it is is found as one types."""
    page.goto("/complaints/")
    page.locator("body").press("KeyC")
    page.wait_for_url("**/complaints/new/")
    page.locator("#id_customer_name:focus").press_sequentially("dana w")
    page.get_by_role("option", name="Dana Whitlock").wait_for()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.locator("#id_customer")).to_have_value(str(house.customer.pk))
    page.get_by_label("In one line").fill("Charged twice for November")
    page.get_by_label("What happened, in the customer's words").fill(WORDS)
    page.get_by_label("What they ask for").fill("One of the two charges back\nA call from a person")
    page.get_by_label("Order number").fill("A-1093")
    page.get_by_label("Owner").select_option(str(house.agent.pk))
    page.get_by_label("Order number").press("Control+Enter")
    page.wait_for_url("**/complaints/AM-**")
    found = Complaint.objects.get()
    assert (found.channel, found.customer, found.owner) == ("phone", house.customer, house.agent)
    assert [one.text for one in found.demands.order_by("pk")] == ["One of the two charges back", "A call from a person"]
    return found


def refund_one_of_two(page: Any) -> None:
    """Both charges stand beside the remedy; the later one is given back on the spot."""
    twice = page.locator(".charges__twice")
    unfold(page, twice)
    expect(twice.locator(".charge")).to_have_count(2)
    assert twice.inner_text().count("€64.90") == 2
    twice.get_by_role("link", name="Refund this one").last.click()
    page.locator(".charge--chosen").wait_for()
    page.locator("#id_remedy_reason:focus").fill("Charged twice for November")
    page.keyboard.press("Control+Enter")
    page.locator("#remedies .given:focus", has_text="Granted").wait_for()


def promise_a_call_by_friday(page: Any) -> None:
    page.locator("body").press("KeyP")
    page.locator("#id_promise_text").fill("Call Dana once the money is back")
    form = page.locator("#act-promise-form")
    choices = [one.get_attribute("value") for one in form.locator("[name=due_at]").all()]
    friday = next(one for one in choices if one != "own" and datetime.fromisoformat(one).weekday() == FRIDAY)
    form.locator(".segments label").nth(choices.index(friday)).click()
    form.locator("[name=channel]").select_option("phone")
    form.locator("#id_promise_text").press("Control+Enter")
    page.locator("#promises .promise__text", has_text="Call Dana").wait_for()


def decide(page: Any, complaint: Complaint) -> str:
    """Decide about each demand; the answer from the prepared one, finished by a person. Gives what was written."""
    form = page.locator("form[action*='/resolution/']").first
    if not form.is_visible():
        page.locator("body").press("KeyE")
    asked = list(complaint.demands.order_by("pk"))
    form.locator("[name=outcome][value=upheld]").check(force=True)
    for one in asked:
        form.locator(f"[name=demand_{one.pk}][value=granted]").check(force=True)
    form.locator(f"[name=demand_{asked[0].pk}_answer]").fill("The second charge goes back to your card.")
    form.locator(f"[name=demand_{asked[0].pk}_remedy]").select_option(index=1)
    form.locator("[name=root_cause]").select_option("people-mistake")
    form.locator("[name=findings]").fill("The invoice run of 3 November was started twice.")
    form.locator("[name=summary]").fill("Gave the second charge back.")
    form.locator("[name=template]").select_option(index=1)
    form.get_by_role("button", name="Put in").click()
    box = page.locator("#act-resolve [name=answer]")
    expect(box).to_have_value(re.compile(r"\[\["))
    assert "€64.90" in box.input_value() and "Call Dana" in box.input_value()
    written = re.sub(r"\[\[.*?\]\]", "our invoice run was started twice.", box.input_value(), flags=re.DOTALL)
    box.fill(written)
    box.press("Control+Enter")
    page.locator("#act-close").wait_for()
    return "our invoice run was started twice"


def link_in_the_letter(house: Cast) -> str:
    """The complainant has no login: the letter with the decision leads to the status page."""
    drain()
    letter = next(one for one in mail.outbox if "Do you accept this decision" in one.body)
    assert letter.to == [house.customer.contact_points.get(kind="email").value]
    found = re.search(r"/status/\S+/(?=#acceptance)", letter.body)
    assert found is not None, letter.body
    return found.group()


def assert_reads(page: Any, *words: str) -> None:
    text = page.inner_text("main")
    assert [one for one in words if one not in text] == [], text


def plan_what_shall_change(page: Any, complaint: Complaint) -> None:
    """The lead goes from the closed case to a corrective action, which knows case and cause."""
    page.goto(complaint.get_absolute_url())
    page.locator("summary[aria-label='More actions']").click()
    page.get_by_role("link", name="Plan a corrective action").click()
    page.get_by_text(complaint.reference).wait_for()
    expect(page.locator("[name=root_cause]")).to_have_value("people-mistake")
    page.get_by_label("What is changed").fill("An invoice run cannot be started twice")
    page.get_by_role("button", name="Plan it").click()
    page.locator("h2", has_text="1 complaint it answers").wait_for()
    page.get_by_role("link", name=complaint.reference).first.wait_for()


def test_above_the_agent_s_limit_the_lead_approves(open_page: Any, house: Cast) -> None:
    case = house.complaint(channel="phone", subject="Charged for a year", order_number="A-1093")
    agent = open_page(user=house.agent)
    agent.goto(case.get_absolute_url())
    form = agent.locator("#remedy_form")
    unfold(agent, form)
    form.locator("[name=kind][value=refund]").check(force=True)
    form.locator("[name=amount]").fill("180")
    form.locator("[name=currency]").fill("EUR")
    form.locator("[data-say=above]:visible", has_text="Lena Lead").wait_for()  # who would approve it
    form.locator("[name=reason]").fill("Three months were charged after the notice")
    form.get_by_role("button", name="Ask for approval").click()
    agent.locator("#remedies .given", has_text="Awaiting approval").wait_for()
    expect(agent.locator("#remedies").get_by_role("link", name="Decide it")).to_have_count(0)
    agent.goto("/remedies/")
    expect(
        agent.get_by_role("button", name=re.compile("^Approve")), "nobody approves what they asked for"
    ).to_have_count(0)
    assert not Payout.objects.exists()

    lead = open_page(user=house.lead)
    lead.goto("/notifications/")
    lead.locator("main", has_text=case.reference).wait_for()
    lead.goto("/complaints/")
    lead.locator(".sidebar .nav", has_text="Approvals").click()
    request = lead.locator(".request", has_text=case.reference)
    assert "Three months were charged after the notice" in request.inner_text() and "€180.00" in request.inner_text()
    lead.set_viewport_size(PHONE)
    wide = request.locator(".request__case").bounding_box()["width"]
    assert wide > PHONE["width"] / 2, "what is asked for is read on a phone, too"
    lead.set_viewport_size(WIDE)
    lead.keyboard.press("KeyJ")
    lead.keyboard.press("KeyA")
    lead.keyboard.type("She gave notice in time")
    lead.get_by_role("button", name=re.compile("^Approve")).click()
    lead.get_by_text("Nothing waits for approval").wait_for()

    remedy = Remedy.objects.get()
    assert (remedy.status, remedy.within_authority) == ("granted", False)
    assert (remedy.requested_by, remedy.decided_by) == (house.agent, house.lead)
    assert (remedy.amount, remedy.currency, Payout.objects.get().remedy) == (Decimal(180), "EUR", remedy)
    agent.goto("/notifications/")
    agent.get_by_text("Lena Lead approved the remedy you asked for").first.click()
    given = agent.locator("#remedies .given", has_text="Granted")
    unfold(agent, given)
    assert "€180.00" in given.inner_text()
    assert list(trail.verify(trail.of(case))) == []


def test_a_broken_promise_alarms_and_is_agreed_anew(open_page: Any, house: Cast) -> None:
    filed = clock.now() - timedelta(hours=2)
    case = house.complaint(subject="Nobody called", at=filed)
    made = promises.promise(
        case, by=Actor.person(house.agent), at=filed, text="Call her back", due_at=filed + timedelta(hours=1)
    )
    page = open_page(user=house.agent)
    assert sweep().broken == 1
    page.goto("/complaints/?view=promises")
    row = page.locator(f"#row-{case.reference}")
    row.wait_for()
    assert "not kept" in row.locator(".row__flags").inner_text()
    bell = page.locator("a[href='/notifications/']").first
    assert "1" in bell.inner_text()
    bell.click()
    page.get_by_text(f"A promise on {case.reference} was not kept in time").first.click()
    page.wait_for_url(f"**/{case.reference}/**")

    broken = page.locator("#promises .promise--broken", has_text="Call her back")
    broken.wait_for()
    level(page)
    broken.locator("summary", has_text="Renegotiate").click()
    again = broken.locator("form[action*='renegotiation']")
    again.locator(".segments label").nth(-2).click()
    again.get_by_role("button", name="Agree on this").click()
    page.locator("#promises .field__error", has_text="Say why it was agreed anew.").wait_for()
    again.get_by_label("Why it was agreed anew").fill("She is travelling until Thursday")
    again.get_by_label("Why it was agreed anew").press("Control+Enter")
    page.locator("#promises .promise--broken", has_text="She is travelling until Thursday").wait_for()
    old, new = Promise.objects.order_by("pk")
    assert (old.broken_at, old.settled_as, old.renewed_as) == (made.due_at, "renegotiated", new)
    assert (new.settled_at, new.due_at > clock.now()) == (None, True)
    assert languages.clock_time(new.due_at) in page.locator("#promises").inner_text()
    assert list(trail.verify(trail.of(case))) == []


def unfold(page: Any, part: Any) -> None:
    """Open the fold of the side column that a part stands in, as people do who look for it."""
    part.first.wait_for(state="attached")
    fold = page.locator("details.fold", has=part).first
    if fold.count() and fold.get_attribute("open") is None:
        fold.locator("summary").first.click()
    part.first.wait_for()
