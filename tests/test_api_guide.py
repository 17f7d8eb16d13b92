"""The commands of docs/api/README.md do what the guide says: each is run, in order, against a live server."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from typing import Any

import pytest

from complaints.models import Complaint, Message
from tests.cast import make_cast
from tests.conftest import ROOT
from tests.tokens import make_token

GUIDE = ROOT / "docs" / "api" / "README.md"


@pytest.mark.sqlite
@pytest.mark.django_db(transaction=True)
def test_the_commands_of_the_guide_work(live_server: Any) -> None:
    assert shutil.which("curl"), "the guide's commands need curl"
    _token, plain = make_token(make_cast().manager, "complaints:write", "customers:write", "account:read")
    blocks = re.findall(r"^```bash\n(.*?)^```", GUIDE.read_text(), re.DOTALL | re.MULTILINE)
    assert len(blocks) >= 8
    script = "set -euo pipefail\n" + "\n".join(f"echo '# block {n}'\n{block}" for n, block in enumerate(blocks, 1))
    known = {**os.environ, "AMENDS": live_server.url, "TOKEN": plain, "no_proxy": "*"}
    done = subprocess.run(["bash", "-c", script], env=known, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    filed = {one.subject: one for one in Complaint.objects.all()}
    assert set(filed) == {"Two lamps, one parcel", "Charged twice for March", "Arrived broken", "Nobody called back"}
    assert filed["Two lamps, one parcel"].product == "Desk lamp, brass"
    assert filed["Arrived broken"].order_number == "W-10027"
    assert Message.objects.filter(complaint=filed["Nobody called back"]).count() == 2


@pytest.mark.sqlite
def test_every_link_of_the_guide_leads_somewhere() -> None:
    for link in re.findall(r"\]\(([^)#]+)\)", GUIDE.read_text()):
        assert (GUIDE.parent / link).exists(), link
