"""The queue (50 rows) as agent and as manager, first and deep pages, with saved views counted beside it; cases with 20
and with 500 messages: real pages from the real server, warm, one client."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib import import_module
from typing import Any

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.test import Client

from complaints.actions import converse, views
from complaints.actions.file import Filing, file
from complaints.models import Complaint, SavedView
from complaints.web.many import queue
from core.actor import Actor
from core.clock import now
from core.models import User
from retention.actions.customers import Details
from tests.bench.queries import bare, counted, readings
from tests.bench.seed import WORDS, Company
from tests.bench.web import Call, Server

WARM, REQUESTS = 30, 150
CONVERSATIONS = (20, 500)  # messages
LISTED = re.compile(rb"/complaints/(AM-[A-Z0-9-]+)/")
QUEUE = "/complaints/"
SAVED: list[dict[str, str]] = [
    {"view": "all", "channel": "phone"},
    {"view": "all", "severity": "critical"},
    {"view": "all", "owner": "me", "due": "today"},
    {"view": "team", "type": "billing"},
    {"view": "all", "language": "ru"},
    {"view": "waiting", "channel": "email"},
    {"view": "all", "escalated": "yes"},
    {"view": "all", "draft": "yes"},
    {"view": "breached", "severity": "serious"},
    {"view": "all", "status": "investigating", "sort": "newest"},
]


Lines = Iterator[tuple[str, dict[str, Any]]]


def measure_queue(people: Company, server: Server) -> Lines:
    """First pages, pages from the middle of the list, all an agent may see; then with ten saved views counted beside
    the list, and one of them open."""
    agent, manager = people.agents[0], people.manager
    yield "agent", page(QUEUE, agent, server)
    yield "manager", page(QUEUE, manager, server)
    yield "agent, all visible", page(f"{QUEUE}?view=all", agent, server)
    yield "agent, deep", page(f"{QUEUE}?view=all&after={middle(agent)}", agent, server)
    yield "manager, deep", page(f"{QUEUE}?after={middle(manager)}", manager, server)
    kept = [save(manager, number, query) for number, query in enumerate(SAVED)]
    try:
        yield f"agent, {len(kept)} saved views", page(QUEUE, agent, server)
        yield f"manager, {len(kept)} saved views", page(QUEUE, manager, server)
        yield "manager, a saved view", page(f"{QUEUE}?view=saved-{kept[0].pk}", manager, server)
    finally:
        SavedView.objects.filter(pk__in=[one.pk for one in kept]).delete()


def middle(user: User) -> str:
    """The cursor half-way down all that somebody may see."""
    seen = Complaint.objects.visible_to(user).in_queue().order_by("queue_at", "pk")
    return queue.write_cursor(*seen.values_list("queue_at", "pk")[seen.count() // 2])


def save(manager: User, number: int, query: dict[str, str]) -> SavedView:
    """A view for everybody."""
    by = Actor.person(manager)
    return views.save(by=by, at=now(), name=f"View {number}", query=query, circle=views.ALL)


def measure_case(people: Company, server: Server) -> Lines:
    """A case as its owner and as a manager see it."""
    for messages in CONVERSATIONS:
        path = f"{QUEUE}{conversation(people.agents[0], messages).reference}/"
        for who, user in (("owner", people.agents[0]), ("manager", people.manager)):
            yield f"{who}, {messages} messages", {**page(path, user, server), "rows": messages}


def conversation(owner: User, messages: int = 20) -> Complaint:
    """A complaint with as many messages from each side."""
    details = Details(name="Dana Whitlock", email="dana@mail.example", source="api")
    filing = Filing(channel="web", subject="The lamp", description=WORDS[0] * 3, details=details, owner=owner)
    complaint = file(filing, by=Actor.customer(), at=now())
    for number in range(messages // 2):
        text = f"{number}: {WORDS[number % 4]}. {WORDS[(number + 1) % 4]}."
        converse.message(complaint, by=Actor.person(owner), at=now(), body=text)
        converse.incoming(complaint, by=Actor.customer(), at=now(), body=text)
    return complaint


def page(path: str, user: User, server: Server) -> dict[str, Any]:
    """One page asked again and again by one client; bytes as they are before anything packs them."""
    headers = headers_of(user)
    status, answer = server.get(path, headers)
    if status != 200:
        raise RuntimeError(f"{path} answers {status}")
    server.load(lambda n: Call("GET", path) if n < WARM else None, 4, headers)
    timing = server.load(lambda n: Call("GET", path) if n < REQUESTS else None, 1, headers)
    return {
        "rows": len(set(LISTED.findall(answer))),
        **timing.summary(),
        **_asked(path, user),
        "kilobytes": round(len(answer) / 1000, 1),
    }


def headers_of(user: User) -> dict[str, str]:
    """Those of a browser that is signed in."""
    return {"Cookie": f"{settings.SESSION_COOKIE_NAME}={session_of(user)}", "Accept-Language": "en"}


def session_of(user: User) -> str:
    """A signed-in session, as the login page would make it."""
    session = import_module(settings.SESSION_ENGINE).SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.create()
    return str(session.session_key)


def _asked(path: str, user: User) -> dict[str, float]:
    """How many statements the page asks, and what they take without it; our process being warm."""
    client = Client(headers={"host": "127.0.0.1"})
    client.cookies[settings.SESSION_COOKIE_NAME] = session_of(user)
    client.get(path)
    runs = []
    for _ in range(3):  # every few seconds one finds something in memory too old, and asks for it again
        with counted() as asked, readings() as read:
            client.get(path)
        runs.append((asked, read))
    asked, read = min(runs, key=lambda run: len(run[0].statements))
    return {**asked.summary(), **bare(read)}
