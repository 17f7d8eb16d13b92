"""Writing playbooks: drafts, versions that never change, inheritance by type, rights, what is told (mission A6)."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, transaction

from complaints.actions import playbooks as actions
from complaints.migrations import _first_data, _first_playbooks
from complaints.models import Playbook, PlaybookVersion, Reading
from complaints.playbooks import memory
from complaints.playbooks.content import CODES, Whole, differences, steps_of
from complaints.reference import catalogue
from core import cached, clock, trail
from core.actions.settings import Stale
from core.actor import Actor
from core.errors import InvalidInput, NotAllowed
from core.models import Notification
from tests.cast import MONDAY, Cast, make_cast
from tests.played import make_playbook, make_step, no_playbooks, words

NOW = {"at": MONDAY}


@pytest.fixture
def cast(db) -> Cast:
    cached.clear_all()
    return make_cast()


@pytest.fixture
def by(cast: Cast) -> Actor:
    return Actor.person(cast.manager)


def test_a_new_installation_has_one_for_all_and_one_for_each_first_level_type(db):
    cached.clear_all()
    firsts = {code for code, *_ in _first_data.TYPES} - {"unclassified"}
    assert {row.code for row in catalogue().types.values() if row.pk in memory.editions()} == firsts
    assert None in memory.editions()
    for edition in memory.editions().values():
        assert len(edition.steps) >= 7
        for step in edition.steps:
            assert set(step.titles) == set(step.texts) == set(CODES), step.key
        assert set(edition.customer_part) == set(CODES)
        assert set(edition.playbook.names) == set(CODES)


def test_first_texts_have_the_voice_of_the_house():
    """No exclamation marks, no "please", real characters (glossary, Voice)."""
    said = [_first_playbooks.CUSTOMER_PART, _first_playbooks.GENERAL]
    for code in ("", *_first_playbooks.OWN):
        for step in _first_playbooks.steps_for(code):
            said += [step["title"], step["text"]]
    for texts in said:
        for code, text in texts.items():
            assert "!" not in text and "¡" not in text, text
            assert not {"please", "por favor", "per favore", "пожалуйста"} & set(text.lower().split()), text
            assert ("а" in text.lower() or "о" in text.lower()) == (code == "ru"), text


@pytest.mark.parametrize("code", ["delivery-late", "delivery"])
def test_a_type_follows_its_own_then_the_one_above_then_the_general_one(by, code):
    no_playbooks()
    late = catalogue().types[code].pk
    assert memory.edition_for(late) is None
    general = make_playbook(by, "listen")
    assert memory.edition_for(late).playbook == general
    above = make_playbook(by, "listen", "search", type="delivery")
    assert memory.edition_for(late).playbook == above
    if code != "delivery":
        own = make_playbook(by, "hurry", type=code)
        assert memory.edition_for(late).playbook == own
        actions.change(own, {"is_active": False}, by=by, **NOW)
        assert memory.edition_for(late).playbook == above
    assert memory.edition_for(catalogue().types["billing"].pk).playbook == general
    assert memory.edition_for(None).playbook == general


def test_a_draft_governs_nothing_until_it_is_published(by):
    no_playbooks()
    book = make_playbook(by, "listen")
    actions.save_draft(book, steps=[make_step("listen"), make_step("decide")], by=by, **NOW)
    assert [step.key for step in memory.edition_for(None).steps] == ["listen"]
    made = actions.publish(book, what_changed="Decide too", by=by, **NOW)
    assert made.number == 2
    assert [step.key for step in memory.edition_for(None).steps] == ["listen", "decide"]
    assert [head.number for head in memory.edition_for(None).heads] == [1, 2]


def test_what_is_published_never_changes(by):
    no_playbooks()
    book = make_playbook(by, "listen")
    first = PlaybookVersion.objects.get(playbook=book)
    for change in (
        lambda: actions.put_step(book, {"title": words("Other")}, key="listen", by=by, **NOW),
        lambda: actions.move_step(book, "listen", up=True, by=by, **NOW),
        lambda: actions.remove_step(book, "listen", by=by, **NOW),
        lambda: actions.discard_draft(book, by=by, **NOW),
        lambda: actions.publish(book, what_changed="again", by=by, **NOW),
    ):
        with pytest.raises(actions.NoDraft):
            change()
    actions.begin_draft(book, by=by, **NOW)
    actions.put_step(book, {"title": words("Other")}, key="listen", by=by, **NOW)
    actions.publish(book, what_changed="Said otherwise", by=by, **NOW)
    same = PlaybookVersion.objects.get(pk=first.pk)
    assert (same.steps, same.published_at, same.number) == (first.steps, first.published_at, 1)


def test_steps_are_added_moved_and_removed(by):
    no_playbooks()
    book = make_playbook(by, "listen", "decide")
    actions.begin_draft(book, by=by, **NOW)
    assert actions.put_step(book, {"title": words("Say it in writing")}, by=by, **NOW) == "say-it-in-writing"
    actions.move_step(book, "say-it-in-writing", up=True, by=by, **NOW)
    actions.move_step(book, "listen", up=True, by=by, **NOW)  # it is the first: nothing happens
    actions.remove_step(book, "listen", by=by, **NOW)
    draft = actions.draft_of(book)
    assert [step["key"] for step in draft.steps] == ["say-it-in-writing", "decide"]
    with pytest.raises(InvalidInput) as refused:
        actions.remove_step(book, "listen", by=by, **NOW)
    assert refused.value.code == "unknown_step"


def test_a_new_step_never_takes_the_key_of_one_that_was(by):
    no_playbooks()
    book = make_playbook(by, "listen", "decide")
    actions.begin_draft(book, by=by, **NOW)
    actions.remove_step(book, "listen", by=by, **NOW)
    assert actions.put_step(book, {"title": words("Listen")}, by=by, **NOW) == "listen-2"
    assert actions.put_step(book, {"title": {"en": "Выслушать"}}, by=by, **NOW) == "vyslushat"
    assert actions.put_step(book, {"title": {"en": "New"}}, by=by, **NOW) == "new-2"


@pytest.mark.parametrize(
    ("step", "code"),
    [
        ({"title": {}}, "text_required"),
        ({"title": {"de": "Zuhören"}}, "unknown_language"),
        ({"title": {"en": "x" * 161}}, "too_long"),
        ({"title": {"en": "a"}, "who": "x" * 81}, "too_long"),
        ({"title": {"en": "a"}, "key": "Not A Key"}, "invalid_key"),
        ({"title": {"en": "a"}, "key": "new"}, "invalid_key"),
        ({"title": {"en": "a"}, "colour": "red"}, "unknown_field"),
        ({"title": {"en": "a"}, "article": 999_999}, "unknown_article"),
        ({"title": {"en": "a"}, "links": [{"title": "x", "url": "javascript:alert(1)"}]}, "invalid_url"),
        ({"title": {"en": "a"}, "links": [{"title": "", "url": "https://a.example"}]}, "text_required"),
        ({"title": {"en": "a"}, "links": [{"title": "x", "url": "/"}] * 7}, "too_many"),
    ],
)
def test_bad_steps_are_refused_and_nothing_is_written(by, step, code):
    no_playbooks()
    book = make_playbook(by, "listen")
    with pytest.raises(InvalidInput) as refused:
        actions.save_draft(book, steps=[make_step("listen"), step], by=by, **NOW)
    assert refused.value.code == code
    assert actions.draft_of(book) is None


def test_two_steps_of_one_key_and_too_many_steps_are_refused(by):
    no_playbooks()
    book = make_playbook(by, "listen")
    for steps, code in (
        ([make_step("a"), make_step("a")], "key_taken"),
        ([make_step(f"s{n}") for n in range(41)], "too_many"),
    ):
        with pytest.raises(InvalidInput) as refused:
            actions.save_draft(book, steps=steps, by=by, **NOW)
        assert refused.value.code == code


def test_a_publication_says_what_changed_and_changes_something(by):
    no_playbooks()
    book = make_playbook(by, "listen")
    actions.begin_draft(book, by=by, **NOW)
    with pytest.raises(actions.NothingNew):
        actions.publish(book, what_changed="Nothing", by=by, **NOW)
    actions.save_draft(book, blocks_resolving=True, by=by, **NOW)
    with pytest.raises(InvalidInput) as refused:
        actions.publish(book, what_changed="  ", by=by, **NOW)
    assert refused.value.code == "what_changed_required"
    actions.save_draft(book, steps=[], by=by, **NOW)
    with pytest.raises(InvalidInput) as refused:
        actions.publish(book, what_changed="Nothing to do", by=by, **NOW)
    assert refused.value.code == "steps_required"


def test_one_playbook_a_type_is_held_by_the_database(by):
    no_playbooks()
    make_playbook(by, "listen")
    with pytest.raises(InvalidInput) as refused:
        actions.create(words("Another"), by=by, **NOW)
    assert refused.value.code == "type_taken" and refused.value.status == 409
    with pytest.raises(IntegrityError), transaction.atomic():
        Playbook.objects.create(name="Another")


def test_a_new_playbook_begins_as_a_copy_of_what_its_complaints_follow(by):
    made = actions.create(words("Late"), type=catalogue().types["delivery-late"], by=by, **NOW)
    assert [step["key"] for step in actions.draft_of(made).steps] == [
        step.key for step in memory.edition_for(catalogue().types["delivery"].pk).steps
    ]
    assert memory.edition_for(catalogue().types["delivery-late"].pk).playbook.type.code == "delivery"


@pytest.mark.parametrize("who", ["agent", "lead", "stranger"])
def test_only_managers_and_administrators_write(cast, who):
    book = Playbook.objects.first()
    actor = Actor.person(cast.people()[who])
    for write in (
        lambda: actions.create(words("Mine"), type=catalogue().types["delivery-late"], by=actor, **NOW),
        lambda: actions.change(book, {"is_active": False}, by=actor, **NOW),
        lambda: actions.begin_draft(book, by=actor, **NOW),
        lambda: actions.save_draft(book, steps=[], by=actor, **NOW),
        lambda: actions.put_step(book, {"title": words("a")}, by=actor, **NOW),
        lambda: actions.remove_step(book, "listen", by=actor, **NOW),
        lambda: actions.discard_draft(book, by=actor, **NOW),
        lambda: actions.publish(book, by=actor, **NOW),
    ):
        with pytest.raises(NotAllowed):
            write()
    assert not PlaybookVersion.objects.filter(published_at__isnull=True).exists()


def test_somebody_elses_change_is_not_overwritten(by, cast):
    book = Playbook.objects.first()
    seen = book.version
    actions.begin_draft(book, by=by, seen=seen, **NOW)
    for write in (
        lambda: actions.save_draft(book, blocks_resolving=True, by=by, seen=seen, **NOW),
        lambda: actions.put_step(book, {"title": words("a")}, by=by, seen=seen, **NOW),
        lambda: actions.publish(book, what_changed="x", by=by, seen=seen, **NOW),
        lambda: actions.discard_draft(book, by=by, seen=seen, **NOW),
        lambda: actions.change(book, {"is_active": False}, by=by, seen=seen, **NOW),
    ):
        with pytest.raises(Stale):
            write()


def test_every_change_stands_on_the_trail(by):
    no_playbooks()
    book = make_playbook(by, "listen")
    actions.begin_draft(book, by=by, **NOW)
    actions.put_step(book, {"title": words("Decide")}, by=by, **NOW)
    actions.discard_draft(book, by=by, **NOW)
    actions.change(book, {"names": words("Renamed")}, by=by, **NOW)
    assert [entry.kind for entry in trail.of(book)] == [
        "playbook.created",
        "playbook.draft_saved",
        "playbook.published",
        "playbook.draft_saved",
        "playbook.draft_saved",
        "playbook.draft_discarded",
        "playbook.changed",
    ]
    assert not list(trail.verify(trail.of(book)))


def test_everybody_who_takes_cases_is_told_once_in_their_own_language(cast, by):
    no_playbooks()
    cast.colleague.language = "ru"
    cast.colleague.save(update_fields=["language"])
    book = make_playbook(by, "listen")
    version = PlaybookVersion.objects.get(playbook=book)
    told = {row.user_id: row for row in Notification.objects.filter(event="playbook")}
    takes = {cast.agent, cast.colleague, cast.stranger, cast.lead, cast.other_team.lead}
    assert set(told) == {user.pk for user in takes}  # neither the administrator nor whoever published it
    assert told[cast.agent.pk].words["title"] == "Playbook general"
    assert told[cast.colleague.pk].words["title"] == "Playbook general (ru)"
    assert told[cast.agent.pk].url == f"/knowledge/playbooks/{book.pk}/"
    assert Reading.objects.get().user == cast.manager  # who wrote it has read it
    assert Reading.objects.get().playbook_version == version


def test_differences_say_what_was_added_moved_changed_and_left_out():
    before = Whole(steps_of([make_step("a"), make_step("b"), make_step("c"), make_step("d")]), {}, False)
    after = Whole(
        steps_of([make_step("b"), make_step("a"), make_step("c", "See", who="lead"), make_step("e")]),
        words("So it goes"),
        True,
    )
    found = {one.key: one for one in differences(before, after)}
    assert {key: one.how for key, one in found.items()} == {
        "a": "moved", "c": "changed", "e": "added", "d": "removed", "": "changed",
    }  # fmt: skip
    assert [line[0] for line in found["c"].lines][-1] == "Who"
    assert len(found[""].lines) == 6
    assert differences(before, before) == []


def test_reading_from_memory_costs_nothing_once_known(by, django_assert_num_queries):
    memory.edition_for(catalogue().types["delivery-late"].pk)
    with django_assert_num_queries(0):
        for row in catalogue().types.values():
            memory.edition_for(row.pk)


def test_the_clock_of_the_world_is_not_needed(by):
    """What began before the first version began under the first."""
    edition = memory.edition_for(None)
    assert edition.begun_under(MONDAY.replace(year=1990)).number == 1
    assert edition.begun_under(clock.now()).number == edition.number
