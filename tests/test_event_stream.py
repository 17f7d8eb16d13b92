"""`/api/v1/events/`: everything that happened, in an order in which nothing committed late is skipped."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from threading import Event, Thread
from typing import Any

import pytest
from django.db import connection, connections, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from complaints.actions.converse import note
from complaints.actions.handle import acknowledge
from core import cached, clock, settled, trail
from core.actor import Actor
from core.models import TrailAnchor, TrailEntry, User
from metrics import events
from retention.actions.customers import Details, create
from retention.actions.known import find_or_make
from tests.cast import MONDAY, Cast, make_agent, make_cast, make_team
from tests.tokens import bearer

URL = "/api/v1/events/"
BY = Actor.system("tests")


@pytest.fixture
def cast(db: None) -> Iterator[Cast]:
    cached.clear_all()
    with clock.frozen(MONDAY):
        found = make_cast()
        for user in found.people().values():
            token(user)
        TrailEntry.objects.all().delete()
        yield found
    _tokens.clear()
    cached.clear_all()


_tokens: dict[tuple[int, str], dict[str, str]] = {}


def token(user: User, scope: str = "events:read") -> dict[str, str]:
    """One for each: issuing it stands on the trail too."""
    if (user.pk, scope) not in _tokens:
        _tokens[user.pk, scope] = bearer(user, scope)
    return _tokens[user.pk, scope]


def ask(user: User, after: str = "", scope: str = "events:read", **given: Any) -> Any:
    return Client().get(URL, {**({"after": after} if after else {}), **given}, headers=token(user, scope))


def follow(user: User, after: str = "", **given: Any) -> tuple[list[dict[str, Any]], str]:
    """Everything up to the end of the stream, and where to go on from."""
    found: list[dict[str, Any]] = []
    for _turn in range(500):
        page = ask(user, after, **given).json()
        found, after = found + page["results"], page["cursor"]
        if page["end_of_stream"]:
            return found, after
    raise AssertionError("the stream never ends")


def test_it_is_read_to_its_end_and_gone_on_with_from_there(cast: Cast) -> None:
    cases = [cast.complaint() for _n in range(5)]
    by = Actor.person(cast.agent)
    found, cursor = follow(cast.manager, page_size=2, types="complaint.*")
    assert [one["subject"]["id"] for one in found] == [case.reference for case in cases]
    assert {one["type"] for one in found} == {"complaint.filed"} and found[0]["seq"] == 1
    assert follow(cast.manager, cursor) == ([], cursor), "nothing new, the same position"
    acknowledge(cases[2], by=by, at=clock.now())
    later, after = follow(cast.manager, cursor)
    assert [(one["type"], one["subject"]["id"]) for one in later] == [("complaint.acknowledged", cases[2].reference)]
    assert later[0]["actor"] == f"user:{cast.agent.username}" and after != cursor
    assert len({one["id"] for one in found + later}) == 6


def test_latest_is_where_only_what_is_yet_to_come_follows(cast: Cast) -> None:
    cast.complaint()
    page = ask(cast.manager, "latest").json()
    assert (page["results"], page["end_of_stream"]) == ([], True) and "after=" in page["next"]
    case = cast.complaint()
    found, _cursor = follow(cast.manager, page["cursor"], types="complaint.filed")
    assert [one["subject"]["id"] for one in found] == [case.reference]


def test_personal_text_stays_inside(cast: Cast) -> None:
    case = cast.complaint()
    note(case, body="Zoë must never be read here", by=Actor.person(cast.agent), at=clock.now())
    trail.append(case, "complaint.tested", by=BY, at=MONDAY, changes={"n": 1}, private={"text": "Zoë again"})
    answer = ask(cast.manager)
    assert "complaint.tested" in answer.content.decode() and "Zo" not in answer.content.decode()
    assert set(answer.json()["results"][0]) == {
        "id", "type", "subject", "seq", "at", "recorded_at", "actor", "user", "token", "changes", "hash",
    }  # fmt: skip


def test_only_what_the_caller_may_see_and_positions_go_on_all_the_same(cast: Cast) -> None:
    case = cast.complaint()
    customer = create(Details(name="Zoë"), by=BY, at=MONDAY)
    trail.append(cast.manager, "user.renamed", by=BY, at=MONDAY)
    stranger = make_agent(make_team())
    token(stranger)

    def kinds(user: User) -> set[str]:
        return {one["subject"]["kind"] for one in follow(user)[0]}

    assert kinds(cast.agent) >= {"complaint", "customer"} and "user" not in kinds(cast.agent)
    assert kinds(stranger) == {"customer"}
    assert "user" not in kinds(cast.manager), "settings are for administrators"
    admin = kinds(cast.admin)
    assert "user" in admin and not admin & {"complaint", "customer"}
    assert follow(stranger)[1] == follow(cast.manager)[1], "what is hidden is not looked at again"
    assert case.reference and customer.pk


def test_scopes_roles_and_parameters(cast: Cast) -> None:
    assert ask(cast.manager, scope="complaints:read").json()["code"] == "insufficient_scope"
    assert Client().get(URL).status_code == 401
    for given, code in (
        ({"after": "forged"}, "invalid_cursor"),
        ({"types": "complaint"}, "invalid_types"),
        ({"types": ",".join(["complaint.filed"] * 51)}, "invalid_types"),
        ({"page_size": "201"}, "invalid_page_size"),
        ({"since": "1"}, "unknown_parameter"),
    ):
        answer = ask(cast.manager, **given)  # type: ignore[arg-type]
        assert (answer.status_code, answer.json()["code"]) == (400, code)
    client = Client()
    client.force_login(cast.manager)
    assert client.get(URL).status_code == 200, "a session works too"


def test_a_position_of_a_database_that_was_restored_is_refused(cast: Cast) -> None:
    cast.complaint()
    cursor = ask(cast.manager, "latest").json()["cursor"]
    TrailEntry.objects.order_by("-pk").first().delete()  # type: ignore[union-attr]
    answer = ask(cast.manager, cursor)
    assert (answer.status_code, answer.json()["code"]) == (410, "cursor_ahead")


def test_a_rare_type_is_looked_for_a_window_at_a_time(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "WINDOW", 3)
    monkeypatch.setattr(events, "WINDOWS", 2)
    case = cast.complaint()
    for number in range(20):
        trail.append(case, "complaint.watched", by=BY, at=MONDAY, changes={"n": number})
    trail.append(case, "complaint.merged", by=BY, at=MONDAY)
    first = ask(cast.manager, types="complaint.merged").json()
    assert (first["results"], first["end_of_stream"]) == ([], False), "an empty page is not the end"
    assert [one["type"] for one in follow(cast.manager, types="complaint.merged")[0]] == ["complaint.merged"]
    seen = [one["changes"]["n"] for one in follow(cast.manager, types="complaint.watched", page_size=4)[0]]
    assert seen == list(range(20))
    with CaptureQueriesContext(connection) as asked:
        events.read(cast.manager, after=0, types=["complaint.merged"], most=50)
    assert len(asked) <= 2 + 3 * 2


# What only PostgreSQL can show: keys are taken in one order and committed in another

together = [pytest.mark.postgresql, pytest.mark.django_db(transaction=True, serialized_rollback=True)]


class Late:
    """A transaction in a thread of its own that has written an entry and waits to be told to commit."""

    def __init__(self, case: Any, kind: str = "complaint.late") -> None:
        self.written, self.go = Event(), Event()
        self.thread = Thread(target=self._run, args=(case, kind))
        self.thread.start()
        assert self.written.wait(10)

    def _run(self, case: Any, kind: str) -> None:
        try:
            with transaction.atomic():
                trail.append(case, kind, by=BY, at=MONDAY)
                self.written.set()
                assert self.go.wait(20)
        finally:
            connections.close_all()

    def commit(self) -> None:
        self.go.set()
        self.thread.join(10)


@pytest.fixture
def pair() -> tuple[User, Any, Any]:
    made = make_cast()
    _tokens.clear()
    token(made.manager)
    return made.manager, made.complaint(), made.complaint()


def _types(user: User, after: str) -> tuple[list[str], str]:
    found, cursor = follow(user, after)
    return [one["type"] for one in found], cursor


class TestCommittedLate:
    pytestmark = together

    def test_what_took_its_key_first_and_commits_last_is_never_skipped(self, pair: tuple[User, Any, Any]) -> None:
        user, one, other = pair
        _before, start = follow(user)
        late = Late(one)
        trail.append(other, "complaint.early", by=BY, at=MONDAY)  # a greater key, committed first
        assert TrailEntry.objects.order_by("-pk").first().kind == "complaint.early"  # type: ignore[union-attr]
        held, cursor = _types(user, start)
        assert held == [], "held back: something with a smaller key may still come"
        late.commit()
        assert _types(user, cursor)[0] == ["complaint.late", "complaint.early"]
        assert _types(user, start)[0] == ["complaint.late", "complaint.early"]

    def test_it_waits_a_moment_for_what_is_about_to_commit(self, pair: tuple[User, Any, Any]) -> None:
        user, one, other = pair
        _before, start = follow(user)
        late = Late(one)
        trail.append(other, "complaint.early", by=BY, at=MONDAY)
        soon = Thread(target=lambda: late.go.set())
        found: list[Any] = []

        def reader() -> None:
            try:
                found.append(settled.up_to(settled.newest(), patience=10))
            finally:
                connections.close_all()

        reading = Thread(target=reader)
        reading.start()
        soon.start()
        late.commit()
        reading.join(10)
        assert found == [settled.newest()]
        assert _types(user, start)[0] == ["complaint.late", "complaint.early"]

    def test_keys_taken_beforehand_hold_it_back_too(self, pair: tuple[User, Any, Any]) -> None:
        """An import takes the keys of its entries before it writes them: then only the sequence is locked."""
        from core import bulk

        user, _one, other = pair
        _before, start = follow(user)
        taken, go = Event(), Event()

        def run() -> None:
            try:
                with transaction.atomic():
                    bulk.new_keys(TrailEntry, 3)
                    taken.set()
                    assert go.wait(20)
            finally:
                connections.close_all()

        thread = Thread(target=run)
        thread.start()
        assert taken.wait(10)
        trail.append(other, "complaint.early", by=BY, at=MONDAY)
        assert _types(user, start)[0] == []
        go.set()
        thread.join(10)
        assert _types(user, start)[0] == ["complaint.early"]

    def test_imports_leave_no_keys_over_for_later(self, pair: tuple[User, Any, Any]) -> None:
        """A block of keys kept by a process would come out behind what was read long ago."""
        user, _one, other = pair
        find_or_make("crm", ["A-1"], by=BY, at=MONDAY)
        trail.append(other, "complaint.early", by=BY, at=MONDAY)
        _all, cursor = follow(user)
        find_or_make("crm", ["A-2"], by=BY, at=MONDAY)
        assert _types(user, cursor)[0] == ["customer.created"]

    def test_a_long_transaction_holds_back_only_what_is_newer_than_an_anchor_before_it(
        self, pair: tuple[User, Any, Any]
    ) -> None:
        user, one, other = pair
        newest, at = settled.newest(), clock.database_now()
        TrailAnchor.objects.create(first_id=1, last_id=newest, entries=1, at=at - timedelta(minutes=2), hash=b"")
        late = Late(one)
        try:
            trail.append(other, "complaint.early", by=BY, at=MONDAY)
            assert settled.up_to(settled.newest(), patience=0.05) == newest
            assert follow(user)[0], "what was sealed before can be read all the while"
            TrailAnchor.objects.update(at=clock.database_now())
            assert settled.up_to(settled.newest(), patience=0.05) == 0, "that one may have been made meanwhile"
        finally:
            late.commit()
        assert settled.up_to(settled.newest(), patience=0.05) == settled.newest()

    def test_many_writers_at_once_and_every_entry_exactly_once(self, pair: tuple[User, Any, Any]) -> None:
        user, one, other = pair
        _before, cursor = follow(user)
        stop = Event()

        def write(case: Any, number: int) -> None:
            try:
                for turn in range(40):
                    with transaction.atomic():
                        type(case).objects.select_for_update().get(pk=case.pk)
                        trail.append(case, "complaint.tested", by=BY, at=MONDAY, changes={"n": [number, turn]})
                        stop.wait(0.003 * number)
            finally:
                connections.close_all()

        writers = [Thread(target=write, args=(case, number)) for number, case in enumerate((one, other, one, other))]
        for writer in writers:
            writer.start()
        seen: list[str] = []
        while any(writer.is_alive() for writer in writers):
            found, cursor = follow(user, cursor, page_size=7)
            seen += [one["id"] for one in found]
        found, cursor = follow(user, cursor)
        seen += [one["id"] for one in found]
        written = TrailEntry.objects.filter(kind="complaint.tested").order_by("pk").values_list("pk", flat=True)
        assert [str(pk) for pk in written] == seen and len(seen) == 160
