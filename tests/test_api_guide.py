"""The commands of docs/api do what the guide says: each is run, in order, against a live server."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction

from complaints.models import Complaint, Message
from core import clock, trail
from core.actions.webhooks import secrets_of
from core.models import Webhook, WebhookDelivery
from metrics import tasks
from metrics.actions import exports
from tests.cast import make_cast
from tests.conftest import ROOT
from tests.tokens import make_token

GUIDE = ROOT / "docs" / "api" / "README.md"
WEBHOOKS = ROOT / "docs" / "api" / "webhooks.md"
BULK = ROOT / "docs" / "api" / "bulk.md"
CONVENTIONS = ROOT / "docs" / "api" / "conventions.md"
ERRORS = ROOT / "docs" / "api" / "errors.md"


def run(guide: Path, *, least: int = 5, where: Path = ROOT, **known: str) -> str:
    """The commands of a guide, one after the other, and what they print. `least`: so many it has."""
    blocks = re.findall(r"^```bash\n(.*?)^```", guide.read_text(), re.DOTALL | re.MULTILINE)
    script = "set -euo pipefail\n" + "\n".join(f"echo '# block {n}'\n{block}" for n, block in enumerate(blocks, 1))
    known = {**os.environ, **known, "no_proxy": "*"}
    done = subprocess.run(["bash", "-c", script], env=known, cwd=where, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    assert done.stdout.count("# block ") == len(blocks) >= least
    return done.stdout


@pytest.mark.sqlite
@pytest.mark.django_db(transaction=True)
def test_the_commands_of_the_guide_work(live_server: Any) -> None:
    assert shutil.which("curl"), "the guide's commands need curl"
    scopes = "complaints:write", "customers:write", "events:read", "account:read"
    assert f"--scopes {','.join(scopes)} " in GUIDE.read_text()
    _token, plain = make_token(make_cast().manager, *scopes)
    run(GUIDE, AMENDS=live_server.url, TOKEN=plain)
    filed = {one.subject: one for one in Complaint.objects.all()}
    assert set(filed) == {
        "Two lamps, one parcel",
        "Charged twice for March",
        "Arrived broken",
        "Nobody called back",
        "Wrote again",
    }
    known = filed["Arrived broken"].customer
    assert known is not None and Complaint.objects.filter(customer=known).count() == 3
    assert filed["Two lamps, one parcel"].product == "Desk lamp, brass"
    assert filed["Arrived broken"].order_number == "W-10027"
    assert Message.objects.filter(complaint=filed["Nobody called back"]).count() == 3


@pytest.mark.sqlite
@pytest.mark.django_db(transaction=True)
def test_the_commands_of_the_conventions_work(live_server: Any) -> None:
    _token, plain = make_token(make_cast().manager, "complaints:write")
    run(CONVENTIONS, least=2, AMENDS=live_server.url, TOKEN=plain)
    assert Complaint.objects.get().order_number == "A-1001"


@pytest.mark.sqlite
@pytest.mark.django_db(transaction=True)
def test_the_commands_of_the_guide_to_many_at_once_work(
    live_server: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    start = exports.start

    def start_and_write(*args: Any, **kwargs: Any) -> Any:
        made = start(*args, **kwargs)
        transaction.on_commit(lambda: tasks.run_exports())  # what the worker does a moment later
        return made

    monkeypatch.setattr(exports, "start", start_and_write)
    _token, plain = make_token(make_cast().manager, "complaints:write", "exports:write", "events:read")
    printed = run(BULK, least=2, where=tmp_path, AMENDS=live_server.url, TOKEN=plain)
    assert '"created":1,"rejected":1' in printed and '"code":"unknown_code"' in printed
    assert (tmp_path / "complaints.csv").read_text().splitlines()[1].endswith(",Late")
    assert hashlib.sha256((tmp_path / "complaints.csv").read_bytes()).hexdigest() in printed

    (reader,) = re.findall(r"^```python\n(.*?)^```", BULK.read_text(), re.DOTALL | re.MULTILINE)
    before = "seen = []\n\ndef handle(event):\n    seen.append(event)\n"
    reader = reader.replace("        time.sleep(10)", "        break")
    after = 'print([event["type"] for event in seen])\n'
    known = {**os.environ, "AMENDS": live_server.url, "TOKEN": plain, "no_proxy": "*"}
    for said in ("complaint.filed", "[]"):  # the second time it goes on from its cursor
        done = subprocess.run(
            [sys.executable, "-c", before + reader + after], env=known, cwd=tmp_path, capture_output=True, text=True
        )
        assert done.returncode == 0 and said in done.stdout, done.stdout + done.stderr


@pytest.mark.sqlite
@pytest.mark.django_db(transaction=True)
def test_the_commands_of_the_guide_to_webhooks_work(live_server: Any, settings: Any) -> None:
    settings.WEBHOOK_ALLOWED_HOSTS = ["127.0.0.1:8099"]
    _token, plain = make_token(make_cast().admin, "webhooks:write", "webhook-deliveries:write")
    printed = run(WEBHOOKS, AMENDS=live_server.url, TOKEN=plain, RECEIVER="http://127.0.0.1:8099/")
    webhook, delivery = Webhook.objects.get(), WebhookDelivery.objects.get()
    assert {"complaint.filed", "complaint.unmerged", "customer.updated"} <= set(webhook.events)
    assert (delivery.message.type, webhook.url) == ("webhook.test", "http://127.0.0.1:8099/")
    secret = secrets_of(webhook, at=clock.now())
    assert len(secret) == 2 and all(one in printed for one in secret), (
        "the one it began with and the one it was rolled to"
    )
    assert [entry.kind for entry in trail.of(webhook)][-2:] == ["webhook.redelivered", "webhook.secret_rolled"]


@pytest.mark.sqlite
@pytest.mark.parametrize("guide", [GUIDE, WEBHOOKS, BULK, CONVENTIONS, ERRORS], ids=lambda one: one.name)
def test_every_link_of_the_guide_leads_somewhere(guide: Path) -> None:
    for link in re.findall(r"\]\((?!https:)([^)#]+)[)#]", guide.read_text()):
        assert (guide.parent / link).exists(), link


@pytest.mark.sqlite
def test_every_page_calls_the_address_by_the_same_name() -> None:
    for page in (GUIDE, WEBHOOKS, BULK, CONVENTIONS):
        text = page.read_text()
        assert "$AMENDS" in text and not re.search(r"\$(URL|API|HOST)\b|```sh$", text, re.MULTILINE), page.name
        assert "manage.py create_token" not in text or ".venv/bin/python manage.py create_token" in text, page.name
