"""The draft of the policies previewed and applied in the browser: what would move, what moves (SLA 3; F24, F25)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client

from complaints.actions import handle, sla_edits
from complaints.actions import policies as actions
from complaints.models import Clock, SlaEdit, SlaPolicy, SlaVersion
from core import cached, clock
from core.actions import calendars
from core.actor import Actor
from core.models import Calendar, CalendarVersion
from tests.cast import MONDAY, Cast, make_cast
from tests.policies import DRAFT, HOUR, of, press, text, worked
from tests.test_settings_people import count, signed_in

pytestmark = pytest.mark.django_db
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
    SlaPolicy.objects.update(targets={kind: worked(n) for kind, n in (("acknowledge", 4), ("resolve", 10))}, ladder=[])
    cached.clear_all()


def _previewed(cast: Cast, ada: Client, draft: SlaVersion, hours: int) -> SlaEdit:
    """Every policy of the draft asks for a resolution in so many hours; previewed "from now on"."""
    who = {"by": Actor.person(cast.admin), "at": clock.now()}
    for one in of(draft):
        actions.change_policy(one, {"targets": {**one.targets, "resolve": worked(hours)}}, **who)
    answer = press(ada, DRAFT + "preview/")
    edit = SlaEdit.objects.order_by("-pk")[0]
    assert answer.headers["Location"] == f"/settings/sla/edits/{edit.pk}/"
    return edit


ALL = "Open complaints too, counted from their receipt"


def test_the_preview_tells_what_would_change_and_applying_changes_it(cast, day_and_night, ada):
    """By hand: filed Monday 9:00 with 10 hours, due 19:00. At 12:00 the draft says 2 hours: that would be 11:00, which
    has passed, so it is due at once, in the second that begins after 12:00. The acknowledgement stays at 13:00."""
    with clock.frozen(MONDAY):
        case = cast.complaint(channel="web")
    noon = MONDAY + timedelta(hours=3, microseconds=400_000)
    with clock.frozen(noon):
        draft = actions.begin_draft(by=Actor.person(cast.admin), at=noon)
        edit = _previewed(cast, ada, draft, 2)
        here = f"/settings/sla/edits/{edit.pk}/"
        page = text(ada, here)
        assert "1 deadline would change" in page
        assert dict(ada.get(here).context["facts"]) == {
            "Open complaints": "1", "Complaints that change": "1", "Deadlines that move earlier": "1",
            "Deadlines that move later": "0", "Due at once": "1",
        }  # fmt: skip
        assert count(ada, here) <= 10
        # Who sees no case sees by how much and where, and no case.
        shown = ada.get(here).context
        assert [cell.value for cell in shown["shifts"][0]] == [
            "earlier", "1", "6 h 59 min (6 h 59 min of working time)", "6 h 59 min (6 h 59 min of working time)",
        ]  # fmt: skip
        policy = of(draft)[-1].name
        assert [cell.value for cell in shown["spread"][0]] == [policy, "Resolve", "4 h to 1 d earlier", "1"]
        assert case.reference not in page and "Which cases these are is shown to those who may see cases." in page
        assert shown["links"] == [] and not ada.get(here + "rows/").context["rows"]
        manager = signed_in(cast.manager)  # sees all cases
        mine = text(manager, here)
        assert f"/complaints/{case.reference}/" in mine and "6 h 59 min of working time) earlier" in mine
        assert "due at once" in mine
        assert [link.url for link in manager.get(here).context["links"]] == [here + "rows/", here + "rows/?late=1"]
        for page_of in ("rows/", "rows/?late=1"):
            (row,) = manager.get(here + page_of).context["rows"]
            assert (row[0].value, row[1].value, row[-1].value.text) == (case.reference, "Resolve", "due at once")
        assert Clock.objects.get(complaint=case, kind="resolve").due_at == MONDAY + timedelta(hours=10)
        assert f"Apply: {ALL}" in page
        assert press(ada, here + "application/", nonce="go").headers["Location"] == here
        assert press(ada, here + "application/", nonce="go").headers["Location"] == here
    moved = Clock.objects.get(complaint=case, kind="resolve")
    assert (moved.due_at, moved.policy.version) == (noon + timedelta(microseconds=600_000), draft)
    assert Clock.objects.get(complaint=case, kind="acknowledge").due_at == MONDAY + timedelta(hours=4)
    with clock.frozen(noon + timedelta(minutes=1)):
        sla_edits.advance()
        sla_edits.advance()
        page = text(ada, here)
    assert "1 deadline was changed" in page and "by Ada Admin" in page and "Apply:" not in page
    listed = text(ada, "/settings/sla/edits/")
    assert "Policies, version 2" in listed and "Ada Admin" in listed and ALL in listed
    assert ada.get("/settings/sla/").context["note"].startswith("version 2 in force")


def test_the_rows_are_those_the_reader_may_see_a_page_at_a_time(cast, day_and_night, ada):
    """An administrator who leads a team as well sees the rows of that team, as many as the link says."""
    theirs = [cast.complaint(channel="web", owner=cast.agent) for _number in range(52)]
    cast.complaint(channel="web", owner=cast.stranger)
    cast.team.lead = cast.admin
    cast.team.save(update_fields=["lead"])
    draft = actions.begin_draft(by=Actor.person(cast.admin), at=clock.now())
    edit = _previewed(cast, ada, draft, 20)
    here = f"/settings/sla/edits/{edit.pk}/"
    leading = signed_in(cast.admin)
    (link,) = leading.get(here).context["links"]
    assert link.text == f"See the {len(theirs)} deadlines"
    first = leading.get(link.url)
    second = leading.get(first.context["next_url"])
    seen = {row[0].value for page in (first, second) for row in page.context["rows"]}
    assert seen == {one.reference for one in theirs} and not second.context["next_url"]
    assert count(leading, link.url) <= 6
    assert len(signed_in(cast.manager).get(link.url).context["rows"]) == 50


def test_a_clock_that_stands_still_is_told_in_what_is_left(cast, day_and_night, ada):
    """Ten hours, one of them worked before the case waits; the draft says 4: three are left, not nine."""
    with clock.frozen(MONDAY):
        case = cast.complaint(channel="web")
    at = MONDAY + timedelta(hours=1, microseconds=400_000)
    by = Actor.person(cast.agent)
    with clock.frozen(at):
        handle.acknowledge(case, by=by, at=at)
        handle.wait(case, by=by, at=at, reason="the receipt")
        draft = actions.begin_draft(by=Actor.person(cast.admin), at=at)
        edit = _previewed(cast, ada, draft, 4)
        here = f"/settings/sla/edits/{edit.pk}/"
        page = ada.get(here).context
        assert (
            "1 deadline would change" in text(ada, here) and dict(page["facts"])["Paused, with other time left"] == "1"
        )
        assert [cell.value for cell in page["shifts"][0]] == [
            "paused", "1", "6 h of working time", "6 h of working time",
        ]  # fmt: skip
        (row,) = signed_in(cast.manager).get(here).context["examples"]
        assert [cell.value for cell in row[1:-1]] == [
            "Resolve", "8 h 59 min of working time left", "2 h 59 min of working time left", "6 h less left",
        ]  # fmt: skip
        press(ada, here + "application/")
    told = text(signed_in(cast.manager), f"/complaints/{case.reference}/")
    assert "Working hours or policies changed: Resolve, paused: 8 h 59 min → 2 h 59 min left" in told


def test_a_preview_that_holds_no_longer_says_so_and_is_counted_again(cast, day_and_night, ada):
    cast.complaint(channel="web")
    draft = actions.begin_draft(by=Actor.person(cast.admin), at=clock.now())
    edit = _previewed(cast, ada, draft, 2)
    here = f"/settings/sla/edits/{edit.pk}/"
    with clock.frozen(edit.created_at + timedelta(hours=1, seconds=1)):
        page = text(ada, here)
        assert "This was counted more than an hour ago." in page and "Apply:" not in page and "Count again" in page
        press(ada, here + "application/")
        assert "Open complaints have changed since this was counted." in text(ada, here)
        draft.refresh_from_db()
        assert draft.published_at is None
        press(ada, here + "mode/", mode="from_now", nonce="again")
        fresh = SlaEdit.objects.order_by("-pk")[0]
        assert fresh.pk != edit.pk and f"Apply: {ALL}" in text(ada, f"/settings/sla/edits/{fresh.pk}/")
    cast.complaint(channel="web")
    press(ada, f"/settings/sla/edits/{fresh.pk}/application/")
    assert "Open complaints have changed since this was counted." in text(ada, f"/settings/sla/edits/{fresh.pk}/")


def test_a_calendars_preview_says_when_its_draft_has_changed(cast, ada):
    who = {"by": Actor.person(cast.admin), "at": clock.now()}
    office = Calendar.objects.get(name="Office hours")
    hours = {"tz": "Europe/Lisbon", "weekly": {"mon": [["09:00", "12:00"]]}, "holidays": []}
    version = calendars.save_draft(office, hours, **who)
    edit = sla_edits.preview(calendar_version=version, mode="from_now", **who)
    here = f"/settings/sla/edits/{edit.pk}/"
    assert "Apply: Open complaints too, from now on" in text(ada, here)
    calendars.save_draft(office, {**hours, "weekly": {"mon": [["09:00", "13:00"]]}}, **who)
    page = text(ada, here)
    assert "The draft has changed since it was previewed." in page and "Apply:" not in page
    press(ada, here + "mode/", mode="retroactive", nonce="again")
    fresh = SlaEdit.objects.order_by("-pk")[0]
    assert f"Apply: {ALL}" in text(ada, f"/settings/sla/edits/{fresh.pk}/")
    press(ada, f"/settings/sla/edits/{fresh.pk}/application/")
    assert ALL in text(ada, "/settings/trail/?kind=calendar")


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
    assert f"Apply: {ALL}" in text(ada, here)
    actions.change_policy(of(draft)[0], {"name": "Changed since"}, by=Actor.person(cast.admin), at=clock.now())
    page = text(ada, here)
    assert "The draft has changed since it was previewed." in page and f"Apply: {ALL}" not in page
    press(ada, here + "application/")
    assert "The draft has changed since it was previewed. Look at the changes again." in text(ada, here)
    draft.refresh_from_db()
    assert draft.published_at is None
    press(ada, here + "mode/", mode="from_now")
    fresh = SlaEdit.objects.order_by("-pk")[0]
    assert fresh.pk != edit.pk and f"Apply: {ALL}" in text(ada, f"/settings/sla/edits/{fresh.pk}/")
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
    assert "every 1s" not in done and "5 deadlines would change" in done and f"Apply: {ALL}" in done


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
