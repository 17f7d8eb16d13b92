"""Chromium for the browser tests, and people who sign in with it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from core import cached
from tests import chromium
from tests.cast import PASSWORD, Cast, make_cast

playwright = pytest.importorskip("playwright.sync_api")
WIDE, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}
# Milliseconds. The first page of a run compiles every template, and other suites may have the processors.
PATIENCE, PATIENCE_FOR_A_PAGE = 30_000, 90_000
# What a page shows is asked with this: it looks again until it is so. Asked at once after a click, a page half come
# says something else on a busy machine.
expect = playwright.expect
expect.set_options(timeout=PATIENCE)


os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"  # Playwright's loop runs in this thread; Django would refuse the ORM


@pytest.fixture(scope="session")
def chromium_browser() -> Iterator[Any]:
    path = chromium.find()
    if path is None:
        pytest.skip("no Chromium")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=path, args=list(chromium.FLAGS))
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def django_db_setup(chromium_browser: Any, django_db_setup: None) -> None:
    """The browser first: Playwright's loop gives this thread database connections of its own, and what is to be put
    back after each test is remembered on the connection that made the test database."""


@pytest.fixture
def open_page(chromium_browser: Any, live_server: Any) -> Iterator[Callable[..., Any]]:
    """`open_page(locale=, size=, scheme=, user=)`: a page in a context of its own, with a session if `user` is given.

    What goes wrong in it (script errors, broken content policy, requests to other hosts) fails the test at its end.
    """
    contexts, troubles = [], []

    def opened(
        *, locale: str = "en-GB", size: dict[str, int] = WIDE, scheme: str = "light", user: Any = None, **more: Any
    ):
        context = chromium_browser.new_context(
            base_url=live_server.url, locale=locale, viewport=size, color_scheme=scheme, **more
        )
        context.set_default_timeout(PATIENCE)
        context.set_default_navigation_timeout(PATIENCE_FOR_A_PAGE)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: troubles.append(f"{page.url}: {error}"))
        page.on("console", lambda line: troubles.append(f"{page.url}: {line.text}") if _serious(line, page) else None)
        page.on("request", lambda asked: None if _ours(asked.url, live_server.url) else troubles.append(asked.url))
        if user is not None:
            client = Client()
            client.force_login(user)
            session = client.cookies[settings.SESSION_COOKIE_NAME].value
            context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": session, "url": live_server.url}])
        return page

    yield opened
    for context in contexts:
        context.close()
    assert troubles == []


@pytest.fixture
def cast(transactional_db: Any) -> Cast:
    cached.clear_all()
    return make_cast()


def sign_in(page: Any, user: Any) -> None:
    """Through the page for it, as people do."""
    page.goto("/login/")
    page.fill("[name=username]", user.username)
    page.fill("[name=password]", PASSWORD)
    page.press("[name=password]", "Enter")
    page.wait_for_url(lambda url: "/login/" not in url)


def _serious(line: Any, page: Any) -> bool:
    """Errors in the console, but not axe's own, nor those that only repeat the status of a refusal shown in place, nor
    htmx's about a part still on its way when the page was left (what fails on the way is its `sendError`)."""
    quiet = ("status of 4", "htmx:sendAbort", "htmx:afterRequest")
    return line.type == "error" and not getattr(page, "under_axe", False) and not any(q in line.text for q in quiet)


def _ours(url: str, base: str) -> bool:
    return url.startswith((base, "data:", "blob:", "about:"))
