import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("complaints", "0015_first_playbooks"),
        ("core", "0007_on_decline"),
        ("retention", "0010_loyalty"),
    ]

    operations = [
        migrations.CreateModel(
            name="AuthorityVersion",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.PositiveIntegerField(unique=True)),
                ("published_at", models.DateTimeField(null=True)),
                ("created_at", models.DateTimeField()),
                (
                    "created_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "published_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["number"],
            },
        ),
        migrations.CreateModel(
            name="CorrectiveAction",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("title", models.CharField(max_length=160, verbose_name="title")),
                ("description", models.TextField(blank=True, verbose_name="description")),
                ("product", models.CharField(blank=True, max_length=120, verbose_name="product")),
                ("lot", models.CharField(blank=True, max_length=80, verbose_name="lot")),
                ("due_on", models.DateField(verbose_name="due on")),
                ("window_days", models.PositiveSmallIntegerField(default=90, verbose_name="days to measure")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("planned", "Planned"),
                            ("doing", "Under way"),
                            ("done", "Done"),
                            ("dropped", "Dropped"),
                        ],
                        default="planned",
                        max_length=8,
                    ),
                ),
                ("done_on", models.DateField(blank=True, null=True, verbose_name="done on")),
                ("dropped_because", models.TextField(blank=True)),
                ("effective", models.BooleanField(null=True, verbose_name="effective")),
                ("verdict_note", models.TextField(blank=True)),
                ("verdict_at", models.DateTimeField(null=True)),
                ("notified_on", models.DateField(null=True)),
                ("created_at", models.DateTimeField()),
                ("updated_at", models.DateTimeField(db_index=True)),
                ("version", models.PositiveIntegerField(default=1)),
                (
                    "created_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "owner",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="corrective_actions",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "root_cause",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="corrective_actions",
                        to="complaints.rootcause",
                    ),
                ),
                (
                    "verdict_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "corrective action",
                "verbose_name_plural": "corrective actions",
                "ordering": ["due_on", "pk"],
                "indexes": [
                    models.Index(
                        condition=models.Q(("state__in", ["planned", "doing"])),
                        fields=["due_on", "id"],
                        name="corrective_open",
                    )
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("window_days__gt", 0)), name="corrective_window_positive"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "done"), _negated=True), ("done_on__isnull", False), _connector="OR"
                        ),
                        name="corrective_done_dated",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("effective__isnull", True),
                            models.Q(("state", "done"), ("verdict_at__isnull", False)),
                            _connector="OR",
                        ),
                        name="corrective_verdict_after_done",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Decision",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.PositiveSmallIntegerField()),
                (
                    "outcome",
                    models.CharField(
                        choices=[
                            ("upheld", "Upheld"),
                            ("partly_upheld", "Partly upheld"),
                            ("not_upheld", "Not upheld"),
                            ("withdrawn", "Withdrawn"),
                        ],
                        max_length=14,
                    ),
                ),
                ("findings", models.TextField(blank=True)),
                ("decided_at", models.DateTimeField()),
                (
                    "told_how",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("phone", "by phone"),
                            ("in_person", "in person"),
                            ("letter", "by letter"),
                            ("mail", "by e-mail"),
                        ],
                        max_length=10,
                    ),
                ),
                ("told_at", models.DateTimeField(null=True)),
                ("seen_at", models.DateTimeField(null=True)),
                ("accepted", models.BooleanField(null=True)),
                ("accepted_at", models.DateTimeField(null=True)),
                ("superseded_at", models.DateTimeField(null=True)),
                (
                    "answer",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="complaints.message",
                    ),
                ),
                (
                    "complaint",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="decisions", to="complaints.complaint"
                    ),
                ),
                (
                    "decided_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "told_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "decision",
                "ordering": ["number"],
                "constraints": [models.UniqueConstraint(fields=("complaint", "number"), name="decision_once")],
            },
        ),
        migrations.CreateModel(
            name="PayoutExport",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.PositiveIntegerField(unique=True)),
                ("at", models.DateTimeField()),
                (
                    "by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["-number"],
            },
        ),
        migrations.CreateModel(
            name="Promise",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("text", models.CharField(max_length=500, verbose_name="what we promise")),
                ("due_at", models.DateTimeField(verbose_name="by when")),
                ("to_whom", models.CharField(blank=True, max_length=120, verbose_name="to whom")),
                (
                    "channel",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("phone", "Phone"),
                            ("email", "E-mail"),
                            ("chat", "Chat"),
                            ("social", "Social media"),
                            ("web", "Web form"),
                            ("letter", "Letter"),
                            ("in_person", "In person"),
                            ("api", "API"),
                        ],
                        max_length=12,
                        verbose_name="how they will hear",
                    ),
                ),
                ("made_at", models.DateTimeField()),
                ("next_at", models.DateTimeField(null=True)),
                ("warned_at", models.DateTimeField(null=True)),
                ("broken_at", models.DateTimeField(null=True)),
                ("detected_at", models.DateTimeField(null=True)),
                ("settled_at", models.DateTimeField(null=True)),
                (
                    "settled_as",
                    models.CharField(
                        blank=True,
                        choices=[("kept", "Done"), ("renegotiated", "Renegotiated"), ("released", "No longer wanted")],
                        max_length=12,
                    ),
                ),
                ("settled_note", models.TextField(blank=True)),
                ("updated_at", models.DateTimeField(db_index=True)),
                ("version", models.PositiveIntegerField(default=1)),
                (
                    "complaint",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="promises",
                        to="complaints.complaint",
                    ),
                ),
                (
                    "made_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "message",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="promises",
                        to="complaints.message",
                    ),
                ),
                (
                    "owner",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="promises",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "renewed_as",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="renews",
                        to="complaints.promise",
                    ),
                ),
                (
                    "settled_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "promise",
                "verbose_name_plural": "promises",
                "ordering": ["due_at", "pk"],
                "indexes": [
                    models.Index(fields=["complaint", "due_at"], name="promise_of_complaint"),
                    models.Index(
                        condition=models.Q(("next_at__isnull", False)), fields=["next_at", "id"], name="promise_next"
                    ),
                    models.Index(
                        condition=models.Q(("settled_at__isnull", True)),
                        fields=["owner", "due_at"],
                        name="promise_owed_by",
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("settled_as", ""), ("settled_at__isnull", True)),
                            models.Q(
                                ("settled_as__in", ["kept", "renegotiated", "released"]), ("settled_at__isnull", False)
                            ),
                            _connector="OR",
                        ),
                        name="promise_settled_somehow",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("broken_at__isnull", True), ("broken_at", models.F("due_at")), _connector="OR"
                        ),
                        name="promise_broken_when_due",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("next_at__isnull", True),
                            models.Q(("broken_at__isnull", True), ("settled_at__isnull", True)),
                            _connector="OR",
                        ),
                        name="promise_next_only_owed",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("renewed_as__isnull", True), ("settled_as", "renegotiated"), _connector="OR"
                        ),
                        name="promise_renewed_is_settled",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Theme",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("code", models.SlugField(max_length=80, unique=True, verbose_name="code")),
                ("name", models.CharField(max_length=160, verbose_name="name")),
                ("names", models.JSONField(blank=True, default=dict, verbose_name="translated names")),
                ("position", models.PositiveIntegerField(default=0, verbose_name="position")),
                ("is_active", models.BooleanField(default=True, verbose_name="in use")),
            ],
            options={
                "verbose_name": "theme",
                "verbose_name_plural": "themes",
                "ordering": ["position", "name"],
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="AuthorityLimit",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("position", models.PositiveIntegerField(default=0)),
                (
                    "holder",
                    models.CharField(
                        choices=[
                            ("cap", "Everybody together"),
                            ("role", "A role"),
                            ("team", "A team"),
                            ("person", "A person"),
                        ],
                        max_length=8,
                    ),
                ),
                ("role", models.CharField(blank=True, max_length=8)),
                (
                    "kind",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("apology", "Apology"),
                            ("refund", "Refund"),
                            ("credit", "Credit"),
                            ("replacement", "Replacement"),
                            ("discount", "Discount"),
                            ("points", "Goodwill points"),
                            ("other", "Something else"),
                        ],
                        max_length=12,
                    ),
                ),
                ("currency", models.CharField(blank=True, max_length=3)),
                (
                    "period",
                    models.CharField(
                        choices=[
                            ("day", "a day"),
                            ("week", "a week"),
                            ("month", "a month"),
                            ("quarter", "a quarter"),
                            ("year", "a year"),
                        ],
                        default="month",
                        max_length=8,
                    ),
                ),
                ("per_complaint", models.DecimalField(blank=True, decimal_places=4, max_digits=19, null=True)),
                ("per_customer", models.DecimalField(blank=True, decimal_places=4, max_digits=19, null=True)),
                ("per_period", models.DecimalField(blank=True, decimal_places=4, max_digits=19, null=True)),
                (
                    "person",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "team",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="core.team",
                    ),
                ),
                (
                    "version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="limits",
                        to="complaints.authorityversion",
                    ),
                ),
            ],
            options={
                "ordering": ["version", "position", "pk"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("holder", "cap"),
                                ("per_period__isnull", True),
                                ("person__isnull", True),
                                ("role", ""),
                                ("team__isnull", True),
                            ),
                            models.Q(
                                ("holder", "role"),
                                ("person__isnull", True),
                                ("team__isnull", True),
                                models.Q(("role", ""), _negated=True),
                            ),
                            models.Q(
                                ("holder", "team"), ("person__isnull", True), ("role", ""), ("team__isnull", False)
                            ),
                            models.Q(
                                ("holder", "person"), ("person__isnull", False), ("role", ""), ("team__isnull", True)
                            ),
                            _connector="OR",
                        ),
                        name="limit_has_one_holder",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("per_complaint__isnull", True), ("per_complaint__gte", 0), _connector="OR"),
                            models.Q(("per_customer__isnull", True), ("per_customer__gte", 0), _connector="OR"),
                            models.Q(("per_period__isnull", True), ("per_period__gte", 0), _connector="OR"),
                        ),
                        name="limit_not_negative",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("holder", "cap")),
                        fields=("version", "kind", "currency"),
                        name="limit_cap_once",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("holder", "role")),
                        fields=("version", "role", "kind", "currency"),
                        name="limit_role_once",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("holder", "team")),
                        fields=("version", "team", "kind", "currency"),
                        name="limit_team_once",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("holder", "person")),
                        fields=("version", "person", "kind", "currency"),
                        name="limit_person_once",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="CaseTheme",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField()),
                (
                    "by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "complaint",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="case_themes",
                        to="complaints.complaint",
                    ),
                ),
                (
                    "theme",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="cases", to="complaints.theme"
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("complaint", "theme"), name="case_theme_once")],
            },
        ),
        migrations.CreateModel(
            name="CorrectiveCase",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField()),
                (
                    "action",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="cases",
                        to="complaints.correctiveaction",
                    ),
                ),
                (
                    "by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "complaint",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="corrective_cases",
                        to="complaints.complaint",
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("action", "complaint"), name="corrective_case_once")],
            },
        ),
        migrations.CreateModel(
            name="Remedy",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("apology", "Apology"),
                            ("refund", "Refund"),
                            ("credit", "Credit"),
                            ("replacement", "Replacement"),
                            ("discount", "Discount"),
                            ("points", "Goodwill points"),
                            ("other", "Something else"),
                        ],
                        max_length=12,
                        verbose_name="remedy",
                    ),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("granted", "Granted"),
                            ("awaiting_approval", "Awaiting approval"),
                            ("rejected", "Rejected"),
                            ("withdrawn", "Withdrawn"),
                            ("revoked", "Taken back"),
                        ],
                        max_length=18,
                    ),
                ),
                (
                    "amount",
                    models.DecimalField(blank=True, decimal_places=4, max_digits=19, null=True, verbose_name="amount"),
                ),
                ("currency", models.CharField(blank=True, max_length=3, verbose_name="currency")),
                ("description", models.CharField(blank=True, max_length=500, verbose_name="description")),
                ("reason", models.TextField(blank=True, verbose_name="reason")),
                ("within_authority", models.BooleanField(null=True)),
                ("requested_at", models.DateTimeField()),
                ("decided_at", models.DateTimeField(null=True)),
                ("decided_note", models.TextField(blank=True)),
                ("undone_at", models.DateTimeField(null=True)),
                ("undone_note", models.TextField(blank=True)),
                ("updated_at", models.DateTimeField(db_index=True)),
                ("version", models.PositiveIntegerField(default=1)),
                (
                    "authority",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="complaints.authoritylimit",
                    ),
                ),
                (
                    "charge",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="remedies",
                        to="retention.charge",
                    ),
                ),
                (
                    "complaint",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="remedies", to="complaints.complaint"
                    ),
                ),
                (
                    "decided_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "requested_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "undone_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "remedy",
                "verbose_name_plural": "remedies",
                "ordering": ["requested_at", "pk"],
                "indexes": [
                    models.Index(
                        condition=models.Q(("status", "awaiting_approval")),
                        fields=["requested_at", "id"],
                        name="remedy_awaiting",
                    ),
                    models.Index(
                        condition=models.Q(("amount__isnull", False), ("status", "granted")),
                        fields=["decided_by", "decided_at"],
                        include=("kind", "currency", "amount"),
                        name="remedy_granted_by",
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("kind__in", ["apology", "refund", "credit", "replacement", "discount", "points", "other"])
                        ),
                        name="remedy_kind_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("status__in", ["granted", "awaiting_approval", "rejected", "withdrawn", "revoked"])
                        ),
                        name="remedy_status_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("amount__isnull", True), ("amount__gt", 0), _connector="OR"),
                        name="remedy_amount_positive",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("amount__isnull", False), ("currency", ""), ("kind", "points")),
                            models.Q(
                                ("amount__isnull", False),
                                models.Q(("currency", ""), _negated=True),
                                models.Q(("kind", "points"), _negated=True),
                            ),
                            models.Q(
                                ("amount__isnull", True),
                                ("currency", ""),
                                ("kind__in", ["apology", "replacement", "discount"]),
                            ),
                            _connector="OR",
                        ),
                        name="remedy_valued_in_money_or_points",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("status__in", ["granted", "revoked"]), _negated=True),
                            models.Q(
                                ("decided_at__isnull", False),
                                ("decided_by__isnull", False),
                                ("within_authority__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="remedy_granted_by_somebody",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("status", "granted"), _negated=True),
                            ("amount__isnull", True),
                            ("authority__isnull", False),
                            _connector="OR",
                        ),
                        name="remedy_value_needs_authority",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("within_authority", True),
                            ("decided_by__isnull", True),
                            models.Q(("status__in", ["granted", "revoked"]), _negated=True),
                            models.Q(("decided_by", models.F("requested_by")), _negated=True),
                            _connector="OR",
                        ),
                        name="remedy_not_approved_by_who_asked",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Demand",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("position", models.PositiveSmallIntegerField(default=0)),
                ("text", models.CharField(max_length=500, verbose_name="what they ask for")),
                (
                    "outcome",
                    models.CharField(
                        blank=True,
                        choices=[("granted", "Granted"), ("partly_granted", "Partly granted"), ("refused", "Refused")],
                        max_length=14,
                    ),
                ),
                ("answer", models.TextField(blank=True)),
                ("decided_at", models.DateTimeField(null=True)),
                (
                    "complaint",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="demands", to="complaints.complaint"
                    ),
                ),
                (
                    "remedy",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="demands",
                        to="complaints.remedy",
                    ),
                ),
            ],
            options={
                "ordering": ["position", "pk"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("decided_at__isnull", True), ("outcome", "")),
                            models.Q(models.Q(("outcome", ""), _negated=True), ("decided_at__isnull", False)),
                            _connector="OR",
                        ),
                        name="demand_decided_some_time",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Payout",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("due", "To be paid"),
                            ("exported", "With finance"),
                            ("paid", "Paid"),
                            ("failed", "Could not be paid"),
                            ("cancelled", "Cancelled"),
                        ],
                        default="due",
                        max_length=10,
                    ),
                ),
                ("paid_on", models.DateField(null=True)),
                ("reference", models.CharField(blank=True, max_length=120)),
                ("failure", models.CharField(blank=True, max_length=200)),
                ("updated_at", models.DateTimeField(db_index=True)),
                ("version", models.PositiveIntegerField(default=1)),
                (
                    "payment",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="retention.payment"
                    ),
                ),
                (
                    "export",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="payouts",
                        to="complaints.payoutexport",
                    ),
                ),
                (
                    "remedy",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE, related_name="payout", to="complaints.remedy"
                    ),
                ),
            ],
            options={
                "ordering": ["pk"],
                "indexes": [
                    models.Index(condition=models.Q(("state__in", ["due", "failed"])), fields=["id"], name="payout_due")
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "paid"), _negated=True), ("paid_on__isnull", False), _connector="OR"
                        ),
                        name="payout_paid_on_some_day",
                    )
                ],
            },
        ),
        migrations.AddField(
            model_name="complaint",
            name="promise_due_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AlterField(
            model_name="macroversion",
            name="purpose",
            field=models.CharField(
                choices=[("reply", "Reply"), ("note", "Internal note"), ("final", "Final answer")],
                default="reply",
                max_length=10,
            ),
        ),
        migrations.AddIndex(
            model_name="complaint",
            index=models.Index(
                condition=models.Q(("in_queue", True), ("promise_due_at__isnull", False)),
                fields=["promise_due_at", "id"],
                name="complaint_promised",
            ),
        ),
    ]
