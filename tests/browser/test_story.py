"""First light, as a new user would live it: a complaint in Russian travels from the public form to a closed case."""

from __future__ import annotations

from typing import Any

import pytest

from complaints.actions import handle
from complaints.models import Complaint, RoutingRule, Status
from core import cached, clock, trail
from core.actor import Actor
from core.models import OutboxMessage
from tests.browser.conftest import expect
from tests.cast import Cast

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True, serialized_rollback=True)]
WORDS = "Кофемашина протекает. Второй раз за месяц вызываю мастера, и никто не приезжает."


@pytest.fixture
def routed(cast: Cast) -> Cast:
    """Russian goes to the team in which only the colleague speaks it."""
    RoutingRule.objects.create(team=cast.team)
    cached.clear_all()
    return cast


@pytest.mark.parametrize("javascript", [True, False], ids=["with-javascript", "without"])
def test_a_complaint_in_russian_from_the_form_to_the_closed_case(
    open_page: Any, routed: Cast, javascript: bool
) -> None:
    colleague = routed.colleague
    queue = open_page(user=colleague)
    queue.goto("/complaints/")
    expect(queue.locator(".row")).to_have_count(0)

    person = open_page(locale="ru-RU", java_script_enabled=javascript)
    reference, status = file_in_russian(person)
    assert Complaint.objects.get(reference=reference).owner == colleague

    row = queue.locator(".row", has_text=reference)
    row.wait_for()  # by itself: nobody reloads
    row.locator(".row__link").click()
    queue.locator(".head", has_text=reference).wait_for()

    act(queue, "acknowledgement", message="Здравствуйте! Я занимаюсь вашим обращением.")
    assert sees(person, status, "Здравствуйте! Я занимаюсь вашим обращением.")
    act(queue, "investigation")
    queue.fill("#body", "Мастер будет завтра в 10:00.")
    queue.get_by_role("button", name="Send reply").click()
    queue.locator(".message--out", has_text="Мастер будет завтра").wait_for()
    assert sees(person, status, "Мастер будет завтра в 10:00.")

    act(
        queue,
        "resolution",
        outcome="upheld",
        root_cause="product-production",
        summary="Replaced the pump.",
        answer="Мы заменили насос и вернули вам деньги за вызов.",
    )
    assert sees(person, status, "Мы заменили насос")
    assert sees(person, status, "вы правы")
    act(queue, "closure")
    assert sees(person, status, "Закрыто")

    complaint = Complaint.objects.get(reference=reference)
    assert complaint.status == Status.CLOSED and complaint.language == "ru"
    assert list(trail.verify(trail.of(complaint))) == []
    assert OutboxMessage.objects.filter(template="receipt", recipient="ivan@pochta.example", language="ru").count() == 1


def file_in_russian(page: Any) -> tuple[str, str]:
    """Walk the form; gives the reference and the status address."""
    page.goto("/complain/")
    expect(page.locator("html")).to_have_attribute("lang", "ru")
    page.fill("[name=description]", WORDS)
    go_on(page)
    page.locator("[name=type][value=product]").check()
    go_on(page)
    while page.locator("[name=email]").count() == 0:
        go_on(page)
    page.fill("[name=name]", "Иван Петров")
    page.fill("[name=email]", "ivan@pochta.example")
    go_on(page)
    page.locator("button[name=send]").click()
    page.wait_for_url("**/complain/done/**")
    link = page.locator("a[href*='/status/']").first.get_attribute("href")
    reference = Complaint.objects.get().reference
    assert reference in page.content()
    return reference, link


def go_on(page: Any) -> None:
    page.locator(".public__next button[type=submit]").first.click()
    page.wait_for_load_state()


def act(page: Any, name: str, **fields: str) -> None:
    """Carry out one action on the open case through its form."""
    form = page.locator(f"form[action$='/{name}/']").first
    details = page.locator("details", has=page.locator(f"form[action$='/{name}/']"))
    for one in details.all():  # the outer ones first
        if one.get_attribute("open") is None:
            one.locator("summary").first.click()
    for field, value in fields.items():
        box = form.locator(f"[name={field}]").first
        kind = box.get_attribute("type")
        if kind == "radio":
            form.locator(f"[name={field}][value='{value}']").check(force=True)
        elif box.evaluate("e => e.tagName") == "SELECT":
            box.select_option(value)
        else:
            box.fill(value)
    form.locator("button[type=submit]:not(.sr, [name])").first.click()
    form.wait_for(state="detached")


def sees(page: Any, status: str, words: str) -> bool:
    """The complainant reads these words on the status page, which speaks Russian."""
    page.goto(status)
    expect(page.locator("html")).to_have_attribute("lang", "ru")
    assert words in page.inner_text("main"), page.inner_text("main")
    return True


def test_keyboard_alone_opens_a_case_and_comes_back_to_its_row(open_page: Any, cast: Cast) -> None:
    for subject in ("First", "Second", "Third"):
        cast.complaint(subject=subject)
    page = open_page(user=cast.agent)
    page.goto("/complaints/")
    page.keyboard.press("KeyJ")
    page.keyboard.press("KeyJ")
    page.keyboard.press("Enter")
    page.wait_for_url("**/complaints/AM-**")
    assert "Second" in page.inner_text("h1")
    page.go_back()
    page.wait_for_selector(".row")


def test_an_incoming_answer_appears_without_touching_what_is_being_typed(open_page: Any, cast: Cast) -> None:
    from complaints.actions import converse

    complaint = cast.complaint()
    handle.acknowledge(complaint, by=Actor.person(cast.agent), at=clock.now())
    page = open_page(user=cast.agent)
    page.goto(f"/complaints/{complaint.reference}/")
    page.fill("#body", "Half a sentence")
    converse.incoming(complaint, by=Actor.customer(), at=clock.now(), body="One more thing.")
    page.locator(".message--in", has_text="One more thing.").wait_for()
    expect(page.locator("#body")).to_have_value("Half a sentence")
    expect(page.locator("#body")).to_be_focused()


def test_a_draft_survives_leaving_the_page(open_page: Any, cast: Cast) -> None:
    complaint = cast.complaint()
    page = open_page(user=cast.agent)
    page.goto(f"/complaints/{complaint.reference}/")
    page.fill("#body", "Not finished")
    page.wait_for_timeout(600)
    page.goto("/complaints/")
    page.goto(f"/complaints/{complaint.reference}/")
    expect(page.locator("#body")).to_have_value("Not finished")
