"""Markup with holes: what goes in is escaped unless it is markup already."""

from django.utils.html import format_html
from django.utils.safestring import SafeString

from core.web.stencil import Stencil, hole


def test_a_stencil_is_filled_again_and_again_with_texts_escaped() -> None:
    html = format_html('<a href="{}" title="{}">{}</a>{}', hole("url"), hole("name"), hole("name"), hole("mark"))
    stencil = Stencil(html)
    for name, shown in (("A & <b>", "A &amp; &lt;b&gt;"), ('"', "&quot;")):
        filled = stencil.fill({"url": "/x/?a=1&b=2", "name": name, "mark": SafeString("<i></i>")})
        assert filled == f'<a href="/x/?a=1&amp;b=2" title="{shown}">{shown}</a><i></i>'
        assert isinstance(filled, SafeString)


def test_a_text_that_reads_like_a_hole_stays_a_text() -> None:
    stencil = Stencil(f"<p>{hole('name')}</p>")
    assert stencil.fill({"name": str(hole("name"))}) == f"<p>{hole('name')}</p>"
    assert Stencil("<p>nothing</p>").fill({}) == "<p>nothing</p>"
