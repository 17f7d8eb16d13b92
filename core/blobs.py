"""Bytes kept under their own SHA-256: equal ones once, written whole or not at all (cases F14, F30).

A blob lies at `ab/cd/abcd...` below the storage's folder. It is written under another name, synced and renamed, so
a crash leaves nothing under a blob's name that is not whole. The row that names a blob is committed later than the
blob is written: so nothing younger than GRACE is ever removed, and writing a blob that is there already makes it
young again. Writer and remover of one blob exclude each other by a lock on a file, which a dying process lets go.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import secrets
import time
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import IO, Any

from django.core.files.storage import FileSystemStorage, storages

GRACE = timedelta(minutes=15)  # no transaction of ours is open longer (core.trail.SETTLED_AFTER)
ALIAS = "attachments"
COMING, LOCKS = "coming", "locks"  # folders beside the blobs
_KEY = re.compile(r"[0-9a-f]{64}", re.ASCII)


class TooLarge(Exception):
    """More bytes came than were allowed; none of them are kept."""


class Empty(Exception):
    """No bytes came."""


class Cut(Exception):
    """Fewer bytes came than were announced; none of them are kept."""


@dataclass(frozen=True, slots=True)
class Blob:
    """Bytes that are kept: their SHA-256 in hexadecimal, where they lie, how many they are."""

    sha256: str
    stored: str
    size: int


Unused = Callable[[Collection[str]], Collection[str]]  # of these SHA-256, those that rows still name


class BlobStorage(FileSystemStorage):
    """A Django storage for blobs. They are read as from any storage: `open(stored)`, `exists(stored)`."""

    def __init__(self, location: str | os.PathLike[str] | None = None, **options: Any) -> None:
        super().__init__(location=location, file_permissions_mode=0o600, directory_permissions_mode=0o700, **options)

    def keep(self, chunks: Iterable[bytes], *, at_most: int, expected: int | None = None) -> Blob:
        """Write the chunks, in as little memory as the largest of them. Raises TooLarge, Cut, Empty or
        OSError."""
        seal, size = hashlib.sha256(), 0
        coming = self._folder(COMING) / secrets.token_hex(16)
        try:
            with open(coming, "xb", opener=_private) as file:
                for chunk in chunks:
                    size += len(chunk)
                    if size > at_most:
                        raise TooLarge
                    seal.update(chunk)
                    file.write(chunk)
                if expected is not None and size != expected:
                    raise Cut
                if not size:
                    raise Empty
            key = seal.hexdigest()
            return Blob(key, self._place(coming, key), size)
        finally:
            coming.unlink(missing_ok=True)

    def remove_unused(self, keys: Iterable[str], used: Unused) -> int:
        """Remove those blobs that no row names and that are not young; how many went. Query cost: that of `used`, once,
        and once more for each that goes."""
        wanted = {key for key in keys if _KEY.fullmatch(key)}
        gone = 0
        for key in sorted(wanted - set(used(wanted)) if wanted else ()):
            with self._locked(key):
                path = Path(self.path(stored_at(key)))
                if _age(path) > GRACE.total_seconds() and not used([key]):
                    path.unlink(missing_ok=True)
                    gone += 1
        return gone

    def shard(self, name: str) -> Iterator[str]:
        """The keys of all blobs in one of the 256 folders ("00" to "ff")."""
        folder = Path(self.location) / name
        for below in sorted(folder.iterdir()) if folder.is_dir() else ():
            yield from (file.name for file in below.iterdir() if _KEY.fullmatch(file.name))

    def forget_coming(self) -> int:
        """Remove what was being written when a process died; how many files that were."""
        gone = 0
        for file in self._folder(COMING).iterdir():
            if _age(file) > GRACE.total_seconds():
                file.unlink(missing_ok=True)
                gone += 1
        return gone

    def _place(self, coming: Path, key: str) -> str:
        stored = stored_at(key)
        path = Path(self.path(stored))
        with self._locked(key):
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            if path.exists():
                os.utime(path)  # young again: a row is about to name it
                return stored
            _sync(coming)
            coming.replace(path)
            os.utime(path)
            for folder in (path.parent, path.parent.parent):
                _sync(folder)
        return stored

    @contextmanager
    def _locked(self, key: str) -> Iterator[None]:
        with (self._folder(LOCKS) / key[:2]).open("ab") as file:
            fcntl.flock(file, fcntl.LOCK_EX)  # let go when the file is closed
            yield

    def _folder(self, name: str) -> Path:
        folder = Path(self.location) / name
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        return folder


def store() -> BlobStorage:
    """Where attachments are kept (settings.STORAGES)."""
    found = storages[ALIAS]
    assert isinstance(found, BlobStorage)  # noqa: S101 - settings must name one
    return found


def stored_at(key: str) -> str:
    """Where the blob with this SHA-256 lies, below the storage's folder."""
    return f"{key[:2]}/{key[2:4]}/{key}"


def pieces(file: IO[bytes], size: int = 1 << 16) -> Iterator[bytes]:
    """An open file, a piece at a time."""
    while piece := file.read(size):
        yield piece


def _age(path: Path) -> float:
    """Seconds since it was written; 0 for what is not there."""
    with suppress(FileNotFoundError):
        return time.time() - path.stat().st_mtime
    return 0.0


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _sync(path: Path) -> None:
    """Make what was written to a file, or renamed in a folder, last: on the disk before a row names it."""
    with suppress(OSError):  # some file systems cannot for folders
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
