"""Approvals: what waits for whom, decided right there; and what was granted, with its file (A7; four eyes)."""

from __future__ import annotations

import csv
import io
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from complaints.actions import remedies
from complaints.models import AuthorityLimit, Complaint, Payout, Remedy
from core import cached, clock
from core.actor import Actor
from core.models import User
from tests.authority import publish
from tests.cast import Cast, make_cast

pytestmark = pytest.mark.django_db
D = Decimal
PAGE = "/remedies/"


@pytest.fixture
def cast() -> Cast:
    cached.clear_all()
    made = make_cast()
    publish(
        AuthorityLimit(holder="role", role="agent", kind="refund", currency="EUR", per_complaint=D(100)),
        AuthorityLimit(holder="role", role="lead", per_complaint=D(300)),
        AuthorityLimit(holder="role", role="manager"),
    )
    return made


def asked(cast: Cast, amount: str, *, user: User | None = None, complaint: Complaint | None = None) -> Remedy:
    return remedies.ask(
        complaint or cast.complaint(),
        by=Actor.person(user or cast.agent),
        at=clock.now(),
        kind="refund",
        amount=D(amount),
        currency="EUR",
        reason="Charged twice",
    )


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def text(client: Client, path: str = PAGE) -> str:
    answer = client.get(path)
    assert answer.status_code == 200, path
    return answer.content.decode()


def of(page: str, remedy: Remedy) -> str:
    """The part of one request."""
    return page.partition(f'id="remedy-{remedy.pk}"')[2].partition('<li class="request row')[0].partition("</ol>")[0]


def where(remedy: Remedy, what: str) -> str:
    return f"/complaints/{remedy.complaint.reference}/remedies/{remedy.pk}/{what}/"


def test_the_oldest_first_each_with_what_one_must_know(cast: Cast) -> None:
    complaint = cast.complaint()
    asked(cast, "60", complaint=complaint)  # granted
    first, second = asked(cast, "250", complaint=complaint), asked(cast, "240")
    page = text(signed_in(cast.lead))
    assert page.index(f"remedy-{first.pk}") < page.index(f"remedy-{second.pk}")
    one = of(page, first)
    for said in (
        complaint.reference,
        "Dana Whitlock",
        "€250.00",
        "Charged twice",
        "Ana Agent",
        "€60.00 given so far on this complaint",
        "Limit of Ana Agent: €100.00 on one complaint (Agents)",
    ):
        assert said in one, said
    assert "Waits for Maria Manager" in one and where(first, "approval") not in one  # 60 and 250 are above 300
    assert where(first, "rejection") in one
    assert where(second, "approval") in of(page, second)
    assert "1 for you to decide" in page


def test_approved_and_rejected_right_there(cast: Cast) -> None:
    first, second = asked(cast, "250"), asked(cast, "240")
    lead = signed_in(cast.lead)
    for _again in range(2):
        answer = lead.post(where(first, "approval"), {"note": "Fair", "nonce": "a"})
        assert answer.headers["Location"] == PAGE
    first.refresh_from_db()
    assert (first.status, first.decided_by, first.decided_note) == ("granted", cast.lead, "Fair")
    assert Payout.objects.count() == 1
    refused = lead.post(where(second, "rejection"), {"note": "", "nonce": "b"})
    assert refused.status_code == 422 and "Say why" in refused.content.decode()
    assert lead.post(where(second, "rejection"), {"note": "Paid by the carrier", "nonce": "c"}).status_code == 302
    late = lead.post(where(second, "approval"), {"note": "Or not", "nonce": "c"})  # the other button of the same form
    assert late.status_code == 409
    second.refresh_from_db()
    assert (second.status, second.decided_note) == ("rejected", "Paid by the carrier")
    assert "Nothing waits for approval" in text(lead)


def test_ones_own_waits_for_somebody_else(cast: Cast) -> None:
    mine = asked(cast, "250")
    page = of(text(signed_in(cast.agent)), mine)
    assert "Waits for Lena Lead, Maria Manager" in page
    assert where(mine, "approval") not in page and where(mine, "rejection") not in page
    refused = signed_in(cast.agent).post(where(mine, "approval"), {"note": "Me", "nonce": "a"})
    assert refused.status_code == 403 and "somebody else decides it" in refused.content.decode()


def test_above_ones_limit_is_said_and_refused_with_the_note_kept(cast: Cast) -> None:
    high = asked(cast, "350")
    page = of(text(signed_in(cast.lead)), high)
    assert "Above what you may grant. Waits for Maria Manager" in page and "<form" not in page
    refused = signed_in(cast.lead).post(where(high, "approval"), {"note": "But fair", "nonce": "a"})
    assert refused.status_code == 403 and "above what you may grant" in refused.content.decode()
    high.refresh_from_db()
    assert high.status == "awaiting_approval"


def test_somebody_was_faster(cast: Cast) -> None:
    one = asked(cast, "250")
    remedies.reject(one, by=Actor.person(cast.manager), at=clock.now(), reason="No")
    answer = signed_in(cast.lead).post(where(one, "approval"), {"note": "Yes", "nonce": "a"})
    assert answer.status_code == 409 and "decided already" in answer.content.decode()
    assert Payout.objects.count() == 0


def test_nobody_may_approve_as_much(cast: Cast) -> None:
    publish(AuthorityLimit(holder="role", role="agent", per_complaint=D(100)))
    one = asked(cast, "250")
    assert "Nobody who sees this case may approve as much" in of(text(signed_in(cast.manager)), one)


def test_only_cases_one_sees(cast: Cast) -> None:
    one = asked(cast, "250")
    assert one.complaint.reference not in text(signed_in(cast.stranger))
    assert signed_in(cast.admin).get(PAGE).status_code == 403
    assert signed_in(cast.stranger).post(where(one, "approval"), {}).status_code == 404


def test_the_sidebar_counts_for_those_who_decide(cast: Cast) -> None:
    def shown(user: User) -> str:
        page = text(signed_in(user), "/complaints/")
        return page.partition(f'href="{PAGE}"')[2].partition("</a>")[0]

    assert "Approvals" in shown(cast.lead) and 'class="count"' not in shown(cast.lead)
    asked(cast, "250")
    asked(cast, "350")
    assert '<span class="count">1</span>' in shown(cast.lead)
    assert '<span class="count">2</span>' in shown(cast.manager)
    assert 'class="count"' not in shown(cast.agent)  # their own
    publish(AuthorityLimit(holder="role", role="manager"))
    assert shown(cast.agent) == ""  # may grant nothing
    assert "page-approvals" in text(signed_in(cast.manager), "/search/jump/")
    assert "page-approvals" not in text(signed_in(cast.agent), "/search/jump/")


@pytest.mark.parametrize("number", [1, 8])
def test_the_page_costs_the_same_whatever_waits(cast: Cast, number: int, django_assert_max_num_queries: Any) -> None:
    for nth in range(number):
        asked(cast, f"{200 + nth}", user=(cast.agent, cast.colleague)[nth % 2])
    client = signed_in(cast.lead)
    text(client)
    with django_assert_max_num_queries(15):
        text(client)


def test_what_was_granted_is_filtered_and_fetched(cast: Cast) -> None:
    complaint = cast.complaint()
    asked(cast, "60", complaint=complaint)
    waits = asked(cast, "200", complaint=complaint)
    remedies.approve(waits, by=Actor.person(cast.lead), at=clock.now(), note="=1+1")
    remedies.ask(
        complaint, by=Actor.person(cast.agent), at=clock.now(), kind="apology", amount=None, reason="We are sorry"
    )
    path, manager = "/remedies/granted/", signed_in(cast.manager)
    page = text(manager, path)
    assert "€260.00" in page and page.count("<tr>") == 4
    assert text(manager, f"{path}?kind=apology").count("<tr>") == 2
    assert text(manager, f"{path}?person={cast.lead.pk}").count("<tr>") == 2
    assert "Nothing was granted" in text(manager, f"{path}?since=2030-01-01")
    assert text(manager, f"{path}?until=2030-01-01").count("<tr>") == 4
    for strange in ("kind=gift", "person=x", "since=tomorrow", "before=x", "before=99999"):
        assert text(manager, f"{path}?{strange}").count("<tr>") == 4, strange
    answer = manager.get(f"{path}?kind=refund&format=csv")
    assert (
        answer.headers["Content-Type"].startswith("text/csv") and "remedies-" in answer.headers["Content-Disposition"]
    )
    rows = list(csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode())))
    assert [(row["amount"], row["granted_by"], row["within_authority"], row["note"]) for row in rows] == [
        ("200.00", "Lena Lead", "false", "'=1+1"),
        ("60.00", "Ana Agent", "true", ""),
    ]
    assert signed_in(cast.agent).get(path).status_code == 403
    assert complaint.reference not in text(signed_in(cast.lead), f"{path}?person={cast.stranger.pk}")
