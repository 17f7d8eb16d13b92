"""The language of macros: what is filled in, what stays open, what never happens (mission A8)."""

import re
import string

import pytest
from django.conf import settings
from hypothesis import example, given
from hypothesis import strategies as st

from complaints import macros
from complaints.macros import FALLBACK, MISSING, PERSONAL, VALUE, VARIABLES, faults, first_name, render, unfinished
from complaints.migrations._first_macros import MACROS

HOSTILE = [
    "{{ agent.name }}",
    "}}{{ customer.name }}{{",
    "[[ write here ]]",
    "]]",
    "{% load static %}{% debug %}",
    "{{ ''.__class__.__mro__ }}",
    "<script>alert(1)</script>",
    "\u202egnol\x00\x07",
    "{",
    "[",
    "a" * 5_000,
]
brackets = st.text(alphabet="{}[]|. \nabcé" + string.ascii_lowercase, max_size=60)
anything = st.one_of(st.text(max_size=60), brackets, st.sampled_from(HOSTILE))
values = st.dictionaries(st.sampled_from(sorted(VARIABLES)), anything)
piece = st.one_of(
    anything,
    st.sampled_from([f"{{{{ {name} }}}}" for name in VARIABLES]),
    st.sampled_from([f"{{{{{name}|somebody}}}}" for name in VARIABLES]),
    st.just("[[ what you found out ]]"),
)
texts = st.lists(piece, max_size=8).map("".join)
good = st.lists(
    st.one_of(
        st.text(alphabet=string.ascii_letters + " .,\n", max_size=30),
        st.sampled_from([f"{{{{ {name} }}}}" for name in VARIABLES]),
        st.sampled_from([f"{{{{ {name} | somebody }}}}" for name in VARIABLES]),
        st.just("[[ what you found out ]]"),
    ),
    max_size=8,
).map("".join)


@given(texts, values)
@example("{{{ subject }}}", {"subject": "{x}"})
def test_rendering_never_raises_and_says_what_it_says(text, known):
    found = render(text, known)
    assert found.text == "".join(one.text for one in found.segments)
    assert all(one.text for one in found.segments)


@given(good, values)
@example("[{{ subject }}]", {"subject": "[URGENT]"})
@example("{{ subject }}{{ product }}", {"subject": "a[", "product": "[b]]"})
@example("{{ subject }}", {"subject": "{{ agent.name }}"})
def test_what_a_value_says_is_never_read_and_opens_nothing(text, known):
    """Only what the macro itself left open is open; a value brings no brackets of ours, whatever stands around it."""
    found = render(text, known)
    variables, personal = unfinished(found.text)
    assert len(variables) == sum(one.kind == MISSING for one in found.segments)
    assert len(personal) == sum(one.kind == PERSONAL for one in found.segments)
    closed = "".join(" " if one.is_open else one.text for one in found.segments)
    assert not re.search(r"\{\{|\[\[", closed)


@given(good)
def test_a_good_text_has_no_faults_and_every_variable_is_filled(text):
    assert faults(text) == []
    known = dict.fromkeys(VARIABLES, "x")
    assert render(text, known).missing == []
    assert set(render(text, {}).missing) == {name for name in macros.used(text) if f"{{{{ {name} }}}}" in text}


@given(st.text(max_size=80))
def test_looking_for_faults_never_raises(text):
    for fault in faults(text):
        assert fault.code in ("unknown_variable", "stray_brackets", "too_long")


@pytest.mark.parametrize(
    ("text", "code", "what"),
    [
        ("Dear {{ customer.email }}", "unknown_variable", "customer.email"),
        ("{{ customer.first_name.__class__ }}", "stray_brackets", "{{ customer.first_name.__class__ }}"),
        ("{{ 7*7 }}", "stray_brackets", "{{ 7*7 }}"),
        ("{{ subject", "stray_brackets", "{{ subject"),
        ("subject }}", "stray_brackets", "}}"),
        ("[[ ]]", "stray_brackets", "[[ ]]"),
        ("[[ open", "stray_brackets", "[[ open"),
        ("{{ subject|{{ product }} }}", "stray_brackets", "{{ subject|"),
        ("a" * (macros.LONGEST + 1), "too_long", str(macros.LONGEST)),
    ],
)
def test_what_cannot_be_kept_is_named(text, code, what):
    assert (code, what) in [(one.code, one.what) for one in faults(text)]


def test_variables_fallbacks_missing_and_personal_parts():
    text = "{{ greeting }}\nOrder {{order_number}}, {{ product|the lamp }}. [[ what we found ]]"
    found = render(text, {"greeting": "Hello Dana,", "product": ""})
    assert found.text == "Hello Dana,\nOrder {{order_number}}, the lamp. [[ what we found ]]"
    assert [one.kind for one in found.segments if one.kind != "text"] == [VALUE, MISSING, FALLBACK, PERSONAL]
    assert found.missing == ["order_number"] and found.personal == ["what we found"]
    assert unfinished(found.text) == (["{{order_number}}"], ["[[ what we found ]]"])
    assert unfinished("All written. {a} [b]") == ([], [])


def test_in_a_text_that_is_not_ours_braces_are_a_variable_only_around_a_name_we_know():
    text = "{{ x }} {{}} {{ 7|add:7 }} {{reference}} {{ customer.first_name|there }} {{ Reference }} [[ say why ]]"
    assert unfinished(text, ours=False) == (["{{reference}}", "{{ customer.first_name|there }}"], [])
    assert len(unfinished(text)[0]) == 6 and unfinished(text)[1] == ["[[ say why ]]"]


def test_a_value_is_asked_for_once():
    asked = []
    known = {"subject": lambda: asked.append(1) or "Lamps", "product": lambda: asked.append("never") or ""}
    assert render("{{ subject }} {{ subject }}", known).text == "Lamps Lamps"
    assert asked == [1]


class TestWordForWord:
    text = "Hello {{ customer.first_name }},\n\nyour order {{ order_number }} is on its way. [[ your part ]] Yours"

    def rendered(self, **known):
        return render(self.text, {"customer.first_name": "Dana", **known})

    def test_the_text_with_its_personal_part_left_out(self):
        assert macros.word_for_word("Hello Dana,\n\nyour order 7 is on its way. Yours", self.rendered(order_number="7"))

    def test_blanks_and_line_ends_do_not_count(self):
        said = "Hello Dana,\r\n\r\n\r\nyour order 7  is on its way.\nYours "
        assert macros.word_for_word(said, self.rendered(order_number="7"))

    def test_a_personal_part_written(self):
        said = "Hello Dana,\n\nyour order 7 is on its way. I saw it leave this morning. Yours"
        assert not macros.word_for_word(said, self.rendered(order_number="7"))

    def test_a_missing_value_typed_in_or_taken_out_is_nothing_personal(self):
        for said in ("your order 10472 is on", "your order is on"):
            assert macros.word_for_word(f"Hello Dana,\n\n{said} its way. Yours", self.rendered())
        long = "x" * 200
        assert not macros.word_for_word(f"Hello Dana,\n\nyour order {long} is on its way. Yours", self.rendered())

    @pytest.mark.parametrize(
        "said",
        [
            "",
            "Something else",
            "Hello Dana,",
            "P.S. Hello Dana,\n\nyour order 7 is on its way. Yours",
            "Hello Dana,\n\nyour order 7 is on its way. Yours, Ana",
        ],
    )
    def test_more_less_or_other_words(self, said):
        assert not macros.word_for_word(said, self.rendered(order_number="7"))

    def test_nothing_but_a_personal_part_is_never_a_stock_answer(self):
        assert not macros.word_for_word("I called you at nine.", render("[[ what you did ]]", {}))

    @given(good, values)
    def test_a_text_sent_as_it_was_is_found_out(self, text, known):
        found = render(text, known)
        closed = "".join(one.text for one in found.segments if not one.is_open)
        if closed.strip():
            assert macros.word_for_word(closed, found)
            assert not macros.word_for_word(f"{closed} {'And a word of my own. ' * 9}", found)


@pytest.mark.parametrize(
    ("name", "first"),
    [
        ("Dana Whitlock", "Dana"),
        ("Whitlock, Dana", "Dana"),
        ("Dr. Dana Whitlock", "Dana"),
        ("Sra. Lucía Ortega", "Lucía"),
        ("Иванова Мария Петровна", "Мария"),
        ("Мария Петровна Иванова", "Мария"),
        ("Jean-Luc", "Jean-Luc"),
        ("Mr Whitlock", ""),
        ("D. Whitlock", ""),
        ("D Whitlock", ""),
        ("Room 12", "Room"),
        ("12 Angry", ""),
        ("", ""),
        (",", ""),
    ],
)
def test_first_names(name, first):
    assert first_name(name) == first


@given(st.text(max_size=40))
def test_first_name_never_raises(name):
    assert isinstance(first_name(name), str)


def test_the_language_it_speaks():
    speak = macros.language_of
    assert speak({"en": "a", "pt": "b"}, "pt", "en") == "pt"
    assert speak({"en": "a", "pt": "b"}, "ru", "en") == "en"
    assert speak({"it": "a", "es": "  "}, "es", "en") == "it"
    assert speak({}, "es", "en") == ""


def test_the_first_macros_can_be_kept_and_ask_for_a_personal_part_in_every_language():
    for names, acts, texts in MACROS:
        assert sorted(names) == sorted(texts) == sorted(code for code, _name in settings.LANGUAGES)
        assert set(acts) <= {"thanks", "apology"}
        wanted = None
        for language, text in texts.items():
            assert faults(text) == [], (language, faults(text))
            assert "!" not in text
            shape = (macros.used(text), len(macros.prompts(text)))
            wanted = wanted or shape
            assert shape == wanted and shape[1] >= 1, f"{names['en']} differs in {language}"
