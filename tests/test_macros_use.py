"""Using macros on a case, through every door: blocking, word for word, acts, steps, all or nothing (mission A8)."""

import json
from datetime import timedelta

import pytest

from complaints.actions import bulk, macros
from complaints.actions.macros import Draft
from complaints.models import ActKind, BulkState, Complaint, Macro, Message, Status
from core import cached, clock, trail
from core.actor import Actor
from core.models import User
from tests.cast import Cast, make_cast, make_customer
from tests.doors import API, BROWSER, DOORS, Door

pytestmark = pytest.mark.django_db
TEXT = "{{ greeting }}\n\nyour complaint {{ reference }} is with me. [[ what you found ]]"


@pytest.fixture
def cast() -> Cast:
    cached.clear_all()
    found = make_cast()
    User.objects.update(take_back_seconds=0)
    return found


def make(by: User, **draft) -> Macro:
    draft.setdefault("names", {"en": "Where it stands"})
    draft.setdefault("texts", {"en": TEXT})
    return macros.create(Draft(**draft), by=Actor.person(by), at=clock.now())


def send(door: Door, user: User, complaint: Complaint, macro: Macro, body: str, **more):
    """A reply that began with a macro: the browser names the version it put in, the API the macro."""
    key = str(macro.pk if door is API else macro.current_id)
    return door(user, complaint, "messages", body=body, direction="out", macro=key, **more)


def sent(complaint: Complaint) -> Message:
    return complaint.messages.exclude(purpose="receipt").latest("pk")


@pytest.mark.parametrize("door", DOORS, ids=str)
class TestBlocking:
    def test_a_personal_part_left_open_blocks(self, door: Door, cast):
        complaint, macro = cast.complaint(), make(cast.agent)
        answer = send(door, cast.agent, complaint, macro, "Hello Dana,\n\n[[ what you found ]]")
        assert answer.status == 422 and "[[ what you found ]]" in answer.text
        if door is API:
            assert "personal_part_missing" in answer.text
        assert not complaint.messages.filter(direction="out").exclude(purpose="receipt").exists()

    def test_a_variable_without_a_value_blocks_also_without_a_macro(self, door: Door, cast):
        complaint = cast.complaint()
        answer = door(cast.agent, complaint, "messages", body="Order {{ order_number }}", direction="out")
        assert answer.status == 422 and "{{ order_number }}" in answer.text
        if door is API:
            assert "variable_missing" in answer.text

    def test_braces_of_ones_own_do_not_block_without_a_macro(self, door: Door, cast):
        complaint, macro = cast.complaint(), make(cast.agent, texts={"en": "Hello."})
        body = "Type {{ x }} or {{ 7|add:7 }}, {{}} too"
        assert send(door, cast.agent, complaint, macro, body).status == 422  # began with a macro: left over from it
        assert door(cast.agent, complaint, "messages", body=body, direction="out").status == 200
        assert sent(complaint).body == body

    def test_double_brackets_of_ones_own_do_not_block_without_a_macro(self, door: Door, cast):
        complaint, macro = cast.complaint(), make(cast.agent, texts={"en": "Hello."})
        body = "The wiki says [[ Returns ]], and [[x]] in the script, [[ unclosed"
        assert send(door, cast.agent, complaint, macro, body).status == 422  # began with a macro: left over from it
        assert door(cast.agent, complaint, "messages", body=body, direction="out").status == 200
        assert sent(complaint).body == body and sent(complaint).macro is None

    def test_a_final_answer_is_blocked_too(self, door: Door, cast):
        complaint = cast.complaint()
        cause = "product_defect"
        fields = {"outcome": "upheld", "root_cause": cause, "summary": "done", "answer": "About {{ reference }}"}
        answer = door(cast.agent, complaint, "resolution", **fields)
        assert answer.status == 422
        complaint.refresh_from_db()
        assert complaint.status == Status.NEW

    def test_a_note_may_say_what_it_likes(self, door: Door, cast):
        complaint = cast.complaint()
        assert door(cast.agent, complaint, "notes", body="use [[ ]] and {{ reference }} in the text").status == 200


@pytest.mark.parametrize("door", DOORS, ids=str)
class TestWordForWord:
    def test_with_words_of_ones_own(self, door: Door, cast):
        complaint, macro = cast.complaint(), make(cast.agent)
        body = f"Hello Dana,\n\nyour complaint {complaint.reference} is with me. I called the depot at nine."
        assert send(door, cast.agent, complaint, macro, body).status == 200
        assert sent(complaint).macro == macro.current and sent(complaint).word_for_word is False

    def test_as_it_was(self, door: Door, cast):
        complaint, macro = cast.complaint(), make(cast.agent)
        body = f"Hello Dana,\r\n\r\nyour complaint {complaint.reference}  is with me."
        assert send(door, cast.agent, complaint, macro, body).status == 200
        assert sent(complaint).word_for_word is True

    def test_without_a_macro_it_is_not_asked(self, door: Door, cast):
        complaint = cast.complaint()
        assert door(cast.agent, complaint, "messages", body="Hello", direction="out").status == 200
        assert sent(complaint).macro is None and sent(complaint).word_for_word is None

    def test_a_newer_version_does_not_change_what_was_taken(self, door: Door, cast):
        complaint, macro = cast.complaint(), make(cast.agent, texts={"en": "First words."})
        old = macro.current
        if door is API:
            return  # the API always takes the newest
        macros.change(macro, {"texts": {"en": "Second words."}}, by=Actor.person(cast.agent), at=clock.now())
        macro.current = old
        assert send(door, cast.agent, complaint, macro, "First words.").status == 200
        assert sent(complaint).macro == old and sent(complaint).word_for_word is True


@pytest.mark.parametrize("door", DOORS, ids=str)
class TestSteps:
    def test_they_follow_the_message_in_their_order(self, door: Door, cast):
        does = [{"action": "investigate"}, {"action": "wait", "values": {"reason": "a photo"}}]
        complaint, macro = cast.complaint(), make(cast.agent, texts={"en": "A photo, if you can."}, does=does)
        assert send(door, cast.agent, complaint, macro, "A photo, if you can.").status == 200
        complaint.refresh_from_db()
        assert complaint.status == Status.WAITING
        kinds = [entry.kind for entry in trail.of(complaint)]
        assert kinds[-3:] == ["complaint.message_sent", "complaint.investigating", "complaint.paused"]

    def test_one_refused_refuses_all_and_is_named(self, door: Door, cast):
        does = [{"action": "investigate"}, {"action": "investigate"}]
        complaint, macro = cast.complaint(), make(cast.agent, texts={"en": "Hello."}, does=does)
        before = len(list(trail.of(complaint)))
        answer = send(door, cast.agent, complaint, macro, "Hello.")
        assert answer.status == 409 and "2" in answer.text and "Investigate" in answer.text
        if door is API:
            assert "macro_step_refused" in answer.text
        complaint.refresh_from_db()
        assert complaint.status == Status.NEW and len(list(trail.of(complaint))) == before
        assert not complaint.messages.filter(macro__isnull=False).exists()


@pytest.mark.parametrize("door", DOORS, ids=str)
def test_the_macro_of_somebody_else_cannot_be_taken(door: Door, cast):
    complaint, macro = cast.complaint(), make(cast.colleague)
    answer = send(door, cast.agent, complaint, macro, "Hello")
    assert answer.status == 422
    assert not complaint.messages.filter(macro__isnull=False).exists()


@pytest.mark.parametrize("door", DOORS, ids=str)
def test_the_words_of_a_note_do_not_go_to_the_customer(door: Door, cast):
    complaint, macro = cast.complaint(), make(cast.agent, texts={"en": "Ask the depot."}, purpose="note")
    assert send(door, cast.agent, complaint, macro, "Ask the depot.").status == 422
    assert not complaint.messages.filter(macro__isnull=False).exists()


def test_its_acts_come_with_it_unless_said_otherwise(cast):
    macro = make(cast.agent, texts={"en": "I am sorry."}, acts=["apology"])
    one, other = cast.complaint(), cast.complaint()
    assert send(API, cast.agent, one, macro, "I am sorry.").status == 200
    assert send(API, cast.agent, other, macro, "I am sorry.", apology=False).status == 200
    assert [act.kind for act in one.acts.all()] == [ActKind.APOLOGY] and not other.acts.exists()


class TestRunning:
    """Words as they are: `POST /complaints/{ref}/macros/` and the button of the picker."""

    def test_it_speaks_the_complainants_language(self, cast):
        macro = make(
            cast.agent, texts={"en": "{{ greeting }} by {{ received_on }}", "ru": "{{ greeting }} {{ received_on }}"}
        )
        customer = make_customer("Иванова Мария Петровна", language="ru")
        with clock.frozen(clock.now()):
            complaint = cast.complaint(customer=customer, language="ru")
            ran = macros.run(complaint, macro, by=Actor.person(cast.agent), at=clock.now())
        assert ran.message.body.startswith("Здравствуйте, Мария!") and "года" in ran.message.body
        assert ran.message.word_for_word is True

    def test_it_falls_back_to_the_houses_language(self, cast):
        macro = make(cast.agent, texts={"en": "Hello in English.", "it": "Ciao"})
        complaint = cast.complaint(language="pt")
        ran = macros.run(complaint, macro, by=Actor.person(cast.agent), at=clock.now())
        assert ran.message.body == "Hello in English."

    def test_a_note(self, cast):
        macro = make(cast.agent, texts={"en": "Asked the depot about {{ reference }}"}, purpose="note")
        complaint = cast.complaint()
        ran = macros.run(complaint, macro, by=Actor.person(cast.agent), at=clock.now())
        assert ran.note.body == f"Asked the depot about {complaint.reference}" and ran.message is None

    def test_steps_alone(self, cast, client):
        macro = make(cast.agent, texts={}, does=[{"action": "wait", "values": {"reason": "a photo"}}])
        complaint = cast.complaint()
        client.force_login(cast.agent)
        answer = client.post(f"/complaints/{complaint.reference}/macros/{macro.pk}/", {"nonce": "once"})
        again = client.post(f"/complaints/{complaint.reference}/macros/{macro.pk}/", {"nonce": "once"})
        assert answer.status_code == again.status_code == 302
        complaint.refresh_from_db()
        assert complaint.status == Status.WAITING
        assert [entry.kind for entry in trail.of(complaint)].count("complaint.paused") == 1

    def test_over_the_api(self, cast):
        macro = make(cast.agent, texts={"en": "Hello {{ customer.first_name }}."})
        complaint = cast.complaint()
        answer = API(cast.agent, complaint, "macros", macro=str(macro.pk))
        said = json.loads(answer.text)["message"]
        assert answer.status == 200 and said["body"] == "Hello Dana."
        assert said["macro"] == str(macro.pk) and said["word_for_word"] is True
        assert API(cast.stranger, complaint, "macros", macro=str(macro.pk)).status == 404

    def test_out_of_use(self, cast):
        macro = make(cast.agent, texts={"en": "Hello."})
        macros.change(macro, {"is_active": False}, by=Actor.person(cast.agent), at=clock.now())
        answer = API(cast.agent, cast.complaint(), "macros", macro=str(macro.pk))
        assert answer.status == 409 and "macro_not_active" in answer.text


def test_in_bulk_each_is_rendered_for_its_customer_and_what_lacks_something_refuses(cast):
    macro = make(cast.agent, texts={"en": "{{ greeting }} About order {{ order_number }}."})
    full = cast.complaint(order_number="7")
    other = cast.complaint(order_number="8", customer=make_customer("Otto Berg"))
    bare = cast.complaint()
    by = Actor.person(cast.agent)
    run = bulk.begin(
        by=by, at=clock.now(), action="macro", values={"macro": str(macro.pk)}, complaints=[full.pk, other.pk, bare.pk]
    )
    bulk.carry_on(run)
    run.refresh_from_db()
    assert run.state == BulkState.DONE
    assert sent(full).body == "Hello Dana, About order 7." and sent(other).body == "Hello Otto, About order 8."
    row = run.rows.get(complaint=bare)
    assert row.code == "variable_missing" and row.done_at is None
    assert not bare.messages.filter(macro__isnull=False).exists()


def test_a_message_that_waits_carries_its_macro_and_its_steps(cast):
    """Send later: word for word is known when it is written, the steps are carried out when it goes."""
    from complaints.actions import pending

    macro = make(cast.agent, texts={"en": "A photo."}, does=[{"action": "wait", "values": {"reason": "a photo"}}])
    complaint = cast.complaint()
    at = clock.now()
    content = pending.Content(macro=macro.current)
    pending.schedule(
        complaint, by=Actor.person(cast.agent), at=at, body="A photo.", due_at=at + timedelta(hours=1), content=content
    )
    complaint.refresh_from_db()
    assert complaint.status == Status.NEW
    with clock.frozen(at + timedelta(hours=2)):
        pending.send_due()
    complaint.refresh_from_db()
    assert complaint.status == Status.WAITING and sent(complaint).word_for_word is True


def test_browser_shows_the_refused_text_again_with_its_macro(cast):
    complaint, macro = cast.complaint(), make(cast.agent)
    answer = send(BROWSER, cast.agent, complaint, macro, "Hello [[ what you found ]]")
    assert answer.status == 422
    assert f'name="macro" value="{macro.current_id}"' in answer.text and "Where it stands" in answer.text
