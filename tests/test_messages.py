"""The translations' own tools: what they refuse, and that Russian plurals survive the way from .po to .mo."""

import gettext
from pathlib import Path

import pytest
from django.utils import translation

from config import messages

HEADER = """# head
msgid ""
msgstr ""
"Language: LANGUAGE\\n"
"Content-Type: text/plain; charset=UTF-8\\n"
"Plural-Forms: nplurals=4; plural=(n%10==1 && n%100!=11 ? 0 : n%10>=2 && n%10<=4 && "
"(n%100<12 || n%100>14) ? 1 : n%10==0 || (n%10>=5 && n%10<=9) || (n%100>=11 && n%100<=14)? 2 : 3);\\n"

"""
CASES = """msgid "%(n)s case"
msgid_plural "%(n)s cases"
msgstr[0] "%(n)s обращение"
msgstr[1] "%(n)s обращения"
msgstr[2] "%(n)s обращений"
msgstr[3] "%(n)s обращения"

"""


def project(folder: Path, body: str, language: str = "ru") -> Path:
    """A project with one .po file for every language; `body` in the named one."""
    for name in messages.LANGUAGES:
        path = folder / "locale" / name / "LC_MESSAGES" / "django.po"
        path.parent.mkdir(parents=True)
        path.write_text(HEADER.replace("LANGUAGE", name) + (body if name == language else ""))
    return folder


def test_compiled_plurals_answer_for_every_number(tmp_path: Path) -> None:
    root = project(tmp_path, CASES)
    assert messages.compile_all(root) == 4
    assert messages.compile_all(root) == 0
    with (root / "locale/ru/LC_MESSAGES/django.mo").open("rb") as compiled:
        russian = gettext.GNUTranslations(compiled)
    words = [russian.ngettext("%(n)s case", "%(n)s cases", n) % {"n": n} for n in (1, 3, 5, 21)]
    assert words == ["1 обращение", "3 обращения", "5 обращений", "21 обращение"]
    assert messages.check_translations(root) == []


def test_a_head_without_its_language_is_a_fault(tmp_path: Path) -> None:
    root = project(tmp_path, CASES)
    path = root / "locale/ru/LC_MESSAGES/django.po"
    path.write_text(path.read_text().replace("Language: ru", "Language: "))
    assert messages.check_translations(root) == [
        "locale/ru/LC_MESSAGES/django.po: its head does not say that it is in 'ru'"
    ]


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", ["1 case", "2 cases", "5 cases", "21 cases"]),
        ("es", ["1 caso", "2 casos", "5 casos", "21 casos"]),
        ("pt", ["1 caso", "2 casos", "5 casos", "21 casos"]),
        ("it", ["1 caso", "2 casi", "5 casi", "21 casi"]),
        ("ru", ["1 день", "2 дня", "5 дней", "21 день"]),
    ],
)
def test_the_plurals_we_ship_are_those_of_the_language(language: str, words: list[str]) -> None:
    one, many = ("%(n)d day", "%(n)d days") if language == "ru" else ("%(n)s case", "%(n)s cases")
    with translation.override(language):
        assert [translation.ngettext(one, many, n) % {"n": n} for n in (1, 2, 5, 21)] == words


@pytest.mark.parametrize("language", messages.LANGUAGES)
def test_every_language_we_ship_has_its_rule(language: str) -> None:
    with (messages.ROOT / "locale" / language / "LC_MESSAGES" / "django.mo").open("rb") as compiled:
        shipped = gettext.GNUTranslations(compiled)
    assert shipped.info()["language"] == language
    assert "plural=" in shipped.info()["plural-forms"]


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        ('msgid "Close"\nmsgstr ""\n', "untranslated"),
        ('#, fuzzy\nmsgid "Close"\nmsgstr "Закрыть"\n', "fuzzy"),
        ('msgid "Due %(when)s"\nmsgstr "Срок %(wann)s"\n', "placeholders"),
        ('msgid "Due {when}"\nmsgstr "Срок"\n', "placeholders"),
        (CASES.replace("обращения", "").replace("%(n)s \"", '"'), "untranslated"),
    ],
)  # fmt: skip
def test_what_a_translation_may_not_be(tmp_path: Path, body: str, fault: str) -> None:
    faults = messages.check_translations(project(tmp_path, body))
    assert len(faults) == 1
    assert f"locale/ru/LC_MESSAGES/django.po: {fault}" in faults[0]


def test_a_missing_language_is_a_fault(tmp_path: Path) -> None:
    assert len(messages.check_translations(tmp_path)) == len(messages.LANGUAGES)
