"""Every page in light, in dark, and on a phone in Russian, where words are longest: axe finds nothing, nothing scrolls
sideways."""

from __future__ import annotations

from typing import Any

import pytest

from complaints.actions import converse, decide, handle
from complaints.models import Complaint, RoutingRule
from complaints.reference import catalogue
from core import clock
from core.actor import Actor
from core.references import status_token
from tests.browser.looks import SKINS, as_, look
from tests.cast import Cast

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True, serialized_rollback=True)]
PUBLIC = ("/login/", "/password/", "/complain/", "/status/")
DESK = (
    "/complaints/",
    "/complaints/?view=all",
    "/complaints/?view=closed",
    "/complaints/?view=quarantine",
    "/complaints/new/",
    "/customers/",
    "/preferences/",
)
SETTINGS = (
    "/settings/",
    "/settings/users/",
    "/settings/teams/",
    "/settings/types/",
    "/settings/root-causes/",
    "/settings/channels/",
    "/settings/routing/",
    "/settings/macros/",
    "/settings/macros/new/",
    "/settings/organisation/",
    "/settings/tokens/",
    "/settings/sla/",
    "/settings/mail/",
    "/settings/trail/",
)


@pytest.fixture
def busy(cast: Cast) -> Cast:
    """Cases in every state."""
    by, cause = Actor.person(cast.agent), catalogue().causes["people-mistake"]
    RoutingRule.objects.create(team=cast.team)
    cast.complaint(subject="Brand new", severity="critical")
    waiting = cast.complaint(subject="Waiting", channel="phone")
    handle.wait(waiting, by=by, at=clock.now(), reason="bank statement")
    talked = cast.complaint(subject="Talked about")
    handle.acknowledge(talked, by=by, at=clock.now(), message="I have your case.")
    converse.note(talked, by=by, at=clock.now(), body="Same gateway.")
    converse.incoming(talked, by=Actor.customer(), at=clock.now(), body="And one more thing.")
    for end in (False, True):
        done = cast.complaint(subject="Decided")
        decide.resolve(
            done, by=by, at=clock.now(), outcome="upheld", root_cause=cause, summary="Paid.", answer="Sorry."
        )
        if end:
            decide.close(done, by=by, at=clock.now())
    cast.complaint(subject="Doubtful", quarantine=True)
    return cast


@pytest.mark.parametrize("skin", SKINS)
def test_public_pages(open_page: Any, busy: Cast, skin: str) -> None:
    page = open_page(**SKINS[skin])
    tokens = [f"/status/{status_token(one.reference)}/" for one in Complaint.objects.order_by("pk")]
    for path in (*PUBLIC, *tokens):
        look(page, path)


@pytest.mark.parametrize("skin", SKINS)
def test_the_desk(open_page: Any, busy: Cast, skin: str) -> None:
    page = as_(open_page, busy.manager, skin)
    cases = [f"/complaints/{one.reference}/" for one in Complaint.objects.order_by("pk")]
    for path in (*DESK, *cases, f"/customers/{busy.customer.pk}/"):
        look(page, path)


@pytest.mark.parametrize("skin", SKINS)
def test_settings(open_page: Any, busy: Cast, skin: str) -> None:
    page = as_(open_page, busy.admin, skin)
    for path in SETTINGS:
        look(page, path)
