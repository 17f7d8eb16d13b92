"""Following a case from its header: oneself by one click, others by name (mission D3)."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from complaints.actions import decide
from complaints.models import Complaint, Watch
from core import cached, clock
from core.actor import Actor
from core.models import User
from tests.cast import Cast, make_cast

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast() -> Cast:
    cached.clear_all()
    return make_cast()


def header(user: User, complaint: Complaint) -> tuple[Client, str]:
    client = Client()
    client.force_login(user)
    page = client.get(f"/complaints/{complaint.reference}/").content.decode()
    return client, page.split('<header class="head"')[1].split("</header>")[0]


def followers(complaint: Complaint) -> set[User]:
    return {one.user for one in Watch.objects.filter(complaint=complaint).select_related("user")}


@pytest.mark.parametrize("ended", [False, True])
def test_one_click_follows_and_one_more_stops(cast: Cast, ended: bool) -> None:
    complaint = cast.complaint()
    if ended:
        decide.withdraw(complaint, by=Actor.person(cast.agent), at=clock.now(), reason="x")
    for name, word, then in (("watching", "Follow", {cast.colleague}), ("unwatching", "Stop following", set())):
        client, head = header(cast.colleague, complaint)
        (found,) = re.findall(
            r'<span class="follow"><form method="post" action="([^"]+)".*?</svg>([^<]+)</button>', head
        )
        assert found == (f"/complaints/{complaint.reference}/{name}/", word)
        nonce = re.search(r'name="nonce" value="([^"]+-me)"', head)
        assert nonce is not None
        assert client.post(found[0], {"nonce": nonce[1]}).status_code == 302
        assert followers(complaint) == then


@pytest.mark.parametrize("ended", [False, True])
def test_others_are_added_by_name_and_taken_off_in_the_header(cast: Cast, ended: bool) -> None:
    complaint = cast.complaint()
    if ended:
        decide.withdraw(complaint, by=Actor.person(cast.agent), at=clock.now(), reason="x")
    client, head = header(cast.agent, complaint)
    assert 'href="#act-add_watcher"' in head
    page = client.get(f"/complaints/{complaint.reference}/").content.decode()
    form = page.split('id="act-add_watcher-form"')[1].split("</form>")[0]
    assert "Cole Colleague" in form
    assert client.post(f"/complaints/{complaint.reference}/watchers/", {"user": cast.colleague.pk}).status_code == 302
    assert followers(complaint) == {cast.colleague}
    client, head = header(cast.agent, complaint)
    assert "Cole Colleague no longer follows" in head and "1 follower" in head
    client.post(f"/complaints/{complaint.reference}/watchers/removal/", {"user": cast.colleague.pk})
    assert followers(complaint) == set()
