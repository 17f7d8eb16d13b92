"""The interactive API page in Chromium: it renders from our own files and breaks no content policy (F13, F18)."""

from __future__ import annotations

import os
from typing import Any

import pytest

from tests import chromium

playwright = pytest.importorskip("playwright.sync_api")
pytestmark = [pytest.mark.browser, pytest.mark.skipif(chromium.find() is None, reason="no Chromium")]


def test_the_api_page_renders_within_the_policy(live_server: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(os.environ, "DJANGO_ALLOW_ASYNC_UNSAFE", "true")
    complaints: list[str] = []
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium.find(), args=list(chromium.FLAGS))
        try:
            page = browser.new_page()
            page.on("console", lambda line: complaints.append(line.text) if line.type == "error" else None)
            page.on("pageerror", lambda error: complaints.append(str(error)))
            page.on(
                "request",
                lambda asked: (
                    None if asked.url.startswith((live_server.url, "data:")) else complaints.append(asked.url)
                ),
            )
            page.goto(f"{live_server.url}/api/v1/docs/")
            page.wait_for_selector(".opblock", timeout=30_000)
            page.locator(".opblock-summary").first.click()
            page.wait_for_selector(".opblock-body")
            assert page.locator(".opblock").count() > 20
        finally:
            browser.close()
    assert complaints == []
