"""Policies in the browser: the draft, who may change it, what it changes (domain, SLA 3; F24, F25)."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from complaints.actions import policies as actions
from complaints.actions import sla_edits
from complaints.models import ComplaintType, SlaEdit, SlaPolicy, SlaVersion
from complaints.sla import drafts, policies
from core import cached, clock, trail
from core.actor import Actor
from core.models import IdempotencyKey, TrailEntry
from tests.cast import Cast, make_cast
from tests.policies import DRAFT, of, path_of, press, text, worked
from tests.test_settings_people import count, shown, signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast() -> Cast:
    cached.clear_all()
    return make_cast()


@pytest.fixture
def ada(cast: Cast) -> Client:
    return signed_in(cast.admin)


@pytest.fixture
def draft(cast: Cast) -> SlaVersion:
    return actions.begin_draft(by=Actor.person(cast.admin), at=clock.now())


# --- the draft --------------------------------------------------------------------------------------------------------


def test_from_nothing_to_a_draft_and_back(cast, ada):
    assert ada.get(DRAFT).headers["Location"] == "/settings/sla/"
    assert "Begin a draft" in text(ada, "/settings/sla/")
    assert press(ada, DRAFT + "begin/", nonce="once").headers["Location"] == DRAFT
    assert press(ada, DRAFT + "begin/", nonce="once").headers["Location"] == DRAFT  # pressed twice
    assert SlaVersion.objects.filter(published_at=None).count() == 1
    assert "Draft with 0 changes" in text(ada, DRAFT)
    assert "Open the draft" in text(ada, "/settings/sla/")
    seen = drafts.revision(SlaVersion.objects.get(number=2))
    assert press(ada, DRAFT + "discard/", revision=seen + 5).headers["Location"] == DRAFT  # somebody was faster
    assert SlaVersion.objects.count() == 2
    assert press(ada, DRAFT + "discard/", revision=seen).headers["Location"] == "/settings/sla/"
    assert SlaVersion.objects.count() == 1


def test_a_policy_is_edited_without_javascript(cast, ada, draft):
    one = of(draft)[0]
    path = path_of(one)
    sent = shown(ada, path)
    assert ada.post(path, sent).status_code == 302  # nothing changed, nothing written
    assert trail.of(draft).count() == 1
    sent = shown(ada, path) | {
        "name": "Gold, critical", "tier": "gold", "severity": "critical", "acknowledge_amount": "90",
        "acknowledge_unit": "minutes", "update_amount": "", "resolve_amount": "15", "resolve_unit": "working_days",
        "step_0_percent": "60", "step_0_to": ["owner", "lead"], "step_0_clocks": ["resolve"],
        "step_3_percent": "200", "step_3_to": ["deputy"], "step_3_clocks": [], "step_3_hand_over": "on",
        "reopen_mode": "restart",
    }  # fmt: skip
    assert ada.post(path, sent).headers["Location"].startswith(DRAFT)
    one.refresh_from_db()
    assert (one.name, one.tier, one.severity, one.reopen_mode) == ("Gold, critical", "gold", "critical", "restart")
    assert one.targets == {
        "acknowledge": {"kind": "working_seconds", "value": 5400}, "resolve": {"kind": "working_days", "value": 15}
    }  # fmt: skip
    assert one.ladder[0] == {"percent": 60, "to": ["owner", "lead"], "clocks": ["resolve"]}
    assert one.ladder[-1] == {"percent": 200, "to": ["deputy"], "hand_over": True}
    assert shown(ada, path)["acknowledge_amount"] == 90  # and shows again what was typed
    page = text(ada, DRAFT)
    assert "Draft with 1 change" in page and "15 working days" in page
    assert "deputy; handed over if its owner does nothing" in page
    (entry,) = TrailEntry.objects.filter(kind="slaversion.policy_changed")
    changes = text(ada, "/settings/trail/?kind=slaversion")
    assert "changed in the draft" in changes and "15 working days" in changes and entry.actor_id == cast.admin.pk


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"acknowledge_amount": "", "update_amount": "", "resolve_amount": ""}, 422),
        ({"resolve_amount": "0"}, 422),
        ({"resolve_amount": "1.5"}, 422),
        ({"name": ""}, 422),
        ({"name": "letters"}, 422),
        ({"step_0_percent": "75", "step_0_to": []}, 422),
        ({"step_3_to": ["owner"], "step_3_percent": ""}, 422),
        ({"step_0_percent": "75", "step_1_percent": "75"}, 422),
        ({"step_0_percent": "1001"}, 422),
        ({"calendar": "0"}, 422),
        ({"position": "1"}, 400),
        ({"version": "1"}, 400),
    ],
)
def test_what_cannot_be_is_said_and_nothing_is_written(cast, ada, draft, fields, status):
    path = path_of(of(draft)[0])
    before = list(SlaPolicy.objects.order_by("pk").values())
    answer = ada.post(path, shown(ada, path) | fields)
    assert answer.status_code == status
    assert answer.context["form"].errors
    assert list(SlaPolicy.objects.order_by("pk").values()) == before


def test_two_at_one_policy(cast, ada, draft):
    """F24: the second is refused, sees what is stored, and nothing typed is lost."""
    path = path_of(of(draft)[0])
    first, second = shown(ada, path), shown(ada, path)
    assert ada.post(path, first | {"name": "First"}).status_code == 302
    answer = ada.post(path, second | {"name": "Second", "step_0_percent": "50"})
    assert answer.status_code == 409
    page = answer.content.decode()
    assert "First" in page and "Second" in page
    assert of(draft)[0].name == "First"
    again = {**second, "name": "Second", "seen": answer.context["form"].data["seen"], "nonce": ""}
    assert ada.post(path, again).status_code == 302
    actions.remove_policy(of(draft)[0], by=Actor.person(cast.admin), at=clock.now())
    assert ada.post(path, second).status_code == 404


def test_another_policy_may_change_meanwhile(cast, ada, draft):
    sent = shown(ada, path_of(of(draft)[0]))
    other = path_of(of(draft)[1])
    assert ada.post(other, shown(ada, other) | {"name": "Other"}).status_code == 302
    assert ada.post(path_of(of(draft)[0]), sent | {"name": "Mine"}).status_code == 302


def test_a_new_policy_is_made_once_above_the_last(cast, ada, draft):
    path = DRAFT + "policies/new/"
    sent = shown(ada, path) | {"name": "Gold", "tier": "gold"}
    first, second = ada.post(path, sent), ada.post(path, sent)
    assert first.headers["Location"] == second.headers["Location"]
    assert [one.name for one in of(draft)].count("Gold") == 1
    assert of(draft)[-2].name == "Gold" and of(draft)[-2].targets == of(draft)[-1].targets


def test_moving_and_removing(cast, ada, draft):
    names = [one.name for one in of(draft)]
    seen = drafts.revision(draft)
    second = of(draft)[1]
    assert ada.post(path_of(second, "position/"), {"direction": "up", "revision": seen}).status_code == 302
    assert [one.name for one in of(draft)][:2] == [names[1], names[0]]
    assert ada.post(path_of(second, "position/"), {"direction": "down", "revision": seen}).status_code == 302
    assert [one.name for one in of(draft)][:2] == [names[1], names[0]]  # of another list than there is now
    live = signed_in(cast.admin, **{"HX-Request": "true"})
    answer = live.post(path_of(second, "position/"), {"direction": "down", "revision": seen})
    assert "Somebody changed this" in answer.content.decode()
    answer = live.post(path_of(second, "position/"), {"direction": "down", "revision": drafts.revision(draft)})
    assert answer.content.decode().startswith("\n<div") or 'id="policies-part"' in answer.content.decode()
    assert [one.name for one in of(draft)] == names
    above_last = of(draft)[-2]
    live.post(path_of(above_last, "position/"), {"direction": "down", "revision": drafts.revision(draft)})
    assert [one.name for one in of(draft)] == names  # nothing goes below the last one
    last = of(draft)[-1]
    press(ada, path_of(last, "removal/"))
    assert [one.name for one in of(draft)] == names
    assert "Remove the policy" not in text(ada, path_of(last)) and "tier" not in shown(ada, path_of(last))
    press(ada, path_of(second, "removal/"), revision=drafts.revision(draft))
    assert names[1] not in [one.name for one in of(draft)]
    assert f"Taken out: {names[1]}" in text(ada, DRAFT)


def test_what_is_never_reached_says_so(cast, ada, draft):
    who = {"by": Actor.person(cast.admin), "at": clock.now()}
    first = of(draft)[0]
    for name in ("type", "channel", "severity", "tier", "team"):
        actions.change_policy(first, {name: None if name in ("type", "team") else ""}, **who)
    assert f"Never reached: “{first.name}” above takes all its cases." in text(ada, DRAFT)
    assert "Never reached" in text(ada, path_of(of(draft)[1]))
    assert "Never reached" not in text(ada, "/settings/sla/")


# --- who may ----------------------------------------------------------------------------------------------------------


def test_managers_read_and_change_nothing(cast, ada, draft):
    press(ada, DRAFT + "preview/")
    edit = SlaEdit.objects.get()
    manager = signed_in(cast.manager)
    for page in ("/settings/sla/", DRAFT, "/settings/sla/edits/", f"/settings/sla/edits/{edit.pk}/"):
        words = text(manager, page)
        assert 'method="post"' not in words.partition('class="settings"')[2].partition("</main>")[0], page
    one = of(draft)[0]
    for page in ("begin/", "discard/", "preview/", f"policies/{one.pk}/position/", f"policies/{one.pk}/removal/"):
        assert manager.post(DRAFT + page).status_code == 403, page
    for page in (f"policies/{one.pk}/", "policies/new/"):
        assert manager.get(DRAFT + page).status_code == manager.post(DRAFT + page).status_code == 403, page
    for page in ("application/", "drop/", "mode/"):
        assert manager.post(f"/settings/sla/edits/{edit.pk}/{page}").status_code == 403, page
    for person in (cast.agent, cast.lead):
        for page in (DRAFT, "/settings/sla/edits/", f"/settings/sla/edits/{edit.pk}/"):
            assert signed_in(person).get(page).status_code == 403
    in_force = SlaPolicy.objects.filter(version__number=1)[0]
    assert ada.get(path_of(in_force)).status_code == 404  # what is in force has no form


# --- the matrix -------------------------------------------------------------------------------------------------------


def test_the_matrix_frames_what_the_draft_changes_and_says_why(cast, ada, draft):
    who = {"by": Actor.person(cast.admin), "at": clock.now()}
    billing = ComplaintType.objects.get(code="billing")
    made = actions.add_policy(
        draft, {"name": "Billing letters", "type": billing, "channel": "letter", "targets": {"resolve": worked(1)},
                "calendar": of(draft)[-1].calendar}, **who,
    )  # fmt: skip
    actions.move_policy(made, to=1, **who)
    page = ada.get(DRAFT)
    codes = [code for code, _name in page.context["channels"]]
    framed = {
        (row.name, code)
        for row in page.context["matrix"]
        for code, cell in zip(codes, row.cells, strict=True)
        if cell["is_edited"]
    }
    assert framed == {(billing.label, "letter")} | {
        (row.name, "letter") for row in page.context["matrix"] if row.below and _under(row.name, billing)
    }
    in_force = ada.get("/settings/sla/").context["matrix"]
    assert not any(cell["is_edited"] for row in in_force for cell in row.cells)
    why = ada.get(f"{DRAFT}?type={billing.pk}&channel=letter").context["cell"]["sides"]
    assert [side["policy"] for _name, side in why] == [policies.match(_letter(billing)).policy.name, "Billing letters"]
    assert why[1][1]["because"] == "Type: Billing, Channel: Letter" and why[1][1]["passed"] == []
    assert all(unmet for _name, unmet in why[0][1]["passed"])
    for odd in ("?type=x&channel=letter", "?type=1&channel=pigeon", "?type=99999999&channel=web", "?channel=web"):
        assert ada.get(DRAFT + odd).context["cell"] is None


def _under(name: str, top: ComplaintType) -> bool:
    return any(one.label == name for one in top.children.all())


def _letter(kind: ComplaintType) -> Any:
    from complaints.models import Channel, Complaint

    return Complaint(type_id=kind.pk, channel="letter", severity=Channel.objects.get(pk="letter").default_severity)


def test_the_pages_cost_the_same_however_much_is_in_them(cast, ada, draft):
    few = count(ada, DRAFT)
    who = {"by": Actor.person(cast.admin), "at": clock.now()}
    for number in range(12):
        fields = {"name": f"P{number}", "tier": f"t{number}", "targets": {"resolve": worked(1)}}
        actions.add_policy(draft, {**fields, "calendar": of(draft)[-1].calendar}, **who)
    assert count(ada, DRAFT) <= few <= 12
    assert count(ada, "/settings/sla/") <= 10


def test_reading_writes_nothing(cast, ada, draft):
    edit = sla_edits.preview(sla_version=draft, mode="from_now", by=Actor.person(cast.admin), at=clock.now())
    before = (TrailEntry.objects.count(), IdempotencyKey.objects.count(), list(SlaPolicy.objects.values()))
    for page in ("/settings/sla/", DRAFT, path_of(of(draft)[0]), f"{DRAFT}policies/new/", "/settings/sla/edits/",
                 f"/settings/sla/edits/{edit.pk}/", "/settings/sla/simulator/"):  # fmt: skip
        for method in (ada.get, ada.head):
            assert method(page).status_code == 200, page
    for page in (f"{DRAFT}begin/", f"{DRAFT}discard/", f"{DRAFT}preview/", f"/settings/sla/edits/{edit.pk}/drop/"):
        assert ada.get(page).status_code == 405
    assert (TrailEntry.objects.count(), IdempotencyKey.objects.count(), list(SlaPolicy.objects.values())) == before
