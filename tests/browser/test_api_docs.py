"""The interactive API page in Chromium: it renders from our own files and breaks no content policy (F13, F18)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.browser.conftest import PATIENCE_FOR_A_PAGE, expect
from tests.cast import Cast

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


def test_the_api_page_is_dark_where_other_pages_are(open_page: Callable[..., Any], cast: Cast) -> None:
    page = open_page(scheme="dark")
    page.goto("/api/v1/docs/")
    expect(page.locator("html.dark-mode")).to_be_attached()
    page.emulate_media(color_scheme="light")
    expect(page.locator("html:not(.dark-mode)")).to_be_attached()
    for theme, scheme in (("dark", "light"), ("light", "dark")):  # what one has chosen outweighs the device
        cast.agent.theme = theme
        cast.agent.save(update_fields=["theme"])
        page = open_page(user=cast.agent, scheme=scheme)
        page.goto("/api/v1/docs/")
        page.locator(".swagger-ui").first.wait_for(timeout=PATIENCE_FOR_A_PAGE)
        assert page.locator("html.dark-mode").count() == (theme == "dark")
