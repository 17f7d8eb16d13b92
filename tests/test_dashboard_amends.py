"""The dashboard shows what was promised and given, and who stayed: every number leads to its rows."""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from complaints.models import AuthorityLimit, Complaint, Promise, Remedy
from core import cached, clock, languages
from tests.boards import csv_of, fill, number, page, signed_in
from tests.cast import Cast, make_cast

pytestmark = pytest.mark.django_db
STATES = ("kept", "broken", "open", "late", "renegotiated", "released")
OWN_GROUPINGS = {
    "promises-kept": ("owner", "type_channel"),
    "remedies-granted": ("remedy_kind", "currency", "authority", "currency_authority"),
    "first-contact-resolution": ("channel",),
    "reopen-rate": ("channel",),
}
GIFTS = (
    ("refund", "1200.10", "EUR"), ("refund", "0.20", "EUR"), ("points", "300", ""), ("apology", None, ""),
    ("credit", "15", "JPY"), ("replacement", None, ""),
)  # fmt: skip


@pytest.fixture
def amended(db: None) -> Cast:
    """Of twelve customers six were promised something, each with another end, and six got something."""
    cached.clear_all()
    cast = fill(make_cast())
    now = clock.now()
    cases = list(Complaint.objects.order_by("pk"))
    limit = AuthorityLimit.objects.get(holder="role", role="manager")
    for case, state in zip(cases, STATES, strict=False):
        _promise(case, state, cast)
    for turn, (case, (kind, amount, currency)) in enumerate(zip(cases[3:], GIFTS, strict=False)):
        Remedy.objects.create(
            complaint=case, kind=kind, status="granted", amount=amount and Decimal(amount), currency=currency,
            within_authority=turn % 2 == 0, requested_by=cast.manager if turn % 2 == 0 else cast.agent,
            requested_at=now, decided_by=cast.manager, decided_at=now, decided_on=now.date(), updated_at=now,
            authority=limit if amount else None,
        )  # fmt: skip
    Remedy.objects.create(
        complaint=cases[0], kind="refund", status="awaiting_approval", amount=Decimal(999), currency="EUR",
        requested_by=cast.agent, requested_at=now, updated_at=now,
    )  # fmt: skip
    return cast


def _promise(case: Complaint, state: str, cast: Cast) -> None:
    now = clock.now()
    due = now + timedelta(days=200) if state == "open" else now - timedelta(hours=1)
    settled = {"kept": due, "late": due + timedelta(minutes=5)}.get(state, due - timedelta(minutes=5))
    as_ = {"kept": "kept", "late": "kept", "renegotiated": "renegotiated", "released": "released"}.get(state, "")
    Promise.objects.create(
        complaint=case, text=f"={state}", due_at=due, owner=cast.agent, made_at=due - timedelta(days=1),
        settled_at=settled if as_ else None, settled_as=as_, broken_at=due if state in ("broken", "late") else None,
        updated_at=now,
    )  # fmt: skip


def tiles_of(answer: Any) -> dict[str, Any]:
    return {tile.code: tile for block in answer.context["blocks"] for tile in block.tiles}


def test_tiles_say_what_was_kept_and_given(amended: Cast) -> None:
    """One kept and two broken; open, renegotiated and released in time in neither. Sums by currency, points apart."""
    client = signed_in(amended.manager)
    tiles = tiles_of(page(client, "/dashboard/?whole=1&period=year"))
    kept, given = tiles["promises-kept"], tiles["remedies-granted"]
    assert (kept.value, number(kept.n)) == (languages.number(100 / 3, digits=1), 3)
    assert "1" in kept.caveat, "one is open"
    assert number(given.n) == 6
    assert given.value == languages.money(Decimal("1200.30"), "EUR")
    assert given.more[0] == languages.money(Decimal(15), "JPY")
    assert [re.sub(r"\D", "", one) for one in given.more[1:2]] == ["300"]
    for tile in (kept, given):
        rows = page(client, tile.rows_url)
        assert len(rows.context["rows"]) == rows.context["n"] == number(tile.n)
        assert len(csv_of(page(client, f"{tile.rows_url}&format=csv"))) - 1 == number(tile.n)
        code = tile.code
        answer = client.get(f"/api/v1/metrics/{code}/").json()
        assert answer["n"] == number(tile.n)
        assert answer["definition"]
        assert tile.definition == answer["definition"]
        assert len(client.get(answer["rows_url"]).json()["results"]) == number(tile.n)


def test_the_rows_say_enough_to_recognise_them(amended: Cast) -> None:
    client = signed_in(amended.manager)
    promises = client.get("/api/v1/metrics/promises-kept/rows/").json()["results"]
    assert sorted((one["text"], one["kept"], one["broken"]) for one in promises) == [
        ("=broken", False, True), ("=kept", True, False), ("=late", False, True),
    ]  # fmt: skip
    pending = client.get("/api/v1/metrics/promises-kept/rows/?part=open").json()["results"]
    assert [one["text"] for one in pending] == ["=open"]
    remedies = client.get("/api/v1/metrics/remedies-granted/rows/").json()["results"]
    assert {"amount": "1200.10", "currency": "EUR"} in [one["amount"] for one in remedies]
    assert {"amount": "15", "currency": "JPY"} in [one["amount"] for one in remedies]
    assert [one["points"] for one in remedies if one["kind"] == "points"] == [300]
    answer = client.get("/api/v1/metrics/remedies-granted/?group_by=currency_authority").json()
    assert answer["values"] == {"EUR": 1200.3, "JPY": 15.0, "points": 300.0}
    assert answer["value"] is None, "nothing is added up across currencies"
    assert {one["key"]: (one["n"], one["values"]) for one in answer["groups"]} == {
        "EUR|within_authority": (1, {"EUR": 1200.1}),
        "EUR|approved": (1, {"EUR": 0.2}),
        "JPY|within_authority": (1, {"JPY": 15.0}),
        "points|within_authority": (1, {"points": 300.0}),
        "-|approved": (2, {}),
    }
    lines = csv_of(page(client, "/dashboard/promises-kept/rows/?period=year&format=csv"))
    assert {line[2] for line in lines[1:]} == {"'=kept", "'=broken", "'=late"}, "no spreadsheet computes them (F15)"


@pytest.mark.parametrize("code", sorted(OWN_GROUPINGS))
def test_their_pages_group_by_what_is_theirs(amended: Cast, code: str) -> None:
    client = signed_in(amended.manager)
    for by in OWN_GROUPINGS[code]:
        rows = page(client, f"/dashboard/{code}/?period=year&group_by={by}").context["groups"].rows
        leading = [row for row in rows if row[0].url and number(row[-1].value)]
        assert leading
        for row in leading[:2]:
            assert page(client, row[0].url).context["n"] == number(row[-1].value), (by, row[0].value)


def test_what_ties_remedies_and_promises_to_staying(amended: Cast) -> None:
    """The picture has its column of remedies, the bars say what kept and broken promises do, the table both."""
    client = signed_in(amended.manager)
    day = (clock.now() - timedelta(days=200)).date()
    with clock.frozen(clock.now() + timedelta(days=100)):
        path = f"/dashboard/?whole=1&from={day}&to={clock.now().date() - timedelta(days=91)}"
        answer = page(client, path)
        found = answer.context["recovery"]
        assert [step.name for step in found.picture.steps] == ["Complaint", "Remedy", "Score", "Still a customer"]
        boxes = {box.key: box.people for box, *_rest in found.boxes if box.column == 1}
        assert boxes == {"refund": 2, "replacement": 1, "credit": 2, "apology": 1, "none": 6}
        for box, _note, url, _title in found.boxes:
            assert page(client, url).context["n"] == box.people
        for flow in found.flows:
            assert page(client, flow["url"]).context["n"] == flow["n"], flow["title"]
        kept, broken = found.bars[2:]
        assert (page(client, kept.url).context["n"], page(client, broken.url).context["n"]) == (1, 2)
        assert [row[0].value for row in found.ties.rows][-3:] == [
            "Every promise kept", "A promise broken", "No promise kept or broken",
        ]  # fmt: skip
        for row in found.ties.rows:
            for cell in row[1:]:
                if cell.url:
                    assert page(client, cell.url).context["n"] == number(cell.value.rpartition(" ")[2])
        assert "By remedy and promises" in answer.content.decode()


def test_without_any_the_picture_goes_from_complaint_to_score(amended: Cast) -> None:
    Promise.objects.all().delete()
    Remedy.objects.all().delete()
    client = signed_in(amended.manager)
    day = (clock.now() - timedelta(days=200)).date()
    with clock.frozen(clock.now() + timedelta(days=100)):
        found = page(client, f"/dashboard/?whole=1&from={day}&to={clock.now().date() - timedelta(days=91)}")
        recovery = found.context["recovery"]
        assert [step.name for step in recovery.picture.steps] == ["Complaint", "Score", "Still a customer"]
        assert recovery.ties is None
        assert recovery.bars[2].name == "and happy with the answer"


def test_others_see_only_their_own(amended: Cast) -> None:
    stranger = signed_in(amended.stranger)
    for code in ("promises-kept", "remedies-granted"):
        shown = stranger.get(f"/api/v1/metrics/{code}/rows/").json()["results"]
        seen = set(Complaint.objects.visible_to(amended.stranger).values_list("reference", flat=True))
        assert {one["complaint"] for one in shown} <= seen
        everybody = signed_in(amended.manager).get(f"/api/v1/metrics/{code}/").json()["n"]
        assert len(shown) == stranger.get(f"/api/v1/metrics/{code}/").json()["n"] < everybody
