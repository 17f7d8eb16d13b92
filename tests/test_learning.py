"""What is learned: recurrence against a slow count, the Pareto and its rows, the export, who sees it (mission A11)."""

from __future__ import annotations

import csv
import io
import json
import random
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.test import Client, RequestFactory

from complaints import learning
from complaints.actions import corrective, themes
from complaints.models import Complaint, Kind, Status
from complaints.reference import catalogue
from core import cached, clock
from core.actor import Actor
from core.models import User
from metrics.figures.recurrence import recurrence
from metrics.web.dashboard.page import read
from metrics.web.learning import panels
from tests.cast import Cast, make_cast
from tests.tokens import bearer

pytestmark = pytest.mark.django_db
LISBON = ZoneInfo("Europe/Lisbon")
NOW = datetime(2026, 5, 20, 12, tzinfo=UTC)
CAUSES = ("product-quality", "product-production", "process", "unclassified", None)
TYPES = ("product-defective", "billing", "unclassified")


@pytest.fixture
def cast():
    cached.clear_all()
    with clock.frozen(NOW):
        yield make_cast()


def known_world(cast: Cast, count: int = 48, *, seed: int = 5) -> list[Complaint]:
    """Complaints around the nights on which Lisbon's clocks change, of some causes, products, lots, types, owners."""
    draw, made = random.Random(seed), []
    nights = [datetime(2026, 3, 29, tzinfo=UTC), datetime(2026, 3, 14, tzinfo=UTC), datetime(2026, 4, 13, tzinfo=UTC)]
    for number in range(count):
        complaint = cast.complaint(
            owner=draw.choice([cast.agent, cast.agent, cast.stranger]),
            type=draw.choice(TYPES),
            subject=f"Case {number}",
        )
        cause = draw.choice(CAUSES)
        Complaint.objects.filter(pk=complaint.pk).update(
            received_at=draw.choice(nights) + timedelta(minutes=draw.choice([-61, -59, -1, 0, 1, 59, 61, 1430, 6000])),
            root_cause=catalogue().causes[cause] if cause else None,
            product=draw.choice(["Kettle", "Lamp", "", "Лампа"]),
            lot=draw.choice(["A1", "B2", ""]),
            kind=draw.choice([Kind.COMPLAINT] * 5 + [Kind.ENQUIRY]),
            status=draw.choice([Status.NEW] * 5 + [Status.MERGED]),
            is_quarantined=draw.random() < 0.1,
            in_queue=False,
        )
        complaint.refresh_from_db()
        made.append(complaint)
    return made


def counted(one: Complaint) -> bool:
    return one.kind == Kind.COMPLAINT and one.status != Status.MERGED and not one.is_quarantined


def sees(user: User, one: Complaint) -> bool:
    return "manager" in user.roles or one.team_id == user.team_id or one.owner_id == user.pk


def action_of(cast: Cast, done_on: date, days: int, cause: str, product: str = "", lot: str = ""):
    found = catalogue().causes[cause]
    by = Actor.person(cast.manager)
    made = corrective.create(
        by=by, at=NOW, title="Better", root_cause=found, owner=cast.agent, due_on=NOW.date(), product=product, lot=lot,
        window_days=days,
    )  # fmt: skip
    return corrective.done(made, by=by, at=NOW, done_on=done_on)


# --- recurrence -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", [1, 2])
def test_recurrence_is_what_a_slow_count_gives(cast, seed):
    rows = known_world(cast, seed=seed)
    draw = random.Random(seed)
    seen_some = 0
    for _round in range(12):
        done_on = date(2026, 3, 29) + timedelta(days=draw.choice([-15, -14, -1, 0, 1, 15]))
        days = draw.choice([1, 14, 15, 30])
        cause = draw.choice(["product-quality", "product-production", "process"])
        product, lot = draw.choice(["", "Kettle", "Лампа"]), draw.choice(["", "A1"])
        action = action_of(cast, done_on, days, cause, product, lot)
        for user in (cast.manager, cast.agent):
            found = recurrence(action, user, at=NOW)
            assert found is not None
            before, after = set(), set()
            for one in rows:
                row = one.root_cause
                of_cause = row is not None and cause in (row.code, row.parent.code if row.parent else "")
                about = (not product or one.product == product) and (not lot or one.lot == lot)
                if not (counted(one) and sees(user, one) and of_cause and about):
                    continue
                day = one.received_at.astimezone(LISBON).date()
                if 1 <= (done_on - day).days <= days:
                    before.add(one.pk)
                if 1 <= (day - done_on).days <= days:
                    after.add(one.pk)
            assert (found.before.n, found.after.n) == (len(before), len(after))
            seen_some += len(before) + len(after)
    assert seen_some > 8


def test_both_sides_lead_to_exactly_their_rows(cast):
    known_world(cast)
    action = action_of(cast, date(2026, 3, 28), 20, "product-quality")
    for user in (cast.manager, cast.agent):
        page = Client()
        page.force_login(user)
        sides = page.get(f"/learning/actions/{action.pk}/").context["measured"]["sides"]
        for side in sides:
            assert str(page.get(side["url"]).context["n"]) == side["n"]
        api = Client(headers=bearer(user))
        found = api.get(f"/api/v1/corrective-actions/{action.pk}/").json()["recurrence"]
        for side in (found["before"], found["after"]):
            assert len(api.get(side["rows_url"] + "&page_size=200").json()["results"]) == side["n"]
        assert [str(found[name]["n"]) for name in ("before", "after")] == [side["n"] for side in sides]
    assert int(sides[0]["n"]) + int(sides[1]["n"]) > 0


def test_it_says_from_when_it_can_be_measured(cast):
    action = action_of(cast, date(2026, 5, 10), 30, "process")
    page = Client()
    page.force_login(cast.lead)
    shown = page.get(f"/learning/actions/{action.pk}/").content.decode()
    assert "Whether it helped can be said from 10 June 2026 on." in shown and 'id="verdict"' not in shown
    with clock.frozen(datetime(2026, 6, 9, 23, 30, tzinfo=UTC)):  # half past midnight of the 10th in Lisbon
        assert 'id="verdict"' in page.get(f"/learning/actions/{action.pk}/").content.decode()


def test_windows_are_of_equal_length_and_leave_the_day_out():
    for days in (1, 30, 90):
        found = learning.windows(date(2026, 3, 29), days)
        assert (found.before_until - found.before_since).days + 1 == days
        assert (found.after_until - found.after_since).days + 1 == days
        assert found.before_until < date(2026, 3, 29) < found.after_since
        assert not found.passed(found.after_until) and found.passed(found.measurable_on)


# --- the page ---------------------------------------------------------------------------------------------------------


def asked_of(user: User, query: str = "from=2026-03-01&to=2026-05-01"):
    request = RequestFactory().get(f"/learning/?{query}")
    request.user = user
    asked, trouble = read(request, panels.figure())
    assert trouble is None
    return asked


@pytest.mark.parametrize("query", ["", "&product=Kettle", "&theme=packaging", "&type=product-defective&lot=-"])
@pytest.mark.parametrize("role", ["manager", "agent"])
def test_every_bar_and_row_leads_to_exactly_its_complaints(cast, query, role):
    for place, one in enumerate(known_world(cast)):
        if one.status != Status.MERGED and place % 3:
            themes.replace(one, ["packaging", "website"][: 1 + place % 2], by=Actor.person(cast.manager), at=NOW)
    user = getattr(cast, role)
    client = Client()
    client.force_login(user)
    page = client.get(f"/learning/?from=2026-03-01&to=2026-05-01{query}")
    assert page.status_code == 200
    followed = 0
    for panel in page.context["parts"]:
        links = [(bar.bar.url, bar.bar.label) for bar in panel.chart.bars] if panel.chart else []
        links += [(row[0].url, row[1].value) for row in panel.table.rows] if panel.table else []
        for url, n in dict.fromkeys(links):
            assert url, panel.key
            assert str(client.get(url).context["n"]) == n, (panel.key, url)
            followed += 1
    assert followed >= 4


def test_unclassified_stands_apart_and_the_rest_adds_up_to_all_of_the_known(cast):
    known_world(cast)
    from metrics.figures.causes import pareto

    asked = asked_of(cast.manager)
    groups = pareto(asked.scope_for(panels.figure()))
    rows = panels.causes(asked, groups).table.rows
    unclear = sum(group.measure.n for group in groups if group.key in ("-", "unclassified"))
    total = sum(group.measure.n for group in groups)
    assert unclear and total > unclear
    known = [row for row in rows if row[3].value != "–"]
    assert [int(row[1].value) for row in known] == sorted((int(row[1].value) for row in known), reverse=True)
    assert sum(int(row[1].value) for row in known) == total - unclear
    assert known[-1][3].value.startswith("100")
    assert {row[0].value for row in rows[len(known) :]} == {"Unclassified", "Not found yet"}


def test_figures_say_over_what_they_are(cast):
    known_world(cast, 12)
    for user, words in ((cast.agent, "Figures of complaints count those you may see"), (cast.manager, "")):
        client = Client()
        client.force_login(user)
        page = client.get("/learning/").content.decode()
        assert (words in page) if words else ("count those you may see" not in page)


def test_leads_and_managers_find_it_in_the_sidebar_agents_may_read_it(cast):
    for user, listed, status in (
        (cast.lead, True, 200),
        (cast.manager, True, 200),
        (cast.agent, False, 200),
        (cast.admin, False, 403),
    ):
        client = Client()
        client.force_login(user)
        home = client.get("/preferences/").content.decode()
        assert ('href="/learning/"' in home) is listed, user
        for path in ("/learning/", "/learning/export/", "/learning/actions/"):
            assert client.get(path).status_code == status, (user, path)
        assert client.get("/learning/actions/new/").status_code == (200 if listed else 403)


def test_a_bad_period_is_said_and_exports_nothing(cast):
    client = Client()
    client.force_login(cast.manager)
    assert client.get("/learning/?from=2026-05-02&to=2026-05-01").status_code == 422
    assert client.get("/learning/export/?theme=nothing").status_code == 422


def test_what_is_overdue_is_loud(cast):
    late = corrective.create(
        by=Actor.person(cast.lead), at=NOW - timedelta(days=40), title="Forgotten", owner=cast.agent,
        root_cause=catalogue().causes["process"], due_on=date(2026, 5, 13),
    )  # fmt: skip
    client = Client()
    client.force_login(cast.agent)
    for path in ("/learning/", "/learning/actions/", f"/learning/actions/{late.pk}/"):
        page = client.get(path).content.decode()
        assert "7 days overdue" in page and "chip--breach" in page, path


def test_the_list_goes_on_behind_its_page(cast):
    for number in range(53):
        corrective.create(
            by=Actor.person(cast.lead), at=NOW, title=f"Step {number:02}", owner=cast.agent,
            root_cause=catalogue().causes["process"], due_on=date(2026, 6, 1) + timedelta(days=number // 10),
        )  # fmt: skip
    client, seen, url = Client(), [], "/learning/actions/"
    client.force_login(cast.agent)
    while url:
        page = client.get(url)
        seen += [row[0].value for row in page.context["actions"].rows]
        url = f"/learning/actions/{page.context['next_url']}" if page.context["next_url"] else ""
    assert seen == [f"Step {number:02}" for number in range(53)]


# --- the export -------------------------------------------------------------------------------------------------------


def export_of(user: User, query: str) -> tuple[list[str], list[dict[str, str]]]:
    client = Client()
    client.force_login(user)
    answer = client.get(f"/learning/export/?{query}")
    assert answer.status_code == 200 and answer.streaming
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    text = b"".join(answer.streaming_content).decode("utf-8")
    reader = csv.DictReader(io.StringIO(text))
    return list(reader.fieldnames or ()), list(reader)


@pytest.mark.parametrize("query", ["", "&product=Kettle", "&root_cause=product-quality", "&theme=packaging"])
@pytest.mark.parametrize("role", ["manager", "agent"])
def test_the_export_is_the_list(cast, query, role):
    for place, one in enumerate(known_world(cast)):
        if one.status != Status.MERGED and place % 3:
            themes.replace(one, ["packaging", "website"][: 1 + place % 2], by=Actor.person(cast.manager), at=NOW)
    user, whole = getattr(cast, role), f"from=2026-03-01&to=2026-05-01{query}"
    _head, rows = export_of(user, whole)
    asked = asked_of(user, whole)
    listed = panels.figure().rows(asked.scope_for(panels.figure()))
    assert [row["reference"] for row in rows] == [one.reference for one in listed]
    assert rows
    for row, one in zip(rows, listed.select_related("type", "root_cause"), strict=True):
        assert row["type"] == one.type.code
        assert row["root_cause"] == (one.root_cause.code if one.root_cause else "")
        assert (row["product"], row["lot"], row["severity"]) == (one.product, one.lot, one.severity)
        own = one.case_themes.order_by("theme__position").values_list("theme__code", flat=True)
        assert row["themes"] == "; ".join(own)


def test_the_export_has_no_personal_data_and_no_formula(cast):
    complaint = cast.complaint(subject="Dana Whitlock is cross", description="Call me", order_number="+351-1")
    Complaint.objects.filter(pk=complaint.pk).update(product='=HYPERLINK("http://x")', lot="@SUM(A1)")
    action = corrective.create(
        by=Actor.person(cast.manager), at=NOW, title="=1+1", owner=cast.agent, due_on=date(2026, 6, 1),
        root_cause=catalogue().causes["process"], complaints=[complaint],
    )  # fmt: skip
    client = Client()
    client.force_login(cast.manager)
    text = b"".join(client.get("/learning/export/").streaming_content).decode()
    for personal in ("Dana", "cross", "Call me", cast.customer.name, str(cast.agent)):
        assert personal not in text
    head, rows = export_of(cast.manager, "")
    assert "subject" not in head and not {"customer", "owner"} & set(head)
    (row,) = rows
    assert (row["product"], row["lot"]) == ('\'=HYPERLINK("http://x")', "'@SUM(A1)")
    assert row["order_number"] == "'+351-1" and row["corrective_actions"] == f"{action.pk} =1+1"


def test_the_export_asks_three_questions_for_a_thousand(cast, django_assert_max_num_queries):
    known_world(cast, 30)
    client = Client()
    client.force_login(cast.manager)
    client.get("/learning/export/?from=2026-03-01&to=2026-05-01")
    with django_assert_max_num_queries(10):
        answer = client.get("/learning/export/?from=2026-03-01&to=2026-05-01")
        assert len(b"".join(answer.streaming_content).splitlines()) > 10


# --- lists of cases ---------------------------------------------------------------------------------------------------


def test_queue_search_and_api_are_narrowed_by_theme(cast):
    tagged, other = cast.complaint(subject="Tagged kettle"), cast.complaint(subject="Plain kettle")
    themes.replace(tagged, ["packaging", "website"], by=Actor.person(cast.agent), at=NOW)
    client = Client()
    client.force_login(cast.agent)
    page = client.get("/complaints/?view=all&theme=packaging").content.decode()
    assert "Tagged kettle" in page and "Plain kettle" not in page
    api = Client(headers=bearer(cast.agent))
    for query in ("theme=packaging", "theme=packaging&theme=website"):
        found = api.get(f"/api/v1/complaints/?{query}").json()["results"]
        assert [row["reference"] for row in found] == [tagged.reference]
    assert api.get("/api/v1/complaints/?theme=nothing").json()["code"] == "unknown_theme"
    found = api.get("/api/v1/metrics/complaints-received/?theme=website").json()
    assert found["n"] == 1
    wrong = api.get("/api/v1/metrics/complaints-received/?theme=nothing")
    assert wrong.status_code == 400 and json.loads(wrong.content)["errors"][0]["code"] == "unknown_code"
    grouped = api.get("/api/v1/metrics/complaints-received/?group_by=product").json()["groups"]
    assert sum(group["n"] for group in grouped) == Complaint.objects.count()
    assert other.reference
