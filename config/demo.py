"""Before the demo's first start: `python -m config.demo` makes VAR_DIR and a secret key in it.

Runs before Django can: the settings refuse to load without a key. Repeating it changes nothing. Never used
outside the demo, where SECRET_KEY or SECRET_KEY_FILE names the key.
"""

import os
import secrets
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def var_dir() -> Path:
    """The folder for everything the demo keeps: VAR_DIR, or var/ in the project."""
    return Path(os.environ.get("VAR_DIR") or ROOT / "var").resolve()


def make_key(folder: Path) -> bool:
    """Write a new key (384 random bits, mode 0600) unless one is there; answer whether it was written."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "secret_key"
    hidden = folder / f".secret_key.{os.getpid()}"
    if path.is_file() and path.read_text().strip():
        return False
    hidden.touch(mode=0o600)
    hidden.write_text(secrets.token_urlsafe(48) + "\n")
    hidden.rename(path)
    return True


def main() -> int:
    """Make the key; exit code 1 with a sentence when the folder cannot be written."""
    folder = var_dir()
    try:
        make_key(folder)
    except OSError as error:
        sys.stderr.write(f"Cannot write to {folder}: {error.strerror}. Set VAR_DIR to a folder you may write to.\n")
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
