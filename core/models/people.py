"""People who serve: users, teams, absences (domain, Roles and visibility; mission D3)."""

from __future__ import annotations

from datetime import datetime
from functools import cached_property
from typing import Any

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

AGENT, LEAD, MANAGER, ADMIN = "agent", "lead", "manager", "admin"
ROLES = (AGENT, LEAD, MANAGER, ADMIN)
THEMES = [("", _("As the system")), ("light", _("Light")), ("dark", _("Dark"))]


class Team(models.Model):
    """A group of agents with one lead, who receives what nobody else can take.

    `manager`: whom the last rung of the ladder tells; blank: every manager.
    """

    name = models.CharField(pgettext_lazy("of a thing", "name"), max_length=80, unique=True)
    lead = models.ForeignKey("core.User", models.PROTECT, related_name="leads", verbose_name=_("lead"))
    manager = models.ForeignKey(
        "core.User", models.SET_NULL, null=True, blank=True, related_name="manages", verbose_name=_("manager")
    )
    is_active = models.BooleanField(_("active"), default=True)

    class Meta:
        ordering = ["name"]
        verbose_name = _("team")
        verbose_name_plural = _("teams")

    def __str__(self) -> str:
        return self.name


class UserQuerySet(models.QuerySet["User"]):
    def active(self) -> UserQuerySet:
        return self.filter(is_active=True)

    def absent_at(self, at: datetime) -> UserQuerySet:
        """Those with an absence that covers `at` (aware UTC)."""
        return self.filter(Exists(Absence.objects.covering(at).filter(user=OuterRef("pk"))))

    def present_at(self, at: datetime) -> UserQuerySet:
        return self.exclude(Exists(Absence.objects.covering(at).filter(user=OuterRef("pk"))))

    def who_take_cases(self) -> UserQuerySet:
        """Everybody who may own a complaint: active agents, leads and managers."""
        return self.active().filter(Q(is_agent=True) | Q(is_manager=True) | Q(leads__isnull=False)).distinct()


class UserManager(BaseUserManager["User"]):
    def get_queryset(self) -> UserQuerySet:
        return UserQuerySet(self.model, using=self._db)

    def create_user(self, username: str, email: str = "", password: str | None = None, **fields: Any) -> User:
        user = self.model(username=self.model.normalize_username(username), email=self.normalize_email(email), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, username: str, email: str = "", password: str | None = None, **fields: Any) -> User:
        """The first administrator: settings and people, and cases as a manager, so that no complaint is ownerless."""
        return self.create_user(username, email, password, **{"is_admin": True, "is_manager": True, **fields})


class User(AbstractBaseUser):
    """A person of ours who signs in. Roles add up; whoever leads a team is a lead (no flag of its own)."""

    username = models.CharField(_("user name"), max_length=80, unique=True)
    name = models.CharField(_("name"), max_length=120)
    email = models.EmailField(_("e-mail"), blank=True)
    is_active = models.BooleanField(_("active"), default=True)
    is_agent = models.BooleanField(_("agent"), default=False)
    is_manager = models.BooleanField(_("manager"), default=False)
    is_admin = models.BooleanField(_("administrator"), default=False)
    team = models.ForeignKey(
        Team, models.PROTECT, null=True, blank=True, related_name="members", verbose_name=_("team")
    )
    languages = models.JSONField(_("languages spoken"), default=list, blank=True)  # ["en", "pt"]
    capacity = models.PositiveSmallIntegerField(_("capacity (open cases)"), default=20)
    deputy = models.ForeignKey(
        "self", models.SET_NULL, null=True, blank=True, related_name="stands_in_for", verbose_name=_("deputy")
    )
    language = models.CharField(_("language"), max_length=8, blank=True, choices=settings.LANGUAGES)
    time_zone = models.CharField(_("time zone"), max_length=64, blank=True)
    theme = models.CharField(_("appearance"), max_length=8, blank=True, choices=THEMES)
    shortcuts = models.BooleanField(_("keyboard shortcuts"), default=True)
    take_back_seconds = models.PositiveSmallIntegerField(_("seconds to take back a reply"), default=8)
    created_at = models.DateTimeField(auto_now_add=True)

    USERNAME_FIELD = "username"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS = ["email"]

    objects = UserManager.from_queryset(UserQuerySet)()

    class Meta:
        ordering = ["name", "username"]
        verbose_name = _("user")
        verbose_name_plural = _("users")
        constraints = [
            models.CheckConstraint(condition=Q(capacity__gt=0), name="user_capacity_positive"),
            models.CheckConstraint(condition=~Q(deputy=models.F("pk")), name="user_not_own_deputy"),
        ]

    def __str__(self) -> str:
        return self.name or self.username

    def get_full_name(self) -> str:
        return str(self)

    @cached_property
    def led_team_ids(self) -> list[int]:
        """The teams this user leads. Query cost: one, once per instance."""
        return list(self.leads.filter(is_active=True).values_list("pk", flat=True))

    @cached_property
    def roles(self) -> frozenset[str]:
        """Every role held: agent, lead, manager, admin. An inactive user has none."""
        if not self.is_active:
            return frozenset()
        held = {AGENT: self.is_agent, LEAD: bool(self.led_team_ids), MANAGER: self.is_manager, ADMIN: self.is_admin}
        return frozenset(role for role, has in held.items() if has)

    @property
    def sees_cases(self) -> bool:
        return bool(self.roles & {AGENT, LEAD, MANAGER})


class AbsenceQuerySet(models.QuerySet["Absence"]):
    def covering(self, at: datetime) -> AbsenceQuerySet:
        return self.filter(Q(until_at__isnull=True) | Q(until_at__gt=at), from_at__lte=at)


class Absence(models.Model):
    """A time in which a user takes no cases: `[from_at, until_at)`, UTC; no end means until further notice."""

    user = models.ForeignKey(User, models.CASCADE, related_name="absences", verbose_name=_("user"))
    from_at = models.DateTimeField(_("from"))
    until_at = models.DateTimeField(_("until"), null=True, blank=True)
    reason = models.CharField(_("reason"), max_length=200, blank=True)
    hand_over = models.BooleanField(default=False)  # the open cases are still to be handed over when it begins

    objects = AbsenceQuerySet.as_manager()

    class Meta:
        ordering = ["-from_at"]
        indexes = [
            models.Index(fields=["user", "from_at"], name="absence_user_from"),
            models.Index(fields=["from_at"], name="absence_to_hand_over", condition=Q(hand_over=True)),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(until_at__isnull=True) | Q(until_at__gt=models.F("from_at")), name="absence_not_empty"
            )
        ]

    def __str__(self) -> str:
        return f"{self.user_id} {self.from_at:%Y-%m-%d}"


class LoginFailure(models.Model):
    """A failed sign-in, kept for the throttle (case F11) and the security log. `username` is as typed, lower case."""

    username = models.CharField(max_length=150)
    address = models.GenericIPAddressField(null=True)
    at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["username", "at"], name="loginfailure_username_at"),
            models.Index(fields=["address", "at"], name="loginfailure_address_at"),
        ]

    def __str__(self) -> str:
        return f"{self.username} {self.at}"
