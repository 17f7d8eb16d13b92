"""Who may make and change which macros, versions, the settings pages and the API (mission A8)."""

import json
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from complaints.actions import macros
from complaints.actions.macros import Draft
from complaints.models import ComplaintType, Macro, Message
from core import cached, clock, trail
from core.actor import Actor
from core.errors import InvalidInput, NotAllowed
from core.models import User
from tests.cast import Cast, make_cast, type_of
from tests.tokens import bearer

pytestmark = pytest.mark.django_db
HERE = "/settings/macros/"
API = "/api/v1/macros/"


@pytest.fixture
def cast() -> Cast:
    cached.clear_all()
    return make_cast()


def make(by: User, name: str = "Where it stands", **draft) -> Macro:
    draft.setdefault("texts", {"en": "Hello {{ customer.first_name|you }}. [[ what you found ]]"})
    return macros.create(Draft(names={"en": name}, **draft), by=Actor.person(by), at=clock.now())


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def api(user: User, method: str, path: str, body: dict | None = None, **headers):
    found = Client(headers={**bearer(user), **headers})
    return found.generic(method, path, json.dumps(body) if body is not None else "", content_type="application/json")


def few_and_many(client: Client, path: str, more: Callable[[int], None]) -> int:
    """Query cost of a page, the same for one macro as for twelve."""
    counts = []
    for numbers in (range(1), range(1, 12)):
        for number in numbers:
            more(number)
        client.get(path)  # what is kept in memory is there
        with CaptureQueriesContext(connection) as asked:
            assert client.get(path).status_code == 200
        counts.append(len(asked))
    assert counts[0] == counts[1]
    return counts[1]


OWN, TEAM, ALL = "me", "team", "all"
MAY_MAKE = {
    "agent": {OWN},
    "colleague": {OWN},
    "stranger": {OWN},
    "lead": {OWN, TEAM},
    "manager": {OWN, TEAM, ALL},
    "admin": {TEAM, ALL},
}


@pytest.mark.parametrize("circle", [OWN, TEAM, ALL])
@pytest.mark.parametrize("role", MAY_MAKE)
def test_who_may_make_which(role, circle, cast):
    user = cast.people()[role]
    draft = Draft(names={"en": "X"}, texts={"en": "Hello"}, circle=circle, team=cast.team)
    if circle in MAY_MAKE[role]:
        made = macros.create(draft, by=Actor.person(user), at=clock.now())
        assert macros.circle_of(made) == circle
        assert macros.may_change(user, made)
        return
    with pytest.raises(NotAllowed):
        macros.create(draft, by=Actor.person(user), at=clock.now())


SEES = {  # macros of the agent, of their team, of the other team, of everybody
    "agent": "own team all",
    "colleague": "team all",
    "stranger": "other all",
    "lead": "team all",
    "manager": "team other all",
    "admin": "team other all",
}
CHANGES = {
    "agent": "own",
    "colleague": "",
    "stranger": "",
    "lead": "team",
    "manager": "team other all",
    "admin": "team other all",
}


@pytest.mark.parametrize("role", SEES)
def test_who_sees_and_changes_which_through_every_door(role, cast):
    Macro.objects.all().delete()
    found = {
        "own": make(cast.agent),
        "team": make(cast.manager, circle=TEAM, team=cast.team),
        "other": make(cast.manager, circle=TEAM, team=cast.other_team),
        "all": make(cast.manager, circle=ALL),
    }
    user = cast.people()[role]
    client = signed_in(user)
    for name, macro in found.items():
        sees, changes = name in SEES[role].split(), name in CHANGES[role].split()
        page = client.get(f"{HERE}{macro.pk}/")
        answer = api(user, "GET", f"{API}{macro.pk}/")
        assert page.status_code == answer.status_code == (200 if sees else 404), name
        assert (b"<textarea" in page.content) is changes, name
        patched = api(user, "PATCH", f"{API}{macro.pk}/", {"is_active": False}, **{"If-Match": f'"{macro.version}"'})
        assert patched.status_code == (200 if changes else 403 if sees else 404), name
        moved = client.post(f"{HERE}{macro.pk}/position/", {"direction": "up"})
        assert moved.status_code == (302 if sees else 404), name
    listed = {row["id"] for row in api(user, "GET", API).json()["results"]}
    assert listed == {str(found[name].pk) for name in SEES[role].split()}
    assert client.get(HERE).status_code == 200


class TestVersions:
    def test_new_words_make_a_new_version_and_what_was_sent_keeps_its_own(self, cast):
        macro = make(cast.agent)
        first = macro.current
        by = Actor.person(cast.agent)
        changed = macros.change(macro, {"texts": {"en": "Other words."}}, by=by, at=clock.now())
        assert changed.current.number == 2 and changed.version == 2
        assert first.texts["en"].startswith("Hello")
        assert macros.change(changed, {"texts": {"en": "Other words. "}}, by=by, at=clock.now()).version == 2
        renamed = macros.change(changed, {"names": {"en": "Y"}}, by=by, at=clock.now())
        assert renamed.current.number == 2 and renamed.version == 3 and renamed.name == "Y"
        assert [one.kind for one in trail.of(renamed)] == ["macro.created", "macro.changed", "macro.changed"]

    def test_old_versions_can_be_read(self, cast):
        macro = make(cast.agent, texts={"en": "First words."})
        macros.change(macro, {"texts": {"en": "Second."}}, by=Actor.person(cast.agent), at=clock.now())
        page = signed_in(cast.agent).get(f"{HERE}{macro.pk}/versions/1/")
        assert page.status_code == 200 and "First words." in page.content.decode()
        assert signed_in(cast.agent).get(f"{HERE}{macro.pk}/versions/9/").status_code == 404
        assert signed_in(cast.colleague).get(f"{HERE}{macro.pk}/versions/1/").status_code == 404

    def test_nobody_overwrites_what_somebody_else_changed(self, cast):
        macro = make(cast.agent)
        macros.change(macro, {"names": {"en": "Y"}}, by=Actor.person(cast.agent), at=clock.now())
        answer = api(cast.agent, "PATCH", f"{API}{macro.pk}/", {"names": {"en": "Z"}}, **{"If-Match": '"1"'})
        assert answer.status_code == 412
        assert api(cast.agent, "PATCH", f"{API}{macro.pk}/", {"names": {"en": "Z"}}).status_code == 428

    def test_they_change_places_within_their_circle(self, cast):
        one, two = make(cast.agent, "One"), make(cast.agent, "Two")
        make(cast.colleague, "Three")
        by = Actor.person(cast.agent)
        assert macros.move(two, up=True, by=by, at=clock.now())
        own = Macro.objects.filter(owner=cast.agent).order_by("position")
        assert [row.pk for row in own] == [two.pk, one.pk]
        assert not macros.move(two, up=True, by=by, at=clock.now())


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"texts": {"en": "{{ customer.email }}"}}, "unknown_variable"),
        ({"texts": {"en": "{{ reference"}}, "stray_brackets"),
        ({"texts": {"en": "a" * 8_001}}, "too_long"),
        ({"texts": {"de": "Hallo"}}, "unknown_language"),
        ({"texts": {}, "does": []}, "empty_macro"),
        ({"names": {"en": "  "}}, "name_required"),
        ({"names": {"en": "a" * 81}}, "too_long"),
        ({"purpose": "sms"}, "unknown_purpose"),
        ({"acts": ["refusal"]}, "unknown_act"),
        ({"does": [{"action": "resolve"}]}, "unknown_step"),
        ({"does": [{"action": "wait"}]}, "reason_required"),
        ({"does": [{"action": "wait", "values": {"reason": "x", "until": "y"}}]}, "unknown_field"),
        ({"does": [{"action": "assign", "values": {"owner": "0"}}]}, "unknown_owner"),
        ({"does": [{"action": "classify", "values": {"type": "nope", "reason": "x"}}]}, "unknown_type"),
        ({"does": [{"action": "classify", "values": {"reason": "x"}}]}, "type_required"),
        ({"does": [{"action": "snooze", "values": {"days": 400}}]}, "invalid_days"),
        ({"does": [{"action": "take"}] * 9}, "too_many_steps"),
        ({"circle": "planet"}, "unknown_circle"),
        ({"circle": "team", "team": None}, "team_required"),
    ],
)
def test_what_cannot_be_kept_is_refused(values, code, cast):
    draft = {"names": {"en": "X"}, "texts": {"en": "Hello"}, **values}
    before = Macro.objects.count()
    with pytest.raises(InvalidInput) as refused:
        macros.create(Draft(**draft), by=Actor.person(cast.manager), at=clock.now())
    assert refused.value.code == code and Macro.objects.count() == before


class TestPages:
    def form(self, **fields):
        return {
            "name_en": "Where it stands",
            "text_en": "Hello [[ you ]]",
            "purpose": "reply",
            "circle": "me",
            **fields,
        }

    def test_making_one(self, cast):
        fields = self.form(name_ru="Что сделано", text_ru="Здравствуйте", do_wait="on", wait_reason="a photo")
        fields["types"] = [str(type_of("unclassified").pk)]
        answer = signed_in(cast.agent).post(f"{HERE}new/", fields)
        assert answer.status_code == 302
        macro = Macro.objects.get(owner=cast.agent)
        assert macro.names == {"en": "Where it stands", "ru": "Что сделано"}
        assert macro.current.texts == {"en": "Hello [[ you ]]", "ru": "Здравствуйте"}
        assert macro.current.does == [{"action": "wait", "values": {"reason": "a photo"}}]

    def test_what_is_wrong_stands_at_its_text(self, cast):
        answer = signed_in(cast.agent).post(f"{HERE}new/", self.form(text_es="{{ nada }}"))
        assert answer.status_code == 422
        page = answer.content.decode()
        assert "nada" in page and 'id="tab-es" checked' in page and "Hello [[ you ]]" in page

    def test_looking_writes_nothing(self, cast):
        before = Macro.objects.count()
        client = signed_in(cast.agent)
        page = client.post(f"{HERE}new/", self.form(do="look", text_en="Dear {{ customer.name }}"))
        assert page.status_code == 200 and "Dana Whitlock" in page.content.decode()
        part = client.post(f"{HERE}look/pt/", {"text_pt": "{{ greeting }} {{ oops }}"})
        assert "Ana" in part.content.decode() and "oops" in part.content.decode()
        assert client.post(f"{HERE}look/de/", {}).status_code == 404
        assert Macro.objects.count() == before

    def test_changing_one_shows_a_conflict(self, cast):
        macro = make(cast.agent)
        client = signed_in(cast.agent)
        page = client.get(f"{HERE}{macro.pk}/").content.decode()
        seen = page.split('name="seen" value="')[1].split('"')[0]
        macros.change(macro, {"texts": {"en": "By somebody else."}}, by=Actor.person(cast.agent), at=clock.now())
        answer = client.post(f"{HERE}{macro.pk}/", self.form(seen=seen, is_active="on"))
        assert answer.status_code == 409 and "By somebody else." not in macro.current.texts["en"]
        macro.refresh_from_db()
        assert macro.current.texts["en"] == "By somebody else."

    def test_the_list_says_how_often_and_how_many_word_for_word(self, cast):
        macro, complaint = make(cast.agent), cast.complaint()
        at = clock.now()
        for number in range(8):
            Message.objects.create(
                complaint=complaint, direction="out", channel="email", author=cast.agent, body="x", created_at=at,
                at=at - timedelta(days=1), macro=macro.current, word_for_word=number < 2,
            )  # fmt: skip
        Message.objects.create(
            complaint=complaint, direction="out", channel="email", body="x", created_at=at,
            at=at - timedelta(days=200), macro=macro.current, word_for_word=True,
        )  # fmt: skip
        page = signed_in(cast.agent).get(HERE).content.decode()
        assert '<td class="num">8</td><td class="num">25 %</td>' in page.replace("\xa0", " ")

    def test_the_list_asks_as_often_for_many_as_for_few(self, cast):
        client = signed_in(cast.agent)

        def more(number: int) -> None:
            make(cast.agent, f"M{number}", does=[{"action": "assign", "values": {"owner": cast.colleague.pk}}])

        assert few_and_many(client, HERE, more) <= 9


class TestApi:
    def test_making_reading_changing_and_taking_out_of_use(self, cast):
        body = {
            "names": {"en": "Update", "it": "Aggiornamento"},
            "texts": {"en": "Hello {{ customer.first_name|you }}"},
            "does": [{"action": "wait", "values": {"reason": "a photo"}}],
            "acts": ["thanks"],
        }
        made = api(cast.agent, "POST", API, body)
        assert made.status_code == 201, made.content
        row = made.json()
        assert row["circle"] == "me" and row["number"] == 1 and row["does"] == body["does"]
        path = f"{API}{row['id']}/"
        etag = api(cast.agent, "GET", path).headers["ETag"]
        changed = api(cast.agent, "PATCH", path, {"texts": {"en": "Other"}}, **{"If-Match": etag})
        assert changed.status_code == 200 and changed.json()["number"] == 2
        gone = api(cast.agent, "DELETE", path)
        assert gone.status_code == 200 and gone.json()["is_active"] is False
        assert str(row["id"]) in {
            one["id"] for one in api(cast.agent, "GET", f"{API}?is_active=false").json()["results"]
        }

    def test_refusals_name_field_and_code(self, cast):
        answer = api(cast.agent, "POST", API, {"names": {"en": "X"}, "texts": {"en": "{{ nope }}"}})
        assert answer.status_code == 400 and "unknown_variable" in answer.content.decode()
        answer = api(cast.agent, "POST", API, {"names": {"de": "X"}, "texts": {"en": "x"}})
        assert answer.status_code == 400 and "unknown_field" in answer.content.decode()
        answer = api(cast.agent, "POST", API, {"names": {"en": "X"}, "texts": {"en": "x"}, "circle": "all"})
        assert answer.status_code == 403

    def test_preview_for_a_case(self, cast):
        macro, complaint = (
            make(cast.agent, texts={"en": "{{ greeting }} {{ order_number }} [[ you ]]"}),
            cast.complaint(),
        )
        found = api(cast.agent, "GET", f"{API}{macro.pk}/preview/?complaint={complaint.reference}").json()
        assert found["body"] == "Hello Dana, {{ order_number }} [[ you ]]"
        assert found["missing"] == ["order_number"] and found["personal"] == ["you"] and not found["is_foreign"]
        foreign = cast.complaint(language="ru")
        assert api(cast.agent, "GET", f"{API}{macro.pk}/preview/?complaint={foreign.reference}").json()["is_foreign"]
        other = cast.complaint(owner=cast.stranger)
        assert api(cast.agent, "GET", f"{API}{macro.pk}/preview/?complaint={other.reference}").status_code == 404
        assert api(cast.agent, "GET", f"{API}{macro.pk}/preview/").status_code == 400

    def test_variables_are_described(self, cast):
        names = [one["name"] for one in api(cast.agent, "GET", f"{API}variables/").json()["results"]]
        assert "customer.first_name" in names and "due_on" in names


class TestPicker:
    def test_it_shows_what_one_may_take_as_it_reads_here(self, cast):
        Macro.objects.all().delete()
        make(cast.agent, "Mine", texts={"en": "Order {{ order_number }} of {{ customer.first_name }}"})
        make(cast.manager, "For all", circle=ALL, texts={"en": "All {{ team }}"})
        make(cast.manager, "Other team", circle=TEAM, team=cast.other_team)
        make(cast.colleague, "Not mine")
        complaint = cast.complaint()
        client = signed_in(cast.agent)
        page = client.get(f"/complaints/{complaint.reference}/macros/").content.decode()
        picker = client.get(
            f"/complaints/{complaint.reference}/macros/", headers={"HX-Request": "true"}
        ).content.decode()
        for found in (page, picker):
            assert "Mine" in found and "For all" in found
            assert "Other team" not in found and "Not mine" not in found
            assert '<mark class="macro-text__missing" title="order_number">{{ order_number }}</mark>' in found
            assert '<mark class="macro-text__value" title="customer.first_name">Dana</mark>' in found
        assert "<dialog" in picker and "<dialog" not in page.split("macros-page")[1].split("</main>")[0]
        assert signed_in(cast.stranger).get(f"/complaints/{complaint.reference}/macros/").status_code == 404

    def test_without_scripts_the_text_comes_into_the_box(self, cast):
        macro, complaint = make(cast.agent), cast.complaint()
        page = (
            signed_in(cast.agent).get(f"/complaints/{complaint.reference}/?macro={macro.current_id}").content.decode()
        )
        assert "Hello Dana. [[ what you found ]]</textarea>" in page
        assert f'name="macro" value="{macro.current_id}"' in page
        theirs = make(cast.colleague)
        page = (
            signed_in(cast.agent).get(f"/complaints/{complaint.reference}/?macro={theirs.current_id}").content.decode()
        )
        assert "[[ what you found ]]" not in page

    def test_it_asks_as_often_for_many_as_for_few(self, cast):
        path = f"/complaints/{cast.complaint().reference}/macros/"

        def more(number: int) -> None:
            make(cast.agent, f"M{number}", texts={"en": "{{ team }} {{ customer.name }} {{ organisation }}"})

        assert few_and_many(signed_in(cast.agent), path, more) <= 9

    def test_a_hostile_name_stays_text(self, cast):
        complaint = cast.complaint(subject="<script>alert(1)</script> {{ agent.name }}")
        make(cast.agent, texts={"en": "About: {{ subject }}"})
        page = signed_in(cast.agent).get(f"/complaints/{complaint.reference}/macros/").content.decode()
        assert "<script>alert(1)" not in page and "{ agent.name }" in page


def test_what_fits_the_type_comes_first(cast):
    Macro.objects.all().delete()
    complaint = cast.complaint(type="unclassified")
    other = ComplaintType.objects.exclude(code="unclassified").first()
    make(cast.agent, "General")
    make(cast.agent, "Fits", types=[type_of("unclassified")])
    make(cast.agent, "Does not", types=[other])
    page = signed_in(cast.agent).get(f"/complaints/{complaint.reference}/macros/").content.decode()
    places = [page.index(f"<bdi>{name}</bdi>") for name in ("Fits", "General", "Does not")]
    assert places == sorted(places)
