"""Translations as files: `python -m config.messages compile|extract|check`.

compile: locale/*/LC_MESSAGES/*.po to .mo with Babel, only what changed (part of `make run`).
extract: the source's texts into the .po files with Django's makemessages (needs gettext's tools).
check:   nothing untranslated or fuzzy, placeholders intact, the .po files hold exactly the source's texts.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

ROOT = Path(__file__).resolve().parent.parent
LANGUAGES = ("es", "pt", "it", "ru")
SOURCES = ("config", "core", "retention", "complaints", "metrics", "templates")
SKIPPED = ("*/tests/*", "tests/*", ".venv/*", "var/*", "node_modules/*")
_PLACEHOLDER = re.compile(r"%\(\w+\)[a-z]|%[sd]|\{\w*\}")

Key = tuple[str | None, str]


def catalogue(path: Path) -> Catalog:
    """The texts of one .po file."""
    with path.open("rb") as source:
        return read_po(source, locale=path.parent.parent.name)


def po_files(root: Path) -> list[Path]:
    """All .po files under `root`/locale."""
    return sorted((root / "locale").glob("*/LC_MESSAGES/*.po"))


def compile_all(root: Path = ROOT) -> int:
    """Write the .mo files that are missing or older than their .po; answers how many."""
    written = 0
    for path in po_files(root):
        target = path.with_suffix(".mo")
        if target.exists() and target.stat().st_mtime >= path.stat().st_mtime:
            continue
        hidden = target.with_name(f".{target.name}.{os.getpid()}")
        with hidden.open("wb") as output:
            write_mo(output, catalogue(path))
        hidden.rename(target)
        written += 1
    return written


def key_of(message: Message) -> Key:
    """What tells a text from others: its context and its English (singular)."""
    return message.context, message.id if isinstance(message.id, str) else message.id[0]


def texts(found: Catalog) -> dict[Key, Message]:
    """All texts of a catalogue but its header."""
    return {key_of(message): message for message in found if message.id}


def faults_of(message: Message) -> Iterator[str]:
    """What is wrong with one translation, in words."""
    ids = [message.id] if isinstance(message.id, str) else list(message.id)
    strings = [message.string] if isinstance(message.string, str) else list(message.string or ("",))
    if not all(strings):
        yield "untranslated"
        return
    if message.fuzzy:
        yield "fuzzy"
    wanted = set(_PLACEHOLDER.findall(ids[-1]))
    for string in strings:
        has = set(_PLACEHOLDER.findall(string))
        # A singular may drop the number ("one complaint"), a text without plural may drop nothing.
        if has - wanted or (len(ids) == 1 and wanted - has):
            yield f"placeholders {sorted(has)} instead of {sorted(wanted)}"
    if ids[0].startswith("\n") != strings[0].startswith("\n") or ids[0].endswith("\n") != strings[0].endswith("\n"):
        yield "line breaks at the ends differ"


def check_translations(root: Path = ROOT) -> list[str]:
    """Every fault of the committed .po files, one line each."""
    faults = []
    for language in LANGUAGES:
        path = root / "locale" / language / "LC_MESSAGES" / "django.po"
        if not path.exists():
            faults.append(f"{path.relative_to(root)}: missing")
            continue
        found = catalogue(path)
        if str(found.locale or "") != language:  # without it no rule for plurals reaches the .mo file
            faults.append(f"{path.relative_to(root)}: its head does not say that it is in {language!r}")
        for (_context, text), message in texts(found).items():
            faults += [f"{path.relative_to(root)}: {fault}: {text!r}" for fault in faults_of(message)]
            if not isinstance(message.id, str) and len(message.string or ()) != found.num_plurals:
                faults.append(f"{path.relative_to(root)}: {found.num_plurals} forms of a plural: {text!r}")
    return faults


def makemessages(folder: Path) -> None:
    """Django's own extraction in `folder`; raises CalledProcessError."""
    languages = [flag for language in LANGUAGES for flag in ("--locale", language)]
    skipped = [flag for pattern in SKIPPED for flag in ("--ignore", pattern)]
    shape = ("--add-location", "file", "--no-wrap", "--no-obsolete", "--verbosity", "0")
    environment = {
        **os.environ,
        "SECRET_KEY": "extraction-only",
        "VAR_DIR": str(folder / "var"),
        "PYTHONPATH": str(folder),
    }
    environment |= {"DJANGO_SETTINGS_MODULE": "config.settings"}
    command = [sys.executable, "manage.py", "makemessages", *languages, *skipped, *shape]
    subprocess.run(command, cwd=folder, env=environment, check=True)


def check_sync(root: Path = ROOT) -> list[str]:
    """Texts that the source has and a .po has not, or the other way round, found in a fresh copy."""
    faults = []
    with tempfile.TemporaryDirectory(prefix="amends-messages-") as name:
        copy = Path(name)
        for source in (*SOURCES, "locale"):
            if (root / source).is_dir():
                shutil.copytree(root / source, copy / source, ignore=shutil.ignore_patterns("__pycache__", "*.mo"))
        (copy / "locale").mkdir(exist_ok=True)
        shutil.copy(root / "manage.py", copy / "manage.py")
        makemessages(copy)
        for language in LANGUAGES:
            path = Path("locale") / language / "LC_MESSAGES" / "django.po"
            source_texts = texts(catalogue(copy / path)).keys() if (copy / path).exists() else set()
            committed = texts(catalogue(root / path)).keys() if (root / path).exists() else set()
            faults += [f"{path}: not extracted yet: {text!r}" for _, text in sorted(source_texts - committed, key=str)]
            faults += [
                f"{path}: not in the source any more: {text!r}" for _, text in sorted(committed - source_texts, key=str)
            ]
    return faults


def main() -> int:
    """Exit code 1 when a check finds a fault."""
    parser = argparse.ArgumentParser(prog="python -m config.messages", description=__doc__)
    parser.add_argument("what", choices=("compile", "extract", "check"))
    what = parser.parse_args().what
    has_gettext = shutil.which("xgettext") and shutil.which("msgmerge")
    if what == "compile":
        compile_all()
        return 0
    if what == "extract":
        if not has_gettext:
            sys.stderr.write("Extracting needs gettext's tools (Debian: apt-get install gettext)\n")
            return 1
        makemessages(ROOT)
        return 0
    faults = check_translations()
    if has_gettext:
        faults += check_sync()
    elif os.environ.get("CI") == "true":
        faults.append("gettext's tools are missing, so the .po files were not compared with the source")
    else:
        sys.stderr.write("Skipped: comparing the .po files with the source (gettext's tools are missing)\n")
    sys.stderr.write("".join(f"{fault}\n" for fault in faults))
    return 1 if faults else 0


if __name__ == "__main__":
    raise SystemExit(main())
