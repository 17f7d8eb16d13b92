"""Words that name no hour: found as whole words in five languages, and not where they say the contrary (A12)."""

from __future__ import annotations

import json

import pytest

from complaints.promises import vague


@pytest.mark.parametrize(
    ("language", "text", "found"),
    [
        ("en", "We will call you soon", ["soon"]),
        ("en", "We call as  soon as\npossible, ASAP", ["as  soon as\npossible", "ASAP"]),
        ("en", "You hear from us in a few days, or in due course.", ["in a few days", "in due course"]),
        ("en", "Shortly.", ["Shortly"]),
        ("en", "We call no later than Friday 17:00", []),
        ("en", "Sooner Street 5, a latershop", []),
        ("en", "On Friday 27 November by 17:00", []),
        ("es", "Le llamamos lo antes posible o en unos días", ["lo antes posible", "en unos días"]),
        ("es", "No más tarde de las cinco", []),
        ("pt", "Ligamos em breve, o mais rápido possível", ["em breve", "o mais rápido possível"]),
        ("it", "La chiamiamo al più presto, entro qualche giorno", ["al più presto", "entro qualche giorno"]),
        ("it", "Al più tardi venerdì", []),
        ("ru", "Позвоним в БЛИЖАЙШЕЕ время", ["в БЛИЖАЙШЕЕ время"]),
        ("ru", "Всему свое время: в свое время, в своё время", ["в свое время", "в своё время"]),
        ("ru", "Ответим не позже пятницы", []),
        ("ru", "Ответим позже", ["позже"]),
        ("ru", "Скорость доставки", []),
        ("de", "Wir melden uns bald", []),
    ],
)
def test_what_is_pointed_out(language: str, text: str, found: list[str]) -> None:
    assert vague.words(text, [language]) == found
    assert [text[one.start : one.end] for one in vague.find(text, [language])] == found


def test_the_writer_s_language_and_the_complaint_s_count_both() -> None:
    text = "Soon, em breve, скоро"
    assert vague.words(text, ["en", "pt-br"]) == ["Soon", "em breve"]
    assert vague.words(text, []) == []


def test_every_language_has_its_list_and_each_phrase_is_found_in_itself() -> None:
    kept = json.loads(vague.WORDS.read_text(encoding="utf-8"))
    assert tuple(kept) == vague.LANGUAGES
    for language, lists in kept.items():
        assert len(lists["vague"]) >= 40 and lists["fine"], language
        for phrase in lists["vague"]:
            assert vague.words(f"— {phrase}!", [language]) == [phrase], (language, phrase)
        for phrase in lists["fine"]:
            assert vague.words(f"— {phrase} 5", [language]) == [], (language, phrase)


def test_a_long_text_is_looked_through_at_once() -> None:
    text = "as soon as " * 2_000 + "possible"
    assert len(vague.find(text, vague.LANGUAGES)) <= 2_000
