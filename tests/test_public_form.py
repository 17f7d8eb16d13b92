"""The public form: a question a page, nothing lost, nothing twice (A3; F02, F03, F10, F13, F18, F25)."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from datetime import timedelta
from html.parser import HTMLParser
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from complaints.models import Complaint, ComplaintType
from core import cached, clock
from core.models import IdempotencyKey, OutboxMessage, TrailEntry
from core.references import return_code
from tests.cast import MONDAY, Cast, make_cast

WORDS = "You took the money twice.\n\nI called on Tuesday. It is not back."
SOON, LATER = MONDAY + timedelta(minutes=2), MONDAY + timedelta(minutes=3)


class Page(HTMLParser):
    """What a browser would send from the page's form, before anything is typed."""

    def __init__(self, response: Any) -> None:
        super().__init__()
        self.fields: dict[str, str] = {}
        self.text: list[str] = []
        self._inside = False
        self._area = ""
        self._select = ""
        self.feed(response.content.decode())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        a = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._inside = a.get("id") == "walk"
        if not self._inside:
            return
        if tag == "input" and (a.get("type") not in ("radio", "checkbox") or "checked" in a):
            self.fields[a["name"]] = a.get("value", "")
        elif tag == "textarea":
            self._area = a["name"]
            self.fields[self._area] = ""
        elif tag == "select":
            self._select = a["name"]
        elif tag == "option" and "selected" in a:
            self.fields[self._select] = a["value"]

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._inside = False
        if tag == "textarea":
            self._area = ""

    def handle_data(self, data: str) -> None:
        self.text.append(data)
        if self._area:
            self.fields[self._area] += data.removeprefix("\n") if not self.fields[self._area] else data


@pytest.fixture
def cast(db: None) -> Iterator[Cast]:
    cached.clear_all()
    with clock.frozen(MONDAY):
        yield make_cast()
    cached.clear_all()


def press(client: Client, page: Any, at: Any = SOON, **typed: str) -> Any:
    """Fill in the page's form, press a button (by name=value among `typed`), get the next page."""
    fields = Page(page).fields | typed
    with clock.frozen(at):
        return client.post("/complain/", fields)


def opened(client: Client, at: Any = MONDAY, **headers: str) -> Any:
    with clock.frozen(at):
        return client.get("/complain/", headers=headers)


def checked(client: Client, **answers: str) -> Any:
    """All questions answered: the check page."""
    said = {"description": WORDS, "type": "billing", "email": "marta@mail.example"} | answers
    page = press(client, opened(client), description=said["description"])
    page = press(client, page, type=said["type"])
    page = press(
        client, page, **{k: v for k, v in said.items() if k in ("remedy_sought", "expectation", "order_number")}
    )
    return press(client, page, **{k: v for k, v in said.items() if k in ("name", "email", "phone", "language")})


def counts() -> tuple[int, ...]:
    return tuple(m.objects.count() for m in (Complaint, OutboxMessage, TrailEntry, IdempotencyKey))


def test_four_questions_then_check_then_sent(client: Client, cast: Cast) -> None:
    page = opened(client)
    assert "Question 1 of 4" in page.content.decode()
    assert "sessionid" not in client.cookies
    check = checked(client, name="Marta Ribeiro", remedy_sought="My money back", order_number="HM-20931")
    text = check.content.decode()
    assert "Is this right?" in text
    assert "My money back" in text and "HM-20931" in text and "marta@mail.example" in text
    assert "2 March 2026, 13:02 (Lisbon time)" in text  # four working hours after asking
    assert counts()[0] == 0
    sent = press(client, check, LATER, send="1")
    assert sent.status_code == 302
    filed = Complaint.objects.select_related("narrative", "customer", "type").get()
    assert filed.narrative.description == WORDS
    assert (filed.channel, filed.type.code, filed.order_number) == ("web", "billing", "HM-20931")
    assert filed.narrative.remedy_sought == "My money back"
    assert filed.subject == "You took the money twice."
    assert filed.customer is not None and filed.customer.name == "Marta Ribeiro"
    assert filed.received_at == LATER and filed.in_queue and not filed.is_quarantined
    assert (filed.source, filed.external_id) == ("", "")
    done = client.get(sent["Location"])
    assert filed.reference in done.content.decode()
    assert "marta@mail.example" in done.content.decode()
    assert return_code(filed.reference) not in done.content.decode()
    assert "/status/" in done.content.decode()
    assert done["Cache-Control"] == "private, no-store"


def test_anonymous_gets_a_return_code_for_an_hour(client: Client, cast: Cast) -> None:
    sent = press(client, checked(client, email=""), LATER, send="1")
    filed = Complaint.objects.get()
    assert filed.customer is None
    with clock.frozen(LATER):
        assert return_code(filed.reference) in client.get(sent["Location"]).content.decode()
    with clock.frozen(LATER + timedelta(hours=2)):
        again = client.get(sent["Location"]).content.decode()
    assert filed.reference in again and return_code(filed.reference) not in again


def test_a_known_phone_number_reveals_no_address(client: Client, cast: Cast) -> None:
    sent = press(client, checked(client, email="", phone="+351 912 345 678"), LATER, send="1")
    assert Complaint.objects.get().customer == cast.customer
    assert "dana@mail.example" not in client.get(sent["Location"]).content.decode()


def test_errors_are_told_and_answers_kept(client: Client, cast: Cast) -> None:
    wrong = press(client, opened(client), description="   ")
    text = wrong.content.decode()
    assert wrong.status_code == 422
    assert 'href="#id_description"' in text and "Tell us what happened, in a few words" in text
    assert "<title>Error: " in text
    page = press(client, press(client, opened(client), description=WORDS), type="delivery")
    page = press(client, page)
    wrong = press(client, page, name="Marta", email="not an address", phone="none")
    kept = Page(wrong).fields
    assert wrong.status_code == 422
    assert kept["description"] == WORDS and kept["type"] == "delivery"
    assert kept["name"] == "Marta" and kept["email"] == "not an address"
    assert 'href="#id_email"' in wrong.content.decode() and 'href="#id_phone"' in wrong.content.decode()
    assert counts()[0] == 0


def test_back_and_change_keep_every_answer(client: Client, cast: Cast) -> None:
    page = press(client, press(client, opened(client), description=WORDS), type="delivery")
    back = press(client, page, remedy_sought="A new lamp", back="1")
    assert Page(back).fields["type"] == "delivery"
    back = press(client, back, back="1")
    assert Page(back).fields["description"] == WORDS
    check = checked(client)
    change = press(client, check, change="right")
    assert "Question 3 of 4" in change.content.decode()
    check = press(client, change, remedy_sought="Say sorry")
    assert "Is this right?" in check.content.decode() and "Say sorry" in check.content.decode()
    assert press(client, press(client, check, change="about"), back="1").content.decode().count("Is this right?") == 1


@pytest.mark.parametrize("broken", ["type", "language", "description"])
def test_hidden_answers_are_checked_again(client: Client, cast: Cast, broken: str) -> None:
    fields = Page(checked(client)).fields | {"send": "1", broken: "\0nonsense"}
    with clock.frozen(LATER):
        refused = client.post("/complain/", fields)
    assert refused.status_code == 422
    assert counts()[0] == 0
    kept = Page(refused).fields
    assert kept["email"] == "marta@mail.example"


def test_double_click_and_back_and_resubmit_are_one(client: Client, cast: Cast) -> None:
    check = checked(client)
    first, second = press(client, check, LATER, send="1"), press(client, check, LATER + timedelta(minutes=5), send="1")
    assert first["Location"] == second["Location"]
    assert Complaint.objects.count() == 1
    assert OutboxMessage.objects.filter(template="receipt").count() == 1


def test_changed_after_sending_is_not_swallowed(client: Client, cast: Cast) -> None:
    check = checked(client)
    press(client, check, LATER, send="1")
    other = press(client, check, LATER, description="Something else went wrong too.", send="1")
    text = other.content.decode()
    assert other.status_code == 409
    assert Complaint.objects.get().reference in text and "/status/" in text
    assert "Something else went wrong too." in text
    assert press(client, other, LATER, send="1").status_code == 302  # sent once more: a second complaint
    assert Complaint.objects.filter(is_quarantined=False).count() == 2


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_twenty_parallel_posts_file_one_complaint() -> None:

    cached.clear_all()
    make_cast()
    fields = Page(checked(Client())).fields | {"send": "1"}
    places: list[str] = []

    def post() -> None:
        try:
            with clock.frozen(LATER):
                places.append(Client().post("/complain/", fields).get("Location", ""))
        finally:
            connection.close()

    threads = [threading.Thread(target=post) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Complaint.objects.count() == 1
    assert len(places) == 20 and len(set(places)) == 1 and places[0]
    assert OutboxMessage.objects.filter(template="receipt").count() == 1


@pytest.mark.parametrize("how", ["haste with a link", "trap"])
def test_doubtful_ones_go_to_quarantine_and_look_the_same(client: Client, cast: Cast, how: str) -> None:
    check = checked(client) if how == "trap" else None
    if check is None:
        page = opened(client, SOON)
        fields = Page(page).fields | {
            "step": "check",
            "description": f"{WORDS} See https://buy.example",
            "type": "billing",
            "language": "en",
            "send": "1",
        }
    else:
        fields = Page(check).fields | {"homepage": "http://spam.example", "send": "1"}
    with clock.frozen(SOON + timedelta(seconds=2)):
        sent = client.post("/complain/", fields)
    filed = Complaint.objects.get()
    assert filed.is_quarantined and not filed.in_queue
    assert not OutboxMessage.objects.exists()
    done = client.get(sent["Location"])
    assert filed.reference in done.content.decode() and "A person answers you" in done.content.decode()


def test_haste_alone_is_no_reason_to_doubt(client: Client, cast: Cast) -> None:
    fields = Page(opened(client, SOON)).fields | {
        "step": "check",
        "description": WORDS,
        "type": "billing",
        "language": "en",
        "send": "1",
    }
    with clock.frozen(SOON + timedelta(milliseconds=300)):
        client.post("/complain/", fields)
    assert Complaint.objects.get().in_queue


def test_a_stale_or_forged_stamp_asks_again(client: Client, cast: Cast) -> None:
    check = checked(client)
    late = press(client, check, MONDAY + timedelta(days=1, minutes=1), send="1")
    assert late.status_code == 422 and "more than a day" in late.content.decode()
    assert press(client, late, MONDAY + timedelta(days=1, minutes=1), send="1").status_code == 302
    assert not Complaint.objects.get().is_quarantined
    forged = press(client, check, LATER, send="1", stamp="x:y:z")
    assert forged.status_code == 422
    assert Complaint.objects.count() == 1


def test_over_the_rate_limit_answers_are_kept(client: Client, cast: Cast, settings: Any) -> None:
    settings.PUBLIC_FORMS_PER_HOUR = 2
    for _ in range(2):
        assert press(client, checked(client), LATER, send="1").status_code == 302
    before = counts()
    refused = press(client, checked(client), LATER, send="1")
    assert refused.status_code == 429
    assert 0 < int(refused["Retry-After"]) <= 3600
    assert Page(refused).fields["description"] == WORDS
    assert counts() == before
    assert press(client, refused, LATER + timedelta(hours=1, seconds=1), send="1").status_code == 302


def test_text_is_kept_as_it_was_typed(client: Client, cast: Cast) -> None:
    odd = "e\u0301te\u0301 \U0001f4a1 \u202eabc\u202c <script>canary()</script> {{ 7 }} \u200d 'q' \"q\""
    check = checked(client, description=odd)
    assert "<script>canary" not in check.content.decode()
    press(client, check, LATER, send="1")
    kept = Complaint.objects.select_related("narrative").get().narrative.description
    assert kept == odd.replace("e\u0301", "\u00e9")


def test_nul_is_an_error_of_its_field(client: Client, cast: Cast) -> None:
    page = press(client, opened(client), description=WORDS)
    refused = press(client, press(client, page, type="billing"), remedy_sought="a\0b", order_number="HM-1")
    assert refused.status_code == 422
    assert Page(refused).fields["order_number"] == "HM-1"
    assert 'href="#id_remedy_sought"' in refused.content.decode()


def test_too_large_a_body_is_413(client: Client, cast: Cast, settings: Any) -> None:
    answer = client.post("/complain/", {"description": "x" * (settings.MAX_FORM_BYTES + 1)})
    assert answer.status_code == 413
    assert counts()[0] == 0


def test_without_its_token_the_form_is_refused(cast: Cast) -> None:
    strict = Client(enforce_csrf_checks=True)
    fields = Page(opened(strict)).fields
    assert strict.post("/complain/", fields | {"csrfmiddlewaretoken": ""}).status_code == 403
    assert strict.post("/complain/", fields, headers={"Origin": "https://evil.example"}).status_code == 403
    assert strict.post("/complain/", fields | {"description": WORDS}).status_code == 200


def test_getting_pages_writes_nothing(client: Client, cast: Cast) -> None:
    before = counts()
    for method in (client.get, client.head):
        for path in ("/complain/", "/complain/done/x/", "/status/", "/status/x/"):
            method(path)
    assert counts() == before
    assert client.get("/complain/done/AM-2222-2222.1.0:forged/").status_code == 404
    assert client.put("/complain/").status_code == 405


def test_only_named_hosts_may_frame_the_form(client: Client, cast: Cast, settings: Any) -> None:
    assert "frame-ancestors 'none'" in opened(client)["Content-Security-Policy"]
    settings.FORM_FRAME_HOSTS = ["https://shop.example"]
    assert "frame-ancestors https://shop.example" in opened(client)["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in client.get("/status/")["Content-Security-Policy"]


@pytest.mark.parametrize(
    ("accepted", "spoken"),
    [("ru,en;q=0.5", "ru"), ("pt-BR", "pt"), ("de,it;q=0.4", "it"), ("de", "en"), ("es-419,es", "es"), ("", "en")],
)
def test_the_browser_says_which_language(client: Client, cast: Cast, accepted: str, spoken: str) -> None:
    page = opened(client, **{"Accept-Language": accepted})
    assert f'<html lang="{spoken}"' in page.content.decode()
    assert Page(page).fields.get("language", spoken) == spoken
    names = ComplaintType.objects.get(code="billing").public_names
    asked = press(client, page, description=WORDS, speak=spoken)
    asked = press(client, asked)
    assert names[spoken] in asked.content.decode()


def test_switching_language_keeps_what_was_typed(client: Client, cast: Cast) -> None:
    page = press(client, opened(client), description=WORDS, speak="it")
    assert '<html lang="it"' in page.content.decode()
    assert Page(page).fields["description"] == WORDS and Page(page).fields["language"] == "it"
    assert client.cookies["django_language"].value == "it"
    page = press(client, press(client, page), type="delivery", speak="ru")
    assert '<html lang="ru"' in page.content.decode()
    assert Page(page).fields["type"] == "delivery" and Page(page).fields["language"] == "ru"
    assert client.cookies["django_language"].value == "it"  # the browser's "back" would lose pages otherwise
    page = press(client, page)
    assert '<html lang="ru"' in page.content.decode()
    page = press(client, press(client, page), language="pt")
    sent = press(client, page, LATER, send="1")
    assert Complaint.objects.get().language == "pt"  # what was chosen by hand stays
    assert '<html lang="ru"' in client.get(sent["Location"]).content.decode()


def test_a_second_level_is_asked_only_where_it_is_offered(client: Client, cast: Cast) -> None:
    ComplaintType.objects.filter(code="billing-charged-twice").update(is_public=True)
    cached.clear_all()
    page = press(client, press(client, opened(client), description=WORDS), type="billing")
    assert "Can you say it more exactly?" in page.content.decode() and "Question 2 of 4" in page.content.decode()
    page = press(client, page, subtype="billing-charged-twice")
    press(client, press(client, press(client, page)), LATER, send="1")
    assert Complaint.objects.get().type.code == "billing-charged-twice"
    page = press(client, press(client, opened(client), description=WORDS), type="delivery")
    assert "Question 3 of 4" in page.content.decode()


def test_nothing_is_marked_with_an_asterisk(client: Client, cast: Cast) -> None:
    page = press(client, press(client, press(client, opened(client), description=WORDS), type="billing"))
    main = re.sub(r"<svg.*?</svg>", "", page.content.decode(), flags=re.S)
    assert "(optional)" in main and "*" not in main
