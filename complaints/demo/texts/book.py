"""The shape of a language's book of complaints."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Story:
    """One complaint as it may happen. `{item}` is one of `items` (of one gender and number), `{order}` an order number.

    `text` is the complainant's, `question` and `answer` are the agent's, `reply` is what the complainant answers to the
    question; `note` and `summary` are for colleagues. `voice`: "f" or "m" where the grammar tells who writes.
    """

    type: str
    subject: str
    text: str
    answer: str
    summary: str
    cause: str
    items: tuple[str, ...] = ("",)
    outcome: str = "upheld"
    severity: str = "moderate"
    channels: tuple[str, ...] = ("web", "email", "phone")
    expectation: str = ""
    remedy: str = ""
    note: str = ""
    question: str = ""
    reply: str = ""
    voice: str = ""


@dataclass(frozen=True, slots=True)
class Person:
    """A customer: full name, how a letter greets them, the part of the e-mail before the @."""

    name: str
    first: str
    mailbox: str
    voice: str = ""


@dataclass(frozen=True, slots=True)
class Book:
    """All texts of one language. `greeting` has `{first}`; `mail_domain` is reserved for examples (RFC 2606)."""

    greeting: str
    mail_domain: str
    phone: str  # with three digits to come
    stories: tuple[Story, ...]
    people: tuple[Person, ...]
    acknowledgements: tuple[str, ...]
    progress: tuple[str, ...]
    chasers: tuple[str, ...]  # the complainant asks where things stand
    thanks: tuple[str, ...]
    reopened: tuple[str, ...]  # why a case is opened again; also what the complainant wrote
    withdrawn: tuple[str, ...]
    waiting_for: str  # internal reason of a pause
    sorted_anew: str  # internal reason of a reclassification
    handed_on: str  # internal reason of an assignment
    notes: tuple[str, ...]


def people(*lines: str) -> tuple[Person, ...]:
    """From lines `Full Name|greeted as|mailbox|voice`; blank: the first word, the name itself, not needed."""
    found = []
    for line in lines:
        name, *rest = line.split("|")
        first, mailbox, voice = (*rest, "", "", "")[:3]
        found.append(Person(name, first or name.split()[0], mailbox or ".".join(name.lower().split()), voice))
    return tuple(found)


def crowd(book: Book) -> tuple[Person, ...]:
    """Many more than the people of a book: the first names and surnames of any two of one gender, each once."""
    found = {}
    for one in book.people:
        for other in book.people:
            if one.voice == other.voice:
                name = f"{one.first} {other.name.rpartition(' ')[2]}"
                mailbox = f"{one.mailbox.partition('.')[0]}.{other.mailbox.rpartition('.')[2]}"
                found[name] = Person(name, one.first, mailbox, one.voice)
    return tuple(found.values())
