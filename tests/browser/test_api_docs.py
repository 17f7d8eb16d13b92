"""The interactive API page in Chromium: it renders from our own files and breaks no content policy (F13, F18)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.browser.conftest import PATIENCE_FOR_A_PAGE

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_the_api_page_renders_within_the_policy(open_page: Callable[..., Any]) -> None:
    """`open_page` itself fails the test on script errors, a broken policy and requests to other hosts."""
    page = open_page()
    page.goto("/api/v1/docs/")
    page.wait_for_selector(".opblock-tag", timeout=PATIENCE_FOR_A_PAGE)  # the document is composed for the first reader
    assert page.locator(".opblock-tag").count() > 20
    page.locator(".opblock-tag[data-tag=complaints]").click()
    page.locator(".opblock-summary").first.click()
    page.wait_for_selector(".opblock-body")
    assert page.locator(".opblock").count() > 20
