"""The embedded broker: kombu's folder of messages, with every step one atomic rename.

kombu writes a message under its final name and takes it by moving it to the system's temporary folder. A
reader may so meet an empty file, two readers may share one, and a killed worker leaves files in /tmp. Here a
message appears and disappears by `rename` inside its own folder, which the file system does wholly or not at
all.
"""

import os
import uuid
from pathlib import Path
from queue import Empty
from time import monotonic_ns
from typing import Any

from kombu.transport import TRANSPORT_ALIASES, filesystem
from kombu.utils.json import dumps, loads

UNDER_WAY = "."  # files being written or read start with this, so that listings by queue skip them
LONGEST_WAIT = 0.5  # seconds


class Channel(filesystem.Channel):
    """One connection's view of the folder."""

    def _put(self, queue: str, payload: dict[str, Any], **kwargs: Any) -> None:  # type: ignore[override]
        """Add a message: written under a hidden name, then renamed."""
        folder = Path(self.data_folder_out)
        name = f"{monotonic_ns():020d}_{uuid.uuid4().hex}.{queue}.msg"
        hidden = folder / (UNDER_WAY + name)
        hidden.write_text(dumps(payload))
        hidden.rename(folder / name)

    def _get(self, queue: str, timeout: float | None = None) -> Any:
        """Take the oldest message; raises Empty. Of several readers exactly one gets it."""
        folder = Path(self.data_folder_in)
        for name in sorted(os.listdir(folder)):
            if name.startswith(UNDER_WAY) or name.partition(".")[2] != f"{queue}.msg":
                continue
            taken = folder / f"{UNDER_WAY}{name}"
            try:
                (folder / name).rename(taken)
            except FileNotFoundError:
                continue  # another reader was first
            text = taken.read_text()
            taken.unlink()
            return loads(text)
        raise Empty


class Transport(filesystem.Transport):
    """What the URL `filesystem://` means in this project."""

    Channel = Channel
    polling_interval = 0.25  # seconds between looks into an empty folder

    def drain_events(self, connection: Any, timeout: float | None = None, **kwargs: Any) -> None:
        """Wait for a message, half a second at most: in between the worker looks whether it shall stop."""
        super().drain_events(connection, timeout=LONGEST_WAIT if timeout is None else min(timeout, LONGEST_WAIT))


def install(options: dict[str, Any]) -> None:
    """Make `filesystem://` mean this transport and its folders exist. `options`: Celery's, for it."""
    TRANSPORT_ALIASES["filesystem"] = "config.broker:Transport"
    for key in ("data_folder_in", "data_folder_out", "control_folder"):
        Path(options[key]).mkdir(parents=True, exist_ok=True)
