"""`manage.py up`: web, worker, beat and watch from one command, in the foreground."""

import argparse
import json
import os
import socket
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from core.supervisor import Program, Supervisor, python_program

EVERYWHERE = ("", "0.0.0.0", "::")  # noqa: S104 (compared with, never bound)
CELERY_QUIET = ("--loglevel", "WARNING")


def port_is_free(host: str, port: int) -> bool:
    """Whether the address can be listened on now."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            if isinstance(error, socket.gaierror):
                raise CommandError(f"HOST={host} is no address of this machine") from error
            return False
    return True


def answers(host: str, port: int) -> bool:
    """Whether something listens at the address (for `0.0.0.0` and `::`: on this machine)."""
    try:
        with socket.create_connection((reachable(host), port), timeout=0.2):
            return True
    except OSError:
        return False


def reachable(host: str) -> str:
    """The host to put into a link: an address that means "everywhere" becomes this machine's own."""
    return "127.0.0.1" if host in EVERYWHERE else host


def demo_logins(folder: Path) -> list[str]:
    """One line for each demo login kept in `demo-logins.json`; none without demo data."""
    path = folder / "demo-logins.json"
    if not path.is_file():
        return []
    return [f"  {login['username']:<10} {login['password']}" for login in json.loads(path.read_text())]


class Command(BaseCommand):
    """Starts gunicorn, a Celery worker, beat and watch, restarts what dies, stops all on Ctrl-C within 5 s."""

    help = "Start web, worker, beat and watch, and keep them running until Ctrl-C."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Host and port default to the environment's HOST and PORT."""
        parser.add_argument("--host", default=os.environ.get("HOST") or "127.0.0.1")
        parser.add_argument("--port", type=int, default=os.environ.get("PORT") or "8000")

    def handle(self, *args: Any, host: str, port: int, **options: Any) -> None:
        """Run in the foreground. Exit code 1 when the port is taken or a program cannot start."""
        if not port_is_free(host, port):
            raise CommandError(f"Port {port} on {host} is taken. Choose another: PORT={port + 1} make run")
        environment = self.environment(host, port)
        supervisor = Supervisor(
            programs=self.programs(),
            environment=environment,
            ready=lambda: answers(host, port),
            on_ready=lambda: self.greet(environment["BASE_URL"]),
            say=self.say,
        )
        try:
            code = supervisor.run()
        finally:
            self.clear_broker()
        if code:
            raise SystemExit(code)

    def environment(self, host: str, port: int) -> dict[str, str]:
        """The children's environment: ours, with the address they serve and the host names they answer to."""
        link = f"[{reachable(host)}]" if ":" in reachable(host) else reachable(host)
        hosts = dict.fromkeys([*settings.ALLOWED_HOSTS, link])
        return {
            "BASE_URL": f"http://{link}:{port}",
            **os.environ,
            "DJANGO_SETTINGS_MODULE": os.environ.get("DJANGO_SETTINGS_MODULE", "config.settings"),
            "ALLOWED_HOSTS": ",".join(hosts),
            "HOST": f"[{host}]" if ":" in host else host,
            "PORT": str(port),
            "PYTHONUNBUFFERED": "1",
        }

    def programs(self) -> list[Program]:
        """Web, worker, beat and watch. The worker: processes, so that a stuck task is ended by its time limit."""
        celery = ("-q", "-A", "config.celery")
        quiet_worker = ("--without-gossip", "--without-mingle", "--without-heartbeat")
        concurrency = ("--pool", "prefork", "--concurrency", os.environ.get("WORKER_CONCURRENCY") or "1")
        return [
            python_program("web", "gunicorn", ("-c", str(settings.BASE_DIR / "config" / "gunicorn.py"))),
            python_program("worker", "celery", (*celery, "worker", *concurrency, *quiet_worker, *CELERY_QUIET)),
            python_program("beat", "celery", (*celery, "beat", *CELERY_QUIET)),
            python_program("watch", "django", ("watch",)),
        ]

    def greet(self, address: str) -> None:
        """Tell where it is and, with demo data, who may log in."""
        self.say(f"Amends is at {address}/")
        if logins := demo_logins(settings.VAR_DIR):
            self.say("Demo logins:\n" + "\n".join(logins))
        self.say("Ctrl-C stops it")

    def say(self, line: str) -> None:
        """Print; a closed terminal must not stop the programs."""
        try:
            self.stdout.write(line)
            self.stdout.flush()
        except (BrokenPipeError, OSError):
            return

    def clear_broker(self) -> None:
        """Leave no message in the embedded broker's folder: they only wake workers (config/broker.py)."""
        if not settings.REDIS_URL:
            for path in (settings.BROKER_DIR / "queue").glob("*.msg"):
                path.unlink(missing_ok=True)
