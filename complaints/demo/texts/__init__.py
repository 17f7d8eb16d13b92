"""What people write in the demo, language by language; each book was written in its language, not translated."""

from complaints.demo.texts import en, es, it, pt, ru
from complaints.demo.texts.book import Book, Person, Story

BOOKS: dict[str, Book] = {"en": en.BOOK, "es": es.BOOK, "pt": pt.BOOK, "it": it.BOOK, "ru": ru.BOOK}

__all__ = ["BOOKS", "Book", "Person", "Story"]
