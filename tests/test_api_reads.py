"""What the browser shows and the API reads too: single messages and notes, agents, duplicates of customers, their
story, invitations, the list for quality control. And that every model is read somewhere (interface, REST API)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.apps import apps
from django.test import Client
from django.urls import URLPattern, get_resolver

from complaints.actions import themes
from core import cached, clock
from core.actor import Actor
from metrics.actions.merge_customers import merge
from metrics.models import Invitation, Survey, SurveyResponse
from tests.cast import MONDAY, Cast, make_cast, make_customer
from tests.tokens import bearer

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast() -> Cast:
    cached.clear_all()
    return make_cast()


@pytest.fixture
def api(cast: Cast) -> Client:
    return Client(headers=bearer(cast.agent))


def post(client: Client, path: str, body: Any) -> Any:
    answer = client.post(f"/api/v1/{path}", json.dumps(body), content_type="application/json")
    assert answer.status_code == 201, answer.content
    return answer


def ok(answer: Any) -> Any:
    assert answer.status_code == 200, answer.content
    return answer.json()


def refused(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


@pytest.mark.parametrize(
    ("part", "body"),
    [
        ("messages", {"direction": "out", "body": "We look into it."}),
        ("messages", {"direction": "in", "body": "Still waiting."}),
        ("notes", {"body": "Asked the warehouse."}),
    ],
)
def test_what_is_written_is_read_where_its_location_says(cast: Cast, api: Client, part: str, body: Any) -> None:
    case, other = cast.complaint(), cast.complaint()
    made = post(api, f"complaints/{case.reference}/{part}/", body)
    path = made["Location"]
    assert path.endswith(f"/complaints/{case.reference}/{part}/{made.json()['id']}/")
    assert ok(api.get(path)) == made.json()
    elsewhere = path.replace(case.reference, other.reference)
    assert refused(api.get(elsewhere)) == (404, "not_found")
    assert refused(Client(headers=bearer(cast.stranger)).get(path)) == (404, "not_found")
    assert refused(Client(headers=bearer(cast.agent, "teams:read")).get(path)) == (403, "insufficient_scope")


def test_a_waiting_message_sent_now_says_where_it_is(cast: Cast, api: Client) -> None:
    case = cast.complaint()
    body = {"direction": "out", "body": "Later.", "send_at": (clock.now() + timedelta(days=2)).isoformat()}
    waiting = post(api, f"complaints/{case.reference}/messages/", body)
    sent = post(api, f"complaints/{case.reference}/messages/pending/{waiting.json()['id']}/sending/", {})
    assert ok(api.get(sent["Location"])) == sent.json()


def test_one_agent_is_read_by_whoever_may_list_them(cast: Cast) -> None:
    path = f"/api/v1/agents/{cast.colleague.pk}/"
    for user in (cast.agent, cast.stranger, cast.admin):
        client = Client(headers=bearer(user))
        (listed,) = ok(client.get(f"/api/v1/agents/?username={cast.colleague.username}"))["results"]
        assert ok(client.get(path)) == listed
    assert refused(Client(headers=bearer(cast.agent, "teams:read")).get(path)) == (403, "insufficient_scope")
    assert refused(Client(headers=bearer(cast.agent)).get(f"/api/v1/agents/{cast.admin.pk}/")) == (404, "not_found")


def test_customers_that_share_an_address_or_a_number_are_found(cast: Cast, api: Client) -> None:
    one = make_customer("One", email="same@mail.example", phone="+351 555 010")
    other = make_customer("Other", email="SAME@mail.example")
    third = make_customer("Third", email=None, phone="351555010")  # type: ignore[arg-type]
    groups = ok(api.get("/api/v1/customers/duplicates/"))
    assert groups["next"] is None
    assert [(row["kind"], row["value"], [one["name"] for one in row["customers"]]) for row in groups["results"]] == [
        ("email", "same@mail.example", ["One", "Other"]), ("phone", "351555010", ["One", "Third"]),
    ]  # fmt: skip
    twins = ok(api.get(f"/api/v1/customers/{one.pk}/duplicates/"))["results"]
    assert twins == [{"id": str(row.pk), "name": row.name} for row in (other, third)]
    merge(other, one, by=Actor.person(cast.agent), at=MONDAY)
    assert [row["kind"] for row in ok(api.get("/api/v1/customers/duplicates/"))["results"]] == ["phone"]
    assert ok(api.get("/api/v1/customers/duplicates/?fields=value"))["results"] == [{"value": "351555010"}]
    assert refused(Client(headers=bearer(cast.admin)).get("/api/v1/customers/duplicates/")) == (403, "not_allowed")


def test_duplicates_come_in_pages_and_cost_the_same(
    cast: Cast, api: Client, django_assert_max_num_queries: Any
) -> None:
    for number in range(30):
        make_customer("One", email=f"same{number:02}@mail.example")
        make_customer("Other", email=f"same{number:02}@mail.example")
    with django_assert_max_num_queries(8):
        first = ok(api.get("/api/v1/customers/duplicates/"))
    second = ok(api.get(first["next"]))
    assert (len(first["results"]), len(second["results"]), second["next"]) == (25, 5, None)
    values = [row["value"] for row in (*first["results"], *second["results"])]
    assert values == sorted(set(values)) and len(values) == 30
    assert refused(api.get("/api/v1/customers/duplicates/?cursor=nonsense"))[0] == 400


def test_the_story_of_a_customer_is_what_the_caller_may_see_of_it(cast: Cast, api: Client) -> None:
    mine, theirs = cast.complaint(), cast.complaint(owner=cast.stranger)
    post(api, "follow-ups/", {"customer": str(cast.customer.pk), "due_on": "2099-01-04"})
    path = f"/api/v1/customers/{cast.customer.pk}/events/"
    told = ok(api.get(path))["results"]
    subjects = {(row["subject"]["kind"], row["subject"]["id"]) for row in told}
    assert ("complaint", mine.reference) in subjects and ("complaint", theirs.reference) not in subjects
    assert {"customer", "followup"} <= {kind for kind, _id in subjects}
    assert [row["at"] for row in told] == sorted((row["at"] for row in told), reverse=True)
    everything = ok(Client(headers=bearer(cast.manager)).get(path))["results"]
    assert len(everything) > len(told)
    assert ok(api.get(f"{path}?updated_since=2199-01-01T00:00:00Z"))["results"] == []
    pages, url = [], f"{path}?page_size=1"
    while url:
        page = ok(api.get(url))
        pages += page["results"]
        url = page["next"]
    assert pages == told, "pages leave out what is not theirs, and nothing else"
    assert refused(api.get("/api/v1/customers/999999999/events/")) == (404, "not_found")


def test_the_story_goes_on_with_records_that_were_merged(cast: Cast, api: Client) -> None:
    other = make_customer("Other")
    case = cast.complaint(customer=other)
    merge(other, cast.customer, by=Actor.person(cast.agent), at=MONDAY)
    told = ok(api.get(f"/api/v1/customers/{cast.customer.pk}/events/"))["results"]
    assert case.reference in {row["subject"]["id"] for row in told}
    assert str(other.pk) in {row["subject"]["id"] for row in told if row["subject"]["kind"] == "customer"}


def invitation(case: Any, **values: Any) -> Invitation:
    survey = Survey.objects.get(code="csat")
    values = {"created_at": MONDAY, "due_at": MONDAY, "recipient": "dana@mail.example", "language": "en", **values}
    values.setdefault("key", f"key-of-{case.pk}")
    return Invitation.objects.create(
        survey=survey, version=survey.versions.first(), complaint=case, customer=case.customer, **values
    )


def test_invitations_by_survey_complaint_customer_and_state(cast: Cast, api: Client) -> None:
    cases = [cast.complaint() for _ in range(5)]
    far, gone = MONDAY + timedelta(days=36500), MONDAY + timedelta(days=1)
    waiting = invitation(cases[0])
    sent = invitation(cases[1], sent_at=MONDAY, expires_at=far)
    expired = invitation(cases[2], sent_at=MONDAY, expires_at=gone)
    suppressed = invitation(cases[3], suppressed="contact_cap")
    answered = invitation(cases[4], sent_at=MONDAY, expires_at=gone)
    said = SurveyResponse.objects.create(
        kind="csat", survey=answered.survey, invitation=answered, complaint=cases[4], customer=cast.customer, score=5,
        answered_at=MONDAY, created_at=MONDAY, updated_at=MONDAY,
    )  # fmt: skip
    theirs = invitation(cast.complaint(owner=cast.stranger))
    states = {"waiting": waiting, "sent": sent, "expired": expired, "suppressed": suppressed, "answered": answered}
    root = "/api/v1/survey-invitations/"
    for state, row in states.items():
        (found,) = ok(api.get(f"{root}?state={state}"))["results"]
        assert (found["id"], found["state"]) == (str(row.pk), state)
        assert ok(api.get(f"{root}{row.pk}/")) == found
        assert row.key not in json.dumps(found), "whoever has the key can answer"
    assert len(ok(api.get(root))["results"]) == 5
    assert len(ok(api.get(f"{root}?state=sent&state=waiting"))["results"]) == 2
    assert ok(api.get(f"{root}?state=answered"))["results"][0]["response"] == str(said.pk)
    assert [row["id"] for row in ok(api.get(f"{root}?complaint={cases[1].reference}"))["results"]] == [str(sent.pk)]
    assert len(ok(api.get(f"{root}?customer={cast.customer.pk}&survey=csat"))["results"]) == 5
    assert ok(api.get(f"{root}?survey=nps"))["results"] == []
    assert refused(api.get(f"{root}?state=nonsense"))[0] == 400
    assert refused(api.get(f"{root}{theirs.pk}/")) == (404, "not_found")
    assert len(ok(Client(headers=bearer(cast.manager)).get(root))["results"]) == 6


def test_lists_of_invitations_cost_the_same_however_long(
    cast: Cast, api: Client, django_assert_max_num_queries: Any
) -> None:
    for _ in range(12):
        invitation(cast.complaint())
    ok(api.get("/api/v1/survey-invitations/"))
    with django_assert_max_num_queries(5):
        assert len(ok(api.get("/api/v1/survey-invitations/"))["results"]) == 12


def test_the_list_for_quality_control_says_what_is_known_of_each_cause(
    cast: Cast, api: Client, django_assert_max_num_queries: Any
) -> None:
    case = cast.complaint(product="Kettle", lot="L-7", at=MONDAY)
    for _ in range(8):
        cast.complaint(at=MONDAY)
    cast.complaint(owner=cast.stranger, product="Kettle")
    themes.replace(case, ["packaging"], by=Actor.person(cast.agent), at=MONDAY)
    post(api, f"complaints/{case.reference}/remedies/", {
        "kind": "refund", "amount": {"amount": "5.00", "currency": "EUR"}, "reason": "Late",
    })  # fmt: skip
    path = "/api/v1/metrics/complaints-received/quality/"
    ok(api.get(path))
    with django_assert_max_num_queries(8):
        rows = ok(api.get(path))["results"]
    assert len(rows) == ok(api.get("/api/v1/metrics/complaints-received/"))["n"] == 9
    (row,) = ok(api.get(f"{path}?product=Kettle&from=2026-03-01&to=2026-03-31"))["results"]
    assert (row["reference"], row["lot"], row["themes"]) == (case.reference, "L-7", ["packaging"])
    assert not {"subject", "customer", "description"} & set(row)
    assert refused(api.get(f"{path}?nonsense=1"))[0] == 400
    assert refused(Client(headers=bearer(cast.agent, "complaints:read")).get(path)) == (403, "insufficient_scope")


# --- every model ------------------------------------------------------------------------------------------------------

APPS = ("core", "retention", "complaints", "metrics")
# Where each is read: by a list or an address of its own, or with the record it is part of.
READ_AT = {
    "complaints.Act": "api-messages", "complaints.Article": "api-article",
    "complaints.ArticleVersion": "api-article-versions", "complaints.Attachment": "api-attachment",
    "complaints.AuthorityLimit": "api-authority-limit", "complaints.AuthorityVersion": "api-authority-versions",
    "complaints.BulkRow": "api-bulk-rows", "complaints.BulkRun": "api-bulk-run",
    "complaints.CaseTheme": "api-themes-of", "complaints.Channel": "api-channel", "complaints.Clock": "api-complaint",
    "complaints.ClockEvent": "api-case-file", "complaints.Complaint": "api-complaint",
    "complaints.ComplaintType": "api-complaint-type", "complaints.CorrectiveAction": "api-corrective-action",
    "complaints.CorrectiveCase": "api-corrective-complaints", "complaints.Decision": "api-resolution",
    "complaints.Demand": "api-demand", "complaints.Escalation": "api-escalation", "complaints.Firing": "api-case-file",
    "complaints.HandOver": "api-hand-over", "complaints.Incident": "api-incident",
    "complaints.IncidentSending": "api-incident-sending", "complaints.IncidentUpdate": "api-incident-update",
    "complaints.Macro": "api-macro", "complaints.MacroVersion": "api-macro", "complaints.Merge": "api-merge",
    "complaints.Message": "api-message", "complaints.Narrative": "api-complaint", "complaints.Note": "api-note",
    "complaints.Payout": "api-payout", "complaints.PayoutExport": "api-payout-export",
    "complaints.PayoutLine": "api-payout-export", "complaints.PayoutReturn": "api-payout",
    "complaints.Pending": "api-pending-message", "complaints.Playbook": "api-playbook",
    "complaints.PlaybookVersion": "api-playbook-versions", "complaints.Promise": "api-promise",
    "complaints.Reading": "api-article-readings", "complaints.Remedy": "api-remedy",
    "complaints.RootCause": "api-root-cause", "complaints.RoutingRule": "api-routing-rule",
    "complaints.RulePack": "api-rule-pack", "complaints.SavedView": "api-view", "complaints.SlaEdit": "api-sla-edit",
    "complaints.SlaEditRow": "api-sla-edit-rows", "complaints.SlaPolicy": "api-sla-policy",
    "complaints.SlaVersion": "api-sla-versions", "complaints.StepDone": "api-case-playbook",
    "complaints.Theme": "api-theme", "complaints.Watch": "api-watchers", "complaints.Workload": "api-team-workload",
    "core.Absence": "api-absences", "core.ApiToken": "api-token", "core.Calendar": "api-calendar",
    "core.CalendarVersion": "api-calendar", "core.Draft": "api-draft", "core.Notification": "api-notifications",
    "core.NotificationChoice": "api-notification-preferences", "core.Organisation": "api-organisation",
    "core.OutboxMessage": "api-mail-message", "core.Team": "api-team", "core.TrailEntry": "api-event-stream",
    "core.User": "api-user", "core.Webhook": "api-webhook", "core.WebhookAttempt": "api-webhook-delivery",
    "core.WebhookDelivery": "api-webhook-delivery", "core.WebhookMessage": "api-webhook-delivery",
    "metrics.Export": "api-export", "metrics.FigureTargets": "api-metric-targets",
    "metrics.Invitation": "api-survey-invitation", "metrics.Survey": "api-survey",
    "metrics.SurveyResponse": "api-survey-response", "metrics.SurveySettings": "api-survey-settings",
    "metrics.SurveyVersion": "api-survey-versions",
    "retention.Charge": "api-charge", "retention.Consent": "api-customer", "retention.ContactPoint": "api-customer",
    "retention.Customer": "api-customer", "retention.CustomerMerge": "api-customer-merge",
    "retention.ExternalId": "api-customer", "retention.FollowUp": "api-follow-up",
    "retention.LoyaltyAccount": "api-customer", "retention.LoyaltyEntry": "api-loyalty-entry",
    "retention.Offer": "api-offer", "retention.Payment": "api-payment", "retention.Purchase": "api-purchase",
    "retention.PurchaseLine": "api-purchase", "retention.Referral": "api-referral",
    "retention.Tenure": "api-customer-tenures", "retention.Upload": "api-import",
}  # fmt: skip
NOT_READ = {
    "complaints.NotDuplicate": "a remark of the search for duplicates, which leaves such pairs out",
    "complaints.SearchText": "the index that `search` reads; its words are the complaint's",
    "core.Heartbeat": "whether the parts of the installation live, which /readyz and `doctor` tell",
    "core.IdempotencyKey": "answers given before, which the same key brings back",
    "core.ImportRun": "how far a file was read, which goes on from there; api-import tells of those sent here",
    "core.LoginFailure": "what the throttle of signing in counts, and nobody else",
    "core.Presence": "who looks at a case this minute, for pages that are open",
    "core.TrailAnchor": "seals over the trail, which `verify_trail` checks",
}


def test_every_model_is_read_somewhere_or_stands_above_with_its_reason() -> None:
    known = {model._meta.label for app in APPS for model in apps.get_app_config(app).get_models()}
    assert len(known) > 80, "the models were not found"
    assert known - set(READ_AT) - set(NOT_READ) == set(), "no route of the API is named that reads these"
    assert (set(READ_AT) | set(NOT_READ)) - known == set(), "these are gone"
    assert set(READ_AT) & set(NOT_READ) == set()


@pytest.mark.parametrize("name", sorted(set(READ_AT.values())))
def test_where_a_model_is_read_get_answers(name: str) -> None:
    view = dict(_views(get_resolver().url_patterns))[name]
    assert "get" in view.http_method_names and hasattr(view, "get"), name


def _views(patterns: Any) -> Iterator[tuple[str, Any]]:
    for pattern in patterns:
        if isinstance(pattern, URLPattern):
            if (view := getattr(pattern.callback, "cls", None)) is not None:
                yield str(pattern.name), view
        else:
            yield from _views(pattern.url_patterns)
