"""Articles: written, versioned, found by type and words in five languages, put beside a case (mission D1)."""

from __future__ import annotations

import json

import pytest
from django.test import Client

from complaints.actions import articles as actions
from complaints.actions.playbooks import NoDraft, NothingNew
from complaints.models import Article, ArticleVersion
from complaints.playbooks import articles
from complaints.reference import catalogue
from core import cached, clock, trail
from core.actions.settings import Stale
from core.actor import Actor
from core.errors import InvalidInput, NotAllowed
from tests.cast import Cast, make_cast
from tests.played import make_article, words
from tests.tokens import bearer


@pytest.fixture
def cast(db) -> Cast:
    cached.clear_all()
    return make_cast()


@pytest.fixture
def boss(cast: Cast) -> Actor:
    return Actor.person(cast.manager)


def titles(found) -> list[str]:
    return [one.version.titles["en"] for one in found]


@pytest.fixture
def shelf(boss):
    """A small shelf, the oldest first."""
    make_article(boss, "Bank fees", "Fees of a bank that follow a double charge are ours to pay.", types=("billing",))
    make_article(boss, "Lost parcels", "When a parcel is lost we send again. Посылка потеряна: отправляем заново.",
                 types=("delivery-lost",))  # fmt: skip
    make_article(boss, "Delivery times", "Parcels arrive within three days.", types=("delivery",), kind="answer")
    make_article(boss, "Lamp recall", "The lamps of lot 7 get hot. Devolución gratuita.", kind="product_update")
    make_article(boss, "Tone of voice", "We write as we speak.", kind="procedure")


@pytest.mark.parametrize(
    ("asked", "first"),
    [
        ("lost parcel", "Lost parcels"),
        ("LOST", "Lost parcels"),
        ("посылку потеряли", "Lost parcels"),
        ("devolucion", "Lamp recall"),
        ("double charged by the bank", "Bank fees"),
        ("deliveries", "Delivery times"),
    ],
)
def test_words_find_articles_in_any_language_and_form(shelf, asked, first):
    assert titles(articles.find(asked))[0] == first


@pytest.mark.parametrize("asked", ["zebra", "xyzzy plugh", "ло", "%", "_", "'; drop table", "\\", "&|!()", "a:* | b"])
def test_what_nothing_fits_finds_nothing_or_all_and_never_fails(shelf, asked):
    found = articles.find(asked)
    assert found == [] or len(found) == 5  # without a word long enough it is the whole shelf


def test_without_words_the_newest_come_first(shelf):
    assert titles(articles.find()) == [
        "Tone of voice", "Lamp recall", "Delivery times", "Lost parcels", "Bank fees"
    ]  # fmt: skip
    assert titles(articles.find(kinds=["product_update"])) == ["Lamp recall"]


def test_the_type_of_a_case_raises_what_is_written_for_it(shelf):
    lost = catalogue().types["delivery-lost"].pk
    assert titles(articles.find("where is my order", type_id=lost))[:2] == ["Lost parcels", "Delivery times"]
    only = titles(articles.find(type_id=lost, only_type=True))
    assert only[:2] == ["Lost parcels", "Delivery times"] and "Bank fees" not in only
    assert "Tone of voice" in only  # for no type in particular: for all


def test_a_rare_word_weighs_more_than_common_ones(boss):
    for number in range(6):
        make_article(boss, f"Number {number}", "the order and the customer and the answer")
    make_article(boss, "Gaskets", "the gasket")
    assert titles(articles.find("the order of the customer has no gasket"))[0] == "Gaskets"


def test_drafts_and_what_is_out_of_use_are_not_found(boss, shelf):
    draft = actions.create({"kind": "answer"}, words("Zebra"), words("zebra"), by=boss, at=clock.now())
    assert articles.find("zebra") == []
    actions.publish(draft, by=boss, at=clock.now())
    assert titles(articles.find("zebra")) == ["Zebra"]
    actions.save_draft(draft, words("Horse"), words("horse"), by=boss, at=clock.now())
    assert articles.find("horse") == []
    actions.publish(draft, what_changed="No zebra", by=boss, at=clock.now())
    assert articles.find("zebra") == [] and titles(articles.find("horse")) == ["Horse"]
    actions.change(draft, {"is_active": False}, by=boss, at=clock.now())
    assert articles.find("horse") == []


def test_finding_costs_two_queries(shelf, django_assert_num_queries):
    catalogue()
    with django_assert_num_queries(2):
        articles.find("lost parcel", type_id=catalogue().types["delivery"].pk)


def test_what_is_published_never_changes(boss):
    one = make_article(boss, "Fees", "Ours.")
    first = ArticleVersion.objects.get(article=one)
    with pytest.raises(NoDraft):
        actions.publish(one, what_changed="x", by=boss, at=clock.now())
    actions.save_draft(one, words("Fees"), words("Ours."), by=boss, at=clock.now())
    with pytest.raises(NothingNew):
        actions.publish(one, what_changed="x", by=boss, at=clock.now())
    actions.save_draft(one, words("Fees"), words("Theirs."), by=boss, at=clock.now())
    with pytest.raises(InvalidInput):
        actions.publish(one, by=boss, at=clock.now())
    made = actions.publish(one, what_changed="The other way round", by=boss, at=clock.now())
    assert made.number == 2
    same = ArticleVersion.objects.get(pk=first.pk)
    assert (same.titles, same.bodies, same.published_at) == (first.titles, first.bodies, first.published_at)
    assert [entry.kind for entry in trail.of(one)] == [
        "article.created", "article.published", "article.draft_saved", "article.draft_saved", "article.published"
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("values", "texts", "code"),
    [
        ({"kind": "poem"}, ("T", "B"), "invalid_choice"),
        ({"kind": "answer", "url": "javascript:alert(1)"}, ("T", "B"), "invalid_url"),
        ({"kind": "answer", "url": "//evil.example"}, ("T", "B"), "invalid_url"),
        ({"kind": "answer", "colour": "red"}, ("T", "B"), "unknown_field"),
        ({"kind": "answer"}, ("", "B"), "text_required"),
        ({"kind": "answer"}, ("T", ""), "text_required"),
        ({"kind": "answer"}, ("T", "x" * 20_001), "too_long"),
    ],
)
def test_bad_articles_are_refused(boss, values, texts, code):
    with pytest.raises(InvalidInput) as refused:
        actions.create(values, {"en": texts[0]}, {"en": texts[1]}, by=boss, at=clock.now())
    assert refused.value.code == code
    assert not Article.objects.exists()


@pytest.mark.parametrize("who", ["agent", "lead"])
def test_only_managers_and_administrators_write(cast, boss, who):
    one = make_article(boss, "Fees")
    actor = Actor.person(cast.people()[who])
    for write in (
        lambda: actions.create({"kind": "answer"}, words("a"), words("b"), by=actor, at=clock.now()),
        lambda: actions.change(one, {"is_active": False}, by=actor, at=clock.now()),
        lambda: actions.save_draft(one, words("a"), words("b"), by=actor, at=clock.now()),
        lambda: actions.publish(one, by=actor, at=clock.now()),
        lambda: actions.discard_draft(one, by=actor, at=clock.now()),
    ):
        with pytest.raises(NotAllowed):
            write()


def test_somebody_elses_change_is_not_overwritten(boss):
    one = make_article(boss, "Fees")
    with pytest.raises(Stale):
        actions.save_draft(one, words("a"), words("b"), seen=one.version - 1, by=boss, at=clock.now())


def test_the_finder_beside_a_case_suggests_and_searches(cast, shelf):
    told = "My parcel never came. It is lost."
    complaint = cast.complaint(type="delivery-lost", subject="No parcel", description=told)
    client = Client(headers={"HX-Request": "true"})
    client.force_login(cast.agent)
    here = f"/complaints/{complaint.reference}/knowledge/"
    suggested = client.get(here).content.decode()
    assert suggested.index("Lost parcels") < suggested.index("Delivery times")
    assert "<html" not in suggested and "Bank fees" not in suggested.split("Delivery times")[0]
    assert "Bank fees" in client.get(here, {"q": "bank"}).content.decode()
    assert "Nothing fits" in client.get(here, {"q": "zebra"}).content.decode()
    plain = Client()
    plain.force_login(cast.agent)
    assert "Lost parcels" in plain.get(here).content.decode()
    stranger = Client()
    stranger.force_login(cast.stranger)
    assert stranger.get(here).status_code == 404


def test_an_article_beside_a_case_gives_what_goes_into_the_answer(cast, boss):
    public = make_article(boss, "Returns", "**Free** within 30 days.", url="https://house.example/returns")
    ours = make_article(boss, "Inside", "Only for us.")
    complaint, client = cast.complaint(language="pt"), Client(headers={"HX-Request": "true"})
    client.force_login(cast.agent)
    html = client.get(f"/complaints/{complaint.reference}/knowledge/{public.pk}/").content.decode()
    assert 'data-into-composer="Free within 30 days. (pt)"' in html
    assert 'data-into-composer="Returns (pt): https://house.example/returns"' in html
    html = client.get(f"/complaints/{complaint.reference}/knowledge/{ours.pk}/").content.decode()
    assert 'data-into-note="Inside: http' in html and f"/knowledge/articles/{ours.pk}/" in html
    assert 'data-into-composer=""' in html
    assert client.get(f"/complaints/{complaint.reference}/knowledge/999999/").status_code == 404


def test_hostile_articles_are_shown_as_text(cast, boss):
    bad = "<img src=x onerror=canary()>"
    one = make_article(boss, f"{bad} title", f"{bad} [x](javascript:canary()) **{bad}**")
    complaint, client = cast.complaint(), Client()
    client.force_login(cast.agent)
    for page in (
        "/knowledge/",
        f"/knowledge/articles/{one.pk}/",
        f"/complaints/{complaint.reference}/knowledge/?q=title",
        f"/complaints/{complaint.reference}/knowledge/{one.pk}/",
    ):
        html = client.get(page).content.decode()
        assert "<img src=x" not in html and 'href="javascript' not in html, page
        assert "&lt;img src=x onerror=canary()&gt;" in html, page


def call(user, method, path, body=None, **headers):
    client = Client(headers={**bearer(user), **headers})
    return client.generic(method, f"/api/v1{path}", json.dumps(body or {}), content_type="application/json")


def test_the_whole_life_of_an_article_over_the_api(cast):
    made = call(cast.manager, "POST", "/articles/", {
        "kind": "answer", "titles": {"en": "Returns"}, "bodies": {"en": "Free."}, "types": ["delivery"],
    })  # fmt: skip
    assert made.status_code == 201 and made["Location"].endswith(f"/articles/{made.json()['id']}/")
    path = f"/articles/{made.json()['id']}/"
    assert made.json()["in_force"] is None and made.json()["draft"] == 1
    assert call(cast.agent, "GET", f"{path}draft/").status_code == 403
    assert call(cast.agent, "POST", f"{path}publication/").status_code == 403
    assert call(cast.manager, "POST", f"{path}publication/").status_code == 201
    assert call(cast.agent, "GET", path).json()["in_force"]["titles"] == {"en": "Returns"}
    texts = {"titles": {"en": "A"}, "bodies": {"en": "B"}}
    stale = call(cast.manager, "PUT", f"{path}draft/", texts, **{"If-Match": '"1"'})
    assert stale.status_code == 412
    assert call(cast.manager, "PATCH", path, {"kind": "policy"}).status_code == 428
    tag = call(cast.agent, "GET", path)["ETag"]
    changed = call(cast.manager, "PATCH", path, {"kind": "policy", "types": []}, **{"If-Match": tag})
    assert changed.status_code == 200 and changed.json()["types"] == []
    assert call(cast.manager, "PUT", f"{path}draft/", texts).status_code == 200
    assert call(cast.manager, "DELETE", f"{path}draft/").status_code == 204
    assert call(cast.manager, "DELETE", f"{path}draft/").status_code == 409
    assert len(call(cast.agent, "GET", f"{path}versions/").json()["results"]) == 1
    assert call(cast.agent, "GET", "/articles/999999/").status_code == 404


def test_lists_and_suggestions_over_the_api(cast, shelf):
    found = call(cast.agent, "GET", "/articles/?search=parcel&kind=policy").json()["results"]
    assert [one["in_force"]["titles"]["en"] for one in found] == ["Lost parcels"]
    assert call(cast.agent, "GET", "/articles/?colour=red").status_code == 400
    complaint = cast.complaint(type="delivery-lost", description="The parcel is lost.")
    found = call(cast.agent, "GET", f"/complaints/{complaint.reference}/articles/").json()["results"]
    assert found[0]["in_force"]["titles"]["en"] == "Lost parcels"
    found = call(cast.agent, "GET", f"/complaints/{complaint.reference}/articles/?search=bank").json()["results"]
    assert [one["in_force"]["titles"]["en"] for one in found] == ["Bank fees"]
    assert call(cast.stranger, "GET", f"/complaints/{complaint.reference}/articles/").status_code == 404
    assert call(cast.agent, "GET", f"/complaints/{complaint.reference}/articles/?x=1").status_code == 400
