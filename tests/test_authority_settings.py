"""Limits of authority in the settings and over the API: draft, publication, versions, trial (domain, Authority)."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from complaints import authority
from complaints.actions import authority as actions
from complaints.actions import remedies
from complaints.authority import drafts
from complaints.models import AuthorityLimit, AuthorityVersion
from core import cached, clock, trail
from core.actor import Actor
from core.errors import DomainError, InvalidInput, NotAllowed
from core.models import User
from tests.authority import publish
from tests.cast import Cast, make_cast
from tests.tokens import bearer

pytestmark = pytest.mark.django_db
D = Decimal
PAGE, DRAFT = "/settings/authority/", "/settings/authority/draft/"
AGENTS = {"holder": "role", "role": "agent", "kind": "refund", "currency": "EUR", "per_complaint": D(100)}


@pytest.fixture
def cast() -> Cast:
    cached.clear_all()
    return make_cast()


@pytest.fixture
def ada(cast: Cast) -> Actor:
    return Actor.person(cast.admin)


@pytest.fixture
def draft(ada: Actor) -> AuthorityVersion:
    return actions.begin_draft(by=ada, at=clock.now())


def client(user: User) -> Client:
    found = Client()
    found.force_login(user)
    return found


def add(draft: AuthorityVersion, by: Actor, **values: Any) -> AuthorityLimit:
    return actions.add_limit(draft, values, by=by, at=clock.now())


def kinds(draft: AuthorityVersion) -> list[str]:
    return [entry.kind.removeprefix("authorityversion.") for entry in trail.of(draft)]


# --- the actions ------------------------------------------------------------------------------------------------------


def test_a_draft_governs_nothing_until_it_is_published(cast: Cast, ada: Actor, draft: AuthorityVersion) -> None:
    add(draft, ada, **AGENTS)
    complaint = cast.complaint()

    def ask() -> str:
        who = Actor.person(cast.agent)
        values: dict[str, Any] = {"kind": "refund", "amount": D(60), "currency": "EUR", "reason": "Charged twice"}
        return remedies.ask(complaint, by=who, at=clock.now(), **values).status

    assert ask() == "awaiting_approval"
    before = AuthorityVersion.objects.get(number=1)
    actions.publish(draft, by=ada, at=clock.now())
    assert ask() == "granted"
    assert authority.in_force().number == draft.number
    assert list(before.limits.values_list("role", flat=True)) == ["manager"]  # stays as it was
    assert kinds(draft) == ["created", "limit_added", "published"]
    told = json.loads(trail.of(draft).last().body)  # type: ignore[union-attr]
    assert [one["what"] for one in told["changes"]] == ["added"]
    assert told["changes"][0]["after"]["per_complaint"] == "100.00"
    assert not list(trail.verify(trail.of(draft)))


def test_only_a_draft_is_changed_and_there_is_one(cast: Cast, ada: Actor, draft: AuthorityVersion) -> None:
    with pytest.raises(actions.DraftOpen):
        actions.begin_draft(by=ada, at=clock.now())
    limit = add(draft, ada, **AGENTS)
    actions.publish(draft, by=ada, at=clock.now())
    for run in (
        lambda: actions.change_limit(limit, {"per_complaint": D(5)}, by=ada, at=clock.now()),
        lambda: actions.remove_limit(limit, by=ada, at=clock.now()),
        lambda: actions.move_limit(limit, to=1, by=ada, at=clock.now()),
        lambda: actions.discard_draft(draft, by=ada, at=clock.now()),
        lambda: actions.publish(draft, by=ada, at=clock.now()),
    ):
        with pytest.raises(actions.NoDraft):
            run()


def test_what_changes_nothing_is_not_published(cast: Cast, ada: Actor, draft: AuthorityVersion) -> None:
    with pytest.raises(actions.NothingChanged):
        actions.publish(draft, by=ada, at=clock.now())
    limit = add(draft, ada, **AGENTS)
    actions.change_limit(limit, {"per_complaint": D(100)}, by=ada, at=clock.now())
    assert kinds(draft) == ["created", "limit_added"]  # written as it was


@pytest.mark.parametrize("name", ["agent", "lead", "manager"])
def test_administrators_alone_change_it(cast: Cast, draft: AuthorityVersion, name: str) -> None:
    by = Actor.person(getattr(cast, name))
    with pytest.raises(NotAllowed):
        add(draft, by, **AGENTS)
    with pytest.raises(NotAllowed):
        actions.publish(draft, by=by, at=clock.now())


def test_somebody_was_faster(cast: Cast, ada: Actor, draft: AuthorityVersion) -> None:
    seen = drafts.revision(draft)
    add(draft, ada, **AGENTS)
    with pytest.raises(DomainError) as stale:
        actions.publish(draft, by=ada, at=clock.now(), seen=seen)
    assert stale.value.code == "stale"


REFUSED = [
    ({"holder": "cat"}, "unknown_holder"),
    ({"holder": "role", "role": ""}, "unknown_role"),
    ({"holder": "role", "role": "king"}, "unknown_role"),
    ({"holder": "team"}, "unknown_team"),
    ({"holder": "person"}, "unknown_person"),
    ({"kind": "gift"}, "unknown_kind"),
    ({"kind": "apology", "currency": ""}, "needs_none"),
    ({"kind": "points"}, "no_currency"),
    ({"currency": "ABC"}, "unknown_currency"),
    ({"period": "decade"}, "unknown_period"),
    ({"holder": "cap", "per_period": D(5)}, "not_for_everybody"),
    ({"per_complaint": D(-1)}, "not_negative"),
    ({"per_complaint": D("0.001")}, "too_many_decimals"),
    ({"currency": "JPY", "per_customer": D("0.5")}, "too_many_decimals"),
    ({"kind": "points", "currency": "", "per_period": D("0.5")}, "not_whole"),
    ({"per_period": D(10) ** 12}, "amount_out_of_range"),
    ({"per_period": D("NaN")}, "amount_out_of_range"),
    ({"colour": "red"}, "unknown_field"),
]


@pytest.mark.parametrize(("values", "code"), REFUSED, ids=[code for _v, code in REFUSED])
def test_limits_that_make_no_sense(
    cast: Cast, ada: Actor, draft: AuthorityVersion, values: dict[str, Any], code: str
) -> None:
    with pytest.raises(InvalidInput) as refused:
        add(draft, ada, **{**AGENTS, **values})
    assert refused.value.code == code
    assert draft.limits.count() == 1


def test_no_two_limits_are_alike(cast: Cast, ada: Actor, draft: AuthorityVersion) -> None:
    add(draft, ada, **AGENTS)
    other = add(draft, ada, **{**AGENTS, "currency": "USD"})
    for run in (
        lambda: add(draft, ada, **{**AGENTS, "per_complaint": D(7), "period": "year"}),
        lambda: actions.change_limit(other, {"currency": "EUR"}, by=ada, at=clock.now()),
    ):
        with pytest.raises(InvalidInput) as refused:
            run()
        assert refused.value.code == "duplicate"
    cast.colleague.is_active = False
    cast.colleague.save(update_fields=["is_active"])
    with pytest.raises(InvalidInput) as refused:
        add(draft, ada, **{**AGENTS, "holder": "person", "person": cast.colleague})
    assert refused.value.code == "unknown_person"


def test_another_holder_leaves_the_first_behind(cast: Cast, ada: Actor, draft: AuthorityVersion) -> None:
    limit = add(draft, ada, **AGENTS)
    limit = actions.change_limit(limit, {"holder": "team", "team": cast.team}, by=ada, at=clock.now())
    limit.refresh_from_db()
    assert (limit.holder, limit.role, limit.team, limit.person) == ("team", "", cast.team, None)


def test_moved_removed_and_discarded(cast: Cast, ada: Actor, draft: AuthorityVersion) -> None:
    one, two = add(draft, ada, **AGENTS), add(draft, ada, **{**AGENTS, "role": "lead"})
    actions.move_limit(two, to=1, by=ada, at=clock.now())
    assert list(draft.limits.values_list("role", flat=True)) == ["lead", "manager", "agent"]
    with pytest.raises(InvalidInput):
        actions.move_limit(two, to=4, by=ada, at=clock.now())
    actions.remove_limit(one, by=ada, at=clock.now())
    assert kinds(draft) == ["created", "limit_added", "limit_added", "limit_moved", "limit_removed"]
    key = draft.pk
    actions.discard_draft(draft, by=ada, at=clock.now())
    assert not AuthorityVersion.objects.filter(pk=key).exists()
    assert drafts.versions().in_force.number == 1  # type: ignore[union-attr]


# --- the browser ------------------------------------------------------------------------------------------------------


def test_from_the_page_to_a_new_version_in_the_browser(cast: Cast) -> None:
    ada = client(cast.admin)
    assert "Begin a draft" in ada.get(PAGE).content.decode()
    for _again in range(2):
        assert ada.post(DRAFT + "begin/", {"nonce": "b"}).headers["Location"] == DRAFT
    form = {
        "holder": "role",
        "role": "agent",
        "kind": "refund",
        "currency": "EUR",
        "per_complaint": "100",
        "period": "month",
        "nonce": "l",
    }
    for _again in range(2):
        assert ada.post(DRAFT + "limits/new/", form).headers["Location"] == DRAFT
    made = AuthorityLimit.objects.get(role="agent")
    page = ada.get(DRAFT).content.decode()
    assert "Draft with 1 change" in page and "€100.00" in page and "Agents, Refund, EUR" in page
    refused = ada.post(DRAFT + "limits/new/", {**form, "nonce": "m"})
    assert refused.status_code == 422 and "for the same holder" in refused.content.decode()
    refused = ada.post(DRAFT + "limits/new/", {**form, "nonce": "o", "currency": "USD", "per_complaint": "0.001"})
    assert refused.status_code == 422 and 'value="0.001"' in refused.content.decode()
    edit = f"{DRAFT}limits/{made.pk}/"
    shown = ada.get(edit).content.decode()
    seen = shown.partition('name="seen" value="')[2].partition('"')[0]
    assert 'value="100.00"' in shown
    assert ada.post(edit, {**form, "nonce": "p", "seen": seen, "per_complaint": "150"}).status_code == 302
    stale = ada.post(edit, {**form, "nonce": "q", "seen": seen, "per_complaint": "200"})  # shown before that change
    assert stale.status_code == 409 and "150.00" in stale.content.decode()
    revision = drafts.revision(AuthorityVersion.objects.get(published_at=None))
    assert ada.post(f"{edit}position/", {"direction": "up", "revision": revision}).status_code == 302
    revision += 1
    assert AuthorityLimit.objects.filter(version__published_at=None).first() == made
    behind = ada.post(DRAFT + "publication/", {"revision": revision - 1, "nonce": "r"})
    assert behind.headers["Location"] == DRAFT
    assert ada.post(DRAFT + "publication/", {"revision": revision, "nonce": "s"}).headers["Location"] == PAGE
    assert authority.in_force().number == 2
    page = ada.get(PAGE).content.decode()
    assert "version 2 in force" in page and "€150.00" in page
    versions = ada.get(PAGE + "versions/").content.decode()
    assert "Version 2" in versions and "Agents, Refund, EUR: €150.00 on one complaint" in versions
    assert "Agents, Refund, EUR: €150.00 on one complaint" in ada.get("/settings/trail/").content.decode()


def test_taken_out_and_thrown_away_in_the_browser(cast: Cast) -> None:
    ada = client(cast.admin)
    ada.post(DRAFT + "begin/", {"nonce": "b"})
    manager = AuthorityLimit.objects.get(version__published_at=None)
    assert ada.post(f"{DRAFT}limits/{manager.pk}/removal/", {"nonce": "c"}).headers["Location"] == DRAFT
    page = ada.get(DRAFT).content.decode()
    assert "removed" in page and "Managers" in page and "Without limits nobody grants anything" in page
    assert ada.post(DRAFT + "discard/", {"nonce": "d"}).headers["Location"] == PAGE
    assert ada.get(DRAFT).headers["Location"] == PAGE
    for gone in (f"limits/{manager.pk}/", "limits/new/"):
        assert ada.get(DRAFT + gone).status_code == 404
    in_force = AuthorityLimit.objects.get()
    assert ada.post(f"{DRAFT}limits/{in_force.pk}/removal/", {}).status_code == 404


def test_managers_read_and_others_do_not(cast: Cast, draft: AuthorityVersion) -> None:
    maria = client(cast.manager)
    for page in (PAGE, DRAFT, PAGE + "versions/"):
        body = maria.get(page).content.decode().partition('class="settings"')[2].partition("</main>")[0]
        assert body and 'method="post"' not in body, page
        for other in (cast.agent, cast.lead):
            assert client(other).get(page).status_code == 403, page
    for page in ("begin/", "discard/", "publication/"):
        assert maria.post(DRAFT + page).status_code == 403, page
    assert maria.get(DRAFT + "limits/new/").status_code == 403


def test_try_says_what_would_happen_and_why(cast: Cast, ada: Actor) -> None:
    publish(
        AuthorityLimit(holder="role", role="agent", kind="refund", currency="EUR", per_complaint=D(100)),
        AuthorityLimit(holder="role", role="manager"),
        AuthorityLimit(holder="cap", per_complaint=D(1000)),
    )
    page = client(cast.admin)

    def said(**asked: Any) -> str:
        given = {"person": cast.agent.pk, "kind": "refund", "amount": "100", "currency": "EUR", **asked}
        return page.get(PAGE, given, headers={"HX-Request": "true"}).content.decode()

    assert "granted on the spot" in said() and "Agents, Refund, EUR: €100.00 on one complaint" in said()
    above = said(amount="100.01")
    assert "needs approval" in above and "Maria Manager" in above
    assert "refused: above a cap" in said(amount="1000.01")
    assert "No limit fits" in said(currency="USD")
    assert "An apology needs no authority" in said(kind="apology", amount="")
    assert "Say how much" in said(amount="") and "ISO 4217" in said(currency="ABC")
    assert "<html" in page.get(PAGE, {"person": cast.agent.pk, "kind": "refund"}).content.decode()
    draft = actions.begin_draft(by=ada, at=clock.now())
    add(draft, ada, **{**AGENTS, "currency": "USD"})
    assert "granted on the spot" in said(currency="USD", draft="on")


# --- the API ----------------------------------------------------------------------------------------------------------


def call(user: User, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any, Any]:
    answer = Client(headers={**bearer(user), **headers}).generic(
        method, f"/api/v1/authority/{path}", json.dumps(body) if body is not None else "", "application/json"
    )
    return answer.status_code, json.loads(answer.content or b"null"), answer.headers


def test_the_same_over_the_api(cast: Cast) -> None:
    ada = cast.admin
    assert call(ada, "POST", "", {"holder": "cap"})[1]["code"] == "no_draft"
    assert call(ada, "GET", "draft/")[0] == 404
    status, told, headers = call(ada, "POST", "draft/", {})
    assert (status, told["revision"], told["changes"], len(told["limits"])) == (201, 1, [], 1)
    body = {"holder": "person", "person": str(cast.agent.pk), "currency": "EUR", "per_complaint": "100.00"}
    status, made, headers = call(ada, "POST", "", body)
    assert status == 201 and made["per_complaint"] == "100.00" and made["person"]["id"] == str(cast.agent.pk)
    path = f"{made['id']}/"
    assert call(ada, "PATCH", path, {"per_complaint": "150"})[0] == 428
    assert call(ada, "PATCH", path, {"per_complaint": "150"}, **{"If-Match": '"1"'})[0] == 412
    status, told, _headers = call(ada, "PATCH", path, {"per_complaint": "150"}, **{"If-Match": headers["ETag"]})
    assert (status, told["per_complaint"]) == (200, "150.00")
    for wrong, code in (
        ({"per_complaint": 150}, "invalid_amount"),
        ({"per_complaint": "1e3"}, "invalid_amount"),
        ({"currency": "ABC"}, "unknown_currency"),
        ({"person": "999999"}, "unknown_person"),
        ({"colour": "red"}, "unknown_field"),
    ):
        status, told, _headers = call(ada, "POST", "", {**body, "currency": "USD", **wrong})
        assert status == 400 and code in json.dumps(told), wrong
    assert call(ada, "POST", "", body)[1]["errors"][0]["code"] == "duplicate"
    assert call(ada, "POST", f"{path}position/", {"position": 1})[1]["position"] == 1
    changes = call(cast.manager, "GET", "draft/")[1]["changes"]
    assert [(one["what"], one["before"]) for one in changes] == [("added", None)]
    assert call(cast.manager, "POST", "draft/publication/", {})[0] == 403
    status, told, _headers = call(ada, "POST", "draft/publication/", {})
    assert (status, told["number"]) == (200, 2)
    assert [one["holder"] for one in call(cast.manager, "GET", "")[1]["results"]] == ["person", "role"]
    assert len(call(cast.manager, "GET", "?version=1")[1]["results"]) == 1
    assert [one["number"] for one in call(cast.manager, "GET", "versions/")[1]["results"]] == [2, 1]
    assert call(ada, "DELETE", path)[1]["code"] == "not_a_draft"
    asked = {"person": str(cast.agent.pk), "kind": "refund", "amount": {"amount": "150.01", "currency": "EUR"}}
    status, told, _headers = call(cast.manager, "POST", "trial/", asked)
    assert (status, told["answer"], told["limit"]["id"]) == (200, "above", made["id"])
    assert [one["id"] for one in told["approvers"]] == [str(cast.manager.pk)]
    for other in (cast.agent, cast.lead):
        assert call(other, "GET", "")[0] == 403
    assert Client(headers=bearer(ada, "authority:read")).post("/api/v1/authority/draft/").status_code == 403
