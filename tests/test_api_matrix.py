"""Route x method x role x scope x whose object, for all of `/api/v1/`, from the URL table (domain, Roles; F07, F09).

What a view declares is what happens, to everybody, whatever stands in the address. An object of another team and one
that does not exist look the same. A new kind of object in an address without an entry in tests/api_world.py fails.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.db.models import F, Value
from django.db.models.functions import Concat
from django.urls import URLPattern, get_resolver, reverse

from core import cached, scopes
from core.api.views import ListView
from core.models import Team, User
from retention.models import Customer
from tests.api_world import API, CASE, Names, World, world

pytestmark = [pytest.mark.django_db, pytest.mark.sqlite]
ROLES = ("agent", "lead", "manager", "admin", "nobody")
WRITES = ("POST", "PUT", "PATCH", "DELETE")
# What an action refuses more narrowly than its view, whatever the object (so before it looks for it).
SECOND_LOCK = {
    ("api-playbook-readings", "GET"),
    ("api-article-readings", "GET"),
}
ABSENT = {
    "reference": "AM-2222-2222", "other": "AM-2222-2222", "token": "n" * 22, "place": "note:AM-2222-2222",
    "code": "no-such-code", "key": "no-such-step", "figure": "no-such-figure",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Route:
    """One address of the API."""

    name: str
    key: str  # up to what names the object; blank: it names none
    arguments: tuple[str, ...]
    view: Any

    def path(self, names: Names) -> str:
        return reverse(self.name, kwargs=names)

    @property
    def absent(self) -> Names:
        return {name: ABSENT.get(name, 999_999_999) for name in self.arguments}

    def methods(self) -> list[str]:
        return [name for name in ("GET", *WRITES) if hasattr(self.view, name.lower())]

    def scope(self, method: str) -> str:
        return scopes.needed(self.view.resource, "GET" if self.view.asks_only else method)


def _routes() -> Iterator[Route]:
    def walk(patterns: Any, before: str) -> Iterator[tuple[str, URLPattern]]:
        for pattern in patterns:
            if isinstance(pattern, URLPattern):
                yield before + str(pattern.pattern), pattern
            else:
                yield from walk(pattern.url_patterns, before + str(pattern.pattern))

    for address, pattern in walk(get_resolver().url_patterns, "/"):
        view = getattr(pattern.callback, "cls", None)
        if address.startswith(API_ROOT) and view is not None and not view.access.public:
            own = address.removeprefix(API_ROOT)
            key = own[: own.rindex(">") + 1] if ">" in own else ""
            yield Route(str(pattern.name), key, tuple(pattern.pattern.converters), view)


API_ROOT = "/" + API.strip("/") + "/"
ROUTES = list(_routes())
CASES = [(route, method) for route in ROUTES for method in route.methods()]


@pytest.fixture(scope="module")
def house(django_db_setup: None, django_db_blocker: Any) -> Iterator[World]:
    with django_db_blocker.unblock(), world() as made:
        yield made


@pytest.fixture(autouse=True)
def fresh_tokens(house: World) -> None:
    """Tokens of one test are gone with what it wrote."""
    house.tokens.clear()


def people(house: World) -> dict[str, User]:
    return {**{role: getattr(house.cast, role) for role in ROLES if role != "nobody"}, "nobody": house.nobody}


def told(answer: Any) -> tuple[int, str]:
    """Status and code; the problem's shape is looked at on the way."""
    if answer.status_code < 400:
        return answer.status_code, ""
    assert answer["Content-Type"] == "application/problem+json"
    body = answer.json()
    assert {"type", "title", "status", "detail", "code", "request_id", "errors"} == set(body)
    assert body["status"] == answer.status_code < 500
    return answer.status_code, body["code"]


def same(one: Any, other: Any) -> bool:
    """Alike but for the id of the request."""
    first, second = one.json(), other.json()
    first.pop("request_id", None), second.pop("request_id", None)
    dropped = ("x-request-id", "date")
    headers = [{k.lower(): v for k, v in answer.items() if k.lower() not in dropped} for answer in (one, other)]
    return one.status_code == other.status_code and first == second and headers[0] == headers[1]


def places(house: World, route: Route) -> list[Names]:
    """What the address is asked with: an object of one's own, a stranger's, and none, as far as there are."""
    if not route.key:
        return [{}]
    found = [kept[route.key] for kept in (house.own, house.foreign, house.shared) if route.key in kept]
    return [*found, route.absent]


def test_every_kind_of_object_in_an_address_has_its_entry(house: World) -> None:
    keys = {route.key for route in ROUTES if route.key}
    known = set(house.own) | set(house.shared)
    assert keys - known == set(), "new: say in tests/api_world.py whose they are"
    assert known - keys == set(), "gone"
    assert set(house.own) == set(house.foreign)


def test_every_role_gets_in_where_the_view_says_so_and_nowhere_else(house: World) -> None:
    for role, user in people(house).items():
        for route, method in CASES:
            permitted = not route.view.access.roles or role in route.view.access.roles
            if permitted:
                status, code = told(house.ask(user, method, route.path(route.absent)))
                assert status != 401 and code != "insufficient_scope", (role, method, route.name, status)
                assert status != 403 or not route.key or (route.name, method) in SECOND_LOCK, (role, method, route.name)
                continue
            answers = [house.ask(user, method, route.path(names)) for names in places(house, route)[-2:]]
            assert told(answers[0]) == (403, "not_allowed"), (role, method, route.name)
            assert all(same(answers[0], one) for one in answers[1:]), (
                role,
                method,
                route.name,
                list(map(told, answers)),
            )


def test_a_token_does_what_its_scopes_say_and_nothing_else(house: World) -> None:
    for route, method in CASES:
        needed = route.scope(method)
        resource, _, right = needed.partition(":")
        other = "channels" if resource != "channels" else "teams"
        wrong: list[tuple[str, ...]] = [(f"{other}:write",)]
        if right == "write":
            wrong.append((f"{resource}:read",))
        for held in wrong:
            asked = places(house, route)[-2:]  # an object that exists and none
            answers = [house.ask(house.boss, method, route.path(names), scopes=held) for names in asked]
            assert told(answers[0]) == (403, "insufficient_scope"), (held, method, route.name, told(answers[0]))
            assert f'scope="{needed}"' in answers[0]["WWW-Authenticate"]
            assert all(same(answers[0], one) for one in answers[1:]), (held, method, route.name)
        status, code = told(house.ask(house.boss, method, route.path(route.absent), scopes=(needed,)))
        assert status != 401 and code != "insufficient_scope", (needed, method, route.name)


def test_what_is_somebody_elses_looks_like_what_does_not_exist(house: World) -> None:
    agent = house.cast.agent
    asked = 0
    for route, method in CASES:
        if route.key not in house.foreign or route.key.startswith("teams/"):
            continue
        if "agent" not in (route.view.access.roles or {"agent"}):
            continue
        missing = house.ask(agent, method, route.path(route.absent))
        foreign = house.ask(agent, method, route.path(house.foreign[route.key]))
        if method == "PUT" and route.name == "api-draft":
            assert told(foreign) == told(missing) != (404, "not_found"), "a place is everybody's, its text one's own"
            continue
        if missing.status_code == 405 or (route.name, method) in SECOND_LOCK:
            continue
        assert told(missing) == (404, "not_found"), (method, route.name, told(missing))
        assert same(foreign, missing), (method, route.name, foreign.content)
        asked += 1
        if len(route.arguments) == 2 and route.name != "api-case-step":  # somebody else's thing under one's own case
            crossed = {**house.foreign[route.key], **house.own[CASE]}
            if "other" in crossed or route.name in ("api-watcher", "api-theme-of"):
                continue
            assert same(house.ask(agent, method, route.path(crossed)), missing), (method, route.name)
    assert asked > 60


def test_what_is_ones_own_is_there(house: World) -> None:
    """Otherwise the test before would prove nothing."""
    for route in ROUTES:
        if not route.key or "GET" not in route.methods():
            continue
        user = house.cast.agent if route.key in house.own else house.boss
        if "agent" not in (route.view.access.roles or {"agent"}):
            user = house.boss
        names = {**house.own, **house.shared}[route.key]
        path = route.path(names) + (f"?complaint={house.own[CASE]['reference']}" if "preview" in route.name else "")
        status, code = told(house.ask(user, "GET", path))
        if status == 405:
            continue  # a state change that inherits from what it changes
        assert status == 200 or route.name in NOT_YET, (route.name, status, code)


# Read by GET once something happened that `tests/api_world.py` does not do.
NOT_YET = {"api-playbook-draft", "api-article-draft", "api-import-rejects"}


# Their ETag is that of the draft; what is in force cannot be changed and has none.
IN_FORCE = {"api-sla-policy", "api-authority-limit"}


def test_what_can_be_patched_has_its_etag_and_is_304_while_it_stays(house: World) -> None:
    looked_at = set()
    for route in ROUTES:
        if not {"GET", "PATCH"} <= set(route.methods()) or route.name in IN_FORCE:
            continue
        names = {**house.own, **house.shared}.get(route.key, {})
        user = house.cast.agent if route.key in house.own else house.boss
        answer = house.ask(user, "GET", route.path(names))
        if answer.status_code == 405:
            continue  # a state change that inherits from what it changes
        assert answer.status_code == 200 and "ETag" in answer, f"{route.name}: nothing to send as If-Match"
        looked_at.add(route.name)
    assert {"api-complaint", "api-customer", "api-purchase", "api-notification-preferences"} <= looked_at


# Answer a file, with headers of its own; or what time alone changes.
FILES = {"api-case-file", "api-attachment-content", "api-export-content", "api-import-rejects"}
OF_THE_MOMENT = {"api-metric", "api-team-workload"}


def records() -> Iterator[Route]:
    """What GET reads by itself: one record, or few rows without pages."""
    return (one for one in ROUTES if "GET" in one.methods() and not issubclass(one.view, ListView))


def read(house: World, route: Route) -> tuple[User, str, Any]:
    """Who reads an object that is there, at which address, and the answer."""
    user = house.cast.agent if route.key in house.own else house.boss
    if "agent" not in (route.view.access.roles or {"agent"}):
        user = house.boss
    path = route.path({**house.own, **house.shared}.get(route.key, {}))
    path += f"?complaint={house.own[CASE]['reference']}" if "preview" in route.name else ""
    return user, path, house.ask(user, "GET", path)


def test_every_record_has_its_etag_and_is_304_while_it_says_the_same(house: World) -> None:
    looked_at = 0
    for route in records():
        user, path, answer = read(house, route)
        if answer.status_code == 405 or route.name in NOT_YET | FILES | OF_THE_MOMENT:
            continue  # 405: a state change that inherits from what it changes
        assert answer.status_code == 200 and "ETag" in answer, (route.name, answer.status_code)
        for known in (answer["ETag"], f'"other", W/{answer["ETag"]}', "*"):
            again = house.send(user, "GET", path, **{"If-None-Match": known})
            assert (again.status_code, again.content, again["ETag"]) == (304, b"", answer["ETag"]), (route.name, known)
        other = house.send(user, "GET", path, **{"If-None-Match": '"other"'})
        assert (other.status_code, other.content) == (200, answer.content), route.name
        looked_at += 1
    assert looked_at > 60


def test_no_record_is_304_once_a_name_that_it_shows_is_another(house: World) -> None:
    before = []
    for route in records():
        user, path, answer = read(house, route)
        if answer.status_code == 200 and route.name not in FILES | OF_THE_MOMENT:
            before.append((route.name, user, path, answer))
    for model in (Customer, User, Team):
        model._default_manager.update(name=Concat(Value("New "), F("name")))
    cached.clear_all()
    others = set()
    for name, user, path, answer in before:
        now = house.ask(user, "GET", path)
        again = house.send(user, "GET", path, **{"If-None-Match": answer["ETag"]})
        assert again.status_code == (304 if now.content == answer.content else 200), name
        others |= {name} if now.content != answer.content else set()
    assert {"api-complaint", "api-follow-up", "api-remedy", "api-incident"} <= others, others


def test_every_record_gives_the_fields_asked_for(house: World) -> None:
    looked_at = 0
    for route in records():
        user, path, answer = read(house, route)
        if answer.status_code == 405 or route.name in NOT_YET | FILES:
            continue
        body, sign = answer.json(), "&" if "?" in path else "?"
        assert "results" not in body or {"next", "previous"} <= set(body), (route.name, "a list without its addresses")
        rows = route.view.row_shape is not None or route.view.whole_list
        keys = list(route.view().narrowable()().fields)
        if not rows:
            keys = [key for key in body if key in keys]
            assert keys == list(body), (route.name, "the document says less, or more, than the answer", list(body))
        wanted = [keys[-1], keys[0]] if len(keys) > 1 else keys
        part = house.ask(user, "GET", f"{path}{sign}fields={','.join(wanted)}")
        assert part.status_code == 200, (route.name, part.content)
        told = part.json()
        if rows:
            assert set(told) == set(body), route.name
            assert [list(one) for one in told["results"]] == [wanted for _ in body["results"]], route.name
        else:
            assert list(told) == wanted, route.name
            if route.name not in OF_THE_MOMENT:
                assert told == {key: body[key] for key in wanted}, route.name
        strange = house.ask(user, "GET", f"{path}{sign}fields={keys[0]},no_such_field")
        assert told_of(strange) == (400, "unknown_field"), route.name
        looked_at += 1
    assert looked_at > 60


def told_of(answer: Any) -> tuple[int, str]:
    """What a refusal says of the first parameter that is wrong."""
    return answer.status_code, answer.json()["errors"][0]["code"]


# Lists without a time of change: settings, few and read whole, whose changes stand on their trail alone; what has no
# time of its own; and rows of a figure, which are those of its period.
SETTINGS = {
    "api-authority", "api-calendars", "api-channels", "api-complaint-types", "api-playbooks", "api-root-causes",
    "api-routing-rules", "api-sla-policies", "api-surveys", "api-teams", "api-themes",
}  # fmt: skip
TIMELESS = {
    *SETTINGS,
    "api-absences",
    "api-bulk-rows",
    "api-watchers",
    "api-sla-edit-rows",
    "api-metric-rows",
    "api-metric-quality",
}


def test_every_list_whose_rows_have_a_time_says_what_changed_since(house: World) -> None:
    """By when it changed; of rows that never change, by when they were written."""
    looked_at = 0
    for route in ROUTES:
        if "GET" not in route.methods() or not issubclass(route.view, ListView) or route.name in TIMELESS:
            continue
        names = {**house.own, **house.shared}.get(route.key, {})
        user = house.cast.agent if route.key in house.own else house.boss
        if "agent" not in (route.view.access.roles or {"agent"}):
            user = house.boss
        path = route.path(names)
        everything = house.ask(user, "GET", path).json()["results"]
        since = [
            house.ask(user, "GET", f"{path}?updated_since={at}")
            for at in ("1999-01-01T00:00:00Z", "2101-01-01T00:00:00Z")
        ]
        assert [one.status_code for one in since] == [200, 200], (route.name, since[0].content)
        assert len(since[0].json()["results"]) == len(everything), route.name
        assert since[1].json()["results"] == [], route.name
        assert house.ask(user, "GET", f"{path}?updated_since=2001-01-01").status_code == 400, route.name
        looked_at += 1
    assert looked_at > 40


def test_nothing_is_patched_unseen(house: World) -> None:
    """428 without If-Match and 412 with a stale one, before anything else is said of the body."""
    asked = 0
    for route in ROUTES:
        if "PATCH" not in route.methods():
            continue
        names = {**house.own, **house.shared}.get(route.key, {})
        user = house.cast.agent if route.key in house.own and "teams" not in route.key else house.boss
        if told(house.ask(user, "PATCH", route.path(names)))[0] == 405:
            continue  # a state change that inherits from the record it changes
        assert told(house.ask(user, "PATCH", route.path(names))) == (428, "precondition_required"), route.name
        stale = house.send(user, "PATCH", route.path(names), **{"If-Match": '"987654321"'})
        assert told(stale) == (412, "precondition_failed"), route.name
        asked += 1
    assert asked >= 18


def test_a_number_beyond_all_ids_is_not_found(house: World) -> None:
    """Each number of an address by itself, the rest naming what is there: databases refuse to look for such a one."""
    asked = 0
    for route, method in CASES:
        known = {**house.own, **house.shared}.get(route.key, {})
        for name, value in route.absent.items():
            if isinstance(value, int):
                impossible = house.ask(house.boss, method, route.path({**known, name: 10**24}))
                assert told(impossible) == (404, "not_found"), (method, route.name, name)
                asked += 1
    assert asked > 150


def test_no_parameter_is_ignored(house: World) -> None:
    for route in ROUTES:
        if "GET" in route.methods():
            answer = house.ask(house.boss, "GET", route.path(route.absent) + "?no_such_parameter=1")
            status, code = told(answer)
            known = (400, "unknown_parameter"), (404, "not_found"), (405, "method_not_allowed")
            assert (status, code) in known, (route.name, status, code)
            if not route.key or (status, code) != known[0]:
                names = {**house.own, **house.shared}.get(route.key, route.absent)
                found = told(house.ask(house.boss, "GET", route.path(names) + "?no_such_parameter=1"))
                assert found in known, (route.name, found)
