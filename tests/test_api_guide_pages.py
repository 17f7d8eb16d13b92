"""The guide as the installation serves it: every page, every link and every anchor leads somewhere (docs/api)."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client

from core.api import guide

pytestmark = [pytest.mark.sqlite, pytest.mark.django_db]


def _get(address: str) -> Any:
    return Client().get(address)


@pytest.mark.parametrize("name", guide.FILES)
def test_every_page_is_served_to_whoever_asks_and_its_links_lead_somewhere(name: str) -> None:
    response = _get(guide.address_of(name))
    assert response.status_code == 200
    page = response.content.decode()
    text = page.partition('<article class="guide__text">')[2].partition("</article>")[0]
    assert text.count("<h1>") == 1 and "<!--" not in text and "&lt;!--" not in text
    assert guide.SAMPLE_ADDRESS not in text.replace(guide.settings.BASE_URL, "")
    for href in re.findall(r'href="([^"]*)"', text):
        address, _hash, anchor = href.partition("#")
        if address.startswith("https://"):
            continue
        assert address == "" or address.startswith("/api/v1/"), href
        there = page if address == "" else _get(address).content.decode()
        assert not anchor or f'id="{anchor}"' in there, href


def test_the_files_of_the_guide_are_those_that_are_served() -> None:
    assert {one.name for one in guide.FOLDER.glob("*.md")} == {one for one in guide.FILES.values() if "/" not in one}


def test_another_page_is_not_found_and_the_index_names_the_guide() -> None:
    assert _get("/api/v1/guide/nothing/").status_code == 404
    assert _get("/api/v1/").json()["guide"].endswith("/api/v1/guide/")


def test_headings_are_named_as_where_the_source_is_shown() -> None:
    assert guide.anchor_of("File up to 1,000 complaints: `POST /complaints/batch/`") == (
        "file-up-to-1000-complaints-post-complaintsbatch"
    )
