"""One cause behind many complaints: linked, answered together, each case exactly once (mission A8; case F27)."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from django.test import Client

from complaints import incident_match
from complaints.actions import bulk, incident_updates, incidents, merge
from complaints.models import Complaint, Incident, IncidentSending, IncidentUpdate, Message
from core import clock, trail
from core.actor import Actor
from core.models import Notification, OutboxMessage, User
from tests.cast import Cast, make_cast, make_customer
from tests.doors import DOORS, Door
from tests.test_import_resume import Elsewhere, elsewhere
from tests.tokens import bearer

__all__ = ["elsewhere"]
TEXTS = {
    "en": "{{ greeting }} the glue is being replaced. {{ agent.first_name }}",
    "es": "{{ greeting }} lo cambiamos.",
}


@pytest.fixture
def cast(db: None) -> Cast:
    return make_cast()


@pytest.fixture
def by(cast: Cast) -> Actor:
    return Actor.person(cast.agent)


def browser(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def api(user: User, method: str, path: str, body: Any = None, **headers: str) -> Any:
    content = "" if body is None else json.dumps(body)
    client = Client(headers={**bearer(user), **headers})
    return client.generic(method, f"/api/v1{path}", content, content_type="application/json")


def opened(cast: Cast, by: Actor, count: int = 2, **filing: Any) -> tuple[Incident, list[Complaint]]:
    cases = [cast.complaint(**filing) for _number in range(count)]
    made = incidents.open_incident(by=by, at=clock.now(), title="The glue fails", product="Lamp", complaints=cases)
    return made, cases


def sent(incident: Incident, by: Actor, texts: dict[str, str] | None = None) -> IncidentUpdate:
    update = incident_updates.write(incident, texts or TEXTS, by=by, at=clock.now())
    return incident_updates.send(update, by=by, at=clock.now())


@pytest.mark.parametrize("door", DOORS, ids=str)
def test_link_and_unlink(door: Door, cast: Cast, by: Actor) -> None:
    incident, _cases = opened(cast, by, 0)
    complaint = cast.complaint()
    assert door(cast.stranger, complaint, "incident", incident=incident.reference).status == 404
    assert door(cast.agent, complaint, "incident", incident="IN-0000-0000").status == 422
    assert door(cast.agent, complaint, "incident", incident=incident.reference).status == 200
    complaint.refresh_from_db()
    assert complaint.incident == incident
    assert door(cast.agent, complaint, "incident", incident=incident.reference).status == 409
    assert door(cast.agent, complaint, "incident", undo=True).status == 200
    assert door(cast.agent, complaint, "incident", undo=True).status == 409
    complaint.refresh_from_db()
    assert complaint.incident is None
    kinds = [entry.kind for entry in trail.of(complaint)]
    assert kinds[-2:] == ["complaint.incident_linked", "complaint.incident_unlinked"]
    assert not list(trail.verify(trail.of(complaint)))


def test_a_closed_incident_takes_no_more(cast: Cast, by: Actor) -> None:
    incident, _cases = opened(cast, by)
    incidents.close(incident, by=by, at=clock.now())
    with pytest.raises(incidents.IncidentClosed):
        incidents.link(cast.complaint(), incident=incident, by=by, at=clock.now())
    with pytest.raises(incidents.IncidentClosed):
        incident_updates.write(incident, TEXTS, by=by, at=clock.now())
    with pytest.raises(incidents.IncidentClosed):
        incidents.close(incident, by=by, at=clock.now())
    incidents.reopen(incident, by=by, at=clock.now())
    with pytest.raises(incidents.IncidentOpen):
        incidents.reopen(incident, by=by, at=clock.now())


def test_many_at_once_and_undone(cast: Cast, by: Actor) -> None:
    incident, _cases = opened(cast, by, 0)
    cases = [cast.complaint() for _number in range(3)]
    linked = incidents.link(cases[1], incident=incident, by=by, at=clock.now())
    run = bulk.begin(
        by=by,
        at=clock.now(),
        action="incident",
        values={"incident": incident.reference},
        complaints=[one.pk for one in cases],
    )
    bulk.carry_on(run)
    done = bulk.progress(run)
    assert (done.done, done.refused) == (2, 1) and linked.incident == incident
    assert Complaint.objects.filter(incident=incident).count() == 3
    bulk.carry_on(bulk.undo(run, by=by, at=clock.now()))
    assert list(Complaint.objects.filter(incident=incident)) == [linked]


def test_many_are_resolved_at_once(cast: Cast, by: Actor) -> None:
    from complaints.models import RootCause

    incident, cases = opened(cast, by, 3)
    cause = RootCause.objects.exclude(code="unclassified").first()
    assert cause is not None
    values = {"outcome": "upheld", "root_cause": cause.code, "summary": "New glue for everybody."}
    keys = [one.pk for one in cases]
    bulk.carry_on(bulk.begin(by=by, at=clock.now(), action="resolve", values=values, complaints=keys))
    assert set(Complaint.objects.filter(incident=incident).values_list("status", "root_cause__code")) == {
        ("resolved", cause.code)
    }


def test_each_case_gets_its_own_words_in_its_language_once(cast: Cast, by: Actor) -> None:
    incident, _cases = opened(cast, by)
    lucia = make_customer("Lucía Ortega", email="lucia@mail.example")
    spanish = cast.complaint(language="es", customer=lucia)
    incidents.link(spanish, incident=incident, by=by, at=clock.now())
    update = sent(incident, by)
    assert not Message.objects.filter(complaint__incident=incident, direction="out", author=cast.agent).exists()
    assert incident_updates.advance() == 3
    assert incident_updates.advance() == 0
    said = dict(Message.objects.filter(author=cast.agent).values_list("complaint", "body"))
    assert len(said) == 3
    assert said[spanish.pk] == "Hola, Lucía: lo cambiamos."
    assert "Hello Dana, the glue is being replaced. Ana" in said.values()
    assert OutboxMessage.objects.filter(template="message").count() == 3
    update.refresh_from_db()
    assert update.state == "sent"
    assert Notification.objects.filter(event="incident", user=cast.agent).count() == 1
    # A message of a person: it acknowledges and is the first response.
    assert not Complaint.objects.filter(incident=incident, first_response_at=None).exists()


def test_who_cannot_be_written_to_is_named_with_the_reason(cast: Cast, by: Actor) -> None:
    incident, cases = opened(cast, by, 1)
    manager = Actor.person(cast.manager)
    pt = cast.complaint(language="pt")
    nameless = cast.complaint(customer=None, details=_nobody())
    foreign = cast.complaint(owner=cast.stranger)
    gone = cast.complaint()
    for one in (pt, nameless, foreign, gone):
        incidents.link(one, incident=incident, by=manager, at=clock.now())
    merge.merge(gone, into=cases[0], by=by, at=clock.now())
    texts = {"ru": "{{ customer.first_name }}, мы меняем клей.", "en": "{{ customer.first_name }}, new glue."}
    update = incident_updates.write(incident, texts, by=by, at=clock.now())
    rows = incident_updates.linked(incident, cast.agent)
    letters = {row.pk: incident_updates.letter(update, row) for row in rows}
    assert letters[cases[0].pk].body == "Dana, new glue."
    assert letters[pt.pk].language == "en"  # the house's
    assert letters[nameless.pk].code == "variable_missing" and letters[gone.pk].code == "merged"
    assert foreign.pk not in letters
    incident_updates.send(update, by=by, at=clock.now())
    incident_updates.advance()
    codes = dict(IncidentSending.objects.values_list("complaint", "code"))
    assert codes == {
        cases[0].pk: "",
        pt.pk: "",
        nameless.pk: "variable_missing",
        gone.pk: "merged",
        foreign.pk: "not_visible",
    }
    page = browser(cast.agent).get(f"/incidents/{incident.reference}/updates/{update.pk}/").content.decode()
    assert "something the text needs is not known" in page and foreign.reference not in page


def _nobody() -> Any:
    from retention.actions.customers import Details

    return Details()


@pytest.mark.parametrize(
    ("texts", "code"),
    [
        ({}, "body_required"),
        ({"en": "  "}, "body_required"),
        ({"xx": "Hello"}, "unknown_language"),
        ({"en": "Hello {{ customer.password }}"}, "unknown_variable"),
        ({"en": "Hello {{ customer"}, "stray_brackets"),
        ({"en": "x" * 8_001}, "too_long"),
    ],
)
def test_texts_that_cannot_be_sent_are_refused_at_once(texts: dict[str, str], code: str, cast: Cast, by: Actor) -> None:
    incident, _cases = opened(cast, by, 1)
    told = api(cast.agent, "POST", f"/incidents/{incident.reference}/updates/", {"texts": texts})
    assert told.status_code == 400 and told.json()["code"] == code
    assert not IncidentUpdate.objects.exists()


def test_the_whole_way_over_the_api(cast: Cast) -> None:
    cases = [cast.complaint(), cast.complaint()]
    body = {"title": "The glue fails", "product": "Lamp", "complaints": [one.reference for one in cases]}
    made = api(cast.agent, "POST", "/incidents/", body)
    assert made.status_code == 201 and made.json()["cases"] == 2 and made["Location"].endswith("/")
    reference = made.json()["reference"]
    path = f"/incidents/{reference}/"
    assert api(cast.agent, "PATCH", path, {"lot": "L-7"}).status_code == 428
    patched = api(cast.agent, "PATCH", path, {"lot": "L-7"}, **{"If-Match": made["ETag"]})
    assert patched.status_code == 200 and patched.json()["lot"] == "L-7"
    assert api(cast.agent, "PATCH", path, {"lot": "L-8"}, **{"If-Match": made["ETag"]}).status_code == 412
    listed = api(cast.agent, "GET", "/incidents/?open=true&lot=L-7").json()["results"]
    assert [one["reference"] for one in listed] == [reference]
    assert len(api(cast.agent, "GET", f"{path}complaints/").json()["results"]) == 2
    assert api(cast.stranger, "GET", f"{path}complaints/").json()["results"] == []
    written = api(cast.agent, "POST", f"{path}updates/", {"texts": {"en": "New glue."}})
    assert written.status_code == 201 and written.json()["state"] == "draft"
    sending = f"{path}updates/{written.json()['id']}/sending/"
    letters = api(cast.agent, "GET", sending).json()["results"]
    assert [one["body"] for one in letters] == ["New glue."] * 2
    assert api(cast.agent, "POST", sending, {}).json()["state"] == "sending"
    assert api(cast.agent, "POST", sending, {}).json()["code"] == "not_a_draft"
    incident_updates.advance()
    done = api(cast.agent, "GET", f"{path}updates/").json()["results"][0]
    assert done["state"] == "sent" and done["progress"] == {"total": 2, "sent": 2, "refused": 0, "stopped": 0}
    assert all(one["message"] for one in api(cast.agent, "GET", sending).json()["results"])
    assert api(cast.agent, "POST", f"{path}closure/", {}).json()["closed_at"]
    assert api(cast.agent, "DELETE", f"{path}closure/").json()["closed_at"] is None
    unknown = {"title": "x", "complaints": ["AM-2222-2222"]}
    assert api(cast.agent, "POST", "/incidents/", unknown).json()["code"] == "unknown_complaint"


def test_the_whole_way_in_the_browser(cast: Cast, by: Actor) -> None:
    case = cast.complaint(subject="The base came off", product="Lamp")
    client = browser(cast.agent)
    assert client.get(f"/incidents/new/?complaint={case.reference}").status_code == 200
    form = {"title": "The glue fails", "owner": cast.agent.pk, "complaint": case.reference, "product": "Lamp"}
    answer = client.post("/incidents/new/", {**form, "nonce": "one"})
    incident = Incident.objects.get()
    assert answer["Location"] == f"/incidents/{incident.reference}/"
    assert client.post("/incidents/new/", {**form, "nonce": "one"})["Location"] == answer["Location"]
    assert Incident.objects.count() == 1
    page = client.get(answer["Location"]).content.decode()
    assert case.reference in page and "The glue fails" in page
    assert "The glue fails" in client.get("/incidents/").content.decode()
    assert client.get(f"/incidents/{incident.reference}/updates/new/").status_code == 200
    written = client.post(f"/incidents/{incident.reference}/updates/new/", {"text_en": "{{ greeting }} new glue."})
    preview = client.get(written["Location"]).content.decode()
    assert "Hello Dana, new glue." in preview and "Nothing has been sent yet" in preview
    assert client.post(f"{written['Location']}sending/").status_code == 302
    incident_updates.advance()
    assert "Sent: 1 of 1" in client.get(written["Location"]).content.decode()
    stale = {"title": "Other", "owner": cast.agent.pk, "version": 99}
    assert client.post(f"/incidents/{incident.reference}/edit/", stale).status_code == 409
    fine = {"title": "Other", "owner": cast.agent.pk, "version": incident.version}
    assert client.post(f"/incidents/{incident.reference}/edit/", fine).status_code == 302
    assert client.post(f"/incidents/{incident.reference}/closure/").status_code == 302
    incident.refresh_from_db()
    assert incident.closed_at is not None and incident.title == "Other"


def test_what_is_not_sent_yet_can_be_stopped(cast: Cast, by: Actor) -> None:
    incident, _cases = opened(cast, by, 3)
    update = sent(incident, by)
    assert incident_updates._send_one(update)
    client = browser(cast.colleague)
    page = f"/incidents/{incident.reference}/updates/{update.pk}/"
    shown = client.get(page).content.decode()
    assert f'action="{page}stop/"' in shown
    assert client.post(f"{page}stop/", {"nonce": "n"})["Location"] == page
    assert client.post(f"{page}stop/", {"nonce": "n"}).status_code == 302  # the same form twice
    assert incident_updates.advance() == 0
    update.refresh_from_db()
    assert update.state == "stopped"
    assert incident_updates.progress(update) == incident_updates.Progress(3, 1, 0, 2)
    assert Message.objects.filter(complaint__incident=incident, author=cast.agent).count() == 1
    assert Notification.objects.filter(event="incident").count() == 0
    entry = trail.of(incident).last()
    assert entry is not None and entry.kind == "incident.update_stopped" and entry.actor_id == cast.colleague.pk
    assert json.loads(entry.body)["sent"] == 1 and json.loads(entry.body)["stopped"] == 2
    shown = client.get(page).content.decode()
    assert "Stopped. Sent: 1 of 3" in shown and shown.count("the update was stopped before") == 2
    assert f"{page}stop/" not in shown and "every 2s" not in shown
    with pytest.raises(incident_updates.NotSending):
        incident_updates.stop(update, by=by, at=clock.now())
    assert sent(incident, by).state == "sending"  # another one may go out


def test_an_update_is_stopped_over_the_api(cast: Cast, by: Actor) -> None:
    incident, cases = opened(cast, by)
    update = incident_updates.write(incident, TEXTS, by=by, at=clock.now())
    path = f"/incidents/{incident.reference}/updates/{update.pk}/sending/"
    assert api(cast.agent, "DELETE", path).json()["code"] == "not_sending"  # a draft
    incident_updates.send(update, by=by, at=clock.now())
    stopped = api(cast.agent, "DELETE", path)
    assert stopped.status_code == 200 and stopped.json()["state"] == "stopped"
    assert stopped.json()["progress"] == {"total": 2, "sent": 0, "refused": 0, "stopped": 2}
    assert [one["code"] for one in api(cast.agent, "GET", path).json()["results"]] == ["stopped"] * len(cases)
    assert api(cast.agent, "DELETE", path).json()["code"] == "not_sending"


def test_the_page_tells_what_happened_and_reads_well(cast: Cast, by: Actor) -> None:
    incident, _cases = opened(cast, by)
    incidents.edit(incident, {"lot": "L-7", "title": "The glue"}, by=by, at=clock.now())
    text = "{{ greeting }} your {{ product }} and {{ order_number|your order }}: [[ what we found ]]"
    incident_updates.write(incident, {"es": "Hola", "en": text}, by=by, at=clock.now())
    page = browser(cast.colleague).get(f"/incidents/{incident.reference}/").content.decode()
    assert "Hello, your ‹Product› and ‹Order number›: ‹what we found›" in page and "{{" not in page
    happened = page[page.index('id="incident_trail"') :]
    assert happened.index("Changed: Lot, What happened") < happened.index("Incident opened")
    assert happened.count("by Ana Agent") == 2
    for number in range(31):
        incidents.edit(incident, {"lot": f"L-{number}"}, by=by, at=clock.now())
    client = browser(cast.agent)
    first = client.get(f"/incidents/{incident.reference}/")
    assert len(first.context["trail"]) == 30 and "Incident opened" not in first.content.decode()
    older = client.get(f"/incidents/{incident.reference}/" + first.context["older_url"].rpartition("/")[2])
    assert "Incident opened" in older.content.decode() and older.context["older_url"] == ""


def test_its_heading_stands_once(cast: Cast) -> None:
    path = f"/complaints/{cast.complaint().reference}/related/"
    client = browser(cast.agent)
    alone = client.get(path).content.decode()
    assert alone.count(">Belongs together<") == 1 and alone.count('id="related_title"') == 1
    part = client.get(path, headers={"HX-Request": "true"}).content.decode()
    assert part.count(">Belongs together<") == 1


def test_a_new_complaint_that_looks_like_it_is_offered(cast: Cast, by: Actor) -> None:
    incident, cases = opened(cast, by, 1, product="Lamp")
    like = cast.complaint(product="lamp ", type=cases[0].type, subject="Something else", description="Entirely.")
    unlike = cast.complaint(product="Chair", subject="A chair", description="It wobbles.")
    found = incident_match.of(like)
    assert [(one.incident, one.reasons[0]) for one in found] == [(incident, "product")]
    assert incident_match.of(unlike) == []
    page = browser(cast.agent).get(f"/complaints/{like.reference}/related/").content.decode()
    assert incident.reference in page and "Add to this incident" in page
    incidents.close(incident, by=by, at=clock.now())
    assert incident_match.of(like) == []


def test_pages_cost_the_same_for_many_cases(cast: Cast, by: Actor, django_assert_max_num_queries: Any) -> None:
    incident, _cases = opened(cast, by, 12)
    sent(incident, by)
    client = browser(cast.manager)
    client.get(f"/incidents/{incident.reference}/")
    with django_assert_max_num_queries(14):
        client.get(f"/incidents/{incident.reference}/")
    with django_assert_max_num_queries(10):
        client.get("/incidents/")


ROWS = 60
MAKE = f"""
from complaints.actions import incident_updates, incidents
from core import clock
from core.actor import Actor
from tests.cast import make_agent, make_complaint, make_team
agent = make_agent(make_team())
by, at = Actor.person(agent), clock.now()
cases = [make_complaint(owner=agent) for _ in range({ROWS})]
made = incidents.open_incident(by=by, at=at, title="The glue fails", complaints=cases)
incident_updates.send(incident_updates.write(made, {{"en": "New glue."}}, by=by, at=at), by=by, at=at)
"""
ADVANCE = "from complaints.actions import incident_updates; "
DONE = "SELECT count(*) FROM complaints_incidentsending WHERE done_at IS NOT NULL"
SAID = "SELECT count(*) FROM complaints_message WHERE body = 'New glue.'"
TWICE = """SELECT count(*) FROM (SELECT complaint_id FROM complaints_message WHERE body = 'New glue.'
           GROUP BY complaint_id HAVING count(*) > 1) AS t"""
STATE = "SELECT state FROM complaints_incidentupdate"


@pytest.mark.slow
def test_killed_half_way_another_goes_on_and_each_is_told_once(elsewhere: Elsewhere) -> None:
    elsewhere.run("shell", "-c", MAKE)
    victim = elsewhere.start("shell", "-c", f"{ADVANCE} incident_updates.advance()")
    end = time.monotonic() + 120
    while time.monotonic() < end and victim.poll() is None and elsewhere.ask(DONE) < 8:
        time.sleep(0.005)
    elsewhere.kill(victim)
    half = elsewhere.ask(DONE)
    assert 0 < half < ROWS, "killed too late or too early to tell anything"
    assert elsewhere.ask(SAID) == half and elsewhere.ask(STATE) == "sending"
    at_it = f"{ADVANCE} print(incident_updates.advance(seconds=200))"  # enough on a busy machine
    workers = [elsewhere.start("shell", "-c", at_it) for _ in range(2)]
    told = []
    for one in workers:
        out, err = one.communicate(timeout=300)
        assert one.returncode == 0, err
        told.append(int(out.split()[-1]))
    last = elsewhere.run("shell", "-c", at_it)
    assert sum(told) + int(last.split()[-1]) == ROWS - half
    assert (elsewhere.ask(STATE), elsewhere.ask(SAID), elsewhere.ask(TWICE)) == ("sent", ROWS, 0)
