"""A message that waits is taken back: nothing left, and all of it returns to the box (ux, desk)."""

import json
import re
from datetime import timedelta

import pytest
from django.test import Client

from complaints.actions import attachments, macros, pending
from complaints.actions.pending import Content
from complaints.actions.speech import Acts, Refusal
from complaints.errors import NotPending
from complaints.models import Complaint
from core import cached, clock, trail
from core.actor import Actor
from core.errors import NotAllowed
from core.models import Draft, User
from tests.cast import Cast, make_cast

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast() -> Cast:
    cached.clear_all()
    return make_cast()


def patient(user: User, seconds: int = 8) -> User:
    User.objects.filter(pk=user.pk).update(take_back_seconds=seconds)
    user.take_back_seconds = seconds
    return user


def browser(user: User, **headers: str) -> Client:
    client = Client(headers=headers)
    client.force_login(user)
    return client


def say(cast: Cast, complaint: Complaint, body: str = "Hello", **more):
    return pending.reply(complaint, by=Actor.person(cast.agent), at=clock.now(), body=body, **more)


def outs(complaint: Complaint) -> list[str]:
    return [one.body for one in complaint.messages.filter(direction="out").exclude(purpose="receipt")]


def kinds(complaint: Complaint) -> list[str]:
    return [entry.kind for entry in trail.of(complaint)][1:]


def test_taking_back_leaves_nothing_and_returns_the_text_to_the_box(cast):
    patient(cast.agent)
    complaint = cast.complaint()
    waits = say(cast, complaint, "Too early", content=Content(acts=Acts(apology=True)))
    Draft.objects.create(
        user=cast.agent, place=f"reply:{complaint.reference}", body="next words", updated_at=clock.now()
    )
    answer = browser(cast.agent, **{"HX-Request": "true"}).post(
        f"/complaints/{complaint.reference}/messages/pending/{waits.pk}/cancellation/", {"nonce": "n1"}
    )
    assert answer.status_code == 200 and '"body": "Too early"' in answer["HX-Trigger"]
    assert pending.send_due(at=clock.now() + timedelta(minutes=1)) == 0
    assert outs(complaint) == [] and kinds(complaint) == []
    draft = Draft.objects.get()
    assert draft.body == "Too early\n\nnext words" and draft.fields["apology"] is True
    with pytest.raises(NotPending):
        pending.cancel(waits, by=Actor.person(cast.agent), at=clock.now())


def test_without_javascript_the_text_is_in_the_box_again(cast):
    patient(cast.agent)
    complaint = cast.complaint()
    waits = say(cast, complaint, "Too early")
    client = browser(cast.agent)
    client.post(f"/complaints/{complaint.reference}/messages/pending/{waits.pk}/cancellation/", {"nonce": "n1"})
    page = client.get(f"/complaints/{complaint.reference}/").content.decode()
    assert 'data-vague="reply">Too early</textarea>' in page


def test_only_its_author_takes_a_reply_back_and_strangers_find_nothing(cast):
    patient(cast.agent)
    complaint = cast.complaint()
    waits = say(cast, complaint)
    with pytest.raises(NotAllowed):
        pending.cancel(waits, by=Actor.person(cast.colleague), at=clock.now())
    for where in ("cancellation", "sending"):
        url = f"/complaints/{complaint.reference}/messages/pending/{waits.pk}/{where}/"
        assert browser(cast.stranger).post(url).status_code == 404
    other = cast.complaint(subject="Another")
    url = f"/complaints/{other.reference}/messages/pending/{waits.pk}/cancellation/"
    assert browser(cast.agent).post(url).status_code == 404


def test_taking_back_what_waits_for_later_brings_all_of_it_to_the_box(cast):
    """Text, acts, refusal, texts, macro, the chosen time and the files; with htmx and without JavaScript."""
    complaint, by = cast.complaint(), Actor.person(cast.agent)
    macro = macros.create(macros.Draft(names={"en": "Depot"}, texts={"en": "Hello."}), by=by, at=clock.now())
    for headers in ({}, {"HX-Request": "true"}):
        at = clock.now()
        file = attachments.upload([b"%PDF-1.4 page"], name="bill.pdf", by=by, at=at, complaint=complaint, mode="reply")
        content = Content(
            acts=Acts(True, False, Refusal("mend it", "it is old", "a new one")),
            macro=macro.current,
            attachments=[file.token],
        )
        due_at = at.replace(second=0, microsecond=0) + timedelta(days=2)
        waits = pending.schedule(complaint, by=by, at=at, body="Hello. Later", due_at=due_at, content=content)
        assert not attachments.drafts(by=by, complaint=complaint, mode="reply").filter(pk=file.pk).exists()
        client = browser(cast.agent, **headers)
        answer = client.post(
            f"/complaints/{complaint.reference}/messages/pending/{waits.pk}/cancellation/", {"nonce": f"n{waits.pk}"}
        )
        if headers:
            told = json.loads(answer["HX-Trigger"])["composer:back"]
            text = answer.content.decode()
            assert told["fields"]["macro"] == str(macro.current_id) and told["body"] == "Hello. Later"
            assert "beforeend:[data-composer] [data-mode=reply]" in text
            assert f'name="attachments_reply" value="{file.token}" checked' in text
        page = browser(cast.agent).get(f"/complaints/{complaint.reference}/").content.decode()
        box = page.split('id="composer"')[1].split("</form>")[0]
        assert "Hello. Later" in box and 'value="mend it"' in box and 'value="a new one"' in box
        assert re.search(r'name="thanks" data-keep checked', box) and not re.search(r'"apology" data-keep checked', box)
        assert f'name="macro" value="{macro.current_id}"' in box and "Depot" in box
        assert f'value="{file.token}" checked' in box
        with clock.frozen(at):
            assert 'name="send_on" data-keep min="' in box and re.search(r'name="send_on"[^>]* value="20[^"]+T', box)
        Draft.objects.all().delete()


def test_a_colleague_takes_back_and_the_text_returns_to_its_writer(cast):
    complaint = cast.complaint()
    at = clock.now()
    waits = pending.schedule(
        complaint, by=Actor.person(cast.agent), at=at, body="Later", due_at=at + timedelta(days=1), content=Content()
    )
    answer = browser(cast.colleague, **{"HX-Request": "true"}).post(
        f"/complaints/{complaint.reference}/messages/pending/{waits.pk}/cancellation/", {"nonce": "n1"}
    )
    assert answer.status_code == 200 and "composer:back" not in answer["HX-Trigger"]
    kept = Draft.objects.get()
    assert (kept.user, kept.body) == (cast.agent, "Later")
