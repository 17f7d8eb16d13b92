"""Read a CSV file as a stream: UTF-8 with or without BOM, gzip or plain, line numbers as an editor counts them.

Never holds more than one record. A file that cannot be read at all is found out before the first row is recorded.
"""

from __future__ import annotations

import codecs
import csv
import gzip
import hashlib
import io
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from django.utils.translation import gettext as _

BLOCK = 1 << 20
LONGEST_FIELD = 1_000_000  # characters; a quote never closed swallows the rest of the file
DELIMITERS = ",;\t"
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


class Unreadable(Exception):
    """The file as a whole is of no use; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Record:
    """One record. `line`: the line it begins on (1 is the first line of the file); `problem`: why it cannot be used."""

    number: int
    line: int
    cells: list[str]
    problem: str = ""


def examine(path: Path, encoding: str) -> str:
    """Read the whole file once: its SHA-256. Raises Unreadable: missing, no text in `encoding`, broken gzip."""
    digest, decoder, line = hashlib.sha256(), codecs.getincrementaldecoder(encoding)(), 1
    with _opened(path) as (raw, plain):
        while block := plain.read(BLOCK):
            if line == 1 and block.startswith(_UTF16):
                raise Unreadable(_("This file is UTF-16. Save it as CSV in UTF-8, or name it: --encoding utf-16."))
            try:
                decoder.decode(block)
            except UnicodeError as error:
                if isinstance(error, UnicodeDecodeError):
                    line += error.object[: error.start].count(b"\n")
                raise Unreadable(_not_text(encoding, line, error)) from error
            line += block.count(b"\n")
        try:
            decoder.decode(b"", final=True)
        except UnicodeError as error:
            raise Unreadable(_not_text(encoding, line, error)) from error
        raw.seek(0)
        while block := raw.read(BLOCK):
            digest.update(block)
    return digest.hexdigest()


class Rows:
    """The records of a CSV file behind its header: `with Rows(path) as rows: for record in rows: ...`."""

    def __init__(self, path: Path, encoding: str = "utf-8") -> None:
        self.path = path
        self.encoding = "utf-8-sig" if encoding.lower().replace("_", "-") in ("utf-8", "utf8") else encoding
        self.size = path.stat().st_size
        self.header: list[str] = []

    @property
    def done(self) -> int:
        """Bytes of the file (as it lies on the disk) read so far; `size` is all."""
        return min(self._raw.tell(), self.size)

    def __enter__(self) -> Rows:
        self._stack = _opened(self.path)
        self._raw, plain = self._stack.__enter__()
        self._text = io.TextIOWrapper(io.BufferedReader(plain, BLOCK), self.encoding, newline="")  # type: ignore[type-var]
        csv.field_size_limit(LONGEST_FIELD)
        first = self._text.readline()
        if not first.strip():
            raise Unreadable(_("The file is empty: its first line has to name the columns."))
        self._delimiter = max(DELIMITERS, key=first.count)
        self._reader = csv.reader(_after(first, self._text), delimiter=self._delimiter)
        self.header = [name.strip() for name in next(self._reader)]
        doubles = {name for name in self.header if name and self.header.count(name) > 1}
        if doubles:
            raise Unreadable(_("The header names a column twice: %(names)s.") % {"names": ", ".join(sorted(doubles))})
        return self

    def __exit__(self, *error: object) -> None:
        self._stack.__exit__(None, None, None)

    def __iter__(self) -> Iterator[Record]:
        number = 0
        while True:
            line = self._reader.line_num + 1
            try:
                cells = next(self._reader)
            except StopIteration:
                return
            except csv.Error as error:
                number += 1
                yield Record(number, line, [], _("Not readable as CSV: %(error)s.") % {"error": error})
                continue
            if not cells:
                continue
            number += 1
            yield Record(number, line, cells, self._problem(cells))

    def _problem(self, cells: list[str]) -> str:
        if len(cells) != len(self.header):
            words = _("This record has %(cells)s fields, the header has %(columns)s.")
            return words % {"cells": len(cells), "columns": len(self.header)}
        if "\0" in "".join(cells):
            return _("This record holds a zero byte.")
        return ""


def _after(first: str, rest: Iterator[str]) -> Iterator[str]:
    yield first
    yield from rest


@contextmanager
def _opened(path: Path) -> Iterator[tuple[BinaryIO, BinaryIO]]:
    """The file and its content, unpacked when it is gzip (known by its first bytes, whatever its name)."""
    try:
        raw = path.open("rb")
    except OSError as error:
        raise Unreadable(f"{path}: {error.strerror}") from error
    with raw:
        try:
            packed = raw.read(2) == b"\x1f\x8b"
            raw.seek(0)
            yield raw, gzip.GzipFile(fileobj=raw, mode="rb") if packed else raw  # type: ignore[misc]
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            raise Unreadable(_("The gzip file is damaged or incomplete: %(error)s.") % {"error": error}) from error
        except IsADirectoryError as error:
            raise Unreadable(f"{path}: {error.strerror}") from error


def _not_text(encoding: str, line: int, error: UnicodeError) -> str:
    if not isinstance(error, UnicodeDecodeError):  # UTF-16 without the mark it begins with
        return _("This file does not begin as %(encoding)s does.") % {"encoding": encoding.upper()}
    byte = error.object[error.start]
    words = _(
        "Line %(line)s is no %(encoding)s (byte 0x%(byte)02x). If the file is older, try --encoding latin-1 or cp1252."
    )
    return words % {"line": line, "encoding": encoding.upper(), "byte": byte}
