"""`manage.py create_service_token NAME`: prints the API token of a calling service, made if it has none."""

from typing import Any

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.core.validators import validate_slug
from rest_framework.authtoken.models import Token


class Command(BaseCommand):
    help = "Print the API token of a calling service, made if it has none."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("service", help="the service's name, for example dml-servant")

    def handle(self, *args: Any, service: str, **options: Any) -> None:
        try:
            validate_slug(service)
        except ValidationError as error:
            raise CommandError(f"{service!r} is no service name: use letters, digits, - and _.") from error
        user, made = User.objects.get_or_create(username=service)
        if user.is_staff:
            raise CommandError(f"{service} is a staff account; a service needs a name of its own.")
        if made:
            user.set_unusable_password()
            user.save()
        token, _ = Token.objects.get_or_create(user=user)
        self.stdout.write(token.key)
