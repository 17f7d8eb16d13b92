"""Quotation marks come with the translation: no page puts English ones around Russian words."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from complaints.web.one import promise_words
from core import languages
from metrics.web import story_words

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture
def guillemets(monkeypatch: pytest.MonkeyPatch) -> None:
    def russian(context: str, message: str) -> str:
        return {("quotation", "“%(text)s”"): "«%(text)s»"}[context, message]

    monkeypatch.setattr(languages, "pgettext", russian)


def test_what_was_promised_and_said(guillemets: None) -> None:
    assert promise_words.said({"text": "Звонок"}) == "«Звонок»"
    assert promise_words.said({"text": "Письмо", "before": "Звонок"}) == "«Звонок» became «Письмо»"
    assert story_words._score({"kind": "nps", "score": 3}, {"comment": "Долго"}) == "NPS 3: «Долго»"
    assert languages.quoted("100 %") == "«100 %»"


def test_no_marks_are_put_around_words_elsewhere() -> None:
    """In Python and in scripts, English marks around a value stand in no sentence that is not translated."""
    marks = re.compile(r"f\"[^\"]*“\{|f'[^']*“\{|`[^`]*“\$\{")
    own = [*ROOT.glob("static/js/*.js")]
    for app in ("complaints", "retention", "metrics", "core"):
        own += [one for one in (ROOT / app).rglob("*.py") if not {"commands", "importing", "demo"} & set(one.parts)]
    lines = [(one.relative_to(ROOT), line) for one in own for line in one.read_text("utf-8").splitlines()]
    assert len(own) > 200 and [f"{where}: {line.strip()}" for where, line in lines if marks.search(line)] == []
