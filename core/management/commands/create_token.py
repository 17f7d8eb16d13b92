"""manage.py create_token NAME --user U --scopes complaints:write,...|all [--days N]: prints it alone, once."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from core import clock, scopes
from core.actions.tokens import issue_token
from core.actor import Actor
from core.errors import DomainError
from core.models import User


class Command(BaseCommand):
    help = "Issue an API token. It is printed once and stored nowhere; who has it acts as the user."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", help="what the integration is called on the trail")
        parser.add_argument("--user", required=True, help="user name of the account it acts for")
        parser.add_argument(
            "--scopes", required=True, help=f"separated by commas: {scopes.ALL}, or <resource>:read|write"
        )
        parser.add_argument("--days", type=int, help="how long it lives; without, until it is revoked")

    def handle(self, *args: Any, **options: Any) -> None:
        user = User.objects.filter(username=options["user"]).first()
        if user is None:
            raise CommandError(f"there is no user {options['user']!r}")
        wanted = [scope.strip() for scope in options["scopes"].split(",") if scope.strip()]
        try:
            _token, plain = issue_token(
                options["name"],
                user=user,
                scopes=wanted,
                days=options["days"],
                by=Actor.system("create_token"),
                at=clock.now(),
            )
        except DomainError as refusal:
            raise CommandError(str(refusal)) from None
        self.stdout.write(plain)
