"""The small markup: what is offered works, everything else is text (case F13)."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from complaints.markup import plain, render, safe_url

ALLOWED = {"p", "br", "ul", "ol", "li", "b", "a"}
HOSTILE = [
    "<script>canary()</script>",
    "<img src=x onerror=canary()>",
    "**<svg/onload=canary()>**",
    "[<b onclick=canary()>x</b>](https://house.example)",
    "[x](javascript:canary())",
    "[x](JaVaScRiPt:canary())",
    "[x](data:text/html,<script>canary()</script>)",
    "[x](vbscript:canary)",
    '[x](https://house.example/"onmouseover="canary())',
    "[x](https://house.example/'onmouseover='canary())",
    "[x](//evil.example)",
    "[x](/\\evil.example)",
    "[x](https:evil.example)",
    "[x](\thttps://evil.example)",
    '[" onclick="canary()](https://house.example)',
    "- <iframe srcdoc='<script>canary()</script>'>",
    "1. </li></ol><script>canary()</script>",
    "** <b> **[**](https://x)<style>*{}</style>",
    "[[x](javascript:a)](https://ok.example)",
    "&lt;script&gt;canary()&lt;/script&gt;",
]


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.text += data


def tags(text: str) -> Tags:
    parser = Tags()
    parser.feed(str(render(text)))
    parser.close()
    return parser


def assert_harmless(text: str) -> None:
    for tag, attributes in tags(text).found:
        assert tag in ALLOWED, tag
        assert set(attributes) <= ({"href", "rel"} if tag == "a" else set()), attributes
        if tag == "a":
            assert safe_url(attributes["href"] or ""), attributes


def test_paragraphs_lists_bold_and_links():
    html = render("First\nline\n\n- one\n- **two**\n\n1. a\n2) b\n\nSee [prices](https://house.example/p?a=1&b=2).")
    assert html == (
        "<p>First<br>line</p><ul><li>one</li><li><b>two</b></li></ul><ol><li>a</li><li>b</li></ol>"
        '<p>See <a href="https://house.example/p?a=1&amp;b=2" rel="noopener noreferrer">prices</a>.</p>'
    )


def test_a_path_of_ours_needs_no_guard():
    assert render("[here](/knowledge/)") == '<p><a href="/knowledge/">here</a></p>'


def test_stars_without_a_partner_stay():
    assert render("**bold** and **") == "<p><b>bold</b> and **</p>"
    assert render("5 ** 2") == "<p>5 ** 2</p>"
    assert render("****") == "<p>****</p>"


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_hostile_becomes_markup(text):
    assert_harmless(text)


@given(st.text(alphabet="<>\"'&*[]()/\\:abjs -\n1.", max_size=60))
def test_no_text_becomes_more_than_the_markup(text):
    assert_harmless(text)


@given(st.text(max_size=60))
def test_plain_never_fails(text):
    assert isinstance(plain(text), str)


def test_plain_spells_links_out():
    text = "**Thank you.** See [the terms](https://house.example/t), [inside](/knowledge/) and [x](javascript:a)."
    assert plain(text) == "Thank you. See the terms (https://house.example/t), inside and [x](javascript:a)."
