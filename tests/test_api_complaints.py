"""Complaints over the API: file, read, list, amend, and every state change (interface.md, REST API)."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client

from complaints.models import Complaint, Status
from core import cached, clock, trail
from core.actions.tokens import issue_token
from core.actor import Actor
from core.models import OutboxMessage, TrailEntry
from retention.models import Customer
from tests.cast import MONDAY, Cast, make_cast

pytestmark = pytest.mark.django_db
ROOT = "/api/v1/complaints/"
BODY = {"channel": "web", "subject": "Charged twice", "description": "You took it twice."}


@pytest.fixture
def cast() -> Cast:
    cached.clear_all()
    return make_cast()


class Api:
    """A caller with a token of `user`, sending and reading JSON."""

    def __init__(self, user, *scopes: str) -> None:
        _, plain = issue_token(
            name="test", user=user, scopes=list(scopes) or ["all"], by=Actor.person(user), at=clock.now()
        )
        self.client = Client(headers={"Authorization": f"Bearer {plain}"})

    def __call__(self, method: str, path: str, body: object = None, **headers: str):
        data = json.dumps(body) if body is not None else ""
        return self.client.generic(method, path, data, content_type="application/json", headers=headers)


@pytest.fixture
def api(cast: Cast) -> Api:
    return Api(cast.agent)


def test_filing_answers_with_the_complaint_and_where_it_is(api, cast):
    answer = api(
        "POST",
        ROOT,
        {**BODY, "type": "billing-charged-twice", "customer": {"name": "Ivo", "email": "ivo@mail.example"}},
    )
    assert answer.status_code == 201
    shown = answer.json()
    assert answer["Location"].endswith(f"{ROOT}{shown['reference']}/")
    assert shown["type"] == {"code": "billing-charged-twice", "path": "Billing › Charged twice"}
    assert shown["status"] == "new" and shown["owner"]["name"] and shown["version"] == 1
    assert [clock["kind"] for clock in shown["clocks"]] == ["acknowledge", "resolve"]
    assert shown["customer"]["name"] == "Ivo" and shown["description"] == BODY["description"]
    assert OutboxMessage.objects.filter(key=f"receipt:{shown['reference']}", recipient="ivo@mail.example").count() == 1
    assert list(trail.verify(TrailEntry.objects.order_by("subject_kind", "subject_id", "seq"))) == []


def test_reading_gives_exactly_what_filing_gave(cast):
    api = Api(cast.manager)
    filed = api("POST", ROOT, {**BODY, "customer": {"name": "Ivo"}})
    read = api("GET", f"{ROOT}{filed.json()['reference']}/")
    assert read.json() == filed.json()
    assert read["ETag"] == filed["ETag"]
    same = f"{ROOT}{filed.json()['reference']}/"
    assert api("GET", same, **{"If-None-Match": read["ETag"]}).status_code == 304
    Complaint.objects.update(updated_at=clock.now())  # as the sweep does: a clock changed, the version did not
    assert api("GET", same, **{"If-None-Match": read["ETag"]}).status_code == 200
    assert api("PATCH", same, {"lot": "26-B"}, **{"If-Match": read["ETag"]}).status_code == 200


def test_filing_takes_seven_round_trips_at_most(api, cast, django_assert_max_num_queries):
    api("POST", ROOT, {**BODY, "customer": {"name": "Ivo", "email": "ivo@mail.example"}})  # warms the catalogue
    with django_assert_max_num_queries(20) as seen:
        ana = {**BODY, "customer": {"name": "Ana", "email": "ana@mail.example"}}
        assert api("POST", ROOT, ana, **{"Idempotency-Key": "ana"}).json()["description"] == BODY["description"]
    from django.db import connection

    assert not [q["sql"] for q in seen.captured_queries if q["sql"].startswith("SELECT") and "narrative" in q["sql"]]

    if connection.vendor == "postgresql":
        trips = [
            q for q in seen.captured_queries if not q["sql"].startswith(("SAVEPOINT", "RELEASE"))
        ]  # the test's own
        assert len(trips) <= 7, [q["sql"][:90] for q in trips]


@pytest.mark.parametrize("channel", ["phone", "in_person", "chat"])
def test_a_live_conversation_counts_as_answered_at_receipt(api, cast, channel):
    shown = api("POST", ROOT, {**BODY, "channel": channel}).json()
    assert shown["acknowledged_at"] == shown["first_response_at"] == shown["received_at"]
    assert shown["clocks"][0]["state"] == "met"


def test_an_unknown_customer_is_none_and_an_unknown_id_is_refused(api, cast):
    assert api("POST", ROOT, BODY).json()["customer"] is None
    refused = api("POST", ROOT, {**BODY, "customer": {"id": "999999"}})
    assert refused.status_code == 400 and refused.json()["errors"][0]["code"] == "unknown_customer"


def test_the_same_customer_is_found_again_by_address(api, cast):
    first = api("POST", ROOT, {**BODY, "customer": {"name": "Ivo", "email": "Ivo@Mail.example"}}).json()
    second = api("POST", ROOT, {**BODY, "customer": {"name": "Ivo P.", "email": "ivo@mail.example"}}).json()
    assert first["customer"]["id"] == second["customer"]["id"]


def test_one_external_id_makes_one_complaint(api, cast):
    body = {**BODY, "external_id": "T-1", "source": "shop"}
    assert api("POST", ROOT, body).status_code == 201
    again = api("POST", ROOT, body)
    assert again.status_code == 409 and again.json()["code"] == "duplicate_external_id"
    assert Complaint.objects.filter(source="shop", external_id="T-1").count() == 1


@pytest.mark.parametrize(
    ("change", "pointer", "code"),
    [
        ({"channel": "pigeon"}, "/channel", "unknown_code"),
        ({"channel": 7}, "/channel", "not_a_string"),
        ({"subject": None}, "/subject", "null"),
        ({"description": True}, "/description", "not_a_string"),
        ({"type": "no-such-type"}, "/type", "unknown_type"),
        ({"severity": []}, "/severity", "not_a_string"),
        ({"surprise": 1}, "/surprise", "unknown_field"),
        ({"received_at": "2026-03-02T09:00:00"}, "/received_at", "timezone_required"),
        ({"received_at": "2026-03-02T09:00:00+99:99"}, "/received_at", "invalid_datetime"),
        ({"received_at": "2999-01-01T00:00:00Z"}, "/received_at", "invalid_datetime"),
        ({"customer": {"email": "nobody"}}, "/customer/email", "invalid_email"),
        ({"customer": {"role": "admin"}}, "/customer/role", "unknown_field"),
    ],
)
def test_bad_input_names_its_field_and_writes_nothing(api, cast, change, pointer, code):
    before = (
        Complaint.objects.count(),
        Customer.objects.count(),
        TrailEntry.objects.count(),
        OutboxMessage.objects.count(),
    )
    refused = api("POST", ROOT, {**BODY, **change})
    assert refused.status_code == 400
    assert refused["Content-Type"] == "application/problem+json"
    assert [(e["pointer"], e["code"]) for e in refused.json()["errors"]] == [(pointer, code)]
    after = (
        Complaint.objects.count(),
        Customer.objects.count(),
        TrailEntry.objects.count(),
        OutboxMessage.objects.count(),
    )
    assert before == after


def test_received_in_the_past_runs_from_receipt_and_the_future_is_refused(api, cast):
    at = clock.now()
    late = api("POST", ROOT, {**BODY, "received_at": (at - timedelta(days=9)).isoformat()}).json()
    assert late["clocks"][0]["due_at"] < at.isoformat()
    assert api("POST", ROOT, {**BODY, "received_at": (at + timedelta(days=1)).isoformat()}).status_code == 400


def test_the_whole_life_over_the_api(api, cast):
    reference = cast.complaint().reference
    one = f"{ROOT}{reference}/"

    def do(what: str, body: object = None, method: str = "POST"):
        answer = api(method, f"{one}{what}/", body if body is not None else {})
        assert answer.status_code in (200, 201), answer.content
        return answer.json()

    assert do("acknowledgement", {"message": "I have your case."})["status"] == "acknowledged"
    assert do("investigation")["status"] == "investigating"
    paused = do("pause", {"reason": "bank statement"})
    assert paused["status"] == "waiting_on_customer"
    assert [c["state"] for c in paused["clocks"]] == ["met", "paused", "running"]
    assert do("pause", method="DELETE")["status"] == "investigating"
    assert do("messages", {"direction": "out", "body": "Found it."})["by_mail"] is True
    assert do("messages", {"direction": "in", "body": "Good."})["direction"] == "in"
    assert do("notes", {"body": "Same gateway."})["body"] == "Same gateway."
    assert do("classification", {"type": "billing", "severity": "serious", "reason": "money"})["severity"] == "serious"
    assert do("owner", {"owner": str(cast.colleague.pk)})["owner"]["id"] == str(cast.colleague.pk)
    resolved = do("resolution", {"outcome": "upheld", "root_cause": "system-payment", "summary": "Paid back."})
    assert (resolved["status"], resolved["outcome"], resolved["root_cause"]) == ("resolved", "upheld", "system-payment")
    assert do("closure")["status"] == "closed"
    assert do("reopening", {"reason": "came back"})["status"] == "investigating"
    assert do("withdrawal", {"reason": "customer says so"})["outcome"] == "withdrawn"
    kinds = [event["kind"] for event in api("GET", f"{one}events/").json()["results"]]
    assert kinds[0] == "complaint.filed" and kinds[-1] == "complaint.withdrawn"


@pytest.mark.parametrize(
    ("prepare", "what", "body", "code"),
    [
        ((), "closure", {}, "not_resolved"),
        (("acknowledgement",), "acknowledgement", {}, "already_acknowledged"),
        (("investigation",), "investigation", {}, "already_investigating"),
        (("withdrawal",), "acknowledgement", {}, "already_ended"),
        (("resolution", "closure"), "closure", {}, "already_closed"),
        (("resolution",), "resolution", {}, "already_resolved"),
        ((), "reopening", {"reason": "x"}, "still_open"),
        ((), "classification", {"severity": "moderate", "reason": "x"}, "nothing_changed"),
    ],
)
def test_a_refused_rule_is_409_with_its_code(api, cast, prepare, what, body, code):
    bodies = {
        "withdrawal": {"reason": "x"},
        "resolution": {"outcome": "not_upheld", "root_cause": "misunderstanding", "summary": "Explained."},
    }
    one = f"{ROOT}{cast.complaint().reference}/"
    for step in prepare:
        assert api("POST", f"{one}{step}/", bodies.get(step, {})).status_code == 200
    entries = TrailEntry.objects.count()
    refused = api("POST", f"{one}{what}/", body or bodies.get(what, {}))
    assert (refused.status_code, refused.json()["code"]) == (409, code)
    assert TrailEntry.objects.count() == entries


def test_resolving_needs_a_real_cause(api, cast):
    one = f"{ROOT}{cast.complaint().reference}/"
    body = {"outcome": "upheld", "root_cause": "unclassified", "summary": "Done."}
    refused = api("POST", f"{one}resolution/", body)
    assert refused.status_code == 400 and refused.json()["errors"][0]["code"] == "root_cause_required"
    assert Complaint.objects.get().status == Status.NEW


def test_foreign_and_missing_complaints_look_the_same(cast):
    reference = cast.complaint().reference
    stranger = Api(cast.stranger)
    bodies = []
    for path in (reference, "AM-2222-2222"):
        for method, what in (("GET", ""), ("POST", "closure/"), ("GET", "messages/"), ("POST", "notes/")):
            answer = stranger(method, f"{ROOT}{path}/{what}", {"body": "x"} if what == "notes/" else {})
            assert answer.status_code == 404
            bodies.append({k: v for k, v in answer.json().items() if k not in ("request_id", "instance")})
    assert all(body == bodies[0] for body in bodies)
    assert stranger("GET", ROOT).json()["results"] == []


def test_scopes_narrow_what_a_token_may_do(cast):
    cast.complaint()
    reader = Api(cast.agent, "complaints:read")
    assert reader("GET", ROOT).status_code == 200
    refused = reader("POST", ROOT, BODY)
    assert (refused.status_code, refused.json()["code"]) == (403, "insufficient_scope")
    assert Api(cast.agent, "customers:read")("GET", ROOT).status_code == 403


def test_an_administrator_alone_sees_no_cases(cast):
    cast.complaint()
    assert Api(cast.admin)("GET", ROOT).status_code == 403


def test_amending_needs_the_version_that_was_read(api, cast):
    one = f"{ROOT}{cast.complaint().reference}/"
    assert api("PATCH", one, {"lot": "26-B"}).status_code == 428
    assert api("PATCH", one, {"lot": "26-B"}, **{"If-Match": '"7"'}).status_code == 412
    changed = api("PATCH", one, {"lot": "26-B", "description": "Two lamps."}, **{"If-Match": '"1"'})
    assert changed.status_code == 200 and changed.json()["lot"] == "26-B" and changed["ETag"].startswith('"2-')
    assert api("PATCH", one, {"owner": "1"}, **{"If-Match": '"2"'}).json()["errors"][0]["code"] == "unknown_field"


def test_lists_filter_by_allow_list_and_page_by_key(cast):
    api = Api(cast.manager)
    with clock.frozen(MONDAY):
        references = [cast.complaint(received_at=MONDAY - timedelta(hours=n)).reference for n in range(5)]
    first = api("GET", f"{ROOT}?page_size=2").json()
    assert [row["reference"] for row in first["results"]] == references[:2]
    second = api("GET", first["next"]).json()
    assert [row["reference"] for row in second["results"]] == references[2:4]
    assert api("GET", f"{ROOT}?status=closed").json()["results"] == []
    assert len(api("GET", f"{ROOT}?status=new&channel=web&owner={cast.agent.pk}").json()["results"]) == 5
    for bad in ("?nonsense=1", "?status=odd", "?ordering=subject", "?page_size=201", "?cursor=forged", "?type=none"):
        assert api("GET", f"{ROOT}{bad}").status_code == 400, bad
    sparse = api("GET", f"{ROOT}?fields=reference,status&page_size=1").json()["results"][0]
    assert set(sparse) == {"reference", "status"}


def test_a_page_of_the_list_costs_the_same_for_one_row_and_for_fifty(cast, django_assert_num_queries):
    api = Api(cast.manager)
    cast.complaint()
    api("GET", ROOT)
    with django_assert_num_queries(4):  # token, keys, rows, clocks
        api("GET", ROOT)
    for _ in range(20):
        cast.complaint()
    with django_assert_num_queries(4):
        assert len(api("GET", ROOT).json()["results"]) == 21


def test_a_row_that_leaves_the_list_while_its_page_is_read_takes_no_other_with_it(api, cast):
    made = [cast.complaint().reference for _ in range(5)]
    Complaint.objects.update(severity="moderate")
    left = made[3]  # the last one of the first page, newest first

    asked = []

    def meanwhile(execute, sql, params, many, context):
        asked.append(sql)
        if len(asked) > 1 and "LIMIT 3" in asked[-2]:  # the keys are read, the rows are not
            Complaint.objects.filter(reference=left).update(severity="critical")
        return execute(sql, params, many, context)

    with connection.execute_wrapper(meanwhile):
        page = api("GET", f"{ROOT}?severity=moderate&page_size=2&ordering=-received_at").json()
    seen = [[one["reference"] for one in page["results"]]]
    while page["next"]:
        page = api("GET", page["next"].removeprefix("http://testserver")).json()
        seen.append([one["reference"] for one in page["results"]])
    assert seen == [[made[4]], [made[2], made[1]], [made[0]]]


@pytest.mark.parametrize(
    "path", ["complaint-types", "root-causes", "channels", "agents", "teams", "routing-rules", "customers"]
)
def test_the_catalogue_is_listed(api, cast, path):
    answer = api("GET", f"/api/v1/{path}/")
    assert answer.status_code == 200
    assert set(answer.json()) == {"results", "next", "previous"}


def test_agents_and_types_show_what_integrators_rely_on(api, cast):
    agents = api("GET", "/api/v1/agents/").json()["results"]
    assert {"id", "username", "name", "team"} <= set(agents[0])
    assert cast.admin.username not in [agent["username"] for agent in agents]
    types = api("GET", "/api/v1/complaint-types/").json()["results"]
    assert {"code", "name", "parent"} <= set(types[0])
    assert "unclassified" in [row["code"] for row in types]


def test_an_idempotency_key_makes_one_complaint(api, cast):
    first = api("POST", ROOT, BODY, **{"Idempotency-Key": "k-1"})
    again = api("POST", ROOT, BODY, **{"Idempotency-Key": "k-1"})
    other = api("POST", ROOT, {**BODY, "subject": "Other"}, **{"Idempotency-Key": "k-1"})
    assert (first.status_code, again.status_code) == (201, 201) and again.json() == first.json()
    assert again["Idempotent-Replayed"] == "true"
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    assert Complaint.objects.count() == 1


def test_a_customer_is_made_read_and_found(api, cast):
    made = api("POST", "/api/v1/customers/", {"name": "Ivo", "email": "ivo@mail.example", "external_id": "C-7"})
    assert made.status_code == 201
    assert api("GET", made["Location"]).json() == made.json()
    found = api("GET", "/api/v1/customers/?email=IVO@mail.example").json()["results"]
    assert [row["id"] for row in found] == [made.json()["id"]]
    assert api("POST", "/api/v1/customers/", {}).status_code == 400


def test_lists_are_narrowed_by_team_owner_and_incident(api, cast):
    open_one, closed = cast.complaint(), cast.complaint()
    Complaint.objects.filter(pk=closed.pk).update(in_queue=False, status="closed")
    cast.complaint(owner=cast.colleague)
    incident = api("POST", "/api/v1/incidents/", {"title": "A bad lot", "complaints": [open_one.reference]}).json()

    def found(query: str) -> set[str]:
        return {row["reference"] for row in api("GET", f"{ROOT}?{query}").json()["results"]}

    assert found(f"owner={cast.agent.pk}") == {open_one.reference, closed.reference}
    assert len(found(f"team={cast.team.name}")) == 3
    assert found(f"incident={incident['reference']}") == {open_one.reference}
    assert found("owner=999999999") == set()
