"""Keeps a handful of programs running: what `manage.py up` is made of. Pure POSIX, no Django.

Each program leads a process group of its own, so that a dead parent's children can be ended with it and
Ctrl-C reaches only the supervisor, which stops all in order. On Linux the kernel also ends a program when the
supervisor itself is killed. One thread, one `select`. Times are in seconds.
"""

import ctypes
import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from types import FrameType

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
GRACE = 2.5  # from the first signal to SIGKILL; the whole stop is promised within 5
FIRST_DELAY, LONGEST_DELAY = 0.5, 30.0
STEADY = 30.0  # a program that lived this long starts its next back-off afresh
TICK = 1.0
_PR_SET_PDEATHSIG = 1


def _libc() -> ctypes.CDLL | None:
    return ctypes.CDLL(None) if sys.platform == "linux" else None


_LIBC = _libc()


def die_with_parent() -> None:
    """In the child: ask Linux for SIGTERM when the parent dies. Elsewhere nothing happens."""
    if _LIBC is not None:
        _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


@dataclass
class Program:
    """One program to keep alive."""

    name: str
    command: list[str]
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    failures: int = 0
    start_at: float = 0.0
    rest: bytes = b""

    def next_delay(self, lived: float) -> float:
        """How long to wait before starting it again after it `lived`: 0.5 s, doubling up to 30 s."""
        self.failures = 1 if lived >= STEADY else self.failures + 1
        return float(min(LONGEST_DELAY, FIRST_DELAY * 2 ** (self.failures - 1)))


@dataclass
class Supervisor:
    """Starts the programs, starts them again when they die, stops all on SIGINT, SIGTERM or SIGHUP.

    `ready` is asked once a tick until it answers true, then `on_ready` runs once. A program that ends before
    that ends everything: a wrong setting shall be seen, not repeated.
    """

    programs: list[Program]
    environment: Mapping[str, str]
    ready: Callable[[], bool] = lambda: True
    on_ready: Callable[[], None] = lambda: None
    say: Callable[[str], None] = lambda line: print(line, flush=True)  # noqa: T201
    is_ready: bool = False
    stop_at: float | None = None
    exit_code: int = 0
    _selector: selectors.BaseSelector = field(default_factory=selectors.DefaultSelector)

    def run(self) -> int:
        """Supervise until a stop signal; answers the exit code (0 after a stop that was asked for)."""
        wake, sleepless = os.pipe()
        for end in (wake, sleepless):
            os.set_blocking(end, False)
        self._selector.register(wake, selectors.EVENT_READ, None)
        old_handlers = {number: signal.signal(number, self._on_signal) for number in (*STOP_SIGNALS, signal.SIGCHLD)}
        old_wakeup = signal.set_wakeup_fd(sleepless, warn_on_full_buffer=False)
        try:
            self._loop(wake)
        finally:
            self._kill_all()
            signal.set_wakeup_fd(old_wakeup)
            for number, handler in old_handlers.items():
                signal.signal(number, handler)
            self._selector.close()
            os.close(wake)
            os.close(sleepless)
        return self.exit_code

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        """Note a wish to stop; a second one ends the patience."""
        if number in STOP_SIGNALS:
            self.stop_at = time.monotonic() if self.stop_at is None else self.stop_at - GRACE

    def _loop(self, wake: int) -> None:
        told = False
        while True:
            self._start_due()
            self._read(wake)
            self._reap()
            if self.stop_at is None:
                self._ask_ready()
                continue
            if not told:
                told = True
                self.say("Stopping")
                self._signal_all(signal.SIGTERM)
            if not self._running() or time.monotonic() - self.stop_at > GRACE:
                return

    def _start_due(self) -> None:
        now = time.monotonic()
        for program in self.programs:
            if program.process is None and self.stop_at is None and now >= program.start_at:
                self._start(program)

    def _start(self, program: Program) -> None:
        process = subprocess.Popen(
            program.command,
            env=dict(self.environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=die_with_parent,
        )
        program.process, program.started, program.rest = process, time.monotonic(), b""
        if process.stdout is not None:
            os.set_blocking(process.stdout.fileno(), False)
            self._selector.register(process.stdout, selectors.EVENT_READ, program)

    def _read(self, wake: int) -> None:
        """Wait for output, a signal or the next tick; print what came, with the program's name."""
        for key, _events in self._selector.select(TICK if self.is_ready and self.stop_at is None else TICK / 10):
            if key.data is None:
                os.read(wake, 1024)
            else:
                self._print_output(key.data, key.fd)

    def _print_output(self, program: Program, descriptor: int) -> None:
        try:
            chunk = os.read(descriptor, 65536)
        except BlockingIOError:
            return
        if not chunk and program.process is not None and program.process.stdout is not None:
            self._selector.unregister(program.process.stdout)
        *lines, program.rest = (program.rest + chunk).split(b"\n")
        if not chunk and program.rest:
            lines, program.rest = [program.rest], b""
        for line in lines:
            if line.strip():
                self.say(f"{program.name:<6} | {line.decode(errors='replace').rstrip()}")

    def _reap(self) -> None:
        """Notice dead programs, end what they left of their group and set the time of their next start."""
        for program in self.programs:
            process = program.process
            if process is None or (code := process.poll()) is None:
                continue
            _signal_group(process.pid, signal.SIGKILL)
            self._drain(program)
            program.process = None
            if self.stop_at is not None:
                continue
            if not self.is_ready:
                self.say(f"{program.name} ended with {describe(code)} while starting; nothing is kept running")
                self.exit_code, self.stop_at = 1, time.monotonic()
                continue
            delay = program.next_delay(time.monotonic() - program.started)
            program.start_at = time.monotonic() + delay
            self.say(f"{program.name} ended with {describe(code)}; starts again in {delay:g} s")

    def _drain(self, program: Program) -> None:
        """Print the last words of a dead program and close its pipe."""
        pipe = program.process.stdout if program.process is not None else None
        if pipe is None:
            return
        while pipe in self._selector.get_map() and self._has_more(pipe.fileno()):
            self._print_output(program, pipe.fileno())
        if pipe in self._selector.get_map():
            self._selector.unregister(pipe)
        pipe.close()

    @staticmethod
    def _has_more(descriptor: int) -> bool:
        with selectors.DefaultSelector() as once:
            once.register(descriptor, selectors.EVENT_READ)
            return bool(once.select(0))

    def _ask_ready(self) -> None:
        if not self.is_ready and self.stop_at is None and self.ready():
            self.is_ready = True
            self.on_ready()

    def _running(self) -> list[Program]:
        return [program for program in self.programs if program.process is not None]

    def _signal_all(self, number: int) -> None:
        for program in self._running():
            if program.process is not None:
                program.process.send_signal(number)

    def _kill_all(self) -> None:
        """End whatever is left, with its children."""
        for program in self._running():
            if program.process is not None:
                _signal_group(program.process.pid, signal.SIGKILL)
                program.process.wait()
                if program.process.stdout is not None:
                    program.process.stdout.close()
                program.process = None


def describe(code: int) -> str:
    """An exit code in words: `exit code 3` or `SIGKILL`."""
    return f"exit code {code}" if code >= 0 else signal.Signals(-code).name


def _signal_group(leader: int, number: int) -> None:
    try:
        os.killpg(leader, number)
    except (ProcessLookupError, PermissionError):
        return


def python_program(name: str, module: str, arguments: Iterable[str]) -> Program:
    """A program that is a module of the running Python (so the same virtual environment)."""
    return Program(name, [sys.executable, "-m", module, *arguments])
