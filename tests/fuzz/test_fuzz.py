"""Everything the document describes, asked with what it allows and what it forbids: no error of ours, no answer that
it does not describe, nothing without a token (cases F01-F06).

In CI a short round with one seed: every operation, then chains of them. `python -m tests.fuzz` runs as long as told.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from typing import Any

import pytest
from django.core.wsgi import get_wsgi_application

from core.models import ApiToken, User
from tests.cast import ensure_default_owner, make_complaint, make_customer, make_team, make_user
from tests.fuzz.driving import PHASES, Report, run
from tests.tokens import make_token

REQUESTS, SEED, ONLY = (os.environ.get(f"FUZZ_{name}", "") for name in ("REQUESTS", "SEED", "ONLY"))


@pytest.mark.sqlite
@pytest.mark.django_db(transaction=True)
def test_the_whole_api_keeps_to_its_document() -> None:
    report = _long() if REQUESTS else _short()
    print(f"\n{report}")
    assert not report.failures and not report.errors, report.findings()
    assert {"not_a_server_error", "response_schema_conformance", "ignored_auth"} <= set(report.checks)
    if not ONLY:
        assert len(report.operations) > 300
        assert len(report.succeeded) > 90, "what is asked is refused almost everywhere: the house has too little in it"


def _short() -> Report:
    """Each operation with one random request, then chains of them; about a minute."""
    app, headers = _house()
    report = run(app, headers, seed=int(SEED or 1), examples=1, phases=("fuzzing",), only=ONLY)
    if ONLY:  # chains lead everywhere
        return report
    chains = run(app, headers, seed=int(SEED or 1), requests=100, examples=10, phases=("stateful",), only=ONLY)
    return report.with_(chains)


def _long() -> Report:
    app, headers = _house()
    wanted = int(REQUESTS)
    phases = PHASES[:-1] if ONLY else PHASES  # chains lead everywhere
    return run(app, headers, seed=int(SEED or 1), requests=wanted, examples=20, phases=phases, only=ONLY, tell=_tell)


def _tell(report: Report, told: set[tuple[str, str]] = set()) -> None:  # noqa: B006 - what was told before
    print(f"{report.requests} requests, {report.seconds:.0f} s, {len(report.failures)} failures", flush=True)
    for found in report.failures.keys() - told:
        print(f"{': '.join(found)}\n{report.failures[found]}\n", flush=True)
    told |= report.failures.keys()


def _house() -> tuple[Callable[..., Iterable[bytes]], dict[str, str]]:
    """Somebody who may do everything, a few complaints, and the application as they reach it."""
    everything: dict[str, Any] = {"is_agent": True, "is_manager": True, "is_admin": True}
    boss = make_user("Bo Boss", username="bo", team=make_team(), **everything)
    customer = make_customer()
    for subject in ("Two lamps, one parcel", "Charged twice", "Nobody called back"):
        make_complaint(owner=boss, customer=customer, subject=subject)
    ensure_default_owner()
    token, plain = make_token(boss)
    application = get_wsgi_application()

    def kept_in(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Whoever asks stays in, also after they have thrown themselves out."""
        ApiToken.objects.filter(pk=token.pk).update(revoked_at=None)
        User.objects.filter(pk=boss.pk).update(is_active=True, **everything)
        answer: Iterable[bytes] = application(environ, start_response)
        return answer

    return kept_in, {"Authorization": f"Bearer {plain}"}
