"""Answers to surveys: the link, the page, what follows (mission B2, B4; cases F10, F12, F25)."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from datetime import date, timedelta

import pytest
from django.db import connection
from django.test import Client

from complaints.models import Complaint
from core import cached, clock, trail
from core.mail import compose
from core.models import OutboxMessage, TrailEntry
from metrics.actions.answer import call_key
from metrics.models import Invitation, SurveyResponse
from retention.models import Consent, FollowUp
from tests.cast import MONDAY, Cast, make_cast, make_customer
from tests.surveyed import DAY, invited, link, settled
from tests.tokens import bearer

HOUR = timedelta(hours=1)


@pytest.fixture
def cast(db: None) -> Iterator[Cast]:
    cached.clear_all()
    with clock.frozen(MONDAY):
        yield make_cast()
    cached.clear_all()


@pytest.fixture
def one(cast: Cast) -> Invitation:
    return invited(cast)


def send(one: Invitation, at: object = None, **fields: object) -> int:
    with clock.frozen(at or MONDAY):  # type: ignore[arg-type]
        return Client().post(link(one), fields).status_code  # type: ignore[arg-type]


def rows() -> tuple[int, ...]:
    return SurveyResponse.objects.count(), FollowUp.objects.count(), TrailEntry.objects.count()


# --- F12 --------------------------------------------------------------------------------------------------------------


def test_looking_records_nothing_however_often(one: Invitation) -> None:
    before = rows()
    for _ in range(10):
        for path in (link(one), f"{link(one)}?score=3"):
            assert Client().get(path).status_code == 200
            assert Client().head(path).status_code == 200
    assert rows() == before
    assert not SurveyResponse.objects.exists()


def test_the_link_of_a_score_only_marks_it(one: Invitation) -> None:
    page = Client().get(f"{link(one)}?score=9").content.decode()
    assert re.search(r'value="9"[^>]* checked', page) and len(re.findall(r'name="score"[^>]* checked', page)) == 1
    for nonsense in ("99", "-1", "x", "٣"):
        page = Client().get(f"{link(one)}?score={nonsense}").content.decode()
        assert not re.search(r'name="score"[^>]* checked', page)


def test_the_first_answer_is_kept_and_a_later_one_takes_its_place(one: Invitation) -> None:
    assert send(one, score=9, comment="Quick and kind.") == 200
    assert send(one, at=MONDAY + DAY, score=4, comment="The lamp broke again.", may_call="on") == 200
    given = SurveyResponse.objects.get()
    assert (given.score, given.comment, given.may_call) == (4, "The lamp broke again.", True)
    assert given.answered_at == MONDAY + DAY and given.channel == "email" and given.version == 2
    assert (given.complaint, given.customer, given.invitation) == (one.complaint, one.customer, one)
    kept = list(trail.of(given))
    assert [entry.kind for entry in kept] == ["surveyresponse.recorded", "surveyresponse.replaced"]
    assert json.loads(kept[1].body)["score"] == [9, 4]
    assert json.loads(kept[1].private)["comment"] == ["Quick and kind.", "The lamp broke again."]
    assert {entry.customer_id for entry in kept} == {one.customer_id}
    assert "Quick" not in kept[0].body and list(trail.verify(kept)) == []


def test_an_expired_link_is_gone(one: Invitation) -> None:
    with clock.frozen(MONDAY + 30 * DAY):
        for answer in (Client().get(link(one)), Client().head(link(one)), Client().post(link(one), {"score": 3})):
            assert answer.status_code == 410
    assert not SurveyResponse.objects.exists()
    assert send(one, at=MONDAY + 30 * DAY - timedelta(seconds=1), score=3) == 200


def test_an_altered_link_does_not_exist(one: Invitation) -> None:
    good = link(one)
    flipped = good[:-2] + ("0" if good[-2] != "0" else "1") + "/"
    for path in (flipped, good.upper(), "/survey/x/", "/survey/-/", f"/survey/{one.key}/", "/survey/%00/"):
        assert Client().get(path).status_code == 404, path
        assert Client().post(path, {"score": 3}).status_code == 404, path
    assert not SurveyResponse.objects.exists()


def test_a_link_that_never_left_does_not_exist(one: Invitation) -> None:
    Invitation.objects.filter(pk=one.pk).update(sent_at=None)
    assert Client().get(link(one)).status_code == 404


def test_a_foreign_form_is_refused(one: Invitation) -> None:
    strict = Client(enforce_csrf_checks=True)
    assert strict.post(link(one), {"score": 3}).status_code == 403
    assert not SurveyResponse.objects.exists()


@pytest.mark.parametrize("score", ["", "11", "-1", "x", "3.5"])
def test_without_a_score_it_is_no_answer_and_the_words_are_kept(one: Invitation, score: str) -> None:
    answer = Client().post(link(one), {"score": score, "comment": "Still dark <b>"})
    assert answer.status_code == 422
    assert "Still dark &lt;b&gt;" in answer.content.decode() and "Choose a number" in answer.content.decode()
    assert not SurveyResponse.objects.exists()


def test_the_same_answer_again_changes_nothing(one: Invitation) -> None:
    assert [send(one, score=2, comment="Dark") for _ in range(3)] == [200] * 3
    assert rows()[:2] == (1, 1)
    assert trail.of(SurveyResponse.objects.get()).count() == 1
    assert OutboxMessage.objects.filter(template="follow_up").count() == 1


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_twenty_posts_at_once_are_one_answer_and_one_call() -> None:
    cached.clear_all()
    with clock.frozen(MONDAY):
        one = invited(make_cast())
    codes: list[int] = []

    def post() -> None:
        try:
            codes.append(send(one, score=3, comment="Dark"))
        finally:
            connection.close()

    threads = [threading.Thread(target=post) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert codes == [200] * 20
    assert rows()[:2] == (1, 1)
    assert OutboxMessage.objects.filter(template="follow_up").count() == 1


# --- the page ---------------------------------------------------------------------------------------------------------


def test_the_page_speaks_the_language_of_the_mail_and_any_other(cast: Cast) -> None:
    one = invited(cast, language="ru")
    page = Client().get(link(one)).content.decode()
    assert '<html lang="ru"' in page and "Насколько вероятно" in page and "Чего не хватило" in page
    other = Client().get(f"{link(one)}?language=es&score=3").content.decode()
    assert '<html lang="es"' in other and "nada probable" in other
    assert f"{link(one)}?language=it&amp;score=3" in other
    with clock.frozen(MONDAY):
        Client().post(f"{link(one)}?language=es", {"score": 10})
    assert SurveyResponse.objects.get().language == "es"


def test_it_is_private_and_shows_what_was_answered(one: Invitation) -> None:
    send(one, score=3, comment="Dark")
    answer = Client().get(link(one))
    assert answer["Cache-Control"] == "private, no-store" and "noindex" in answer["X-Robots-Tag"]
    page = answer.content.decode()
    assert re.search(r'value="3"[^>]* checked', page) and "Dark" in page and "You have answered already" in page


# --- consequences -----------------------------------------------------------------------------------------------------


def test_an_unhappy_answer_brings_an_owned_dated_call(cast: Cast, one: Invitation) -> None:
    send(one, score=6, comment="Too slow", may_call="on")
    call = FollowUp.objects.get()
    assert (call.owner, call.customer, call.reason) == (cast.agent, cast.customer, "detractor")
    assert call.due_on == date(2026, 3, 4)  # two working days after Monday
    assert one.complaint is not None and call.complaint_reference == one.complaint.reference
    assert call.key == call_key(SurveyResponse.objects.get().pk)
    mail = OutboxMessage.objects.get(template="follow_up")
    assert mail.recipient == cast.agent.email
    text = str(compose(mail).body)
    assert "Too slow" in text and "4 March 2026" in text and one.complaint.reference in text
    assert "rather not be called" not in text


def test_seven_is_no_reason_to_call(one: Invitation) -> None:
    send(one, score=7)
    assert not FollowUp.objects.exists()


def test_who_would_rather_not_be_called_is_written_to(one: Invitation) -> None:
    send(one, score=0)
    assert FollowUp.objects.count() == 1
    assert "rather not be called" in str(compose(OutboxMessage.objects.get(template="follow_up")).body)


def test_whoever_refused_calls_is_not_called(cast: Cast, one: Invitation) -> None:
    Consent.objects.create(customer=cast.customer, purpose="calls", given=False, at=MONDAY)
    assert send(one, score=0, may_call="on") == 200
    assert not FollowUp.objects.exists()
    assert trail.of(SurveyResponse.objects.get()).last().kind == "surveyresponse.not_called"  # type: ignore[union-attr]


def test_a_happy_answer_in_its_place_takes_the_call_back_and_an_unhappy_one_renews_it(one: Invitation) -> None:
    send(one, score=2)
    send(one, at=MONDAY + HOUR, score=10)
    call = FollowUp.objects.get()
    assert call.outcome == "cancelled" and call.done_at == MONDAY + HOUR
    send(one, at=MONDAY + 2 * HOUR, score=1)
    call = FollowUp.objects.get()
    assert call.done_at is None and call.outcome == ""
    kinds = [entry.kind for entry in trail.of(call)]
    assert kinds == ["followup.planned", "followup.cancelled", "followup.taken_up"]


def test_a_call_already_tried_is_not_taken_back(one: Invitation) -> None:
    send(one, score=2)
    FollowUp.objects.update(attempts=1)
    send(one, at=MONDAY + HOUR, score=10)
    assert FollowUp.objects.get().done_at is None


def test_an_owner_who_left_does_not_call(cast: Cast, one: Invitation) -> None:
    cast.agent.is_active = False
    cast.agent.save(update_fields=["is_active"])
    send(one, score=2)
    assert FollowUp.objects.get().owner == cast.lead


# --- over the API -----------------------------------------------------------------------------------------------------


def post(user: object, **body: object) -> tuple[int, dict[str, object]]:
    answer = Client(headers=bearer(user)).post(  # type: ignore[arg-type]
        "/api/v1/survey-responses/", json.dumps(body), content_type="application/json"
    )
    return answer.status_code, answer.json()


def test_an_integration_records_with_the_same_consequences(cast: Cast) -> None:
    case = settled(cast)
    status, made = post(
        cast.agent, survey="csat", score=2, comment="Slow", complaint=case.reference, external_id="q-1", source="shop"
    )
    assert status == 201, made
    assert (made["kind"], made["score"], made["complaint"]) == ("csat", 2, case.reference)
    assert FollowUp.objects.get().owner == cast.agent
    assert post(cast.agent, kind="csat", score=5, external_id="q-1", source="shop")[0] == 409
    assert SurveyResponse.objects.count() == 1


def test_what_makes_no_sense_is_refused(cast: Cast) -> None:
    case = settled(cast)
    other = make_customer("Somebody Else")
    for body, code in (
        ({"score": 3}, "survey_or_kind"),
        ({"score": 3, "survey": "none"}, "unknown_survey"),
        ({"score": 6, "kind": "csat"}, "score_off_scale"),
        ({"score": 3, "kind": "nps", "survey": "csat"}, "wrong_kind"),
        ({"score": 3, "kind": "nps", "complaint": "AM-XXXX-XXXX"}, "unknown_complaint"),
        ({"score": 3, "kind": "nps", "complaint": case.reference, "customer": str(other.pk)}, "wrong_customer"),
        ({"score": "3", "kind": "nps"}, "not_an_integer"),
        ({"score": True, "kind": "nps"}, "not_an_integer"),
        ({"score": 3, "kind": "nps", "colour": "red"}, "unknown_field"),
    ):
        status, answer = post(cast.agent, **body)
        codes = [error["code"] for error in answer.get("errors", [])] or [answer["code"]]  # type: ignore[union-attr, index]
        assert status == 400 and code in codes, (body, answer)
    assert not SurveyResponse.objects.exists()


def test_answers_are_seen_as_their_cases_are(cast: Cast) -> None:
    case = settled(cast)
    post(cast.agent, kind="nps", score=9, complaint=case.reference)
    post(cast.manager, kind="nps", score=8)
    pk = SurveyResponse.objects.get(score=9).pk

    def seen(user: object, query: str = "") -> list[int]:
        answer = Client(headers=bearer(user)).get(f"/api/v1/survey-responses/?ordering=id{query}")  # type: ignore[arg-type]
        return [row["score"] for row in answer.json()["results"]]

    assert (seen(cast.agent), seen(cast.stranger), seen(cast.manager)) == ([9], [], [9, 8])
    assert seen(cast.manager, f"&complaint={case.reference}") == [9] and seen(cast.manager, "&kind=csat") == []
    assert seen(cast.manager, "&answered_at_from=2026-03-03") == []
    assert Client(headers=bearer(cast.stranger)).get(f"/api/v1/survey-responses/{pk}/").status_code == 404
    assert Client(headers=bearer(cast.agent, "surveys:read")).get("/api/v1/survey-responses/").status_code == 403
    assert Complaint.objects.filter(pk=case.pk).exists()
