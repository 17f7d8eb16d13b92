"""Invented people and cases for the parts page, as a view would hand them to the templates."""

from typing import Any

from core.web.parts import Badge, Chip, ClockView, Entry, Explain, Group, Person, Row

DANA, RITA, AYLIN, IVO, MIKKO, MARTA = (
    Person("Dana Whitlock", "DW", 1),
    Person("Rita Lourenço", "RL", 2),
    Person("Aylin Nazlı", "AN", 3),
    Person("Ivo Petkov", "IP", 4),
    Person("Mikko Korhonen", "MK", 5),
    Person("Marta Ribeiro", "MR", 6),
)
LATE, RISK = Badge("breached", "1 h 20 late", 100), Badge("at-risk", "35 min", 93)
FINE, WAITS, MET = Badge("on-track", "2 h 10", 52), Badge("paused", "paused 2 d"), Badge("met", "met in 19 min")


def _row(reference: str, severity: str, channel: str, name: str, subject: str, badge: Badge, **more: Any) -> Row:
    labels = {"severity_label": severity.capitalize(), "channel_label": channel.capitalize()}
    return Row(reference, f"#{reference}", subject, name, badge, severity=severity, channel=channel, **labels, **more)


def groups(current: str = "") -> list[Group]:
    found = [
        Group(
            "breached",
            "Breached",
            [
                _row(
                    "AM-1039-1KXF",
                    "critical",
                    "social",
                    "Giulia Ferri",
                    "Fridge delivered with a broken door, baby food spoiled",
                    LATE,
                    tier="Gold",
                    snippet="Third photo attached. Nobody has called me back",
                    type_path="Product › Arrived damaged",
                    clock="Next update",
                    owner=DANA,
                    flags=[Chip("Escalated", "breach")],
                    unread=True,
                ),
                _row(
                    "AM-1046-6PQR",
                    "serious",
                    "phone",
                    "Oleg Samoylov",
                    "Engineer did not come, second time",
                    Badge("breached", "25 min late", 100),
                    snippet="Took a day off work for each visit",
                    type_path="Service › Missed appointment",
                    clock="Acknowledge",
                    owner=IVO,
                    flags=[Chip("Promise broken", "note")],
                    unread=True,
                ),
            ],
            count="2",
            note="longest wait first",
        ),
        Group(
            "today",
            "Due today",
            [
                _row(
                    "AM-1048-2ABC",
                    "moderate",
                    "phone",
                    "Marta Ribeiro",
                    "Charged twice for the filter plan",
                    RISK,
                    tier="Gold",
                    snippet="Thank you for calling back so quickly",
                    type_path="Billing › Overcharged",
                    clock="Next update",
                    owner=DANA,
                    unread=True,
                ),
                _row(
                    "AM-1047-1DEF",
                    "moderate",
                    "email",
                    "Priya Raman",
                    "Cannot cancel the trial on the website",
                    FINE,
                    snippet="The button returns me to the same page each time",
                    type_path="Obstacle › Cannot cancel",
                    clock="Resolve",
                    owner=DANA,
                ),
            ],
            count="19",
        ),
        Group(
            "later",
            "Monday and later",
            [
                _row(
                    "AM-1043-7GHJ",
                    "serious",
                    "letter",
                    "Maria do Carmo Pinto",
                    "Dishwasher flooded twice, asks for money back",
                    Badge("on-track", "Mon 11:30", 35),
                    tier="Gold",
                    snippet="Letter of two pages",
                    type_path="Product › Defective",
                    clock="Resolve",
                    owner=RITA,
                    flags=[Chip("Statutory 10 Dec")],
                ),
                _row(
                    "AM-1042-9KLM",
                    "minor",
                    "in_person",
                    "Bruno Teles",
                    "Shop assistant refused the student discount",
                    Badge("on-track", "Mon 16:00", 20),
                    type_path="Staff conduct › Unhelpful",
                    clock="Resolve",
                    owner=AYLIN,
                ),
            ],
            count="31",
        ),
        Group(
            "waiting",
            "Waiting on the customer, or done",
            [
                _row(
                    "AM-1038-8NPQ",
                    "moderate",
                    "web",
                    "Ingrid Solberg",
                    "Invoice in the wrong company name",
                    WAITS,
                    tier="Silver",
                    type_path="Billing › Invoice",
                    clock="Waiting on customer",
                    owner=MIKKO,
                ),
                _row(
                    "AM-1035-0RST",
                    "minor",
                    "chat",
                    "Sofia Antunes",
                    "Assembly manual only in German",
                    Badge("met", "met"),
                    type_path="Product › Documentation",
                    clock="Resolved, to close",
                ),
            ],
        ),
    ]
    for group in found:
        for row in group.rows:
            row.current = row.reference == current
    return found


def entries() -> list[Entry]:
    return [
        Entry("day", "Thursday 19 November"),
        Entry(
            "in",
            "“You took €64.90 twice on the third of November.”\n\nIt is not back, and nobody has written to me.",
            "09:12",
            "2026-11-19T09:12:00Z",
            MARTA,
            channel="phone",
            channel_label="by phone",
            key="m1",
        ),
        Entry(
            "event",
            "with reference sent by e-mail. A receipt stops no clock.",
            "09:13",
            title="Receipt",
            icon="email",
            key="e1",
        ),
        Entry(
            "out",
            "Dear Marta, thank you for calling again, and I am sorry that you had to. Your case stays with me.",
            "09:31",
            "2026-11-19T09:31:00Z",
            DANA,
            to="to Marta",
            chips=[Chip("Acknowledged", "met")],
            key="m2",
        ),
        Entry(
            "note",
            "Both charges were captured on 3 Nov, 07:02 and 07:03. The second has no order behind it.",
            "11:02",
            who=IVO,
            key="n1",
        ),
        Entry(
            "event",
            "by Dana, because it names a charge",
            "11:10",
            title="Type changed to Billing › Overcharged",
            icon="trail",
            key="e2",
        ),
        Entry("event", "bank statement", "16:20", title="Waiting on customer", icon="paused", key="e3"),
        Entry("day", "Today"),
        Entry(
            "in",
            "Thank you for calling back so quickly. My bank also took an overdraft fee of €12.",
            "10:05",
            "2026-11-20T10:05:00Z",
            MARTA,
            channel="email",
            channel_label="by e-mail",
            chips=[Chip("new")],
            key="m3",
        ),
        Entry(
            "event",
            "75 % of the time for the next update is used. Dana was told.",
            "13:45",
            icon="clock",
            tone="risk",
            key="e4",
        ),
        Entry(
            "event",
            "25 min ago; Rita was told.",
            "15:45",
            title="Acknowledge breached",
            icon="breached",
            tone="breach",
            key="e5",
        ),
    ]


def clocks() -> list[ClockView]:
    facts = [
        ("Policy", "Billing by phone, version 7"),
        ("Chosen", "type is Billing and channel is Phone"),
        ("Target", "8 h of working time"),
        ("Calendar", "Lisbon desk, Mon to Fri 09:00–18:00"),
    ]
    return [
        ClockView(
            "Acknowledge", MET, "was due Thu 13:12", Explain("why-acknowledge", "Acknowledged after 19 min", facts[:2])
        ),
        ClockView(
            "Resolve",
            Badge("at-risk", "35 min left", 93),
            "due today 15:45",
            Explain(
                "why-resolve",
                "Resolve due in 35 min (working time)",
                facts,
                "Dana was told at 75 %, Rita (lead) at 90 %.",
            ),
        ),
    ]
