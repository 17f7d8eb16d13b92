"""The complainant is not satisfied: what is set happens, once for each decision, and is said on the page (domain,
Complaint 6; Organisation.on_decline)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from django.test import Client

from complaints import decisions
from complaints.actions import acceptance, decide, escalate
from complaints.models import Clock, Complaint, Decision, Escalation, Status
from core import cached, clock, trail
from core.actor import Actor
from core.models import Notification, Organisation, OutboxMessage
from core.references import status_token
from tests.cast import MONDAY, Cast, make_cast
from tests.surveyed import settle, settled
from tests.test_settings_people import shown
from tests.tokens import bearer

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


@pytest.fixture
def cast() -> Iterator[Cast]:
    cached.clear_all()
    with clock.frozen(MONDAY):
        yield make_cast()
    cached.clear_all()


def rule(name: str) -> None:
    Organisation.objects.filter(pk=1).update(on_decline=name)
    cached.clear_all()


def url(case: Complaint) -> str:
    return f"/status/{status_token(case.reference)}/"


def stamp(case: Complaint) -> str:
    found = re.search(r'name="stamp" value="(.*?)"', Client().get(url(case)).content.decode())
    assert found
    return found.group(1)


def say(case: Complaint, accepted: bool = False, comment: str = "", seal: str = "", at: datetime = MONDAY) -> int:
    fields = {"accepted": "yes" if accepted else "no", "comment": comment, "stamp": seal or stamp(case)}
    with clock.frozen(at):
        return Client().post(f"{url(case)}acceptance/", fields).status_code


def fresh(case: Complaint) -> Complaint:
    return Complaint.objects.get(pk=case.pk)


def told(template: str = "decision_declined") -> int:
    return OutboxMessage.objects.filter(template=template).count()


def test_tell_tells_the_owner_and_leaves_the_case_as_it_is(cast: Cast) -> None:
    rule("tell")
    case = settled(cast)
    assert say(case, comment="Still dark.") == 302
    case = fresh(case)
    assert (case.status, case.accepted, case.outcome) == (Status.RESOLVED, False, "upheld")
    assert told() == 1 and not Escalation.objects.exists()


def test_escalate_asks_the_one_above_the_owner(cast: Cast) -> None:
    rule("escalate")
    case = settled(cast)
    assert say(case, comment="Still dark.") == 302
    found = Escalation.objects.get()
    assert (found.to, found.by, found.reason, found.complaint_id) == (cast.lead, None, "Still dark.", case.pk)
    case = fresh(case)
    assert (case.status, case.accepted, case.escalated_at) == (Status.RESOLVED, False, MONDAY)
    assert told() == 1 and Notification.objects.filter(user=cast.lead, event="escalated").count() == 1
    page = Client().get(url(case)).content.decode()
    assert "What happens next" in page and "Somebody above them looks at it as well" in page
    client = Client()
    client.force_login(cast.lead)
    shown = client.get(f"/complaints/{case.reference}/").content.decode()
    assert "The customer does not accept the decision" in shown and "Still dark." in shown
    inbox = client.get("/notifications/").content.decode()
    assert f"The customer does not accept the decision on {case.reference}" in inbox


def test_a_closed_case_is_escalated_without_being_opened_and_can_be_answered(cast: Cast) -> None:
    rule("escalate")
    case = decide.close(settled(cast), by=Actor.person(cast.agent), at=MONDAY)
    assert say(case) == 302
    found = Escalation.objects.get()
    assert found.reason == "The complainant does not accept the decision." and fresh(case).status == Status.CLOSED
    client = Client()
    client.force_login(cast.lead)
    assert "Answer the escalation" in client.get(f"/complaints/{case.reference}/").content.decode()
    escalate.answer(found, by=Actor.person(cast.lead), at=MONDAY, answer="We stay with it; I will call them.")
    found.refresh_from_db()
    assert found.answered_at == MONDAY


def test_where_nobody_stands_above_telling_the_owner_has_to_do(cast: Cast) -> None:
    rule("escalate")
    case = settled(cast, owner=cast.manager)
    Complaint.objects.filter(pk=case.pk).update(team=None)
    assert say(case) == 302
    assert fresh(case).accepted is False and told() == 1 and not Escalation.objects.exists()


def test_reopen_opens_it_with_their_words_and_keeps_the_word(cast: Cast) -> None:
    rule("reopen")
    case = settled(cast)
    assert say(case, comment="Still dark.", at=MONDAY + HOUR) == 302
    case = fresh(case)
    assert (case.status, case.accepted, case.accepted_at) == (Status.INVESTIGATING, False, MONDAY + HOUR)
    assert case.outcome == "" and case.in_queue
    decision = Decision.objects.get(complaint=case)
    assert (decision.accepted, decision.superseded_at) == (False, MONDAY + HOUR)
    entry = trail.of(case).get(kind="complaint.reopened")
    assert json.loads(entry.private)["reason"] == "Still dark." and entry.actor_kind == "customer"
    assert Clock.objects.filter(complaint=case, kind="resolve", state="running").exists()
    with clock.frozen(MONDAY + HOUR):
        page = Client().get(f"{url(case)}?said=1").content.decode()
    assert "is open again" in page and str(cast.agent) in page and "Do you accept this decision?" not in page


def test_the_word_stands_until_the_next_one_and_each_decision_is_asked_about_anew(cast: Cast) -> None:
    rule("reopen")
    case = settled(cast)
    say(case, at=MONDAY + HOUR)
    case = settle(fresh(case), at=MONDAY + 2 * HOUR, outcome="not_upheld")
    assert case.accepted is False  # what they said last
    with clock.frozen(MONDAY + 2 * HOUR):
        assert "Do you accept this decision?" in Client().get(url(case)).content.decode()
        word = acceptance.word_on(case)
        assert word.accepted is None
    assert say(case, comment="Again no.", at=MONDAY + 3 * HOUR) == 302  # a second refusal opens it a second time
    assert fresh(case).status == Status.INVESTIGATING
    case = settle(fresh(case), at=MONDAY + 4 * HOUR)
    assert say(case, accepted=True, at=MONDAY + 5 * HOUR) == 302
    assert fresh(case).accepted is True and fresh(case).status == Status.RESOLVED
    assert [one.accepted for one in Decision.objects.filter(complaint=case)] == [False, False, True]
    words = [json.loads(one.body)["accepted"] for one in trail.of(case).filter(kind="complaint.accepted")]
    assert words == [[None, False], [None, False], [None, True]]


@pytest.mark.parametrize(("name", "kind"), [("reopen", "complaint.reopened"), ("escalate", "complaint.escalated")])
def test_pressing_again_has_one_effect(name: str, kind: str, cast: Cast) -> None:
    rule(name)
    case = settled(cast)
    seal, other = stamp(case), stamp(case)
    assert [say(case, comment="No.", seal=seal) for _ in range(3)] == [302, 302, 302]
    assert say(case, seal=other) == 302  # from another tab
    assert trail.of(case).filter(kind=kind).count() == 1 and told() == 1
    assert trail.of(case).filter(kind="complaint.accepted").count() == 1


def test_declining_once_more_with_reasons_is_told_and_starts_nothing_again(cast: Cast) -> None:
    rule("escalate")
    case = settled(cast)
    say(case)
    say(case, comment="And one more thing.")
    assert Escalation.objects.count() == 1 and told() == 2


@pytest.mark.parametrize("name", ["escalate", "reopen"])
def test_what_an_agent_writes_down_starts_nothing(name: str, cast: Cast) -> None:
    rule(name)
    case = settled(cast)
    path = f"/api/v1/complaints/{case.reference}/acceptance/"
    body = json.dumps({"accepted": False, "comment": "on the phone"})
    answer = Client(headers=bearer(cast.agent)).post(path, body, content_type="application/json")
    assert answer.status_code == 200 and fresh(case).status == Status.RESOLVED
    assert not Escalation.objects.exists()
    decision = decisions.current(case)
    assert decision is not None and decision.accepted is False


@pytest.mark.parametrize("name", ["escalate", "reopen"])
def test_what_was_closed_long_ago_is_not_taken_up_by_itself(name: str, cast: Cast) -> None:
    rule(name)
    case = decide.close(settled(cast), by=Actor.person(cast.agent), at=MONDAY)
    assert say(case, at=MONDAY + timedelta(days=31)) == 302
    assert fresh(case).status == Status.CLOSED and not Escalation.objects.exists() and told() == 1


def test_an_imported_history_is_only_told(cast: Cast) -> None:
    rule("reopen")
    case = settled(cast)
    Decision.objects.all().delete()
    Complaint.objects.filter(pk=case.pk).update(is_history=True, in_queue=False)
    assert say(case) == 302
    assert fresh(case).accepted is False and fresh(case).status == Status.RESOLVED


def test_the_mail_of_the_final_answer_leads_to_the_question_and_answers_nothing_by_itself(cast: Cast) -> None:
    case = settled(cast)
    from django.core import mail

    from core.actions.outbox import drain

    drain(at=MONDAY)
    body = next(one.body for one in mail.outbox if "The second lamp is on its way." in one.body)
    found = re.search(r"(https?://\S+#acceptance)", body)
    assert found and status_token(case.reference) in found.group(1)
    page = Client().get(url(case)).content.decode()
    assert 'id="acceptance"' in page and "Do you accept this decision?" in page
    assert fresh(case).accepted is None
    assert Client().get(f"{url(case)}acceptance/").status_code == 405


def test_administrators_choose_what_happens(cast: Cast) -> None:
    client = Client()
    client.force_login(cast.admin)
    path = "/settings/organisation/"
    assert "The complaint is opened again" in client.get(path).content.decode()
    assert client.post(path, {**shown(client, path), "on_decline": "reopen"}).status_code == 302
    assert client.post(path, {**shown(client, path), "on_decline": "shout"}).status_code == 422
    assert Organisation.objects.get(pk=1).on_decline == "reopen"
