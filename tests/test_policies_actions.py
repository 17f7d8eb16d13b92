"""The draft of the SLA policies: versioned as a whole, checked, never under other hands (domain, SLA 1, 3)."""

from __future__ import annotations

from typing import Any

import pytest

from complaints.actions import policies, sla_edits
from complaints.models import ComplaintType, SlaEdit, SlaPolicy, SlaVersion
from complaints.sla import drafts
from complaints.sla import policies as books
from complaints.sla.covering import covered
from core import cached, clock, trail
from core.actions.settings import Stale
from core.actor import Actor
from core.errors import DomainError, InvalidInput, NotAllowed
from core.models import Calendar, Team
from tests.cast import Cast, make_cast

pytestmark = pytest.mark.django_db
HOUR = 3600


@pytest.fixture
def cast() -> Cast:
    cached.clear_all()
    return make_cast()


@pytest.fixture
def who(cast: Cast) -> dict[str, Any]:
    return {"by": Actor.person(cast.admin), "at": clock.now()}


@pytest.fixture
def draft(who: dict[str, Any]) -> SlaVersion:
    return policies.begin_draft(**who)


def seconds(value: int) -> dict[str, Any]:
    return {"kind": "working_seconds", "value": value}


def some(**fields: Any) -> dict[str, Any]:
    """What makes a policy, with the fields that matter."""
    given = {
        "name": "Gold",
        "tier": "gold",
        "calendar": Calendar.objects.first(),
        "targets": {"resolve": seconds(HOUR)},
    }
    return given | fields


def of(draft: SlaVersion) -> list[SlaPolicy]:
    return list(SlaPolicy.objects.filter(version=draft).order_by("position"))


def names(draft: SlaVersion) -> list[str]:
    assert [one.position for one in of(draft)] == list(range(1, len(of(draft)) + 1))
    return [one.name for one in of(draft)]


def test_a_draft_is_a_copy_and_governs_nothing(cast, who, draft):
    source = SlaVersion.objects.get(number=1)
    assert (draft.number, draft.published_at, draft.created_by) == (2, None, cast.admin)
    same = [*drafts.FIELDS, "position"]
    assert list(SlaPolicy.objects.filter(version=draft).order_by("position").values(*same)) == list(
        SlaPolicy.objects.filter(version=source).order_by("position").values(*same)
    )
    assert drafts.differences(of(source), of(draft), drafts.origins(draft)) == []
    policies.change_policy(of(draft)[-1], {"targets": {"resolve": seconds(60)}}, **who)
    assert {one.version_id for one in books.book().policies} == {source.pk}
    complaint = cast.complaint(type="billing", channel="web")
    assert complaint.clocks.get(kind="resolve").policy.version == source


def test_there_is_one_draft_at_a_time(who, draft):
    with pytest.raises(policies.DraftOpen):
        policies.begin_draft(**who)
    policies.discard_draft(draft, **who)
    assert policies.begin_draft(**who).number == 2
    assert SlaVersion.objects.count() == 2


def test_every_change_is_on_the_trail_with_who_and_from_to(cast, who, draft):
    team = Team.objects.get(pk=cast.team.pk)
    made = policies.add_policy(draft, some(team=team), **who)
    policies.change_policy(made, {"name": "Gold tier", "targets": {"resolve": seconds(2 * HOUR)}}, **who)
    policies.change_policy(made, {"name": "Gold tier"}, **who)  # nothing changes, nothing is written
    policies.move_policy(made, to=1, **who)
    policies.move_policy(made, to=1, **who)
    policies.remove_policy(made, **who)
    entries = list(trail.of(draft))
    assert [one.kind.partition(".")[2] for one in entries] == [
        "created", "policy_added", "policy_changed", "policy_moved", "policy_removed"
    ]  # fmt: skip
    assert all(one.actor_id == cast.admin.pk for one in entries)
    assert '"name":["Gold","Gold tier"]' in entries[2].body and '"value":3600' in entries[2].body
    assert not list(trail.verify(entries))
    policies.discard_draft(draft, **who)
    assert trail.of(SlaVersion(pk=entries[0].subject_id)).count() == 6


def test_the_order_has_no_gaps_and_the_last_policy_stays(who, draft):
    before = names(draft)
    made = policies.add_policy(draft, some(), **who)
    assert names(draft) == [*before[:-1], "Gold", before[-1]]
    for place in (1, 3, len(before), 2):
        policies.move_policy(made, to=place, **who)
        assert names(draft)[place - 1] == "Gold" and names(draft)[-1] == before[-1]
        assert [name for name in names(draft) if name != "Gold"] == before
    last = of(draft)[-1]
    for wrong in (0, len(before) + 1, 99):
        with pytest.raises(InvalidInput) as refused:
            policies.move_policy(made, to=wrong, **who)
        assert refused.value.code == "out_of_range"
    with pytest.raises(policies.DefaultStays):
        policies.move_policy(last, to=1, **who)
    with pytest.raises(policies.DefaultStays):
        policies.remove_policy(last, **who)
    for condition in ({"tier": "gold"}, {"channel": "web"}, {"type": ComplaintType.objects.first()}):
        with pytest.raises(InvalidInput) as refused:
            policies.change_policy(last, condition, **who)
        assert refused.value.code == "default_without_conditions"
    policies.change_policy(last, {"name": "Everything else"}, **who)
    policies.remove_policy(made, **who)
    assert names(draft) == [*before[:-1], "Everything else"]


def test_only_administrators_and_only_a_draft(cast, who, draft):
    in_force = SlaPolicy.objects.filter(version__number=1).first()
    manager = {**who, "by": Actor.person(cast.manager)}
    mine = of(draft)[0]
    for call in (
        lambda who: policies.begin_draft(**who),
        lambda who: policies.discard_draft(draft, **who),
        lambda who: policies.add_policy(draft, some(), **who),
        lambda who: policies.change_policy(mine, {"name": "Mine"}, **who),
        lambda who: policies.move_policy(mine, to=2, **who),
        lambda who: policies.remove_policy(mine, **who),
    ):
        with pytest.raises(NotAllowed):
            call(manager)
    for call in (
        lambda: policies.discard_draft(in_force.version, **who),
        lambda: policies.add_policy(in_force.version, some(), **who),
        lambda: policies.change_policy(in_force, {"name": "Mine"}, **who),
        lambda: policies.move_policy(in_force, to=2, **who),
        lambda: policies.remove_policy(in_force, **who),
    ):
        with pytest.raises(policies.NoDraft):
            call()
    assert trail.of(draft).count() == 1


def test_whoever_saw_an_older_state_is_refused(who, draft):
    seen = drafts.revision(draft)
    first, second = of(draft)[:2]
    policies.change_policy(first, {"name": "Faster"}, seen=seen, **who)
    for call in (
        lambda: policies.change_policy(second, {"name": "Slower"}, seen=seen, **who),
        lambda: policies.add_policy(draft, some(), seen=seen, **who),
        lambda: policies.move_policy(second, to=1, seen=seen, **who),
        lambda: policies.remove_policy(second, seen=seen, **who),
        lambda: policies.discard_draft(draft, seen=seen, **who),
    ):
        with pytest.raises(Stale):
            call()
    policies.remove_policy(second, **who)
    with pytest.raises(Stale):  # it is gone
        policies.change_policy(second, {"name": "Slower"}, **who)


@pytest.mark.parametrize(
    "targets",
    [
        {}, None, [], "4 h", {"statutory": seconds(60)}, {"resolve": seconds(0)}, {"resolve": seconds(-1)},
        {"resolve": seconds(True)}, {"resolve": seconds(1.5)}, {"resolve": seconds("60")},
        {"resolve": {"kind": "weeks", "value": 1}}, {"resolve": {"kind": "working_days"}}, {"resolve": 60},
        {"resolve": {"kind": "working_days", "value": 2, "also": 1}}, {"resolve": {"kind": [], "value": 1}},
    ],
)  # fmt: skip
def test_targets_that_mean_nothing_are_refused(who, draft, targets):
    with pytest.raises(InvalidInput) as refused:
        policies.change_policy(of(draft)[0], {"targets": targets}, **who)
    assert (refused.value.code, refused.value.field) == ("bad_target", "targets")
    assert trail.of(draft).count() == 1


@pytest.mark.parametrize("target", [seconds(2**40), {"kind": "calendar_days", "value": 36_601}])
def test_a_target_longer_than_a_century_is_refused_where_it_stands(who, draft, target):
    with pytest.raises(InvalidInput) as refused:
        policies.change_policy(of(draft)[0], {"targets": {"resolve": target}}, **who)
    assert (refused.value.code, refused.value.field) == ("bad_target", "targets.resolve.value")
    assert str(refused.value) == "“Resolve” is too long: a target is at most a hundred years."


@pytest.mark.parametrize(
    "step",
    [
        {"percent": 0, "to": ["owner"]}, {"percent": 1001, "to": ["owner"]}, {"percent": 75.0, "to": ["owner"]},
        {"percent": True, "to": ["owner"]}, {"percent": 75, "to": []}, {"percent": 75, "to": ["boss"]},
        {"percent": 75, "to": "owner"}, {"percent": 75}, {"to": ["owner"]}, "75", None,
        {"percent": 75, "to": ["owner"], "clocks": []}, {"percent": 75, "to": ["owner"], "clocks": ["statutory"]},
        {"percent": 75, "to": ["owner"], "hand_over": 1}, {"percent": 75, "to": ["owner"], "rung": "x"},
        {"percent": 75, "to": [["owner"]]},
    ],
)  # fmt: skip
def test_steps_that_mean_nothing_are_refused(who, draft, step):
    with pytest.raises(InvalidInput) as refused:
        policies.change_policy(of(draft)[0], {"ladder": [step]}, **who)
    assert (refused.value.code, refused.value.field) == ("bad_ladder", "ladder")


def test_a_percent_stands_once_on_the_ladder_of_a_clock():
    owner, lead = {"percent": 75, "to": ["owner"]}, {"percent": 75, "to": ["lead"]}
    apart = policies.checked_ladder([{**lead, "clocks": ["resolve"]}, {**owner, "clocks": ["update", "acknowledge"]}])
    assert apart == [{**owner, "clocks": ["acknowledge", "update"]}, {**lead, "clocks": ["resolve"]}]
    for twice in ([owner, lead], [owner, {**lead, "clocks": ["resolve"]}]):
        with pytest.raises(InvalidInput):
            policies.checked_ladder(twice)
    whole = {"percent": 90, "to": ["deputy", "owner", "owner"], "clocks": ["acknowledge", "update", "resolve"]}
    assert policies.checked_ladder([whole | {"hand_over": False}, owner]) == [
        owner, {"percent": 90, "to": ["owner", "deputy"]}
    ]  # fmt: skip
    with pytest.raises(InvalidInput):
        policies.checked_ladder([{"percent": n, "to": ["owner"]} for n in range(1, policies.MOST_STEPS + 2)])


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"name": ""}, "invalid"),
        ({"name": "x" * 121}, "invalid"),
        ({"name": "  LETTERS "}, "name_taken"),
        ({"channel": "pigeon"}, "invalid"),
        ({"severity": "dire"}, "invalid"),
        ({"reopen_mode": "never"}, "invalid"),
        ({"position": 1}, "unknown_field"),
        ({"version": None}, "unknown_field"),
    ],
)
def test_fields_are_checked(who, draft, values, code):
    with pytest.raises(InvalidInput) as refused:
        policies.change_policy(of(draft)[0], values, **who)
    assert refused.value.code == code


def test_a_calendar_has_to_be_in_use_and_published(who, draft):
    idle = Calendar.objects.create(name="Idle", is_active=False)
    unpublished = Calendar.objects.create(name="Planned")
    for calendar, code in ((idle, "calendar_not_active"), (unpublished, "calendar_not_published")):
        with pytest.raises(InvalidInput) as refused:
            policies.add_policy(draft, some(calendar=calendar), **who)
        assert refused.value.code == code
    used = of(draft)[0]
    Calendar.objects.filter(pk=used.calendar_id).update(is_active=False)
    policies.change_policy(used, {"name": "Still"}, **who)  # what was chosen before may stay
    given = some()
    given.pop("calendar")
    with pytest.raises(InvalidInput):
        policies.add_policy(draft, given, **who)


def test_a_list_has_an_end(who, draft, monkeypatch):
    monkeypatch.setattr(policies, "MOST_POLICIES", len(of(draft)))
    with pytest.raises(DomainError) as refused:
        policies.add_policy(draft, some(), **who)
    assert refused.value.code == "too_many"


def test_discarding_drops_the_previews_and_keeps_them_in_the_list(who, draft):
    edit = sla_edits.preview(sla_version=draft, mode="from_now", **who)
    policies.discard_draft(draft, **who)
    edit.refresh_from_db()
    assert (edit.status, edit.sla_version) == (SlaEdit.Status.DROPPED, None)
    assert not SlaPolicy.objects.filter(version__number=2).exists()


def test_what_was_applied_is_no_draft_any_more(who, draft):
    mine = of(draft)[0]
    policies.change_policy(mine, {"targets": {"resolve": seconds(HOUR)}}, **who)
    edit = sla_edits.preview(sla_version=draft, mode="from_now", **who)
    policies.change_policy(mine, {"targets": {"resolve": seconds(2 * HOUR)}}, **who)
    with pytest.raises(sla_edits.DraftChanged):
        sla_edits.apply(edit, **who)
    edit = sla_edits.preview(sla_version=draft, mode="from_now", **who)
    sla_edits.apply(edit, **who)
    with pytest.raises(policies.NoDraft):
        policies.change_policy(mine, {"name": "Too late"}, **who)
    with pytest.raises(policies.NoDraft):
        policies.discard_draft(draft, **who)
    assert books.book().policies[0].pk == mine.pk
    assert policies.begin_draft(**who).number == 3


# --- what a draft changes, and what is never reached ------------------------------------------------------------------


def test_differences_name_what_was_added_removed_changed_and_moved(who, draft):
    before = list(SlaPolicy.objects.filter(version__number=1).order_by("position"))
    assert len(before) >= 5
    first, second, third, *_rest, last = of(draft)
    policies.change_policy(second, {"targets": {"resolve": seconds(60)}, "tier": "gold"}, **who)
    policies.remove_policy(third, **who)
    policies.move_policy(first, to=len(before) - 2, **who)
    policies.change_policy(last, {"name": "The rest"}, **who)
    policies.add_policy(draft, some(), **who)
    found = {
        (one.what, (one.after or one.before).name): one
        for one in drafts.differences(before, of(draft), drafts.origins(draft))
    }
    assert set(found) == {
        ("moved", first.name), ("changed", second.name), ("removed", third.name), ("changed", "The rest"),
        ("added", "Gold"),
    }  # fmt: skip
    assert found["changed", second.name].fields == ("tier", "targets")
    assert found["changed", "The rest"].fields == ("name",)


def test_a_renamed_policy_is_the_same_one(who, draft):
    before = list(SlaPolicy.objects.filter(version__number=1).order_by("position"))
    values = {"name": "Other words", "tier": "gold", "ladder": [], "targets": {"update": seconds(1)}}
    policies.change_policy(of(draft)[0], values, **who)
    (only,) = drafts.differences(before, of(draft), drafts.origins(draft))
    assert (only.what, only.before.pk, only.fields) == ("changed", before[0].pk, ("name", "tier", "targets", "ladder"))


def test_one_that_an_earlier_one_covers_is_pointed_out(who, draft):
    billing = ComplaintType.objects.get(code="billing")
    price = ComplaintType.objects.get(code="billing-price")
    for one in of(draft)[:-1]:
        policies.remove_policy(one, **who)
    wide = policies.add_policy(draft, some(name="Billing", tier="", type=billing), **who)
    narrow = policies.add_policy(draft, some(name="Price, gold", tier="gold", type=price), **who)
    other = policies.add_policy(draft, some(name="Gold", tier="gold"), **who)
    found = covered(of(draft))
    assert {key: one.by.pk for key, one in found.items()} == {narrow.pk: wide.pk}
    policies.move_policy(narrow, to=1, **who)
    assert covered(of(draft)) == {}
    assert other.pk not in found


def test_several_together_can_cover_one(who, draft):
    for one in of(draft)[:-1]:
        policies.remove_policy(one, **who)
    parts = [
        policies.add_policy(draft, some(name=bars, tier="", severity=bars), **who)
        for bars in ("minor", "moderate", "serious")
    ]
    web = policies.add_policy(draft, some(name="Web", tier="", channel="web"), **who)
    assert covered(of(draft)) == {}
    rest = policies.add_policy(draft, some(name="critical", tier="", severity="critical"), **who)
    policies.move_policy(rest, to=4, **who)
    found = covered(of(draft))
    assert set(found) == {web.pk, of(draft)[-1].pk} and found[web.pk].by is None
    policies.remove_policy(parts[0], **who)
    assert covered(of(draft)) == {}
    policies.add_policy(draft, some(name="Minor, gold", severity="minor", tier="gold"), **who)
    assert covered(of(draft)) == {}  # other tiers are left
