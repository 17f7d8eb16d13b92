"""The search page and the palette's options: who sees what, what is marked, and that nothing comes out unescaped."""

from __future__ import annotations

import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from complaints.actions import converse
from complaints.models import Complaint
from core import cached
from core.actor import Actor
from core.clock import now
from core.models import User
from tests.cast import Cast, make_cast
from tests.tokens import bearer

pytestmark = pytest.mark.django_db
PAGE_QUERIES, JUMP_QUERIES = 14, 12


@pytest.fixture
def cast() -> Cast:
    cached.clear_all()
    return make_cast()


@pytest.fixture
def kettle(cast: Cast) -> Complaint:
    complaint = cast.complaint(subject="A kettle", description="It leaks all over the table.", order_number="SO-77120")
    converse.note(complaint, by=Actor.person(cast.agent), at=now(), body="Ask the warehouse for the pallet.")
    return complaint


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def test_words_lead_to_the_case_with_the_place_marked(cast: Cast, kettle: Complaint) -> None:
    page = signed_in(cast.agent).get("/search/", {"q": "leaking"}).content.decode()
    assert kettle.reference in page
    assert "<mark>leaks</mark>" in page
    assert "Description:" in page


def test_the_form_works_without_scripts_and_htmx_gets_the_results_alone(cast: Cast, kettle: Complaint) -> None:
    client = signed_in(cast.agent)
    page = client.get("/search/", {"q": "pallet"}).content.decode()
    assert 'method="get"' in page
    assert "Internal note:" in page
    part = client.get("/search/", {"q": "pallet"}, headers={"HX-Request": "true"}).content.decode()
    assert part.lstrip().startswith('<div class="queue__all queue__all--plain found" id="found"')
    assert "<html" not in part
    assert kettle.reference in part


def test_a_whole_reference_leads_straight_to_its_case_if_one_may_see_it(cast: Cast, kettle: Complaint) -> None:
    answer = signed_in(cast.agent).get("/search/", {"q": kettle.reference.lower()})
    assert answer.status_code == 302
    assert answer["Location"] == f"/complaints/{kettle.reference}/"
    refused = signed_in(cast.stranger).get("/search/", {"q": kettle.reference})
    assert refused.status_code == 200
    assert "No case matches" in refused.content.decode()


@pytest.mark.parametrize(
    ("who", "sees"), [("agent", True), ("colleague", True), ("lead", True), ("manager", True), ("stranger", False)]
)
@pytest.mark.parametrize("words", ["leaks", "77120", "912 345", "dana@mail", "whitlock"])
def test_everybody_finds_what_they_may_see(cast: Cast, kettle: Complaint, who: str, sees: bool, words: str) -> None:
    client = signed_in(cast.people()[who])
    assert (kettle.reference in client.get("/search/", {"q": words}).content.decode()) is sees
    assert (kettle.reference in client.get("/search/jump/", {"q": words}).content.decode()) is sees


def test_administrators_without_cases_search_nothing(cast: Cast, kettle: Complaint) -> None:
    client = signed_in(cast.admin)
    assert client.get("/search/", {"q": "leaks"}).status_code in (403, 404)
    options = client.get("/search/jump/", {"q": "leaks"}).content.decode()
    assert kettle.reference not in options
    assert "Users" in client.get("/search/jump/", {"q": "user"}).content.decode()


@pytest.mark.parametrize(
    "attack", ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "kettle</mark><svg onload=x>"]
)
def test_what_people_wrote_and_typed_comes_out_escaped(cast: Cast, attack: str) -> None:
    complaint = cast.complaint(subject=f"kettle {attack}", description=f"kettle boils {attack} kettle")
    for path in ("/search/", "/search/jump/"):
        for words in ("kettle", "boils", attack):
            page = signed_in(cast.agent).get(path, {"q": words}).content.decode()
            assert "<script>alert" not in page
            assert "<img src=x" not in page
            assert "<svg onload" not in page
            if words != attack:
                assert complaint.reference in page


def test_filters_narrow_and_stand_in_the_address(cast: Cast, kettle: Complaint) -> None:
    client = signed_in(cast.agent)
    assert kettle.reference in client.get("/search/", {"q": "kettle", "status": "new"}).content.decode()
    page = client.get("/search/", {"q": "kettle", "status": "closed"})
    assert kettle.reference not in page.content.decode()
    assert "These filters are on: Status: Closed." in page.content.decode()
    day = kettle.received_at.date().isoformat()
    assert (
        kettle.reference
        in client.get("/search/", {"q": "kettle", "received_from": day, "received_to": day}).content.decode()
    )
    assert (
        kettle.reference not in client.get("/search/", {"q": "kettle", "received_from": "2199-01-01"}).content.decode()
    )


def test_the_form_as_it_stands_is_a_question_that_can_be_asked(cast: Cast, kettle: Complaint) -> None:
    client = signed_in(cast.agent)
    form = client.get("/search/").content.decode().partition('id="search"')[2].partition("</form>")[0]
    offered = set(re.findall(r'<(?:input|select)[^>]* name="(\w+)"', form))
    assert {"q", "status", "theme", "received_from"} <= offered
    found = client.get("/search/", {**dict.fromkeys(offered, ""), "q": "kettle"}, headers={"HX-Request": "true"})
    assert kettle.reference in found.content.decode()


@pytest.mark.parametrize(
    "bad",
    [
        {"status": "nowhere"},
        {"received_from": "yesterday"},
        {"received_to": "2026-02-31"},
        {"cursor": "-1"},
        {"cursor": "99999999999"},
        {"colour": "red"},
    ],
)
def test_what_makes_no_sense_is_named(cast: Cast, bad: dict[str, str]) -> None:
    answer = signed_in(cast.agent).get("/search/", {"q": "kettle", **bad})
    assert answer.status_code == 400
    assert "This search cannot be made" in answer.content.decode()


@pytest.mark.parametrize(
    "words",
    [
        "",
        " ",
        "-",
        '"',
        "''",
        "%",
        "*",
        "\\",
        "-kettle",
        "()|&!:*",
        "é" * 500,
        "AND OR NOT",
        "NEAR(a b)",
        "\ud7ff",
    ],
)
def test_any_text_may_be_typed(cast: Cast, kettle: Complaint, words: str) -> None:
    client = signed_in(cast.agent)
    assert client.get("/search/", {"q": words}).status_code == 200
    assert client.get("/search/jump/", {"q": words}).status_code == 200


def test_pages_follow_each_other_without_repeats(cast: Cast) -> None:
    wanted = {cast.complaint(subject=f"kettle {number}").reference for number in range(30)}
    client = signed_in(cast.agent)
    first = client.get("/search/", {"q": "kettle"}).content.decode()
    second = client.get("/search/", {"q": "kettle", "cursor": "25"}).content.decode()
    on_first = {one for one in wanted if one in first}
    assert len(on_first) == 25
    assert {one for one in wanted if one in second} == wanted - on_first
    assert "cursor=25" in first


def test_the_palette_leads_to_cases_customers_views_and_settings(cast: Cast, kettle: Complaint) -> None:
    client = signed_in(cast.manager)
    options = client.get("/search/jump/", {"q": "whitl"}).content.decode()
    assert f'data-url="/complaints/{kettle.reference}/"' in options
    assert f'data-url="/customers/{cast.customer.pk}/"' in options
    assert 'data-url="/complaints/?view=breached"' in client.get("/search/jump/", {"q": "brea"}).content.decode()
    assert "/settings/sla/" in client.get("/search/jump/", {"q": "deadl"}).content.decode()
    assert "/search/?q=whitl" in options


def test_questions_stay_few(cast: Cast, kettle: Complaint, lasting_caches: None) -> None:
    client = signed_in(cast.agent)
    for path, most in (("/search/", PAGE_QUERIES), ("/search/jump/", JUMP_QUERIES)):
        client.get(path, {"q": "kettle"})
        for words in ("kettle", "leaks table", "77120", "912345", "nothingofthekind"):
            with CaptureQueriesContext(connection) as asked:
                client.get(path, {"q": words})
            assert len(asked) <= most, [one["sql"] for one in asked]


def test_the_api_searches_the_same(cast: Cast, kettle: Complaint) -> None:
    def asked(user: User, words: str) -> list[str]:
        answer = Client().get("/api/v1/complaints/", {"search": words}, headers=bearer(user, "complaints:read"))
        assert answer.status_code == 200
        return [row["reference"] for row in answer.json()["results"]]

    for words in ("leaking", "pallets", "77120", "912 345", "whitlock kettle", kettle.reference):
        assert asked(cast.agent, words) == [kettle.reference]
        assert asked(cast.stranger, words) == []
    assert asked(cast.manager, "nothingofthekind") == []


def test_the_queue_is_narrowed_by_the_same_words(cast: Cast, kettle: Complaint) -> None:
    other = cast.complaint(subject="Something else", description="Nothing of the sort")
    page = signed_in(cast.agent).get("/complaints/", {"view": "mine", "q": "leaking"}).content.decode()
    assert kettle.reference in page
    assert other.reference not in page
