"""Putting the details of a case right, over both doors, alone and two at once (mission A8; case F24)."""

from __future__ import annotations

import json
import re

import pytest
from django.test import Client

from complaints.actions import decide
from complaints.actions.amend import amend
from complaints.models import Complaint
from core import cached, clock, trail
from core.actor import Actor
from core.models import User
from tests.cast import Cast, make_cast
from tests.tokens import bearer

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast() -> Cast:
    cached.clear_all()
    return make_cast()


def browser(user: User, **headers: str) -> Client:
    client = Client(headers=headers)
    client.force_login(user)
    return client


def url(complaint: Complaint) -> str:
    return f"/complaints/{complaint.reference}/details/"


def opened(client: Client, complaint: Complaint) -> dict[str, str]:
    """The form as somebody opened it, ready to be sent."""
    form = client.get(url(complaint)).context["form"]
    return {field.name: str(field.value() or "") for field in form}


def again(answer: object) -> dict[str, str]:
    """The form that came back, as it would be sent again."""
    form = answer.context["form"]  # type: ignore[attr-defined]
    return {field.name: str(field.value() or "") for field in form}


def fresh(complaint: Complaint) -> Complaint:
    return Complaint.objects.select_related("narrative").get(pk=complaint.pk)


def amendments(complaint: Complaint) -> list[dict[str, list[str]]]:
    return [json.loads(one.private) for one in trail.of(complaint) if one.kind == "complaint.amended"]


def test_every_field_is_saved_with_from_and_to_on_the_trail(cast: Cast) -> None:
    complaint = cast.complaint()
    client = browser(cast.agent)
    new = {
        "subject": "Two lamps broken",
        "description": "Both lamps\r\nwere broken.",
        "expectation": "Whole lamps",
        "remedy_sought": "New ones",
        "order_number": "10472",
        "product": "Desk lamp",
        "lot": "L7",
        "language": "pt",
    }
    old = {name: opened(client, complaint)[name] for name in new}
    answer = client.post(url(complaint), opened(client, complaint) | new)
    assert answer.status_code == 302 and answer["Location"] == f"/complaints/{complaint.reference}/"
    now = fresh(complaint)
    new["description"] = "Both lamps\nwere broken."
    row = {name: getattr(now, name, None) or getattr(now.narrative, name, "") for name in new}
    assert row == new and now.version == complaint.version + 1
    assert now.preview.startswith("Both lamps")
    assert amendments(complaint) == [{name: [old[name], new[name]] for name in new if old[name] != new[name]}]


def test_saving_nothing_new_leaves_no_trace(cast: Cast) -> None:
    complaint = cast.complaint()
    client = browser(cast.agent)
    assert client.post(url(complaint), opened(client, complaint)).status_code == 302
    assert fresh(complaint).version == complaint.version and amendments(complaint) == []


def test_two_who_change_different_fields_both_save(cast: Cast) -> None:
    complaint = cast.complaint()
    mine, theirs = browser(cast.agent), browser(cast.colleague)
    one, other = opened(mine, complaint), opened(theirs, complaint)
    assert theirs.post(url(complaint), other | {"product": "Desk lamp"}).status_code == 302
    assert mine.post(url(complaint), one | {"lot": "L7"}).status_code == 302
    now = fresh(complaint)
    assert (now.product, now.lot) == ("Desk lamp", "L7")
    assert [list(one) for one in amendments(complaint)] == [["product"], ["lot"]]


def test_both_mean_the_same_and_nobody_is_asked(cast: Cast) -> None:
    complaint = cast.complaint()
    mine, theirs = browser(cast.agent), browser(cast.colleague)
    one, other = opened(mine, complaint), opened(theirs, complaint)
    theirs.post(url(complaint), other | {"lot": "L7"})
    assert mine.post(url(complaint), one | {"lot": " L7 "}).status_code == 302
    assert len(amendments(complaint)) == 1


@pytest.mark.parametrize("over_api", [False, True])
@pytest.mark.parametrize("choice", ["mine", "theirs"])
def test_the_same_field_shows_both_values_and_waits_for_a_choice(cast: Cast, choice: str, over_api: bool) -> None:
    complaint = cast.complaint()
    mine = browser(cast.agent)
    typed = opened(mine, complaint) | {"subject": "My <b>words</b>", "lot": "L7"}
    if over_api:
        path = f"/api/v1/complaints/{complaint.reference}/"
        client = Client(headers=bearer(cast.colleague))
        answer = client.patch(
            path, {"subject": "Their words", "product": "Lamp"}, "application/json", headers={"If-Match": '"1"'}
        )
        assert answer.status_code == 200, answer.content
    else:
        theirs = browser(cast.colleague)
        theirs.post(url(complaint), opened(theirs, complaint) | {"subject": "Their words", "product": "Lamp"})
    for _attempt in range(2):  # without a choice it is asked again, however often
        answer = mine.post(url(complaint), typed)
        text = answer.content.decode()
        assert answer.status_code == 409
        assert "Their words" in text and "My &lt;b&gt;words&lt;/b&gt;" in text and "Cole Colleague" in text
        assert fresh(complaint).subject == "Their words" and fresh(complaint).lot == ""
        typed = again(answer)
        assert typed["product"] == "Lamp" and typed["lot"] == "L7"  # theirs where nothing was typed, mine where it was
    (differing,) = answer.context["form"].differing
    answer = mine.post(url(complaint), typed | {differing.choice: "theirs" if choice == "theirs" else differing.mine})
    assert answer.status_code == 302
    now = fresh(complaint)
    assert now.subject == ("Their words" if choice == "theirs" else "My <b>words</b>")
    assert (now.product, now.lot) == ("Lamp", "L7")


def test_chosen_and_changed_once_more_asks_again(cast: Cast) -> None:
    complaint = cast.complaint()
    mine = browser(cast.agent)
    typed = opened(mine, complaint) | {"lot": "mine"}
    amend(complaint, {"lot": "first"}, by=Actor.person(cast.colleague), at=clock.now())
    answer = mine.post(url(complaint), typed)
    (differing,) = answer.context["form"].differing
    amend(complaint, {"lot": "second"}, by=Actor.person(cast.colleague), at=clock.now())
    answer = mine.post(url(complaint), again(answer) | {differing.choice: differing.mine})
    assert answer.status_code == 409 and "second" in answer.content.decode()
    assert fresh(complaint).lot == "second"


def test_the_api_tells_a_stale_and_a_missing_version_apart(cast: Cast) -> None:
    complaint = cast.complaint()
    amend(complaint, {"lot": "L7"}, by=Actor.person(cast.colleague), at=clock.now())
    client, path = Client(headers=bearer(cast.agent)), f"/api/v1/complaints/{complaint.reference}/"
    stale = client.patch(path, {"subject": "Mine"}, "application/json", headers={"If-Match": '"1"'})
    missing = client.patch(path, {"subject": "Mine"}, "application/json")
    assert (stale.status_code, missing.status_code) == (412, 428)
    assert fresh(complaint).subject == complaint.subject


def test_wrong_input_comes_back_with_what_was_typed(cast: Cast) -> None:
    complaint = cast.complaint()
    client = browser(cast.agent)
    answer = client.post(url(complaint), opened(client, complaint) | {"subject": "", "lot": "kept"})
    assert answer.status_code == 422
    assert 'value="kept"' in answer.content.decode() and amendments(complaint) == []


def test_sent_twice_it_is_saved_once(cast: Cast) -> None:
    complaint = cast.complaint()
    client = browser(cast.agent)
    form = opened(client, complaint) | {"lot": "L7"}
    assert [client.post(url(complaint), form).status_code for _ in range(2)] == [302, 302]
    assert len(amendments(complaint)) == 1


def test_in_the_dialog_it_is_the_form_alone_and_the_case_comes_back(cast: Cast) -> None:
    complaint = cast.complaint()
    client = browser(cast.agent, **{"HX-Request": "true"})
    page = client.get(url(complaint)).content.decode()
    assert page.lstrip().startswith("<form") and "<html" not in page
    answer = client.post(url(complaint), opened(client, complaint) | {"subject": "New words"})
    text = answer.content.decode()
    assert answer.status_code == 200 and "details_form" not in text
    assert re.search(r'<h1 id="subject"[^>]*><bdi>New words</bdi>', text)


def test_an_ended_case_may_be_put_right_and_strangers_find_nothing(cast: Cast) -> None:
    complaint = cast.complaint()
    decide.withdraw(complaint, by=Actor.person(cast.agent), at=clock.now(), reason="x")
    client = browser(cast.agent)
    assert client.post(url(complaint), opened(client, complaint) | {"lot": "L7"}).status_code == 302
    assert fresh(complaint).lot == "L7"
    stranger = browser(cast.stranger)
    assert stranger.get(url(complaint)).status_code == 404
    assert stranger.post(url(complaint), {"subject": "x"}).status_code == 404


def test_the_case_page_leads_there_and_the_conversation_says_from_and_to(cast: Cast) -> None:
    complaint = cast.complaint()
    amend(complaint, {"product": "Desk lamp"}, by=Actor.person(cast.agent), at=clock.now())
    amend(complaint, {"product": "Lamp"}, by=Actor.person(cast.agent), at=clock.now())
    page = browser(cast.agent).get(f"/complaints/{complaint.reference}/").content.decode()
    assert f'href="{url(complaint)}"' in page
    assert "Product: “–” → “Desk lamp”" in page and "Product: “Desk lamp” → “Lamp”" in page
