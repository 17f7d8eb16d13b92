"""Files as people send them: encodings, broken lines, other columns, open cases (interface.md; cases F31, F32)."""

from __future__ import annotations

import csv
import gzip
import json
import tracemalloc
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.core.management import CommandError, call_command

from complaints.importing.presets import presets
from complaints.importing.run import Import
from complaints.models import Clock, Complaint, ComplaintType, RoutingRule, Workload
from core import cached, clock
from core.actor import Actor
from core.importing.values import instant
from core.models import ImportRun, OutboxMessage
from retention.models import Customer
from tests.cast import make_agent, make_manager, make_team

pytestmark = pytest.mark.django_db
HEAD = "external_id,received_at,channel,type,subject,description,customer_name,customer_email\n"
ROW = "A-1,2024-03-05T10:00:00Z,email,Billing,Too much,I paid twice,Dana Whitlock,dana@mail.example\n"


@pytest.fixture(autouse=True)
def owner() -> None:
    make_manager("Default Owner")


@pytest.fixture
def load(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Any:
    """Write text or bytes to a file, import it with the generic preset, answer the counts."""

    def run(content: str | bytes, name: str = "file.csv", **options: Any) -> tuple[int, int, int, int]:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        call_command("import_complaints", str(path), **{"preset": "generic", "json": True, **options})
        found = json.loads(capsys.readouterr().out.strip().splitlines()[-1])
        return found["created"], found["updated"], found["unchanged"], found["rejected"]

    return run


def test_a_row_says_all_it_can(load: Any) -> None:
    head = HEAD.strip() + ",severity,due_at,resolved_at,closed_at,outcome\n"
    row = ROW.strip() + ",serious,2024-03-08,2024-03-07 09:30,2024-03-09,upheld\n"
    assert load(head + row) == (1, 0, 0, 0)
    complaint = Complaint.objects.get(source="generic", external_id="A-1")
    assert (complaint.channel, complaint.source_channel, complaint.severity) == ("email", "email", "serious")
    assert complaint.type.code == "billing"  # found by its name
    assert (complaint.status, complaint.outcome, complaint.is_history) == ("closed", "upheld", True)
    assert complaint.received_at == datetime(2024, 3, 5, 10, tzinfo=UTC)
    assert complaint.closed_at == datetime(2024, 3, 9, tzinfo=ZoneInfo("Europe/Lisbon"))
    resolve = complaint.clocks.get()
    assert (resolve.state, resolve.completed_at) == ("met", datetime(2024, 3, 7, 9, 30, tzinfo=UTC))
    assert resolve.due_at == datetime(2024, 3, 8, tzinfo=UTC)
    assert complaint.customer.contact_points.get().value == "dana@mail.example"


def test_customers_are_found_by_mail_or_made(load: Any) -> None:
    second = ROW.replace("A-1", "A-2").replace("dana@", "DANA@")
    assert load(HEAD + ROW + second) == (2, 0, 0, 0)
    third = ROW.replace("A-1", "A-3").replace("Dana Whitlock,dana@mail.example", "Somebody Else,")
    assert load(HEAD + third) == (1, 0, 0, 0)
    assert sorted(Customer.objects.values_list("name", flat=True)) == ["Dana Whitlock", "Somebody Else"]


def test_types_are_found_by_code_name_or_path_and_made_when_unknown(load: Any) -> None:
    kinds = ["billing-charged-twice", "Charged twice", "Billing > Charged twice", "Warranty > Expired", "Гарантия", ""]
    lines = [ROW.replace("A-1", f"T-{n}").replace("Billing", kind) for n, kind in enumerate(kinds)]
    assert load(HEAD + "".join(lines)) == (6, 0, 0, 0)
    codes = dict(Complaint.objects.values_list("external_id", "type__code"))
    assert codes["T-0"] == codes["T-1"] == codes["T-2"] == "billing-charged-twice"
    made = ComplaintType.objects.get(name="Expired")
    assert (made.parent.name, made.is_public, codes["T-3"]) == ("Warranty", False, made.code)
    assert ComplaintType.objects.get(name="Гарантия").code == codes["T-4"]
    assert codes["T-5"] == "unclassified"
    assert load(HEAD + "".join(lines), "again.csv") == (0, 0, 6, 0)
    assert ComplaintType.objects.filter(name__in=["Warranty", "Expired", "Гарантия"]).count() == 3


def test_changed_rows_update_and_stay_on_the_trail(load: Any) -> None:
    load(HEAD + ROW)
    before = Complaint.objects.get()
    assert load(HEAD + ROW.replace("Too much", "Far too much"), "b.csv") == (0, 1, 0, 0)
    after = Complaint.objects.get()
    assert (after.subject, after.version, after.reference) == ("Far too much", before.version + 1, before.reference)
    assert load(HEAD + ROW.replace("Too much", "Far too much"), "c.csv") == (0, 0, 1, 0)


def test_a_repeated_id_in_one_file_is_one_complaint(load: Any) -> None:
    other = ROW.replace("email", "phone")
    assert load(HEAD + ROW + ROW + other) == (1, 1, 1, 0)
    assert Complaint.objects.get().channel == "phone"


def test_lines_without_an_id_are_told_apart_by_occurrence(load: Any) -> None:
    head, line = HEAD.replace("external_id,", ""), ROW.replace("A-1,", "")
    content = head + line + line + line.replace("Too much", "Other")
    assert load(content) == (3, 0, 0, 0)
    assert load(content + line, "more.csv") == (1, 0, 3, 0)


def test_columns_may_have_other_names(load: Any) -> None:
    content = "Ticket;Opened;Text\n7;2024-01-02;Nothing works; \n".replace("; \n", "\n")
    pairs = ["Ticket=external_id", "received_at=Opened", "Text=description"]
    assert load(content, map=pairs) == (1, 0, 0, 0)
    complaint = Complaint.objects.get(external_id="7")
    assert (complaint.subject, complaint.channel) == ("Nothing works", "api")


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_bom_line_ends_and_gzip(ending: str, load: Any) -> None:
    content = ("\ufeff" + HEAD + ROW).replace("\n", ending).encode()
    assert load(content) == (1, 0, 0, 0)
    assert load(gzip.compress(content), "named.anyhow") == (0, 0, 1, 0)


def test_rejects_name_the_line_and_the_reason(load: Any, tmp_path: Path) -> None:
    bad = [
        ROW.replace("A-1", "B-1").replace("email,", "pigeon,"),
        ROW.replace("A-1", "B-2").replace("2024-03-05T10:00:00Z", "05/03/2024"),
        ROW.replace("A-1", "B-3").replace("dana@mail.example", "dana"),
        "B-4,too,few\n",
        ROW.replace("A-1", "B-5").replace("2024-03-05", "2924-03-05"),
        ROW.replace("A-1", "B-6").replace("I paid twice", "a\0b"),
        ROW.replace("A-1", "B-7").replace("2024-03-05T10:00:00Z", ""),
        ROW.replace("A-1", "B-8").replace("2024-03-05", f"{datetime.now(UTC).date() + timedelta(days=9)}"),
    ]
    long = ROW.replace("A-1", "A-2").replace("I paid twice", '"two\nlines\nand a third"')
    rejects = tmp_path / "rejects.csv"
    assert load(HEAD + ROW + long + "".join(bad), rejects=rejects) == (2, 0, 0, 8)
    with rejects.open(encoding="utf-8", newline="") as file:
        found = list(csv.DictReader(file))
    assert [row["line"] for row in found] == [str(line) for line in range(6, 14)]
    assert "pigeon" in found[0]["reason"] and found[0]["external_id"] == "B-1"
    assert "received_at" in found[1]["reason"]
    assert "future" in found[7]["reason"]
    assert not Complaint.objects.filter(external_id__startswith="B-").exists()


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "empty"),
        ((HEAD + ROW).encode().replace(b"Dana", "Zoë".encode("latin-1")), "latin-1"),
        ((HEAD + ROW).encode("utf-16"), "UTF-16"),
        (b"subject,description\na,b\n", "received_at"),
        (gzip.compress((HEAD + ROW * 500).encode())[:-20], "gzip"),
        (b"received_at,received_at\n2024-01-01,2024-01-01\n", "twice"),
    ],
)
def test_useless_files_are_refused_as_a_whole(content: bytes, says: str, load: Any) -> None:
    with pytest.raises(CommandError, match=says):
        load(content)
    assert not Complaint.objects.exists() and not ImportRun.objects.exists()


def test_other_refusals(load: Any, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="No such file"):
        call_command("import_complaints", str(tmp_path / "none.csv"), preset="generic")
    for options in (
        {"map": ["a"]},
        {"map": ["a=b"]},
        {"owner": "nobody"},
        {"encoding": "klingon"},
        {"source": "x" * 41},
    ):
        with pytest.raises(CommandError):
            load(HEAD + ROW, **options)
    with pytest.raises(CommandError, match="no column"):
        load(HEAD + ROW, map=["Foo=type"])


def test_latin_1_when_named(load: Any) -> None:
    assert load((HEAD + ROW).replace("Dana", "Zoë").encode("latin-1"), encoding="latin-1") == (1, 0, 0, 0)
    assert Customer.objects.get().name == "Zoë Whitlock"


def test_dry_run_counts_and_writes_nothing(load: Any) -> None:
    assert load(HEAD + ROW.replace("Billing", "Unheard of"), dry_run=True) == (1, 0, 0, 0)
    assert not Complaint.objects.exists() and not ImportRun.objects.exists() and not Customer.objects.exists()
    assert not ComplaintType.objects.filter(name="Unheard of").exists()
    assert load(HEAD + ROW.replace("Billing", "Unheard of")) == (1, 0, 0, 0)


def test_the_owner_may_be_named(load: Any) -> None:
    agent = make_agent(make_team("Archive"))
    load(HEAD + ROW, owner=agent.username, source="old-desk")
    complaint = Complaint.objects.get(source="old-desk")
    assert (complaint.owner, complaint.team) == (agent, agent.team)


def test_open_cases_come_in_live_from_cut_over_on(load: Any) -> None:
    team = make_team("Live desk")
    agent = make_agent(team)
    RoutingRule.objects.create(team=team)
    cached.clear_all()
    head = HEAD.strip() + ",closed_at\n"
    closed = ROW.replace("A-1", "A-2").strip() + ",2024-04-01\n"
    cut_over = datetime(2026, 3, 4, 15, 20, tzinfo=UTC)
    with clock.frozen(cut_over):
        assert load(head + ROW.strip() + ",\n" + closed, open="live") == (2, 0, 0, 0)
    live, past = (Complaint.objects.get(external_id=name) for name in ("A-1", "A-2"))
    assert (live.is_history, live.in_queue, live.status, live.owner) == (False, True, "new", agent)
    assert live.received_at == datetime(2024, 3, 5, 10, tzinfo=UTC)
    assert {one.kind for one in live.clocks.all()} == {"acknowledge", "resolve"}
    assert all(one.started_at == cut_over < one.due_at for one in live.clocks.all())
    assert (past.is_history, past.in_queue) == (True, False)
    assert Workload.objects.get(agent=agent).open_count == 1
    assert not OutboxMessage.objects.exists()
    changed = ROW.replace("Too much", "Something else").strip() + ",\n"
    assert load(head + changed, "later.csv", open="live") == (0, 0, 1, 0)  # the case lives here now
    assert Complaint.objects.get(external_id="A-1").subject == "Too much"


def test_nobody_to_own_is_a_clear_refusal(load: Any) -> None:
    from core.models import Organisation, User

    Organisation.objects.update(default_owner=None)
    User.objects.update(is_active=False)
    cached.clear_all()
    with pytest.raises(CommandError, match="administrator"):
        load(HEAD + ROW)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2013-11-03 01:30:00", datetime(2013, 11, 3, 5, 30, tzinfo=UTC)),  # twice: the first
        ("2013-03-10 02:30:00", datetime(2013, 3, 10, 7, 0, tzinfo=UTC)),  # skipped: the jump
        ("2013-07-01", datetime(2013, 7, 1, 4, 0, tzinfo=UTC)),
        ("2013-07-01T12:00:00+02:00", datetime(2013, 7, 1, 10, 0, tzinfo=UTC)),
        (" ", None),
    ],
)
def test_local_readings(text: str, expected: datetime | None) -> None:
    assert instant(text, ZoneInfo("America/New_York"), "open_dt") == expected


def test_memory_is_flat(tmp_path: Path) -> None:
    def peak(count: int) -> int:
        path = tmp_path / f"{count}.csv"
        lines = "".join(
            ROW.replace("A-1", f"{count}-{n}").replace("dana@", "").replace("Dana Whitlock,mail.example", ",")
            for n in range(count)
        )
        path.write_text(HEAD + lines)
        job = Import(path, presets()["generic"], "memory", Actor.system("test"), chunk=250)
        tracemalloc.start()
        try:
            job.run()
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    peak(250)  # what is loaded once
    small, large = peak(500), peak(4_000)
    assert Clock.objects.count() == 0 and Complaint.objects.count() == 4_750
    assert large < small + 1_500_000  # 4,000 rows held at once would take some 8 MB; the rest are buffers
