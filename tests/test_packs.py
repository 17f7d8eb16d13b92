"""Rule packs as data: shipped whole, installed with one trail entry, their deadlines those of a slow count."""

from __future__ import annotations

import copy
import json
import re
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from complaints.actions import manage, packs
from complaints.models import Clock, Complaint, RulePack
from complaints.reference import catalogue
from complaints.sla import pack_files
from complaints.sla.pack_files import PackError, PackFile
from core import cached, clock, trail
from core.actor import Actor
from core.errors import InvalidInput, NotAllowed
from core.models import Calendar, CalendarVersion
from core.week_calendar import WEEKDAYS
from tests import packed
from tests.cast import MONDAY, Cast, make_cast
from tests.packed import CFPB, DISP, EU, LGSCO
from tests.tokens import bearer

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture
def cast() -> Cast:
    cached.clear_all()
    return make_cast()


def admin(cast: Cast) -> Actor:
    return Actor.person(cast.admin)


# --- as shipped -------------------------------------------------------------------------------------------------------


def test_four_packs_are_shipped_with_their_source() -> None:
    found = {one.code: one for one in pack_files.shipped()}
    assert set(found) == {EU, DISP, CFPB, LGSCO}
    said = {
        f"{code}.{rule['code']}": (rule["target"], rule.get("extended"), rule.get("from"))
        for code, one in found.items()
        for rule in one.definition["rules"]
    }
    working, elapsed = "working_days", "calendar_days"

    def days(kind: str, value: int) -> dict[str, Any]:
        return {"kind": kind, "value": value}

    assert said == {
        "fca-disp.summary": (days(working, 3), None, "received"),
        "fca-disp.final": (days(elapsed, 56), None, "received"),
        "eu-payment-services.reply": (days(working, 15), days(working, 35), "received"),
        "us-cfpb.response": (days(elapsed, 15), days(elapsed, 60), "received"),
        "us-cfpb.final": (days(elapsed, 60), None, "received"),
        "uk-lgsco.acknowledge": (days(working, 5), None, "received"),
        "uk-lgsco.answer": (days(working, 10), days(working, 20), "acknowledged"),
    }
    for one in found.values():
        source = one.definition["source"]
        assert source["law"] and source["section"] and date.fromisoformat(source["in_force_on"])


BROKEN = {
    "a text missing in one language": lambda pack: pack["texts"][0]["body"].pop("ru"),
    "an unknown place": lambda pack: pack["texts"][0]["body"].update(it="{nowhere}"),
    "a date in a text that is no extension's": lambda pack: pack["texts"][0]["body"].update(it="{date}"),
    "a target that means nothing": lambda pack: pack["rules"][0]["target"].update(kind="moons"),
    "no target": lambda pack: pack["rules"][0]["target"].update(value=0),
    "an extension that is shorter": lambda pack: pack["rules"][0]["extended"].update(value=3),
    "an extension without its text": lambda pack: pack["rules"][0].update(extended_text="none"),
    "a second rule of one code": lambda pack: pack["rules"].append(pack["rules"][0]),
    "an unknown field required": lambda pack: pack["requires"]["resolve"].append("mood"),
    "an unknown text required": lambda pack: pack["requires"]["resolve"].append("texts.none"),
    "somebody unknown told": lambda pack: pack["ladder"].append({"percent": 10, "to": ["king"]}),
    "no source": lambda pack: pack["source"].pop("section"),
    "no date": lambda pack: pack.update(edition="lately"),
    "a country without its zone": lambda pack: pack["zones"].pop("FR"),
    "a zone that is nowhere": lambda pack: pack["zones"].update(FR="Europe/Nowhere"),
}


@pytest.mark.parametrize("broken", BROKEN)
def test_a_pack_with_a_flaw_is_refused_whole(broken: str) -> None:
    definition = copy.deepcopy(dict(packed.shipped(EU).definition))
    pack_files.check(definition)
    BROKEN[broken](definition)
    with pytest.raises(PackError):
        pack_files.check(definition)


def test_the_newest_edition_is_the_one_that_is_offered(tmp_path, monkeypatch) -> None:
    for edition in ("2018-01-13", "2027-01-01", "2019-09-14"):
        definition = {**packed.shipped(EU).definition, "edition": edition}
        (tmp_path / f"{EU}.{edition}.json").write_text(json.dumps(definition))
    monkeypatch.setattr(pack_files, "FOLDER", tmp_path)
    assert [(one.code, one.edition) for one in pack_files.shipped()] == [(EU, "2027-01-01")]
    assert pack_files.find(EU, "2019-09-14").edition == "2019-09-14"
    assert pack_files.find("none") is None


# --- installed --------------------------------------------------------------------------------------------------------


def test_installing_is_one_trail_entry_and_holds_from_then_on(cast: Cast) -> None:
    before = cast.complaint(at=MONDAY)
    row = packed.install(EU, cast.admin, MONDAY + DAY)
    assert [entry.kind for entry in trail.of(row)] == ["rulepack.installed"]
    body = json.loads(trail.of(row).get().body)
    assert (body["code"], body["edition"], body["conditions"]) == (EU, "2018-01-13", {})
    after = cast.complaint(at=MONDAY + 2 * DAY)
    told_late = cast.complaint(at=MONDAY + 2 * DAY, received_at=MONDAY)
    before_the_law = cast.complaint(at=MONDAY + 2 * DAY, received_at=datetime(2018, 1, 12, 12, tzinfo=UTC))
    enquiry = cast.complaint(at=MONDAY + 2 * DAY, kind="enquiry")
    held = set(Clock.objects.filter(kind="statutory").values_list("complaint", flat=True))
    assert held == {after.pk, told_late.pk} and not {before.pk, before_the_law.pk, enquiry.pk} & held
    assert packed.clock(told_late, f"{EU}.reply").started_at == MONDAY, "deadlines run from receipt"
    with pytest.raises(packs.AlreadyInstalled):
        packed.install(EU, cast.admin, MONDAY + 3 * DAY)


def test_conditions_narrow_it(cast: Cast) -> None:
    wanted = {"types": ["billing"], "channels": ["email"], "teams": [cast.team.pk]}
    packed.install(EU, cast.admin, MONDAY, conditions=wanted)
    fits = {"at": MONDAY + DAY, "channel": "email", "type": "billing-price"}
    case = cast.complaint(**fits)
    because = packed.clock(case, f"{EU}.reply").events.get().data["because"]
    assert because == ["type", "channel", "team"]
    for other in ({"channel": "web"}, {"type": "delivery"}, {"owner": cast.stranger}):
        assert not cast.complaint(**{**fits, **other}).clocks.filter(kind="statutory").exists()


@pytest.mark.parametrize(
    ("choices", "code"),
    [
        ({"conditions": {"moon": ["full"]}}, "unknown_condition"),
        ({"conditions": {"types": ["none"]}}, "unknown_value"),
        ({"conditions": {"teams": [999_999]}}, "unknown_value"),
        ({"in_force_at": datetime(2018, 1, 12, tzinfo=UTC)}, "before_the_law"),
        ({"time_zone": "Europe/Paris"}, "country_required"),
        ({"country": "FR", "time_zone": "Europe/Nowhere"}, "unknown_zone"),
        ({"given": {"nothing": "x"}}, "unknown_value"),
        ({"country": "US"}, "unknown_country"),
    ],
)
def test_a_choice_that_makes_no_sense_is_refused(cast: Cast, choices: dict[str, Any], code: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        packed.install(EU, cast.admin, MONDAY, **choices)
    assert refusal.value.code == code and not RulePack.objects.exists()


def test_nobody_but_an_administrator_installs_updates_removes(cast: Cast) -> None:
    row = packed.install(EU, cast.admin, MONDAY)
    newer = PackFile({**packed.shipped(EU).definition, "edition": "2027-01-01"})
    for somebody in (cast.agent, cast.lead, cast.manager):
        by = Actor.person(somebody)
        for do in (
            lambda by=by: packs.install(packed.shipped(DISP), by=by, at=MONDAY),
            lambda by=by: packs.remove(row, by=by, at=MONDAY),
            lambda by=by: packs.update(row, newer, by=by, at=MONDAY),
        ):
            with pytest.raises(NotAllowed):
                do()
    assert RulePack.objects.get().removed_at is None


def test_a_removed_pack_begins_no_clock_and_those_that_run_go_on_however_it_is_sorted(cast: Cast) -> None:
    row = packed.install(EU, cast.admin, MONDAY, conditions={"types": ["billing"]})
    with clock.frozen(MONDAY + DAY):
        case = cast.complaint(at=MONDAY + DAY, type="billing")
    due = packed.clock(case, f"{EU}.reply").due_at
    packs.remove(row, by=admin(cast), at=MONDAY + 2 * DAY)
    with pytest.raises(packs.NotInstalled):
        packs.remove(row, by=admin(cast), at=MONDAY + 2 * DAY)
    later = cast.complaint(at=MONDAY + 3 * DAY, type="billing")
    assert not later.clocks.filter(kind="statutory").exists()
    sort(case, cast, "billing-price", MONDAY + 3 * DAY)
    kept = packed.clock(case, f"{EU}.reply")
    assert (kept.state, kept.due_at) == ("running", due)


def sort(case, cast: Cast, code: str, at: datetime) -> None:
    with clock.frozen(at):
        manage.classify(case, by=Actor.person(cast.agent), at=at, reason="clear now", type=catalogue().types[code])


def test_sorting_a_case_away_and_back_does_not_shake_off_the_law(cast: Cast) -> None:
    packed.install(EU, cast.admin, MONDAY, conditions={"types": ["billing"]})
    with clock.frozen(MONDAY + DAY):
        case = cast.complaint(at=MONDAY + DAY, type="billing")
    due = packed.clock(case, f"{EU}.reply").due_at
    sort(case, cast, "delivery", MONDAY + 2 * DAY)
    assert packed.clock(case, f"{EU}.reply").state == "cancelled"
    sort(case, cast, "billing", MONDAY + 9 * DAY)
    back = packed.clock(case, f"{EU}.reply")
    assert (back.state, back.due_at) == ("running", due)


def test_a_newer_edition_holds_for_those_who_come_after(cast: Cast) -> None:
    row = packed.install(EU, cast.admin, MONDAY, conditions={"channels": ["email"]}, given={"referral_body": "ABF"})
    old = cast.complaint(at=MONDAY + DAY, channel="email")
    definition = copy.deepcopy(dict(packed.shipped(EU).definition))
    definition["rules"][0]["target"]["value"] = 10
    newer = PackFile({**definition, "edition": "2026-03-03"})
    fresh = packs.update(row, newer, by=admin(cast), at=MONDAY + 2 * DAY)
    cached.clear_all()
    assert (fresh.conditions, fresh.definition["given"], fresh.calendar) == (
        row.conditions,
        {"referral_body": "ABF"},
        row.calendar,
    )
    new = cast.complaint(at=MONDAY + 3 * DAY, channel="email")
    assert [packed.clock(one, f"{EU}.reply").target_value for one in (old, new)] == [15, 10]
    sort(old, cast, "billing", MONDAY + 3 * DAY)
    assert packed.clock(old, f"{EU}.reply").target_value == 15
    with pytest.raises(packs.NothingNewer):
        packs.update(fresh, newer, by=admin(cast), at=MONDAY + 4 * DAY)
    assert [entry.kind for entry in trail.of(row)] == ["rulepack.installed", "rulepack.replaced"]
    assert [entry.kind for entry in trail.of(fresh)] == ["rulepack.installed"]
    assert not list(trail.verify(trail.of(row))) and not list(trail.verify(trail.of(fresh)))


def newer_edition(edition: str, days: int = 10) -> PackFile:
    definition = copy.deepcopy(dict(packed.shipped(EU).definition))
    definition["rules"][0]["target"]["value"] = days
    return PackFile({**definition, "edition": edition})


def days_of(case: Complaint) -> int | None:
    return packed.clock(case, f"{EU}.reply").target_value


def test_the_law_of_the_day_of_receipt_holds_however_late_a_letter_is_written_down(cast: Cast) -> None:
    """Two editions: each for those received while it held."""
    first = packed.install(EU, cast.admin, MONDAY)
    second = packs.update(first, newer_edition("2026-03-05"), by=admin(cast), at=MONDAY + DAY)
    third = packs.update(second, newer_edition("2027-01-01", 5), by=admin(cast), at=MONDAY + 9 * DAY)
    cached.clear_all()
    assert (first.in_force_at.year, third.in_force_at.year) == (2018, 2027)
    at = MONDAY + 10 * DAY
    before, within = (cast.complaint(at=at, received_at=one) for one in (MONDAY, MONDAY + 4 * DAY))
    after = cast.complaint(at=datetime(2027, 1, 4, 9, tzinfo=UTC))
    assert [days_of(one) for one in (before, within, after)] == [15, 10, 5]
    packs.remove(third, by=admin(cast), at=at + 300 * DAY)
    cached.clear_all()
    gone = cast.complaint(at=at + 301 * DAY, received_at=MONDAY)
    assert not gone.clocks.filter(kind="statutory").exists(), "removed, not replaced"


def test_a_case_written_down_before_is_none_of_the_packs_business_however_it_is_sorted(cast: Cast) -> None:
    with clock.frozen(MONDAY):
        case = cast.complaint(at=MONDAY, type="delivery")
    packed.install(EU, cast.admin, MONDAY + DAY)
    sort(case, cast, "billing", MONDAY + 2 * DAY)
    assert not case.clocks.filter(kind="statutory").exists()


def test_a_house_may_let_it_begin_later_but_not_before_the_law(cast: Cast) -> None:
    row = packed.install(EU, cast.admin, MONDAY, in_force_at=MONDAY + DAY)
    early = cast.complaint(at=MONDAY + 2 * DAY, received_at=MONDAY)
    late = cast.complaint(at=MONDAY + 2 * DAY)
    assert row.in_force_at == MONDAY + DAY
    assert days_of(late) == 15 and not early.clocks.filter(kind="statutory").exists()


@pytest.mark.parametrize(
    ("code", "country", "zone"),
    [(DISP, "GB-ENG", "Europe/London"), (CFPB, "US", "America/New_York"), (EU, "FI", "Europe/Helsinki")],
)
def test_a_countrys_calendar_runs_by_its_own_zone_unless_another_is_chosen(
    cast: Cast, code: str, country: str, zone: str
) -> None:
    row = packed.install(code, cast.admin, MONDAY, country=country)
    assert row.calendar.versions.get().definition["tz"] == zone
    packs.remove(row, by=admin(cast), at=MONDAY)
    cached.clear_all()
    again = packed.install(code, cast.admin, MONDAY + DAY, country=country, time_zone="Asia/Tokyo")
    assert again.calendar != row.calendar and again.calendar.name == f"{row.calendar.name} (Asia/Tokyo)"
    assert again.calendar.versions.get().definition["tz"] == "Asia/Tokyo"


def test_days_end_at_midnight_over_there(cast: Cast) -> None:
    """Fifteen days from Monday evening in New York, which is Tuesday in Europe."""
    packed.install(CFPB, cast.admin, MONDAY, country="US")
    at = datetime(2026, 3, 3, 3, 0, tzinfo=UTC)
    due_at = packed.clock(cast.complaint(at=at), f"{CFPB}.response").due_at
    assert due_at == datetime(2026, 3, 18, 0, 0, tzinfo=ZoneInfo("America/New_York"))


def test_the_page_says_zone_and_holidays_and_warns_where_there_are_none(cast: Cast) -> None:
    client = Client()
    client.force_login(cast.admin)
    with clock.frozen(MONDAY):
        text = client.get("/settings/packs/").content.decode()
        assert re.search(r"United Kingdom \(ENG\) \(Europe/London, [3-9][0-9] holidays\)", text)
        assert re.search(r"United States \(America/New_York, [4-9][0-9] holidays\)", text)
        assert "Office hours (Europe/Lisbon, no public holidays)" in text
        packed.install(EU, cast.admin, MONDAY)
        without = client.get("/settings/packs/").content.decode()
        assert "no public holidays in its calendar" in without
        packs.remove(RulePack.objects.get(), by=admin(cast), at=MONDAY)
        chosen = {"calendar": "country:FR", "time_zone": "Europe/Brussels", "in_force_at": "", "tiers": ""}
        assert client.post(f"/settings/packs/{EU}/installation/", chosen).status_code == 302
        row = RulePack.objects.get(removed_at__isnull=True)
        assert row.calendar.versions.get().definition["tz"] == "Europe/Brussels"
        told = client.get("/settings/packs/").content.decode()
        assert "no public holidays in its calendar" not in told
        assert re.search(r"Business days, France \(Europe/Brussels, [3-9][0-9] holidays\)", told)


def test_a_calendar_is_made_of_a_countrys_public_holidays(cast: Cast) -> None:
    row = packed.install(DISP, cast.admin, MONDAY, country="GB-ENG")
    version = CalendarVersion.objects.get(calendar=row.calendar)
    closed = {one["date"] for one in version.definition["exceptions"] if not one["intervals"]}
    assert {"2026-04-03", "2026-12-25", "2027-08-30"} <= closed, "Good Friday, Christmas, the summer bank holiday"
    assert set(version.definition["weekly"]) == {"mon", "tue", "wed", "thu", "fri"}
    assert packed.install(LGSCO, cast.admin, MONDAY, country="GB-ENG").calendar == row.calendar, "one for both"
    thursday = datetime(2026, 4, 2, 10, tzinfo=UTC)  # Good Friday and Easter Monday lie behind it
    case = cast.complaint(at=thursday)
    due = packed.clock(case, f"{DISP}.summary").due_at
    assert due.astimezone(ZoneInfo(version.definition["tz"])).date() == date(2026, 4, 9)


# --- an independent count ---------------------------------------------------------------------------------------------


def slow_due(definition: dict[str, Any], start: datetime, kind: str, days: int) -> datetime:
    """Day by day, on the wall: nothing of the product's arithmetic."""
    zone = ZoneInfo(definition["tz"])
    day = start.astimezone(zone).date()
    if kind == "calendar_days":
        end = day + timedelta(days=days + 1)
        return datetime(end.year, end.month, end.day, tzinfo=zone).astimezone(UTC)
    exceptions = {one["date"]: one["intervals"] for one in definition["exceptions"]}
    hours: list[list[str]] = []
    while days:
        day += DAY
        hours = exceptions.get(day.isoformat(), definition["weekly"].get(WEEKDAYS[day.weekday()], []))
        days -= bool(hours)
    hour, minute = max(close for _open, close in hours).split(":")
    return datetime(day.year, day.month, day.day, int(hour), int(minute), tzinfo=zone).astimezone(UTC)


WEEKS = st.fixed_dictionaries(
    {day: st.sampled_from([[["09:00", "17:00"]], [["08:30", "12:00"], ["13:00", "18:15"]]]) for day in WEEKDAYS[:5]},
    optional={"sat": st.just([["10:00", "14:00"]])},
)
HOLIDAYS = st.dictionaries(
    st.dates(date(2026, 3, 1), date(2026, 9, 1)), st.sampled_from([[], [["09:00", "12:30"]]]), max_size=25
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    weekly=WEEKS,
    holidays=HOLIDAYS,
    tz=st.sampled_from(["Europe/London", "Europe/Rome", "America/New_York", "UTC"]),
    received=st.datetimes(datetime(2026, 3, 1), datetime(2026, 7, 1)).map(lambda at: at.replace(tzinfo=UTC)),
)
def test_the_deadlines_of_all_packs_are_those_of_a_slow_count(cast: Cast, weekly, holidays, tz, received) -> None:
    exceptions = [{"date": day.isoformat(), "intervals": rows} for day, rows in sorted(holidays.items())]
    definition = {"tz": tz, "weekly": weekly, "exceptions": exceptions}
    begin = datetime(2026, 2, 1, tzinfo=UTC)
    calendar = Calendar.objects.create(name="Property")
    CalendarVersion.objects.create(
        calendar=calendar, number=1, definition=definition, published_at=begin, effective_at=begin, created_at=begin
    )
    cached.clear_all()
    codes = (EU, DISP, CFPB, LGSCO)
    rows = {code: packed.install(code, cast.admin, begin, calendar=calendar) for code in codes}
    with clock.frozen(received):
        case = cast.complaint(at=received, channel="phone", by=Actor.person(cast.agent))
    found = {one.code: one for one in case.clocks.filter(kind="statutory")}
    assert len(found) == 7
    for code in codes:
        for rule in packed.shipped(code).definition["rules"]:
            due = slow_due(definition, received, rule["target"]["kind"], rule["target"]["value"])
            assert found[f"{code}.{rule['code']}"].due_at == due, (code, rule["code"])
    Clock.objects.filter(complaint=case).delete()
    for row in rows.values():
        row.delete()
    CalendarVersion.objects.filter(calendar=calendar).delete()
    calendar.delete()
    cached.clear_all()


# --- by page and by API -----------------------------------------------------------------------------------------------


def signed_in(user) -> Client:
    client = Client()
    client.force_login(user)
    return client


def nonce_and(client: Client, code: str) -> dict[str, str]:
    page = client.get("/settings/packs/")
    row = next(one for one in page.context["packs"] if one.code == code)
    return {field.html_name: field.value() for field in row.form if isinstance(field.value(), str)}


def test_one_click_installs_and_the_page_says_what_it_adds(cast: Cast) -> None:
    ada = signed_in(cast.admin)
    sent = nonce_and(ada, EU)
    answer = ada.post(f"/settings/packs/{EU}/installation/", sent)
    assert answer.status_code == 302, answer.content.decode()[:2000]
    row = RulePack.objects.get()
    assert (row.code, row.conditions, row.installed_by) == (EU, {}, cast.admin)
    again = ada.post(f"/settings/packs/{EU}/installation/", sent)
    assert again.status_code == 302 and RulePack.objects.count() == 1, "the same form twice is once"
    text = ada.get("/settings/packs/").content.decode()
    for words in ("EU payment services", "15 working days", "35 working days", "Article 101(2)–(4)", "in force"):
        assert words in text, words
    assert ada.post(f"/settings/packs/{row.pk}/removal/").status_code == 302
    row.refresh_from_db()
    assert row.removed_at is not None
    assert "installed" in ada.get("/settings/trail/?kind=rulepack").content.decode()


def test_choices_are_taken_and_a_wrong_one_comes_back(cast: Cast) -> None:
    ada = signed_in(cast.admin)
    sent = nonce_and(ada, EU) | {
        "channels": ["email", "web"],
        "tiers": "Gold, Silver",
        "given_referral_body": "Arbitro Bancario Finanziario",
    }
    wrong = ada.post(f"/settings/packs/{EU}/installation/", {**sent, "in_force_at": "2017-01-01T10:00"})
    assert wrong.status_code == 422 and "Gold, Silver" in wrong.content.decode() and not RulePack.objects.exists()
    assert ada.post(f"/settings/packs/{EU}/installation/", {**sent, "in_force_at": ""}).status_code == 302
    row = RulePack.objects.get()
    assert row.conditions == {"channels": ["email", "web"], "tiers": ["Gold", "Silver"]}
    assert row.definition["given"] == {"referral_body": "Arbitro Bancario Finanziario"}


def test_managers_read_and_others_do_not_see_the_page(cast: Cast) -> None:
    packed.install(EU, cast.admin, clock.now())
    text = signed_in(cast.manager).get("/settings/packs/").content.decode()
    assert "EU payment services" in text and 'class="button button--danger"' not in text and ">Install<" not in text
    assert signed_in(cast.manager).post(f"/settings/packs/{DISP}/installation/").status_code in (403, 404)
    assert signed_in(cast.agent).get("/settings/packs/").status_code in (403, 404)


def api(user, method: str, path: str, body: Any = None):
    client = Client(headers=bearer(user))
    answer = client.generic(method, f"/api/v1{path}", json.dumps(body) if body is not None else "", "application/json")
    return answer.status_code, answer.json()


def test_the_api_does_the_same(cast: Cast) -> None:
    status, found = api(cast.manager, "GET", "/rule-packs/shipped/")
    assert status == 200 and {one["code"] for one in found["results"]} == {EU, DISP, CFPB, LGSCO}
    body = {"code": DISP, "country": "GB-ENG", "conditions": {"channels": ["email"], "teams": [str(cast.team.pk)]}}
    assert api(cast.manager, "POST", "/rule-packs/", body)[0] == 403
    assert api(cast.agent, "GET", "/rule-packs/")[0] == 403
    status, made = api(cast.admin, "POST", "/rule-packs/", body)
    assert status == 201 and made["calendar"]["name"] == "Business days, United Kingdom (ENG)"
    assert made["conditions"] == {"channels": ["email"], "teams": [str(cast.team.pk)]}
    assert [one["code"] for one in made["clocks"]] == ["fca-disp.summary", "fca-disp.final"]
    status, twice = api(cast.admin, "POST", "/rule-packs/", body)
    assert (status, twice["code"]) == (409, "already_installed")
    status, wrong = api(cast.admin, "POST", "/rule-packs/", {"code": "none"})
    assert (status, wrong["code"]) == (400, "unknown_pack")
    assert api(cast.admin, "POST", f"/rule-packs/{made['id']}/edition/", {})[1]["code"] == "nothing_newer"
    assert api(cast.manager, "GET", "/rule-packs/?installed=true")[1]["results"][0]["id"] == made["id"]
    assert api(cast.manager, "DELETE", f"/rule-packs/{made['id']}/")[0] == 403
    status, gone = api(cast.admin, "DELETE", f"/rule-packs/{made['id']}/")
    assert status == 200 and gone["removed_at"]
    assert api(cast.manager, "GET", "/rule-packs/?installed=true")[1]["results"] == []
