"""Settings, what complaints are sorted by and where they go: types, channels, rules, organisation, deadlines."""

from __future__ import annotations

import random
from datetime import UTC, datetime

import pytest
from django.apps import apps
from django.core.cache import cache

from complaints import routing
from complaints.actions import rules, staff
from complaints.models import Channel, Complaint, ComplaintType, RootCause, RoutingRule, Workload
from complaints.reference import catalogue
from complaints.sla import policies
from complaints.web.settings import week
from core import cached, clock, trail
from core.models import CalendarVersion, Organisation, TrailEntry, User
from tests.cast import Cast, make_agent, make_cast, make_complaint
from tests.test_settings_people import count, shown, signed_in, who

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast() -> Cast:
    cached.clear_all()
    return make_cast()


@pytest.fixture
def ada(cast: Cast):
    return signed_in(cast.admin)


# --- types and causes -------------------------------------------------------------------------------------------------


def test_a_type_has_names_in_five_languages(cast, ada):
    names = {
        "name_en": "Warranty",
        "name_es": "Garantía",
        "name_pt": "Garantia",
        "name_it": "Garanzia",
        "name_ru": "Гарантия",
    }
    sent = (
        shown(ada, "/settings/types/new/") | names | {"code": "warranty", "is_public": "on", "public_en": "My warranty"}
    )
    assert ada.post("/settings/types/new/", sent).status_code == 302
    row = ComplaintType.objects.get(code="warranty")
    assert row.names == {"en": "Warranty", "es": "Garantía", "pt": "Garantia", "it": "Garanzia", "ru": "Гарантия"}
    assert (row.name, row.is_public, row.public_names) == ("Warranty", True, {"en": "My warranty"})
    assert row.position > ComplaintType.objects.exclude(pk=row.pk).order_by("-position")[0].position
    path = f"/settings/types/{row.pk}/"
    sent = shown(ada, path)
    sent.pop("name_ru")
    assert ada.post(path, {**sent, "code": "other"}).status_code == 400  # the code never changes
    assert ada.post(path, sent).status_code == 302
    assert "no name in: ru" in ada.get("/settings/types/").content.decode()
    assert [entry.kind for entry in trail.of(row)] == ["complainttype.created", "complainttype.changed"]


@pytest.mark.parametrize(("tree", "model"), [("types", ComplaintType), ("root-causes", RootCause)])
def test_unclassified_stays(cast, ada, tree, model):
    row = model.objects.get(code="unclassified")
    path = f"/settings/{tree}/{row.pk}/"
    assert "is_active" not in shown(ada, path)
    assert ada.post(path, shown(ada, path)).status_code == 302
    row.refresh_from_db()
    assert row.is_active


def test_two_levels_no_more_and_nothing_in_use_below_what_is_not(cast, ada):
    top, child = ComplaintType.objects.get(code="billing"), ComplaintType.objects.get(code="billing-price")
    path = f"/settings/types/{top.pk}/"
    other = ComplaintType.objects.get(code="delivery")
    assert ada.post(path, {**shown(ada, path), "parent": str(other.pk)}).status_code == 422
    sent = shown(ada, path)
    sent.pop("is_active")
    assert ada.post(path, sent).status_code == 422
    for one in top.children.all():
        below = f"/settings/types/{one.pk}/"
        sent = shown(ada, below)
        sent.pop("is_active")
        assert ada.post(below, sent).status_code == 302
    sent = shown(ada, path)
    sent.pop("is_active")
    assert ada.post(path, sent).status_code == 302
    below = f"/settings/types/{child.pk}/"
    assert ada.post(below, {**shown(ada, below), "is_active": "on"}).status_code == 422


def test_moving_changes_places_on_one_level_only(cast, ada):
    def order() -> list[str]:
        return [one.code for one in ComplaintType.objects.filter(parent__code="billing").order_by("position", "name")]

    before = order()
    second = ComplaintType.objects.get(code=before[1])
    assert ada.post(f"/settings/types/{second.pk}/position/", {"direction": "up"}).status_code == 302
    assert order() == [before[1], before[0], *before[2:]]
    assert ada.post(f"/settings/types/{second.pk}/position/", {"direction": "up"}).status_code == 302
    assert order()[0] == before[1]  # the first stays the first
    part = signed_in(cast.admin, **{"HX-Request": "true"}).post(
        f"/settings/types/{second.pk}/position/", {"direction": "down"}
    )
    assert part.status_code == 200 and part.content.decode().lstrip().startswith("<ol")
    assert order() == before


def test_equal_positions_are_put_in_order_by_the_first_move(cast, ada):
    Channel.objects.update(position=0)
    first, second = Channel.objects.order_by("position", "pk")[:2]
    assert ada.post(f"/settings/channels/{first.pk}/position/", {"direction": "down"}).status_code == 302
    assert list(Channel.objects.order_by("position", "pk"))[:2] == [second, first]
    assert len(set(Channel.objects.values_list("position", flat=True))) == Channel.objects.count()


def test_a_channel_keeps_a_trail_of_its_own(cast, ada):
    path = "/settings/channels/letter/"
    assert ada.post(path, {**shown(ada, path), "default_severity": "serious"}).status_code == 302
    letter = Channel.objects.get(pk="letter")
    assert letter.default_severity == "serious"
    (entry,) = trail.of(letter)
    assert entry.kind == "channel.changed"
    page = ada.get("/settings/trail/?kind=channel")
    assert [change.subject for change in page.context["changes"]] == ["Letter"]
    assert page.context["changes"][0].lines == [("severity to begin with", "Moderate", "Serious")]


@pytest.mark.parametrize("path", ["/settings/types/", "/settings/root-causes/", "/settings/channels/"])
def test_trees_cost_one_query(cast, ada, path):
    assert count(ada, path) <= 5


# --- routing ----------------------------------------------------------------------------------------------------------


def test_rules_are_made_moved_and_removed(cast, ada):
    for channel in ("web", "letter"):
        sent = shown(ada, "/settings/routing/new/") | {"channel": channel, "team": str(cast.team.pk)}
        assert ada.post("/settings/routing/new/", sent).status_code == 302
    web, letter = RoutingRule.objects.order_by("position")
    assert ada.post(f"/settings/routing/{letter.pk}/position/", {"direction": "up"}).status_code == 302
    assert list(RoutingRule.objects.order_by("position")) == [letter, web]
    assert ada.post(f"/settings/routing/{web.pk}/removal/").status_code == 302
    assert list(RoutingRule.objects.all()) == [letter]
    assert TrailEntry.objects.filter(subject_kind="routingrule", subject_id=web.pk, kind="routingrule.removed").exists()
    assert ada.get("/settings/trail/").status_code == 200


def test_a_rule_behind_one_without_conditions_is_never_reached(cast, ada):
    rules.create_rule({"team": cast.team}, **who(cast))
    rules.create_rule({"team": cast.other_team, "channel": "web"}, **who(cast))
    first, second = ada.get("/settings/routing/").context["rows"]
    assert not first.chips and [chip.text for chip in second.chips] == ["Channel: Web form", "never reached"]


def test_the_try_names_whom_routing_would_take_and_writes_nothing(cast, ada):
    """Against the real thing, with random loads: foreseen is chosen."""
    rules.create_rule({"team": cast.team, "language": "pt"}, **who(cast))
    rules.create_rule({"team": cast.other_team}, **who(cast))
    make_agent(cast.team, languages=["pt"], capacity=7)
    make_agent(cast.other_team, languages=["en"], capacity=3)
    chance = random.Random(7)
    kind = catalogue().types["billing"]
    for _ in range(12):
        for one in Workload.objects.all():
            Workload.objects.filter(pk=one.pk).update(open_count=chance.randrange(9))
        language = chance.choice(["pt", "en", "it"])
        query = f"?try=1&type={kind.pk}&channel=web&language={language}&severity=minor"
        before = checksums()
        trial = ada.get(f"/settings/routing/{query}").context["trial"]
        assert checksums() == before
        team = routing.team_for(type_id=kind.pk, channel="web", language=language, severity="minor")
        owner, owner_team = routing.choose_owner(team=team, language=language, at=clock.now())
        assert (trial["person"].name, trial["team"]) == (str(owner), owner_team)


def test_a_new_agent_without_workload_is_foreseen_too(cast, ada):
    rules.create_rule({"team": cast.other_team}, **who(cast))
    Workload.objects.all().delete()
    Workload.objects.create(agent=cast.stranger, open_count=5)
    fresh = make_agent(cast.other_team, "Fresh", languages=["en"])
    kind = catalogue().types["billing"]
    trial = ada.get(f"/settings/routing/?try=1&type={kind.pk}&channel=web&language=en&severity=minor").context["trial"]
    assert trial["person"].name in (str(fresh), str(cast.other_team.lead))
    assert not Workload.objects.filter(agent=fresh).exists()


@pytest.mark.parametrize(
    "query",
    [
        "?try=1",
        "?try=1&type=999999&channel=web&language=en&severity=minor",
        "?try=1&type=x&channel=fax&language=xx&severity=y",
    ],
)
def test_an_odd_try_is_answered(cast, ada, query):
    page = ada.get(f"/settings/routing/{query}")
    assert page.status_code == 200 and page.context["trial"]["refusal"]


# --- organisation -----------------------------------------------------------------------------------------------------


def test_the_default_owner_handles_cases(cast, ada):
    path = "/settings/organisation/"
    sent = shown(ada, path)
    assert ada.post(path, {**sent, "default_owner": str(cast.admin.pk)}).status_code == 422
    assert (
        ada.post(path, {**shown(ada, path), "default_owner": str(cast.agent.pk), "name": "Haus Mittel"}).status_code
        == 302
    )
    one = Organisation.objects.get(pk=1)
    assert (one.name, one.default_owner) == ("Haus Mittel", cast.agent)
    assert make_complaint(owner=None).owner == cast.agent


@pytest.mark.parametrize("url", ["javascript:alert(1)", "ftp://files.example", "//e", "data:text/html,x"])
def test_the_privacy_address_is_a_web_address(cast, ada, url):
    path = "/settings/organisation/"
    answer = ada.post(path, {**shown(ada, path), "privacy_url": url})
    if answer.status_code == 302:  # "//e" is read as a host
        assert Organisation.objects.get(pk=1).privacy_url.startswith("https://")
    else:
        assert answer.status_code == 422 and Organisation.objects.get(pk=1).privacy_url == ""


@pytest.mark.parametrize("text", ["a\x00b", "a\x07b", "\ud800"])
def test_what_cannot_be_stored_is_refused(cast, ada, text):
    path = "/settings/organisation/"
    try:
        answer = ada.post(path, {**shown(ada, path), "name": text})
    except UnicodeEncodeError:
        return  # the test client itself cannot send it
    assert answer.status_code == 422


# --- deadlines --------------------------------------------------------------------------------------------------------


def test_the_matrix_says_what_a_real_complaint_gets(cast, ada):
    page = ada.get("/settings/sla/")
    codes = [code for code, _name in page.context["channels"]]
    rows = {row.name: row for row in page.context["matrix"]}
    for code in ("billing", "product-safety", "staff"):
        kind = ComplaintType.objects.get(code=code)
        for channel in ("phone", "social", "letter", "web"):
            severity = Channel.objects.get(pk=channel).default_severity
            real = make_complaint(type=code, channel=channel, severity=severity, owner=cast.agent, by=None)
            assert rows[kind.label].cells[codes.index(channel)]["policy"] == policies.match(real).policy.name, (
                code,
                channel,
            )
    critical = ada.get("/settings/sla/?severity=critical").context["matrix"]
    safety = next(row for row in critical if row.name == "Safety")
    assert safety.cells[codes.index("web")]["policy"] == "Danger to people"


def test_managers_read_deadlines_mail_and_surveys_and_nothing_else(cast):
    client = signed_in(cast.manager)
    assert {link.text for link in client.get("/settings/sla/").context["nav"]} == {
        "Deadlines", "Rule packs", "Surveys", "Targets", "Imports", "Mail", "Knowledge", "Macros", "Playbooks",
        "Authority", "Exports",
    }  # fmt: skip
    text = client.get("/settings/").content.decode()
    assert "/settings/mail/" in text and "/settings/users/" not in text


def test_deadlines_cost_the_same_twice(cast, ada):
    assert count(ada, "/settings/sla/") <= 6


@pytest.mark.parametrize(
    "query",
    [
        "?week=x",
        "?week=0001-01-01",
        "?week=9999-12-31",
        "?week=2026-02-30",
        "?severity=x",
        "?week=2026-11-30&severity=critical",
    ],
)
def test_odd_weeks_are_answered(cast, ada, query):
    assert ada.get(f"/settings/sla/{query}").status_code == 200


def test_a_week_shows_split_days_closed_days_and_hours_past_midnight(cast):
    version = CalendarVersion.objects.order_by("pk")[0]
    version.definition = {
        "tz": "Europe/Lisbon",
        "weekly": {"mon": [["09:00", "13:00"], ["14:00", "18:00"]], "fri": [["22:00", "02:00"]]},
        "exceptions": [{"date": "2026-12-01", "intervals": []}],
    }
    version.closed_names = {"2026-12-01": "Restoration"}
    version.save()
    cached.clear_all()
    at = datetime(2026, 12, 4, 23, 0, tzinfo=UTC)
    monday = week.monday_of("2026-12-02", at)
    picture = week.picture(version, monday, at)
    texts = [[span.text for span in day.spans] for day in picture.days]
    assert texts == [["09:00–13:00", "14:00–18:00"], [], [], [], ["22:00–24:00"], ["00:00–02:00"], []]
    assert (picture.days[1].closed, picture.days[1].why) == (True, "Restoration")
    assert [day.now_y is not None for day in picture.days].index(True) == 4
    assert ("Friday", "22:00–02:00") in picture.facts


# --- reading changes nothing ------------------------------------------------------------------------------------------


def checksums() -> dict[str, list[tuple]]:
    """Every row of every table of ours (F10), but for what signing in writes."""
    return {
        model._meta.label: sorted(
            repr([bytes(one) if isinstance(one, memoryview) else one for one in row])
            for row in model.objects.order_by().values_list()
        )
        for model in apps.get_models()
        if model._meta.app_label in ("core", "complaints", "retention")
    }


def test_no_get_or_head_changes_a_row(cast, ada):
    rules.create_rule({"team": cast.team, "channel": "web"}, **who(cast))
    staff.create_user({"username": "nora", "name": "Nora", "is_agent": True}, **who(cast))
    User.objects.create_user("bare", is_agent=True)  # no workload yet
    cast.complaint()
    cache.clear()
    cached.clear_all()
    before = checksums()
    team, user = cast.team.pk, cast.agent.pk
    for path in (
        "", "users/", f"users/{user}/", f"users/{user}/deactivation/", "users/new/", "teams/", f"teams/{team}/",
        "teams/new/", "types/", "types/1/", "types/new/", "root-causes/", "channels/", "channels/web/", "routing/",
        "routing/new/", "routing/?try=1&type=1&channel=web&language=en&severity=minor", "sla/", "organisation/",
        "tokens/", "tokens/new/", "mail/", "trail/", f"users/{user}/absences/", f"users/{user}/password-link/",
        "types/1/position/",
    ):  # fmt: skip
        for method in (ada.get, ada.head):
            assert method(f"/settings/{path}").status_code in (200, 405), path
    assert checksums() == before
    assert Complaint.objects.count() == 1
