"""The cards of the clocks at the head of a case: what each says of its deadline (domain, SLA 1, 3, 7, 8)."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone, translation

from complaints.actions import converse, extend, handle, manage
from complaints.models import Clock, Complaint, SlaPolicy
from complaints.reference import catalogue
from complaints.sla import clocks as sla
from complaints.sla import ladder
from complaints.sla.sweep import sweep
from complaints.web.one import clockface, story
from core import cached, clock
from core.actor import Actor
from core.instants import from_us
from core.models import CalendarVersion
from core.web.parts import ClockView
from tests import packed
from tests.cast import MONDAY, Cast, make_cast
from tests.packed import DISP, EU, LGSCO

pytestmark = pytest.mark.django_db
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
REPLY = f"{EU}.reply"


@pytest.fixture
def cast() -> Cast:
    cached.clear_all()
    return make_cast()


def faces(complaint: Complaint, cast: Cast, at: datetime) -> dict[str, ClockView]:
    """The cards by name, as the agent sees them at `at`, times in UTC."""
    with clock.frozen(at), timezone.override("UTC"):
        found = clockface.faces(clockface.load(complaint), story.load(complaint, cast.agent).trail, now=at)
    return {one.kind: one for one in found}


def facts(face: ClockView, name: str) -> list[str]:
    assert face.explain is not None
    return [value.replace("\xa0", " ") for label, value in face.explain.facts if label == name]


def test_every_clock_has_a_card_each_statutory_one_by_its_own_name(cast: Cast) -> None:
    with clock.frozen(MONDAY):
        for code in (EU, DISP, LGSCO):
            packed.install(code, cast.admin, MONDAY)
        case = cast.complaint(at=MONDAY, channel="phone", by=Actor.person(cast.agent))
    names = list(faces(case, cast, MONDAY + HOUR))
    assert names[:3] == ["Acknowledge", "Next update", "Resolve"]
    assert set(names[3:]) == {
        "Reply under PSD2",
        "Summary resolution",
        "Final response",
        "Acknowledge under the code",
        "Full response at stage 1",
    }
    with translation.override("ru"):
        assert "Ответ по PSD2" in faces(case, cast, MONDAY + HOUR)


def test_the_card_of_a_statutory_clock_says_which_law_and_why(cast: Cast) -> None:
    with clock.frozen(MONDAY):
        row = packed.install(EU, cast.admin, MONDAY, conditions={"channels": ["email"]})
        case = cast.complaint(at=MONDAY, channel="email")
    card = faces(case, cast, MONDAY + HOUR)["Reply under PSD2"]
    assert facts(card, "State") == ["Running"]
    assert facts(card, "Target") == ["15 working days"]
    assert facts(card, "Rule pack") == ["EU payment services, edition 2018-01-13"]
    assert facts(card, "Source") == ["Directive (EU) 2015/2366 (PSD2), Article 101(2)–(4)"]
    assert facts(card, "Chosen") == ["by channel"]
    assert facts(card, "Calendar") == [f"{row.calendar.name}, version 1"]
    assert card.explain.note == "Set by law; no pause moves it."
    told = facts(card, "Will tell")
    assert [one.partition(" · ")[0] for one in told] == ["50 %", "75 %", "90 %", "100 %"]
    assert "owner, lead, manager" in told[-1] and facts(card, "Told") == []


def test_the_ladder_shows_what_it_told_and_what_it_will(cast: Cast) -> None:
    with clock.frozen(MONDAY):
        packed.install(EU, cast.admin, MONDAY)
        case = cast.complaint(at=MONDAY)
    own = packed.clock(case, REPLY)
    at = own.due_at + HOUR
    with clock.frozen(at):
        sweep()
    card = faces(case, cast, at)["Reply under PSD2"]
    (told,) = facts(card, "Told")
    assert told == "100 % · owner, lead, manager · today 19:00 · due today 18:00", "when it was, not when it should be"
    passed = facts(card, "Passed")
    assert [one.partition(" · ")[0] for one in passed] == ["50 %", "75 %", "90 %"]
    assert all(one.endswith(" · told with 100 %") for one in passed)
    assert facts(card, "State") == ["Breached"] and facts(card, "Missed") and not facts(card, "Will tell")
    assert facts(card, "Left") == []


def test_a_warning_in_time_is_told_with_its_hour_and_by_the_ladder_of_that_time(cast: Cast) -> None:
    """What a later policy would tell whom is not what happened."""
    with clock.frozen(MONDAY):
        case = cast.complaint(at=MONDAY, channel="email")
    own = case.clocks.get(kind="resolve")
    us, rung, to, _over = own.rungs[0]
    with clock.frozen(from_us(us) + timedelta(seconds=30)):
        sweep()
    now = from_us(us) + HOUR
    assert ladder.step_of(rung) == "warn:75" and to == ladder.OWNER
    (told,) = facts(faces(case, cast, now)["Resolve"], "Told")
    assert told == f"75 % · owner · {(from_us(us) + timedelta(seconds=30)):today %H:%M}"
    with clock.frozen(now):
        other = cast_policy(own, ladder=[{"percent": 75, "to": ["manager"]}])
        own = case.clocks.get(kind="resolve")
        terms = sla.Target.seconds(own.target_value), own.calendar_version_id, {"policy": other.pk, "because": []}
        sla.change_terms(own, terms, at=now)
        sla.save(case, [own], at=now)
    assert facts(faces(case, cast, now)["Resolve"], "Told") == [told]


def cast_policy(own: Clock, **fields: Any) -> SlaPolicy:
    """Another policy like that of a clock."""
    found = SlaPolicy.objects.get(pk=own.policy_id)
    found.pk, found.position, found._state.adding = None, 900 + SlaPolicy.objects.count(), True
    for name, value in fields.items():
        setattr(found, name, value)
    found.save()
    cached.clear_all()
    return found


@pytest.mark.parametrize("kind", ["working_days", "calendar_days"])
def test_a_target_in_days_is_told_as_it_counts(cast: Cast, kind: str) -> None:
    """Days stand still for nobody, and two of them are not two seconds (the card once said 4,922,750 %)."""
    by = Actor.person(cast.agent)
    for policy in SlaPolicy.objects.all():
        policy.targets = {name: {"kind": kind, "value": 2} for name in ("acknowledge", "resolve")}
        policy.save(update_fields=["targets"])
    cached.clear_all()
    with clock.frozen(MONDAY):
        case = cast.complaint(at=MONDAY, channel="email")
    with clock.frozen(MONDAY + HOUR):
        handle.acknowledge(case, by=by, at=MONDAY + HOUR)
        handle.wait(case, by=by, at=MONDAY + HOUR, reason="a photo")
    cards = faces(case, cast, MONDAY + 3 * HOUR)
    days = kind.replace("_", " ")
    resolve, acknowledge = cards["Resolve"], cards["Acknowledge"]
    assert facts(resolve, "State") == ["Running"] and facts(resolve, "Target") == [f"2 {days}"]
    assert facts(resolve, "Paused") == [] and facts(resolve, "Deadline")
    assert resolve.explain.note == (
        f"Counts {days}. It goes on while we wait on the customer: days do not stand still."
    )
    assert acknowledge.explain.note == f"Counts {days}. An automatic receipt does not stop it."
    for card in (resolve, acknowledge):
        (used,) = facts(card, "Used")
        percent = int(re.search(r"\((\d+) %\)", used)[1])
        assert 0 < percent < 40 and re.search(r" of [23] d ", used), used


def test_the_target_of_a_paused_clock_is_said_in_the_days_of_its_calendar(cast: Cast) -> None:
    with clock.frozen(MONDAY):
        case = cast.complaint(at=MONDAY, channel="email")
    before = facts(faces(case, cast, MONDAY + HOUR)["Resolve"], "Target")
    with clock.frozen(MONDAY + HOUR):
        handle.wait(case, by=Actor.person(cast.agent), at=MONDAY + HOUR, reason="a photo")
    card = faces(case, cast, MONDAY + 2 * HOUR)["Resolve"]
    assert facts(card, "Target") == before and facts(card, "State") == ["Paused"]
    assert card.explain.note == "Counts working time. Stands still while we wait on the customer."


def test_pauses_are_told_with_their_reason_and_take_no_time(cast: Cast) -> None:
    by = Actor.person(cast.agent)
    with clock.frozen(MONDAY):
        case = cast.complaint(at=MONDAY, channel="email")
    with clock.frozen(MONDAY + HOUR):
        handle.wait(case, by=by, at=MONDAY + HOUR, reason="a photo of the lamp")
    paused = faces(case, cast, MONDAY + 3 * HOUR)["Resolve"]
    assert facts(paused, "State") == ["Paused"] and facts(paused, "Paused") == [
        "since today 10:00 (a photo of the lamp)"
    ]
    assert facts(paused, "Used")[0].startswith("1 h of ")
    with clock.frozen(MONDAY + 3 * HOUR):
        converse.incoming(case, by=Actor.customer(), at=MONDAY + 3 * HOUR, body="Here it is.")
    card = faces(case, cast, MONDAY + 4 * HOUR)["Resolve"]
    assert facts(card, "Paused") == ["today 10:00 to today 12:00 (a photo of the lamp)"]
    assert facts(card, "Used")[0].startswith("2 h of ")


def test_why_this_deadline_tells_of_every_time_it_was_set_anew(cast: Cast) -> None:
    by = Actor.person(cast.agent)
    with clock.frozen(MONDAY):
        packed.install(EU, cast.admin, MONDAY)
        case = cast.complaint(at=MONDAY, channel="email", severity="minor")
    with clock.frozen(MONDAY + HOUR):
        reason = "it is about safety"
        manage.classify(
            case, by=by, at=MONDAY + HOUR, reason=reason, severity="critical", type=catalogue().types["product-safety"]
        )
    with clock.frozen(MONDAY + 2 * HOUR):
        extend.extend(case, by=by, at=MONDAY + 2 * HOUR, clock=REPLY, reason="the bank is silent", tell=False)
    cards = faces(case, cast, MONDAY + 3 * HOUR)
    moved = facts(cards["Resolve"], "Changed")
    assert len(moved) == 1 and moved[0].startswith("today 10:00: policy ") and moved[0].endswith(f"({reason})")
    assert "policy Danger to people, version " in moved[0] and "calendar " in moved[0]
    assert facts(cards["Reply under PSD2"], "Changed") == [
        "today 11:00: extended from 15 working days to 35 working days (the bank is silent)"
    ]
    assert facts(cards["Resolve"], "Chosen") == ["by type, severity"]


def test_an_edit_of_the_calendar_is_told_with_its_version_and_from_when(cast: Cast) -> None:
    with clock.frozen(MONDAY):
        case = cast.complaint(at=MONDAY, channel="email")
    own = case.clocks.get(kind="resolve")
    old = own.calendar_version
    newer = CalendarVersion.objects.create(
        calendar=old.calendar, number=2, definition=old.definition, published_at=MONDAY, effective_at=MONDAY,
        created_at=MONDAY,
    )  # fmt: skip
    cached.clear_all()
    with clock.frozen(MONDAY + HOUR):
        said = {"policy": own.policy_id, "because": []}
        target = sla.Target(own.target_kind, own.target_value)
        sla.change_terms(own, (target, newer.pk, said), at=MONDAY + HOUR, mode=sla.EditMode.FROM_EDIT)
        sla.save(case, [own], at=MONDAY + HOUR)
    card = faces(case, cast, MONDAY + 2 * HOUR)["Resolve"]
    assert facts(card, "Changed") == [f"today 10:00: calendar {old.calendar.name}, version 2, from then on"]
    assert facts(card, "Calendar") == [f"{old.calendar.name}, version 2"]


def test_days_of_the_calendar_end_with_their_last_minute(cast: Cast) -> None:
    """Eight weeks from Monday end with a Monday, not with the first second of a Tuesday."""
    with clock.frozen(MONDAY):
        packed.install(DISP, cast.admin, MONDAY)
        case = cast.complaint(at=MONDAY)
    own = packed.clock(case, f"{DISP}.final")
    zone = own.calendar_version.definition["tz"]
    with clock.frozen(MONDAY), timezone.override(zone):
        found = clockface.faces(clockface.load(case), now=MONDAY)
    face = next(one for one in found if one.kind == "Final response")
    assert face.due == "due Mon 27 Apr, 23:59"
    assert facts(face, "Deadline") == ["Monday 27 April 2026, 23:59"]


def test_a_window_says_that_it_is_one(cast: Cast) -> None:
    with clock.frozen(MONDAY):
        packed.install(DISP, cast.admin, MONDAY)
        case = cast.complaint(at=MONDAY)
    assert "Passing it breaks no rule" in faces(case, cast, MONDAY + HOUR)["Summary resolution"].explain.note


def test_eight_clocks_cost_the_page_no_query_more(cast: Cast, django_assert_max_num_queries) -> None:
    with clock.frozen(MONDAY):
        for code in (EU, DISP, LGSCO):
            packed.install(code, cast.admin, MONDAY)
        case = cast.complaint(at=MONDAY, channel="phone", by=Actor.person(cast.agent))
    client = Client()
    client.force_login(cast.agent)
    with clock.frozen(MONDAY + HOUR):
        client.get("/complaints/")
        client.get(f"/complaints/{case.reference}/")
        with django_assert_max_num_queries(10):
            text = client.get(f"/complaints/{case.reference}/").content.decode()
    assert len(re.findall(r'class="hovercard"', text)) == 8
