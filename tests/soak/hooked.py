"""Runs inside a soak world: `python -m tests.soak.hooked prepare URL | file N | state`: webhooks while workers die."""

from __future__ import annotations

import json
import sys
import time

import django


def prepare(url: str) -> None:
    """A house with an owner for what comes, and a webhook at `url` for complaints filed."""
    from django.core.management import call_command

    from core import clock
    from core.actions import webhooks
    from core.actor import Actor
    from core.models import User
    from tests.cast import ensure_default_owner

    call_command("migrate", verbosity=0)
    root = User.objects.create_superuser("root", "root@house.example", "a long enough pass phrase", name="Root")
    ensure_default_owner()
    webhooks.create(url, events=["complaint.filed"], by=Actor.person(root), at=clock.now())


def file(count: int) -> None:
    """File so many complaints over some minutes, one transaction each; print their references."""
    from complaints.models import ComplaintType
    from tests.cast import ensure_default_owner, make_complaint

    kind = ComplaintType.objects.filter(parent__isnull=False).first()
    for number in range(count):
        made = make_complaint(subject=f"Lamp {number}", type=kind, owner=ensure_default_owner())
        print(made.reference, flush=True)
        time.sleep(0.4)


def state() -> None:
    """How the deliveries stand, as JSON."""
    from django.db.models import Count

    from core.models import WebhookAttempt, WebhookDelivery

    by_state = dict(WebhookDelivery.objects.values_list("state").annotate(n=Count("pk")))
    open_attempts = WebhookDelivery.objects.filter(claimed_until__isnull=False, state="delivered").count()
    errors = dict(WebhookAttempt.objects.values_list("error").annotate(n=Count("pk")))
    print(json.dumps({"states": by_state, "stuck": open_attempts, "errors": errors}))


if __name__ == "__main__":
    django.setup()
    command, *rest = sys.argv[1:]
    {"prepare": lambda: prepare(rest[0]), "file": lambda: file(int(rest[0])), "state": state}[command]()
