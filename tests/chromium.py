"""Which Chromium the browser tests drive: CHROMIUM, else the one on the PATH.

`python -m tests.chromium --install` (part of `make test`) brings Debian's where there is none and we are root
there.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

# Without the last four a closed network refuses its background connections, many at a time.
FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip
PACKAGES = ("chromium-headless-shell", "fonts-noto-core")  # the fonts: Cyrillic on a bare machine


def find() -> str | None:
    """The path of the browser, None where there is none. The one without a window first: it is a fifth faster."""
    if named := os.environ.get("CHROMIUM"):
        return named
    for name in ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "google-chrome-stable"):
        if path := shutil.which(name):
            return path
    return None


def install() -> None:
    """Install Debian's packages, where we are root on Debian. Raises CalledProcessError."""
    if os.geteuid() != 0 or not shutil.which("apt-get") or not Path("/etc/debian_version").exists():
        return
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (
        ["apt-get", "update", "-q"],
        ["apt-get", "install", "-qy", "--no-install-recommends", *PACKAGES],
    ):
        subprocess.run(command, check=True, env=environment, stdout=sys.stderr)


def main() -> int:
    """Say which one it is; exit code 1 when there is none (in CI that fails the run)."""
    if find() is None and "--install" in sys.argv[1:]:
        try:
            install()
        except subprocess.CalledProcessError as error:
            sys.stderr.write(f"{' '.join(error.cmd)} failed\n")
    sys.stdout.write(f"{find() or 'no Chromium: browser tests are skipped'}\n")
    return 0 if find() else 1


if __name__ == "__main__":
    raise SystemExit(main())
