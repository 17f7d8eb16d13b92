"""Every template of the design renders in five languages, without inline style or script (CSP), with unique ids."""

import re
from collections import Counter
from pathlib import Path

import pytest
from django.test import RequestFactory

from core.web.errors import PAGES, csrf_failure, trouble
from core.web.parts import Badge, Person, initials
from tests.browser.parts import pages

TEMPLATES = Path(__file__).parents[1] / "templates"


@pytest.mark.parametrize("language", ["en", "es", "pt", "it", "ru"])
def test_pages_are_clean(language: str) -> None:
    for name, html in pages(language).items():
        assert not re.search(r"\sstyle=|<style|\son[a-z]+=|<script(?![^>]*\ssrc=)", html), name
        ids = Counter(re.findall(r'\sid="([^"]+)"', html))
        assert {one for one, n in ids.items() if n > 1} <= {"empty"}, name  # the parts page shows two kinds
        assert f'<html lang="{language}"' in html, name


def test_every_icon_a_template_names_is_drawn() -> None:
    drawn = set(re.findall(r'<symbol id="i-([\w-]+)"', (TEMPLATES / "_icons.svg").read_text()))
    for template in TEMPLATES.rglob("*.html"):
        named = set(re.findall(r'{% icon "([\w]+)"', template.read_text()))
        assert named <= drawn, template


def test_every_template_lists_its_context_in_its_first_line() -> None:
    for template in TEMPLATES.rglob("*.*"):
        assert template.read_text().startswith(("{# ", "// ") if template.suffix == ".typ" else "{# "), template


@pytest.mark.parametrize("status", PAGES)
def test_trouble_speaks_to_browsers_and_to_programs(status: int) -> None:
    page = trouble(RequestFactory().get("/complaints/"), status, retry_after=7)
    assert (page.status_code, page["Retry-After"], b"<h1>" in page.content) == (status, "7", True)
    problem = trouble(RequestFactory().get("/api/v1/complaints/"), status)
    assert (problem.status_code, problem["Content-Type"]) == (status, "application/problem+json")


def test_a_refused_csrf_check_says_what_to_do() -> None:
    assert "load the page again" in csrf_failure(RequestFactory().post("/login/")).content.decode()


@pytest.mark.parametrize(
    ("name", "letters"),
    [("Dana Whitlock", "DW"), ("@lucia.o", "L"), ("Maria do Carmo Pinto", "MP"), ("олег", "О"), ("", "")],
)
def test_initials(name: str, letters: str) -> None:
    assert initials(name) == letters


def test_a_person_keeps_the_colour() -> None:
    assert [Person.of(key, "A").colour for key in (1, 6, 7, 12)] == [2, 1, 2, 1]


@pytest.mark.parametrize(
    ("left", "at_risk", "brief", "state", "text"),
    [
        (7800, False, True, "on-track", "2 h 10"),
        (2100, True, False, "at-risk", "35 min left"),
        (0, True, True, "breached", "1 min late"),
        (-4800, True, True, "breached", "1 h 20 late"),
    ],
)
def test_a_running_badge(left: int, at_risk: bool, brief: bool, state: str, text: str) -> None:
    badge = Badge.running(left, worked=50, at_risk=at_risk, brief=brief)
    assert (badge.state, badge.text) == (state, text)
