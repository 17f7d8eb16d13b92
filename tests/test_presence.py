"""Who else looks at a case and who writes there: cheap, and forgotten by itself (ux, desk 5)."""

from datetime import timedelta

import pytest
from django.test import Client

from core import cached, clock
from core.actions import presence, upkeep
from core.models import Presence, User
from tests.cast import MONDAY, Cast, make_cast

pytestmark = pytest.mark.django_db
PLACE = "case:AM-TEST-0001"


@pytest.fixture
def cast() -> Cast:
    cached.clear_all()
    return make_cast()


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def sign(user: User, seconds: float, *, writing: bool = False) -> list[tuple[int, bool]]:
    here = presence.sign(user, PLACE, writing=writing, at=MONDAY + timedelta(seconds=seconds))
    return [(one.user_id, one.writing) for one in here]


def test_two_see_each_other_and_who_writes(cast):
    assert sign(cast.agent, 0) == []
    assert sign(cast.colleague, 1) == [(cast.agent.pk, False)]
    assert sign(cast.agent, 2, writing=True) == [(cast.colleague.pk, False)]
    assert sign(cast.colleague, 3) == [(cast.agent.pk, True)]
    assert sign(cast.agent, 4) == [(cast.colleague.pk, False)]
    assert sign(cast.colleague, 5) == [(cast.agent.pk, False)]


def test_whoever_gives_no_sign_is_gone_after_some_seconds_and_at_once_when_leaving(cast):
    sign(cast.agent, 0)
    assert sign(cast.colleague, 34) == [(cast.agent.pk, False)]
    assert sign(cast.colleague, 36) == []
    sign(cast.agent, 40)
    presence.leave(cast.agent, PLACE)
    assert sign(cast.colleague, 41) == []


def test_a_sign_that_says_nothing_new_writes_nothing(cast, django_assert_num_queries):
    sign(cast.agent, 0)
    with django_assert_num_queries(1):
        sign(cast.agent, 5)
    with django_assert_num_queries(2):
        sign(cast.agent, 12)
    with django_assert_num_queries(2):
        sign(cast.agent, 13, writing=True)
    assert Presence.objects.count() == 1


def test_the_page_says_who_is_here_and_who_writes_in_words(cast):
    complaint = cast.complaint()
    url = f"/complaints/{complaint.reference}/presence/"
    agent, colleague = signed_in(cast.agent), signed_in(cast.colleague)
    assert agent.post(url, {"writing": "1"}).status_code == 200
    html = colleague.post(url, {"writing": "0"}).content.decode()
    assert f"{cast.agent} is writing an answer" in html
    page = colleague.get(f"/complaints/{complaint.reference}/").content.decode()
    assert f"{cast.agent} is writing an answer" in page.split('id="viewers"')[1]
    assert f"{cast.agent} is writing an answer" in page.split('id="writers"')[1]
    assert f"{cast.colleague} is looking at this too" in agent.post(url, {"writing": "0"}).content.decode()
    assert agent.post(url, {"left": "1"}).status_code == 204
    assert str(cast.agent) not in colleague.post(url, {}).content.decode()


def test_looking_writes_nothing_and_strangers_and_strange_cases_answer_alike(cast):
    complaint = cast.complaint()
    signed_in(cast.agent).get(f"/complaints/{complaint.reference}/")
    assert not Presence.objects.exists()
    assert signed_in(cast.stranger).post(f"/complaints/{complaint.reference}/presence/").status_code == 404
    assert signed_in(cast.agent).post("/complaints/AM-0000-0000/presence/").status_code == 404
    assert signed_in(cast.agent).get(f"/complaints/{complaint.reference}/presence/").status_code == 405
    assert not Presence.objects.exists()


def test_old_signs_are_swept(cast):
    sign(cast.agent, 0)
    assert upkeep.tidy(at=clock.now())["presence"] == 1 and not Presence.objects.exists()
