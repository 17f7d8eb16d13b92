"""A house with one of everything, twice: what an agent has, and the same of a stranger in another team.

Made over the API itself wherever it makes such a thing. Keys are the parts of addresses that name an object, as in
the URL table: `complaints/<reference:reference>/promises/<int:pk>`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.test import Client

from complaints.models import AuthorityLimit, SlaPolicy
from core import cached, clock, trail
from core.actor import Actor
from core.models import Calendar, Notification, OutboxMessage, Team, User
from metrics import tasks
from metrics.models import Invitation, Survey, SurveyResponse
from retention.actions.consent import consent
from tests.cast import Cast, make_cast, make_customer, make_team, make_user
from tests.payouts import granted, number_of
from tests.played import make_article, make_playbook
from tests.tokens import make_token
from tests.uploads import draft

API = "/api/v1/"
CASE = "complaints/<reference:reference>"
Names = dict[str, Any]


@dataclass(slots=True)
class World:
    """The people, their tokens, and per key the arguments of an address: the agent's, the stranger's, everybody's."""

    cast: Cast
    boss: User
    nobody: User
    own: dict[str, Names] = field(default_factory=dict)
    foreign: dict[str, Names] = field(default_factory=dict)
    shared: dict[str, Names] = field(default_factory=dict)
    tokens: dict[tuple[int, tuple[str, ...]], str] = field(default_factory=dict)
    client: Client = field(default_factory=lambda: Client(raise_request_exception=False))

    def ask(self, user: User, method: str, path: str, body: Any = None, scopes: tuple[str, ...] = ("all",)) -> Any:
        """The answer to `user` with a token of these scopes. What it changed is undone."""
        self.token(user, scopes)
        with transaction.atomic():
            answer = self.send(user, method, path, body, scopes)
            transaction.set_rollback(True)
        return answer

    def token(self, user: User, scopes: tuple[str, ...]) -> str:
        key = (user.pk, scopes)
        if key not in self.tokens:
            self.tokens[key] = make_token(user, *scopes)[1]
        return self.tokens[key]

    def send(
        self, user: User, method: str, path: str, body: Any = None, scopes: tuple[str, ...] = ("all",), **headers: str
    ) -> Any:
        data = "" if method in ("GET", "DELETE") and body is None else json.dumps({} if body is None else body)
        headers["Authorization"] = f"Bearer {self.token(user, scopes)}"
        return self.client.generic(method, path, data, content_type="application/json", headers=headers)

    def made(self, user: User, path: str, body: Any, method: str = "POST", **headers: str) -> Any:
        answer = self.send(user, method, API + path, body, **headers)
        if answer.status_code not in (200, 201, 202):
            raise AssertionError(f"{method} {path}: {answer.status_code} {answer.content.decode()}")
        return answer.json() if answer.content else {}


@contextmanager
def world() -> Iterator[World]:
    """Everything, in a transaction that is rolled back at the end."""
    cached.clear_all()
    with transaction.atomic():
        cast = make_cast()
        everything = {"is_agent": True, "is_manager": True, "is_admin": True, "team": cast.team}
        boss = make_user("Bo Boss", username="bo", languages=["en"], **everything)
        make_team(lead=boss)
        made = World(cast, boss, make_user("Nobody", username="nobody"))
        made.own = _of_person(made, cast.agent, cast.team, cast.colleague)
        made.foreign = _of_person(made, cast.stranger, cast.other_team, cast.stranger)
        made.own["teams/<int:pk>"] = made.foreign["teams/<int:pk>"] = {"pk": cast.team.pk}
        made.shared = _of_everybody(made)
        assert tasks.run_exports() == 2
        yield made
        transaction.set_rollback(True)
    cached.clear_all()


def _of_person(world: World, user: User, team: Team, other: User) -> dict[str, Names]:
    """What `user` has, and nobody of another team sees."""
    customer = make_customer()
    case, second = (world.cast.complaint(owner=user, customer=customer) for _ in range(2))
    at = f"complaints/{case.reference}/"
    soon = (clock.now() + timedelta(days=2)).isoformat()

    def post(path: str, body: Any) -> str:
        return str(world.made(user, path, body).get("id", ""))

    promise = post(f"{at}promises/", {"text": "A new lamp", "due_at": soon})
    remedy = post(f"{at}remedies/", {"kind": "apology", "reason": "Late"})
    demand = world.made(user, f"{at}demands/", {"text": "A new lamp"})
    pending = post(f"{at}messages/", {"direction": "out", "body": "Soon", "send_at": soon})
    token = draft(user, case, mode="note")
    note = post(f"{at}notes/", {"body": "A picture", "attachments": [token]})
    written_down = post(f"{at}messages/", {"direction": "in", "body": "Still waiting"})
    world.made(user, f"{at}watchers/", {"user": str(other.pk)})
    view = post("views/", {"name": f"Mine {user.pk}", "query": {"view": "all"}})
    run = post("complaints/bulk/", {"action": "watch", "references": [case.reference]})
    macro = post("macros/", {"names": {"en": f"Mine {user.pk}"}, "texts": {"en": "Hello"}})
    absence = post("absences/", {"from_at": (clock.now() + timedelta(days=30)).isoformat()})
    call = post("follow-ups/", {"customer": str(customer.pk), "due_on": "2027-01-04", "complaint": case.reference})
    written = post("exports/", {"resource": "complaints", "format": "jsonl"})
    world.made(user, f"drafts/note:{case.reference}/", {"body": "Unsent"}, "PUT")
    told = Notification.objects.create(user=user, key=f"k{user.pk}", event="mentioned", at=clock.now())
    said = SurveyResponse.objects.create(
        kind="nps", survey=Survey.objects.filter(kind="nps").first(), complaint=case, customer=customer, score=9,
        answered_at=clock.now(), created_at=clock.now(), updated_at=clock.now(),
    )  # fmt: skip
    survey = Survey.objects.filter(kind="nps").first()
    asked = Invitation.objects.create(
        survey=survey, version=survey.versions.first(), complaint=second, customer=customer, key=f"key{second.pk}",
        language="en", recipient="dana@mail.example", created_at=clock.now(), due_at=clock.now(),
    )  # type: ignore[union-attr]  # fmt: skip
    of_case = {"reference": case.reference}
    return {
        CASE: of_case,
        f"{CASE}/duplicates/<reference:other>": {**of_case, "other": second.reference},
        f"{CASE}/themes/<slug:code>": {**of_case, "code": "none"},
        f"{CASE}/playbook/steps/<slug:key>": {**of_case, "key": "none"},
        f"{CASE}/remedies/<int:pk>": {**of_case, "pk": remedy},
        "remedies/<int:pk>": {"pk": remedy},
        f"{CASE}/promises/<int:pk>": {**of_case, "pk": promise},
        "promises/<int:pk>": {"pk": promise},
        f"{CASE}/demands/<int:pk>": {
            **of_case,
            "pk": demand["demands"][0]["id"] if "demands" in demand else demand["id"],
        },
        f"{CASE}/messages/pending/<int:pk>": {**of_case, "pk": pending},
        f"{CASE}/attachments/<str:token>": {**of_case, "token": token},
        "attachments/<str:token>": {"token": draft(user, mode="")},
        f"{CASE}/watchers/<int:pk>": {**of_case, "pk": other.pk},
        "views/<int:pk>": {"pk": view},
        "complaints/bulk/<int:pk>": {"pk": run},
        "macros/<int:pk>": {"pk": macro},
        "absences/<int:pk>": {"pk": absence},
        "exports/<int:pk>": {"pk": written},
        "follow-ups/<int:pk>": {"pk": call},
        "survey-responses/<int:pk>": {"pk": said.pk},
        "survey-invitations/<int:pk>": {"pk": asked.pk},
        f"{CASE}/messages/<int:pk>": {**of_case, "pk": written_down},
        f"{CASE}/notes/<int:pk>": {**of_case, "pk": note},
        "events/<int:pk>": {"pk": trail.of(case)[0].pk},
        "drafts/<str:place>": {"place": f"note:{case.reference}"},
        "notifications/<int:pk>": {"pk": told.pk},
    }


def _brought_in(world: World) -> str:
    """A file of customers that was sent, and not committed."""
    file = SimpleUploadedFile("customers.csv", b"external_id,name\nC-1,Ada\n")
    headers = {"Authorization": f"Bearer {world.token(world.boss, ('all',))}"}
    answer = world.client.post(f"{API}imports/", {"kind": "customers", "file": file}, headers=headers)
    assert answer.status_code == 201, answer.content
    return str(answer.json()["id"])


def _of_everybody(world: World) -> dict[str, Names]:
    """What belongs to no team: whoever has the role sees it."""
    boss, customer, by = world.boss, world.cast.customer, Actor.person(world.boss)
    sum_ = {"amount": "12.30", "currency": "EUR"}
    of_customer = f"customers/{customer.pk}/"
    order = world.made(boss, f"{of_customer}purchases/", {
        "order_number": "A-1", "purchased_at": "2026-03-01T09:00:00Z",
        "lines": [{"description": "Lamp", "quantity": 1, "unit_price": sum_}],
    })  # fmt: skip
    charge = world.made(boss, f"{of_customer}charges/", {"charged_on": "2026-03-01", "amount": sum_})
    payment = world.made(boss, f"{of_customer}payments/", {"paid_on": "2026-03-01", "amount": sum_})
    points = world.made(
        boss, "loyalty-entries/", {"customer": str(customer.pk), "kind": "earned", "points": 5, "reason": "Sorry"}
    )
    consent(customer, purpose="offers", given=True, by=by, at=clock.now())
    offer = world.made(boss, f"{of_customer}offers/", {"kind": "up_sell", "text": "A lamp", "channel": "phone"})
    brought = world.made(boss, f"{of_customer}referrals/", {"referred": {"name": "A friend"}})
    case = world.cast.complaint(owner=world.cast.agent).reference
    incident = world.made(boss, "incidents/", {"title": "A bad lot", "complaints": [case]})["reference"]
    theme = world.made(boss, "themes/", {"code": "a-theme", "names": {"en": "A theme"}})["code"]
    cause = {"root_cause": "people-mistake", "title": "Teach", "due_on": "2027-01-04", "owner": str(boss.pk)}
    action = world.made(boss, "corrective-actions/", {**cause, "complaints": [case]})["id"]
    hook = world.made(boss, "webhooks/", {"url": "https://hooks.example.com/in"})["id"]
    sent = world.made(boss, f"webhooks/{hook}/test/", {})["id"]
    news = world.made(boss, f"incidents/{incident}/updates/", {"texts": {"en": "We know the cause."}})["id"]
    rule = world.made(boss, "routing-rules/", {"team": str(world.cast.team.pk), "channel": "letter"})["id"]
    pack = world.made(boss, "rule-packs/", {"code": "eu-payment-services"})["id"]
    world.made(boss, "sla-policies/draft/", {})
    edit = world.made(boss, "sla-policies/edits/", {"mode": "from_now"})["id"]
    world.made(boss, "authority/draft/", {})
    paid = granted(world.cast)
    return {
        "webhook-deliveries/<int:pk>": {"pk": sent},
        "incidents/<reference:reference>/updates/<int:update_id>": {"reference": incident, "update_id": news},
        "routing-rules/<int:pk>": {"pk": rule},
        "rule-packs/<int:pack_id>": {"pack_id": pack},
        "sla-policies/edits/<int:edit_id>": {"edit_id": edit},
        "authority/<int:limit_id>": {"limit_id": AuthorityLimit.objects.first().pk},  # type: ignore[union-attr]
        "payouts/<int:pk>": {"pk": paid.pk},
        "payouts/exports/<int:number>": {"number": number_of(world.cast)},
        "mail/<int:pk>": {"pk": OutboxMessage.objects.first().pk},  # type: ignore[union-attr]
        "imports/<int:pk>": {"pk": _brought_in(world)},
        "customers/<int:pk>": {"pk": customer.pk},
        "purchases/<int:pk>": {"pk": order["id"]},
        "purchases/<int:pk>/lines/<int:line>": {"pk": order["id"], "line": order["lines"][0]["id"]},
        "charges/<int:pk>": {"pk": charge["id"]},
        "payments/<int:pk>": {"pk": payment["id"]},
        "loyalty-entries/<int:pk>": {"pk": points["id"]},
        "offers/<int:pk>": {"pk": offer["id"]},
        "referrals/<int:pk>": {"pk": brought["id"]},
        "incidents/<reference:reference>": {"reference": incident},
        "themes/<slug:code>": {"code": theme},
        "corrective-actions/<int:pk>": {"pk": action},
        "corrective-actions/<int:pk>/complaints/<reference:reference>": {"pk": action, "reference": case},
        "webhooks/<int:pk>": {"pk": hook},
        "channels/<slug:code>": {"code": "web"},
        "complaint-types/<slug:code>": {"code": "billing-charged-twice"},
        "root-causes/<slug:code>": {"code": "people-mistake"},
        "users/<int:pk>": {"pk": world.cast.agent.pk},
        "agents/<int:pk>": {"pk": world.cast.agent.pk},
        "tokens/<int:pk>": {"pk": make_token(boss)[0].pk},
        "teams/<int:pk>": {"pk": world.cast.team.pk},
        "calendars/<int:pk>": {"pk": Calendar.objects.first().pk},  # type: ignore[union-attr]
        "sla-policies/<int:policy_id>": {"policy_id": SlaPolicy.objects.first().pk},  # type: ignore[union-attr]
        "playbooks/<int:pk>": {"pk": make_playbook(by, "call").pk},
        "articles/<int:pk>": {"pk": make_article(by, "Lamps").pk},
        "surveys/<slug:code>": {"code": Survey.objects.first().code},  # type: ignore[union-attr]
        "metrics/<slug:figure>": {"figure": "nps"},
    }
