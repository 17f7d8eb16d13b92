"""Policies in the browser: the draft, what it changes, its preview and its application (domain, SLA 3; F24, F25)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from complaints.actions import policies as actions
from complaints.actions import sla_edits
from complaints.models import Clock, ComplaintType, SlaEdit, SlaPolicy, SlaVersion
from complaints.sla import drafts, policies
from core import cached, clock, trail
from core.actor import Actor
from core.models import CalendarVersion, IdempotencyKey, TrailEntry
from tests.cast import MONDAY, Cast, make_cast
from tests.test_settings_people import count, shown, signed_in

pytestmark = pytest.mark.django_db
HOUR = 3600
DRAFT = "/settings/sla/draft/"
ALWAYS = {day: [["00:00", "24:00"]] for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")}


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


@pytest.fixture
def day_and_night(cast: Cast) -> None:
    """Every hour counts, so that deadlines can be told by hand: 4 hours to acknowledge, 10 to resolve."""
    CalendarVersion.objects.update(definition={"tz": "UTC", "weekly": ALWAYS, "exceptions": []})
    SlaPolicy.objects.update(targets={kind: _hours(n) for kind, n in (("acknowledge", 4), ("resolve", 10))}, ladder=[])
    cached.clear_all()


def _hours(n: int) -> dict[str, Any]:
    return {"kind": "working_seconds", "value": n * HOUR}


def of(draft: SlaVersion) -> list[SlaPolicy]:
    return list(SlaPolicy.objects.filter(version=draft).order_by("position"))


def path_of(policy: SlaPolicy, more: str = "") -> str:
    return f"{DRAFT}policies/{policy.pk}/{more}"


def press(client: Client, path: str, **fields: Any) -> Any:
    return client.post(path, {"nonce": fields.pop("nonce", ""), **fields})


def text(client: Client, path: str) -> str:
    return client.get(path).content.decode()


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
    assert "deputy; handed over if nobody has acknowledged it" in page
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
        draft, {"name": "Billing letters", "type": billing, "channel": "letter", "targets": {"resolve": _hours(1)},
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
        fields = {"name": f"P{number}", "tier": f"t{number}", "targets": {"resolve": _hours(1)}}
        actions.add_policy(draft, {**fields, "calendar": of(draft)[-1].calendar}, **who)
    assert count(ada, DRAFT) <= few <= 12
    assert count(ada, "/settings/sla/") <= 10


# --- preview, application ---------------------------------------------------------------------------------------------


def _previewed(cast: Cast, ada: Client, draft: SlaVersion, hours: int) -> SlaEdit:
    """Every policy of the draft asks for a resolution in so many hours; previewed "from now on"."""
    who = {"by": Actor.person(cast.admin), "at": clock.now()}
    for one in of(draft):
        actions.change_policy(one, {"targets": {**one.targets, "resolve": _hours(hours)}}, **who)
    answer = press(ada, DRAFT + "preview/")
    edit = SlaEdit.objects.order_by("-pk")[0]
    assert answer.headers["Location"] == f"/settings/sla/edits/{edit.pk}/"
    return edit


def test_the_preview_tells_what_would_move_and_applying_moves_it(cast, day_and_night, ada):
    """By hand: filed Monday 9:00 with 10 hours, due 19:00. At 12:00 the draft says 2 hours: that would be 11:00, which
    has passed, so it is due at once, at 12:00. The acknowledgement stays at 13:00."""
    with clock.frozen(MONDAY):
        case = cast.complaint(channel="web")
    noon = MONDAY + timedelta(hours=3)
    with clock.frozen(noon):
        draft = actions.begin_draft(by=Actor.person(cast.admin), at=noon)
        edit = _previewed(cast, ada, draft, 2)
        here = f"/settings/sla/edits/{edit.pk}/"
        page = text(ada, here)
        assert "1 deadline would move" in page
        assert dict(ada.get(here).context["facts"]) == {
            "Open complaints": "1", "Deadlines that move earlier": "1", "Deadlines that move later": "0",
            "Due at once": "1",
        }  # fmt: skip
        assert case.reference not in page and "1 further example is of a case you do not see." in page
        mine = text(signed_in(cast.manager), here)  # sees all cases
        assert f"/complaints/{case.reference}/" in mine and "7 h earlier" in mine
        assert Clock.objects.get(complaint=case, kind="resolve").due_at == MONDAY + timedelta(hours=10)
        assert "Apply: From now on" in page
        assert press(ada, here + "application/", nonce="go").headers["Location"] == here
        assert press(ada, here + "application/", nonce="go").headers["Location"] == here
    moved = Clock.objects.get(complaint=case, kind="resolve")
    assert (moved.due_at, moved.policy.version) == (noon, draft)
    assert Clock.objects.get(complaint=case, kind="acknowledge").due_at == MONDAY + timedelta(hours=4)
    with clock.frozen(noon + timedelta(minutes=1)):
        sla_edits.advance()
        sla_edits.advance()
        page = text(ada, here)
    assert "1 deadline was moved" in page and "by Ada Admin" in page and "Apply:" not in page
    listed = text(ada, "/settings/sla/edits/")
    assert "Policies, version 2" in listed and "Ada Admin" in listed and "From now on" in listed
    assert ada.get("/settings/sla/").context["note"].startswith("version 2 in force")


def test_for_new_complaints_only_nothing_moves(cast, day_and_night, ada, draft):
    case = cast.complaint(channel="web")
    before = Clock.objects.get(complaint=case, kind="resolve").due_at
    edit = _previewed(cast, ada, draft, 2)
    press(ada, f"/settings/sla/edits/{edit.pk}/mode/", mode="new_only", nonce="x")
    edit.refresh_from_db()
    other = SlaEdit.objects.order_by("-pk")[0]
    assert (edit.status, other.mode, other.status) == ("dropped", "new_only", "counted")
    here = f"/settings/sla/edits/{other.pk}/"
    assert "No deadline of an open complaint moves" in text(ada, here)
    press(ada, here + "application/")
    assert Clock.objects.get(complaint=case, kind="resolve").due_at == before
    assert cast.complaint(channel="web").clocks.get(kind="resolve").target_value == 2 * HOUR
    other.refresh_from_db()
    assert other.status == "done"
    press(ada, here + "drop/")
    other.refresh_from_db()
    assert other.status == "done"  # what is done cannot be dropped


def test_what_was_counted_is_what_is_applied(cast, day_and_night, ada, draft):
    edit = _previewed(cast, ada, draft, 2)
    here = f"/settings/sla/edits/{edit.pk}/"
    assert "Apply: From now on" in text(ada, here)
    actions.change_policy(of(draft)[0], {"name": "Changed since"}, by=Actor.person(cast.admin), at=clock.now())
    page = text(ada, here)
    assert "The draft has changed since it was previewed." in page and "Apply: From now on" not in page
    press(ada, here + "application/")
    assert "The draft has changed since it was previewed. Look at the changes again." in text(ada, here)
    draft.refresh_from_db()
    assert draft.published_at is None
    press(ada, here + "mode/", mode="from_now")
    fresh = SlaEdit.objects.order_by("-pk")[0]
    assert fresh.pk != edit.pk and "Apply: From now on" in text(ada, f"/settings/sla/edits/{fresh.pk}/")
    assert press(ada, f"/settings/sla/edits/{fresh.pk}/drop/").headers["Location"] == DRAFT
    fresh.refresh_from_db()
    assert fresh.status == "dropped" and SlaVersion.objects.filter(pk=draft.pk).exists()
    press(ada, f"/settings/sla/edits/{fresh.pk}/mode/", mode="retroactive")  # policies have no such mode
    press(ada, f"/settings/sla/edits/{fresh.pk}/mode/", mode="nonsense")
    assert SlaEdit.objects.count() == 2


def test_the_page_follows_the_job(cast, day_and_night, ada, draft, monkeypatch):
    """Counting in the background: the poll gets 204 while nothing moves, then the page's part, and stops at the end."""
    for _number in range(5):
        cast.complaint(channel="web")
    monkeypatch.setattr(sla_edits, "AT_ONCE", 0.0)
    monkeypatch.setattr(sla_edits, "CHUNK", {"sqlite": 2, "postgresql": 2})
    edit = _previewed(cast, ada, draft, 2)
    begun = edit.looked
    here = f"/settings/sla/edits/{edit.pk}/"
    page = ada.get(here)
    words = page.content.decode()
    assert page.context["at_work"] and "<progress" in words and 'hx-trigger="every 1s"' in words
    assert f"{begun} of 5 open complaints looked at" in words and begun < 4 and "Apply:" not in words
    live = signed_in(cast.admin, **{"HX-Request": "true"})
    assert live.get(page.context["poll_url"]).status_code == 204
    SlaEdit.objects.filter(pk=edit.pk).update(looked=4)
    answer = live.get(page.context["poll_url"])
    assert answer.status_code == 200 and "4 of 5 open complaints looked at" in answer.content.decode()
    assert "<html" not in answer.content.decode() and "Apply:" not in answer.content.decode()
    SlaEdit.objects.filter(pk=edit.pk).update(looked=begun)
    sla_edits.advance()
    done = live.get(page.context["poll_url"]).content.decode()
    assert "every 1s" not in done and "5 deadlines would move" in done and "Apply: From now on" in done


def test_edits_are_listed_a_page_at_a_time_and_odd_ones_are_not_found(cast, ada, draft):
    at = datetime(2026, 3, 2, tzinfo=UTC)
    SlaEdit.objects.bulk_create(
        SlaEdit(sla_version=draft, mode="from_now", status="dropped", created_at=at, created_by=cast.admin)
        for _number in range(55)
    )
    first = ada.get("/settings/sla/edits/")
    assert len(first.context["rows"]) == 50
    assert len(ada.get(first.context["next_url"]).context["rows"]) == 5
    assert count(ada, "/settings/sla/edits/") <= 6
    assert ada.get("/settings/sla/edits/999999/").status_code == 404
    assert ada.get("/settings/sla/edits/?before=x").status_code == 200


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
