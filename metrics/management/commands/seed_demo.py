"""`manage.py seed_demo`: believable data to look at, relative to now; in bulk for measuring."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from complaints.demo import cast, company
from complaints.demo.bulk_rows import Span
from complaints.models import Complaint
from core import clock
from core.progress import Progress
from retention.models import Customer

SEED = 2026
PAST, ITS_CUSTOMERS = 1_400, 1_400  # of the year before, beside what is going on now
A_YEAR = Span(longest=365, shortest=12)
STEPS_EACH = 5  # of a complaint, for the progress bar


class Command(BaseCommand):
    """Makes the shop Halden & Moss with its people, customers, complaints, and what came of them.

    The first 140 complaints are told through the real actions; beyond that rows are written in bulk: by default a year
    of settled ones. Then surveys, calls, purchases, stays. The same `--seed` at the same instant gives the same data,
    but for references and passwords. No mail is ever sent for it.
    """

    help = "Load demo data (organisation, logins, complaints in five languages, customers); --complaints N for bulk."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--complaints", type=int, metavar="N", help=f"how many (default {company.LIVELY + PAST})")
        parser.add_argument("--customers", type=int, metavar="N", help="how many in bulk (default: a fifth)")
        parser.add_argument("--seed", type=int, default=SEED, help=f"of the random generator (default {SEED})")
        parser.add_argument("--open-share", type=float, default=0.06, help="share still open in bulk (default 0.06)")
        parser.add_argument("--once", action="store_true", help="do nothing when demo data is there")
        parser.add_argument("--json", action="store_true", help="the counts as JSON on the last line")

    def handle(self, *args: Any, **options: Any) -> None:
        """The lively part first, unless it is there; then what is still missing, in bulk."""
        wanted, now = options["complaints"], clock.now()
        if (wanted is not None and wanted < 1) or not 0 <= options["open_share"] <= 1:
            raise CommandError("--complaints has to be at least 1, --open-share between 0 and 1.")
        there = Complaint.objects.filter(source="demo").exists()
        if there and options["once"]:
            cast.make_logins(settings.VAR_DIR)
            return
        made = 0
        try:
            if not there:
                made = self._lively(min(wanted or company.LIVELY, company.LIVELY), options["seed"], now)
            cast.make_logins(settings.VAR_DIR)
        except cast.NamesTaken as error:
            raise CommandError(
                f"There are users named {error} already; demo data belongs in an installation of its own."
            ) from error
        if wanted is not None and wanted > made:
            made += self._bulk(wanted - made, options, now)
        elif wanted is None and not there:
            settled = {"customers": options["customers"] or ITS_CUSTOMERS, "open_share": 0.0, "span": A_YEAR}
            made += self._bulk(PAST, options | settled, now)
        if made:
            self._what_came_of_it(options["seed"], now)
        self._report(made, as_json=options["json"])

    def _lively(self, count: int, seed: int, now: datetime) -> int:
        with Progress("Telling demo complaints", count * STEPS_EACH) as bar:
            steps = iter(range(1, 10**9))
            return company.seed(seed=seed, now=now, count=count, after_step=lambda: bar.to(next(steps)))

    def _bulk(self, count: int, options: dict[str, Any], now: datetime) -> int:
        from complaints.demo import bulk

        with Progress("Writing demo complaints", count) as bar:
            return bulk.seed(
                count,
                customers=options["customers"],
                open_share=options["open_share"],
                seed=options["seed"],
                now=now,
                span=options.get("span"),
                after_chunk=bar.to,
            )

    def _what_came_of_it(self, seed: int, now: datetime) -> None:
        from metrics.demo import seed as demo

        with Progress("Writing what came of them", Customer.objects.count()) as bar:
            demo.seed(seed=seed, now=now, after_step=bar.to)

    def _report(self, made: int, *, as_json: bool) -> None:
        if as_json:
            self.stdout.write(json.dumps({"created": made}))
        elif made:
            self.stdout.write(f"Demo data: {made:,} complaints. Logins: {settings.VAR_DIR / cast.LOGINS_FILE}")
        else:
            self.stdout.write("Demo data is here already. More of it: --complaints N. Away with it: purge_demo.")
